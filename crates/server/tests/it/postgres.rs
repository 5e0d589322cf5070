//! `--storage postgres://…`: starting, refusing to start, and what outlives the program.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use storage_postgres::testing::PostgresServer;

use crate::client::{Client, Response, request};
use crate::program::{command, run, until};
use crate::test_server::TestServer;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn tables_outlive_the_program() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database().replace("stator@", "stator:not-asked-for@");
    let schema = r#"{"TableName":"Table","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}"#;
    let server = TestServer::on_database(&url).start();
    assert!(server.ready_line.contains("data in the database at 127.0.0.1:"), "{}", server.ready_line);
    assert!(!server.ready_line.contains("not-asked-for"), "{}", server.ready_line);
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", schema).status, 200);
    for k in ["a", "b"] {
        let put = format!(r#"{{"TableName":"Table","Item":{{"k":{{"S":"{k}"}}}}}}"#);
        assert_eq!(client.call("PutItem", &put).status, 200);
    }
    assert!(server.stop().success());

    let server = TestServer::on_database(&url).start();
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
    check(&["--storage", url, "--memory"], 2, "cannot be used with");
    check(&["--storage", "mysql://me:hidden@h/d"], 1, "begins with postgres://");
    check(&["--storage", "postgres://me:hidden@h:port/d"], 1, "cannot be read");
    check(&["--storage", url, "--storage-password-file", "/no/such"], 1, "password from /no/such");

    let Some(database) = PostgresServer::shared() else { return };
    // The server answers: waiting would help nothing.
    check(&["--storage", &database.url(database.port, "no_such")], 1, "\"no_such\" does not exist");
    let other = database.url(database.port, "postgres").replace("stator@", "nobody_knows@");
    check(&["--storage", &other], 1, "role \"nobody_knows\" does not exist");
    check(&["--storage", &format!("{other}?sslmode=require")], 1, "TLS");
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
            std::thread::spawn(move || TestServer::on_database(&url).start())
        })
        .collect();
    let nodes: Vec<TestServer> = nodes.into_iter().map(|node| node.join().expect("a node")).collect();
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
    for expected in [
        "ok    PostgreSQL 1",
        "ok    sharding: none",
        "warn  fsync is off",
        "warn  no synchronous replicas",
        "tables: none yet",
        "each node opens up to 35: room for 5 nodes",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    let report = run(&["storage", "check", &format!("{url}?connections_max=300")]);
    assert_eq!(report.status.code(), Some(1));
    let said = text(&report.stdout);
    assert!(said.contains("BAD   connections: ") && said.contains("room for 0 nodes. Raise max_connections"), "{said}");

    // Nodes that are there count.
    let node = TestServer::on_database(format!("{url}?connections_max=150")).start();
    let report = run(&["storage", "check", &format!("{url}?connections_max=150")]);
    let said = text(&report.stdout);
    assert!(said.contains("warn  connections: ") && said.contains("room for 1 nodes; 1 run. Raise"), "{said}");
    assert!(node.stop().success());
}

