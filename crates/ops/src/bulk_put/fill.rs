//! The work of a bulk operation on its table: reads the records of its objects in order (`object_source`), and puts their items, a step at a time.
//!
//! Of records with one key the last one is put last. While a step waits, for the store or for its rate, nothing uses the table, so that
//! indexes are built on it and it is deleted as ever.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cluster::catalog::Interrupted;
use cluster::nodes::owner::Owned;
use exchange::read::Record;
use jobs::Turn;
use objects::Bucket;
use storage::{Key, StorageError, TxError};
use tables::Table;
use tables::failure::write_failure;
use tables::rows::{self, TransferKind, TransferWork};

use super::BulkRecord;
use super::pace::Pace;
use super::report::{self, FILE_SIZE, Output};
use super::step::{Pending, Put, StepContext, Unwritten};
use crate::damage_log::log_damaged;
use crate::object_source::{ObjectSource, Position, RecordSink};
use crate::service::Service;
use crate::transfers::Failure;

/// Records of one step.
const STEP_RECORDS: usize = 256;
/// What the records of one step have; the second one where its rate is limited. Unit: bytes, uncompressed.
const STEP_SIZES: [u64; 2] = [2 << 20, 256 << 10];
/// What its records take in memory, by which it ends with the next record. Unit: bytes.
const STEP_MEMORY: usize = 8 << 20;
/// Records of the first batch, before it is known how large the items are that are there.
const BATCH_RECORDS_FIRST: usize = 32;
/// A batch that finds more of items has fewer records the next time. Unit: bytes.
const READ_SIZE_MAX: usize = 8 << 20;
/// How long a step waits after a conflict.
const CONFLICT_INTERVAL: Duration = Duration::from_millis(1);

/// Why the objects are not read to their end.
pub(super) enum Stop {
    Interrupted(Interrupted),
    Failed(Failure),
    /// The operation is not in progress any more.
    Ended,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

impl From<Interrupted> for Stop {
    fn from(why: Interrupted) -> Stop {
        Stop::Interrupted(why)
    }
}

impl From<report::Unwritten> for Stop {
    fn from(why: report::Unwritten) -> Stop {
        match why {
            report::Unwritten::Interrupted(why) => Stop::Interrupted(why),
            report::Unwritten::Failed(failure) => Stop::Failed(failure),
        }
    }
}

/// An operation in progress.
struct Fill<'a> {
    service: &'a Service,
    turn: Turn<'a>,
    owned: Option<&'a Owned>,
    report: Key,
    output: Output,
    /// As it is stored.
    operation: BulkRecord,
    /// Behind the last record of the step.
    position: Option<Position>,
    /// Of all objects. Unit: bytes, as they are stored.
    total_size: u64,
    /// The next step.
    pending: VecDeque<Pending>,
    size: u64,
    /// What the records of the step take in memory. Unit: bytes.
    memory: usize,
    /// Records of the next batch, at most: fewer where the items that are there are large.
    count: usize,
    pace: Pace,
    /// Lines of the report that are in no object yet. Unit: bytes.
    reported: usize,
}

/// The key before the numbers of a report's rows.
pub(super) fn report_key(service: &Service, operation: &BulkRecord) -> Key {
    let BulkRecord { account, region, id, .. } = operation;
    rows::transfer_work(&service.secret, TransferWork::Report, TransferKind::BulkPut, account, region, id)
}

/// The failure of an operation whose table is not there any more.
pub(super) fn table_gone(operation: &BulkRecord) -> Failure {
    Failure {
        code: "ResourceNotFoundException".to_owned(),
        message: format!("Requested resource not found: Table: {} not found", operation.table_name),
    }
}

impl Service {
    /// Puts all records behind the operation's position.
    pub(super) async fn put_records(
        &self,
        operation: BulkRecord,
        owned: Option<&Owned>,
        turn: Turn<'_>,
    ) -> Result<(), Stop> {
        let asked = operation.details.asked.clone();
        let (format, compression) = asked.input.reader().map_err(Interrupted::from)?;
        let bucket = Bucket::parse(&asked.input.bucket, asked.input.bucket_owner.as_deref());
        let is_same_bucket = asked.input.bucket == asked.output.bucket;
        let source = ObjectSource {
            bucket: bucket.map_err(|refused| Interrupted::Failed(refused.to_string()))?,
            prefix: asked.input.key_prefix.clone().unwrap_or_default(),
            format,
            compression,
            has_conditions: true,
            excluded: is_same_bucket.then(|| report::folder(&operation)),
        };
        let report = report_key(self, &operation);
        let mut fill = Fill {
            service: self,
            turn,
            owned,
            reported: self.pending_report(&report).await?,
            report,
            output: Output::of(&operation)?,
            position: operation.details.position.clone(),
            total_size: operation.details.total_size.unwrap_or_default(),
            operation,
            pending: VecDeque::new(),
            size: 0,
            memory: 0,
            count: BATCH_RECORDS_FIRST,
            pace: Pace::new(asked.max_write_units, self.clock.steady_ms()),
        };
        if fill.operation.details.total_size.is_none() {
            // First of all: a bucket that cannot be written to fails the operation before anything is put.
            self.probe_output(&fill.output).await?;
            fill.total_size = source.size(self.objects()).await?;
            fill.write_step().await?;
        }
        let read = source.read(self.objects(), &mut fill).await;
        // What was read before the store failed is put.
        let written = if matches!(read, Ok(()) | Err(Stop::Failed(_))) { fill.write_step().await } else { Ok(()) };
        read.and(written)
    }

