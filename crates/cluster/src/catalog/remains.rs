//! The definitions of deleted tables with readable streams, reduced to what streams need. Each is a row of another kind, so
//! that the table's name is free. The shards and records stay in place until the last stream has expired.
//!
//! The number of such tables is bounded. Beyond it those of the account and region that take most are dropped first, the
//! oldest before the others, so that an account that creates and deletes tables ends its own streams early.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use api::Exception;
use auth::Caller;
use storage::Engine;
use tables::rows;
use tables::{Definition, Place, Table};

use super::change::{self, ChangeGuard};
use super::{Catalog, Inner, Quotas, Tables};

/// Above a bound, this fraction of it is dropped at once, so that not every deletion has to drop another table.
const SLACK_PART: usize = 64;

/// The remains of deleted tables, by their ids.
#[derive(Default)]
pub(super) struct Remains {
    tables: BTreeMap<u64, Arc<Table>>,
    /// Their memory.
    bytes: usize,
}

/// The remains of one account and region, the oldest first.
#[derive(Default)]
struct Space<'a> {
    bytes: usize,
    tables: VecDeque<&'a Arc<Table>>,
}

impl Remains {
    /// # Errors
    /// If a definition makes no table.
    pub(super) fn of(definitions: Vec<Definition>) -> Result<Remains, Exception> {
        let mut remains = Remains::default();
        for definition in definitions {
            remains.insert(cut(definition)?);
        }
        Ok(remains)
    }

    /// Adds those of the tables with these ids that were known before: streams of deleted tables do not change.
    pub(super) fn retain(&mut self, table_ids: &[u64], before: &Remains) {
        table_ids
            .iter()
            .filter_map(|table_id| before.tables.get(table_id))
            .for_each(|table| self.insert(table.clone()));
    }

    fn insert(&mut self, table: Arc<Table>) {
        self.remove(table.id());
        self.bytes += table.held_bytes;
        self.tables.insert(table.id(), table);
    }

    fn remove(&mut self, table_id: u64) {
        self.bytes -= self.tables.remove(&table_id).map_or(0, |removed| removed.held_bytes);
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The tables to drop if there are too many.
    fn excess(&self, quotas: &Quotas) -> Vec<Arc<Table>> {
        let (count_max, bytes_max) = (quotas.dropped_tables_max, quotas.dropped_tables_bytes_max);
        let (mut count, mut bytes) = (self.tables.len(), self.bytes);
        if count <= count_max && bytes <= bytes_max {
            return Vec::new();
        }
        let mut spaces: HashMap<(&str, &str), Space<'_>> = HashMap::new();
        for table in self.tables.values() {
            let Place { account, region, .. } = table.definition.place();
            let space = spaces.entry((account, region)).or_default();
            space.bytes += table.held_bytes;
            space.tables.push_back(table);
        }
        let mut excess = Vec::new();
        while count > count_max - count_max / SLACK_PART || bytes > bytes_max - bytes_max / SLACK_PART {
            let Some(largest) = spaces.values_mut().max_by_key(|space| space.bytes) else { break };
            let Some(oldest) = largest.tables.pop_front() else { break };
            largest.bytes -= oldest.held_bytes;
            count -= 1;
            bytes -= oldest.held_bytes;
            excess.push(Arc::clone(oldest));
        }
        excess
    }
}

impl Catalog {
    /// The remains of the caller's deleted tables; the oldest first.
    pub fn remains(&self, caller: &Caller) -> Vec<Arc<Table>> {
        self.remains_where(|of| of.account == caller.account && of.region == caller.region)
    }

    /// The remains of the deleted tables of one account, region and name; the oldest first.
    pub fn remains_at(&self, place: Place<'_>) -> Vec<Arc<Table>> {
        self.remains_where(|of| of.account == place.account && of.region == place.region && of.name == place.name)
    }

    fn remains_where(&self, is_asked: impl Fn(&Definition) -> bool) -> Vec<Arc<Table>> {
        let tables = self.inner.tables.read();
        tables.remains.iter().filter(|table| is_asked(&table.definition)).cloned().collect()
    }

    /// The account of a table, or of its remains.
    pub fn account_of(&self, table_id: u64) -> Option<String> {
        Some(self.with_remains(table_id)?.definition.account.clone())
    }

    /// A table, or its remains.
    pub fn with_remains(&self, table_id: u64) -> Option<Arc<Table>> {
        let tables = self.inner.tables.read();
        tables.by_id(table_id).or_else(|| tables.remains.tables.get(&table_id)).cloned()
    }

    /// The remains of the deleted tables of all accounts.
    pub fn all_remains(&self) -> Vec<Arc<Table>> {
        self.inner.tables.read().remains.iter().cloned().collect()
    }

    /// The remains to drop early, because there are too many.
    pub fn excess_remains(&self, quotas: &Quotas) -> Vec<Arc<Table>> {
        self.inner.tables.read().remains.excess(quotas)
    }

    /// Replaces a table by its remains: the definition as it is from now on.
    ///
    /// # Errors
    /// The engine's failure; the table then is still there.
    pub async fn leave_remains(&self, engine: &Arc<dyn Engine>, definition: Definition) -> Result<(), Exception> {
        let guard = self.lock().await?;
        let (inner, engine) = (self.inner.clone(), engine.clone());
        change::finish(tokio::spawn(async move { leave(&inner, engine.as_ref(), guard, definition).await })).await
    }

