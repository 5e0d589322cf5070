//! Why a request was not accepted as signed, in AWS's words.

use std::fmt;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The request has no signature: `MissingAuthenticationTokenException`.
    Missing,
    /// Header and query both carry a signature: `InvalidSignatureException`.
    SignedTwice,
    /// The signature is not that of the request, is too old or for somewhere else: `InvalidSignatureException`.
    Invalid(String),
    /// The access key does not exist, or not with this session token: `UnrecognizedClientException`.
    Unrecognized,
    /// The temporary credentials have expired: `ExpiredTokenException`.
    Expired,
    /// Parts are missing or have no meaning, the text names them: `IncompleteSignatureException`.
    Incomplete(String),
}

impl Refusal {
    /// A request with a malformed date.
    pub(super) fn no_date(date: &str) -> Refusal {
        Refusal::Incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Missing => f.write_str("Request is missing Authentication Token"),
            Refusal::SignedTwice => {
                f.write_str("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
            }
            Refusal::Unrecognized => f.write_str("The security token included in the request is invalid."),
            Refusal::Expired => f.write_str("The security token included in the request is expired"),
            Refusal::Invalid(text) | Refusal::Incomplete(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Refusal {}
