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

use bytes::Bytes;

use super::compact;
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

/// A row that this program cannot read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownFormat {
    pub format: u8,
    pub flags: u8,
}

impl StoredItem {
    /// Takes a row's value.
    ///
    /// # Errors
    /// [`UnknownFormat`] for a row that another version of the program wrote, or that is cut short.
    pub fn read(bytes: Bytes) -> Result<StoredItem, UnknownFormat> {
        match bytes.as_ref() {
            [FORMAT, 0, rest @ ..] if rest.len() > HEADER_SIZE - 2 => Ok(StoredItem { bytes }),
            [format, flags, ..] => Err(UnknownFormat { format: *format, flags: *flags }),
            _ => Err(UnknownFormat { format: 0, flags: 0 }),
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
        MapRef::Compact(compact::Map::new(&self.bytes[HEADER_SIZE..]))
    }

    /// The attributes for a response; shares the row's bytes.
    pub fn item(&self) -> Item {
        Item::Compact(self.bytes.slice(HEADER_SIZE..))
    }

    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    fn header_part<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut part = [0; N];
        part.copy_from_slice(&self.bytes[at..at + N]);
        part
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
