//! A proxy between engine and server that breaks one connection at a chosen moment.
//!
//! It reads the client's messages (a type, a length, a body) and so knows when a transaction's second flight begins
//! and when its COMMIT comes. Replies pass as bytes. A fault is armed once, and strikes the next connection that comes
//! to its moment.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The client is cut off before the first flight is answered.
    CutFirstFlight,
    /// All but the COMMIT arrives; both sides are cut.
    CutBeforeCommit,
    /// All arrives, no reply comes back.
    CutAfterCommit,
    /// All arrives, and a few bytes of the replies come back.
    CutInReplies,
    /// The client is cut off; the whole second flight arrives a while later.
    LateFlight(Duration),
    /// The client is cut off; the COMMIT arrives a while later.
    LateCommit(Duration),
    /// The COMMIT arrives a while later; nothing is cut.
    SlowCommit(Duration),
    /// All but the COMMIT arrives; nothing is cut, and neither side gets any further data.
    BlackHole,
}

pub struct Proxy {
    pub port: u16,
    armed: Arc<Mutex<Option<Fault>>>,
}

impl Proxy {
    /// In front of the server at a port, for as long as the runtime lives.
    ///
    /// # Panics
    /// If there is no port for it.
    pub async fn start(server_port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a connection of ours");
        let port = listener.local_addr().expect("a connection of ours").port();
        let armed: Arc<Mutex<Option<Fault>>> = Arc::default();
        let all = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await else { continue };
                client.set_nodelay(true).expect("a connection of ours");
                server.set_nodelay(true).expect("a connection of ours");
                tokio::spawn(pass(client, server, Arc::clone(&all)));
            }
        });
        Proxy { port, armed }
    }

    /// Strikes once, instead of what was armed before.
    pub fn arm(&self, fault: Fault) {
        *held(&self.armed) = Some(fault);
    }

    #[must_use]
    pub fn has_struck(&self) -> bool {
        held(&self.armed).is_none()
    }
}

fn held(armed: &Mutex<Option<Fault>>) -> std::sync::MutexGuard<'_, Option<Fault>> {
    armed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Where a connection's transaction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Outside,
    FirstFlight,
    SecondFlight,
}

struct Message {
    bytes: Vec<u8>,
    kind: u8,
}

impl Message {
    fn says(&self, text: &[u8]) -> bool {
        self.kind == b'Q' && self.bytes[5..].starts_with(text)
    }
}

async fn read_message(from: &mut OwnedReadHalf, typed: bool) -> Option<Message> {
    let mut head = vec![0; if typed { 5 } else { 4 }];
    from.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().expect("a connection of ours")) as usize;
    let mut bytes = head.clone();
    bytes.resize(head.len() + length - 4, 0);
    from.read_exact(&mut bytes[head.len()..]).await.ok()?;
    Some(Message { kind: if typed { bytes[0] } else { 0 }, bytes })
}

async fn pass(client: TcpStream, server: TcpStream, armed: Arc<Mutex<Option<Fault>>>) {
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let replies = tokio::spawn(copy(from_server, to_client));
    let mut stage = Stage::Outside;
    let mut first = true;
    while let Some(message) = read_message(&mut from_client, !first).await {
        first = false;
        if message.says(b"BEGIN ISOLATION LEVEL READ COMMITTED") {
            stage = Stage::FirstFlight;
        } else if message.says(b"ROLLBACK") {
            stage = Stage::Outside;
        }
        let is_commit = message.says(b"COMMIT");
        let fault = { *held(&armed) };
        let strikes = match fault {
            None => false,
            Some(Fault::CutFirstFlight) => stage == Stage::FirstFlight,
            Some(Fault::LateFlight(_)) => stage == Stage::SecondFlight,
            Some(_) => stage == Stage::SecondFlight && is_commit,
        };
        if let (true, Some(fault)) = (strikes, fault) {
            *held(&armed) = None;
            if let Fault::SlowCommit(delay) = fault {
                tokio::time::sleep(delay).await;
            } else {
                return strike(fault, message, from_client, to_server, replies).await;
            }
        }
        if to_server.write_all(&message.bytes).await.is_err() {
            break;
        }
        if is_commit {
            stage = Stage::Outside;
        } else if stage == Stage::FirstFlight && message.kind == b'S' {
            // One key: one statement behind BEGIN.
            stage = Stage::SecondFlight;
        }
    }
    replies.abort();
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn strike(
    fault: Fault,
    message: Message,
    mut from_client: OwnedReadHalf,
    mut to_server: OwnedWriteHalf,
    replies: tokio::task::JoinHandle<()>,
) {
    match fault {
        Fault::CutFirstFlight | Fault::CutBeforeCommit => replies.abort(),
        Fault::CutAfterCommit | Fault::CutInReplies => {
            if fault == Fault::CutAfterCommit {
                replies.abort();
                // An aborted task may still run: what it still copies must not be the reply.
                let _ = replies.await;
                to_server.write_all(&message.bytes).await.expect("a connection of ours");
            } else {
                to_server.write_all(&message.bytes).await.expect("a connection of ours");
                // The first statement's reply is on its way back before the COMMIT is done.
                tokio::task::yield_now().await;
                replies.abort();
            }
            // The server must read it before it sees that the connection is closed.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Fault::LateFlight(delay) | Fault::LateCommit(delay) => {
            if matches!(fault, Fault::LateCommit(_)) {
                // What came before must hold its locks by the time that the client settles.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            replies.abort();
            let mut held = message.bytes;
            while !held.ends_with(b"COMMIT\0") {
                let Some(next) = read_message(&mut from_client, true).await else { break };
                held.extend(next.bytes);
            }
            drop(from_client);
            let _ = replies.await;
            tokio::time::sleep(delay).await;
            to_server.write_all(&held).await.expect("a connection of ours");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Fault::SlowCommit(_) => {}
        Fault::BlackHole => {
            let mut nothing = [0; 1024];
            while from_client.read(&mut nothing).await.is_ok_and(|count| count > 0) {}
            // The server does not notice the fault either.
            tokio::time::sleep(Duration::from_secs(20)).await;
            replies.abort();
        }
    }
}
