//! The one thread that writes events, as many at a time as have come meanwhile.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use super::Figures;
use super::file::AuditFile;
use crate::log::{self, Gate, Value};

/// Messages that are taken at a time.
const MESSAGES_MAX: usize = 256;

static LINES_LOST: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, Duration::from_secs(60)));

pub(super) enum Message {
    /// With its end.
    Line(Vec<u8>),
    Reopen,
    End,
}

pub(super) fn start(file: AuditFile, messages: Receiver<Message>, figures: Arc<Figures>) -> io::Result<JoinHandle<()>> {
    let writer = Writer { file, figures };
    std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(messages))
}

/// Counts events that nobody will read, and says so now and then.
pub(super) fn lost(figures: &Figures, events: u64, why: &str) {
    figures.lost.fetch_add(events, Ordering::Relaxed);
    if LINES_LOST.pass().is_some() {
        let data = [("events", Value::Number(figures.lost.load(Ordering::Relaxed))), ("detail", Value::Text(why))];
        log::error("audit_lost", "events are missing in the audit log", &data);
    }
}

struct Writer {
    file: AuditFile,
    figures: Arc<Figures>,
}

impl Writer {
    fn run(mut self, mut messages: Receiver<Message>) {
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

    /// What does not go in at once is tried once more, with the file opened anew.
    fn write(&mut self, lines: &mut Vec<Vec<u8>>) {
        if lines.is_empty() {
            return;
        }
        let events = lines.len() as u64;
        let written = self.file.write(lines);
        match written.or_else(|_| self.file.reopen().and_then(|()| self.file.write(lines))) {
            Ok(()) => drop(self.figures.written.fetch_add(events, Ordering::Relaxed)),
            Err(error) => lost(&self.figures, events, &error.to_string()),
        }
        lines.clear();
    }

    /// If it cannot be, the file goes on that is open.
    fn reopen(&mut self) {
        if let Err(error) = self.file.reopen() {
            let data = [("detail", Value::Text(&error.to_string()))];
            log::error("audit_not_reopened", "the audit log cannot be opened anew; the old file goes on", &data);
        }
    }
}
