//! The jobs of bulk operations: one looks for operations with work to do, and gives each a job of its own, which runs on the node that owns
//! the operation.
//!
//! An operation is found by its marker, which is there until its record has ended and the rows of its report are deleted; so a restarted
//! server goes on with all of them. What fails is tried again, and an operation that makes no progress for a quarter of an hour fails: none
//! stays in progress without an end.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use cluster::catalog::Interrupted;
use cluster::nodes::owner::{Owned, Ownership};
use jobs::{Job, JobHandle, Ran};
use parking_lot::Mutex;
use storage::{Batch, Family, KeyUse, Mode, Reads};
use tables::failure::write_failure;
use tables::rows::TransferWork;

use super::BulkRecord;
use super::details::BulkDetails;
use super::fill::{Stop, report_key};
use super::report::{self, Output};
use crate::service::Service;
use crate::transfers::{Failure, Marker, TransferStatus};

/// How often markers are looked for, of operations that other nodes have begun.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// How long work that failed waits before it is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How often work that waits looks at whether it was cancelled by another node.
const CANCEL_INTERVAL: Duration = Duration::from_millis(250);
/// An operation fails after so long without progress. Unit: milliseconds.
const GIVE_UP_MS: u64 = 15 * 60 * 1000;

const INTERNAL: &str = "InternalServerError";

/// How an operation ends.
enum End {
    /// All objects are read.
    Read,
    Failed(Failure),
    Cancelled,
}

impl Service {
    /// The job that gives each operation its own.
    pub(crate) fn bulk_job(self: &Arc<Service>) -> Job {
        let running: Arc<Mutex<BTreeMap<Marker, JobHandle>>> = Arc::default();
        let job = Job::on(self, "supervise_bulk_operations", LOOK_INTERVAL, move |service| {
            let running = Arc::clone(&running);
            async move {
                // A failure is tried again in the next round; requests report a storage that fails.
                let Ok(markers) = service.transfer_markers::<BulkDetails>().await else { return Ran::Failed };
                let mut running = running.lock();
                running.retain(|_, job| !job.is_over());
                for marker in markers {
                    running.entry(marker.clone()).or_insert_with(|| service.jobs().add(piece(&service, marker)));
                }
                Ran::Done
            }
        });
        let started = Arc::clone(&self.bulk_started);
        job.at_once().or_when(move || {
            let started = Arc::clone(&started);
            async move { started.notified().await }
        })
    }

    /// Does an operation's work if this node owns it; returns whether there is nothing left to do.
    async fn do_bulk_operation(&self, marker: &Marker, tries: &mut Tries) -> Result<bool, Interrupted> {
        let key = marker.key::<BulkDetails>(&self.secret, TransferWork::Owner);
        let ownership = self.own_key(key).await?;
        if ownership == Ownership::Others {
            return Ok(false);
        }
        let found = self.find_transfer::<BulkDetails>(&marker.account, &marker.region, &marker.id).await?;
        if let Some(operation) = found.filter(|operation| !operation.status.is_ended()) {
            let end = match tries.given_up(&operation, self.clock.steady_ms()) {
                Some(failure) => End::Failed(failure),
                None => self.run_bulk_operation(&operation, ownership.owned()).await?,
            };
            self.end_bulk_operation(&operation, end, ownership.owned()).await?;
        }
        self.clear_bulk_operation(marker).await?;
        self.disown(&ownership).await;
        Ok(true)
    }

    /// Puts records until all are put, or the operation is to end for another reason.
    async fn run_bulk_operation(&self, operation: &BulkRecord, owned: Option<&Owned>) -> Result<End, Interrupted> {
        let turn = tokio::select! {
            turn = self.bulk_puts.take(&operation.account) => turn,
            end = self.until_stopped(operation) => return Ok(end),
        };
        // A step that is dropped here may still be committed; it is not once the record has another status than in progress.
        let put = tokio::select! {
            put = self.put_records(operation.clone(), owned, turn) => put,
            () = self.until_cancelled(operation) => return Ok(End::Cancelled),
        };
        match put {
            Ok(()) => Ok(End::Read),
            Err(Stop::Failed(failure)) => Ok(End::Failed(failure)),
            Err(Stop::Ended) => Ok(End::Cancelled),
            Err(Stop::Interrupted(why)) => Err(why),
        }
    }

