//! Exports of real servers: kills while an export is written, encryption at rest, two servers over one PostgreSQL; what is exported is
//! imported, and is the same.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::{PATIENCE, strong_key};
use crate::test_server::{TestServer, TestServerBuilder};

const ITEMS: usize = 2_000;
/// Requests of BatchWriteItem. Source: API Reference.
const BATCH: usize = 25;

fn begin(client: &mut Client) {
    let body = json!({"TableName": "Source", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]});
    client.ask("CreateTable", body);
    until_active(client, "Source");
    let body = json!({"TableName": "Source", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}});
    client.ask("UpdateContinuousBackups", body);
}

fn put_all(client: &mut Client, value: &str) {
    let keys: Vec<String> = (0..ITEMS).map(|at| at.to_string()).collect();
    for keys in keys.chunks(BATCH) {
        let put = |key: &String| {
            let text = format!("{value}{}", "-".repeat(300));
            json!({"PutRequest": {"Item": {"pk": {"S": key}, "v": {"S": text}, "n": {"N": "1.5"}, "b": {"B": "AAEC"},
                "l": {"L": [{"NULL": true}, {"BOOL": false}]}, "s": {"SS": ["a", "b"]}}}})
        };
        let requests: Vec<Value> = keys.iter().map(put).collect();
        client.ask("BatchWriteItem", json!({"RequestItems": {"Source": requests}}));
    }
}

fn until_active(client: &mut Client, table: &str) {
    let deadline = Instant::now() + PATIENCE;
    while client.ask("DescribeTable", json!({"TableName": table}))["Table"]["TableStatus"] != "ACTIVE" {
        assert!(Instant::now() < deadline, "{table} does not become active");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All items of a table, by their keys.
fn items(client: &mut Client, table: &str) -> Vec<Value> {
    let (mut all, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({"TableName": table});
        if !start.is_null() {
            body["ExclusiveStartKey"] = start;
        }
        let page = client.ask("Scan", body);
        all.extend(page["Items"].as_array().expect("items").iter().cloned());
        start = page["LastEvaluatedKey"].clone();
        if start.is_null() {
            all.sort_by_key(|item| item["pk"]["S"].as_str().map(str::to_owned));
            return all;
        }
    }
}

fn export(client: &mut Client, format: &str) -> String {
    let described = client.ask("DescribeTable", json!({"TableName": "Source"}));
    let body = json!({"TableArn": described["Table"]["TableArn"], "S3Bucket": "bucket", "ExportFormat": format});
    let begun = client.ask("ExportTableToPointInTime", body);
    begun["ExportDescription"]["ExportArn"].as_str().expect("an ARN").to_owned()
}

fn until_exported(client: &mut Client, arn: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let described = client.ask("DescribeExport", json!({"ExportArn": arn}))["ExportDescription"].clone();
        match described["ExportStatus"].as_str() {
            Some("COMPLETED") => return described,
            Some("IN_PROGRESS") if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            _ => panic!("{described}"),
        }
    }
}

/// Imports the data of an export into a new table.
fn import(client: &mut Client, arn: &str, format: &str, table: &str) {
    let id = arn.rsplit('/').next().expect("an id");
    let body = json!({"ClientToken": table, "InputFormat": format, "InputCompressionType": "GZIP",
        "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": format!("AWSDynamoDB/{id}/data/")},
        "TableCreationParameters": {"TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}});
    client.ask("ImportTable", body);
    until_active(client, table);
}

/// The server is killed again and again while an export is written.
fn survives_kills(server: &TestServerBuilder, bucket: &Path) {
    fs::create_dir_all(bucket).expect("a bucket");
    let running = server.start();
    let mut client = running.client();
    begin(&mut client);
    put_all(&mut client, "before");
    let before = items(&mut client, "Source");
    let arns = ["DYNAMODB_JSON", "ION"].map(|format| (format, export(&mut client, format)));
    put_all(&mut client, "after");
    drop((client, running));
    for lived_ms in [60, 120, 250] {
        server.start_and_kill(Duration::from_millis(lived_ms));
    }
    let running = server.start();
    let mut client = running.client();
    for (format, arn) in &arns {
        let described = until_exported(&mut client, arn);
        assert_eq!(described["ItemCount"], ITEMS, "{described}");
        import(&mut client, arn, format, format);
        assert_eq!(items(&mut client, format), before, "{format}");
    }
    drop(client);
    assert!(running.stop().success());
}

#[test]
fn an_export_survives_kills() {
    let server = TestServer::on_data("data");
    survives_kills(&server, &server.path("data/s3/bucket"));
}

#[test]
fn an_export_of_encrypted_data_survives_kills() {
    let server = TestServer::on_data("data").write("key", strong_key(7)).master_key("key");
    survives_kills(&server, &server.path("data/s3/bucket"));
}

/// One server is asked, and either of them writes the export; they share a folder.
#[test]
fn two_servers_export_to_one_store() {
    let Some(database) = PostgresServer::shared() else { return };
    let (url, folder) = (database.database(), tempfile::tempdir().expect("a folder"));
    fs::create_dir(folder.path().join("bucket")).expect("a bucket");
    let node = || {
        let server = TestServer::on_database(&url).flag("--node-lease-ms", "600");
        server.flag("--s3-endpoint", folder.path()).start()
    };
    let (a, b) = (node(), node());
    let (mut on_a, mut on_b) = (a.client(), b.client());
    begin(&mut on_a);
    put_all(&mut on_b, "before");
    let before = items(&mut on_a, "Source");
    let arn = export(&mut on_b, "DYNAMODB_JSON");
    put_all(&mut on_a, "after");
    until_exported(&mut on_a, &arn);
    import(&mut on_a, &arn, "DYNAMODB_JSON", "Imported");
    until_active(&mut on_b, "Imported");
    assert_eq!(items(&mut on_b, "Imported"), before);
}
