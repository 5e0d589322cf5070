//! A request or an answer between its protocol and its service: a tree with the types of the model's shapes.

use crate::shape::ShapeIndex;

/// A value of a shape. Its decoder has proven that it is one.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Structure(Structure),
    List(Vec<Value>),
    /// In the order of the request or the answer; a key that comes twice has its last value.
    Map(Vec<(String, Value)>),
    /// Of a word, too.
    Text(String),
    /// Of 32 or 64 bits.
    Integer(i64),
    Double(f64),
    Boolean(bool),
    Blob(Vec<u8>),
    Timestamp(Timestamp),
}

/// Unit: milliseconds since the start of 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Timestamp(pub u64);

/// The members that are there, by their place in the structure's shape.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Structure(Vec<(u16, Value)>);

impl Structure {
    /// Replaces the value that the member has.
    pub fn put(&mut self, place: u16, value: Value) {
        match self.0.binary_search_by_key(&place, |(place, _)| *place) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (place, value)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, place: u16) -> Option<&Value> {
        let at = self.0.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(&self.0[at].1)
    }

    pub fn take(&mut self, place: u16) -> Option<Value> {
        let at = self.0.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(self.0.remove(at).1)
    }
}

/// A place in a table, as values and shapes count: no model has more members or shapes than `u16` does.
pub(crate) fn place(at: usize) -> ShapeIndex {
    ShapeIndex::try_from(at).unwrap_or(ShapeIndex::MAX)
}
