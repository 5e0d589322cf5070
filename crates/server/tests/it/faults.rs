//! `--faults`: rules that the admin API adds and deletes, and what clients see of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, Response};
use crate::test_server::TestServer;

const TABLE: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;

/// A request to the admin API, without credentials.
fn admin(client: &mut Client, method: &str, path: &str, body: &Value) -> Response {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    client.send(format!("{head}{body}").as_bytes());
    client.response()
}

fn add(client: &mut Client, rule: &Value) -> Value {
    let answer = admin(client, "POST", "/admin/faults", rule);
    assert_eq!(answer.status, 200, "{rule}: {}", answer.text());
    answer.json()
}

fn put(pk: &str) -> String {
    json!({"TableName": "tab", "Item": {"pk": {"S": pk}}}).to_string()
}

fn get(pk: &str) -> String {
    json!({"TableName": "tab", "Key": {"pk": {"S": pk}}, "ConsistentRead": true}).to_string()
}

fn with_table() -> (TestServer, Client) {
    let server = TestServer::in_memory().flags(["--faults"]).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    (server, client)
}

#[test]
fn errors_have_their_shape() {
    let (server, mut client) = with_table();
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/tab";
    for (rule, status, expected) in [
        (
            json!({"error": "ProvisionedThroughputExceededException"}),
            400,
            json!({"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "ThrottlingReasons": [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn}],
                "message": "The level of configured provisioned throughput for the table was exceeded. Consider increasing \
                            your provisioning level with the UpdateTable API."}),
        ),
        (
            json!({"error": "ThrottlingException", "throttling_reasons": ["TableWriteMaxOnDemandThroughputExceeded"]}),
            400,
            json!({"__type": "com.amazon.coral.availability#ThrottlingException",
                "throttlingReasons": [{"reason": "TableWriteMaxOnDemandThroughputExceeded", "resource": arn}],
                "message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index"}),
        ),
        (
            json!({"error": "InternalServerError"}),
            500,
            json!({"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "Internal server error"}),
        ),
        (
            json!({"error": "ReplicatedWriteConflictException", "message": "Try again"}),
            400,
            json!({"__type": "com.amazonaws.dynamodb.v20120810#ReplicatedWriteConflictException", "message": "Try again"}),
        ),
    ] {
        let mut rule = rule;
        (rule["table"], rule["operation"], rule["count"]) = (json!("tab"), json!("PutItem"), json!(1));
        add(&mut client, &rule);
        let refused = client.call("PutItem", &put("a"));
        assert_eq!((refused.status, refused.json()), (status, expected));
        assert_eq!(client.call("PutItem", &put("a")).status, 200);
    }
    let listed = admin(&mut client, "GET", "/admin/faults", &Value::Null).json();
    let rules = listed["rules"].as_array().expect("rules");
    assert!(rules.len() == 4 && rules.iter().all(|rule| rule["left"] == 0 && rule["injected"] == 1), "{listed}");
    assert_eq!(admin(&mut client, "DELETE", "/admin/faults", &Value::Null).json(), json!({"deleted": 4}));
    server.wait_for_line("injected a fault into PutItem");
    let page = admin(&mut client, "GET", "/metrics", &Value::Null).text();
    assert!(page.contains("\nstator_faults_injected_total{operation=\"PutItem\",fault=\"error\"} 4\n"), "{page}");
}

#[test]
fn answers_are_late_or_do_not_arrive() {
    let (server, mut client) = with_table();
    add(&mut client, &json!({"operation": "GetItem", "latency": {"ms": 300}, "count": 1}));
    let begun = Instant::now();
    assert_eq!(client.call("GetItem", &get("a")).status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));

    for (when, is_made) in [("before", false), ("after", true)] {
        add(&mut client, &json!({"operation": "PutItem", "drop_connection": true, "when": when, "count": 1}));
        let mut other = server.client();
        assert!(other.try_call("PutItem", &put(when)).is_none(), "{when}: there is no answer");
        assert!(other.is_closed());
        let found = client.call("GetItem", &get(when)).json();
        assert_eq!(found["Item"].is_object(), is_made, "{when}");
    }

    add(&mut client, &json!({"wrong_crc32": true, "count": 1}));
    for is_wrong in [true, false] {
        let answer = client.call("GetItem", &get("after"));
        let crc32: u32 = answer.header("x-amz-crc32").parse().expect("a checksum");
        assert_eq!((answer.status, crc32 != crc32fast::hash(&answer.body)), (200, is_wrong));
    }
}

#[test]
fn effects_without_an_answer_are_idempotent() {
    let (_server, mut client) = with_table();
    add(
        &mut client,
        &json!({"operation": "TransactWriteItems", "error": "InternalServerError", "when": "after", "count": 1}),
    );
    let transaction = json!({"ClientRequestToken": "token", "TransactItems": [{"Update": {"TableName": "tab",
        "Key": {"pk": {"S": "a"}}, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}}]});
    for status in [500, 200, 200] {
        assert_eq!(client.call("TransactWriteItems", &transaction.to_string()).status, status);
    }
    assert_eq!(client.call("GetItem", &get("a")).json()["Item"]["n"], json!({"N": "1"}));

    add(
        &mut client,
        &json!({"error": "TransactionCanceledException", "cancellation_codes": ["TransactionConflict"], "count": 1}),
    );
    let refused = client.call("TransactWriteItems", &transaction.to_string());
    let conflict = json!([{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}]);
    assert_eq!((refused.status, &refused.json()["CancellationReasons"]), (400, &conflict));

    add(&mut client, &json!({"unprocessed": 0.5, "count": 1}));
    let write = |pk: &str| json!({"PutRequest": {"Item": {"pk": {"S": pk}}}});
    let batch = json!({"RequestItems": {"tab": [write("1"), write("2"), write("3")]}});
    let left = client.ask("BatchWriteItem", &batch)["UnprocessedItems"].clone();
    assert_eq!(left, json!({"tab": [write("2"), write("3")]}));
    let left = client.ask("BatchWriteItem", json!({"RequestItems": left}))["UnprocessedItems"].clone();
    assert_eq!(left, json!({}));
}

#[test]
fn a_file_of_rules_is_in_force_from_the_start() {
    let rules = json!({"rules": [{"id": "creation", "operation": "CreateTable", "error": "LimitExceededException", "count": 1}]});
    let builder =
        TestServer::in_memory().flags(["--faults"]).write("rules", rules.to_string()).file("--faults-file", "rules");
    let server = builder.start();
    let mut client = server.client();
    for status in [400, 200] {
        assert_eq!(client.call("CreateTable", TABLE).status, status);
    }
    let builder = TestServer::in_memory().flags(["--faults"]).write("rules", r#"{"rules": [{"error": "Nope"}]}"#);
    builder.file("--faults-file", "rules").is_refused("rules[0].error: no error of DynamoDB's has this name");
    TestServer::in_memory()
        .write("rules", "{}")
        .file("--faults-file", "rules")
        .is_refused("has no effect without --faults");
}

#[test]
fn the_admin_api_is_where_the_operator_is() {
    // Without the flag nothing is changed.
    let server = TestServer::in_memory().start();
    let answer = admin(&mut server.client(), "POST", "/admin/faults", &json!({"latency": 1}));
    assert_eq!((answer.status, answer.text().contains("start the server with --faults")), (403, true));

    // On an address of its own, and with callers that are checked nowhere else.
    let keys =
        "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrEXAMPLEKEY0123456789abcdefghij\n";
    let signed = TestServer::in_memory().flags(["--faults"]).write("keys", keys).credentials("keys");
    signed.is_refused("has no effect with --credentials without --metrics-listen or --faults-file");
    let server = signed.clone().flag("--metrics-listen", "127.0.0.1:0").start();
    let line = server.said.iter().find_map(|line| line.split_once("metrics on http://")).expect("an address").1;
    let address: SocketAddr = line.split('/').next().expect("an address").parse().expect("an address");
    let answer = admin(&mut server.client(), "POST", "/admin/faults", &json!({"latency": 1}));
    assert_eq!(answer.status, 404, "{}", answer.text());
    let mut operator = Client::connect(address);
    assert_eq!(add(&mut operator, &json!({"latency": 1, "id": "a"}))["rules"][0]["id"], "a");
    let wrong = admin(&mut operator, "POST", "/admin/faults", &json!({"latency": 1, "probability": 2}));
    assert_eq!((wrong.status, &wrong.json()["member"]), (400, &json!("probability")));
    let large = admin(&mut operator, "POST", "/admin/faults", &json!({"id": "x".repeat(70_000)}));
    assert_eq!(large.status, 413);
    signed.clone().flag("--metrics-listen", "0.0.0.0:0").is_refused("can be reached from other machines");
}

#[test]
fn pages_of_other_origins_inject_nothing() {
    let (server, _) = with_table();
    let mut client = server.client();
    let body = r#"{"latency": 1}"#;
    for header in ["Origin: https://elsewhere.example", "Host: elsewhere.example"] {
        let host = if header.starts_with("Host") { "" } else { "Host: localhost\r\n" };
        let length = body.len();
        client.send(
            format!("POST /admin/faults HTTP/1.1\r\n{host}{header}\r\nContent-Length: {length}\r\n\r\n{body}")
                .as_bytes(),
        );
        assert_eq!(client.response().status, 403, "{header}");
    }
    let listed = admin(&mut client, "GET", "/admin/faults", &Value::Null).json();
    assert_eq!(listed, json!({"rules": []}));
}
