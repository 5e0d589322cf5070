//! Changing the catalog: one change at a time, durable before it is published.
//!
//! A change is made in a task of its own, so that a client that disconnects in the middle of it cannot leave the rows
//! and the published tables different. Other nodes may change the same rows: a change is made only if they are still as
//! they were read, and counts up the catalog's version.

use std::sync::Arc;

use api::Exception;
use bytes::Bytes;
use change_log;
use storage::{Append, Batch, Engine, Key, KeyUse, Mode, Reads, TALLY_WIDTH};
use tables::failure::write_failure;
use tables::rows;
use tables::{Definition, Table, being_updated};
use tokio::sync::OwnedMutexGuard;

use super::{Catalog, Inner, Tables, Work};

/// A larger change of a definition's size counts as growth: smaller ones are a status or a time. Unit: bytes.
const DEFINITION_SLACK: usize = 64;

/// The right to change the catalog, and the next table's id.
pub struct ChangeGuard {
    next_id: u64,
    /// What the catalog had published when it was locked: a table that was published later is not the one that the holder changes.
    changes: u64,
    _alone: OwnedMutexGuard<()>,
}

/// The rows that a change writes beside the definition, and the work that it starts.
#[derive(Default)]
pub struct Edit {
    pub puts: Vec<(Key, Bytes)>,
    pub rewrites: Vec<Rewrite>,
    pub deletes: Vec<Key>,
    pub tallies: Vec<(Key, [i64; TALLY_WIDTH])>,
    pub appends: Vec<Append>,
    pub work: Option<Work>,
    /// Whether a caller asks for it: then it is refused when storage is short, if the definition grows.
    pub is_requested: bool,
}

/// Computes a row's new value; none if it cannot be read.
type Rewriting = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

/// An existing row that is rewritten from its current value.
pub struct Rewrite {
    pub key: Key,
    pub with: Box<Rewriting>,
}

/// The stored catalog is newer than the known one: another node made a change at the same time.
#[derive(Debug)]
pub struct Behind;

impl Edit {
    pub fn starting(work: Work) -> Edit {
        Edit { work: Some(work), ..Edit::default() }
    }

    /// A change of the definition alone that a caller asks for.
    pub fn requested() -> Edit {
        Edit { is_requested: true, ..Edit::default() }
    }
}

impl ChangeGuard {
    /// The id that [`Catalog::create`] will store.
    pub fn next_table_id(&self) -> u64 {
        self.next_id
    }
}

impl Catalog {
    /// Waits for the change in progress, if there is one, and reads the changes of other nodes.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn lock(&self) -> Result<ChangeGuard, Exception> {
        // The refresh is under the lock: no other change of this node comes between it and the holder's change.
        let alone = self.inner.change.clone().lock_owned().await;
        self.refresh().await?;
        let tables = self.inner.tables.read();
        Ok(ChangeGuard { next_id: tables.next_id, changes: tables.changes, _alone: alone })
    }

    /// Creates a table. Its id is the guard's.
    ///
    /// # Errors
    /// The engine's failure, or [`Behind`]; the table then does not exist.
    pub async fn create(
        &self,
        engine: &Arc<dyn Engine>,
        guard: ChangeGuard,
        definition: Definition,
        puts: Vec<(Key, Bytes)>,
    ) -> Result<Result<Arc<Table>, Behind>, Exception> {
        // An id that was used before would bring back a deleted table's rows.
        if definition.table_id != guard.next_table_id() {
            return Err(Exception::internal(format!("table {} has not the next id", definition.name)));
        }
        let (inner, engine) = (self.inner.clone(), engine.clone());
        finish(tokio::spawn(async move { create(&inner, engine.as_ref(), guard, definition, puts).await })).await
    }

    /// Replaces the definition of the table that has its id.
    ///
    /// # Errors
    /// The engine's failure, or DynamoDB's refusal because another node changes the table just now; the table then is
    /// unchanged.
    pub async fn replace(
        &self,
        engine: &Arc<dyn Engine>,
        guard: ChangeGuard,
        definition: Definition,
        edit: Edit,
    ) -> Result<Arc<Table>, Exception> {
        let (inner, engine) = (self.inner.clone(), engine.clone());
        finish(tokio::spawn(async move { replace(&inner, engine.as_ref(), guard, definition, edit).await })).await
    }

    /// Deletes the definition of a table without rows.
    ///
    /// # Errors
    /// The engine's failure; the table then is still there.
    pub async fn forget(&self, engine: &Arc<dyn Engine>, table_id: u64) -> Result<(), Exception> {
        let guard = self.lock().await?;
        let (inner, engine) = (self.inner.clone(), engine.clone());
        let withdraw = move |tables: &mut Tables, version| {
            if let Some(table) = tables.by_id(table_id).cloned() {
                tables.withdraw(&table, version);
            }
        };
        // In a task of its own: a caller that is dropped between the row and the change in memory would leave a table without a row.
        let row = rows::definition(table_id);
        finish(tokio::spawn(async move { forget(&inner, engine.as_ref(), guard, row, withdraw).await })).await
    }
}

