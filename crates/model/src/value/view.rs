//! Borrowed views of attribute values, over a request's tree and over an item's stored bytes alike.
//!
//! Expressions, projections, sizes and responses are written once, against these views; a stored item is never
//! decoded to be filtered or returned. Views are `Copy` and allocate nothing.

use std::cmp::Ordering;

use super::compact;
use super::tree::{AttributeValue, Attributes};
use crate::number::Number;

/// The ten types, in the order of their names in the API.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ValueKind {
    S,
    N,
    B,
    Bool,
    Null,
    SS,
    NS,
    BS,
    L,
    M,
}

impl ValueKind {
    /// The descriptor of the type in DynamoDB JSON and in `attribute_type`.
    pub const fn descriptor(self) -> &'static str {
        match self {
            ValueKind::S => "S",
            ValueKind::N => "N",
            ValueKind::B => "B",
            ValueKind::Bool => "BOOL",
            ValueKind::Null => "NULL",
            ValueKind::SS => "SS",
            ValueKind::NS => "NS",
            ValueKind::BS => "BS",
            ValueKind::L => "L",
            ValueKind::M => "M",
        }
    }

    pub fn from_descriptor(text: &str) -> Option<ValueKind> {
        use ValueKind::*;
        [S, N, B, Bool, Null, SS, NS, BS, L, M].into_iter().find(|kind| kind.descriptor() == text)
    }
}

