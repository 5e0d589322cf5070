//! What `stator storage check URL` finds out about a database, without changing anything.

use std::fmt;

use tokio::time::Instant;

use crate::connection::Connection;
use crate::dialect::{Dialect, is_distributed};
use crate::error::{OpenError, sentence};
use crate::options::Options;
use crate::schema::{self, FORMAT, FORMAT_OLDEST, Found};

/// Round trips that are timed; the middle one counts.
const ROUND_TRIPS: usize = 21;

/// Whether something found is as it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    Good,
    /// It works, but not as well or as safely as it could.
    Mind,
    /// Stator does not run on it.
    Bad,
}

#[derive(Clone, Default, Debug)]
pub struct Report {
    pub lines: Vec<(Finding, String)>,
}

impl Report {
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.lines.iter().all(|(finding, _)| *finding != Finding::Bad)
    }

    fn say(&mut self, finding: Finding, text: impl Into<String>) {
        self.lines.push((finding, text.into()));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (finding, text) in &self.lines {
            let mark = match finding {
                Finding::Good => "ok  ",
                Finding::Mind => "mind",
                Finding::Bad => "BAD ",
            };
            writeln!(f, "{mark}  {text}")?;
        }
        Ok(())
    }
}

/// Looks at the database that `options` leads to.
///
/// # Errors
/// [`OpenError::Connect`] if it cannot be reached or asked.
pub async fn check(options: &Options) -> Result<Report, OpenError> {
    let failed = |error: String| OpenError::Connect { server: options.server(), error };
    let connection = Connection::bare(options).await.map_err(|trouble| failed(trouble.to_string()))?;
    look(options, &connection).await.map_err(failed)
}

async fn look(options: &Options, connection: &Connection) -> Result<Report, String> {
    let mut report = Report::default();
    let finding = if options.encryption.is_weak() { Finding::Mind } else { Finding::Good };
    report.say(finding, format!("connected to {}, {}", options.server(), options.encryption));
    system(connection, &mut report).await?;
    durability(connection, &mut report).await?;
    tables(connection, &mut report).await?;
    connections(options, connection, &mut report).await?;
    latency(connection, &mut report).await?;
    Ok(report)
}

async fn text(connection: &Connection, query: &str) -> Result<Option<String>, String> {
    let rows = connection.client().query(query, &[]).await.map_err(|error| sentence(&error))?;
    Ok(rows.first().and_then(|row| row.try_get(0).ok()))
}

async fn system(connection: &Connection, report: &mut Report) -> Result<(), String> {
    let version = text(connection, "SELECT version()").await?.unwrap_or_default();
    let major = text(connection, "SHOW server_version_num").await?.and_then(|number| number.parse::<u32>().ok());
    match (Dialect::of(&version), major) {
        (Dialect::Postgres, Some(150_000..)) => report.say(Finding::Good, version),
        (Dialect::Postgres, _) => report.say(Finding::Bad, format!("{version}: version 15 or later is needed")),
        _ => report.say(Finding::Mind, format!("{version}: expected to work, not tested")),
    }
    let isolation = text(connection, "SHOW default_transaction_isolation").await?.unwrap_or_default();
    report.say(Finding::Good, format!("isolation: {isolation} by default; Stator asks for what it needs"));
    let citus = text(connection, "SELECT extversion FROM pg_extension WHERE extname = 'citus'").await?;
    match citus {
        None => report.say(Finding::Good, "sharding: none that Stator has to do with"),
        Some(version) if is_distributed(connection).await? => report.say(
            Finding::Bad,
            format!("sharding: Citus {version} distributes the tables, and takes no snapshot over its shards"),
        ),
        Some(version) => report.say(
            Finding::Mind,
            format!("sharding: Citus {version} is there; the tables stay on the coordinator, where all rows then are"),
        ),
    }
    let standby = text(connection, "SELECT CASE WHEN pg_is_in_recovery() THEN 'yes' ELSE 'no' END").await?;
    if standby.as_deref() == Some("yes") {
        report.say(Finding::Bad, "this server is a standby: it takes no writes");
    }
    Ok(())
}

async fn durability(connection: &Connection, report: &mut Report) -> Result<(), String> {
    for (setting, loss) in [
        ("fsync", "a crash of its machine damages the database"),
        ("full_page_writes", "a crash of its machine can damage the database"),
        ("synchronous_commit", "a crash loses acknowledged writes"),
    ] {
        let value = text(connection, &format!("SHOW {setting}")).await?.unwrap_or_default();
        match value.as_str() {
            "off" => report.say(Finding::Mind, format!("{setting} is off: {loss}")),
            _ => report.say(Finding::Good, format!("{setting}: {value}")),
        }
    }
    let replicas = text(connection, "SHOW synchronous_standby_names").await?.unwrap_or_default();
    if replicas.is_empty() {
        report.say(Finding::Mind, "no synchronous replicas: acknowledged writes are on one machine");
    } else {
        report.say(Finding::Good, format!("synchronous replicas: {replicas}"));
    }
    Ok(())
}

async fn tables(connection: &Connection, report: &mut Report) -> Result<(), String> {
    match schema::found(connection).await? {
        Found::Nothing => {
            report.say(Finding::Good, "tables: none yet; the first node makes them");
            let may = "SELECT CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN 'yes' ELSE 'no' END";
            if text(connection, may).await?.as_deref() != Some("yes") {
                report.say(Finding::Bad, "this user may not make tables here");
            }
        }
        Found::Format(FORMAT) => report.say(Finding::Good, format!("tables: format {FORMAT}")),
        Found::Format(format @ FORMAT_OLDEST..FORMAT) => report.say(
            Finding::Mind,
            format!("tables: format {format}; the next node brings them to {FORMAT} once no older one runs"),
        ),
        Found::Format(format) => {
            report.say(Finding::Bad, format!("tables: format {format}, and this program knows {FORMAT}"));
        }
    }
    Ok(())
}

async fn connections(options: &Options, connection: &Connection, report: &mut Report) -> Result<(), String> {
    let max = text(connection, "SHOW max_connections").await?.and_then(|number| number.parse::<usize>().ok());
    let Some(max) = max else { return Ok(()) };
    let ours = options.connections_max;
    if ours + 5 > max {
        report.say(Finding::Mind, format!("the server takes {max} connections, and each node may open {ours}"));
    } else {
        report.say(Finding::Good, format!("connections: {max} at the server, up to {ours} a node"));
    }
    Ok(())
}

async fn latency(connection: &Connection, report: &mut Report) -> Result<(), String> {
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let start = Instant::now();
        connection.client().batch_execute("SELECT 1").await.map_err(|error| sentence(&error))?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let middle = times[ROUND_TRIPS / 2].as_secs_f64() * 1_000.0;
    report.say(Finding::Good, format!("round trip: {middle:.2} ms"));
    Ok(())
}
