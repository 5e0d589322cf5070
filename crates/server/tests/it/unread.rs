//! Answers that their clients do not read, over HTTP/2: they are counted, and those of one connection do not fill the
//! server.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use crate::client::Client;
use crate::frames::{self, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, frame};
use crate::program::until;
use crate::test_server::TestServer;

const STREAMS: u32 = 128;
/// An item for which alone no memory is needed.
const SMALL_BYTES: usize = 60_000;
/// What few connections fill the least memory with that there can be.
const LARGE_BYTES: usize = 200_000;
const CONNECTIONS: usize = 4;
const LEAST: [&str; 2] = ["--answer-memory", "64MiB"];
const LEAST_BYTES: u64 = 64 << 20;

/// Asks on all streams of a connection whose client takes not a byte.
fn ask(server: &TestServer, head: &[u8], body: Option<&str>) -> TcpStream {
    let mut socket = frames::connect(server.address, &[0, INITIAL_WINDOW_SIZE, 0, 0, 0, 0]);
    let mut out = Vec::new();
    for stream in (0..STREAMS).map(|at| 2 * at + 1) {
        let ends = if body.is_some() { 0 } else { END_STREAM };
        frame(&mut out, HEADERS, END_HEADERS | ends, stream, head);
        if let Some(body) = body {
            frame(&mut out, DATA, END_STREAM, stream, body.as_bytes());
        }
    }
    socket.write_all(&out).expect("send");
    socket
}

fn value(client: &mut Client, series: &str) -> u64 {
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let page = client.response().text();
    let line = page.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| panic!("{series} in {page}"));
    line.trim().parse().expect("a number")
}

const ANSWERS: &str = r#"stator_memory_bytes{of="answers"}"#;
const UNDER_WAY: &str = "stator_requests_under_way";

fn with_item(bytes: usize, arguments: &[&str]) -> (TestServer, Client) {
    let server = TestServer::in_memory().flags(arguments).start();
    let mut client = server.client();
    let table = json!({"TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]});
    assert_eq!(client.call("CreateTable", &table.to_string()).status, 200);
    let put = json!({"TableName": "tab", "Item": {"pk": {"S": "a"}, "fill": {"S": "x".repeat(bytes)}}});
    assert_eq!(client.call("PutItem", &put.to_string()).status, 200);
    (server, client)
}

const KEY: &str = r#"{"TableName":"tab","Key":{"pk":{"S":"a"}}}"#;

#[test]
fn unread_pages_are_counted() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let unread = ask(&server, &frames::get("/metrics"), None);
    until("requests that are under way", || value(&mut client, UNDER_WAY) == u64::from(STREAMS) + 1);
    until("their memory", || value(&mut client, ANSWERS) > 512 * 1024);
    drop(unread);
    until("their end", || value(&mut client, ANSWERS) == 0 && value(&mut client, UNDER_WAY) == 1);
}

/// Each is as small as those that need no memory, and together they are not.
#[test]
fn unread_items_are_counted() {
    let (server, mut client) = with_item(SMALL_BYTES, &[]);
    let unread = ask(&server, &frames::head("GetItem", &[]), Some(KEY));
    let least = u64::from(STREAMS - 1) * SMALL_BYTES as u64;
    until("all of them", || value(&mut client, ANSWERS) > least);
    assert_eq!(value(&mut client, UNDER_WAY), u64::from(STREAMS) + 1);
    drop(unread);
    until("their end", || value(&mut client, ANSWERS) == 0 && value(&mut client, UNDER_WAY) == 1);
}

/// Beyond the memory they are refused, and a connection that does not read is closed for one that does.
#[test]
fn unread_items_make_room() {
    let (server, mut client) = with_item(LARGE_BYTES, &LEAST);
    let ask = || ask(&server, &frames::head("GetItem", &[]), Some(KEY));
    let mut unread: Vec<_> = (0..CONNECTIONS).map(|_| ask()).collect();
    until("a full memory", || value(&mut client, ANSWERS) > LEAST_BYTES / 16 * 15);
    assert_eq!(client.call("ListTables", "{}").status, 200, "small answers need none of it");
    until("the evictions", || value(&mut client, ANSWERS) == 0);
    assert!(unread.iter_mut().all(frames::is_closed));
    assert!(value(&mut client, r#"stator_connections_evicted_total{reason="stuck"}"#) > 0);
    assert!(value(&mut client, r#"stator_memory_refused_total{of="answers"}"#) > 0);
    assert_eq!(client.call("GetItem", KEY).status, 200);
}

/// What a request has changed is not refused afterwards: its client would change it again.
#[test]
fn answers_of_writes_are_not_refused() {
    let (server, mut client) = with_item(LARGE_BYTES, &LEAST);
    let add = r#"{"TableName":"tab","Key":{"pk":{"S":"a"}},"UpdateExpression":"ADD n :one",
        "ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":"ALL_NEW"}"#;
    let ask = || ask(&server, &frames::head("UpdateItem", &[]), Some(add));
    let unread: Vec<_> = (0..CONNECTIONS).map(|_| ask()).collect();
    until("more than there is", || value(&mut client, ANSWERS) > LEAST_BYTES);
    assert_eq!(value(&mut client, r#"stator_memory_refused_total{of="answers"}"#), 0);
    drop(unread);
}
