//! The host in an authority of HTTP: of a request's target, of its header `Host`, or of a web page's origin.

use std::net::{IpAddr, Ipv6Addr};

/// Of an authority, as in the header `Host`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Host<'a> {
    Ip(IpAddr),
    /// Without the dot that may end it.
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// `None` if it is not a host with or without a port.
    pub(crate) fn of(authority: &'a str) -> Option<Host<'a>> {
        if let Some(rest) = authority.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let address = address.split('%').next().unwrap_or_default();
            let address: Ipv6Addr = address.parse().ok()?;
            return is_port(port).then_some(Host::Ip(address.into()));
        }
        let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        if !is_port(port) {
            return None;
        }
        if let Ok(address) = host.parse() {
            return Some(Host::Ip(IpAddr::V4(address)));
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        is_name(name).then_some(Host::Name(name))
    }

    /// Whether it can only be this machine.
    pub(crate) fn is_loopback(self) -> bool {
        match self {
            Host::Ip(address) => address.to_canonical().is_loopback(),
            Host::Name(name) => is_under(name, "localhost"),
        }
    }
}

/// Whether a value of the header `Host` is a host, of this server or not.
pub(crate) fn is_host(authority: &[u8]) -> bool {
    std::str::from_utf8(authority).ok().and_then(Host::of).is_some()
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_name(name: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(is_good))
}

/// Whether a name is a domain or in it, whatever the case.
pub(crate) fn is_under(name: &str, domain: &str) -> bool {
    let Some(at) = name.len().checked_sub(domain.len()) else { return false };
    let ends = name.as_bytes()[at..].eq_ignore_ascii_case(domain.as_bytes());
    ends && (at == 0 || name.as_bytes()[at - 1] == b'.')
}
