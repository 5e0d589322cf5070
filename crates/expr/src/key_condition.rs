//! Key conditions: which items of which partition a Query reads.
//!
//! A key condition is parsed as any condition and then analysed against the key schema of the table or index. All
//! HASH attributes must be given by `=`; RANGE attributes from left to right without a gap, all but the last by `=`.
//! What the expression's own form forbids is reported as `Invalid KeyConditionExpression: …`, what the schema forbids
//! without (captures of 2026; earlier ones show neither with the prefix).
//! Source: Developer Guide, "Key condition expressions" and "Multi-attribute keys".

use model::limits::{HASH_KEY_SIZE_MAX, RANGE_KEY_SIZE_MAX};
use model::{AttributeValue, KeyAttribute, KeySchema, value_size};

use crate::ast::{Comparator, Operand, Predicate};
use crate::condition::Condition;
use crate::error::{ExpressionError, ExpressionKind, Problem};

/// What a Query asks of its key, in the order of the schema.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyCondition {
    /// One value for every HASH attribute.
    pub hash: Vec<AttributeValue>,
    /// Conditions for the first RANGE attributes; all but the last are [`RangeCondition::Equal`].
    pub range: Vec<RangeCondition>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum RangeCondition {
    Equal(AttributeValue),
    Less(AttributeValue),
    LessOrEqual(AttributeValue),
    Greater(AttributeValue),
    GreaterOrEqual(AttributeValue),
    /// Both bounds count as inside.
    Between(AttributeValue, AttributeValue),
    BeginsWith(AttributeValue),
}

impl RangeCondition {
    pub(crate) fn values(&self) -> impl Iterator<Item = &AttributeValue> {
        let (first, second) = match self {
            RangeCondition::Equal(value)
            | RangeCondition::Less(value)
            | RangeCondition::LessOrEqual(value)
            | RangeCondition::Greater(value)
            | RangeCondition::GreaterOrEqual(value)
            | RangeCondition::BeginsWith(value) => (value, None),
            RangeCondition::Between(low, high) => (low, Some(high)),
        };
        std::iter::once(first).chain(second)
    }
}

impl KeyCondition {
    /// Reads a condition as a key condition for this schema.
    ///
    /// # Errors
    /// Operators that select no range of keys, attributes that are not the key's, missing ones, and values of the
    /// wrong type.
    pub fn from_condition(condition: &Condition, schema: &KeySchema) -> Result<KeyCondition, ExpressionError> {
        KeyParts::of(condition)?.analyse(schema)
    }
}

/// One condition for each attribute, in the order of the text: what a key condition says before its schema is known.
#[derive(Debug, Default)]
pub struct KeyParts {
    parts: Vec<(String, RangeCondition)>,
    /// They come from an expression, which has its own error texts.
    of_expression: bool,
}

impl KeyParts {
    /// Reads a condition as a key condition for some schema.
    ///
    /// # Errors
    /// Operators that select no range of keys, and what else the form of key conditions forbids.
    pub fn of(condition: &Condition) -> Result<KeyParts, ExpressionError> {
        let mut parts = KeyParts { of_expression: true, ..KeyParts::default() };
        parts
            .gather(condition.predicate())
            .map_err(|problem| ExpressionError::Invalid(ExpressionKind::KeyCondition, problem))?;
        Ok(parts)
    }

    fn gather(&mut self, predicate: &Predicate) -> Result<(), Problem> {
        match predicate {
            Predicate::And(branches) => branches.iter().try_for_each(|branch| self.gather(branch)),
            Predicate::Compare(comparator, left, right) => self.comparison(*comparator, left, right),
            Predicate::Between(value, low, high) => {
                let name = first_operand("BETWEEN", value)?;
                let (low, high) = (given(low)?, given(high)?);
                self.push(name, RangeCondition::Between(low, high))
            }
            Predicate::BeginsWith(value, prefix) => {
                let name = first_operand("begins_with", value)?;
                let prefix = given(prefix)?;
                self.push(name, RangeCondition::BeginsWith(prefix))
            }
            other => Err(Problem::KeyOperator(operator(other).to_owned())),
        }
    }

