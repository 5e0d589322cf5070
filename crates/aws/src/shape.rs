//! The shapes of a service's requests, answers and errors: static tables, made from `models/*.json`.
//!
//! A service has one table; shapes name each other by their place in it. A structure's members are in the order of the
//! table, and a value of the structure (`value`) names them by their place too.

// What a row of the tables takes: those of IAM, the largest, are about 80 KB.
const _: () = assert!(size_of::<Shape>() <= 40 && size_of::<Member>() <= 48);

/// A shape's place in its service's table.
pub type ShapeIndex = u16;

/// One shape.
#[derive(Debug)]
pub enum Shape {
    Structure {
        name: &'static str,
        members: &'static [Member],
    },
    List {
        item: ShapeIndex,
        /// The element of an item in forms and in XML.
        item_name: &'static str,
        /// Whether forms and XML have the items without an element around them.
        is_flat: bool,
        /// Of the number of items.
        bounds: Bounds,
    },
    Map {
        key: ShapeIndex,
        value: ShapeIndex,
        is_flat: bool,
        /// Of the number of entries.
        bounds: Bounds,
    },
    Text {
        /// Of the number of characters.
        bounds: Bounds,
        /// As refusals show it; empty if there is none.
        pattern: &'static str,
    },
    /// One of a few words.
    Words(&'static [&'static str]),
    /// 32 bits.
    Integer(Bounds),
    /// 64 bits.
    Long(Bounds),
    Double,
    Boolean,
    /// The bounds are of the number of bytes.
    Blob(Bounds),
    /// Written as the protocol does by default; no model here has another format.
    Timestamp,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub shape: ShapeIndex,
    pub is_required: bool,
    pub place: Place,
}

/// Where a member is in a request or in an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the body, under its name.
    Body,
    /// In the body, under another name.
    Named(&'static str),
    /// A label of the path.
    Uri(&'static str),
    /// A parameter of the query string.
    Query(&'static str),
    /// Of an answer.
    Header(&'static str),
}

/// An inclusive range; an end that is missing is the number's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    pub min: i64,
    pub max: i64,
}

impl Bounds {
    pub const NONE: Bounds = Bounds { min: i64::MIN, max: i64::MAX };

    pub fn contains(self, number: i64) -> bool {
        (self.min..=self.max).contains(&number)
    }
}

/// An error of a service.
#[derive(Debug)]
pub struct ErrorModel {
    /// The shape's name, which JSON and CBOR have as `__type`.
    pub name: &'static str,
    /// The name in XML, and in `x-amzn-query-error`.
    pub code: &'static str,
    pub status: u16,
    /// The member that has the sentence: `message`, or `Message`.
    pub message: &'static str,
}

/// Whether a protocol has members outside of the body. In those that do not, their places in a path, a query string and a header mean
/// nothing. Source: Smithy 2.0, "AWS JSON 1.0", "AWS Query" and "RPC v2 CBOR": HTTP binding traits are ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HttpBindings {
    Used,
    Ignored,
}

impl Member {
    /// Its name in bodies.
    pub(crate) fn body_name(&self, bindings: HttpBindings) -> Option<&'static str> {
        match (self.place, bindings) {
            (Place::Named(name), _) => Some(name),
            (Place::Body, _) | (_, HttpBindings::Ignored) => Some(self.name),
            (Place::Uri(_) | Place::Query(_) | Place::Header(_), HttpBindings::Used) => None,
        }
    }
}

pub(crate) const fn structure(name: &'static str, members: &'static [Member]) -> Shape {
    Shape::Structure { name, members }
}

pub(crate) const fn list(item: ShapeIndex, bounds: Bounds) -> Shape {
    Shape::List { item, item_name: "member", is_flat: false, bounds }
}

pub(crate) const fn map(key: ShapeIndex, value: ShapeIndex, bounds: Bounds) -> Shape {
    Shape::Map { key, value, is_flat: false, bounds }
}

pub(crate) const fn text(bounds: Bounds, pattern: &'static str) -> Shape {
    Shape::Text { bounds, pattern }
}

pub(crate) const fn optional(name: &'static str, shape: ShapeIndex) -> Member {
    Member { name, shape, is_required: false, place: Place::Body }
}

pub(crate) const fn required(name: &'static str, shape: ShapeIndex) -> Member {
    Member { name, shape, is_required: true, place: Place::Body }
}

pub(crate) const fn within(min: i64, max: i64) -> Bounds {
    Bounds { min, max }
}

pub(crate) const fn error(name: &'static str, code: &'static str, status: u16, message: &'static str) -> ErrorModel {
    ErrorModel { name, code, status, message }
}
