//! `stator backup all`, `stator backup verify` and `stator restore` with a real server: the moment of the rows, secrets that stay at
//! home, and damage that is found.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use ::client::{Credentials, SignedFor};
use api::Operation;
use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::identity::printed;
use crate::program::{run, strong_key, until};
use crate::stream_reader::StreamReader;
use crate::test_server::TestServer;

const WRITERS: u64 = 3;
/// Writes of each before a backup is made.
const WRITES_BEFORE: u64 = 40;

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A command that succeeds; its stderr.
fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stderr)
}

/// A command that fails with the code 1 and says so.
fn refused(arguments: &[&str], expected: &str) {
    let output = run(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(said.contains(expected), "{arguments:?}: {said}");
}

fn table(name: &str) -> Value {
    json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST", "Tags": [{"Key": "team", "Value": "blue"}],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "AttributeDefinitions": [{"AttributeName": "writer", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"}, {"AttributeName": "parity", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "writer", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [{"IndexName": "by-parity", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "parity", "KeyType": "HASH"}]}]})
}

/// What a writer's nth write is, in both tables.
fn item(writer: u64, number: u64) -> Value {
    json!({"writer": {"S": format!("w{writer}")}, "number": {"N": number.to_string()},
        "parity": {"S": if number.is_multiple_of(2) { "even" } else { "odd" }},
        "text": {"S": format!("write {number} of {writer} ").repeat(20)}})
}

/// Writes to the first table, then to the second one, until it is stopped; counts what was acknowledged.
fn write(client: &mut Client, writer: u64, acknowledged: &AtomicU64, is_over: &AtomicBool) {
    for number in 1.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        for table in ["First", "Second"] {
            client.ask("PutItem", json!({"TableName": table, "Item": item(writer, number)}));
        }
        acknowledged.store(number, Ordering::Relaxed);
    }
}

fn pages(client: &mut Client, operation: &str, mut request: Value) -> Vec<Value> {
    let mut items = Vec::new();
    loop {
        let page = client.ask(operation, &request);
        items.extend(page["Items"].as_array().expect("items").iter().cloned());
        match &page["LastEvaluatedKey"] {
            Value::Null => return items,
            last => request["ExclusiveStartKey"] = last.clone(),
        }
    }
}

/// How many writes of each writer a table has: of each its first ones, without a gap, and each as it was written.
fn prefixes(client: &mut Client, table: &str) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for writer in 0..WRITERS {
        let request = json!({"TableName": table, "KeyConditionExpression": "writer = :w",
            "ExpressionAttributeValues": {":w": {"S": format!("w{writer}")}}});
        let found = pages(client, "Query", request);
        let expected: Vec<Value> = (1..=found.len() as u64).map(|number| item(writer, number)).collect();
        assert!(found == expected, "{table}: the writes of {writer} are not its first {}", found.len());
        counts.insert(writer, found.len() as u64);
    }
    counts
}

fn by_parity(client: &mut Client, table: &str) -> u64 {
    let of = |parity: &str| {
        json!({"TableName": table, "IndexName": "by-parity", "KeyConditionExpression": "parity = :p",
            "ExpressionAttributeValues": {":p": {"S": parity}}})
    };
    ["even", "odd"].into_iter().map(|parity| pages(client, "Query", of(parity)).len() as u64).sum()
}

/// Compares a restored server with what its original had: prefixes of each writer, at one moment of both tables.
fn check_cut(client: &mut Client, before: &[u64], after: &[u64]) {
    let (first, second) = (prefixes(client, "First"), prefixes(client, "Second"));
    for writer in 0..WRITERS {
        let at = writer as usize;
        let (one, two) = (first[&writer], second[&writer]);
        assert!(one == two || one == two + 1, "{one} writes in the first table and {two} in the second");
        assert!((before[at]..=after[at] + 1).contains(&two), "{} {two} {}", before[at], after[at]);
    }
    for (table, counts) in [("First", first), ("Second", second)] {
        let items: u64 = counts.values().sum();
        assert_eq!(by_parity(client, table), items, "{table}");
        let described = client.ask("DescribeTable", json!({"TableName": table}));
        assert_eq!(described["Table"]["ItemCount"], items, "{table}");
        assert_eq!(described["Table"]["StreamSpecification"]["StreamEnabled"], true);
    }
}

