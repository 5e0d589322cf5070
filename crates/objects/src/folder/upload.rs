//! An object that is being written: a file apart from the objects until it is whole and on disk.

use std::fs::File;
use std::io::Write;

use md5::{Digest, Md5};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::error::ObjectError;
use crate::folder::UPLOADS;
use crate::folder::directory::{Directory, failed, is_absent};
use crate::options::Stored;

/// A file that nothing was written to for so long belongs to a process that ended. Far longer than a pause of a writer, since a
/// process on another machine is not seen from here. Unit: seconds.
const ABANDONED_SECONDS: i64 = 24 * 60 * 60;

#[derive(Debug)]
pub(super) struct Upload {
    bucket: Directory,
    uploads: Directory,
    name: String,
    file: File,
    md5: Md5,
    free_bytes_min: u64,
}

impl Upload {
    pub(super) fn begin(bucket: Directory, free_bytes_min: u64) -> Result<Upload, ObjectError> {
        let refused = |error| failed("write to", &bucket.path().join(UPLOADS), error);
        let uploads = bucket.open_or_create(UPLOADS).map_err(refused)?;
        let name = format!("{:016x}{:016x}", base::random::u64(), base::random::u64());
        let file = uploads.create_file(&name).map_err(refused)?;
        let upload = Upload { bucket, uploads, name, file, md5: Md5::new(), free_bytes_min };
        upload.remove_abandoned();
        Ok(upload)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectError> {
        self.check_space(bytes.len() as u64)?;
        self.file.write_all(bytes).map_err(|error| self.failed_to_write(Errno::from_io_error(&error)))?;
        self.md5.update(bytes);
        Ok(())
    }

    /// Gives the object its place below the bucket.
    pub(super) fn publish(self, parts: &[&str], must_be_new: bool) -> Result<Stored, ObjectError> {
        self.file.sync_all().map_err(|error| self.failed_to_write(Errno::from_io_error(&error)))?;
        let path = self.bucket.path().join(parts.join("/"));
        match self.place(parts, must_be_new) {
            Ok(()) => Ok(Stored { etag: base::hex(&self.md5.clone().finalize()) }),
            Err(Errno::EXIST) if must_be_new => Err(ObjectError::AlreadyExists),
            Err(Errno::ISDIR | Errno::EXIST | Errno::NOTEMPTY) => Err(ObjectError::Refused(format!(
                "cannot write {}: it is a folder, since other keys begin with this one and a slash",
                path.display()
            ))),
            Err(Errno::NOENT) => Err(ObjectError::Failed(format!(
                "cannot write {}: a part of its path was removed meanwhile",
                path.display()
            ))),
            Err(error) if is_absent(error) => Err(ObjectError::Refused(format!(
                "cannot write {}: a part of its path is a link, which is not followed, or an object",
                path.display()
            ))),
            Err(error) => Err(failed("write", &path, error)),
        }
    }

    #[cfg(test)]
    pub(super) fn replace_file(&mut self, file: File) {
        self.file = file;
    }

    fn place(&self, parts: &[&str], must_be_new: bool) -> Result<(), Errno> {
        let (name, folders) = parts.split_last().ok_or(Errno::INVAL)?;
        let mut folder = self.bucket.descend(&[])?;
        for part in folders {
            folder = folder.open_or_create(part)?;
        }
        // The content is on disk, so that whatever a crash leaves at this name is whole. A link fails where there is an object,
        // in one step of the file system; the first name of the file is removed when the upload is dropped.
        match must_be_new {
            true => self.link(&folder, name)?,
            false => rustix::fs::renameat(&self.uploads, &self.name, &folder, *name)?,
        }
        folder.sync()
    }

    fn link(&self, folder: &Directory, name: &str) -> Result<(), Errno> {
        match rustix::fs::linkat(&self.uploads, &self.name, folder, name, AtFlags::empty()) {
            Err(Errno::EXIST) if folder.is_folder(name) => Err(Errno::ISDIR),
            // A network file system repeats a call whose reply was lost, and then meets its own link.
            Err(Errno::EXIST) if rustix::fs::fstat(&self.file)?.st_nlink > 1 => Ok(()),
            linked => linked,
        }
    }

    fn check_space(&self, bytes: u64) -> Result<(), ObjectError> {
        if self.free_bytes_min == 0 {
            return Ok(());
        }
        let disk = rustix::fs::fstatvfs(&self.file).map_err(|error| self.failed_to_write(Some(error)))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        match free.saturating_sub(bytes) < self.free_bytes_min {
            false => Ok(()),
            true => Err(ObjectError::Failed(format!(
                "cannot write to {}: the disk has {free} bytes free, and {} of them are reserved for the database",
                self.uploads.path().display(),
                self.free_bytes_min
            ))),
        }
    }

    fn failed_to_write(&self, error: Option<Errno>) -> ObjectError {
        failed("write to", self.uploads.path(), error.unwrap_or(Errno::IO))
    }

    /// Deletes what processes that ended have left. Ages are by the file system's clock, which all of a shared folder's users have.
    fn remove_abandoned(&self) {
        let Ok(now) = rustix::fs::fstat(&self.file) else { return };
        let mut others = Vec::new();
        let listed = self.uploads.for_each_entry(|name, _| {
            if name != self.name {
                others.push(name.to_owned());
            }
        });
        // Leftovers cost disk space only: an upload does not fail for them.
        let _ = listed;
        for name in others {
            let is_abandoned =
                self.uploads.stat(&name).is_ok_and(|stat| now.st_mtime - stat.st_mtime > ABANDONED_SECONDS);
            if is_abandoned {
                let _ = rustix::fs::unlinkat(&self.uploads, &name, AtFlags::empty());
            }
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // After a rename there is nothing by this name.
        let _ = rustix::fs::unlinkat(&self.uploads, &self.name, AtFlags::empty());
    }
}
