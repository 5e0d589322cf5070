//! Encryption at rest: nothing that was written is readable on the disk, and only the right key opens it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::kms_fake::{KEY, Kms, OTHER_KEY};
use crate::program::{PATIENCE, run, run_with, strong_key};
use crate::stream_reader::StreamReader;
use crate::test_server::{TestServer, TestServerBuilder};

/// Text in everything that a customer names or writes.
const NAME: &str = "Zanzibar";

const TABLE: &str = r#"{"TableName":"Zanzibar-table","BillingMode":"PAY_PER_REQUEST",
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},
    "Tags":[{"Key":"Zanzibar-tag","Value":"Zanzibar-tagged"}],
    "AttributeDefinitions":[{"AttributeName":"Zanzibar-hash","AttributeType":"S"},
        {"AttributeName":"Zanzibar-range","AttributeType":"S"},{"AttributeName":"Zanzibar-other","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"Zanzibar-hash","KeyType":"HASH"},{"AttributeName":"Zanzibar-range","KeyType":"RANGE"}],
    "LocalSecondaryIndexes":[{"IndexName":"Zanzibar-local","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"Zanzibar-hash","KeyType":"HASH"},{"AttributeName":"Zanzibar-other","KeyType":"RANGE"}]}],
    "GlobalSecondaryIndexes":[{"IndexName":"Zanzibar-global","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"Zanzibar-other","KeyType":"HASH"},{"AttributeName":"Zanzibar-range","KeyType":"RANGE"}]}]}"#;

const ITEMS: usize = 400;

fn item(at: usize) -> serde_json::Value {
    json!({
        "Zanzibar-hash": {"S": format!("Zanzibar-partition-{}", at % 7)},
        "Zanzibar-range": {"S": format!("Zanzibar-sort-{at:05}")},
        "Zanzibar-other": {"S": format!("Zanzibar-other-{}", at % 3)},
        "Zanzibar-value": {"S": format!("Zanzibar {}", "padding ".repeat(100))},
    })
}

/// Tables, indexes, a stream, time to live, transactions with tokens, deletes: all that leaves something on the disk.
fn fill(client: &mut Client) {
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    let ttl = json!({"TableName": "Zanzibar-table",
        "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "Zanzibar-expiry"}});
    client.ask("UpdateTimeToLive", &ttl);
    for at in 0..ITEMS {
        client.ask("PutItem", json!({"TableName": "Zanzibar-table", "Item": item(at)}));
    }
    for at in 0..20 {
        let transaction = json!({"ClientRequestToken": format!("Zanzibar-token-{at}"), "TransactItems": [
            {"Put": {"TableName": "Zanzibar-table", "Item": item(ITEMS + at)}}]});
        client.ask("TransactWriteItems", &transaction);
        let key = json!({"Zanzibar-hash": item(at)["Zanzibar-hash"], "Zanzibar-range": item(at)["Zanzibar-range"]});
        client.ask("DeleteItem", json!({"TableName": "Zanzibar-table", "Key": key}));
    }
}

/// What was filled in reads back, by every way.
fn check(client: &mut Client) {
    let query = |index: Option<&str>, name: &str, value: &str| {
        let mut query = json!({"TableName": "Zanzibar-table", "KeyConditionExpression": "#n = :v",
            "ExpressionAttributeNames": {"#n": name}, "ExpressionAttributeValues": {":v": {"S": value}}});
        if let Some(index) = index {
            query["IndexName"] = json!(index);
        }
        query
    };
    let mut count = 0;
    for partition in 0..7 {
        let partition = format!("Zanzibar-partition-{partition}");
        let found = client.ask("Query", query(None, "Zanzibar-hash", &partition));
        let sorts: Vec<&str> = found["Items"].as_array().expect("items").iter().map(sort).collect();
        assert!(sorts.is_sorted(), "{sorts:?}");
        count += sorts.len();
        let local = client.ask("Query", query(Some("Zanzibar-local"), "Zanzibar-hash", &partition));
        assert_eq!(local["Count"], sorts.len());
    }
    assert_eq!(count, ITEMS);
    let mut global = 0;
    for other in 0..3 {
        let other = format!("Zanzibar-other-{other}");
        global += client.ask("Query", query(Some("Zanzibar-global"), "Zanzibar-other", &other))["Count"]
            .as_u64()
            .expect("a count");
    }
    assert_eq!(global, ITEMS as u64);
    let mut range = query(None, "Zanzibar-hash", "Zanzibar-partition-0");
    range["KeyConditionExpression"] = json!("#n = :v AND #r BETWEEN :from AND :to");
    range["ExpressionAttributeNames"]["#r"] = json!("Zanzibar-range");
    range["ExpressionAttributeValues"][":from"] = json!({"S": "Zanzibar-sort-00050"});
    range["ExpressionAttributeValues"][":to"] = json!({"S": "Zanzibar-sort-00099"});
    assert_eq!(client.ask("Query", &range)["Count"], 7, "56, 63, 70, 77, 84, 91, 98");
    let got = json!({"TableName": "Zanzibar-table", "Key": {
        "Zanzibar-hash": item(100)["Zanzibar-hash"], "Zanzibar-range": item(100)["Zanzibar-range"]}});
    assert_eq!(client.ask("GetItem", &got)["Item"], item(100));
    let described = client.ask("DescribeTable", json!({"TableName": "Zanzibar-table"}));
    assert_eq!(described["Table"]["ItemCount"], ITEMS);
}

fn sort(item: &serde_json::Value) -> &str {
    item["Zanzibar-range"]["S"].as_str().expect("a sort key")
}

/// The number of the stream's records.
fn stream(client: &mut Client) -> usize {
    let described = client.ask("DescribeTable", json!({"TableName": "Zanzibar-table"}));
    let mut reader = StreamReader::new(described["Table"]["LatestStreamArn"].as_str().expect("an ARN"));
    reader.drain(client, |record| assert!(record["dynamodb"]["Keys"]["Zanzibar-hash"]["S"].is_string()));
    reader.records
}

/// Every file below a folder, and its bytes. A server's socket has none.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files.insert(path.clone(), fs::read(path).expect("a file"));
            }
        }
    }
    files
}

fn names_found(folder: &Path) -> Vec<PathBuf> {
    let holds = |bytes: &[u8]| bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes());
    contents(folder)
        .into_iter()
        .filter(|(path, bytes)| holds(bytes) || holds(path.to_string_lossy().as_bytes()))
        .map(|(path, _)| path)
        .collect()
}

/// A server that encrypts nothing, with two master keys in its folder.
fn plain() -> TestServerBuilder {
    TestServer::on_data("data").write("key", strong_key(7)).write("new", strong_key(8))
}

fn on_database(url: &str) -> TestServerBuilder {
    TestServer::on_database(url).write("key", strong_key(7)).write("new", strong_key(8))
}

fn path(server: &TestServerBuilder, name: &str) -> String {
    server.path(name).to_str().expect("a path").to_owned()
}

/// Starting is refused, with nothing touched.
fn refused(server: &TestServerBuilder, expected: &str) {
    let before = contents(&server.path(""));
    let said = server.is_refused(expected);
    assert!(!said.contains("Zanzibar-secret"), "{said}");
    assert!(before == contents(&server.path("")), "it touched something: {said}");
}

#[test]
fn no_file_holds_what_was_written() {
    // Tables are written and merged early, so that all kinds of files are there.
    let sealed = plain().master_key("key").flag("--memtable", "64KiB");
    let (server, data) = (sealed.start(), sealed.path("data"));
    fill(&mut server.client());
    check(&mut server.client());
    assert_eq!(stream(&mut server.client()), ITEMS + 40);
    assert_eq!(names_found(&data), Vec::<PathBuf>::new(), "while it runs");
    server.signal("-KILL");
    server.wait();
    assert_eq!(names_found(&data), Vec::<PathBuf>::new(), "killed");
    let server = sealed.start();
    check(&mut server.client());
    assert_eq!(stream(&mut server.client()), ITEMS + 40);
    // A token from before the restart is still valid for its transaction.
    let again = json!({"ClientRequestToken": "Zanzibar-token-0", "TransactItems": [
        {"Put": {"TableName": "Zanzibar-table", "Item": item(ITEMS)}}]});
    server.client().ask("TransactWriteItems", &again);
    let other = json!({"ClientRequestToken": "Zanzibar-token-0", "TransactItems": [
        {"Put": {"TableName": "Zanzibar-table", "Item": item(ITEMS + 1)}}]});
    assert!(
        server.client().call("TransactWriteItems", &other.to_string()).text().contains("IdempotentParameterMismatch")
    );
    assert!(server.stop().success());
    assert_eq!(names_found(&data), Vec::<PathBuf>::new(), "stopped");
    let tables = contents(&data).into_keys().filter(|path| path.to_string_lossy().contains("/tables/"));
    assert!(tables.count() > 3, "tables were written");

    // The same without a key, so that one sees that the search finds what is there.
    let plain = plain().flag("--memtable", "64KiB");
    let server = plain.start();
    fill(&mut server.client());
    assert!(server.stop().success());
    assert_ne!(names_found(&plain.path("data")), Vec::<PathBuf>::new());
}

#[test]
fn nothing_but_the_right_key_opens_it() {
    let hex = "5a616e7a696261722d736563726574".to_owned() + "0f1e2d3c4b5a69788796a5b4c3d2e1f0ab";
    let plain = plain().write("key", &hex);
    let sealed = plain.clone().master_key("key");
    let server = sealed.start();
    fill(&mut server.client());
    assert!(server.stop().success());

    refused(&plain, "it is encrypted, and no master key was named; nothing was changed");
    let wrong = "it is encrypted with another master key: it needs the key with the fingerprint ";
    refused(&plain.clone().master_key("new"), wrong);
    let given = |key: &str| plain.clone().variables(&[("STATOR_MASTER_KEY", key)]);
    refused(&given("6e898b59cec0bd0027d3b47f27e5e6b6ab89a4d08a21fbadd671f5a0d0b6103f"), wrong);
    refused(&plain.clone().master_key("/no/such"), "/no/such cannot be used");
    refused(&plain.clone().write("short", "Zanzibar-secret").master_key("short"), "it holds no key");
    refused(&given("Zanzibar-secret"), "it holds no key");
    refused(&given(""), "STATOR_MASTER_KEY is set and empty");
    let nothing = TestServer::on_data("data").variables(&[("STATOR_MASTER_KEY", "")]);
    refused(&nothing, "STATOR_MASTER_KEY is set and empty");
    refused(&given(&hex).master_key("key"), "both name a key");
    refused(&TestServer::in_memory().write("key", &hex).master_key("key"), "keeps nothing");

    // From the environment, and back to the file.
    let server = given(&hex).start();
    check(&mut server.client());
    assert!(server.stop().success());

    let keys = plain.path("data/database/keys");
    let text = fs::read(&keys).expect("the keys");
    for damaged in [&text[..text.len() / 2], &text[..text.len() - 3], b""] {
        fs::write(&keys, damaged).expect("damage");
        refused(&sealed, "its keys are damaged");
    }
    fs::remove_file(&keys).expect("removed");
    refused(&sealed, "keys is missing; nothing was changed");
    fs::write(&keys, &text).expect("brought back");
    let server = sealed.start();
    check(&mut server.client());
    assert!(server.stop().success());
}

#[test]
fn data_that_are_not_encrypted_take_no_key() {
    let plain = plain();
    let server = plain.start();
    assert_eq!(server.client().call("CreateTable", TABLE).status, 200);
    assert!(server.stop().success());
    refused(&plain.clone().master_key("key"), "this database is not encrypted; nothing was changed");
    assert!(plain.start().stop().success());
}

#[test]
fn another_master_key_rewrites_no_data() {
    let plain = plain();
    let [data, key, new, nowhere] = ["data", "key", "new", "nowhere"].map(|name| path(&plain, name));
    let server = plain.clone().master_key("key").start();
    fill(&mut server.client());
    let rekey = |old: &str, new: &str| {
        let flags = ["storage", "rekey", "--data", &data, "--master-key-file", old, "--new-master-key-file", new];
        let output = run(&flags);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (done, said) = rekey(&key, &key);
    assert!(!done && said.contains("the new master key is the old one; nothing was changed"), "{said}");
    let (done, said) = rekey(&key, &new);
    assert!(!done && said.contains("another server has it open"), "{said}");
    assert!(server.stop().success());

    let mut before = contents(Path::new(&data));
    let (done, said) = rekey(&new, &key);
    assert!(!done && said.contains("another master key: it needs the key with the fingerprint "), "{said}");
    let flags = ["storage", "rekey", "--data", &nowhere, "--master-key-file", &key, "--new-master-key-file", &new];
    let said = String::from_utf8_lossy(&run(&flags).stderr).into_owned();
    assert!(said.contains(&format!("there are no data in the folder {nowhere}")), "{said}");
    let (done, said) = rekey(&key, &new);
    assert!(done, "{said}");
    let mut after = contents(Path::new(&data));
    let keys = Path::new(&data).join("database/keys");
    assert_ne!(before.remove(&keys), after.remove(&keys));
    assert!(before == after, "only the keys were written");

    refused(&plain.clone().master_key("key"), "another master key");
    let server = plain.master_key("new").start();
    check(&mut server.client());
    assert!(server.stop().success());
}

/// The longest sort keys that there are, twice in an index row, full of zeros, which are written as two bytes each.
fn long_keys(client: &mut Client) {
    let table = json!({"TableName": "long", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "h", "AttributeType": "S"}, {"AttributeName": "r", "AttributeType": "B"},
            {"AttributeName": "l", "AttributeType": "B"}],
        "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
        "LocalSecondaryIndexes": [{"IndexName": "by-l", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}]}]});
    client.ask("CreateTable", &table);
    let bytes = |last: u8| {
        let mut bytes = vec![if last.is_multiple_of(2) { 0 } else { 0xFF }; 1024];
        bytes[1023] = last;
        json!({"B": base64_simd::STANDARD.encode_to_string(bytes)})
    };
    for last in [3, 0, 4, 1, 2] {
        let item = json!({"h": {"S": "h"}, "r": bytes(last), "l": bytes(last), "n": {"N": last.to_string()}});
        client.ask("PutItem", json!({"TableName": "long", "Item": item}));
    }
    let numbers = |found: &serde_json::Value| -> Vec<String> {
        let items = found["Items"].as_array().expect("items").iter();
        items.map(|item| item["n"]["N"].as_str().expect("a number").to_owned()).collect()
    };
    for index in [None, Some("by-l")] {
        let mut query = json!({"TableName": "long", "KeyConditionExpression": "h = :h",
            "ExpressionAttributeValues": {":h": {"S": "h"}}});
        if let Some(index) = index {
            query["IndexName"] = json!(index);
        }
        assert_eq!(numbers(&client.ask("Query", &query)), ["0", "2", "4", "1", "3"], "{index:?}");
        query["KeyConditionExpression"] = json!(format!("h = :h AND {} > :r", if index.is_some() { "l" } else { "r" }));
        query["ExpressionAttributeValues"][":r"] = bytes(2);
        query["ScanIndexForward"] = json!(false);
        query["Limit"] = json!(2);
        let page = client.ask("Query", &query);
        assert_eq!(numbers(&page), ["3", "1"], "{index:?}");
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
        assert_eq!(numbers(&client.ask("Query", &query)), ["4"], "{index:?}");
    }
    let key = json!({"TableName": "long", "Key": {"h": {"S": "h"}, "r": bytes(4)}});
    assert_eq!(client.ask("GetItem", &key)["Item"]["n"]["N"], "4");
}

