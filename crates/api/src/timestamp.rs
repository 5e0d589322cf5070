//! A point in time, as the API has it.

/// Milliseconds since 1970-01-01T00:00:00Z. On the wire it is a number of seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp {
    pub epoch_ms: i64,
}
