//! Why something that was due has no good reply.

use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trouble {
    Server(client::Trouble),
    /// The status reports success, the reply does not.
    Unexpected(&'static str),
    /// What a database said that is asked without a server.
    Database(String),
    /// The load was due, but the server was too slow for it to be ever sent.
    NeverSent,
}

impl Trouble {
    pub(crate) const TIMEOUT: Trouble = Trouble::Server(client::Trouble::Timeout);

    /// Whether nothing more can come over the connection.
    pub(crate) fn breaks_connection(&self) -> bool {
        match self {
            Trouble::Server(trouble) => trouble.breaks_connection(),
            Trouble::Database(_) => true,
            Trouble::Unexpected(_) | Trouble::NeverSent => false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Server(trouble) => trouble.fmt(f),
            Trouble::Unexpected(what) => f.write_str(what),
            Trouble::Database(what) => f.write_str(what),
            Trouble::NeverSent => f.write_str("not sent: the server was too slow for the rate"),
        }
    }
}

impl From<client::Trouble> for Trouble {
    fn from(trouble: client::Trouble) -> Trouble {
        Trouble::Server(trouble)
    }
}
