//! A URL as a proven way to a server. The password is in no text that this module makes.

use std::fmt;
use std::time::Duration;

use base::Clock;
use jobs::Jobs;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::error::OpenError;
use crate::tls::{Tls, TlsFiles, Verify};

/// Connections of one node, unless the URL says `connections_max`.
const CONNECTIONS_MAX: usize = 32;
/// Those that a node has beside them, for heartbeats alone.
pub const HEARTBEAT_CONNECTIONS_MAX: usize = 2;

/// How long things may take. Tests shrink it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// From the first packet to a session that can be used.
    pub connect: Duration,
    /// Between a few statements that were sent and their replies; many get more.
    pub flight: Duration,
    /// For a row that another transaction has locked, and for a turn in a queue.
    pub lock: Duration,
    /// For a free connection of the pool.
    pub pool: Duration,
    /// One call of the engine, its attempts together: none begins later, unless a lost one is to be settled.
    pub call: Duration,
    /// How long the server holds the locks of a client that is idle in a transaction.
    pub idle_in_transaction: Duration,
    /// How long records wait for their positions if no reader asks for their log.
    pub gather: Duration,
}

impl Patience {
    /// For a flight of so many statements.
    pub(crate) fn of_flight(&self, statements: usize) -> Duration {
        const FEW: u32 = 100;
        let statements = u32::try_from(statements).unwrap_or(u32::MAX);
        self.flight.saturating_add((self.flight / FEW).saturating_mul(statements))
    }

    /// For settling a lost flight: by then the server has released its locks, and the witness has been read.
    pub(crate) fn settling(&self) -> Duration {
        self.idle_in_transaction + self.flight + self.lock
    }
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(3),
            flight: Duration::from_secs(5),
            lock: Duration::from_secs(2),
            pool: Duration::from_secs(5),
            call: Duration::from_secs(15),
            idle_in_transaction: Duration::from_secs(10),
            gather: Duration::from_millis(100),
        }
    }
}

/// How connections are protected from eavesdroppers and from machines in the middle: libpq's `sslmode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encryption {
    /// `disable`
    None,
    /// `prefer`: if the server can; its certificate is verified only if `sslrootcert` names the authorities.
    Offered,
    /// `require` without `sslrootcert`: encrypted, with any certificate.
    Unverified,
    /// `verify-ca`, and `require` with `sslrootcert`: the server's certificate is signed by a trusted authority.
    Authority,
    /// `verify-full`: that, and the certificate has the server's name.
    Verified,
}

impl Encryption {
    fn of(mode: &str, has_root: bool) -> Option<Encryption> {
        Some(match mode {
            "disable" => Encryption::None,
            "prefer" => Encryption::Offered,
            "require" if !has_root => Encryption::Unverified,
            "require" | "verify-ca" => Encryption::Authority,
            "verify-full" => Encryption::Verified,
            _ => return None,
        })
    }

    /// Whether a machine in the middle could impersonate the server, although encryption was asked for.
    #[must_use]
    pub fn is_weak(self) -> bool {
        matches!(self, Encryption::Offered | Encryption::Unverified)
    }

    fn verify(self, has_root: bool) -> Verify {
        match self {
            Encryption::Verified => Verify::Name,
            Encryption::Authority => Verify::Authority,
            Encryption::Offered if has_root => Verify::Authority,
            _ => Verify::Nothing,
        }
    }

    fn mode(self) -> SslMode {
        match self {
            Encryption::None => SslMode::Disable,
            Encryption::Offered => SslMode::Prefer,
            Encryption::Unverified | Encryption::Authority | Encryption::Verified => SslMode::Require,
        }
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encryption::None => "not encrypted",
            Encryption::Offered => "encrypted only if the server offers it (sslmode=prefer)",
            Encryption::Unverified => "encrypted, certificate not verified (sslmode=require without sslrootcert)",
            Encryption::Authority => "encrypted, certificate verified, but not its name",
            Encryption::Verified => "encrypted, certificate verified",
        })
    }
}

/// How to reach a database.
#[derive(Clone)]
pub struct Options {
    pub(crate) config: Config,
    pub encryption: Encryption,
    pub(crate) tls: Option<Tls>,
    pub(crate) connections_max: usize,
    pub patience: Patience,
    pub(crate) jobs: Jobs,
}