    async fn until_cancelled(&self, operation: &BulkRecord) {
        loop {
            let cancelled = self.bulk_cancelled.notified();
            let found = self.find_transfer::<BulkDetails>(&operation.account, &operation.region, &operation.id).await;
            if found.is_ok_and(|found| found.is_none_or(|found| found.status != TransferStatus::InProgress)) {
                return;
            }
            let _ = tokio::time::timeout(CANCEL_INTERVAL, cancelled).await;
        }
    }

    /// Waits until an operation that has not begun is cancelled, or its table deleted.
    async fn until_stopped(&self, operation: &BulkRecord) -> End {
        tokio::select! {
            () = self.until_cancelled(operation) => End::Cancelled,
            failure = async {
                loop {
                    tokio::time::sleep(RETRY_INTERVAL).await;
                    if let Ok(Err(failure)) = self.bulk_table(operation).await {
                        return failure;
                    }
                }
            } => End::Failed(failure),
        }
    }

    /// Writes the rest of the report and the manifests, and ends the operation.
    async fn end_bulk_operation(
        &self,
        operation: &BulkRecord,
        end: End,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        let report = report_key(self, operation);
        let mut failure = if let End::Failed(failure) = &end { Some(failure.clone()) } else { None };
        loop {
            let found = self.find_transfer::<BulkDetails>(&operation.account, &operation.region, &operation.id).await?;
            let Some(now) = found.filter(|now| !now.status.is_ended()) else { return Ok(()) };
            let mut status = status_of(&now, &end, failure.is_some());
            let written = async {
                let output = Output::of(&now)?;
                self.write_report(&report, &output, owned).await?;
                self.write_manifests(&report, &now, status, &output).await
            };
            match written.await {
                Ok(()) => {}
                Err(report::Unwritten::Interrupted(why)) => return Err(why),
                // An operation that failed for another reason keeps that one.
                Err(report::Unwritten::Failed(why)) => {
                    failure.get_or_insert(why);
                    status = status_of(&now, &end, true);
                }
            }
            let (now_ms, failure) = (self.clock.now_ms(), failure.clone());
            let finish = |stored: &mut BulkRecord| {
                // It may have been cancelled since the manifest was written, which says otherwise.
                if stored.status == now.status {
                    stored.end(now_ms, failure.clone());
                    stored.status = status;
                }
            };
            let stored = self.update_transfer(now.key(&self.secret), finish).await?;
            if let Some(ended) = stored.filter(|stored| stored.status.is_ended()) {
                log_end(&ended);
                return Ok(());
            }
        }
    }

    async fn note_failure(&self, marker: &Marker, why: String, tries: &mut Tries) {
        let found = self.find_transfer::<BulkDetails>(&marker.account, &marker.region, &marker.id).await;
        let operation = found.ok().flatten();
        if let Some(operation) = &operation {
            tries.note(&why, operation.details.counts, self.clock.steady_ms());
        }
        // A full disk or an unreachable database can last for hours: one line for each cause.
        if tries.logged.as_ref() != Some(&why) {
            let table = operation.as_ref().map_or("", |operation| operation.table_name.as_str());
            log::error!(event = "bulk_operation_interrupted", table = table;
                "the bulk operation {} was interrupted and is retried: {why}", marker.id);
            tries.logged = Some(why);
        }
    }

