//! The one thread that writes events, as many at a time as have come meanwhile.
//!
//! What cannot be written is lost and counted, unless requests must be audited: then it is kept and tried again, and
//! requests are refused until it is written. Likewise while one write makes no progress, as into a pipe whose reader does not
//! read. Events that are still unwritten when the program ends go to stderr.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

use super::file::{AuditFile, Line, Written};
use super::unauthenticated::Unauthenticated;
use super::{Figures, PATIENCE};
use crate::log::{self, Gate, Value};

/// Messages that are taken at a time.
const MESSAGES_MAX: usize = 256;
/// How long it takes until a file that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often it is looked, at the end, whether the requests under way have ended.
const REST: Duration = Duration::from_millis(10);
const LOG_WINDOW: Duration = Duration::from_secs(60);

static LINES_LOST: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));
static LINES_NOT_ROTATED: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));
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
    /// Where events go that must be written, and are not in the file when the program ends.
    pub(super) last_resort: Box<dyn io::Write + Send>,
}

/// Counts events that are missing in the file, and logs at most once a minute how many they are since the line before.
pub(super) fn lost(figures: &Figures, events: u64, why: &str) {
    figures.lost.fetch_add(events, Ordering::Relaxed);
    if LINES_LOST.pass().is_some() {
        let data = [("events", Value::Number(figures.take_unlogged())), ("detail", Value::Text(why))];
        log::error("audit_lost", "events are missing in the audit log", &data);
    }
}

/// Requests are refused; it is logged at most once a minute.
pub(super) fn blocked(figures: &Figures, why: &str) {
    figures.is_reported.store(true, Ordering::Relaxed);
    if LINES_BLOCKED.pass().is_some() {
        let text = "the audit log cannot be written; requests are refused until it can";
        log::error("audit_blocked", text, &[("detail", Value::Text(why))]);
    }
}

/// A file that is full goes on growing; it is logged at most once a minute.
fn not_rotated(error: &io::Error) {
    if LINES_NOT_ROTATED.pass().is_some() {
        let data = [("detail", Value::Text(&error.to_string()))];
        let text = "the audit log cannot be rotated: the file goes on growing, and nothing is lost. Make its folder writable, and \
                    see what has the names of its files";
        log::error("audit_not_rotated", text, &data);
    }
}

impl Message {
    fn line(self) -> Option<Line> {
        match self {
            Message::Line(line) => Some(line),
            Message::Reopen | Message::End => None,
        }
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
        let (mut taken, mut lines, mut is_ending) = (Vec::new(), Vec::new(), false);
        while !is_ending && messages.blocking_recv_many(&mut taken, MESSAGES_MAX) > 0 {
            self.figures.writes(self.required);
            for message in taken.drain(..) {
                match message {
                    Message::Line(line) => lines.push(line),
                    Message::Reopen => {
                        self.write(&mut lines);
                        self.reopen();
                    }
                    Message::End => is_ending = true,
                }
            }
            if is_ending {
                self.take_rest(&mut messages, &mut lines);
            }
            self.write(&mut lines);
            self.figures.writes(false);
            self.writable();
        }
        self.file.sync();
    }