    fn comparison(&mut self, comparator: Comparator, left: &Operand, right: &Operand) -> Result<(), Problem> {
        if comparator == Comparator::NotEqual {
            return Err(Problem::KeyOperator(comparator.symbol().to_owned()));
        }
        match (left, right) {
            (Operand::Size(_), _) | (_, Operand::Size(_)) => Err(Problem::KeyOperator("size".to_owned())),
            (Operand::Path(_), Operand::Path(_)) => Err(Problem::KeySeveralNames),
            (Operand::Value(_), Operand::Value(_)) => Err(Problem::KeyNoName),
            (path @ Operand::Path(_), Operand::Value(value)) => {
                self.push(first_operand("", path)?, compared(comparator, value.as_ref().clone()))
            }
            (Operand::Value(value), path @ Operand::Path(_)) => {
                self.push(first_operand("", path)?, compared(comparator.mirrored(), value.as_ref().clone()))
            }
        }
    }

    pub(crate) fn push(&mut self, name: &str, condition: RangeCondition) -> Result<(), Problem> {
        if self.parts.iter().any(|(own, _)| own == name) {
            return Err(Problem::KeyRepeated);
        }
        self.parts.push((name.to_owned(), condition));
        Ok(())
    }

    /// What the parts say of the keys of this schema.
    ///
    /// # Errors
    /// Attributes that are not the key's, missing ones, and values that no key can have.
    pub fn analyse(mut self, schema: &KeySchema) -> Result<KeyCondition, ExpressionError> {
        let count = self.parts.len();
        if count > schema.len().max(2) {
            return Err(match self.of_expression {
                true => Problem::KeyConditionsBeyondSchema { count, attributes: schema.len() },
                false => Problem::KeyConditionCount,
            }
            .into());
        }
        let named: Vec<(String, bool)> = self
            .parts
            .iter()
            .map(|(name, condition)| (name.clone(), matches!(condition, RangeCondition::Equal(_))))
            .collect();
        let hash = schema.hash.iter().map(|attribute| self.take_hash(attribute)).collect::<Result<_, Problem>>()?;
        refuse_gap(&schema.range, &named)?;
        let range = self.take_range(&schema.range)?;
        if self.parts.is_empty() {
            return Ok(KeyCondition { hash, range });
        }
        // What is left names attributes that are not the key's, in place of those that are.
        Err(match schema.range.get(range.len()) {
            Some(missing) => Problem::KeyMissing(missing.name.clone()),
            None => Problem::KeyConditionUnsupported,
        }
        .into())
    }

    fn take(&mut self, attribute: &KeyAttribute) -> Result<Option<RangeCondition>, Problem> {
        let Some(at) = self.parts.iter().position(|(name, _)| *name == attribute.name) else { return Ok(None) };
        let (_, condition) = self.parts.remove(at);
        condition.values().try_for_each(|value| check_key_value(attribute, value))?;
        Ok(Some(condition))
    }

    fn take_hash(&mut self, attribute: &KeyAttribute) -> Result<AttributeValue, Problem> {
        match self.take(attribute)? {
            Some(RangeCondition::Equal(value)) if value_size(value.view()) > HASH_KEY_SIZE_MAX => {
                Err(Problem::HashKeyTooLong)
            }
            Some(RangeCondition::Equal(value)) => Ok(value),
            Some(_) => Err(Problem::KeyConditionUnsupported),
            None => Err(Problem::KeyMissing(attribute.name.clone())),
        }
    }

