//! AWS Signature Version 4 (and 4A), as far as telling who signed: one concept a file.
//!
//! Source: IAM User Guide, "AWS Signature Version 4 for API requests" and "Troubleshoot Signature Version 4 signing".

pub mod credential;
mod header;
mod query;
mod refusal;

pub use credential::Credential;
pub use refusal::Refusal;

/// The parts of a request that tell who signed it.
#[derive(Clone, Copy, Default, Debug)]
pub struct Signed<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The raw query string, where a presigned request carries its signature.
    pub query: Option<&'a str>,
    /// Whether an `X-Amz-Date` or a `Date` header came along.
    pub dated: bool,
    /// The `X-Amz-Region-Set` header of SigV4A.
    pub region_set: Option<&'a str>,
}

impl<'a> Signed<'a> {
    /// The credential of whoever signed, or AWS's refusal.
    pub fn credential(&self) -> Result<Credential<'a>, Refusal> {
        let presigned = self.query.filter(|query| query::is_signed(query));
        match (self.authorization, presigned) {
            (None, None) => Err(Refusal::Missing),
            (Some(_), Some(_)) => Err(Refusal::SignedTwice),
            (Some(authorization), None) => header::credential(authorization, self.dated, self.region_set),
            (None, Some(query)) => query::credential(query, self.region_set),
        }
    }
}

#[cfg(test)]
mod tests;
