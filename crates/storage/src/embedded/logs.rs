//! Positions of appended records, given out as they are committed.
//!
//! Only the committer gives them out, in the order of the queue, so they are dense and grow as commits do without any
//! latch. The last position of each log is remembered, and written once a group.

use std::collections::HashMap;

use bytes::Bytes;

use super::store::Store;
use crate::error::StorageError;
use crate::key::{Family, Key};
use crate::log;

/// Remembered logs. Beyond it all are forgotten, and read again from their heads.
const REMEMBERED_MAX: usize = 65_536;

#[derive(Default)]
pub(super) struct Logs {
    last: HashMap<Bytes, Last>,
    /// Logs to which the group under way has appended.
    changed: Vec<Bytes>,
}

struct Last {
    position: u64,
    changed: bool,
}

impl Logs {
    /// A row was written as such: if it is a head, its log was destroyed.
    pub(super) fn overwrite(&mut self, key: &Key) {
        if key.family == Family::Log {
            self.last.remove(&key.bytes);
        }
    }

    /// The position of the next record.
    pub(super) fn next(&mut self, store: &Store, name: &Bytes) -> Result<u64, StorageError> {
        let last = match self.last.get_mut(name) {
            Some(last) => last,
            None => {
                let row = store.get_newest(&log::head(name.clone()))?;
                let position = log::decode_head(row.as_ref()).ok_or_else(|| damaged(name))?;
                self.last.entry(name.clone()).or_insert(Last { position, changed: false })
            }
        };
        last.position = last.position.checked_add(1).ok_or_else(|| damaged(name))?;
        if !last.changed {
            last.changed = true;
            self.changed.push(name.clone());
        }
        Ok(last.position)
    }

    /// The heads that the group has moved.
    pub(super) fn take_changed(&mut self) -> Vec<(Key, Bytes)> {
        let mut heads = Vec::with_capacity(self.changed.len());
        for name in self.changed.drain(..) {
            if let Some(last) = self.last.get_mut(&name) {
                last.changed = false;
                heads.push((log::head(name), log::encode_head(last.position)));
            }
        }
        if self.last.len() > REMEMBERED_MAX {
            self.last.clear();
        }
        heads
    }
}

fn damaged(name: &Bytes) -> StorageError {
    StorageError::Corrupt(format!("the head of log {name:?} cannot be read"))
}
