//! Tables with a key of their own: what the layer that encrypts does for those who change and describe tables.
//!
//! The key's row is written and deleted with the table's definition. Without such a layer, and without a KMS, the setting is kept
//! and described, and changes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use api::SSESpecification;
use bytes::Bytes;
use parking_lot::Mutex;
use storage::BoxFuture;
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
    /// A new key, or the one in `row`, wrapped by this key of the KMS, or without one by the database's own. The error is for the
    /// client: it has nothing of what the KMS answered but the name of its exception.
    fn wrap<'a>(&'a self, row: Option<Bytes>, key_id: Option<&'a str>) -> BoxFuture<'a, Result<TableKey, String>>;

    /// Since when a table cannot be read because its key may not be used, in milliseconds since 1970.
    fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64>;
}

/// Requests that change the key of one table take turns: each asks the KMS, and finds then what it was asked about.
#[derive(Default)]
pub(crate) struct KeyChanges(Mutex<HashMap<u64, Weak<tokio::sync::Mutex<()>>>>);

impl KeyChanges {
    pub(crate) async fn turn(&self, table_id: u64) -> OwnedMutexGuard<()> {
        let lock = {
            let mut tables = self.0.lock();
            tables.retain(|_, lock| lock.strong_count() > 0);
            match tables.get(&table_id).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::default();
                    tables.insert(table_id, Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }
}

/// The key that a customer names. The account's own is none of those: nobody can disable it.
pub(crate) fn named(asked: Option<&SSESpecification>) -> Option<&str> {
    let asked = asked.filter(|asked| asked.enabled == Some(true))?;
    asked.kms_master_key_id.as_deref().filter(|key_id| *key_id != "alias/aws/dynamodb")
}
