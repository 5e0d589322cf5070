//! Why a request has no good reply, and what a caller can do about it: ask again later, or over a new connection.

use std::fmt;
use std::io;

use crate::response;
use crate::tls;

/// The exceptions that ask to be slower.
const THROTTLED: [&str; 4] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    // Of DynamoDB Streams.
    "LimitExceededException",
];

/// Why a request has no good reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The server refused: its status and exception.
    Refused {
        status: u16,
        exception: String,
        message: String,
    },
    Connection(io::ErrorKind),
    /// No encrypted connection can be had: why, and what to do.
    Encryption(String),
    /// The endpoint or the credentials cannot be used: why.
    Unusable(String),
    NotHttp,
    Timeout,
}

impl Trouble {
    /// Whether the server was reached and may answer the same request later.
    pub fn is_passing(&self) -> bool {
        match self {
            Trouble::Refused { status: 500.., .. } => true,
            Trouble::Refused { exception, .. } => THROTTLED.contains(&exception.as_str()),
            _ => false,
        }
    }

    /// Whether nothing more can come over the connection.
    pub fn breaks_connection(&self) -> bool {
        match self {
            Trouble::Refused { .. } => false,
            Trouble::Connection(_) | Trouble::Encryption(_) | Trouble::NotHttp => true,
            Trouble::Timeout | Trouble::Unusable(_) => true,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Refused { status, exception, message } => write!(f, "{status} {exception}: {message}"),
            Trouble::Connection(kind) => write!(f, "connection: {kind}"),
            Trouble::Encryption(what) | Trouble::Unusable(what) => f.write_str(what),
            Trouble::NotHttp => f.write_str("reply is not HTTP/1.1"),
            Trouble::Timeout => f.write_str("no reply in time"),
        }
    }
}

impl Trouble {
    /// What ended the reading of a reply: the connection, or what came over it.
    pub(crate) fn of_reading(error: &io::Error) -> Trouble {
        match Trouble::of_socket(error) {
            Trouble::Connection(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => Trouble::NotHttp,
            trouble => trouble,
        }
    }

    fn of_socket(error: &io::Error) -> Trouble {
        match tls::explained(error) {
            Some(what) => Trouble::Encryption(what),
            None => Trouble::Connection(error.kind()),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::of_socket(&error)
    }
}

impl From<response::NotHttp> for Trouble {
    fn from(_: response::NotHttp) -> Trouble {
        Trouble::NotHttp
    }
}
