//! The database's folder: the lock of the process that has it open, and its format.
//!
//! | path | what |
//! |---|---|
//! | `lock` | empty; locked by the server that has the folder open |
//! | `database/format` | text, below |
//! | `database/keys` | only where a layer above encrypts: what it needs to find its keys again ([`keys`](super::keys)) |
//! | `database/commits`, `database/commits.new` | a lower bound of the number of commits ([`floor`](super::floor)) |
//! | `database/fjall/` | the engine's files |
//! | `database.new/` | a database that was never finished; removed |
//! | `s3/` | not the engine's: the buckets of the server's object store |
//!
//! `format` has three lines: `stator database`, `format 1`, `mark ` and 16 hex digits. The mark is random and
//! distinguishes this database's commit rows from bytes that only look like them ([`commit_row`](super::commit_row)).
//! An encrypted database has format 2, which programs that know of no encryption refuse. Later formats keep the first
//! two lines, so that every version can recognize a newer database before it touches it.
//!
//! A database is made under another name and renamed once all of it is on the disk, so there is no half-made one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::commit_row::Mark;
use super::error::OpenError;
use super::keys::{self, Keys};
use super::{EmbeddedOptions, birth};

/// The format of a database that is not encrypted.
const FORMAT_PLAIN: u32 = 1;
/// The format of one that a layer above encrypts, and the newest that this program reads.
const FORMAT_SEALED: u32 = 2;
const TITLE: &str = "stator database";

const LOCK: &str = "lock";
/// Of the server's object store, which may have buckets before there is a database.
const OBJECTS: &str = "s3";
const DATABASE: &str = "database";
const UNFINISHED: &str = "database.new";
const FORMAT_FILE: &str = "format";
const FLOOR_FILE: &str = "commits";
const STORE: &str = "fjall";

pub(super) struct Folder {
    path: PathBuf,
    pub(super) mark: Mark,
    pub(super) lock: FolderLock,
}

/// Held as long as the file is open.
pub(super) struct FolderLock {
    _file: File,
}

impl Folder {
    pub(super) fn open(path: &Path, options: &EmbeddedOptions) -> Result<Folder, OpenError> {
        // Before anything is touched, the lock file included.
        check_keys(path, options)?;
        refuse_foreign(path)?;
        make(path).map_err(|error| OpenError::io("make the folder", error))?;
        let lock = lock(path)?;
        let mark = match check_keys(path, options)? {
            Some(mark) => mark,
            None => create(path, options)?,
        };
        Ok(Folder { path: path.to_owned(), mark, lock })
    }

    pub(super) fn floor(&self) -> PathBuf {
        self.path.join(DATABASE).join(FLOOR_FILE)
    }

    pub(super) fn store(&self) -> PathBuf {
        self.path.join(DATABASE).join(STORE)
    }
}

/// Which keys the folder contains, for the layer that encrypts; changes nothing.
pub(super) fn keys(path: &Path) -> Result<Keys, OpenError> {
    Ok(match read_format(path)? {
        None => Keys::NoDatabase,
        Some(Format { sealed: false, .. }) => Keys::NotEncrypted,
        Some(Format { sealed: true, .. }) => Keys::Encrypted(keys::read(&path.join(DATABASE))?),
    })
}

/// Replaces the stored keys, while no process has the database open.
pub(super) fn replace_keys(path: &Path, old: &[u8], new: &[u8]) -> Result<(), OpenError> {
    let _lock = match keys(path)? {
        Keys::Encrypted(_) => lock(path)?,
        Keys::NoDatabase | Keys::NotEncrypted => return Err(OpenError::NotEncrypted),
    };
    let database = path.join(DATABASE);
    if keys::read(&database)? != old {
        return Err(OpenError::KeysChanged);
    }
    keys::replace(&database, new)
}

/// The mark of the database, if there is one and its keys are those that were named.
fn check_keys(path: &Path, options: &EmbeddedOptions) -> Result<Option<Mark>, OpenError> {
    let Some(Format { mark, sealed }) = read_format(path)? else { return Ok(None) };
    match (&options.keys, sealed) {
        (None, false) => Ok(Some(mark)),
        (None, true) => Err(OpenError::Encrypted),
        (Some(_), false) => Err(OpenError::NotEncrypted),
        (Some(keys), true) if *keys == keys::read(&path.join(DATABASE))? => Ok(Some(mark)),
        (Some(_), true) => Err(OpenError::KeysChanged),
    }
}

