//! A file that is in the data folder while a server has it open, so that the next one can say whether the last one stopped
//! cleanly. It decides nothing: the engine finds out by itself what there is to replay.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::engine::StorageLocation;
use crate::log;

/// Beside the database's own files, so that it is copied and removed with them.
const FILE: &str = "database/running";
const TEXT: &str = "A server has this database open, or has ended without closing it.\n";

pub(crate) struct RunMark(Option<PathBuf>);

impl RunMark {
    /// The server is about to take requests. If the last one did not close the engine, the log says so.
    pub(crate) fn set(location: &StorageLocation) -> RunMark {
        let StorageLocation::Folder(folder) = location else { return RunMark(None) };
        let file = folder.join(FILE);
        if file.exists() {
            let message = "the last server of this folder did not stop cleanly (crash, kill or power failure): its journals \
                           were replayed; bytes at the end of one that were no whole write, as a write that was never \
                           acknowledged leaves them, were left out";
            log::warning("recovered", message, &[]);
        } else if create(&file).is_err() {
            // Only the line of the next start depends on it.
            return RunMark(None);
        }
        RunMark(Some(file))
    }

    /// The engine is closed.
    pub(crate) fn clear(&self) {
        if let Some(file) = &self.0 {
            let _ = fs::remove_file(file);
        }
    }
}

/// Synced, with its name in the folder: a power failure leaves it there.
fn create(path: &Path) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(TEXT.as_bytes())?;
    file.sync_all()?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
