//! The caller of a connection: a signature of SigV4 that a client sends before its first request, and again every few minutes.
//!
//! What is signed is a request of HTTP that is never sent: `POST /` without a body, with the headers `host` and `x-amz-date`, for the
//! service `dax`. Python and JavaScript name the host `dax.amazonaws.com`; Go and Java write `https://` in front of it.
//!
//! The authorization has no answer. A refused one is reported with the next request. An accepted one is verified again every second that
//! has requests: the key may be deleted and the policies changed meanwhile, and a signature ends 15 minutes after its date.

use std::sync::Arc;

use api::Exception;
use auth::iam::Transport;
use auth::{Access, Api, Caller, Headers, Received, Refusal, SHARED_ACCOUNT, Signed, Spaces};
use sha2::{Digest, Sha256};

use crate::cbor::{Malformed, Reader};

const SERVICE: &str = "dax";
const HOSTS: [&str; 2] = ["dax.amazonaws.com", "https://dax.amazonaws.com"];
const SIGNED_HEADERS: &str = "host;x-amz-date";
/// Of no bytes.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// How long a verified authorization is not verified again. Unit: ms.
const VERIFIED_MS: u64 = 1_000;

/// What a client has sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Authorization {
    pub(crate) access_key: String,
    pub(crate) signature: String,
    pub(crate) string_to_sign: String,
    token: Option<String>,
}

impl Authorization {
    /// Reads the arguments of authorizeConnection.
    ///
    /// # Errors
    /// Arguments of other types.
    pub(crate) fn read(arguments: &[u8]) -> Result<Authorization, Malformed> {
        let mut reader = Reader::new(arguments);
        let access_key = reader.text()?.into_owned();
        let signature = reader.text()?.into_owned();
        let string_to_sign = String::from_utf8(reader.bytes()?.into_owned());
        let string_to_sign = string_to_sign.map_err(|_| Malformed("a string to sign is no UTF-8"))?;
        let token = if reader.null()? { None } else { Some(reader.text()?.into_owned()) };
        Ok(Authorization { access_key, signature, string_to_sign, token })
    }

    fn verify(&self, access: &Access, transport: Transport) -> Result<Caller, Refusal> {
        let mut lines = self.string_to_sign.split('\n');
        let incomplete = || Refusal::Incomplete("The string to sign is not one of AWS4-HMAC-SHA256".to_owned());
        let (algorithm, date, scope, hash) =
            (|| Some((lines.next()?, lines.next()?, lines.next()?, lines.next()?)))().ok_or_else(incomplete)?;
        let host = HOSTS.into_iter().find(|host| canonical_hash(host, date) == hash).unwrap_or(HOSTS[0]);
        let authorization = format!(
            "{algorithm} Credential={}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={}",
            self.access_key, self.signature
        );
        let signed = Signed {
            authorization: Some(&authorization),
            date: Some(date),
            token: self.token.as_deref(),
            ..Signed::default()
        };
        let headers = SignedHeaders { host, date };
        let received = Received { method: "POST", path: "/", query: None, headers: &headers, body: b"" };
        access.caller(Api { service: SERVICE, content_types: &[] }, &signed, &received, transport)
    }
}

fn canonical_hash(host: &str, date: &str) -> String {
    let canonical = format!("POST\n/\n\nhost:{host}\nx-amz-date:{date}\n\n{SIGNED_HEADERS}\n{EMPTY_SHA256}");
    base::hex(&Sha256::digest(canonical.as_bytes()))
}

/// The headers of the request that is signed and not sent.
struct SignedHeaders<'a> {
    host: &'a str,
    date: &'a str,
}

impl Headers for SignedHeaders<'_> {
    fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        match name {
            "host" => each(self.host.as_bytes()),
            "x-amz-date" => each(self.date.as_bytes()),
            _ => {}
        }
    }

    fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        ["host", "x-amz-date"].into_iter().for_each(each);
    }

    fn has_repeated(&self) -> bool {
        false
    }
}

/// A caller, and the same without its identity.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    pub(crate) caller: Caller,
    pub(crate) permitted: Caller,
}

