//! One request as the operator sees it: counted and timed, and logged if it failed or was slow.

use std::time::{Duration, Instant};

use ::aws::{Observer, OperationId, ReplyError, RequestFacts, TransportFault};
use base::random::{REQUEST_ID_SIZE, request_id};
use parking_lot::Mutex;

use crate::audit::{Draft, Unaudited};
use crate::heads::HeldHead;
use crate::log::{self, Gate, Value};
use crate::metrics::Requests;
use crate::traces::Trace;

/// How many lines of a kind the log takes in a window.
const LINES: u64 = 10;
/// A larger request gives the log its names while it is decoded. Unit: bytes.
const LARGE_BYTES: u64 = 64 * 1024;
const LINES_WINDOW: Duration = Duration::from_secs(1);

/// Which requests are logged.
pub(crate) struct Notable {
    /// Requests that take so long are slow; without it none are.
    slow: Option<Duration>,
    failures: Gate,
    slow_ones: Gate,
}

impl Notable {
    pub(crate) fn slower_than(slow: Option<Duration>) -> Notable {
        let gate = || Gate::new(LINES, LINES_WINDOW);
        Notable { slow, failures: gate(), slow_ones: gate() }
    }

    fn is_slow(&self, duration: Option<Duration>) -> bool {
        duration.zip(self.slow).is_some_and(|(duration, slow)| duration >= slow)
    }
}

pub(crate) struct RequestRecord {
    pub(crate) request_id: [u8; REQUEST_ID_SIZE],
    /// Since when it has all been here: what comes before is the client's time.
    arrived: Option<Instant>,
    request_bytes: u64,
    pub(crate) operation: Option<OperationId>,
    /// What its head holds, on HTTP/2.
    pub(crate) head: Option<HeldHead>,
    /// The client still has some of the body: the connection ends with the answer.
    pub(crate) unread: bool,
    /// The names of its tables, for the log, where something has asked for them.
    tables: Mutex<Vec<String>>,
    /// Where traces are taken, and of this request.
    pub(crate) trace: Option<Trace>,
    /// Its event in the audit log.
    pub(crate) audit: Option<Draft>,
    /// Whether rules of faults may break its answer.
    may_break: bool,
    broken: Mutex<Option<TransportFault>>,
}

impl RequestRecord {
    pub(crate) fn begin(may_break: bool) -> RequestRecord {
        RequestRecord {
            may_break,
            broken: Mutex::default(),
            request_id: request_id(),
            arrived: None,
            request_bytes: 0,
            operation: None,
            head: None,
            unread: false,
            tables: Mutex::default(),
            trace: None,
            audit: None,
        }
    }

    pub(crate) fn arrived(&mut self, request_bytes: usize) {
        self.arrived = Some(Instant::now());
        self.request_bytes = request_bytes as u64;
    }

    /// Takes room for the request's event, before it is executed.
    ///
    /// # Errors
    /// If it must not be, since there is none. Then it has no event either.
    pub(crate) async fn reserve(&mut self) -> Result<(), Unaudited> {
        let reserved = match &mut self.audit {
            Some(draft) => draft.reserve().await,
            None => Ok(()),
        };
        if reserved.is_err() {
            self.audit = None;
        }
        reserved
    }

    /// `None` if nothing needs the request's names. Those of a large request are taken here: it may be slow, and is not decoded
    /// a second time.
    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        let is_large = self.request_bytes > LARGE_BYTES;
        let is_observed = self.audit.is_some() || self.trace.is_some() || is_large || self.may_break;
        is_observed.then_some(self as &dyn Observer)
    }

    /// Whether the log is about to report the request as slow, and was not given its tables.
    pub(crate) fn lacks_names(&self, notable: &Notable) -> bool {
        notable.is_slow(self.arrived.map(|arrived| arrived.elapsed())) && self.observer().is_none()
    }

    /// What becomes of its answer on the way, if a rule of faults breaks it.
    pub(crate) fn broken(&self) -> Option<TransportFault> {
        if self.may_break { *self.broken.lock() } else { None }
    }

    /// Takes the tables' names for the log.
    pub(crate) fn name_tables(&self, facts: &RequestFacts) {
        *self.tables.lock() = facts.table_names().into_iter().map(str::to_owned).collect();
    }

    /// The answer is ready to be sent.
    pub(crate) fn end(&self, requests: &Requests, notable: &Notable, error: Option<&ReplyError>, response_bytes: u64) {
        if let (Some(operation), Some(arrived)) = (self.operation, self.arrived) {
            let duration = arrived.elapsed();
            requests.answered(operation, duration, self.request_bytes, response_bytes);
        }
        if let Some(error) = error {
            requests.failed(self.operation, error.name);
        }
        self.log(notable, error, response_bytes);
    }

    /// Logs the request if it was slow or the server failed it.
    pub(crate) fn log(&self, notable: &Notable, error: Option<&ReplyError>, response_bytes: u64) {
        if let (Some(operation), Some(arrived)) = (self.operation, self.arrived) {
            let duration = arrived.elapsed();
            if notable.is_slow(Some(duration)) {
                self.tell_slow(&notable.slow_ones, operation, duration, response_bytes);
            }
        }
        if let Some(detail) = error.and_then(|error| error.detail.as_deref()) {
            self.tell_failure(&notable.failures, detail);
        }
    }

    pub(crate) fn request_id(&self) -> &str {
        std::str::from_utf8(&self.request_id).unwrap_or_default()
    }

    #[cold]
    fn tell_failure(&self, gate: &Gate, detail: &str) {
        let Some(held_back) = gate.pass() else { return };
        let operation = self.operation.map_or("a request", OperationId::name);
        let data = [
            ("request_id", Value::Text(self.request_id())),
            ("operation", Value::Text(operation)),
            ("held_back", Value::Number(held_back)),
        ];
        log::error("request_failed", &format!("{operation} failed: {detail}"), entries(&data, held_back));
    }

    #[cold]
    fn tell_slow(&self, gate: &Gate, operation: OperationId, duration: Duration, response_bytes: u64) {
        let Some(held_back) = gate.pass() else { return };
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let table = self.tables.lock().join(", ");
        let mut data = vec![
            ("request_id", Value::Text(self.request_id())),
            ("operation", Value::Text(operation.name())),
            ("duration_ms", Value::Number(ms)),
            ("request_bytes", Value::Number(self.request_bytes)),
            ("response_bytes", Value::Number(response_bytes)),
        ];
        if !table.is_empty() {
            data.insert(2, ("table", Value::Text(&table)));
        }
        data.push(("held_back", Value::Number(held_back)));
        log::warning("slow_request", &format!("{operation} took {ms} ms"), entries(&data, held_back));
    }
}

impl Observer for RequestRecord {
    fn asked(&self, facts: RequestFacts) {
        self.name_tables(&facts);
        if let Some(draft) = &self.audit {
            draft.decoded(&facts);
        }
        if let Some(trace) = &self.trace {
            trace.decoded(&facts);
        }
    }

    fn breaks(&self, fault: TransportFault) {
        *self.broken.lock() = Some(fault);
    }
}

/// The data, its last entry only if lines were held back.
fn entries<'a, 'b>(data: &'a [(&'static str, Value<'b>)], held_back: u64) -> &'a [(&'static str, Value<'b>)] {
    if held_back > 0 { data } else { &data[..data.len() - 1] }
}
