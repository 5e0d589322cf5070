//! The one thread that writes events, as many at a time as have come meanwhile.
//!
//! What cannot be written is lost and counted, unless requests must be audited: then it is kept and tried again, and
//! requests are refused until it is written.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use super::Figures;
use super::file::{AuditFile, Line, Written};
use super::unauthenticated::Unauthenticated;
use crate::log::{self, Gate, Value};

/// Messages that are taken at a time.
const MESSAGES_MAX: usize = 256;
/// How long it takes until a file that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);
const LOG_WINDOW: Duration = Duration::from_secs(60);

static LINES_LOST: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));
static LINES_BLOCKED: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));

pub(super) enum Message {
    Line(Line),
    Reopen,
    End,
}

pub(super) struct Writer {
    pub(super) file: AuditFile,
    /// Whether what cannot be written is kept.
    pub(super) required: bool,
    pub(super) figures: Arc<Figures>,
    pub(super) unauthenticated: Arc<Unauthenticated>,
}

/// Counts events that are missing in the file, and logs it at most once a minute.
pub(super) fn lost(figures: &Figures, events: u64, why: &str) {
    figures.lost.fetch_add(events, Ordering::Relaxed);
    if LINES_LOST.pass().is_some() {
        let data = [("events", Value::Number(figures.lost.load(Ordering::Relaxed))), ("detail", Value::Text(why))];
        log::error("audit_lost", "events are missing in the audit log", &data);
    }
}

impl Writer {
    /// Where requests must be audited, it is known before the first one whether they can be.
    pub(super) fn start(mut self, messages: Receiver<Message>) -> io::Result<JoinHandle<()>> {
        let blocked = if self.required { self.file.probe().err() } else { None };
        if let Some(error) = &blocked {
            self.blocked(error);
        }
        let run = move || {
            if blocked.is_some() {
                self.until_writable();
            }
            self.run(messages);
        };
        std::thread::Builder::new().name("audit".to_owned()).spawn(run)
    }

    fn run(&mut self, mut messages: Receiver<Message>) {
        let (mut taken, mut lines) = (Vec::new(), Vec::new());
        while messages.blocking_recv_many(&mut taken, MESSAGES_MAX) > 0 {
            for message in taken.drain(..) {
                match message {
                    Message::Line(line) => lines.push(line),
                    Message::Reopen => {
                        self.write(&mut lines);
                        self.reopen();
                    }
                    Message::End => {
                        self.write(&mut lines);
                        self.file.sync();
                        return;
                    }
                }
            }
            self.write(&mut lines);
        }
    }

    fn write(&mut self, lines: &mut Vec<Line>) {
        while !lines.is_empty() {
            match self.try_write(lines) {
                Ok(()) => self.writable(),
                Err(error) if self.required && !self.figures.stopping.load(Ordering::Relaxed) => {
                    self.blocked(&error);
                    // The end of the program unparks it.
                    std::thread::park_timeout(RETRY);
                }
                Err(error) => {
                    lost(&self.figures, lines.len() as u64, &error.to_string());
                    lines.clear();
                }
            }
        }
    }

    /// What does not go in at once is tried once more, with the file opened anew.
    fn try_write(&mut self, lines: &mut Vec<Line>) -> io::Result<()> {
        let mut written = Written::default();
        let first = self.file.write(lines, &mut written);
        let done = first.or_else(|_| self.file.reopen().and_then(|()| self.file.write(lines, &mut written)));
        self.figures.written.fetch_add(written.lines, Ordering::Relaxed);
        written.held_back.into_iter().for_each(|requests| self.unauthenticated.hold_back(requests));
        done
    }

    fn until_writable(&mut self) {
        while !self.figures.stopping.load(Ordering::Relaxed) {
            match self.file.reopen().and_then(|()| self.file.probe()) {
                Ok(()) => return self.writable(),
                Err(error) => self.blocked(&error),
            }
            std::thread::park_timeout(RETRY);
        }
    }

    fn writable(&self) {
        if self.figures.blocked.swap(false, Ordering::Relaxed) {
            log::info("audit_unblocked", "the audit log can be written again; requests are executed", &[]);
        }
    }

    fn blocked(&self, error: &io::Error) {
        self.figures.blocked.store(true, Ordering::Relaxed);
        if LINES_BLOCKED.pass().is_some() {
            let data = [("detail", Value::Text(&error.to_string()))];
            let text = "the audit log cannot be written; requests are refused until it can";
            log::error("audit_blocked", text, &data);
        }
    }

    /// If it cannot be, the open file goes on.
    fn reopen(&mut self) {
        if let Err(error) = self.file.reopen() {
            let data = [("detail", Value::Text(&error.to_string()))];
            log::error("audit_not_reopened", "the audit log cannot be opened anew; the old file goes on", &data);
        }
    }
}
