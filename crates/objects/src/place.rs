//! Where an object is: names of buckets and keys, checked once, so that a store below needs no second look at them.
//!
//! A name comes from a request. A bucket's has no slash and does not begin with a dot; a key has no part that a path would resolve
//! (`.`, `..`) and no NUL. What else S3 allows is allowed here; a folder refuses more ([`crate::Objects::folder`]).
//!
//! Source: the AWS model, shapes `S3Bucket` and `S3BucketOwner`; Amazon S3 User Guide, "Naming Amazon S3 objects".

use std::fmt;

/// Unit: bytes. Source: the AWS model, shape `S3Bucket`.
const BUCKET_NAME_BYTES_MAX: usize = 255;
/// Unit: bytes. Source: Amazon S3 User Guide, "Naming Amazon S3 objects".
pub(crate) const KEY_BYTES_MAX: usize = 1024;

/// A bucket, and the account that it must belong to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    name: String,
    expected_owner: Option<String>,
}

/// The place of an object: its bucket and its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    bucket: Bucket,
    key: String,
}

/// Why a name is none of a bucket or an object, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName(String);

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidName {}

impl Bucket {
    /// S3 checks the owner with each request; a folder has none and checks nothing.
    ///
    /// # Errors
    /// If the name is none of a bucket, or the owner is no account.
    pub fn parse(name: &str, expected_owner: Option<&str>) -> Result<Bucket, InvalidName> {
        if !is_bucket_name(name) {
            return Err(InvalidName(format!("{} is not the name of a bucket", shown(name))));
        }
        if let Some(owner) = expected_owner
            && !(owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(InvalidName(format!("the bucket owner {} is not an account of 12 digits", shown(owner))));
        }
        Ok(Bucket { name: name.to_owned(), expected_owner: expected_owner.map(str::to_owned) })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn expected_owner(&self) -> Option<&str> {
        self.expected_owner.as_deref()
    }

    /// # Errors
    /// If the key is empty, too long, or has a part that a path would resolve.
    pub fn place(&self, key: &str) -> Result<Place, InvalidName> {
        Place::new(self.clone(), key)
    }
}

impl Place {
    /// # Errors
    /// As for [`Bucket::place`].
    pub fn new(bucket: Bucket, key: &str) -> Result<Place, InvalidName> {
        let refused = |why: &str| Err(InvalidName(format!("{} is not the key of an object: {why}", shown(key))));
        if key.is_empty() {
            return refused("it is empty");
        }
        if key.len() > KEY_BYTES_MAX {
            return refused("it is longer than 1024 bytes");
        }
        if key.contains('\0') {
            return refused("it contains NUL");
        }
        if key.split('/').any(|part| part == "." || part == "..") {
            return refused("it has a part . or ..");
        }
        Ok(Place { bucket, key: key.to_owned() })
    }

    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    pub fn key(&self) -> &str {
        &self.key
    }
}

/// `[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+`: a letter or digit at both ends.
fn is_bucket_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
    (2..=BUCKET_NAME_BYTES_MAX).contains(&bytes.len())
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(is_inner)
}

/// A name in a message: quoted, escaped, and not much of it.
fn shown(name: &str) -> String {
    format!("\"{}\"", base::cut(name, 200).escape_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_buckets() {
        for name in ["ab", "my-bucket", "my.bucket_1", "UPPER", "a..b", &"a".repeat(255)] {
            assert_eq!(Bucket::parse(name, None).unwrap().name(), name);
        }
        for name in
            ["", "a", ".", "..", ".a", "a.", "-a", "a-", "a/b", "a\\b", "a\0b", "a b", "ä1", "a\nb", &"a".repeat(256)]
        {
            assert!(Bucket::parse(name, None).is_err(), "{name:?}");
        }
        assert_eq!(Bucket::parse("ab", Some("012345678901")).unwrap().expected_owner(), Some("012345678901"));
        for owner in ["", "1", "0123456789012", "01234567890a", "０１２３"] {
            assert!(Bucket::parse("ab", Some(owner)).is_err(), "{owner:?}");
        }
    }

    #[test]
    fn keys() {
        let bucket = Bucket::parse("ab", None).unwrap();
        for key in ["a", "a/b", "/a", "a//b", "a/", "...", "a/..b/b..", ".hidden", "ü/\u{1f600}", "a\\..\\b"] {
            assert_eq!(bucket.place(key).unwrap().key(), key);
        }
        for key in ["", ".", "..", "../a", "a/..", "a/../b", "./a", "a/.", "a/./b", "/..", "a\0", &"k".repeat(1025)] {
            assert!(bucket.place(key).is_err(), "{key:?}");
        }
        assert!(bucket.place(&"k".repeat(1024)).is_ok());
        let said = bucket.place("../\u{1b}[31m").unwrap_err().to_string();
        assert!(said.is_ascii() && said.contains("../") && !said.contains('\u{1b}'), "{said}");
    }
}
