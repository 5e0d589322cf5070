//! Key schemas: which attributes identify an item, in a table or in an index.

use crate::value::ValueKind;

/// The types a key attribute may have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyType {
    S,
    N,
    B,
}

impl KeyType {
    pub const fn kind(self) -> ValueKind {
        match self {
            KeyType::S => ValueKind::S,
            KeyType::N => ValueKind::N,
            KeyType::B => ValueKind::B,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct KeyAttribute {
    pub name: String,
    pub key_type: KeyType,
}

/// The HASH attributes and the RANGE attributes, each in the order of the schema. A table and a local index have one
/// HASH attribute and at most one RANGE; a global index up to four of each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct KeySchema {
    pub hash: Vec<KeyAttribute>,
    pub range: Vec<KeyAttribute>,
}

impl KeySchema {
    /// HASH attributes, then RANGE attributes.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        self.hash.iter().chain(&self.range)
    }

    pub fn get(&self, name: &str) -> Option<&KeyAttribute> {
        self.attributes().find(|attribute| attribute.name == name)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn len(&self) -> usize {
        self.hash.len() + self.range.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
