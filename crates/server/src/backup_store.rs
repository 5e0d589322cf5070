//! The backup store of the flags: where archives of point-in-time recovery are, if not in the database.

use std::time::Duration;

use clap::Args;
use objects::Bucket;

use crate::object_store::{PlaceName, StoreEndpoint, folder_as_bucket, place_name, store_of_buckets};
use crate::value_parsers::hours;

#[derive(Args, Debug)]
pub(crate) struct BackupStoreArguments {
    /// Archive changes of tables with point-in-time recovery here, instead of in the database: a folder, which all servers of a
    /// database share, or a prefix of a bucket in the store of --s3-endpoint [default for s3://: AWS's server of AWS_REGION]
    #[arg(long, env = "STATOR_BACKUP_STORE", value_name = "DIR|s3://BUCKET/PREFIX", value_parser = place_name)]
    pub(crate) backup_store: Option<PlaceName>,

    /// Hours that changes wait in the database while the backup store cannot be written; behind that the older half of them is lost
    /// to point-in-time recovery, with all moments before
    #[arg(long, env = "STATOR_BACKUP_STORE_HOLD_HOURS", value_name = "HOURS", default_value = "24", value_parser = hours)]
    pub(crate) backup_store_hold_hours: Duration,
}

impl BackupStoreArguments {
    /// `seals` is whether the database is encrypted.
    ///
    /// # Errors
    /// If no objects can be at the place.
    pub(crate) fn store(
        &self,
        endpoint: Option<&StoreEndpoint>,
        seals: bool,
    ) -> Result<Option<ops::ArchiveStore>, String> {
        let Some(place) = &self.backup_store else { return Ok(None) };
        let named = |error: String| format!("--backup-store cannot be used: {error}");
        let (objects, bucket, prefix) = match place {
            PlaceName::Folder(path) => {
                // The bucket itself must be there: a missing one of S3 is not made either.
                std::fs::create_dir_all(path).map_err(|error| named(format!("{}: {error}", path.display())))?;
                let (objects, bucket) = folder_as_bucket(path).map_err(named)?;
                (objects, bucket, String::new())
            }
            PlaceName::Bucket { name, prefix } => {
                let bucket = Bucket::parse(name, None).map_err(|error| named(error.to_string()))?;
                (store_of_buckets(endpoint).map_err(named)?, bucket, prefix.clone())
            }
        };
        let hold_ms = u64::try_from(self.backup_store_hold_hours.as_millis()).unwrap_or(u64::MAX);
        Ok(Some(ops::ArchiveStore { objects, bucket, prefix, seals, hold_ms }))
    }
}