#[test]
fn a_backup_under_writes_is_of_one_moment() {
    let server = TestServer::on_data("data").start();
    let data = server.path("data");
    let log = under_writes(server, &["--data", path(&data)]);
    assert!(log.contains("a full backup has begun") && log.contains("all rows of a full backup were read"), "{log}");
}

#[test]
fn a_backup_of_a_database_under_writes_is_of_one_moment() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    under_writes(TestServer::on_database(&url).start(), &["--storage", &url]);
}

/// Two backups of a server that is written to, and what they restore; returns the server's log.
fn under_writes(server: TestServer, source: &[&str]) -> String {
    let mut client = server.client();
    for name in ["First", "Second"] {
        client.ask("CreateTable", table(name));
    }
    let acknowledged: Arc<Vec<AtomicU64>> = Arc::new((0..WRITERS).map(|_| AtomicU64::new(0)).collect());
    let is_over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (mut client, acknowledged, is_over) = (server.client(), acknowledged.clone(), is_over.clone());
            thread::spawn(move || write(&mut client, writer, &acknowledged[writer as usize], &is_over))
        })
        .collect();
    let counts = || acknowledged.iter().map(|count| count.load(Ordering::Relaxed)).collect::<Vec<u64>>();
    until("all writers write", || counts().iter().all(|count| *count >= WRITES_BEFORE));
    let backups = ["backup-1", "backup-2"].map(|name| server.path(name));
    let mut bounds = Vec::new();
    for backup in &backups {
        let before = counts();
        done(&[&["backup", "all", "--to", path(backup)], source].concat());
        bounds.push((before, counts()));
    }
    is_over.store(true, Ordering::Relaxed);
    writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
    let log = server.log();
    let folder = server.folder();
    assert!(server.stop().success());
    for (backup, (before, after)) in backups.iter().zip(bounds) {
        done(&["backup", "verify", "--from", path(backup)]);
        let restored = folder.path().join("restored").join(backup.file_name().expect("a name"));
        done(&["restore", "--from", path(backup), "--data", path(&restored)]);
        let server = TestServer::on_data(&restored).start();
        assert!(!server.log().contains("did not stop cleanly"), "{}", server.log());
        let mut client = server.client();
        check_cut(&mut client, &before, &after);
        let tags = client.ask("DescribeTable", json!({"TableName": "First"}))["Table"]["TableArn"].clone();
        let tags = client.ask("ListTagsOfResource", json!({"ResourceArn": tags}));
        assert_eq!(tags["Tags"], json!([{"Key": "team", "Value": "blue"}]));
        // It goes on, and its log does not give out a position twice.
        client.ask("PutItem", json!({"TableName": "First", "Item": item(9, 1)}));
        assert!(server.stop().success());
    }
    log
}

