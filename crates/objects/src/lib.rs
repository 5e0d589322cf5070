//! Object stores: where exports are written, imports are read, and archives are stored.
//!
//! [`Objects`] is a server's one store: S3 or a server that speaks its protocol, or a folder whose sub-folders are buckets. Nothing
//! here listens, and no bucket is created. Buckets and keys come from requests, so that the store is the fence: a folder's
//! files are opened part by part, and links are not followed.
//!
//! - An object appears whole or not at all: a reader never sees a part of one, whatever happens to the writer.
//! - An object that is reported as stored is on disk.
//! - A list is in the byte order of keys, and its prefix is a raw string.
//! - Memory is bounded: a part of a writer, a window of a reader, a page of a list.
//!
//! Modules, lowest first: `place`, `error` and `options`; `folder` and `s3`; [`contract`], the tests that every store runs.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod error;
mod folder;
mod options;
mod place;
mod s3;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

pub use error::ObjectError;
pub use options::{LIST_PAGE_OBJECTS_MAX, ObjectInfo, PutOptions, Sse, Stored};
pub use place::{Bucket, InvalidName, Place};
pub use s3::S3Endpoint;

use folder::{Folder, FolderReader, FolderWriter};
use s3::{S3, S3Reader, S3Writer};

/// The object store of a server.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Store,
}

#[derive(Clone, Debug)]
enum Store {
    Folder(Arc<Folder>),
    S3(Arc<S3>),
    None(Arc<str>),
}

/// Writes one object in order. Dropped before [`ObjectWriter::finish`] it leaves no object.
#[derive(Debug)]
pub struct ObjectWriter(Writer);

#[derive(Debug)]
enum Writer {
    Folder(Box<FolderWriter>),
    S3(Box<S3Writer>),
}

/// Reads one object in order.
#[derive(Debug)]
pub struct ObjectReader(Reader);

#[derive(Debug)]
enum Reader {
    Folder(FolderReader),
    S3(Arc<S3>, S3Reader),
}

impl Objects {
    /// A folder whose sub-folders are buckets; it is created when it is first used. Sub-folders are not: a missing one is a missing
    /// bucket. Several processes and servers may share it.
    ///
    /// A key is a path below its bucket, so that it has no empty parts, a part has at most 255 bytes, and there is no key `a`
    /// beside a key `a/b`. Files and folders are the server's own (modes 0600 and 0700); encryption and owners are ignored.
    pub fn folder(root: PathBuf) -> Objects {
        Objects::folder_leaving(root, 0)
    }

    /// As [`Objects::folder`], on a disk of others: a write that would leave less than so many bytes free fails.
    pub fn folder_leaving(root: PathBuf, free_bytes_min: u64) -> Objects {
        Objects { store: Store::Folder(Arc::new(Folder::new(root, free_bytes_min))) }
    }

    /// S3, or a server that speaks its protocol.
    ///
    /// # Errors
    /// [`ObjectError::Setting`] if the endpoint is no URL of a server, or if it is AWS's and the variables have no keys.
    pub fn s3(endpoint: S3Endpoint) -> Result<Objects, ObjectError> {
        Ok(Objects { store: Store::S3(Arc::new(S3::new(endpoint)?)) })
    }

    /// No store: every call fails with [`ObjectError::Setting`]. The reason names the flag.
    pub fn none(reason: String) -> Objects {
        Objects { store: Store::None(reason.into()) }
    }

    /// Stores an object, in place of one that is there.
    ///
    /// # Errors
    /// If it is not stored; after [`ObjectError::Failed`] it may be.
    pub async fn put(&self, at: &Place, body: Bytes, options: &PutOptions) -> Result<Stored, ObjectError> {
        match &self.store {
            Store::Folder(folder) => folder.put(at, body, false).await,
            Store::S3(s3) => s3.put(at, body, options).await,
            Store::None(reason) => Err(setting(reason)),
        }
    }

    /// Stores an object only if there is none at its place: of several callers, one stores it.
    ///
    /// # Errors
    /// [`ObjectError::AlreadyExists`], or as for [`Objects::put`].
    pub async fn put_new(&self, at: &Place, body: Bytes, options: &PutOptions) -> Result<Stored, ObjectError> {
        match &self.store {
            Store::Folder(folder) => folder.put(at, body, true).await,
            Store::S3(s3) => s3.put_new(at, body, options).await,
            Store::None(reason) => Err(setting(reason)),
        }
    }

