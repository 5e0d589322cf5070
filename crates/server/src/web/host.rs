//! Names under which a server without authentication answers: those that no public DNS zone can bind to its address.
//!
//! | allowed | because |
//! |---|---|
//! | IP addresses | DNS has no part in them |
//! | names without a dot: `localhost`, a container's or a service's name | public DNS has no such names |
//! | names under [`PRIVATE`] domains | these are reserved, or never delegated |
//! | names of AWS's endpoints for the services that are here | AWS owns the zones, and no name of a customer's machine has this form |
//! | the names of this machine, of `--listen` and of `--host` | they are the operator's own |

use crate::host::{Host, is_under};

/// Domains that public DNS does not delegate. Sources: RFC 6761, 6762, 8375; ICANN's reservation of `internal`; Kubernetes.
const PRIVATE: [&str; 6] = ["localhost", "internal", "local", "svc", "test", "home.arpa"];
const AWS: [&str; 4] = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "api.aws"];
/// Services that are here, as the names of their endpoints begin. Source: AWS General Reference, "Service endpoints".
const SERVED: [&str; 6] = ["dynamodb", "streams.dynamodb", "streams-dynamodb", "iam", "sts", "lambda"];
/// An endpoint of DynamoDB for one account: the account is the label before it.
const OF_ACCOUNT: &str = "ddb";
/// In the place of a region.
const GLOBAL: [&str; 2] = ["global", "us-gov"];

/// What is before AWS's domain and the region in a name, in small letters: `streams.dynamodb` of
/// `streams.dynamodb.eu-west-3.amazonaws.com`. `None` for other names.
fn aws_endpoint(name: &str) -> Option<String> {
    let domain = AWS.iter().find(|domain| is_under(name, domain) && name.len() > domain.len())?;
    let endpoint = name[..name.len() - domain.len() - 1].to_ascii_lowercase();
    let of_region = endpoint.rsplit_once('.').filter(|(_, last)| is_region(last));
    let endpoint = of_region.map_or(&*endpoint, |(service, _)| service);
    Some(endpoint.strip_suffix("-fips").unwrap_or(endpoint).to_owned())
}

fn is_region(label: &str) -> bool {
    GLOBAL.contains(&label) || label.contains('-') && label.ends_with(|last: char| last.is_ascii_digit())
}

fn is_served(endpoint: &str) -> bool {
    let account = endpoint.split_once('.').filter(|(_, service)| *service == OF_ACCOUNT).map(|(account, _)| account);
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    SERVED.contains(&endpoint) || account.is_some_and(is_account)
}

/// The service of AWS in the name of an endpoint, if it is not here: `sso` of `portal.sso.eu-west-3.amazonaws.com`.
pub(super) fn foreign_service(authority: &str) -> Option<String> {
    let Some(Host::Name(name)) = Host::of(authority) else { return None };
    let endpoint = aws_endpoint(name).filter(|endpoint| !is_served(endpoint))?;
    endpoint.rsplit('.').next().map(str::to_owned)
}

/// A value of `--host`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    Any,
    Name(String),
    /// The suffix after `*.`.
    Under(String),
}

pub(super) fn named(text: &str) -> Result<Named, String> {
    let wrong = || "a host name without a port, such as db.example.com or *.example.com, or * for any".to_owned();
    let text = text.trim();
    if text == "*" {
        return Ok(Named::Any);
    }
    let (domain, name) = match text.strip_prefix("*.") {
        Some(domain) => (true, domain),
        None => (false, text),
    };
    match Host::of(name) {
        Some(Host::Name(name)) if !text.contains(':') => {
            Ok(if domain { Named::Under(name.to_owned()) } else { Named::Name(name.to_owned()) })
        }
        Some(Host::Ip(_)) if !domain => Ok(Named::Name(name.to_owned())),
        _ => Err(wrong()),
    }
}

#[derive(Debug)]
pub(super) struct Hosts {
    any: bool,
    named: Vec<Named>,
}

impl Hosts {
    pub(super) fn new(named: &[Named], open: bool, own: impl IntoIterator<Item = String>) -> Hosts {
        let any = !open || named.contains(&Named::Any);
        let own = own.into_iter().map(Named::Name);
        Hosts { any, named: named.iter().cloned().chain(own).collect() }
    }

    /// Whether an authority is one of this server's.
    pub(super) fn allows(&self, authority: &[u8]) -> bool {
        if self.any {
            return true;
        }
        match std::str::from_utf8(authority).ok().and_then(Host::of) {
            None => false,
            Some(Host::Ip(_)) => true,
            Some(Host::Name(name)) => !name.contains('.') || is_unbindable(name) || self.is_named(name),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.named.iter().any(|named| match named {
            Named::Any => true,
            Named::Name(own) => own.strip_suffix('.').unwrap_or(own).eq_ignore_ascii_case(name),
            Named::Under(domain) => name.len() > domain.len() && is_under(name, domain),
        })
    }
}

fn is_unbindable(name: &str) -> bool {
    PRIVATE.iter().any(|domain| is_under(name, domain))
        || aws_endpoint(name).is_some_and(|endpoint| is_served(&endpoint))
}

/// The names by which this machine knows itself, and those of the addresses that it listens on.
pub(crate) fn own_names<'a>(listen: impl Iterator<Item = &'a String>) -> Vec<String> {
    let variable = std::env::var("HOSTNAME").ok();
    let listen = listen.map(|listen| listen.rsplit_once(':').map_or(&**listen, |(host, _)| host).to_owned());
    machine().into_iter().chain(variable).chain(listen).filter(|name| !name.is_empty()).collect()
}

#[cfg(unix)]
fn machine() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn machine() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
