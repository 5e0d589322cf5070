//! A step of a bulk operation: the items of some records, written in one batch with the counts, the position behind the last of them and
//! the lines of the report.
//!
//! A record with a condition must not be put twice: after a crash it would meet its own item. So the outcomes are decided in the write
//! that stores them, and a record is decided and counted once. A batch has one record of each item: the next one of the same item is
//! decided on what the first one has left.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use api::{Exception, Operation, OutputTypeEnum};
use bytes::Bytes;
use cluster::nodes::owner::{self, Owned};
use exchange::read::RecordCondition;
use model::Attributes;
use storage::{Batch, Key, KeyUse, Mode, Reads, TxError};
use tables::item_key;
use tables::{Table, rows};

use super::BulkRecord;
use super::details::BulkDetails;
use super::report::{self, Line};
use crate::capacity::Charge;
use crate::change::{Action, Change, Refusal};
use crate::consumed::Consumed;
use crate::contributors::Accessed;
use crate::object_source::Position;
use crate::parameters::WriteCondition;
use crate::service::Service;
use crate::transfers::{self, TransferStatus};
use crate::write;

/// Lines that one batch reports, if it has more than one record. Unit: bytes.
const LINES_SIZE_MAX: usize = 4 << 20;
const CONDITION_FAILED: &str = "The conditional request failed";
const DAMAGED: &str = "the stored item cannot be read";

/// A record that was read and is not decided yet.
pub(super) struct Pending {
    pub index: u64,
    pub put: Result<Put, String>,
    /// Behind the record.
    pub after: Position,
}

pub(super) struct Put {
    pub item: Attributes,
    pub condition: Option<Box<RecordCondition>>,
}

/// A record that is about to be decided.
struct Entry<'p> {
    pending: &'p Pending,
    change: Result<Change, String>,
}

/// What a batch needs beside its records.
pub(super) struct StepContext<'a> {
    pub service: &'a Service,
    pub table: Arc<Table>,
    pub owned: Option<&'a Owned>,
    /// The key before the numbers of the report's rows.
    pub report: &'a Key,
    /// As it is stored.
    pub operation: &'a BulkRecord,
    /// What is read of all objects, behind the last record of the step.
    pub position: &'a Option<Position>,
    /// Of all objects. Unit: bytes, as they are stored.
    pub total_size: u64,
}

/// A batch that is written.
pub(super) struct Written {
    /// The record as it is stored now.
    pub operation: BulkRecord,
    /// How many of the step's records are in it.
    pub records: usize,
    pub units: f64,
    /// Lines of the report. Unit: bytes.
    pub reported: usize,
    /// What was there of its items. Unit: bytes.
    pub read: usize,
}

/// Why a batch is not written.
pub(super) enum Unwritten {
    /// Fewer records may be written, after a pause.
    Less(TxError),
    /// The operation is not in progress any more.
    Ended,
    Failed(TxError),
}

/// What a decision comes to.
struct Outcome {
    operation: BulkRecord,
    /// With the key, if Contributor Insights counts it.
    charges: Vec<(Option<Attributes>, Charge)>,
    /// Of errors, and of failed conditions.
    lines: [Vec<u8>; 2],
    damaged: Vec<String>,
    read: usize,
}