    /// Deletes what is left of an operation that has ended, its marker last.
    async fn clear_bulk_operation(&self, marker: &Marker) -> Result<(), Interrupted> {
        let report = marker.key::<BulkDetails>(&self.secret, TransferWork::Report);
        self.engine.destroy(Family::Catalog, report.bytes).await?;
        // Last: while the marker is there, what a crash leaves of the rows is deleted by the next run.
        let marker = KeyUse::write(marker.key::<BulkDetails>(&self.secret, TransferWork::Marker));
        let delete = |_: &Reads, batch: &mut Batch| {
            batch.delete(marker.key.clone());
            Ok::<(), Infallible>(())
        };
        let deleted = self.engine.write(Mode::Plain, std::slice::from_ref(&marker), delete).await;
        let Ok(()) = deleted.map_err(|error| Interrupted::from(write_failure(error)))?;
        Ok(())
    }
}

fn status_of(operation: &BulkRecord, end: &End, has_failed: bool) -> TransferStatus {
    let is_cancelled = matches!(end, End::Cancelled) || operation.status == TransferStatus::Cancelling;
    match operation.details.counts.failed {
        _ if is_cancelled => TransferStatus::Cancelled,
        _ if has_failed => TransferStatus::Failed,
        0 => TransferStatus::Completed,
        _ => TransferStatus::CompletedWithErrors,
    }
}

fn log_end(operation: &BulkRecord) {
    let (counts, table) = (operation.details.counts, operation.table_name.as_str());
    // What its caller has chosen is no matter of the operator's: a bucket that is not there, a table that was deleted.
    let failure = operation.failure.as_ref().filter(|failure| failure.code == INTERNAL);
    if let Some(failure) = failure {
        log::warn!(event = "bulk_operation_failed", table = table, put = counts.put, code = failure.code.as_str();
            "the bulk operation {} failed: {}", operation.id, failure.message);
    } else if counts.failed > 0 {
        log::warn!(event = "bulk_operation_incomplete", table = table, put = counts.put, refused = counts.failed;
            "items were not put: the bulk operation {}", operation.id);
    }
}

/// What is known of the attempts at an operation since its last progress.
#[derive(Default)]
struct Tries {
    logged: Option<String>,
    /// The first failure without progress since: when, what, and the counts then.
    stuck: Option<(u64, String, super::details::Counts)>,
}

impl Tries {
    fn note(&mut self, why: &str, counts: super::details::Counts, now_ms: u64) {
        if self.stuck.as_ref().is_none_or(|(_, _, before)| *before != counts) {
            self.stuck = Some((now_ms, why.to_owned(), counts));
        }
    }

    /// The failure of an operation that makes no progress.
    fn given_up(&self, operation: &BulkRecord, now_ms: u64) -> Option<Failure> {
        let (since_ms, why, counts) = self.stuck.as_ref()?;
        let is_over = *counts == operation.details.counts && now_ms.saturating_sub(*since_ms) >= GIVE_UP_MS;
        let message = format!("The operation makes no progress: {why}");
        is_over.then(|| Failure { code: INTERNAL.to_owned(), message })
    }
}

/// The job that does an operation's work, and retries until it succeeds.
fn piece(service: &Arc<Service>, marker: Marker) -> Job {
    let service = Arc::downgrade(service);
    Job::lasting("run_bulk_operation", move || run(Weak::clone(&service), marker.clone()))
}

async fn run(service: Weak<Service>, marker: Marker) {
    let mut tries = Tries::default();
    loop {
        let Some(service) = service.upgrade() else { return };
        let pause = match service.do_bulk_operation(&marker, &mut tries).await {
            Ok(true) | Err(Interrupted::Stopping) => return,
            Ok(false) => service.nodes.as_ref().map_or(RETRY_INTERVAL, cluster::nodes::Nodes::interval),
            Err(Interrupted::Failed(why) | Interrupted::Lost(why)) => {
                service.note_failure(&marker, why, &mut tries).await;
                RETRY_INTERVAL
            }
        };
        drop(service);
        tokio::time::sleep(pause).await;
    }
}
