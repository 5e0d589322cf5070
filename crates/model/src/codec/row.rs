//! The value of an item's row: a small header, optional parts and the compact attributes.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | format: [`FORMAT`], or [`FORMAT_WITH_PARTS`] if there are optional parts |
//! | 1 | flags: a set bit announces an optional part |
//! | 8 | version, growing by one with every write of the item (big-endian, as are all numbers of the row) |
//! | 4 | the item's size as DynamoDB counts it; 0 of a tombstone |
//! | | the optional parts, in the order of their bits |
//! | n | the attributes, see [`compact`]; none of a tombstone |
//!
//! | bit | part | bytes | content |
//! |---|---|---|---|
//! | 0 | stamp | 8, 4, 1, n | wall clock in milliseconds since 1970, counter, size of the region's name, the name |
//! | 1 | tombstone | 8 | end of life, in milliseconds since 1970; only with a stamp |
//!
//! A row without optional parts is written in the first format, which programs before the second one read; one with parts is
//! refused by them. A row with a flag that this program does not know is refused: an unknown part may change what the row means.
//!
//! A tombstone says that there is no item, and when it was deleted. [`Stored::read`] is the only way to an item's row, so that
//! no reader can take a tombstone for an item.
//!
//! Index rows have the first format, with the size of the projected attributes ([`project`], [`StoredItem::read_projected`]).
//! They have neither stamps nor tombstones: an index row is a function of its item's attributes.

use std::fmt;

use bytes::Bytes;

use super::compact::{self, Malformed, OwnedMap};
use crate::item::Item;
use crate::region::RegionName;
use crate::size::item_size;
use crate::value::MapRef;

pub const FORMAT: u8 = 1;
pub const FORMAT_WITH_PARTS: u8 = 2;
pub const HEADER_SIZE: usize = 14;
const FLAG_STAMP: u8 = 1;
const FLAG_TOMBSTONE: u8 = 2;
/// A stamp without its region's name: wall clock, counter, size of the name.
const STAMP_SIZE_MIN: usize = 13;

/// When a write was made, by a hybrid logical clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HybridTime {
    pub wall_ms: u64,
    /// Orders writes of one millisecond.
    pub counter: u32,
}

/// When and where a write was made. Stamps have a total order, in which the last writer is the greatest; two writes with equal
/// stamps are one write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stamp {
    pub time: HybridTime,
    pub region: RegionName,
}

impl HybridTime {
    pub const SIZE: usize = 12;

    pub fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.wall_ms.to_be_bytes());
        out.extend_from_slice(&self.counter.to_be_bytes());
    }

    /// As [`HybridTime::push`] wrote it, with what is behind it.
    pub fn split_from(bytes: &[u8]) -> Option<(HybridTime, &[u8])> {
        let (wall_ms, rest) = bytes.split_first_chunk()?;
        let (counter, rest) = rest.split_first_chunk()?;
        Some((HybridTime { wall_ms: u64::from_be_bytes(*wall_ms), counter: u32::from_be_bytes(*counter) }, rest))
    }
}

impl Stamp {
    fn push(&self, out: &mut Vec<u8>) {
        self.time.push(out);
        self.region.push(out);
    }

    fn split_from(bytes: &[u8]) -> Option<(Stamp, &[u8])> {
        let (time, rest) = HybridTime::split_from(bytes)?;
        let (region, rest) = RegionName::split_from(rest)?;
        Some((Stamp { time, region }, rest))
    }
}

/// What the row of an item's key holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stored {
    Item(StoredItem),
    /// There is no item.
    Tombstone(Tombstone),
}

/// A stored item, read in place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredItem {
    bytes: Bytes,
}

/// What a replicated delete leaves in the place of its item, until no member can have an older write of the item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tombstone {
    pub version: u64,
    /// Of the delete.
    pub stamp: Stamp,
    /// From then on the row may be deleted. Unit: milliseconds since 1970.
    pub end_of_life_ms: u64,
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
    /// What a flag announces is not there, or is not well formed.
    Part(&'static str),
    Attributes(Malformed),
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damaged::UnknownFormat { format, flags } => write!(f, "format {format} with flags {flags} is not known"),
            Damaged::Short => f.write_str("it is shorter than its header"),
            Damaged::Part(what) => write!(f, "an optional part is not well formed: {what}"),
            Damaged::Attributes(Malformed(what)) => write!(f, "its attributes are not well formed: {what}"),
        }
    }
}

impl Stored {
    /// Takes the row of an item's key, which is checked to its end: what is read of it afterwards is well formed.
    ///
    /// # Errors
    /// [`Damaged`] for a row that another version of the program wrote, or that is not as it was written.
    pub fn read(bytes: Bytes) -> Result<Stored, Damaged> {
        match bytes.as_ref() {
            [FORMAT, 0, ..] => StoredItem::checked(bytes, HEADER_SIZE).map(Stored::Item),
            [FORMAT_WITH_PARTS, flags, ..] => {
                let flags = *flags;
                Stored::read_parts(bytes, flags)
            }
            [format, flags, ..] => Err(Damaged::UnknownFormat { format: *format, flags: *flags }),
            _ => Err(Damaged::Short),
        }
    }

