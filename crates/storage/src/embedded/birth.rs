//! The making of an empty store, quickly.
//!
//! fjall makes one in a hundred small steps and syncs each of them before the next, which takes a tenth of a second on
//! a disk. None of that matters while the store is not in use. So it is made in memory where the system has files
//! there, copied to its place, and synced as a whole: many syncs at the same time cost a journaling file system hardly
//! more than one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use super::EmbeddedOptions;
use super::error::OpenError;
use super::journal;
use super::store::Store;

/// Linux keeps files of this folder in memory.
const MEMORY: &str = "/dev/shm";
const SCRATCH_PREFIX: &str = "stator-new-";
const SYNCS_AT_ONCE: usize = 8;

/// Makes an empty store at `path`, without making it durable.
pub(super) fn make(path: &Path, options: &EmbeddedOptions) -> Result<(), OpenError> {
    make_in_memory(path, options).or_else(|_| {
        // There is no such folder, or no room in it.
        if path.exists() {
            fs::remove_dir_all(path).map_err(not_made)?;
        }
        make_in_place(path, options)
    })
}

fn make_in_memory(path: &Path, options: &EmbeddedOptions) -> Result<(), OpenError> {
    let scratch = tempfile::Builder::new().prefix(SCRATCH_PREFIX).tempdir_in(MEMORY).map_err(not_made)?;
    let store = scratch.path().join("store");
    make_in_place(&store, options)?;
    copy(&store, path).map_err(not_made)
}

pub(super) fn not_made(error: io::Error) -> OpenError {
    OpenError::io("make the database", error)
}

fn make_in_place(path: &Path, options: &EmbeddedOptions) -> Result<(), OpenError> {
    drop(Store::open(path, options)?);
    // It is as large as it may become, and would be copied and read as such.
    journal::empty(path)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copied = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &copied)?;
        } else {
            // All of them are small.
            fs::write(copied, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Makes a folder durable with everything in it: fjall creates folders without a sync of their parents.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    let mut all = Vec::new();
    list(path, &mut all)?;
    let (left, outcome) = (Mutex::new(all.into_iter()), Mutex::new(Ok(())));
    // In any order, and many at a time: the folder is not in use before its rename, which comes after all of them.
    let next = || left.lock().ok().and_then(|mut left| left.next());
    thread::scope(|scope| {
        for _ in 0..SYNCS_AT_ONCE {
            scope.spawn(|| {
                while let Some(path) = next() {
                    if let (Err(error), Ok(mut outcome)) = (sync_one(&path), outcome.lock()) {
                        *outcome = Err(error);
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap_or_else(|_| Err(io::Error::other("a thread ended early")))
}

fn list(path: &Path, all: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), all)?;
        } else {
            all.push(entry.path());
        }
    }
    all.push(path.to_owned());
    Ok(())
}

/// Makes a file durable, or the names in a folder.
pub(super) fn sync_one(path: &Path) -> io::Result<()> {
    let is_file = path.is_file();
    if cfg!(unix) || is_file { File::options().read(true).write(is_file).open(path)?.sync_all() } else { Ok(()) }
}
