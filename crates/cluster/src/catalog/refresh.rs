//! Reading the changes of other nodes.
//!
//! One row counts the changes of the catalog. A node that knows a lower version reads all definitions again, from one
//! snapshot, and publishes those that differ. A node publishes its own change at once, even if it does not know earlier
//! ones yet.

use std::collections::HashMap;
use std::sync::Arc;

use api::Exception;
use storage::{Consistency, Engine, StorageError, View};
use tables::catalog_rows;
use tables::failure::OpenError;
use tables::key_range;
use tables::rows;
use tables::{Definition, Table};

use super::remains::Remains;
use super::{Catalog, Inner, Tables, Work, change};

/// The stored catalog at one moment.
struct Stored {
    version: u64,
    next_id: u64,
    definitions: Vec<Definition>,
    remains: Vec<Definition>,
}

impl Catalog {
    /// Reads the changes that other nodes have made until now. Does nothing with a single node.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn refresh(&self) -> Result<(), Exception> {
        let Some(engine) = &self.inner.shared else { return Ok(()) };
        self.refresh_from(engine.as_ref()).await.map_err(|error| Exception::internal(error.to_string()))
    }

    /// As [`Catalog::refresh`], through an engine of the caller's choice.
    ///
    /// # Errors
    /// The engine's failure, or a definition that this program cannot read.
    pub async fn refresh_from(&self, engine: &dyn Engine) -> Result<(), OpenError> {
        let stored = engine.get(&rows::catalog_version(), Consistency::Strong).await?;
        let stored = version(stored.as_deref())?;
        while self.inner.tables.read().applied < stored {
            self.inner.read_all(engine).await?;
        }
        Ok(())
    }

    /// The version of the newest change that is known here.
    pub fn version(&self) -> u64 {
        self.inner.tables.read().newest
    }

    /// The version up to which all changes are known here.
    pub fn applied(&self) -> u64 {
        self.inner.tables.read().applied
    }

    /// The newest version such that no request on this node uses a definition from before it.
    pub fn settled(&self) -> u64 {
        let mut tables = self.inner.tables.write();
        tables.forget_unused();
        let used = tables.replaced.iter().map(|old| old.version.saturating_sub(1));
        used.min().map_or(tables.applied, |used| used.min(tables.applied))
    }
}

impl Inner {
    pub(super) async fn read_all(&self, engine: &dyn Engine) -> Result<(), OpenError> {
        let stored = Stored::read(engine).await?;
        let TakenOver { work, rekeyed } = self.update(engine, |tables| tables.take_over(stored))?;
        // After the update: the rows of these keys are stored by now, so what is read from here on agrees with the definitions.
        self.rekeyed.get().iter().for_each(|forget| rekeyed.iter().for_each(|table_id| forget(*table_id)));
        work.into_iter().for_each(|work| self.work.start(work));
        Ok(())
    }
}

/// The consequences of changes of other nodes.
#[derive(Default)]
struct TakenOver {
    work: Vec<Work>,
    /// Tables with another key than before.
    rekeyed: Vec<u64>,
}

impl Tables {
    /// Publishes the tables that differ, and returns the consequences.
    ///
    /// # Errors
    /// If a definition makes no table; then nothing is published.
    fn take_over(&mut self, stored: Stored) -> Result<TakenOver, OpenError> {
        // An older snapshot may lack a change that this node has published since: applying it would undo that change here.
        if stored.version < self.newest {
            return Ok(TakenOver::default());
        }
        let malformed = |error: Exception| OpenError::Malformed(error.cause());
        let regions = self.accounts.values().flat_map(std::collections::BTreeMap::values);
        let mut known: HashMap<u64, Arc<Table>> =
            regions.flat_map(std::collections::BTreeMap::values).map(|table| (table.id(), table.clone())).collect();
        let TakenOver { mut work, mut rekeyed } = TakenOver::default();
        let mut changed = Vec::new();
        for definition in stored.definitions {
            let old = known.remove(&definition.table_id);
            let log = old.as_ref().map(|table| table.log.clone());
            let old = old.as_ref().map(|table| &table.definition);
            if old == Some(&definition) {
                continue;
            }
            if old.is_some_and(|old| old.encryption != definition.encryption) {
                rekeyed.push(definition.table_id);
            }
            let begun = old.map(Work::left_by).unwrap_or_default();
            work.extend(Work::left_by(&definition).into_iter().filter(|work| !begun.contains(work)));
            let table = Table::new(definition).map_err(malformed)?;
            changed.push(match log {
                Some(log) => Table { log, ..table },
                None => table,
            });
        }
        let remains = Remains::of(stored.remains).map_err(malformed)?;
        // Deleted tables are withdrawn first: new ones may have their names.
        for gone in known.values() {
            self.withdraw(gone, stored.version);
        }
        for table in changed {
            table.log.set(&table.definition.log.open);
            self.publish(Arc::new(table), stored.version);
        }
        self.remains = remains;
        self.next_id = stored.next_id;
        self.newest = stored.version;
        self.applied = stored.version;
        Ok(TakenOver { work, rekeyed })
    }

    /// Counts this node's own change, stored as `version`. False if a refresh has applied it already, with later changes.
    pub(super) fn count_own(&mut self, version: u64) -> bool {
        // Publishing it again would replace a later definition. `applied` moves only without a gap: it says that each earlier
        // change is known.
        if version > 0 && version <= self.applied {
            return false;
        }
        if version == self.applied + 1 {
            self.applied = version;
        }
        true
    }
}

impl Stored {
    async fn read(engine: &dyn Engine) -> Result<Stored, OpenError> {
        let view = engine.view(Consistency::Strong).await?;
        let single = view.get_many(&[rows::catalog_version(), rows::next_table_id()]).await?;
        let next_id = single[1].as_deref().map_or(Some(rows::TABLE_ID_FIRST), change::read_number);
        let next_id =
            next_id.ok_or_else(|| OpenError::Malformed("the id of the next table cannot be read".to_owned()))?;
        let remains = definitions(view.as_ref(), &rows::remains_prefix()).await?;
        let definitions = definitions(view.as_ref(), &rows::definitions_prefix()).await?;
        Ok(Stored { version: version(single[0].as_deref())?, next_id, definitions, remains })
    }
}

fn version(row: Option<&[u8]>) -> Result<u64, StorageError> {
    let version = row.map_or(Some(0), change::read_number);
    version.ok_or_else(|| StorageError::Corrupt("the version of the catalog cannot be read".to_owned()))
}

async fn definitions(view: &dyn View, prefix: &[u8]) -> Result<Vec<Definition>, OpenError> {
    let rows = catalog_rows::pages(view, key_range::of_prefix(prefix)).rows().await?;
    rows.iter().map(|row| Definition::read(&row.value)).collect()
}
