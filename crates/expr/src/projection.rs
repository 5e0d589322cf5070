//! Which parts of an item an answer holds: `ProjectionExpression`, `AttributesToGet`, and the `UPDATED_*` images.

use model::{AttributeValue, Attributes, DocumentPath, ListRef, MapRef, PathElement, ValueRef};

use crate::error::ExpressionError;
use crate::parser::parse_projection;
use crate::placeholders::Placeholders;

/// From how many members on a map is walked over once, and not searched for each of them: finding one in a stored map
/// means to step over those before it. Few members are found without looking at the others' values.
const WALKED_MIN: usize = 16;

/// Paths, as a tree: each part of the item is visited once.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Projection {
    members: Vec<(String, Selection)>,
}

/// What to take of a value. Members and elements are in ascending order.
#[derive(Clone, PartialEq, Debug)]
enum Selection {
    Whole,
    Members(Vec<(String, Selection)>),
    Elements(Vec<(usize, Selection)>),
}

impl Projection {
    /// Parses a projection expression.
    ///
    /// # Errors
    /// Whatever DynamoDB refuses before it reads an item.
    pub fn parse(text: &str, placeholders: &mut Placeholders) -> Result<Projection, ExpressionError> {
        parse_projection(text, placeholders).map(|paths| Projection::of(&paths))
    }

    /// The projection to these paths. Where two meet, the shorter one takes all.
    pub fn of<'a>(paths: impl IntoIterator<Item = &'a DocumentPath>) -> Projection {
        let mut members = Vec::new();
        for path in paths {
            add(entry(&mut members, &path.name), &path.steps);
        }
        Projection { members }
    }

    /// The top-level attributes that it takes whole or in part, in ascending order.
    pub fn attribute_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// The attributes that it selects only in part.
    pub fn nested_names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter(|(_, selection)| *selection != Selection::Whole).map(|(name, _)| name.as_str())
    }

    /// The projected part of an item. Elements of a list keep their order and close up; a path that leads nowhere
    /// leaves nothing behind.
    pub fn apply(&self, item: MapRef<'_>) -> Attributes {
        select_members(&self.members, item)
    }
}

/// Where `steps` continue from here. A fresh selection is marked by an empty list of members.
fn add(selection: &mut Selection, steps: &[PathElement]) {
    let Some((step, rest)) = steps.split_first() else {
        *selection = Selection::Whole;
        return;
    };
    if let (Selection::Members(members), PathElement::Index(_)) = (&*selection, step)
        && members.is_empty()
    {
        *selection = Selection::Elements(Vec::new());
    }
    match (&mut *selection, step) {
        (Selection::Members(members), PathElement::Name(name)) => add(entry(members, name), rest),
        (Selection::Elements(elements), PathElement::Index(index)) => add(entry(elements, index), rest),
        // Already taken whole, or taken both as a map and as a list, of which at most one can be there.
        _ => *selection = Selection::Whole,
    }
}

fn entry<'s, K: Ord + Clone>(entries: &'s mut Vec<(K, Selection)>, key: &K) -> &'s mut Selection {
    let at = match entries.binary_search_by(|(own, _)| own.cmp(key)) {
        Ok(at) => at,
        Err(at) => {
            entries.insert(at, (key.clone(), Selection::Members(Vec::new())));
            at
        }
    };
    &mut entries[at].1
}

fn select_members(members: &[(String, Selection)], map: MapRef<'_>) -> Attributes {
    if members.len() >= WALKED_MIN {
        return walk_members(members, map);
    }
    let found = members.iter().filter_map(|(name, selection)| {
        let value = select(selection, map.get(name)?)?;
        Some((name.clone(), value))
    });
    found.collect()
}

/// Merges the map and the members, both in ascending order.
fn walk_members(members: &[(String, Selection)], map: MapRef<'_>) -> Attributes {
    let mut wanted = members.iter().peekable();
    let found = map.iter().filter_map(|(name, value)| {
        while wanted.next_if(|(own, _)| own.as_str() < name).is_some() {}
        let (own, selection) = wanted.next_if(|(own, _)| own == name)?;
        Some((own.clone(), select(selection, value)?))
    });
    found.collect()
}

fn select_elements(elements: &[(usize, Selection)], list: ListRef<'_>) -> Vec<AttributeValue> {
    let Some((last, _)) = elements.last() else { return Vec::new() };
    let mut wanted = elements.iter().peekable();
    let found = list.iter().take(last.saturating_add(1)).enumerate().filter_map(|(at, value)| {
        let (_, selection) = wanted.next_if(|(index, _)| *index == at)?;
        select(selection, value)
    });
    found.collect()
}

fn select(selection: &Selection, value: ValueRef<'_>) -> Option<AttributeValue> {
    match (selection, value) {
        (Selection::Whole, value) => Some(value.to_owned()),
        (Selection::Members(members), ValueRef::M(map)) => {
            let selected = select_members(members, map);
            (!selected.is_empty()).then_some(AttributeValue::M(selected))
        }
        (Selection::Elements(elements), ValueRef::L(list)) => {
            let selected = select_elements(elements, list);
            (!selected.is_empty()).then_some(AttributeValue::L(selected))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
