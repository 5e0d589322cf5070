//! The one thread that writes events, as many at a time as have come meanwhile.
//!
//! What cannot be written is lost and counted, unless requests must be audited: then it is retained and retried, and
//! requests are refused until it is written. Likewise while one write makes no progress, as into a pipe whose reader does not
//! read. Events that are still unwritten when the program ends go to stderr.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use super::Figures;
use super::backlog::Backlog;
use super::file::{AuditFile, Detached, Line, Written};
use super::unauthenticated::Unauthenticated;
use crate::log::{self, Gate, Value};

/// How long it takes until a file that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);
const LOG_WINDOW: Duration = Duration::from_secs(60);

static LINES_LOST: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));
static LINES_NOT_ROTATED: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));
static LINES_NOT_REOPENED: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));
static LINES_BLOCKED: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(|| Gate::new(1, LOG_WINDOW));

pub(super) enum Message {
    Line(Line),
    Reopen,
    End,
}

pub(super) struct Writer {
    pub(super) file: AuditFile,
    pub(super) backlog: Arc<Backlog>,
    pub(super) figures: Arc<Figures>,
    pub(super) unauthenticated: Arc<Unauthenticated>,
}

/// The thread, and what it has not written.
pub(super) struct Running {
    pub(super) thread: JoinHandle<()>,
    pub(super) backlog: Arc<Backlog>,
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
        let file = figures.path.display().to_string();
        let text = format!(
            "the audit log {file} cannot be written: {why}. Requests are refused until it can, which is tried each second: free \
             space on its disk, or give this user the right to write it"
        );
        log::error("audit_blocked", &text, &[("file", Value::Text(&file)), ("detail", Value::Text(why))]);
    }
}

/// A full file continues to grow; it is logged at most once a minute.
fn not_rotated(error: &io::Error) {
    if LINES_NOT_ROTATED.pass().is_some() {
        let data = [("detail", Value::Text(&error.to_string()))];
        let text = "the audit log cannot be rotated: the file goes on growing, and nothing is lost. Make its folder writable, and \
                    see what has the names of its files";
        log::error("audit_not_rotated", text, &data);
    }
}

/// If it cannot be opened anew, the open file stays in use.
fn not_reopened(error: &io::Error) {
    let data = [("detail", Value::Text(&error.to_string()))];
    log::error("audit_not_reopened", "the audit log cannot be opened anew; the old file goes on", &data);
}

impl Message {
    pub(super) fn line(self) -> Option<Line> {
        match self {
            Message::Line(line) => Some(line),
            Message::Reopen | Message::End => None,
        }
    }
}

impl Writer {
    /// Where requests must be audited, it is known before the first one whether they can be.
    pub(super) fn start(mut self) -> io::Result<Running> {
        let backlog = Arc::clone(&self.backlog);
        let blocked = if backlog.required { self.file.probe().err() } else { None };
        if let Some(error) = &blocked {
            self.blocked(error);
        }
        let run = move || {
            if blocked.is_some() {
                self.until_writable();
            }
            self.run();
        };
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(run)?;
        Ok(Running { thread, backlog })
    }

    fn run(&mut self) {
        while let Some(orders) = self.backlog.receive() {
            self.figures.writes(self.backlog.required);
            if orders.reopen {
                self.reopen();
            }
            self.write();
            self.figures.writes(false);
            self.writable();
            if orders.end {
                break;
            }
        }
        self.file.sync();
    }

    fn write(&mut self) {
        while !self.backlog.lines.lock().is_empty() {
            match self.try_write() {
                Ok(()) => self.figures.blocked.store(false, Ordering::Relaxed),
                Err(error) if self.backlog.required && !self.figures.ending.has_begun() => {
                    self.blocked(&error);
                    // The end of the program unparks it.
                    std::thread::park_timeout(RETRY);
                }
                Err(error) => self.backlog.give_up(&error.to_string()),
            }
        }
    }

