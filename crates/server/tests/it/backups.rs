//! Backups of real servers: kills while a backup is copied and restored, encryption at rest, and two servers over one PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::{PATIENCE, run, strong_key};
use crate::test_server::{TestServer, TestServerBuilder};

const ITEMS: usize = 1_000;
/// Requests of BatchWriteItem. Source: API Reference.
const BATCH: usize = 25;

fn create_table(client: &mut Client) {
    let body = json!({"TableName": "Source", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]});
    client.ask("CreateTable", body);
}

/// Puts all items anew, or deletes them.
fn write_all(client: &mut Client, request: impl Fn(&str) -> Value) {
    let keys: Vec<String> = (0..ITEMS).map(|at| at.to_string()).collect();
    for keys in keys.chunks(BATCH) {
        let requests: Vec<Value> = keys.iter().map(|key| request(key)).collect();
        client.ask("BatchWriteItem", json!({"RequestItems": {"Source": requests}}));
    }
}

fn put(key: &str, value: &str) -> Value {
    json!({"PutRequest": {"Item": {"pk": {"S": key}, "g": {"S": "x"}, "v": {"S": value}}}})
}

fn create_backup(client: &mut Client) -> String {
    let created = client.ask("CreateBackup", json!({"TableName": "Source", "BackupName": "nightly"}));
    created["BackupDetails"]["BackupArn"].as_str().expect("an ARN").to_owned()
}

fn restore(client: &mut Client, arn: &str, target: &str) {
    client.ask("RestoreTableFromBackup", json!({"TargetTableName": target, "BackupArn": arn}));
}

fn is_active(client: &mut Client, table: &str) -> bool {
    client.ask("DescribeTable", json!({"TableName": table}))["Table"]["TableStatus"] == "ACTIVE"
}

