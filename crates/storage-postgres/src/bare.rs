//! What a point read and a write come down to: the engine's statements in the engine's flights, given to the driver
//! as they are. There is no pool, no latch, no decision and no second attempt.
//!
//! `stator bench --sql` measures it beside a server on the same database: the difference is what Stator adds. The rows
//! are in a schema of their own, in tables like those of the engine.

use bytes::Bytes;
use storage::Key;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Statement};

use crate::clock::now_us;
use crate::connection::{BEGIN_TEXT, COMMIT_TEXT, Connection, Sql, in_order};
use crate::error::sentence;
use crate::options::Options;
use crate::place::Place;
use crate::schema::{self, Found};

type Value<'a> = &'a (dyn ToSql + Sync);

/// The way to the tables.
pub struct Bare {
    options: Options,
    schema: String,
}

impl Bare {
    #[must_use]
    pub fn new(options: Options, schema: &str) -> Bare {
        Bare { options, schema: format!("\"{}\"", schema.replace('"', "\"\"")) }
    }

    /// Creates the tables; returns whether there were none.
    ///
    /// # Errors
    /// What the server says, as for all that follows.
    pub async fn make(&self) -> Result<bool, String> {
        let connection = self.connect().await?;
        let making = format!("CREATE SCHEMA IF NOT EXISTS {}", self.schema);
        connection.client().batch_execute(&making).await.map_err(message)?;
        match schema::found(&connection).await.map_err(|trouble| trouble.to_string())? {
            Found::Nothing => schema::create(&connection).await.map(|()| true),
            Found::Format(_) => Ok(false),
        }
    }

    pub async fn remove(&self) -> Result<(), String> {
        let connection = self.connect().await?;
        let dropping = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema);
        connection.client().batch_execute(&dropping).await.map_err(message)
    }

    pub async fn open(&self) -> Result<BareConnection, String> {
        let connection = self.connect().await?;
        let prepare = async |sql: Sql| connection.client().prepare(sql.text()).await.map_err(message);
        let (get, lock) = (prepare(Sql::Get).await?, prepare(Sql::Lock).await?);
        let (insert, update) = (prepare(Sql::Insert).await?, prepare(Sql::Update).await?);
        Ok(BareConnection { connection, get, lock, insert, update })
    }

    /// As the engine connects, but with no other tables than ours in sight.
    async fn connect(&self) -> Result<Connection, String> {
        let connection = Connection::bare(&self.options).await.map_err(|trouble| trouble.to_string())?;
        let choosing = format!("SET search_path = {}", self.schema);
        connection.client().batch_execute(&choosing).await.map_err(message)?;
        Ok(connection)
    }
}

/// Unusable after an error: a transaction may be open.
pub struct BareConnection {
    connection: Connection,
    get: Statement,
    lock: Statement,
    insert: Statement,
    update: Statement,
}

impl BareConnection {
    /// One flight of one statement.
    ///
    /// # Errors
    /// What the server says, or that there is no such row; also below.
    pub async fn read(&self, key: &Key) -> Result<Bytes, String> {
        let Place { at, .. } = Place::of(key);
        let rows = self.connection.client().query(&self.get, &[&at.p, &at.s]).await.map_err(message)?;
        let row = rows.first().ok_or_else(absent)?;
        let value: &[u8] = row.try_get(1).map_err(message)?;
        Ok(Bytes::copy_from_slice(value))
    }

    /// Two flights: lock and read; then write and commit.
    pub async fn write(&self, key: &Key, value: &[u8]) -> Result<(), String> {
        let client = self.connection.client();
        let Place { at, .. } = Place::of(key);
        let row: [Value<'_>; 2] = [&at.p, &at.s];
        let (begun, rows) = tokio::join!(biased; client.batch_execute(BEGIN_TEXT), client.query(&self.lock, &row));
        begun.map_err(message)?;
        let rows = rows.map_err(message)?;
        let old: i64 = rows.first().ok_or_else(absent)?.try_get(2).map_err(message)?;
        let (ver, op) = (now_us().max(old.saturating_add(1)), base::random::bytes16());
        let row: [Value<'_>; 5] = [&at.p, &at.s, &ver, &&op[..], &value];
        let (written, committed) =
            tokio::join!(biased; client.execute(&self.update, &row), client.batch_execute(COMMIT_TEXT));
        committed.map_err(message)?;
        match written.map_err(message)? {
            1 => Ok(()),
            _ => Err(absent()),
        }
    }

    /// New rows, in one transaction.
    pub async fn fill(&self, rows: &[(Key, Bytes)]) -> Result<(), String> {
        let client = self.connection.client();
        client.batch_execute(BEGIN_TEXT).await.map_err(message)?;
        let insert = async |(key, value): &(Key, Bytes)| {
            let (Place { at, k }, op) = (Place::of(key), base::random::bytes16());
            client.execute(&self.insert, &[&at.p, &at.s, &k, &now_us(), &&op[..], &&value[..]]).await
        };
        for inserted in in_order(rows.iter().map(|row| Box::pin(insert(row))).collect()).await {
            inserted.map_err(message)?;
        }
        client.batch_execute(COMMIT_TEXT).await.map_err(message)
    }
}

fn absent() -> String {
    "a row is not there".to_owned()
}

fn message(error: Error) -> String {
    sentence(&error)
}
