//! Calls of peers: HTTP/1.1 with certificates on both sides, a bounded number under way, compressed.
//!
//! All that is asked can be asked again, so that a call whose connection broke is repeated once. A peer that did not answer in time
//! is not called again for a moment: what waits for it fails at once, and retries as it does anyway.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base::Clock;
use bytes::Bytes;
use client::{Call, Holder, Identity, Pool, ReplyBounds, Server, Trouble};
use ops::peers::{MESSAGE_BYTES_MAX, Message, PeerError, Peers};
use parking_lot::Mutex;
use storage::BoxFuture;
use tokio::sync::Semaphore;

use super::PATH;
use super::arguments::Peer;

/// Calls of one peer at once. The others wait.
const CALLS_MAX: usize = 8;
/// How long a call may take, with all of its answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a peer is left alone that has not answered in time.
const PAUSE: Duration = Duration::from_secs(1);
/// A compressed message is not longer than so much more than the message. Unit: bytes.
const COMPRESSED_BYTES_MAX: usize = MESSAGE_BYTES_MAX + (1 << 20);

/// What calls need of files.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    pub(crate) identity: Identity,
    pub(crate) authorities: PathBuf,
}

pub(crate) struct HttpPeers {
    regions: Vec<String>,
    peers: BTreeMap<String, Reached>,
    clock: Clock,
}

/// One region, and the way to its process.
struct Reached {
    url: String,
    pool: Pool,
    calls: Semaphore,
    state: Mutex<State>,
}

#[derive(Clone, Default)]
struct State {
    paused_until: Option<Instant>,
    answered_ms: Option<u64>,
    error: Option<String>,
}

/// What is known of a peer, for the operator.
pub(crate) struct PeerReport {
    pub(crate) region: String,
    pub(crate) url: String,
    /// When it last answered.
    pub(crate) answered_ms: Option<u64>,
    /// Why the last call failed, if it did.
    pub(crate) error: Option<String>,
}

impl fmt::Debug for HttpPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.regions).finish()
    }
}

impl HttpPeers {
    /// # Errors
    /// If a URL cannot be used.
    pub(crate) fn new(
        peers: &[Peer],
        certificates: Option<&Certificates>,
        clock: Clock,
    ) -> Result<HttpPeers, client::Failure> {
        let mut all = BTreeMap::new();
        for Peer { region, url } in peers {
            let server = Server::parse(url, certificates.map(|files| files.authorities.clone()))?;
            let server = match certificates {
                Some(files) => server.knowing(files.identity.clone()),
                None => server,
            };
            let pool = Pool::new(server, Holder::new("peer", region));
            let calls = Semaphore::new(CALLS_MAX);
            all.insert(region.clone(), Reached { url: url.clone(), pool, calls, state: Mutex::default() });
        }
        Ok(HttpPeers { regions: all.keys().cloned().collect(), peers: all, clock })
    }

    pub(crate) fn reports(&self) -> Vec<PeerReport> {
        let report = |(region, peer): (&String, &Reached)| {
            let State { answered_ms, error, .. } = peer.state.lock().clone();
            PeerReport { region: region.clone(), url: peer.url.clone(), answered_ms, error }
        };
        self.peers.iter().map(report).collect()
    }
}

impl Peers for HttpPeers {
    fn regions(&self) -> &[String] {
        &self.regions
    }

    fn call<'a>(&'a self, region: &'a str, message: Message) -> BoxFuture<'a, Result<Message, PeerError>> {
        Box::pin(async move {
            let peer = self.peers.get(region);
            let peer = peer.ok_or_else(|| PeerError::Refused(format!("there is no --peer for {region}")))?;
            let answered = peer.call(message).await;
            let mut state = peer.state.lock();
            match &answered {
                Ok(_) => *state = State { answered_ms: Some(self.clock.now_ms()), ..State::default() },
                Err(error) => state.error = Some(error.to_string()),
            }
            answered
        })
    }
}

