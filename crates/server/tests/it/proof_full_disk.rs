//! Proof: on a full disk writes fail with DynamoDB's 500 and are not applied, reads go on, and writes go on after a
//! start with room again.
//!
//! The small disk is a file system in memory, which only root may mount; without it there is nothing to see here, and
//! the test says so.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, Response};
use crate::program::Server;

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

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount("16m") else {
        eprintln!("skipped: only root may mount a small disk");
        return;
    };
    let data = disk.data();
    let server = Server::start(&["--data", &data]);
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);

    let written = write_until_refused(&mut client, 0);
    assert!(written > 10, "{written}");
    check_refused(&put(&mut client, written));
    // The same connection, and a new one.
    check(&mut client, written);
    check(&mut server.client(), written);
    drop(server);

    // Still full: it starts, reads, and refuses, or takes what the end of the last one has left room for.
    let server = Server::start(&["--data", &data]);
    let mut client = server.client();
    check(&mut client, written);
    let written = write_until_refused(&mut client, written);
    check(&mut client, written);
    drop(server);

    disk.resize("256m");
    let server = Server::start(&["--data", &data]);
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
