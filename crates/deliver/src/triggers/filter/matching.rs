//! Whether an event fits a pattern.
//!
//! A list in an event fits if one of its elements does; where the elements are objects, one of them must fit as a whole.
//! Rules look at leaves: an object is no value, and neither is an empty list. So `exists` is false of a member that holds
//! an object, and of whatever would stand below a member that is not there.

use model::Number;
use serde_json::Value;

use super::{Fields, Node, Rule, TextRule};

/// Under these names DynamoDB writes numbers as text, which `numeric` compares as the numbers that they are.
const NUMBERS_AS_TEXT: [&str; 2] = ["N", "NS"];

/// `value` is what stands where the pattern's object does, if anything.
pub(super) fn fields(pattern: &Fields, value: Option<&Value>) -> bool {
    if let Some(Value::Array(elements)) = value
        && elements.iter().any(Value::is_object)
    {
        return elements.iter().filter(|element| element.is_object()).any(|element| fields(pattern, Some(element)));
    }
    let member = |name: &str| value.and_then(|value| value.get(name));
    pattern.named.iter().all(|(name, node)| match node {
        Node::Object(inner) => fields(inner, member(name)),
        Node::Leaf(rules) => leaf(rules, name, member(name)),
    }) && pattern.alternatives.iter().all(|alternatives| alternatives.iter().any(|one| fields(one, value)))
}

fn leaf(rules: &[Rule], name: &str, value: Option<&Value>) -> bool {
    let values: Vec<&Value> = match value {
        Some(Value::Array(elements)) => elements.iter().filter(|element| !is_branch(element)).collect(),
        Some(value) if !is_branch(value) => vec![value],
        _ => Vec::new(),
    };
    let numbers_as_text = NUMBERS_AS_TEXT.contains(&name);
    rules.iter().any(|rule| match rule {
        Rule::Exists(expected) => values.is_empty() != *expected,
        rule => values.iter().any(|value| holds(rule, value, numbers_as_text)),
    })
}

fn is_branch(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn holds(rule: &Rule, value: &Value, numbers_as_text: bool) -> bool {
    match (rule, value) {
        (Rule::Null, value) => value.is_null(),
        (Rule::Bool(expected), value) => value.as_bool() == Some(*expected),
        (Rule::Number(expected), Value::Number(number)) => number.to_string() == *expected,
        (Rule::Text(rule), Value::String(text)) => text_holds(rule, text),
        (Rule::AnythingBut(rules), value) => !rules.iter().any(|rule| holds(rule, value, numbers_as_text)),
        (Rule::Numeric(range), Value::Number(number)) => {
            Number::parse(&number.to_string()).is_ok_and(|number| range.holds(&number))
        }
        (Rule::Numeric(range), Value::String(text)) if numbers_as_text => {
            Number::parse(text).is_ok_and(|number| range.holds(&number))
        }
        (Rule::Cidr(block), Value::String(text)) => block.holds(text),
        _ => false,
    }
}

fn text_holds(rule: &TextRule, text: &str) -> bool {
    match rule {
        TextRule::Equals(expected) => text == expected,
        TextRule::EqualsIgnoreCase(folded) => text.to_lowercase() == *folded,
        TextRule::Prefix(prefix) => text.starts_with(prefix),
        TextRule::PrefixIgnoreCase(folded) => text.to_lowercase().starts_with(folded),
        TextRule::Suffix(suffix) => text.ends_with(suffix),
        TextRule::SuffixIgnoreCase(folded) => text.to_lowercase().ends_with(folded),
        TextRule::Wildcard(parts) => wildcard_holds(parts, text),
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
