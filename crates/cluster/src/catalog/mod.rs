//! The catalog: the tables of all accounts and regions.
//!
//! A table's definition is a row; in memory it is an immutable [`Table`] that operations share. A change of a table
//! (one at a time in the whole catalog, `change.rs`) writes the row and then publishes a new [`Table`]. Before it relies on
//! every writer using the new one, background work (`table_work`) waits until no request holds an older one.
//!
//! Where other nodes change the same rows, every change counts up the catalog's version, and each node reads the changes
//! that it does not know (`refresh.rs`).

mod change;
mod quota;
mod refresh;
mod remains;
mod units;
mod unreadable;
mod work;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use api::Exception;
use auth::Caller;
use parking_lot::RwLock;
use storage::{Engine, StorageError};
use tokio::sync::mpsc::UnboundedReceiver;

pub use change::{ChangeGuard, Edit, Rewrite};
pub use quota::Quotas;
pub use work::{Interrupted, Work};

use tables::failure::OpenError;
use tables::{
    Backup, Definition, NameUse, Place, Table, TableStatus, being_created, being_deleted, being_updated, not_found,
    table_place,
};

/// How often `settle` checks whether older definitions are still in use.
const SETTLE_INTERVAL: Duration = Duration::from_millis(1);

/// Every table of every account and region.
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    tables: RwLock<Tables>,
    /// Its holder alone may change the catalog.
    change: Arc<tokio::sync::Mutex<()>>,
    work: work::Queue,
    /// Where other nodes change the catalog as well: the engine to read it from.
    shared: Option<Arc<dyn Engine>>,
    /// Called for each table with an encryption key that another node has changed.
    rekeyed: OnceLock<Box<dyn Fn(u64) + Send + Sync>>,
}

#[derive(Default)]
struct Tables {
    /// By account, region and name.
    accounts: BTreeMap<String, BTreeMap<String, Region>>,
    /// The tables with damaged definitions. They are in none of the above.
    unreadable: unreadable::Unreadable,
    remains: remains::Remains,
    /// The memory of the published tables.
    bytes: usize,
    /// Replaced and deleted tables that requests still use.
    replaced: Vec<Replaced>,
    next_id: u64,
    /// The version of the stored catalog up to which all changes are known here. Stays 0 with a single node.
    applied: u64,
    /// The number of tables that were published or withdrawn.
    changes: u64,
    /// All tables by their ids, with the value of `changes` when each was published last.
    published: HashMap<u64, (u64, Arc<Table>)>,
    /// The version of the newest change that is known here: this node's own, perhaps without those before it, or `applied`.
    newest: u64,
}

struct Replaced {
    table_id: u64,
    /// The catalog's version that replaced or deleted it.
    version: u64,
    table: Weak<Table>,
}

type Region = BTreeMap<String, Arc<Table>>;

impl Tables {
    fn region(&self, account: &str, region: &str) -> Option<&Region> {
        self.accounts.get(account)?.get(region)
    }

    fn by_id(&self, table_id: u64) -> Option<&Arc<Table>> {
        self.published.get(&table_id).map(|(_, table)| table)
    }

    fn publish(&mut self, table: Arc<Table>, version: u64) {
        self.changes += 1;
        self.published.insert(table.id(), (self.changes, Arc::clone(&table)));
        let definition = &table.definition;
        let account = self.accounts.entry(definition.account.clone()).or_default();
        let region = account.entry(definition.region.clone()).or_default();
        self.bytes += table.held_bytes;
        if let Some(old) = region.insert(definition.name.clone(), table) {
            self.bytes -= old.held_bytes;
            self.note_replaced(&old, version);
        }
        self.newest = self.newest.max(version);
    }

    fn withdraw(&mut self, table: &Arc<Table>, version: u64) {
        self.changes += 1;
        self.published.remove(&table.id());
        self.remove(table);
        self.note_replaced(table, version);
        self.newest = self.newest.max(version);
    }

    /// Removes the empty maps of its region and account as well: with `--isolate` callers choose those names, without bound.
    fn remove(&mut self, table: &Table) {
        let definition = &table.definition;
        let Some(account) = self.accounts.get_mut(&definition.account) else { return };
        let Some(region) = account.get_mut(&definition.region) else { return };
        if region.get(&definition.name).is_none_or(|named| named.id() != table.id()) {
            return;
        }
        if let Some(removed) = region.remove(&definition.name) {
            self.bytes -= removed.held_bytes;
        }
        if region.is_empty() {
            account.remove(&definition.region);
        }
        if account.is_empty() {
            self.accounts.remove(&definition.account);
        }
    }