/// Waits for a change. The change completes even if this future is dropped: it runs in a task of its own.
pub(super) async fn finish<T>(change: tokio::task::JoinHandle<Result<T, Exception>>) -> Result<T, Exception> {
    change.await.unwrap_or_else(|_| Err(Exception::internal("a change of the catalog was cut short")))
}

async fn create(
    inner: &Inner,
    engine: &dyn Engine,
    guard: ChangeGuard,
    definition: Definition,
    puts: Vec<(Key, Bytes)>,
) -> Result<Result<Arc<Table>, Behind>, Exception> {
    let id = guard.next_table_id();
    let row = definition.encode()?;
    // Built before the row is written: a definition that is stored can be published.
    let table = Arc::new(Table::new(definition)?);
    let keys = vec![KeyUse::write(rows::next_table_id()), KeyUse::write(rows::definition(id))];
    // Decided on the stored id, not on the one in memory: another node may have created a table since the refresh.
    let create = |reads: &Reads, batch: &mut Batch| {
        let known = reads.values[0].as_ref().map_or(Some(rows::TABLE_ID_FIRST), |row| read_number(row));
        if known != Some(id) || reads.values[1].is_some() {
            return Err(Behind);
        }
        batch.put(rows::next_table_id(), (id + 1).to_be_bytes().to_vec());
        batch.put(rows::definition(id), row.clone());
        batch.grows = true;
        puts.iter().for_each(|(key, value)| batch.put(key.clone(), value.clone()));
        Ok(())
    };
    let Ok(version) = write(inner, engine, keys, create).await? else {
        return if inner.shared.is_some() { Ok(Err(Behind)) } else { Err(torn()) };
    };
    inner.update(engine, |tables| {
        if tables.count_own(version) {
            tables.next_id = id + 1;
            tables.publish(table.clone(), version);
        }
    });
    Ok(Ok(table))
}

async fn replace(
    inner: &Inner,
    engine: &dyn Engine,
    // Held until the table is published, so that changes are published in the order in which they are stored.
    guard: ChangeGuard,
    definition: Definition,
    edit: Edit,
) -> Result<Arc<Table>, Exception> {
    let (old, is_unchanged) = {
        let tables = inner.tables.read();
        let old = tables.by_id(definition.table_id).cloned();
        (old, tables.published.get(&definition.table_id).is_some_and(|(published, _)| *published <= guard.changes))
    };
    let old = old.ok_or_else(|| Exception::internal("a table that is not there cannot be changed"))?;
    let (old, log, buckets) = (old.definition.clone(), old.log.clone(), old.buckets.clone());
    // Refreshes go on beside the lock. The definition was derived from an older one than the published one, and would undo a change
    // of another node that the comparison with the stored one does not find any more.
    if !is_unchanged {
        return Err(being_updated(&old.name));
    }
    let row = definition.encode()?;
    let key = rows::definition(definition.table_id);
    let table = Arc::new(Table { log, buckets, ..Table::new(definition)? });
    // Made only if the stored definition is the published one: else it would undo a change of another node unknown here.
    let replace = |reads: &Reads, batch: &mut Batch| {
        let stored = reads.values[0].as_ref().and_then(|row| Definition::read(row).ok());
        if stored.as_ref() != Some(&old) {
            return Err(Behind);
        }
        for (rewrite, row) in edit.rewrites.iter().zip(&reads.values[1..]) {
            let Some(row) = row.as_deref().and_then(&rewrite.with) else { return Err(Behind) };
            batch.put(rewrite.key.clone(), row);
        }
        batch.put(key.clone(), row.clone());
        let before = reads.values[0].as_ref().map_or(0, Bytes::len);
        batch.grows = edit.is_requested && row.len() > before + DEFINITION_SLACK;
        edit.puts.iter().for_each(|(key, value)| batch.put(key.clone(), value.clone()));
        edit.deletes.iter().for_each(|key| batch.delete(key.clone()));
        edit.tallies.iter().for_each(|(key, deltas)| batch.hot_tally(key.clone(), *deltas));
        batch.appends.extend(edit.appends.iter().cloned());
        Ok(())
    };
    let rewritten = edit.rewrites.iter().map(|rewrite| KeyUse::write(rewrite.key.clone()));
    let keys = std::iter::once(KeyUse::write(key.clone())).chain(rewritten).collect();
    let Ok(version) = write(inner, engine, keys, replace).await? else {
        return Err(if inner.shared.is_some() { being_updated(&old.name) } else { torn() });
    };
    let keeps_log = change_log::is_to_be_kept(&table.definition);
    inner.update(engine, |tables| {
        if tables.count_own(version) {
            table.log.set(&table.definition.log.open);
            tables.publish(table.clone(), version);
        }
    });
    if keeps_log {
        inner.work.start(Work::KeepLog { table_id: old.table_id });
    }
    if let Some(work) = edit.work {
        inner.work.start(work);
    }
    Ok(table)
}

