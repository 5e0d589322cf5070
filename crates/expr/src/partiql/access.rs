//! What a WHERE clause means for the keys of a table or an index: which partitions a SELECT reads, and which one item
//! a write or a transaction is about.
//!
//! A SELECT reads partitions, not the whole table, if each alternative of its condition gives every HASH attribute by
//! `=` or IN. Inside the partitions, the conditions on RANGE attributes are used from left to right as far as they go.
//! What the keys say exactly is left out of the filter; the rest of the condition is tested on every row.
//! Source: Developer Guide, "PartiQL select statements for DynamoDB", on avoiding full table scans.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use model::codec::compact;
use model::{AttributeValue, Attributes, KeyAttribute, KeySchema};

use super::OrderKey;
use super::error::PartiqlError;
use crate::ast::{Comparator, Operand, Predicate};
use crate::condition::Condition;
use crate::error::Problem;
use crate::key_condition::{KeyCondition, RangeCondition, check_key_value};

/// Values of HASH attributes that one SELECT may name. Source: Developer Guide, "PartiQL operators", IN.
const HASH_VALUES_MAX: usize = 50;
/// Key conditions that the values of RANGE attributes may multiply into. Beyond, they are tested as a filter.
const KEY_CONDITIONS_MAX: usize = 100;

/// How to read what a SELECT asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    pub access: Access,
    pub filter: Option<Condition>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Access {
    /// Reads these, in this order: rows of no two of them are the same. None at all is an empty answer.
    Keys {
        conditions: Vec<KeyCondition>,
        descending: bool,
    },
    Scan,
}

/// Plans a SELECT on a table or an index with this key.
///
/// # Errors
/// Key values of the wrong type, too many of them, and an ORDER BY that the keys cannot give.
pub fn access(condition: Option<&Condition>, order: &[OrderKey], schema: &KeySchema) -> Result<Plan, PartiqlError> {
    let Some(condition) = condition else {
        let plan = Plan { access: Access::Scan, filter: None };
        return if order.is_empty() { Ok(plan) } else { Err(PartiqlError::OrderWithoutWhere) };
    };
    if let Some(key) = order.iter().find(|key| !schema.contains(&key.name)) {
        return Err(PartiqlError::OrderNotKey(key.name.clone()));
    }
    refuse_overlapping(condition.predicate(), schema)?;
    let mut planner = Planner { conjuncts: conjuncts(condition.predicate()), used: Vec::new() };
    let Some(mut hashes) = planner.hashes(schema)? else {
        let plan = Plan { access: Access::Scan, filter: Some(condition.clone()) };
        return if order.is_empty() { Ok(plan) } else { Err(PartiqlError::OrderWithoutHashKey) };
    };
    sort_hashes(&mut hashes, order, schema)?;
    let descending = order.iter().any(|key| key.descending && schema.range.iter().any(|own| own.name == key.name));
    let ranges = planner.ranges(schema, hashes.len(), descending)?;
    let of_hash = |hash: Vec<AttributeValue>| {
        let ranges = ranges.iter().cloned();
        ranges.map(move |range| KeyCondition { hash: hash.clone(), range }).collect::<Vec<_>>()
    };
    let conditions = hashes.into_iter().flat_map(of_hash).collect();
    Ok(Plan { access: Access::Keys { conditions, descending }, filter: planner.filter() })
}

/// Whether the condition says by `=` or IN, for all of its alternatives at once, which partitions it is about.
pub fn names_partitions(condition: &Condition, schema: &KeySchema) -> bool {
    let conjuncts = conjuncts(condition.predicate());
    let names = |conjunct: &&Predicate, name: &str| {
        matches!(conjunct, Predicate::Compare(..) | Predicate::In(..)) && candidates(conjunct, name).is_some()
    };
    schema.hash.iter().all(|attribute| conjuncts.iter().any(|conjunct| names(conjunct, &attribute.name)))
}