impl Callers {
    fn of(caller: Caller) -> Callers {
        let permitted = Caller { identity: None, ..caller.clone() };
        Callers { caller, permitted }
    }
}

/// The authorization of a connection.
#[derive(Default)]
pub(crate) struct Authorized {
    last: Option<Authorization>,
    verified: Option<Verified>,
}

struct Verified {
    at_ms: u64,
    result: Result<Callers, Exception>,
}

impl Authorized {
    /// The client has authorized the connection, perhaps again.
    pub(crate) fn replace(&mut self, authorization: Authorization) {
        // The same authorization may come again; what was found out of another one does not count.
        if self.last.as_ref() != Some(&authorization) {
            self.last = Some(authorization);
            self.verified = None;
        }
    }

    /// The access key that the client says it has.
    pub(crate) fn access_key(&self) -> Option<String> {
        self.last.as_ref().map(|last| last.access_key.clone())
    }

    /// The caller of the next request.
    ///
    /// # Errors
    /// The refusal of its signature, or of there being none.
    pub(crate) fn callers(
        &mut self,
        access: &Access,
        transport: Transport,
        now_ms: u64,
    ) -> Result<&Callers, Exception> {
        let is_fresh = |verified: &Verified| now_ms.saturating_sub(verified.at_ms) < VERIFIED_MS;
        if !self.verified.as_ref().is_some_and(is_fresh) {
            let was_accepted = self.verified.as_ref().is_some_and(|verified| verified.result.is_ok());
            let result = self.verify(access, transport).map_err(|refusal| exception(refusal, was_accepted));
            self.verified = Some(Verified { at_ms: now_ms, result });
        }
        match &self.verified {
            Some(Verified { result: Ok(callers), .. }) => Ok(callers),
            Some(Verified { result: Err(refusal), .. }) => Err(refusal.clone()),
            None => Err(exception(Refusal::Missing, false)),
        }
    }

    /// Where signatures are not checked, a connection that does not authorize itself is one of the shared space.
    fn verify(&self, access: &Access, transport: Transport) -> Result<Callers, Refusal> {
        // Of a server with several regions, a connection without an authorization is in the first one.
        let (region, served) = match access {
            Access::Open(Spaces::Shared { region }) => (Some(region.clone()), None),
            Access::Open(Spaces::SharedRegions { regions }) => (regions.first().cloned(), Some(Arc::clone(regions))),
            Access::Open(Spaces::Isolated) | Access::Signed(..) | Access::Identity(_) => (None, None),
        };
        let shared = region.map(|region| Caller {
            account: SHARED_ACCOUNT.to_owned(),
            region,
            access_key: self.last.as_ref().map_or_else(String::new, |last| last.access_key.clone()),
            identity: None,
            served,
        });
        // Of several regions, a client names its own.
        let has_regions = matches!(access, Access::Open(Spaces::SharedRegions { .. }));
        match (shared, &self.last) {
            (_, Some(last)) if has_regions => last.verify(access, transport).map(Callers::of),
            (Some(caller), _) => Ok(Callers::of(caller)),
            (None, Some(last)) => last.verify(access, transport).map(Callers::of),
            (None, None) => Err(Refusal::Missing),
        }
    }
}

/// Whether unknown clients are refused.
pub(crate) fn is_checked(access: &Access) -> bool {
    !matches!(access, Access::Open(_))
}

/// `was_accepted`: the same authorization was good before, so that a new one may be as well.
fn exception(refusal: Refusal, was_accepted: bool) -> Exception {
    let text = refusal.to_string();
    match refusal {
        Refusal::Missing => Exception::MissingAuthenticationToken(text),
        Refusal::Expired => Exception::ExpiredToken(text),
        Refusal::Invalid(_) if was_accepted => Exception::MissingAuthenticationToken(text),
        Refusal::Invalid(_) | Refusal::SignedTwice => Exception::InvalidSignature(text),
        Refusal::Unrecognized => Exception::UnrecognizedClient(text),
        Refusal::Incomplete(_) => Exception::IncompleteSignature(text),
    }
}

#[cfg(test)]
pub(crate) mod tests;
