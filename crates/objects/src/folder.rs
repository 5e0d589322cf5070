//! A folder as an object store: `ROOT/<bucket>/<key>`.
//!
//! - Every part of a path below the root is opened by its own `openat` with `O_NOFOLLOW`, so that no link is followed, whenever it
//!   is put there. The root itself is the operator's choice and may be one.
//! - An object is written to `ROOT/<bucket>/.stator-uploads/<random>`, synced, and renamed to its place (or linked, where there must
//!   be none); then its folder is synced. A crash leaves a file among the uploads, which a later upload deletes.
//! - Calls block, so that they run on threads that may.
//!
//! Nothing is held between calls and nothing is locked: several processes may use a folder, also over a network file system.
//!
//! Modules, lowest first: `directory`, `list` and `upload`, `reader`.

mod directory;
mod list;
mod reader;
#[cfg(test)]
mod tests;
mod upload;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::io::Errno;

use crate::error::{ObjectError, S3Words};
use crate::options::{ObjectInfo, Stored};
use crate::place::{Bucket, Place};

use directory::{Directory, failed, is_absent};
pub(crate) use reader::FolderReader;
use upload::Upload;

/// Of one part of a path. Unit: bytes. Source: `NAME_MAX` of Linux and macOS.
const PART_BYTES_MAX: usize = 255;
/// The folder in each bucket for what is being written. No key begins with it.
const UPLOADS: &str = ".stator-uploads";

#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// What writes leave free on the disk.
    free_bytes_min: u64,
}

/// An upload, and the key that it is for. `None` while a thread has it, and after an error.
#[derive(Debug)]
pub(crate) struct FolderWriter {
    upload: Option<Upload>,
    key: String,
}

impl Folder {
    pub(crate) fn new(root: PathBuf, free_bytes_min: u64) -> Folder {
        Folder { root, free_bytes_min }
    }

    pub(crate) async fn put(
        self: &Arc<Folder>,
        at: &Place,
        body: Bytes,
        must_be_new: bool,
    ) -> Result<Stored, ObjectError> {
        let (folder, at) = (Arc::clone(self), at.clone());
        blocking(move || {
            let mut upload = folder.begin(&at)?;
            upload.write(&body)?;
            upload.publish(&parts_to_write(at.key())?, must_be_new)
        })
        .await
    }

    pub(crate) async fn writer(self: &Arc<Folder>, at: &Place) -> Result<FolderWriter, ObjectError> {
        let (folder, at) = (Arc::clone(self), at.clone());
        blocking(move || Ok(FolderWriter { upload: Some(folder.begin(&at)?), key: at.key().to_owned() })).await
    }

    pub(crate) async fn list(
        self: &Arc<Folder>,
        bucket: &Bucket,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<ObjectInfo>, ObjectError> {
        let (folder, bucket) = (Arc::clone(self), bucket.clone());
        let (prefix, after) = (prefix.to_owned(), after.unwrap_or_default().to_owned());
        blocking(move || list::page(&folder.bucket(&bucket)?, &prefix, &after)).await
    }

    pub(crate) async fn reader(self: &Arc<Folder>, at: &Place, from: u64) -> Result<FolderReader, ObjectError> {
        let (folder, at) = (Arc::clone(self), at.clone());
        blocking(move || {
            let bucket = folder.bucket(at.bucket())?;
            let path = bucket.path().join(at.key());
            let no_such_key = || ObjectError::NoSuchKey(format!("{} {}", S3Words::no_such_key(), path.display()));
            let parts = parts(at.key()).ok_or_else(no_such_key)?;
            let file = bucket.open_file(&parts).map_err(|error| match is_absent(error) {
                true => no_such_key(),
                false => failed("read", &path, error),
            })?;
            FolderReader::new(file, path, from)
        })
        .await
    }

    pub(crate) async fn delete(self: &Arc<Folder>, at: &Place) -> Result<(), ObjectError> {
        let (folder, at) = (Arc::clone(self), at.clone());
        blocking(move || {
            let bucket = folder.bucket(at.bucket())?;
            let Some(parts) = parts(at.key()) else { return Ok(()) };
            match bucket.remove_file(&parts) {
                Err(error) if !is_absent(error) => Err(failed("delete", &bucket.path().join(at.key()), error)),
                _ => Ok(()),
            }
        })
        .await
    }

    /// A file to write an object to. Its key is checked first, so that a key that no file can have costs no upload.
    fn begin(&self, at: &Place) -> Result<Upload, ObjectError> {
        parts_to_write(at.key())?;
        Upload::begin(self.bucket(at.bucket())?, self.free_bytes_min)
    }

    fn bucket(&self, bucket: &Bucket) -> Result<Directory, ObjectError> {
        let named = Path::new("the folder of all buckets");
        let root = Directory::root(&self.root).map_err(|error| failed("create or open", named, error))?;
        let path = Path::new(bucket.name());
        root.open(bucket.name()).map_err(|error| {
            let hint = match error {
                Errno::NOENT => "create the folder",
                error if is_absent(error) => "links are not followed, and this is a link or no folder:",
                error => return failed("open", path, error),
            };
            let (words, path) = (S3Words::no_such_bucket(), path.display());
            ObjectError::NoSuchBucket(format!("{words}; {hint} {path} in the folder of buckets"))
        })
    }
}

impl FolderWriter {
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        let mut upload = self.take()?;
        let written = blocking(move || upload.write(&bytes).map(|()| upload)).await?;
        self.upload = Some(written);
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<Stored, ObjectError> {
        let (upload, key) = (self.take()?, std::mem::take(&mut self.key));
        blocking(move || upload.publish(&parts_to_write(&key)?, false)).await
    }

    pub(crate) async fn abort(self) {
        let _ = blocking(move || {
            drop(self.upload);
            Ok(())
        })
        .await;
    }

    fn take(&mut self) -> Result<Upload, ObjectError> {
        self.upload.take().ok_or_else(|| ObjectError::Failed("the object was given up after an error".to_owned()))
    }
}

/// The parts of a key as names of files, if it can have one.
fn parts(key: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = key.split('/').collect();
    // Some file systems do not tell capital letters from small ones.
    let is_upload = parts[0].eq_ignore_ascii_case(UPLOADS);
    let are_names = parts.iter().all(|part| (1..=PART_BYTES_MAX).contains(&part.len()));
    (are_names && !is_upload).then_some(parts)
}

fn parts_to_write(key: &str) -> Result<Vec<&str>, ObjectError> {
    parts(key).ok_or_else(|| {
        ObjectError::Refused(format!(
            "no file in a folder can have the key \"{}\": its parts are empty, longer than {PART_BYTES_MAX} bytes, or begin \
             with {UPLOADS}",
            base::cut(key, 200).escape_default()
        ))
    })
}

/// Runs what blocks beside the async threads. It runs to its end also if its caller stops waiting.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ObjectError> + Send + 'static,
) -> Result<T, ObjectError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ObjectError::Failed(error.to_string())))
}