    /// What does not go in at once is tried once more, with the file opened anew.
    fn try_write(&mut self) -> io::Result<()> {
        self.follow_name()?;
        let (lines, mut written) = (&self.backlog.lines, Written::default());
        let first = self.file.write(lines, &mut written);
        let done = first.or_else(|_| self.file.reopen().and_then(|()| self.file.write(lines, &mut written)));
        self.figures.written.fetch_add(written.lines, Ordering::Relaxed);
        if let Some(error) = &written.not_rotated {
            not_rotated(error);
        }
        written.held_back.into_iter().for_each(|requests| self.unauthenticated.hold_back(requests));
        done
    }

    /// Another program has removed the file, or given its name to another one: the log is the file that has the name.
    ///
    /// # Errors
    /// If that cannot be opened. A file without a name takes no event; one that has another name does, unless requests must
    /// be audited.
    fn follow_name(&mut self) -> io::Result<()> {
        let Some(detached) = self.file.detached() else { return Ok(()) };
        match self.file.reopen() {
            Ok(()) => {
                let data = [("detail", Value::Text(detached.text()))];
                log::warning("audit_reopened", "the audit log was opened anew: it had lost its name", &data);
            }
            Err(error) if self.backlog.required || detached == Detached::Removed => {
                return Err(io::Error::other(format!("{}: {error}", detached.text())));
            }
            Err(error) if LINES_NOT_REOPENED.pass().is_some() => not_reopened(&error),
            Err(_) => {}
        }
        Ok(())
    }

