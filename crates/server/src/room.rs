//! Logs that the disk, or the memory for rows, is full, and that there is room again: one line for each change, however many
//! writes are refused in between.

use std::path::PathBuf;
use std::sync::Arc;

use storage::{DiskSpace, DiskState, Embedded, Memory};
use tokio::sync::watch;

use crate::engine::Keeps;
use crate::log::{self, Value};

/// Follows the state of a disk for as long as the engine lives.
pub(crate) fn watch_disk(embedded: Option<&Arc<Embedded>>, keeps: &Keeps) {
    if let (Some(embedded), Keeps::Folder(folder)) = (embedded, keeps) {
        let (changes, embedded) = (embedded.disk_changes(), Arc::downgrade(embedded));
        let space = move || embedded.upgrade().map(|embedded| embedded.disk_space());
        tokio::spawn(follow(changes, space, folder.clone()));
    }
}

async fn follow(mut changes: watch::Receiver<DiskState>, space: impl Fn() -> Option<DiskSpace>, folder: PathBuf) {
    let mut announced = DiskState::Ample;
    loop {
        let state = *changes.borrow_and_update();
        let Some(space) = space() else { return };
        if state != announced {
            announce(state, &space, &folder.display().to_string());
            announced = state;
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn announce(state: DiskState, space: &DiskSpace, folder: &str) {
    let data = [
        ("folder", Value::Text(folder)),
        ("free_bytes", Value::Number(space.free_bytes)),
        ("reserve_bytes", Value::Number(space.reserve_bytes)),
    ];
    match state {
        DiskState::Low => log::error(
            "disk_full",
            "disk full: writes are refused until there is free space; reads and deletes are accepted. Free space on this \
             disk, or make it larger: no restart is needed. Less is free than --disk-reserve and what is yet to be written",
            &data,
        ),
        DiskState::Exhausted => log::error(
            "disk_exhausted",
            "disk full: the reserve is used up; writes and deletes are refused until there is free space, and reads and \
             DeleteTable are accepted. Free space on this disk, or make it larger: no restart is needed",
            &data,
        ),
        DiskState::Ample => log::info("disk_free", "the disk has free space again: writes are accepted", &data),
    }
}

/// Follows whether rows in memory have reached their limit.
pub(crate) fn watch_memory(memory: Option<&Arc<Memory>>) {
    let Some(memory) = memory else { return };
    let (mut changes, bytes_max) = (memory.full_changes(), memory.stats().bytes_max);
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let data = [("limit_bytes", Value::Number(bytes_max))];
            match *changes.borrow_and_update() {
                true => log::error(
                    "memory_full",
                    "memory limit reached: writes are refused until something is deleted; reads and deletes are accepted. \
                     Delete items or tables, or start with a larger --memory-limit",
                    &data,
                ),
                false => log::info("memory_free", "rows are below the memory limit again: writes are accepted", &data),
            }
        }
    });
}
