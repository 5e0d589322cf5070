//! Two servers over one PostgreSQL: what one changes the other knows, the work of a killed one is ended by the other, and
//! one that was stopped for longer than its lease comes back without harm.

use std::time::{Duration, Instant};

use serde_json::Value;
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::{PATIENCE, run};
use crate::test_server::TestServer;

/// Short, so that the tests are.
const LEASE: [&str; 2] = ["--node-lease-ms", "600"];
const ITEMS: usize = 3_000;
const BATCH: usize = 25;

fn node(url: &str) -> TestServer {
    TestServer::on_database(url).flags(&LEASE).start()
}

fn create(client: &mut Client, table: &str) {
    let schema = format!(
        r#"{{"TableName":"{table}","AttributeDefinitions":[{{"AttributeName":"k","AttributeType":"S"}}],
        "KeySchema":[{{"AttributeName":"k","KeyType":"HASH"}}],"BillingMode":"PAY_PER_REQUEST"}}"#
    );
    let made = client.call("CreateTable", &schema);
    assert_eq!(made.status, 200, "{}", made.text());
}

fn fill(client: &mut Client, table: &str) {
    for batch in 0..ITEMS / BATCH {
        let put = |i: usize| format!(r#"{{"PutRequest":{{"Item":{{"k":{{"S":"{i}"}},"g":{{"S":"x"}}}}}}}}"#);
        let puts: Vec<String> = (batch * BATCH..(batch + 1) * BATCH).map(put).collect();
        let put = client.call("BatchWriteItem", &format!(r#"{{"RequestItems":{{"{table}":[{}]}}}}"#, puts.join(",")));
        assert_eq!(put.status, 200, "{}", put.text());
    }
}

fn put(client: &mut Client, table: &str, k: &str) -> u16 {
    let put = format!(r#"{{"TableName":"{table}","Item":{{"k":{{"S":"{k}"}},"g":{{"S":"x"}}}}}}"#);
    client.call("PutItem", &put).status
}

fn add_index(client: &mut Client, table: &str) {
    let request = format!(
        r#"{{"TableName":"{table}","AttributeDefinitions":[{{"AttributeName":"g","AttributeType":"S"}}],
        "GlobalSecondaryIndexUpdates":[{{"Create":{{"IndexName":"by-g","KeySchema":[{{"AttributeName":"g","KeyType":"HASH"}}],
        "Projection":{{"ProjectionType":"KEYS_ONLY"}}}}}}]}}"#
    );
    let added = client.call("UpdateTable", &request);
    assert_eq!(added.status, 200, "{}", added.text());
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn index(client: &mut Client, table: &str) -> Value {
    let described = client.call("DescribeTable", &format!(r#"{{"TableName":"{table}"}}"#));
    described.json()["Table"]["GlobalSecondaryIndexes"][0].clone()
}

fn until_built(client: &mut Client, table: &str) {
    until("the index", || index(client, table)["IndexStatus"] == "ACTIVE");
}

/// Items of the index, read page by page.
fn count(client: &mut Client, table: &str, index: &str) -> usize {
    let (mut found, mut start) = (0, String::new());
    loop {
        let page = client.call("Scan", &format!(r#"{{"TableName":"{table}"{index},"Select":"COUNT"{start}}}"#)).json();
        found += page["Count"].as_u64().expect("a count") as usize;
        match page.get("LastEvaluatedKey") {
            None => return found,
            Some(key) => start = format!(r#","ExclusiveStartKey":{key}"#),
        }
    }
}

fn assert_index_is_whole(client: &mut Client, table: &str, expected: usize) {
    assert_eq!(count(client, table, ""), expected, "items");
    assert_eq!(count(client, table, r#","IndexName":"by-g""#), expected, "rows of the index");
    assert_eq!(index(client, table)["ItemCount"], expected, "counted");
}

fn is_ready(server: &TestServer) -> bool {
    let mut client = server.client();
    client.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.response().status == 200
}

fn list(url: &str) -> String {
    let listed = run(&["nodes", "--storage", url]);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8_lossy(&listed.stdout).into_owned()
}

#[test]
fn the_work_of_a_killed_node_is_ended_by_another() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let (first, second) = (node(&url), node(&url));
    let (mut a, mut b) = (first.client(), second.client());
    create(&mut a, "Orders");
    fill(&mut b, "Orders");
    let listed = list(&url);
    assert_eq!(listed.matches(" ms ago").count(), 2, "{listed}");
    assert!(listed.contains(&first.address.to_string()) && listed.contains(&second.address.to_string()), "{listed}");

    add_index(&mut a, "Orders");
    let name = url.rsplit('/').next().expect("a name").to_owned();
    // Rows of indexes are the third family.
    let rows = "SELECT count(*) FROM stator_kv WHERE substr(p, 1, 1) = '\\x03'::bytea AND v IS NOT NULL";
    until("the walk", || database.psql(&name, rows).expect("a count").parse::<usize>().expect("a number") > 0);
    first.signal("-KILL");
    assert_eq!(put(&mut b, "Orders", "while nobody builds"), 200);
    until_built(&mut b, "Orders");
    assert_index_is_whole(&mut b, "Orders", ITEMS + 1);
    drop(first);
    assert!(second.stop().success());
    let listed = list(&url);
    assert!(!listed.contains(" ms ago"), "{listed}");
}

#[test]
fn a_node_that_slept_comes_back_without_harm() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let (first, second) = (node(&url), node(&url));
    let (mut a, mut b) = (first.client(), second.client());
    create(&mut a, "Naps");
    fill(&mut a, "Naps");
    assert_eq!(put(&mut b, "Naps", "before"), 200);

    second.signal("-STOP");
    // A request that the sleeper finds when it wakes, and a change that it does not know of.
    let late = r#"{"TableName":"Naps","Item":{"k":{"S":"late"},"g":{"S":"x"}}}"#;
    b.send(&crate::client::request("PutItem", &[], late.as_bytes()));
    add_index(&mut a, "Naps");
    until_built(&mut a, "Naps");
    second.signal("-CONT");
    let answered = b.response().status;
    assert!(matches!(answered, 200 | 500), "{answered}");
    until("the node", || is_ready(&second));
    assert_eq!(put(&mut b, "Naps", "after"), 200);
    until_built(&mut b, "Naps");
    assert_index_is_whole(&mut b, "Naps", ITEMS + 2 + usize::from(answered == 200));
}

#[test]
fn a_node_without_the_database_is_not_ready() {
    let Some(database) = PostgresServer::start() else { return };
    let server = node(&database.database());
    assert!(is_ready(&server));
    let mut client = server.client();
    create(&mut client, "Kept");
    database.crash();
    until("the end of the lease", || !is_ready(&server));
    server.wait_for_line("no writes are taken");
    assert_eq!(put(&mut client, "Kept", "a"), 500);
    database.run();
    until("the node", || is_ready(&server));
    server.wait_for_line("writes are taken");
    assert_eq!(put(&mut client, "Kept", "a"), 200);
}
