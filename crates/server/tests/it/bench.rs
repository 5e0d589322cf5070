//! `stator bench` against real servers: every workload, briefly.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use storage_postgres::testing::PostgresServer;

use crate::program::run;
use crate::test_server::TestServer;

/// Bounded by their count, so that no machine is too slow for them.
const OPERATIONS: u64 = 40;

fn bench(arguments: &[&str]) -> (bool, String) {
    let few = OPERATIONS.to_string();
    let bounds = ["bench", "--operations", &few, "--seconds", "3600", "--warmup", "0", "--rounds", "2"];
    let small = ["--keys", "200", "--connections", "4", "--prefix", "test"];
    let output = run(&[&bounds[..], &small[..], arguments].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the JSON lines");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn tables(server: &TestServer) -> Value {
    server.client().call("ListTables", "{}").json()["TableNames"].clone()
}

/// Two servers and the ceiling; all requests of all workloads are answered as they should be.
#[test]
fn every_workload_has_a_result() {
    let (first, second) = (TestServer::in_memory().start(), TestServer::in_memory().start());
    let folder = tempfile::tempdir().expect("a folder");
    let (json, html) = (folder.path().join("figures.json"), folder.path().join("report.html"));
    let (ok, said) = bench(&[
        "--endpoint",
        &first.url(),
        "--compare",
        &second.url(),
        "--ceiling",
        "--json",
        json.to_str().expect("a path"),
        "--html",
        html.to_str().expect("a path"),
    ]);
    assert!(ok, "{said}");
    let lines = lines(&json);
    assert_eq!(lines[0]["type"], "run");
    let mut workloads = BTreeSet::new();
    for figures in &lines[1..] {
        assert_eq!(figures["is_result"], true, "{figures}");
        assert_eq!(figures["operations"], OPERATIONS, "{figures}");
        workloads.insert(figures["workload"].as_str().expect("a name"));
    }
    assert!(workloads.len() >= 13, "{workloads:?}");
    assert_eq!(lines.len() - 1, workloads.len() * 3);
    let page = std::fs::read_to_string(&html).expect("the report");
    assert!(page.contains("<svg") && page.ends_with("</html>\n"));
    for server in [&first, &second] {
        assert_eq!(tables(server), serde_json::json!([]), "the tables are deleted");
    }
}

#[test]
fn an_open_loop_sends_all_that_was_due() {
    let server = TestServer::in_memory().start();
    let (ok, said) = bench(&["--endpoint", &server.url(), "--workload", "get,put", "--rate", "500"]);
    assert!(ok, "{said}");
}

#[test]
fn tables_that_are_not_its_own_are_left_alone() {
    let server = TestServer::in_memory().start();
    let url = server.url();
    let flags = ["--endpoint", &url, "--workload", "get"];
    for _ in 0..2 {
        let (ok, said) = bench(&[&flags[..], &["--keep"]].concat());
        assert!(ok, "{said}");
    }
    let (ok, said) = bench(&flags);
    assert!(!ok && said.contains("has a table test-items already"), "{said}");
    assert_eq!(tables(&server), serde_json::json!(["test-items"]));
}

#[test]
fn failures_are_no_result() {
    let server = TestServer::in_memory().start();
    let url = server.url();
    let (ok, said) = bench(&["--endpoint", &url, "--workload", "get", "--keep"]);
    assert!(ok, "{said}");
    // The items in the table are smaller.
    let (ok, said) = bench(&["--endpoint", &url, "--workload", "get", "--keep", "--value-size", "2000"]);
    assert!(!ok && said.contains("NO RESULT") && said.contains("GetItem did not give the whole item"), "{said}");
}

/// A server over PostgreSQL, and in the same rounds the same statements without it, on rows of the same size.
#[test]
fn a_database_is_measured_without_its_server() {
    let Some(database) = PostgresServer::shared() else { return };
    let storage = database.database();
    let name = storage.rsplit('/').next().expect("a database");
    let server = TestServer::on_database(&storage).start();
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("figures.json");
    let server_url = server.url();
    let flags =
        ["--endpoint", &server_url, "--label", "stator", "--sql", &storage, "--json", json.to_str().expect("a path")];
    let (ok, said) = bench(&[&flags[..], &["--workload", "get,put,mixed", "--keep"]].concat());
    assert!(ok, "{said}");
    let lines = lines(&json);
    let measured: Vec<_> = lines[1..]
        .iter()
        .map(|figures| {
            assert_eq!(
                (&figures["is_result"], &figures["operations"]),
                (&true.into(), &OPERATIONS.into()),
                "{figures}"
            );
            (figures["workload"].as_str().expect("a name"), figures["server"].as_str().expect("a server"))
        })
        .collect();
    let pairs = ["get", "put", "mixed"].map(|workload| [(workload, "stator"), (workload, "sql")]);
    assert_eq!(measured, pairs.as_flattened());

    let sizes = |schema: &str| {
        let sizes = "octet_length(p), octet_length(s), round(octet_length(v) / 100.0), octet_length(op)";
        let items = format!("SELECT {sizes}, count(*) FROM {schema}.stator_kv WHERE p >= '\\x02' AND p < '\\x03'");
        database.psql(name, &format!("{items} GROUP BY 1, 2, 3, 4")).expect("sizes")
    };
    assert_eq!(sizes("public"), sizes("test"));
    assert!(sizes("test").ends_with("|200"), "{}", sizes("test"));

    // A table left by `--keep` is used, and otherwise refused; what this run creates is deleted with it.
    let (ok, said) = bench(&[&flags[..], &["--workload", "get", "--keep"]].concat());
    assert!(ok && said.contains("sql: table test-items is there"), "{said}");
    let other = TestServer::in_memory().start();
    let other_url = other.url();
    let flags = ["--endpoint", &other_url, "--sql", &storage, "--workload", "get"];
    let (ok, said) = bench(&flags);
    assert!(!ok && said.contains("sql has a table test-items already"), "{said}");
    database.psql(name, "DROP SCHEMA test CASCADE").expect("an end");
    let (ok, said) = bench(&flags);
    assert!(ok, "{said}");
    let left = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'test'";
    assert_eq!(database.psql(name, left).as_deref(), Ok("0"));
}

#[test]
fn an_unreachable_database_is_reported() {
    let server = TestServer::in_memory().start();
    let url = server.url();
    for (sql, expected) in
        [("mysql://x", "begins with postgres://"), ("postgres://x@127.0.0.1:1/x", "cannot reach sql")]
    {
        let (ok, said) = bench(&["--endpoint", &url, "--workload", "get", "--sql", sql]);
        assert!(!ok && said.contains(expected), "{said}");
    }
    let (ok, said) = bench(&["--endpoint", &url, "--workload", "query", "--sql", "postgres://x@127.0.0.1:1/x"]);
    assert!(!ok && said.contains("--sql has no statements for query, but for get, put"), "{said}");
}

/// Debug builds are slow to start, which does not matter here: there is a figure for each kind of start, and nothing is left.
#[test]
fn starts_are_timed() {
    let folder = tempfile::tempdir().expect("a folder");
    let scratch = folder.path().to_str().expect("a path");
    let json = folder.path().join("figures.json");
    let flags = ["bench", "start", "--runs", "2", "--scratch", scratch, "--json", json.to_str().expect("a path")];
    let output = run(&[&flags[..], &["--", "--region", "eu-west-3", "--cache", "64MiB"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = lines(&json);
    assert_eq!(lines[0]["settings"]["serve_flags"], "--region eu-west-3 --cache 64MiB");
    let places: Vec<_> = lines[1..].iter().map(|line| line["place"].as_str().expect("a place")).collect();
    assert_eq!(places, ["in memory", "new folder", "existing folder"]);
    for line in &lines[1..] {
        assert_eq!(line["first_answer_ms"].as_array().map(Vec::len), Some(2), "{line}");
        assert!(cfg!(not(target_os = "linux")) || line["resident_bytes_median"].as_u64() > Some(1 << 20), "{line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "only the figures are left");

    let refused = run(&["bench", "start", "--runs", "1", "--scratch", scratch, "--", "--no-such-flag"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("--no-such-flag"), "{said}");
}
