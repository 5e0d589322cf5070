//! The target of the requests: a server over HTTP, DAX with its own protocol, or a database that executes the equivalent statements.

use std::sync::Arc;
use std::time::Duration;

use api::Operation;
use bytes::Bytes;
use client::Connection;

use crate::database::{Database, Session, Work};
use crate::dax::DaxConnection;
use crate::trouble::Trouble;

pub(crate) enum Peer {
    Server(Box<Connection>),
    Dax(Box<DaxConnection>),
    Database(Direct),
}

impl Peer {
    /// Opens the connection before it is needed, so that no request's time contains it.
    pub(crate) async fn open(&mut self) -> Result<(), Trouble> {
        match self {
            Peer::Server(connection) => Ok(connection.open().await?),
            Peer::Dax(connection) => connection.open().await,
            Peer::Database(direct) => direct.open().await,
        }
    }

    /// Makes ready what `exchange` will send, outside of the time that counts.
    pub(crate) fn prepare(&mut self, operation: Operation, body: &[u8]) {
        match self {
            Peer::Server(connection) => connection.prepare(operation, body),
            Peer::Dax(connection) => connection.prepare(operation, body),
            Peer::Database(direct) => direct.work = Work::of(operation, body),
        }
    }

    /// The reply; of a database, the value that it has read.
    pub(crate) async fn exchange(&mut self) -> Result<&[u8], Trouble> {
        match self {
            Peer::Server(connection) => Ok(connection.exchange().await?),
            Peer::Dax(connection) => connection.exchange().await,
            Peer::Database(direct) => direct.exchange().await,
        }
    }
}

/// A connection to a database.
pub(crate) struct Direct {
    database: Arc<dyn Database>,
    timeout: Duration,
    session: Option<Box<dyn Session>>,
    work: Option<Work>,
    reply: Bytes,
}

impl Direct {
    pub(crate) fn new(database: &Arc<dyn Database>, timeout: Duration) -> Direct {
        Direct { database: Arc::clone(database), timeout, session: None, work: None, reply: Bytes::new() }
    }

    async fn open(&mut self) -> Result<(), Trouble> {
        if self.session.is_none() {
            let opening = tokio::time::timeout(self.timeout, self.database.open());
            self.session = Some(opening.await.map_err(|_| Trouble::TIMEOUT)?.map_err(Trouble::Database)?);
        }
        Ok(())
    }

    async fn exchange(&mut self) -> Result<&[u8], Trouble> {
        self.open().await?;
        let Some(work) = &self.work else { return Err(Trouble::Unexpected("no work for a database")) };
        // Put back only on success: after an error a statement may still be under way on it.
        let Some(mut session) = self.session.take() else { return Err(Trouble::Unexpected("no session")) };
        let performed = tokio::time::timeout(self.timeout, session.perform(work)).await;
        self.reply = performed.map_err(|_| Trouble::TIMEOUT)?.map_err(Trouble::Database)?;
        self.session = Some(session);
        Ok(&self.reply)
    }
}
