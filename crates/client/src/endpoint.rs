//! Where a server listens: the part of a URL that an HTTP/1.1 client needs.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use crate::Failure;
use crate::aws;
use crate::tls::Tls;

#[derive(Clone, Debug)]
pub struct Endpoint {
    pub url: String,
    /// As the Host header says it, and as it is signed: the port only if it is not the scheme's own.
    pub host: String,
    pub(crate) addresses: Vec<SocketAddr>,
    /// Of an `https://` endpoint.
    pub(crate) tls: Option<Tls>,
}

impl Endpoint {
    /// `ca_bundle` is a file with the authorities to believe, instead of the system's.
    ///
    /// # Errors
    /// If it is no URL, if its name leads nowhere, or if there are no authorities to believe.
    pub fn parse(url: &str, ca_bundle: Option<&Path>) -> Result<Endpoint, Failure> {
        let place = Place::parse(url)
            .ok_or_else(|| Failure::new(format!("{url} is not a URL such as http://127.0.0.1:8000")))?;
        let resolved = (place.name, place.port).to_socket_addrs();
        let addresses = resolved.map_err(|error| Failure::new(format!("cannot find {url}: {error}")))?.collect();
        Ok(Endpoint {
            url: url.trim_end_matches('/').to_owned(),
            host: place.host.to_owned(),
            addresses,
            tls: place.is_encrypted.then(|| Tls::new(place.name, ca_bundle)).transpose()?,
        })
    }

    /// Whether it is DynamoDB itself.
    pub fn is_aws(&self) -> bool {
        aws::is_aws(&self.host)
    }

    /// Whether both lead to the same server. Behind one address, servers of different names may be encrypted.
    pub fn is_same(&self, other: &Endpoint) -> bool {
        let name = |endpoint: &Endpoint| endpoint.tls.as_ref().map(|tls| tls.name.clone());
        let is_shared = self.addresses.iter().any(|address| other.addresses.contains(address));
        self.url == other.url || is_shared && name(self) == name(other)
    }
}

/// A URL taken apart.
#[derive(Debug, PartialEq)]
struct Place<'a> {
    is_encrypted: bool,
    /// Of the Host header.
    host: &'a str,
    /// The same without brackets and port.
    name: &'a str,
    port: u16,
}

impl Place<'_> {
    fn parse(url: &str) -> Option<Place<'_>> {
        let (scheme, rest) = url.split_once("://")?;
        let (is_encrypted, port_default) = match scheme {
            "http" => (false, 80),
            "https" => (true, 443),
            _ => return None,
        };
        let authority = rest.trim_end_matches('/');
        // In `[::1]` the last colon is the address's own.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (authority, port_default),
        };
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']')?,
            None => Some(host).filter(|host| !host.contains(':'))?,
        };
        let host = if port == port_default { host } else { authority };
        let is_host = !name.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
        is_host.then_some(Place { is_encrypted, host, name, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let check = |url: &str, expected: Option<(bool, &str, &str, u16)>| {
            let found = Place::parse(url).map(|place| (place.is_encrypted, place.host, place.name, place.port));
            assert_eq!(found, expected, "{url}");
        };
        check("http://127.0.0.1:8000", Some((false, "127.0.0.1:8000", "127.0.0.1", 8000)));
        check("http://127.0.0.1:8000/", Some((false, "127.0.0.1:8000", "127.0.0.1", 8000)));
        check("http://127.0.0.1", Some((false, "127.0.0.1", "127.0.0.1", 80)));
        check("http://127.0.0.1:80", Some((false, "127.0.0.1", "127.0.0.1", 80)));
        check("http://127.0.0.1:443", Some((false, "127.0.0.1:443", "127.0.0.1", 443)));
        check("http://[::1]:8000", Some((false, "[::1]:8000", "::1", 8000)));
        check("http://[::1]", Some((false, "[::1]", "::1", 80)));
        check("https://localhost", Some((true, "localhost", "localhost", 443)));
        check("https://localhost:443/", Some((true, "localhost", "localhost", 443)));
        check("https://localhost:80", Some((true, "localhost:80", "localhost", 80)));
        check("https://[::1]:443", Some((true, "[::1]", "::1", 443)));
        let aws = "dynamodb.eu-west-1.amazonaws.com";
        check(&format!("https://{aws}"), Some((true, aws, aws, 443)));
        for refused in [
            "",
            "127.0.0.1:8000",
            "ftp://127.0.0.1",
            "http://",
            "http://:80",
            "http://::1",
            "http://[::1",
            "http://127.0.0.1:port",
            "http://127.0.0.1:65536",
            "http://127.0.0.1:8000/path",
            "https://127.0.0.1/path",
            "http://me@127.0.0.1",
            "http://a b",
        ] {
            check(refused, None);
        }
    }

    #[test]
    fn the_same_server() {
        let check = |one: &str, other: &str, expected: bool| {
            let [one, other] = [one, other].map(|url| Endpoint::parse(url, None).unwrap());
            assert_eq!(one.is_same(&other), expected, "{} {}", one.url, other.url);
        };
        check("http://127.0.0.1:8000", "http://127.0.0.1:8000/", true);
        check("http://127.0.0.1", "http://127.0.0.1:80", true);
        check("http://127.0.0.1:8000", "http://127.0.0.1:8001", false);
        check("http://127.0.0.1:8000", "http://[::1]:8000", false);
    }
}
