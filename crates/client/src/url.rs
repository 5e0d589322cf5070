//! URLs of the servers that this program calls: one parser for operators' flags, callers' destinations and issuers.
//!
//! It takes `http` and `https` URLs and refuses what browsers repair: controls, spaces, backslashes, user names, fragments,
//! non-ASCII hosts, dot segments. Nor does it take a path that servers read in different ways: with empty segments, or with a slash,
//! a backslash or a control behind a percent sign. A letter that needs no percent sign has none. An address in any spelling that resolvers take (`0x7f.1`, `2130706433`) becomes that
//! address, so that a later judgement sees where the URL leads. [`Url`]'s text is canonical: equal texts lead to the same place.
//!
//! Source: WHATWG URL Standard, "Host parsing" and "IPv4 parser"; RFC 3986, sections 3 and 6.2.2, and appendix A.

mod host;
mod path;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use host::Host;
pub(crate) use host::port;

/// Unit: bytes.
const LENGTH_MAX: usize = 2048;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    is_encrypted: bool,
    host: Host,
    port: u16,
    target: String,
}

/// Why a text is not a URL, as the end of a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UrlError(pub(crate) &'static str);

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Url {
    /// # Errors
    /// If the text is not an `http` or `https` URL.
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        if text.len() > LENGTH_MAX {
            return Err(UrlError("it is longer than 2048 bytes"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError("it has spaces, controls or letters that are not ASCII"));
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError("it does not begin with http:// or https://"))?;
        let is_encrypted = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(UrlError("it does not begin with http:// or https://")),
        };
        // A backslash ends a host for some readers and not for others.
        let at = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(at);
        let (host, port) = authority_parts(authority)?;
        let port = port.unwrap_or(default_port(is_encrypted));
        Ok(Url { is_encrypted, host: Host::parse(host)?, port, target: checked_target(target)? })
    }

    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, from the slash on.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whether there is no more to it than a server.
    pub fn is_origin(&self) -> bool {
        self.target == "/"
    }

    /// As the Host header says it: the port only if it is not the scheme's own.
    pub fn authority(&self) -> String {
        match self.port == default_port(self.is_encrypted) {
            true => self.host.to_string(),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Scheme and authority.
    pub fn origin(&self) -> String {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// Whether the host names this machine: by a loopback address, or by a name that is reserved for one.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Address(address) => address.to_canonical().is_loopback(),
            Host::Name(name) => host::is_localhost(name),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.target)
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Url, UrlError> {
        Url::parse(text)
    }
}

fn default_port(is_encrypted: bool) -> u16 {
    if is_encrypted { 443 } else { 80 }
}

fn authority_parts(authority: &str) -> Result<(&str, Option<u16>), UrlError> {
    if authority.contains('@') {
        return Err(UrlError("it has a user name"));
    }
    // In `[::1]` the last colon is the address's own.
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => Ok((host, Some(host::port(port)?))),
        _ => Ok((authority, None)),
    }
}

/// Path and query, if nothing in them could be read in two ways.
fn checked_target(target: &str) -> Result<String, UrlError> {
    if target.contains(['\\', '"', '<', '>', '^', '`', '{', '|', '}']) {
        return Err(UrlError("its path or query has characters that must be percent-encoded"));
    }
    if target.contains('#') {
        return Err(UrlError("it has a fragment"));
    }
    let target = path::normal(target).ok_or(UrlError("its path or query has a % that begins no percent-encoding"))?;
    let path = target.split('?').next().unwrap_or_default();
    if path.split('/').any(path::is_dot_segment) {
        return Err(UrlError("its path has . or .. as a segment"));
    }
    if path.contains("//") {
        return Err(UrlError("its path has an empty segment"));
    }
    if path::hides_separator(path) {
        return Err(UrlError("its path has a percent-encoded slash, backslash or control"));
    }
    Ok(if target.starts_with('/') { target } else { format!("/{target}") })
}
