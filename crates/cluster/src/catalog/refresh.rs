//! Reading the changes of other nodes.
//!
//! One row counts the changes of the catalog. A node that knows a lower version reads all definitions again, from one
//! snapshot, and publishes those that differ. A node publishes its own change at once, even if it does not know earlier
//! ones yet.
//!
//! A damaged definition takes its own table away (`unreadable.rs`), and no other: a node that knows of the damage has read the
//! catalog, and its lease goes on.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use api::Exception;
use base::Gate;
use storage::{Consistency, DamagedRow, Engine, StorageError, View};
use tables::catalog_rows;
use tables::failure::OpenError;
use tables::key_range;
use tables::rows;
use tables::{Definition, Table};

use super::remains::Remains;
use super::{Catalog, Inner, Tables, Work, change};

/// Each read of the catalog meets the same damaged rows.
static DAMAGE_LINES: LazyLock<Gate> = LazyLock::new(|| Gate::new(10, Duration::from_secs(1)));

/// The stored catalog at one moment.
struct Stored {
    version: u64,
    next_id: u64,
    definitions: Definitions,
    remains: Definitions,
}

#[derive(Default)]
struct Definitions {
    readable: Vec<Definition>,
    /// The ids of the tables with damaged ones.
    damaged: Vec<u64>,
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
        let unreadable = self
            .unreadable
            .successor(&stored.definitions.damaged, |table_id| known.get(&table_id).map(|table| &table.definition));
        for definition in stored.definitions.readable {
            let old = known.remove(&definition.table_id);
            let shared = old.as_ref().map(|table| (table.log.clone(), table.buckets.clone()));
            let old = old.as_ref().map(|table| &table.definition);
            if old == Some(&definition) {
                continue;
            }
            // Of one that was damaged before it is not known whether it has changed.
            let was_unreadable = self.unreadable.contains(definition.table_id);
            if was_unreadable || old.is_some_and(|old| old.encryption != definition.encryption) {
                rekeyed.push(definition.table_id);
            }
            let begun = old.map(Work::left_by).unwrap_or_default();
            work.extend(Work::left_by(&definition).into_iter().filter(|work| !begun.contains(work)));
            let table = Table::new(definition).map_err(malformed)?;
            changed.push(match shared {
                Some((log, buckets)) => Table { log, buckets, ..table },
                None => table,
            });
        }
        let mut remains = Remains::of(stored.remains.readable).map_err(malformed)?;
        remains.retain(&stored.remains.damaged, &self.remains);
        // Deleted tables are withdrawn first: new ones may have their names. Those with damaged definitions are withdrawn as well.
        for gone in known.values() {
            self.withdraw(gone, stored.version);
        }
        for table in changed {
            table.log.set(&table.definition.log.open);
            self.publish(Arc::new(table), stored.version);
        }
        (self.remains, self.unreadable) = (remains, unreadable);
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

async fn definitions(view: &dyn View, prefix: &[u8]) -> Result<Definitions, OpenError> {
    let (rows, damaged) = catalog_rows::read_with_damaged(view, key_range::of_prefix(prefix)).await?;
    let readable =
        rows.iter().map(|row| Definition::read_at(&row.key[prefix.len()..], &row.value)).collect::<Result<_, _>>()?;
    let damaged = damaged.iter().map(|row| damaged_id(row, prefix)).collect::<Result<_, _>>()?;
    Ok(Definitions { readable, damaged })
}

/// Logs a damaged row of a definition, and returns its table.
fn damaged_id(row: &DamagedRow, prefix: &[u8]) -> Result<u64, StorageError> {
    let table_id = row.key.as_deref().and_then(|key| key.strip_prefix(prefix)).and_then(change::read_number);
    // A table that is not named may be any of those that are not among the others.
    let Some(table_id) = table_id else { return Err(StorageError::Corrupt(row.what.clone())) };
    if let Some(held_back) = DAMAGE_LINES.pass() {
        let table = format!("#{table_id}");
        log::error!(
            event = "row_damaged", table = table.as_str(), held_back = held_back;
            "the definition of table {table_id} is damaged, and the table cannot be used: {}", row.what
        );
    }
    Ok(table_id)
}
