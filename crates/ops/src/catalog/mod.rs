//! The catalog: which tables there are, and what they are.
//!
//! A table's definition is a row; in memory it is an immutable [`Table`] that operations share. A change of a table
//! (one at a time in the whole catalog, `change.rs`) writes the row and then publishes a new [`Table`]. Where it
//! matters that every writer knows the new one, background work (`work.rs`) waits until nobody holds an older one.

mod build_index;
mod change;
mod definition;
mod describe;
mod name;
mod schema;
mod settings;
mod table;
pub(crate) mod throughput;
mod work;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use api::Exception;
use auth::Caller;
use parking_lot::RwLock;
use storage::{Engine, Family, ScanDirection, ScanRange, StorageError};

pub(crate) use change::{ChangeGuard, Edit};
pub(crate) use definition::*;
pub(crate) use describe::{Shown, key_schema, stream_view, timestamp};
pub(crate) use name::{NameUse, TableArn, table_name};
pub(crate) use schema::{NewIndex, NewSchema, attribute_definitions, check_index_count, check_projections, invalid};
pub(crate) use settings::{check_resource_policy, check_tags, encryption, new_stream};
pub(crate) use table::{Index, IndexKind, Table};
pub(crate) use throughput::{IndexThroughput, TableThroughput};
pub(crate) use work::Work;

use crate::key_range;
use crate::rows;
use crate::service::OpenError;

/// How often waiting work looks whether older tables are still in use.
const SETTLE_INTERVAL: Duration = Duration::from_millis(1);

/// Every table of every account and region.
pub(crate) struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    tables: RwLock<Tables>,
    /// Whoever holds it changes the catalog; it keeps the id of the next table.
    change: Arc<tokio::sync::Mutex<u64>>,
    work: work::Queue,
}

#[derive(Default)]
struct Tables {
    /// By account, region and name.
    accounts: BTreeMap<String, BTreeMap<String, Region>>,
    /// Tables that a newer one has replaced, by id, for as long as somebody uses them.
    replaced: HashMap<u64, Vec<Weak<Table>>>,
}

type Region = BTreeMap<String, Arc<Table>>;

impl Tables {
    fn region(&self, account: &str, region: &str) -> Option<&Region> {
        self.accounts.get(account)?.get(region)
    }

    fn by_id(&self, table_id: u64) -> Option<&Arc<Table>> {
        let regions = self.accounts.values().flat_map(BTreeMap::values);
        regions.flat_map(BTreeMap::values).find(|table| table.id() == table_id)
    }

    fn publish(&mut self, table: Arc<Table>) {
        let definition = &table.definition;
        let account = self.accounts.entry(definition.account.clone()).or_default();
        let region = account.entry(definition.region.clone()).or_default();
        if let Some(old) = region.insert(definition.name.clone(), table.clone()) {
            let replaced = self.replaced.entry(table.id()).or_default();
            replaced.retain(|old| old.strong_count() > 0);
            replaced.push(Arc::downgrade(&old));
        }
    }

    fn withdraw(&mut self, table: &Table) {
        let definition = &table.definition;
        let account = self.accounts.get_mut(&definition.account);
        if let Some(region) = account.and_then(|regions| regions.get_mut(&definition.region)) {
            region.remove(&definition.name);
        }
        self.replaced.remove(&definition.table_id);
    }
}

impl Catalog {
    /// Reads all definitions.
    ///
    /// # Errors
    /// [`OpenError`] if the engine fails or a definition is not one of this program's.
    pub(crate) async fn load(engine: &dyn Engine) -> Result<Catalog, OpenError> {
        let mut tables = Tables::default();
        let mut left = Vec::new();
        for definition in read_definitions(engine).await? {
            left.extend(Work::left_by(&definition));
            tables.publish(Arc::new(Table::new(definition)));
        }
        let next_id = match engine.get(&rows::next_table_id()).await? {
            None => rows::TABLE_ID_FIRST,
            Some(row) => change::read_table_id(&row)
                .ok_or_else(|| OpenError::Malformed("the id of the next table cannot be read".to_owned()))?,
        };
        let inner = Inner {
            tables: RwLock::new(tables),
            change: Arc::new(tokio::sync::Mutex::new(next_id)),
            work: work::Queue::new(left),
        };
        Ok(Catalog { inner: Arc::new(inner) })
    }

    /// The table that an operation on data names, by its name or its ARN.
    ///
    /// # Errors
    /// DynamoDB's refusals of a bad name and of a table that is not there, or not any more.
    pub(crate) fn table(&self, caller: &Caller, name_or_arn: &str) -> Result<Arc<Table>, Exception> {
        let name = table_name(caller, name_or_arn, NameUse::Lookup)?;
        let table = self.find(caller, name).filter(|table| table.is_usable());
        table.ok_or_else(Exception::resource_not_found)
    }

