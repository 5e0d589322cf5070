//! Regions in other processes (`--peer`): the flags, the way to the peers, and the listener that they call. What is asked and
//! answered is `ops::peers`.

mod arguments;
mod calls;
mod endpoint;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Metric};
use client::{Host, Identity, Url};
use jobs::Jobs;
use ops::allowance::MemoryBudget;
use tokio::net::TcpListener;
use tokio_rustls::rustls::pki_types::ServerName;

pub(crate) use arguments::PeerArguments;
use calls::Certificates;
pub(crate) use calls::{HttpPeers, PeerReport};
use endpoint::Endpoint;

use crate::body::BodyReader;
use crate::listener::{self, Acceptor, Limits};
use crate::log::{self, Value};
use crate::metrics::{Connections, Metrics};
use crate::tls::{Flags, Tls};

/// The one path that peers call.
const PATH: &str = "/replication";
pub(crate) const LISTEN: &str = "--replication-listen";
/// Connections of peers: each has a bounded number of calls under way.
const CONNECTIONS_MAX: u32 = 256;
/// What messages of peers may take while they arrive, and answers that they do not read. Unit: bytes.
const MESSAGES_BYTES_MAX: u64 = 64 << 20;

static FLAGS: Flags =
    Flags { certificate: "--replication-certificate", key: "--replication-key", client_ca: "--replication-ca" };
static EXPIRY: Metric = Metric::gauge(
    "stator_replication_certificate_expiry_timestamp_seconds",
    "When the certificate of --replication-certificate ends, in seconds since 1970.",
);

/// Checks the peers against the regions of this process.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn calls(
    arguments: &PeerArguments,
    regions: &[String],
    client_ca: Option<&Path>,
    clock: &Clock,
) -> Result<Option<Arc<HttpPeers>>, String> {
    if arguments.peer.is_empty() {
        return Ok(None);
    }
    for (at, peer) in arguments.peer.iter().enumerate() {
        let region = &peer.region;
        if regions.contains(region) {
            return Err(format!("--peer {region}={} names a region of this server itself", peer.url));
        }
        if arguments.peer[..at].iter().any(|other| other.region == *region) {
            return Err(format!("--peer names {region} twice"));
        }
        check_url(arguments, region, &peer.url)?;
    }
    let certificates = certificates(arguments)?;
    if let (Some(files), Some(client_ca)) = (&certificates, client_ca) {
        refuse_same(&files.authorities, client_ca)?;
    }
    let peers = HttpPeers::new(&arguments.peer, certificates.as_ref(), clock.clone());
    peers.map(Arc::new).map(Some).map_err(|error| format!("--peer: {error}"))
}

fn check_url(arguments: &PeerArguments, region: &str, text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| format!("--peer {region}={text}: {error}"))?;
    match (arguments.replication_insecure, url.is_encrypted()) {
        (false, true) => Ok(()),
        (false, false) => Err(format!(
            "--peer {region}={text} is not encrypted, and what is replicated there could be read and changed on its way: use an https:// \
             URL, or for tests on one machine --replication-insecure"
        )),
        (true, true) => Err(format!("--peer {region}={text} is encrypted, and with --replication-insecure no peer is")),
        (true, false) if is_local(&url) => Ok(()),
        (true, false) => Err(format!(
            "--peer {region}={text} is on another machine, and --replication-insecure is for this one alone: give certificates with \
             --replication-certificate, --replication-key and --replication-ca"
        )),
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Host::Name(name) => name == "localhost",
        Host::Address(address) => address.to_canonical().is_loopback(),
    }
}

fn certificates(arguments: &PeerArguments) -> Result<Option<Certificates>, String> {
    let PeerArguments { replication_certificate, replication_key, replication_ca, replication_insecure, .. } =
        arguments;
    match (replication_certificate, replication_key, replication_ca) {
        (Some(certificate), Some(key), Some(authorities)) => Ok(Some(Certificates {
            identity: Identity { certificate: certificate.clone(), key: key.clone() },
            authorities: authorities.clone(),
        })),
        _ if *replication_insecure => Ok(None),
        _ => Err("peers are known by certificates: give --replication-certificate, --replication-key and --replication-ca, or for tests \
                  on one machine --replication-insecure"
            .to_owned()),
    }
}

/// A certificate of a peer must not be one of a client of the main address, nor the other way round.
fn refuse_same(authorities: &Path, client_ca: &Path) -> Result<(), String> {
    let read = |file: &Path| std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()));
    match read(authorities)? == read(client_ca)? {
        false => Ok(()),
        true => Err("--replication-ca and --tls-client-ca hold the same authorities, and a peer could call the API: peers need \
                     authorities of their own"
            .to_owned()),
    }
}

/// The listener of peers, before it serves.
pub(crate) struct Listening {
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
}

