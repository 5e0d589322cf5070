//! Whether an event fits a pattern.
//!
//! A list in an event fits if one of its elements does; where the elements are objects, one of them must fit as a whole.
//! Rules look at leaves: an object is no value, and neither is an empty list. So `exists` is false of a member that holds
//! an object, and of anything below a member that does not exist.
//!
//! Without work left nothing fits; [`super::Filters::fit`] then answers that it does not know.

use std::cell::OnceCell;

use auth::iam::WorkBudget;
use model::Number;

use super::event::Event;
use super::{Fields, Node, Rule, TextRule};

/// Under these names DynamoDB writes numbers as text, which `numeric` compares as the numbers that they are.
const NUMBERS_AS_TEXT: [&str; 2] = ["N", "NS"];

/// `value` is the event's value at the path of the pattern's object, if there is one.
pub(super) fn fields(pattern: &Fields, value: Option<&Event<'_>>, work: &WorkBudget) -> bool {
    if let Some(Event::List(elements)) = value
        && work.spend(elements.len())
        && elements.iter().any(Event::is_object)
    {
        return elements
            .iter()
            .filter(|element| element.is_object())
            .any(|element| fields(pattern, Some(element), work));
    }
    if !work.spend(1 + pattern.named.len()) {
        return false;
    }
    let member = |name: &str| value.and_then(|value| value.member(name));
    pattern.named.iter().all(|(name, node)| match node {
        Node::Object(inner) => fields(inner, member(name), work),
        Node::Leaf(rules) => leaf(rules, name, member(name), work),
    }) && pattern.alternatives.iter().all(|alternatives| alternatives.iter().any(|one| fields(one, value, work)))
}

fn leaf(rules: &[Rule], name: &str, value: Option<&Event<'_>>, work: &WorkBudget) -> bool {
    let values: &[Event<'_>] = match value {
        Some(Event::List(elements)) => elements,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    if !work.spend(values.len() + rules.len()) {
        return false;
    }
    let has_value = values.iter().any(|value| !value.is_branch());
    let exists = |rule: &Rule| matches!(rule, Rule::Exists(expected) if has_value == *expected);
    let numbers_as_text = NUMBERS_AS_TEXT.contains(&name);
    rules.iter().any(exists)
        || values.iter().filter(|value| !value.is_branch()).any(|value| {
            let seen = Seen { value, numbers_as_text, folded: OnceCell::new(), number: OnceCell::new(), work };
            rules.iter().any(|rule| seen.holds(rule))
        })
}

/// A leaf, with what rules make of it, once for all of them.
struct Seen<'v, 'e> {
    value: &'v Event<'e>,
    numbers_as_text: bool,
    /// Its text in lower case.
    folded: OnceCell<String>,
    number: OnceCell<Option<Number>>,
    work: &'v WorkBudget,
}

impl Seen<'_, '_> {
    fn holds(&self, rule: &Rule) -> bool {
        if !self.work.spend(1) {
            return false;
        }
        match (rule, self.value) {
            (Rule::Null, value) => matches!(value, Event::Null),
            (Rule::Bool(expected), Event::Bool(value)) => value == expected,
            (Rule::Number(expected), Event::Number(number)) => *number.to_string() == **expected,
            (Rule::Text(rule), Event::Text(text)) => self.text_holds(rule, text),
            // What is too much for the rules inside is no reason to deliver.
            (Rule::AnythingBut(rules), _) => !rules.iter().any(|rule| self.holds(rule)) && !self.work.is_exhausted(),
            (Rule::Numeric(range), _) => self.number().is_some_and(|number| range.holds(number)),
            (Rule::Cidr(block), Event::Text(text)) => block.holds(text),
            _ => false,
        }
    }

    fn number(&self) -> Option<&Number> {
        let parse = || match self.value {
            Event::Number(number) => Number::parse(&number.to_string()).ok(),
            Event::Text(text) if self.numbers_as_text && self.work.spend(text.len()) => Number::parse(text).ok(),
            _ => None,
        };
        self.number.get_or_init(parse).as_ref()
    }

    fn folded(&self, text: &str) -> &str {
        let fold = || if self.work.spend(text.len()) { text.to_lowercase() } else { String::new() };
        self.folded.get_or_init(fold)
    }

    fn text_holds(&self, rule: &TextRule, text: &str) -> bool {
        match rule {
            TextRule::Equals(expected) => text == expected,
            TextRule::EqualsIgnoreCase(folded) => self.folded(text) == folded,
            TextRule::Prefix(prefix) => text.starts_with(prefix),
            TextRule::PrefixIgnoreCase(folded) => self.folded(text).starts_with(folded),
            TextRule::Suffix(suffix) => text.ends_with(suffix),
            TextRule::SuffixIgnoreCase(folded) => self.folded(text).ends_with(folded),
            TextRule::Wildcard(parts) => self.work.spend(text.len()) && wildcard_holds(parts, text),
        }
    }
}

/// The first part begins the text, the last one ends it, and those between follow one another.
fn wildcard_holds(parts: &[String], text: &str) -> bool {
    let [first, rest @ ..] = parts else { return false };
    let Some(after_first) = text.strip_prefix(first.as_str()) else { return false };
    let [between @ .., last] = rest else { return after_first.is_empty() };
    let Some(mut middle) = after_first.strip_suffix(last.as_str()) else { return false };
    between.iter().all(|part| {
        let found = middle.find(part.as_str());
        middle = found.map_or("", |at| &middle[at + part.len()..]);
        found.is_some()
    })
}