/// One attribute value, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    S(&'a str),
    N(Number),
    B(&'a [u8]),
    Bool(bool),
    Null,
    SS(SetRef<'a>),
    NS(SetRef<'a>),
    BS(SetRef<'a>),
    L(ListRef<'a>),
    M(MapRef<'a>),
}

/// A set of one of the three kinds; elements come in ascending order, as `S`, `N` or `B`.
#[derive(Clone, Copy, Debug)]
pub enum SetRef<'a> {
    Strings(&'a [String]),
    Numbers(&'a [Number]),
    Binaries(&'a [Vec<u8>]),
    Compact(compact::Sequence<'a>),
}

#[derive(Clone, Copy, Debug)]
pub enum ListRef<'a> {
    Tree(&'a [AttributeValue]),
    Compact(compact::Sequence<'a>),
}

#[derive(Clone, Copy, Debug)]
pub enum MapRef<'a> {
    Tree(&'a Attributes),
    Compact(compact::Map<'a>),
}

impl AttributeValue {
    pub fn view(&self) -> ValueRef<'_> {
        ValueRef::of(self)
    }
}

impl Attributes {
    pub fn view(&self) -> MapRef<'_> {
        MapRef::Tree(self)
    }
}

impl<'a> ValueRef<'a> {
    pub fn of(value: &'a AttributeValue) -> ValueRef<'a> {
        match value {
            AttributeValue::S(text) => ValueRef::S(text),
            AttributeValue::N(number) => ValueRef::N(*number),
            AttributeValue::B(bytes) => ValueRef::B(bytes),
            AttributeValue::Bool(value) => ValueRef::Bool(*value),
            AttributeValue::Null => ValueRef::Null,
            AttributeValue::SS(set) => ValueRef::SS(SetRef::Strings(set)),
            AttributeValue::NS(set) => ValueRef::NS(SetRef::Numbers(set)),
            AttributeValue::BS(set) => ValueRef::BS(SetRef::Binaries(set)),
            AttributeValue::L(list) => ValueRef::L(ListRef::Tree(list)),
            AttributeValue::M(map) => ValueRef::M(MapRef::Tree(map)),
        }
    }

    pub fn kind(&self) -> ValueKind {
        match self {
            ValueRef::S(_) => ValueKind::S,
            ValueRef::N(_) => ValueKind::N,
            ValueRef::B(_) => ValueKind::B,
            ValueRef::Bool(_) => ValueKind::Bool,
            ValueRef::Null => ValueKind::Null,
            ValueRef::SS(_) => ValueKind::SS,
            ValueRef::NS(_) => ValueKind::NS,
            ValueRef::BS(_) => ValueKind::BS,
            ValueRef::L(_) => ValueKind::L,
            ValueRef::M(_) => ValueKind::M,
        }
    }

    pub fn to_owned(&self) -> AttributeValue {
        match self {
            ValueRef::S(text) => AttributeValue::S((*text).to_owned()),
            ValueRef::N(number) => AttributeValue::N(*number),
            ValueRef::B(bytes) => AttributeValue::B(bytes.to_vec()),
            ValueRef::Bool(value) => AttributeValue::Bool(*value),
            ValueRef::Null => AttributeValue::Null,
            ValueRef::SS(set) => AttributeValue::SS(set.iter().filter_map(ValueRef::into_string).collect()),
            ValueRef::NS(set) => AttributeValue::NS(set.iter().filter_map(|v| v.as_number()).collect()),
            ValueRef::BS(set) => {
                AttributeValue::BS(set.iter().filter_map(|v| v.as_binary().map(<[u8]>::to_vec)).collect())
            }
            ValueRef::L(list) => AttributeValue::L(list.iter().map(|v| v.to_owned()).collect()),
            ValueRef::M(map) => AttributeValue::M(map.to_owned()),
        }
    }

    fn into_string(self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    pub fn as_str(&self) -> Option<&'a str> {
        if let ValueRef::S(text) = self { Some(text) } else { None }
    }

    pub fn as_number(&self) -> Option<Number> {
        if let ValueRef::N(number) = self { Some(*number) } else { None }
    }

    pub fn as_binary(&self) -> Option<&'a [u8]> {
        if let ValueRef::B(bytes) = self { Some(bytes) } else { None }
    }

    pub fn as_map(&self) -> Option<MapRef<'a>> {
        if let ValueRef::M(map) = self { Some(*map) } else { None }
    }

    pub fn as_list(&self) -> Option<ListRef<'a>> {
        if let ValueRef::L(list) = self { Some(*list) } else { None }
    }

    pub fn as_set(&self) -> Option<SetRef<'a>> {
        match self {
            ValueRef::SS(set) | ValueRef::NS(set) | ValueRef::BS(set) => Some(*set),
            _ => None,
        }
    }

    /// The order of two scalars of the same kind (S, N, B); `None` for anything else.
    pub fn compare(&self, other: &ValueRef<'_>) -> Option<Ordering> {
        match (self, other) {
            (ValueRef::S(a), ValueRef::S(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (ValueRef::N(a), ValueRef::N(b)) => Some(a.cmp(b)),
            (ValueRef::B(a), ValueRef::B(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// Equal kinds and equal contents; sets as sets, maps by name.
impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &ValueRef<'_>) -> bool {
        match (self, other) {
            (ValueRef::Bool(a), ValueRef::Bool(b)) => a == b,
            (ValueRef::Null, ValueRef::Null) => true,
            (ValueRef::SS(a), ValueRef::SS(b))
            | (ValueRef::NS(a), ValueRef::NS(b))
            | (ValueRef::BS(a), ValueRef::BS(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            (ValueRef::L(a), ValueRef::L(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            (ValueRef::M(a), ValueRef::M(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }
}

impl<'a> SetRef<'a> {
    pub fn len(&self) -> usize {
        match self {
            SetRef::Strings(set) => set.len(),
            SetRef::Numbers(set) => set.len(),
            SetRef::Binaries(set) => set.len(),
            SetRef::Compact(set) => set.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> SetIter<'a> {
        match self {
            SetRef::Strings(set) => SetIter::Strings(set.iter()),
            SetRef::Numbers(set) => SetIter::Numbers(set.iter()),
            SetRef::Binaries(set) => SetIter::Binaries(set.iter()),
            SetRef::Compact(set) => SetIter::Compact(set.iter()),
        }
    }

    pub fn contains(&self, value: &ValueRef<'_>) -> bool {
        self.iter().any(|own| own == *value)
    }
}

#[derive(Clone, Debug)]
pub enum SetIter<'a> {
    Strings(std::slice::Iter<'a, String>),
    Numbers(std::slice::Iter<'a, Number>),
    Binaries(std::slice::Iter<'a, Vec<u8>>),
    Compact(compact::SequenceIter<'a>),
}

impl<'a> Iterator for SetIter<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        match self {
            SetIter::Strings(iter) => iter.next().map(|text| ValueRef::S(text)),
            SetIter::Numbers(iter) => iter.next().map(|number| ValueRef::N(*number)),
            SetIter::Binaries(iter) => iter.next().map(|bytes| ValueRef::B(bytes)),
            SetIter::Compact(iter) => iter.next(),
        }
    }
}

impl<'a> ListRef<'a> {
    pub fn len(&self) -> usize {
        match self {
            ListRef::Tree(list) => list.len(),
            ListRef::Compact(list) => list.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, index: usize) -> Option<ValueRef<'a>> {
        match self {
            ListRef::Tree(list) => list.get(index).map(AttributeValue::view),
            ListRef::Compact(list) => list.iter().nth(index),
        }
    }

    pub fn iter(&self) -> ListIter<'a> {
        match self {
            ListRef::Tree(list) => ListIter::Tree(list.iter()),
            ListRef::Compact(list) => ListIter::Compact(list.iter()),
        }
    }
}

#[derive(Clone, Debug)]
pub enum ListIter<'a> {
    Tree(std::slice::Iter<'a, AttributeValue>),
    Compact(compact::SequenceIter<'a>),
}

impl<'a> Iterator for ListIter<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        match self {
            ListIter::Tree(iter) => iter.next().map(AttributeValue::view),
            ListIter::Compact(iter) => iter.next(),
        }
    }
}

impl<'a> MapRef<'a> {
    pub fn len(&self) -> usize {
        match self {
            MapRef::Tree(map) => map.len(),
            MapRef::Compact(map) => map.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, name: &str) -> Option<ValueRef<'a>> {
        match self {
            MapRef::Tree(map) => map.get(name).map(AttributeValue::view),
            MapRef::Compact(map) => map.get(name),
        }
    }

    /// Entries in ascending order of their names.
    pub fn iter(&self) -> MapIter<'a> {
        match self {
            MapRef::Tree(map) => MapIter::Tree(map.entries().iter()),
            MapRef::Compact(map) => MapIter::Compact(map.iter()),
        }
    }

    pub fn to_owned(&self) -> Attributes {
        match self {
            MapRef::Tree(map) => (*map).clone(),
            // Already sorted, so this only moves.
            MapRef::Compact(map) => map.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

#[derive(Clone, Debug)]
pub enum MapIter<'a> {
    Tree(std::slice::Iter<'a, (String, AttributeValue)>),
    Compact(compact::MapEntries<'a>),
}

impl<'a> Iterator for MapIter<'a> {
    type Item = (&'a str, ValueRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            MapIter::Tree(iter) => iter.next().map(|(name, value)| (name.as_str(), value.view())),
            MapIter::Compact(iter) => iter.next(),
        }
    }
}
