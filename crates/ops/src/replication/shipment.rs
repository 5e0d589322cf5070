//! Items and deletions with their stamps, on their way to another process, one after the other.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | kind: 0 an item, 1 a deletion |
//! | 8 | when the change was made, in milliseconds since 1970 (big-endian, as are all numbers) |
//! | 12 | the stamp's wall clock and counter |
//! | 1, n | size of the name of the stamp's region, the name |
//! | 4 | size of the row |
//! | m | the item's row; of a deletion, a row with the attributes of the key |
//!
//! Rows are of no database in particular: keys are hashed with a secret of each, so that the receiver makes them anew.

use bytes::{Buf, Bytes};
use change_log::LogRecord;
use model::codec::row::{HybridTime, Stamp, Stored, StoredItem};
use model::{MapRef, RegionName};
use tables::Table;
use tables::rows;

const ITEM: u8 = 0;
const DELETION: u8 = 1;

/// One change of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Shipped {
    pub stamp: Stamp,
    pub created_ms: u64,
    /// The item, or the key of the deleted one.
    pub row: StoredItem,
    pub is_deletion: bool,
}

impl Shipped {
    /// A change of a log, if it is one that is delivered.
    pub(super) fn of_record(table: &Table, record: &LogRecord) -> Option<Shipped> {
        // A record without a stamp is older than the group: what it changed was copied.
        let (stamp, image) = (record.stamp?, record.image()?);
        let row = match &record.after {
            Some(item) => item.clone(),
            None => StoredItem::new(0, rows::key_attributes(table, image.attributes()).view()),
        };
        Some(Shipped { stamp, created_ms: record.created_ms, row, is_deletion: record.after.is_none() })
    }

    pub(super) fn push(self, out: &mut Vec<u8>) {
        let row = self.row.into_bytes();
        out.push(if self.is_deletion { DELETION } else { ITEM });
        out.extend_from_slice(&self.created_ms.to_be_bytes());
        self.stamp.time.push(out);
        self.stamp.region.push(out);
        // A row is far smaller: an item has at most 400 KB.
        out.extend_from_slice(&(row.len() as u32).to_be_bytes());
        out.extend_from_slice(&row);
    }

    pub(super) fn attributes(&self) -> MapRef<'_> {
        self.row.attributes()
    }

    /// All changes of a message.
    ///
    /// # Errors
    /// What is not well formed; nothing of the message is to be applied.
    pub(super) fn read_all(mut bytes: Bytes) -> Result<Vec<Shipped>, String> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            all.push(Shipped::read(&mut bytes)?);
        }
        Ok(all)
    }

    fn read(bytes: &mut Bytes) -> Result<Shipped, String> {
        const SHORT: &str = "a row is shorter than its header";
        let (kind, rest) = bytes.split_first().ok_or(SHORT)?;
        let is_deletion = match *kind {
            ITEM => false,
            DELETION => true,
            other => return Err(format!("a row of the unknown kind {other}")),
        };
        let (created_ms, rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let created_ms = u64::from_be_bytes(*created_ms);
        let (time, rest) = HybridTime::split_from(rest).ok_or(SHORT)?;
        let (region, rest) = RegionName::split_from(rest).ok_or("a row without the region of its stamp")?;
        let (size, rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let size = u32::from_be_bytes(*size) as usize;
        if rest.len() < size {
            return Err(SHORT.to_owned());
        }
        let start = bytes.len() - rest.len();
        bytes.advance(start);
        // Copied to its exact size, so that it does not hold the whole message.
        let row = Bytes::copy_from_slice(&bytes.split_to(size));
        let row = Stored::read(row).map_err(|what| what.to_string())?.into_item();
        let row = row.ok_or("a tombstone in the place of an item")?;
        Ok(Shipped { stamp: Stamp { time, region }, created_ms, row, is_deletion })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tables::fixture::{item, s};

    #[test]
    fn rows_are_read_as_they_were_sent() {
        let region = RegionName::parse("eu-west-1").unwrap();
        let stamp = Stamp { time: HybridTime { wall_ms: 70, counter: 3 }, region };
        let attributes = item(&[("a", s("x")), ("b", s("y"))]);
        let row = StoredItem::stamped(4, &stamp, attributes.view());
        let put = Shipped { stamp, created_ms: 71, row: row.clone(), is_deletion: false };
        let delete = Shipped { is_deletion: true, ..put.clone() };
        let mut bytes = Vec::new();
        put.clone().push(&mut bytes);
        let first = bytes.len();
        delete.clone().push(&mut bytes);
        assert_eq!(Shipped::read_all(bytes.clone().into()), Ok(vec![put, delete]));
        for cut in (1..bytes.len()).filter(|cut| *cut != first) {
            assert!(Shipped::read_all(bytes[..cut].to_vec().into()).is_err(), "{cut}");
        }
        bytes[0] = 9;
        assert!(Shipped::read_all(bytes.into()).unwrap_err().contains("unknown kind 9"));
    }
}
