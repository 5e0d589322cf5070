//! Idempotency tokens that have run out: forgotten a while after their ten minutes.
//!
//! A token's row says when it expires and is not believed after that, so removing it late does no harm. What is due
//! is kept in memory in the order of expiry, and read from the rows once when the service opens.
//!
//! Of several nodes each removes the tokens that it has written. Those of nodes that are gone are found by the owner of
//! that work, who reads all of them now and then.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use storage::{
    Batch, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, ScanDirection, ScanRange, StorageError,
};

use crate::key_range;
use crate::nodes::owner::Ownership;
use crate::rows;
use crate::service::Service;
use crate::transaction::TokenRow;

/// How often tokens of nodes that are gone are looked for.
const ORPHANS_INTERVAL: Duration = Duration::from_secs(600);
/// How often due tokens are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);
/// Tokens that are removed in one batch.
const SWEEP_BATCH: usize = 256;

/// Tokens by expiry, the next one first.
#[derive(Default)]
pub(crate) struct Tokens {
    due: Mutex<VecDeque<(u64, Key)>>,
}

impl Tokens {
    /// Reads what an earlier run left.
    pub(crate) async fn load(engine: &dyn Engine) -> Result<Tokens, StorageError> {
        let (lower, upper) = key_range::of_prefix(&rows::tokens_prefix());
        let mut range = ScanRange {
            family: Family::Catalog,
            lower,
            upper,
            direction: ScanDirection::Forward,
            rows_max: 4096,
            bytes_max: 1 << 20,
        };
        let view = engine.view().await?;
        let mut due = Vec::new();
        loop {
            let page = view.scan(&range).await?;
            let Some(last) = page.rows.last() else { break };
            range.resume_after(last.key.clone());
            due.extend(page.rows.into_iter().map(|row| {
                let expires_ms = TokenRow::read(&row.value).map_or(0, |token| token.expires_ms);
                (expires_ms, Key::new(Family::Catalog, row.key))
            }));
            if !page.more {
                break;
            }
        }
        due.sort_by_key(|(expires_ms, _)| *expires_ms);
        Ok(Tokens { due: Mutex::new(due.into()) })
    }

    /// Takes over what another one has read, but for what is known already.
    fn merge(&self, read: Tokens) {
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

    fn take_due(&self, now_ms: u64) -> Vec<Key> {
        let mut due = self.due.lock();
        let mut taken = Vec::new();
        while taken.len() < SWEEP_BATCH && due.front().is_some_and(|(expires_ms, _)| *expires_ms <= now_ms) {
            taken.extend(due.pop_front().map(|(_, key)| key));
        }
        taken
    }
}

impl Service {
    /// Removes due tokens now and then, for as long as the service lives.
    pub(crate) fn sweep_tokens(self: &Arc<Service>) {
        let service: Weak<Service> = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut orphans_read_ms = None;
            loop {
                tokio::time::sleep(SWEEP_INTERVAL).await;
                let Some(service) = service.upgrade() else { return };
                service.adopt_orphaned_tokens(&mut orphans_read_ms).await;
                service.sweep_due_tokens().await;
            }
        });
    }

    /// Reads the tokens that no living node may know of, if that is this node's work and it is time for it.
    pub(crate) async fn adopt_orphaned_tokens(&self, read_ms: &mut Option<u64>) {
        let now_ms = self.clock.steady_ms();
        let recent = |read_ms: u64| now_ms.saturating_sub(read_ms) < ORPHANS_INTERVAL.as_millis() as u64;
        // What fails is tried again in the next round.
        if !matches!(self.own(0).await, Ok(Ownership::Ours(_))) || read_ms.is_some_and(recent) {
            return;
        }
        if let Ok(tokens) = Tokens::load(self.engine.as_ref()).await {
            self.tokens.merge(tokens);
            *read_ms = Some(now_ms);
        }
    }

    pub(crate) async fn sweep_due_tokens(&self) {
        loop {
            let now_ms = self.clock.now_ms();
            let due = self.tokens.take_due(now_ms);
            if due.is_empty() {
                return;
            }
            let keys: Vec<KeyUse> = due.into_iter().map(KeyUse::write).collect();
            let mut decide = |reads: &Reads, batch: &mut Batch| {
                for (key, row) in keys.iter().zip(&reads.values) {
                    let expired = row
                        .as_ref()
                        .is_some_and(|row| TokenRow::read(row).is_none_or(|token| token.expires_ms <= now_ms));
                    if expired {
                        batch.delete(key.key.clone());
                    }
                }
                Decision::Commit
            };
            // One that is in use just now stays until the next start; it is not believed any more in any case.
            let op = OpId(base::random::bytes16());
            let _ = self.engine.transact(op, Mode::Plain, &keys, &mut decide).await;
        }
    }
}
