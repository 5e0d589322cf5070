//! What a call to give positions waits for, and what it does not.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use jobs::{Jobs, Ran};
use storage::{Consistency, Engine, Mode, StorageError, log};
use storage_postgres::testing::{Fault, Pair, PostgresServer, Proxy};
use storage_postgres::{Options, Postgres};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::logs::{HEAD_P, HEAD_S, LOG, add, number, open_idle, records};

/// As long as it takes a busy machine; what a test waits for comes at once, or never.
const FOR_EVER: Duration = Duration::from_secs(600);

/// Whenever records are taken out of the outbox, more come than a pass takes, from this version on.
fn flood(server: &PostgresServer, name: &str, version: u64) {
    for statement in [
        format!("CREATE SEQUENCE meanwhile START {version}"),
        format!(
            "CREATE FUNCTION write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO stator_outbox SELECT \
             {}, {}, nextval(''meanwhile''), ''later'', 0, int8send(0) FROM generate_series(1, 600); RETURN NULL; END'",
            HEAD_P.replace('\'', "''"),
            HEAD_S.replace('\'', "''"),
        ),
        "CREATE TRIGGER meanwhile AFTER DELETE ON stator_outbox EXECUTE FUNCTION write()".to_owned(),
    ] {
        server.psql(name, &statement).unwrap();
    }
}

/// Leaves records that wait.
fn leave(server: &PostgresServer, name: &str, versions: RangeInclusive<u64>) {
    let rows = format!("generate_series({}, {})", versions.start(), versions.end());
    let columns = format!("{HEAD_P}, {HEAD_S}, at, 'first', 0, int8send(at)");
    server.psql(name, &format!("INSERT INTO stator_outbox SELECT {columns} FROM {rows} AS at")).unwrap();
}

/// Half a second for a call, and no positions unless they are asked for.
fn impatient(url: &str) -> Options {
    let mut options = Options::parse(url, None).unwrap();
    options.patience.gather = Duration::from_secs(3_600);
    options.patience.call = Duration::from_millis(500);
    options
}

fn database_of(url: &str) -> String {
    url.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_written_meanwhile_is_not_waited_for() {
    const COUNT: u64 = 1_200;
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let (node, name) = (open_idle(&url).await, database_of(&url));
    leave(&server, &name, 1..=COUNT);
    flood(&server, &name, 1 << 40);
    timeout(FOR_EVER, node.sequence(&LOG)).await.expect("it ends").unwrap();
    for position in [1, COUNT] {
        let record = node.get(&log::record(&LOG, position), Consistency::Strong).await.unwrap();
        assert_eq!(number(record.as_ref()), position);
    }
}

/// A reader of the head between two passes sees all records of a write or none.
#[tokio::test]
async fn no_pass_ends_within_a_write() {
    const WRITES: u64 = 5;
    const RECORDS: u64 = 200;
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let (node, name) = (open_idle(&url).await, database_of(&url));
    for statement in [
        format!(
            "INSERT INTO stator_outbox SELECT {HEAD_P}, {HEAD_S}, ver, 'write', n, int8send(n) \
             FROM generate_series(1, {WRITES}) AS ver, generate_series(1, {RECORDS}) AS n"
        ),
        "CREATE TABLE heads (at bigint)".to_owned(),
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN INSERT INTO heads VALUES (NEW.ver); RETURN NULL; END'"
            .to_owned(),
        format!(
            "CREATE TRIGGER note AFTER INSERT OR UPDATE ON stator_kv FOR EACH ROW \
             WHEN (NEW.p = {HEAD_P} AND NEW.s = {HEAD_S}) EXECUTE FUNCTION note()"
        ),
    ] {
        server.psql(&name, &statement).unwrap();
    }
    node.sequence(&LOG).await.unwrap();
    let heads = server.psql(&name, "SELECT DISTINCT at FROM heads ORDER BY at").unwrap();
    let heads: Vec<u64> = heads.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert!(heads.iter().all(|at| at % RECORDS == 0) && heads.last() == Some(&(WRITES * RECORDS)), "{heads:?}");
    assert!(heads.len() > 2, "more than one pass: {heads:?}");
}

/// A node with a clock that is ahead has left a record, and others write so much that it never is among the first.
#[tokio::test]
async fn a_call_that_cannot_end_fails() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let name = database_of(&url);
    let options = impatient(&url);
    let node = Postgres::open(options).await.unwrap();
    leave(&server, &name, 1..=600);
    leave(&server, &name, 1 << 50..=1 << 50);
    flood(&server, &name, 1 << 40);
    let failed = timeout(FOR_EVER, node.sequence(&LOG)).await.expect("it ends");
    assert!(matches!(failed, Err(StorageError::Unavailable(_))), "{failed:?}");
    server.psql(&name, "DROP TRIGGER meanwhile ON stator_outbox").unwrap();
    assert_eq!(number(records(&*open_idle(&url).await, &LOG, 0).await.last()), 1 << 50);
}

