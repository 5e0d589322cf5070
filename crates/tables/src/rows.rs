//! Keys of rows: of a table's items and index rows from their attributes, of the catalog's rows from their subjects.
//!
//! The layout, with all kinds of rows, is the crate `keyspace`; the order of encoded sort keys is `model::codec::key`.

use std::fmt;
use std::ops::Bound;

use api::Exception;
use auth::Caller;
use bytes::Bytes;
use keyspace::{CatalogKey, DatabaseRow, TableRow};
pub use keyspace::{
    archive_name as archive, archives_prefix, index_prefix, is_log_name, is_of_archive, log_name as log, table_of,
    table_prefix,
};
use model::codec::key::{self, H16_SIZE, HashSecret, KeyValue};
use model::limits::{HASH_KEY_SIZE_MAX, RANGE_KEY_SIZE_MAX};
use model::{Attributes, KeyAttribute, MapRef, ValueRef};
use storage::{Family, Key, StorageError, TALLY_WIDTH, tally};

use crate::item_key::KeyProblem;
use crate::{Index, IndexKind, Table};

const _: () = assert!(keyspace::HASH_SIZE == H16_SIZE);

/// A collection of documents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Collection {
    EventSourceMappings,
    Identities,
}

impl Collection {
    fn rows(self) -> DatabaseRow {
        match self {
            Collection::EventSourceMappings => DatabaseRow::Mappings,
            Collection::Identities => DatabaseRow::Identities,
        }
    }
}

/// The work of sweeping expired items; no table has this id. It has an owner of its own, because a node that deletes no
/// expired items must not own it.
pub const EXPIRY_WORK: u64 = u64::MAX;
/// The work of Application Auto Scaling; no table has this id.
pub const SCALING_WORK: u64 = u64::MAX - 1;
/// The other work that belongs to no table.
pub const COMMON_WORK: u64 = 0;
/// The first id of a real table.
pub const TABLE_ID_FIRST: u64 = 1;

pub fn database_settings() -> Key {
    DatabaseRow::Settings.key(&[])
}

pub fn archive_folder() -> Key {
    DatabaseRow::ArchiveFolder.key(&[])
}

pub fn next_table_id() -> Key {
    DatabaseRow::NextTableId.key(&[])
}

pub fn definition(table_id: u64) -> Key {
    DatabaseRow::Definition.key(&table_id.to_be_bytes())
}

/// The definition of a deleted table with readable streams.
pub fn remains(table_id: u64) -> Key {
    DatabaseRow::Remains.key(&table_id.to_be_bytes())
}

/// The prefix of the keys of all remains.
pub fn remains_prefix() -> Bytes {
    DatabaseRow::Remains.prefix()
}

/// Counts the changes of definitions, where several nodes make them.
pub fn catalog_version() -> Key {
    DatabaseRow::CatalogVersion.key(&[])
}

pub fn node(id: &[u8; 16]) -> Key {
    DatabaseRow::Node.key(id)
}

/// The prefix of the keys of all heartbeats.
pub fn nodes_prefix() -> Bytes {
    DatabaseRow::Node.prefix()
}

/// The key that a table's rows are encrypted with, if it has its own; not encrypted itself.
pub fn table_key(table_id: u64) -> Key {
    DatabaseRow::Keys.key(&table_id.to_be_bytes())
}

/// The node that owns a table's background work; 0 stands for work that belongs to no table.
pub fn owner(table_id: u64) -> Key {
    DatabaseRow::Owner.key(&table_id.to_be_bytes())
}

/// Counts the changes of a collection's documents.
pub fn documents_version(collection: Collection) -> Key {
    collection.rows().key(&[])
}

pub fn document(collection: Collection, id: &str) -> Key {
    collection.rows().key(&[b"M", id.as_bytes()].concat())
}

/// The prefix of the keys of a collection's documents.
pub fn documents_prefix(collection: Collection) -> Bytes {
    document(collection, "").bytes
}

