//! Keys of the families with one kind of row each: items, index rows, logs.

use bytes::Bytes;
use storage::{Family, Key};

/// Unit: bytes, as all sizes here.
pub const TABLE_ID_SIZE: usize = size_of::<u64>();
pub const INDEX_ID_SIZE: usize = size_of::<u32>();
/// The hash of a partition key.
pub const HASH_SIZE: usize = 16;
/// What a key of the catalog begins with: table id, letter.
pub const CATALOG_HEAD_SIZE: usize = TABLE_ID_SIZE + 1;
const SHARD_SIZE: usize = size_of::<u32>();
const SECOND_SIZE: usize = size_of::<u64>();
/// Set in the number of a log's archive.
const ARCHIVE_BIT: u32 = 1 << 31;

// The engines' partitions end with the hashes, those of logs with their names.
const _: () = {
    assert!(Family::Items.partition_size() == TABLE_ID_SIZE + HASH_SIZE);
    assert!(Family::Index.partition_size() == TABLE_ID_SIZE + INDEX_ID_SIZE + HASH_SIZE);
    assert!(Family::Log.partition_size() == TABLE_ID_SIZE + SHARD_SIZE);
};

/// What all rows of a table begin with, in every family.
pub fn table_prefix(table_id: u64) -> Bytes {
    Bytes::copy_from_slice(&table_id.to_be_bytes())
}

/// What all rows of an index begin with.
pub fn index_prefix(table_id: u64, index_id: u32) -> Bytes {
    [&table_id.to_be_bytes()[..], &index_id.to_be_bytes()].concat().into()
}

/// What the keys of one partition of a table begin with, in a buffer with room for a sort key.
pub fn item_partition(table_id: u64, hash: &[u8; HASH_SIZE]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(TABLE_ID_SIZE + HASH_SIZE + 32);
    bytes.extend_from_slice(&table_id.to_be_bytes());
    bytes.extend_from_slice(hash);
    bytes
}

/// The encoded sort key of an item's key; empty of a shorter key.
pub fn item_rest(key: &[u8]) -> &[u8] {
    key.get(TABLE_ID_SIZE + HASH_SIZE..).unwrap_or_default()
}

/// An item's key without its table; empty of a shorter key.
pub fn item_without_table(key: &[u8]) -> &[u8] {
    key.get(TABLE_ID_SIZE..).unwrap_or_default()
}

/// The row of an item in its table's index of expiries.
pub fn expiry_row(table_id: u64, index_id: u32, expiry_s: u64, item_key: &[u8]) -> Key {
    let index = index_prefix(table_id, index_id);
    Key::new(Family::Index, [&index[..], &expiry_s.to_be_bytes(), item_without_table(item_key)].concat())
}

/// The item of a row in an index of expiries.
pub fn item_of_expiry_row(table_id: u64, expiry_row: &[u8]) -> Option<Key> {
    let item = expiry_row.get(TABLE_ID_SIZE + INDEX_ID_SIZE + SECOND_SIZE..)?;
    Some(Key::new(Family::Items, [&table_id.to_be_bytes()[..], item].concat()))
}

/// The second at which the item of a row in an index of expiries expires.
pub fn expiry_of_row(expiry_row: &[u8]) -> Option<u64> {
    let second = expiry_row.get(TABLE_ID_SIZE + INDEX_ID_SIZE..)?.first_chunk()?;
    Some(u64::from_be_bytes(*second))
}

/// The name of the log that begins with a shard.
pub fn log_name(table_id: u64, shard: u32) -> Bytes {
    [&table_id.to_be_bytes()[..], &shard.to_be_bytes()].concat().into()
}

/// The archive of a log: its segments are under this name as the records are under the log's. No shard has such a number.
pub fn archive_name(table_id: u64, shard: u32) -> Bytes {
    log_name(table_id, shard | ARCHIVE_BIT)
}

/// What the names of all archives of a table begin with: a table has far fewer than 2²⁴ shards.
pub fn archives_prefix(table_id: u64) -> Bytes {
    let [first, ..] = ARCHIVE_BIT.to_be_bytes();
    [&table_id.to_be_bytes()[..], &[first]].concat().into()
}

/// Whether a key in the log family is of a segment.
pub fn is_of_archive(key: &[u8]) -> bool {
    let [bit, ..] = ARCHIVE_BIT.to_be_bytes();
    key.get(TABLE_ID_SIZE).is_some_and(|first| first & bit != 0)
}

/// Whether a key in the log family is a log's name, and its row the head.
pub fn is_log_name(key: &[u8]) -> bool {
    key.len() == Family::Log.partition_size()
}

/// The table of a row, of any family; none of the database's own.
pub fn table_of(key: &[u8]) -> Option<u64> {
    key.first_chunk().map(|id| u64::from_be_bytes(*id)).filter(|id| *id != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_as_they_are_stored() {
        assert_eq!(item_partition(1, &[7; HASH_SIZE])[..], [&[0, 0, 0, 0, 0, 0, 0, 1][..], &[7; 16]].concat());
        assert_eq!(index_prefix(1, 2)[..], [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
        assert_eq!(log_name(1, 2), index_prefix(1, 2));
        assert!(is_log_name(&log_name(1, 2)) && !is_log_name(b"short"));
        assert_eq!(archive_name(1, 2)[..], [0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0, 0, 2]);
        assert!(archive_name(1, 2).starts_with(&archives_prefix(1)));
        assert!(is_of_archive(&archive_name(1, 2)) && !is_of_archive(&log_name(1, 2)) && !is_of_archive(b"short"));
        assert_eq!((table_of(&table_prefix(9)), table_of(&table_prefix(0)), table_of(b"short")), (Some(9), None, None));
    }

    #[test]
    fn rows_of_expiries_name_their_items() {
        let item = [&item_partition(3, &[7; HASH_SIZE])[..], b"sort"].concat();
        let row = expiry_row(3, 5, 1_700_000_000, &item);
        assert_eq!(row.bytes[..12], index_prefix(3, 5)[..]);
        assert_eq!(expiry_of_row(&row.bytes), Some(1_700_000_000));
        assert_eq!(item_of_expiry_row(3, &row.bytes), Some(Key::new(Family::Items, item.clone())));
        assert_eq!((item_rest(&item), item_without_table(&item)), (&b"sort"[..], &item[8..]));
        for cut in [0, 11, 19] {
            assert_eq!(item_of_expiry_row(3, &row.bytes[..cut]), None);
        }
        assert_eq!((expiry_of_row(&row.bytes[..19]), item_rest(b"short")), (None, &b""[..]));
    }
}
