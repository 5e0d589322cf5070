//! AWS Signature Version 4: reads the credential that a request names, and verifies its signature. One concept a file. Of 4A
//! only the credential is read.
//!
//! Source: IAM User Guide, "AWS Signature Version 4 for API requests" and "Troubleshoot Signature Version 4 signing".

mod canonical;
pub mod credential;
mod header;
mod headers;
mod key;
mod query;
mod refusal;
mod time;
mod verify;

use std::borrow::Cow;

pub use canonical::{Headers, Received, hex};
use credential::Algorithm;
pub use credential::Credential;
pub use headers::check_once;
pub use key::{SigningKey, SigningKeys};
pub use refusal::Refusal;
pub use time::amz_date;
pub use verify::Place;

/// The parts of a request that its signature is read from.
#[derive(Clone, Copy, Default, Debug)]
pub struct Signed<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The raw query string, where a presigned request carries its signature.
    pub query: Option<&'a str>,
    /// The `X-Amz-Date` header, or else the `Date` header.
    pub date: Option<&'a str>,
    /// The `X-Amz-Region-Set` header of SigV4A.
    pub region_set: Option<&'a str>,
    /// The `X-Amz-Security-Token` header.
    pub token: Option<&'a str>,
}

impl<'a> Signed<'a> {
    /// The signature that the request names, not yet verified, or AWS's refusal.
    pub fn signature(&self) -> Result<Signature<'a>, Refusal> {
        let presigned = self.query.filter(|query| query::is_signed(query));
        match (self.authorization, presigned) {
            (None, None) => Err(Refusal::Missing),
            (Some(_), Some(_)) => Err(Refusal::SignedTwice),
            (Some(authorization), None) => header::signature(authorization, self),
            (None, Some(query)) => query::signature(query, self.region_set),
        }
    }
}

/// A signature as it is claimed; [`Signature::verify`] says whether it is one.
#[derive(Clone, Debug)]
pub struct Signature<'a> {
    pub credential: Credential<'a>,
    /// The session token that came along.
    pub token: Option<Cow<'a, str>>,
    algorithm: Algorithm,
    /// Names of the signed headers, with semicolons between.
    headers: Cow<'a, str>,
    value: Cow<'a, str>,
    date: Cow<'a, str>,
    /// For how many seconds a presigned request is good.
    expires: Option<Cow<'a, str>>,
}

#[cfg(test)]
mod tests;
