//! A check of every stored row: whether it has a form that this program writes. For `stator storage check --rows`.
//!
//! Operations report a damaged row when they read it; this check finds those that none has read yet, while there is still a
//! backup with the intact rows. It reads page by page, each from a view of its own, and changes nothing.

use std::collections::BTreeMap;

use bytes::Bytes;
use change_log::{ArchiveKey, ArchiveState, Content, Header, Record, SegmentHeader, Shard, read_segment};
use cluster::nodes::NodeRow;
use cluster::nodes::owner;
use keyspace::{CatalogKey, DatabaseRow, TableRow};
use model::codec::key::HashSecret;
use model::codec::row::{Stored, StoredItem};
use model::item_size;
use storage::{Consistency, DamagedRow, Engine, Family, Pages, Row, ScanRange, StorageError, log, tally};
use tables::failure::OpenError;
use tables::rows::{self, ItemKey, TransferWork};
use tables::{Definition, Table};

use crate::documents::AUTH_KEY_DOCUMENT;
use crate::service::DatabaseSettings;
use crate::tokens::TokenRow;
use crate::transfers;

const PAGE_ROWS: usize = 1024;
const PAGE_BYTES: usize = 4 << 20;
/// Damaged rows that are described; the others are counted.
const DESCRIBED_MAX: usize = 100;
const KEY_BYTES_SHOWN: usize = 96;

/// The result of a check of every row.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RowReport {
    pub rows: u64,
    pub damaged: u64,
    /// One line a damaged row, for the operator: its table, its key in hexadecimal digits, what is wrong. Up to 100.
    pub lines: Vec<String>,
    /// Families that were not read to their ends, because more than single rows are damaged: later rows were not checked.
    pub cut_short: Vec<String>,
}

/// Checks every row of an engine. Rows that are written meanwhile may be missed.
///
/// # Errors
/// The engine's failure, except for a row that it cannot read.
pub async fn check_rows(engine: &dyn Engine) -> Result<RowReport, StorageError> {
    let mut check = Check { secret: secret(engine).await?, tables: BTreeMap::new(), report: RowReport::default() };
    // The catalog comes first: the rows of the other families are checked against its tables.
    for family in Family::ALL {
        check.family(engine, family).await?;
    }
    Ok(check.report)
}

/// None if the database is empty, or its settings are damaged, which the check of the catalog reports.
async fn secret(engine: &dyn Engine) -> Result<Option<HashSecret>, StorageError> {
    let row = engine.get(&rows::database_settings(), Consistency::Strong).await?;
    Ok(row.and_then(|row| DatabaseSettings::read(&row).ok()).map(|settings| settings.hash_secret))
}

struct Check {
    secret: Option<HashSecret>,
    tables: BTreeMap<u64, Table>,
    report: RowReport,
}

