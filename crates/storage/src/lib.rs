//! The narrow waist: what Stator asks of a storage engine.
//!
//! An engine keeps ordered rows of bytes in a few families, commits batches atomically and durably, and knows nothing
//! of items, indexes or expressions. DynamoDB knows the keys that it will touch before it starts, so a write is one
//! call with a synchronous decision, never an open transaction.
//!
//! The trait is dyn-safe, so that everything above is compiled once and not once an engine; the price is one small
//! allocation a call (`docs/decisions` tells why).

mod batch;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod embedded;
mod error;
mod key;
mod layer;
pub mod log;
mod memory;
pub mod tally;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use tokio::sync::watch;

pub use batch::{Append, Batch, Decision, Reads, TALLY_WIDTH, Tally};
pub use embedded::{
    DiskSpace, DiskState, Embedded, EmbeddedOptions, EmbeddedStats, FamilyStats, Keys, OpenError, RowCacheStats,
    StoreStats,
};
pub use error::{StorageError, TxError};
pub use key::{Family, Key, KeyUse, OpId, Row, ScanDirection, ScanPage, ScanRange, prefix_end};
pub use layer::Layer;
pub use memory::{Memory, MemoryStats};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a write meets another one that is not yet durable on one of its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Waits its turn behind plain writes; refused with [`TxError::Conflict`] by a transaction in flight on its key.
    Plain,
    /// Refused with [`TxError::Conflict`] by another transaction in flight on any of its keys.
    Transaction,
}

/// What `decide` is: a pure function of what was read. It may run more than once; the last run counts. A run whose keys
/// were not all read at one moment does not: an engine that cannot lock what is absent finds out afterwards.
pub type Decide<'a> = dyn FnMut(&Reads, &mut Batch) -> Decision + Send + 'a;

pub trait Engine: Send + Sync + 'static {
    /// The newest durable value of one key.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>>;

    /// A consistent snapshot of everything that is durable at one moment between this call and the view's first read.
    fn view(&self) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>>;

    /// As [`Engine::get`], for readers who may miss the writes of the last seconds: an engine with replicas asks them.
    fn get_eventual<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>>;

    /// As [`Engine::view`], for such readers: consistent in itself, and perhaps of a moment some seconds ago.
    fn view_eventual(&self) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>>;

    /// Reads `keys`, lets `decide` turn them into a batch or a refusal, commits all of it or nothing, and returns
    /// once it is durable and visible. Rows that are written without standing in `keys` must be functions of rows
    /// that do (an index row is a function of its item). Rows of [`Family::Items`] always stand in `keys`: readers may
    /// keep them in a cache.
    ///
    /// Either a decision is handed over in the poll in which it is made, and batches are committed in the order in which they
    /// are handed over; or a row that a write reads is locked against all who write it. (Who rewrites rows that do not stand
    /// in others' `keys` rests on it.)
    ///
    /// `op` names this write for ever; `keys[0]` is the witness from which an unknown outcome is resolved.
    fn transact<'a>(
        &'a self,
        op: OpId,
        mode: Mode,
        keys: &'a [KeyUse],
        decide: &'a mut Decide<'a>,
    ) -> BoxFuture<'a, Result<Decision, TxError>>;

    /// Gives their positions to all records of a log whose batches were committed before this call: a view that is
    /// asked for afterwards shows them. An engine that does so at the commit has nothing to do here; another one may show
    /// a batch's rows before its records.
    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Deletes every row of the family whose key starts with `prefix`, in bounded steps. Not atomic: the caller has
    /// made sure that nobody reads or writes them any more. Safe to repeat.
    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Whether rows are still kept as this program keeps them: where servers share them, one of a newer version may have
    /// changed that. What fails here must not be written to any more.
    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What the layers above hold in memory of the stored rows, decoded, from now on. An engine in memory counts it
    /// against its limit. Unit: bytes.
    fn count_decoded(&self, _bytes: usize) {}

    /// Whether rows take most of the room that the engine may take, as it changes: what may go early should then go. None if
    /// that never happens.
    fn shortage(&self) -> Option<watch::Receiver<bool>> {
        None
    }

    /// Waits for queued writes, then releases the files. Later calls fail with [`StorageError::Closed`]; closing again
    /// does nothing.
    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>>;
}

/// A snapshot. Holding one keeps old versions alive: keep it for a page, not for a walk.
pub trait View: Send + Sync {
    /// Values in the order of `keys`.
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>>;

    /// Up to `rows_max` rows and about `bytes_max` bytes of them (at least one row), in the asked direction.
    fn scan<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>>;
}
