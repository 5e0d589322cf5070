//! Carries out an update: first every new value is computed from the old item, then all are put in their places.
//!
//! Indexes in an expression are those of the old item. Writes go first and in ascending order of their paths, so that
//! elements beyond a list's end are appended in the order of their indexes; removals follow in descending order, so
//! that none shifts what another names.

use model::limits::{ITEM_SIZE_MAX, NESTING_MAX};
use model::{AttributeValue, Attributes, DocumentPath, MapRef, PathElement, ValueRef, value_size};

use super::arithmetic::{added, assigned, deleted};
use crate::ast::Update;
use crate::error::{ExpressionError, Problem};

pub(super) fn apply(update: &Update, old: Attributes) -> Result<Attributes, ExpressionError> {
    let mut changes = Changes::compute(update, old.view())?;
    changes.sort();
    let mut item = old;
    // Whole attributes go in and out together: legacy parameters may name as many as a request can hold.
    let (attributes, parts): (Vec<_>, Vec<_>) = changes.writes.into_iter().partition(|(path, _)| path.steps.is_empty());
    item.insert_all(attributes.into_iter().map(|(path, value)| (path.name.clone(), value)).collect());
    for (path, value) in parts {
        write(&mut item, path, value)?;
    }
    let (attributes, parts): (Vec<_>, Vec<_>) = changes.removals.into_iter().partition(|path| path.steps.is_empty());
    for path in parts {
        remove(&mut item, path)?;
    }
    item.remove_all(&attributes.into_iter().map(|path| path.name.as_str()).collect::<Vec<_>>());
    Ok(item)
}

#[derive(Default)]
struct Changes<'u> {
    writes: Vec<(&'u DocumentPath, AttributeValue)>,
    /// What the writes take. Unit: bytes.
    size: usize,
    removals: Vec<&'u DocumentPath>,
}

impl<'u> Changes<'u> {
    fn compute(update: &'u Update, old: MapRef<'_>) -> Result<Changes<'u>, ExpressionError> {
        let mut changes = Changes::default();
        for (path, value) in &update.set {
            let value = assigned(value, old)?;
            check_nesting(path, &value)?;
            changes.write(path, value)?;
        }
        for path in &update.remove {
            changes.remove(path, old)?;
        }
        for (path, operand) in &update.add {
            changes.write(path, added(path, operand, old)?)?;
        }
        for (path, operand) in &update.delete {
            match deleted(path, operand, old)? {
                Some(rest) => changes.write(path, rest)?,
                None => changes.remove(path, old)?,
            }
        }
        Ok(changes)
    }

    /// No path is within another, so that the new item has all that is written. An update copies what the item holds as often as it
    /// names it: it ends as soon as that cannot be an item any more.
    fn write(&mut self, path: &'u DocumentPath, value: AttributeValue) -> Result<(), ExpressionError> {
        self.size += value_size(value.view());
        if self.size > ITEM_SIZE_MAX {
            return Err(Problem::UpdatedItemTooLarge.into());
        }
        self.writes.push((path, value));
        Ok(())
    }

    /// Removing what is not there changes nothing, provided that what would hold it is there.
    fn remove(&mut self, path: &'u DocumentPath, old: MapRef<'_>) -> Result<(), ExpressionError> {
        if path.resolve(old).is_some() {
            self.removals.push(path);
        } else if !has_parent(path, old) {
            return Err(Problem::PathInvalid.into());
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.writes.sort_by(|a, b| a.0.cmp(b.0));
        self.removals.sort_by(|a, b| b.cmp(a));
    }
}

/// Where the last step of a path leads from.
enum Parent<'i> {
    Map(&'i mut Attributes, &'i str),
    List(&'i mut Vec<AttributeValue>, usize),
}

fn parent<'i>(item: &'i mut Attributes, path: &'i DocumentPath) -> Result<Parent<'i>, Problem> {
    let Some((last, way)) = path.steps.split_last() else { return Ok(Parent::Map(item, &path.name)) };
    let mut value = item.get_mut(&path.name).ok_or(Problem::PathInvalid)?;
    for step in way {
        value = match (value, step) {
            (AttributeValue::M(map), PathElement::Name(name)) => map.get_mut(name),
            (AttributeValue::L(list), PathElement::Index(index)) => list.get_mut(*index),
            _ => None,
        }
        .ok_or(Problem::PathInvalid)?;
    }
    match (value, last) {
        (AttributeValue::M(map), PathElement::Name(name)) => Ok(Parent::Map(map, name)),
        (AttributeValue::L(list), PathElement::Index(index)) => Ok(Parent::List(list, *index)),
        _ => Err(Problem::PathInvalid),
    }
}

fn has_parent(path: &DocumentPath, item: MapRef<'_>) -> bool {
    let Some((last, way)) = path.steps.split_last() else { return true };
    let parent = DocumentPath { name: path.name.clone(), steps: way.to_vec() };
    matches!(
        (parent.resolve(item), last),
        (Some(ValueRef::M(_)), PathElement::Name(_)) | (Some(ValueRef::L(_)), PathElement::Index(_))
    )
}

/// Puts the value in its place.
fn write(item: &mut Attributes, path: &DocumentPath, value: AttributeValue) -> Result<(), Problem> {
    match parent(item, path)? {
        Parent::Map(map, name) => {
            map.insert(name.to_owned(), value);
        }
        Parent::List(list, index) => match list.get_mut(index) {
            Some(element) => *element = value,
            None => list.push(value),
        },
    }
    Ok(())
}

fn remove(item: &mut Attributes, path: &DocumentPath) -> Result<(), Problem> {
    match parent(item, path)? {
        Parent::Map(map, name) => {
            map.remove(name);
        }
        Parent::List(list, index) => {
            if index < list.len() {
                list.remove(index);
            }
        }
    }
    Ok(())
}

/// Captures from eu-west-2: a scalar may be in 31 maps and not in 32.
fn check_nesting(path: &DocumentPath, value: &AttributeValue) -> Result<(), Problem> {
    if path.steps.len() + value.levels() > NESTING_MAX { Err(Problem::NestingTooDeep) } else { Ok(()) }
}