    fn note_replaced(&mut self, old: &Arc<Table>, version: u64) {
        self.forget_unused();
        self.replaced.push(Replaced { table_id: old.id(), version, table: Arc::downgrade(old) });
    }

    fn forget_unused(&mut self) {
        self.replaced.retain(|old| old.table.strong_count() > 0);
    }
}

impl Catalog {
    /// Reads all definitions. `shared`: other nodes change them, too.
    ///
    /// # Errors
    /// [`OpenError`] if the engine fails or a definition has no format that this program reads.
    pub async fn load(engine: &Arc<dyn Engine>, shared: bool) -> Result<Catalog, OpenError> {
        let inner = Inner {
            tables: RwLock::default(),
            change: Arc::default(),
            work: work::Queue::new(),
            shared: shared.then(|| engine.clone()),
            rekeyed: OnceLock::new(),
        };
        inner.read_all(engine.as_ref()).await?;
        Ok(Catalog { inner: Arc::new(inner) })
    }

    /// The table that an operation on data names, by its name or its ARN. One that is not known here may be new on
    /// another node.
    ///
    /// # Errors
    /// DynamoDB's refusals of a bad name and of a table that does not exist, or not any more.
    pub async fn table(&self, caller: &Caller, name_or_arn: &str) -> Result<Arc<Table>, Exception> {
        let place = table_place(caller, name_or_arn, NameUse::Lookup)?;
        let usable = || self.lookup(place).map(|table| table.filter(|table| table.is_usable()));
        if let Some(table) = usable()? {
            return Ok(table);
        }
        self.refresh().await?;
        if let Some(table) = usable()? {
            return Ok(table);
        }
        // A replica that is being filled is named in the refusal. Source: captures.
        match self.lookup(place)?.is_some_and(|table| table.definition.is_being_replicated()) {
            true => Err(not_found(place.name)),
            false => Err(Exception::resource_not_found()),
        }
    }

    /// The table that an operation on tables names, one that is being deleted included. A replica that is being filled answers
    /// DescribeTable alone ([`Catalog::known`]). Source: captures.
    ///
    /// # Errors
    /// As for [`Catalog::table`]; an absent table is named in the refusal.
    pub fn described(&self, caller: &Caller, name_or_arn: &str) -> Result<Arc<Table>, Exception> {
        let table = self.known(caller, name_or_arn)?;
        match table.definition.is_being_replicated() {
            true => Err(not_found(table.name())),
            false => Ok(table),
        }
    }

    /// As [`Catalog::described`], a replica that is being filled included.
    ///
    /// # Errors
    /// As for [`Catalog::described`].
    pub fn known(&self, caller: &Caller, name_or_arn: &str) -> Result<Arc<Table>, Exception> {
        let place = table_place(caller, name_or_arn, NameUse::Lookup)?;
        self.lookup(place)?.ok_or_else(|| not_found(place.name))
    }

    /// The table that a change names.
    ///
    /// # Errors
    /// As for [`Catalog::described`], and for a table that is being deleted.
    pub fn changeable(&self, caller: &Caller, name_or_arn: &str) -> Result<Arc<Table>, Exception> {
        let table = self.described(caller, name_or_arn)?;
        match table.definition.status {
            TableStatus::Deleting => Err(being_deleted(table.name())),
            // A table that is being imported, and one that is being restored. Source: captures.
            TableStatus::Creating if table.definition.restore.is_none() => Err(being_created(table.name())),
            TableStatus::Creating => Err(not_found(table.name())),
            TableStatus::Updating if table.definition.busy_until_ms.is_some() => Err(being_updated(table.name())),
            TableStatus::Active | TableStatus::Updating | TableStatus::Backup => Ok(table),
        }
    }

    /// The table that an operation names, as [`Catalog::find`].
    ///
    /// # Errors
    /// If there is none, and a table with a damaged definition has the name, or may have it: then it is not free either.
    pub fn lookup(&self, place: Place<'_>) -> Result<Option<Arc<Table>>, Exception> {
        // One lock for both: a refresh moves a table from one to the other.
        let tables = self.inner.tables.read();
        let found = tables.region(place.account, place.region).and_then(|region| region.get(place.name)).cloned();
        match found {
            None => tables.unreadable.check(place).map(|()| None),
            found => Ok(found),
        }
    }

    pub fn find(&self, place: Place<'_>) -> Option<Arc<Table>> {
        self.inner.tables.read().region(place.account, place.region)?.get(place.name).cloned()
    }

