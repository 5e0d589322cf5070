//! Names of rows: where a table's items, index rows and counters stand.
//!
//! Items and index rows are laid out as `model::codec::key` says. In the catalog family every row starts with a table
//! id as well; id 0 is no table's and keeps what belongs to the whole database:
//!
//! | row | key |
//! |---|---|
//! | the database's own settings | 0 (8) · 'D' |
//! | the next table's id | 0 (8) · 'N' |
//! | a table's definition | 0 (8) · 'T' · table id (8) |
//! | what remains of a deleted table | 0 (8) · 'R' · table id (8) |
//! | the catalog's version | 0 (8) · 'V' |
//! | a node's heartbeat | 0 (8) · 'M' · node id (16) |
//! | who does a table's background work | 0 (8) · 'W' · table id (8) |
//! | how often event source mappings were changed | 0 (8) · 'E' |
//! | an event source mapping | 0 (8) · 'E' · 'M' · id |
//! | what came of its last invocation | 0 (8) · 'E' · 'R' · id |
//! | how often identities were changed | 0 (8) · 'I' |
//! | a user, a role, an access key and so on | 0 (8) · 'I' · 'M' · id |
//! | when an access key was last used | 0 (8) · 'I' · 'R' · id |
//! | an idempotency token | 0 (8) · 'K' · kind (1) · account · 0 · region · 0 · token |
//! | where data are encrypted, what their keys are found by; the layer that encrypts keeps it | 0 (8) · 'Y' |
//! | the key of a table that has its own | 0 (8) · 'Y' · table id (8) |
//! | how far an index is built | table id (8) · 'B' · index id (4) |
//! | items of a table: count, bytes | table id (8) · 'C' |
//! | rows of an index: count, bytes | table id (8) · 'C' · index id (4) |
//! | where a follower of the table stands | table id (8) · 'F' · name · 0, as `follow::position` says |
//! | which node follows | table id (8) · 'O' · name |
//! | a shard of the table's log, as readers see it | table id (8) · 'S' · shard (4) |
//! | an item collection: count, bytes | table id (8) · 'P' · h16 (16) |
//!
//! In the log family, a shard's records stand under `table id (8) · shard (4)`, as `storage::log` says.

use std::fmt;
use std::ops::Bound;

use api::Exception;
use auth::Caller;
use bytes::Bytes;
use model::codec::key::{self, H16_SIZE, HashSecret, KeyValue};
use model::limits::{HASH_KEY_SIZE_MAX, RANGE_KEY_SIZE_MAX};
use model::{Attributes, KeyAttribute, MapRef, ValueRef};
use storage::{Family, Key, StorageError, TALLY_WIDTH, tally};

use crate::item_key::KeyProblem;
use crate::tables::{Index, IndexKind, Table};

/// Which documents. The letters stand in the keys of their rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Collection {
    EventSourceMappings = b'E',
    Identities = b'I',
}

/// The table id under which the database keeps its own rows.
const DATABASE: u64 = 0;
/// Whose owner sweeps expired items: no table has this id. A node that deletes nothing does not ask for it, so it has an owner
/// of its own.
pub(crate) const EXPIRY_WORK: u64 = u64::MAX;
/// Whose owner does the other work that belongs to no table.
pub(crate) const COMMON_WORK: u64 = DATABASE;
/// The first id of a real table.
pub(crate) const TABLE_ID_FIRST: u64 = 1;

pub(crate) fn database_settings() -> Key {
    catalog(DATABASE, b'D', &[])
}

pub(crate) fn next_table_id() -> Key {
    catalog(DATABASE, b'N', &[])
}

pub(crate) fn definition(table_id: u64) -> Key {
    catalog(DATABASE, b'T', &table_id.to_be_bytes())
}

/// The definition of a deleted table whose streams can be read.
pub(crate) fn remains(table_id: u64) -> Key {
    catalog(DATABASE, b'R', &table_id.to_be_bytes())
}

/// What the keys of all remains begin with.
pub(crate) fn remains_prefix() -> Bytes {
    catalog(DATABASE, b'R', &[]).bytes
}

/// Counts the changes of definitions, where several nodes make them.
pub(crate) fn catalog_version() -> Key {
    catalog(DATABASE, b'V', &[])
}

pub(crate) fn node(id: &[u8; 16]) -> Key {
    catalog(DATABASE, b'M', id)
}

/// What the keys of all heartbeats begin with.
pub(crate) fn nodes_prefix() -> Bytes {
    catalog(DATABASE, b'M', &[]).bytes
}

