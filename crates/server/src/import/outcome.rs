//! What has become of the lines: counts, and the first bad ones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::remote::say;

/// Bad lines that are printed.
const SHOWN_MAX: usize = 10;
/// Of a reason, which may quote a value. Unit: bytes.
const REASON_SIZE_MAX: usize = 500;

#[derive(Default)]
pub(super) struct Outcome {
    written: AtomicU64,
    bad: AtomicU64,
    /// The lowest lines, with their reasons.
    first: Mutex<BTreeMap<u64, String>>,
}

impl Outcome {
    pub(super) fn add_written(&self, items: u64) {
        self.written.fetch_add(items, Ordering::Relaxed);
    }

    pub(super) fn add_bad(&self, line: u64, why: &str) {
        self.bad.fetch_add(1, Ordering::Relaxed);
        let mut first = self.first.lock();
        first.insert(line, base::cut(why, REASON_SIZE_MAX).to_owned());
        if first.len() > SHOWN_MAX {
            first.pop_last();
        }
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(super) fn bad(&self) -> u64 {
        self.bad.load(Ordering::Relaxed)
    }

    pub(super) fn progress(&self) -> String {
        match self.bad() {
            0 => format!("{} items written", self.written()),
            bad => format!("{} items written, {bad} bad lines", self.written()),
        }
    }

    pub(super) fn say_bad_lines(&self) {
        let first = self.first.lock();
        for (line, why) in first.iter() {
            say("import", format_args!("line {line}: {}", base::visible(&why.replace('\n', " "))));
        }
        let more = self.bad() - first.len() as u64;
        if more > 0 {
            say("import", format_args!("and {more} more bad lines"));
        }
    }

    pub(super) fn sentence(&self, table: &str) -> String {
        format!("{} items written to {}, {} bad lines\n", self.written(), base::visible(table), self.bad())
    }

    pub(super) fn document(&self) -> Value {
        let (written, bad) = (self.written(), self.bad());
        json!({ "ProcessedItemCount": written + bad, "ImportedItemCount": written, "ErrorCount": bad })
    }
}
