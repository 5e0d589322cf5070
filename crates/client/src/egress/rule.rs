//! One entry of `--egress-allow`.
//!
//! | entry | allows |
//! |---|---|
//! | `hooks.example.com`, `hooks.example.com:8443` | the host, whatever its name resolves to; on this port only, if there is one |
//! | `*.example.com` | all hosts below it, not itself |
//! | `10.1.0.0/16`, `fd00:1::/32` | all addresses of the network |
//! | `10.1.2.3`, `10.1.2.3:9000`, `[fd00::1]:9000` | one address |

use std::net::IpAddr;
use std::str::FromStr;

use super::networks::Network;
use crate::url::{Host, Url, port};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EgressRule {
    of: Of,
    port: Option<u16>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Of {
    Host(String),
    /// With the dot before the name.
    HostsBelow(String),
    Network(Network),
}

impl EgressRule {
    /// `forms` are those of the address that the URL's host has resolved to.
    pub(super) fn allows(&self, url: &Url, forms: &[IpAddr]) -> bool {
        let fits = match (&self.of, url.host()) {
            (Of::Network(network), _) => forms.iter().any(|form| network.contains(*form)),
            (Of::Host(name), Host::Name(host)) => name == host,
            (Of::HostsBelow(suffix), Host::Name(host)) => host.ends_with(suffix),
            (Of::Host(_) | Of::HostsBelow(_), Host::Address(_)) => false,
        };
        fits && self.port.is_none_or(|port| port == url.port())
    }
}

impl FromStr for EgressRule {
    type Err = String;

    fn from_str(text: &str) -> Result<EgressRule, String> {
        if text.contains("://") {
            return Err(wrong(text, "it is a URL; name its host, and its port if only that is meant"));
        }
        if let Some((address, prefix)) = text.split_once('/') {
            return network(address, prefix).map(|network| EgressRule { of: Of::Network(network), port: None });
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(EgressRule { of: Of::Network(Network::of_one(address)), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, number)) if !number.contains(']') => {
                (host, Some(port(number).map_err(|error| wrong(text, error))?))
            }
            _ => (text, None),
        };
        let (name, is_below) = host.strip_prefix("*.").map_or((host, false), |name| (name, true));
        let of = match (Host::parse(name).map_err(|error| wrong(text, error))?, is_below) {
            (Host::Name(name), false) => Of::Host(name),
            (Host::Name(name), true) => Of::HostsBelow(format!(".{name}")),
            (Host::Address(address), false) => Of::Network(Network::of_one(address)),
            (Host::Address(_), true) => return Err(wrong(text, "nothing is below an address")),
        };
        Ok(EgressRule { of, port })
    }
}

fn network(address: &str, prefix: &str) -> Result<Network, String> {
    let digits = Some(prefix).filter(|prefix| prefix.bytes().all(|byte| byte.is_ascii_digit()));
    let network = address.parse().ok().zip(digits.and_then(|digits| digits.parse().ok()));
    network.and_then(|(address, prefix)| Network::new(address, prefix)).ok_or_else(|| {
        format!("{address}/{prefix} is no network such as 10.1.0.0/16, with no bits set behind its prefix")
    })
}

fn wrong(text: &str, why: impl std::fmt::Display) -> String {
    format!(
        "{text} is neither a host such as hooks.example.com or *.example.com:8443 nor a network such as 10.1.0.0/16: {why}"
    )
}
