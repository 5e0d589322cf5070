//! Whether a predicate holds for an item. Works on views alone: nothing is decoded and nothing allocated.
//!
//! An operand that leads nowhere makes its condition false, except `<>`, which asks only whether two things are not
//! equal. `size` of something that has no size is no operand at all: every comparison with it is false.

use std::cmp::Ordering;

use model::{MapRef, Number, ValueRef};

use crate::ast::{Comparator, Operand, Predicate};

pub(crate) fn holds(predicate: &Predicate, item: MapRef<'_>) -> bool {
    match predicate {
        Predicate::And(branches) => branches.iter().all(|branch| holds(branch, item)),
        Predicate::Or(branches) => branches.iter().any(|branch| holds(branch, item)),
        Predicate::Not(inner) => !holds(inner, item),
        Predicate::Compare(comparator, left, right) => compares(*comparator, left, right, item),
        Predicate::Between(value, low, high) => between(value, low, high, item).unwrap_or(false),
        Predicate::In(value, candidates) => match resolve(value, item) {
            Some(value) => candidates.iter().any(|candidate| resolve(candidate, item) == Some(value)),
            None => false,
        },
        Predicate::AttributeExists(path) => path.resolve(item).is_some(),
        Predicate::AttributeNotExists(path) => path.resolve(item).is_none(),
        Predicate::AttributeType(value, kind) => match (resolve(value, item), resolve(kind, item)) {
            (Some(value), Some(ValueRef::S(kind))) => value.kind().descriptor() == kind,
            _ => false,
        },
        Predicate::BeginsWith(value, prefix) => match (resolve(value, item), resolve(prefix, item)) {
            (Some(ValueRef::S(text)), Some(ValueRef::S(prefix))) => text.starts_with(prefix),
            (Some(ValueRef::B(bytes)), Some(ValueRef::B(prefix))) => bytes.starts_with(prefix),
            _ => false,
        },
        Predicate::Contains(container, element) => match (resolve(container, item), resolve(element, item)) {
            (Some(container), Some(element)) => contains(container, element),
            _ => false,
        },
        Predicate::True => true,
    }
}

/// The value that an operand stands for.
fn resolve<'a>(operand: &'a Operand, item: MapRef<'a>) -> Option<ValueRef<'a>> {
    match operand {
        Operand::Path(path) => path.resolve(item),
        Operand::Value(value) => Some(value.view()),
        Operand::Size(inner) => size(resolve(inner, item)?).map(|size| ValueRef::N(Number::from_u64(size as u64))),
    }
}

fn compares(comparator: Comparator, left: &Operand, right: &Operand, item: MapRef<'_>) -> bool {
    let (a, b) = (resolve(left, item), resolve(right, item));
    let sizeless =
        |operand: &Operand, value: Option<ValueRef<'_>>| matches!(operand, Operand::Size(_)) && value.is_none();
    if sizeless(left, a) || sizeless(right, b) {
        return false;
    }
    let (Some(a), Some(b)) = (a, b) else { return comparator == Comparator::NotEqual };
    match comparator {
        Comparator::Equal => a == b,
        Comparator::NotEqual => a != b,
        Comparator::Less => a.compare(&b) == Some(Ordering::Less),
        Comparator::LessOrEqual => a.compare(&b).is_some_and(Ordering::is_le),
        Comparator::Greater => a.compare(&b) == Some(Ordering::Greater),
        Comparator::GreaterOrEqual => a.compare(&b).is_some_and(Ordering::is_ge),
    }
}

fn between(value: &Operand, low: &Operand, high: &Operand, item: MapRef<'_>) -> Option<bool> {
    let value = resolve(value, item)?;
    let above = resolve(low, item)?.compare(&value)?.is_le();
    let below = value.compare(&resolve(high, item)?)?.is_le();
    Some(above && below)
}

/// A text or binary holds a part, a set or list an element.
fn contains(container: ValueRef<'_>, element: ValueRef<'_>) -> bool {
    match (container, element) {
        (ValueRef::S(text), ValueRef::S(part)) => text.contains(part),
        (ValueRef::B(bytes), ValueRef::B(part)) => memchr::memmem::find(bytes, part).is_some(),
        (ValueRef::SS(set), ValueRef::S(_))
        | (ValueRef::NS(set), ValueRef::N(_))
        | (ValueRef::BS(set), ValueRef::B(_)) => set.contains(&element),
        (ValueRef::L(list), element) => list.iter().any(|own| own == element),
        _ => false,
    }
}

/// Bytes of a binary, elements of a set, list or map. A string counts the units of its UTF-16 form, not its bytes:
/// the Developer Guide says only "the length of the string", and captures from eu-west-2 show UTF-16 units.
fn size(value: ValueRef<'_>) -> Option<usize> {
    match value {
        ValueRef::S(text) if text.is_ascii() => Some(text.len()),
        ValueRef::S(text) => Some(text.encode_utf16().count()),
        ValueRef::B(bytes) => Some(bytes.len()),
        ValueRef::SS(set) | ValueRef::NS(set) | ValueRef::BS(set) => Some(set.len()),
        ValueRef::L(list) => Some(list.len()),
        ValueRef::M(map) => Some(map.len()),
        ValueRef::N(_) | ValueRef::Bool(_) | ValueRef::Null => None,
    }
}
