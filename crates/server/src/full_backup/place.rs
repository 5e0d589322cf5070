//! Where a backup is: a folder, or a prefix in a bucket.

use std::path::Path;

use bytes::Bytes;
use clap::Args;
use client::Failure;
use objects::{Bucket, ObjectError, ObjectReader, ObjectWriter, Objects, Place, PutOptions};

use super::block::Damage;
use super::manifest::{self, Manifest};
use crate::object_store::{PlaceName, StoreEndpoint, endpoint, folder_as_bucket, store_of_buckets};

#[derive(Args, Debug)]
pub(crate) struct StoreArguments {
    /// The S3 server of s3://BUCKET/PREFIX, or a folder whose sub-folders are the buckets. AWS_ACCESS_KEY_ID,
    /// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION sign the requests [default: AWS's server of AWS_REGION]
    #[arg(long, env = "STATOR_S3_ENDPOINT", value_name = "URL|DIR", value_parser = endpoint)]
    s3_endpoint: Option<StoreEndpoint>,
}

/// A place that can be read and written.
pub(super) struct BackupPlace {
    objects: Objects,
    bucket: Bucket,
    prefix: String,
    shown: String,
}

impl BackupPlace {
    pub(super) fn of(name: &PlaceName, store: &StoreArguments) -> Result<BackupPlace, Failure> {
        match name {
            PlaceName::Folder(path) => BackupPlace::in_folder(path),
            PlaceName::Bucket { name, prefix } => {
                let objects = store_of_buckets(store.s3_endpoint.as_ref()).map_err(Failure::new)?;
                let bucket = Bucket::parse(name, None).map_err(|error| Failure::new(error.to_string()))?;
                Ok(BackupPlace { objects, bucket, prefix: prefix.clone(), shown: format!("s3://{name}/{prefix}") })
            }
        }
    }

    pub(super) fn in_folder(path: &Path) -> Result<BackupPlace, Failure> {
        let (objects, bucket) = folder_as_bucket(path).map_err(Failure::new)?;
        Ok(BackupPlace { objects, bucket, prefix: String::new(), shown: path.display().to_string() })
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    fn at(&self, name: &str) -> Result<Place, ObjectError> {
        Ok(self.bucket.place(&format!("{}{name}", self.prefix))?)
    }

    pub(super) async fn writer(&self, name: &str) -> Result<ObjectWriter, ObjectError> {
        self.objects.writer(&self.at(name)?, &PutOptions::default()).await
    }

    /// Only where there is none.
    pub(super) async fn put_new(&self, name: &str, bytes: Bytes) -> Result<(), ObjectError> {
        self.objects.put_new(&self.at(name)?, bytes, &PutOptions::default()).await.map(drop)
    }

    pub(super) async fn reader(&self, name: &str) -> Result<ObjectReader, ObjectError> {
        self.objects.reader(&self.at(name)?, 0).await
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), ObjectError> {
        self.objects.delete(&self.at(name)?).await
    }

    /// The names of all objects here.
    pub(super) async fn names(&self) -> Result<Vec<String>, ObjectError> {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let page = self.objects.list(&self.bucket, &self.prefix, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(names) };
            after = Some(last.key.clone());
            names.extend(page.iter().filter_map(|object| object.key.strip_prefix(&self.prefix)).map(str::to_owned));
        }
    }

    /// # Errors
    /// If there is no backup, or none that this program can read.
    pub(super) async fn manifest(&self) -> Result<Manifest, Failure> {
        let no_backup = |error: &ObjectError| {
            Failure::new(format!(
                "there is no backup in {}: it has no {} ({error}). A backup that was not finished is none",
                self.shown,
                manifest::NAME
            ))
        };
        let bytes = self.whole(manifest::NAME, manifest::SIZE_MAX).await;
        let bytes = bytes.map_err(|error| match error {
            ObjectError::NoSuchKey(_) | ObjectError::NoSuchBucket(_) => no_backup(&error),
            error => Failure::new(format!("{} cannot be read: {error}", manifest::NAME)),
        })?;
        Manifest::decode(&bytes).map_err(|damage| self.damaged(manifest::NAME, &damage))
    }

    pub(super) fn damaged(&self, name: &str, damage: &Damage) -> Failure {
        Failure::new(format!("the backup in {} is damaged: {name}: {damage}", self.shown))
    }

    pub(super) async fn whole(&self, name: &str, size_max: usize) -> Result<Vec<u8>, ObjectError> {
        let mut reader = self.reader(name).await?;
        let mut bytes = Vec::new();
        while let Some(next) = reader.next().await? {
            bytes.extend_from_slice(&next);
            if bytes.len() > size_max {
                return Err(ObjectError::Failed(format!("it is larger than {size_max} bytes")));
            }
        }
        Ok(bytes)
    }
}
