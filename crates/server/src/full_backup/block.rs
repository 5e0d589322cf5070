//! The bytes of a backup's files. All integers are big-endian.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | head | 16 | `stator backup` and three zeros |
//! | | 4 | format, 1 |
//! | | 4 | kind: 1 catalog, 2 items, 3 index, 4 log, 5 records without positions |
//! | | 16 | the backup's id |
//! | each block | 4 | bytes of its rows |
//! | | 4 | count of its rows |
//! | | 4 | CRC-32 of the two numbers and of the rows |
//! | each row | 4 | bytes of the key |
//! | | 4 | bytes of the value |
//! | | | key, value |

use bytes::{Buf, BufMut, Bytes, BytesMut};
use crc32fast::Hasher;
use serde::{Deserialize, Serialize};
use storage::{Family, Row};
use xxhash_rust::xxh3::Xxh3;

pub(super) const FORMAT: u32 = 1;
pub(super) const HEAD_SIZE: usize = 40;
/// What precedes the rows of a block.
pub(super) const BLOCK_HEAD_SIZE: usize = 12;
/// About so many bytes of rows are in one block, if its last row is small.
pub(super) const BLOCK_BYTES: usize = 1024 * 1024;
/// A reader refuses more: a row has a few MiB at most.
pub(super) const BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;
const TITLE: &[u8; 16] = b"stator backup\0\0\0";
const ROW_HEAD_SIZE: usize = 8;

// The largest block is counted in the head's integers, and has room for the block that is filled and one more row.
const _: () = assert!(BLOCK_BYTES_MAX <= u32::MAX as usize && BLOCK_BYTES < BLOCK_BYTES_MAX);

/// Names one backup in each of its files.
pub(super) type BackupId = [u8; 16];

/// Why bytes are not those that were written; a sentence without a subject.
pub(super) type Damage = String;

/// Which rows a file has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Family(Family),
    /// Records of logs that have no positions yet, which PostgreSQL's engine has; in the order of their keys they get them.
    Pending,
}

impl Kind {
    pub(super) const ALL: [Kind; 5] = [
        Kind::Family(Family::Catalog),
        Kind::Family(Family::Items),
        Kind::Family(Family::Index),
        Kind::Family(Family::Log),
        Kind::Pending,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Family(Family::Catalog) => "catalog",
            Kind::Family(Family::Items) => "items",
            Kind::Family(Family::Index) => "index",
            Kind::Family(Family::Log) => "log",
            Kind::Pending => "pending",
        }
    }

    /// Stored: never renumber.
    pub(super) fn number(self) -> u8 {
        match self {
            Kind::Family(Family::Catalog) => 1,
            Kind::Family(Family::Items) => 2,
            Kind::Family(Family::Index) => 3,
            Kind::Family(Family::Log) => 4,
            Kind::Pending => 5,
        }
    }

    pub(super) fn of_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    pub(super) fn of_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

pub(super) fn head(kind: Kind, id: &BackupId) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_SIZE);
    bytes.put_slice(TITLE);
    bytes.put_u32(FORMAT);
    bytes.put_u32(kind.number().into());
    bytes.put_slice(id);
    bytes.freeze()
}

/// Rows as one block.
///
/// # Errors
/// If they are more than a block takes: no row is that large.
pub(super) fn encode<'a>(rows: impl Iterator<Item = &'a Row>) -> Result<Bytes, Damage> {
    let mut bytes = BytesMut::with_capacity(BLOCK_HEAD_SIZE + BLOCK_BYTES);
    bytes.put_bytes(0, BLOCK_HEAD_SIZE);
    let mut count: u32 = 0;
    for Row { key, value } in rows {
        if bytes.len() + ROW_HEAD_SIZE + key.len() + value.len() > BLOCK_HEAD_SIZE + BLOCK_BYTES_MAX {
            return Err(format!("a row of {} bytes is larger than a block", key.len() + value.len()));
        }
        // Bounded by the block, as was just asserted.
        bytes.put_u32(key.len() as u32);
        bytes.put_u32(value.len() as u32);
        bytes.put_slice(key);
        bytes.put_slice(value);
        count += 1;
    }
    let size = (bytes.len() - BLOCK_HEAD_SIZE) as u32;
    let check = checksum(size, count, &bytes[BLOCK_HEAD_SIZE..]);
    bytes[..4].copy_from_slice(&size.to_be_bytes());
    bytes[4..8].copy_from_slice(&count.to_be_bytes());
    bytes[8..12].copy_from_slice(&check.to_be_bytes());
    Ok(bytes.freeze())
}

fn checksum(size: u32, count: u32, rows: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&size.to_be_bytes());
    hasher.update(&count.to_be_bytes());
    hasher.update(rows);
    hasher.finalize()
}

/// How many bytes the block has that begins with this head.
///
/// # Errors
/// If no block is that large.
pub(super) fn size_of_block(head: &[u8; BLOCK_HEAD_SIZE]) -> Result<usize, Damage> {
    let size = (&head[..]).get_u32() as usize;
    match size <= BLOCK_BYTES_MAX {
        true => Ok(BLOCK_HEAD_SIZE + size),
        false => Err("a block's size cannot be".to_owned()),
    }
}

