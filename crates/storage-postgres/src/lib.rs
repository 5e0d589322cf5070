//! The engine over PostgreSQL's protocol: `stator serve --storage postgres://…`.
//!
//! A database that is already replicated stores the rows; a node stores none and may crash at any time. All rows are in
//! one table ([`place`] maps a key to its columns), counters in a second one ([`tallies`]).
//!
//! A point read is one statement. A write is two flights: lock and read, then write and commit ([`transact`]). Whatever
//! is not known after a lost connection is read from the database and never guessed. Records of logs are left in the
//! write's own transaction ([`outbox`]) and get their positions in a later one ([`sequencer`]).
//!
//! The statements use only what all servers of the family support: no LISTEN, no advisory locks, no sequences, no
//! triggers, no stored functions, no temporary tables.

mod backup;
mod bare;
mod check;
mod clock;
mod connection;
mod destroy;
mod dialect;
mod error;
mod latches;
mod options;
mod outbox;
mod place;
mod pool;
mod replicas;
mod schema;
mod sequencer;
mod sweep;
mod tallies;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod transact;
mod turns;
mod view;

use std::sync::Arc;

use bytes::Bytes;
use storage::{BoxFuture, Consistency, Decision, Engine, Family, Key, StorageError, Transaction, TxError, View};

pub use backup::{BackupSnapshot, PENDING_KEY_SIZE, Restore};
pub use bare::{Bare, BareConnection};
pub use check::{Finding, Report, check};
pub use error::OpenError;
pub use options::{Encryption, HEARTBEAT_CONNECTIONS_MAX, Options, Patience};
pub use replicas::{ReplicaOptions, ReplicaStats};
pub use schema::FORMAT;

use clock::Versions;
use latches::Latches;
use pool::Pool;
use replicas::Replicas;
use sequencer::Sequencer;
use sweep::Sweeper;

pub struct Postgres {
    pool: Arc<Pool>,
    replicas: Option<Arc<Replicas>>,
    patience: Patience,
    latches: Latches,
    sweeper: Arc<Sweeper>,
    sequencer: Arc<Sequencer>,
    versions: Versions,
}

/// What the engine says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PostgresStats {
    /// Connections to the primary that a request has now.
    pub connections_used: usize,
    pub connections_max: usize,
    /// If there are replicas.
    pub replicas: Option<ReplicaStats>,
}

impl Postgres {
    /// Connects, makes the tables if there are none, and refuses what a newer or an older program has made.
    ///
    /// # Errors
    /// [`OpenError`], with what to do about it.
    pub async fn open(options: Options) -> Result<Arc<Postgres>, OpenError> {
        Postgres::open_with(options, None).await
    }

    /// The same, with replicas for reads that need not see the newest writes. They may as well come later.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub async fn open_with(options: Options, replicas: Option<ReplicaOptions>) -> Result<Arc<Postgres>, OpenError> {
        schema::prepare(&options).await?;
        Ok(Postgres::over(options, replicas))
    }

    /// Connects to look at tables that are there, of this program's format or of one before, and changes nothing.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub async fn visit(options: Options) -> Result<Arc<Postgres>, OpenError> {
        schema::visit(&options).await?;
        Ok(Postgres::over(options, None))
    }

    /// Upgrades tables of an older format to this program's; irreversible. No program that does not know that format
    /// may be using them.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub async fn update(options: &Options) -> Result<(), OpenError> {
        schema::update(options).await
    }

    fn over(options: Options, replicas: Option<ReplicaOptions>) -> Arc<Postgres> {
        let patience = options.patience;
        let replicas = replicas.map(|replicas| Replicas::start(options.clone(), replicas));
        let pool = Pool::new(options);
        let sequencer = Sequencer::start(&pool);
        let sweeper = Sweeper::start(&pool, &sequencer);
        let (latches, versions) = (Latches::new(), Versions::default());
        Arc::new(Postgres { pool, replicas, patience, latches, sweeper, sequencer, versions })
    }

    /// A snapshot of all rows, those that no view shows included.
    ///
    /// # Errors
    /// Once the engine is closed.
    pub fn backup_snapshot(&self) -> Result<BackupSnapshot, StorageError> {
        view::Snapshot::new(&self.pool, None).map(BackupSnapshot::of)
    }

    fn replicas_for(&self, consistency: Consistency) -> Option<&Arc<Replicas>> {
        self.replicas.as_ref().filter(|_| consistency == Consistency::Eventual)
    }

    #[must_use]
    pub fn stats(&self) -> PostgresStats {
        let [connections_used, connections_max] = self.pool.use_now();
        PostgresStats { connections_used, connections_max, replicas: self.replicas.as_deref().map(Replicas::stats) }
    }
}

impl Engine for Postgres {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        match self.replicas_for(consistency) {
            None => Box::pin(view::get(&self.pool, key)),
            Some(replicas) => Box::pin(view::get_eventual(&self.pool, replicas, key)),
        }
    }

    fn view(&self, consistency: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        let view = view::Snapshot::new(&self.pool, self.replicas_for(consistency));
        Box::pin(std::future::ready(view.map(|view| Box::new(view) as Box<dyn View>)))
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        Box::pin(self.write(transaction))
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(self.sequencer.sequence(&self.pool, log))
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(destroy::destroy(&self.pool, family, prefix))
    }

    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(schema::verify(&self.pool))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async {
            if let Some(replicas) = &self.replicas {
                replicas.close().await;
            }
            self.pool.close().await;
            Ok(())
        })
    }
}