#[test]
fn the_longest_keys_fit() {
    long_keys(&mut plain().master_key("key").start().client());
    let Some(database) = PostgresServer::shared() else { return };
    long_keys(&mut on_database(&database.database()).master_key("key").start().client());
}

#[test]
fn several_servers_share_what_is_sealed() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let unsealed = on_database(&url);
    let [sealed, anew] = ["key", "new"].map(|key| unsealed.clone().master_key(key));
    let (one, other) = (sealed.start(), sealed.start());
    fill(&mut one.client());
    check(&mut other.client());
    assert_eq!(stream(&mut other.client()), ITEMS + 40);
    other.client().ask("PutItem", json!({"TableName": "Zanzibar-table", "Item": item(ITEMS)}));
    check(&mut one.client());

    let name = url.rsplit('/').next().expect("a name");
    let pattern: String = NAME.bytes().map(|byte| format!("{byte:02x}")).collect();
    let found = |table: &str| {
        let count = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{pattern}%'");
        database.psql(name, &count).expect("a count")
    };
    for table in ["stator_kv", "stator_outbox", "stator_tally", "stator_meta"] {
        assert_eq!(found(table), "0", "{table}");
    }
    refused(&unsealed, "its tables are encrypted, and no master key was named");
    refused(&anew, "another master key");

    // Under another master key, while servers run.
    let (key, new) = (path(&sealed, "key"), path(&sealed, "new"));
    let flags = ["storage", "rekey", "--storage", &url, "--master-key-file", &key, "--new-master-key-file", &new];
    let output = run(&flags);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    check(&mut one.client());
    assert!(one.stop().success());
    let third = anew.start();
    check(&mut third.client());
    refused(&sealed, "another master key");
    assert!(run(&["nodes", "--storage", &url]).status.success(), "needs no key");

    let url = database.database();
    let plain = on_database(&url);
    assert!(plain.start().stop().success());
    refused(&plain.clone().master_key("key"), "its tables are not encrypted");
    let server = plain.start();
    fill(&mut server.client());
    let name = url.rsplit('/').next().expect("a name");
    let count = format!("SELECT count(*) FROM stator_kv t WHERE t::text LIKE '%{pattern}%'");
    assert_ne!(database.psql(name, &count).expect("a count"), "0", "the search finds what is there");
}

