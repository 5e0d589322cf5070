//! Imports of real servers: kills while a table is imported, encryption at rest, and two servers over one PostgreSQL.

use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::strong_key;
use crate::test_server::{TestServer, TestServerBuilder};

const ITEMS: usize = 20_000;
const OBJECTS: usize = 4;
/// Each of so many items, one has no key.
const BAD_EVERY: usize = 1000;

/// A server whose bucket has the items, and some bad ones, in a few objects.
fn with_items(server: TestServerBuilder) -> TestServerBuilder {
    let bucket = server.path("objects/bucket/in");
    fs::create_dir_all(&bucket).expect("a folder");
    for object in 0..OBJECTS {
        let mut lines = String::new();
        for at in (object..ITEMS).step_by(OBJECTS) {
            let _ = writeln!(
                lines,
                "{{\"Item\":{{\"pk\":{{\"S\":\"{at}\"}},\"g\":{{\"S\":\"x\"}},\"v\":{{\"N\":\"{at}\"}}}}}}"
            );
            if at % BAD_EVERY == 0 {
                lines.push_str("{\"Item\":{\"v\":{\"N\":\"1\"}}}\n");
            }
        }
        fs::write(bucket.join(format!("{object}.json")), lines).expect("an object");
    }
    server.file("--s3-endpoint", "objects")
}

fn import(client: &mut Client) -> String {
    let body = json!({"ClientToken": "once", "InputFormat": "DYNAMODB_JSON",
        "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": "in/"},
        "TableCreationParameters": {"TableName": "Imported", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "KEYS_ONLY"},
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}});
    let begun = client.ask("ImportTable", body);
    begun["ImportTableDescription"]["ImportArn"].as_str().expect("an ARN").to_owned()
}

/// Everything is there once and counted once.
fn check(client: &mut Client, arn: &str) {
    let ended = client.until_not(
        ("DescribeImport", &json!({"ImportArn": arn})),
        "ImportTableDescription",
        ("ImportStatus", "IN_PROGRESS"),
    );
    let errors = ITEMS / BAD_EVERY;
    assert_eq!(ended["FailureCode"], "ItemValidationError", "{ended}");
    assert_eq!(ended["ImportedItemCount"], ITEMS, "{ended}");
    assert_eq!(ended["ErrorCount"], errors, "{ended}");
    assert_eq!(ended["ProcessedItemCount"], ITEMS + errors, "{ended}");
    for index in [None, Some("by_g")] {
        assert_eq!(client.count("Imported", index), ITEMS, "{index:?}");
    }
    let described = client.ask("DescribeTable", json!({"TableName": "Imported"}));
    assert_eq!(described["Table"]["ItemCount"], ITEMS);
    assert_eq!(described["Table"]["TableStatus"], "ACTIVE");
}

/// The server is killed again and again while it imports.
fn survives_kills(server: &TestServerBuilder) {
    let running = server.start();
    let mut client = running.client();
    let arn = import(&mut client);
    drop((client, running));
    for lived_ms in [50, 100, 150, 250, 400] {
        server.start_and_kill(Duration::from_millis(lived_ms));
    }
    let running = server.start();
    let mut client = running.client();
    check(&mut client, &arn);
    drop(client);
    assert!(running.stop().success());
}

#[test]
fn an_import_survives_kills() {
    survives_kills(&with_items(TestServer::on_data("data")));
}

#[test]
fn an_encrypted_import_survives_kills() {
    survives_kills(&with_items(TestServer::on_data("data").write("key", strong_key(7))).master_key("key"));
}

/// Without a data folder there is no file for them.
#[test]
fn the_first_refused_items_are_in_the_log_of_a_server_without_a_folder() {
    let server = with_items(TestServer::in_memory()).start();
    let mut client = server.client();
    let arn = import(&mut client);
    check(&mut client, &arn);
    let id = arn.rsplit('/').next().expect("an id");
    let lines: Vec<String> = (0..10).map(|_| server.wait_for_line(" of the object bucket/in/")).collect();
    let expected = format!("record 2 of the object bucket/in/0.json was not imported: the import {id}");
    assert!(lines[0].contains(&expected), "{lines:?}");
    server.wait_for_line("items were not imported");
    assert!(!lines.concat().contains("held_back") && !server.log().contains(" of the object "), "{lines:?}");
    drop(client);
    assert!(server.stop().success());
}

/// A wrong endpoint is in the log long before the import fails.
#[test]
fn an_object_store_that_does_not_answer_is_in_the_log() {
    // Connections to it are made, and nothing reads what is sent over them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let server = TestServer::in_memory().flag("--s3-endpoint", &url).start();
    let begun = Instant::now();
    import(&mut server.client());
    let line = server.wait_for_line("the object store at");
    assert!(line.contains(&url), "{line}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(server.stop().success());
}

/// One server is killed in the middle, and the other one goes on.
#[test]
fn an_import_over_two_servers_is_continued_by_the_other() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let first = with_items(TestServer::on_database(&url).flag("--node-lease-ms", "600"));
    let second =
        TestServer::on_database(&url).flag("--node-lease-ms", "600").flag("--s3-endpoint", first.path("objects"));
    let (a, b) = (first.start(), second.start());
    let (mut on_a, mut on_b) = (a.client(), b.client());
    let arn = import(&mut on_a);
    assert_eq!(import(&mut on_b), arn, "the token's import");
    drop((on_a, a));
    check(&mut on_b, &arn);
}
