//! A line on stderr that says how far a command is, where stderr is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

pub(crate) struct Progress {
    is_terminal: bool,
    begun: Instant,
    is_shown: bool,
}

impl Progress {
    pub(crate) fn start() -> Progress {
        Progress { is_terminal: io::stderr().is_terminal(), begun: Instant::now(), is_shown: false }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Replaces the line. Its text must not have line breaks.
    pub(crate) fn show(&mut self, text: &str) {
        if self.is_terminal {
            self.is_shown = true;
            write(&format!("\r\x1b[K{text}, {}", duration(self.elapsed())));
        }
    }

    /// Removes the line.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            write("\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A closed stderr is no reason to stop.
fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// A duration as people write it: `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn duration(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..10 => format!("{:.1} s", elapsed.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (ms, expected) in
            [(0, "0.0 s"), (440, "0.4 s"), (10_900, "10 s"), (60_000, "1 min 00 s"), (185_000, "3 min 05 s")]
        {
            assert_eq!(duration(Duration::from_millis(ms)), expected);
        }
    }
}
