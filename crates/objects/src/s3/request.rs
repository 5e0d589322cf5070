//! Requests to S3: what they ask, and the text of their targets.
//!
//! Buckets are in the path, which every server that speaks S3's protocol takes. Parameters of a query are sorted and have values, as
//! signatures need them.

use bytes::Bytes;

use crate::options::{PutOptions, Sse};
use crate::place::Bucket;

/// Enough for a page of a list of the longest keys, encoded, and for a window of an object. Unit: bytes.
pub(super) const REPLY_BYTES_MAX: usize = 8 << 20;

pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) bucket: &'a Bucket,
    /// Without it the request is about the bucket.
    pub(super) key: Option<&'a str>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl<'a> Request<'a> {
    pub(super) fn new(method: &'static str, bucket: &'a Bucket, key: Option<&'a str>) -> Request<'a> {
        let owner = bucket.expected_owner().map(|owner| ("x-amz-expected-bucket-owner", owner.to_owned()));
        Request { method, bucket, key, query: Vec::new(), headers: owner.into_iter().collect(), body: Bytes::new() }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Request<'a> {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Request<'a> {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(self, body: Bytes) -> Request<'a> {
        Request { body, ..self }
    }

    /// For the request that begins an object: the parts of a multipart upload are encrypted as it says.
    pub(super) fn options(self, options: &PutOptions) -> Request<'a> {
        const ALGORITHM: &str = "x-amz-server-side-encryption";
        match &options.sse {
            None => self,
            Some(Sse::Aes256) => self.header(ALGORITHM, "AES256"),
            Some(Sse::Kms { key_id: None }) => self.header(ALGORITHM, "aws:kms"),
            Some(Sse::Kms { key_id: Some(key) }) => {
                self.header(ALGORITHM, "aws:kms").header("x-amz-server-side-encryption-aws-kms-key-id", key)
            }
        }
    }

    pub(super) fn headers(&self) -> Vec<(&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// A header that must not be sent: a key's id comes from a request.
    pub(super) fn illegal_header(&self) -> Option<&'static str> {
        let is_legal = |value: &str| value.bytes().all(|byte| byte.is_ascii_graphic());
        self.headers.iter().find(|(_, value)| !is_legal(value)).map(|(name, _)| *name)
    }

    /// Path and query.
    pub(super) fn target(&self) -> String {
        let mut target = format!("/{}", self.bucket.name());
        for part in self.key.iter().flat_map(|key| key.split('/')) {
            target.push('/');
            target += &base::percent_encoded(part.as_bytes());
        }
        let mut query: Vec<&(&str, String)> = self.query.iter().collect();
        query.sort_unstable();
        for (at, (name, value)) in query.into_iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target += name;
            target.push('=');
            target += &base::percent_encoded(value.as_bytes());
        }
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let bucket = Bucket::parse("my.bucket", Some("012345678901")).unwrap();
        let target = |key: Option<&str>| Request::new("GET", &bucket, key).target();
        assert_eq!(target(None), "/my.bucket");
        for (key, expected) in [
            ("a", "/my.bucket/a"),
            ("a/b.gz", "/my.bucket/a/b.gz"),
            ("/a//b/", "/my.bucket//a//b/"),
            ("a b+c%?#&=ü", "/my.bucket/a%20b%2Bc%25%3F%23%26%3D%C3%BC"),
            ("~-_.", "/my.bucket/~-_."),
            ("a\r\nb", "/my.bucket/a%0D%0Ab"),
        ] {
            assert_eq!(target(Some(key)), expected);
        }
        let request = Request::new("GET", &bucket, None).query("prefix", "a/b c").query("list-type", "2");
        assert_eq!(request.query("uploads", "").target(), "/my.bucket?list-type=2&prefix=a%2Fb%20c&uploads=");
    }

    #[test]
    fn headers() {
        let check = |sse: Option<Sse>, owner: Option<&str>, expected: &[(&str, &str)]| {
            let bucket = Bucket::parse("bucket", owner).unwrap();
            let request = Request::new("PUT", &bucket, Some("a")).options(&PutOptions { sse });
            assert_eq!(request.headers(), expected);
            assert_eq!(request.illegal_header(), None);
        };
        check(None, None, &[]);
        let owner = ("x-amz-expected-bucket-owner", "012345678901");
        let algorithm = "x-amz-server-side-encryption";
        check(Some(Sse::Aes256), Some("012345678901"), &[owner, (algorithm, "AES256")]);
        check(Some(Sse::Kms { key_id: None }), None, &[(algorithm, "aws:kms")]);
        let key = "x-amz-server-side-encryption-aws-kms-key-id";
        check(Some(Sse::Kms { key_id: Some("k".to_owned()) }), None, &[(algorithm, "aws:kms"), (key, "k")]);
        let bucket = Bucket::parse("bucket", None).unwrap();
        let options = PutOptions { sse: Some(Sse::Kms { key_id: Some("a\r\nx: y".to_owned()) }) };
        assert_eq!(Request::new("PUT", &bucket, None).options(&options).illegal_header(), Some(key));
    }
}
