//! All rows of a database for a full backup, and an empty database that is filled with them.
//!
//! A view shows neither counters, which are in a table of their own, nor records that wait in the outbox; both belong to the same moment.
//! Rows of a restore are written as they are: heads and records of logs have their positions as versions (`sequencer`), which no write of
//! the engine gives them.

use bytes::Bytes;
use storage::{Family, Key, Row, StorageError, View, log, tally};
use tokio_postgres::Statement;
use tokio_postgres::types::FromSql;

use crate::clock::now_us;
use crate::connection::{Ask, Connection, Reply, Sql, Value};
use crate::error::{OpenError, sentence};
use crate::options::Options;
use crate::place::{Place, Position};
use crate::schema;
use crate::view::Snapshot;

const TALLIES_PAGE: i64 = 4_096;
const OUTBOX_PAGE: i64 = 64;
const VERSION_SIZE: usize = size_of::<i64>();
const OP_SIZE: usize = 16;
/// A waiting record's key: its log's name, then its place in the outbox: version (8), operation (16), number (8). In their order,
/// records get their positions. Unit: bytes.
pub const PENDING_KEY_SIZE: usize = Family::Log.partition_size() + VERSION_SIZE + OP_SIZE + VERSION_SIZE;

/// Reads in one transaction, REPEATABLE READ.
pub struct BackupSnapshot(Snapshot);

impl BackupSnapshot {
    pub(crate) fn of(snapshot: Snapshot) -> BackupSnapshot {
        BackupSnapshot(snapshot)
    }

    /// The rows of families.
    pub fn view(&self) -> &dyn View {
        &self.0
    }

    /// Counters as rows of the catalog, from a key on; an empty page is the end.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn tallies(&self, after: &Bytes) -> Result<Vec<Row>, StorageError> {
        let values = vec![Value::Bytes(after.clone()), Value::Int(TALLIES_PAGE)];
        let replies = self.0.ask(vec![Ask::Of(Sql::TallyScan, values)]).await?;
        let row = |row: &tokio_postgres::Row| {
            let counters = [read(row, 1)?, read(row, 2)?];
            // A sum of zero is a row here, and none elsewhere: the page must not be empty because of it.
            let value = tally::encode(&counters).unwrap_or_default();
            Ok(Row { key: Bytes::copy_from_slice(read(row, 0)?), value })
        };
        rows(&replies)?.iter().map(row).collect()
    }

    /// Records without positions, from a key on, with keys of [`PENDING_KEY_SIZE`]; an empty page is the end.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn pending(&self, after: &Bytes) -> Result<Vec<Row>, StorageError> {
        let mut values = Pending::of_key(after).map_or_else(Pending::first, |pending| pending.place());
        values.push(Value::Int(OUTBOX_PAGE));
        let replies = self.0.ask(vec![Ask::Of(Sql::OutboxScan, values)]).await?;
        let row = |row: &tokio_postgres::Row| {
            let head = Position { p: read(row, 0)?, s: read(row, 1)? };
            let name = head.key(None).ok_or_else(|| damaged("a record's log"))?;
            let (ver, op, n): (i64, &[u8], i64) = (read(row, 2)?, read(row, 3)?, read(row, 4)?);
            let key = [&name, &ver.to_be_bytes()[..], op, &n.to_be_bytes()].concat().into();
            Ok(Row { key, value: Bytes::copy_from_slice(read(row, 5)?) })
        };
        rows(&replies)?.iter().map(row).collect()
    }
}

fn rows(replies: &[Reply]) -> Result<&[tokio_postgres::Row], StorageError> {
    replies.first().map(|reply| &reply.rows[..]).ok_or_else(|| damaged("an answer"))
}

fn read<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, column: usize) -> Result<T, StorageError> {
    row.try_get(column).map_err(|error| StorageError::Corrupt(error.to_string()))
}

fn damaged(what: &str) -> StorageError {
    StorageError::Corrupt(format!("{what} cannot be read"))
}

