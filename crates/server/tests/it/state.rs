//! `--test-state`, `--seed` and the files of ports: what test suites do between two tests.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, Response};
use crate::program::{run, until};
use crate::test_server::{TestServer, TestServerBuilder};

const TABLE: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],
        "Projection":{"ProjectionType":"ALL"}}],
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}"#;

fn admin(client: &mut Client, method: &str, path: &str) -> Response {
    client.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").as_bytes());
    client.response()
}

fn done(client: &mut Client, method: &str, path: &str) -> Value {
    let answer = admin(client, method, path);
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    answer.json()
}

fn put(client: &mut Client, pk: &str, value: u32) {
    let item = json!({"pk": {"S": pk}, "g": {"S": "all"}, "v": {"N": value.to_string()}});
    client.ask("PutItem", json!({"TableName": "tab", "Item": item}));
}

fn value(client: &mut Client, pk: &str) -> Value {
    let get = json!({"TableName": "tab", "Key": {"pk": {"S": pk}}, "ConsistentRead": true});
    client.ask("GetItem", get)["Item"]["v"]["N"].clone()
}

fn count_of_index(client: &mut Client) -> Value {
    let query = json!({"TableName": "tab", "IndexName": "by-g", "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": {"S": "all"}}});
    client.ask("Query", query)["Count"].clone()
}

fn tables(client: &mut Client) -> Value {
    client.ask("ListTables", "{}")["TableNames"].clone()
}

fn records(client: &mut Client) -> usize {
    let arn = client.ask("DescribeTable", r#"{"TableName":"tab"}"#)["Table"]["LatestStreamArn"].clone();
    let described = client.ask("DescribeStream", json!({"StreamArn": arn}));
    let shard = described["StreamDescription"]["Shards"][0]["ShardId"].clone();
    let from_start = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = client.ask("GetShardIterator", from_start)["ShardIterator"].clone();
    client.ask("GetRecords", json!({"ShardIterator": iterator}))["Records"].as_array().map_or(0, Vec::len)
}

/// One connection sees all of it: nothing is restarted.
fn check_states(builder: &TestServerBuilder) {
    let server = builder.clone().flags(["--test-state"]).start();
    let mut client = server.client();
    client.ask("CreateTable", TABLE);
    put(&mut client, "a", 1);
    put(&mut client, "b", 2);
    done(&mut client, "POST", "/admin/snapshots/two-items");
    for round in 0..3 {
        put(&mut client, "a", 100 + round);
        put(&mut client, "c", 3);
        client.ask("DeleteItem", r#"{"TableName":"tab","Key":{"pk":{"S":"b"}}}"#);
        client.ask("CreateTable", TABLE.replace("\"tab\"", "\"other\""));
        let begun = Instant::now();
        done(&mut client, "POST", "/admin/snapshots/two-items/restore");
        eprintln!("restored in {:?}", begun.elapsed());
        assert_eq!(tables(&mut client), json!(["tab"]));
        assert_eq!((value(&mut client, "a"), value(&mut client, "b")), (json!("1"), json!("2")), "round {round}");
        assert_eq!((value(&mut client, "c"), count_of_index(&mut client)), (Value::Null, json!(2)));
        assert_eq!(records(&mut client), 2, "the stream is that of the snapshot");
    }
    put(&mut client, "d", 4);
    assert_eq!(records(&mut client), 3);
    let begun = Instant::now();
    done(&mut client, "POST", "/admin/reset");
    eprintln!("reset in {:?}", begun.elapsed());
    assert_eq!(tables(&mut client), json!([]));
    client.ask("CreateTable", TABLE);
    assert_eq!((value(&mut client, "a"), count_of_index(&mut client)), (Value::Null, json!(0)));
    assert_eq!(records(&mut client), 0);
    put(&mut client, "a", 9);
    // The page is of the operations that serve now, and has each metric once.
    let metrics = admin(&mut client, "GET", "/metrics").text();
    let mut named: Vec<&str> = metrics.lines().filter(|line| line.starts_with("# TYPE")).collect();
    let count = named.len();
    named.sort_unstable();
    named.dedup();
    assert!(count == named.len() && count > 20, "{metrics}");
    assert!(server.stop().success());
}

#[test]
fn states_in_memory() {
    check_states(&TestServer::in_memory());
}

#[test]
fn states_in_a_folder_which_outlive_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let builder = TestServer::on_data(folder.path());
    check_states(&builder);
    let server = builder.start();
    let mut client = server.client();
    assert_eq!((tables(&mut client), value(&mut client, "a")), (json!(["tab"]), json!("9")));
}

/// Writers are under way meanwhile: each write is whole, before the reset or behind it, and none fails.
#[test]
fn requests_wait_for_a_reset() {
    let server = TestServer::in_memory().flags(["--test-state"]).start();
    let mut client = server.client();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let mut client = server.client();
            std::thread::spawn(move || {
                for at in 0..200 {
                    let name = format!("t-{writer}-{at}");
                    let created = client.call("CreateTable", &TABLE.replace("\"tab\"", &format!("\"{name}\"")));
                    assert_eq!(created.status, 200, "{}", created.text());
                    let item = json!({"TableName": name, "Item": {"pk": {"S": "a"}}}).to_string();
                    let put = client.call("PutItem", &item);
                    // The table may have been deleted in between, and then there is none.
                    assert!(put.status == 200 || put.text().contains("ResourceNotFoundException"), "{}", put.text());
                }
            })
        })
        .collect();
    while writers.iter().any(|writer| !writer.is_finished()) {
        done(&mut client, "POST", "/admin/reset");
        std::thread::sleep(Duration::from_millis(20));
    }
    writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
    done(&mut client, "POST", "/admin/reset");
    assert_eq!(tables(&mut client), json!([]));
}

