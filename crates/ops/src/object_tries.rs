//! How often a folder of objects that fails is tried again before the transfer fails, and objects that are written so. A server of
//! objects has its attempts in `objects`.

use std::time::Duration;

use bytes::Bytes;
use objects::{Bucket, ObjectError, PutOptions};

use crate::service::Service;
use crate::transfers::Failure;

const TRIES_MAX: u32 = 9;
/// Before the second try; it doubles each time.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The tries of one object, or of one part of it.
#[derive(Default)]
pub(crate) struct ObjectTries(u32);

impl ObjectTries {
    /// Waits before the next try.
    ///
    /// # Errors
    /// The transfer's failure, if it was tried often enough, or another try would fail as well.
    pub(crate) async fn wait(&mut self, error: &ObjectError) -> Result<(), Failure> {
        let is_final = match error {
            ObjectError::Failed(_) | ObjectError::AlreadyExists => self.0 == TRIES_MAX,
            ObjectError::NoSuchBucket(_)
            | ObjectError::NoSuchKey(_)
            | ObjectError::AccessDenied(_)
            | ObjectError::KmsNotFound(_)
            | ObjectError::Refused(_)
            // The store has made its attempts already: its time and this many tries would multiply.
            | ObjectError::Unavailable(_)
            | ObjectError::Setting(_) => true,
        };
        if is_final {
            return Err(failure(error));
        }
        tokio::time::sleep(RETRY_INTERVAL * 2_u32.pow(self.0)).await;
        self.0 += 1;
        Ok(())
    }
}

impl Service {
    /// Writes a whole object of a transfer.
    ///
    /// # Errors
    /// The transfer's failure.
    pub(crate) async fn put_object(
        &self,
        bucket: &Bucket,
        key: &str,
        body: Bytes,
        options: &PutOptions,
    ) -> Result<String, Failure> {
        let place = bucket.place(key).map_err(|refused| failure(&refused.into()))?;
        let mut tries = ObjectTries::default();
        loop {
            match self.objects().put(&place, body.clone(), options).await {
                Ok(stored) => return Ok(stored.etag),
                Err(error) => tries.wait(&error).await?,
            }
        }
    }
}

fn failure(error: &ObjectError) -> Failure {
    Failure { code: error.failure_code().to_owned(), message: error.failure_message() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server of objects is waited for once, by its client; a folder half a minute, here.
    #[tokio::test(start_paused = true)]
    async fn only_a_store_that_does_not_try_itself_is_tried_again() {
        let begun = tokio::time::Instant::now();
        let unavailable = ObjectError::Unavailable("no reply".to_owned());
        assert_eq!(ObjectTries::default().wait(&unavailable).await.unwrap_err().message, "no reply");
        let refused = ObjectError::Refused("no file can have the key".to_owned());
        assert!(ObjectTries::default().wait(&refused).await.is_err(), "it cannot succeed later");
        assert_eq!(begun.elapsed(), Duration::ZERO);
        let (failed, mut tries) = (ObjectError::Failed("full".to_owned()), ObjectTries::default());
        while tries.wait(&failed).await.is_ok() {}
        assert_eq!(begun.elapsed().as_secs(), 25);
    }
}
