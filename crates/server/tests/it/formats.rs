//! Nodes of two versions over one PostgreSQL: what an older one has left is taken over once it has ended, and what a newer
//! one has written is left alone.

use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::{PATIENCE, command, run};
use crate::test_server::TestServer;

const FORMAT_1: &str = include_str!("formats/format-1.sql");
/// Its one node.
const OLDER_NODE: &str = "127.0.0.1:8999 (version 0.1.0)";
const NODES: &str = "substr(p, 1, 10) = '\\x0100000000000000004d'::bytea";
const DEFINITIONS: &str = "substr(p, 1, 10) = '\\x01000000000000000054'::bytea AND v IS NOT NULL";
const VERSION: &str = "p = '\\x01000000000000000056'::bytea";
const LEASE: [&str; 2] = ["--node-lease-ms", "600"];

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn name(url: &str) -> &str {
    url.rsplit('/').next().expect("a name")
}

fn sql(database: &PostgresServer, url: &str, statement: &str) -> String {
    database.psql(name(url), statement).expect(statement)
}

fn format(database: &PostgresServer, url: &str) -> String {
    sql(database, url, "SELECT value FROM stator_meta WHERE name = 'format'")
}

/// Until so many programs have read the list of nodes: each has ended a view.
fn until_waiting(database: &PostgresServer, url: &str, count: usize) {
    let looked = format!("query = 'ROLLBACK' AND application_name = 'stator' AND datname = '{}'", name(url));
    let looked = format!("SELECT count(*) FROM pg_stat_activity WHERE {looked}");
    until("a look", || sql(database, url, &looked).parse::<usize>().expect("a number") >= count);
}

fn put(client: &mut Client, k: &str) -> u16 {
    let put = format!(r#"{{"TableName":"Orders","Item":{{"k":{{"S":"{k}"}},"n":{{"N":"1"}},"g":{{"S":"x"}}}}}}"#);
    client.call("PutItem", &put).status
}

#[test]
fn what_the_format_before_has_left_is_taken_over() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    sql(&database, &url, FORMAT_1);
    let listed = run(&["nodes", "--storage", &url]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("127.0.0.1:8999"), "{listed:?}");
    let newer: Vec<_> = (0..2)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || TestServer::on_database(&url).start())
        })
        .collect();
    until_waiting(&database, &url, 2);
    assert_eq!(format(&database, &url), "1", "somebody may still be using them");
    // It stops.
    sql(&database, &url, &format!("UPDATE stator_kv SET v = NULL WHERE {NODES}"));
    let newer: Vec<TestServer> = newer.into_iter().map(|server| server.join().expect("a node")).collect();
    assert_eq!(format(&database, &url), "3");
    for server in &newer {
        assert!(server.said.iter().any(|line| line.contains(OLDER_NODE)), "{:#?}", server.said);
        assert_is_whole(&mut server.client());
    }

    let (mut one, mut other) = (newer[0].client(), newer[1].client());
    let followed =
        r#"{"TableName":"Orders","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}"#;
    one.ask("UpdateTable", followed);
    let table = r#"{"TableName":"Orders"}"#;
    until("the stream", || one.ask("DescribeTable", table)["Table"]["TableStatus"] == "ACTIVE");
    assert_eq!(put(&mut other, "new"), 200);
    let records = "SELECT count(*) FROM stator_kv WHERE substr(p, 1, 1) = '\\x04'::bytea";
    until("a record", || sql(&database, &url, records) != "0");
}

/// The table of the recorded server.
fn assert_is_whole(client: &mut Client) {
    let described = client.ask("DescribeTable", r#"{"TableName":"Orders"}"#);
    assert_eq!(described["Table"]["ItemCount"], 2);
    assert_eq!(described["Table"]["GlobalSecondaryIndexes"][0]["ItemCount"], 2);
    let item = client.ask("GetItem", r#"{"TableName":"Orders","Key":{"k":{"S":"a"},"n":{"N":"3"}}}"#);
    let expected = r#"{"c":{"N":"7"},"g":{"S":"x"},"k":{"S":"a"},"l":{"B":"AQI="},"m":{"M":{"d":{"L":[{"N":"-1.5"},
        {"BOOL":false}]},"s":{"SS":["p","q"]},"z":{"NULL":true}}},"n":{"N":"3"},"ttl":{"N":"99999999999"}}"#;
    assert_eq!(item["Item"], serde_json::from_str::<Value>(expected).expect("an item"));
    for (index, key, values) in [
        ("by-g", "g = :x", r#"{":x":{"S":"x"}}"#),
        ("by-l", "k = :a AND l = :l", r#"{":a":{"S":"a"},":l":{"B":"AQI="}}"#),
    ] {
        let query = format!(
            r#"{{"TableName":"Orders","IndexName":"{index}","KeyConditionExpression":"{key}",
            "ExpressionAttributeValues":{values}}}"#
        );
        assert_eq!(client.ask("Query", &query)["Count"], 2, "{index}");
    }
    let time_to_live = client.ask("DescribeTimeToLive", r#"{"TableName":"Orders"}"#);
    assert_eq!(time_to_live["TimeToLiveDescription"]["TimeToLiveStatus"], "ENABLED");
}