#[test]
fn a_client_s_address_never_has_it() {
    // An address of its own: the main one knows nothing of it.
    let server = TestServer::in_memory()
        .flags(["--test-state", "--metrics-listen", "127.0.0.1:0"])
        .file("--port-file", "port")
        .file("--metrics-port-file", "pages")
        .start();
    let mut client = server.client();
    client.ask("CreateTable", TABLE);
    for (method, path) in [("POST", "/admin/reset"), ("POST", "/admin/snapshots/a"), ("GET", "/admin/snapshots")] {
        assert_eq!(admin(&mut server.client(), method, path).status, 404, "{path}");
    }
    assert_eq!(tables(&mut client), json!(["tab"]));
    let port = std::fs::read_to_string(server.path("port")).expect("a port");
    assert_eq!(port, format!("{}\n", server.address.port()));
    let pages = std::fs::read_to_string(server.path("pages")).expect("a port");
    let url = format!("http://127.0.0.1:{}", pages.trim());
    let ended = run(&["reset", "--url", &url]);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(tables(&mut client), json!([]));
    // Not enabled, and where others could reach it.
    let plain = TestServer::in_memory().start();
    let mut client = plain.client();
    assert_ne!(admin(&mut client, "POST", "/admin/reset").status, 200);
    let remote = TestServer::in_memory().flags(["--test-state", "--listen", "0.0.0.0:0", "--allow-unverified-remote"]);
    remote.is_refused("--metrics-listen 127.0.0.1:9100");
    // A page of another origin does not reach it either.
    let open = TestServer::in_memory().flags(["--test-state"]).start();
    let mut client = open.client();
    client.ask("CreateTable", TABLE);
    client.send(
        b"POST /admin/reset HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(client.response().status, 403);
    assert_eq!(tables(&mut client), json!(["tab"]));
}

#[test]
fn commands_are_thin_clients() {
    let server = TestServer::in_memory().flags(["--test-state", "--faults", "--clock-offset", "0"]).start();
    let url = server.url();
    let ask = |arguments: &[&str]| {
        let ended = run(&[arguments, &["--url", &url]].concat());
        let text = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        (ended.status.success(), text)
    };
    let good = |arguments: &[&str]| -> Value {
        let (is_good, text) = ask(arguments);
        assert!(is_good, "{arguments:?}: {text}");
        serde_json::from_str(&text).expect("JSON")
    };
    let mut client = server.client();
    client.ask("CreateTable", TABLE);
    assert_eq!(good(&["snapshot", "create", "one"])["name"], "one");
    good(&["reset"]);
    assert_eq!(tables(&mut client), json!([]));
    good(&["snapshot", "restore", "one"]);
    assert_eq!(tables(&mut client), json!(["tab"]));
    assert_eq!(good(&["snapshot", "list"])["snapshots"][0]["name"], "one");
    good(&["snapshot", "delete", "one"]);
    let (is_good, text) = ask(&["snapshot", "restore", "one"]);
    assert!(!is_good && text.contains("no snapshot has this name"), "{text}");
    let rules = server.path("rules.json");
    std::fs::write(&rules, r#"{"id": "slow", "latency": 1}"#).expect("written");
    assert_eq!(good(&["faults", "add", rules.to_str().expect("a name")])["rules"][0]["id"], "slow");
    assert_eq!(good(&["faults", "list"])["rules"].as_array().map(Vec::len), Some(1));
    assert_eq!(good(&["faults", "delete", "slow"]), json!({"deleted": 1}));
    assert_eq!(good(&["clock", "advance", "1d"])["offset_ms"], 86_400_000);
    assert_eq!(good(&["clock", "show"])["offset_ms"], 86_400_000);
    let (is_good, text) = ask(&["clock", "advance", "-1d"]);
    assert!(!is_good, "{text}");
}

const TEMPLATE: &str = "Resources:\n  Orders:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: !Sub 'orders-${AWS::Region}'\n      \
                        BillingMode: PAY_PER_REQUEST\n      KeySchema: [{AttributeName: pk, KeyType: HASH}]\n      \
                        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}\n";

#[test]
fn seeds_are_there_from_the_first_request_on() {
    let items: Vec<Value> = (0..60).map(|at| json!({"pk": {"S": at.to_string()}, "v": {"N": "1"}})).collect();
    let mut table: Value = serde_json::from_str(TABLE).expect("JSON");
    table["Items"] = json!(items);
    let folder = tempfile::tempdir().expect("a folder");
    let builder = TestServer::on_data(folder.path())
        .write("tables.json", json!({"Tables": [table]}).to_string())
        .write("template.yaml", TEMPLATE);
    let seeded = builder.clone().file("--seed", "tables.json").file("--seed", "template.yaml");
    let server = seeded.clone().flags(["--test-state"]).start();
    let mut client = server.client();
    assert_eq!(tables(&mut client), json!(["orders-us-east-1", "tab"]));
    assert_eq!(client.ask("Scan", r#"{"TableName":"tab","Select":"COUNT"}"#)["Count"], 60);
    let described = client.ask("DescribeTimeToLive", r#"{"TableName":"orders-us-east-1"}"#);
    assert_eq!(described["TimeToLiveDescription"]["AttributeName"], "ttl");
    client.ask("DeleteTable", r#"{"TableName":"orders-us-east-1"}"#);
    until("the table is gone", || tables(&mut client) == json!(["tab"]));
    done(&mut client, "POST", "/admin/snapshots/seed/restore");
    assert_eq!(tables(&mut client), json!(["orders-us-east-1", "tab"]));
    assert!(server.stop().success());
    // Once more over the same folder: what is there stays.
    let server = seeded.start();
    assert_eq!(server.client().ask("Scan", r#"{"TableName":"tab","Select":"COUNT"}"#)["Count"], 60);
    drop(server);
    let broken =
        TestServer::in_memory().write("bad.json", r#"{"Tables":[{"TableName":"t"}]}"#).file("--seed", "bad.json");
    broken.is_refused("cannot seed from");
}