pub fn document_note(collection: Collection, id: &str) -> Key {
    collection.rows().key(&[b"R", id.as_bytes()].concat())
}

/// The prefix of the keys of all definitions.
pub fn definitions_prefix() -> Bytes {
    DatabaseRow::Definition.prefix()
}

/// The operation that a token belongs to: tokens of the two kinds have different keys. 1 and 2 are kinds of older rows
/// without a region, which expire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    TransactWriteItems = 3,
    ExecuteTransaction = 4,
}

/// Of a caller's account in its region: in another region the same token is of another request, as the tables are others.
pub fn token(kind: TokenKind, caller: &Caller, token: &str) -> Key {
    let mut rest = vec![kind as u8];
    for part in [&caller.account, &caller.region] {
        rest.extend_from_slice(part.as_bytes());
        rest.push(0);
    }
    rest.extend_from_slice(token.as_bytes());
    DatabaseRow::Token.key(&rest)
}

/// The prefix of the keys of all tokens.
pub fn tokens_prefix() -> Bytes {
    DatabaseRow::Token.prefix()
}

/// What is copied between a table and object storage. The letters are stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum TransferKind {
    Import = b'I',
    Export = b'E',
    BulkPut = b'P',
}

impl TransferKind {
    pub const ALL: [TransferKind; 3] = [TransferKind::Import, TransferKind::Export, TransferKind::BulkPut];

    fn letter(self) -> u8 {
        self as u8
    }
}

/// The record of a transfer. Ids of one account, region and kind are in the order of their keys.
pub fn transfer(secret: &HashSecret, kind: TransferKind, account: &str, region: &str, id: &str) -> Key {
    let space = key::h16(secret, [account, region].map(KeyValue::S));
    DatabaseRow::Transfer.key(&[&[kind.letter()][..], &space, id.as_bytes()].concat())
}

/// The prefix of the keys of all transfers of a kind.
pub fn transfers_prefix(kind: TransferKind) -> Bytes {
    DatabaseRow::Transfer.key(&[kind.letter()]).bytes
}

/// The transfer that a client's token has begun.
pub fn transfer_token(secret: &HashSecret, kind: TransferKind, account: &str, region: &str, token: &str) -> Key {
    let hash = key::h16(secret, [account, region, token].map(KeyValue::S));
    DatabaseRow::TransferToken.key(&[&[kind.letter()][..], &hash].concat())
}

/// The prefix of the keys of all clients' tokens of transfers.
pub fn transfer_tokens_prefix() -> Bytes {
    DatabaseRow::TransferToken.prefix()
}

/// What there is of the work of a transfer that is no table's. The letters are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum TransferWork {
    /// That it is not done.
    Marker = b'M',
    /// The node that does it.
    Owner = b'O',
    /// By number, lines of its report that are in no object yet, and objects that are written.
    Report = b'R',
}

/// A row of the work of a transfer; of a report, the prefix of its rows.
pub fn transfer_work(
    secret: &HashSecret,
    row: TransferWork,
    kind: TransferKind,
    account: &str,
    region: &str,
    id: &str,
) -> Key {
    let space = key::h16(secret, [account, region].map(KeyValue::S));
    DatabaseRow::TransferWork.key(&[&[row as u8, kind.letter()][..], &space, id.as_bytes()].concat())
}

/// One row of a report: `report` is the prefix of its rows.
pub fn transfer_report(report: &Key, number: u32) -> Key {
    Key::new(report.family, [&report.bytes[..], &number.to_be_bytes()].concat())
}

/// The number of a row of a report.
pub fn transfer_report_number(key: &[u8]) -> Option<u32> {
    key.last_chunk().map(|number| u32::from_be_bytes(*number))
}

/// The prefix of the markers of all transfers of a kind with work to do.
pub fn transfer_markers_prefix(kind: TransferKind) -> Bytes {
    DatabaseRow::TransferWork.key(&[TransferWork::Marker as u8, kind.letter()]).bytes
}

