//! What web pages cannot do to a server that takes unsigned requests, what anyone may read of one that demands signatures,
//! and what clients of other services hear.

use std::net::SocketAddr;

use api::Operation;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;

use crate::client::{AUTHORIZATION, Client, Response, request};
use crate::program::until;
use crate::signed::key;
use crate::test_server::TestServer;

const KEYS: &str =
    "[default]\naws_access_key_id = AKIDA\naws_secret_access_key = secret-of-a\naws_account_id = 123456789012\n";
const MAPPINGS: &str = "/2015-03-31/event-source-mappings/";

fn call(client: &mut Client, line: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let mut head = format!("{line} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head.push_str("Host: localhost\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    client.send(format!("{head}\r\n{body}").as_bytes());
    client.response()
}

/// Requests of every API that a page can send without a preflight, and those of which a rebound name makes a page's own.
#[test]
fn pages_cannot_use_a_server_without_signatures() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let dynamodb = [
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", "DynamoDB_20120810.ListTables"),
        ("X-Amz-Date", "20260101T000000Z"),
        ("Authorization", AUTHORIZATION),
    ];
    let [_, _, date, authorization] = dynamodb;
    let lambda = [("Content-Type", "application/json"), date, authorization];
    let form = [("Content-Type", "application/x-www-form-urlencoded"), date, authorization];
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    for (line, headers, body) in [
        ("POST /", &dynamodb[..], "{}"),
        ("GET /", &[], ""),
        ("GET /metrics", &[], ""),
        ("GET /healthz", &[], ""),
        (&*format!("GET {MAPPINGS}"), &lambda, ""),
        (&*format!("POST {MAPPINGS}"), &lambda, "{}"),
        ("POST /", &form, identity),
        (&*format!("GET /?{identity}"), &form[1..], ""),
        ("PUT /bucket/key", &[], ""),
    ] {
        let here = call(&mut server.client(), line, headers, body);
        assert_ne!(here.status, 403, "{line}: {}", here.text());
        for refused in [("Origin", "https://example.com"), ("Origin", "null"), ("Host", "rebound.example.com:8000")] {
            let answer = call(&mut server.client(), line, &[headers, &[refused]].concat(), body);
            assert_eq!(answer.status, 403, "{line} {refused:?}: {}", answer.text());
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
    // A proxy's request has the name in its target.
    let answer = call(&mut client, "GET http://example.com/metrics", &[], "");
    assert_eq!(answer.status, 403, "{}", answer.text());
    client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.response().status, 400);
    // What Lambda would take from a page.
    for simple in ["text/plain", "application/x-www-form-urlencoded"] {
        let headers = [("Content-Type", simple), date, authorization];
        let answer = call(&mut server.client(), &format!("POST {MAPPINGS}"), &headers, "{}");
        assert_eq!(
            (answer.status, answer.header("x-amzn-errortype")),
            (403, "AccessDeniedException"),
            "{}",
            answer.text()
        );
    }
}

#[test]
fn names_and_origins_that_were_allowed() {
    let server = TestServer::in_memory().flag("--cors", "https://app.example.com,http://10.0.0.5:3000");
    let server = server.flag("--host", "*.example.com").start();
    let allowed = [("Host", "db.example.com"), ("Origin", "https://app.example.com")];
    let answer = call(&mut server.client(), "GET /", &allowed, "");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "https://app.example.com"));
    let foreign = [("Host", "db.example.com"), ("Origin", "https://other.example.com")];
    assert_eq!(call(&mut server.client(), "GET /", &foreign, "").status, 403);
    // Names by which containers and clusters call it.
    for name in ["dynamodb:8000", "host.docker.internal", "stator.shop.svc.cluster.local", "127.0.0.1", "[::1]:8000"] {
        assert_eq!(call(&mut server.client(), "GET /", &[("Host", name)], "").status, 200, "{name}");
    }
}

#[test]
fn http2_has_the_name_in_its_target() {
    let server = TestServer::in_memory().start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let status = |method: &'static str, uri: &'static str| {
        runtime.block_on(async {
            let socket = TcpStream::connect(server.address).await.expect("connect");
            let io = (TokioExecutor::new(), TokioIo::new(socket));
            let (mut sender, connection) = hyper::client::conn::http2::handshake(io.0, io.1).await.expect("handshake");
            tokio::spawn(connection);
            let request = Request::builder().method(method).uri(uri).body(Full::<Bytes>::default()).expect("a request");
            let (head, body) = sender.send_request(request).await.expect("an answer").into_parts();
            (head.status.as_u16(), body.collect().await.expect("a body").to_bytes().len())
        })
    };
    assert_eq!(status("GET", "http://example.com/").0, 403);
    assert_eq!(status("GET", "http://localhost/").0, 200);
    assert_eq!(status("HEAD", "http://localhost/"), (200, 0));
}

