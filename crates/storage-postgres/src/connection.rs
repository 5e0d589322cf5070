//! One connection: its prepared statements, and flights of them.
//!
//! A flight is several statements that are sent at once and answered in order, in one round trip. It fails with the
//! first statement that fails, whatever comes behind: a COMMIT behind a failed statement is answered as if all were
//! well, and rolls back.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::error::{Error, SqlState};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Client, NoTls, Row, Statement};

use crate::error::{Trouble, is_undefined_table};
use crate::options::{Options, Patience};

/// Every statement, each prepared once a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sql {
    Get,
    Lock,
    Share,
    Insert,
    Update,
    Upsert,
    Rewrite,
    Delete,
    ScanForward,
    ScanBackward,
    GroupForward,
    GroupBackward,
    StepEnd,
    DeleteRange,
    Sweep,
    TallyGet,
    TallyScan,
    TallyAdd,
    TallyDelete,
    TallyDeleteRange,
    Mark,
    Marked,
    OutboxAdd,
    OutboxLast,
    OutboxNext,
    OutboxScan,
    OutboxMove,
    OutboxDeleteRange,
    HeadMake,
    HeadAdvance,
    Format,
}

/// A page is cut by bytes where the rows are, so that large ones do not travel for nothing. Of the first row that does
/// not fit any more only the key comes, to say that there is one.
macro_rules! scan {
    ($order:literal) => {
        concat!(
            "SELECT p, s, k, CASE WHEN before < $6 THEN v END FROM (SELECT p, s, k, v, ",
            "coalesce(sum(size) OVER (ORDER BY ",
            $order,
            " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before, ",
            "coalesce(sum(size) OVER (ORDER BY ",
            $order,
            " ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING), 0) AS before_last FROM (",
            "SELECT p, s, k, v, octet_length(p) - 1 + octet_length(s) + octet_length(v) + ",
            "CASE WHEN k IS NULL THEN 0 ELSE octet_length(k) - 16 END AS size FROM stator_kv ",
            "WHERE (p, s) >= ($1, $2) AND (p, s) < ($3, $4) AND v IS NOT NULL ORDER BY ",
            $order,
            " LIMIT $5) AS found) AS sized WHERE before_last < $6 ORDER BY ",
            $order
        )
    };
}

/// Takes the first records of a log out of the outbox, up to `$3` and about `$4` bytes, and puts them behind the
/// position of its head, which is locked. The records of one write are taken together, so that no position divides a write. The versions of the head and of records are their positions. Gives how many
/// were moved, of how many, and whether the record `$5` to `$7` is passed by now. They are taken as a range up to the last one: a plan that was made while the outbox was
/// short must not look at all of a long one for each.
const OUTBOX_MOVE: &str = "\
    WITH head AS (SELECT ver AS last FROM stator_kv WHERE p = $1 AND s = $2), \
    queued AS (SELECT ver, op, n, octet_length(v) AS size FROM stator_outbox \
        WHERE p = $1 AND s = $2 ORDER BY ver, op, n LIMIT $3), \
    due AS (SELECT ver, op, n FROM (SELECT ver, op, n, \
        coalesce(sum(size) OVER (ORDER BY ver, op, n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before \
        FROM queued) AS sized WHERE before < $4 ORDER BY ver DESC, op DESC, n DESC LIMIT 1), \
    taken AS (DELETE FROM stator_outbox AS o USING due, head WHERE o.p = $1 AND o.s = $2 \
        AND (o.ver, o.op) <= (due.ver, due.op) RETURNING head.last, o.ver, o.op, o.n, o.v), \
    placed AS (SELECT last + row_number() OVER (ORDER BY ver, op, n) AS position, v FROM taken), \
    put AS (INSERT INTO stator_kv (p, s, k, ver, op, v) SELECT $1, \
        $2 || decode(lpad(to_hex(position), 16, '0'), 'hex'), NULL, position, NULL, v FROM placed RETURNING 1) \
    SELECT (SELECT count(*) FROM put), (SELECT count(*) FROM queued), \
        (SELECT (ver, op, n) >= ($5, $6, $7) FROM due)";

/// All records that wait, behind the one at `$1` to `$5`.
const OUTBOX_SCAN: &str = "\
    SELECT p, s, ver, op, n, v FROM stator_outbox WHERE (p, s, ver, op, n) > ($1, $2, $3, $4, $5) \
    ORDER BY p, s, ver, op, n LIMIT $6";