    /// The table of an operation, while it may be written to.
    ///
    /// # Errors
    /// The operation's failure if it is not there any more.
    pub(super) async fn bulk_table(&self, operation: &BulkRecord) -> Result<Result<Arc<Table>, Failure>, Interrupted> {
        let usable = || self.catalog.by_id(operation.details.table_id).filter(|table| table.is_usable());
        if let Some(table) = usable() {
            return Ok(Ok(table));
        }
        // Another node may have created it a moment ago.
        self.catalog.refresh().await?;
        Ok(usable().ok_or_else(|| table_gone(operation)))
    }
}

impl RecordSink for Fill<'_> {
    type Stop = Stop;

    fn position(&mut self) -> &mut Option<Position> {
        &mut self.position
    }

    async fn pause(&mut self) -> Result<(), Stop> {
        self.turn.pass().await;
        Ok(())
    }

    fn pass(&mut self, size: u64) {
        self.size += size;
    }

    async fn take(&mut self, record: Record) -> Result<(), Stop> {
        self.memory += record.memory;
        let put = record.item.map(|item| Put { item, condition: record.condition });
        self.add(record.index, put).await
    }

    async fn refuse(&mut self, index: u64, why: &str) -> Result<(), Stop> {
        self.add(index, Err(why.to_owned())).await
    }
}

impl Fill<'_> {
    async fn add(&mut self, index: u64, put: Result<Put, String>) -> Result<(), Stop> {
        let Some(after) = self.position.clone() else { return Ok(()) };
        self.pending.push_back(Pending { index, put, after });
        let is_full =
            self.pending.len() >= STEP_RECORDS || self.size >= STEP_SIZES[usize::from(self.pace.is_limited())];
        if is_full || self.memory >= STEP_MEMORY { self.write_step().await } else { Ok(()) }
    }

    /// Writes the step, in batches that the engine takes, with the operation's record in each.
    async fn write_step(&mut self) -> Result<(), Stop> {
        // An engine that answers at once would give other tasks no turn.
        tokio::task::yield_now().await;
        (self.size, self.memory) = (0, 0);
        loop {
            let written = match self.write_batch().await? {
                Some(written) => written,
                None => {
                    self.count = (self.count.min(self.pending.len()) / 2).max(1);
                    tokio::time::sleep(CONFLICT_INTERVAL).await;
                    continue;
                }
            };
            self.count = match written.read > READ_SIZE_MAX {
                true => (self.count / 2).max(1),
                false => (self.count * 2).min(STEP_RECORDS),
            };
            self.pending.drain(..written.records);
            self.operation = written.operation;
            self.reported += written.reported;
            if self.reported >= FILE_SIZE {
                self.service.write_report(&self.report, &self.output, self.owned).await?;
                self.reported = 0;
            }
            if let Some(pause) = self.pace.consume(written.units, self.service.clock.steady_ms()) {
                self.turn.away(tokio::time::sleep(pause)).await;
            }
            if self.pending.is_empty() {
                return Ok(());
            }
        }
    }

    /// Writes one batch; none if it must have fewer records.
    async fn write_batch(&mut self) -> Result<Option<super::step::Written>, Stop> {
        let table = self.service.bulk_table(&self.operation).await??;
        let context = StepContext {
            service: self.service,
            table,
            owned: self.owned,
            report: &self.report,
            operation: &self.operation,
            position: &self.position,
            total_size: self.total_size,
        };
        let error = match context.write(self.pending.make_contiguous(), self.count).await {
            Ok(written) => return Ok(Some(written)),
            Err(Unwritten::Ended) => return Err(Stop::Ended),
            Err(Unwritten::Less(error) | Unwritten::Failed(error)) => error,
        };
        let is_single = self.count.min(self.pending.len()) <= 1;
        match error {
            TxError::Conflict { .. } | TxError::Busy => Ok(None),
            TxError::TooLarge | TxError::Storage(StorageError::Corrupt(_)) if !is_single => Ok(None),
            // One record that cannot be written does not stop the others.
            TxError::TooLarge | TxError::Storage(StorageError::Corrupt(_)) => {
                let Some(first) = self.pending.front_mut().filter(|first| first.put.is_ok()) else {
                    return Err(Stop::Interrupted(write_failure(error).into()));
                };
                log_damaged(&self.operation.table_name, &error.to_string());
                first.put = Err(write_failure(error).to_string());
                Ok(None)
            }
            TxError::Storage(error) => Err(Stop::Interrupted(error.into())),
            error @ TxError::Unknown => Err(Stop::Interrupted(write_failure(error).into())),
        }
    }
}