/// The primary key that the condition names by `=` on each of its attributes, and the rest of the condition; `None`
/// if it names no single item.
pub fn key_of(condition: &Condition, schema: &KeySchema) -> Option<(Attributes, Option<Condition>)> {
    let mut planner = Planner { conjuncts: conjuncts(condition.predicate()), used: Vec::new() };
    let mut key = Vec::new();
    for attribute in schema.attributes() {
        let mut equalities = planner.conjuncts.iter().enumerate();
        let (at, value) = equalities.find_map(|(at, conjunct)| Some((at, equality(conjunct, &attribute.name)?)))?;
        planner.used.push(at);
        key.push((attribute.name.clone(), value.clone()));
    }
    Some((Attributes::from_unsorted(key), planner.filter()))
}

/// The primary key, if the key condition gives all of it. Such a condition finds one item of a table, but any number
/// of an index.
pub fn full_key(condition: &KeyCondition, schema: &KeySchema) -> Option<Attributes> {
    let range = condition.range.iter().map(|range| match range {
        RangeCondition::Equal(value) => Some(value),
        _ => None,
    });
    let values: Option<Vec<&AttributeValue>> = condition.hash.iter().map(Some).chain(range).collect();
    let values = values.filter(|values| values.len() == schema.len())?;
    Some(schema.attributes().zip(values).map(|(own, value)| (own.name.clone(), value.clone())).collect())
}

/// Alternatives that read one partition: where one of them says something of the RANGE attribute, each other one must,
/// unless it takes the whole partition. Captured in eu-west-2: `pk = 'a' AND x = '1' OR pk = 'a' AND sk = '2'` is refused.
fn refuse_overlapping(predicate: &Predicate, schema: &KeySchema) -> Result<(), PartiqlError> {
    let ([hash], [range], Predicate::Or(branches)) = (&schema.hash[..], &schema.range[..], predicate) else {
        return Ok(());
    };
    let alternatives = branches.iter().map(|branch| {
        let conjuncts = conjuncts(branch);
        let value = conjuncts.iter().find_map(|conjunct| equality(conjunct, &hash.name))?;
        let says_range = Condition::new(branch.clone()).attribute_names().contains(&range.name.as_str());
        Some((value, says_range, conjuncts.len() > 1))
    });
    let Some(alternatives) = alternatives.collect::<Option<Vec<_>>>() else { return Ok(()) };
    let mut partitions: BTreeMap<Vec<u8>, (bool, bool)> = BTreeMap::new();
    for (value, says_range, filters) in alternatives {
        let (ranges, filters_alone) = partitions.entry(bytes_of(value)).or_default();
        *ranges |= says_range;
        *filters_alone |= !says_range && filters;
    }
    match partitions.values().any(|(ranges, filters_alone)| *ranges && *filters_alone) {
        true => Err(PartiqlError::OverlappingConditions),
        false => Ok(()),
    }
}

/// The conditions that must all hold.
fn conjuncts(predicate: &Predicate) -> Vec<&Predicate> {
    match predicate {
        Predicate::And(branches) => branches.iter().flat_map(conjuncts).collect(),
        Predicate::True => Vec::new(),
        other => vec![other],
    }
}

struct Planner<'c> {
    conjuncts: Vec<&'c Predicate>,
    /// Conjuncts that the keys say exactly.
    used: Vec<usize>,
}