/// What a row of [`DatabaseRow::TransferWork`] is, from the rest of its key.
pub fn transfer_work_of(rest: &[u8]) -> Option<TransferWork> {
    [TransferWork::Marker, TransferWork::Owner, TransferWork::Report]
        .into_iter()
        .find(|row| rest.first() == Some(&(*row as u8)))
}

/// The row of the last item that an index being built has passed.
pub fn build_progress(table_id: u64, index_id: u32) -> Key {
    TableRow::IndexBuild.key(table_id, &index_id.to_be_bytes())
}

/// How far the sweep of a replica's tombstones is. No index has this id.
pub fn sweep_progress(table_id: u64) -> Key {
    build_progress(table_id, u32::MAX)
}

pub fn table_tally(table_id: u64) -> Key {
    TableRow::Tally.key(table_id, &[])
}

pub fn index_tally(table_id: u64, index_id: u32) -> Key {
    TableRow::Tally.key(table_id, &index_id.to_be_bytes())
}

pub fn collection_tally(table_id: u64, partition: &[u8; H16_SIZE]) -> Key {
    TableRow::CollectionTally.key(table_id, partition)
}

/// The prefixes of the keys of a table's rows in the catalog, except those of its log.
pub fn beside_log(table_id: u64) -> [Bytes; 4] {
    let kinds = [TableRow::IndexBuild, TableRow::Tally, TableRow::CollectionTally, TableRow::Archive];
    kinds.map(|kind| kind.prefix(table_id))
}

/// The state of a log's archive, and the prefix of its segments' headers.
pub fn archive_state(table_id: u64, log: u32) -> Key {
    TableRow::Archive.key(table_id, &log.to_be_bytes())
}

/// The header of the segment that ends at a position.
pub fn segment_header(table_id: u64, log: u32, last: u64) -> Key {
    TableRow::Archive.key(table_id, &[&log.to_be_bytes()[..], &last.to_be_bytes()].concat())
}

/// The prefix of the keys of all of a table's archives in the catalog.
pub fn archives(table_id: u64) -> Bytes {
    TableRow::Archive.prefix(table_id)
}

/// The log of a row of [`archives`], and the last position of a segment's header.
pub fn archive_row(key: &[u8]) -> Option<(u32, Option<u64>)> {
    let CatalogKey::Table { kind: TableRow::Archive, rest, .. } = keyspace::parse(key)? else { return None };
    let (log, last) = rest.split_first_chunk()?;
    let last = (!last.is_empty()).then(|| last.try_into().map(u64::from_be_bytes)).transpose().ok()?;
    Some((u32::from_be_bytes(*log), last))
}

pub fn shard(table_id: u64, shard: u32) -> Key {
    TableRow::Shard.key(table_id, &shard.to_be_bytes())
}

/// Exists once a consumer has begun; the prefix of its positions' keys.
pub fn consumer(table_id: u64, name: &str) -> Key {
    TableRow::Consumer.key(table_id, &[name.as_bytes(), &[0]].concat())
}

/// A consumer's position in a shard.
pub fn consumer_position(table_id: u64, name: &str, shard: u32) -> Key {
    TableRow::Consumer.key(table_id, &[name.as_bytes(), &[0], &shard.to_be_bytes()].concat())
}

/// The node that owns a consumer's lease.
pub fn consumer_owner(table_id: u64, name: &str) -> Key {
    TableRow::ConsumerOwner.key(table_id, name.as_bytes())
}

/// The number in the key of a shard's row.
pub fn shard_number(key: &[u8]) -> Option<u32> {
    match keyspace::parse(key)? {
        CatalogKey::Table { kind: TableRow::Shard, rest, .. } => rest.try_into().ok().map(u32::from_be_bytes),
        _ => None,
    }
}

/// The prefix of the rows of a table or of an index.
pub fn prefix(table: &Table, index: Option<&Index>) -> Bytes {
    match index {
        None => table_prefix(table.id()),
        Some(index) => index_prefix(table.id(), index.id),
    }
}

