//! The object store of the flags: where exports are written and imports are read.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use objects::{Bucket, Objects, S3Endpoint};
use storage::Embedded;

use crate::engine::StorageLocation;
use crate::outbound;
use crate::value_parsers::http_url;

/// The folder of buckets in a data folder.
const FOLDER: &str = "s3";

#[derive(Args, Debug)]
pub(crate) struct ObjectArguments {
    /// Object store for exports and imports: S3 or a server that speaks its protocol, such as https://s3.eu-west-3.amazonaws.com, or
    /// a folder whose sub-folders are the buckets, as a path or as file:///DIR. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
    /// AWS_SESSION_TOKEN and AWS_REGION sign the requests. Default: s3 in the folder of --data; with --memory or --storage none
    #[arg(long, env = "STATOR_S3_ENDPOINT", value_name = "URL|DIR", value_parser = endpoint)]
    pub(crate) s3_endpoint: Option<StoreEndpoint>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StoreEndpoint {
    Folder(PathBuf),
    S3(String),
}

pub(crate) fn endpoint(text: &str) -> Result<StoreEndpoint, String> {
    let folder = match text.split_once("://") {
        None => text.to_owned(),
        Some(("file", path)) => match base::percent_decoded_strict(path.as_bytes()) {
            Some(path) if path.starts_with('/') => path,
            _ => {
                return Err("a file URL has no host and an absolute path, such as file:///var/lib/stator/s3".to_owned());
            }
        },
        Some(("http" | "https", _)) => return http_url(text).map(StoreEndpoint::S3),
        Some(_) => return Err("a URL such as https://s3.eu-west-3.amazonaws.com, or a folder".to_owned()),
    };
    if folder.is_empty() || folder.contains('\0') {
        return Err("a folder has a name".to_owned());
    }
    Ok(StoreEndpoint::Folder(folder.into()))
}

impl ObjectArguments {
    /// `embedded` is the engine of a data folder. Without a flag its store is beside it, and shares the disk.
    ///
    /// # Errors
    /// If there are no keys for an endpoint of AWS.
    pub(crate) fn store(&self, location: &StorageLocation, embedded: Option<&Embedded>) -> Result<Objects, String> {
        Ok(match (&self.s3_endpoint, location) {
            (Some(endpoint), _) => endpoint.store()?,
            (None, StorageLocation::Folder(data)) => {
                Objects::folder_leaving(data.join(FOLDER), free_bytes_min(embedded))
            }
            (None, StorageLocation::Memory) => Objects::none(
                "this server has no object store: it location its data in memory. Start it with --s3-endpoint and the URL of an \
                 S3 server, or a folder whose sub-folders are the buckets"
                    .to_owned(),
            ),
            (None, StorageLocation::Database(_)) => Objects::none(
                "this server has no object store. Start every server of this database with the same --s3-endpoint: the URL of an \
                 S3 server, or a folder that they share, whose sub-folders are the buckets"
                    .to_owned(),
            ),
        })
    }
}

/// Where backups are, as it was written on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlaceName {
    Folder(PathBuf),
    Bucket { name: String, prefix: String },
}

pub(crate) fn place_name(text: &str) -> Result<PlaceName, String> {
    match text.split_once("://") {
        None if text.is_empty() => Err("a folder has a name".to_owned()),
        None => Ok(PlaceName::Folder(text.into())),
        Some(("s3", rest)) => {
            let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let prefix = prefix.trim_end_matches('/');
            let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
            Ok(PlaceName::Bucket { name: name.to_owned(), prefix })
        }
        Some(_) => Err("a folder, or s3://BUCKET/PREFIX".to_owned()),
    }
}

/// A folder as a bucket of the folder above it.
///
/// # Errors
/// If its name is none of a bucket.
pub(crate) fn folder_as_bucket(path: &Path) -> Result<(Objects, Bucket), String> {
    let whole = absolute(path);
    let name = whole.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let bucket = Bucket::parse(name, None).map_err(|_| {
        format!(
            "the folder {} cannot be one of a backup: its name has 2 or more letters, digits, dots, hyphens or underscores, with a \
             letter or a digit at both ends",
            path.display()
        )
    })?;
    Ok((Objects::folder(whole.parent().unwrap_or(&whole).to_owned()), bucket))
}

/// The store of s3://: an endpoint, or AWS's of the region of AWS_REGION.
///
/// # Errors
/// If neither is named, or there are no keys for it.
pub(crate) fn store_of_buckets(endpoint: Option<&StoreEndpoint>) -> Result<Objects, String> {
    match endpoint {
        Some(endpoint) => endpoint.store(),
        None => match std::env::var("AWS_REGION").ok().filter(|region| !region.is_empty()) {
            Some(region) => StoreEndpoint::S3(format!("https://s3.{region}.amazonaws.com")).store(),
            None => Err("name the S3 server with --s3-endpoint, or a region of AWS with AWS_REGION".to_owned()),
        },
    }
}

