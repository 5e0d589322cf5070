//! Encrypted values: AES-256-GCM under a data key, bound to their row.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | version | 1 | 1 |
//! | data key | 4 | its id |
//! | count | 4 | how many values the key has sealed before, big-endian: never twice the same |
//! | sealed | n | the value |
//! | tag | 16 | |
//!
//! The nonce is the kind of place of the value (1: its family, or that it is a log's record), zeros (7) and the count. Additional
//! data is the key of the row as the engine has it, or the log's name. So a value that was moved to another row does not decrypt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use storage::Family;

use crate::scope::{NoScope, Scope};
use crate::secret::{CipherFailed, Secret, aes};

const VERSION: u8 = 1;
const HEADER: usize = 1 + 4 + 4;
const TAG: usize = 16;
/// What a sealed value is longer by. Unit: bytes.
pub(crate) const OVERHEAD: usize = HEADER + TAG;
/// Values that one data key seals.
const COUNT_MAX: u64 = 1 << 32;

pub(crate) type KeyId = u32;

/// The domain of a value's nonce and additional data, beside its row's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Room {
    Row(Family),
    Record,
}

impl Room {
    /// Stored: never renumber.
    fn byte(self) -> u8 {
        match self {
            Room::Row(Family::Catalog) => 1,
            Room::Row(Family::Items) => 2,
            Room::Row(Family::Index) => 3,
            Room::Row(Family::Log) | Room::Record => 4,
        }
    }

    fn nonce(self, count: u32) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[0] = self.byte();
        nonce[NONCE_LEN - 4..].copy_from_slice(&count.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// A data key, ready for use.
pub(crate) struct DataKey {
    pub(crate) id: KeyId,
    pub(crate) scope: Scope,
    /// In milliseconds since 1970; 0 of the oldest, which do not say it.
    pub(crate) made_ms: u64,
    key: LessSafeKey,
}

impl DataKey {
    pub(crate) fn new(id: KeyId, scope: Scope, made_ms: u64, secret: &Secret) -> Result<DataKey, CipherFailed> {
        Ok(DataKey { id, scope, made_ms, key: aes(secret)? })
    }
}

/// The one key that this process seals with, and that no other one ever seals with.
pub(crate) struct SealingKey {
    pub(crate) key: Arc<DataKey>,
    count: AtomicU64,
}

/// Why a value cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unreadable {
    /// It is sealed with a key that was not needed before.
    Unknown(KeyId),
    /// It is not what was written there.
    Damaged,
    /// Its table's key may not be used, or the table has to be looked at first.
    NoScope(NoScope),
}

impl From<NoScope> for Unreadable {
    fn from(why: NoScope) -> Unreadable {
        Unreadable::NoScope(why)
    }
}

impl SealingKey {
    pub(crate) fn new(key: Arc<DataKey>) -> SealingKey {
        SealingKey { key, count: AtomicU64::new(0) }
    }

    #[cfg(test)]
    pub(crate) fn counting_from(key: Arc<DataKey>, count: u64) -> SealingKey {
        SealingKey { key, count: AtomicU64::new(count) }
    }

    /// Whether it has sealed all that it may.
    pub(crate) fn is_spent(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= COUNT_MAX
    }

    /// None once the key is spent.
    pub(crate) fn seal(&self, room: Room, place: &[u8], value: &[u8]) -> Option<Bytes> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        if count >= COUNT_MAX {
            // Far from where it would begin again.
            self.count.store(COUNT_MAX, Ordering::Relaxed);
            return None;
        }
        let count = count as u32;
        let mut sealed = Vec::with_capacity(value.len() + OVERHEAD);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.key.id.to_be_bytes());
        sealed.extend_from_slice(&count.to_be_bytes());
        sealed.extend_from_slice(value);
        let tag = self.key.key.seal_in_place_separate_tag(room.nonce(count), Aad::from(place), &mut sealed[HEADER..]);
        // Only what is longer than 64 GiB is refused.
        sealed.extend_from_slice(tag.ok()?.as_ref());
        Some(Bytes::from(sealed))
    }
}

/// The key that a value is sealed with.
pub(crate) fn key_of(sealed: &[u8]) -> Result<KeyId, Unreadable> {
    match sealed {
        [VERSION, a, b, c, d, rest @ ..] if rest.len() >= OVERHEAD - 5 => Ok(KeyId::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(Unreadable::Damaged),
    }
}

impl DataKey {
    /// Decrypts the value, if it was encrypted with this key for this place.
    pub(crate) fn unseal(&self, room: Room, place: &[u8], sealed: &[u8]) -> Result<Bytes, Unreadable> {
        let (header, rest) = sealed.split_at_checked(HEADER).ok_or(Unreadable::Damaged)?;
        let (value, tag) = rest.split_last_chunk::<TAG>().ok_or(Unreadable::Damaged)?;
        let count: [u8; 4] = header[HEADER - 4..].try_into().map_err(|_| Unreadable::Damaged)?;
        let nonce = room.nonce(u32::from_be_bytes(count));
        let mut value = value.to_vec();
        let opened = self.key.open_in_place_separate_tag(nonce, Aad::from(place), (*tag).into(), &mut value, 0..);
        opened.map_err(|_| Unreadable::Damaged)?;
        Ok(Bytes::from(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealing(count: u64) -> SealingKey {
        SealingKey::counting_from(Arc::new(DataKey::new(7, 0, 0, &Secret::random()).expect("a key")), count)
    }

    const ROW: Room = Room::Row(Family::Items);

    #[test]
    fn values_are_read_where_they_were_sealed_for_and_only_there() {
        let sealing = sealing(0);
        for value in [&b""[..], b"value", &[9; 70_000]] {
            let sealed = sealing.seal(ROW, b"place", value).expect("sealed");
            assert_eq!(sealed.len(), value.len() + OVERHEAD);
            assert_eq!(key_of(&sealed), Ok(7));
            let unseal = |room, place: &[u8], sealed: &[u8]| sealing.key.unseal(room, place, sealed);
            assert_eq!(unseal(ROW, b"place", &sealed).as_deref(), Ok(value));
            assert_eq!(unseal(ROW, b"other", &sealed), Err(Unreadable::Damaged));
            assert_eq!(unseal(Room::Row(Family::Index), b"place", &sealed), Err(Unreadable::Damaged));
            assert_eq!(sealing.key.unseal(ROW, b"place", &sealed[..sealed.len() - 1]), Err(Unreadable::Damaged));
            // The key's id is compared where the key is chosen.
            for at in (5..sealed.len()).step_by(7) {
                let mut damaged = sealed.to_vec();
                damaged[at] ^= 1;
                assert_eq!(unseal(ROW, b"place", &damaged), Err(Unreadable::Damaged), "{at}");
            }
        }
    }

    #[test]
    fn other_bytes_are_no_value() {
        for bytes in [&b""[..], &[1; OVERHEAD - 1], &[2; OVERHEAD]] {
            assert_eq!(key_of(bytes), Err(Unreadable::Damaged));
        }
    }

    #[test]
    fn equal_values_never_look_alike_and_a_key_ends() {
        let sealing = sealing(COUNT_MAX - 2);
        let first = sealing.seal(ROW, b"place", b"value").expect("sealed");
        let last = sealing.seal(ROW, b"place", b"value").expect("sealed");
        assert_ne!(first[HEADER..], last[HEADER..]);
        for _ in 0..3 {
            assert_eq!(sealing.seal(ROW, b"place", b"value"), None);
            assert!(sealing.is_spent());
        }
    }
}
