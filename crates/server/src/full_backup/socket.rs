//! The operator's socket: how a command on this machine reads all rows of a running server.
//!
//! It is a Unix socket in the data folder. The folder's permissions are the authentication: both are their owner's alone (0700, 0600), and
//! the server asks the system for the peer's user, which must be its own or root. No address of the network leads here.
//!
//! | direction | bytes | what |
//! |---|---|---|
//! | to the server | 16 | `stator rows 1` and three zeros |
//! | to the client, each part | 1 | kind: 1 origin, 2 block, 3 end, 4 failure |
//! | | 4 | bytes that follow, big-endian |
//! | | | origin and end: JSON; block: kind of its rows (1), the block; failure: a sentence |

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use storage::{Consistency, Embedded, Engine, Keys};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::block::{BLOCK_BYTES_MAX, BLOCK_HEAD_SIZE, Kind};
use super::manifest::Origin;
use super::parts::{self, Part, PartSender, Parts, Snapshot};
use crate::audit::Audit;
use crate::engine::StorageLocation;
use crate::log::{self, Value};

const FILE: &str = "operator.sock";
/// As the manifest names it.
const ENGINE: &str = "folder";
const HELLO: &[u8; 16] = b"stator rows 1\0\0\0";
/// A connection says hello at once.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// A reader that takes no block for so long is given up: the snapshot keeps old versions of rows.
const STALL: Duration = Duration::from_secs(300);
/// Between two attempts to take a connection that fails.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// Addresses of sockets have 108 bytes on Linux, 104 elsewhere. Unit: bytes.
const PATH_SIZE_MAX: usize = 100;
/// A block with its kind. Unit: bytes.
const PART_SIZE_MAX: usize = 1 + BLOCK_HEAD_SIZE + BLOCK_BYTES_MAX;

const ORIGIN: u8 = 1;
const BLOCK: u8 = 2;
const END: u8 = 3;
const FAILURE: u8 = 4;

/// Listens as long as the server serves.
pub(crate) struct OperatorSocket(Option<Listening>);

struct Listening {
    folder: PathBuf,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What a connection needs.
struct Context {
    folder: PathBuf,
    engine: Arc<Embedded>,
    audit: Option<Arc<Audit>>,
    /// One backup at a time.
    turn: Semaphore,
}

impl OperatorSocket {
    /// Of a data folder that this process has open. A server without the socket serves as well.
    pub(crate) fn listen(
        location: &StorageLocation,
        engine: Option<&Arc<Embedded>>,
        audit: Option<&Arc<Audit>>,
    ) -> OperatorSocket {
        let (StorageLocation::Folder(folder), Some(engine)) = (location, engine) else { return OperatorSocket(None) };
        let listener = bind(folder).inspect_err(|error| {
            let message = format!(
                "no operator's socket in {}: 'stator backup all' works only while the server is stopped: {error}",
                folder.display()
            );
            log::warning("operator_socket_unavailable", &message, &[]);
        });
        let Ok(listener) = listener else { return OperatorSocket(None) };
        let (folder, engine, audit) = (folder.clone(), Arc::clone(engine), audit.cloned());
        let context = Context { folder: folder.clone(), engine, audit, turn: Semaphore::new(1) };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(listener, Arc::new(context), stopped));
        OperatorSocket(Some(Listening { folder, stop, task }))
    }

    /// No snapshot is held afterwards: the engine can be closed.
    pub(crate) async fn stop(self) {
        let Some(Listening { folder, stop, task }) = self.0 else { return };
        let _ = stop.send(());
        let _ = task.await;
        let _ = std::fs::remove_file(folder.join(FILE));
    }
}

async fn accept(listener: UnixListener, context: Arc<Context>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = connections.join_next(), if !connections.is_empty() => continue,
            _ = &mut stopped => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let context = Arc::clone(&context);
                connections.spawn(async move { context.serve(stream).await });
            }
            // Of file handles, for one.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    connections.shutdown().await;
}

impl Context {
    async fn serve(&self, mut stream: UnixStream) {
        let Some(uid) = operator(&stream) else { return };
        let mut hello = [0; HELLO.len()];
        let greeted = timeout(HELLO_TIMEOUT, stream.read_exact(&mut hello)).await;
        if !matches!(greeted, Ok(Ok(_))) || hello != *HELLO {
            return;
        }
        let data = [("uid", Value::Number(uid.into()))];
        if let Err(why) = self.answer(&mut stream, uid).await {
            log::warning("full_backup_failed", &format!("the full backup was not made: {why}"), &data);
            let _ = write(&mut stream, FAILURE, &[why.as_bytes()]).await;
        }
    }

    async fn answer(&self, stream: &mut UnixStream, uid: u32) -> Result<(), String> {
        let turn = self.turn.try_acquire();
        let _turn = turn.map_err(|_| "another full backup is being made; try again when it is done".to_owned())?;
        if let Some(audit) = &self.audit {
            // Before a row is read: one that cannot be audited is not shown.
            audit.operated("FullBackup", uid).await.map_err(|unaudited| unaudited.to_string())?;
        }
        let data = [("uid", Value::Number(uid.into()))];
        log::info("full_backup_begun", "a full backup has begun", &data);
        let (snapshot, origin) = of_folder(&self.folder, &self.engine).await?;
        let (sender, parts) = parts::channel();
        // Both end together: a scan without a receiver ends.
        let ((), passed) = tokio::join!(parts::send(snapshot, origin, sender), pass_all(stream, parts));
        passed?;
        log::info("full_backup_read", "all rows of a full backup were read", &data);
        Ok(())
    }
}