    /// The table that an operation on tables names, one that is being deleted included.
    ///
    /// # Errors
    /// As for [`Catalog::table`]; an absent table is named in the refusal.
    pub(crate) fn described(&self, caller: &Caller, name_or_arn: &str) -> Result<Arc<Table>, Exception> {
        let name = table_name(caller, name_or_arn, NameUse::Lookup)?;
        self.find(caller, name).ok_or_else(|| {
            Exception::ResourceNotFound(format!("Requested resource not found: Table: {name} not found"))
        })
    }

    /// The table that a change names.
    ///
    /// # Errors
    /// As for [`Catalog::described`], and for a table that is being deleted.
    pub(crate) fn changeable(&self, caller: &Caller, name_or_arn: &str) -> Result<Arc<Table>, Exception> {
        let table = self.described(caller, name_or_arn)?;
        if table.definition.status == TableStatus::Deleting {
            return Err(being_deleted(table.name()));
        }
        Ok(table)
    }

    pub(crate) fn find(&self, caller: &Caller, name: &str) -> Option<Arc<Table>> {
        self.inner.tables.read().region(&caller.account, &caller.region)?.get(name).cloned()
    }

    /// Up to `count` names of the caller's tables, in their order, and whether there are more.
    pub(crate) fn names(&self, caller: &Caller, after: Option<&str>, count: usize) -> (Vec<String>, bool) {
        use std::ops::Bound;
        let tables = self.inner.tables.read();
        let Some(region) = tables.region(&caller.account, &caller.region) else { return (Vec::new(), false) };
        let lower = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut names = region.range::<str, _>((lower, Bound::Unbounded)).map(|(name, _)| name.clone());
        let page: Vec<String> = names.by_ref().take(count).collect();
        (page, names.next().is_some())
    }

    /// The caller's tables by name.
    pub(crate) fn tables(&self, caller: &Caller) -> Vec<Arc<Table>> {
        let tables = self.inner.tables.read();
        let region = tables.region(&caller.account, &caller.region);
        region.map(|region| region.values().cloned().collect()).unwrap_or_default()
    }

    /// The ids of the tables of all callers that `wanted` chooses.
    pub(crate) fn table_ids(&self, wanted: impl Fn(&Definition) -> bool) -> Vec<u64> {
        let tables = self.inner.tables.read();
        let all = tables.accounts.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values);
        all.filter(|table| wanted(&table.definition)).map(|table| table.id()).collect()
    }

    pub(crate) fn by_id(&self, table_id: u64) -> Option<Arc<Table>> {
        self.inner.tables.read().by_id(table_id).cloned()
    }

    /// Waits until nobody uses a table that the published one has replaced.
    pub(crate) async fn settle(&self, table_id: u64) {
        while self.inner.in_use(table_id) {
            tokio::time::sleep(SETTLE_INTERVAL).await;
        }
    }
}

impl Inner {
    fn in_use(&self, table_id: u64) -> bool {
        let mut tables = self.tables.write();
        let Some(replaced) = tables.replaced.get_mut(&table_id) else { return false };
        replaced.retain(|old| old.strong_count() > 0);
        !replaced.is_empty()
    }
}

/// A setting whose engine a later version brings.
pub(crate) fn not_built(member: &str) -> Exception {
    Exception::validation(format!("{member} is not built yet in this version of Stator"))
}

pub(crate) fn being_deleted(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table is being deleted: {name}"
    ))
}

async fn read_definitions(engine: &dyn Engine) -> Result<Vec<Definition>, OpenError> {
    let (lower, upper) = key_range::of_prefix(&rows::definitions_prefix());
    let family = Family::Catalog;
    let direction = ScanDirection::Forward;
    let mut range = ScanRange { family, lower, upper, direction, rows_max: 1024, bytes_max: 1 << 20 };
    let view = engine.view().await?;
    let mut definitions = Vec::new();
    loop {
        let page = view.scan(&range).await?;
        for row in &page.rows {
            definitions.push(read_definition(&row.value)?);
        }
        match page.rows.last() {
            Some(last) if page.more => range.resume_after(last.key.clone()),
            _ => return Ok(definitions),
        }
    }
}

fn read_definition(row: &[u8]) -> Result<Definition, OpenError> {
    let malformed = |text: String| OpenError::Malformed(format!("a table's definition cannot be read: {text}"));
    let definition: Definition = serde_json::from_slice(row).map_err(|error| malformed(error.to_string()))?;
    match definition.undefined_key() {
        None => Ok(definition),
        Some(name) => Err(malformed(format!("table {} does not define its key {name}", definition.name))),
    }
}

/// A failure of the engine that ends background work for good: the server is stopping.
fn is_closed(error: &StorageError) -> bool {
    *error == StorageError::Closed
}

#[cfg(test)]
pub(crate) mod tests;
