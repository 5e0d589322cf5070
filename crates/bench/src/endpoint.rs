//! Where a server listens: the part of a URL that an HTTP/1.1 client needs.

use std::net::{SocketAddr, ToSocketAddrs};

use crate::Failure;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    /// As the Host header says it, and as it is signed: the port only if it is not 80.
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
}

impl Endpoint {
    pub(crate) fn parse(url: &str) -> Result<Endpoint, Failure> {
        let host = host(url)?;
        let bare = host.strip_prefix('[').map_or(host, |rest| rest.split(']').next().unwrap_or(rest));
        let resolved = match host.rsplit_once(':') {
            // In `[::1]` the last colon is the address's own.
            Some((_, port)) if !port.contains(']') => host.to_socket_addrs(),
            _ => (bare, 80).to_socket_addrs(),
        };
        let address = resolved.map_err(|error| Failure::new(format!("cannot find {url}: {error}")))?.next();
        let address = address.ok_or_else(|| Failure::new(format!("{url} has no address")))?;
        let host = host.strip_suffix(":80").unwrap_or(host).to_owned();
        Ok(Endpoint { url: url.trim_end_matches('/').to_owned(), host, address })
    }
}

fn host(url: &str) -> Result<&str, Failure> {
    if url.starts_with("https://") {
        return Err(Failure::new(format!("{url}: TLS is not spoken here; measure an http:// endpoint")));
    }
    let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    host.filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
        .ok_or_else(|| Failure::new(format!("{url} is not a URL such as http://127.0.0.1:8000")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let endpoint = Endpoint::parse(url).ok();
            let found = endpoint.as_ref().map(|endpoint| (endpoint.host.as_str(), endpoint.address.to_string()));
            assert_eq!(found, expected.map(|(host, address)| (host, address.to_owned())), "{url}");
        };
        check("http://127.0.0.1:8000", Some(("127.0.0.1:8000", "127.0.0.1:8000")));
        check("http://127.0.0.1:8000/", Some(("127.0.0.1:8000", "127.0.0.1:8000")));
        check("http://127.0.0.1", Some(("127.0.0.1", "127.0.0.1:80")));
        check("http://127.0.0.1:80", Some(("127.0.0.1", "127.0.0.1:80")));
        check("http://[::1]:8000", Some(("[::1]:8000", "[::1]:8000")));
        check("http://[::1]", Some(("[::1]", "[::1]:80")));
        for refused in
            ["", "127.0.0.1:8000", "https://127.0.0.1", "http://", "http://127.0.0.1:8000/path", "http://a b"]
        {
            check(refused, None);
        }
    }
}