impl Sql {
    const ALL: [Sql; 31] = [
        Sql::Get,
        Sql::Lock,
        Sql::Share,
        Sql::Insert,
        Sql::Update,
        Sql::Upsert,
        Sql::Rewrite,
        Sql::Delete,
        Sql::ScanForward,
        Sql::ScanBackward,
        Sql::GroupForward,
        Sql::GroupBackward,
        Sql::StepEnd,
        Sql::DeleteRange,
        Sql::Sweep,
        Sql::TallyGet,
        Sql::TallyScan,
        Sql::TallyAdd,
        Sql::TallyDelete,
        Sql::TallyDeleteRange,
        Sql::Mark,
        Sql::Marked,
        Sql::OutboxAdd,
        Sql::OutboxLast,
        Sql::OutboxNext,
        Sql::OutboxScan,
        Sql::OutboxMove,
        Sql::OutboxDeleteRange,
        Sql::HeadMake,
        Sql::HeadAdvance,
        Sql::Format,
    ];

    pub(crate) fn text(self) -> &'static str {
        match self {
            Sql::Get => "SELECT k, v, ver, op FROM stator_kv WHERE p = $1 AND s = $2",
            Sql::Lock => "SELECT k, v, ver, op FROM stator_kv WHERE p = $1 AND s = $2 FOR UPDATE",
            Sql::Share => "SELECT k, v, ver, op FROM stator_kv WHERE p = $1 AND s = $2 FOR SHARE",
            Sql::Insert => "INSERT INTO stator_kv (p, s, k, ver, op, v) VALUES ($1, $2, $3, $4, $5, $6)",
            Sql::Update => "UPDATE stator_kv SET ver = $3, op = $4, v = $5 WHERE p = $1 AND s = $2",
            Sql::Upsert => {
                "INSERT INTO stator_kv (p, s, k, ver, op, v) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (p, s) DO UPDATE SET ver = excluded.ver, op = excluded.op, v = excluded.v"
            }
            // Neither the version nor the operation changes: a lost flight is recognized by them, and a rewrite is no change.
            Sql::Rewrite => "UPDATE stator_kv SET v = $4 WHERE p = $1 AND s = $2 AND v = $3",
            Sql::Delete => "DELETE FROM stator_kv WHERE p = $1 AND s = $2",
            Sql::ScanForward => scan!("p, s"),
            Sql::ScanBackward => scan!("p DESC, s DESC"),
            Sql::GroupForward => {
                "SELECT p, s, k, v FROM stator_kv WHERE p = $1 AND s >= $2 AND s < $3 AND k >= $4 AND v IS NOT NULL \
                 ORDER BY k LIMIT $5"
            }
            Sql::GroupBackward => {
                "SELECT p, s, k, v FROM stator_kv WHERE p = $1 AND s >= $2 AND s < $3 AND ($4::bytea IS NULL OR k < $4) \
                 AND v IS NOT NULL ORDER BY k DESC LIMIT $5"
            }
            Sql::StepEnd => {
                "SELECT p, s FROM stator_kv WHERE (p, s) >= ($1, $2) AND (p, s) < ($3, $4) ORDER BY p, s \
                 OFFSET $5 LIMIT 1"
            }
            Sql::DeleteRange => "DELETE FROM stator_kv WHERE (p, s) >= ($1, $2) AND (p, s) < ($3, $4)",
            Sql::Sweep => "DELETE FROM stator_kv WHERE p = $1 AND s = $2 AND ver = $3 AND v IS NULL",
            Sql::TallyGet => {
                "SELECT coalesce(sum(a), 0)::bigint, coalesce(sum(b), 0)::bigint FROM stator_tally WHERE k = $1"
            }
            Sql::TallyScan => {
                "SELECT k, sum(a)::bigint, sum(b)::bigint FROM stator_tally WHERE k > $1 GROUP BY k ORDER BY k LIMIT $2"
            }
            Sql::TallyAdd => {
                "INSERT INTO stator_tally (k, slot, a, b) VALUES ($1, $2, $3, $4) ON CONFLICT (k, slot) \
                 DO UPDATE SET a = stator_tally.a + excluded.a, b = stator_tally.b + excluded.b"
            }
            Sql::TallyDelete => "DELETE FROM stator_tally WHERE k = $1",
            Sql::TallyDeleteRange => "DELETE FROM stator_tally WHERE k >= $1 AND ($2::bytea IS NULL OR k < $2)",
            Sql::Mark => {
                "INSERT INTO stator_meta (name, value) VALUES ('mark', $1) \
                 ON CONFLICT (name) DO UPDATE SET value = stator_meta.value + 1"
            }
            Sql::Marked => "SELECT value FROM stator_meta WHERE name = 'mark'",
            Sql::OutboxAdd => "INSERT INTO stator_outbox (p, s, ver, op, n, v) VALUES ($1, $2, $3, $4, $5, $6)",
            Sql::OutboxLast => {
                "SELECT ver, op, n FROM stator_outbox WHERE p = $1 AND s = $2 ORDER BY ver DESC, op DESC, n DESC LIMIT 1"
            }
            Sql::OutboxNext => "SELECT p, s FROM stator_outbox WHERE (p, s) > ($1, $2) ORDER BY p, s LIMIT 1",
            Sql::OutboxScan => OUTBOX_SCAN,
            Sql::OutboxMove => OUTBOX_MOVE,
            Sql::OutboxDeleteRange => "DELETE FROM stator_outbox WHERE (p, s) >= ($1, $2) AND (p, s) < ($3, $4)",
            Sql::HeadMake => {
                "INSERT INTO stator_kv (p, s, k, ver, op, v) SELECT $1, $2, NULL, 0, NULL, \
                 decode('0000000000000000', 'hex') WHERE EXISTS \
                 (SELECT n FROM stator_outbox WHERE p = $1 AND s = $2) ON CONFLICT (p, s) DO NOTHING"
            }
            Sql::HeadAdvance => {
                "UPDATE stator_kv SET ver = last.ver, v = decode(lpad(to_hex(last.ver), 16, '0'), 'hex') FROM \
                 (SELECT ver FROM stator_kv WHERE p = $1 AND s > $2 AND s <= $2 || decode('ffffffffffffffff', 'hex') \
                 ORDER BY s DESC LIMIT 1) AS last WHERE p = $1 AND s = $2 AND stator_kv.ver < last.ver"
            }
            Sql::Format => "SELECT value FROM stator_meta WHERE name = 'format'",
        }
    }

    fn gives_rows(self) -> bool {
        self.text().starts_with("SELECT") || self == Sql::OutboxMove
    }
}

