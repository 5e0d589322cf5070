//! Tables with a key of their own: what the layer that encrypts does for those who change and describe tables.
//!
//! The key's row is written and deleted with the table's definition. Without such a layer, and without a KMS, the setting is kept
//! and described, and changes nothing.

use std::sync::Arc;

use api::{Exception, SSESpecification};
use auth::Caller;
use bytes::Bytes;
use storage::{BoxFuture, Key};

use crate::catalog::Definition;
use crate::failure::storage_failure;
use crate::permission::permit_resolved_key;
use crate::rows;
use crate::service::Service;

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

/// The key that a customer names. The account's own is none of those: nobody can disable it.
pub(crate) fn named(asked: Option<&SSESpecification>) -> Option<&str> {
    let asked = asked.filter(|asked| asked.enabled == Some(true))?;
    asked.kms_master_key_id.as_deref().filter(|key_id| *key_id != "alias/aws/dynamodb")
}

impl Service {
    /// From now on tables may have keys of their own.
    pub fn use_table_keys(&self, keys: Arc<dyn TableKeys>) {
        // Whoever comes second is the same.
        let _ = self.table_keys.set(keys);
    }

    pub(crate) fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64> {
        self.table_keys.get()?.inaccessible_since_ms(table_id)
    }

    /// The key of a table to come, if it is to have one; the definition then names it as the KMS does.
    pub(crate) async fn new_table_key(
        &self,
        caller: &Caller,
        asked: Option<&SSESpecification>,
        definition: &mut Definition,
    ) -> Result<Option<Bytes>, Exception> {
        let Some((keys, key_id)) = self.table_keys.get().zip(named(asked)) else { return Ok(None) };
        self.check_key(caller, &definition.account, "dynamodb:CreateTable", key_id)?;
        let key = keys.wrap(None, Some(key_id)).await.map_err(refused)?;
        permit_wrapped(caller, key_id, &key)?;
        Ok(Some(name(definition, key)))
    }

    /// The row that is to be written so that a table has the key that it is asked to have.
    pub(crate) async fn other_table_key(
        &self,
        caller: &Caller,
        asked: Option<&SSESpecification>,
        definition: &mut Definition,
    ) -> Result<Option<(Key, Bytes)>, Exception> {
        let (Some(keys), Some(_)) = (self.table_keys.get(), asked) else { return Ok(None) };
        if let Some(key_id) = named(asked) {
            self.check_key(caller, &definition.account, "dynamodb:UpdateTable", key_id)?;
        }
        let row = rows::table_key(definition.table_id);
        let stored = self.engine.get(&row).await.map_err(storage_failure)?;
        let key_id = named(asked);
        if stored.is_none() && key_id.is_none() {
            return Ok(None);
        }
        let key = keys.wrap(stored, key_id).await.map_err(refused)?;
        if let Some(key_id) = key_id {
            permit_wrapped(caller, key_id, &key)?;
        }
        Ok(Some((row, name(definition, key))))
    }
}

impl Service {
    /// Whether the caller's account and the table's may have a key of the KMS used. An id or alias without an account is one of
    /// the operator's own account.
    fn check_key(&self, caller: &Caller, account: &str, action: &str, key_id: &str) -> Result<(), Exception> {
        let arns = &self.settings.service_arns;
        let allowed = arns.check(caller, action, key_id);
        allowed.and_then(|()| arns.check_for(caller, account, action, key_id)).map_err(Exception::AccessDenied)
    }
}

/// Only the KMS knows which key an alias or an id means, so the caller's policies on that key are asked after the KMS's answer,
/// and before anything is written.
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
