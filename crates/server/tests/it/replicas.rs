//! `--storage-replicas`: which requests a real streaming replica answers, seen by what it has not got yet.

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::until;
use crate::test_server::TestServer;

const TABLE: &str = r#"{"TableName":"Table","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],
        "Projection":{"ProjectionType":"ALL"}}]}"#;

fn put(client: &mut Client, v: &str) {
    client.ask("PutItem", json!({"TableName": "Table", "Item": {"k": {"S": "k"}, "g": {"S": "g"}, "v": {"S": v}}}));
}

/// Every way to read the item, whether it is strongly consistent, and where the item is in the answer.
fn reads() -> Vec<(&'static str, Value, bool, &'static str)> {
    let key = json!({"k": {"S": "k"}});
    let by_k = json!({"TableName": "Table", "KeyConditionExpression": "k = :k",
        "ExpressionAttributeValues": {":k": {"S": "k"}}});
    let by_g = json!({"TableName": "Table", "IndexName": "by-g", "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": {"S": "g"}}});
    let get = json!({"TableName": "Table", "Key": key});
    let batch = json!({"RequestItems": {"Table": {"Keys": [key]}}});
    let mut strong_batch = batch.clone();
    strong_batch["RequestItems"]["Table"]["ConsistentRead"] = json!(true);
    let statement = json!({"Statement": "SELECT * FROM \"Table\" WHERE k = 'k'"});
    let statements = json!({"Statements": [statement]});
    let mut strong_statements = statements.clone();
    strong_statements["Statements"][0]["ConsistentRead"] = json!(true);
    let strong = |body: &Value| {
        let mut body = body.clone();
        body["ConsistentRead"] = json!(true);
        body
    };
    let scan = json!({"TableName": "Table"});
    let transact = json!({"TransactItems": [{"Get": {"TableName": "Table", "Key": key}}]});
    let update = json!({"TableName": "Table", "Key": key, "UpdateExpression": "SET x = :x", "ReturnValues": "ALL_OLD",
        "ExpressionAttributeValues": {":x": {"S": "x"}}});
    vec![
        ("GetItem", strong(&get), true, "/Item"),
        ("GetItem", get, false, "/Item"),
        ("BatchGetItem", batch, false, "/Responses/Table/0"),
        ("BatchGetItem", strong_batch, true, "/Responses/Table/0"),
        ("Query", strong(&by_k), true, "/Items/0"),
        ("Query", by_k, false, "/Items/0"),
        ("Query", by_g, false, "/Items/0"),
        ("Scan", strong(&scan), true, "/Items/0"),
        ("Scan", scan, false, "/Items/0"),
        ("ExecuteStatement", strong(&statement), true, "/Items/0"),
        ("ExecuteStatement", statement, false, "/Items/0"),
        ("BatchExecuteStatement", statements, false, "/Responses/0/Item"),
        ("BatchExecuteStatement", strong_statements, true, "/Responses/0/Item"),
        ("TransactGetItems", transact, true, "/Responses/0/Item"),
        ("UpdateItem", update, true, "/Attributes"),
    ]
}

#[test]
fn eventually_consistent_reads_come_from_a_replica() {
    let Some(primary) = PostgresServer::start() else { return };
    let url = primary.database();
    let replica = primary.standby();
    let replicas = url.replace(&format!(":{}/", primary.port), &format!(":{}/", replica.port));
    // Nothing is stale in this test that merely took its time.
    let server = TestServer::on_database(&url).flag("--storage-replicas", &replicas);
    let server = server.flag("--storage-replica-lag-ms", "600000").start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    put(&mut client, "old");
    let get = json!({"TableName": "Table", "Key": {"k": {"S": "k"}}});
    until("the replica has the item", || {
        let before = answered(&server);
        let found = client.ask("GetItem", &get);
        answered(&server) > before && found["Item"] != Value::Null
    });
    replica.psql("postgres", "SELECT pg_wal_replay_pause()").expect("a pause");
    put(&mut client, "new");
    for (operation, body, strong, at) in reads() {
        let read = |client: &mut Client| client.ask(operation, &body).pointer(at).expect("an item")["v"]["S"].clone();
        if strong {
            assert_eq!(read(&mut client), "new", "{operation} {body}");
            continue;
        }
        // A replica that answers late on a busy machine rests, and the primary answers in its place.
        until("a read that the replica answers", || {
            let before = answered(&server);
            let found = read(&mut client);
            let is_replicas = answered(&server) > before;
            assert!(found == "old" || (found == "new" && !is_replicas), "{operation} {body}: {found}");
            is_replicas
        });
    }
    replica.crash();
    for (operation, body, _, at) in reads() {
        let found = client.ask(operation, &body);
        assert_eq!(found.pointer(at).expect("an item")["v"]["S"], "new", "{operation} {body} without a replica");
    }
    assert!(server.stop().success());
}

fn answered(server: &TestServer) -> u64 {
    let mut client = server.client();
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let page = client.response().text();
    let line = page.lines().find_map(|line| line.strip_prefix(r#"stator_replica_reads_total{result="answered"} "#));
    line.expect("the metric").parse().expect("a number")
}