/// Deletes a row, and withdraws its table or remains, unless a later change is known by then.
pub(super) async fn forget(
    inner: &Inner,
    engine: &dyn Engine,
    _guard: ChangeGuard,
    row: Key,
    withdraw: impl FnOnce(&mut Tables, u64),
) -> Result<(), Exception> {
    let version = exchange(inner, engine, row, None).await?;
    inner.update(engine, |tables| {
        if tables.count_own(version) {
            withdraw(tables, version);
        }
    });
    Ok(())
}

/// Deletes a row and puts another one instead; returns the catalog's version after it.
pub(super) async fn exchange(
    inner: &Inner,
    engine: &dyn Engine,
    old: Key,
    new: Option<(Key, Bytes)>,
) -> Result<u64, Exception> {
    let exchange = |_: &Reads, batch: &mut Batch| {
        batch.delete(old.clone());
        new.iter().for_each(|(key, row)| batch.put(key.clone(), row.clone()));
        Ok(())
    };
    write(inner, engine, vec![KeyUse::write(old.clone())], exchange).await?.map_err(|Behind| torn())
}

/// Writes, and returns the catalog's version after it, which stays 0 where there is one node.
pub(super) async fn write(
    inner: &Inner,
    engine: &dyn Engine,
    mut keys: Vec<KeyUse>,
    mut change: impl FnMut(&Reads, &mut Batch) -> Result<(), Behind> + Send,
) -> Result<Result<u64, Behind>, Exception> {
    if inner.shared.is_none() {
        let done = engine.write(Mode::Plain, &keys, change).await.map_err(write_failure)?;
        return Ok(done.map(|()| 0));
    }
    // In the batch of the change itself: a node that knows this version knows the change, and each before it.
    keys.push(KeyUse::write(rows::catalog_version()));
    let mut is_damaged = false;
    let counted = |reads: &Reads, batch: &mut Batch| {
        change(reads, batch)?;
        // An unreadable version must not restart at 0: nodes would take later changes for ones that they know.
        let before = reads.values.last().and_then(Option::as_deref).map_or(Some(0), read_number);
        is_damaged = before.is_none();
        let version = before.ok_or(Behind)?.saturating_add(1);
        batch.put(rows::catalog_version(), version.to_be_bytes().to_vec());
        Ok(version)
    };
    let counted = engine.write(Mode::Plain, &keys, counted).await.map_err(write_failure)?;
    if is_damaged { Err(Exception::internal("the version of the catalog cannot be read")) } else { Ok(counted) }
}

fn torn() -> Exception {
    Exception::internal("the stored catalog is not the one that was read")
}

pub(super) fn read_number(row: &[u8]) -> Option<u64> {
    row.try_into().ok().map(u64::from_be_bytes)
}
