//! Egress: which servers this program calls because a caller of its API has named them.
//!
//! Destinations that the operator names by flags are not asked about. Where the policy is closed, addresses of this machine, of
//! private networks and of the link (cloud metadata services among them) are refused, except those that a rule allows. The
//! decision is made on the addresses that a name has resolved to, and only those that pass are connected to: a name that
//! resolves to another address a moment later changes nothing.

mod networks;
mod rule;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

pub use rule::EgressRule;

use crate::url::{Host, Url};

/// The decision for every address; cheap to copy. The default allows all.
#[derive(Clone, Debug, Default)]
pub struct Egress(Option<Arc<[EgressRule]>>);

/// An address that is closed to callers, or the reason why a name has none that is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closed {
    host: Host,
    address: IpAddr,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Closed { host, address } = self;
        match host {
            Host::Address(_) => write!(f, "the address {address} is not reachable from this server")?,
            Host::Name(name) => write!(f, "{name} leads to {address}, which is not reachable from this server")?,
        }
        f.write_str(": its operator has not opened it with --egress-allow")
    }
}

impl Egress {
    /// Everything may be called.
    pub fn open() -> Egress {
        Egress(None)
    }

    /// Closed but for public addresses and what the rules allow.
    pub fn closed(rules: Vec<EgressRule>) -> Egress {
        Egress(Some(rules.into()))
    }

    /// Whether a URL may be called at this address, which its host has resolved to.
    ///
    /// # Errors
    /// If the address is closed.
    pub fn check(&self, url: &Url, address: IpAddr) -> Result<(), Closed> {
        let Some(rules) = &self.0 else { return Ok(()) };
        let forms = networks::forms(address);
        let is_allowed = |rule: &EgressRule| rule.allows(url, &forms);
        if !forms.iter().any(|form| networks::is_closed(*form)) || rules.iter().any(is_allowed) {
            return Ok(());
        }
        Err(Closed { host: url.host().clone(), address })
    }

    /// Whether a URL's text alone shows that it is closed. Names are resolved only when they are called.
    ///
    /// # Errors
    /// If its host is a closed address, or a name of this machine.
    pub fn check_text(&self, url: &Url) -> Result<(), Closed> {
        match url.host() {
            Host::Address(address) => self.check(url, *address),
            Host::Name(_) if url.is_loopback() => self.check(url, Ipv4Addr::LOCALHOST.into()),
            Host::Name(_) => Ok(()),
        }
    }
}