    /// Apart from [`Stored::read`], which stays as short as rows without parts need it.
    #[inline(never)]
    fn read_parts(bytes: Bytes, flags: u8) -> Result<Stored, Damaged> {
        let parts = bytes.get(HEADER_SIZE..).ok_or(Damaged::Short)?;
        let stamp = || Stamp::split_from(parts).ok_or(Damaged::Part("its stamp"));
        match flags {
            FLAG_STAMP => {
                let (_, attributes) = stamp()?;
                let start = bytes.len() - attributes.len();
                StoredItem::checked(bytes, start).map(Stored::Item)
            }
            _ if flags == FLAG_STAMP | FLAG_TOMBSTONE => {
                let (stamp, rest) = stamp()?;
                let end_of_life_ms = rest.try_into().map_err(|_| Damaged::Part("its end of life"))?;
                let header = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk);
                if header(10) != Some(&0_u32.to_be_bytes()) {
                    return Err(Damaged::Part("a tombstone with the size of an item"));
                }
                let version = u64::from_be_bytes(*bytes.get(2..).and_then(<[u8]>::first_chunk).ok_or(Damaged::Short)?);
                Ok(Stored::Tombstone(Tombstone { version, stamp, end_of_life_ms: u64::from_be_bytes(end_of_life_ms) }))
            }
            // Without any flag as well: such a row is written in the first format, and no two forms mean the same.
            _ => Err(Damaged::UnknownFormat { format: FORMAT_WITH_PARTS, flags }),
        }
    }

    /// The item, if there is one.
    pub fn into_item(self) -> Option<StoredItem> {
        match self {
            Stored::Item(item) => Some(item),
            Stored::Tombstone(_) => None,
        }
    }

    /// The version of the last write, which the next one grows from, whether or not there is an item.
    pub fn version(&self) -> u64 {
        match self {
            Stored::Item(item) => item.version(),
            Stored::Tombstone(tombstone) => tombstone.version,
        }
    }

    /// When and where the last write was made; none if the table was not replicated then.
    pub fn stamp(&self) -> Option<Stamp> {
        match self {
            Stored::Item(item) => item.stamp(),
            Stored::Tombstone(tombstone) => Some(tombstone.stamp),
        }
    }
}

impl Tombstone {
    /// As its row has it.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_SIZE + STAMP_SIZE_MIN + self.stamp.region.as_str().len() + 8);
        push_header(&mut out, FLAG_STAMP | FLAG_TOMBSTONE, self.version, 0);
        self.stamp.push(&mut out);
        out.extend_from_slice(&self.end_of_life_ms.to_be_bytes());
        out
    }
}

impl StoredItem {
    /// Takes the row of an index, which has the form of an item's without optional parts.
    ///
    /// # Errors
    /// As [`Stored::read`]; a row with optional parts is none of an index.
    pub fn read_projected(bytes: Bytes) -> Result<StoredItem, Damaged> {
        match bytes.as_ref() {
            [FORMAT, 0, ..] => StoredItem::checked(bytes, HEADER_SIZE),
            [format, flags, ..] => Err(Damaged::UnknownFormat { format: *format, flags: *flags }),
            _ => Err(Damaged::Short),
        }
    }

    /// An item's row with attributes that begin at `start`.
    fn checked(bytes: Bytes, start: usize) -> Result<StoredItem, Damaged> {
        let attributes = bytes.get(start..).ok_or(Damaged::Short)?;
        compact::Map::read(attributes).map_err(Damaged::Attributes)?;
        Ok(StoredItem { bytes })
    }

    /// The row for these attributes.
    pub fn new(version: u64, item: MapRef<'_>) -> StoredItem {
        let mut out = header(version, item_size(item));
        compact::push_map(&mut out, item);
        StoredItem::of(&out)
    }

    /// The row for these attributes, as a write of a replicated table leaves it.
    pub fn stamped(version: u64, stamp: &Stamp, item: MapRef<'_>) -> StoredItem {
        let size = item_size(item);
        let mut out = room(size);
        push_header(&mut out, FLAG_STAMP, version, size);
        stamp.push(&mut out);
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

    /// When and where the item was last written; none if the table was not replicated then.
    pub fn stamp(&self) -> Option<Stamp> {
        if self.attributes_start() == HEADER_SIZE {
            return None;
        }
        Some(Stamp::split_from(self.bytes.get(HEADER_SIZE..)?)?.0)
    }

    pub fn attributes(&self) -> MapRef<'_> {
        MapRef::Compact(compact::Map::of_checked(self.bytes.get(self.attributes_start()..).unwrap_or_default()))
    }

    /// The attributes for a response; shares the row's bytes.
    pub fn item(&self) -> Item {
        Item::Compact(OwnedMap::of_checked(self.bytes.slice(self.attributes_start()..)))
    }

    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Behind the stamp, if there is one; an item has no other optional part.
    fn attributes_start(&self) -> usize {
        match self.bytes.get(1) {
            None | Some(0) => HEADER_SIZE,
            // The stamp is there: `read_parts` has found it, or `stamped` has written it.
            Some(_) => {
                let [name_size] = self.header_part(HEADER_SIZE + HybridTime::SIZE);
                HEADER_SIZE + STAMP_SIZE_MIN + usize::from(name_size)
            }
        }
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
    let mut out = room(size);
    push_header(&mut out, 0, version, size);
    out
}

/// For the row of an item of this size.
fn room(size: usize) -> Vec<u8> {
    Vec::with_capacity(HEADER_SIZE + size + size / 4 + 16)
}

fn push_header(out: &mut Vec<u8>, flags: u8, version: u64, size: usize) {
    out.extend_from_slice(&[if flags == 0 { FORMAT } else { FORMAT_WITH_PARTS }, flags]);
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&(size as u32).to_be_bytes());
}

#[cfg(test)]
mod tests;
