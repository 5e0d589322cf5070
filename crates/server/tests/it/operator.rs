//! What the operator's tools see: health, metrics and the log.

use std::net::SocketAddr;

use serde_json::Value;

use crate::client::{Client, Response, request};
use crate::program::run;
use crate::test_server::TestServer;

const TABLE: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;

/// A plain GET, without credentials.
fn get(client: &mut Client, path: &str) -> Response {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    client.response()
}

/// The value of a series of the page.
fn value(page: &str, series: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{page}")).parse().expect("a number")
}

#[test]
fn metrics_tell_what_was_done() {
    let folder = tempfile::tempdir().expect("folder");
    let server = TestServer::on_data(folder.path()).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    for number in 0..3 {
        let put = format!(r#"{{"TableName":"tab","Item":{{"pk":{{"S":"{number}"}}}}}}"#);
        assert_eq!(client.call("PutItem", &put).status, 200);
    }
    let once = r#"{"TableName":"tab","Item":{"pk":{"S":"0"}},"ConditionExpression":"attribute_not_exists(pk)"}"#;
    assert_eq!(client.call("PutItem", once).status, 400);
    for _ in 0..5 {
        assert_eq!(client.call("GetItem", r#"{"TableName":"tab","Key":{"pk":{"S":"0"}}}"#).status, 200);
    }
    assert_eq!(client.call("GetItem", r#"{"TableName":"nope","Key":{"pk":{"S":"0"}}}"#).status, 400);

    let _other = server.client();
    let response = get(&mut client, "/metrics");
    assert_eq!(response.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let page = response.text();
    let requests = |operation: &str| {
        format!("stator_request_duration_seconds_count{{service=\"DynamoDB\",operation=\"{operation}\"}}")
    };
    for (series, expected) in [
        (requests("CreateTable"), 1.0),
        (requests("PutItem"), 4.0),
        (requests("GetItem"), 6.0),
        (r#"stator_errors_total{service="DynamoDB",operation="PutItem",exception="ConditionalCheckFailedException"}"#.to_owned(), 1.0),
        (r#"stator_errors_total{service="DynamoDB",operation="GetItem",exception="ResourceNotFoundException"}"#.to_owned(), 1.0),
        ("stator_ready".to_owned(), 1.0),
        ("stator_requests_under_way".to_owned(), 1.0),
        ("stator_queue_bytes".to_owned(), 0.0),
        (format!("stator_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0),
    ] {
        assert_eq!(value(&page, &series), expected, "{series}");
    }
    for series in [
        r#"stator_request_duration_seconds_sum{service="DynamoDB",operation="PutItem"}"#,
        r#"stator_response_bytes_total{service="DynamoDB",operation="GetItem"}"#,
        "stator_commit_writes_sum",
        "stator_commit_duration_seconds_sum",
        "stator_commit_bytes_total",
        "stator_row_cache_hits_total",
        "stator_row_cache_bytes",
        "stator_block_cache_bytes_max",
        "stator_memtable_bytes",
        "stator_journal_disk_bytes",
        "stator_connections",
    ] {
        assert!(value(&page, series) > 0.0, "{series}");
    }
    assert!(value(&page, "stator_commit_writes_sum") >= 3.0);
    if cfg!(target_os = "linux") {
        assert!(value(&page, "process_resident_memory_bytes") > 1e6);
        assert!(value(&page, "process_open_fds") > 3.0);
    }
    // Prometheus asks for gzip.
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_eq!(client.response().header("content-encoding"), "gzip");
}

#[test]
fn health_and_readiness() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let response = get(&mut client, path);
        assert_eq!((response.status, response.text().as_str()), (200, text), "{path}");
    }
    // Nothing of an engine that is not there.
    assert!(!get(&mut client, "/metrics").text().contains("stator_commit"));
}

/// With an address of their own they are not on the main one, and they answer until the last request has ended.
#[test]
fn an_address_of_their_own() {
    let server = TestServer::in_memory().flag("--metrics-listen", "127.0.0.1:0").start();
    let mut client = server.client();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(get(&mut client, path).status, 404, "{path}");
    }
    let line = server.said.iter().find_map(|line| line.split_once("metrics on http://")).expect("an address").1;
    let (address, _) = line.split_once('/').expect("a path");
    let address: SocketAddr = address.parse().expect("an address");
    let mut operator = Client::connect(address);
    assert_eq!(get(&mut operator, "/healthz").status, 200);
    assert_eq!(get(&mut operator, "/readyz").status, 200);
    assert_eq!(get(&mut operator, "/").status, 404);
    operator.send(&request("ListTables", &[], b"{}"));
    assert_eq!(operator.response().status, 404, "no operation is done there");
    // Of those that are not the operator's.
    assert_eq!(value(&get(&mut operator, "/metrics").text(), "stator_connections"), 1.0);

    // A request whose body is incomplete prevents the server from ending.
    let whole = request("ListTables", &[], b"{}");
    let (begin, end) = whole.split_at(whole.len() - 1);
    client.send(&[&whole[..], begin].concat());
    assert_eq!(client.response().status, 200);
    server.signal("-TERM");
    server.wait_for_line("stopping");
    while get(&mut operator, "/readyz").status == 200 {
        std::thread::yield_now();
    }
    let response = get(&mut operator, "/readyz");
    assert_eq!((response.status, response.text().as_str()), (503, "not ready: stopping\n"));
    assert_eq!(get(&mut operator, "/healthz").status, 200);
    client.send(end);
    assert_eq!(client.response().status, 200);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn an_address_that_is_taken() {
    let server = TestServer::in_memory().start();
    let taken = server.address.to_string();
    let output = run(&["serve", "--memory", "--listen", "127.0.0.1:0", "--metrics-listen", &taken]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("choose another address with --metrics-listen"), "{text}");
    drop(server);
    // The server's own address, however it is written.
    let port = taken.rsplit(':').next().expect("a port");
    for listen in [taken.clone(), format!("localhost:{port}"), format!("0.0.0.0:{port}")] {
        let output = run(&["serve", "--memory", "--listen", &taken, "--metrics-listen", &listen]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains("is the address of --listen"), "{text}");
    }
}

#[test]
fn a_log_for_machines() {
    let server = TestServer::in_memory().flag("--log", "json").flag("--log-slow-ms", "1").start();
    let ready: Value = serde_json::from_str(&server.ready_line).expect("JSON");
    assert_eq!((&ready["event"], &ready["level"]), (&Value::from("ready"), &Value::from("info")));
    assert_eq!(ready["address"], server.address.to_string());
    assert!(ready["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{ready}");

    // The largest request there can be takes more than a millisecond.
    let mut client = server.client();
    let padded = format!("{{}}{}", " ".repeat(16 * 1024 * 1024 - 2));
    let response = client.call("ListTables", &padded);
    let slow: Value = serde_json::from_str(&server.wait_for_line("slow_request")).expect("JSON");
    assert_eq!(slow["request_id"], response.header("x-amzn-requestid"));
    assert_eq!((&slow["operation"], &slow["level"]), (&Value::from("ListTables"), &Value::from("warning")));
    assert!(slow["duration_ms"].as_u64() >= Some(1), "{slow}");
    assert_eq!(slow["request_bytes"], padded.len());

    // With the tables that it names, as it was decoded.
    let delete = r#"[{"DeleteRequest":{"Key":{"k":{"S":"a"}}}}]"#;
    let put = format!(r#"{{"RequestItems":{{"Music":{delete},"Films":{delete}}}}}"#);
    let put = format!("{put}{}", " ".repeat(16 * 1024 * 1024 - put.len()));
    client.call("BatchWriteItem", &put);
    let slow: Value = serde_json::from_str(&server.wait_for_line("slow_request")).expect("JSON");
    assert_eq!((&slow["operation"], &slow["table"]), (&Value::from("BatchWriteItem"), &Value::from("Films, Music")));

    server.signal("-TERM");
    for event in ["stopping", "stopped"] {
        let line: Value = serde_json::from_str(&server.wait_for_line(event)).expect("JSON");
        assert_eq!(line["event"], event);
    }
    assert_eq!(server.wait().code(), Some(0));
}

/// Lines for people say when they were written.
#[test]
fn a_log_for_people() {
    let server = TestServer::in_memory().start();
    server.signal("-TERM");
    for line in [&server.ready_line, &server.wait_for_line("stopping")] {
        let (time, rest) = line.split_once(' ').expect("a time");
        let is_time = time.len() == 24 && time.ends_with('Z') && time.as_bytes()[10] == b'T';
        assert!(is_time && rest.starts_with("stator: "), "{line}");
    }
    // Not those of a command that ends by itself.
    let output = run(&["storage", "check", "nonsense"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.starts_with("stator: error: "), "{text}");
    let output = run(&["storage", "check", env!("CARGO_MANIFEST_DIR")]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("is a folder, and this command checks databases"), "{text}");
}

/// When all connections are taken, the one that has been waiting for its client longest makes room for a new one.
#[test]
fn evicted_connections_are_reported() {
    let server = TestServer::in_memory().flag("--connections-max", "1").start();
    let mut first = server.client();
    assert_eq!(first.call("ListTables", "{}").status, 200);
    let mut second = server.client();
    let line = server.wait_for_line("all connections are taken");
    assert!(line.contains("connections_max 1"), "{line}");
    let page = get(&mut second, "/metrics").text();
    assert!(first.is_closed());
    assert_eq!(value(&page, "stator_connections_delayed_total"), 1.0);
    assert_eq!(value(&page, r#"stator_connections_evicted_total{reason="idle"}"#), 1.0);
}

/// The server asks for the file handles that it needs, and takes fewer connections if it does not get them.
#[test]
#[cfg(target_os = "linux")]
fn file_handles() {
    let limited = |hard| TestServer::in_memory().flag("--connections-max", "300").file_limit(100, hard).start();
    let server = limited(1_000);
    let page = get(&mut server.client(), "/metrics").text();
    assert_eq!(value(&page, "process_max_fds"), 812.0);
    assert!(server.said.is_empty(), "{:?}", server.said);

    let server = limited(400);
    assert!(server.said[0].contains("only 400 files may be open, so at most 200 connections"), "{:?}", server.said);
    let server = limited(100);
    assert!(server.said[0].contains("only 100 files may be open, so at most 50 connections"), "{:?}", server.said);
    // More than that come, and each is served.
    let mut clients: Vec<Client> = (0..60).map(|_| server.client()).collect();
    let last = clients.last_mut().expect("a client");
    assert_eq!(last.call("ListTables", "{}").status, 200);
}