#[test]
fn a_head_has_no_body() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    for path in ["/", "/healthz", "/readyz", "/metrics"] {
        client.send(format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        // The next answer begins right behind the head.
        let (status, length) = client.head();
        assert!(status == 200 && length > 0, "{path}: {status} {length}");
    }
    assert_eq!(client.call("ListTables", "{}").status, 200);
}

#[test]
fn clients_of_other_services_hear_what_is_here() {
    let server = TestServer::in_memory().start();
    let signed_for = |service: &str| AUTHORIZATION.replace("/dynamodb/", &format!("/{service}/"));
    let kinesis = [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "Kinesis_20131202.PutRecord")];
    let sqs = [("Content-Type", "application/x-www-form-urlencoded")];
    let s3 = signed_for("s3");
    for (line, headers, body, expected) in [
        ("POST /", &kinesis[..], "{}", "Amazon Kinesis Data Streams is not served here"),
        ("POST /", &sqs, "Action=SendMessage&Version=2012-11-05", "Amazon SQS is not served here"),
        ("PUT /bucket/key", &[("Authorization", &*s3)], "x", "Amazon S3 is not served here"),
        ("GET /2015-03-31/functions/", &[], "", "Of AWS Lambda only"),
    ] {
        let answer = call(&mut server.client(), line, headers, body);
        assert_eq!(answer.status, 400, "{line}: {}", answer.text());
        assert!(answer.text().contains(expected), "{line}: {}", answer.text());
        assert!(answer.text().contains("AWS_ENDPOINT_URL_DYNAMODB"), "{}", answer.text());
    }
    // DynamoDB's own words stay as they are.
    let mut client = server.client();
    client.send(&request("NoSuchOperation", &[], b"{}"));
    let answer = client.response();
    assert_eq!(answer.json(), json!({"__type": "com.amazon.coral.service#UnknownOperationException"}));
}

/// A server that demands signatures, with a table that has a stream.
fn signed(more: &[&str]) -> TestServer {
    // Logs are measured four times in the life of a shard.
    let server = TestServer::in_memory().flag("--stream-shard-hours", "1s").write("keys", KEYS).credentials("keys");
    let server = server.flags(more).start();
    let table = json!({
        "TableName": "Secrets", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"},
    });
    server.ask(&key("AKIDA", "secret-of-a", None), Operation::CreateTable, &table).expect("a table");
    server
}

fn page(address: SocketAddr) -> String {
    call(&mut Client::connect(address), "GET /metrics", &[], "").text()
}

#[test]
fn metrics_name_tables_to_the_operator_alone() {
    let server = signed(&[]);
    let of_all = || page(server.address);
    until("the size of the log", || of_all().lines().any(|line| line.starts_with("stator_log_records ")));
    let text = of_all();
    assert!(!text.contains("Secrets") && !text.contains("123456789012") && !text.contains("us-east-1"), "{text}");

    let named = r#"stator_log_records{account="123456789012",region="us-east-1",table="Secrets"}"#;
    let other = r#"stator_log_records{account="other",region="other",table="other"}"#;
    for (more, expected) in [(&[][..], named), (&["--metrics-tables-max", "0"], other)] {
        let server = signed(&[&["--metrics-listen", "127.0.0.1:0"], more].concat());
        let line = server.said.iter().find_map(|line| line.split_once("metrics on http://")).expect("an address").1;
        let address: SocketAddr = line.split('/').next().expect("an address").parse().expect("an address");
        until("the size of the log", || page(address).contains(expected));
        assert_eq!(page(address).contains("Secrets"), expected == named);
        // The main address has none of these pages then.
        assert_eq!(call(&mut server.client(), "GET /metrics", &[], "").status, 404);
    }
}

#[test]
fn the_operators_address_checks_names_too() {
    // With signatures as well: here nothing is signed.
    let server = signed(&["--metrics-listen", "127.0.0.1:0"]);
    let line = server.said.iter().find_map(|line| line.split_once("metrics on http://")).expect("an address").1;
    let address: SocketAddr = line.split('/').next().expect("an address").parse().expect("an address");
    for (host, status) in [("localhost", 200), ("10.1.2.3:9100", 200), ("rebound.example.com", 403)] {
        assert_eq!(call(&mut Client::connect(address), "GET /metrics", &[("Host", host)], "").status, status, "{host}");
    }
}
