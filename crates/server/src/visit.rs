//! One request as its operator sees it: counted and timed, and told in the log if something is wrong with it.

use std::time::{Duration, Instant};

use api::Operation;
use base::random::{REQUEST_ID_SIZE, request_id};
use bytes::Bytes;
use wire::ReplyError;

use crate::audit::Draft;
use crate::log::{self, Gate, Value};
use crate::metrics::Requests;
use crate::traces::{self, Trace};

/// How many lines of a kind the log takes in a window.
const LINES: u64 = 10;
const LINES_WINDOW: Duration = Duration::from_secs(1);

/// Which requests are told in the log.
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

pub(crate) struct Visit {
    pub(crate) request_id: [u8; REQUEST_ID_SIZE],
    /// Since when it has all been here: what comes before is the client's time.
    arrived: Option<Instant>,
    request_bytes: u64,
    pub(crate) operation: Option<Operation>,
    /// The client still has some of the body: the connection ends with the answer.
    pub(crate) unread: bool,
    /// Of a slow request, as far as its body names them.
    tables: Vec<String>,
    /// Where traces are taken, and of this request.
    pub(crate) trace: Option<Trace>,
    /// Where it is told in the audit log.
    pub(crate) audit: Option<Draft>,
}

impl Visit {
    pub(crate) fn begin() -> Visit {
        Visit {
            request_id: request_id(),
            arrived: None,
            request_bytes: 0,
            operation: None,
            unread: false,
            tables: Vec::new(),
            trace: None,
            audit: None,
        }
    }

    pub(crate) fn arrived(&mut self, request_bytes: usize) {
        self.arrived = Some(Instant::now());
        self.request_bytes = request_bytes as u64;
    }

    /// Reads the names of the tables of a request that has taken long: `body` is read again for them, on a thread that may
    /// take its time.
    pub(crate) async fn name_tables(&mut self, notable: &Notable, body: Bytes) {
        if notable.is_slow(self.arrived.map(|arrived| arrived.elapsed())) {
            let names = tokio::task::spawn_blocking(move || traces::tables::of(&body)).await;
            self.tables = names.unwrap_or_default();
        }
    }

    /// The answer is ready to be sent.
    pub(crate) fn end(&self, requests: &Requests, notable: &Notable, error: Option<&ReplyError>, response_bytes: u64) {
        if let (Some(operation), Some(arrived)) = (self.operation, self.arrived) {
            let duration = arrived.elapsed();
            requests.answered(operation, duration, self.request_bytes, response_bytes);
            if notable.is_slow(Some(duration)) {
                self.tell_slow(&notable.slow_ones, operation, duration, response_bytes);
            }
        }
        if let Some(error) = error {
            requests.failed(self.operation, error.name);
            if let Some(detail) = &error.detail {
                self.tell_failure(&notable.failures, detail);
            }
        }
    }

    pub(crate) fn request_id(&self) -> &str {
        std::str::from_utf8(&self.request_id).unwrap_or_default()
    }

    #[cold]
    fn tell_failure(&self, gate: &Gate, detail: &str) {
        let Some(held_back) = gate.pass() else { return };
        let operation = self.operation.map_or("a request", Operation::name);
        let data = [
            ("request_id", Value::Text(self.request_id())),
            ("operation", Value::Text(operation)),
            ("held_back", Value::Number(held_back)),
        ];
        log::error("request_failed", &format!("{operation} failed: {detail}"), told(&data, held_back));
    }

    #[cold]
    fn tell_slow(&self, gate: &Gate, operation: Operation, duration: Duration, response_bytes: u64) {
        let Some(held_back) = gate.pass() else { return };
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let table = self.tables.join(", ");
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
        log::warning("slow_request", &format!("{operation} took {ms} ms"), told(&data, held_back));
    }
}

/// The data, its last entry only if lines were held back.
fn told<'a, 'b>(data: &'a [(&'static str, Value<'b>)], held_back: u64) -> &'a [(&'static str, Value<'b>)] {
    if held_back > 0 { data } else { &data[..data.len() - 1] }
}