/// The row of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemKey {
    pub row: Key,
    /// The hash of the partition key.
    pub partition: [u8; H16_SIZE],
}

impl ItemKey {
    /// `key` holds the table's key attributes among any others.
    ///
    /// # Errors
    /// [`KeyProblem::SchemaMismatch`] if one is missing or of another type: a request is refused before, so a stored item with
    /// this problem is damaged.
    pub fn of(secret: &HashSecret, table: &Table, key: MapRef<'_>) -> Result<ItemKey, KeyProblem> {
        let part = |attribute: &KeyAttribute| {
            let value = key.get(&attribute.name).filter(|value| value.kind() == attribute.key_type.kind());
            value.and_then(KeyValue::of).ok_or(KeyProblem::SchemaMismatch)
        };
        let partition = match &table.key.hash[..] {
            [attribute] => key::h16(secret, [part(attribute)?]),
            several => key::h16(secret, several.iter().map(part).collect::<Result<Vec<_>, _>>()?),
        };
        let mut bytes = keyspace::item_partition(table.id(), &partition);
        for attribute in &table.key.range {
            key::push_sort(&mut bytes, part(attribute)?);
        }
        Ok(ItemKey { row: Key::new(Family::Items, bytes), partition })
    }

    /// The encoded sort key alone.
    fn sort(&self) -> &[u8] {
        keyspace::item_rest(&self.row.bytes)
    }

    /// The hash that distinguishes rows of a global index with equal index keys.
    fn tie_break(&self, secret: &HashSecret) -> [u8; H16_SIZE] {
        key::h16(secret, [KeyValue::B(keyspace::item_without_table(&self.row.bytes))])
    }
}

/// The key of an item's row of an index; `None` if the item lacks one of the index's key attributes. An attribute of a
/// wrong type or size counts as lacking: writes with one are refused, but an item may be older than the index.
pub fn index_row(
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

/// The prefix of the rows of one partition of an index. A local index shares the table's partitions.
pub fn index_partition(secret: &HashSecret, table: &Table, index: &Index, hash: &[KeyValue<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(12 + H16_SIZE + 48);
    bytes.extend_from_slice(&index_prefix(table.id(), index.id));
    bytes.extend_from_slice(&key::h16(secret, hash.iter().copied()));
    bytes
}

/// The prefix of the rows of one partition of a table.
pub fn table_partition(secret: &HashSecret, table: &Table, hash: &[KeyValue<'_>]) -> Vec<u8> {
    keyspace::item_partition(table.id(), &key::h16(secret, hash.iter().copied()))
}

/// The rows of one segment of a parallel scan: an equal share of the hashes behind `prefix`.
pub fn segment(prefix: &[u8], segment: u32, total: u32) -> (Bound<Bytes>, Bound<Bytes>) {
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
pub fn key_attributes(table: &Table, item: MapRef<'_>) -> Attributes {
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
pub fn read_tally(key: &Key, row: Option<&Bytes>) -> Result<[i64; TALLY_WIDTH], StorageError> {
    let named = || key.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    tally::decode(row).ok_or_else(|| StorageError::Corrupt(format!("row {} holds no counters", named())))
}

/// A damaged row: the client gets an internal error, and the operator's text has the row and the reason.
pub fn damaged(table: &Table, key: &[u8], what: impl fmt::Display) -> Exception {
    Exception::internal(damaged_row(table, key, what))
}

/// The same as a text. The key is in hexadecimal digits, cut where it is long.
pub fn damaged_row(table: &Table, key: &[u8], what: impl fmt::Display) -> String {
    let shown: String = key.iter().take(KEY_BYTES_SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let cut = if key.len() > KEY_BYTES_SHOWN { "…" } else { "" };
    format!("a stored row of table {} (id {}) is damaged: key {shown}{cut}: {what}", table.name(), table.id())
}

const KEY_BYTES_SHOWN: usize = 96;
