//! Writing many items as they were, for backups, restores and imports: the write path's own changes, many in a batch, with the progress of
//! the work in the same batch.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use change_log::Author;
use cluster::catalog::Interrupted;
use cluster::nodes::owner::{self, Owned};
use model::codec::row::StoredItem;
use model::{Attributes, MapRef};
use storage::{Batch, Key, KeyUse, Mode, Reads, TxError};
use tables::Table;
use tables::item_key::KeyProblem;
use tables::rows::{self, ItemKey};

use crate::change::{Action, Change, Refusal};
use crate::service::Service;

/// How long a step waits after a conflict.
const CONFLICT_INTERVAL: Duration = Duration::from_millis(1);

/// Changes that are made together with a row of progress. No two are of one item.
pub(crate) struct Step {
    pub changes: Vec<Change>,
    pub progress: (Key, Bytes),
}

impl Service {
    /// The change that gives a table an item as it was. Unlike a request's, it is not checked against the keys of indexes: an item
    /// without a usable key of an index is not in that index, as when the index was built over it.
    pub(super) fn put_as_it_was(&self, table: &Arc<Table>, item: &StoredItem) -> Result<Change, KeyProblem> {
        let change = self.change_as_it_was(table, item)?;
        Ok(Change { action: Action::Put(item.attributes().to_owned()), ..change })
    }

    /// The change that takes an item away again.
    pub(super) fn delete_as_it_was(&self, table: &Arc<Table>, item: &StoredItem) -> Result<Change, KeyProblem> {
        self.change_as_it_was(table, item)
    }

    fn change_as_it_was(&self, table: &Arc<Table>, item: &StoredItem) -> Result<Change, KeyProblem> {
        self.change_at(table, item.attributes())
    }

    /// The change that deletes the item with this key.
    pub(super) fn change_of_key(&self, table: &Arc<Table>, key: &Attributes) -> Result<Change, KeyProblem> {
        self.change_at(table, key.view())
    }

    fn change_at(&self, table: &Arc<Table>, attributes: MapRef<'_>) -> Result<Change, KeyProblem> {
        Ok(Change {
            table: Arc::clone(table),
            key: ItemKey::of(&self.secret, table, attributes)?,
            key_attributes: rows::key_attributes(table, attributes),
            condition: None,
            action: Action::Delete,
            author: Author::Restore,
        })
    }

    /// Makes all changes of a step, in batches that the engine takes. The progress is written with the last ones, so a repeated step
    /// repeats all of its changes: they set items, whatever was there before.
    pub(crate) async fn ingest(&self, step: &Step, owned: Option<&Owned>) -> Result<(), Interrupted> {
        self.apply_all(&step.changes, Some(&step.progress), owned).await
    }

    /// Makes changes of different items, which may be repeated, in batches that the engine takes; the last one has the progress.
    pub(crate) async fn apply_all(
        &self,
        changes: &[Change],
        progress: Option<&(Key, Bytes)>,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        // An engine that answers at once would give other tasks no turn.
        tokio::task::yield_now().await;
        let mut left = changes;
        let mut count = left.len();
        loop {
            let (now, later) = left.split_at(count.min(left.len()));
            let progress = progress.filter(|_| later.is_empty());
            match self.ingest_batch(now, progress, owned).await {
                Ok(()) if later.is_empty() => return Ok(()),
                Ok(()) => left = later,
                Err(TxError::Conflict { .. } | TxError::Busy | TxError::TooLarge) => {
                    count = (now.len() / 2).max(1);
                    tokio::time::sleep(CONFLICT_INTERVAL).await;
                }
                Err(TxError::Storage(error)) => return Err(error.into()),
                Err(error) => return Err(Interrupted::Failed(format!("items could not be written: {error}"))),
            }
        }
    }

    async fn ingest_batch(
        &self,
        changes: &[Change],
        progress: Option<&(Key, Bytes)>,
        owned: Option<&Owned>,
    ) -> Result<(), TxError> {
        let items = changes.iter().map(|change| KeyUse::write(change.key.row.clone()));
        let keys: Vec<KeyUse> = items.chain(owned.map(Owned::key)).collect();
        // Ownership is checked in the write itself: a former owner whose step was delayed must not write over what its successor
        // has passed.
        let write = |reads: &Reads, batch: &mut Batch| {
            if owned.is_some_and(|owned| !owned.renew(reads, batch)) {
                return Err(Refused::Error(owner::taken()));
            }
            let now_ms = self.clock.now_ms();
            for (change, stored) in changes.iter().zip(&reads.values) {
                change.apply(&self.secret, now_ms, stored.as_ref(), batch).map_err(Refused::Change)?;
            }
            if let Some((key, value)) = progress {
                batch.put(key.clone(), value.clone());
            }
            Ok(())
        };
        match self.engine.write(Mode::Plain, &keys, write).await? {
            Ok(()) => Ok(()),
            Err(Refused::Error(error)) => Err(error),
            Err(Refused::Change(refusal)) => Err(damaged(&refusal)),
        }
    }
}

enum Refused {
    Error(TxError),
    Change(Refusal),
}

/// Without a condition and with a whole item, only the row that is there can be the reason.
fn damaged(refusal: &Refusal) -> TxError {
    let what = match refusal {
        Refusal::Damaged(what) => what.clone(),
        other => format!("{other:?}"),
    };
    TxError::Storage(storage::StorageError::Corrupt(what))
}
