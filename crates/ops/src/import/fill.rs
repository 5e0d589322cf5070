//! The work of an import: reads the records of its objects in order (`object_source`), and puts the items.
//!
//! A step is the items of some records, of one object or several. The record of the import is written with it: the position behind
//! the last record, and the counts. So each record is counted once, whatever happens to the process in between; a step that is
//! repeated puts its items once more. Of several items with one key the last one wins, within a step and between steps.
//!
//! In memory is one step, and what `object_source` has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::Exception;
use bytes::Bytes;
use change_log::Author;
use cluster::catalog::{Edit, Interrupted, Work};
use cluster::nodes::owner::{self, Owned};
use exchange::read::Record;
use jobs::Turn;
use model::Attributes;
use objects::Bucket;
use tables::item_key::{self, KeyProblem};
use tables::rows::{self, TransferKind};
use tables::{Definition, Place, Table, TableStatus};

use super::ImportRecord;
use super::details::ImportDetails;
use super::error_log::{self, LINES_MAX};
use super::refused_log;
use crate::backup::ingest::Step;
use crate::change::Change;
use crate::object_source::{ObjectSource, Position, RecordSink};
use crate::service::Service;
use crate::transfers::{Failure, TransferStatus};

/// Items of one step.
const STEP_ITEMS: usize = 256;
/// Records of one step, bad ones included.
const STEP_RECORDS: usize = 4096;
/// What the records of one step have. Unit: bytes, uncompressed.
const STEP_SIZE: u64 = 2 << 20;
/// What the items of one step take in memory before the last one of them, which may have far fewer bytes in their objects. Unit: bytes.
const STEP_MEMORY: usize = 8 << 20;
/// How often an import that waits looks at whether its table was deleted.
const DELETED_INTERVAL: Duration = Duration::from_millis(250);
/// A failure that the captures name.
const BAD_ITEMS: (&str, &str) = (
    "ItemValidationError",
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more details.",
);

/// Why an import is not read to its end.
enum Stop {
    Interrupted(Interrupted),
    Failed(Failure),
    /// The table is not being imported any more.
    Gone,
}

impl From<Interrupted> for Stop {
    fn from(why: Interrupted) -> Stop {
        Stop::Interrupted(why)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

/// An import in progress.
struct Fill<'a> {
    service: &'a Service,
    turn: Turn<'a>,
    table_id: u64,
    owned: Option<&'a Owned>,
    /// As it will be with the next step.
    import: ImportRecord,
    /// The next step, by the rows of its items.
    changes: BTreeMap<Bytes, Change>,
    records: usize,
    size: u64,
    memory: usize,
    /// Of the error log, while it has room.
    lines: Vec<u8>,
    logs_errors: bool,
}

impl Service {
    /// Fills a table from the objects of its import, and makes it usable.
    pub(crate) async fn import_table_items(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        let account = self.imported(table_id).map(|table| table.definition.account.clone());
        let Some(account) = account else { return Ok(()) };
        let turn = tokio::select! {
            turn = self.imports.take(&account) => turn,
            () = self.until_not_imported(table_id) => return Ok(()),
        };
        let Some(table) = self.imported(table_id) else { return Ok(()) };
        let place = table.definition.place();
        let id = table.definition.import.as_ref().map(|import| import.id.as_str()).unwrap_or_default();
        let import = self.find_transfer::<ImportDetails>(place.account, place.region, id).await?;
        let import = import.ok_or_else(|| Interrupted::Failed(format!("there is no record of the import {id}")))?;
        let details = &import.details;
        let (format, compression) = details.reader(&table.definition)?;
        // Later work waits until nothing uses the table as it was.
        drop(table);
        let bucket = Bucket::parse(&details.bucket, details.bucket_owner.as_deref());
        let bucket = bucket.map_err(|refused| Interrupted::Failed(refused.to_string()))?;
        let source = ObjectSource {
            bucket,
            prefix: details.key_prefix.clone().unwrap_or_default(),
            format,
            compression,
            has_conditions: false,
            excluded: None,
        };
        let (changes, records, size, lines) = (BTreeMap::new(), 0, 0, Vec::new());
        let (memory, logs_errors) = (0, true);
        let mut fill =
            Fill { service: self, turn, table_id, owned, import, changes, records, size, memory, lines, logs_errors };
        let read = source.read(self.objects(), &mut fill).await;
        // What was counted is written, also of an import that fails.
        let written = if matches!(read, Ok(()) | Err(Stop::Failed(_))) { fill.write_step().await } else { Ok(()) };
        match written.and(read) {
            Ok(()) => fill.finish(None).await,
            Err(Stop::Failed(failure)) => fill.finish(Some(failure)).await,
            Err(Stop::Interrupted(why)) => Err(why),
            Err(Stop::Gone) => Ok(()),
        }
    }

    /// Waits until a table is not being imported any more: it was deleted before its import had a turn.
    async fn until_not_imported(&self, table_id: u64) {
        while self.imported(table_id).is_some() {
            tokio::time::sleep(DELETED_INTERVAL).await;
        }
    }

