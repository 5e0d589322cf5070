//! Logs that the disk, or the memory for rows, is full, and that there is room again: one line for each change, however many
//! writes are refused in between.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jobs::{Job, Jobs};
use storage::{DiskSpace, DiskState, Embedded, Memory};
use tokio::sync::watch;

use crate::engine::StorageLocation;
use crate::log::{self, Value};

/// Reports the room of the disk, or of the memory, that rows are in.
pub(crate) fn watch(
    jobs: &Jobs,
    embedded: Option<&Arc<Embedded>>,
    memory: Option<&Arc<Memory>>,
    location: &StorageLocation,
    reserve: Option<u64>,
) {
    watch_disk(jobs, embedded, location, reserve);
    watch_memory(jobs, memory);
}

/// Follows the state of a disk for as long as the engine lives. `reserve` is what was asked to stay free.
fn watch_disk(jobs: &Jobs, embedded: Option<&Arc<Embedded>>, location: &StorageLocation, reserve: Option<u64>) {
    if let (Some(embedded), StorageLocation::Folder(folder)) = (embedded, location) {
        check_reserve(folder, reserve.unwrap_or_default());
        let (changes, embedded) = (embedded.disk_changes(), Arc::downgrade(embedded));
        let space = move || embedded.upgrade().map(|embedded| embedded.disk_space());
        let folder = folder.clone();
        jobs.add(Job::lasting("report_disk_state", move || follow(changes.clone(), space.clone(), folder.clone())));
    }
}

/// A reserve that the disk never has refuses each write, however much is free.
fn check_reserve(folder: &Path, reserve: u64) {
    let Some(total) = disk_size(folder).filter(|total| reserve >= *total) else { return };
    let message = format!(
        "--disk-reserve is {reserve} bytes, and the disk of {} has {total} in all: every write is refused until the server is \
         started with less",
        folder.display()
    );
    let data = [("reserve_bytes", Value::Number(reserve)), ("disk_bytes", Value::Number(total))];
    log::warning("disk_reserve_too_large", &message, &data);
}

#[cfg(unix)]
fn disk_size(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_blocks.saturating_mul(found.f_frsize)).filter(|total| *total > 0)
}

#[cfg(not(unix))]
fn disk_size(_: &Path) -> Option<u64> {
    None
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
fn watch_memory(jobs: &Jobs, memory: Option<&Arc<Memory>>) {
    let Some(memory) = memory else { return };
    let (changes, bytes_max) = (memory.full_changes(), memory.stats().bytes_max);
    jobs.add(Job::lasting("report_memory_state", move || follow_memory(changes.clone(), bytes_max)));
}

async fn follow_memory(mut changes: watch::Receiver<bool>, bytes_max: u64) {
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
}
