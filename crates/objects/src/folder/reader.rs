//! Reading a file in windows. What is open is one version of the object: a later one is another file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::Stat;
use rustix::io::Errno;

use crate::error::ObjectError;
use crate::folder::blocking;
use crate::folder::directory::failed;

/// Unit: bytes.
const WINDOW_BYTES: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct FolderReader {
    open: Arc<Open>,
    at: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    size: u64,
    version: String,
}

impl FolderReader {
    pub(super) fn new(file: File, path: PathBuf, from: u64) -> Result<FolderReader, ObjectError> {
        let stat = rustix::fs::fstat(&file).map_err(|error| failed("read", &path, error))?;
        let open = Open { file, path, size: size(&stat), version: version(&stat) };
        Ok(FolderReader { open: Arc::new(open), at: from })
    }

    pub(crate) fn size(&self) -> u64 {
        self.open.size
    }

    pub(crate) fn version(&self) -> &str {
        &self.open.version
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        let length = self.open.size.saturating_sub(self.at).min(WINDOW_BYTES);
        if length == 0 {
            return Ok(None);
        }
        let (open, at) = (Arc::clone(&self.open), self.at);
        let window = blocking(move || open.window(at, length)).await?;
        self.at += length;
        Ok(Some(window))
    }
}

impl Open {
    fn window(&self, at: u64, length: u64) -> Result<Bytes, ObjectError> {
        let mut window = vec![0; usize::try_from(length).unwrap_or_default()];
        let read = self.file.read_exact_at(&mut window, at);
        // Looked at behind the read: a program that writes to the file in place has changed its time by then.
        let stat = rustix::fs::fstat(&self.file).map_err(|error| failed("read", &self.path, error))?;
        if version(&stat) != self.version {
            let path = self.path.display();
            return Err(ObjectError::Failed(format!("{path} was changed in place while it was read")));
        }
        read.map_err(|error| failed("read", &self.path, Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        Ok(window.into())
    }
}

pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or_default()
}

/// Of an object that was replaced, another file is at the place. Its number may be that of a deleted one, so its time counts, too.
pub(super) fn version(stat: &Stat) -> String {
    format!("{:x}-{:x}-{:x}.{:x}", stat.st_ino, size(stat), stat.st_mtime, stat.st_mtime_nsec)
}
