//! URLs of issuers and of their keys.

use client::Url;

/// Unit: characters. Source: IAM API Reference, "CreateOpenIDConnectProvider".
const URL_CHARS_MAX: usize = 255;

/// A URL with `https`, or one with `http` that does not leave this machine.
pub(super) fn parse(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| url.is_encrypted() || url.is_loopback())
}

/// Whether web identities can come from an issuer with this URL.
pub fn is_issuer(url: &str) -> bool {
    url.len() <= URL_CHARS_MAX && !url.contains('?') && parse(url).is_some()
}