/// The rows of a whole block, once its checksum is right.
///
/// # Errors
/// If the block is not as it was written.
pub(super) fn decode(block: &Bytes) -> Result<Vec<Row>, Damage> {
    if block.len() < BLOCK_HEAD_SIZE {
        return Err("a block has no head".to_owned());
    }
    let mut head = &block[..BLOCK_HEAD_SIZE];
    let (size, count, expected) = (head.get_u32(), head.get_u32(), head.get_u32());
    let mut rest = block.slice(BLOCK_HEAD_SIZE..);
    if rest.len() != size as usize || checksum(size, count, &rest) != expected {
        return Err("a block's checksum is wrong".to_owned());
    }
    let odd = || "a block's rows are not as they are counted".to_owned();
    // Of so many rows each has a head: the count is bounded by the bytes.
    let mut rows = Vec::with_capacity((count as usize).min(rest.len() / ROW_HEAD_SIZE));
    while rest.has_remaining() {
        if rest.len() < ROW_HEAD_SIZE {
            return Err(odd());
        }
        let (key, value) = (rest.get_u32() as usize, rest.get_u32() as usize);
        if key.checked_add(value).is_none_or(|row| row > rest.len()) {
            return Err(odd());
        }
        rows.push(Row { key: rest.split_to(key), value: rest.split_to(value) });
    }
    if rows.len() == count as usize { Ok(rows) } else { Err(odd()) }
}

/// How many rows of a kind there are, and a hash of them that does not depend on their order: the sum of the rows' hashes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub(super) struct Totals {
    pub(super) rows: u64,
    /// Keys and values. Unit: bytes.
    pub(super) bytes: u64,
    #[serde(with = "hexadecimal")]
    pub(super) hash: u128,
}

impl Totals {
    pub(super) fn add(&mut self, row: &Row) {
        let mut hasher = Xxh3::new();
        // The key's length keeps (a, bc) apart from (ab, c).
        hasher.update(&(row.key.len() as u64).to_be_bytes());
        hasher.update(&row.key);
        hasher.update(&row.value);
        self.rows += 1;
        self.bytes += (row.key.len() + row.value.len()) as u64;
        self.hash = self.hash.wrapping_add(hasher.digest128());
    }

    /// Adds the rows of another part.
    pub(super) fn join(&mut self, other: Totals) {
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.hash = self.hash.wrapping_add(other.hash);
    }
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{hash:032x}"))
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &'static str, value: &'static str) -> Row {
        Row { key: Bytes::from(key), value: Bytes::from(value) }
    }

    #[test]
    fn blocks_give_their_rows_back() {
        for rows in [vec![], vec![row("", "")], vec![row("a", "1"), row("bc", ""), row("d", "234")]] {
            let block = encode(rows.iter()).unwrap();
            assert_eq!(decode(&block).unwrap(), rows);
            assert_eq!(size_of_block(block[..BLOCK_HEAD_SIZE].try_into().unwrap()), Ok(block.len()));
        }
    }

    #[test]
    fn any_other_byte_and_any_other_end_is_damage() {
        let block = encode([row("key", "value"), row("other", "")].iter()).unwrap();
        for at in 0..block.len() {
            for bit in 0..8 {
                let mut damaged = block.to_vec();
                damaged[at] ^= 1 << bit;
                assert!(decode(&damaged.into()).is_err(), "byte {at}, bit {bit}");
            }
            assert!(decode(&block.slice(..at)).is_err(), "cut at {at}");
        }
        assert!(decode(&[&block[..], b"x"].concat().into()).is_err());
    }

    #[test]
    fn a_block_that_lies_with_a_right_checksum_is_damage() {
        for (count, rows) in [(2, vec![0; 8]), (1, vec![0; 7]), (1, [&[0, 0, 0, 9][..], &[0; 5]].concat())] {
            let size = rows.len() as u32;
            let head = [size.to_be_bytes(), u32::to_be_bytes(count), checksum(size, count, &rows).to_be_bytes()];
            assert!(decode(&[head.concat(), rows].concat().into()).is_err());
        }
        assert!(size_of_block(&[u8::MAX; BLOCK_HEAD_SIZE]).is_err());
    }

    #[test]
    fn totals_depend_on_rows_and_not_on_their_order() {
        let totals = |rows: &[Row]| {
            let mut totals = Totals::default();
            rows.iter().for_each(|row| totals.add(row));
            totals
        };
        let (a, b) = (row("a", "1"), row("b", "2"));
        assert_eq!(totals(&[a.clone(), b.clone()]), totals(&[b.clone(), a.clone()]));
        assert_ne!(totals(&[a.clone(), b.clone()]).hash, totals(&[a.clone(), a.clone()]).hash);
        assert_ne!(totals(&[row("a", "b1")]).hash, totals(&[row("ab", "1")]).hash);
        assert_eq!((totals(&[a.clone(), b.clone()]).rows, totals(&[a, b]).bytes), (2, 4));
    }

    /// Stored: of a change an old backup's files would be damage.
    #[test]
    fn heads_are_as_they_are_stored() {
        let head = head(Kind::Family(Family::Index), &[7; 16]);
        assert_eq!(head[..], [&b"stator backup\0\0\0"[..], &[0, 0, 0, 1, 0, 0, 0, 3], &[7; 16]].concat());
        assert_eq!(head.len(), HEAD_SIZE);
        for kind in Kind::ALL {
            assert_eq!((Kind::of_number(kind.number()), Kind::of_name(kind.name())), (Some(kind), Some(kind)));
        }
        assert_eq!((Kind::of_number(0), Kind::of_number(6), Kind::of_name("")), (None, None, None));
    }
}