/// A record's place in the outbox.
struct Pending {
    head: Position,
    ver: i64,
    op: Bytes,
    n: i64,
}

impl Pending {
    fn of_key(key: &Bytes) -> Option<Pending> {
        if key.len() != PENDING_KEY_SIZE {
            return None;
        }
        let name = key.slice(..Family::Log.partition_size());
        let (ver, rest) = key[name.len()..].split_first_chunk::<VERSION_SIZE>()?;
        let (op, n) = rest.split_first_chunk::<OP_SIZE>()?;
        Some(Pending {
            head: Place::of(&log::head(name)).at,
            ver: i64::from_be_bytes(*ver),
            op: Bytes::copy_from_slice(op),
            n: i64::from_be_bytes(n.try_into().ok()?),
        })
    }

    /// Before all records.
    fn first() -> Vec<Value> {
        vec![
            Value::Bytes(Bytes::new()),
            Value::Bytes(Bytes::new()),
            Value::Int(0),
            Value::Bytes(Bytes::new()),
            Value::Int(0),
        ]
    }

    fn place(&self) -> Vec<Value> {
        let Position { p, s } = &self.head;
        vec![p[..].into(), s[..].into(), Value::Int(self.ver), Value::Bytes(self.op.clone()), Value::Int(self.n)]
    }
}

const PUT_ROWS: &str = "INSERT INTO stator_kv (p, s, k, ver, op, v) SELECT p, s, k, ver, NULL, v \
    FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[]) AS rows (p, s, k, ver, v)";
const PUT_TALLIES: &str = "INSERT INTO stator_tally (k, slot, a, b) SELECT k, 0, a, b \
    FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS rows (k, a, b)";
const PUT_PENDING: &str = "INSERT INTO stator_outbox (p, s, ver, op, n, v) SELECT p, s, ver, op, n, v \
    FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[]) AS rows (p, s, ver, op, n, v)";

/// A database that is being filled. No program opens it before [`Restore::finish`].
pub struct Restore {
    connection: Connection,
    rows: Statement,
    tallies: Statement,
    pending: Statement,
    /// Of all rows but those of logs: newer writes have greater ones.
    version: i64,
}

impl Restore {
    /// Makes the tables.
    ///
    /// # Errors
    /// If there are tables already, and as [`crate::Postgres::open`].
    pub async fn begin(options: &Options) -> Result<Restore, OpenError> {
        let failed =
            |error: tokio_postgres::Error| OpenError::Connect { server: options.server(), error: sentence(&error) };
        let connection = Connection::bare(options).await;
        let connection = connection.map_err(|trouble| OpenError::of(options.server(), &trouble))?;
        schema::begin_restore(options, &connection).await?;
        let client = connection.client();
        let rows = client.prepare(PUT_ROWS).await.map_err(failed)?;
        let tallies = client.prepare(PUT_TALLIES).await.map_err(failed)?;
        let pending = client.prepare(PUT_PENDING).await.map_err(failed)?;
        Ok(Restore { connection, rows, tallies, pending, version: now_us() })
    }

    /// Writes rows of a family. `is_archive` says of a key of the log family that it is no record and no head.
    ///
    /// # Errors
    /// What the server says, as for all that follows. The restore cannot continue.
    pub async fn put(&self, family: Family, rows: &[Row], is_archive: impl Fn(&[u8]) -> bool) -> Result<(), String> {
        let places: Vec<Place> = rows.iter().map(|row| Place::of(&Key::new(family, row.key.clone()))).collect();
        let version = |row: &Row| match family == Family::Log && !is_archive(&row.key) {
            true => position(row).ok_or_else(|| "a log's row is neither a head nor a record".to_owned()),
            false => Ok(self.version),
        };
        let p: Vec<&[u8]> = places.iter().map(|place| &place.at.p[..]).collect();
        let s: Vec<&[u8]> = places.iter().map(|place| &place.at.s[..]).collect();
        let k: Vec<Option<&[u8]>> = places.iter().map(|place| place.k.as_deref()).collect();
        let versions: Vec<i64> = rows.iter().map(version).collect::<Result<_, String>>()?;
        let values: Vec<&[u8]> = rows.iter().map(|row| &row.value[..]).collect();
        self.execute(&self.rows, &[&p, &s, &k, &versions, &values]).await
    }

