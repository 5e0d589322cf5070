//! Encryption keys of single tables, as requests choose them (`table_keys`).

use std::sync::Arc;

use api::{Exception, SSESpecification};
use auth::Caller;
use bytes::Bytes;
use storage::Consistency;
use storage::Key;
use tables::Definition;
use tables::failure::storage_failure;
use tables::rows;

use crate::permission::permit_resolved_key;
use crate::service::Service;
use crate::table_keys::{TableKey, TableKeys, named};

impl Service {
    /// Sets the provider: from now on tables may have keys of their own.
    pub fn use_table_keys(&self, keys: Arc<dyn TableKeys>) {
        let forgetting = Arc::clone(&keys);
        self.catalog.on_rekeyed(move |table_id| forgetting.forget(table_id));
        // Set once; a later call passes the same provider and is ignored.
        let _ = self.table_keys.set(keys);
    }

    /// The account of a table in any state, and of a deleted one with readable streams.
    pub fn account_of_table(&self, table_id: u64) -> Option<String> {
        self.catalog.account_of(table_id)
    }

    pub(crate) fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64> {
        self.table_keys.get()?.inaccessible_since_ms(table_id)
    }

    /// Loads a table's key before the catalog is locked for a change that appends to the table's log: all changes of all
    /// tables wait for the lock, and a KMS may take long to answer.
    pub(crate) async fn learn_table_key(&self, table_id: u64) -> Result<(), Exception> {
        match self.table_keys.get() {
            Some(keys) => keys.learn(table_id).await.map_err(storage_failure),
            None => Ok(()),
        }
    }

    /// The key of a new table, if it is to have one; sets the key's ARN, as the KMS gives it, in the definition.
    pub(crate) async fn new_table_key(
        &self,
        caller: &Caller,
        asked: Option<&SSESpecification>,
        definition: &mut Definition,
    ) -> Result<Option<Bytes>, Exception> {
        let Some((keys, key_id)) = self.table_keys.get().zip(named(asked)) else { return Ok(None) };
        self.check_key(caller, &definition.account, "dynamodb:CreateTable", key_id)?;
        let key = keys.wrap(&definition.account, None, Some(key_id)).await.map_err(refused)?;
        permit_wrapped(caller, key_id, &key)?;
        Ok(Some(name(definition, key)))
    }

    /// A key for the rows of a table that is made of the rows of another one, under the same key of the KMS; none if that one has the
    /// service's own.
    pub(crate) async fn key_like(
        &self,
        caller: &Caller,
        action: &str,
        from: u64,
        definition: &Definition,
    ) -> Result<Option<Bytes>, Exception> {
        let Some((keys, encryption)) = self.table_keys.get().zip(definition.encryption.as_ref()) else {
            return Ok(None);
        };
        let stored = self.engine.get(&rows::table_key(from), Consistency::Strong).await.map_err(storage_failure)?;
        if stored.is_none() {
            return Ok(None);
        }
        self.check_key(caller, &definition.account, action, &encryption.key_arn)?;
        let key = keys.wrap(&definition.account, None, Some(&encryption.key_arn)).await.map_err(refused)?;
        Ok(Some(key.row))
    }

    /// The change of a table's key that a request asks for; `None` if it asks for none. It calls the KMS, which may take long,
    /// so it is called before the catalog is locked.
    pub(crate) async fn other_table_key(
        &self,
        caller: &Caller,
        asked: Option<&SSESpecification>,
        definition: &Definition,
    ) -> Result<Option<OtherKey>, Exception> {
        let (Some(keys), Some(_)) = (self.table_keys.get(), asked) else { return Ok(None) };
        let key_id = named(asked);
        if let Some(key_id) = key_id {
            self.check_key(caller, &definition.account, "dynamodb:UpdateTable", key_id)?;
        }
        let row = rows::table_key(definition.table_id);
        let stored = self.engine.get(&row, Consistency::Strong).await.map_err(storage_failure)?;
        if stored.is_none() && key_id.is_none() {
            return Ok(Some(OtherKey { row, stored, key: None }));
        }
        let key = keys.wrap(&definition.account, stored.clone(), key_id).await.map_err(refused)?;
        if let Some(key_id) = key_id {
            permit_wrapped(caller, key_id, &key)?;
        }
        Ok(Some(OtherKey { row, stored, key: Some(key) }))
    }

    /// Whether the table still has the key, or none, that its next one was computed from. Called with the catalog locked: until
    /// the change is made nothing else changes it.
    pub(crate) async fn is_current(&self, other: &OtherKey, table_id: u64) -> Result<bool, Exception> {
        let stored = self.engine.get(&other.row, Consistency::Strong).await.map_err(storage_failure)?;
        Ok(other.row == rows::table_key(table_id) && stored == other.stored)
    }

    /// Whether the caller's account and the table's may use a key of the KMS. An id or alias without an account is one of the
    /// operator's own account.
    pub(crate) fn check_key(
        &self,
        caller: &Caller,
        account: &str,
        action: &str,
        key_id: &str,
    ) -> Result<(), Exception> {
        let arns = &self.settings.service_arns;
        let allowed = arns.check(caller, action, key_id);
        allowed.and_then(|()| arns.check_for(caller, account, action, key_id)).map_err(Exception::AccessDenied)
    }
}

/// A table's next key, in place of its current one.
pub(crate) struct OtherKey {
    row: Key,
    /// The row of the table's current key.
    stored: Option<Bytes>,
    /// `None` if it stays without one.
    key: Option<TableKey>,
}

impl OtherKey {
    /// The row to write with the definition; sets the key's ARN, as the KMS gives it, in the definition.
    pub(crate) fn put(self, definition: &mut Definition) -> Option<(Key, Bytes)> {
        let row = name(definition, self.key?);
        Some((self.row, row))
    }
}

/// Only the KMS knows which key an alias or an id means, so the caller's policies on that key are evaluated after the KMS's
/// answer, and before any write.
fn permit_wrapped(caller: &Caller, key_id: &str, key: &TableKey) -> Result<(), Exception> {
    key.key_arn.as_deref().map_or(Ok(()), |key_arn| permit_resolved_key(caller, key_id, key_arn))
}

fn name(definition: &mut Definition, key: TableKey) -> Bytes {
    if let (Some(encryption), Some(key_arn)) = (&mut definition.encryption, key.key_arn) {
        encryption.key_arn = key_arn;
    }
    key.row
}

fn refused(text: String) -> Exception {
    Exception::validation(format!("KMS validation error: {text}"))
}

#[cfg(test)]
mod tests;
