//! The address of DAX's clients: the listening socket, its connections, and their end. What they say is crate `dax`'s.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::dax::{Advertised, CacheSettings, Client, Endpoint, Local, Node, Timeouts, serve};
use base::Clock;
use storage::Engine;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::connection_states::ConnectionState;
use crate::handles;
use crate::log::{self, Value};
use crate::metrics::Connections;
use crate::patience::Patient;
use crate::pipeline::Pipeline;
use crate::tls::Tls;
use crate::transport::transport;

use super::arguments::ServeArguments;
use super::dax_arguments::DaxArguments;
use super::dax_host::DaxHost;
use super::{Failure, addresses, bind};

const LISTEN: &str = "--dax-listen";
const ADVERTISE: &str = "--dax-advertise";
/// The pause after a failed accept (no file handles left), so that it is not repeated in a tight loop.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// A client may leave a connection idle as long as it likes: some never notice that theirs is closed.
const IDLE_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The address of DAX, if there is one.
pub(crate) struct Dax(Option<Running>);

struct Running {
    stop: watch::Sender<bool>,
    connections: Arc<Semaphore>,
    connections_max: u32,
    accepting: JoinHandle<()>,
    drain_timeout: Duration,
}

impl Dax {
    pub(crate) async fn start(
        arguments: &ServeArguments,
        pipeline: &Arc<Pipeline>,
        service: &Arc<ops::Service>,
        engine: &Arc<dyn Engine>,
        tls: Option<Arc<Tls>>,
    ) -> Result<Dax, Failure> {
        let Some(listen) = &arguments.dax.dax_listen else { return Ok(Dax(None)) };
        let addresses = addresses(LISTEN, listen).await?;
        let remote = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
        if remote && !arguments.knows_callers() && !arguments.allow_unverified_remote {
            return Err(Failure::Remote { flag: LISTEN, listen: listen.clone() });
        }
        let advertised = advertised(arguments).await?;
        let listener = bind(LISTEN, listen, &addresses)?;
        let address = listener.local_addr().map_err(Failure::Runtime)?.to_string();
        let upstream = Arc::new(Local(Arc::clone(service)));
        let clock = Clock::system();
        let node = Node::new(upstream, Arc::clone(engine), settings(&arguments.dax), advertised, &clock);
        let timeouts = Timeouts { handshake: arguments.idle_timeout, message: arguments.body_timeout };
        let node = Arc::new(node);
        let of_page = Arc::clone(&node);
        pipeline.operator.metrics.registry.add(move |page| of_page.write_metrics(page));
        let endpoint = Arc::new(Endpoint { node, clock, timeouts });
        let scheme = if tls.is_some() { "daxs" } else { "dax" };
        let message = format!("DAX on {scheme}://{address}");
        log::info("dax_ready", &message, &[("address", Value::Text(&address))]);
        let connections_max = handles::for_connections(arguments.dax.dax_connections_max);
        let connections = Arc::new(Semaphore::new(connections_max as usize));
        let (stop, stopped) = watch::channel(false);
        let pipeline = Arc::clone(pipeline);
        let acceptor = Acceptor { listener, endpoint, pipeline, tls, connections: Arc::clone(&connections), stopped };
        let accepting = tokio::spawn(acceptor.accept());
        let drain_timeout = arguments.drain_timeout;
        Ok(Dax(Some(Running { stop, connections, connections_max, accepting, drain_timeout })))
    }

    /// No more connections are accepted, and those that are open end behind their running request.
    pub(crate) fn stop(&self) {
        if let Some(running) = &self.0 {
            running.accepting.abort();
            running.stop.send_replace(true);
        }
    }

    /// Waits until all connections have ended.
    pub(crate) async fn ended(&self) {
        let Some(running) = &self.0 else { return };
        let all = running.connections.acquire_many(running.connections_max);
        if tokio::time::timeout(running.drain_timeout, all).await.is_err() {
            log::warning("requests_abandoned", "stopping although some requests of DAX have not finished", &[]);
        }
    }
}

fn settings(arguments: &DaxArguments) -> CacheSettings {
    CacheSettings {
        item_bytes_max: arguments.dax_item_memory,
        query_bytes_max: arguments.dax_query_memory,
        record_ttl_ms: arguments.dax_record_ttl_millis,
        query_ttl_ms: arguments.dax_query_ttl_millis,
    }
}

async fn advertised(arguments: &ServeArguments) -> Result<Option<Advertised>, Failure> {
    let Some(advertise) = &arguments.dax.dax_advertise else { return Ok(None) };
    let host = advertise.rsplit_once(':').map_or(advertise.as_str(), |(host, _)| host);
    let found = addresses(ADVERTISE, advertise).await?;
    // One of IPv4, if there is one: all clients take it.
    let address = found.iter().find(|address| address.is_ipv4()).or(found.first()).copied();
    Ok(address.map(|address| Advertised { host: host.to_owned(), address }))
}

type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Accepts connections.
struct Acceptor {
    listener: TcpListener,
    endpoint: Arc<Endpoint>,
    pipeline: Arc<Pipeline>,
    tls: Option<Arc<Tls>>,
    connections: Arc<Semaphore>,
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
            // An idle connection is not closed for a new one: the new one is refused.
            let Ok(slot) = Arc::clone(&self.connections).try_acquire_owned() else { continue };
            if let Some(connection) = self.connection(socket, peer, &counts) {
                tokio::spawn(async move {
                    connection.await;
                    drop(slot);
                });
            }
        }
    }

    fn connection(&self, socket: TcpStream, peer: SocketAddr, counts: &Arc<Connections>) -> Option<Connection> {
        let local = socket.local_addr().ok()?;
        socket.set_nodelay(true).ok()?;
        let state = ConnectionState::new(transport(peer, self.tls.is_some()));
        let client = Client { transport: state.transport(), local };
        let host = DaxHost { pipeline: Arc::clone(&self.pipeline), state: Arc::clone(&state) };
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
