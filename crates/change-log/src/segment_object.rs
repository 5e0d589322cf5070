//! A segment of an archive as an object of a store: blocks of records, each with a checksum, and a hash of all records that does not
//! depend on their order. All integers are big-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `stator segment` and two zeros |
//! | 4 | format, 1 |
//! | 4 | 0: blocks are plain; 1: they are sealed |
//! | 4 | each block: bytes of its body |
//! | 4 | CRC-32 of the body |
//! | n | the body: a content of a segment as a database has it (`segment`); sealed: nonce (12) · ciphertext · tag (16), by AES-256-GCM |
//!
//! A sealed block is bound to its object's name and to its number in it. Nonces are random: an archive has its own key, and far
//! fewer than 2³² blocks.

use std::fmt;

use bytes::{Buf, BufMut, Bytes};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;

use crate::segment::{encode_segment, read_segment};

const TITLE: &[u8; 16] = b"stator segment\0\0";
const FORMAT: u32 = 1;
const HEAD_SIZE: usize = 24;
const BLOCK_HEAD_SIZE: usize = 8;
/// About so many bytes of records are in a block. Unit: bytes.
const BLOCK_BYTES: usize = 256 << 10;
/// Far more than a segment is made of: a reader refuses a larger object. Unit: bytes.
pub const OBJECT_SIZE_MAX: u64 = 64 << 20;

/// Where a segment's content is, if not in the database, and what it must be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentObject {
    /// Below the store's prefix.
    pub key: String,
    pub bytes: u64,
    /// SHA-256 of the object, in hexadecimal.
    pub sha256: String,
    /// The sum of the hashes of all records, in hexadecimal ([`RecordsHash`]).
    pub hash: String,
    pub sealed: bool,
}

/// A segment that was read from an object.
#[derive(PartialEq, Eq, Debug)]
pub struct ReadObject {
    /// The position of the first record.
    pub first: u64,
    pub records: Vec<Bytes>,
}

/// Why an object is not the segment that it must be; a sentence without a subject.
pub type ObjectDamage = String;

/// The key of an archive whose objects are sealed.
pub struct ArchiveKey(LessSafeKey);

impl fmt::Debug for ArchiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveKey")
    }
}

impl ArchiveKey {
    pub const SIZE: usize = 32;

    /// None if the bytes are no key.
    pub fn read(row: &[u8]) -> Option<ArchiveKey> {
        UnboundKey::new(&AES_256_GCM, row).ok().map(LessSafeKey::new).map(ArchiveKey)
    }

    fn seal(&self, name: &str, block: u32, mut body: Vec<u8>) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        base::random::fill(&mut nonce);
        let place = place_of_block(name, block);
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&place), &mut body).ok()?;
        Some([&nonce[..], &body].concat())
    }

    fn open(&self, name: &str, block: u32, body: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = body.split_first_chunk::<NONCE_LEN>()?;
        let (mut sealed, place) = (sealed.to_vec(), place_of_block(name, block));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(&place), &mut sealed).ok()?.len();
        sealed.truncate(opened);
        Some(sealed)
    }
}

fn place_of_block(name: &str, block: u32) -> Vec<u8> {
    [name.as_bytes(), &[0], &block.to_be_bytes()].concat()
}

/// The sum of the hashes of records, each with its position: the order in which they are added does not matter.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RecordsHash(u128);

impl RecordsHash {
    pub fn of<'a>(first: u64, records: impl Iterator<Item = &'a Bytes>) -> RecordsHash {
        let mut hash = RecordsHash::default();
        (first..).zip(records).for_each(|(position, record)| hash.add(position, record));
        hash
    }

    fn add(&mut self, position: u64, record: &[u8]) {
        let mut hasher = Xxh3::new();
        hasher.update(&position.to_be_bytes());
        hasher.update(record);
        self.0 = self.0.wrapping_add(hasher.digest128());
    }

    pub fn text(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// The object of a segment whose first record has the position `first`, and what is known of it. None: it could not be sealed.
pub fn encode_object(
    name: String,
    first: u64,
    records: &[Bytes],
    key: Option<&ArchiveKey>,
) -> Option<(SegmentObject, Bytes)> {
    let mut content = Vec::new();
    content.put_slice(TITLE);
    content.put_u32(FORMAT);
    content.put_u32(u32::from(key.is_some()));
    let (mut begin, mut position, mut number) = (0, first, 0);
    while begin < records.len() {
        let end = end_of_block(records, begin);
        let plain = encode_segment(position, records[begin..end].iter());
        let body = match key {
            Some(key) => key.seal(&name, number, plain.to_vec())?.into(),
            None => plain,
        };
        content.put_u32(u32::try_from(body.len()).ok()?);
        content.put_u32(crc32fast::hash(&body));
        content.put_slice(&body);
        position += (end - begin) as u64;
        (begin, number) = (end, number + 1);
    }
    let object = SegmentObject {
        key: name,
        bytes: content.len() as u64,
        sha256: base::hex(&Sha256::digest(&content)),
        hash: RecordsHash::of(first, records.iter()).text(),
        sealed: key.is_some(),
    };
    Some((object, content.into()))
}

/// A block has at least one record.
fn end_of_block(records: &[Bytes], begin: usize) -> usize {
    let mut bytes = 0;
    let is_over = |record: &Bytes| {
        bytes += record.len();
        bytes > BLOCK_BYTES
    };
    records[begin..].iter().position(is_over).map_or(records.len(), |count| begin + count.max(1))
}

/// The records of an object, once all of its checksums are right. Without the key of a sealed one the blocks' bodies are checked alone,
/// and there are no records.
///
/// # Errors
/// If the object is not as it was written.
pub fn read_object(
    object: &SegmentObject,
    content: &[u8],
    key: Option<&ArchiveKey>,
) -> Result<Option<ReadObject>, ObjectDamage> {
    if content.len() as u64 != object.bytes {
        return Err(format!("it has {} bytes instead of {}", content.len(), object.bytes));
    }
    if base::hex(&Sha256::digest(content)) != object.sha256 {
        return Err("its SHA-256 is another one".to_owned());
    }
    let (head, mut rest) = content.split_at_checked(HEAD_SIZE).ok_or("it has no head")?;
    let (title, mut numbers) = head.split_at(TITLE.len());
    if title != TITLE || numbers.get_u32() != FORMAT || numbers.get_u32() != u32::from(object.sealed) {
        return Err("its head is none of a segment that this program reads".to_owned());
    }
    let (mut read, mut number) = (None::<ReadObject>, 0);
    while let Some(body) = next_body(&mut rest, number)? {
        if !object.sealed || key.is_some() {
            let (first, records) = open_block(object, key, number, body)?;
            let read = read.get_or_insert(ReadObject { first, records: Vec::new() });
            if read.first.saturating_add(read.records.len() as u64) != first {
                return Err(format!("block {number} does not follow the one before it"));
            }
            read.records.extend(records);
        }
        number += 1;
    }
    let is_right = |read: &ReadObject| RecordsHash::of(read.first, read.records.iter()).text() == object.hash;
    // Of a manifest of a sealed archive no hash is known.
    match read.as_ref().is_none_or(|read| object.hash.is_empty() || is_right(read)) {
        true => Ok(read),
        false => Err("the hash of its records is another one".to_owned()),
    }
}

fn next_body<'a>(rest: &mut &'a [u8], number: u32) -> Result<Option<&'a [u8]>, ObjectDamage> {
    if rest.is_empty() {
        return Ok(None);
    }
    let cut = || format!("block {number} is cut off");
    if rest.len() < BLOCK_HEAD_SIZE {
        return Err(cut());
    }
    let (size, check) = (rest.get_u32() as usize, rest.get_u32());
    let (body, behind) = rest.split_at_checked(size).ok_or_else(cut)?;
    *rest = behind;
    match crc32fast::hash(body) == check {
        true => Ok(Some(body)),
        false => Err(format!("the checksum of block {number} is wrong")),
    }
}

