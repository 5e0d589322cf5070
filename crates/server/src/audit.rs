//! The audit log: the caller, action, time, origin and outcome of each request; one JSON object a line, in the format of
//! CloudTrail's records, so that tools that read those read these.
//!
//! As CloudTrail does, it has management events, and data events if they are asked for. It has names of tables, indexes and
//! streams, and none of their contents: no keys, no values, no expressions, no statements, no signatures (`names`,
//! `outcome`).
//!
//! A request takes room in the queue of the one writer before it is executed, and its event is handed over before the
//! client is answered. A queue that is full makes requests wait for a moment, since an event that is lost is worse than
//! that; then it is lost and counted, or, where requests must be audited, the request is refused. Those wait for the file
//! as well: a client has no good answer to a request of which the event is only in memory.

mod action;
mod arguments;
mod backlog;
mod ending;
mod file;
mod identity;
mod names;
mod origin;
mod outcome;
mod record;
mod stream;
mod unauthenticated;
mod watch;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use autoscaling::{CapacityAudit, CapacityChange};
use base::Clock;
use parking_lot::Mutex;
use storage::BoxFuture;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::oneshot;

pub(crate) use action::Action;
pub(crate) use arguments::AuditArguments;
use backlog::Backlog;
use ending::Ending;
use file::{AuditFile, Line};
pub(crate) use origin::Origin;
pub(crate) use outcome::Outcome;
pub(crate) use record::Draft;
use unauthenticated::{HeldBack, Unauthenticated};
pub(crate) use watch::Watch;
use writer::{Message, Running, Writer};

use crate::hangups::Hangups;
use crate::protect;

/// Events that wait to be written, and requests that are executed and will have one.
const QUEUE: usize = 16_384;
/// What of it is left to known callers: unsigned requests leave so much room. A divisor.
const QUEUE_OF_KNOWN: usize = 4;
/// So long a request waits for room.
const PATIENCE: Duration = Duration::from_secs(1);
/// A write that takes so long makes the next requests wait for it, until it has taken [`PATIENCE`]; then they are refused.
const STALL: Duration = Duration::from_millis(250);
/// How often they look at it.
const STALL_LOOK: Duration = Duration::from_millis(10);
/// So long the end of the server waits for the file: less than supervisors wait before they kill.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// How often unauthenticated requests are summed up.
const SUMMARY_PERIOD: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Figures {
    /// The audit log, for messages.
    path: PathBuf,
    written: AtomicU64,
    lost: AtomicU64,
    /// Of those that are lost, the ones that the log has reported.
    lost_logged: AtomicU64,
    /// Requests that were not executed.
    refused: AtomicU64,
    /// The file cannot be written, and requests must be audited.
    blocked: AtomicBool,
    /// Since when the writer has been at the events that it has taken; nothing while it has none.
    writing_since: Mutex<Option<Instant>>,
    /// The log says that requests are refused.
    is_reported: AtomicBool,
    ending: Arc<Ending>,
    /// Events that must be written, and were printed at the end instead.
    unwritten: AtomicU64,
    /// Requests that had not ended when the log did, and have no events.
    cut_off: AtomicU64,
}

impl Figures {
    /// The writer has events to write, or none any more.
    fn writes(&self, begins: bool) {
        *self.writing_since.lock() = begins.then(Instant::now);
    }

    /// How long the write under way has been taking.
    fn writing(&self) -> Duration {
        self.writing_since.lock().map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether no event can be written now. A file that takes nothing reports no error.
    fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed) || self.writing() >= PATIENCE
    }

    /// How many events were lost since this was asked before.
    fn take_unlogged(&self) -> u64 {
        let lost = self.lost.load(Ordering::Relaxed);
        lost.saturating_sub(self.lost_logged.swap(lost, Ordering::Relaxed))
    }
}

/// A request that must be audited cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unaudited {
    /// It is not executed.
    Blocked,
    Full,
    /// It is executed, and its event is not in the file yet.
    Unwritten,
}

impl fmt::Display for Unaudited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unaudited::Blocked => "the request was not executed: the audit log cannot be written",
            Unaudited::Full => "the request was not executed: the audit log takes events more slowly than they come",
            Unaudited::Unwritten => "the request was executed, and its event is not in the audit log yet",
        })
    }
}

pub(crate) struct Audit {
    queue: mpsc::Sender<Message>,
    /// Data events, too.
    data: bool,
    /// Nothing is executed that cannot be audited.
    required: bool,
    /// Of events of unknown callers.
    region: String,
    started: Instant,
    figures: Arc<Figures>,
    unauthenticated: Arc<Unauthenticated>,
    writer: Mutex<Option<Running>>,
}