    /// Begins an object of any size, which replaces one that is there when it is finished.
    ///
    /// # Errors
    /// If the store cannot be written to.
    pub async fn writer(&self, at: &Place, options: &PutOptions) -> Result<ObjectWriter, ObjectError> {
        match &self.store {
            Store::Folder(folder) => Ok(ObjectWriter(Writer::Folder(Box::new(folder.writer(at).await?)))),
            Store::S3(s3) => {
                let writer = S3Writer::new(Arc::clone(s3), at.clone(), options.clone());
                Ok(ObjectWriter(Writer::S3(Box::new(writer))))
            }
            Store::None(reason) => Err(setting(reason)),
        }
    }

    /// The first objects whose key begins with `prefix` and is greater than `after`, in the byte order of keys, at most
    /// [`LIST_PAGE_OBJECTS_MAX`]. An empty page is the end; a short one is not.
    ///
    /// # Errors
    /// If the bucket cannot be read as a whole.
    pub async fn list(
        &self,
        bucket: &Bucket,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<ObjectInfo>, ObjectError> {
        match &self.store {
            Store::Folder(folder) => folder.list(bucket, prefix, after).await,
            Store::S3(s3) => s3.list(bucket, prefix, after).await,
            Store::None(reason) => Err(setting(reason)),
        }
    }

    /// Reads an object from a byte on. At its end or behind it there is nothing to read.
    ///
    /// # Errors
    /// If there is no such object, or it cannot be read.
    pub async fn reader(&self, at: &Place, from: u64) -> Result<ObjectReader, ObjectError> {
        match &self.store {
            Store::Folder(folder) => Ok(ObjectReader(Reader::Folder(folder.reader(at, from).await?))),
            Store::S3(s3) => {
                let reader = S3Reader::open(s3, at, from).await?;
                Ok(ObjectReader(Reader::S3(Arc::clone(s3), reader)))
            }
            Store::None(reason) => Err(setting(reason)),
        }
    }

    /// Deletes an object. One that is not there is deleted, too.
    ///
    /// # Errors
    /// If it may still be there.
    pub async fn delete(&self, at: &Place) -> Result<(), ObjectError> {
        match &self.store {
            Store::Folder(folder) => folder.delete(at).await,
            Store::S3(s3) => s3.delete(at).await,
            Store::None(reason) => Err(setting(reason)),
        }
    }
}

fn setting(reason: &str) -> ObjectError {
    ObjectError::Setting(reason.to_owned())
}

impl ObjectWriter {
    /// Appends bytes. After an error the object cannot be finished.
    ///
    /// # Errors
    /// If they are not written.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        match &mut self.0 {
            Writer::Folder(writer) => writer.write(bytes).await,
            Writer::S3(writer) => writer.write(bytes).await,
        }
    }

    /// Makes the object appear, in place of one that is there.
    ///
    /// # Errors
    /// If it is not stored; after [`ObjectError::Failed`] it may be.
    pub async fn finish(self) -> Result<Stored, ObjectError> {
        match self.0 {
            Writer::Folder(writer) => writer.finish().await,
            Writer::S3(writer) => writer.finish().await,
        }
    }

    /// Gives the object up, and deletes what is written of it.
    pub async fn abort(self) {
        match self.0 {
            Writer::Folder(writer) => writer.abort().await,
            Writer::S3(writer) => writer.abort().await,
        }
    }
}

impl ObjectReader {
    /// The next bytes, at most a few MiB; `None` at the end.
    ///
    /// # Errors
    /// If the object cannot be read any more, or was replaced since it was opened.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        match &mut self.0 {
            Reader::Folder(reader) => reader.next().await,
            Reader::S3(s3, reader) => reader.next(s3).await,
        }
    }

    /// Of the whole object. Unit: bytes.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Reader::Folder(reader) => reader.size(),
            Reader::S3(_, reader) => reader.size(),
        }
    }

    /// Differs whenever the object was replaced: to be stored with a position, and compared before the next read.
    pub fn version(&self) -> &str {
        match &self.0 {
            Reader::Folder(reader) => reader.version(),
            Reader::S3(_, reader) => reader.version(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_store_each_call_names_the_setting() {
        let objects = Objects::none("set --s3-endpoint".to_owned());
        let bucket = Bucket::parse("bucket", None).unwrap();
        let at = bucket.place("a").unwrap();
        let options = PutOptions::default();
        let expected = ObjectError::Setting("set --s3-endpoint".to_owned());
        assert_eq!(objects.put(&at, Bytes::new(), &options).await.unwrap_err(), expected);
        assert_eq!(objects.put_new(&at, Bytes::new(), &options).await.unwrap_err(), expected);
        assert_eq!(objects.writer(&at, &options).await.unwrap_err(), expected);
        assert_eq!(objects.list(&bucket, "", None).await.unwrap_err(), expected);
        assert_eq!(objects.reader(&at, 0).await.unwrap_err(), expected);
        assert_eq!(objects.delete(&at).await.unwrap_err(), expected);
    }
}
