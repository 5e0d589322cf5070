//! For tests: counts lines of the log.

use std::sync::{Mutex, PoisonError};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).push(record.args().to_string());
    }

    fn flush(&self) {}
}

/// The number of lines with a text that `write` logs.
pub(crate) fn count_lines(text: &str, write: impl FnOnce()) -> usize {
    _ = log::set_logger(&Lines);
    log::set_max_level(log::LevelFilter::Info);
    write();
    // Other tests log at the same time.
    LINES.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|line| line.contains(text)).count()
}