/// The names of a backup's files.
fn files(backup: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(backup).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn damage_in_every_file_is_found_and_places_in_use_are_refused() {
    let server = TestServer::on_data("data").start();
    let mut client = server.client();
    client.ask("CreateTable", table("First"));
    (1..=20).for_each(|number| drop(client.ask("PutItem", json!({"TableName": "First", "Item": item(1, number)}))));
    let (data, backup) = (server.path("data"), server.path("backup"));
    let (data, to) = (path(&data), path(&backup));
    refused(&["backup", "all", "--data", path(&server.path("none")), "--to", to], "there are no data in the folder");
    // A bucket, here of a folder as the store.
    fs::create_dir_all(server.path("store/bucket")).expect("a bucket");
    let (bucket, store) = ("s3://bucket/some/prefix", server.path("store"));
    let store = ["--s3-endpoint", path(&store)];
    done(&[&["backup", "all", "--data", data, "--to", bucket], &store[..]].concat());
    done(&[&["backup", "verify", "--from", bucket], &store[..]].concat());
    let from_bucket = server.path("from-bucket");
    done(&[&["restore", "--from", bucket, "--data", path(&from_bucket)], &store[..]].concat());
    assert!(TestServer::on_data(&from_bucket).start().stop().success());
    let said = done(&["backup", "--all", "--data", data, "--to", to]);
    assert!(said.contains("not included: the master key") && said.contains("not included: auth.key"), "{said}");
    refused(&["backup", "all", "--data", data, "--to", to], "is not empty");
    refused(&["restore", "--from", to, "--data", data], "is not empty");
    refused(&["restore", "--from", data, "--data", path(&server.path("other"))], "there is no backup in");
    refused(&["backup", "verify", "--from", path(&server.path("none"))], "there is no backup in");

    let names: Vec<String> =
        files(&backup).iter().map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    let families = ["catalog-000001.rows", "index-000001.rows", "items-000001.rows", "log-000001.rows"];
    assert_eq!(names, [&families[..], &["manifest.jsonl"]].concat());
    for file in files(&backup) {
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        let whole = fs::read(&file).expect("a file");
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        fs::write(&file, damaged).expect("written");
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        refused(&["backup", "verify", "--from", to], &name);
        refused(&["restore", "--from", to, "--data", path(&server.path("other"))], &name);
        fs::write(&file, whole).expect("written");
    }
    done(&["backup", "verify", "--from", to]);
    done(&["restore", "--from", to, "--data", path(&server.path("other"))]);

    // Of a stopped server the command reads the folder itself, and changes nothing that a start would complain of.
    let folder = server.folder();
    assert!(server.stop().success());
    let again = folder.path().join("again");
    done(&["backup", "all", "--data", data, "--to", path(&again)]);
    done(&["backup", "verify", "--from", path(&again)]);
    let server = TestServer::on_data(data).start();
    assert!(!server.log().contains("did not stop cleanly"), "{}", server.log());
}

#[test]
fn the_socket_is_for_its_owner_and_ends_with_the_server() {
    let deep = format!("{}/{}", "d".repeat(90), "e".repeat(90));
    for name in ["data", deep.as_str()] {
        let server = TestServer::on_data(name).start();
        let socket = server.path(name).join("operator.sock");
        let found = fs::metadata(&socket).expect("a socket");
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        done(&["backup", "all", "--data", path(&server.path(name)), "--to", path(&server.path("backup"))]);
        let folder = server.folder();
        // What is left of a server that was killed is replaced by the next one.
        server.signal("-KILL");
        drop(server);
        assert!(folder.path().join(name).join("operator.sock").exists());
        let server = TestServer::on_data(folder.path().join(name)).start();
        assert!(!server.log().contains("no operator's socket"), "{}", server.log());
        assert!(server.stop().success());
        assert!(!socket.exists());
    }
}

/// A reader that takes nothing holds up one backup, and neither requests nor the end of the server.
#[test]
fn a_reader_that_stops_holds_nothing_up_but_backups() {
    let server = TestServer::on_data("data").start();
    let mut client = server.client();
    client.ask("CreateTable", table("First"));
    for number in 1..=40 {
        let mut item = item(1, number);
        item["text"] = json!({"S": "x".repeat(300_000)});
        client.ask("PutItem", json!({"TableName": "First", "Item": item}));
    }
    let data = server.path("data");
    let connect = |hello: &[u8]| {
        let mut stream = UnixStream::connect(data.join("operator.sock")).expect("a socket");
        stream.write_all(hello).expect("written");
        stream
    };
    // Nothing is said to another program.
    let mut said = Vec::new();
    connect(b"GET / HTTP/1.1\r\n").read_to_end(&mut said).expect("the end");
    assert_eq!(said, b"");
    let mut stream = connect(b"stator rows 1\0\0\0");
    stream.read_exact(&mut [0; 1]).expect("a part");
    let to = server.path("backup");
    refused(&["backup", "all", "--data", path(&data), "--to", path(&to)], "another full backup is being made");
    client.ask("PutItem", json!({"TableName": "First", "Item": item(2, 1)}));
    assert!(!to.exists(), "what was made for it is removed");
    drop(stream);
    server.wait_for_line("its reader takes no more");
    done(&["backup", "all", "--data", path(&data), "--to", path(&to)]);
    let _stream = connect(b"stator rows 1\0\0\0");
    assert!(server.stop().success());
}

fn form(server: &TestServer, credentials: &Credentials, form: &str) -> String {
    let body = format!("{form}&Version=2010-05-08");
    let answer = server.send_form(Some(SignedFor { credentials, service: "iam" }), &body);
    let xml = text(&answer.body);
    assert_eq!(answer.status, 200, "{form}: {xml}");
    xml
}

fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split_once('<').expect("an end").0
}

