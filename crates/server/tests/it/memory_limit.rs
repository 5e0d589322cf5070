//! `--memory-limit`: what is refused above it, what is still accepted, and that deletes make room.

use serde_json::{Value, json};

use crate::client::{Client, Response};
use crate::program::until;
use crate::test_server::TestServer;

fn server() -> TestServer {
    TestServer::in_memory().flag("--memory-limit", "4MiB").start()
}

fn create(client: &mut Client, name: &str) {
    let schema = json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}});
    assert_eq!(client.call("CreateTable", &schema.to_string()).status, 200);
}

fn put(client: &mut Client, table: &str, step: usize) -> Response {
    let item = json!({"pk": {"S": step.to_string()}, "fill": {"S": "x".repeat(20_000)}});
    client.call("PutItem", &json!({"TableName": table, "Item": item}).to_string())
}

fn is_refused(response: &Response) -> bool {
    if response.status == 200 {
        return false;
    }
    let said: Value = response.json();
    assert_eq!(response.status, 503, "{said}");
    assert_eq!(said["__type"], "com.amazon.coral.availability#ServiceUnavailable");
    assert!(said["message"].as_str().is_some_and(|text| text.contains("--memory-limit")), "{said}");
    true
}

fn write_until_refused(client: &mut Client, table: &str) -> usize {
    (0..1_000).find(|step| is_refused(&put(client, table, *step))).expect("a limit")
}

fn delete(client: &mut Client, table: &str, step: usize) -> u16 {
    let delete = json!({"TableName": table, "Key": {"pk": {"S": step.to_string()}}});
    client.call("DeleteItem", &delete.to_string()).status
}

#[test]
fn above_the_limit_writes_are_refused_and_deletes_are_accepted() {
    let server = server();
    let mut client = server.client();
    create(&mut client, "kept");
    let written = write_until_refused(&mut client, "kept");
    // An item of 20 kB and its record in the stream.
    assert!((60..110).contains(&written), "{written}");
    assert!(server.wait_for_line("memory limit reached").contains("limit_bytes 4194304"));
    let got = client.call("GetItem", &json!({"TableName": "kept", "Key": {"pk": {"S": "1"}}}).to_string());
    assert_eq!(got.json()["Item"]["pk"]["S"], "1");
    assert_eq!(delete(&mut client, "kept", 1), 200);
    assert!(is_refused(&put(&mut client, "kept", written)), "the record of the delete has its place");
    assert!(!server.log().contains("memory limit reached"), "once is enough");
}

/// What is in reserve above the limit is for deletes alone.
#[test]
fn the_reserve_takes_no_tokens_and_no_rows_of_the_catalog() {
    let server = server();
    let mut client = server.client();
    create(&mut client, "kept");
    create(&mut client, "spare");
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/kept";
    let index = json!({"TableName": "kept", "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}}}]});
    write_until_refused(&mut client, "kept");
    // The last bytes below the limit.
    let mut small = 0;
    let mut tag = |client: &mut Client, size: usize| {
        small += 1;
        let tag = json!({"Key": format!("tag{small}"), "Value": "v".repeat(size)});
        client.call("TagResource", &json!({"ResourceArn": arn, "Tags": [tag]}).to_string())
    };
    let item = |step: usize| json!({"pk": {"S": format!("small{step}")}});
    (0..1_000)
        .find(|step| {
            is_refused(&client.call("PutItem", &json!({"TableName": "kept", "Item": item(*step)}).to_string()))
        })
        .expect("a limit");
    let absent = json!({"TableName": "kept", "Key": {"pk": {"S": "absent"}}});
    for kind in ["Delete", "ConditionCheck"] {
        let mut action = absent.clone();
        action["ConditionExpression"] = json!("attribute_not_exists(pk)");
        let mut accepted = 0;
        for step in 0..2_000 {
            let token = format!("{kind}{step}");
            let request = json!({"ClientRequestToken": token, "TransactItems": [{kind: action}]});
            let response = client.call("TransactWriteItems", &request.to_string());
            if is_refused(&response) {
                break;
            }
            accepted += 1;
        }
        assert!(accepted < 20, "{kind}: {accepted}");
    }
    // The last bytes may take one more, which is held decoded, too.
    assert!((0..2).any(|_| is_refused(&tag(&mut client, 200))));
    assert!(is_refused(&client.call("UpdateTable", &index.to_string())));
    let schema = json!({"TableName": "new", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]});
    assert!(is_refused(&client.call("CreateTable", &schema.to_string())));
    let time =
        json!({"TableName": "kept", "TimeToLiveSpecification": {"AttributeName": "t".repeat(200), "Enabled": true}});
    assert!(is_refused(&client.call("UpdateTimeToLive", &time.to_string())));

    let delete_one = json!({"TransactItems": [{"Delete": {"TableName": "kept", "Key": {"pk": {"S": "2"}}}}], "ClientRequestToken": "d"});
    assert_eq!(client.call("TransactWriteItems", &delete_one.to_string()).status, 200);
    assert_eq!(delete(&mut client, "kept", 1), 200);
    let disable = json!({"TableName": "spare", "StreamSpecification": {"StreamEnabled": false}});
    assert_eq!(client.call("UpdateTable", &disable.to_string()).status, 200);
    assert_eq!(client.call("DeleteTable", &json!({"TableName": "spare"}).to_string()).status, 200);
}

/// A deleted table's stream can be read for a day, but not at the cost of writes.
#[test]
fn a_deleted_tables_stream_makes_room() {
    let server = server();
    let mut client = server.client();
    for table in ["first", "second", "third"] {
        create(&mut client, table);
        for step in 0..60 {
            until("room for the next item", || !is_refused(&put(&mut client, table, step)));
        }
        assert_eq!(client.call("DeleteTable", &json!({"TableName": table}).to_string()).status, 200);
        until("the end of the table", || client.call("ListTables", "{}").json()["TableNames"] == json!([]));
    }
    let mut metrics = server.client();
    metrics.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let page = metrics.response().text();
    assert!(page.contains("\nstator_memory_rows_bytes_max 4194304\n"), "{page}");
}
