//! Tables with an encryption key of their own: what operations on tables need of the layer that encrypts.
//!
//! The key's row is written and deleted with the table's definition. Without such a layer, or without a KMS, the setting is
//! stored and described, and has no effect.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use api::SSESpecification;
use bytes::Bytes;
use parking_lot::Mutex;
use storage::{BoxFuture, StorageError};
use tokio::sync::OwnedMutexGuard;

/// A table's key, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableKey {
    pub row: Bytes,
    /// The ARN of the KMS key that wraps it.
    pub key_arn: Option<String>,
}

/// Does the work.
pub trait TableKeys: Send + Sync + 'static {
    /// A new key, or the one in `row`, wrapped by this key of the KMS, or without one by the database's own. The KMS is called on
    /// behalf of `account`, the table's. The error is for the client: of the KMS's answer it has only the name of the exception.
    fn wrap<'a>(
        &'a self,
        account: &'a str,
        row: Option<Bytes>,
        key_id: Option<&'a str>,
    ) -> BoxFuture<'a, Result<TableKey, String>>;

    /// Gets the table's key from the KMS, unless it is cached. After it a write of the table's rows does not wait for the KMS.
    fn learn(&self, table_id: u64) -> BoxFuture<'_, Result<(), StorageError>>;

    /// Drops what is cached of the table's key: another node has changed it.
    fn forget(&self, table_id: u64);

    /// Since when a table cannot be read because its key may not be used, in milliseconds since 1970.
    fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64>;
}

/// How long a request waits for the lock. With a working KMS it is held for far less.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests that wait for the lock of one table, with its holder. DynamoDB itself refuses all of them but one.
const TURN_USERS_MAX: usize = 8;

/// A lock for each table with a change of its key in progress. A request holds it across its calls of the KMS, so that no other
/// request of this node changes the key meanwhile. Few requests wait, and not for long: each occupies a connection, and a
/// KMS that hangs would otherwise occupy all of them.
#[derive(Default)]
pub(crate) struct KeyChanges(Mutex<HashMap<u64, Weak<tokio::sync::Mutex<()>>>>);

impl KeyChanges {
    /// None if too many requests wait, or the wait times out.
    pub(crate) async fn turn(&self, table_id: u64) -> Option<OwnedMutexGuard<()>> {
        // Counted and taken under the lock of the map: more than the maximum could pass between the two otherwise.
        let lock = {
            let mut tables = self.0.lock();
            tables.retain(|_, lock| lock.strong_count() > 0);
            if tables.get(&table_id).is_some_and(|lock| lock.strong_count() >= TURN_USERS_MAX) {
                return None;
            }
            match tables.get(&table_id).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::default();
                    tables.insert(table_id, Arc::downgrade(&lock));
                    lock
                }
            }
        };
        tokio::time::timeout(TURN_TIMEOUT, lock.lock_owned()).await.ok()
    }
}

/// The KMS key that a customer names. The AWS-owned key is not represented; it cannot be disabled.
pub(crate) fn named(asked: Option<&SSESpecification>) -> Option<&str> {
    // As in `tables::encryption`: SSEType alone enables encryption, too.
    let asked = asked.filter(|asked| asked.enabled != Some(false))?;
    asked.kms_master_key_id.as_deref().filter(|key_id| *key_id != MANAGED_KEY)
}

/// The account's key for DynamoDB.
pub(crate) const MANAGED_KEY: &str = "alias/aws/dynamodb";

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn few_wait_for_the_turn_of_a_table() {
        let changes = KeyChanges::default();
        let first = changes.turn(1).await.expect("free");
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = (1..TURN_USERS_MAX).map(|_| Box::pin(changes.turn(1))).collect();
        for turn in &mut waiting {
            assert!(turn.as_mut().poll(&mut context).is_pending());
        }
        assert!(changes.turn(1).await.is_none());
        assert!(changes.turn(2).await.is_some(), "another table's");
        drop(first);
        assert!(waiting.remove(0).await.is_some());
        waiting.clear();
        assert!(changes.turn(1).await.is_some());
    }
}