impl Reached {
    async fn call(&self, message: Message) -> Result<Message, PeerError> {
        // Only an error of the semaphore's end, which does not come.
        let waiting = tokio::time::timeout(TIMEOUT, self.calls.acquire()).await;
        let _call = waiting.map_err(|_| unreachable("too many calls wait for it"))?.map_err(unreachable)?;
        if self.state.lock().paused_until.is_some_and(|until| Instant::now() < until) {
            return Err(unreachable("it has not answered in time"));
        }
        let body = Bytes::from(lz4_flex::compress_prepend_size(&message.0));
        // What it would hold until the answer is there is compressed.
        drop(message);
        let mut answered = self.send(body.clone()).await;
        if matches!(answered, Err(Trouble::Connection(_))) {
            // A connection that was idle, and that the peer has closed.
            answered = self.send(body).await;
        }
        match answered {
            Ok(bytes) => decompress(&bytes).map(Message).map_err(PeerError::Refused),
            Err(Trouble::Refused { status, message, .. }) => Err(PeerError::Refused(format!("{status} {message}"))),
            Err(trouble) => {
                if trouble == Trouble::Timeout {
                    self.state.lock().paused_until = Some(Instant::now() + PAUSE);
                }
                // The client's words are for commands.
                let text = trouble.to_string().replace("--ca-bundle (AWS_CA_BUNDLE)", "--replication-ca");
                Err(unreachable(text.replace("--ca-bundle", "--replication-ca")))
            }
        }
    }

    async fn send(&self, body: Bytes) -> Result<Vec<u8>, Trouble> {
        let headers = [("content-type", "application/octet-stream")];
        let call = Call { method: "POST", target: PATH, headers: &headers, body };
        let sent = call.send_over(&self.pool, None, TIMEOUT, ReplyBounds::whole(COMPRESSED_BYTES_MAX));
        // Again: the wait for the right to a connection has no bound of its own.
        let answer = tokio::time::timeout(2 * TIMEOUT, sent).await.unwrap_or(Err(Trouble::Timeout))?;
        match answer.status {
            200 => Ok(answer.body),
            status => {
                let message = String::from_utf8_lossy(&answer.body).trim().chars().take(300).collect();
                Err(Trouble::Refused { status, exception: String::new(), message })
            }
        }
    }
}

fn unreachable(why: impl fmt::Display) -> PeerError {
    PeerError::Unreachable(why.to_string())
}

/// A message as it was before it was compressed.
///
/// # Errors
/// If it would be too long, or is damaged.
pub(super) fn decompress(bytes: &[u8]) -> Result<Bytes, String> {
    let size = bytes.first_chunk().map(|size| u32::from_le_bytes(*size) as usize);
    match size {
        Some(size) if size <= MESSAGE_BYTES_MAX => {
            lz4_flex::decompress_size_prepended(bytes).map(Bytes::from).map_err(|error| error.to_string())
        }
        Some(size) => Err(format!("a message of {size} bytes is too long")),
        None => Err("a message without its size".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_decompressed_within_bounds() {
        let plain = vec![7; 100_000];
        let compressed = lz4_flex::compress_prepend_size(&plain);
        assert_eq!(decompress(&compressed), Ok(Bytes::from(plain)));
        let mut bomb = compressed.clone();
        bomb[..4].copy_from_slice(&(MESSAGE_BYTES_MAX as u32 + 1).to_le_bytes());
        assert!(decompress(&bomb).unwrap_err().contains("too long"));
        assert!(decompress(&compressed[..compressed.len() / 2]).is_err());
        assert!(decompress(&[1]).is_err());
    }

    #[tokio::test]
    async fn a_region_without_a_peer_is_not_called() {
        let peers = HttpPeers::new(&[], None, Clock::system()).unwrap();
        let error = peers.call("eu-west-1", Message(Bytes::new())).await.unwrap_err();
        assert_eq!(error, PeerError::Refused("there is no --peer for eu-west-1".to_owned()));
    }
}
