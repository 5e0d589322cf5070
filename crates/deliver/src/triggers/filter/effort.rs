//! What the filters of a mapping may cost for one record. A pattern has some thousand rules at most and a record some hundred
//! thousand values, or one long one: their product is bounded here.

use std::cell::Cell;

/// For any record: more than all rules of ten patterns.
const STEPS: u64 = 20_000;
/// For each byte of a record: more than ten patterns of a rule each that reads all of it.
const STEPS_PER_BYTE: u64 = 25;

/// A step is a rule that looks at a value, or a byte that it reads beyond its own length.
pub(super) struct Effort {
    left: Cell<Option<u64>>,
}

impl Effort {
    pub(super) fn of_record(bytes: usize) -> Effort {
        Effort { left: Cell::new(Some(STEPS + STEPS_PER_BYTE * bytes as u64)) }
    }

    /// Whether so many steps more are possible. If not, nothing is any more.
    pub(super) fn spend(&self, steps: usize) -> bool {
        self.left.set(self.left.get().and_then(|left| left.checked_sub(steps as u64)));
        !self.is_exhausted()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get().is_none()
    }
}
