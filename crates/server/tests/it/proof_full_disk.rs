//! Proof: a disk that fills up refuses writes before it is full, takes deletes, and takes writes again without a restart when
//! there is room. Without a reserve writes fail with DynamoDB's 500 and are not applied, reads go on, and writes go on after
//! a restart with room again.
//!
//! The small disk is a file system in memory, which only root may mount; without it there is nothing to see here, and
//! the test says so.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, Response};
use crate::program::until;
use crate::test_server::TestServer;

const TABLE: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;

/// Mounted until dropped.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().expect("folder");
        let is_mounted = mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], folder.path());
        is_mounted.then_some(SmallDisk { folder })
    }

    fn resize(&self, size: &str) {
        assert!(mount(&["-o", &format!("remount,size={size}")], self.folder.path()), "remount");
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().expect("path").to_owned()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

fn mount(arguments: &[&str], folder: &Path) -> bool {
    let output = Command::new("mount").args(arguments).arg(folder).output();
    output.is_ok_and(|output| output.status.success())
}

/// What the reserve is made of here: a small disk has a small one.
const RESERVE: &str = "8MiB";

#[test]
fn a_disk_that_fills_up_takes_deletes_and_then_writes_again() {
    let Some(disk) = SmallDisk::mount("48m") else {
        eprintln!("skipped: only root may mount a small disk");
        return;
    };
    let server = TestServer::on_data(disk.data()).flag("--disk-reserve", RESERVE).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    let written = write_until_full(&mut client);
    assert!(written > 10, "{written}");
    assert!(server.wait_for_line("disk full").contains("writes are refused until there is free space"));

    // Reads and deletes are accepted, with the rows that belong to them; the server is healthy.
    check(&mut client, written);
    let key = |step: u64| json!({"pk": {"S": step.to_string()}});
    let delete = json!({"TableName": "tab", "Key": key(written - 1)});
    assert_eq!(client.call("DeleteItem", &delete.to_string()).status, 200);
    let deletes: Vec<Value> = (1..5).map(|step| json!({"DeleteRequest": {"Key": key(written - 1 - step)}})).collect();
    let batch = json!({"RequestItems": {"tab": deletes}});
    assert_eq!(client.call("BatchWriteItem", &batch.to_string()).status, 200);
    let transaction = json!({"TransactItems": [{"Delete": {"TableName": "tab", "Key": key(written - 6)}}]});
    assert_eq!(client.call("TransactWriteItems", &transaction.to_string()).status, 200);
    let written = written - 6;
    check(&mut client, written);
    assert_eq!(get(&server, "/healthz").0, 200);
    let metrics = get(&server, "/metrics").1;
    let value = |name: &str| -> u64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}"));
        line.trim().parse().expect("a number")
    };
    assert!(value("stator_disk_free_bytes ") < value("stator_disk_reserve_bytes ") + (8 << 20) / 8);
    assert!(value(r#"stator_writes_refused_total{reason="disk_full"} "#) > 0);
    for _ in 0..20 {
        check_full(&put(&mut client, written));
    }
    assert!(!server.log().contains("disk full"), "once is enough");

    disk.resize("256m");
    until("writes", || put(&mut client, written).status == 200);
    server.wait_for_line("free space again");
    check(&mut client, written + 1);
    assert_eq!(server.stop().code(), Some(0));
}

const STREAMED: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}"#;

#[test]
fn a_table_can_be_deleted_when_deletes_of_items_are_refused() {
    let Some(disk) = SmallDisk::mount("64m") else {
        eprintln!("skipped: only root may mount a small disk");
        return;
    };
    let server = TestServer::on_data(disk.data()).flag("--disk-reserve", RESERVE).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", STREAMED).status, 200);
    let written = write_until_full(&mut client);
    // Another program takes nearly all that is left.
    let other = disk.folder.path().join("other");
    let mut step = 0;
    until("deletes of items are refused", || {
        leave(disk.folder.path(), &other, 3 << 19);
        step += 1;
        delete(&mut client, step).status == 503
    });
    assert!(step < written, "{step} of {written}");
    let table = r#"{"TableName":"tab"}"#;
    until("DeleteTable", || {
        leave(disk.folder.path(), &other, 3 << 19);
        client.call("DeleteTable", table).status == 200
    });
    until("the table is gone", || client.call("DescribeTable", table).status == 400);
    assert_eq!(get(&server, "/healthz").0, 200);
    std::fs::remove_file(&other).expect("remove");
    until("writes", || {
        matches!(client.call("CreateTable", TABLE).status, 200 | 400) && put(&mut client, 0).status == 200
    });
    assert_eq!(server.stop().code(), Some(0));
}