    /// Ends the record of an import whose table is being deleted. No step of the import can follow: its work has ended, as that of a
    /// table is done one after the other, by the node that owns it.
    ///
    /// # Errors
    /// The engine's failure, or a damaged record.
    pub(crate) async fn cancel_import(&self, definition: &Definition) -> Result<(), Exception> {
        let Some(import) = &definition.import else { return Ok(()) };
        let Place { account, region, .. } = definition.place();
        let key = rows::transfer(&self.secret, TransferKind::Import, account, region, &import.id);
        let now_ms = self.clock.now_ms();
        let cancel = |import: &mut ImportRecord| {
            if !import.status.is_ended() {
                import.end(now_ms, None);
                import.status = TransferStatus::Cancelled;
            }
        };
        self.update_transfer(key, cancel).await?;
        Ok(())
    }

    fn imported(&self, table_id: u64) -> Option<Arc<Table>> {
        let is_wanted =
            |table: &Arc<Table>| table.definition.status == TableStatus::Creating && table.definition.import.is_some();
        self.catalog.by_id(table_id).filter(is_wanted)
    }
}

impl RecordSink for Fill<'_> {
    type Stop = Stop;

    fn position(&mut self) -> &mut Option<Position> {
        &mut self.import.details.position
    }

    async fn pause(&mut self) -> Result<(), Stop> {
        self.turn.pass().await;
        self.service.imported(self.table_id).map(drop).ok_or(Stop::Gone)
    }

    fn pass(&mut self, size: u64) {
        self.import.details.counts.size += size;
        self.size += size;
    }

    /// Counts a record, and adds its item to the step.
    async fn take(&mut self, record: Record) -> Result<(), Stop> {
        self.records += 1;
        let Some(table) = self.service.imported(self.table_id) else { return Err(Stop::Gone) };
        let change = record.item.and_then(|item| self.change(table, item).map_err(|problem| problem.to_string()));
        match change {
            Ok(change) => {
                self.import.details.counts.imported += 1;
                self.memory += record.memory;
                self.changes.insert(change.key.row.bytes.clone(), change);
            }
            Err(why) => self.count_error(record.index, &why),
        }
        let is_full = self.changes.len() >= STEP_ITEMS || self.records >= STEP_RECORDS;
        let is_large = self.size >= STEP_SIZE || self.memory >= STEP_MEMORY;
        if is_full || is_large { self.write_step().await } else { Ok(()) }
    }

    async fn refuse(&mut self, index: u64, why: &str) -> Result<(), Stop> {
        self.records += 1;
        self.count_error(index, why);
        // An object is much to read again. Without a record in it, this is all that is written.
        self.write_step().await?;
        self.pause().await
    }
}

impl Fill<'_> {
    fn change(&self, table: Arc<Table>, item: Attributes) -> Result<Change, KeyProblem> {
        item_key::check_item_size(&item)?;
        let change = Change::put(&self.service.secret, table, item, None)?;
        Ok(Change { author: Author::Restore, ..change })
    }

    fn count_error(&mut self, index: u64, why: &str) {
        self.import.details.counts.errors += 1;
        if let Some(position) = &self.import.details.position
            && self.service.settings.import_errors.is_none()
            && self.import.details.counts.errors <= refused_log::LINES_MAX
        {
            refused_log::log_refused(&self.import, &position.key, index);
        }
        if let Some(position) = &self.import.details.position
            && self.logs_errors
            && self.import.details.counts.errors <= LINES_MAX
        {
            error_log::push_line(&mut self.lines, &self.import, &position.key, index, why);
        }
    }

    /// Writes the step, with the record of the import.
    async fn write_step(&mut self) -> Result<(), Stop> {
        let lines = std::mem::take(&mut self.lines);
        self.logs_errors = self.service.log_import_errors(&self.import, lines).await && self.logs_errors;
        let progress = self.import.row(&self.service.secret).map_err(Interrupted::from)?;
        let changes = std::mem::take(&mut self.changes).into_values().collect();
        (self.records, self.size, self.memory) = (0, 0, 0);
        self.service.ingest(&Step { changes, progress }, self.owned).await?;
        Ok(())
    }

    /// Ends the import and its table's creation in one write. A table without a single record read is not created after all.
    async fn finish(mut self, failure: Option<Failure>) -> Result<(), Interrupted> {
        let counts = self.import.details.counts;
        let is_left_out = failure.is_some() && counts.imported + counts.errors == 0;
        let (code, message) = BAD_ITEMS;
        let bad_items = (counts.errors > 0).then(|| Failure { code: code.to_owned(), message: message.to_owned() });
        let service = self.service;
        let guard = service.catalog.lock().await?;
        // Read under the lock: a definition that was read before it may have been replaced.
        let Some(table) = service.imported(self.table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        self.import.end(service.clock.now_ms(), failure.or(bad_items));
        definition.import = None;
        definition.status = if is_left_out { TableStatus::Deleting } else { TableStatus::Active };
        let work = is_left_out.then_some(Work::DropTable { table_id: self.table_id });
        let edit = Edit { puts: vec![self.import.row(&service.secret)?], work, ..owner::edit_of(self.owned) };
        service.catalog.replace(&service.engine, guard, definition, edit).await?;
        if counts.errors > 0 {
            log::warn!(event = "import_incomplete", table = self.import.table_name.as_str(), imported = counts.imported,
                refused = counts.errors; "items were not imported: the import {}", self.import.id);
        }
        Ok(())
    }
}
