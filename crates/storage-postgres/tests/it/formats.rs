//! Tables of other formats: older ones remain unchanged until they are upgraded to this program's, newer ones always.

use storage::{Consistency, Engine, Family, Key, Mode};
use storage_postgres::testing::PostgresServer;
use storage_postgres::{FORMAT, OpenError, Options, Postgres};

use crate::contract::open;
use crate::logs::{LOG, add, records};

fn options(url: &str) -> Options {
    Options::parse(url, None).unwrap()
}

fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// What is not to be touched.
fn tables(server: &PostgresServer, url: &str) -> String {
    let columns = "SELECT table_name || ' ' || column_name || ' ' || data_type FROM information_schema.columns \
                   WHERE table_name LIKE 'stator%' ORDER BY 1";
    let format = "SELECT value FROM stator_meta WHERE name = 'format'";
    [server.psql(name(url), columns).unwrap(), server.psql(name(url), format).unwrap()].join("\n")
}

/// Tables as a program of format 1 leaves them, which had no outbox.
fn make_older(server: &PostgresServer, url: &str) {
    server.psql(name(url), "DROP TABLE stator_outbox; UPDATE stator_meta SET value = 1 WHERE name = 'format'").unwrap();
}

#[tokio::test]
async fn older_tables_are_looked_at_and_updated_when_that_is_asked_for() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    add(&*open(&url).await, Mode::Plain, &[1]).await;
    make_older(&server, &url);
    let before = tables(&server, &url);
    let refused = Postgres::open(options(&url)).await.err().unwrap();
    assert!(matches!(refused, OpenError::Older { found: 1, known: FORMAT }), "{refused}");
    let visitor = Postgres::visit(options(&url)).await.unwrap();
    let key = Key::new(Family::Items, 1_u64.to_be_bytes().to_vec());
    assert!(visitor.get(&key, Consistency::Strong).await.unwrap().is_some());
    assert!(visitor.verify().await.is_err());
    assert_eq!(tables(&server, &url), before);

    let options = options(&url);
    let updates = tokio::join!(Postgres::update(&options), Postgres::update(&options), Postgres::update(&options));
    assert!(matches!(updates, (Ok(()), Ok(()), Ok(()))), "{updates:?}");
    let nodes = tokio::join!(open(&url), open(&url));
    assert_eq!(visitor.verify().await, Ok(()));
    add(&nodes.0, Mode::Plain, &[1]).await;
    assert_eq!(records(&nodes.1, &LOG, 0).await.len(), 1);
}

#[tokio::test]
async fn newer_tables_are_left_alone() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    let node = open(&url).await;
    assert_eq!(node.verify().await, Ok(()));
    server.psql(name(&url), &format!("UPDATE stator_meta SET value = {FORMAT} + 1 WHERE name = 'format'")).unwrap();
    let before = tables(&server, &url);
    let newer = |error: Option<OpenError>| matches!(error, Some(OpenError::Newer { known: FORMAT, .. }));
    assert!(newer(Postgres::open(options(&url)).await.err()));
    assert!(newer(Postgres::visit(options(&url)).await.err()));
    assert!(newer(Postgres::update(&options(&url)).await.err()));
    let expected = format!("have format {} now, and this program knows {FORMAT}", FORMAT + 1);
    assert!(node.verify().await.unwrap_err().to_string().contains(&expected));
    assert_eq!(tables(&server, &url), before);
}

/// A stand-in for the catalog of Citus, with another application's tables distributed over shards.
#[tokio::test]
async fn tables_over_shards_are_refused_if_they_are_ours() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    drop(open(&url).await);
    let others = "CREATE TABLE my_stator_kv (); CREATE TABLE stator_others (); CREATE SCHEMA elsewhere; \
                  CREATE TABLE elsewhere.stator_kv (); \
                  CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod \"char\")";
    server.psql(name(&url), others).unwrap();
    for (table, how, refused) in [
        ("my_stator_kv", "h", false),
        ("stator_others", "h", false),
        ("elsewhere.stator_kv", "h", false),
        ("stator_kv", "n", false),
        ("stator_kv", "h", true),
        ("stator_outbox", "h", true),
        ("stator_tally", "h", true),
        ("stator_meta", "h", true),
    ] {
        let spread = format!("TRUNCATE pg_dist_partition; INSERT INTO pg_dist_partition VALUES ('{table}', '{how}')");
        server.psql(name(&url), &spread).unwrap();
        let found = Postgres::open(options(&url)).await.err();
        assert_eq!(found.is_some(), refused, "{table}, {how}");
        assert!(found.is_none_or(|found| found.to_string().contains("Citus distributes them")), "{table}");
    }
}

#[tokio::test]
async fn a_visitor_makes_no_tables() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database();
    for refused in [Postgres::visit(options(&url)).await.err(), Postgres::update(&options(&url)).await.err()] {
        assert!(matches!(refused, Some(OpenError::Empty { .. })), "{refused:?}");
    }
    assert_eq!(server.psql(name(&url), "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'stator%'").unwrap(), "0");
}
