//! The pool of connections: a bounded number, opened when none is idle, and closed when their state is in doubt.
//!
//! Sixty lines of our own rather than a crate: statements are prepared when a connection is made, and what a session
//! was left in decides whether it can be used again.

use std::sync::Arc;

use jobs::Jobs;
use parking_lot::Mutex;
use storage::StorageError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::connection::{Ask, Connection, Failure, Reply};
use crate::error::Trouble;
use crate::options::{Options, Patience};

pub(crate) struct Pool {
    options: Options,
    /// The last one used is used first, so that an idle night lets the others rest.
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// What a session was left in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Left {
    /// No transaction.
    Idle,
    /// A transaction that can still be rolled back.
    Open,
    /// Statements without their replies: only breaking off is safe.
    Unsure,
}

/// A connection that is in use.
pub(crate) struct Session {
    connection: Option<Connection>,
    left: Left,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(options: Options) -> Arc<Pool> {
        let permits = Arc::new(Semaphore::new(options.connections_max));
        Arc::new(Pool { options, idle: Mutex::default(), permits })
    }

    /// # Errors
    /// Once the engine is closed.
    pub(crate) fn check_open(&self) -> Result<(), StorageError> {
        if self.permits.is_closed() { Err(StorageError::Closed) } else { Ok(()) }
    }

    pub(crate) fn jobs(&self) -> &Jobs {
        &self.options.jobs
    }

    /// How many connections are in use, and how many there may be.
    pub(crate) fn use_now(&self) -> [usize; 2] {
        let max = self.options.connections_max;
        [max.saturating_sub(self.permits.available_permits()), max]
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.options.patience
    }

    pub(crate) async fn take(self: &Arc<Pool>) -> Result<Session, Trouble> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = timeout(self.options.patience.pool, waiting)
            .await
            .map_err(|_| Trouble::Busy("all connections to the server are in use".to_owned()))?
            .map_err(|_| Trouble::Closed)?;
        let connection = match self.idle_one() {
            Some(connection) => connection,
            None => Connection::open(&self.options).await?,
        };
        Ok(Session { connection: Some(connection), left: Left::Idle, pool: Arc::clone(self), _permit: permit })
    }

    fn idle_one(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        std::iter::from_fn(|| idle.pop()).find(|connection| !connection.is_closed())
    }

    /// One connection was found broken: those that have been idle since before are likely so, too.
    pub(crate) fn forget_idle(&self) {
        self.idle.lock().clear();
    }

    /// Waits for a bounded time for connections in use, then hands out none any more.
    pub(crate) async fn close(&self) {
        if let Ok(all) = u32::try_from(self.options.connections_max) {
            // A session still in use after that fails as if the server were lost.
            let _ = timeout(self.options.patience.flight, self.permits.acquire_many(all)).await;
        }
        self.permits.close();
        self.forget_idle();
    }
}

impl Session {
    /// Sends the statements and sets the session's state to `leaves`, unless the connection is lost and its state
    /// unknown.
    pub(crate) async fn fly(&mut self, asks: &[Ask], leaves: Left) -> Result<Vec<Reply>, Failure> {
        let Some(connection) = &self.connection else {
            return Err(Failure { at: 0, trouble: Trouble::Lost("the connection is gone".to_owned()) });
        };
        // Set before the flight: a caller that is dropped in it leaves a connection that is not used again.
        self.left = Left::Unsure;
        let replies = connection.fly(asks, &self.pool.options.patience).await;
        if !matches!(&replies, Err(Failure { trouble: Trouble::Lost(_), .. })) {
            self.left = leaves;
        }
        replies
    }

    pub(crate) fn warnings(&self) -> u64 {
        self.connection.as_ref().map_or(0, Connection::warnings)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        match self.left {
            Left::Idle => {}
            Left::Open => connection.roll_back_soon(),
            Left::Unsure => return connection.abandon(),
        }
        if self.pool.check_open().is_ok() {
            self.pool.idle.lock().push(connection);
        }
    }
}
