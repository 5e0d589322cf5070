//! Signature Version 4 for requests in AWS's JSON protocol, DynamoDB's first of all, and for any others, and the HTTP head
//! that carries it.
//!
//! Source: IAM User Guide, "Create a signed AWS API request". The parts that change rarely are cached: the signing key
//! for a day, the time for a second. S3 differs in two points: a path is signed as it is sent, and a header has the hash of the body.
//! Source of that: Amazon S3 API Reference, "Signature Calculations for the Authorization Header".

use std::io::Write;

use auth::sigv4::{SigningKey, amz_date, hex};
use base::Clock;
use sha2::{Digest, Sha256};

/// The service of the requests: what differs between services that speak JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocol {
    /// As signatures name the service.
    pub service: &'static str,
    pub content_type: &'static str,
}

impl Protocol {
    pub const DYNAMODB: Protocol = Protocol { service: "dynamodb", content_type: "application/x-amz-json-1.0" };
    pub const KINESIS: Protocol = Protocol { service: "kinesis", content_type: "application/x-amz-json-1.1" };
    pub const KMS: Protocol = Protocol { service: "kms", content_type: "application/x-amz-json-1.1" };
    pub const SQS: Protocol = Protocol { service: "sqs", content_type: "application/x-amz-json-1.0" };

    /// The headers of a call of an operation, by what `X-Amz-Target` says.
    pub fn headers<'a>(&self, target: &'a str) -> [(&'a str, &'a str); 2] {
        [("content-type", self.content_type), ("x-amz-target", target)]
    }
}

/// The name of S3 in signatures.
pub const S3: &str = "s3";
const BODY_HASH: &str = "x-amz-content-sha256";

/// The credentials that sign the requests.
#[derive(Clone)]
pub struct Credentials {
    pub access_key: String,
    pub secret: String,
    pub session_token: Option<String>,
    pub region: String,
}

pub(crate) struct Signer {
    protocol: Protocol,
    credentials: Credentials,
    host: String,
    clock: Clock,
    second: u64,
    date: [u8; 16],
    key: ScopedKey,
}

impl Signer {
    pub(crate) fn new(protocol: Protocol, credentials: Credentials, host: &str, clock: Clock) -> Signer {
        let second = clock.now_ms() / 1_000;
        let date = amz_date(second);
        let key = ScopedKey::new(&credentials, protocol.service, day(&date));
        Signer { protocol, credentials, host: host.to_owned(), clock, second, date, key }
    }

    /// Writes the whole signed request.
    pub(crate) fn request(&mut self, target: &str, body: &[u8], out: &mut Vec<u8>) {
        self.refresh();
        let with_token: [(&str, &[u8]); 5] = [
            ("content-type", self.protocol.content_type.as_bytes()),
            ("host", self.host.as_bytes()),
            ("x-amz-date", &self.date),
            ("x-amz-security-token", self.credentials.session_token.as_deref().unwrap_or_default().as_bytes()),
            ("x-amz-target", target.as_bytes()),
        ];
        let without_token = [with_token[0], with_token[1], with_token[2], with_token[4]];
        let headers: &[(&str, &[u8])] = match self.credentials.session_token {
            Some(_) => &with_token,
            None => &without_token,
        };
        self.signed("POST", "/", headers, body, out);
        // Writing to memory does not fail.
        let _ = write!(out, "content-length: {}\r\n\r\n", body.len());
        out.extend_from_slice(body);
    }