#[test]
fn waiting_for_older_nodes_can_be_stopped() {
    struct Killed(Child);
    impl Drop for Killed {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    sql(&database, &url, FORMAT_1);
    let waiting = command(&["serve", "--listen", "127.0.0.1:0", "--storage", &url]).spawn().expect("start");
    let mut waiting = Killed(waiting);
    until_waiting(&database, &url, 1);
    let pid = waiting.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    until("the end", || waiting.0.try_wait().expect("wait").is_some());
    assert!(waiting.0.wait().expect("wait").success());
    assert_eq!(format(&database, &url), "1");
}

/// A newer program does something to the rows that this one does not know. It answers reads, takes no writes until it
/// knows all again, and has changed nothing.
#[test]
fn what_a_newer_version_has_changed_is_left_alone() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let server = TestServer::on_database(&url).flags(&LEASE).start();
    let mut client = server.client();
    let schema = r#"{"TableName":"Orders","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"},
        {"AttributeName":"n","AttributeType":"N"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"},
        {"AttributeName":"n","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST"}"#;
    client.ask("CreateTable", schema);
    let set_format = |format: &str| format!("UPDATE stator_meta SET value = {format} WHERE name = 'format'");
    let set_billing = |billing: &str| {
        let changed = format!("jsonb_set(convert_from(v, 'UTF8')::jsonb, '{{billing}}', '\"{billing}\"')");
        // As every change of the catalog, it counts up the version.
        format!(
            "UPDATE stator_kv SET v = convert_to(({changed})::text, 'UTF8') WHERE {DEFINITIONS}; UPDATE stator_kv SET v = \
             int8send(('x' || encode(v, 'hex'))::bit(64)::bigint + 1) WHERE {VERSION}"
        )
    };
    let set_version = |value: &str| format!("UPDATE stator_kv SET v = {value} WHERE {VERSION}");
    for (change, back, why) in [
        (set_format("99"), set_format("3"), "the tables have format 99 now, and this program knows 3"),
        (set_billing("OnTheMoon"), set_billing("OnDemand"), "OnTheMoon"),
        (
            set_version("v || '\\x00'::bytea"),
            set_version("substr(v, 1, 8)"),
            "the version of the catalog cannot be read",
        ),
    ] {
        assert_eq!(put(&mut client, "a"), 200);
        sql(&database, &url, &change);
        let heard = server.wait_for_line("no writes are taken");
        assert!(heard.contains(why), "{heard}");
        assert_eq!(put(&mut client, "b"), 500, "{why}");
        let got = client.ask("GetItem", r#"{"TableName":"Orders","Key":{"k":{"S":"a"},"n":{"N":"1"}}}"#);
        assert_eq!(got["Item"]["g"]["S"], "x", "{why}");
        sql(&database, &url, &back);
        server.wait_for_line("writes are taken");
    }
    assert_eq!(put(&mut client, "a"), 200);
}

/// Both nodes go on with a definition that has a member which neither knows, and leave it there.
#[test]
fn members_of_a_newer_version_are_preserved() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    sql(&database, &url, FORMAT_1);
    sql(&database, &url, &format!("UPDATE stator_kv SET v = NULL WHERE {NODES}"));
    let newer = "jsonb_set(convert_from(v, 'UTF8')::jsonb, '{newer}', '{\"a\":[1]}')";
    sql(&database, &url, &format!("UPDATE stator_kv SET v = convert_to(({newer})::text, 'UTF8') WHERE {DEFINITIONS}"));
    let nodes = [0; 2].map(|_| TestServer::on_database(&url).start());
    let (mut one, mut other) = (nodes[0].client(), nodes[1].client());
    one.ask("UpdateTable", r#"{"TableName":"Orders","DeletionProtectionEnabled":true}"#);
    until("the change", || {
        other.ask("DescribeTable", r#"{"TableName":"Orders"}"#)["Table"]["DeletionProtectionEnabled"] == true
    });
    let classes = r#"{"TableName":"Orders","TableClass":"STANDARD_INFREQUENT_ACCESS"}"#;
    other.ask("UpdateTable", classes);
    let kept = format!("SELECT convert_from(v, 'UTF8')::jsonb -> 'newer' FROM stator_kv WHERE {DEFINITIONS}");
    assert_eq!(sql(&database, &url, &kept), r#"{"a": [1]}"#);
    assert_eq!(put(&mut one, "a"), 200);
}