    /// Writes counters, as rows of the catalog have them.
    pub async fn put_tallies(&self, rows: &[Row]) -> Result<(), String> {
        let keys: Vec<&[u8]> = rows.iter().map(|row| &row.key[..]).collect();
        let counters = |row: &Row| tally::decode(Some(&row.value)).ok_or_else(|| "a counter cannot be read".to_owned());
        let counters: Vec<tally::Counters> = rows.iter().map(counters).collect::<Result<_, String>>()?;
        let a: Vec<i64> = counters.iter().map(|counters| counters[0]).collect();
        let b: Vec<i64> = counters.iter().map(|counters| counters[1]).collect();
        self.execute(&self.tallies, &[&keys, &a, &b]).await
    }

    /// Writes records that have no positions yet, with keys of [`PENDING_KEY_SIZE`].
    pub async fn put_pending(&self, rows: &[Row]) -> Result<(), String> {
        let of =
            |row: &Row| Pending::of_key(&row.key).ok_or_else(|| "a waiting record's key cannot be read".to_owned());
        let places: Vec<Pending> = rows.iter().map(of).collect::<Result<_, String>>()?;
        let p: Vec<&[u8]> = places.iter().map(|place| &place.head.p[..]).collect();
        let s: Vec<&[u8]> = places.iter().map(|place| &place.head.s[..]).collect();
        let (vers, ns): (Vec<i64>, Vec<i64>) = places.iter().map(|place| (place.ver, place.n)).unzip();
        let ops: Vec<&[u8]> = places.iter().map(|place| &place.op[..]).collect();
        let values: Vec<&[u8]> = rows.iter().map(|row| &row.value[..]).collect();
        self.execute(&self.pending, &[&p, &s, &vers, &ops, &ns, &values]).await
    }

    async fn execute(
        &self,
        statement: &Statement,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<(), String> {
        self.connection.client().execute(statement, values).await.map(drop).map_err(|error| sentence(&error))
    }

    /// All rows are there: programs may open the database.
    pub async fn finish(self) -> Result<(), String> {
        schema::finish_restore(&self.connection).await
    }
}

/// The version of a log's row: the last position of a head, the position of a record.
fn position(row: &Row) -> Option<i64> {
    let (name, rest) = Family::Log.split(&row.key);
    let position = match rest {
        [] => log::decode_head(Some(&row.value))?,
        _ => log::position(name, &row.key)?,
    };
    i64::try_from(position).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_logs_are_their_positions() {
        let name = Bytes::from_static(b"123456789012");
        let row = |key: Key, value: Bytes| Row { key: key.bytes, value };
        assert_eq!(position(&row(log::head(name.clone()), log::encode_head(7))), Some(7));
        assert_eq!(position(&row(log::record(&name, 5), Bytes::new())), Some(5));
        assert_eq!(position(&row(log::head(name.clone()), Bytes::from_static(b"odd"))), None);
        assert_eq!(position(&row(Key::new(Family::Log, &b"123456789012345"[..]), Bytes::new())), None);
    }

    #[test]
    fn keys_of_waiting_records_are_their_places() {
        let key = Bytes::from([&b"123456789012"[..], &5_i64.to_be_bytes(), &[7; 16], &3_i64.to_be_bytes()].concat());
        assert_eq!(key.len(), PENDING_KEY_SIZE);
        let pending = Pending::of_key(&key).unwrap();
        assert_eq!((pending.ver, pending.n, &pending.op[..]), (5, 3, &[7; 16][..]));
        assert_eq!(pending.head, Place::of(&log::head(key.slice(..12))).at);
        assert!(Pending::of_key(&key.slice(1..)).is_none());
    }
}