fn until_active(client: &mut Client, table: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !is_active(client, table) {
        assert!(Instant::now() < deadline, "{table} does not become active");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All items of a table, or of its index.
fn items(client: &mut Client, table: &str, index: Option<&str>) -> Vec<Value> {
    let (mut all, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({"TableName": table});
        if let Some(index) = index {
            body["IndexName"] = index.into();
        }
        if !start.is_null() {
            body["ExclusiveStartKey"] = start;
        }
        let page = client.ask("Scan", body);
        all.extend(page["Items"].as_array().expect("items").iter().cloned());
        start = page["LastEvaluatedKey"].clone();
        if start.is_null() {
            return all;
        }
    }
}

/// The server is killed again and again from the moment that the backup is acknowledged until the table is restored.
fn survives_kills(server: &TestServerBuilder) {
    let running = server.start();
    let mut client = running.client();
    create_table(&mut client);
    write_all(&mut client, |key| put(key, "before"));
    let arn = create_backup(&mut client);
    write_all(&mut client, |key| match key.len() {
        1 => json!({"DeleteRequest": {"Key": {"pk": {"S": key}}}}),
        _ => put(key, "after"),
    });
    restore(&mut client, &arn, "Restored");
    drop((client, running));
    for lived_ms in [60, 120, 250] {
        server.start_and_kill(Duration::from_millis(lived_ms));
    }
    let running = server.start();
    let mut client = running.client();
    until_active(&mut client, "Restored");
    for index in [None, Some("by_g")] {
        let found = items(&mut client, "Restored", index);
        assert_eq!(found.len(), ITEMS, "{index:?}");
        assert!(found.iter().all(|item| item["v"]["S"] == "before"), "{index:?}");
    }
    let described = client.ask("DescribeTable", json!({"TableName": "Restored"}));
    assert_eq!(described["Table"]["ItemCount"], ITEMS);
    // The backup is not needed any more, and its rows are destroyed with it.
    client.ask("DeleteBackup", json!({"BackupArn": arn}));
    assert_eq!(client.ask("ListBackups", json!({}))["BackupSummaries"], json!([]));
    drop(client);
    assert!(running.stop().success());
}

#[test]
fn a_backup_survives_kills() {
    survives_kills(&TestServer::on_data("data"));
}

#[test]
fn an_encrypted_backup_survives_kills() {
    survives_kills(&TestServer::on_data("data").write("key", strong_key(7)).master_key("key"));
}

fn enable_recovery(client: &mut Client) {
    let body = json!({"TableName": "Source", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}});
    client.ask("UpdateContinuousBackups", body);
}

/// A moment behind all that was written.
fn moment(client: &mut Client) -> f64 {
    let latest = |client: &mut Client| {
        let described = client.ask("DescribeContinuousBackups", json!({"TableName": "Source"}));
        let recovery = &described["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
        recovery["LatestRestorableDateTime"].as_f64().expect("a time")
    };
    let begun = latest(client);
    loop {
        match latest(client) {
            next if next > begun => return next,
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Whether the archives in a folder are as they were written, by the command; and what it says.
fn verify(archives: &Path) -> (bool, String) {
    let output = run(&["backup", "verify", "--from", archives.to_str().expect("a path")]);
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Waits until so many records are archived.
fn until_archived(archives: &Path, records: usize) {
    let mut said = String::new();
    let deadline = Instant::now() + PATIENCE;
    while !said.contains(&format!("whole: {records} records of 1 logs")) {
        assert!(Instant::now() < deadline, "not all is archived: {said}");
        std::thread::sleep(Duration::from_millis(100));
        said = verify(archives).1;
    }
}

/// The server is killed again and again while a table is restored to a moment; the changes behind the moment are in the archive, and in
/// the log.
fn a_restore_to_a_moment_survives_kills_of(server: &TestServerBuilder, archives: Option<&Path>) {
    let running = server.start();
    let mut client = running.client();
    create_table(&mut client);
    enable_recovery(&mut client);
    let text = |value: &str| format!("{value}{}", "-".repeat(600));
    write_all(&mut client, |key| put(key, &text("before")));
    let moment = moment(&mut client);
    // More than a segment has, which is archived within seconds.
    write_all(&mut client, |key| put(key, &text("after")));
    std::thread::sleep(Duration::from_millis(2_500));
    write_all(&mut client, |key| json!({"DeleteRequest": {"Key": {"pk": {"S": key}}}}));
    let body = json!({"SourceTableName": "Source", "TargetTableName": "Restored", "RestoreDateTime": moment});
    client.ask("RestoreTableToPointInTime", body);
    drop((client, running));
    for lived_ms in [60, 120, 250] {
        server.start_and_kill(Duration::from_millis(lived_ms));
    }
    let running = server.start();
    let mut client = running.client();
    until_active(&mut client, "Restored");
    for index in [None, Some("by_g")] {
        let found = items(&mut client, "Restored", index);
        assert_eq!(found.len(), ITEMS, "{index:?}");
        assert!(found.iter().all(|item| item["v"]["S"] == text("before").as_str()), "{index:?}");
    }
    assert!(items(&mut client, "Source", None).is_empty());
    if let Some(archives) = archives {
        let (is_whole, said) = verify(archives);
        assert!(is_whole && said.contains("whole: 2000 records of 1 logs"), "{said}");
    }
    // The last backup of the deleted table, which is empty.
    client.ask("DeleteTable", json!({"TableName": "Source"}));
    drop((client, running));
    let running = server.start();
    let mut client = running.client();
    let deadline = Instant::now() + PATIENCE;
    while client.ask("ListBackups", json!({"BackupType": "SYSTEM"}))["BackupSummaries"][0]["BackupStatus"]
        != "AVAILABLE"
    {
        assert!(Instant::now() < deadline, "there is no last backup");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(client);
    assert!(running.stop().success());
    // The archive ends with the table.
    assert!(archives.is_none_or(|archives| !verify(archives).1.contains("whole")));
}

#[test]
fn a_restore_to_a_moment_survives_kills() {
    a_restore_to_a_moment_survives_kills_of(&TestServer::on_data("data"), None);
}

#[test]
fn a_restore_from_a_store_survives_kills() {
    let server = TestServer::on_data("data").file("--backup-store", "archives");
    a_restore_to_a_moment_survives_kills_of(&server, Some(&server.path("archives")));
}

/// The master key is replaced while moments are in the store: objects stay as they are, and what is above their keys is wrapped anew.
#[test]
fn sealed_archives_survive_a_change_of_the_master_key() {
    let server = TestServer::on_data("data").file("--backup-store", "archives").write("key", strong_key(7));
    let server = server.write("new", strong_key(8));
    let archives = server.path("archives");
    let path = |name: &str| server.path(name).to_str().expect("a path").to_owned();
    let (key, new) = (path("key"), path("new"));
    let serve = |key: &str| server.clone().flag("--master-key-file", key).start();
    let running = serve(&key);
    let mut client = running.client();
    create_table(&mut client);
    enable_recovery(&mut client);
    let text = |value: &str| format!("{value}{}", "-".repeat(600));
    write_all(&mut client, |key| put(key, &text("before")));
    let moment = moment(&mut client);
    write_all(&mut client, |key| put(key, &text("after")));
    until_archived(&archives, 2 * ITEMS);
    assert!(verify(&archives).1.contains(" sealed)") && !verify(&archives).1.contains("(0 sealed)"));
    drop(client);
    assert!(running.stop().success());
    let data = path("data");
    let flags = ["storage", "rekey", "--data", &data, "--master-key-file", &key, "--new-master-key-file", &new];
    assert!(run(&flags).status.success());
    let running = serve(&new);
    let mut client = running.client();
    let body = json!({"SourceTableName": "Source", "TargetTableName": "Restored", "RestoreDateTime": moment});
    client.ask("RestoreTableToPointInTime", body);
    until_active(&mut client, "Restored");
    let found = items(&mut client, "Restored", None);
    assert!(found.len() == ITEMS && found.iter().all(|item| item["v"]["S"] == text("before").as_str()));
    drop(client);
    assert!(running.stop().success());
}

/// Two servers archive to one folder. Each of them is killed in its turn; what the other one goes on with has no gap.
#[test]
fn two_servers_archive_to_one_store() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let server = TestServer::on_database(&url).flag("--node-lease-ms", "600").file("--backup-store", "archives");
    let archives = server.path("archives");
    let (a, b) = (server.start(), server.start());
    let mut client = b.client();
    create_table(&mut client);
    until_active(&mut client, "Source");
    enable_recovery(&mut client);
    let text = |value: &str| format!("{value}{}", "-".repeat(600));
    write_all(&mut client, |key| put(key, &text("before")));
    let moment = moment(&mut client);
    write_all(&mut client, |key| put(key, &text("after")));
    // Without a stop: its lease runs out, and the other one takes over what it had begun.
    drop(a);
    write_all(&mut client, |key| put(key, &text("later")));
    until_archived(&archives, 3 * ITEMS);
    drop((client, b));
    let c = server.start();
    let mut client = c.client();
    write_all(&mut client, |key| put(key, &text("last")));
    let body = json!({"SourceTableName": "Source", "TargetTableName": "Restored", "RestoreDateTime": moment});
    client.ask("RestoreTableToPointInTime", body);
    until_active(&mut client, "Restored");
    let found = items(&mut client, "Restored", None);
    assert!(found.len() == ITEMS && found.iter().all(|item| item["v"]["S"] == text("before").as_str()));
    until_archived(&archives, 4 * ITEMS);
    drop(client);
    assert!(c.stop().success());
}

#[test]
fn an_encrypted_restore_to_a_moment_survives_kills() {
    let server = TestServer::on_data("data").write("key", strong_key(7)).master_key("key");
    a_restore_to_a_moment_survives_kills_of(&server, None);
}

/// Every write sets two items together to one value. Backups are cut and restored by servers that do not write.
#[test]
fn a_cut_over_two_servers_divides_no_transaction() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let node = || TestServer::on_database(&url).flag("--node-lease-ms", "600").start();
    let (a, b) = (node(), node());
    let (mut on_a, mut on_b) = (a.client(), b.client());
    create_table(&mut on_a);
    until_active(&mut on_b, "Source");
    let ended = Arc::new(AtomicBool::new(false));
    let writer = {
        let (mut client, ended) = (b.client(), Arc::clone(&ended));
        std::thread::spawn(move || {
            let mut written = 0;
            while !ended.load(Ordering::Relaxed) {
                written += 1;
                let half = |key: &str| json!({"Put": {"TableName": "Source", "Item": {"pk": {"S": key}, "v": {"N": written.to_string()}}}});
                client.ask("TransactWriteItems", json!({"TransactItems": [half("a"), half("b")]}));
            }
            written
        })
    };
    for target in ["First", "Second"] {
        let arn = create_backup(&mut on_a);
        restore(&mut on_b, &arn, target);
        until_active(&mut on_b, target);
        let found = items(&mut on_b, target, None);
        assert!(found.is_empty() || (found.len() == 2 && found[0]["v"] == found[1]["v"]), "{found:?}");
    }
    enable_recovery(&mut on_a);
    for target in ["Third", "Fourth"] {
        let moment = moment(&mut on_a);
        std::thread::sleep(Duration::from_millis(500));
        let body = json!({"SourceTableName": "Source", "TargetTableName": target, "RestoreDateTime": moment});
        on_b.ask("RestoreTableToPointInTime", body);
        until_active(&mut on_b, target);
        let found = items(&mut on_b, target, None);
        assert!(found.len() == 2 && found[0]["v"] == found[1]["v"], "{found:?}");
    }
    ended.store(true, Ordering::Relaxed);
    assert!(writer.join().expect("the writer") > 1);
}
