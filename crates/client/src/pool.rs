//! Connections of one caller to one server, kept between calls.
//!
//! A pool has one holder (an account's stream, a command of the program), whose reservations its connections have. There is no
//! pool that callers share, so that nothing of one is sent, or left behind, on a connection of another. A connection that is opened finds
//! its server anew. How many may be idle, and for how long, is bounded; and a connection is kept idle only while other
//! callers have room ([`Reservation::may_idle`]).

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::budget::{Holder, Reservation};
use crate::calls::reserve_call;
use crate::error::Trouble;
use crate::http::HttpConnection;
use crate::server::Server;

const IDLE_MAX: usize = 16;
/// How long a connection is kept that is not used; less than servers keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Pool {
    server: Server,
    holder: Holder,
    idle: Arc<Mutex<IdleConnections>>,
}

#[derive(Default)]
struct IdleConnections {
    /// In the order in which they were put back.
    connections: Vec<Idle>,
    /// A task closes those that have expired.
    is_swept: bool,
}

struct Idle {
    connection: PooledConnection,
    since: Instant,
}

/// A connection in use, with the reservation of its file handle.
pub(crate) struct PooledConnection {
    // Declared first: the socket is closed before the reservation is returned.
    pub(crate) http: HttpConnection,
    reservation: Reservation,
}

impl Pool {
    pub fn new(server: Server, holder: Holder) -> Pool {
        Pool { server, holder, idle: Arc::default() }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A connection that can take a request: the one used last, or a new one. The wait for a reservation is not bounded, the
    /// resolution of the server's name and the connecting are.
    pub(crate) async fn take(&self, timeout: Duration) -> Result<PooledConnection, Trouble> {
        while let Some(mut connection) = self.take_idle() {
            if connection.http.is_ready() {
                return Ok(connection);
            }
        }
        let reservation = reserve_call(&self.holder).await;
        let endpoint = self.server.find(timeout).await?;
        let opening = tokio::time::timeout(timeout, HttpConnection::open(&endpoint));
        let http = opening.await.unwrap_or(Err(Trouble::Timeout))?;
        Ok(PooledConnection { http, reservation })
    }

    fn take_idle(&self) -> Option<PooledConnection> {
        self.idle.lock().connections.pop().map(|idle| idle.connection)
    }

    /// Puts a connection back after a complete exchange, or closes it.
    pub(crate) fn put_back(&self, mut connection: PooledConnection) {
        if !connection.http.is_ready() || !connection.reservation.may_idle() {
            return;
        }
        let mut idle = self.idle.lock();
        if idle.connections.len() >= IDLE_MAX {
            return;
        }
        idle.connections.push(Idle { connection, since: Instant::now() });
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.idle)));
        }
    }
}

/// Closes connections that have expired, until none is idle or the pool is dropped.
async fn sweep(idle: Weak<Mutex<IdleConnections>>) {
    loop {
        tokio::time::sleep(IDLE_TIMEOUT / 2).await;
        let Some(idle) = idle.upgrade() else { return };
        let mut idle = idle.lock();
        let expired = idle.take_expired(Instant::now());
        idle.is_swept = !idle.connections.is_empty();
        let is_over = !idle.is_swept;
        drop(idle);
        // Without the lock: sockets are closed, and reservations returned to those that wait.
        drop(expired);
        if is_over {
            return;
        }
    }
}

impl IdleConnections {
    fn take_expired(&mut self, now: Instant) -> Vec<Idle> {
        let expired = self.connections.partition_point(|idle| now.duration_since(idle.since) >= IDLE_TIMEOUT);
        self.connections.drain(..expired).collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::answer::{Answer, ReplyBounds};
    use crate::aws_call::{AwsCall, Retries, Via, aws_call};
    use crate::backoff::Backoff;
    use crate::call::{Call, SignedFor};
    use crate::sigv4::{Credentials, Protocol};

    /// Reads a request with an empty body, and replies.
    async fn reply(socket: &mut TcpStream, reply: &str) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert!(socket.read_buf(&mut request).await.unwrap() > 0);
        }
        socket.write_all(reply.as_bytes()).await.unwrap();
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";

    async fn listening() -> (TcpListener, Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (listener, Server::parse(&url, None).unwrap())
    }

