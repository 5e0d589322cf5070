//! What has become of the lines: counts, and the first bad ones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clap::ValueEnum;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::remote::{ItemFormat, say};

/// Bad lines that are printed.
const SHOWN_MAX: usize = 10;
/// Of a reason, which may quote a value. Unit: bytes.
const REASON_SIZE_MAX: usize = 500;

#[derive(Default)]
pub(super) struct Outcome {
    /// Whether a line was an item of the format.
    has_read: AtomicBool,
    /// Whether a line was none.
    has_misread: AtomicBool,
    written: AtomicU64,
    bad: AtomicU64,
    /// The lowest lines, with their reasons.
    first: Mutex<BTreeMap<u64, String>>,
}

impl Outcome {
    pub(super) fn set_read(&self, is_good: bool) {
        let set = if is_good { &self.has_read } else { &self.has_misread };
        set.store(true, Ordering::Relaxed);
    }

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

    /// A file without a single item of the format has another one, as a rule.
    pub(super) fn say_bad_lines(&self, format: ItemFormat) {
        let first = self.first.lock();
        for (line, why) in first.iter() {
            say("import", format_args!("line {line}: {}", base::visible(&why.replace('\n', " "))));
        }
        let more = self.bad() - first.len() as u64;
        if more > 0 {
            say("import", format_args!("and {more} more bad lines"));
        }
        if self.has_misread.load(Ordering::Relaxed) && !self.has_read.load(Ordering::Relaxed) {
            let name = |format: &ItemFormat| {
                format.to_possible_value().map_or_else(String::new, |name| name.get_name().to_owned())
            };
            let others = ItemFormat::value_variants().iter().filter(|other| **other != format).map(name);
            let others = others.collect::<Vec<_>>().join(", ");
            say("import", format_args!("no line is an item of --format {}; the others are {others}", name(&format)));
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