    /// Up to `count` names of the caller's tables, in their order, and whether there are more.
    pub fn names(&self, caller: &Caller, after: Option<&str>, count: usize) -> (Vec<String>, bool) {
        use std::ops::Bound;
        let tables = self.inner.tables.read();
        let Some(region) = tables.region(&caller.account, &caller.region) else { return (Vec::new(), false) };
        let lower = after.map_or(Bound::Unbounded, Bound::Excluded);
        let named = region.range::<str, _>((lower, Bound::Unbounded)).filter(|(_, table)| table.definition.is_table());
        let mut names = named.map(|(name, _)| name.clone());
        let page: Vec<String> = names.by_ref().take(count).collect();
        (page, names.next().is_some())
    }

    /// The caller's tables by name.
    pub fn tables(&self, caller: &Caller) -> Vec<Arc<Table>> {
        let tables = self.inner.tables.read();
        let region = tables.region(&caller.account, &caller.region);
        let tables = region.map(|region| region.values().filter(|table| table.definition.is_table()));
        tables.map(|tables| tables.cloned().collect()).unwrap_or_default()
    }

    /// The backups in the caller's account and region, those that are being deleted left out; by the names of their tables, of
    /// one table in the order of their ids.
    pub fn backups(&self, caller: &Caller) -> Vec<Arc<Table>> {
        let tables = self.inner.tables.read();
        let Some(region) = tables.region(&caller.account, &caller.region) else { return Vec::new() };
        let is_listed = |table: &&Arc<Table>| table.definition.backup.as_ref().is_some_and(Backup::is_listed);
        let backups = region.values().filter(|table| table.definition.status == TableStatus::Backup);
        backups.filter(is_listed).cloned().collect()
    }

    /// Starts work that follows from a definition which was just created.
    pub fn start(&self, work: Work) {
        self.inner.work.start(work);
    }

    /// The ids of the tables of all callers that `wanted` chooses.
    pub fn table_ids(&self, wanted: impl Fn(&Definition) -> bool) -> Vec<u64> {
        let tables = self.inner.tables.read();
        let all = tables.accounts.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values);
        all.filter(|table| wanted(&table.definition)).map(|table| table.id()).collect()
    }

    /// As [`Catalog::table_ids`], by account.
    pub fn table_ids_by_account(&self, wanted: impl Fn(&Definition) -> bool) -> BTreeMap<String, Vec<u64>> {
        let tables = self.inner.tables.read();
        let mut by_account = BTreeMap::<String, Vec<u64>>::new();
        for table in tables.accounts.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values) {
            if wanted(&table.definition) {
                by_account.entry(table.definition.account.clone()).or_default().push(table.id());
            }
        }
        by_account
    }

    /// The epoch of the definitions: changes whenever any of them changes.
    pub fn changes(&self) -> u64 {
        self.inner.tables.read().changes
    }

    pub fn by_id(&self, table_id: u64) -> Option<Arc<Table>> {
        self.inner.tables.read().by_id(table_id).cloned()
    }

    /// Whether there is a table with this id whose definition is damaged.
    pub fn is_damaged(&self, table_id: u64) -> bool {
        self.inner.tables.read().unreadable.contains(table_id)
    }

    /// Sets the callback for tables with an encryption key that another node has changed. Set once; a later call is ignored.
    pub fn on_rekeyed(&self, rekeyed: impl Fn(u64) + Send + Sync + 'static) {
        let _ = self.inner.rekeyed.set(Box::new(rekeyed));
    }

    /// The receiver of the work that changes start; the first call gets it.
    pub fn take_work(&self) -> Option<UnboundedReceiver<Work>> {
        self.inner.work.take()
    }

    /// Waits until no request uses a definition that the published one has replaced.
    pub async fn settle(&self, table_id: u64) {
        while self.inner.in_use(table_id) {
            tokio::time::sleep(SETTLE_INTERVAL).await;
        }
    }
}

impl Inner {
    /// Publishes a change, and gives the engine the new count of memory for its limit.
    fn update<T>(&self, engine: &dyn Engine, change: impl FnOnce(&mut Tables) -> T) -> T {
        // One lock for the change and its count: readers see a change whole, and the engine's count follows the last change.
        let mut tables = self.tables.write();
        let done = change(&mut tables);
        if let Some(room) = engine.room() {
            room.count_decoded(tables.bytes + tables.remains.bytes());
        }
        done
    }

    fn in_use(&self, table_id: u64) -> bool {
        let mut tables = self.tables.write();
        tables.forget_unused();
        tables.replaced.iter().any(|old| old.table_id == table_id)
    }
}

/// A failure of the engine that ends background work: the server is stopping.
fn is_closed(error: &StorageError) -> bool {
    *error == StorageError::Closed
}
