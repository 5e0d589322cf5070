//! A condition that is printed and parsed holds exactly when its own walk says so, over trees and stored bytes alike.

use expr::{Condition, ExpressionKind, Placeholders};
use model::{Attributes, Item as ModelItem};
use proptest::prelude::*;

use crate::sample::{Item, Path, Sample, any_item, any_path, any_sample, find, spell, to_attributes};

#[derive(Clone, Debug)]
enum Term {
    Path(Path),
    Given(Sample),
    Size(Path),
}

#[derive(Clone, Debug)]
enum Question {
    All(Vec<Question>),
    Any(Vec<Question>),
    Not(Box<Question>),
    Compare(&'static str, Term, Term),
    Between(Term, Term, Term),
    In(Term, Vec<Term>),
    Exists(Path),
    Missing(Path),
    Kind(Path, &'static str),
    Begins(Path, String),
    Contains(Path, Sample),
}

/// Prints a question, collecting the values it is asked with.
struct Printer {
    values: Vec<Sample>,
}

impl Printer {
    fn given(&mut self, sample: &Sample) -> String {
        self.values.push(sample.clone());
        format!(":v{}", self.values.len() - 1)
    }

    fn term(&mut self, term: &Term) -> String {
        match term {
            Term::Path(path) => spell(path),
            Term::Size(path) => format!("size({})", spell(path)),
            Term::Given(sample) => self.given(sample),
        }
    }

    /// `tight` is the tightest operator around: 0 none or OR, 1 AND, 2 NOT. Parentheses are written only where needed.
    fn question(&mut self, question: &Question, tight: u8) -> String {
        match question {
            Question::Any(branches) => self.chain(branches, " OR ", 0, tight),
            Question::All(branches) => self.chain(branches, " AND ", 1, tight),
            Question::Not(inner) => format!("NOT {}", self.question(inner, 2)),
            Question::Compare(operator, left, right) => {
                let left = self.term(left);
                format!("{left} {operator} {}", self.term(right))
            }
            Question::Between(value, low, high) => {
                let (value, low) = (self.term(value), self.term(low));
                format!("{value} BETWEEN {low} AND {}", self.term(high))
            }
            Question::In(value, candidates) => {
                let value = self.term(value);
                let candidates: Vec<String> = candidates.iter().map(|candidate| self.term(candidate)).collect();
                format!("{value} IN ({})", candidates.join(", "))
            }
            Question::Exists(path) => format!("attribute_exists({})", spell(path)),
            Question::Missing(path) => format!("attribute_not_exists({})", spell(path)),
            Question::Kind(path, kind) => {
                format!("attribute_type({}, {})", spell(path), self.given(&Sample::Text((*kind).to_owned())))
            }
            Question::Begins(path, prefix) => {
                format!("begins_with({}, {})", spell(path), self.given(&Sample::Text(prefix.clone())))
            }
            Question::Contains(path, element) => format!("contains({}, {})", spell(path), self.given(element)),
        }
    }

    fn chain(&mut self, branches: &[Question], join: &str, own: u8, tight: u8) -> String {
        let branches: Vec<String> = branches.iter().map(|branch| self.question(branch, own)).collect();
        let text = branches.join(join);
        if tight > own { format!("({text})") } else { text }
    }
}

fn holds(question: &Question, item: &Item) -> bool {
    match question {
        Question::All(branches) => branches.iter().all(|branch| holds(branch, item)),
        Question::Any(branches) => branches.iter().any(|branch| holds(branch, item)),
        Question::Not(inner) => !holds(inner, item),
        Question::Compare(operator, left, right) => compares(operator, left, right, item),
        Question::Between(value, low, high) => compares("<=", low, value, item) && compares("<=", value, high, item),
        Question::In(value, candidates) => candidates.iter().any(|candidate| compares("=", value, candidate, item)),
        Question::Exists(path) => find(item, path).is_some(),
        Question::Missing(path) => find(item, path).is_none(),
        Question::Kind(path, kind) => find(item, path).is_some_and(|sample| descriptor(sample) == *kind),
        Question::Begins(path, prefix) => {
            matches!(find(item, path), Some(Sample::Text(text)) if text.get(..prefix.len()) == Some(prefix))
        }
        Question::Contains(path, element) => match (find(item, path), element) {
            (Some(Sample::Text(text)), Sample::Text(part)) => text.contains(part.as_str()),
            (Some(Sample::Wholes(set)), Sample::Whole(whole)) => set.contains(whole),
            (Some(Sample::Texts(set)), Sample::Text(text)) => set.contains(text),
            (Some(Sample::List(list)), element) => list.contains(element),
            _ => false,
        },
    }
}

fn descriptor(sample: &Sample) -> &'static str {
    match sample {
        Sample::Text(_) => "S",
        Sample::Whole(_) => "N",
        Sample::Flag(_) => "BOOL",
        Sample::Nothing => "NULL",
        Sample::Wholes(_) => "NS",
        Sample::Texts(_) => "SS",
        Sample::List(_) => "L",
        Sample::Map(_) => "M",
    }
}

fn worth(term: &Term, item: &Item) -> Option<Sample> {
    match term {
        Term::Path(path) => find(item, path).cloned(),
        Term::Given(sample) => Some(sample.clone()),
        Term::Size(path) => {
            let size = match find(item, path)? {
                Sample::Text(text) => text.len(),
                Sample::Wholes(set) => set.len(),
                Sample::Texts(set) => set.len(),
                Sample::List(list) => list.len(),
                Sample::Map(map) => map.len(),
                _ => return None,
            };
            Some(Sample::Whole(size as i64))
        }
    }
}

fn compares(operator: &str, left: &Term, right: &Term, item: &Item) -> bool {
    let (a, b) = (worth(left, item), worth(right, item));
    if [(left, &a), (right, &b)].iter().any(|(term, worth)| matches!(term, Term::Size(_)) && worth.is_none()) {
        return false;
    }
    let less = match (&a, &b) {
        (Some(Sample::Text(a)), Some(Sample::Text(b))) => Some((a < b, a == b)),
        (Some(Sample::Whole(a)), Some(Sample::Whole(b))) => Some((a < b, a == b)),
        _ => None,
    };
    match (operator, less) {
        ("=", _) => a.is_some() && a == b,
        ("<>", _) => a.is_none() || a != b,
        ("<", Some((less, _))) => less,
        ("<=", Some((less, equal))) => less || equal,
        (">", Some((less, equal))) => !less && !equal,
        (">=", Some((less, _))) => !less,
        _ => false,
    }
}

fn any_orderable() -> impl Strategy<Value = Term> {
    prop_oneof![
        3 => any_path().prop_map(Term::Path),
        1 => any_path().prop_map(Term::Size),
        1 => "[xyz]{0,2}".prop_map(|text| Term::Given(Sample::Text(text))),
        2 => (-2..3_i64).prop_map(|whole| Term::Given(Sample::Whole(whole))),
    ]
}

fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![2 => any_orderable(), 1 => any_sample().prop_map(Term::Given)]
}

