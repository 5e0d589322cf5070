//! One condition: an operator, a key of the request's context, and the values that the key is compared with.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".

use std::borrow::Cow;

use super::arn::ArnPattern;
use super::filtered::Filtered;
use super::memory::{HeapSize, flat};
use super::operand::{self, Range};
use super::pattern::{Pattern, Syntax};
use super::statement::{Effect, Request};
use super::tags;
use super::work::WorkBudget;
use super::{Context, Values};

/// How a key with several values is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Set {
    /// The operator has no prefix.
    One,
    All,
    Any,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, value: &T, limit: &T) -> bool {
        match self {
            Order::Equal => value == limit,
            Order::Less => value < limit,
            Order::LessOrEqual => value <= limit,
            Order::Greater => value > limit,
            Order::GreaterOrEqual => value >= limit,
        }
    }
}

/// What a value of the key is compared with; any of them may be the one.
#[derive(Debug)]
enum Test {
    Text(Vec<Pattern>),
    TextIgnoringCase(Vec<Pattern>),
    Arn(Vec<ArnPattern>),
    Number(Order, Vec<model::Number>),
    Date(Order, Vec<i128>),
    Bytes(Vec<Vec<u8>>),
    Address(Vec<Range>),
    /// Whether the key must be absent.
    Null(Vec<bool>),
}

#[derive(Clone, Copy)]
enum Kind {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Number(Order),
    Date(Order),
    Bytes,
    Address,
    Null,
}

#[derive(Debug)]
pub(super) struct Condition {
    /// As it is written.
    pub(super) operator: String,
    /// As it is written.
    pub(super) key: String,
    /// As they are written.
    pub(super) wanted: Vec<String>,
    pub(super) key_lower: String,
    set: Set,
    if_exists: bool,
    negated: bool,
    test: Test,
}

impl Condition {
    /// `None` for an operator that is none, and for values that are not of its kind.
    pub(super) fn parse(operator: &str, key: &str, wanted: Vec<String>, variables: bool) -> Option<Condition> {
        let lower = operator.to_ascii_lowercase();
        let (set, rest) = match lower.split_once(':') {
            None => (Set::One, lower.as_str()),
            Some(("forallvalues", rest)) => (Set::All, rest),
            Some(("foranyvalue", rest)) => (Set::Any, rest),
            Some(_) => return None,
        };
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some("null") => return None,
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (kind, negated) = kind(rest)?;
        let test = Test::parse(kind, &wanted, variables)?;
        let [operator, key_lower, key] = [operator.to_owned(), key.to_lowercase(), key.to_owned()];
        Some(Condition { operator, key, wanted, key_lower, set, if_exists, negated, test })
    }

    /// Whether a statement of this effect may count on it.
    pub(super) fn met(&self, request: &Request<'_>, effect: Effect) -> bool {
        let Request { context, work, .. } = *request;
        let found = self.found(context, work);
        if let Test::Null(wanted) = &self.test {
            return wanted.contains(&found.is_none());
        }
        // Which value is meant is not known: an allowance may not count on one, a denial has enough in each.
        if found.is_some() && self.variables().any(|key| tags::is_ambiguous(key, context, work)) {
            return effect == Effect::Deny;
        }
        let single = |value: &str| self.test.any(value, context, work) != self.negated;
        match found {
            None => self.met_without(),
            Some(Values::One(value)) => single(&value),
            Some(Values::Many(values)) => {
                let mut values = values.iter();
                // Which of them is meant is not known either: an allowance needs all of them, a denial has enough in one.
                let is_any = match tags::has_one_value(&self.key_lower) {
                    true => effect == Effect::Deny,
                    false => self.set == Set::Any,
                };
                if is_any { values.any(|value| single(value)) } else { values.all(|value| single(value)) }
            }
        }
    }

    /// What the request has of the key; no values are as good as no key.
    pub(super) fn found<'a>(&self, context: &'a Filtered<'_>, work: &WorkBudget) -> Option<Values<'a>> {
        // To the operators of sets an empty text is no value.
        let empty = |value: &Cow<'_, str>| self.set != Set::One && value.is_empty();
        match context.values(&self.key_lower, work)? {
            Values::One(value) => (!empty(&value)).then_some(Values::One(value)),
            Values::Many(mut values) => {
                values.retain(|value| !empty(value));
                (!values.is_empty()).then_some(Values::Many(values))
            }
        }
    }

    /// The keys of the variables in its values.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let (texts, arns) = match &self.test {
            Test::Text(texts) | Test::TextIgnoringCase(texts) => (&texts[..], &[][..]),
            Test::Arn(arns) => (&[][..], &arns[..]),
            _ => (&[][..], &[][..]),
        };
        texts.iter().chain(arns.iter().filter_map(ArnPattern::varying)).flat_map(Pattern::variables)
    }

    fn met_without(&self) -> bool {
        self.if_exists
            || match self.set {
                Set::One => self.negated,
                Set::All => true,
                Set::Any => false,
            }
    }
}

