//! What remains of a deleted table while its streams can be read: its definition, in a row of another kind, so that its
//! name is free. Its shards and records stay where they are until the last stream is over.

use std::sync::Arc;

use api::Exception;
use auth::Caller;
use storage::Engine;

use super::change::{self, ChangeGuard};
use super::{Catalog, Definition, Inner, Place, Table, Tables};
use crate::rows;

impl Catalog {
    /// What remains of the caller's tables; the oldest first.
    pub(crate) fn remains(&self, caller: &Caller) -> Vec<Arc<Table>> {
        self.remains_where(|of| of.account == caller.account && of.region == caller.region)
    }

    /// What remains of the tables that were at one place; the oldest first.
    pub(crate) fn remains_at(&self, place: Place<'_>) -> Vec<Arc<Table>> {
        self.remains_where(|of| of.account == place.account && of.region == place.region && of.name == place.name)
    }

    fn remains_where(&self, is_asked: impl Fn(&Definition) -> bool) -> Vec<Arc<Table>> {
        let tables = self.inner.tables.read();
        tables.remains.values().filter(|table| is_asked(&table.definition)).cloned().collect()
    }

    /// What remains of the tables of all callers.
    pub(crate) fn all_remains(&self) -> Vec<Arc<Table>> {
        self.inner.tables.read().remains.values().cloned().collect()
    }

    /// Takes a table away and leaves its remains, the definition as it is from now on.
    ///
    /// # Errors
    /// The engine's failure; the table then is still there.
    pub(super) async fn leave_remains(
        &self,
        engine: &Arc<dyn Engine>,
        definition: Definition,
    ) -> Result<(), Exception> {
        let guard = self.lock().await?;
        let (inner, engine) = (self.inner.clone(), engine.clone());
        change::finish(tokio::spawn(async move { leave(&inner, engine.as_ref(), guard, definition).await })).await
    }

    /// Forgets remains whose rows are gone.
    ///
    /// # Errors
    /// The engine's failure; they then are still there.
    pub(crate) async fn forget_remains(&self, engine: &Arc<dyn Engine>, table_id: u64) -> Result<(), Exception> {
        let guard = self.lock().await?;
        let (inner, engine) = (self.inner.clone(), engine.clone());
        change::finish(tokio::spawn(async move { forget(&inner, engine.as_ref(), guard, table_id).await })).await
    }
}

impl Tables {
    pub(super) fn keep_remains(&mut self, definitions: Vec<Definition>) {
        let tables = definitions.into_iter().map(|definition| (definition.table_id, Arc::new(Table::new(definition))));
        self.remains = tables.collect();
    }
}

async fn leave(
    inner: &Inner,
    engine: &dyn Engine,
    _guard: ChangeGuard,
    definition: Definition,
) -> Result<(), Exception> {
    let table_id = definition.table_id;
    let put = (rows::remains(table_id), change::encode(&definition)?.into());
    let version = change::exchange(inner, engine, rows::definition(table_id), Some(put)).await?;
    let mut tables = inner.tables.write();
    if tables.count_own(version)
        && let Some(table) = tables.by_id(table_id).cloned()
    {
        tables.withdraw(&table, version);
        tables.remains.insert(table_id, Arc::new(Table::new(definition)));
    }
    Ok(())
}

async fn forget(inner: &Inner, engine: &dyn Engine, _guard: ChangeGuard, table_id: u64) -> Result<(), Exception> {
    let version = change::exchange(inner, engine, rows::remains(table_id), None).await?;
    let mut tables = inner.tables.write();
    if tables.count_own(version) {
        tables.remains.remove(&table_id);
        tables.newest = tables.newest.max(version);
    }
    Ok(())
}
