//! What `stator storage check URL` finds out about a database, without changing anything.

use std::fmt;

use tokio::time::Instant;

use crate::connection::Connection;
use crate::dialect::{Dialect, is_distributed};
use crate::error::{OpenError, sentence};
use crate::options::{HEARTBEAT_CONNECTIONS_MAX, Options};
use crate::schema::{self, FORMAT, FORMAT_OLDEST, Found};

/// Round trips that are timed; the middle one counts.
const ROUND_TRIPS: usize = 21;

/// Whether something found is as it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    Good,
    /// It works, but not as well or as safely as it could.
    Warn,
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
                Finding::Warn => "warn",
                Finding::Bad => "BAD ",
            };
            writeln!(f, "{mark}  {text}")?;
        }
        Ok(())
    }
}

/// Looks at the database that `options` leads to, and that so many nodes use already.
///
/// # Errors
/// If it cannot be reached or asked.
pub async fn check(options: &Options, nodes: usize) -> Result<Report, OpenError> {
    let failed = |error: String| OpenError::Connect { server: options.server(), error };
    let connection = Connection::bare(options).await;
    let connection = connection.map_err(|trouble| OpenError::of(options.server(), &trouble))?;
    look(options, nodes, &connection).await.map_err(failed)
}

async fn look(options: &Options, nodes: usize, connection: &Connection) -> Result<Report, String> {
    let mut report = Report::default();
    let finding = if options.encryption.is_weak() { Finding::Warn } else { Finding::Good };
    report.say(finding, format!("connected to {}, {}", options.server(), options.encryption));
    system(connection, &mut report).await?;
    durability(connection, &mut report).await?;
    standbys(connection, &mut report).await?;
    tables(connection, &mut report).await?;
    connections(options, nodes, connection, &mut report).await?;
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
        _ => report.say(Finding::Warn, format!("{version}: expected to work, not tested")),
    }
    let isolation = text(connection, "SHOW default_transaction_isolation").await?.unwrap_or_default();
    report.say(Finding::Good, format!("isolation: {isolation} by default; Stator asks for what it needs"));
    let citus = text(connection, "SELECT extversion FROM pg_extension WHERE extname = 'citus'").await?;
    match citus {
        None => report.say(Finding::Good, "sharding: none"),
        Some(version) if is_distributed(connection).await? => report.say(
            Finding::Bad,
            format!("sharding: Citus {version} distributes the tables, and takes no snapshot over its shards"),
        ),
        Some(version) => report.say(
            Finding::Warn,
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
            "off" => report.say(Finding::Warn, format!("{setting} is off: {loss}")),
            _ => report.say(Finding::Good, format!("{setting}: {value}")),
        }
    }
    Ok(())
}

/// A commit waits for as many standbys as the setting names, without a limit if they are not connected.
async fn standbys(connection: &Connection, report: &mut Report) -> Result<(), String> {
    let names = text(connection, "SHOW synchronous_standby_names").await?.unwrap_or_default();
    let commit = text(connection, "SHOW synchronous_commit").await?.unwrap_or_default();
    let needed = standbys_needed(&names);
    if needed == 0 {
        report.say(Finding::Warn, "no synchronous replicas: acknowledged writes are on one machine");
        return Ok(());
    }
    if matches!(commit.as_str(), "off" | "local") {
        let text =
            format!("synchronous replicas: {names}, and with synchronous_commit = {commit} no write waits for them");
        report.say(Finding::Warn, text);
        return Ok(());
    }
    let [seen, visible, synchronous] = connected_standbys(connection).await?;
    if synchronous >= needed {
        report.say(Finding::Good, format!("synchronous replicas: {names}; {needed} needed, {synchronous} connected"));
    } else if visible < seen {
        let text = format!(
            "synchronous replicas: {names}; {needed} needed, and this user cannot see whether they are connected: GRANT \
             pg_read_all_stats to it"
        );
        report.say(Finding::Warn, text);
    } else {
        let text = format!(
            "synchronous replicas: synchronous_standby_names = '{names}' needs {needed}, and {synchronous} connected: every \
             write waits until there are enough; start a standby of that name, or change the setting"
        );
        report.say(Finding::Bad, text);
    }
    Ok(())
}

