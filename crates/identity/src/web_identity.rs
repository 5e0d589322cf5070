//! Web identities: tokens (JWT) in which an OpenID Connect provider states the identity of a subject. A token is verified here, with keys
//! that its issuer publishes; what it may be exchanged for is decided by roles' trust policies.
//!
//! Source: STS API Reference, "AssumeRoleWithWebIdentity"; IAM User Guide, "OIDC federation" and "Create an OpenID Connect
//! (OIDC) identity provider in IAM"; OpenID Connect Core 1.0, section 2; RFC 7515, 7517, 7518, 7519.

mod claims;
mod issuer;
mod jwk;
mod jwt;
mod url;

use std::fmt;

pub use claims::Claims;
pub use issuer::Issuers;
pub use jwt::Jwt;
pub use url::is_issuer;

/// Why a web identity is not believed, in STS's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rejected {
    /// `InvalidIdentityToken`.
    Invalid(String),
    /// `ExpiredTokenException`.
    Expired { now_s: u64, expires_s: u64 },
    /// `IDPRejectedClaim`.
    Claim(String),
    /// `IDPCommunicationError`: the issuer did not answer, and may do so later.
    Communication,
}

impl Rejected {
    fn invalid(text: &str) -> Rejected {
        Rejected::Invalid(text.to_owned())
    }

    /// The token has no form that a JWT has.
    fn malformed() -> Rejected {
        Rejected::invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    }

    /// Its signature is not of a key of the issuer.
    fn unverified() -> Rejected {
        Rejected::invalid("The web identity token that was passed could not be validated by Stator")
    }

    /// More keys may have signed the token than are tried.
    fn ambiguous() -> Rejected {
        Rejected::Invalid(format!(
            "The web identity token names no key of its issuer, or one id of several, and more than {} keys may have signed it",
            jwt::KEYS_TRIED_MAX
        ))
    }

    /// The issuer's keys cannot be used.
    fn no_keys() -> Rejected {
        Rejected::invalid(
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        )
    }

    /// The error's code.
    pub fn code(&self) -> &'static str {
        match self {
            Rejected::Invalid(_) => "InvalidIdentityToken",
            Rejected::Expired { .. } => "ExpiredTokenException",
            Rejected::Claim(_) => "IDPRejectedClaim",
            Rejected::Communication => "IDPCommunicationError",
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejected::Invalid(text) | Rejected::Claim(text) => f.write_str(text),
            Rejected::Expired { now_s, expires_s } => write!(
                f,
                "Token expired: current date/time {now_s} must be before the expiration date/time {expires_s}"
            ),
            Rejected::Communication => f.write_str("The identity provider could not be reached"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
