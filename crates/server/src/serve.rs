//! `stator serve`: from flags to a running server, and from a signal to a clean end.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth::Spaces;
use storage::{BoxFuture, Embedded, EmbeddedOptions, Engine, Memory};
use tokio::net::{TcpListener, lookup_host};

use crate::body::BodyReader;
use crate::cli::ServeArguments;
use crate::listener::{self, Limits};
use crate::pipeline::Pipeline;

/// Why the server did not start; each says what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    Runtime(io::Error),
    Address {
        listen: String,
        error: io::Error,
    },
    Remote {
        listen: String,
    },
    Listen {
        listen: String,
        error: io::Error,
    },
    Storage {
        data: PathBuf,
        error: storage::OpenError,
    },
    Service {
        data: Option<PathBuf>,
        error: ops::OpenError,
    },
    /// The engine failed for good while serving; what is on the disk is whole.
    Engine(String),
    Close(storage::StorageError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Runtime(error) => write!(f, "cannot start: {error}"),
            Failure::Address { listen, error } => {
                write!(f, "--listen {listen} is not an address and a port, such as 127.0.0.1:8000: {error}")
            }
            Failure::Remote { listen } => write!(
                f,
                "--listen {listen} can be reached from other machines, and this version does not check signatures: \
                 whoever reaches it reads and writes everything. Add --allow-unverified-remote if that is what you want"
            ),
            Failure::Listen { listen, error } if error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "{listen} is taken by another program (perhaps another stator); \
                 choose another address with --listen, such as 127.0.0.1:8001"
            ),
            Failure::Listen { listen, error } => write!(f, "cannot listen on {listen}: {error}"),
            Failure::Storage { data, error } => write!(f, "cannot open the folder {}: {error}", data.display()),
            Failure::Service { data: Some(data), error } => {
                write!(f, "cannot serve the folder {}: {error}", data.display())
            }
            Failure::Service { data: None, error } => write!(f, "cannot serve from memory: {error}"),
            Failure::Engine(text) => {
                write!(f, "the storage engine failed: {text}. Acknowledged writes are safe; start again")
            }
            Failure::Close(error) => write!(f, "the data could not be closed cleanly: {error}"),
        }
    }
}

/// Says something to the operator. A closed stderr is no reason to stop serving.
pub(crate) fn say(text: fmt::Arguments<'_>) {
    // One write, so that lines of two threads do not mix.
    let _ = io::stderr().lock().write_all(format!("stator: {text}\n").as_bytes());
}

pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let stop = stop_signal().map_err(Failure::Runtime)?;
    let listener = listen(arguments).await?;
    let address = listener.local_addr().map_err(Failure::Runtime)?;
    let folder = (!arguments.memory).then(|| std::path::absolute(&arguments.data).unwrap_or(arguments.data.clone()));
    let (engine, failed) = open(folder.as_deref(), arguments.cache)?;
    let service = service(Arc::clone(&engine), folder.clone(), &arguments.region, address).await?;
    let pipeline = Pipeline {
        backend: service,
        spaces: match arguments.isolate {
            true => Spaces::Isolated,
            false => Spaces::Shared { region: arguments.region.clone() },
        },
        region: arguments.region.clone(),
        bodies: BodyReader::new(arguments.body_timeout),
    };
    let limits = Limits {
        connections_max: arguments.connections_max,
        idle_timeout: arguments.idle_timeout,
        drain_timeout: arguments.drain_timeout,
    };

    announce(address, folder.as_deref(), &arguments.region);
    let end = async {
        tokio::select! {
            () = stop => Ok(()),
            failure = failed => Err(Failure::Engine(failure)),
        }
    };
    listener::run(listener, pipeline, limits, end).await?;
    engine.close().await.map_err(Failure::Close)
}

async fn listen(arguments: &ServeArguments) -> Result<TcpListener, Failure> {
    let listen = &arguments.listen;
    let addresses: io::Result<Vec<SocketAddr>> = lookup_host(listen).await.map(Iterator::collect);
    let addresses = addresses.map_err(|error| Failure::Address { listen: listen.clone(), error })?;
    let remote = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
    if remote && !arguments.allow_unverified_remote {
        return Err(Failure::Remote { listen: listen.clone() });
    }
    TcpListener::bind(&addresses[..]).await.map_err(|error| Failure::Listen { listen: listen.clone(), error })
}

/// The engine that was asked for, and what tells when it has failed for good.
fn open(folder: Option<&Path>, cache_bytes: u64) -> Result<(Arc<dyn Engine>, BoxFuture<'static, String>), Failure> {
    let Some(folder) = folder else {
        return Ok((Memory::new(), Box::pin(std::future::pending())));
    };
    let engine = Embedded::open(folder, EmbeddedOptions { cache_bytes });
    let engine = engine.map_err(|error| Failure::Storage { data: folder.to_owned(), error })?;
    let watched = Arc::clone(&engine);
    Ok((engine, Box::pin(async move { watched.failed().await })))
}

async fn service(
    engine: Arc<dyn Engine>,
    data: Option<PathBuf>,
    region: &str,
    address: SocketAddr,
) -> Result<Arc<ops::Service>, Failure> {
    let settings = ops::Settings { region: region.to_owned(), endpoint: address.to_string() };
    let service = ops::Service::open(engine, settings, base::Clock::system()).await;
    service.map_err(|error| Failure::Service { data, error })
}

/// The ready line: where, what is kept, and something to try.
fn announce(address: SocketAddr, folder: Option<&Path>, region: &str) {
    let version = env!("CARGO_PKG_VERSION");
    let keeps = match folder {
        Some(folder) => format!("data in {}", folder.display()),
        None => "data in memory only".to_owned(),
    };
    say(format_args!(
        "{version} ready on http://{address}, {keeps}; try: AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any \
         aws dynamodb list-tables --region {region} --endpoint-url http://{address}"
    ));
}

/// Done when the server is told to stop. Signals are caught from the first call on, before anybody is told that the
/// server is ready.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        say(format_args!("stopping"));
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            say(format_args!("stopping"));
        }
    })
}