impl StepContext<'_> {
    /// Writes as many of the records as one batch has, at most `count`.
    ///
    /// # Errors
    /// Why none is written.
    pub(super) async fn write(&self, pending: &[Pending], count: usize) -> Result<Written, Unwritten> {
        let entries = self.entries(&pending[..count.min(pending.len())]);
        let changes = || entries.iter().filter_map(|entry| entry.change.as_ref().ok());
        // The record of the operation is among the keys: its position and counts change with the items, so that a crash repeats none.
        let record = KeyUse::write(self.operation.key(&self.service.secret));
        let items = changes().map(|change| KeyUse::write(change.key.row.clone()));
        let keys: Vec<KeyUse> = std::iter::once(record).chain(items).chain(self.owned.map(Owned::key)).collect();
        let position = match entries.last() {
            Some(last) if entries.len() < pending.len() => Some(&last.pending.after),
            _ => self.position.as_ref(),
        };
        let decide = |reads: &Reads, batch: &mut Batch| self.decide(&entries, position, reads, batch);
        let written = self.service.engine.write(Mode::Plain, &keys, decide);
        let conditions = changes().filter_map(|change| change.condition.as_ref());
        let outcome = match write::in_turn(conditions, written).await {
            Ok(outcome) => {
                let outcome = outcome?;
                self.service.note_written(&self.table);
                outcome
            }
            Err(error @ (TxError::Conflict { .. } | TxError::Busy | TxError::TooLarge)) => {
                return Err(Unwritten::Less(error));
            }
            Err(error) => return Err(Unwritten::Failed(error)),
        };
        let (name, mut consumed) = (self.table.name(), Consumed::new(None, None));
        let units = |charge: &Charge| charge.table + charge.indexes.iter().map(|index| index.units).sum::<f64>();
        for (key, charge) in &outcome.charges {
            let accessed = key.as_ref().map_or(Accessed::Page(None), Accessed::Item);
            self.service.charge_unbounded(&self.table, name, charge, accessed, &mut consumed);
        }
        let (before, after) = (self.operation.details.counts.all(), outcome.operation.details.counts.all());
        for (records, (before, after)) in self.service.bulk_records.iter().zip(before.into_iter().zip(after)) {
            records.fetch_add(after.saturating_sub(before), Ordering::Relaxed);
        }
        outcome.damaged.iter().for_each(|what| crate::damage_log::log_damaged(name, what));
        Ok(Written {
            operation: outcome.operation,
            records: entries.len(),
            units: outcome.charges.iter().map(|(_, charge)| units(charge)).sum(),
            reported: outcome.lines.iter().map(Vec::len).sum(),
            read: outcome.read,
        })
    }

    /// The records up to the second one of an item.
    fn entries<'p>(&self, pending: &'p [Pending]) -> Vec<Entry<'p>> {
        let (mut entries, mut rows) = (Vec::with_capacity(pending.len()), std::collections::HashSet::new());
        for pending in pending {
            let change = match &pending.put {
                Ok(put) => self.change(put).map_err(|refused| refused.to_string()),
                Err(why) => Err(why.clone()),
            };
            if change.as_ref().is_ok_and(|change| !rows.insert(change.key.row.bytes.clone())) {
                break;
            }
            entries.push(Entry { pending, change });
        }
        entries
    }

    /// The change that PutItem would make of the record.
    fn change(&self, put: &Put) -> Result<Change, Exception> {
        let condition = put.condition.as_deref().cloned().unwrap_or_default();
        let condition = WriteCondition {
            condition_expression: condition.expression,
            expected: None,
            conditional_operator: None,
            names: condition.names,
            values: condition.values,
        };
        let condition = condition.parse(Operation::PutItem)?;
        item_key::check_item_size(&put.item)?;
        Ok(Change::put(&self.service.secret, Arc::clone(&self.table), put.item.clone(), condition)?)
    }

    /// Decides all records on what is stored. The row of the operation is among the keys: a cancellation and an end change it.
    fn decide(
        &self,
        entries: &[Entry<'_>],
        position: Option<&Position>,
        reads: &Reads,
        batch: &mut Batch,
    ) -> Result<Outcome, Unwritten> {
        let stored = reads.values[0].as_deref().and_then(|row| transfers::read::<BulkDetails>(row).ok());
        let Some(stored) = stored.filter(|stored| stored.status == TransferStatus::InProgress) else {
            return Err(Unwritten::Ended);
        };
        // A step that was given up may be committed all the same, behind the read of the record that this one goes on from: its records
        // would be decided twice.
        let is_next = stored.details == self.operation.details;
        if !is_next || self.owned.is_some_and(|owned| !owned.renew(reads, batch)) {
            return Err(Unwritten::Failed(owner::taken()));
        }
        let mut outcome = Outcome {
            operation: self.operation.clone(),
            charges: Vec::new(),
            lines: Default::default(),
            damaged: Vec::new(),
            read: 0,
        };
        let (now_ms, mut rows) = (self.service.clock.now_ms(), reads.values[1..].iter());
        for entry in entries {
            match &entry.change {
                Ok(change) => {
                    let stored = rows.next().and_then(Option::as_ref);
                    outcome.put(self, entry.pending, change, change.apply(&self.service.secret, now_ms, stored, batch));
                }
                Err(why) => outcome.fail(self, entry.pending, why),
            }
            // Before more memory is spent on them: the items that are there may be much larger than the records.
            if outcome.lines.iter().map(Vec::len).sum::<usize>() > LINES_SIZE_MAX && entries.len() > 1 {
                return Err(Unwritten::Less(TxError::TooLarge));
            }
        }
        outcome.read = reads.values.iter().flatten().map(Bytes::len).sum();
        self.store(&mut outcome, position, batch)
            .map_err(|error| Unwritten::Failed(TxError::Storage(storage::StorageError::Unavailable(error.cause()))))?;
        Ok(outcome)
    }

    /// Adds the record and the lines to the batch.
    fn store(&self, outcome: &mut Outcome, position: Option<&Position>, batch: &mut Batch) -> Result<(), Exception> {
        let details = &mut outcome.operation.details;
        details.position = position.cloned();
        details.total_size = Some(self.total_size);
        for (lines, output_type) in
            outcome.lines.iter().zip([OutputTypeEnum::Error, OutputTypeEnum::ConditionCheckFailure])
        {
            if !lines.is_empty() {
                let row: Bytes = report::row_of(output_type, lines);
                batch.put(rows::transfer_report(self.report, details.report_rows), row);
                details.report_rows += 1;
            }
        }
        let (key, row) = outcome.operation.row(&self.service.secret)?;
        batch.put(key, row);
        Ok(())
    }
}