/// Data keys of two servers grow old within a second, and what is under them is rewritten while both answer.
#[test]
fn what_is_under_old_data_keys_is_rewritten() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let sealed = on_database(&url).master_key("key");
    let node = sealed.clone().flag("--data-key-days", "1s");
    let (one, other) = (node.start(), node.start());
    fill(&mut one.client());
    let name = url.rsplit('/').next().expect("a name");
    let ids = || {
        let all = "SELECT DISTINCT encode(substring(v FROM 2 FOR 4), 'hex') FROM stator_kv \
            WHERE get_byte(p, 0) IN (2, 3) AND v IS NOT NULL";
        let lines = database.psql(name, all).expect("ids");
        lines.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let first = ids();
    assert!(!first.is_empty());
    let deadline = Instant::now() + PATIENCE;
    while !ids().is_disjoint(&first) {
        assert!(Instant::now() < deadline, "{first:?} are still in use");
        check(&mut one.client());
        other.client().ask("PutItem", json!({"TableName": "Zanzibar-table", "Item": item(ITEMS)}));
    }
    check(&mut other.client());
    assert_eq!(stream(&mut other.client()), ITEMS + 40, "records stay readable, and nothing was told of rewriting");
    assert!(one.stop().success() && other.stop().success());
    let third = sealed.start();
    check(&mut third.client());
}

