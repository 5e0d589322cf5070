//! Connections of one caller to one server, reused between calls.
//!
//! A pool has one holder (an account's stream, a command of the program), and its connections have that holder's
//! reservations. There is no pool that callers share, so that no data of one caller are sent, or left behind, on a
//! connection of another. A connection that is opened finds its server anew. How many may be idle, and for how long, is
//! bounded; and a connection stays idle only while other callers have room ([`Reservation::may_idle`]).

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
/// How long an idle connection stays open; less than the idle timeout of servers.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Pool {
    server: Server,
    holder: Holder,
    idle_max: usize,
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
        Pool { server, holder, idle_max: IDLE_MAX, idle: Arc::default() }
    }

    /// With so many idle connections at most.
    #[must_use]
    pub fn with_idle(self, idle_max: usize) -> Pool {
        Pool { idle_max, ..self }
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
        // Counted, added and swept under one lock: connections that come back at once do not exceed the maximum, and one sweep runs.
        let mut idle = self.idle.lock();
        if idle.connections.len() >= self.idle_max {
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
impl Pool {
    /// Of each idle connection, whether it can take a request.
    pub(crate) fn idle_ready(&self) -> Vec<bool> {
        self.idle.lock().connections.iter_mut().map(|idle| idle.connection.http.is_ready()).collect()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn listening() -> (TcpListener, Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (listener, Server::parse(&url, None).unwrap())
    }

    #[tokio::test]
    async fn idle_connections_expire() {
        let (listener, server) = listening().await;
        let pool = Pool::new(server, Holder::new("pool-c", "a"));
        let mut accepted = Vec::new();
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.push(pool.take(Duration::from_secs(600)).await.unwrap());
            accepted.push(listener.accept().await.unwrap().0);
        }
        taken.into_iter().for_each(|connection| pool.put_back(connection));
        assert_eq!(pool.idle_ready().len(), 4);
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
        let pool = Pool { idle_max: 2, ..Pool::new(server, Holder::new("pool-e", "a")) };
        let (mut accepted, mut taken) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            taken.push(pool.take(Duration::from_secs(600)).await.unwrap());
            accepted.push(listener.accept().await.unwrap().0);
        }
        taken.into_iter().for_each(|connection| pool.put_back(connection));
        assert_eq!(pool.idle_ready().len(), 2);
    }
}