/// A parameter of a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    Bytes(Bytes),
    Int(i64),
    Null,
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Bytes(Bytes::copy_from_slice(bytes))
    }
}

impl<B: Into<Bytes>> From<Option<B>> for Value {
    fn from(bytes: Option<B>) -> Value {
        bytes.map_or(Value::Null, |bytes| Value::Bytes(bytes.into()))
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Bytes(bytes) => out.extend_from_slice(bytes),
            Value::Int(number) => return number.to_sql(kind, out),
            Value::Null => return Ok(IsNull::Yes),
        }
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::BYTEA || *kind == Type::INT8
    }

    to_sql_checked!();
}

/// One statement of a flight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ask {
    Plain(&'static str),
    Of(Sql, Vec<Value>),
}

pub(crate) const BEGIN_TEXT: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
pub(crate) const COMMIT_TEXT: &str = "COMMIT";
pub(crate) const BEGIN: Ask = Ask::Plain(BEGIN_TEXT);
pub(crate) const BEGIN_SNAPSHOT: Ask = Ask::Plain("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
pub(crate) const COMMIT: Ask = Ask::Plain(COMMIT_TEXT);

/// What a statement gave.
#[derive(Default)]
pub(crate) struct Reply {
    pub(crate) rows: Vec<Row>,
    /// Rows that were written.
    pub(crate) count: u64,
}

/// Which statement of a flight failed, and why.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) at: usize,
    pub(crate) trouble: Trouble,
}

pub(crate) struct Connection {
    client: Client,
    /// Without the statements on tables that an older format lacks.
    statements: Vec<Option<Statement>>,
    driver: JoinHandle<()>,
    warnings: Arc<AtomicU64>,
}

impl Connection {
    /// Connects to a server that has the tables.
    pub(crate) async fn open(options: &Options) -> Result<Connection, Trouble> {
        let mut connection = Connection::bare(options).await?;
        let prepare = async {
            let asks = Sql::ALL.map(|sql| connection.client.prepare(sql.text()));
            let prepared = in_order(asks.into_iter().map(Box::pin).collect()).await.into_iter();
            let unless_absent = |prepared: Result<Statement, Error>| match prepared {
                Err(error) if is_undefined_table(&error) => Ok(None),
                prepared => prepared.map(Some),
            };
            prepared.map(unless_absent).collect::<Result<Vec<_>, Error>>()
        };
        connection.statements = bounded(options, prepare).await??;
        Ok(connection)
    }

