//! Consumers of tables' logs: reading shards from stored positions.
//!
//! A consumer has a name, and for each shard a row with the position of the next record. It reads the shards that are ready: a
//! child once all of its parent's records are done, several open ones side by side. A checkpoint is written only after
//! the records before it were taken, so that every change is delivered at least once, and an item's changes in their
//! order. Of several nodes one has the consumer's lease; each checkpoint is written under the row of the lease.
//!
//! One reader reads all logs (`Service::poll`); what a stream shows is a mapping over it (`Service::poll_changes`).
//!
//! A table's definition says how long records are retained for which consumers (`tables::log_consumer`, `log_work::retention`).
//! Records that were trimmed before they could be read are counted and reported.

mod consumers;
mod initialize;
mod position;
mod read;
mod ready;
#[cfg(test)]
mod tests;

use std::fmt;

use api::Exception;
pub use change_log::{Author, LogRecord};
use cluster::catalog::Interrupted;
use cluster::nodes::owner::Ownership;
use storage::{StorageError, TxError};

use crate::service::Service;
pub(crate) use consumers::Passed;
pub use tables::{ConsumerNeeds, ConsumerState, LogConsumer, Retention, Start};

/// A reader of a table's log, or of one of its streams.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Consumer {
    pub table_id: u64,
    /// Never used twice in one table, or a new consumer would resume where an old one ended. Without the byte 0.
    pub name: String,
    pub of: Followed,
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the consumer {} of table {}", self.name, self.table_id)
    }
}

/// What a consumer reads.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Followed {
    /// All changes, with both images.
    Table,
    /// The records of a stream, for as long as it can be read.
    Stream { label: String },
}

/// The bounds of one poll. A single record may exceed `bytes_max`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    pub records_max: usize,
    pub bytes_max: usize,
}

/// A place in a shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    pub shard: u32,
    /// The first shard of its log, by which the log is named.
    log: u32,
    /// The position of the next record.
    next: u64,
}

/// A change, as a stream with its view type shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    pub record: api::Record,
    /// When it was made; the record has it in whole seconds.
    pub created_ms: u64,
    /// A hash of the item's key: the same for all changes of an item.
    pub item: [u8; 16],
}

/// Consecutive changes of one shard, in the form of [`Service::poll`] or of [`Service::poll_changes`].
#[derive(Clone, PartialEq, Debug)]
pub struct Batch<T = Change> {
    pub changes: Vec<T>,
    /// By place, the positions of the changes.
    positions: Vec<u64>,
    /// Records that were trimmed before they could be read.
    pub lost: u64,
    /// Whether the shard has ended and these are its last ones.
    pub ended: bool,
    end: Cursor,
}

impl<T> Batch<T> {
    /// The position behind the first `taken` changes.
    pub fn cursor_after(&self, taken: usize) -> Cursor {
        match self.positions.get(taken) {
            Some(next) => Cursor { next: *next, ..self.end },
            None => self.end,
        }
    }

    /// Of a shard that was trimmed away: how many records it had is not known.
    fn of_gone_shard(cursor: Cursor) -> Batch<T> {
        Batch { changes: Vec::new(), positions: Vec::new(), lost: 1, ended: true, end: cursor }
    }

    /// Those of the changes that have another form, in it.
    fn filter_map<U>(self, change: impl Fn(T) -> Option<U>) -> Batch<U> {
        let Batch { changes, positions, lost, ended, end } = self;
        let shown = changes.into_iter().zip(positions).filter_map(|(it, position)| Some((change(it)?, position)));
        let (changes, positions) = shown.unzip();
        Batch { changes, positions, lost, ended, end }
    }
}

/// Shards that can be read now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ready {
    pub cursors: Vec<Cursor>,
    /// Whether no more records can follow: the stream was disabled, and all of it was read.
    pub finished: bool,
}

/// The right to read as a consumer, until another node takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsumerLease(Ownership);

/// Why a step of a consumer was not made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FollowError {
    /// The table, the stream or the consumer does not exist any more.
    Gone,
    /// Another node has the lease.
    LeaseLost,
    /// The server is stopping.
    Stopping,
    /// A failure; a retry may succeed. The text is for the operator.
    Failed(String),
    /// The next record of a shard cannot be read; the text is for the operator. The shard's reader waits until the record is
    /// trimmed; other shards are not delayed.
    Damaged(String),
}

impl fmt::Display for FollowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FollowError::Gone => "there is nothing to follow any more",
            FollowError::LeaseLost => "another node follows now",
            FollowError::Stopping => "the server is stopping",
            FollowError::Failed(text) | FollowError::Damaged(text) => text,
        })
    }
}

impl From<StorageError> for FollowError {
    fn from(error: StorageError) -> FollowError {
        Interrupted::from(error).into()
    }
}

impl From<Exception> for FollowError {
    fn from(error: Exception) -> FollowError {
        Interrupted::from(error).into()
    }
}

/// For operations that read logs.
impl From<FollowError> for Exception {
    fn from(error: FollowError) -> Exception {
        Exception::internal(error.to_string())
    }
}

impl From<TxError> for FollowError {
    fn from(error: TxError) -> FollowError {
        match error {
            TxError::Storage(error) => error.into(),
            error => FollowError::Failed(format!("a consumer's position could not be written: {error}")),
        }
    }
}

impl From<Interrupted> for FollowError {
    fn from(error: Interrupted) -> FollowError {
        match error {
            Interrupted::Stopping => FollowError::Stopping,
            Interrupted::Failed(text) | Interrupted::Lost(text) => FollowError::Failed(text),
        }
    }
}

impl Service {
    /// Takes the lease of a consumer; none while a live node has it.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn acquire_lease(&self, consumer: &Consumer) -> Result<Option<ConsumerLease>, FollowError> {
        let ownership = self.own_key(position::owner(consumer)).await?;
        Ok((ownership != Ownership::Others).then_some(ConsumerLease(ownership)))
    }
}
