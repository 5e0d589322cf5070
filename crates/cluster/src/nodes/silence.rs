//! Waits until no live node runs a version that cannot read the new format of rows.

use std::time::Duration;

use base::Clock;
use storage::{Engine, StorageError};

use super::NodeReport;
use super::watch::Watch;

/// The interval between two reads of the nodes' rows.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Waits for the nodes that do not know `format`: for each until it has left, or has been silent for so long that no write
/// can come from it. Reports them at first, and again when their list changes.
///
/// # Errors
/// The engine's failure.
pub async fn until_silent(
    engine: &dyn Engine,
    clock: Clock,
    margin: Duration,
    format: i64,
    mut tell: impl FnMut(&[NodeReport]),
) -> Result<(), StorageError> {
    let watch = Watch::new(clock, margin);
    let mut told = Vec::new();
    loop {
        let mut older = watch.look(engine).await?;
        older.retain(|(_, row, _)| row.format < format);
        if older.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = older.iter().map(|(id, ..)| *id).collect();
        if told != ids {
            let report = |(id, row, silent_ms)| NodeReport::of(id, row, Some(silent_ms));
            tell(&older.into_iter().map(report).collect::<Vec<_>>());
            told = ids;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