struct Format {
    mark: Mark,
    sealed: bool,
}

/// The format of a database that this program can read; none if there is no database yet.
fn read_format(path: &Path) -> Result<Option<Format>, OpenError> {
    let file = path.join(DATABASE).join(FORMAT_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.join(DATABASE).exists() => return Ok(None),
        Err(error) => return Err(OpenError::io(format!("read {}", file.display()), error)),
    };
    let unreadable = || OpenError::FormatUnreadable(file.clone());
    let mut lines = text.lines();
    let found: u32 = match (lines.next(), lines.next().and_then(|line| line.strip_prefix("format "))) {
        (Some(TITLE), Some(format)) => format.parse().map_err(|_| unreadable())?,
        _ => return Err(unreadable()),
    };
    if found > FORMAT_SEALED {
        return Err(OpenError::FormatNewer { found, known: FORMAT_SEALED });
    }
    let mark = lines.next().and_then(|line| line.strip_prefix("mark ")).and_then(Mark::from_hex);
    mark.map(|mark| Some(Format { mark, sealed: found == FORMAT_SEALED })).ok_or_else(unreadable)
}

/// Refuses a folder with files of another program. Hidden files and a file system's own do not count.
fn refuse_foreign(path: &Path) -> Result<(), OpenError> {
    let read_error = |error| OpenError::io("read the folder", error);
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(read_error)?,
    };
    for entry in entries {
        let name = entry.map_err(read_error)?.file_name();
        let name = name.to_string_lossy();
        if name == DATABASE {
            return Ok(());
        }
        if !matches!(&*name, LOCK | UNFINISHED | OBJECTS | "lost+found")
            && !name.starts_with('.')
            && !path.join(DATABASE).exists()
        {
            return Err(OpenError::NotADatabase { found: name.into_owned() });
        }
    }
    Ok(())
}

fn lock(path: &Path) -> Result<FolderLock, OpenError> {
    let file = File::options().create(true).truncate(false).write(true).open(path.join(LOCK));
    let file = file.map_err(|error| OpenError::io("open the lock file", error))?;
    // The operating system's lock ends with the process, so a crash leaves no lock behind.
    match file.try_lock() {
        Ok(()) => Ok(FolderLock { _file: file }),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::Locked),
        Err(fs::TryLockError::Error(error)) => Err(OpenError::io("lock the folder", error)),
    }
}

fn create(path: &Path, options: &EmbeddedOptions) -> Result<Mark, OpenError> {
    let unfinished = path.join(UNFINISHED);
    let mark = Mark::random();
    let made = || -> io::Result<()> {
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::create_dir(&unfinished)?;
        if let Some(keys) = &options.keys {
            keys::write(&unfinished, keys)?;
        }
        let format = if options.keys.is_some() { FORMAT_SEALED } else { FORMAT_PLAIN };
        let text = format!("{TITLE}\nformat {format}\nmark {}\n", mark.to_hex());
        fs::write(unfinished.join(FORMAT_FILE), text)
    };
    made().map_err(birth::not_made)?;
    birth::make(&unfinished.join(STORE), options)?;
    let finished = || -> io::Result<()> {
        // Everything is durable before the rename gives the database its name: a crash leaves a whole database, or an unfinished
        // folder that the next start deletes.
        birth::sync(&unfinished)?;
        fs::rename(&unfinished, path.join(DATABASE))?;
        birth::sync_one(path)
    };
    finished().map_err(birth::not_made)?;
    Ok(mark)
}

/// Makes a folder with those above it, so that it outlives a loss of power.
fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    // Of a relative path's first name the parent is empty: the folder that the program is in.
    let parent = path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    if let Some(parent) = parent {
        make(parent)?;
    }
    fs::create_dir_all(path)?;
    parent.map_or(Ok(()), birth::sync_one)
}