    /// Connects to a server of which nothing is known yet.
    pub(crate) async fn bare(options: &Options) -> Result<Connection, Trouble> {
        let connect = async {
            match &options.tls {
                None => {
                    let (client, driver) = options.config.connect(NoTls).await?;
                    Ok(Connection::driven(client, driver))
                }
                Some(tls) => {
                    let (client, driver) = options.config.connect(tls.clone()).await?;
                    Ok(Connection::driven(client, driver))
                }
            }
        };
        let connection: Connection = bounded(options, connect).await?.map_err(Trouble::of_connect)?;
        let settings = settings(&options.patience);
        bounded(options, connection.client.batch_execute(&settings)).await??;
        Ok(connection)
    }

    fn driven<S, T>(client: Client, mut connection: tokio_postgres::Connection<S, T>) -> Connection
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let warnings = Arc::new(AtomicU64::new(0));
        let heard = Arc::clone(&warnings);
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message
                    && *notice.code() == SqlState::WARNING
                {
                    heard.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Connection { client, statements: Vec::new(), driver, warnings }
    }

    /// How often the server has warned. A commit that did not wait for its replicas is answered with a warning.
    pub(crate) fn warnings(&self) -> u64 {
        self.warnings.load(Ordering::Relaxed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// For what is not one of the statements: set-up and checks.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends all of `asks` at once, and waits for their replies.
    pub(crate) async fn fly(&self, asks: &[Ask], patience: &Patience) -> Result<Vec<Reply>, Failure> {
        let replies = in_order(asks.iter().map(|ask| Box::pin(self.ask(ask))).collect());
        let patience = patience.of_flight(asks.len());
        let Ok(replies) = timeout(patience, replies).await else {
            let text = format!("no answer from the server within {} ms", patience.as_millis());
            return Err(Failure { at: 0, trouble: Trouble::Lost(text) });
        };
        let failed = |(at, reply): (usize, Result<Reply, Error>)| {
            reply.map_err(|error| Failure { at, trouble: Trouble::from(error) })
        };
        replies.into_iter().enumerate().map(failed).collect()
    }

    async fn ask(&self, ask: &Ask) -> Result<Reply, Error> {
        let (sql, values) = match ask {
            Ask::Plain(text) => return self.client.batch_execute(text).await.map(|()| Reply::default()),
            Ask::Of(sql, values) => (*sql, values),
        };
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let statement = match &self.statements[sql as usize] {
            Some(statement) => statement,
            // The server says what is missing.
            None => &self.client.prepare(sql.text()).await?,
        };
        if sql.gives_rows() {
            Ok(Reply { rows: self.client.query(statement, &values).await?, count: 0 })
        } else {
            Ok(Reply { rows: Vec::new(), count: self.client.execute(statement, &values).await? })
        }
    }

    /// Ends an open transaction, without waiting for the reply: whatever is sent later comes behind it.
    pub(crate) fn roll_back_soon(&self) {
        let mut rollback = Box::pin(self.client.batch_execute("ROLLBACK"));
        // The first poll sends.
        let _ = rollback.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }

    /// Aborts the connection, so that the server releases all its locks at once.
    pub(crate) fn abandon(self) {
        self.driver.abort();
    }
}

/// The settings of each session. A statement timeout is not among them: if it ends the wait of a COMMIT for a replica,
/// the server commits, and reports that only in a warning.
fn settings(patience: &Patience) -> String {
    format!(
        "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET statement_timeout = 0; SET jit = off; \
         SET enable_seqscan = off; SET enable_bitmapscan = off",
        patience.lock.as_millis(),
        patience.idle_in_transaction.as_millis()
    )
}

async fn bounded<T>(options: &Options, work: impl Future<Output = T>) -> Result<T, Trouble> {
    let patience = options.patience.connect;
    let late = |_| Trouble::Lost(format!("no connection within {} ms", patience.as_millis()));
    timeout(patience, work).await.map_err(late)
}

/// Polls each future for the first time in order, which sends their requests in order; then waits for one after the
/// other, as the replies come.
pub(crate) async fn in_order<F: Future>(mut futures: Vec<Pin<Box<F>>>) -> Vec<F::Output> {
    let mut first: Vec<Option<F::Output>> = Vec::with_capacity(futures.len());
    poll_fn(|cx| {
        for future in &mut futures {
            first.push(match future.as_mut().poll(cx) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            });
        }
        Poll::Ready(())
    })
    .await;
    let mut outputs = Vec::with_capacity(futures.len());
    for (future, ready) in futures.into_iter().zip(first) {
        outputs.push(match ready {
            Some(output) => output,
            None => future.await,
        });
    }
    outputs
}