    /// Events behind the end, and of requests that are still executed, which have their room already: no other request takes
    /// room from here on. A request that does not end has no event, and is counted.
    fn take_rest(&self, messages: &mut Receiver<Message>, lines: &mut Vec<Line>) {
        messages.close();
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Room is counted before the messages are taken: what is sent in between is taken in the next round.
            let is_all_sent = messages.capacity() + messages.len() == messages.max_capacity();
            lines.extend(std::iter::from_fn(|| messages.try_recv().ok()).filter_map(Message::line));
            if is_all_sent || Instant::now() >= deadline {
                break;
            }
            std::thread::park_timeout(REST);
        }
        let missing = (messages.max_capacity() - messages.capacity()) as u64;
        if missing > 0 {
            self.figures.cut_off.fetch_add(missing, Ordering::Relaxed);
            lost(&self.figures, missing, "requests were cut off at the end");
        }
    }

    fn write(&mut self, lines: &mut Vec<Line>) {
        while !lines.is_empty() {
            match self.try_write(lines) {
                Ok(()) => self.figures.blocked.store(false, Ordering::Relaxed),
                Err(error) if self.required && !self.figures.stopping.load(Ordering::Relaxed) => {
                    self.blocked(&error);
                    // The end of the program unparks it.
                    std::thread::park_timeout(RETRY);
                }
                Err(error) if self.required => self.print(lines, &error),
                Err(error) => {
                    lost(&self.figures, lines.len() as u64, &error.to_string());
                    lines.clear();
                }
            }
        }
    }

    /// The requests were executed, and the events are nowhere else.
    fn print(&mut self, lines: &mut Vec<Line>, why: &io::Error) {
        let count = lines.len() as u64;
        self.figures.unwritten.fetch_add(count, Ordering::Relaxed);
        for line in lines.drain(..) {
            // Without stderr, what is left is the exit status.
            let _ = self.last_resort.write_all(&line.bytes);
        }
        let _ = self.last_resort.flush();
        lost(&self.figures, count, &why.to_string());
    }

    /// What does not go in at once is tried once more, with the file opened anew.
    fn try_write(&mut self, lines: &mut Vec<Line>) -> io::Result<()> {
        let mut written = Written::default();
        let first = self.file.write(lines, &mut written);
        let done = first.or_else(|_| self.file.reopen().and_then(|()| self.file.write(lines, &mut written)));
        self.figures.written.fetch_add(written.lines, Ordering::Relaxed);
        if let Some(error) = &written.not_rotated {
            not_rotated(error);
        }
        written.held_back.into_iter().for_each(|requests| self.unauthenticated.hold_back(requests));
        done
    }

    fn until_writable(&mut self) {
        while !self.figures.stopping.load(Ordering::Relaxed) {
            match self.file.reopen().and_then(|()| self.file.probe()) {
                Ok(()) => {
                    self.figures.blocked.store(false, Ordering::Relaxed);
                    return self.writable();
                }
                Err(error) => self.blocked(&error),
            }
            std::thread::park_timeout(RETRY);
        }
    }

    fn writable(&self) {
        if self.figures.is_reported.swap(false, Ordering::Relaxed) {
            log::info("audit_unblocked", "the audit log can be written again; requests are executed", &[]);
        }
    }

    fn blocked(&self, error: &io::Error) {
        self.figures.blocked.store(true, Ordering::Relaxed);
        blocked(&self.figures, &error.to_string());
    }

    /// If it cannot be, the open file goes on.
    fn reopen(&mut self) {
        if let Err(error) = self.file.reopen() {
            let data = [("detail", Value::Text(&error.to_string()))];
            log::error("audit_not_reopened", "the audit log cannot be opened anew; the old file goes on", &data);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Printed(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lost_events_are_logged_once() {
        let figures = Figures::default();
        figures.lost.fetch_add(1, Ordering::Relaxed);
        assert_eq!(figures.take_unlogged(), 1);
        figures.lost.fetch_add(41, Ordering::Relaxed);
        assert_eq!([figures.take_unlogged(), figures.take_unlogged()], [41, 0]);
    }

    /// On a full disk, those before the end and those that are queued behind it.
    #[test]
    fn unwritten_events_are_printed_at_the_end() {
        for required in [false, true] {
            let (printed, figures) = (Printed::default(), Arc::<Figures>::default());
            let file = AuditFile::open(Path::new("/dev/full"), Some(1), 2).unwrap();
            let last_resort = Box::new(printed.clone());
            let mut writer =
                Writer { file, required, figures: Arc::clone(&figures), unauthenticated: Arc::default(), last_resort };
            let (queue, messages) = tokio::sync::mpsc::channel(8);
            let line = |text: &str| Message::Line(Line { bytes: text.into(), unauthenticated: None, written: None });
            for message in [line("a\n"), line("b\n"), Message::End, line("c\n")] {
                queue.try_send(message).ok().unwrap();
            }
            figures.stopping.store(true, Ordering::Relaxed);
            writer.run(messages);
            let expected = if required { "a\nb\nc\n" } else { "" };
            assert_eq!(String::from_utf8(printed.0.lock().clone()).unwrap(), expected);
            let counts = [&figures.lost, &figures.unwritten].map(|count| count.load(Ordering::Relaxed));
            assert_eq!(counts, [3, if required { 3 } else { 0 }]);
        }
    }

    /// Requests that are under way at the end have their events, and one that does not end is counted.
    #[test]
    fn requests_under_way_at_the_end_are_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let file = AuditFile::open(&path, None, 2).unwrap();
        let (figures, last_resort) = (Arc::<Figures>::default(), Box::new(Printed::default()));
        let mut writer = Writer {
            file,
            required: true,
            figures: Arc::clone(&figures),
            unauthenticated: Arc::default(),
            last_resort,
        };
        let (queue, messages) = tokio::sync::mpsc::channel(8);
        let [slot, _never_ends] = [(); 2].map(|()| queue.clone().try_reserve_owned().unwrap());
        queue.try_send(Message::End).ok().unwrap();
        let late = std::thread::spawn(move || {
            while !queue.is_closed() {
                std::thread::yield_now();
            }
            let line = Line { bytes: b"late\n".to_vec(), unauthenticated: None, written: None };
            drop(slot.send(Message::Line(line)));
        });
        writer.run(messages);
        late.join().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "late\n");
        assert_eq!(figures.cut_off.load(Ordering::Relaxed), 1);
    }
}
