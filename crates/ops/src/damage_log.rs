//! Log lines about damaged rows that background work passes over. Each round of the work meets the same rows, so their number in a window
//! is bounded; the metric counts them all.

use std::sync::LazyLock;
use std::time::Duration;

use base::Gate;

const LINES: u64 = 10;
const LINES_WINDOW: Duration = Duration::from_secs(1);

static GATE: LazyLock<Gate> = LazyLock::new(|| Gate::new(LINES, LINES_WINDOW));

/// The table is empty for a row of none.
pub(crate) fn log_damaged(table: &str, text: &str) {
    if let Some(held_back) = GATE.pass() {
        log::error!(event = "row_damaged", table = table, held_back = held_back; "{text}");
    }
}