/// Makes a file so long that so many bytes are free.
fn leave(folder: &Path, file: &Path, bytes: u64) {
    let disk = rustix::fs::statvfs(folder).expect("statvfs");
    let free = disk.f_bavail * disk.f_frsize;
    let mut file = std::fs::File::options().create(true).append(true).open(file).expect("file");
    let size = file.metadata().expect("metadata").len();
    match free.checked_sub(bytes) {
        Some(more) => file.write_all(&vec![1; more as usize]).expect("fill"),
        None => file.set_len(size.saturating_sub(bytes - free)).expect("shrink"),
    }
}

fn delete(client: &mut Client, step: u64) -> Response {
    let key = json!({"pk": {"S": step.to_string()}});
    client.call("DeleteItem", &json!({"TableName": "tab", "Key": key}).to_string())
}

fn write_until_full(client: &mut Client) -> u64 {
    for step in 0..10_000 {
        let response = put(client, step);
        if response.status != 200 {
            check_full(&response);
            return step;
        }
    }
    panic!("the disk is never full")
}

/// SDKs try again; the sentence says what is wrong.
fn check_full(response: &Response) {
    assert_eq!(response.status, 503, "{}", response.text());
    let said = response.json();
    assert_eq!(said["__type"], "com.amazon.coral.availability#ServiceUnavailable");
    assert!(said["message"].as_str().is_some_and(|text| text.contains("disk of the server is full")), "{said}");
}

fn get(server: &TestServer, path: &str) -> (u16, String) {
    let mut client = server.client();
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    let response = client.response();
    (response.status, response.text())
}

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount("16m") else {
        eprintln!("skipped: only root may mount a small disk");
        return;
    };
    let data = disk.data();
    let server = TestServer::on_data(&data).flag("--disk-reserve", "0").start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);

    let written = write_until_refused(&mut client, 0);
    assert!(written > 10, "{written}");
    check_refused(&put(&mut client, written));
    let failed = server.wait_for_line("until the server is restarted");
    assert_eq!(failed.matches("the storage engine failed").count(), 1, "{failed}");
    assert!(failed.contains("disk full: cannot write to "), "{failed}");
    // Only a restart helps: what watches over the server is to do that.
    let (status, why) = get(&server, "/healthz");
    assert!(status == 503 && why.contains("restart") && why.contains("disk full"), "{status} {why}");
    // The same connection, and a new one.
    check(&mut client, written);
    check(&mut server.client(), written);
    drop(server);

    // Still full: it starts, reads, and refuses, or takes what the end of the last one has left room for.
    let server = TestServer::on_data(&data).flag("--disk-reserve", "0").start();
    let mut client = server.client();
    check(&mut client, written);
    let written = write_until_refused(&mut client, written);
    check(&mut client, written);
    drop(server);

    disk.resize("256m");
    let server = TestServer::on_data(&data).start();
    let mut client = server.client();
    check(&mut client, written);
    for step in written..written + 200 {
        let response = put(&mut client, step);
        assert_eq!(response.status, 200);
    }
    check(&mut client, written + 200);
    assert_eq!(server.stop().code(), Some(0));
}

/// Puts items from `first` on until the disk is full. Returns the number of the first that was refused.
fn write_until_refused(client: &mut Client, first: u64) -> u64 {
    for step in first.. {
        let response = put(client, step);
        if response.status != 200 {
            check_refused(&response);
            return step;
        }
        assert!(step < 10_000, "the disk is never full");
    }
    unreachable!("the disk is never full")
}

fn put(client: &mut Client, step: u64) -> Response {
    let item = json!({"pk": {"S": step.to_string()}, "fill": {"S": text(step)}});
    client.call("PutItem", &json!({"TableName": "tab", "Item": item}).to_string())
}

/// 90 KB that do not compress.
fn text(step: u64) -> String {
    let mut chance = crate::proof_chance::Chance::new(step);
    (0..5_000).map(|_| format!("{:018x}", chance.next())).collect()
}

fn check_refused(response: &Response) {
    assert_eq!(response.status, 500, "{}", response.text());
    assert!(response.text().contains("#InternalServerError"), "{}", response.text());
}

/// All items below `written` are there, and none behind.
fn check(client: &mut Client, written: u64) {
    for step in 0..written + 2 {
        let body = json!({"TableName": "tab", "Key": {"pk": {"S": step.to_string()}}, "ConsistentRead": true});
        let response = client.call("GetItem", &body.to_string());
        assert_eq!(response.status, 200, "{}", response.text());
        let item: Value = response.json()["Item"].clone();
        let expected = if step < written { json!(text(step)) } else { Value::Null };
        assert!(item["fill"]["S"] == expected, "item {step} of {written}");
    }
}
