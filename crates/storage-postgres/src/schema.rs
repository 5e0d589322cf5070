//! The tables: made by the first node that starts, found by the others, refused if a newer program has made them.
//!
//! | table | columns | what |
//! |---|---|---|
//! | `stator_meta` | `name`, `value` | `format`: the version of all this; `mark`: counted up for `replicas` |
//! | `stator_kv` | `p`, `s`, `k` | a row's key (`place`) |
//! | | `ver` | grows with each write of the row: at least the microseconds since 1970 |
//! | | `op` | 16 bytes: the write that wrote it last, by which a lost commit is found again |
//! | | `v` | the value; null says that there is none, which is remembered for a while |
//! | `stator_outbox` | `p`, `s`, `ver`, `op`, `n`, `v` | records of logs that have no positions yet (`outbox`) |
//! | `stator_tally` | `k`, `slot`, `a`, `b` | counters under their key, in parts that are added up |

use std::sync::Arc;
use std::time::Duration;

use storage::StorageError;

use crate::connection::{Ask, Connection, Sql};
use crate::dialect::{Dialect, is_distributed};
use crate::error::{OpenError, Trouble, is_undefined_table, sentence};
use crate::options::Options;
use crate::pool::{Left, Pool};
use crate::view;

/// The version of the tables that this program makes and knows.
pub const FORMAT: i64 = 3;
/// In place of a format while a restore fills the tables: every program refuses it as one that is newer.
pub(crate) const RESTORING: i64 = 1_000_000_000;
/// The oldest one that it can bring there: format 1 had no outbox, and programs of format 2 know no shards that split.
pub(crate) const FORMAT_OLDEST: i64 = 1;

/// Nodes that start at once get in each other's way: each tries again and finds the tables of the one that was first.
const ATTEMPTS: u32 = 20;
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(50);

/// Two nodes at once meet here, and so does one that finds that a newer program was first: its transaction fails.
const UNMARK: &str = "DELETE FROM stator_meta WHERE name = 'format' AND value < ";
const MARK: &str = "INSERT INTO stator_meta (name, value) VALUES ('format', ";

/// What the database contains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    Nothing,
    Format(i64),
}

/// Creates the tables if there are none. Tables of an older format remain unchanged: other nodes may be using them.
pub(crate) async fn prepare(options: &Options) -> Result<(), OpenError> {
    bring(options, |found| match found {
        Found::Nothing => Ok(()),
        Found::Format(found) => Err(OpenError::Older { found, known: FORMAT }),
    })
    .await
}

/// Brings the tables of an older format to this program's.
pub(crate) async fn update(options: &Options) -> Result<(), OpenError> {
    bring(options, |found| match found {
        Found::Nothing => Err(OpenError::Empty { server: options.server() }),
        Found::Format(_) => Ok(()),
    })
    .await
}

/// Makes the tables of this program's format out of those that are there, if `may`.
async fn bring(options: &Options, may: impl Fn(Found) -> Result<(), OpenError>) -> Result<(), OpenError> {
    let failed = |error: String| OpenError::Connect { server: options.server(), error };
    let troubled = |trouble: Trouble| OpenError::of(options.server(), &trouble);
    let connection = Connection::bare(options).await.map_err(troubled)?;
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        match known(found(&connection).await.map_err(troubled)?)? {
            Found::Format(FORMAT) => return refuse_distributed(&connection).await.map_err(failed)?,
            found => may(found)?,
        }
        if let Err(error) = create(&connection).await {
            last = error;
            tokio::time::sleep(ATTEMPT_INTERVAL).await;
        }
    }
    Err(failed(format!("the tables cannot be made: {last}")))
}

/// Makes tables that no program opens before [`finish_restore`]. There must be none.
pub(crate) async fn begin_restore(options: &Options, connection: &Connection) -> Result<(), OpenError> {
    let failed = |error: String| OpenError::Connect { server: options.server(), error };
    match known(found(connection).await.map_err(|trouble| OpenError::of(options.server(), &trouble))?)? {
        Found::Nothing => create_as(connection, RESTORING).await.map_err(failed),
        Found::Format(_) => Err(OpenError::NotEmpty { server: options.server() }),
    }
}

/// Gives the tables their format.
pub(crate) async fn finish_restore(connection: &Connection) -> Result<(), String> {
    let text = format!("UPDATE stator_meta SET value = {FORMAT} WHERE name = 'format' AND value = {RESTORING}");
    let changed = connection.client().execute(&text, &[]).await.map_err(|error| sentence(&error))?;
    if changed == 1 { Ok(()) } else { Err("its tables were changed by another program".to_owned()) }
}

