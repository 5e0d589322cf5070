//! The host of a URL: a name in small letters, or an address, whatever way it is written.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::UrlError;

/// Unit: bytes. Source: RFC 1035, section 2.3.4.
const NAME_LENGTH_MAX: usize = 253;
const LABEL_LENGTH_MAX: usize = 63;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// In small letters.
    Name(String),
    Address(IpAddr),
}

impl Host {
    /// A host as it is in a URL: an IPv6 address in brackets.
    pub(crate) fn parse(text: &str) -> Result<Host, UrlError> {
        if text.is_empty() {
            return Err(UrlError("it has no host"));
        }
        if let Some(rest) = text.strip_prefix('[') {
            let address = rest.strip_suffix(']').and_then(|address| address.parse::<Ipv6Addr>().ok());
            return address.map(|address| Host::Address(address.into())).ok_or(UrlError("its host is no IPv6 address"));
        }
        let name = text.to_ascii_lowercase();
        if name.len() > NAME_LENGTH_MAX || !name.split('.').all(is_label) {
            return Err(UrlError("its host is neither a name nor an address"));
        }
        match ends_in_number(&name) {
            true => ipv4(&name).map(|address| Host::Address(address.into())),
            false => Ok(Host::Name(name)),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => address.fmt(f),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Names that resolvers take for this machine. Source: RFC 6761, section 6.3.
pub(crate) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Digits only: `u16::from_str` takes a plus sign, too.
pub(crate) fn port(text: &str) -> Result<u16, UrlError> {
    let port = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let port = port.and_then(|text| text.parse().ok()).filter(|port| *port != 0);
    port.ok_or(UrlError("its port is not a number from 1 to 65535"))
}

fn is_label(label: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LABEL_LENGTH_MAX).contains(&label.len()) && label.bytes().all(valid)
}

/// Whether resolvers take a name for an IPv4 address: its last label is a number, as in `127.1` or `0x7f000001`.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_decimal = last.bytes().all(|byte| byte.is_ascii_digit());
    is_decimal || last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Up to four numbers, each decimal, octal (`0…`) or hexadecimal (`0x…`); the last one fills what the others leave.
fn ipv4(name: &str) -> Result<Ipv4Addr, UrlError> {
    let refused = UrlError("its host is no IPv4 address");
    let numbers: Option<Vec<u32>> = name.split('.').map(number).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 4).ok_or(refused)?;
    let (last, first) = numbers.split_last().ok_or(refused)?;
    let room = u64::from(u32::MAX) >> (8 * first.len());
    if first.iter().any(|number| *number > 255) || u64::from(*last) > room {
        return Err(refused);
    }
    let high = first.iter().enumerate().map(|(at, number)| number << (24 - 8 * at));
    Ok(Ipv4Addr::from(high.fold(*last, |bits, part| bits | part)))
}

fn number(text: &str) -> Option<u32> {
    match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(""), _) => Some(0),
        (Some(digits), _) => u32::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}