impl<'c> Planner<'c> {
    /// The values that an attribute can have; `None` if the condition leaves them open.
    fn values(&mut self, attribute: &KeyAttribute) -> Result<Option<Vec<&'c AttributeValue>>, Problem> {
        let mut result: Option<Vec<&'c AttributeValue>> = None;
        for at in 0..self.conjuncts.len() {
            let Some(values) = candidates(self.conjuncts[at], &attribute.name) else { continue };
            values.iter().try_for_each(|value| check_key_value(attribute, value))?;
            if matches!(self.conjuncts[at], Predicate::Compare(..) | Predicate::In(..)) {
                self.used.push(at);
            }
            match &mut result {
                None => result = Some(values),
                Some(result) => {
                    let also: BTreeSet<Vec<u8>> = values.into_iter().map(bytes_of).collect();
                    result.retain(|value| also.contains(&bytes_of(value)));
                }
            }
        }
        Ok(result)
    }

    fn hashes(&mut self, schema: &KeySchema) -> Result<Option<Vec<Vec<AttributeValue>>>, Problem> {
        let mut hashes = vec![Vec::new()];
        for attribute in &schema.hash {
            let Some(values) = self.values(attribute)? else {
                self.used.clear();
                return Ok(None);
            };
            let count = hashes.len() * values.len();
            if count > HASH_VALUES_MAX {
                return Err(Problem::InOperands(count));
            }
            hashes = product(hashes, &values, AttributeValue::clone);
        }
        Ok(Some(hashes))
    }

    /// The key conditions inside each of the partitions, in the order of the rows.
    fn ranges(
        &mut self,
        schema: &KeySchema,
        partitions: usize,
        descending: bool,
    ) -> Result<Vec<Vec<RangeCondition>>, Problem> {
        let mut ranges = vec![Vec::new()];
        for attribute in &schema.range {
            let used = self.used.len();
            if let Some(mut values) = self.values(attribute)? {
                if partitions * ranges.len() * values.len() > KEY_CONDITIONS_MAX {
                    self.used.truncate(used);
                    break;
                }
                values.sort_by(|a, b| ordering(a, b, descending));
                ranges = product(ranges, &values, |value| RangeCondition::Equal(value.clone()));
                continue;
            }
            if let Some(condition) = self.range(attribute)? {
                ranges.iter_mut().for_each(|range| range.push(condition.clone()));
            }
            break;
        }
        Ok(ranges)
    }

    /// The narrowest range of one attribute's values that conjuncts give.
    fn range(&mut self, attribute: &KeyAttribute) -> Result<Option<RangeCondition>, Problem> {
        use RangeCondition::{GreaterOrEqual, LessOrEqual};
        let mut found = Vec::new();
        for (at, conjunct) in self.conjuncts.iter().enumerate() {
            let Some(condition) = range_condition(conjunct, &attribute.name) else { continue };
            condition.values().try_for_each(|value| check_key_value(attribute, value))?;
            found.push((at, condition));
        }
        let low = found.iter().find(|(_, condition)| matches!(condition, GreaterOrEqual(_)));
        let high = found.iter().find(|(_, condition)| matches!(condition, LessOrEqual(_)));
        if let (Some((low_at, GreaterOrEqual(low))), Some((high_at, LessOrEqual(high)))) = (low, high)
            && low.view().compare(&high.view()).is_some_and(Ordering::is_le)
        {
            self.used.extend([*low_at, *high_at]);
            return Ok(Some(RangeCondition::Between(low.clone(), high.clone())));
        }
        let narrowness = |condition: &RangeCondition| match condition {
            RangeCondition::Equal(_) => 0,
            RangeCondition::Between(..) | RangeCondition::BeginsWith(_) => 1,
            _ => 2,
        };
        let narrowest = found.into_iter().min_by_key(|(_, condition)| narrowness(condition));
        Ok(narrowest.map(|(at, condition)| {
            self.used.push(at);
            condition
        }))
    }

    /// What the keys do not say.
    fn filter(&self) -> Option<Condition> {
        let rest = self.conjuncts.iter().enumerate().filter(|(at, _)| !self.used.contains(at));
        let mut rest: Vec<Predicate> = rest.map(|(_, conjunct)| (*conjunct).clone()).collect();
        match rest.len() {
            0 => None,
            1 => rest.pop().map(Condition::new),
            _ => Some(Condition::new(Predicate::And(rest))),
        }
    }
}

/// Each row of one side with each value of the other, the latter running faster.
fn product<T: Clone>(
    rows: Vec<Vec<T>>,
    values: &[&AttributeValue],
    column: impl Fn(&AttributeValue) -> T,
) -> Vec<Vec<T>> {
    let extended = |row: Vec<T>| {
        let column = &column;
        values.iter().map(move |value| row.iter().cloned().chain([column(value)]).collect()).collect::<Vec<Vec<T>>>()
    };
    rows.into_iter().flat_map(extended).collect()
}

/// The values, each once, that a top-level attribute must have one of; `None` if the predicate leaves them open.
fn candidates<'c>(predicate: &'c Predicate, name: &str) -> Option<Vec<&'c AttributeValue>> {
    match predicate {
        Predicate::In(Operand::Path(path), operands) if path.is_top() && path.name == name => {
            distinct(operands.iter().map(Operand::as_value))
        }
        Predicate::Or(branches) => {
            let branches: Option<Vec<_>> = branches.iter().map(|branch| candidates(branch, name)).collect();
            distinct(branches?.into_iter().flatten().map(Some))
        }
        Predicate::And(branches) => branches.iter().find_map(|branch| candidates(branch, name)),
        other => equality(other, name).map(|value| vec![value]),
    }
}

