//! The addresses of DAX's clients: listening sockets, each with a node of a cluster behind it, their connections, and their end. What
//! clients say is crate `dax`'s.
//!
//! A cluster's sockets are opened and closed while the program runs: by its flags at the start, and by whatever controls it later.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::dax::{Advertised, Client, Cluster, Endpoint, Measures, Node, Timeouts, serve};
use base::Clock;
use cloudwatch::Recorder;
use jobs::{Job, Jobs, Ran};
use ops::allowance::Peer;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::connection_states::ConnectionState;
use crate::handles;
use crate::log::{self, Gate, Value};
use crate::metrics::Connections;
use crate::patience::Patient;
use crate::tls::Tls;
use crate::transport::transport;

use super::dax_host::{DaxHost, DaxShared};
use super::{Failure, addresses, bind};

/// The pause after a failed accept (no file handles left), so that it is not repeated in a tight loop.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// A client may leave a connection idle as long as it likes: some never notice that theirs is closed.
const IDLE_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// How long a handshake may take, with the authorization where that is checked.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How often CloudWatch's metrics are measured, of which the minutes are.
const MEASURE: Duration = Duration::from_secs(5);
/// How often the log says that connections are refused.
const FULL_LINES: u64 = 1;
const FULL_LINES_WINDOW: Duration = Duration::from_secs(60);

/// How a cluster takes its clients.
#[derive(Clone)]
pub(super) struct DaxSettings {
    /// The flag that names its addresses.
    pub(super) flag: &'static str,
    pub(super) connections_max: u32,
    /// Of one address; without it, half of all.
    pub(super) connections_per_address_max: Option<u32>,
    pub(super) idle_timeout: Duration,
    pub(super) body_timeout: Duration,
    pub(super) drain_timeout: Duration,
}

/// A cluster, and the sockets of its nodes.
pub(super) struct DaxListeners {
    cluster: Cluster,
    shared: Arc<DaxShared>,
    tls: Option<Arc<Tls>>,
    clock: Clock,
    settings: DaxSettings,
    slots: Arc<ClientSlots>,
    running: Mutex<BTreeMap<i64, Running>>,
}

/// An open socket.
struct Running {
    node: Arc<Node>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl DaxListeners {
    pub(super) fn new(
        cluster: Cluster,
        shared: DaxShared,
        tls: Option<Arc<Tls>>,
        clock: Clock,
        settings: DaxSettings,
    ) -> Arc<DaxListeners> {
        let connections_max = handles::for_connections(settings.connections_max);
        let slots = ClientSlots::new(connections_max, settings.connections_per_address_max);
        let (shared, slots) = (Arc::new(shared), Arc::new(slots));
        Arc::new(DaxListeners { cluster, shared, tls, clock, settings, slots, running: Mutex::default() })
    }

    /// Opens a socket, with a new node behind it.
    pub(super) async fn open(&self, listen: &str, advertised: Option<Advertised>) -> Result<Arc<Node>, Failure> {
        let flag = self.settings.flag;
        let listener = bind(flag, listen, &addresses(flag, listen).await?)?;
        let address = listener.local_addr().map_err(Failure::Runtime)?;
        let node = Arc::new(self.cluster.add(Some(address), advertised));
        let timeouts =
            Timeouts { handshake: self.settings.idle_timeout.min(HANDSHAKE_MAX), message: self.settings.body_timeout };
        let endpoint = Arc::new(Endpoint { node: Arc::clone(&node), clock: self.clock.clone(), timeouts });
        let (stop, stopped) = watch::channel(false);
        let acceptor = Acceptor {
            listener,
            endpoint,
            shared: Arc::clone(&self.shared),
            tls: self.tls.clone(),
            slots: Arc::clone(&self.slots),
            full: Gate::new(FULL_LINES, FULL_LINES_WINDOW),
            stopped,
        };
        let accepting = tokio::spawn(acceptor.accept());
        self.running.lock().insert(node.number(), Running { node: Arc::clone(&node), stop, accepting });
        let scheme = if self.tls.is_some() { "daxs" } else { "dax" };
        let message = format!("DAX on {scheme}://{address}");
        log::info("dax_ready", &message, &[("address", Value::Text(&address.to_string()))]);
        Ok(node)
    }

    /// Closes the socket of a node, which clients read of no more; its connections end behind their running request. Says whether there
    /// was one.
    pub(super) fn close(&self, number: i64) -> bool {
        let Some(running) = self.running.lock().remove(&number) else { return false };
        // First the listing: a client that is closed out asks the other nodes.
        self.cluster.remove(number);
        running.accepting.abort();
        running.stop.send_replace(true);
        true
    }

    pub(super) fn nodes(&self) -> Vec<Arc<Node>> {
        self.running.lock().values().map(|running| Arc::clone(&running.node)).collect()
    }

    /// No more connections are accepted, and those that are open end behind their running request.
    pub(super) fn stop(&self) {
        let numbers: Vec<i64> = self.running.lock().keys().copied().collect();
        numbers.into_iter().for_each(|number| _ = self.close(number));
    }

    /// Waits until all connections have ended.
    pub(super) async fn ended(&self) {
        let all = self.slots.all.acquire_many(self.slots.max);
        if tokio::time::timeout(self.settings.drain_timeout, all).await.is_err() {
            log::warning("requests_abandoned", "stopping although some requests of DAX have not finished", &[]);
        }
    }

    /// CloudWatch's metrics, in this account and region.
    pub(super) fn measure(self: &Arc<Self>, jobs: &Jobs, recorder: &Arc<Recorder>, account: &str, region: &str) {
        let measures = Measures::new(Arc::clone(recorder), account.to_owned(), region.to_owned());
        let measures = Arc::new(Mutex::new(measures));
        let job = Job::on(self, "measure_dax", MEASURE, move |listeners| {
            let measures = Arc::clone(&measures);
            async move {
                measures.lock().measure(&listeners.nodes());
                Ran::Done
            }
        });
        _ = jobs.add(job);
    }
}

/// The connections that clients may have, of all nodes.
struct ClientSlots {
    all: Arc<Semaphore>,
    max: u32,
    of_address_max: u32,
    of_addresses: Mutex<HashMap<Peer, u32>>,
}

/// A connection's place, until this is dropped.
struct ClientSlot {
    slots: Arc<ClientSlots>,
    peer: Peer,
    _place: OwnedSemaphorePermit,
}

impl ClientSlots {
    /// Without a bound for one address, it leaves half of all to others.
    fn new(max: u32, of_address_max: Option<u32>) -> ClientSlots {
        let of_address_max = of_address_max.unwrap_or((max / 2).max(1));
        ClientSlots { all: Arc::new(Semaphore::new(max as usize)), max, of_address_max, of_addresses: Mutex::default() }
    }

