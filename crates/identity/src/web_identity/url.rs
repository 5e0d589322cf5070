//! An issuer's URL, taken apart as far as a call needs it.

use std::net::IpAddr;

/// Unit: characters. Source: IAM API Reference, "CreateOpenIDConnectProvider".
const URL_CHARS_MAX: usize = 255;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Url<'a> {
    /// Scheme and authority.
    pub(super) origin: &'a str,
    /// From the slash on; empty without one.
    pub(super) path: &'a str,
    pub(super) is_loopback: bool,
}

impl Url<'_> {
    /// A URL with `https`, or one with `http` that does not leave this machine.
    pub(super) fn parse(url: &str) -> Option<Url<'_>> {
        let (scheme, rest) = url.split_once("://")?;
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains(['#', '@', '\\', '"', '<', '>']) {
            return None;
        }
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let is_loopback = is_loopback(authority);
        let is_safe = scheme == "https" || scheme == "http" && is_loopback;
        let origin = &url[..url.len() - path.len()];
        (is_safe && !authority.is_empty() && !path.starts_with('?')).then_some(Url { origin, path, is_loopback })
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether web identities can come from an issuer with this URL.
pub fn is_issuer(url: &str) -> bool {
    url.len() <= URL_CHARS_MAX && !url.contains('?') && Url::parse(url).is_some()
}