impl Check {
    async fn family(&mut self, engine: &dyn Engine, family: Family) -> Result<(), StorageError> {
        let range = ScanRange::whole(family, PAGE_ROWS, PAGE_BYTES);
        let mut pages = Pages::of_fresh_views(engine, range);
        loop {
            let page = match pages.next_with_damaged().await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(()),
                Err(StorageError::Corrupt(what)) => {
                    self.note(what);
                    self.report.cut_short.push(format!("{family:?}"));
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            for row in page.in_order() {
                self.report.rows += 1;
                match row {
                    Ok(row) => {
                        if let Err(what) = self.row(family, row) {
                            self.note(self.line(family, &row.key, &what));
                        }
                    }
                    Err(DamagedRow { key: Some(key), what, .. }) => self.note(self.line(family, key, what)),
                    Err(DamagedRow { what, .. }) => self.note(what.clone()),
                }
            }
        }
    }

    fn note(&mut self, line: String) {
        self.report.damaged += 1;
        if self.report.lines.len() < DESCRIBED_MAX {
            self.report.lines.push(line);
        }
    }

    fn line(&self, family: Family, key: &[u8], what: &str) -> String {
        let table = rows::table_of(key).and_then(|id| self.tables.get(&id));
        let table = table.map_or_else(|| "no table".to_owned(), |table| format!("table {}", table.name()));
        let shown: String = key.iter().take(KEY_BYTES_SHOWN).map(|byte| format!("{byte:02x}")).collect();
        format!("{family:?} row of {table}, key {shown}: {what}")
    }

    fn row(&mut self, family: Family, row: &Row) -> Result<(), String> {
        match family {
            Family::Catalog => self.catalog_row(row),
            Family::Items => self.item(row),
            Family::Index => self.index_row(row),
            Family::Log => log_row(row),
        }
    }

    fn item(&self, row: &Row) -> Result<(), String> {
        let stored = Stored::read(row.value.clone()).map_err(|what| what.to_string())?;
        let Stored::Item(item) = stored else { return Ok(()) };
        check_size(&item)?;
        let table = rows::table_of(&row.key).and_then(|id| self.tables.get(&id));
        let (Some(table), Some(secret)) = (table, &self.secret) else { return Ok(()) };
        match ItemKey::of(secret, table, item.attributes()) {
            Ok(key) if key.row.bytes == row.key => Ok(()),
            Ok(_) => Err("it is another item than its key names".to_owned()),
            Err(_) => Err("it lacks a key attribute, or has one of another type".to_owned()),
        }
    }

    /// A row of an index of expiries has no value.
    fn index_row(&self, row: &Row) -> Result<(), String> {
        if row.value.is_empty() {
            return Ok(());
        }
        check_size(&StoredItem::read_projected(row.value.clone()).map_err(|what| what.to_string())?)
    }

    fn catalog_row(&mut self, row: &Row) -> Result<(), String> {
        let no_form = || "it has not the form of its kind".to_owned();
        let is_good = match keyspace::parse(&row.key).ok_or_else(|| "its key is of no kind".to_owned())? {
            CatalogKey::Database { kind, rest } => self.database_row(kind, rest, &row.value)?,
            CatalogKey::Table { table_id, kind, rest } => table_row(table_id, kind, rest, &row.value)?,
        };
        is_good.then_some(()).ok_or_else(no_form)
    }

    fn database_row(&mut self, kind: DatabaseRow, rest: &[u8], value: &Bytes) -> Result<bool, String> {
        Ok(match kind {
            DatabaseRow::Settings => DatabaseSettings::read(value).map(|_| true).map_err(text)?,
            DatabaseRow::Definition => self.definition(rest, value)?,
            DatabaseRow::Remains => Definition::read_at(rest, value).map(|_| true).map_err(text)?,
            DatabaseRow::NextTableId | DatabaseRow::CatalogVersion => is_number(value),
            DatabaseRow::Node => NodeRow::read(value).is_some(),
            DatabaseRow::Owner => owner::is_row(value),
            DatabaseRow::Token => TokenRow::read(value).is_some(),
            DatabaseRow::Transfer => transfers::is_record(value),
            DatabaseRow::TransferToken => transfers::is_token(value),
            DatabaseRow::TransferWork => match rows::transfer_work_of(rest) {
                Some(TransferWork::Marker) => transfers::is_marker(value),
                Some(TransferWork::Owner) => owner::is_row(value),
                // Its format belongs to its writer.
                Some(TransferWork::Report) => true,
                None => return Err("its key is of no kind".to_owned()),
            },
            DatabaseRow::Mappings | DatabaseRow::Identities => match rest.first() {
                None => is_number(value),
                Some(b'M') if kind == DatabaseRow::Identities && rest[1..] == *AUTH_KEY_DOCUMENT.as_bytes() => {
                    !value.is_empty() && value.iter().all(u8::is_ascii_hexdigit)
                }
                Some(b'M') => serde_json::from_slice::<serde::de::IgnoredAny>(value).is_ok(),
                // The format of a note belongs to its writer, in another crate.
                Some(b'R') => true,
                Some(_) => return Err("its key is of no kind".to_owned()),
            },
            DatabaseRow::Metric => cloudwatch::is_row(rest, value),
            DatabaseRow::Scaling => autoscaling::is_row(rest, value),
            DatabaseRow::AttributeList => match rest.first() {
                Some(b'N' | b'H') => is_number(value),
                Some(b'A') => value.len() == 2 * size_of::<u64>(),
                Some(b'I') => is_attribute_list(value),
                _ => return Err("its key is of no kind".to_owned()),
            },
            // Rows of the layer that encrypts, which reads them itself.
            DatabaseRow::ArchiveFolder => std::str::from_utf8(value).is_ok(),
            DatabaseRow::Keys => true,
        })
    }

    fn definition(&mut self, key: &[u8], row: &Bytes) -> Result<bool, String> {
        let table = Definition::read_at(key, row)
            .map_err(text)
            .and_then(|read| Table::new(read).map_err(|error| error.cause()))?;
        self.tables.insert(table.id(), table);
        Ok(true)
    }
}

fn table_row(table_id: u64, kind: TableRow, rest: &[u8], value: &Bytes) -> Result<bool, String> {
    Ok(match kind {
        TableRow::Tally | TableRow::CollectionTally => tally::decode(Some(value)).is_some(),
        TableRow::ConsumerOwner => owner::is_row(value),
        TableRow::Shard => {
            let number = rest.try_into().map(u32::from_be_bytes).map_err(|_| "its key is of no kind".to_owned())?;
            Shard::read(table_id, number, value).map(|_| true).map_err(|error| error.cause())?
        }
        // A position is checked by its consumer, the progress of a build by its job.
        TableRow::IndexBuild | TableRow::Consumer => true,
        TableRow::Archive if rest.len() == size_of::<u32>() => ArchiveState::read(value).is_some(),
        TableRow::Archive => SegmentHeader::read(value).is_some(),
    })
}

fn is_number(value: &[u8]) -> bool {
    value.len() == size_of::<u64>()
}

/// Names, each behind its length (4).
fn is_attribute_list(mut value: &[u8]) -> bool {
    while let Some((length, rest)) = value.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((name, rest)) = rest.split_at_checked(length) else { return false };
        if std::str::from_utf8(name).is_err() {
            return false;
        }
        value = rest;
    }
    value.is_empty()
}

fn text(error: OpenError) -> String {
    error.to_string()
}

fn check_size(item: &StoredItem) -> Result<(), String> {
    let size = item_size(item.attributes());
    if item.size() == size { Ok(()) } else { Err(format!("it says {} bytes, and has {size}", item.size())) }
}

fn log_row(row: &Row) -> Result<(), String> {
    if rows::is_log_name(&row.key) {
        return log::decode_head(Some(&row.value)).map(|_| ()).ok_or_else(|| "it is no head of a log".to_owned());
    }
    if rows::is_of_archive(&row.key) {
        // The key that seals objects in a store is at the position that no record has.
        if row.value.len() == ArchiveKey::SIZE && row.key.ends_with(&0u64.to_be_bytes()) {
            return Ok(());
        }
        return read_segment(&row.value).map(|_| ()).ok_or_else(|| "it is no segment of an archive".to_owned());
    }
    let is_record = match Header::read(&row.value).map(|header| header.content) {
        Some(Content::Mark(_)) => true,
        Some(Content::Change(_)) => Record::read(&row.value).is_some(),
        None => false,
    };
    is_record.then_some(()).ok_or_else(|| "it is no record that this program knows".to_owned())
}
