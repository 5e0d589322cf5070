//! Expired idempotency tokens: deleted some time after their ten minutes.
//!
//! A token's row has its expiry and is ignored after it, so a late deletion does no harm. The queue of tokens to delete
//! is in memory, in the order of expiry, and is read from the rows once when the service opens.
//!
//! With several nodes each one deletes the tokens that it has written. The owner of that work periodically reads all tokens
//! and adopts those of dead nodes.

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;
use storage::{Consistency, Engine, Family, Key, Pages, ScanRange, StorageError};
use tables::rows;

use crate::damage_log::log_damaged;
use crate::fingerprint::{self, Fingerprint};

/// Tokens that are removed in one batch.
const SWEEP_BATCH: usize = 256;
/// What one page reads at the start.
const LOAD_ROWS: usize = 4096;
const LOAD_BYTES: usize = 1 << 20;

/// A client's token, and the fingerprint of its request.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub key: Key,
    pub fingerprint: Fingerprint,
}

/// A token's row: fingerprint (16), its version (1), expiry in milliseconds (7, big-endian), and for each action the size
/// of the item that it found (4, big-endian), by which a replay is charged. Every version must retain this format: nodes
/// of two versions read each other's tokens.
pub(crate) struct TokenRow {
    pub fingerprint: Fingerprint,
    pub version: u8,
    pub expires_ms: u64,
    pub sizes: Vec<usize>,
}

impl TokenRow {
    pub(crate) fn read(row: &[u8]) -> Option<TokenRow> {
        let (fingerprint, rest) = row.split_first_chunk::<16>()?;
        let ([version, expires_ms @ ..], sizes) = rest.split_first_chunk::<8>()?;
        let [a, b, c, d, e, f, g] = *expires_ms;
        let size = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes) as usize;
        Some(TokenRow {
            fingerprint: *fingerprint,
            version: *version,
            expires_ms: u64::from_be_bytes([0, a, b, c, d, e, f, g]),
            sizes: sizes.as_chunks::<4>().0.iter().map(size).collect(),
        })
    }

    /// Whether the token was first used for the same request. A fingerprint that another version of this program has
    /// computed cannot be compared; then the number of actions decides: an update must not make a correct retry fail, and a
    /// client that uses one token for two requests gets the refusal before the update and ten minutes after it.
    pub(crate) fn is_of(&self, token: &Token, actions: usize) -> bool {
        match self.version == fingerprint::VERSION {
            true => self.fingerprint == token.fingerprint,
            false => self.sizes.len() == actions,
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut row = [&self.fingerprint[..], &self.expires_ms.to_be_bytes()].concat();
        row[size_of::<Fingerprint>()] = self.version;
        // An item is far smaller than 4 GB.
        row.extend(self.sizes.iter().flat_map(|size| (*size as u32).to_be_bytes()));
        row
    }
}

/// Tokens by expiry, the next one first.
#[derive(Default)]
pub(crate) struct Tokens {
    due: Mutex<VecDeque<(u64, Key)>>,
}

impl Tokens {
    /// Reads the tokens of an earlier run.
    pub(crate) async fn load(engine: &dyn Engine) -> Result<Tokens, StorageError> {
        let range = ScanRange::of_prefix(Family::Catalog, rows::tokens_prefix(), LOAD_ROWS, LOAD_BYTES);
        let view = engine.view(Consistency::Strong).await?;
        let mut due = Vec::new();
        let mut pages = Pages::of_snapshot(&*view, range);
        while let Some(page) = pages.next_with_damaged().await? {
            for row in &page.damaged {
                // Its deletion would have to read it, too, so it stays; the transaction that it belongs to is refused.
                log_damaged("", &format!("an idempotency token stays: {}", row.what));
            }
            due.extend(page.rows.into_iter().map(|row| {
                let expires_ms = TokenRow::read(&row.value).map_or(0, |token| token.expires_ms);
                (expires_ms, row.into_key(Family::Catalog))
            }));
        }
        due.sort_by_key(|(expires_ms, _)| *expires_ms);
        Ok(Tokens { due: Mutex::new(due.into()) })
    }

    /// Adds tokens that were read from the rows, except those that are queued already.
    pub(crate) fn merge(&self, read: Tokens) {
        // Locked throughout: a token that `remember` adds in between would be missing from `known`, and the order would be lost.
        let mut due = self.due.lock();
        let known: HashSet<Key> = due.iter().map(|(_, key)| key.clone()).collect();
        due.extend(read.due.into_inner().into_iter().filter(|(_, key)| !known.contains(key)));
        due.make_contiguous().sort_by_key(|(expires_ms, _)| *expires_ms);
    }

    pub(crate) fn remember(&self, expires_ms: u64, key: Key) {
        self.due.lock().push_back((expires_ms, key));
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.due.lock().len()
    }

    pub(crate) fn take_due(&self, now_ms: u64) -> Vec<Key> {
        let mut due = self.due.lock();
        let mut taken = Vec::new();
        while taken.len() < SWEEP_BATCH && due.front().is_some_and(|(expires_ms, _)| *expires_ms <= now_ms) {
            taken.extend(due.pop_front().map(|(_, key)| key));
        }
        taken
    }
}
