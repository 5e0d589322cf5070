//! Event source mappings: Lambda's API on the server's port, and what reaches functions that fail in all ways.

mod api;
mod bounds;
mod delivery;
mod function;
mod nodes;
mod outbound;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{AUTHORIZATION, Client, Response};
use crate::program::PATIENCE;
use crate::test_server::TestServer;

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// Asks about event source mappings.
fn lambda(server: &TestServer, method: &str, path: &str, body: &Value) -> Response {
    request(server, method, &format!("{MAPPINGS}{path}"), body)
}

/// Calls Lambda's API.
fn request(server: &TestServer, method: &str, path: &str, body: &Value) -> Response {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut client = server.client();
    client.send(
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             X-Amz-Date: 20260101T000000Z\r\nAuthorization: {AUTHORIZATION}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    client.response()
}

/// A table `name` with a stream; its ARN.
fn table(client: &mut Client, name: &str) -> String {
    let made = client.call(
        "CreateTable",
        &json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        })
        .to_string(),
    );
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["TableDescription"]["LatestStreamArn"].as_str().expect("a stream").to_owned()
}

fn put(client: &mut Client, table: &str, pk: &str, n: u64) {
    let put = client.call("PutItem", &item(table, pk, n));
    assert_eq!(put.status, 200, "{}", put.text());
}

fn item(table: &str, pk: &str, n: u64) -> String {
    json!({"TableName": table, "Item": {"pk": {"S": pk}, "n": {"N": n.to_string()}}}).to_string()
}

/// Makes a mapping and waits until it is what it should be; its id.
fn map(server: &TestServer, body: &Value) -> String {
    let made = lambda(server, "POST", "/", body);
    assert_eq!(made.status, 202, "{}", made.text());
    let uuid = made.json()["UUID"].as_str().expect("an id").to_owned();
    settled(server, &uuid);
    uuid
}

/// Waits until nothing is being done with a mapping.
fn settled(server: &TestServer, uuid: &str) -> Value {
    shown(server, uuid, |shown| matches!(shown["State"].as_str(), Some("Enabled" | "Disabled")))
}

/// Waits until a mapping is as asked.
fn shown(server: &TestServer, uuid: &str, until: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let shown = lambda(server, "GET", &format!("/{uuid}"), &Value::Null).json();
        if until(&shown) {
            return shown;
        }
        assert!(Instant::now() < deadline, "it stays {shown}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
