//! Writes that another region made, with the capacity that they consume in this one. Where it does not suffice, they wait: the rest of a
//! batch is given again.

use std::time::Duration;

use storage::{Batch, KeyUse, Mode, Reads, StorageError, TxError};

use crate::change::{Applied, Change, Refusal};
use crate::follow::FollowError;
use crate::service::Service;
use crate::throttle::Reserved;

/// How long a write waits after a conflict.
const CONFLICT_INTERVAL: Duration = Duration::from_millis(1);

/// Why a batch is not made as a whole.
enum Unmade {
    /// Throughput suffices for so many changes only.
    Throttled(usize),
    Less,
    Failed(String),
}

impl Service {
    /// Makes changes of different items, in batches that the engine takes.
    ///
    /// # Errors
    /// If throughput does not suffice for all of them: those that are made consume nothing when they are given again.
    pub(super) async fn receive(&self, changes: &[Change]) -> Result<(), FollowError> {
        let (mut left, mut count) = (changes, changes.len());
        while !left.is_empty() {
            // An engine that answers at once would give other tasks no turn.
            tokio::task::yield_now().await;
            let (now, later) = left.split_at(count.clamp(1, left.len()));
            match self.receive_together(now).await {
                Ok(()) => left = later,
                Err(Unmade::Throttled(0)) => {
                    let place = now.first().map(|change| change.table.arn.clone()).unwrap_or_default();
                    return Err(FollowError::Failed(format!("the throughput of {place} does not suffice")));
                }
                Err(Unmade::Throttled(suffices)) => count = suffices,
                Err(Unmade::Less) => {
                    count = now.len() / 2;
                    tokio::time::sleep(CONFLICT_INTERVAL).await;
                }
                Err(Unmade::Failed(why)) => return Err(FollowError::Failed(why)),
            }
        }
        Ok(())
    }

    async fn receive_together(&self, changes: &[Change]) -> Result<(), Unmade> {
        let keys: Vec<KeyUse> = changes.iter().map(|change| KeyUse::write(change.key.row.clone())).collect();
        let decide = |reads: &Reads, batch: &mut Batch| {
            let (now_ms, mut reserved) = (self.clock.now_ms(), Reserved::default());
            let mut made: Vec<Applied> = Vec::with_capacity(changes.len());
            for (place, (change, row)) in changes.iter().zip(&reads.values).enumerate() {
                let one = change.apply(&self.secret, now_ms, row.as_ref(), batch).map_err(unmade)?;
                // Nothing of the batch is written then: it has a part of this change.
                self.admit_replicated(change, &one.charge, &mut reserved).map_err(|_| Unmade::Throttled(place))?;
                made.push(one.forget_items());
            }
            Ok(made)
        };
        let made = match self.engine.write(Mode::Plain, &keys, decide).await {
            Ok(made) => made?,
            Err(TxError::Conflict { .. } | TxError::Busy | TxError::TooLarge) => return Err(Unmade::Less),
            Err(TxError::Storage(error)) => return Err(failed(error)),
            Err(error) => return Err(Unmade::Failed(format!("items could not be written: {error}"))),
        };
        for (change, made) in changes.iter().zip(made) {
            self.charge_replicated(change, &made.charge);
        }
        Ok(())
    }
}

/// Without a condition and with a whole item, only the row that is there can be the reason.
fn unmade(refusal: Refusal) -> Unmade {
    match refusal {
        Refusal::Damaged(what) => Unmade::Failed(what),
        other => Unmade::Failed(format!("{other:?}")),
    }
}

fn failed(error: StorageError) -> Unmade {
    Unmade::Failed(error.to_string())
}
