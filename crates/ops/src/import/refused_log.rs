//! Log lines about the first items that an import refuses, on a server without a folder for their error log.
//!
//! A line names the record and not the reason, which may quote values of the item. The number of lines is bounded, for each import and
//! for all of them in a minute. After a crash a line may be there twice.

use std::sync::LazyLock;
use std::time::Duration;

use base::Gate;

use super::ImportRecord;

/// Lines of one import.
pub(super) const LINES_MAX: u64 = 10;
/// Lines of all imports in a window.
const LINES_OF_ALL_MAX: u64 = 100;
const LINES_WINDOW: Duration = Duration::from_secs(60);
/// Of a key that is shown. Unit: bytes.
const KEY_MAX: usize = 500;

static GATE: LazyLock<Gate> = LazyLock::new(|| Gate::new(LINES_OF_ALL_MAX, LINES_WINDOW));

pub(super) fn log_refused(import: &ImportRecord, key: &str, index: u64) {
    let Some(held_back) = GATE.pass() else { return };
    let (bucket, key) = (&import.details.bucket, base::cut(key, KEY_MAX));
    let object = base::visible(key);
    log::warn!(
        event = "import_item_refused", table = import.table_name.as_str(), item_index = index, held_back = held_back;
        "record {} of the object {bucket}/{object} was not imported: the import {}", index + 1, import.id
    );
}