    async fn asked(via: Via<'_>, retries: Retries) -> Result<Answer, Trouble> {
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: None,
            region: "us-east-1".to_owned(),
        };
        let headers = Protocol::KINESIS.headers("Kinesis_20131202.PutRecords");
        let call = AwsCall {
            call: Call { method: "POST", target: "/", headers: &headers, body: Bytes::new() },
            signed_for: SignedFor { credentials: &credentials, service: Protocol::KINESIS.service },
            timeout: Duration::from_secs(600),
            reply: ReplyBounds::whole(1 << 10),
            retries,
        };
        aws_call(via, &call).await
    }

    fn idle(pool: &Pool) -> usize {
        pool.idle.lock().connections.len()
    }

    #[tokio::test]
    async fn a_connection_is_used_again_until_its_server_closes_it() {
        let (listener, server) = listening().await;
        let pool = Pool::new(server, Holder::new("pool", "a"));
        let serving = async {
            let (mut first, _) = listener.accept().await.unwrap();
            reply(&mut first, OK).await;
            reply(&mut first, BUSY).await;
            drop(first);
            let (mut second, _) = listener.accept().await.unwrap();
            reply(&mut second, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await;
        };
        let asking = async {
            assert_eq!(asked(Via::Pool(&pool), Retries::NONE).await.unwrap().success(), Ok(b"ok".to_vec()));
            let busy = asked(Via::Pool(&pool), Retries::NONE).await.unwrap();
            assert!(matches!(busy.success(), Err(Trouble::Refused { status: 503, .. })));
            assert_eq!(idle(&pool), 1);
            // Once the end of the connection has arrived, another one is opened.
            while pool.idle.lock().connections[0].connection.http.is_ready() {
                tokio::task::yield_now().await;
            }
            assert_eq!(asked(Via::Pool(&pool), Retries::NONE).await.unwrap().status, 200);
        };
        tokio::join!(serving, asking);
        assert_eq!(idle(&pool), 0, "the server has said that it closes");
    }

    #[tokio::test]
    async fn no_connection_is_kept_of_an_exchange_that_failed() {
        let (listener, server) = listening().await;
        let pool = Pool::new(server, Holder::new("pool", "b"));
        let too_long = format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}", "x".repeat(2000));
        let serving = async {
            for answer in [too_long.as_str(), "SSH-2.0\r\n\r\n"] {
                let (mut socket, _) = listener.accept().await.unwrap();
                reply(&mut socket, answer).await;
            }
        };
        let asking = async {
            for _ in 0..2 {
                assert_eq!(asked(Via::Pool(&pool), Retries::NONE).await, Err(Trouble::NotHttp));
                assert_eq!(idle(&pool), 0);
            }
        };
        tokio::join!(serving, asking);
    }

    #[tokio::test]
    async fn idle_connections_are_few_and_expire() {
        let (listener, server) = listening().await;
        let pool = Pool::new(server, Holder::new("pool", "c"));
        let mut accepted = Vec::new();
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.push(pool.take(Duration::from_secs(600)).await.unwrap());
            accepted.push(listener.accept().await.unwrap().0);
        }
        taken.into_iter().for_each(|connection| pool.put_back(connection));
        assert_eq!(idle(&pool), 4);
        let now = Instant::now();
        let mut idle = pool.idle.lock();
        assert_eq!(idle.take_expired(now).len(), 0);
        idle.connections[0].since = now - IDLE_TIMEOUT;
        assert_eq!(idle.take_expired(now).len(), 1);
        drop(idle);
    }

    #[tokio::test]
    async fn no_more_are_idle_than_a_pool_may_have() {
        let (listener, server) = listening().await;
        let pool = Pool::new(server, Holder::new("pool", "e"));
        let mut accepted = Vec::new();
        // As many as fit beside each other into the calls of this process.
        let mut taken = Vec::new();
        for _ in 0..IDLE_MAX + 2 {
            taken.push(pool.take(Duration::from_secs(600)).await.unwrap());
            accepted.push(listener.accept().await.unwrap().0);
        }
        taken.into_iter().for_each(|connection| pool.put_back(connection));
        assert!((1..=IDLE_MAX).contains(&idle(&pool)));
    }

    /// What may pass is attempted again, so often and no more; each attempt has its own reservation.
    #[tokio::test]
    async fn attempts_are_bounded() {
        let (listener, server) = listening().await;
        let holder = Holder::new("pool", "d");
        let refused = "HTTP/1.1 400 No\r\ncontent-length: 32\r\n\r\n{\"__type\":\"a#NotFoundException\"}";
        let broken = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
        for (replies, status) in
            [(&[BUSY, broken, OK][..], 200), (&[BUSY, BUSY, BUSY], 503), (&[refused], 400), (&[BUSY, refused], 400)]
        {
            let serving = async {
                for answer in replies {
                    let (mut socket, _) = listener.accept().await.unwrap();
                    reply(&mut socket, answer).await;
                }
            };
            let retries = Retries::new(2, Backoff::new(1, 1));
            let (_, answer) = tokio::join!(serving, asked(Via::Reserving(&server, &holder), retries));
            assert_eq!(answer.unwrap().status, status, "{replies:?}");
        }
    }
}
