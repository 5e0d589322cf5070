//! Where a server listens: what an HTTP/1.1 client needs to know of a URL's server.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use crate::Failure;
use crate::aws;
use crate::budget::{Holder, Reservation, SharedBudget};
use crate::egress::Egress;
use crate::tls::{Identity, Tls};
use crate::url::{Host, Url};

/// Names of accounts' URLs that are resolved at once. Each takes a thread for as long as a name server does not answer, and those
/// threads are shared with the rest of the program. Accounts share them as they share calls: the slow names of one do not stop
/// the look-ups of others.
const LOOKUPS_MAX: u64 = 32;
static LOOKUPS: LazyLock<Arc<SharedBudget>> = LazyLock::new(|| SharedBudget::new(LOOKUPS_MAX));

/// The right to look up names, one at a time, taken before there is one to look up.
#[derive(Clone)]
pub struct Lookup {
    /// Shared with the thread that looks one up, which may outlive its caller.
    _held: Arc<Reservation>,
}

impl Lookup {
    /// Waits for it.
    pub async fn reserve(holder: &Holder) -> Lookup {
        Lookup { _held: Arc::new(LOOKUPS.take(holder, 1).await) }
    }
}

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
    /// A server that the operator has named: a URL without a path. `ca_bundle` is a file with the authorities to believe,
    /// instead of the system's.
    ///
    /// # Errors
    /// If it is no URL, if its name leads nowhere, or if there are no authorities to believe.
    pub fn parse(url: &str, ca_bundle: Option<&Path>) -> Result<Endpoint, Failure> {
        Endpoint::of(&Endpoint::origin(url)?, ca_bundle, &Egress::open())
    }

    /// A URL without a path.
    pub(crate) fn origin(url: &str) -> Result<Url, Failure> {
        let failure = |why: &dyn std::fmt::Display| {
            Failure::new(format!("{} is not a URL such as http://127.0.0.1:8000: {why}", url.escape_default()))
        };
        let parsed = Url::parse(url).map_err(|error| failure(&error))?;
        if !parsed.is_origin() {
            return Err(failure(&"it has a path or a query"));
        }
        Ok(parsed)
    }

    /// The server of a URL, with those of its addresses that may be called.
    ///
    /// # Errors
    /// If its name leads nowhere, if all its addresses are closed, or if there are no authorities to believe.
    pub fn of(url: &Url, ca_bundle: Option<&Path>, egress: &Egress) -> Result<Endpoint, Failure> {
        Endpoint::resolved(url, ca_bundle, egress, system_addresses)
    }

    /// As [`Endpoint::of`], on a thread that may block. `named_by` is part of the account that has named the URL; without it the
    /// operator has.
    ///
    /// # Errors
    /// As for [`Endpoint::of`].
    pub async fn find(
        url: &Url,
        ca_bundle: Option<PathBuf>,
        egress: &Egress,
        named_by: Option<&Holder>,
    ) -> Result<Endpoint, Failure> {
        Endpoint::found(url, ca_bundle, egress, named_by, &LOOKUPS, system_addresses).await
    }

    /// As [`Endpoint::find`], by a right that was taken before.
    ///
    /// # Errors
    /// As for [`Endpoint::of`].
    pub async fn find_within(
        url: &Url,
        ca_bundle: Option<PathBuf>,
        egress: &Egress,
        lookup: &Lookup,
    ) -> Result<Endpoint, Failure> {
        Endpoint::found_by(url, ca_bundle, egress, Some(lookup.clone()), system_addresses).await
    }

    async fn found(
        url: &Url,
        ca_bundle: Option<PathBuf>,
        egress: &Egress,
        named_by: Option<&Holder>,
        lookups: &Arc<SharedBudget>,
        resolve: impl FnOnce(&Url) -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> Result<Endpoint, Failure> {
        let lookup = match (url.host(), named_by) {
            (Host::Name(_), Some(holder)) => Some(Lookup { _held: Arc::new(lookups.take(holder, 1).await) }),
            (Host::Address(_), _) | (_, None) => None,
        };
        Endpoint::found_by(url, ca_bundle, egress, lookup, resolve).await
    }

    async fn found_by(
        url: &Url,
        ca_bundle: Option<PathBuf>,
        egress: &Egress,
        lookup: Option<Lookup>,
        resolve: impl FnOnce(&Url) -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> Result<Endpoint, Failure> {
        let (url, egress) = (url.clone(), egress.clone());
        let found = tokio::task::spawn_blocking(move || {
            // Held until the name is resolved, also if the caller has stopped waiting: the thread is busy until then.
            let _lookup = lookup;
            Endpoint::resolved(&url, ca_bundle.as_deref(), &egress, resolve)
        });
        found.await.unwrap_or_else(|error| Err(Failure::new(error.to_string())))
    }

    /// The name is resolved once. What is connected to are the addresses that were checked here, and no others: the
    /// name's owner may have it resolve to another one the next time.
    fn resolved(
        url: &Url,
        ca_bundle: Option<&Path>,
        egress: &Egress,
        resolve: impl FnOnce(&Url) -> io::Result<Vec<SocketAddr>>,
    ) -> Result<Endpoint, Failure> {
        let origin = url.origin();
        let found = resolve(url).map_err(|error| Failure::new(format!("cannot find {origin}: {error}")))?;
        let (mut addresses, mut closed) = (Vec::new(), None);
        for address in found {
            match egress.check(url, address.ip()) {
                Ok(()) => addresses.push(address),
                Err(refused) => closed = closed.or(Some(refused)),
            }
        }
        if let Some(closed) = closed.filter(|_| addresses.is_empty()) {
            return Err(Failure::new(closed.to_string()));
        }
        let tls = url.is_encrypted().then(|| Tls::new(&certificate_name(url.host()), ca_bundle)).transpose()?;
        Ok(Endpoint { url: origin, host: url.authority(), addresses, tls })
    }

    /// The same, with a certificate of the client.
    pub(crate) async fn knowing(
        self,
        url: Url,
        ca_bundle: Option<PathBuf>,
        identity: Identity,
    ) -> Result<Endpoint, Failure> {
        let reading = tokio::task::spawn_blocking(move || {
            Tls::with(&certificate_name(url.host()), ca_bundle.as_deref(), Some(&identity))
        });
        let tls = reading.await.unwrap_or_else(|error| Err(Failure::new(error.to_string())))?;
        Ok(Endpoint { tls: Some(tls), ..self })
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

fn system_addresses(url: &Url) -> io::Result<Vec<SocketAddr>> {
    match url.host() {
        Host::Address(address) => Ok(vec![SocketAddr::new(*address, url.port())]),
        Host::Name(name) => Ok((name.as_str(), url.port()).to_socket_addrs()?.collect()),
    }
}

/// The host as certificates name it.
fn certificate_name(host: &Host) -> String {
    match host {
        Host::Name(name) => name.clone(),
        Host::Address(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_no_paths() {
        let aws = "https://dynamodb.eu-west-1.amazonaws.com";
        for (url, host) in [
            ("http://127.0.0.1:8000", "127.0.0.1:8000"),
            ("http://127.0.0.1:8000/", "127.0.0.1:8000"),
            ("http://127.0.0.1:80", "127.0.0.1"),
            ("http://[::1]:8000", "[::1]:8000"),
            ("http://127.1", "127.0.0.1"),
        ] {
            assert_eq!(Endpoint::parse(url, None).unwrap().host, host, "{url}");
        }
        let url = Url::parse(aws).unwrap();
        let found = Endpoint::resolved(&url, None, &Egress::open(), |_| Ok(Vec::new())).unwrap();
        assert!(found.is_aws() && found.url == aws && found.tls.is_some());
        for refused in [
            "",
            "127.0.0.1:8000",
            "http://127.0.0.1:8000/path",
            "http://127.0.0.1/?x",
            "http://me@127.0.0.1",
            "http://a b",
        ] {
            let said = Endpoint::parse(refused, None).unwrap_err().to_string();
            assert!(said.contains("is not a URL such as"), "{said}");
        }
    }

    fn addresses(all: &[&str]) -> io::Result<Vec<SocketAddr>> {
        Ok(all.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 80)).collect())
    }

    /// A name that is public when it is looked at, and this machine's a moment later.
    #[test]
    fn a_name_that_moves_is_checked_whenever_it_is_resolved() {
        let url = Url::parse("http://rebinding.example/x").unwrap();
        let egress = Egress::closed(Vec::new());
        let mut looks = 0;
        let mut found = |egress: &Egress| {
            Endpoint::resolved(&url, None, egress, |_| {
                looks += 1;
                addresses(if looks == 1 { &["203.0.113.7"] } else { &["127.0.0.1"] })
            })
        };
        let first = found(&egress).unwrap();
        assert_eq!(first.addresses, addresses(&["203.0.113.7"]).unwrap());
        let said = found(&egress).unwrap_err().to_string();
        assert!(said.contains("rebinding.example leads to 127.0.0.1") && said.contains("--egress-allow"), "{said}");
        assert!(found(&Egress::closed(vec!["127.0.0.0/8".parse().unwrap()])).is_ok());
        assert!(found(&Egress::closed(vec!["rebinding.example".parse().unwrap()])).is_ok());
        assert_eq!(looks, 4, "each endpoint resolves its name once");
    }

    #[test]
    fn of_several_addresses_the_open_ones_are_called() {
        let url = Url::parse("http://h.example").unwrap();
        let resolve = |_: &Url| addresses(&["10.0.0.1", "203.0.113.7", "::1", "2600:1f00::1"]);
        let found = Endpoint::resolved(&url, None, &Egress::closed(Vec::new()), resolve).unwrap();
        assert_eq!(found.addresses, addresses(&["203.0.113.7", "2600:1f00::1"]).unwrap());
        assert_eq!(Endpoint::resolved(&url, None, &Egress::open(), resolve).unwrap().addresses.len(), 4);
    }

    #[tokio::test]
    async fn endpoints_are_found_beside_the_async_threads() {
        let url = Url::parse("http://127.0.0.1:1/x").unwrap();
        let holder = Holder::new("1", "a");
        assert!(Endpoint::find(&url, None, &Egress::closed(Vec::new()), Some(&holder)).await.is_err());
        let egress = Egress::closed(vec!["127.0.0.1".parse().unwrap()]);
        for _ in 0..LOOKUPS_MAX * 2 {
            assert!(Endpoint::find(&url, None, &egress, Some(&holder)).await.is_ok());
        }
    }

    /// Name servers that do not answer, and callers that have stopped waiting for them.
    #[tokio::test]
    async fn slow_names_of_one_account_do_not_stop_others() {
        let lookups = SharedBudget::new(LOOKUPS_MAX);
        let (slow, egress) = (Url::parse("http://slow.example").unwrap(), Egress::closed(Vec::new()));
        // The resolver of the slow name continues until this sender is dropped.
        let (silent, answers) = std::sync::mpsc::channel::<()>();
        let answers = Arc::new(std::sync::Mutex::new(answers));
        let mut asked = Vec::new();
        for name in 0..LOOKUPS_MAX * 2 {
            let (lookups, slow, egress) = (Arc::clone(&lookups), slow.clone(), egress.clone());
            let answers = Arc::clone(&answers);
            let resolve = move |_: &Url| {
                let _ = answers.lock().map(|answers| answers.recv());
                addresses(&["203.0.113.7"])
            };
            asked.push(tokio::spawn(async move {
                let holder = Holder::new("1", &name.to_string());
                Endpoint::found(&slow, None, &egress, Some(&holder), &lookups, resolve).await
            }));
        }
        while lookups.used() < LOOKUPS_MAX / 2 {
            tokio::task::yield_now().await;
        }
        asked.iter().for_each(tokio::task::JoinHandle::abort);
        let good = Url::parse("http://good.example").unwrap();
        let resolve = |_: &Url| addresses(&["203.0.113.8"]);
        let found = Endpoint::found(&good, None, &egress, Some(&Holder::new("2", "a")), &lookups, resolve).await;
        assert_eq!(found.unwrap().addresses, addresses(&["203.0.113.8"]).unwrap());
        assert_eq!(lookups.used(), LOOKUPS_MAX / 2);
        // An address is no name, and what the operator names waits for no account.
        let address = Url::parse("http://203.0.113.9").unwrap();
        let full = SharedBudget::new(0);
        let holder = Holder::new("1", "a");
        assert!(Endpoint::found(&address, None, &egress, Some(&holder), &full, system_addresses).await.is_ok());
        assert!(Endpoint::found(&good, None, &egress, None, &full, resolve).await.is_ok());
        drop(silent);
    }

    #[test]
    fn literal_addresses_are_checked() {
        let egress = Egress::closed(Vec::new());
        for url in ["http://127.0.0.1:1/x", "http://0x7f.1/", "https://[::ffff:10.0.0.1]", "http://169.254.169.254/a"] {
            assert!(Endpoint::of(&Url::parse(url).unwrap(), None, &egress).is_err(), "{url}");
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
