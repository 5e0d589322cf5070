//! What items count for, to the byte: limits, capacity units and table sizes all use these.
//!
//! Source: Developer Guide, "DynamoDB item sizes and formats", and captures of ConsumedCapacity at its edges.

use crate::value::{MapRef, ValueRef};

/// What a list or a map adds beside its contents.
const CONTAINER_OVERHEAD: usize = 3;
/// What each element of a list or a map adds beside itself.
const ELEMENT_OVERHEAD: usize = 1;

/// Bytes of an item: names and values of its attributes.
pub fn item_size(item: MapRef<'_>) -> usize {
    item.iter().map(|(name, value)| attribute_size(name, value)).sum()
}

/// Bytes of one attribute: its name and its value.
pub fn attribute_size(name: &str, value: ValueRef<'_>) -> usize {
    name.len() + value_size(value)
}

/// Bytes of one value, without its name.
pub fn value_size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::S(text) => text.len(),
        ValueRef::N(number) => number.size(),
        ValueRef::B(bytes) => bytes.len(),
        ValueRef::Bool(_) | ValueRef::Null => 1,
        ValueRef::SS(set) | ValueRef::NS(set) | ValueRef::BS(set) => set.iter().map(value_size).sum(),
        ValueRef::L(list) => CONTAINER_OVERHEAD + list.iter().map(|v| ELEMENT_OVERHEAD + value_size(v)).sum::<usize>(),
        ValueRef::M(map) => {
            CONTAINER_OVERHEAD + map.iter().map(|(n, v)| ELEMENT_OVERHEAD + attribute_size(n, v)).sum::<usize>()
        }
    }
}