#[test]
fn a_kms_keeps_the_master_key() {
    let kms = Kms::start();
    let credentials = [("AWS_ACCESS_KEY_ID", "AKIDKMS"), ("AWS_SECRET_ACCESS_KEY", "Zanzibar-secret")];
    let plain = plain();
    let without_key = |url: &str| plain.clone().variables(&credentials).flag("--kms-endpoint", url);
    let with_key = |key: &str| without_key(&kms.url).flag("--kms-key-id", key);
    let (data, file) = (path(&plain, "data"), path(&plain, "key"));
    kms.fail(2);
    let server = with_key(KEY).start();
    assert_eq!(kms.calls(), ["Encrypt", "Encrypt", "Encrypt"], "what passes is tried again");
    let authorization = kms.authorization();
    assert!(
        authorization.contains("Credential=AKIDKMS/") && authorization.contains("/eu-west-3/kms/"),
        "{authorization}"
    );
    fill(&mut server.client());
    assert!(server.stop().success());
    assert_eq!(names_found(Path::new(&data)), Vec::<PathBuf>::new());
    assert_eq!(kms.calls(), Vec::<String>::new(), "requests need none");
    let server = with_key(KEY).start();
    check(&mut server.client());
    assert!(server.stop().success());
    assert_eq!(kms.calls(), ["Decrypt"]);

    kms.refuse(KEY, "DisabledException");
    refused(&with_key(KEY), "DisabledException");
    kms.allow(KEY);
    refused(&with_key(OTHER_KEY), "another master key");
    refused(&plain.clone().master_key("key"), "another master key");
    let nowhere = without_key("http://127.0.0.1:1").flag("--kms-key-id", KEY);
    refused(&nowhere, "the master key cannot be used: Decrypt at http://127.0.0.1:1");
    refused(&with_key(KEY).master_key("key"), "leave one out");
    refused(&without_key(&kms.url), "add --kms-key-id or --master-key-file");

    // From one key to another, to a file, and back.
    let steps: [(&[&str], &[&str]); 3] = [
        (
            &["--kms-endpoint", &kms.url, "--kms-key-id", KEY],
            &["--new-kms-endpoint", &kms.url, "--new-kms-key-id", OTHER_KEY],
        ),
        (&["--kms-endpoint", &kms.url, "--kms-key-id", OTHER_KEY], &["--new-master-key-file", &file]),
        (&["--master-key-file", &file], &["--new-kms-endpoint", &kms.url, "--new-kms-key-id", "1111aaaa"]),
    ];
    for (old, new) in steps {
        let output = run_with(&[&["storage", "rekey", "--data", &data], old, new].concat(), &credentials);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let server = with_key(KEY).start();
    check(&mut server.client());
    assert!(server.stop().success());
}

/// A table with a key of its own, and one without.
struct Tables<'a> {
    kms: &'a Kms,
    server: TestServer,
}

