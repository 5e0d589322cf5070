//! Rewrites, judged by the committer: it alone knows the value of a row when a batch is committed.
//!
//! What is stored, what earlier batches of the group have written and what is queued behind are three different things. The
//! store has the first, this module the second; the third is written later and overwrites a rewrite.

use std::collections::HashMap;

use bytes::Bytes;

use super::queue::Job;
use super::store::Store;
use crate::batch::Rewrite;
use crate::key::Key;

/// The rows that a group rewrites, with what the group has written to them so far. Empty in most groups.
pub(super) struct Rewrites {
    /// None for a row that is still as the store has it.
    rows: HashMap<Key, Option<Option<Bytes>>>,
}

impl Rewrites {
    pub(super) fn of(group: &[Job]) -> Rewrites {
        let rewrites = group.iter().flat_map(|job| &job.batch.rewrites);
        Rewrites { rows: rewrites.map(|rewrite| (rewrite.key.clone(), None)).collect() }
    }

    /// The group writes a row.
    pub(super) fn note(&mut self, key: &Key, value: Option<&Bytes>) {
        if !self.rows.is_empty()
            && let Some(row) = self.rows.get_mut(key)
        {
            *row = Some(value.cloned());
        }
    }

    /// Whether the row is as expected. A row that cannot be read is not: it must not end the committer, which an error does.
    pub(super) fn are_due(&self, store: &Store, rewrite: &Rewrite) -> bool {
        let value = match self.rows.get(&rewrite.key) {
            Some(Some(written)) => written.clone(),
            _ => store.get_newest(&rewrite.key).ok().flatten(),
        };
        value.as_ref() == Some(&rewrite.expected)
    }
}
