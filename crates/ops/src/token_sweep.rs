//! Deletes the rows of expired tokens (`tokens`), and the old ones of transfers (`transfers`).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use cluster::nodes::owner::Ownership;
use jobs::{Job, Ran};
use parking_lot::Mutex;
use storage::{Batch, KeyUse, Mode, Reads, StorageError, TxError};
use tables::rows;

use crate::service::Service;
use crate::tokens::{TokenRow, Tokens};

/// How often tokens of dead nodes, and the records of transfers, are read.
const ORPHANS_INTERVAL: Duration = Duration::from_secs(600);
/// How often due tokens are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

impl Service {
    /// The job that removes due tokens.
    pub(crate) fn token_job(self: &Arc<Service>) -> Job {
        let orphans_read_ms: Arc<Mutex<Option<u64>>> = Arc::default();
        Job::on(self, "sweep_tokens", SWEEP_INTERVAL, move |service| {
            let orphans_read_ms = Arc::clone(&orphans_read_ms);
            async move {
                let mut read_ms = *orphans_read_ms.lock();
                service.adopt_orphaned_tokens(&mut read_ms).await;
                *orphans_read_ms.lock() = read_ms;
                service.sweep_due_tokens().await;
                Ran::Done
            }
        })
    }

    /// Reads the tokens that no live node may have queued, and trims transfers, if this node owns that work and the interval is over.
    pub(crate) async fn adopt_orphaned_tokens(&self, read_ms: &mut Option<u64>) {
        let now_ms = self.clock.steady_ms();
        let recent = |read_ms: u64| now_ms.saturating_sub(read_ms) < ORPHANS_INTERVAL.as_millis() as u64;
        if read_ms.is_some_and(recent) {
            return;
        }
        // A failure is retried in the next run.
        let is_read = match self.own(rows::COMMON_WORK).await {
            Ok(Ownership::Ours(_)) => match Tokens::load(self.engine.as_ref()).await {
                Ok(tokens) => {
                    self.tokens.merge(tokens);
                    self.trim_transfers().await.is_ok()
                }
                Err(_) => false,
            },
            Ok(Ownership::Alone) => self.trim_transfers().await.is_ok(),
            Ok(Ownership::Others) | Err(_) => false,
        };
        self.trim_import_errors().await;
        if is_read {
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
            let deleted = self.delete_tokens(&keys, now_ms).await;
            // One that is damaged, or that a transaction has locked, stays until the next start; it is expired and ignored in any case.
            // The others are deleted without it.
            if let Err(TxError::Storage(StorageError::Corrupt(_)) | TxError::Conflict { .. }) = deleted {
                for key in &keys {
                    let _ = self.delete_tokens(std::slice::from_ref(key), now_ms).await;
                }
            }
        }
    }

    async fn delete_tokens(&self, keys: &[KeyUse], now_ms: u64) -> Result<(), TxError> {
        // Expiry is checked again on the row: the token may have been used again after it expired.
        let delete = |reads: &Reads, batch: &mut Batch| {
            for (key, row) in keys.iter().zip(&reads.values) {
                let expired =
                    row.as_ref().is_some_and(|row| TokenRow::read(row).is_none_or(|token| token.expires_ms <= now_ms));
                if expired {
                    batch.delete(key.key.clone());
                }
            }
            Ok::<(), Infallible>(())
        };
        let Ok(()) = self.engine.write(Mode::Plain, keys, delete).await?;
        Ok(())
    }
}