impl Tables<'_> {
    fn node(server: TestServerBuilder, kms: &Kms) -> TestServerBuilder {
        let server = server.write("key", strong_key(7)).master_key("key");
        server.flag("--kms-endpoint", &kms.url).flag("--kms-check-seconds", "1")
    }

    fn call(&self, operation: &str, body: serde_json::Value) -> serde_json::Value {
        self.server.client().ask(operation, &body)
    }

    fn refusal(&self, operation: &str, body: serde_json::Value) -> String {
        let response = self.server.client().call(operation, &body.to_string());
        assert_eq!(response.status, 400, "{operation}: {}", response.text());
        response.text()
    }

    fn create(&self, table: &str, key: Option<&str>) -> serde_json::Value {
        let mut request = json!({"TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]});
        if let Some(key) = key {
            request["SSESpecification"] = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": key});
        }
        request
    }

    fn put(table: &str, k: &str) -> serde_json::Value {
        json!({"TableName": table, "Item": {"k": {"S": k}}})
    }

    fn get(table: &str, k: &str) -> serde_json::Value {
        json!({"TableName": table, "Key": {"k": {"S": k}}})
    }

    fn holds(&self, table: &str, k: &str) -> bool {
        self.call("GetItem", Tables::get(table, k))["Item"]["k"]["S"] == k
    }

    /// Waits until the table has a status.
    fn until(&self, table: &str, status: &str) -> serde_json::Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let response = self.server.client().call("DescribeTable", &json!({"TableName": table}).to_string());
            let described = response.json()["Table"].clone();
            if described["TableStatus"] == status {
                return described;
            }
            assert!(Instant::now() < deadline, "{table} does not become {status}: {described}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_table_has_its_own_key_which_may_be_disabled() {
    let kms = Kms::start();
    let node = Tables::node(TestServer::on_data("data"), &kms);
    let start = || Tables { kms: &kms, server: node.start() };
    let tables = start();
    let made = tables.call("CreateTable", tables.create("own", Some("1111aaaa")));
    assert_eq!(made["TableDescription"]["SSEDescription"]["KMSMasterKeyArn"], KEY);
    tables.call("CreateTable", tables.create("plain", None));
    let refused = tables.refusal("CreateTable", tables.create("none", Some("nobody's")));
    assert!(refused.contains("ValidationException") && refused.contains("KMS validation error: "), "{refused}");
    for table in ["own", "plain"] {
        tables.call("PutItem", Tables::put(table, "a"));
        assert!(tables.holds(table, "a"));
    }

    tables.kms.refuse(KEY, "DisabledException");
    let described = tables.until("own", "INACCESSIBLE_ENCRYPTION_CREDENTIALS");
    assert!(described["SSEDescription"]["InaccessibleEncryptionDateTime"].is_number(), "{described}");
    check_inaccessible(&tables);
    // A server that starts meanwhile finds out when the table is used.
    assert!(tables.server.stop().success());
    let tables = start();
    check_inaccessible(&tables);
    tables.until("own", "INACCESSIBLE_ENCRYPTION_CREDENTIALS");
    tables.kms.allow(KEY);
    tables.until("own", "ACTIVE");
    assert!(tables.holds("own", "a"));
    tables.call("PutItem", Tables::put("own", "b"));

    // Another key takes its place, and the first one is not needed any more.
    let update = |key: serde_json::Value| json!({"TableName": "own", "SSESpecification": key});
    let other = update(json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": OTHER_KEY}));
    assert_eq!(tables.call("UpdateTable", other)["TableDescription"]["SSEDescription"]["KMSMasterKeyArn"], KEY);
    let described = tables.call("DescribeTable", json!({"TableName": "own"}));
    assert_eq!(described["Table"]["SSEDescription"]["KMSMasterKeyArn"], OTHER_KEY);
    tables.kms.refuse(KEY, "DisabledException");
    assert!(tables.server.stop().success());
    let tables = start();
    assert!(tables.holds("own", "a") && tables.holds("own", "b"));
    // Then none of the KMS.
    tables.call("UpdateTable", update(json!({"Enabled": false})));
    tables.call("PutItem", Tables::put("own", "c"));
    tables.kms.refuse(OTHER_KEY, "DisabledException");
    assert!(tables.server.stop().success());
    let tables = start();
    assert!(["a", "b", "c"].iter().all(|k| tables.holds("own", k)));

    // And back; a table with a disabled key can be deleted.
    tables.kms.allow(KEY);
    tables.call("UpdateTable", update(json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": KEY})));
    assert!(tables.holds("own", "c"));
    tables.kms.refuse(KEY, "KMSInvalidStateException");
    tables.until("own", "INACCESSIBLE_ENCRYPTION_CREDENTIALS");
    tables.call("DeleteTable", json!({"TableName": "own"}));
    let deadline = Instant::now() + PATIENCE;
    while tables.server.client().call("DescribeTable", r#"{"TableName":"own"}"#).status == 200 {
        assert!(Instant::now() < deadline, "the table is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What one server does to a table's key is known to the other one, at the latest when it meets what the first has sealed.
#[test]
fn several_servers_share_the_keys_of_tables() {
    let Some(database) = PostgresServer::shared() else { return };
    let kms = Kms::start();
    let node = Tables::node(TestServer::on_database(database.database()), &kms);
    let start = || Tables { kms: &kms, server: node.start() };
    let (one, other) = (start(), start());
    one.call("CreateTable", one.create("own", None));
    one.call("PutItem", Tables::put("own", "a"));
    other.until("own", "ACTIVE");
    other.call("PutItem", Tables::put("own", "b"));
    let sse = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": KEY});
    one.call("UpdateTable", json!({"TableName": "own", "SSESpecification": sse}));
    one.call("PutItem", Tables::put("own", "c"));
    for tables in [&one, &other] {
        assert!(["a", "b", "c"].iter().all(|k| tables.holds("own", k)));
    }
    kms.refuse(KEY, "DisabledException");
    for tables in [&one, &other] {
        tables.until("own", "INACCESSIBLE_ENCRYPTION_CREDENTIALS");
        assert!(tables.refusal("GetItem", Tables::get("own", "a")).contains("AccessDeniedException"));
    }
    kms.allow(KEY);
    for tables in [&one, &other] {
        tables.until("own", "ACTIVE");
        assert!(tables.holds("own", "b"));
    }
}

fn check_inaccessible(tables: &Tables<'_>) {
    let query = json!({"TableName": "own", "KeyConditionExpression": "k = :k",
        "ExpressionAttributeValues": {":k": {"S": "a"}}});
    let transaction = json!({"TransactItems": [{"Put": Tables::put("own", "x")}, {"Put": Tables::put("plain", "x")}]});
    for (operation, body) in [
        ("GetItem", Tables::get("own", "a")),
        ("PutItem", Tables::put("own", "x")),
        ("Scan", json!({"TableName": "own"})),
        ("Query", query),
        ("TransactWriteItems", transaction),
    ] {
        let refusal = tables.refusal(operation, body);
        assert!(refusal.contains("AccessDeniedException"), "{operation}: {refusal}");
        assert!(refusal.contains("KMS key access denied error: ") && refusal.contains("Disabled"), "{refusal}");
    }
    assert!(tables.holds("plain", "a"));
    tables.call("PutItem", Tables::put("plain", "y"));
}
