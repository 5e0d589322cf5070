//! The value of an item's row: a small header and the compact attributes.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | format, [`FORMAT`] |
//! | 1 | flags; a set bit announces an optional part between header and body; none is defined yet |
//! | 8 | version, growing by one with every write of the item |
//! | 4 | the item's size as DynamoDB counts it |
//! | n | the attributes, see [`compact`] |
//!
//! Index rows have the same form; their size is that of the projected attributes, and their version the item's.

use std::fmt;

use bytes::Bytes;

use super::compact::{self, Malformed, OwnedMap};
use crate::item::Item;
use crate::size::item_size;
use crate::value::MapRef;

pub const FORMAT: u8 = 1;
pub const HEADER_SIZE: usize = 14;

/// A stored item, read in place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredItem {
    bytes: Bytes,
}

/// A row that this program cannot read. `Display` is the operator's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damaged {
    /// Another version of the program wrote it, or its first bytes are damaged.
    UnknownFormat {
        format: u8,
        flags: u8,
    },
    /// It is shorter than its header.
    Short,
    Attributes(Malformed),
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damaged::UnknownFormat { format, flags } => write!(f, "format {format} with flags {flags} is not known"),
            Damaged::Short => f.write_str("it is shorter than its header"),
            Damaged::Attributes(Malformed(what)) => write!(f, "its attributes are not well formed: {what}"),
        }
    }
}

impl StoredItem {
    /// Takes a row's value, which is checked to its end: what is read of it afterwards is well formed.
    ///
    /// # Errors
    /// [`Damaged`] for a row that another version of the program wrote, or that is not as it was written.
    pub fn read(bytes: Bytes) -> Result<StoredItem, Damaged> {
        match bytes.as_ref() {
            [FORMAT, 0, ..] => {
                let attributes = bytes.get(HEADER_SIZE..).ok_or(Damaged::Short)?;
                compact::Map::read(attributes).map_err(Damaged::Attributes)?;
                Ok(StoredItem { bytes })
            }
            [format, flags, ..] => Err(Damaged::UnknownFormat { format: *format, flags: *flags }),
            _ => Err(Damaged::Short),
        }
    }

    /// The row for these attributes.
    pub fn new(version: u64, item: MapRef<'_>) -> StoredItem {
        let mut out = header(version, item_size(item));
        compact::push_map(&mut out, item);
        StoredItem::of(&out)
    }

    /// Copied to its exact size: rows live long, in caches and memtables, and the room to write one in does not.
    fn of(row: &[u8]) -> StoredItem {
        StoredItem { bytes: Bytes::copy_from_slice(row) }
    }

    pub fn version(&self) -> u64 {
        u64::from_be_bytes(self.header_part(2))
    }

    /// The item's size in bytes, as limits and capacity units count it.
    pub fn size(&self) -> usize {
        u32::from_be_bytes(self.header_part(10)) as usize
    }

    pub fn attributes(&self) -> MapRef<'_> {
        MapRef::Compact(compact::Map::of_checked(self.bytes.get(HEADER_SIZE..).unwrap_or_default()))
    }

    /// The attributes for a response; shares the row's bytes.
    pub fn item(&self) -> Item {
        Item::Compact(OwnedMap::of_checked(self.bytes.slice(HEADER_SIZE..)))
    }

    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    fn header_part<const N: usize>(&self, at: usize) -> [u8; N] {
        // A header is there: `read` looks for it, and `header` makes it.
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }
}

/// The row for the attributes that `wanted` names, taken from a larger item.
pub fn project(version: u64, item: MapRef<'_>, wanted: impl Fn(&str) -> bool) -> StoredItem {
    let chosen = || item.iter().filter(|(name, _)| wanted(name));
    let size = chosen().map(|(name, value)| crate::size::attribute_size(name, value)).sum();
    let mut out = header(version, size);
    compact::push_entries(&mut out, chosen().count(), chosen());
    StoredItem::of(&out)
}

fn header(version: u64, size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_SIZE + size + size / 4 + 16);
    out.extend_from_slice(&[FORMAT, 0]);
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&(size as u32).to_be_bytes());
    out
}
