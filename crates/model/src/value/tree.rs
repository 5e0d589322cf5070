//! The owned attribute value: what a request brings, and what an update computes.

use std::collections::BTreeSet;

use crate::number::Number;

/// One attribute value. Sets are sorted and hold no duplicates; maps are sorted by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AttributeValue {
    S(String),
    N(Number),
    B(Vec<u8>),
    Bool(bool),
    Null,
    SS(Vec<String>),
    NS(Vec<Number>),
    BS(Vec<Vec<u8>>),
    L(Vec<AttributeValue>),
    M(Attributes),
}

impl AttributeValue {
    /// The depth of its nesting, itself counted: 1 for anything that is neither a list nor a map.
    pub fn levels(&self) -> usize {
        let inner = match self {
            AttributeValue::L(list) => list.iter().map(AttributeValue::levels).max(),
            AttributeValue::M(map) => map.iter().map(|(_, value)| value.levels()).max(),
            _ => None,
        };
        1 + inner.unwrap_or(0)
    }
}

/// From how many attributes on they go in or out together: one by one, each moves all those behind it.
const TOGETHER_MIN: usize = 16;

/// Attributes by name, sorted by the names' bytes: an item, a key, or a map value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attributes {
    entries: Vec<(String, AttributeValue)>,
}

impl Attributes {
    pub fn new() -> Attributes {
        Attributes::default()
    }

    /// Sorts the entries; of two with the same name the later one stays.
    pub fn from_unsorted(mut entries: Vec<(String, AttributeValue)>) -> Attributes {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        // `dedup_by` drops the later of two neighbours, so the later value is moved into the earlier place first.
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(&mut later.1, &mut earlier.1);
            }
            same
        });
        Attributes { entries }
    }

    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.position(name).ok().map(|at| &self.entries[at].1)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut AttributeValue> {
        self.position(name).ok().map(|at| &mut self.entries[at].1)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Sets the attribute, returning the value that it replaces.
    pub fn insert(&mut self, name: String, value: AttributeValue) -> Option<AttributeValue> {
        match self.position(&name) {
            Ok(at) => Some(std::mem::replace(&mut self.entries[at].1, value)),
            Err(at) => {
                self.entries.insert(at, (name, value));
                None
            }
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<AttributeValue> {
        self.position(name).ok().map(|at| self.entries.remove(at).1)
    }

    /// Inserts all of these; each takes the place of one with the same name.
    pub fn insert_all(&mut self, new: Vec<(String, AttributeValue)>) {
        if new.len() < TOGETHER_MIN {
            return new.into_iter().for_each(|(name, value)| drop(self.insert(name, value)));
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.extend(new);
        *self = Attributes::from_unsorted(entries);
    }

    /// Removes the attributes of these names.
    pub fn remove_all(&mut self, names: &[&str]) {
        if names.len() < TOGETHER_MIN {
            return names.iter().for_each(|name| drop(self.remove(name)));
        }
        let gone: BTreeSet<&str> = names.iter().copied().collect();
        self.entries.retain(|(name, _)| !gone.contains(name.as_str()));
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &AttributeValue)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    pub fn entries(&self) -> &[(String, AttributeValue)] {
        &self.entries
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(own, _)| own.as_str().cmp(name))
    }
}

impl IntoIterator for Attributes {
    type Item = (String, AttributeValue);
    type IntoIter = std::vec::IntoIter<(String, AttributeValue)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl FromIterator<(String, AttributeValue)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (String, AttributeValue)>>(entries: I) -> Attributes {
        Attributes::from_unsorted(entries.into_iter().collect())
    }
}