fn distinct<'c>(values: impl Iterator<Item = Option<&'c AttributeValue>>) -> Option<Vec<&'c AttributeValue>> {
    let (mut distinct, mut known) = (Vec::new(), BTreeSet::new());
    for value in values {
        let value = value?;
        if known.insert(bytes_of(value)) {
            distinct.push(value);
        }
    }
    Some(distinct)
}

/// A value as it is found among others: equal ones have the same bytes. A statement may name thousands of large values.
fn bytes_of(value: &AttributeValue) -> Vec<u8> {
    let mut bytes = Vec::new();
    compact::push_entries(&mut bytes, 1, std::iter::once(("", value.view())));
    bytes
}

/// The value that a top-level attribute must be equal to.
fn equality<'c>(predicate: &'c Predicate, name: &str) -> Option<&'c AttributeValue> {
    match predicate {
        Predicate::Compare(Comparator::Equal, Operand::Path(path), Operand::Value(value))
        | Predicate::Compare(Comparator::Equal, Operand::Value(value), Operand::Path(path))
            if path.is_top() && path.name == name =>
        {
            Some(value)
        }
        _ => None,
    }
}

/// The range that a conjunct gives for a top-level attribute. Equality is not asked here.
fn range_condition(predicate: &Predicate, name: &str) -> Option<RangeCondition> {
    let is_name = |operand: &Operand| operand.as_path().is_some_and(|path| path.is_top() && path.name == name);
    match predicate {
        Predicate::Compare(comparator, left, right) if is_name(left) => {
            compared(*comparator, right.as_value()?.clone())
        }
        Predicate::Compare(comparator, left, right) if is_name(right) => {
            compared(comparator.mirrored(), left.as_value()?.clone())
        }
        Predicate::Between(value, low, high) if is_name(value) => {
            Some(RangeCondition::Between(low.as_value()?.clone(), high.as_value()?.clone()))
        }
        Predicate::BeginsWith(value, prefix) if is_name(value) => {
            Some(RangeCondition::BeginsWith(prefix.as_value()?.clone()))
        }
        _ => None,
    }
}

fn compared(comparator: Comparator, value: AttributeValue) -> Option<RangeCondition> {
    match comparator {
        Comparator::Less => Some(RangeCondition::Less(value)),
        Comparator::LessOrEqual => Some(RangeCondition::LessOrEqual(value)),
        Comparator::Greater => Some(RangeCondition::Greater(value)),
        Comparator::GreaterOrEqual => Some(RangeCondition::GreaterOrEqual(value)),
        Comparator::Equal | Comparator::NotEqual => None,
    }
}

/// Puts the partitions in the order that is asked for, or leaves them in the order of the text.
fn sort_hashes(hashes: &mut [Vec<AttributeValue>], order: &[OrderKey], schema: &KeySchema) -> Result<(), PartiqlError> {
    let Some(first) = order.first().filter(|_| hashes.len() > 1) else { return Ok(()) };
    if !schema.hash.iter().any(|attribute| attribute.name == first.name) {
        return Err(PartiqlError::OrderHashKeyFirst);
    }
    // Attributes that ORDER BY does not name come last, ascending, so that the order is whole.
    let column = |name: &str| schema.hash.iter().position(|attribute| attribute.name == name);
    let named = order.iter().filter_map(|key| Some((column(&key.name)?, key.descending)));
    let columns: Vec<(usize, bool)> = named.chain((0..schema.hash.len()).map(|column| (column, false))).collect();
    hashes.sort_by(|a, b| {
        let mut orderings = columns.iter().map(|(column, descending)| ordering(&a[*column], &b[*column], *descending));
        orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    });
    Ok(())
}

fn ordering(a: &AttributeValue, b: &AttributeValue, descending: bool) -> Ordering {
    // Values of one key attribute are of one type, which is an ordered one.
    let ascending = a.view().compare(&b.view()).unwrap_or(Ordering::Equal);
    if descending { ascending.reverse() } else { ascending }
}

#[cfg(test)]
mod tests;
