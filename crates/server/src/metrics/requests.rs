//! Requests, counted by service and operation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::aws::{OperationId, ServiceModel};
use base::{DurationHistogram, Metric, Page};
use parking_lot::RwLock;

use crate::body_error::BodyError;

const NS_A_SECOND: f64 = 1e9;
/// What is in the place of the service and the operation of a request that was refused before it had them.
const NONE: &str = "none";

static DURATION: Metric =
    Metric::histogram("stator_request_duration_seconds", "Time from a request's last byte to its answer's first.");
static REQUEST_BYTES: Metric =
    Metric::counter("stator_request_bytes_total", "Bytes of requests' bodies, decompressed.");
static RESPONSE_BYTES: Metric =
    Metric::counter("stator_response_bytes_total", "Bytes of answers' bodies, as they were sent.");
static UNDER_WAY: Metric = Metric::gauge(
    "stator_requests_under_way",
    "Requests that are being received or answered, or whose answer is not sent.",
);
static ERRORS: Metric = Metric::counter("stator_errors_total", "Requests that were answered with an exception.");
static BODIES_REFUSED: Metric =
    Metric::counter("stator_bodies_refused_total", "Requests whose body was not received completely.");

pub(crate) struct Requests {
    services: Box<[OfService]>,
    /// Of requests without an operation.
    errors: Errors,
    bodies_refused: [AtomicU64; BodyError::ALL.len()],
    under_way: Arc<AtomicU64>,
}

struct OfService {
    model: &'static ServiceModel,
    /// One for each operation, in the order of the model.
    operations: Box<[OfOperation]>,
}

struct OfOperation {
    duration: DurationHistogram,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
    errors: Errors,
}

impl OfOperation {
    fn new() -> OfOperation {
        let duration = DurationHistogram::of_durations();
        let (request_bytes, response_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        OfOperation { duration, request_bytes, response_bytes, errors: Errors::default() }
    }

    fn is_seen(&self) -> bool {
        self.duration.reading().count() > 0
    }
}

/// Exceptions by name. There are only as many as services have, and the lock is written with the first of each.
#[derive(Default)]
struct Errors(RwLock<Vec<(&'static str, AtomicU64)>>);

impl Errors {
    fn count(&self, exception: &'static str) {
        let add = |counts: &[(&'static str, AtomicU64)]| {
            let found = counts.iter().find(|(name, _)| *name == exception);
            found.map(|(_, count)| count.fetch_add(1, Ordering::Relaxed)).is_some()
        };
        if add(&self.0.read()) {
            return;
        }
        let mut counts = self.0.write();
        // Looked for again: between the two locks another request may have added it.
        if !add(&counts) {
            counts.push((exception, AtomicU64::new(1)));
        }
    }

    /// In the order of their names, those that are `expected` among them.
    fn read(&self, expected: &[&'static str]) -> BTreeMap<&'static str, u64> {
        let mut counts: BTreeMap<_, _> = expected.iter().map(|name| (*name, 0)).collect();
        counts.extend(self.0.read().iter().map(|(name, count)| (*name, count.load(Ordering::Relaxed))));
        counts
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
    pub(super) fn new(models: &[&'static ServiceModel]) -> Requests {
        let services = models.iter().map(|model| OfService {
            model,
            operations: model.operations.iter().map(|_| OfOperation::new()).collect(),
        });
        Requests {
            services: services.collect(),
            errors: Errors::default(),
            bodies_refused: [const { AtomicU64::new(0) }; BodyError::ALL.len()],
            under_way: Arc::default(),
        }
    }

    pub(crate) fn begin(&self) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.under_way))
    }

    /// An answer, good or bad, to a request whose operation is known.
    pub(crate) fn answered(&self, operation: OperationId, duration: Duration, request_bytes: u64, response_bytes: u64) {
        let Some(of) = self.of(operation) else { return };
        of.duration.record_duration(duration);
        of.request_bytes.fetch_add(request_bytes, Ordering::Relaxed);
        of.response_bytes.fetch_add(response_bytes, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, operation: Option<OperationId>, exception: &'static str) {
        let errors = operation.and_then(|operation| self.of(operation)).map_or(&self.errors, |of| &of.errors);
        errors.count(exception);
    }

    /// By place: the services are a handful.
    fn of(&self, operation: OperationId) -> Option<&OfOperation> {
        let service = self.services.iter().find(|service| std::ptr::eq(service.model, operation.service()))?;
        service.operations.get(operation.place())
    }

    pub(crate) fn body_refused(&self, error: BodyError) {
        self.bodies_refused[error.place()].fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that are being received or answered, or whose answer is not sent.
    pub(crate) fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Series begin with their first request: most servers never see most operations and exceptions.
    pub(super) fn write(&self, page: &mut Page) {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let all = self.services.iter().flat_map(|service| service.model.operations().zip(&service.operations));
        let seen: Vec<_> = all.filter(|(_, of)| of.is_seen()).collect();
        let mut series = page.metric(&DURATION);
        for (operation, of) in &seen {
            series.reading(&labels(*operation), &of.duration.reading(), NS_A_SECOND);
        }
        let mut series = page.metric(&REQUEST_BYTES);
        for (operation, of) in &seen {
            series.labelled(&labels(*operation), read(&of.request_bytes));
        }
        let mut series = page.metric(&RESPONSE_BYTES);
        for (operation, of) in &seen {
            series.labelled(&labels(*operation), read(&of.response_bytes));
        }
        self.write_errors(page);
        page.metric(&UNDER_WAY).value(read(&self.under_way));
    }

    /// Exceptions that operators wait for are there from an operation's first request on, so that a first one is an increase from
    /// zero.
    fn write_errors(&self, page: &mut Page) {
        let mut series = page.metric(&ERRORS);
        for service in &self.services {
            for (operation, of) in service.model.operations().zip(&service.operations) {
                let expected = if of.is_seen() { service.model.watched } else { &[] };
                for (exception, count) in of.errors.read(expected) {
                    let [service, operation] = labels(operation);
                    series.labelled(&[service, operation, ("exception", exception)], count);
                }
            }
        }
        for (exception, count) in self.errors.read(&[]) {
            series.labelled(&[("service", NONE), ("operation", NONE), ("exception", exception)], count);
        }
        let mut series = page.metric(&BODIES_REFUSED);
        for (error, count) in BodyError::ALL.iter().zip(&self.bodies_refused) {
            series.labelled(&[("reason", error.name())], count.load(Ordering::Relaxed));
        }
    }
}

fn labels(operation: OperationId) -> [(&'static str, &'static str); 2] {
    [("service", operation.service().name), ("operation", operation.name())]
}
