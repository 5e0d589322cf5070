//! What DynamoDB's data is: attribute values, numbers, items, keys, and their encodings.
//!
//! Pure: nothing here reads a clock, a disk or a socket, and nothing is async.
//! An attribute value exists in two shapes, and everything above works on either:
//! the owned [`AttributeValue`] that a request brings, and the compact bytes in which an item is stored
//! ([`codec::compact`]). [`ValueRef`] and [`MapRef`] are the borrowed views over both.
//!
//! Modules, lowest first: `limits`, `number` and `region`; `value`; `item`, `key`, `path` and `size`; `codec`.

pub mod codec;
mod item;
mod key;
pub mod limits;
mod number;
mod path;
mod region;
mod size;
mod value;

pub use item::Item;
pub use key::{KeyAttribute, KeySchema, KeyType};
pub use number::{Number, NumberError, NumberReading};
pub use path::{DocumentPath, PathElement};
pub use region::{RegionName, is_region_name};
pub use size::{attribute_size, item_size, value_size};
pub use value::{AttributeValue, Attributes, ListIter, ListRef, MapIter, MapRef, SetIter, SetRef, ValueKind, ValueRef};