/// How many standbys are connected, how many of these this user may look at, and for how many a commit waits.
async fn connected_standbys(connection: &Connection) -> Result<[u64; 3], String> {
    let counts = "SELECT concat_ws(' ', count(*), count(sync_state), count(*) FILTER \
                  (WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum'))) FROM pg_stat_replication";
    let counts = text(connection, counts).await?.unwrap_or_default();
    let mut counts = counts.split(' ').map(|count| count.parse().unwrap_or_default());
    Ok(std::array::from_fn(|_| counts.next().unwrap_or_default()))
}

/// For how many standbys a commit waits: `FIRST 2 (a, b, c)`, `ANY 2 (a, b, c)` or `2 (a, b, c)`; for one of a plain list.
fn standbys_needed(names: &str) -> u64 {
    let names = names.trim();
    if names.is_empty() {
        return 0;
    }
    let count = names.split_once('(').map_or("1", |(count, _)| count.trim());
    count.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(1)
}

async fn tables(connection: &Connection, report: &mut Report) -> Result<(), String> {
    match schema::found(connection).await.map_err(|trouble| trouble.to_string())? {
        Found::Nothing => {
            report.say(Finding::Good, "tables: none yet; the first node makes them");
            let may = "SELECT CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN 'yes' ELSE 'no' END";
            if text(connection, may).await?.as_deref() != Some("yes") {
                let lacks = "SELECT concat('user ', current_user, ' lacks CREATE on schema ', \
                           coalesce(current_schema()::text, 'public'))";
                report.say(Finding::Bad, text(connection, lacks).await?.unwrap_or_default());
            }
        }
        Found::Format(FORMAT) => report.say(Finding::Good, format!("tables: format {FORMAT}")),
        Found::Format(format @ FORMAT_OLDEST..FORMAT) => report.say(
            Finding::Warn,
            format!("tables: format {format}; the next node brings them to {FORMAT} once no older one runs"),
        ),
        Found::Format(format) => {
            report.say(Finding::Bad, format!("tables: format {format}, and this program knows {FORMAT}"));
        }
    }
    Ok(())
}

/// Connections that the server accepts of users other than superusers.
const CONNECTIONS_ALLOWED: &str = "\
    SELECT least( \
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int \
            - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0), \
        (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user), \
        (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))::text";

async fn connections(
    options: &Options,
    nodes: usize,
    connection: &Connection,
    report: &mut Report,
) -> Result<(), String> {
    let allowed = text(connection, CONNECTIONS_ALLOWED).await?.and_then(|number| number.parse::<usize>().ok());
    let Some(allowed) = allowed else { return Ok(()) };
    // One more is for marks, with replicas.
    let each = options.connections_max + HEARTBEAT_CONNECTIONS_MAX + 1;
    let room = allowed / each;
    let finding = match room {
        _ if room < nodes.max(1) => Finding::Bad,
        1 => Finding::Warn,
        _ => Finding::Good,
    };
    let mut text = format!(
        "connections: the server lets in {allowed} (max_connections without those that are reserved, and limits of the user \
         and the database), and each node opens up to {each}: room for {room} nodes"
    );
    if nodes > 0 {
        text.push_str(&format!("; {nodes} run"));
    }
    if finding != Finding::Good {
        text.push_str(". Raise max_connections, or add ?connections_max=… to the URL");
    }
    report.say(finding, text);
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

#[cfg(test)]
mod tests {
    use super::standbys_needed;

    #[test]
    fn the_setting_says_how_many_standbys_a_commit_waits_for() {
        for (names, needed) in [
            ("", 0),
            ("*", 1),
            ("a, b", 1),
            ("2 (a, b, c)", 2),
            ("2(a)", 2),
            ("FIRST 3 (\"a b\", c)", 3),
            ("ANY 2 (*)", 2),
        ] {
            assert_eq!(standbys_needed(names), needed, "{names}");
        }
    }
}
