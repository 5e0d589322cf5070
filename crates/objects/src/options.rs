//! How an object is stored, and what is reported of stored ones.

/// Objects of a page of [`crate::Objects::list`], at most. Source: Amazon S3 API Reference, `ListObjectsV2`, `MaxKeys`.
pub const LIST_PAGE_OBJECTS_MAX: usize = 1000;

/// How an object is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutOptions {
    /// The bucket's own default without it. Folders ignore it.
    pub sse: Option<Sse>,
}

/// Encryption by S3 (server-side encryption).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sse {
    Aes256,
    /// Without an id, the account's default key for S3.
    Kms {
        key_id: Option<String>,
    },
}

/// A stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Without quotes: the MD5 of the content in hexadecimal in a folder, S3's own otherwise.
    pub etag: String,
}

/// An object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    pub key: String,
    /// Unit: bytes.
    pub size: u64,
    /// Differs whenever the object was replaced: S3's ETag; in a folder, of the file's number, size and time. Comparable with
    /// [`crate::ObjectReader::version`] of the same store only.
    pub version: String,
}
