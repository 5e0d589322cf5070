//! Why a request's body was not received: metrics count it by these names, and the client's answer follows from it.

/// Why a body was not read to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BodyError {
    TooLarge,
    /// Larger than anyone would read on; what follows on the connection is lost.
    FarTooLarge,
    TooSlow,
    /// The client went away.
    Broken,
    /// Its chunks are none, so that nothing behind them on the connection can be understood.
    Malformed,
    CorruptGzip,
    /// Others hold the memory that it needs. `unread` if the client still has it.
    NoMemory {
        unread: bool,
    },
}

impl BodyError {
    /// One of each name.
    pub(crate) const ALL: [BodyError; 7] = [
        BodyError::TooLarge,
        BodyError::FarTooLarge,
        BodyError::TooSlow,
        BodyError::Broken,
        BodyError::Malformed,
        BodyError::CorruptGzip,
        BodyError::NoMemory { unread: false },
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            BodyError::TooLarge => "too_large",
            BodyError::FarTooLarge => "far_too_large",
            BodyError::TooSlow => "too_slow",
            BodyError::Broken => "broken",
            BodyError::Malformed => "malformed",
            BodyError::CorruptGzip => "corrupt_gzip",
            BodyError::NoMemory { .. } => "no_memory",
        }
    }

    /// Its place in [`BodyError::ALL`].
    pub(crate) const fn place(self) -> usize {
        match self {
            BodyError::TooLarge => 0,
            BodyError::FarTooLarge => 1,
            BodyError::TooSlow => 2,
            BodyError::Broken => 3,
            BodyError::Malformed => 4,
            BodyError::CorruptGzip => 5,
            BodyError::NoMemory { .. } => 6,
        }
    }
}
