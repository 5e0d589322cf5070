//! `--clock-offset` and `--transition-scale`: what is due after days, and states that last, in seconds.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::program::{strong_key, until};
use crate::test_server::TestServer;

const DAY_S: u64 = 86_400;

fn admin(client: &mut Client, method: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let head = format!("{method} /admin/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    client.send(format!("{head}{body}").as_bytes());
    let answer = client.response();
    (answer.status, answer.json())
}

/// Moves the clock on; returns the time, in seconds.
fn advance(client: &mut Client, by: &str) -> u64 {
    let (status, time) = admin(client, "POST", &json!({"advance": by}).to_string());
    assert_eq!(status, 200, "{time}");
    time["now_ms"].as_u64().expect("a time") / 1_000
}

fn create(client: &mut Client, more: &Value) {
    let mut request = json!({"TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.ask("CreateTable", request);
}

fn now_s(client: &mut Client) -> u64 {
    admin(client, "GET", "").1["now_ms"].as_u64().expect("a time") / 1_000
}

#[test]
fn expired_items_go_within_seconds() {
    let folder = tempfile::tempdir().expect("folder");
    let server = TestServer::on_data(folder.path()).flags(["--clock-offset", "0"]).start();
    let mut client = server.client();
    create(&mut client, &json!({}));
    let ttl = json!({"TableName": "tab", "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}});
    client.ask("UpdateTimeToLive", ttl);
    let expires = now_s(&mut client) + DAY_S / 2;
    let item = json!({"pk": {"S": "a"}, "ttl": {"N": expires.to_string()}});
    client.ask("PutItem", json!({"TableName": "tab", "Item": item}));
    let begun = Instant::now();
    advance(&mut client, "1d");
    let key = json!({"TableName": "tab", "Key": {"pk": {"S": "a"}}, "ConsistentRead": true});
    until("the item is deleted", || client.ask("GetItem", &key)["Item"].is_null());
    assert!(begun.elapsed() < Duration::from_secs(9), "not by the period of the job: {:?}", begun.elapsed());
}

#[test]
fn a_token_is_forgotten_after_ten_minutes_and_records_after_a_day() {
    let server = TestServer::in_memory().flags(["--clock-offset", "36d"]).start();
    let mut client = server.client();
    create(&mut client, &json!({"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}));
    let real_s = base::Clock::system().now_ms() / 1000;
    assert!(now_s(&mut client).abs_diff(real_s + 36 * DAY_S) < 60);
    let add = json!({"ClientRequestToken": "token", "TransactItems": [{"Update": {"TableName": "tab", "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}}]});
    let sum = |client: &mut Client| {
        let key = json!({"TableName": "tab", "Key": {"pk": {"S": "a"}}, "ConsistentRead": true});
        client.ask("GetItem", &key)["Item"]["n"]["N"].clone()
    };
    for (by, expected) in [("0s", "1"), ("9m", "1"), ("2m", "2")] {
        advance(&mut client, by);
        client.ask("TransactWriteItems", &add);
        assert_eq!(sum(&mut client), expected, "after {by} more");
    }

    let arn = client.ask("DescribeTable", json!({"TableName": "tab"}))["Table"]["LatestStreamArn"].clone();
    let described = client.ask("DescribeStream", json!({"StreamArn": arn}));
    let shard = described["StreamDescription"]["Shards"][0]["ShardId"].clone();
    let from_start = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let records = |client: &mut Client| {
        let iterator = client.ask("GetShardIterator", &from_start)["ShardIterator"].clone();
        client.ask("GetRecords", json!({"ShardIterator": iterator}))["Records"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(records(&mut client), 2);
    advance(&mut client, "25h");
    until("the records are trimmed", || records(&mut client) == 0);
}

#[test]
fn signatures_are_by_the_real_time() {
    let secret = base64_simd::STANDARD.encode_to_string(strong_key(7));
    let keys = format!("[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {secret}\n");
    let server =
        TestServer::in_memory().flags(["--clock-offset", "-400d"]).write("keys", keys).credentials("keys").start();
    // It is signed in January 2026, and refused for its signature's date and not for the server's.
    let refused = server.client().call("ListTables", "{}");
    assert_eq!(refused.status, 400);
    let text = refused.text();
    assert!(text.contains("Signature expired"), "by the server's time it would not be current yet: {text}");
    // The admin API is not where callers are checked.
    let mut client = server.client();
    client.send(b"POST /admin/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status, 404);
}

#[test]
fn the_clock_is_moved_only_where_that_is_enabled() {
    let server = TestServer::in_memory().flags(["--faults"]).start();
    let (status, refusal) = admin(&mut server.client(), "POST", r#"{"advance": "1d"}"#);
    assert_eq!(status, 403, "{refusal}");
    TestServer::in_memory().flags(["--clock-offset", "1y"]).is_refused("a time such as 0, 90s, 2h");
}

#[test]
fn slow_states_end_by_the_moved_clock() {
    let server = TestServer::in_memory().flags(["--transition-scale", "10", "--clock-offset", "0"]).start();
    let mut client = server.client();
    create(&mut client, &json!({}));
    let status = |client: &mut Client| {
        client.ask("DescribeTable", json!({"TableName": "tab"}))["Table"]["TableStatus"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(status(&mut client), "CREATING");
    let put = json!({"TableName": "tab", "Item": {"pk": {"S": "a"}}}).to_string();
    assert_eq!(client.call("PutItem", &put).status, 400);
    advance(&mut client, "2m");
    until("the table is active", || status(&mut client) == "ACTIVE");
    assert_eq!(client.call("PutItem", &put).status, 200);
    client.ask("DeleteTable", json!({"TableName": "tab"}));
    assert_eq!(status(&mut client), "DELETING");
    advance(&mut client, "2m");
    until("the table is gone", || client.call("DescribeTable", r#"{"TableName":"tab"}"#).status == 400);
}
