//! The object store of archives, if they are not in the database: segments of point-in-time recovery, pages and manifests.
//!
//! Names are below one prefix of one bucket, which other databases and other files may share. A store that does not answer holds up
//! the work of its caller alone: other accounts' work goes on meanwhile.

use std::sync::Arc;

use bytes::Bytes;
use change_log::ReadObject;
use objects::{Bucket, ObjectError, Objects, Place, PutOptions};
use parking_lot::Mutex;

/// The segment that was read last, by its name: a restore takes it in several steps.
pub(crate) type LastSegment = Mutex<Option<(String, Arc<ReadObject>)>>;

/// Where archives are.
#[derive(Clone, Debug)]
pub struct ArchiveStore {
    pub objects: Objects,
    pub bucket: Bucket,
    /// Empty, or with a slash at its end.
    pub prefix: String,
    /// Whether objects are sealed, as the rows of the database are.
    pub seals: bool,
    /// How long a log retains records that cannot be archived. Unit: milliseconds.
    pub hold_ms: u64,
}

impl ArchiveStore {
    fn at(&self, name: &str) -> Result<Place, ObjectError> {
        Ok(self.bucket.place(&format!("{}{name}", self.prefix))?)
    }

    pub(crate) async fn put_new(&self, name: &str, content: Bytes) -> Result<(), ObjectError> {
        let at = self.at(name)?;
        jobs::without_slot(self.objects.put_new(&at, content, &PutOptions::default())).await.map(drop)
    }

    /// A whole object, if it is no larger.
    pub(crate) async fn read(&self, name: &str, size_max: u64) -> Result<Vec<u8>, ObjectError> {
        let at = self.at(name)?;
        jobs::without_slot(async {
            let mut reader = self.objects.reader(&at, 0).await?;
            if reader.size() > size_max {
                return Err(ObjectError::Refused(format!("the object {name} is larger than {size_max} bytes")));
            }
            let mut content = Vec::new();
            while let Some(bytes) = reader.next().await? {
                content.extend_from_slice(&bytes);
            }
            Ok(content)
        })
        .await
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), ObjectError> {
        let at = self.at(name)?;
        jobs::without_slot(self.objects.delete(&at)).await
    }

    /// The first names with a prefix behind another one. An empty page is the end.
    pub(crate) async fn names(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>, ObjectError> {
        let own = |name: &str| format!("{}{name}", self.prefix);
        let (whole, after) = (own(prefix), after.map(own));
        let page = jobs::without_slot(self.objects.list(&self.bucket, &whole, after.as_deref())).await?;
        Ok(page.into_iter().filter_map(|object| object.key.strip_prefix(&self.prefix).map(str::to_owned)).collect())
    }
}