/// The key that a table's rows are encrypted with, if it has its own; not encrypted itself.
pub(crate) fn table_key(table_id: u64) -> Key {
    catalog(DATABASE, b'Y', &table_id.to_be_bytes())
}

/// Says which node does a table's background work; 0 stands for what belongs to no table.
pub(crate) fn owner(table_id: u64) -> Key {
    catalog(DATABASE, b'W', &table_id.to_be_bytes())
}

/// Counts the changes of a collection's documents.
pub(crate) fn documents_version(collection: Collection) -> Key {
    catalog(DATABASE, collection as u8, &[])
}

pub(crate) fn document(collection: Collection, id: &str) -> Key {
    catalog(DATABASE, collection as u8, &[b"M", id.as_bytes()].concat())
}

/// What the keys of all of a collection's documents begin with.
pub(crate) fn documents_prefix(collection: Collection) -> Bytes {
    document(collection, "").bytes
}

pub(crate) fn document_note(collection: Collection, id: &str) -> Key {
    catalog(DATABASE, collection as u8, &[b"R", id.as_bytes()].concat())
}

/// What the keys of all definitions begin with.
pub(crate) fn definitions_prefix() -> Bytes {
    catalog(DATABASE, b'T', &[]).bytes
}

/// Which operation a token belongs to: the two kinds never meet. 1 and 2 are those of rows without a region, which expire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    TransactWriteItems = 3,
    ExecuteTransaction = 4,
}

/// Of a caller's account in its region: the same token means another request in another region, as its tables are others.
pub(crate) fn token(kind: TokenKind, caller: &Caller, token: &str) -> Key {
    let mut rest = vec![kind as u8];
    for part in [&caller.account, &caller.region] {
        rest.extend_from_slice(part.as_bytes());
        rest.push(0);
    }
    rest.extend_from_slice(token.as_bytes());
    catalog(DATABASE, b'K', &rest)
}

/// What the keys of all tokens begin with.
pub(crate) fn tokens_prefix() -> Bytes {
    catalog(DATABASE, b'K', &[]).bytes
}

/// The row of the last item that an index being built has passed.
pub(crate) fn build_progress(table_id: u64, index_id: u32) -> Key {
    catalog(table_id, b'B', &index_id.to_be_bytes())
}

pub(crate) fn table_tally(table_id: u64) -> Key {
    catalog(table_id, b'C', &[])
}

pub(crate) fn index_tally(table_id: u64, index_id: u32) -> Key {
    catalog(table_id, b'C', &index_id.to_be_bytes())
}

pub(crate) fn collection_tally(table_id: u64, partition: &[u8; H16_SIZE]) -> Key {
    catalog(table_id, b'P', partition)
}

/// What the keys of a table's rows in the catalog begin with, but for those of its log.
pub(crate) fn beside_log(table_id: u64) -> [Bytes; 3] {
    [b'B', b'C', b'P'].map(|kind| catalog(table_id, kind, &[]).bytes)
}

pub(crate) fn shard(table_id: u64, shard: u32) -> Key {
    catalog(table_id, b'S', &shard.to_be_bytes())
}

/// Says that a follower has begun; what its positions' keys begin with.
pub(crate) fn follower(table_id: u64, name: &str) -> Key {
    catalog(table_id, b'F', &[name.as_bytes(), &[0]].concat())
}

/// Says which node does the work of a follower.
pub(crate) fn follower_owner(table_id: u64, name: &str) -> Key {
    catalog(table_id, b'O', name.as_bytes())
}

/// The number in the key of a shard's row.
pub(crate) fn shard_number(key: &[u8]) -> Option<u32> {
    key.get(9..)?.try_into().ok().map(u32::from_be_bytes)
}

/// The name of a shard's log.
pub(crate) fn log(table_id: u64, shard: u32) -> Bytes {
    [&table_id.to_be_bytes()[..], &shard.to_be_bytes()].concat().into()
}

/// What all rows of a table begin with, in every family.
pub(crate) fn table_prefix(table_id: u64) -> Bytes {
    Bytes::copy_from_slice(&table_id.to_be_bytes())
}

/// What all rows of an index begin with.
pub(crate) fn index_prefix(table_id: u64, index_id: u32) -> Bytes {
    [&table_id.to_be_bytes()[..], &index_id.to_be_bytes()].concat().into()
}

/// What all rows that a read of the table or of the index is about begin with.
pub(crate) fn prefix(table: &Table, index: Option<&Index>) -> Bytes {
    match index {
        None => table_prefix(table.id()),
        Some(index) => index_prefix(table.id(), index.id),
    }
}