    /// `None` if there are too many. An idle connection is not closed for a new one: the new one is refused.
    fn take(self: &Arc<Self>, peer: Peer) -> Option<ClientSlot> {
        let place = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut of_addresses = self.of_addresses.lock();
        let count = of_addresses.entry(peer).or_default();
        if *count >= self.of_address_max {
            return None;
        }
        *count += 1;
        Some(ClientSlot { slots: Arc::clone(self), peer, _place: place })
    }
}

impl Drop for ClientSlot {
    fn drop(&mut self) {
        let mut of_addresses = self.slots.of_addresses.lock();
        if let Some(count) = of_addresses.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                of_addresses.remove(&self.peer);
            }
        }
    }
}

type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Accepts connections.
struct Acceptor {
    listener: TcpListener,
    endpoint: Arc<Endpoint>,
    shared: Arc<DaxShared>,
    tls: Option<Arc<Tls>>,
    slots: Arc<ClientSlots>,
    full: Gate,
    stopped: watch::Receiver<bool>,
}

impl Acceptor {
    async fn accept(self) {
        let counts = Arc::new(Connections::default());
        loop {
            let (socket, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    let data = [("detail", Value::Text(&error.to_string()))];
                    log::error("accept_failed", "a connection could not be accepted", &data);
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            let Some(slot) = self.slots.take(Peer::of(peer.ip())) else {
                self.refuse(peer);
                continue;
            };
            if let Some(connection) = self.connection(socket, peer, &counts) {
                tokio::spawn(async move {
                    connection.await;
                    drop(slot);
                });
            }
        }
    }

    fn refuse(&self, peer: SocketAddr) {
        self.endpoint.node.refuse_connection();
        let Some(held_back) = self.full.pass() else { return };
        let data = [("address", Value::Text(&peer.ip().to_string())), ("held_back", Value::Number(held_back))];
        let text = "connections of DAX's clients are refused: there are too many, of one address or of all";
        log::warning("dax_connections_full", text, &data);
    }

    fn connection(&self, socket: TcpStream, peer: SocketAddr, counts: &Arc<Connections>) -> Option<Connection> {
        let local = socket.local_addr().ok()?;
        socket.set_nodelay(true).ok()?;
        let state = ConnectionState::new(transport(peer, self.tls.is_some()));
        let client = Client { transport: state.transport(), local };
        let host = DaxHost { shared: Arc::clone(&self.shared), state: Arc::clone(&state) };
        let socket = Patient::new(socket, IDLE_MAX, Arc::clone(&state));
        Some(match &self.tls {
            None => self.serve(host, socket, client),
            Some(tls) => self.serve(host, tls.encrypt(socket, &state, counts), client),
        })
    }

    fn serve<S>(&self, host: DaxHost, stream: S, client: Client) -> Connection
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Box::pin(serve(Arc::clone(&self.endpoint), host, stream, client, self.stopped.clone()))
    }
}

/// What clients read of each address: nothing, or as many as there are addresses.
pub(super) async fn advertised(flag: &'static str, advertise: &[String]) -> Result<Vec<Advertised>, Failure> {
    let mut all = Vec::with_capacity(advertise.len());
    for advertise in advertise {
        let host = advertise.rsplit_once(':').map_or(advertise.as_str(), |(host, _)| host);
        let found = addresses(flag, advertise).await?;
        // One of IPv4, if there is one: all clients take it.
        let address = found.iter().find(|address| address.is_ipv4()).or(found.first()).copied();
        all.extend(address.map(|address| Advertised { host: host.to_owned(), address }));
    }
    Ok(all)
}

/// Opens the sockets of a cluster, of which the first is the primary's.
///
/// # Errors
/// If one can be reached from other machines and signatures are not checked, or cannot be opened.
pub(super) async fn open_all(
    listeners: &DaxListeners,
    listen: &[String],
    advertised: Vec<Advertised>,
    is_guarded: bool,
) -> Result<(), Failure> {
    let flag = listeners.settings.flag;
    for listen in listen {
        let addresses = addresses(flag, listen).await?;
        if !is_guarded && addresses.iter().any(|address| !address.ip().to_canonical().is_loopback()) {
            return Err(Failure::Remote { flag, listen: listen.clone() });
        }
    }
    let mut advertised = advertised.into_iter();
    for listen in listen {
        listeners.open(listen, advertised.next()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