    fn take_range(&mut self, attributes: &[KeyAttribute]) -> Result<Vec<RangeCondition>, Problem> {
        let mut range: Vec<RangeCondition> = Vec::new();
        for attribute in attributes {
            let Some(condition) = self.take(attribute)? else { break };
            if condition.values().any(|value| value_size(value.view()) > RANGE_KEY_SIZE_MAX) {
                return Err(Problem::RangeKeyTooLong);
            }
            if !matches!(range.last(), None | Some(RangeCondition::Equal(_))) {
                return Err(Problem::KeyConditionUnsupported);
            }
            range.push(condition);
        }
        Ok(range)
    }
}

/// Of several RANGE attributes, each before the last one with a condition has an equality. `named`: the attributes with
/// conditions, and whether these are equalities. Captured in eu-west-2 and us-east-1, 2026.
fn refuse_gap(range: &[KeyAttribute], named: &[(String, bool)]) -> Result<(), Problem> {
    let condition = |attribute: &KeyAttribute| named.iter().find(|(name, _)| *name == attribute.name);
    let Some(last) = range.iter().rposition(|attribute| condition(attribute).is_some()).filter(|_| range.len() > 1)
    else {
        return Ok(());
    };
    let lacks_equality = |attribute: &&KeyAttribute| !condition(attribute).is_some_and(|(_, is_equality)| *is_equality);
    let missing: Vec<&str> =
        range[..last].iter().filter(lacks_equality).map(|attribute| attribute.name.as_str()).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Problem::KeyGap { missing: missing.join(", "), present: range[last].name.clone() }),
    }
}

/// Refuses a value that a key attribute cannot have.
pub(crate) fn check_key_value(attribute: &KeyAttribute, value: &AttributeValue) -> Result<(), Problem> {
    let kind = value.view().kind();
    if kind != attribute.key_type.kind() {
        return Err(Problem::KeyType);
    }
    let empty = match value {
        AttributeValue::S(text) => text.is_empty(),
        AttributeValue::B(bytes) => bytes.is_empty(),
        _ => false,
    };
    if empty { Err(Problem::KeyEmpty { name: attribute.name.clone(), kind }) } else { Ok(()) }
}

fn compared(comparator: Comparator, value: AttributeValue) -> RangeCondition {
    match comparator {
        Comparator::Less => RangeCondition::Less(value),
        Comparator::LessOrEqual => RangeCondition::LessOrEqual(value),
        Comparator::Greater => RangeCondition::Greater(value),
        Comparator::GreaterOrEqual => RangeCondition::GreaterOrEqual(value),
        // `<>` was refused before.
        Comparator::Equal | Comparator::NotEqual => RangeCondition::Equal(value),
    }
}

fn first_operand<'a>(operator: &'static str, operand: &'a Operand) -> Result<&'a str, Problem> {
    match operand {
        Operand::Path(path) if path.is_top() => Ok(&path.name),
        Operand::Path(_) => Err(Problem::KeyNested),
        Operand::Value(_) | Operand::Size(_) => Err(Problem::KeyOperandFirst(operator)),
    }
}

fn given(operand: &Operand) -> Result<AttributeValue, Problem> {
    match operand {
        Operand::Value(value) => Ok(value.as_ref().clone()),
        Operand::Path(_) => Err(Problem::KeySeveralNames),
        Operand::Size(_) => Err(Problem::KeyOperator("size".to_owned())),
    }
}

/// The spelling of an operator that a key condition may not contain.
fn operator(predicate: &Predicate) -> &'static str {
    match predicate {
        Predicate::Or(_) => "OR",
        Predicate::Not(_) => "NOT",
        Predicate::In(..) => "IN",
        Predicate::AttributeExists(_) => "attribute_exists",
        Predicate::AttributeNotExists(_) => "attribute_not_exists",
        Predicate::AttributeType(..) => "attribute_type",
        Predicate::Contains(..) => "contains",
        Predicate::BeginsWith(..) => "begins_with",
        Predicate::Between(..) => "BETWEEN",
        Predicate::Compare(comparator, ..) => comparator.symbol(),
        Predicate::And(_) | Predicate::True => "AND",
    }
}

#[cfg(test)]
mod tests;
