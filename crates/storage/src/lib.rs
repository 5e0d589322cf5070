//! The narrow waist: what Stator asks of a storage engine.
//!
//! An engine keeps ordered rows of bytes in a few families, commits batches atomically and durably, and knows nothing
//! of items, indexes or expressions. DynamoDB knows the keys that it will touch before it starts, so a write is one
//! call with a synchronous decision, never an open transaction.
//!
//! The trait is dyn-safe, so that everything above is compiled once and not once an engine; the price is one small
//! allocation a call (the reason is in `docs/decisions`).

mod batch;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod embedded;
mod error;
#[cfg(any(test, feature = "test-util"))]
pub mod faulty;
mod key;
mod layer;
pub mod log;
mod memory;
mod scan;
pub mod tally;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

pub use batch::{Append, Batch, Decision, Reads, Rewrite, TALLY_WIDTH, Tally};
pub use embedded::{
    DiskSpace, DiskState, Embedded, EmbeddedOptions, EmbeddedStats, FamilyStats, Keys, OpenError, RowCacheStats,
    StoreStats,
};
pub use error::{StorageError, TxError};
pub use key::{DamagedRow, Family, Key, KeyUse, OpId, Row, ScanDirection, ScanPage, ScanRange, prefix_end};
pub use layer::Layer;
pub use memory::{Memory, MemoryStats, Room};
pub use scan::Pages;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a write meets another one that is not yet durable on one of its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Waits its turn behind plain writes; refused with [`TxError::Conflict`] by a transaction in flight on its key.
    Plain,
    /// Refused with [`TxError::Conflict`] by another transaction in flight on any of its keys.
    Transaction,
}

/// What `decide` is: a pure function of what was read. It may run more than once; the last run counts. A run on keys
/// that were not all read at one moment does not: an engine that cannot lock absent keys finds out afterwards.
pub type Decide<'a> = dyn FnMut(&Reads, &mut Batch) -> Decision + Send + 'a;

/// Which state a read may see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consistency {
    /// All writes that were acknowledged before.
    Strong,
    /// Perhaps none of the last seconds: an engine with replicas asks them.
    Eventual,
}

/// A write, from the keys that it reads to its batch.
pub struct Transaction<'a> {
    /// Names this write, and no other.
    pub op: OpId,
    pub mode: Mode,
    /// The first one is the witness from which an unknown outcome is resolved.
    pub keys: &'a [KeyUse],
    pub decide: &'a mut Decide<'a>,
}

/// Ordered rows of bytes in a few families. What follows is all that code above an engine may rely on; the tests of
/// `contract` run it against every engine, and a layer around an engine owes it as well ([`Layer`]).
///
/// - *Writes.* A batch is committed whole or not at all. [`Engine::transact`] returns once the batch is durable; from then on every strong
///   read shows it, in this process and in others that share the rows. A batch that is refused leaves nothing.
/// - *Isolation.* Transactions of which one writes a key of the other are decided one after the other, each on what the one
///   before it leaves. [`Mode`] says whether it waits for the other or is refused. A row among no keys is written without being read: its
///   writers must share a key, of which it is a function.
/// - *In doubt.* A batch may have been committed after [`TxError::Unknown`], after a [`StorageError`] of a disk or connection that
///   fails, and if the future is dropped. After any other error nothing was written.
/// - *Order.* Commits become visible in their order: a view shows a commit only with all that came before it.
/// - *Rewrites* ([`Rewrite`]) are made where nothing has changed, and are no change. *Counters* ([`Tally`]) are added up, and *records*
///   ([`Append`]) numbered, without being among the keys.
/// - *Reads* show only what is durable. Pages of a scan are bounded, and have their damaged rows beside the others
///   ([`View::scan_page`]).
pub trait Engine: Send + Sync + 'static {
    /// The durable value of one key.
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>>;

    /// A snapshot of what is durable, consistent in itself: with [`Consistency::Strong`] of one moment between this call and
    /// the view's first read.
    fn view(&self, consistency: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>>;

    /// Reads the keys, lets `decide` turn them into a batch or a refusal, commits all of it or nothing, and returns
    /// once it is durable and visible. Rows that are written and are not among the keys must be functions of rows
    /// that are (an index row is a function of its item). Rows of [`Family::Items`] are always among the keys: readers may
    /// keep them in a cache.
    ///
    /// Nothing is promised of writes that are under way at once and share no key: one that writes a row unread may be committed before
    /// or behind any other. What puts a row into another form without its writers is a [`Rewrite`].
    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>>;

    /// Assigns positions to all records of a log that were committed before this call: a view that is asked for
    /// afterwards shows them. An engine that does so at the commit has nothing to do here; another one may show a
    /// batch's rows before its records.
    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Deletes every row of the family with a key that starts with `prefix`, in bounded steps. Not atomic: the caller
    /// has made sure that no operation reads or writes them any more. Safe to repeat.
    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Whether rows still have the format of this program: where servers share them, one of a newer version may have
    /// changed it. After an error here nothing must be written any more.
    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The room that rows may take, of an engine that has a limit.
    fn room(&self) -> Option<&Room> {
        None
    }

    /// Waits for queued writes, then releases the files. Later calls fail with [`StorageError::Closed`]; closing again
    /// does nothing.
    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>>;
}

impl dyn Engine {
    /// As [`Engine::transact`], by a decision that has a result: `Ok` commits its batch, `Err` refuses and leaves nothing.
    ///
    /// # Errors
    /// The engine's, if nothing was decided or its outcome is not known; and if the batch breaks an invariant of batches.
    pub async fn write<T: Send, R: Send>(
        &self,
        mode: Mode,
        keys: &[KeyUse],
        mut decide: impl FnMut(&Reads, &mut Batch) -> Result<T, R> + Send,
    ) -> Result<Result<T, R>, TxError> {
        let (mut decided, mut broken) = (None, None);
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            let result = decide(reads, batch);
            // Before the engine sees it, in release as well: a batch that breaks an invariant would be acknowledged, and what it
            // damages be found much later.
            broken = result.is_ok().then(|| batch.broken_invariant(keys)).flatten();
            let decision = if result.is_ok() && broken.is_none() { Decision::Commit } else { Decision::Refuse };
            decided = Some(result);
            decision
        };
        let decision = self.transact(Transaction { op: OpId::random(), mode, keys, decide: &mut decide }).await?;
        if let Some(broken) = broken {
            return Err(StorageError::Unavailable(format!("a write was refused before its commit: {broken}")).into());
        }
        // The last run of a decision counts, and an engine that answers has run it.
        let decided = decided.filter(|result| result.is_ok() == (decision == Decision::Commit));
        decided.ok_or_else(|| StorageError::Corrupt("the engine's answer is not the decision's".to_owned()).into())
    }
}

/// A snapshot. Holding one keeps old versions alive: keep it for a page, not for a walk.
pub trait View: Send + Sync {
    /// Values in the order of `keys`.
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>>;

    /// Up to `rows_max` rows and about `bytes_max` bytes of them (at least one row), in the asked direction. A single row that
    /// cannot be read is in [`ScanPage::damaged`] and does not fail the page; the last row of a page with `more` has a known
    /// key, so that a reader can continue behind it. A reader that needs every row calls `scan`,
    /// and one that reads more than a page has [`Pages`].
    ///
    /// # Errors
    /// The engine's failure. [`StorageError::Corrupt`] if more than a row is damaged where the page would begin.
    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>>;
}
