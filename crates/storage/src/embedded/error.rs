//! Why a folder cannot be opened, in words for the operator.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// In a data folder: what a restore has not finished.
const RESTORING: &str = "restoring";

#[derive(Debug)]
pub enum OpenError {
    /// Another program has the folder open.
    Locked,
    /// The folder holds something else.
    NotADatabase {
        found: String,
    },
    /// Written by a later version of the program. Nothing was touched.
    FormatNewer {
        found: u32,
        known: u32,
    },
    /// The format file cannot be understood.
    FormatUnreadable(PathBuf),
    /// It is encrypted, and no keys were named. Nothing was touched.
    Encrypted,
    /// Keys were named, and it is not encrypted. Nothing was touched.
    NotEncrypted,
    /// The file with an encrypted database's keys is missing. Nothing was changed.
    KeysMissing(PathBuf),
    /// They are others than a moment ago.
    KeysChanged,
    /// A journal holds bytes that were never written so, with commits behind them. Nothing was touched.
    JournalDamaged {
        journal: PathBuf,
        offset: u64,
    },
    /// A file that must be there is not. Nothing was touched.
    FileMissing(PathBuf),
    /// A file is not as it was written. Nothing was touched.
    FileDamaged(PathBuf),
    /// Commits are missing between two that are there.
    CommitsMissing {
        after: u64,
        before: u64,
    },
    Io {
        what: String,
        error: io::Error,
    },
    /// The engine below refuses; its own words.
    Engine(String),
}

impl OpenError {
    pub(super) fn io(what: impl Into<String>, error: io::Error) -> OpenError {
        OpenError::Io { what: what.into(), error }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Locked => f.write_str("another server has it open; stop that one"),
            OpenError::NotADatabase { found } if found == RESTORING => write!(
                f,
                "it holds a restore that was not finished ({RESTORING}): run 'stator restore' again, or delete the folder"
            ),
            OpenError::NotADatabase { found } => {
                write!(f, "it holds {found:?} but no database; choose an empty folder, or one that this program made")
            }
            OpenError::FormatNewer { found, known } => write!(
                f,
                "it was written by a newer version of this program (format {found}, this version knows {known}); \
                 nothing was changed. Start the newer version"
            ),
            OpenError::FormatUnreadable(file) => write!(f, "{} cannot be understood", file.display()),
            OpenError::Encrypted => f.write_str(
                "it is encrypted, and no master key was named; nothing was changed. Name its master key, or another folder",
            ),
            OpenError::NotEncrypted => f.write_str(
                "a master key was named, and this database is not encrypted; nothing was changed. Leave the key out, or \
                 name another folder: a database is encrypted from its beginning or not at all",
            ),
            OpenError::KeysMissing(file) => write!(
                f,
                "it is encrypted, and {} is missing; nothing was changed. Bring that file back from a backup: without it \
                 nothing of the data can be read",
                file.display()
            ),
            OpenError::KeysChanged => f.write_str("its keys were changed just now; try again"),
            OpenError::JournalDamaged { journal, offset } => write!(
                f,
                "the journal {} is damaged at byte {offset}, and acknowledged writes stand behind that place; \
                 nothing was changed. Restore a backup, or look at the disk",
                journal.display()
            ),
            OpenError::FileMissing(file) => write!(
                f,
                "the file {} is missing; nothing was changed. A likely cause is a copy that was made file by file while a \
                 server had the folder open: copy it again with the server stopped, or restore a backup, or look at the disk",
                file.display()
            ),
            OpenError::FileDamaged(file) => write!(
                f,
                "the file {} is damaged; nothing was changed. Restore a backup, or look at the disk",
                file.display()
            ),
            OpenError::CommitsMissing { after, before } => write!(
                f,
                "acknowledged writes are missing: commit {after} is followed by commit {before}. A file was lost or \
                 cut, as in a copy that was made file by file while a server had the folder open. Restore a backup, or look \
                 at the disk"
            ),
            OpenError::Io { what, error } => write!(f, "cannot {what}: {error}"),
            OpenError::Engine(text) => {
                write!(f, "the files cannot be read: {text}. Restore a backup, or look at the disk")
            }
        }
    }
}

impl std::error::Error for OpenError {}

impl From<fjall::Error> for OpenError {
    fn from(error: fjall::Error) -> OpenError {
        match error {
            fjall::Error::Locked => OpenError::Locked,
            error => OpenError::Engine(error.to_string()),
        }
    }
}