impl Options {
    /// Reads a `postgres://` URL. A password in it counts before `password`.
    ///
    /// Beside what libpq knows, `connections_max` bounds the pool. `sslmode` means what it means to libpq; without it,
    /// connections to other machines are encrypted and verified, and those within this one are not encrypted.
    ///
    /// # Errors
    /// What is wrong with the URL or with a file that it names.
    pub fn parse(url: &str, password: Option<&str>) -> Result<Options, OpenError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::Url("a storage URL begins with postgres:// or postgresql://".to_owned()));
        }
        let (rest, ours) = Ours::take(url)?;
        let mut config: Config = rest.parse().map_err(|_| {
            OpenError::Url("the storage URL cannot be read: it is postgres://user@host:5432/database".to_owned())
        })?;
        if let (None, Some(password)) = (config.get_password(), password) {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("stator");
        }
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let has_root = ours.files.root.is_some();
        let encryption = match &ours.mode {
            Some(mode) => Encryption::of(mode, has_root).ok_or_else(unknown_mode)?,
            None if leaves_the_machine(&config) => Encryption::Verified,
            None => Encryption::None,
        };
        let tls = match encryption {
            Encryption::None => None,
            _ => Some(Tls::new(&ours.files, encryption.verify(has_root))?),
        };
        config.ssl_mode(encryption.mode());
        let patience = Patience::default();
        config.tcp_user_timeout(patience.flight).keepalives_idle(Duration::from_secs(30));
        let connections_max = ours.connections_max.unwrap_or(CONNECTIONS_MAX);
        let jobs = Jobs::new(Clock::system());
        Ok(Options { config, encryption, tls, connections_max, patience, jobs })
    }

    /// Whether there is one, in the URL or beside it.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// The same way with another bound of the pool.
    #[must_use]
    pub fn with_connections_max(self, connections_max: usize) -> Options {
        Options { connections_max, ..self }
    }

    /// The registry for the engine's background jobs. Without it the engine has one of its own.
    #[must_use]
    pub fn with_jobs(self, jobs: &Jobs) -> Options {
        Options { jobs: jobs.clone(), ..self }
    }

    /// Where it leads, for messages.
    #[must_use]
    pub fn server(&self) -> String {
        let hosts: Vec<String> = self.config.get_hosts().iter().map(host_text).collect();
        let ports: Vec<String> = self.config.get_ports().iter().map(u16::to_string).collect();
        let database = self.config.get_dbname().unwrap_or_default();
        let port = if ports.is_empty() { "5432".to_owned() } else { ports.join(",") };
        format!("{}:{port}/{database}", hosts.join(","))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({})", self.server())
    }
}

fn host_text(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

fn leaves_the_machine(config: &Config) -> bool {
    config.get_hosts().iter().any(|host| match host {
        Host::Tcp(name) => {
            let loopback = name.parse().is_ok_and(|ip: std::net::IpAddr| ip.to_canonical().is_loopback());
            name != "localhost" && !loopback
        }
        #[cfg(unix)]
        Host::Unix(_) => false,
    })
}

/// The parameters of a URL that the driver does not know, or not as we mean them.
#[derive(PartialEq, Eq, Default, Debug)]
struct Ours {
    /// `sslmode`
    mode: Option<String>,
    files: TlsFiles,
    connections_max: Option<usize>,
}

impl Ours {
    /// The URL without our parameters, and these.
    fn take(url: &str) -> Result<(String, Ours), OpenError> {
        let mut ours = Ours::default();
        let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), ours)) };
        let mut theirs = Vec::new();
        let (mut certificate, mut key) = (None, None);
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "sslmode" => ours.mode = Some(base::percent_decoded_text(value).into_owned()),
                "sslrootcert" => ours.files.root = Some(base::percent_decoded_text(value).into_owned()),
                "sslcert" => certificate = Some(base::percent_decoded_text(value).into_owned()),
                "sslkey" => key = Some(base::percent_decoded_text(value).into_owned()),
                "connections_max" => ours.connections_max = Some(connections_max(value)?),
                _ => theirs.push(parameter),
            }
        }
        ours.files.client = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(OpenError::Url("sslcert and sslkey belong together: name both files".to_owned())),
        };
        let rest = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
        Ok((rest, ours))
    }
}

fn unknown_mode() -> OpenError {
    OpenError::Url(
        "sslmode is disable (no encryption), prefer, require, verify-ca or verify-full (encrypted, the server's \
         certificate verified)"
            .to_owned(),
    )
}

fn connections_max(text: &str) -> Result<usize, OpenError> {
    let count: Option<usize> = text.parse().ok();
    let count = count.filter(|count| (2..=1_000).contains(count));
    count.ok_or_else(|| OpenError::Url("connections_max is a number from 2 to 1000".to_owned()))
}

#[cfg(test)]
mod tests;
