//! An open folder: what is below it is reached by its handle, one part of a path at a time, and never through a link.

use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::error::ObjectError;

const FOLDER_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
const FOLDER_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

#[derive(Debug)]
pub(super) struct Directory {
    handle: OwnedFd,
    /// Below the root, for messages: callers read them, and where the root is, is the operator's.
    path: PathBuf,
}

impl Directory {
    /// The root, created if it is not there.
    pub(super) fn root(path: &Path) -> Result<Directory, Errno> {
        let open = || rustix::fs::openat(CWD, path, FOLDER_FLAGS, Mode::empty());
        let handle = match open() {
            Err(Errno::NOENT) => {
                create_root(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
                open()?
            }
            opened => opened?,
        };
        Ok(Directory { handle, path: PathBuf::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in this one. A link is an error ([`is_absent`]).
    pub(super) fn open(&self, part: &str) -> Result<Directory, Errno> {
        let handle = rustix::fs::openat(&self.handle, part, FOLDER_FLAGS | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Directory { handle, path: self.path.join(part) })
    }

    /// A folder in this one, created if it is not there, whose entry is on disk: also that of one which another process has just
    /// created.
    pub(super) fn open_or_create(&self, part: &str) -> Result<Directory, Errno> {
        let found = match self.open(part) {
            Err(Errno::NOENT) => match rustix::fs::mkdirat(&self.handle, part, FOLDER_MODE) {
                Ok(()) | Err(Errno::EXIST) => self.open(part)?,
                Err(error) => return Err(error),
            },
            opened => opened?,
        };
        self.sync()?;
        Ok(found)
    }

    /// A folder below this one.
    pub(super) fn descend(&self, parts: &[&str]) -> Result<Directory, Errno> {
        let mut found = self.again()?;
        for part in parts {
            found = found.open(part)?;
        }
        Ok(found)
    }

    /// The file to read at a path below this folder: a regular one.
    pub(super) fn open_file(&self, parts: &[&str]) -> Result<File, Errno> {
        let (name, folders) = parts.split_last().ok_or(Errno::NOENT)?;
        let folder = self.descend(folders)?;
        // A pipe does not block the open, and is refused behind it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&folder.handle, *name, flags, Mode::empty())?;
        match is_regular(&rustix::fs::fstat(&handle)?) {
            true => Ok(File::from(handle)),
            false => Err(Errno::NOENT),
        }
    }

    /// A new file in this folder, to write.
    pub(super) fn create_file(&self, name: &str) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.handle, name, flags, FILE_MODE)?))
    }

    /// Removes what is not a folder at a path below this one; a link and not what it leads to.
    pub(super) fn remove_file(&self, parts: &[&str]) -> Result<(), Errno> {
        let (name, folders) = parts.split_last().ok_or(Errno::NOENT)?;
        let folder = self.descend(folders)?;
        match rustix::fs::unlinkat(&folder.handle, *name, AtFlags::empty()) {
            // What POSIX and Linux report of a folder: no object has this key.
            Err(Errno::PERM | Errno::ISDIR) if folder.is_folder(name) => Err(Errno::NOENT),
            Err(error) => Err(error),
            Ok(()) => folder.sync(),
        }
    }

    pub(super) fn is_folder(&self, name: &str) -> bool {
        self.stat(name).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
    }

    /// Of an entry itself, also of a link.
    pub(super) fn stat(&self, name: &str) -> Result<Stat, Errno> {
        rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Calls `each` with the names that are UTF-8, in any order, and the kinds that the file system says with them.
    pub(super) fn for_each_entry(&self, mut each: impl FnMut(&str, FileType)) -> Result<(), Errno> {
        for entry in rustix::fs::Dir::read_from(&self.handle)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => each(name, entry.file_type()),
            }
        }
        Ok(())
    }

    /// Puts the entries of this folder on disk.
    pub(super) fn sync(&self) -> Result<(), Errno> {
        match rustix::fs::fsync(&self.handle) {
            // Of file systems that sync folders by themselves, as some over networks.
            Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            synced => synced,
        }
    }

    /// A handle of its own for the same folder.
    fn again(&self) -> Result<Directory, Errno> {
        let handle = rustix::io::fcntl_dupfd_cloexec(&self.handle, 0)?;
        Ok(Directory { handle, path: self.path.clone() })
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

fn create_root(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE.as_raw_mode()).create(path)?;
    // The root's entry is to be on disk before an object below it is reported as stored.
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

pub(super) fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// Whether a path leads to nothing that this store has: to nothing at all, through a file, or through a link.
pub(super) fn is_absent(error: Errno) -> bool {
    [Errno::NOENT, Errno::NOTDIR, Errno::LOOP, Errno::MLINK].contains(&error)
}

/// `doing` is what could not be done with the path, as a verb.
pub(super) fn failed(doing: &str, path: &Path, error: Errno) -> ObjectError {
    let message = format!("cannot {doing} {}: {}", path.display(), io::Error::from(error));
    match error {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => ObjectError::AccessDenied(message),
        _ => ObjectError::Failed(message),
    }
}
