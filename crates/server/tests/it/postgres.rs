//! `--storage postgres://…`: starting, refusing to start, and what outlives the program.

use std::fs;

use storage_postgres::testing::PostgresServer;

use crate::program::{Server, run};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn tables_outlive_the_program() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database().replace("stator@", "stator:not-asked-for@");
    let schema = r#"{"TableName":"Table","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}"#;
    let server = Server::start(&["--storage", &url]);
    assert!(server.ready_line.contains("data in the database at 127.0.0.1:"), "{}", server.ready_line);
    assert!(!server.ready_line.contains("not-asked-for"), "{}", server.ready_line);
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", schema).status, 200);
    for k in ["a", "b"] {
        let put = format!(r#"{{"TableName":"Table","Item":{{"k":{{"S":"{k}"}}}}}}"#);
        assert_eq!(client.call("PutItem", &put).status, 200);
    }
    assert!(server.stop().success());

    let server = Server::start(&["--storage", &url]);
    let mut client = server.client();
    let described = client.call("DescribeTable", r#"{"TableName":"Table"}"#).json();
    assert_eq!(described["Table"]["ItemCount"], 2);
    let got = client.call("GetItem", r#"{"TableName":"Table","Key":{"k":{"S":"b"}}}"#).json();
    assert_eq!(got["Item"]["k"]["S"], "b");
}

#[test]
fn refusals() {
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let output = run(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expected) && !said.contains("hidden"), "{arguments:?}: {said}");
    };
    let url = "postgres://me:hidden@127.0.0.1:1/db";
    check(&["--storage", url], 1, "cannot use the database at 127.0.0.1:1/db: ");
    check(&["--storage", url, "--memory"], 2, "cannot be used with");
    check(&["--storage", "mysql://me:hidden@h/d"], 1, "begins with postgres://");
    check(&["--storage", "postgres://me:hidden@h:port/d"], 1, "cannot be read");
    check(&["--storage", url, "--storage-password-file", "/no/such"], 1, "password from /no/such");

    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let name = url.rsplit('/').next().expect("a name").to_owned();
    let newer = "CREATE TABLE stator_meta (name text PRIMARY KEY, value bigint NOT NULL); \
                 INSERT INTO stator_meta VALUES ('format', 99)";
    database.psql(&name, newer).expect("a newer format");
    check(&["--storage", &url], 1, "the tables have format 99, and this program knows 3");
    let tables = database.psql(&name, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'stator%'");
    assert_eq!(tables.as_deref(), Ok("1"), "nothing was touched");
}

#[test]
fn nodes_that_start_at_once_agree() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || Server::start(&["--storage", &url]))
        })
        .collect();
    let nodes: Vec<Server> = nodes.into_iter().map(|node| node.join().expect("a node")).collect();
    for node in &nodes {
        assert_eq!(node.client().call("ListTables", "{}").status, 200);
    }
}

#[test]
fn storage_check() {
    let refused = run(&["storage", "check", "postgres://me:hidden@127.0.0.1:1/db"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!text(&refused.stderr).contains("hidden"));
    let Some(database) = PostgresServer::shared() else { return };
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("password");
    fs::write(&file, "secret\n").expect("a file");
    let url = database.database();
    let report = run(&["storage", "check", &url, "--storage-password-file", file.to_str().expect("path")]);
    let said = text(&report.stdout);
    assert!(report.status.success(), "{said}{}", text(&report.stderr));
    for expected in ["ok    PostgreSQL 1", "mind  fsync is off", "mind  no synchronous replicas", "tables: none yet"] {
        assert!(said.contains(expected), "{said}");
    }
}

/// A stand-in for the catalog of Citus, which says that the table is spread over shards.
#[test]
fn tables_over_shards_are_refused() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    assert!(Server::start(&["--storage", &url]).stop().success());
    let name = url.rsplit('/').next().expect("a name").to_owned();
    let spread = |how: char| {
        let citus = format!(
            "DROP TABLE IF EXISTS pg_dist_partition; CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod \
             \"char\"); INSERT INTO pg_dist_partition VALUES ('stator_kv', '{how}')"
        );
        database.psql(&name, &citus).expect("a stand-in");
    };
    spread('h');
    let refused = run(&["serve", "--listen", "127.0.0.1:0", "--storage", &url]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("Citus distributes them"), "{}", text(&refused.stderr));
    spread('n');
    assert!(Server::start(&["--storage", &url]).stop().success());
}
