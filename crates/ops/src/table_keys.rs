//! Tables with a key of their own: what the layer that encrypts does for those who change and describe tables.
//!
//! The key's row is written and deleted with the table's definition. Without such a layer, and without a KMS, the setting is kept
//! and described, and changes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use api::SSESpecification;
use bytes::Bytes;
use parking_lot::Mutex;
use storage::{BoxFuture, StorageError};
use tokio::sync::OwnedMutexGuard;

/// A table's key, as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableKey {
    pub row: Bytes,
    /// Of the KMS's key that it is wrapped by.
    pub key_arn: Option<String>,
}

/// Does the work.
pub trait TableKeys: Send + Sync + 'static {
    /// A new key, or the one in `row`, wrapped by this key of the KMS, or without one by the database's own. The KMS is called on
    /// behalf of `account`, the table's. The error is for the client: it has nothing of what the KMS answered but the name of its
    /// exception.
    fn wrap<'a>(
        &'a self,
        account: &'a str,
        row: Option<Bytes>,
        key_id: Option<&'a str>,
    ) -> BoxFuture<'a, Result<TableKey, String>>;

    /// Asks the KMS for the table's key, unless it is known. From then on a write of the table's rows does not wait for the KMS.
    fn learn(&self, table_id: u64) -> BoxFuture<'_, Result<(), StorageError>>;

    /// Another node has changed the table's key: what is known of it here is of the key before.
    fn forget(&self, table_id: u64);

    /// Since when a table cannot be read because its key may not be used, in milliseconds since 1970.
    fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64>;
}

/// How long a request waits for its turn. One of a KMS that works takes far less.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests that wait for the turn of one table, with the one that has it. DynamoDB itself refuses all of them but one.
const TURN_USERS_MAX: usize = 8;

/// Requests that change the key of one table take turns: each asks the KMS, and finds then what it was asked about. Few wait, and
/// not for long: each has a connection, and a KMS that hangs would have all of them in the end.
#[derive(Default)]
pub(crate) struct KeyChanges(Mutex<HashMap<u64, Weak<tokio::sync::Mutex<()>>>>);

impl KeyChanges {
    /// Nothing if there are too many of them, or it takes too long.
    pub(crate) async fn turn(&self, table_id: u64) -> Option<OwnedMutexGuard<()>> {
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

/// The key that a customer names. The account's own is none of those: nobody can disable it.
pub(crate) fn named(asked: Option<&SSESpecification>) -> Option<&str> {
    let asked = asked.filter(|asked| asked.enabled == Some(true))?;
    asked.kms_master_key_id.as_deref().filter(|key_id| *key_id != "alias/aws/dynamodb")
}

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