impl Listening {
    /// Nothing without peers. `bind` opens the listener at addresses.
    ///
    /// # Errors
    /// If the certificates cannot be used, or the address is not of this machine alone and peers have none.
    pub(crate) fn new(
        arguments: &PeerArguments,
        addresses: &[SocketAddr],
        listener: TcpListener,
        handshake_timeout: Duration,
    ) -> Result<Listening, String> {
        let is_remote = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
        let tls = match certificates(arguments)? {
            Some(Certificates { identity, authorities }) => {
                Some(Tls::mutual(identity.certificate, identity.key, authorities, &FLAGS, &EXPIRY, handshake_timeout)?)
            }
            None if is_remote => {
                return Err(format!(
                    "{LISTEN} can be reached from other machines, and with --replication-insecure every client of it reads and writes \
                     everything: choose an address such as 127.0.0.1:8001, or give certificates"
                ));
            }
            None => None,
        };
        Ok(Listening { listener, tls })
    }

    /// Serves peers as long as the program runs.
    pub(crate) fn serve(
        self,
        arguments: &PeerArguments,
        service: &Arc<ops::Service>,
        timeouts: Timeouts,
        metrics: &Metrics,
        jobs: &Jobs,
    ) -> std::io::Result<()> {
        let Listening { listener, tls } = self;
        if let Some(tls) = &tls {
            tls.keep_renewed(jobs)?;
            let of_page = Arc::clone(tls);
            metrics.registry.add(move |page| of_page.write_metrics(page));
        }
        let address = listener.local_addr()?.to_string();
        let memory = MemoryBudget::new(MESSAGES_BYTES_MAX, timeouts.memory);
        let endpoint = Endpoint {
            service: Arc::clone(service),
            hosts: hosts(arguments).into(),
            is_insecure: tls.is_none(),
            bodies: Arc::new(BodyReader::new(timeouts.body, Arc::clone(&memory))),
            memory: Arc::clone(&memory),
            answered: Endpoint::answered(),
        };
        let limits = Limits {
            connections_max: CONNECTIONS_MAX,
            connections_per_address_max: u32::MAX,
            idle_timeout: timeouts.idle,
            drain_timeout: timeouts.drain,
            memory: vec![memory],
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let acceptor = Acceptor::new(Arc::<Connections>::default(), tls);
        tokio::spawn(listener::run_without_end(listener, endpoint, acceptor, limits));
        let message = format!("peers replicate at {scheme}://{address}");
        log::info("replication_ready", &message, &[("address", Value::Text(&address))]);
        Ok(())
    }
}

/// How long clients may take.
pub(crate) struct Timeouts {
    pub(crate) body: Duration,
    pub(crate) idle: Duration,
    pub(crate) drain: Duration,
    pub(crate) memory: Duration,
}

/// The names that the certificates of regions' processes have.
fn hosts(arguments: &PeerArguments) -> Vec<(String, ServerName<'static>)> {
    let host = |peer: &arguments::Peer| {
        let url = Url::parse(&peer.url).ok()?;
        let host = match url.host() {
            Host::Name(name) => ServerName::try_from(name.clone()).ok()?,
            Host::Address(address) => ServerName::from(*address),
        };
        Some((peer.region.clone(), host))
    };
    arguments.peer.iter().filter_map(host).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arguments::Peer;

    fn arguments(url: &str, is_insecure: bool) -> PeerArguments {
        let peer = vec![Peer { region: "eu-west-1".to_owned(), url: url.to_owned() }];
        PeerArguments { peer, replication_insecure: is_insecure, ..PeerArguments::default() }
    }

    #[test]
    fn peers_without_certificates_are_on_this_machine() {
        let check = |url: &str, is_insecure: bool, part: &str| {
            let checked = calls(&arguments(url, is_insecure), &["us-east-1".to_owned()], None, &Clock::system());
            match checked {
                Ok(peers) => assert!(part.is_empty() && peers.is_some(), "{url}"),
                Err(error) => assert!(!part.is_empty() && error.contains(part), "{url}: {error}"),
            }
        };
        check("http://127.0.0.1:1", true, "");
        check("http://[::1]:1", true, "");
        check("http://localhost:1", true, "");
        check("http://192.0.2.1:1", true, "on another machine");
        check("http://eu.example:1", true, "on another machine");
        check("https://127.0.0.1:1", true, "is encrypted");
        check("http://127.0.0.1:1", false, "is not encrypted");
        check("https://127.0.0.1:1", false, "--replication-certificate");
    }

    #[test]
    fn regions_are_here_or_there() {
        let own = ["eu-west-1".to_owned()];
        let error = calls(&arguments("http://127.0.0.1:1", true), &own, None, &Clock::system()).err().unwrap();
        assert!(error.contains("a region of this server itself"), "{error}");
        let mut twice = arguments("http://127.0.0.1:1", true);
        twice.peer.extend(twice.peer.clone());
        let error = calls(&twice, &[], None, &Clock::system()).err().unwrap();
        assert!(error.contains("twice"), "{error}");
    }
}