fn catalog(table_id: u64, kind: u8, rest: &[u8]) -> Key {
    let mut bytes = table_id.to_be_bytes().to_vec();
    bytes.push(kind);
    bytes.extend_from_slice(rest);
    Key::new(Family::Catalog, bytes)
}

/// The table of a row, of any family; none of the database's own.
pub(crate) fn table_of(key: &[u8]) -> Option<u64> {
    key.first_chunk().map(|id| u64::from_be_bytes(*id)).filter(|id| *id != DATABASE)
}

/// Whether a key in the log family is a log's name, under which its head is.
pub(crate) fn is_log_name(key: &[u8]) -> bool {
    key.len() == size_of::<u64>() + size_of::<u32>()
}

/// What kind of row a key in the catalog names, by how its value is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CatalogRow {
    Settings,
    Definition,
    Remains,
    /// 8 bytes, big-endian.
    Number,
    Node,
    Owner,
    Token,
    Tally,
    Shard {
        table: u64,
        number: u32,
    },
    /// JSON of another crate's.
    Document,
    /// Without a form that is known here.
    Other,
}

/// None if no row has such a key.
pub(crate) fn catalog_row(key: &[u8]) -> Option<CatalogRow> {
    let (table, rest) = key.split_first_chunk()?;
    let (table, (kind, rest)) = (u64::from_be_bytes(*table), rest.split_first()?);
    Some(match (table, kind) {
        (DATABASE, b'D') => CatalogRow::Settings,
        (DATABASE, b'N' | b'V') => CatalogRow::Number,
        (DATABASE, b'T') => CatalogRow::Definition,
        (DATABASE, b'R') => CatalogRow::Remains,
        (DATABASE, b'M') => CatalogRow::Node,
        (DATABASE, b'W') => CatalogRow::Owner,
        (DATABASE, b'E' | b'I') => match rest.first() {
            None => CatalogRow::Number,
            Some(b'M') => CatalogRow::Document,
            Some(b'R') => CatalogRow::Other,
            Some(_) => return None,
        },
        (DATABASE, b'K') => CatalogRow::Token,
        (DATABASE, b'Y') => CatalogRow::Other,
        (DATABASE, _) => return None,
        (_, b'C' | b'P') => CatalogRow::Tally,
        (_, b'O') => CatalogRow::Owner,
        (table, b'S') => CatalogRow::Shard { table, number: shard_number(key)? },
        (_, b'B' | b'F') => CatalogRow::Other,
        (_, _) => return None,
    })
}

/// Where an item stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ItemKey {
    pub row: Key,
    /// The hash of the partition key.
    pub partition: [u8; H16_SIZE],
}

impl ItemKey {
    /// `key` holds the table's key attributes among any others.
    ///
    /// # Errors
    /// [`KeyProblem::SchemaMismatch`] if one is missing or of another type: a request is refused before, so that a stored item of
    /// which it is said is damaged.
    pub(crate) fn of(secret: &HashSecret, table: &Table, key: MapRef<'_>) -> Result<ItemKey, KeyProblem> {
        let part = |attribute: &KeyAttribute| {
            let value = key.get(&attribute.name).filter(|value| value.kind() == attribute.key_type.kind());
            value.and_then(KeyValue::of).ok_or(KeyProblem::SchemaMismatch)
        };
        let partition = match &table.key.hash[..] {
            [attribute] => key::h16(secret, [part(attribute)?]),
            several => key::h16(secret, several.iter().map(part).collect::<Result<Vec<_>, _>>()?),
        };
        let mut bytes = Vec::with_capacity(8 + H16_SIZE + 24);
        bytes.extend_from_slice(&table.id().to_be_bytes());
        bytes.extend_from_slice(&partition);
        for attribute in &table.key.range {
            key::push_sort(&mut bytes, part(attribute)?);
        }
        Ok(ItemKey { row: Key::new(Family::Items, bytes), partition })
    }

    /// The encoded sort key alone.
    fn sort(&self) -> &[u8] {
        self.behind(8 + H16_SIZE)
    }

    /// The row's key without its beginning, which both constructors have made sure of.
    fn behind(&self, size: usize) -> &[u8] {
        self.row.bytes.get(size..).unwrap_or_default()
    }

    /// The hash that tells apart rows of a global index with equal index keys.
    fn tie_break(&self, secret: &HashSecret) -> [u8; H16_SIZE] {
        key::h16(secret, [KeyValue::B(self.behind(8))])
    }
}

