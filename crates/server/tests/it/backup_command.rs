//! `stator backup` against a real server: what it prints, what it restores, and how it ends.

use serde_json::{Value, json};

use crate::client::Client;
use crate::program::run;
use crate::tail_script::serve;
use crate::test_server::TestServer;

fn make_table(client: &mut Client) {
    let table = json!({"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]});
    client.ask("CreateTable", table);
    for k in ["a", "b", "c"] {
        client.ask("PutItem", json!({"TableName": "Music", "Item": {"k": {"S": k}}}));
    }
}

/// Runs to the end: the exit code, stdout, and stderr.
fn backup(server: &TestServer, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(&[&["backup"], arguments, &["--endpoint", &server.url()]].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What a command that succeeds prints; there is nothing on stderr.
fn printed(server: &TestServer, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = backup(server, arguments);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
    stdout
}

fn document(server: &TestServer, arguments: &[&str]) -> Value {
    let printed = printed(server, &[arguments, &["--output", "json"]].concat());
    serde_json::from_str(&printed).expect("JSON")
}

fn keys(client: &mut Client, table: &str) -> Vec<String> {
    let page = client.ask("Scan", json!({"TableName": table}));
    let key = |item: &Value| item["k"]["S"].as_str().expect("a key").to_owned();
    let mut keys: Vec<String> = page["Items"].as_array().expect("items").iter().map(key).collect();
    keys.sort();
    keys
}

#[test]
fn a_backup_is_made_listed_and_restored() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client);
    let arn = printed(&server, &["create", "Music", "--name", "nightly", "--wait"]).trim_end().to_owned();
    assert!(arn.contains(":table/Music/backup/"), "{arn}");
    let details = document(&server, &["create", "Music", "--wait"])["BackupDetails"].take();
    assert_eq!(details["BackupStatus"], "AVAILABLE", "{details}");
    assert!(details["BackupName"].as_str().is_some_and(|name| name.starts_with("Music-20")), "{details}");

    let listed = printed(&server, &["list", "Music"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(lines[0].starts_with("created ") && lines[1].ends_with(&arn) && lines[1].contains(" nightly "), "{listed}");
    let listed = document(&server, &["list"]);
    assert_eq!(listed["BackupSummaries"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!(document(&server, &["list", "Other"])["BackupSummaries"], json!([]));
    assert_eq!(document(&server, &["list", "--type", "system"])["BackupSummaries"], json!([]));

    client.ask("DeleteItem", json!({"TableName": "Music", "Key": {"k": {"S": "a"}}}));
    assert_eq!(printed(&server, &["restore", &arn, "--to", "Restored", "--wait"]), "Restored is ACTIVE: 3 items\n");
    assert_eq!(keys(&mut client, "Restored"), ["a", "b", "c"]);
    let table = document(&server, &["restore", &arn, "--to", "Again"])["Table"].take();
    assert_eq!(table["TableName"], "Again", "{table}");

    assert_eq!(printed(&server, &["delete", &arn]), format!("{arn}\n"));
    let (code, stdout, stderr) = backup(&server, &["delete", &arn]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("BackupNotFoundException"), "{stderr}");
}

#[test]
fn a_table_is_restored_to_a_moment() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client);
    let (code, stdout, stderr) = backup(&server, &["restore", "Music", "--at", "latest", "--to", "Copy"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("RestoreTableToPointInTime: PointInTimeRecoveryUnavailableException"), "{stderr}");
    assert!(stderr.contains("; this enables it, for moments from then on: aws dynamodb update-"), "{stderr}");
    let recovery = json!({"PointInTimeRecoveryEnabled": true});
    client.ask("UpdateContinuousBackups", json!({"TableName": "Music", "PointInTimeRecoverySpecification": recovery}));
    // The latest moment is a whole second that is not before recovery was enabled.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let restored = printed(&server, &["restore", "Music", "--at", "latest", "--to", "Copy", "--wait"]);
    assert_eq!(restored, "Copy is ACTIVE: 3 items\n");
    assert_eq!(keys(&mut client, "Copy"), ["a", "b", "c"]);
    let (code, _, stderr) = backup(&server, &["restore", "Music", "--at", "1h", "--to", "Early"]);
    assert!(code == Some(1) && stderr.contains("InvalidRestoreTimeException"), "{stderr}");
}

#[test]
fn what_cannot_be_done_is_named() {
    let server = TestServer::in_memory().start();
    let check = |arguments: &[&str], expected_code: i32, expected: &str| {
        let (code, stdout, stderr) = backup(&server, arguments);
        assert_eq!((code, stdout.as_str()), (Some(expected_code), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    };
    let place = format!("in region us-east-1 at {}, for the access key", server.url());
    check(&["create", "Music"], 1, &place);
    check(&["create", "Music"], 1, "CreateBackup: TableNotFoundException: Table not found: Music");
    check(&["restore", "Music", "--to", "Copy"], 1, "add --at");
    check(&["restore", "Music", "--at", "soon", "--to", "Copy"], 2, "or `latest`");
    check(&["restore", "Music", "--at", "latest"], 2, "--to");
    check(&["list", "--output", "xml"], 2, "json");
    // No server listens on port 1.
    let output = run(&["backup", "list", "--endpoint", "http://127.0.0.1:1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("cannot reach http://127.0.0.1:1"), "{said}");
}

/// A caller that may begin, and may not ask how far it is.
#[test]
fn what_has_begun_is_named_where_it_cannot_be_waited_for() {
    let refused = json!({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no"});
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Music/backup/01-a";
    let restored = ("RestoreTableFromBackup", json!({"TargetTableName": "Copy"}), json!({"TableDescription": {}}));
    let created = ("CreateBackup", json!({"TableName": "Music"}), json!({"BackupDetails": {"BackupArn": arn}}));
    for (arguments, (operation, request, answer), describes, begun) in [
        (&["restore", arn, "--to", "Copy"][..], restored, "DescribeTable", "the restore of Copy".to_owned()),
        (&["create", "Music"], created, "DescribeBackup", format!("the backup {arn}")),
    ] {
        let steps = vec![(operation, request, 200, answer), (describes, json!({}), 400, refused.clone())];
        let (url, served) = serve("DynamoDB", steps);
        let output = run(&[&["backup"], arguments, &["--wait", "--endpoint", &url]].concat());
        let said = String::from_utf8(output.stderr).expect("a text");
        assert_eq!(served.join().expect("the script"), Ok(()), "{said}");
        let expected =
            format!("{begun} has begun and continues; it cannot be waited for: {describes}: AccessDeniedException: no");
        assert!(output.status.code() == Some(1) && said.contains(&expected), "{said}");
    }
}