/// What exports, and other files of callers, may not take of the disk of a data folder, or the tables themselves could be written no
/// more. Unit: bytes.
pub(crate) fn free_bytes_min(embedded: Option<&Embedded>) -> u64 {
    embedded.map_or(0, |embedded| embedded.disk_space().reserve_bytes).saturating_mul(2)
}

impl StoreEndpoint {
    /// # Errors
    /// If there are no keys for an endpoint of AWS, or no folder can be at the path.
    pub(crate) fn store(&self) -> Result<Objects, String> {
        match self {
            StoreEndpoint::Folder(folder) => {
                check_folder(folder)?;
                Ok(Objects::folder(absolute(folder)))
            }
            StoreEndpoint::S3(url) => {
                let endpoint = S3Endpoint { url: url.clone(), ca_bundle: outbound::ca_bundle() };
                Objects::s3(endpoint).map_err(|error| format!("--s3-endpoint cannot be used: {error}"))
            }
        }
    }
}

/// A missing folder is made later.
fn check_folder(folder: &Path) -> Result<(), String> {
    let what = match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => "is a file",
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => "is below a file",
        Ok(_) | Err(_) => return Ok(()),
    };
    Err(format!(
        "--s3-endpoint {} {what}: name a folder whose sub-folders are the buckets, or a URL such as \
         https://s3.eu-west-3.amazonaws.com",
        folder.display()
    ))
}

fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use objects::{ObjectError, PutOptions};

    use super::*;

    #[test]
    fn names_of_places() {
        let bucket =
            |name: &str, prefix: &str| Ok(PlaceName::Bucket { name: name.to_owned(), prefix: prefix.to_owned() });
        assert_eq!(place_name("s3://bucket"), bucket("bucket", ""));
        assert_eq!(place_name("s3://bucket/"), bucket("bucket", ""));
        assert_eq!(place_name("s3://bucket/a/b/"), bucket("bucket", "a/b/"));
        assert_eq!(place_name("some/folder"), Ok(PlaceName::Folder("some/folder".into())));
        assert!(place_name("").is_err() && place_name("https://host/bucket").is_err());
    }

    #[test]
    fn endpoints() {
        for (text, path) in [
            ("/srv/s3", "/srv/s3"),
            ("file:///srv/s3", "/srv/s3"),
            ("file:///srv/with%20space", "/srv/with space"),
            ("relative/s3", "relative/s3"),
            ("./a%20b", "./a%20b"),
        ] {
            assert_eq!(endpoint(text), Ok(StoreEndpoint::Folder(path.into())), "{text}");
        }
        for url in ["http://127.0.0.1:9000", "https://s3.eu-west-3.amazonaws.com", "http://h/"] {
            assert_eq!(endpoint(url), Ok(StoreEndpoint::S3(url.to_owned())));
        }
        for text in [
            "http://",
            "https://h/bucket",
            "http://user@h",
            "",
            "file://",
            "file://host/srv",
            "file://srv",
            "file:///a%",
            "s3://bucket",
            "ftp://h/",
            "file:///%00",
        ] {
            assert!(endpoint(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_no_folder_of_buckets() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let store = |path: PathBuf| StoreEndpoint::Folder(path).store().map(drop);
        assert!(store(file.clone()).unwrap_err().contains("/file is a file: name a folder"));
        assert!(store(file.join("s3")).unwrap_err().contains("/file/s3 is below a file: name a folder"));
        assert_eq!((store(folder.path().to_owned()), store(folder.path().join("new"))), (Ok(()), Ok(())));
    }

    #[tokio::test]
    async fn the_default_depends_on_where_the_data_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = Bucket::parse("bucket", None).unwrap().place("a").unwrap();
        let put = async |endpoint: Option<&Path>, location: StorageLocation| {
            let s3_endpoint = endpoint.map(|path| StoreEndpoint::Folder(path.to_owned()));
            let store = ObjectArguments { s3_endpoint }.store(&location, None).unwrap();
            store.put(&at, Bytes::from_static(b"x"), &PutOptions::default()).await
        };
        let data = || StorageLocation::Folder(folder.path().join("data"));
        let database = || StorageLocation::Database("h:5432/d".to_owned());
        for location in [StorageLocation::Memory, database()] {
            let error = put(None, location).await.unwrap_err();
            assert!(matches!(&error, ObjectError::Setting(text) if text.contains("--s3-endpoint")), "{error:?}");
        }
        let error = put(None, data()).await.unwrap_err();
        let bucket = folder.path().join("data/s3/bucket");
        assert!(error.failure_message().contains("create the folder bucket in the folder of buckets"), "{error:?}");
        std::fs::create_dir_all(bucket).unwrap();
        assert!(put(None, data()).await.is_ok());
        let other = folder.path().join("other");
        std::fs::create_dir_all(other.join("bucket")).unwrap();
        for location in [StorageLocation::Memory, database(), data()] {
            assert!(put(Some(&other), location).await.is_ok());
            std::fs::remove_file(other.join("bucket/a")).unwrap();
        }
    }
}