fn open_block(
    object: &SegmentObject,
    key: Option<&ArchiveKey>,
    number: u32,
    body: &[u8],
) -> Result<(u64, Vec<Bytes>), ObjectDamage> {
    let unsealed = match key.filter(|_| object.sealed) {
        Some(key) => {
            let opened = key.open(&object.key, number, body);
            Some(opened.ok_or_else(|| format!("block {number} was not sealed by this archive's key for this object"))?)
        }
        None => None,
    };
    let read = read_segment(unsealed.as_deref().unwrap_or(body));
    read.ok_or_else(|| format!("block {number} has no records that this program reads"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Bytes> {
        let long = |byte: u8| Bytes::from(vec![byte; 200_000]);
        vec![Bytes::from_static(b"one"), Bytes::new(), long(1), long(2), Bytes::from(vec![3; 900_000]), long(4)]
    }

    fn key() -> ArchiveKey {
        ArchiveKey::read(&[7; ArchiveKey::SIZE]).unwrap()
    }

    fn encode(key: Option<&ArchiveKey>) -> (SegmentObject, Bytes) {
        encode_object("a/b".to_owned(), 17, &records(), key).unwrap()
    }

    #[test]
    fn objects_are_read_as_they_were_written() {
        for key in [None, Some(&key())] {
            let (object, content) = encode(key);
            assert_eq!(object.sealed, key.is_some());
            let read = read_object(&object, &content, key).unwrap();
            assert_eq!(read, Some(ReadObject { first: 17, records: records() }));
        }
        let (sealed, content) = encode(Some(&key()));
        assert_eq!(read_object(&sealed, &content, None), Ok(None), "its checksums are right, and it cannot be read");
    }

    /// Also where its SHA-256 is made for it: each block has its own checksum.
    #[test]
    fn any_other_byte_is_damage() {
        let (object, content) = encode(None);
        for at in (0..content.len()).step_by(97).chain(0..64) {
            let mut damaged = content.to_vec();
            damaged[at] ^= 1;
            assert!(read_object(&object, &damaged, None).is_err(), "byte {at}");
            let lies = SegmentObject { sha256: base::hex(&Sha256::digest(&damaged)), ..object.clone() };
            assert!(read_object(&lies, &damaged, None).is_err(), "byte {at}");
            assert!(read_object(&object, &content[..at], None).is_err(), "cut at {at}");
        }
        let other = SegmentObject { hash: RecordsHash::of(18, records().iter()).text(), ..object };
        assert!(read_object(&other, &content, None).unwrap_err().contains("hash"));
    }

    #[test]
    fn sealed_blocks_are_bound_to_their_key_and_their_object() {
        let (object, content) = encode(Some(&key()));
        let other = ArchiveKey::read(&[8; ArchiveKey::SIZE]).unwrap();
        assert!(read_object(&object, &content, Some(&other)).is_err());
        let moved = SegmentObject { key: "a/c".to_owned(), ..object };
        assert!(read_object(&moved, &content, Some(&key())).unwrap_err().contains("was not sealed"));
        assert!(!content.windows(64).any(|window| window == [3; 64]), "nothing of a record is in it");
    }

    #[test]
    fn a_hash_does_not_depend_on_the_order() {
        let all = records();
        let mut backward = RecordsHash::default();
        for (at, record) in all.iter().enumerate().rev() {
            backward.add(17 + at as u64, record);
        }
        assert_eq!(backward, RecordsHash::of(17, all.iter()));
        assert_ne!(backward, RecordsHash::of(16, all.iter()));
    }
}
