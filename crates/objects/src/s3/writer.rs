//! Writing an object in parts of bounded size: a multipart upload, or a single request if it is smaller than a part.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::error::ObjectError;
use crate::options::{PutOptions, Stored};
use crate::place::Place;
use crate::s3::reader::S3Reader;
use crate::s3::request::Request;
use crate::s3::{S3, nonsense, xml};

/// Unit: bytes. S3 takes parts of 5 MiB and more, but for the last.
const PART_BYTES: usize = 8 << 20;
/// Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
const PARTS_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct S3Writer {
    s3: Arc<S3>,
    at: Place,
    options: PutOptions,
    /// What is not sent yet: less than a part.
    buffer: BytesMut,
    upload: Option<Upload>,
    /// After an error there may be a gap.
    is_broken: bool,
}

/// A multipart upload: it is aborted when it is dropped, unless it was completed.
#[derive(Debug)]
struct Upload {
    s3: Arc<S3>,
    at: Place,
    id: String,
    etags: Vec<String>,
    size: u64,
    is_over: bool,
}

impl S3Writer {
    pub(crate) fn new(s3: Arc<S3>, at: Place, options: PutOptions) -> S3Writer {
        S3Writer { s3, at, options, buffer: BytesMut::new(), upload: None, is_broken: false }
    }

    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), ObjectError> {
        self.check()?;
        // Set while this future may be dropped: then a part is missing.
        self.is_broken = true;
        while self.buffer.len() + bytes.len() >= PART_BYTES {
            let rest = bytes.split_to(PART_BYTES - self.buffer.len());
            let part = match self.buffer.is_empty() {
                true => rest,
                false => {
                    self.buffer.extend_from_slice(&rest);
                    self.buffer.split().freeze()
                }
            };
            self.part(part).await?;
        }
        self.buffer.extend_from_slice(&bytes);
        self.is_broken = false;
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<Stored, ObjectError> {
        self.check()?;
        let rest = self.buffer.split().freeze();
        if self.upload.is_none() {
            return self.s3.put(&self.at, rest, &self.options).await;
        }
        if !rest.is_empty() {
            self.part(rest).await?;
        }
        match &mut self.upload {
            Some(upload) => upload.complete().await,
            None => Err(nonsense("an upload")),
        }
    }

    pub(crate) async fn abort(mut self) {
        if let Some(upload) = &mut self.upload {
            upload.is_over = true;
            upload.abort().await;
        }
    }

    #[cfg(test)]
    pub(super) fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn check(&self) -> Result<(), ObjectError> {
        match self.is_broken {
            false => Ok(()),
            true => Err(ObjectError::Failed("the object was given up after an error".to_owned())),
        }
    }

    async fn part(&mut self, part: Bytes) -> Result<(), ObjectError> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => self.upload.insert(Upload::begin(&self.s3, &self.at, &self.options).await?),
        };
        upload.part(part).await
    }
}

impl Upload {
    async fn begin(s3: &Arc<S3>, at: &Place, options: &PutOptions) -> Result<Upload, ObjectError> {
        let request = Request::new("POST", at.bucket(), Some(at.key())).query("uploads", "").options(options);
        let answer = s3.call(&request).await?;
        let id = xml::text(&answer.body, "InitiateMultipartUploadResult", "UploadId");
        let id = id.ok_or_else(|| nonsense("a multipart upload"))?;
        let (s3, at) = (Arc::clone(s3), at.clone());
        Ok(Upload { s3, at, id, etags: Vec::new(), size: 0, is_over: false })
    }

    async fn part(&mut self, part: Bytes) -> Result<(), ObjectError> {
        if self.etags.len() >= PARTS_MAX {
            return Err(ObjectError::Failed(format!("an object has at most {PARTS_MAX} parts of {PART_BYTES} bytes")));
        }
        let size = part.len() as u64;
        let request = self.request("PUT").query("partNumber", (self.etags.len() + 1).to_string()).body(part);
        let answer = self.s3.call(&request).await?;
        let etag = answer.header("etag").ok_or_else(|| nonsense("a part"))?;
        let etag = xml::unquoted(etag).to_owned();
        self.etags.push(etag);
        self.size += size;
        Ok(())
    }

    async fn complete(&mut self) -> Result<Stored, ObjectError> {
        let request = self.request("POST").body(xml::completion(&self.etags).into());
        let reply = self.s3.reply(&request).await?;
        let stored = match reply.refusal {
            None => xml::text(&reply.answer.body, "CompleteMultipartUploadResult", "ETag")
                .map(|etag| Stored { etag: xml::unquoted(&etag).to_owned() })
                .ok_or_else(|| nonsense("a completed upload"))?,
            // Perhaps it was completed by an attempt whose reply was lost.
            Some(refusal) if reply.is_in_doubt && refusal.code() == "NoSuchUpload" => match self.completed().await? {
                Some(stored) => stored,
                None => return Err(refusal.into_error()),
            },
            Some(refusal) => return Err(refusal.into_error()),
        };
        self.is_over = true;
        Ok(stored)
    }

    /// The object, if it is of this upload by its size and its number of parts.
    async fn completed(&self) -> Result<Option<Stored>, ObjectError> {
        let found = S3Reader::open(&self.s3, &self.at, u64::MAX).await?;
        let is_own = found.size() == self.size && found.version().ends_with(&format!("-{}", self.etags.len()));
        Ok(is_own.then(|| Stored { etag: found.version().to_owned() }))
    }

    /// Failures cost the space of the parts, until the bucket's owner or a rule of the bucket deletes them.
    async fn abort(&self) {
        let _ = self.s3.call(&self.request("DELETE")).await;
    }

    fn request(&self, method: &'static str) -> Request<'_> {
        Request::new(method, self.at.bucket(), Some(self.at.key())).query("uploadId", &self.id)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // Without a runtime the process ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (s3, at, id) = (Arc::clone(&self.s3), self.at.clone(), std::mem::take(&mut self.id));
            let given_up = Upload { s3, at, id, etags: Vec::new(), size: 0, is_over: true };
            runtime.spawn(async move { given_up.abort().await });
        }
    }
}