const ALLOW_READS: &str = "Action=PutUserPolicy&UserName=app&PolicyName=p&PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C\
    %22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22dynamodb%3AGetItem%22%2C%22Resource%22%3A%22*%22%7D%7D";

/// Identities and sealed tables travel as they are stored, and the keys that open them stay at home.
#[test]
fn users_sign_and_sealed_tables_open_with_the_original_keys_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, key, audit) = (folder.path().join("data"), folder.path().join("key"), folder.path().join("audit"));
    fs::write(&key, strong_key(1)).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("chmod");
    let master = ["--master-key-file", path(&key)];
    let (_, root) = printed(&run(&[&["init", "--data", path(&data)], &master[..]].concat()));
    let server = TestServer::on_data(&data).auth().master_key(&key).audit_log(&audit).start();
    server.ask(&root, Operation::CreateTable, &table("Zanzibar")).expect("created");
    let row = json!({"TableName": "Zanzibar", "Item": item(1, 1)});
    server.ask(&root, Operation::PutItem, &row).expect("written");
    form(&server, &root, "Action=CreateUser&UserName=app");
    form(&server, &root, ALLOW_READS);
    let made = form(&server, &root, "Action=CreateAccessKey&UserName=app");
    let app = Credentials {
        access_key: element(&made, "AccessKeyId").to_owned(),
        secret: element(&made, "SecretAccessKey").to_owned(),
        session_token: None,
        region: "us-east-1".to_owned(),
    };
    let backup = folder.path().join("backup");
    done(&["backup", "all", "--data", path(&data), "--to", path(&backup)]);
    let events = || fs::read_to_string(&audit).expect("an audit log");
    let is_of_backup = |line: &&str| line.contains(r#""eventName":"FullBackup""#);
    until("the backup is audited", || events().lines().any(|line| is_of_backup(&line)));
    let events = events();
    let event = events.lines().find(is_of_backup).expect("an event");
    assert!(event.contains(r#""userIdentity":{"type":"Operator","principalId":"uid:"#), "{event}");
    assert!(server.stop().success());
    for file in files(&backup) {
        let bytes = fs::read(&file).expect("a file");
        for secret in [&b"Zanzibar"[..], b"write 1 of 1", app.secret.as_bytes(), &strong_key(1)] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", file.display());
        }
    }

    done(&["backup", "verify", "--from", path(&backup)]);
    let restored = folder.path().join("restored");
    done(&["restore", "--from", path(&backup), "--data", path(&restored)]);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", path(&restored)];
    refused(&serve, "no master key was named");
    let wrong = folder.path().join("wrong");
    fs::write(&wrong, strong_key(2)).expect("written");
    refused(&[&serve[..], &["--master-key-file", path(&wrong)]].concat(), "needs");
    refused(&[&serve[..], &["--auth"], &master].concat(), "auth.key");
    fs::copy(data.join("auth.key"), restored.join("auth.key")).expect("copied");
    let server = TestServer::on_data(&restored).auth().master_key(&key).start();
    let get = json!({"TableName": "Zanzibar", "Key": {"writer": {"S": "w1"}, "number": {"N": "1"}}});
    for credentials in [&app, &root] {
        let got = server.ask(credentials, Operation::GetItem, &get).expect("an answer");
        assert_eq!(got["Item"], item(1, 1));
    }
    assert!(server.ask(&app, Operation::PutItem, &row).is_err());
    server.ask(&root, Operation::PutItem, &row).expect("written");
}

const MOVED: u64 = 60;

/// Items, index rows, counters and the stream of the table `First`, of which all records can be read once and in order.
fn check_moved(client: &mut Client, records: u64) {
    let request = json!({"TableName": "First", "KeyConditionExpression": "writer = :w",
        "ExpressionAttributeValues": {":w": {"S": "w1"}}});
    let expected: Vec<Value> = (1..=MOVED).map(|number| item(1, number)).collect();
    assert!(pages(client, "Query", request) == expected);
    assert_eq!(by_parity(client, "First"), MOVED);
    let described = client.ask("DescribeTable", json!({"TableName": "First"}))["Table"].take();
    assert_eq!(described["ItemCount"], MOVED);
    let mut numbers: Vec<u64> = Vec::new();
    let mut reader = StreamReader::new(described["LatestStreamArn"].as_str().expect("an ARN"));
    reader.drain(client, |record| {
        numbers.push(record["dynamodb"]["Keys"]["number"]["N"].as_str().expect("a number").parse().expect("a number"));
    });
    // Then each put again, as often as it was moved.
    let expected: Vec<u64> = (1..=MOVED).chain(std::iter::repeat_n(1, (records - MOVED) as usize)).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn rows_move_between_a_database_and_a_folder() {
    let Some(database) = PostgresServer::shared() else { return };
    let (url, other) = (database.database(), database.database());
    let server = TestServer::on_database(&url).write("key", strong_key(1)).master_key("key").start();
    let folder = server.folder();
    let at = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let key = at("key");
    let mut client = server.client();
    client.ask("CreateTable", table("First"));
    (1..=MOVED).for_each(|number| drop(client.ask("PutItem", json!({"TableName": "First", "Item": item(1, number)}))));
    // The last records have no positions yet: a node assigns them a moment later.
    done(&["backup", "all", "--storage", &url, "--to", &at("of-database")]);
    done(&["backup", "verify", "--from", &at("of-database")]);
    refused(&["restore", "--from", &at("of-database"), "--storage", &url], "has tables of Stator");
    check_moved(&mut client, MOVED);
    assert!(server.stop().success());

    done(&["restore", "--from", &at("of-database"), "--data", &at("data")]);
    let server = TestServer::on_data(at("data")).master_key(&key).start();
    let mut client = server.client();
    check_moved(&mut client, MOVED);
    // A change that is none would have no record.
    let put = |client: &mut Client, text: &str| {
        let mut item = item(1, 1);
        item["text"] = json!({"S": text});
        client.ask("PutItem", json!({"TableName": "First", "Item": item}));
    };
    put(&mut client, "changed");
    client.ask("PutItem", json!({"TableName": "First", "Item": item(1, 1)}));
    check_moved(&mut client, MOVED + 2);
    done(&["backup", "all", "--data", &at("data"), "--to", &at("of-folder")]);
    assert!(server.stop().success());

    done(&["restore", "--from", &at("of-folder"), "--storage", &other]);
    refused(&["serve", "--listen", "127.0.0.1:0", "--storage", &other], "no master key was named");
    let server = TestServer::on_database(&other).master_key(&key).start();
    let mut client = server.client();
    check_moved(&mut client, MOVED + 2);
    put(&mut client, "changed");
    client.ask("PutItem", json!({"TableName": "First", "Item": item(1, 1)}));
    check_moved(&mut client, MOVED + 4);

    // A restore that fails leaves tables that no server opens.
    let half = database.database();
    let damaged = Path::new(&at("of-folder")).join("log-000001.rows");
    let mut bytes = fs::read(&damaged).expect("a file");
    *bytes.last_mut().expect("a byte") ^= 1;
    fs::write(&damaged, bytes).expect("written");
    refused(&["restore", "--from", &at("of-folder"), "--storage", &half], "no server opens them");
    let unfinished = "a restore into these tables is running or was not finished";
    refused(&["serve", "--listen", "127.0.0.1:0", "--storage", &half, "--master-key-file", &key], unfinished);
    refused(&["restore", "--from", &at("of-database"), "--storage", &half], unfinished);
}