impl Audit {
    /// Nothing if there is no file for it.
    pub(crate) fn start(arguments: &AuditArguments, region: &str) -> Result<Option<Arc<Audit>>, String> {
        let Some(path) = &arguments.audit_log else { return Ok(None) };
        let bytes_max = (arguments.audit_log_bytes > 0).then_some(arguments.audit_log_bytes);
        let failed = |error: std::io::Error| {
            let denied =
                (error.kind() == std::io::ErrorKind::PermissionDenied).then(|| protect::denied(path)).flatten();
            let cause = denied.unwrap_or_else(|| error.to_string());
            format!("cannot write the audit log {}: {cause}", path.display())
        };
        let file = AuditFile::open(path, bytes_max, arguments.audit_log_files).map_err(failed)?;
        let (queue, messages) = mpsc::channel(QUEUE);
        let figures = Arc::new(Figures { path: path.clone(), ..Figures::default() });
        let unauthenticated = Arc::<Unauthenticated>::default();
        let required = arguments.audit_required;
        let file = file.ending_with(Arc::clone(&figures.ending));
        let last_resort = Box::new(std::io::stderr());
        let backlog = Arc::new(Backlog::new(messages, required, Arc::clone(&figures), last_resort));
        let (figures_of, unauthenticated_of) = (Arc::clone(&figures), Arc::clone(&unauthenticated));
        let writer = Writer { file, backlog, figures: figures_of, unauthenticated: unauthenticated_of };
        let writer = Mutex::new(Some(writer.start().map_err(failed)?));
        let (data, region, started) = (arguments.audit_data, region.to_owned(), Instant::now());
        let audit = Arc::new(Audit { queue, data, required, region, started, figures, unauthenticated, writer });
        tokio::spawn(Arc::clone(&audit).keep(Hangups::new().map_err(failed)?));
        Ok(Some(audit))
    }

    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::new(Watch::of(&self.figures, &self.unauthenticated))
    }

    pub(crate) fn begin(self: &Arc<Audit>, action: Action, origin: Origin) -> Draft {
        Draft::new(self, action, origin)
    }

    /// Room for an event; `None` if there is none, and the request is executed all the same.
    async fn reserve(&self, is_unknown: bool) -> Result<Option<OwnedPermit<Message>>, Unaudited> {
        let slot = match self.required && !self.is_writable().await {
            true => Err(Unaudited::Blocked),
            false => self.slot(is_unknown).await.ok_or(Unaudited::Full),
        };
        match slot {
            Err(unaudited) if self.required => {
                self.figures.refused.fetch_add(1, Ordering::Relaxed);
                Err(unaudited)
            }
            slot => Ok(slot.ok()),
        }
    }

    /// Whether events are written. A write that hangs is waited for, since a request that was executed could not be undone.
    async fn is_writable(&self) -> bool {
        while !self.figures.is_blocked() {
            if self.figures.writing() < STALL {
                return true;
            }
            tokio::time::sleep(STALL_LOOK).await;
        }
        if !self.figures.blocked.load(Ordering::Relaxed) {
            writer::blocked(
                &self.figures,
                "a write does not end: a pipe whose reader does not read, or a disk that hangs",
            );
        }
        false
    }

    async fn slot(&self, is_unknown: bool) -> Option<OwnedPermit<Message>> {
        if is_unknown && !self.has_room_for_unknown() {
            return None;
        }
        match self.queue.clone().try_reserve_owned() {
            Ok(slot) => Some(slot),
            Err(TrySendError::Full(queue)) => tokio::time::timeout(PATIENCE, queue.reserve_owned()).await.ok()?.ok(),
            Err(TrySendError::Closed(_)) => None,
        }
    }

    fn has_room_for_unknown(&self) -> bool {
        self.queue.capacity() > self.queue.max_capacity() / QUEUE_OF_KNOWN
    }

    /// The event has ended: it is as good as written, or counted as lost or held back.
    fn end(
        &self,
        draft: &Draft,
        slot: Option<OwnedPermit<Message>>,
        outcome: &Outcome,
        written: Option<oneshot::Sender<()>>,
    ) {
        if draft.is_unknown() && outcome.is_refusal() {
            drop(slot);
            return self.end_unauthenticated(draft, outcome);
        }
        let message = Message::Line(Line { bytes: draft.line(outcome, &self.region), unauthenticated: None, written });
        match slot {
            Some(slot) => drop(slot.send(message)),
            None if self.queue.try_send(message).is_ok() => {}
            None => writer::lost(&self.figures, 1, "the file takes no more"),
        }
    }

    fn end_unauthenticated(&self, draft: &Draft, outcome: &Outcome) {
        let this_one = HeldBack { requests: 1, since_ms: draft.began_ms(), counted: false };
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let admitted = self.unauthenticated.admits(elapsed_ms) && self.has_room_for_unknown();
        let line = || Line { bytes: draft.line(outcome, &self.region), unauthenticated: Some(this_one), written: None };
        if !admitted || self.queue.try_send(Message::Line(line())).is_err() {
            self.unauthenticated.hold_back(this_one);
        }
    }

    /// The event of what a user of this machine does beside any request, before it is done.
    ///
    /// # Errors
    /// If it must be audited and cannot be.
    pub(crate) async fn operated(&self, name: &'static str, uid: u32) -> Result<(), Unaudited> {
        let slot = self.reserve(false).await?;
        let (done, written) = oneshot::channel();
        let bytes = record::of_operator(name, uid, Clock::system().now_ms(), &self.region);
        let message = Message::Line(Line { bytes, unauthenticated: None, written: self.required.then_some(done) });
        match slot {
            Some(slot) => drop(slot.send(message)),
            None => writer::lost(&self.figures, 1, "the file takes no more"),
        }
        if !self.required {
            return Ok(());
        }
        let written = tokio::time::timeout(PATIENCE, written).await;
        written.ok().and_then(Result::ok).ok_or(Unaudited::Blocked)
    }

    /// The event of a change that Application Auto Scaling has made. One for which there is no room in time is counted as lost.
    async fn scaled(&self, change: &CapacityChange<'_>) {
        let bytes = record::of_scaling(change, Clock::system().now_ms());
        let message = Message::Line(Line { bytes, unauthenticated: None, written: None });
        match self.reserve(false).await {
            Ok(Some(slot)) => drop(slot.send(message)),
            Ok(None) | Err(_) => writer::lost(&self.figures, 1, "the file takes no more"),
        }
    }

    /// Queues an event of the unauthenticated requests that have none of their own, if there are any.
    fn sum_up(&self) {
        let Some(held_back) = self.unauthenticated.take() else { return };
        let bytes = record::summary(held_back, Clock::system().now_ms(), &self.region);
        let line = Line { bytes, unauthenticated: Some(held_back), written: None };
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.unauthenticated.hold_back(held_back);
        }
    }

    /// With every SIGHUP the file is opened anew: another program may have moved it away.
    async fn keep(self: Arc<Audit>, mut hangups: Hangups) {
        let mut summaries = tokio::time::interval(SUMMARY_PERIOD);
        loop {
            tokio::select! {
                () = hangups.next() => {
                    if self.queue.send(Message::Reopen).await.is_err() {
                        return;
                    }
                }
                _ = summaries.tick() => self.sum_up(),
            }
        }
    }

    /// Everything is written, or printed.
    ///
    /// # Errors
    /// If requests must be audited, and events had to be printed instead; or if the file hangs.
    pub(crate) async fn stop(&self) -> Result<(), String> {
        self.sum_up();
        self.figures.ending.begin();
        let Some(Running { thread, backlog }) = self.writer.lock().take() else { return Ok(()) };
        // It may be waiting for a file that cannot be written.
        thread.thread().unpark();
        let end = async {
            let _ = self.queue.send(Message::End).await;
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        };
        // The thread gives up a pipe. A disk that hangs blocks the thread, and does not delay the end of the server either.
        let hangs = tokio::time::timeout(END_PATIENCE, end).await.is_err();
        if hangs {
            let abandon = tokio::task::spawn_blocking(move || backlog.abandon());
            let _ = tokio::time::timeout(END_PATIENCE, abandon).await;
        }
        self.result(hangs)
    }

    fn result(&self, hangs: bool) -> Result<(), String> {
        let [unwritten, cut_off] =
            [&self.figures.unwritten, &self.figures.cut_off].map(|count| count.load(Ordering::Relaxed));
        match (unwritten, cut_off) {
            (0, _) if hangs => Err("the file of the audit log hangs: its last events may not be in it".to_owned()),
            (0, 0) => Ok(()),
            (0, _) if !self.required => Ok(()),
            (0, requests) => Err(format!(
                "{requests} requests had not ended when the server stopped: they may have been executed, and have no events in \
                 the audit log"
            )),
            (events, _) => Err(format!(
                "the audit log could not be written: {events} events of executed requests are not in it. They are on stderr, one \
                 JSON object a line; add them to the log"
            )),
        }
    }
}

/// The name that a full log is renamed to: `FILE.1` is the newest of those before it.
fn rotated(path: &Path, number: u32) -> PathBuf {
    named(path, &number.to_string())
}

/// A file beside the log: `FILE.ending`.
fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    name.into()
}

impl CapacityAudit for Audit {
    fn changed<'a>(&'a self, change: CapacityChange<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.scaled(&change).await })
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
