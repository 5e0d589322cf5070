//! The audit log: who asked for what, when, from where, and how it ended; one JSON object a line, of the shape of
//! CloudTrail's records, so that tools that read those read these.
//!
//! As CloudTrail does, it has management events, and data events if they are asked for. It has names of tables, indexes and
//! streams, and nothing that stands in them: no keys, no values, no expressions, no statements, no signatures (`names`,
//! `outcome`).
//!
//! An event is made once its answer is known, and handed to one writer through a queue before the client is answered. A
//! queue that is full makes requests wait for a moment, since an event that is lost is worse than that; then it is lost,
//! and counted.

mod action;
mod arguments;
mod file;
mod identity;
mod names;
mod outcome;
mod query;
mod record;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use api::Operation;
use hyper::http::request::Parts;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use action::{Action, Category};
pub(crate) use arguments::AuditArguments;
use file::AuditFile;
pub(crate) use outcome::Outcome;
pub(crate) use record::Draft;
use writer::Message;

use crate::hangups::Hangups;
use crate::seats::Seat;

/// Events that wait to be written.
const QUEUE: usize = 8192;
/// So long a request waits for room among them.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) written: AtomicU64,
    pub(crate) lost: AtomicU64,
}

pub(crate) struct Audit {
    queue: mpsc::Sender<Message>,
    /// Data events, too.
    data: bool,
    /// Of events of callers who are not known.
    region: String,
    figures: Arc<Figures>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Audit {
    /// Nothing if there is no file for it.
    pub(crate) fn start(arguments: &AuditArguments, region: &str) -> Result<Option<Arc<Audit>>, String> {
        let Some(path) = &arguments.audit_log else { return Ok(None) };
        let bytes_max = (arguments.audit_log_bytes > 0).then_some(arguments.audit_log_bytes);
        let failed = |error: std::io::Error| format!("cannot write the audit log {}: {error}", path.display());
        let file = AuditFile::open(path, bytes_max, arguments.audit_log_files).map_err(failed)?;
        let (queue, messages) = mpsc::channel(QUEUE);
        let figures = Arc::new(Figures::default());
        let writer = writer::start(file, messages, Arc::clone(&figures)).map_err(failed)?;
        tokio::spawn(reopen(queue.clone(), Hangups::new().map_err(failed)?));
        let (data, region, writer) = (arguments.audit_data, region.to_owned(), Mutex::new(Some(writer)));
        Ok(Some(Arc::new(Audit { queue, data, region, figures, writer })))
    }

    pub(crate) fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures)
    }

    /// An event of DynamoDB's or Streams' API begins, if it is one that is wanted.
    pub(crate) fn begin(&self, operation: Operation, body: &[u8]) -> Option<Draft> {
        let wanted = self.data || Category::of(operation) == Category::Management;
        wanted.then(|| Draft::new(Action::of_dynamodb(operation, body)))
    }

    /// An event of Lambda's API begins.
    pub(crate) fn begin_lambda(&self, head: &Parts, body: &[u8]) -> Option<Draft> {
        Action::of_lambda(&head.method, head.uri.path(), body).map(Draft::new)
    }

    /// An event of IAM's or STS's API begins: their requests are forms.
    pub(crate) fn begin_query(&self, form: &[u8]) -> Option<Draft> {
        Action::of_query(form).map(Draft::new)
    }

    /// The event has ended: it is as good as written, or counted as lost.
    pub(crate) async fn end(&self, draft: Draft, head: &Parts, seat: &Seat, request_id: &str, outcome: Outcome) {
        let line = draft.into_line(head, seat, request_id, &outcome, &self.region);
        let Err(unsent) = self.queue.try_send(Message::Line(line)) else { return };
        // Whoever is sent away while it waits leaves the count behind.
        let lost = Lost(&self.figures);
        if let TrySendError::Full(message) = unsent
            && let Ok(Ok(())) = tokio::time::timeout(PATIENCE, self.queue.send(message)).await
        {
            std::mem::forget(lost);
        }
    }

    /// Everything is written.
    pub(crate) async fn stop(&self) {
        let _ = self.queue.send(Message::End).await;
        let Some(writer) = self.writer.lock().take() else { return };
        let _ = tokio::task::spawn_blocking(move || writer.join()).await;
    }
}

struct Lost<'a>(&'a Figures);

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        writer::lost(self.0, 1, "the file takes no more");
    }
}

/// With every SIGHUP the file is opened anew: something else may have moved it away.
async fn reopen(queue: mpsc::Sender<Message>, mut hangups: Hangups) {
    loop {
        hangups.next().await;
        if queue.send(Message::Reopen).await.is_err() {
            return;
        }
    }
}

impl Figures {
    pub(crate) fn read(&self) -> (u64, u64) {
        (self.written.load(Ordering::Relaxed), self.lost.load(Ordering::Relaxed))
    }
}

/// Where a log that is full goes: `FILE.1` is the newest of those before it.
fn rotated(path: &Path, number: u32) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests;
