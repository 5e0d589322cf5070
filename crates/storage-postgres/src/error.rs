//! What a server's errors mean: SQLSTATE classes as what to do next.

use std::error::Error as _;
use std::fmt;
use std::io::{self, ErrorKind};

use storage::StorageError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Why a flight did not do what it was sent for.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Another transaction came first: retry.
    Conflict,
    /// Another transaction holds the lock for longer than the lock timeout.
    Locked,
    /// The statement before failed: look there.
    Aborted,
    /// The server has no room for this now.
    Busy(String),
    /// The server does not take so much at once.
    TooLarge,
    /// The engine was closed.
    Closed,
    /// The connection is lost; whether the last flight took place is unknown.
    Lost(String),
    /// A retry would not help; the text is for the operator.
    Failed(String),
}

impl Trouble {
    /// For reads, which have nothing to undo.
    pub(crate) fn of_read(self) -> StorageError {
        match self {
            Trouble::Closed => StorageError::Closed,
            other => StorageError::Unavailable(other.to_string()),
        }
    }
}

impl Trouble {
    /// Why there is no connection. One that was refused or broke may come later; a certificate that is not believed, or a
    /// password that is missing, is no better then.
    pub(crate) fn of_connect(error: Error) -> Trouble {
        match error.code() {
            None if !is_away(&error) => Trouble::Failed(sentence(&error)),
            _ => error.into(),
        }
    }

    /// Whether the server may be reachable later, without a change of settings.
    fn is_away(&self) -> bool {
        matches!(self, Trouble::Lost(_) | Trouble::Busy(_))
    }
}

/// Whether the server cannot be reached, or the connection to it is lost.
fn is_away(error: &Error) -> bool {
    if error.is_closed() {
        return true;
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            // What TLS says of a certificate or a protocol that does not fit.
            return !matches!(io.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Unsupported);
        }
        source = cause.source();
    }
    false
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        let Some(state) = error.code() else {
            // No error of the server: the connection broke, or the reply makes no sense.
            return Trouble::Lost(sentence(&error));
        };
        match state.code() {
            "40001" | "40P01" | "23505" => Trouble::Conflict,
            "55P03" => Trouble::Locked,
            "25P02" => Trouble::Aborted,
            // Starting up, or shutting down: the connection ends, and another one will do.
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Trouble::Lost(sentence(&error)),
            // A standby, since a failover: the next connection looks for the primary.
            "25006" => Trouble::Lost(sentence(&error)),
            code if code.starts_with("08") => Trouble::Lost(sentence(&error)),
            code if code.starts_with("53") => Trouble::Busy(sentence(&error)),
            code if code.starts_with("54") => Trouble::TooLarge,
            _ => Trouble::Failed(sentence(&error)),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Busy(text) | Trouble::Lost(text) | Trouble::Failed(text) => f.write_str(text),
            Trouble::Conflict | Trouble::Locked | Trouble::Aborted => f.write_str("another transaction is in the way"),
            Trouble::TooLarge => f.write_str("the server does not take so much at once"),
            Trouble::Closed => f.write_str("the storage engine is closed"),
        }
    }
}

/// Whether the tables are simply not there.
pub(crate) fn is_undefined_table(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNDEFINED_TABLE)
}

/// An error with its causes. The driver's own text names only the kind.
pub(crate) fn sentence(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Why the database cannot be used; each says what to do about it.
#[derive(Debug)]
pub enum OpenError {
    /// The URL, or a file that it names.
    Url(String),
    /// The server cannot be reached, or takes no connections, for now.
    Away { server: String, error: String },
    /// It can be reached, and refuses or fails.
    Connect { server: String, error: String },
    /// A newer program made the tables; nothing was touched.
    Newer { found: i64, known: i64 },
    /// An older program made the tables; nothing was touched.
    Older { found: i64, known: i64 },
    /// There are none, and none were wanted.
    Empty { server: String },
    /// There are some, and a restore needs an empty database; nothing was touched.
    NotEmpty { server: String },
    /// A restore into the tables was not finished.
    Restoring,
    /// The tables are there, but not as this program makes them.
    Foreign(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Url(text) => f.write_str(text),
            OpenError::Away { server, error } => write!(f, "cannot reach the database at {server}: {error}"),
            OpenError::Connect { server, error } => write!(f, "cannot use the database at {server}: {error}"),
            OpenError::Newer { found, known } => write!(
                f,
                "the tables have format {found}, and this program knows {known}: run the version that wrote them, or a \
                 newer one; nothing was changed"
            ),
            OpenError::Older { found, known } => write!(
                f,
                "the tables have format {found}, and this program keeps them in format {known}: its `stator serve` \
                 brings them there once no older one runs; nothing was changed"
            ),
            OpenError::Empty { server } => write!(f, "the database at {server} has no tables of Stator"),
            OpenError::NotEmpty { server } => {
                write!(f, "the database at {server} has tables of Stator; name an empty one. Nothing was changed")
            }
            OpenError::Restoring => f.write_str(
                "a restore into these tables is running or was not finished: once it has ended without success, drop them (DROP TABLE \
                 stator_kv, stator_tally, stator_outbox, stator_meta) and run 'stator restore' again",
            ),
            OpenError::Foreign(text) => write!(f, "the tables are not as this program makes them: {text}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    pub(crate) fn of(server: String, trouble: &Trouble) -> OpenError {
        let error = trouble.to_string();
        if trouble.is_away() { OpenError::Away { server, error } } else { OpenError::Connect { server, error } }
    }
}