impl Outcome {
    fn put(
        &mut self,
        context: &StepContext<'_>,
        pending: &Pending,
        change: &Change,
        applied: Result<crate::change::Applied, Refusal>,
    ) {
        let details = &mut self.operation.details;
        let key = change.table.has_insights.then(|| change.key_attributes.clone());
        match applied {
            Ok(applied) => {
                details.counts.put += 1;
                details.usage.add(&applied.charge);
                self.charges.push((key, applied.charge));
            }
            Err(refusal) => {
                let charge = refusal.charge();
                details.usage.add(&charge);
                self.charges.push((key, charge));
                match refusal {
                    Refusal::ConditionFailed { old } => {
                        details.counts.condition_failed += 1;
                        let existing = old.as_ref().map(|old| old.attributes());
                        let of_change = match &change.action {
                            Action::Put(item) => Some(item),
                            _ => None,
                        };
                        let line = Line { item: of_change, existing, ..line_of(context, pending, CONDITION_FAILED) };
                        self.report(context, Line { output_type: OutputTypeEnum::ConditionCheckFailure, ..line });
                    }
                    Refusal::Damaged(what) => {
                        self.damaged.push(what);
                        self.fail(context, pending, DAMAGED);
                    }
                    Refusal::Invalid(why) => self.fail(context, pending, &why),
                    Refusal::Key(problem) => self.fail(context, pending, &problem.to_string()),
                    // Its own rate bounds a bulk put, and not the throughput of its table.
                    Refusal::Throttled(_) => self.fail(context, pending, "the throughput of an index does not suffice"),
                }
            }
        }
    }

    fn fail(&mut self, context: &StepContext<'_>, pending: &Pending, why: &str) {
        self.operation.details.counts.failed += 1;
        self.report(context, line_of(context, pending, why));
    }

    fn report(&mut self, context: &StepContext<'_>, line: Line<'_>) {
        if context.operation.details.asked.output.reports(line.output_type) {
            let at = usize::from(line.output_type == OutputTypeEnum::ConditionCheckFailure);
            report::push_line(&mut self.lines[at], &line);
        }
    }
}

fn line_of<'a>(context: &'a StepContext<'_>, pending: &'a Pending, message: &'a str) -> Line<'a> {
    let put = pending.put.as_ref().ok();
    Line {
        output_type: OutputTypeEnum::Error,
        bucket: &context.operation.details.asked.input.bucket,
        key: &pending.after.key,
        index: pending.index,
        message,
        item: put.map(|put| &put.item),
        condition: put.and_then(|put| put.condition.as_deref()),
        existing: None,
    }
}