/// All rows of a folder that is open, and what is said of them. The keyring changes only while no process has the folder open.
pub(super) async fn of_folder(folder: &Path, engine: &Arc<Embedded>) -> Result<(Snapshot, Origin), String> {
    let keys = Embedded::keys(folder).map_err(|error| error.to_string())?;
    let keyring = match keys {
        Keys::Encrypted(text) => Some(String::from_utf8(text).map_err(|_| "the keyring is no text".to_owned())?),
        Keys::NotEncrypted | Keys::NoDatabase => None,
    };
    let origin = Origin::now(ENGINE, keyring);
    let view = engine.view(Consistency::Strong).await.map_err(|error| error.to_string())?;
    Ok((Snapshot::Folder(view), origin))
}

/// The peer's user, if it may read all rows.
fn operator(stream: &UnixStream) -> Option<u32> {
    let uid = stream.peer_cred().ok()?.uid();
    (uid == 0 || uid == rustix::process::geteuid().as_raw()).then_some(uid)
}

async fn pass_all(stream: &mut UnixStream, mut parts: Parts) -> Result<(), String> {
    while let Some(part) = parts.recv().await {
        let written = timeout(STALL, pass(stream, part?)).await;
        let written = written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        written.map_err(|error| format!("its reader takes no more: {error}"))?;
    }
    Ok(())
}

async fn pass(stream: &mut UnixStream, part: Part) -> io::Result<()> {
    match part {
        Part::Origin(origin) => write(stream, ORIGIN, &[&serde_json::to_vec(&origin)?]).await,
        Part::Block(kind, block) => write(stream, BLOCK, &[&[kind.number()], &block]).await,
        Part::End(totals) => write(stream, END, &[&serde_json::to_vec(&totals)?]).await,
    }
}

async fn write(stream: &mut UnixStream, kind: u8, pieces: &[&[u8]]) -> io::Result<()> {
    let size = pieces.iter().map(|piece| piece.len()).sum::<usize>();
    stream.write_u8(kind).await?;
    stream.write_u32(u32::try_from(size).map_err(io::Error::other)?).await?;
    for piece in pieces {
        stream.write_all(piece).await?;
    }
    Ok(())
}

/// Where the socket of a folder is, for one call of the system. A path that is too long for an address is reached through the open
/// folder, where the system has such paths.
struct Address {
    path: PathBuf,
    _folder: Option<std::fs::File>,
}

fn address(folder: &Path) -> io::Result<Address> {
    let path = folder.join(FILE);
    if path.as_os_str().len() <= PATH_SIZE_MAX {
        return Ok(Address { path, _folder: None });
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let folder = std::fs::File::open(folder)?;
        let path = format!("/proc/self/fd/{}/{FILE}", folder.as_raw_fd()).into();
        Ok(Address { path, _folder: Some(folder) })
    }
    #[cfg(not(target_os = "linux"))]
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the path of the folder is too long for a socket"))
}

/// The process has the folder's lock: a socket that is there is left from one that was killed.
fn bind(folder: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::remove_file(folder.join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(address(folder)?.path)?;
    std::fs::set_permissions(folder.join(FILE), std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Asks the server that has the folder open for all of its rows.
///
/// # Errors
/// Of the kinds `NotFound` and `ConnectionRefused`, if none listens.
pub(super) async fn ask(folder: &Path) -> io::Result<Parts> {
    let address = address(folder)?;
    let mut stream = UnixStream::connect(&address.path).await?;
    stream.write_all(HELLO).await?;
    let (sender, parts) = parts::channel();
    tokio::spawn(async move {
        if let Err(error) = receive(&mut stream, &sender).await {
            let _ = sender.send(Err(format!("the server ended the backup: {error}"))).await;
        }
    });
    Ok(parts)
}

/// Passes parts on up to the last one, or to a failure that the server names.
async fn receive(stream: &mut UnixStream, parts: &PartSender) -> io::Result<()> {
    loop {
        let kind = stream.read_u8().await?;
        let size = stream.read_u32().await? as usize;
        if size > PART_SIZE_MAX {
            return Err(io::Error::other("it sends something else"));
        }
        let mut bytes = BytesMut::zeroed(size);
        stream.read_exact(&mut bytes).await?;
        let part = parsed(kind, bytes.freeze())?;
        let is_last = matches!(part, Err(_) | Ok(Part::End(_)));
        if parts.send(part).await.is_err() || is_last {
            return Ok(());
        }
    }
}

fn parsed(kind: u8, mut bytes: Bytes) -> io::Result<Result<Part, String>> {
    let odd = || io::Error::other("it sends something else");
    Ok(Ok(match kind {
        ORIGIN => Part::Origin(serde_json::from_slice(&bytes)?),
        BLOCK => {
            let kind = bytes.first().and_then(|number| Kind::of_number(*number)).ok_or_else(odd)?;
            Part::Block(kind, bytes.split_off(1))
        }
        END => Part::End(serde_json::from_slice(&bytes)?),
        FAILURE => return Ok(Err(String::from_utf8_lossy(&bytes).into_owned())),
        _ => return Err(odd()),
    }))
}