    /// The headers that a signed request has beside its own and `host`. `target` is path and query, encoded.
    pub(crate) fn headers(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Vec<(String, Vec<u8>)> {
        self.refresh();
        let body_hash = hex(&Sha256::digest(body).into());
        let mut own = vec![("x-amz-date", self.date.as_slice())];
        if self.protocol.service == S3 {
            own.push((BODY_HASH, &body_hash));
        }
        own.extend(self.credentials.session_token.iter().map(|token| ("x-amz-security-token", token.as_bytes())));
        let given = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
        let mut all: Vec<(&str, &[u8])> = given.chain([("host", self.host.as_bytes())]).chain(own.clone()).collect();
        all.sort_unstable();
        let mut authorization = Vec::with_capacity(256);
        self.authorize(method, target, &all, &body_hash, &mut authorization);
        let added = own.into_iter().chain([("authorization", authorization.as_slice())]);
        added.map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
    }

    fn signed(&self, method: &str, target: &str, headers: &[(&str, &[u8])], body: &[u8], out: &mut Vec<u8>) {
        push(out, &[method.as_bytes(), b" ", target.as_bytes(), b" HTTP/1.1\r\n"]);
        for (name, value) in headers {
            push(out, &[name.as_bytes(), b": ", value, b"\r\n"]);
        }
        push(out, &[b"authorization: "]);
        self.authorize(method, target, headers, &hex(&Sha256::digest(body).into()), out);
        push(out, &[b"\r\n"]);
    }

    /// Writes the value of `authorization`.
    fn authorize(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &[u8])],
        body_hash: &[u8; 64],
        out: &mut Vec<u8>,
    ) {
        let canonical = canonical_hash(self.protocol.service, method, target, headers, body_hash);
        let signature = self.key.signature(&self.date, &canonical);
        push(out, &[b"AWS4-HMAC-SHA256 Credential=", self.credentials.access_key.as_bytes(), b"/"]);
        push(out, &[self.key.scope.as_bytes(), b", SignedHeaders="]);
        push_names(headers, |bytes| out.extend_from_slice(bytes));
        push(out, &[b", Signature=", &signature]);
    }

    fn refresh(&mut self) {
        let second = self.clock.now_ms() / 1_000;
        if second == self.second {
            return;
        }
        let date = amz_date(second);
        if day(&date) != day(&self.date) {
            self.key = ScopedKey::new(&self.credentials, self.protocol.service, day(&date));
        }
        self.second = second;
        self.date = date;
    }
}

fn push(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn push_names(headers: &[(&str, &[u8])], mut push: impl FnMut(&[u8])) {
    for (at, (name, _)) in headers.iter().enumerate() {
        if at > 0 {
            push(b";");
        }
        push(name.as_bytes());
    }
}

fn day(date: &[u8; 16]) -> &str {
    std::str::from_utf8(&date[..8]).unwrap_or_default()
}

/// The key that a day, a region and a service share, and the words for them.
struct ScopedKey {
    scope: String,
    key: SigningKey,
}

impl ScopedKey {
    fn new(credentials: &Credentials, service: &str, day: &str) -> ScopedKey {
        let region = &credentials.region;
        let key = SigningKey::new(&credentials.secret, day, region, service);
        ScopedKey { scope: format!("{day}/{region}/{service}/aws4_request"), key }
    }

    fn signature(&self, date: &[u8; 16], canonical: &[u8; 64]) -> [u8; 64] {
        hex(&self.key.sign(&[b"AWS4-HMAC-SHA256\n", date, b"\n", self.scope.as_bytes(), b"\n", canonical]))
    }
}

/// Digest of the canonical request. The headers are sorted and their names in small letters; the parameters of the query are sorted,
/// and each has a value. A path is encoded once more for its signature, as all services but S3 have it.
fn canonical_hash(
    service: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &[u8])],
    body_hash: &[u8; 64],
) -> [u8; 64] {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut hash = Sha256::new();
    for part in [method, "\n"] {
        hash.update(part);
    }
    for (at, part) in path.split('%').enumerate() {
        hash.update(match (at, service) {
            (0, _) => "",
            (_, S3) => "%",
            _ => "%25",
        });
        hash.update(part);
    }
    for part in ["\n", query, "\n"] {
        hash.update(part);
    }
    for (name, value) in headers {
        hash.update(name);
        hash.update(b":");
        hash.update(value);
        hash.update(b"\n");
    }
    hash.update(b"\n");
    push_names(headers, |bytes| hash.update(bytes));
    hash.update(b"\n");
    hash.update(body_hash);
    hex(&hash.finalize().into())
}

#[cfg(test)]
mod tests;
