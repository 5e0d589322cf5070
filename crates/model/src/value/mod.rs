//! Attribute values in their two shapes, the owned tree (`tree`) and the stored bytes ([`compact`]), and the borrowed
//! views over both (`view`).
//!
//! A view reads either shape, and the bytes are both written from views and read as views, so that the two depend on
//! each other. The tree depends on neither.

pub mod compact;
mod tree;
mod view;

pub use tree::{AttributeValue, Attributes};
pub use view::{ListIter, ListRef, MapIter, MapRef, SetIter, SetRef, ValueKind, ValueRef};