    fn until_writable(&mut self) {
        while !self.figures.ending.has_begun() {
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

    fn reopen(&mut self) {
        if let Err(error) = self.file.reopen() {
            not_reopened(&error);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use parking_lot::Mutex;

    use super::super::ending::Ending;
    use super::super::file::testing::Pipe;
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

    fn writer(file: AuditFile, required: bool) -> (Writer, tokio::sync::mpsc::Sender<Message>, Arc<Figures>, Printed) {
        let (printed, figures) = (Printed::default(), Arc::<Figures>::default());
        let (queue, messages) = tokio::sync::mpsc::channel(128);
        let backlog = Backlog::new(messages, required, Arc::clone(&figures), Box::new(printed.clone()));
        let writer =
            Writer { file, backlog: Arc::new(backlog), figures: Arc::clone(&figures), unauthenticated: Arc::default() };
        (writer, queue, figures, printed)
    }

    fn line(text: &str) -> Message {
        Message::Line(Line { bytes: text.into(), unauthenticated: None, written: None })
    }

    impl Printed {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().clone()).unwrap()
        }
    }

    /// On a full disk, those before the end and those that are queued behind it.
    #[test]
    fn unwritten_events_are_printed_at_the_end() {
        for required in [false, true] {
            let file = AuditFile::open(Path::new("/dev/full"), Some(1), 2).unwrap();
            let (mut writer, queue, figures, printed) = writer(file, required);
            for message in [line("a\n"), line("b\n"), Message::End, line("c\n")] {
                queue.try_send(message).ok().unwrap();
            }
            figures.ending.begin();
            writer.run();
            assert_eq!(printed.text(), if required { "a\nb\nc\n" } else { "" });
            let counts = [&figures.lost, &figures.unwritten].map(|count| count.load(Ordering::Relaxed));
            assert_eq!(counts, [3, if required { 3 } else { 0 }]);
        }
    }

    /// Longer than what a pipe takes or refuses as a whole.
    fn long_lines() -> Vec<String> {
        (0..20).map(|number| format!("{number}{}\n", "x".repeat(10_000))).collect()
    }

    /// Each event is in the pipe or printed, and none is in neither.
    #[test]
    fn a_pipe_that_is_not_read_does_not_retain_the_writer() {
        for required in [false, true] {
            let (folder, all) = (tempfile::tempdir().unwrap(), long_lines());
            let pipe = Pipe::new(folder.path());
            let file = AuditFile::open(&pipe.path, None, 2).unwrap().ending_with(Arc::new(Ending::over()));
            let (mut writer, queue, figures, printed) = writer(file, required);
            figures.ending.begin();
            for text in &all {
                queue.try_send(line(text)).ok().unwrap();
            }
            queue.try_send(Message::End).ok().unwrap();
            writer.run();
            let (read, printed) = (pipe.read(), printed.text());
            let written = read.split_inclusive('\n').filter(|line| all.iter().any(|one| one == line));
            let written: Vec<&str> = written.collect();
            assert!(!written.is_empty() && written.len() < all.len());
            let unwritten = if required { all[written.len()..].concat() } else { String::new() };
            assert_eq!((written.concat(), printed), (all[..written.len()].concat(), unwritten));
            assert_eq!(figures.lost.load(Ordering::Relaxed), (all.len() - written.len()) as u64);
        }
    }

    /// The thread never comes back: what it has taken, and what is queued, is printed all the same.
    #[test]
    fn events_of_a_write_that_hangs_are_printed() {
        let (folder, all) = (tempfile::tempdir().unwrap(), long_lines());
        let pipe = Pipe::new(folder.path());
        let file = AuditFile::open(&pipe.path, None, 2).unwrap().blocking();
        let (writer, queue, figures, printed) = writer(file, true);
        let Running { thread, backlog } = writer.start().unwrap();
        let never_ends = queue.clone().try_reserve_owned().unwrap();
        for text in &all {
            queue.try_send(line(text)).ok().unwrap();
        }
        // The thread has taken some of them.
        while backlog.lines.lock().is_empty() {
            std::thread::yield_now();
        }
        queue.try_send(line("queued\n")).ok().unwrap();
        backlog.abandon();
        let printed = printed.text();
        assert!(printed.ends_with(&[all.last().unwrap().as_str(), "queued\n"].concat()));
        assert!(printed.split_inclusive('\n').all(|one| one == "queued\n" || all.iter().any(|line| line == one)));
        assert_eq!(figures.cut_off.load(Ordering::Relaxed), 1);
        backlog.abandon();
        assert_eq!(figures.cut_off.load(Ordering::Relaxed), 1);
        // It comes back after all, and has nothing more to write.
        drop((pipe, never_ends));
        thread.join().unwrap();
        assert!(backlog.lines.lock().is_empty());
    }

    /// Where requests must be audited, a file that is not the log takes no events.
    #[test]
    fn a_lost_name_is_followed() {
        for (required, removed) in [(false, false), (false, true), (true, false), (true, true)] {
            let folder = tempfile::tempdir().unwrap();
            let (path, moved) = (folder.path().join("audit"), folder.path().join("moved"));
            let (mut writer, _queue, figures, printed) = writer(AuditFile::open(&path, None, 2).unwrap(), required);
            let backlog = Arc::clone(&writer.backlog);
            let mut write = |text: &str| {
                backlog.lines.lock().extend(line(text).line());
                writer.try_write().map_err(|error| error.to_string())
            };
            let lose = || match removed {
                true => std::fs::remove_file(&path).unwrap(),
                false => std::fs::rename(&path, &moved).unwrap(),
            };
            write("{1\n").unwrap();
            lose();
            std::fs::write(&path, "").unwrap();
            write("{2\n").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "{2\n");
            // What has the name now cannot be the log.
            lose();
            std::fs::create_dir(&path).unwrap();
            let refused = write("{3\n");
            assert_eq!(refused.is_err(), required || removed, "{refused:?}");
            if !removed && !required {
                assert_eq!(std::fs::read_to_string(&moved).unwrap(), "{2\n{3\n");
                continue;
            }
            std::fs::remove_dir(&path).unwrap();
            write("{4\n").unwrap();
            let log = if removed { &path } else { &moved };
            assert!(std::fs::read_to_string(log).unwrap().ends_with("{3\n{4\n"));
            assert_eq!((figures.lost.load(Ordering::Relaxed), printed.text().as_str()), (0, ""));
        }
    }

    /// Requests that are under way at the end have their events, and one that does not end is counted.
    #[test]
    fn requests_under_way_at_the_end_are_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let (mut writer, queue, figures, _printed) = writer(AuditFile::open(&path, None, 2).unwrap(), true);
        let [slot, _never_ends] = [(); 2].map(|()| queue.clone().try_reserve_owned().unwrap());
        queue.try_send(Message::End).ok().unwrap();
        let late = std::thread::spawn(move || {
            while !queue.is_closed() {
                std::thread::yield_now();
            }
            drop(slot.send(line("late\n")));
        });
        writer.run();
        late.join().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "late\n");
        assert_eq!(figures.cut_off.load(Ordering::Relaxed), 1);
    }
}
