//! The end of the program, as the writer's thread sees it: a file that takes nothing is waited for no longer.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// So long a pipe has, from then on, for what is not written yet. With the wait for requests under way it is less than
/// `END_PATIENCE`, so that the thread ends before it is given up.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// Since when the program has been ending.
#[derive(Default)]
pub(super) struct Ending(OnceLock<Instant>);

const _: () = assert!(
    WRITE_PATIENCE.as_millis() + super::PATIENCE.as_millis() < super::END_PATIENCE.as_millis(),
    "the thread ends by itself"
);

impl Ending {
    pub(super) fn begin(&self) {
        let _ = self.0.set(Instant::now());
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.get().is_some()
    }

    /// Whether a write that makes no progress is given up.
    pub(super) fn is_over(&self) -> bool {
        self.0.get().is_some_and(|since| since.elapsed() >= WRITE_PATIENCE)
    }

    #[cfg(test)]
    pub(super) fn over() -> Ending {
        let ending = Ending::default();
        let since = Instant::now().checked_sub(WRITE_PATIENCE).expect("the machine has been up for a moment");
        let _ = ending.0.set(since);
        ending
    }
}
