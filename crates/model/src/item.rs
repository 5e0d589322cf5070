//! An item on its way out: a tree that an operation computed, or the stored bytes as they are.

use crate::value::compact::OwnedMap;
use crate::value::{Attributes, MapRef};

/// Attributes of a response. Stored ones are written out straight from their bytes.
#[derive(Clone, Debug)]
pub enum Item {
    Tree(Attributes),
    Compact(OwnedMap),
}

impl Item {
    pub fn view(&self) -> MapRef<'_> {
        match self {
            Item::Tree(attributes) => attributes.view(),
            Item::Compact(map) => MapRef::Compact(map.view()),
        }
    }

    pub fn into_attributes(self) -> Attributes {
        match self {
            Item::Tree(attributes) => attributes,
            Item::Compact(_) => self.view().to_owned(),
        }
    }
}

impl From<Attributes> for Item {
    fn from(attributes: Attributes) -> Item {
        Item::Tree(attributes)
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Item) -> bool {
        let (own, other) = (self.view(), other.view());
        own.len() == other.len() && own.iter().eq(other.iter())
    }
}
