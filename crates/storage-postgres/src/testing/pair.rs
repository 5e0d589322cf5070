//! A primary and its synchronous standby for tests: what the one has answered, the other has.
//!
//! The two ports stay the same through failovers, so that one URL with two hosts always leads to the primary.

use super::PostgresServer;

pub struct Pair {
    pub primary: PostgresServer,
    pub standby: PostgresServer,
}

impl Pair {
    /// None, with a line that says so, where there is no PostgreSQL.
    ///
    /// # Panics
    /// As [`PostgresServer::start`].
    pub fn start() -> Option<Pair> {
        let primary = PostgresServer::start()?;
        // Copies of it inherit the setting: whichever is the primary acknowledges a write once a standby has it.
        primary.set("synchronous_standby_names", "*");
        Some(Pair { standby: primary.standby(), primary })
    }

    /// Creates an empty database and returns the URL that reaches it on whichever of the two takes writes.
    ///
    /// # Panics
    /// If the server does not make it.
    #[must_use]
    pub fn database(&self) -> String {
        let url = self.primary.database();
        let of = |port: u16| format!("127.0.0.1:{port}");
        url.replace(&of(self.primary.port), &[of(self.primary.port), of(self.standby.port)].join(","))
    }

    /// Kills the primary, as a crash of its machine would, and lets the standby take its place. Afterwards, a new standby
    /// has the place of the old primary; until it is there, writes wait.
    ///
    /// # Panics
    /// If the standby does not become the primary.
    #[must_use]
    pub fn fail_over(self) -> Pair {
        self.primary.crash();
        self.standby.promote();
        let Pair { primary: gone, standby: primary } = self;
        let standby = primary.standby_at(gone.port);
        Pair { primary, standby }
    }
}