/// Where an item's row of an index stands; `None` if the item lacks one of the index's key attributes. One of a wrong
/// type or size counts as lacking: writes are refused with it, but an item may be older than the index.
pub(crate) fn index_row(
    secret: &HashSecret,
    table: &Table,
    index: &Index,
    item: MapRef<'_>,
    item_key: &ItemKey,
) -> Option<Key> {
    let mut hash = Vec::with_capacity(index.key.hash.len());
    for attribute in &index.key.hash {
        hash.push(key_value(item, attribute, HASH_KEY_SIZE_MAX)?);
    }
    let mut bytes = index_partition(secret, table, index, &hash);
    for attribute in &index.key.range {
        key::push_sort(&mut bytes, key_value(item, attribute, RANGE_KEY_SIZE_MAX)?);
    }
    match index.kind {
        IndexKind::Local => bytes.extend_from_slice(item_key.sort()),
        IndexKind::Global => bytes.extend_from_slice(&item_key.tie_break(secret)),
    }
    Some(Key::new(Family::Index, bytes))
}

/// An attribute that can be a key's.
fn key_value<'a>(item: MapRef<'a>, attribute: &KeyAttribute, size_max: usize) -> Option<KeyValue<'a>> {
    let value = item.get(&attribute.name)?;
    let fits = match value {
        ValueRef::S(text) => (1..=size_max).contains(&text.len()),
        ValueRef::B(bytes) => (1..=size_max).contains(&bytes.len()),
        _ => true,
    };
    KeyValue::of(value).filter(|_| fits && value.kind() == attribute.key_type.kind())
}

/// What the rows of one partition of an index begin with. A local index shares the table's partitions.
pub(crate) fn index_partition(secret: &HashSecret, table: &Table, index: &Index, hash: &[KeyValue<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(12 + H16_SIZE + 48);
    bytes.extend_from_slice(&index_prefix(table.id(), index.id));
    bytes.extend_from_slice(&key::h16(secret, hash.iter().copied()));
    bytes
}

/// What the rows of one partition of a table begin with.
pub(crate) fn table_partition(secret: &HashSecret, table: &Table, hash: &[KeyValue<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + H16_SIZE + 48);
    bytes.extend_from_slice(&table.id().to_be_bytes());
    bytes.extend_from_slice(&key::h16(secret, hash.iter().copied()));
    bytes
}

/// The rows of one segment of a parallel scan: an equal share of the hashes behind `prefix`.
pub(crate) fn segment(prefix: &[u8], segment: u32, total: u32) -> (Bound<Bytes>, Bound<Bytes>) {
    let edge = |at: u32| {
        // floor(at * 2^64 / total): the first 8 bytes of a hash spread well enough for a million segments.
        let share = (u128::from(at) << 64) / u128::from(total);
        u64::try_from(share).ok().map(|share| [prefix, &share.to_be_bytes()].concat())
    };
    let lower = edge(segment).map_or(Bound::Unbounded, |edge| Bound::Included(edge.into()));
    let upper = edge(segment + 1).or_else(|| key::prefix_end(prefix));
    (lower, upper.map_or(Bound::Unbounded, |edge| Bound::Excluded(edge.into())))
}

/// The attributes of a table's key, taken from an item that has them.
pub(crate) fn key_attributes(table: &Table, item: MapRef<'_>) -> Attributes {
    table
        .key
        .attributes()
        .filter_map(|attribute| Some((attribute.name.clone(), item.get(&attribute.name)?.to_owned())))
        .collect()
}

/// Reads a row of counters, all zero where there is none.
///
/// # Errors
/// [`StorageError::Corrupt`] if it is no such row.
pub(crate) fn read_tally(key: &Key, row: Option<&Bytes>) -> Result<[i64; TALLY_WIDTH], StorageError> {
    let named = || key.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    tally::decode(row).ok_or_else(|| StorageError::Corrupt(format!("row {} holds no counters", named())))
}

/// A stored row that is not as it was written: the client gets an internal error, and the operator which row, and why.
pub(crate) fn damaged(table: &Table, key: &[u8], what: impl fmt::Display) -> Exception {
    Exception::internal(damaged_row(table, key, what))
}

/// The same as a text. The key is in hexadecimal digits, cut where it is long.
pub(crate) fn damaged_row(table: &Table, key: &[u8], what: impl fmt::Display) -> String {
    let shown: String = key.iter().take(KEY_BYTES_SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let cut = if key.len() > KEY_BYTES_SHOWN { "…" } else { "" };
    format!("a stored row of table {} (id {}) is damaged: key {shown}{cut}: {what}", table.name(), table.id())
}

const KEY_BYTES_SHOWN: usize = 96;