/// `--rows` finds what no operation has met yet, in a database and in a folder.
#[test]
fn storage_check_reads_rows() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().to_str().expect("path");
    let rows = |place: &str| run(&["storage", "check", "--rows", place]);
    let empty = rows(path);
    assert_eq!(empty.status.code(), Some(1));
    assert!(text(&empty.stderr).contains("holds no database"), "{}", text(&empty.stderr));
    let server = TestServer::on_data(path).start();
    fill(&server);
    assert!(server.stop().success());
    let report = rows(path);
    assert!(report.status.success(), "{}{}", text(&report.stdout), text(&report.stderr));
    assert!(text(&report.stdout).contains(" 0 damaged"), "{}", text(&report.stdout));
    let with_identities = tempfile::tempdir().expect("folder");
    let path = with_identities.path().to_str().expect("path");
    assert!(run(&["init", "--data", path]).status.success());
    assert!(rows(path).status.success(), "{}", text(&rows(path).stdout));

    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let server = TestServer::on_database(&url).start();
    fill(&server);
    let report = rows(&url);
    assert!(report.status.success(), "{}{}", text(&report.stdout), text(&report.stderr));
    // The item's attributes are more than it has.
    let name = url.rsplit('/').next().expect("a name");
    let damage = "UPDATE stator_kv SET v = set_byte(v, 14, 100) WHERE substr(p, 1, 1) = '\\x02'::bytea \
                  AND position('bad'::bytea in v) > 0";
    database.psql(name, damage).expect("damage");
    let report = rows(&url);
    let said = text(&report.stdout);
    assert_eq!(report.status.code(), Some(1), "{said}");
    assert!(said.contains("BAD   Items row of table Rows, key ") && said.contains("1 damaged"), "{said}");
    let get =
        |k: &str| server.client().call("GetItem", &format!(r#"{{"TableName":"Rows","Key":{{"k":{{"S":"{k}"}}}}}}"#));
    assert_eq!(get("bad").status, 500);
    assert_eq!(get("good").status, 200);
    let line = server.wait_for_line("damaged");
    assert!(line.contains("table Rows") && line.contains("ends too early"), "{line}");
}

fn fill(server: &TestServer) {
    let mut client = server.client();
    let table = r#"{"TableName":"Rows","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}]}"#;
    assert_eq!(client.call("CreateTable", table).status, 200);
    for k in ["good", "bad"] {
        let put = format!(r#"{{"TableName":"Rows","Item":{{"k":{{"S":"{k}"}},"n":{{"N":"1"}}}}}}"#);
        assert_eq!(client.call("PutItem", &put).status, 200);
    }
}

/// Without its standby every write would wait.
#[test]
fn storage_check_misses_standbys() {
    let Some(database) = PostgresServer::start() else { return };
    let url = database.database();
    database.set("synchronous_standby_names", "*");
    let report = run(&["storage", "check", &url]);
    let said = text(&report.stdout);
    assert_eq!(report.status.code(), Some(1), "{said}{}", text(&report.stderr));
    assert!(said.contains("BAD   synchronous replicas: ") && said.contains("every write waits"), "{said}");
    let _standby = database.standby();
    until("the standby", || {
        let report = run(&["storage", "check", &url]);
        report.status.success() && text(&report.stdout).contains("1 needed, 1 connected")
    });
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// What a path answers, if anything does.
fn asked(address: SocketAddr, request: &[u8]) -> Option<Response> {
    TcpStream::connect(address).ok()?;
    let mut client = Client::connect(address);
    client.send(request);
    client.try_response()
}

#[test]
fn a_node_waits_for_its_database() {
    let Some(database) = PostgresServer::start() else { return };
    let url = database.database();
    database.crash();
    let [main, metrics] = [free_address(), free_address()];
    let (flags, expected) = ([main, metrics].map(|it| it.to_string()), format!("at 127.0.0.1:{}", database.port));
    let starting = std::thread::spawn(move || {
        TestServer::on_database(&url).flag("--listen", &flags[0]).flag("--metrics-listen", &flags[1]).start()
    });
    let readyz = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    until("/readyz", || {
        asked(metrics, readyz).is_some_and(|response| {
            response.status == 503
                && response.text().contains("waiting for the database")
                && response.text().contains(&expected)
        })
    });
    let healthz = asked(metrics, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("an answer");
    assert_eq!(healthz.status, 200);
    let refused = asked(main, &request("ListTables", &[], b"{}")).expect("an answer");
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("#ServiceUnavailable") && refused.text().contains("waiting for its database"));
    database.run();
    let server = starting.join().expect("a server");
    let said = server.said.iter().filter(|line| line.contains("waiting for the database")).count();
    assert_eq!(said, 1, "{:?}", server.said);
    assert_eq!(server.client().call("ListTables", "{}").status, 200);
    until("/readyz", || asked(metrics, readyz).is_some_and(|response| response.status == 200));
    assert!(server.stop().success());
}

/// Commits of the start that wait for a standby: of the tables of an empty database, and of the row of a node that joins. The latter
/// ends without an outcome after some 15 seconds, and is made again.
#[test]
fn a_node_waits_for_a_synchronous_standby() {
    let Some(database) = PostgresServer::start() else { return };
    for (is_empty, lasts) in [(true, Duration::ZERO), (false, Duration::from_secs(20))] {
        let url = database.database();
        if !is_empty {
            assert!(TestServer::on_database(&url).start().stop().success());
        }
        database.set("synchronous_standby_names", "missing");
        let (main, metrics, begun) = (free_address().to_string(), free_address(), Instant::now());
        let starting = std::thread::spawn(move || {
            TestServer::on_database(&url).flag("--listen", &main).flag("--metrics-listen", metrics.to_string()).start()
        });
        let readyz = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let waits = || {
            asked(metrics, readyz).is_some_and(|response| {
                response.status == 503
                    && response.text().contains("waiting for the database")
                    && response.text().contains("synchronous standby")
            })
        };
        until("/readyz", waits);
        std::thread::sleep(lasts.saturating_sub(begun.elapsed()));
        assert!(waits() && !starting.is_finished());
        database.set("synchronous_standby_names", "");
        let server = starting.join().expect("a server");
        let said = server.said.iter().filter(|line| line.contains("waiting for the database")).count();
        assert_eq!(said, 1, "{:?}", server.said);
        assert_eq!(server.client().call("ListTables", "{}").status, 200);
        assert!(server.stop().success());
    }
}

/// `/readyz` on the main address, and an end that does not wait.
#[test]
fn a_node_that_waits_can_be_stopped() {
    let (main, metrics) = (free_address().to_string(), free_address());
    let url = format!("postgres://me:hidden@{metrics}/db");
    let mut child = command(&["serve", "--listen", &main, "--storage", &url]).spawn().expect("start");
    let address = main.parse().expect("an address");
    until("/readyz", || {
        let ready = asked(address, b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        ready.is_some_and(|response| response.status == 503 && response.text().contains("waiting for the database"))
    });
    let ended = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(ended.expect("kill").success());
    let mut code = None;
    until("the end", || {
        code = child.try_wait().expect("wait");
        code.is_some()
    });
    assert_eq!(code.and_then(|code| code.code()), Some(0));
    let said = text(&child.wait_with_output().expect("output").stderr);
    assert!(said.contains("waiting for the database") && !said.contains("hidden"), "{said}");
}

/// A stand-in for the catalog of Citus, which says that the table is spread over shards.
#[test]
fn tables_over_shards_are_refused() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    assert!(TestServer::on_database(&url).start().stop().success());
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
    assert!(TestServer::on_database(&url).start().stop().success());
}
