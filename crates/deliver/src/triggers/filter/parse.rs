//! From a pattern's text to its rules, or to the one refusal that Lambda has for all that is wrong with it.

use model::Number;
use serde_json::{Map, Value};

use super::address::AddressBlock;
use super::{Bound, Fields, InvalidPattern, Node, PATTERN_LENGTH_MAX, Range, Rule, TextRule};

type Parsed<T> = Result<T, InvalidPattern>;

pub(super) fn pattern(text: &str) -> Parsed<Fields> {
    if text.chars().count() > PATTERN_LENGTH_MAX {
        return Err(InvalidPattern);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => fields(&members),
        _ => Err(InvalidPattern),
    }
}

fn fields(members: &Map<String, Value>) -> Parsed<Fields> {
    let mut fields = Fields::default();
    for (name, value) in members {
        match value {
            Value::Array(alternatives) if name == "$or" => fields.alternatives.push(or(alternatives)?),
            Value::Array(rules) => fields.named.push((name.clone(), Node::Leaf(rule_list(rules, rule)?))),
            Value::Object(members) => fields.named.push((name.clone(), Node::Object(self::fields(members)?))),
            _ => return Err(InvalidPattern),
        }
    }
    if members.is_empty() { Err(InvalidPattern) } else { Ok(fields) }
}

fn or(alternatives: &[Value]) -> Parsed<Vec<Fields>> {
    if alternatives.len() < 2 {
        return Err(InvalidPattern);
    }
    alternatives.iter().map(|one| one.as_object().ok_or(InvalidPattern).and_then(fields)).collect()
}

fn rule_list(rules: &[Value], parse: fn(&Value) -> Parsed<Rule>) -> Parsed<Vec<Rule>> {
    if rules.is_empty() {
        return Err(InvalidPattern);
    }
    rules.iter().map(parse).collect()
}

fn rule(value: &Value) -> Parsed<Rule> {
    match value {
        Value::Object(_) => operator(value),
        _ => literal(value),
    }
}

fn literal(value: &Value) -> Parsed<Rule> {
    Ok(match value {
        Value::Null => Rule::Null,
        Value::Bool(value) => Rule::Bool(*value),
        Value::Number(number) => Rule::Number(number.to_string().into()),
        Value::String(text) => Rule::Text(TextRule::Equals(text.clone())),
        Value::Array(_) | Value::Object(_) => return Err(InvalidPattern),
    })
}

/// The operator of an object that has exactly one.
fn only_member(value: &Value) -> Parsed<(&str, &Value)> {
    let mut members = value.as_object().ok_or(InvalidPattern)?.iter();
    match (members.next(), members.next()) {
        (Some((name, operand)), None) => Ok((name, operand)),
        _ => Err(InvalidPattern),
    }
}

fn operator(value: &Value) -> Parsed<Rule> {
    let (name, operand) = only_member(value)?;
    Ok(match name {
        "anything-but" => Rule::AnythingBut(anything_but(operand)?),
        "numeric" => Rule::Numeric(Box::new(numeric(operand)?)),
        "exists" => Rule::Exists(operand.as_bool().ok_or(InvalidPattern)?),
        "cidr" => Rule::Cidr(operand.as_str().and_then(AddressBlock::parse).ok_or(InvalidPattern)?),
        _ => Rule::Text(text_rule(name, operand)?),
    })
}

fn text_rule(name: &str, operand: &Value) -> Parsed<TextRule> {
    if operand.is_object() {
        let ("equals-ignore-case", text) = only_member(operand)? else { return Err(InvalidPattern) };
        let folded = text.as_str().ok_or(InvalidPattern)?.to_lowercase();
        return match name {
            "prefix" => Ok(TextRule::PrefixIgnoreCase(folded)),
            "suffix" => Ok(TextRule::SuffixIgnoreCase(folded)),
            _ => Err(InvalidPattern),
        };
    }
    let text = operand.as_str().ok_or(InvalidPattern)?;
    Ok(match name {
        "prefix" => TextRule::Prefix(text.to_owned()),
        "suffix" => TextRule::Suffix(text.to_owned()),
        "equals-ignore-case" => TextRule::EqualsIgnoreCase(text.to_lowercase()),
        "wildcard" => TextRule::Wildcard(wildcard(text)?),
        _ => return Err(InvalidPattern),
    })
}

/// A backslash makes the star or the backslash behind it an ordinary character; two stars in a row say nothing new.
fn wildcard(text: &str) -> Parsed<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut rest = text.chars().peekable();
    let mut after_star = false;
    while let Some(character) = rest.next() {
        let literal = match character {
            '\\' => rest.next().filter(|next| matches!(next, '\\' | '*')).ok_or(InvalidPattern)?,
            '*' if after_star => return Err(InvalidPattern),
            '*' => {
                parts.push(String::new());
                after_star = true;
                continue;
            }
            other => other,
        };
        after_star = false;
        parts.last_mut().ok_or(InvalidPattern)?.push(literal);
    }
    Ok(parts)
}

/// What must not be there: a text or a number, a list of them, or an operator on text with one or several operands.
fn anything_but(operand: &Value) -> Parsed<Vec<Rule>> {
    let literal = |value: &Value| match literal(value)? {
        Rule::Null | Rule::Bool(_) => Err(InvalidPattern),
        rule => Ok(rule),
    };
    match operand {
        Value::Array(values) if values.is_empty() => Err(InvalidPattern),
        Value::Array(values) => values.iter().map(literal).collect(),
        Value::Object(_) => {
            let (name, operand) = only_member(operand)?;
            let operands = match operand {
                Value::Array(operands) if !operands.is_empty() => operands.as_slice(),
                one => std::slice::from_ref(one),
            };
            operands.iter().map(|operand| text_rule(name, operand).map(Rule::Text)).collect()
        }
        value => literal(value).map(|rule| vec![rule]),
    }
}

/// `["=", n]`, one bound, or a lower bound and then an upper one.
fn numeric(operand: &Value) -> Parsed<Range> {
    let terms = operand.as_array().ok_or(InvalidPattern)?;
    let mut range = Range::default();
    let (pairs, []) = terms.as_chunks::<2>() else { return Err(InvalidPattern) };
    for (at, [comparison, number]) in pairs.iter().enumerate() {
        let number = number.as_number().ok_or(InvalidPattern)?;
        let bound = |included| Number::parse(&number.to_string()).map(|at| Some(Bound { at, included }));
        let bound = |included| bound(included).map_err(|_| InvalidPattern);
        match (comparison.as_str(), at, pairs.len()) {
            (Some("="), 0, 1) => range = Range { lower: bound(true)?, upper: bound(true)? },
            (Some(">"), 0, _) => range.lower = bound(false)?,
            (Some(">="), 0, _) => range.lower = bound(true)?,
            (Some("<"), 0, 1) | (Some("<"), 1, 2) => range.upper = bound(false)?,
            (Some("<="), 0, 1) | (Some("<="), 1, 2) => range.upper = bound(true)?,
            _ => return Err(InvalidPattern),
        }
    }
    match (&range.lower, &range.upper) {
        (None, None) => Err(InvalidPattern),
        (Some(lower), Some(upper)) if pairs.len() == 2 && lower.at >= upper.at => Err(InvalidPattern),
        _ => Ok(range),
    }
}