    /// Deletes the remains of a table without rows.
    ///
    /// # Errors
    /// The engine's failure; they then are still there.
    pub async fn forget_remains(&self, engine: &Arc<dyn Engine>, table_id: u64) -> Result<(), Exception> {
        let guard = self.lock().await?;
        let (inner, engine) = (self.inner.clone(), engine.clone());
        let withdraw = move |tables: &mut Tables, version| {
            tables.remains.remove(table_id);
            tables.newest = tables.newest.max(version);
        };
        // In a task of its own: a caller that is dropped between the row and the change in memory would leave remains without a row.
        let row = rows::remains(table_id);
        change::finish(tokio::spawn(async move { change::forget(&inner, engine.as_ref(), guard, row, withdraw).await }))
            .await
    }
}

/// A table reduced to what streams need.
fn cut(definition: Definition) -> Result<Arc<Table>, Exception> {
    Table::new(definition.cut_to_streams()).map(Arc::new)
}

async fn leave(
    inner: &Inner,
    engine: &dyn Engine,
    _guard: ChangeGuard,
    definition: Definition,
) -> Result<(), Exception> {
    // Table and remains are exchanged in one batch and under one lock: at any time one of them has the streams.
    let table_id = definition.table_id;
    let put = (rows::remains(table_id), definition.encode()?.into());
    let table_cut = cut(definition)?;
    let version = change::exchange(inner, engine, rows::definition(table_id), Some(put)).await?;
    inner.update(engine, |tables| {
        if tables.count_own(version)
            && let Some(table) = tables.by_id(table_id).cloned()
        {
            tables.withdraw(&table, version);
            tables.remains.insert(table_cut);
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use tables::fixture;
    use tables::{AttachedPolicy, Stream, StreamView};

    use super::*;

    fn stream(policy_bytes: usize) -> Stream {
        let document = "x".repeat(policy_bytes);
        Stream {
            label: "2026-01-01T00:00:00.000".to_owned(),
            view: StreamView::KeysOnly,
            enabled: false,
            created_ms: 0,
            disabled_ms: Some(1),
            first_shard: 0,
            end_shard: None,
            policy: Some(AttachedPolicy { document, revision: "1".to_owned(), principals: None }),
            unknown: Default::default(),
        }
    }

    fn dropped(table_id: u64, account: &str, policy_bytes: usize) -> Definition {
        let (account, stream) = (account.to_owned(), Some(stream(policy_bytes)));
        Definition { table_id, account, stream, ..fixture::definition() }
    }

    fn cut_dropped(table_id: u64, account: &str, policy_bytes: usize) -> Arc<Table> {
        cut(dropped(table_id, account, policy_bytes)).unwrap()
    }

    fn excess(remains: &Remains, count: usize, bytes: usize) -> Vec<u64> {
        let quotas = Quotas { dropped_tables_max: count, dropped_tables_bytes_max: bytes, ..Quotas::default() };
        remains.excess(&quotas).iter().map(|table| table.id()).collect()
    }

    #[test]
    fn the_oldest_of_the_largest_space_is_dropped_first() {
        let mut remains = Remains::default();
        remains.insert(cut_dropped(1, "few", 10));
        (2..=6).for_each(|id| remains.insert(cut_dropped(id, "many", 10)));
        assert!(excess(&remains, 6, usize::MAX).is_empty());
        assert_eq!(excess(&remains, 4, usize::MAX), [2, 3]);
        assert_eq!(excess(&remains, 0, usize::MAX).len(), 6);
        assert_eq!(excess(&remains, 64, remains.bytes - 1), [2]);
        assert!(excess(&remains, 64, remains.bytes).is_empty());
    }

    #[test]
    fn policies_of_streams_count_with_their_size() {
        let mut remains = Remains::default();
        remains.insert(cut_dropped(1, "large", 20_000));
        (2..=6).for_each(|id| remains.insert(cut_dropped(id, "small", 10)));
        assert_eq!(excess(&remains, 64, 100_000), [1]);
    }

    #[test]
    fn what_is_counted_is_what_is_there() {
        let mut remains = Remains::default();
        (1..=3).for_each(|id| remains.insert(cut_dropped(id, "a", 10)));
        let bytes = remains.bytes;
        remains.insert(cut_dropped(2, "a", 10));
        assert_eq!((remains.tables.len(), remains.bytes), (3, bytes));
        (0..=3).for_each(|id| remains.remove(id));
        assert_eq!((remains.tables.len(), remains.bytes), (0, 0));
    }

    /// Rows of older programs, with whole definitions, are reduced when they are read.
    #[test]
    fn only_what_streams_need_is_held() {
        let mut remains = Remains::default();
        let tags = (0..50).map(|tag| (format!("tag-{tag}"), "x".repeat(256))).collect();
        let definition = Definition { tags, resource_policy: Some("{}".to_owned()), ..dropped(7, "a", 10) };
        let (arn, key, stream) = (definition.arn(), definition.key.clone(), definition.stream.clone());
        remains.insert(cut(definition).unwrap());
        let table = remains.iter().next().unwrap();
        let held = &table.definition;
        assert_eq!((held.arn(), &held.key, &held.stream), (arn, &key, &stream));
        let names: Vec<&str> = held.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        assert_eq!(names, ["pk", "sk"]);
        assert_eq!((held.tags.len(), held.index_names().count(), &held.resource_policy), (0, 0, &None));
        assert!(table.indexes.is_empty() && table.stream_policies.len() == 1);
    }
}