/// Sees to it that there are tables that can be looked at, and changes nothing.
pub(crate) async fn visit(options: &Options) -> Result<(), OpenError> {
    let troubled = |trouble: Trouble| OpenError::of(options.server(), &trouble);
    let connection = Connection::bare(options).await.map_err(troubled)?;
    match known(found(&connection).await.map_err(troubled)?)? {
        Found::Nothing => Err(OpenError::Empty { server: options.server() }),
        Found::Format(_) => Ok(()),
    }
}

/// What was found, if this program knows it.
fn known(found: Found) -> Result<Found, OpenError> {
    match found {
        Found::Nothing | Found::Format(FORMAT_OLDEST..=FORMAT) => Ok(found),
        Found::Format(RESTORING) => Err(OpenError::Restoring),
        Found::Format(found) if found > FORMAT => Err(OpenError::Newer { found, known: FORMAT }),
        Found::Format(format) => Err(OpenError::Foreign(format!("they have format {format}"))),
    }
}

/// Whether the tables still have this program's format.
pub(crate) async fn verify(pool: &Arc<Pool>) -> Result<(), StorageError> {
    let (_, replies) = view::begin(pool, &[Ask::Of(Sql::Format, Vec::new())], Left::Idle).await?;
    let row = replies.first().and_then(|reply| reply.rows.first());
    let found = row.map(|row| row.try_get(0)).transpose();
    let found: Option<i64> =
        found.map_err(|error| StorageError::Corrupt(format!("the format of the tables: {error}")))?;
    match found {
        Some(FORMAT) => Ok(()),
        Some(found) => {
            let text = format!("the tables have format {found} now, and this program knows {FORMAT}: run a newer one");
            Err(StorageError::Unavailable(text))
        }
        None => Err(StorageError::Unavailable("the tables are gone".to_owned())),
    }
}

async fn refuse_distributed(connection: &Connection) -> Result<Result<(), OpenError>, String> {
    let text =
        "Citus distributes them, and takes no snapshot over its shards; undistribute them with undistribute_table";
    Ok(if is_distributed(connection).await? { Err(OpenError::Foreign(text.to_owned())) } else { Ok(()) })
}

pub(crate) async fn found(connection: &Connection) -> Result<Found, Trouble> {
    let rows = connection.client().query("SELECT value FROM stator_meta WHERE name = 'format'", &[]).await;
    match rows {
        Ok(rows) => Ok(rows.first().map_or(Found::Nothing, |row| Found::Format(row.get(0)))),
        Err(error) if is_undefined_table(&error) => Ok(Found::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// All or nothing, where the server's definitions are transactional; elsewhere the mark comes last.
pub(crate) async fn create(connection: &Connection) -> Result<(), String> {
    create_as(connection, FORMAT).await
}

async fn create_as(connection: &Connection, format: i64) -> Result<(), String> {
    let script = script(Dialect::ask(connection).await?, format);
    let made = connection.client().batch_execute(&script).await;
    if let Err(error) = made {
        // The script ends where it fails; the transaction is still open.
        let _ = connection.client().batch_execute("ROLLBACK").await;
        return Err(sentence(&error));
    }
    Ok(())
}

fn script(dialect: Dialect, format: i64) -> String {
    let rows = dialect.primary_key(&["p", "s"]);
    let tallies = dialect.primary_key(&["k", "slot"]);
    let records = dialect.primary_key(&["p", "s", "ver", "op", "n"]);
    let storage = dialect.store_as_it_is();
    format!(
        "BEGIN;
        CREATE TABLE IF NOT EXISTS stator_kv (
            p bytea NOT NULL, s bytea NOT NULL, k bytea, ver bigint NOT NULL, op bytea, v bytea, {rows});
        CREATE TABLE IF NOT EXISTS stator_tally (
            k bytea NOT NULL, slot bigint NOT NULL, a bigint NOT NULL, b bigint NOT NULL, {tallies});
        CREATE TABLE IF NOT EXISTS stator_outbox (
            p bytea NOT NULL, s bytea NOT NULL, ver bigint NOT NULL, op bytea NOT NULL, n bigint NOT NULL,
            v bytea NOT NULL, {records});
        CREATE TABLE IF NOT EXISTS stator_meta (name text PRIMARY KEY, value bigint NOT NULL);
        {storage}{UNMARK}{format}; {MARK}{format});
        COMMIT;"
    )
}