/// Leftovers of one log cannot all get positions within a call: those of the logs behind it get theirs.
#[tokio::test]
async fn leftovers_of_a_log_delay_no_other_log() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let name = database_of(&url);
    let options = impatient(&url);
    let jobs = Jobs::by_hand(Clock::system());
    let _node = Postgres::open(options.with_jobs(&jobs)).await.unwrap();
    leave(&server, &name, 1..=600);
    leave(&server, &name, 1 << 50..=1 << 50);
    flood(&server, &name, 1 << 40);
    let other = HEAD_P.replacen("x0461", "x0462", 1);
    server
        .psql(&name, &format!("INSERT INTO stator_outbox VALUES ({other}, {HEAD_S}, 1, 'first', 0, int8send(1))"))
        .unwrap();
    assert_eq!(timeout(FOR_EVER, jobs.run_once("sequence_leftovers")).await.expect("it ends"), Some(Ran::Failed));
    let left = server.psql(&name, &format!("SELECT count(*) FROM stator_outbox WHERE p = {other}")).unwrap();
    assert_eq!(left.trim(), "0");
}

#[tokio::test]
async fn readers_of_a_log_share_a_connection() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let (node, name) = (open_idle(&url).await, database_of(&url));
    add(&node, Mode::Plain, &[1]).await;
    assert_eq!(records(&node, &LOG, 0).await.len(), 1);
    add(&node, Mode::Plain, &[1]).await;
    let (held, of) = (Arc::clone(&server), name.clone());
    let lock =
        format!("BEGIN; SELECT FROM stator_kv WHERE p = {HEAD_P} AND s = {HEAD_S} FOR UPDATE; SELECT pg_sleep(60)");
    let holder = tokio::task::spawn_blocking(move || held.psql(&of, &lock));
    server.wait_for_sleeper(&name);
    let mut readers = JoinSet::new();
    for _ in 0..100 {
        let node = Arc::clone(&node);
        readers.spawn(async move { node.sequence(&LOG).await });
    }
    // By then all of them have asked: there is one thread, and they were there first.
    while !server.is_blocked(&name) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(node.stats().connections_used, 1);
    server.end_sleepers(&name);
    holder.await.unwrap().expect_err("it was ended");
    while let Some(done) = readers.join_next().await {
        assert_eq!(done.unwrap(), Ok(()));
    }
    assert!(node.get(&log::record(&LOG, 2), Consistency::Strong).await.unwrap().is_some());
}

/// A caller that arrives during a pass may have written records that the pass has not seen.
#[tokio::test]
async fn a_later_call_waits_for_the_next_pass() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let proxy = Proxy::start(server.port).await;
    let (node, direct) = (open_idle(&server.url(proxy.port, &database_of(&url))).await, open_idle(&url).await);
    add(&direct, Mode::Plain, &[1]).await;
    assert_eq!(records(&node, &LOG, 0).await.len(), 1);
    add(&direct, Mode::Plain, &[1]).await;
    proxy.arm(Fault::SlowCommit(Duration::from_secs(1)));
    let later = async {
        while !proxy.has_struck() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        add(&direct, Mode::Plain, &[2]).await;
        node.sequence(&LOG).await.unwrap();
        direct.get(&log::record(&LOG, 3), Consistency::Strong).await.unwrap()
    };
    let (first, found) = tokio::join!(async { node.sequence(&LOG).await }, later);
    assert_eq!(first, Ok(()));
    assert!(found.is_some());
}

/// The administrator ends the wait for the standby: the server commits, and warns. Positions that the standby does not
/// have may be assigned again after a failover, so readers do not see them before the standby has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_are_known_to_the_standby() {
    const WAITING: &str = "pg_stat_activity WHERE wait_event = 'SyncRep'";
    let Some(Pair { primary, standby }) = Pair::start() else { return };
    let mut options = Options::parse(&primary.database(), None).unwrap();
    options.patience.gather = Duration::from_secs(3_600);
    options.patience.call = FOR_EVER;
    let node = Postgres::open(options).await.unwrap();
    add(&node, Mode::Plain, &[1]).await;
    assert_eq!(records(&node, &LOG, 0).await.len(), 1);
    add(&node, Mode::Plain, &[1]).await;
    standby.crash();
    let asked = Arc::clone(&node);
    let sequencing = tokio::spawn(async move { asked.sequence(&LOG).await });
    // Until the statement returns something.
    let until = async |statement: &str| loop {
        assert!(!sequencing.is_finished(), "the standby does not have it");
        match primary.psql("postgres", statement).unwrap() {
            output if output.is_empty() => tokio::time::sleep(Duration::from_millis(5)).await,
            output => return output,
        }
    };
    let begun = until(&format!("SELECT xact_start FROM {WAITING}")).await;
    until(&format!("SELECT pg_cancel_backend(pid) FROM {WAITING}")).await;
    until(&format!("SELECT pid FROM {WAITING} AND xact_start > '{begun}'")).await;
    standby.run();
    assert_eq!(sequencing.await.unwrap(), Ok(()));
}