fn any_leaf() -> impl Strategy<Value = Question> {
    let kinds = prop::sample::select(&["S", "N", "BOOL", "NULL", "SS", "NS", "L", "M"][..]);
    prop_oneof![
        (prop::sample::select(&["=", "<>"][..]), any_term(), any_term())
            .prop_map(|(o, l, r)| Question::Compare(o, l, r)),
        (prop::sample::select(&["<", "<=", ">", ">="][..]), any_orderable(), any_orderable())
            .prop_map(|(o, l, r)| Question::Compare(o, l, r)),
        (any_orderable(), any_orderable(), any_orderable()).prop_map(|(v, l, h)| Question::Between(v, l, h)),
        (any_term(), prop::collection::vec(any_term(), 1..4)).prop_map(|(v, c)| Question::In(v, c)),
        any_path().prop_map(Question::Exists),
        any_path().prop_map(Question::Missing),
        (any_path(), kinds).prop_map(|(path, kind)| Question::Kind(path, kind)),
        (any_path(), "[xyz]{0,2}").prop_map(|(path, prefix)| Question::Begins(path, prefix)),
        (any_path(), any_sample()).prop_map(|(path, element)| Question::Contains(path, element)),
    ]
}

fn any_question() -> impl Strategy<Value = Question> {
    any_leaf().prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Question::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Question::Any),
            inner.prop_map(|inner| Question::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn conditions_hold_when_the_model_says_so(question in any_question(), item in any_item()) {
        let mut printer = Printer { values: Vec::new() };
        let text = printer.question(&question, 0);
        let values: Attributes =
            printer.values.iter().enumerate().map(|(at, sample)| (format!(":v{at}"), sample.to_value())).collect();
        let values = (!values.is_empty()).then_some(values);
        let mut placeholders = Placeholders::new(None, values).expect("well formed");
        match Condition::parse(ExpressionKind::Filter, &text, &mut placeholders) {
            Ok(condition) => {
                prop_assert_eq!(placeholders.finish(), Ok(()));
                let attributes = to_attributes(&item);
                let expected = holds(&question, &item);
                prop_assert_eq!(condition.matches(attributes.view()), expected, "{} of {:?}", text, item);
                let stored = ModelItem::Compact(attributes.view().into());
                prop_assert_eq!(condition.matches(stored.view()), expected, "{} of stored {:?}", text, item);
            }
            // What the model does not know: questions that their own text makes pointless.
            Err(error) => {
                let error = error.to_string();
                let pointless = error.contains("must be distinct") || error.contains("The BETWEEN operator requires");
                prop_assert!(pointless, "{}: {}", text, error);
            }
        }
    }
}