impl Test {
    fn parse(kind: Kind, wanted: &[String], variables: bool) -> Option<Test> {
        fn each<T>(wanted: &[String], one: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
            wanted.iter().map(|value| one(value)).collect()
        }
        let pattern = |wildcards| each(wanted, |text| Some(Pattern::parse(text, Syntax { wildcards, variables })));
        Some(match kind {
            Kind::Equals => Test::Text(pattern(false)?),
            Kind::Like => Test::Text(pattern(true)?),
            Kind::EqualsIgnoreCase => Test::TextIgnoringCase(pattern(false)?),
            Kind::Arn => Test::Arn(each(wanted, |text| Some(ArnPattern::of_condition(text, variables)))?),
            Kind::Number(order) => Test::Number(order, each(wanted, operand::number)?),
            Kind::Date(order) => Test::Date(order, each(wanted, operand::date)?),
            Kind::Bytes => Test::Bytes(each(wanted, operand::bytes)?),
            Kind::Address => Test::Address(each(wanted, Range::parse)?),
            Kind::Null => Test::Null(each(wanted, |text| match text {
                text if text.eq_ignore_ascii_case("true") => Some(true),
                text if text.eq_ignore_ascii_case("false") => Some(false),
                _ => None,
            })?),
        })
    }

    fn any(&self, value: &str, context: &dyn Context, work: &WorkBudget) -> bool {
        fn one<T, U>(wanted: &[T], value: Option<U>, same: impl Fn(&U, &T) -> bool) -> bool {
            value.is_some_and(|value| wanted.iter().any(|wanted| same(&value, wanted)))
        }
        if !work.spend_bytes(value.len()) || !work.spend(self.length()) {
            return false;
        }
        match self {
            Test::Text(wanted) => wanted.iter().any(|pattern| pattern.matches(value, context, work)),
            Test::TextIgnoringCase(wanted) => wanted.iter().any(|text| text.equals_ignore_case(value, context, work)),
            Test::Arn(wanted) => wanted.iter().any(|pattern| pattern.matches(value, context, work)),
            Test::Number(order, wanted) => {
                one(wanted, operand::number(value), |value, limit| order.holds(value, limit))
            }
            Test::Date(order, wanted) => one(wanted, operand::date(value), |value, limit| order.holds(value, limit)),
            Test::Bytes(wanted) => one(wanted, operand::bytes(value), |value, wanted| value == wanted),
            Test::Address(wanted) => one(wanted, operand::address(value), |value, range| range.has(*value)),
            Test::Null(_) => false,
        }
    }
}

impl Test {
    /// How many values there are.
    fn length(&self) -> usize {
        match self {
            Test::Text(wanted) | Test::TextIgnoringCase(wanted) => wanted.len(),
            Test::Arn(wanted) => wanted.len(),
            Test::Number(_, wanted) => wanted.len(),
            Test::Date(_, wanted) => wanted.len(),
            Test::Bytes(wanted) => wanted.len(),
            Test::Address(wanted) => wanted.len(),
            Test::Null(wanted) => wanted.len(),
        }
    }
}

impl HeapSize for Condition {
    fn heap_bytes(&self) -> usize {
        let texts = [&self.operator, &self.key, &self.key_lower];
        let of_texts = texts.into_iter().map(String::heap_bytes).sum::<usize>();
        of_texts + self.wanted.heap_bytes() + self.test.heap_bytes()
    }
}

impl HeapSize for Test {
    fn heap_bytes(&self) -> usize {
        match self {
            Test::Text(wanted) | Test::TextIgnoringCase(wanted) => wanted.heap_bytes(),
            Test::Arn(wanted) => wanted.heap_bytes(),
            Test::Number(_, wanted) => flat(wanted),
            Test::Date(_, wanted) => flat(wanted),
            Test::Bytes(wanted) => flat(wanted) + wanted.iter().map(flat).sum::<usize>(),
            Test::Address(wanted) => flat(wanted),
            Test::Null(wanted) => flat(wanted),
        }
    }
}

/// An operator's kind, and whether it is met when nothing matches.
fn kind(lower: &str) -> Option<(Kind, bool)> {
    Some(match lower {
        "stringequals" => (Kind::Equals, false),
        "stringnotequals" => (Kind::Equals, true),
        // A truth is a text that is either `true` or `false`.
        "stringequalsignorecase" | "bool" => (Kind::EqualsIgnoreCase, false),
        "stringnotequalsignorecase" => (Kind::EqualsIgnoreCase, true),
        "stringlike" => (Kind::Like, false),
        "stringnotlike" => (Kind::Like, true),
        "arnequals" | "arnlike" => (Kind::Arn, false),
        "arnnotequals" | "arnnotlike" => (Kind::Arn, true),
        "binaryequals" => (Kind::Bytes, false),
        "ipaddress" => (Kind::Address, false),
        "notipaddress" => (Kind::Address, true),
        "null" => (Kind::Null, false),
        _ => match lower.strip_prefix("numeric").map(order) {
            Some(found) => found.map(|(order, negated)| (Kind::Number(order), negated))?,
            None => order(lower.strip_prefix("date")?).map(|(order, negated)| (Kind::Date(order), negated))?,
        },
    })
}

fn order(lower: &str) -> Option<(Order, bool)> {
    Some(match lower {
        "equals" => (Order::Equal, false),
        "notequals" => (Order::Equal, true),
        "lessthan" => (Order::Less, false),
        "lessthanequals" => (Order::LessOrEqual, false),
        "greaterthan" => (Order::Greater, false),
        "greaterthanequals" => (Order::GreaterOrEqual, false),
        _ => return None,
    })
}
