//! Requests, counted by operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::Operation;
use base::DurationHistogram;
use wire::ExceptionName;

use super::page::Page;
use crate::body_error::BodyError;

const NS_A_SECOND: f64 = 1e9;
/// What stands for the operation of a request that was refused before it had one.
const NO_OPERATION: &str = "none";

/// Exceptions that operators wait for: they are there from an operation's first request on, so that a first one is an
/// increase from zero.
const WATCHED: [ExceptionName; 2] = [ExceptionName::InternalServerError, ExceptionName::Throttling];

pub(crate) struct Requests {
    /// One for each operation, in the order of the list.
    operations: Box<[OfOperation]>,
    /// For each operation, and for none, one for each exception.
    errors: Box<[AtomicU64]>,
    bodies_refused: [AtomicU64; BodyError::ALL.len()],
    under_way: Arc<AtomicU64>,
}

struct OfOperation {
    duration: DurationHistogram,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
}

impl OfOperation {
    fn new() -> OfOperation {
        let duration = DurationHistogram::of_durations();
        OfOperation { duration, request_bytes: AtomicU64::new(0), response_bytes: AtomicU64::new(0) }
    }
}

/// A request that is being received, answered or sent its answer, until this is dropped.
pub(crate) struct UnderWay(Arc<AtomicU64>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Requests {
    pub(super) fn new() -> Requests {
        let errors = (Operation::ALL.len() + 1) * ExceptionName::ALL.len();
        Requests {
            operations: Operation::ALL.iter().map(|_| OfOperation::new()).collect(),
            errors: (0..errors).map(|_| AtomicU64::new(0)).collect(),
            bodies_refused: [const { AtomicU64::new(0) }; BodyError::ALL.len()],
            under_way: Arc::default(),
        }
    }

    pub(crate) fn begin(&self) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.under_way))
    }

    /// An answer, good or bad, to a request whose operation is known.
    pub(crate) fn answered(&self, operation: Operation, duration: Duration, request_bytes: u64, response_bytes: u64) {
        let of = &self.operations[operation as usize];
        of.duration.record_duration(duration);
        of.request_bytes.fetch_add(request_bytes, Ordering::Relaxed);
        of.response_bytes.fetch_add(response_bytes, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, operation: Option<Operation>, exception: ExceptionName) {
        self.errors_of(operation)[exception as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn body_refused(&self, error: BodyError) {
        self.bodies_refused[error.place()].fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that are being received or answered, or whose answer is not sent.
    pub(crate) fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    fn is_seen(&self, operation: Operation) -> bool {
        self.operations[operation as usize].duration.reading().count() > 0
    }

    fn errors_of(&self, operation: Option<Operation>) -> &[AtomicU64] {
        let row = operation.map_or(Operation::ALL.len(), |operation| operation as usize);
        &self.errors[row * ExceptionName::ALL.len()..][..ExceptionName::ALL.len()]
    }

    /// Series begin with their first request: most servers never see most operations and exceptions.
    pub(super) fn write(&self, page: &mut Page) {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let of = |operation: Operation| &self.operations[operation as usize];
        let durations = Operation::ALL.iter().map(|operation| (*operation, of(*operation).duration.reading()));
        let seen: Vec<_> = durations.filter(|(_, duration)| duration.count() > 0).collect();
        page.histogram("stator_request_duration_seconds", "Time from a request's last byte to its answer's first.");
        for (operation, duration) in &seen {
            page.reading(&[("operation", operation.name())], duration, NS_A_SECOND);
        }
        page.counter("stator_request_bytes_total", "Bytes of requests' bodies, decompressed.");
        for (operation, _) in &seen {
            page.labelled(&[("operation", operation.name())], read(&of(*operation).request_bytes));
        }
        page.counter("stator_response_bytes_total", "Bytes of answers' bodies, as they were sent.");
        for (operation, _) in &seen {
            page.labelled(&[("operation", operation.name())], read(&of(*operation).response_bytes));
        }
        self.write_errors(page);
        page.gauge(
            "stator_requests_under_way",
            "Requests that are being received or answered, or whose answer is not sent.",
        );
        page.value(read(&self.under_way));
    }

    fn write_errors(&self, page: &mut Page) {
        page.counter("stator_errors_total", "Requests that were answered with an exception.");
        for operation in Operation::ALL.iter().copied().map(Some).chain([None]) {
            let name = operation.map_or(NO_OPERATION, Operation::name);
            for (exception, count) in ExceptionName::ALL.iter().zip(self.errors_of(operation)) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 || operation.is_some_and(|it| WATCHED.contains(exception) && self.is_seen(it)) {
                    page.labelled(&[("operation", name), ("exception", exception.as_str())], count);
                }
            }
        }
        page.counter("stator_bodies_refused_total", "Requests whose body could not be had.");
        for (error, count) in BodyError::ALL.iter().zip(&self.bodies_refused) {
            page.labelled(&[("reason", error.name())], count.load(Ordering::Relaxed));
        }
    }
}
