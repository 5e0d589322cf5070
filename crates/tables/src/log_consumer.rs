//! Consumers of a table's log: what reads it, and how long records are retained for it.
//!
//! Streams and Kinesis destinations have settings of their own in the definition and are derived from them, so that definitions
//! of older programs retain their meaning. Consumers of other kinds are stored in the definition as they are here. An event
//! source mapping reads a stream, is bounded by that stream's retention, and is no consumer of its own.

use model::limits::STREAM_RETENTION_MS;
use serde::{Deserialize, Serialize};

use super::backup::RESTORE_CONSUMER;
use super::definition::{
    Definition, DestinationStatus, KinesisDestination, PointInTimeRecovery, Stream, StreamView, Unknown,
};

/// The longest name of a stored consumer. Unit: bytes.
const NAME_SIZE_MAX: usize = 128;

/// Prefixes of the names of other consumers: streams, Kinesis destinations, event source mappings, archives and replicas.
const OTHERS_NAMES: [&str; 5] = ["stream-", "kinesis-", "mapping-", ARCHIVE_CONSUMER, "replica-"];
/// What the consumer of point-in-time recovery begins with.
const ARCHIVE_CONSUMER: &str = "recovery-";
/// How long records are retained for an archive that cannot be written. After it the oldest ones are lost to it.
const ARCHIVE_RETENTION_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// A reader of all of a table's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogConsumer {
    /// Never used twice in one table. Its positions are stored under it.
    pub name: String,
    /// Its start position.
    pub from: Start,
    pub needs: ConsumerNeeds,
    pub retention: Retention,
    pub state: ConsumerState,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// The start position of a consumer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Start {
    TrimHorizon,
    Latest,
    /// At the first change that was made then or later.
    At {
        epoch_ms: u64,
    },
}

/// The parts of a record that a consumer reads. Today records have images for all consumers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ConsumerNeeds {
    Keys,
    Images,
    /// Images with stamps. Programs that do not know stamps cannot read a definition with it.
    Stamps,
}

/// How long records are retained for a consumer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Retention {
    /// For this age, whether or not they were read.
    Age { ms: u64 },
    /// Until the consumer's stored position is behind them, but no longer than `max_ms`.
    Position { max_ms: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ConsumerState {
    /// The log is open, and records are retained.
    Active,
    /// It reads the existing records, and needs no new ones.
    Ended { since_ms: u64 },
    /// Records are not retained for its position any more, and its positions are being deleted.
    Removing,
}

impl LogConsumer {
    /// The consumer of a feature. Its name begins with the feature's, so that no two features use the same one.
    pub fn new(name: String, from: Start, needs: ConsumerNeeds, retention: Retention) -> LogConsumer {
        LogConsumer { name, from, needs, retention, state: ConsumerState::Active, unknown: Unknown::new() }
    }

    /// Whether it retains records for a copy of the table that is being made. Each copy has its own for a while, and no position is
    /// stored.
    pub fn is_of_copy(&self) -> bool {
        self.name.starts_with("backup-") || self.name.starts_with(RESTORE_CONSUMER)
    }

    /// Whether it is the archive of point-in-time recovery, whose position is in rows of its own.
    pub fn is_archive(&self) -> bool {
        self.name.starts_with(ARCHIVE_CONSUMER)
    }

    /// The problem of the name, if it is invalid.
    pub fn name_problem(&self) -> Option<&'static str> {
        match self.name.len() {
            0 => Some("the name of a log's consumer is empty"),
            1..=NAME_SIZE_MAX if self.name.contains('\0') => Some("the name of a log's consumer has the byte 0"),
            1..=NAME_SIZE_MAX if OTHERS_NAMES.iter().any(|begin| self.name.starts_with(begin)) => {
                Some("the name of a log's consumer is one of another feature's")
            }
            1..=NAME_SIZE_MAX => None,
            _ => Some("the name of a log's consumer is too long"),
        }
    }
}

impl KinesisDestination {
    /// The name that its positions are stored under.
    pub fn consumer_name(&self) -> String {
        format!("kinesis-{}", self.number)
    }

    /// None while it is not in use.
    fn consumer(&self) -> Option<LogConsumer> {
        let state = match self.status {
            DestinationStatus::Enabling | DestinationStatus::Active => ConsumerState::Active,
            DestinationStatus::Disabling => ConsumerState::Removing,
            DestinationStatus::Disabled | DestinationStatus::EnableFailed => return None,
        };
        // Its records are retained by age, as those of a stream, although it has positions: a failing Kinesis must not fill the
        // disk.
        let retention = Retention::Age { ms: STREAM_RETENTION_MS };
        let consumer = LogConsumer::new(self.consumer_name(), Start::Latest, ConsumerNeeds::Images, retention);
        Some(LogConsumer { state, ..consumer })
    }
}

impl Stream {
    /// Readers of a stream have iterators, and no positions here.
    fn consumer(&self) -> LogConsumer {
        let needs = match self.view {
            StreamView::KeysOnly => ConsumerNeeds::Keys,
            StreamView::NewImage | StreamView::OldImage | StreamView::NewAndOldImages => ConsumerNeeds::Images,
        };
        let retention = Retention::Age { ms: STREAM_RETENTION_MS };
        let state = match self.enabled {
            true => ConsumerState::Active,
            // Older programs did not store the time: then the stream cannot be read any more.
            false => ConsumerState::Ended { since_ms: self.disabled_ms.unwrap_or(0) },
        };
        let consumer = LogConsumer::new(format!("stream-{}", self.label), Start::Latest, needs, retention);
        LogConsumer { state, ..consumer }
    }
}

impl PointInTimeRecovery {
    fn consumer(&self) -> LogConsumer {
        let name = format!("{ARCHIVE_CONSUMER}{}", self.enabled_ms);
        let retention = Retention::Position { max_ms: ARCHIVE_RETENTION_MS };
        LogConsumer::new(name, Start::Latest, ConsumerNeeds::Images, retention)
    }
}

impl Definition {
    /// All consumers of the table's log.
    pub fn log_consumers(&self) -> Vec<LogConsumer> {
        let kinesis = self.kinesis.all.iter().filter_map(KinesisDestination::consumer);
        let archive = self.recovery.as_ref().filter(|_| self.is_table()).map(PointInTimeRecovery::consumer);
        let stored = self.log.consumers.iter().cloned();
        self.streams().map(Stream::consumer).chain(kinesis).chain(archive).chain(stored).collect()
    }
}

#[cfg(test)]
mod tests;
