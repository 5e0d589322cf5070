//! Signatures against a real server: which are valid, and how the others are refused.

use std::io::Write;
use std::path::PathBuf;

use ::client::{Credentials, Trouble};
use api::Operation;
use serde_json::{Value, json};

use crate::program::run;
use crate::signed::key;
use crate::test_server::TestServer;

const FILE: &str = "[default]\naws_access_key_id = AKIDA\naws_secret_access_key = secret-of-a\n\
                    [other]\naws_access_key_id = AKIDB\naws_secret_access_key = secret-of-b\n\
                    aws_account_id = 123456789012\naws_session_token = token-of-b\n";

fn server() -> TestServer {
    TestServer::in_memory().write("keys", FILE).credentials("keys").start()
}

fn tables(server: &TestServer, credentials: &Credentials) -> Result<Value, Trouble> {
    server.ask(credentials, Operation::ListTables, &json!({})).map(|tables| tables["TableNames"].clone())
}

fn refusal(server: &TestServer, credentials: &Credentials) -> (u16, String, String) {
    match tables(server, credentials) {
        Err(Trouble::Refused { status, exception, message }) => (status, exception, message),
        other => panic!("{other:?}"),
    }
}

/// A file of keys.
fn keys(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("credentials");
    std::fs::File::create(&path).expect("a file").write_all(text.as_bytes()).expect("written");
    (folder, path)
}

#[test]
fn each_key_sees_its_account_and_region() {
    let server = server();
    let a = key("AKIDA", "secret-of-a", None);
    let b = key("AKIDB", "secret-of-b", Some("token-of-b"));
    let table = json!({
        "TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    });
    for (credentials, region, arn) in [
        (&a, "us-east-1", "arn:aws:dynamodb:us-east-1:000000000000:table/Music"),
        (&b, "us-east-1", "arn:aws:dynamodb:us-east-1:123456789012:table/Music"),
        (&a, "eu-west-3", "arn:aws:dynamodb:eu-west-3:000000000000:table/Music"),
    ] {
        let credentials = Credentials { region: region.to_owned(), ..credentials.clone() };
        assert_eq!(tables(&server, &credentials), Ok(json!([])), "{arn}");
        let created = server.ask(&credentials, Operation::CreateTable, &table).expect("created");
        assert_eq!(created["TableDescription"]["TableArn"], arn);
        assert_eq!(tables(&server, &credentials), Ok(json!(["Music"])), "{arn}");
    }
}

#[test]
fn other_keys_are_refused() {
    let server = server();
    let unrecognized = (
        400,
        "UnrecognizedClientException".to_owned(),
        "The security token included in the request is invalid.".to_owned(),
    );
    for stranger in [
        key("test", "test", None),
        key("AKIDA", "secret-of-a", Some("token-of-b")),
        key("AKIDB", "secret-of-b", None),
        key("AKIDB", "secret-of-b", Some("another")),
    ] {
        assert_eq!(refusal(&server, &stranger), unrecognized);
    }
    let (status, exception, message) = refusal(&server, &key("AKIDA", "secret-of-b", None));
    assert_eq!((status, exception.as_str()), (400, "InvalidSignatureException"));
    assert!(message.starts_with("The request signature we calculated does not match the signature you provided."));
    assert!(!message.contains("secret-of"), "{message}");
    // A request without a signature, and one that is signed for show.
    for (authorization, exception) in [
        ("", "MissingAuthenticationTokenException"),
        ("AWS4-HMAC-SHA256 Credential=AKIDA", "IncompleteSignatureException"),
        (crate::client::AUTHORIZATION, "InvalidSignatureException"),
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n\
             Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: \
             20260101T000000Z\r\nAuthorization: {authorization}\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        let mut client = server.client();
        client.send(request.as_bytes());
        let response = client.response();
        assert_eq!(response.status, 400, "{}", response.text());
        assert!(response.text().contains(exception), "{}", response.text());
    }
}

#[test]
fn a_wrong_file_is_reported_without_its_secrets() {
    let (_folder, path) = keys("[default]\naws_secret_access_key = secret-of-a\n");
    let path = path.to_str().expect("a path");
    let ended = run(&["serve", "--memory", "--listen", "127.0.0.1:0", "--credentials", path]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("profile [default] has no aws_access_key_id"), "{said}");
    assert!(!said.contains("secret-of-a"), "{said}");
    let ended = run(&["serve", "--memory", "--listen", "127.0.0.1:0", "--credentials", "/nowhere/keys"]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("the access keys in /nowhere/keys cannot be used"), "{said}");
}

/// A head without a valid credential, and an endless body: it holds no memory, and the answer is that of a small one.
#[test]
fn bodies_of_strangers_hold_no_memory() {
    let server = server();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\n\
                Content-Type: application/x-amz-json-1.0\r\n";
    let now = base::Clock::system().now_ms() / 1_000;
    let date = String::from_utf8(auth::sigv4::amz_date(now).to_vec()).expect("text");
    let authorization = |key: &str, region: &str| {
        let headers = "content-type;host;x-amz-date;x-amz-target";
        format!(
            "X-Amz-Date: {date}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential={key}/{}/{region}/dynamodb/aws4_request, SignedHeaders={headers}, Signature={}\r\n",
            &date[..8],
            "0".repeat(64)
        )
    };
    let cases = [
        (String::new(), "MissingAuthenticationTokenException"),
        (authorization("AKIDX", "us-east-1"), "UnrecognizedClientException"),
        (authorization("AKIDA", "US_EAST"), "InvalidSignatureException"),
        (authorization("AKIDA", "us-east-1").replace(&date, "20200101T000000Z"), "InvalidSignatureException"),
        ("Authorization: AWS4-HMAC-SHA256 a\r\n".to_owned(), "IncompleteSignatureException"),
    ];
    let chunk = [b"100000\r\n", &[b' '; 1 << 20][..], b"\r\n"].concat();
    for (fields, exception) in cases {
        let mut clients: Vec<_> = (0..3).map(|_| server.client()).collect();
        for client in &mut clients {
            client.send(format!("{head}{fields}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
            // More than sockets hold, so that the server has read most of it.
            (0..20).for_each(|_| client.send(&chunk));
        }
        let mut operator = server.client();
        operator.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let page = operator.response().text();
        assert!(page.contains("stator_memory_bytes{of=\"requests\"} 0\n"), "{page}");
        let mut small = server.client();
        small.send(format!("{head}{fields}Content-Length: 2\r\n\r\n{{}}").as_bytes());
        let expected = small.response();
        for mut client in clients {
            client.send(b"0\r\n\r\n");
            let response = client.response();
            assert_eq!((response.status, response.text()), (expected.status, expected.text()));
            assert!(response.text().contains(exception), "{}", response.text());
        }
    }
}

/// A client that sends `Expect: 100-continue` is refused instead of continued.
#[test]
fn a_stranger_that_asks_first_sends_no_body() {
    let server = server();
    let mut client = server.client();
    client.send(
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\n\
          Content-Type: application/x-amz-json-1.0\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n",
    );
    let response = client.response();
    assert_eq!((response.status, response.header("connection")), (400, "close"));
    assert!(response.text().contains("MissingAuthenticationTokenException"), "{}", response.text());
    assert!(client.is_closed());
}

/// The same of forms, which say in their body which service they are for, and of Lambda's API.
#[test]
fn large_forms_of_strangers() {
    let server = server();
    let ask = |line: &str, fields: &str, body: &str| {
        let mut client = server.client();
        let length = body.len();
        client
            .send(format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {length}\r\n\r\n").as_bytes());
        client.send(body.as_bytes());
        client.response()
    };
    let without_id = |text: String| {
        let (before, rest) = text.split_once("<RequestId>").unwrap_or((&text, "</RequestId>"));
        before.to_owned() + rest.split_once("</RequestId>").expect("an end").1
    };
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let padding = format!("&Padding={}", "%2F".repeat(100_000));
    for (action, kind) in [
        ("Action=GetCallerIdentity&Version=2011-06-15", "MissingAuthenticationToken"),
        ("Action=ListUsers&Version=2010-05-08", "MissingAuthenticationToken"),
    ] {
        let small = ask("POST /", form, action);
        let large = ask("POST /", form, &format!("{action}{padding}"));
        assert!(small.text().contains(kind), "{}", small.text());
        assert_eq!((large.status, without_id(large.text())), (small.status, without_id(small.text())), "{action}");
    }
    // What needs no signature is small.
    let unsigned = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
    assert_ne!(ask("POST /", form, unsigned).status, 413);
    assert_eq!(ask("POST /", form, &format!("{unsigned}{padding}")).status, 413);
    let version_last = format!("Action=AssumeRoleWithWebIdentity{padding}&Version=2011-06-15");
    assert_eq!(ask("POST /", form, &version_last).status, 413);
    let (line, json) = ("POST /2015-03-31/event-source-mappings/", "Content-Type: application/json\r\n");
    let (small, large) = (ask(line, json, "{}"), ask(line, json, &format!("{{}}{padding}")));
    assert_eq!((large.status, large.text()), (small.status, small.text()));
    assert_eq!(large.header("x-amzn-errortype"), "MissingAuthenticationTokenException");
    // What is answered from the head alone needs no body.
    assert_eq!(ask("GET /healthz", "", &padding).text(), "ok\n");
    let target = "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: Nope\r\n";
    assert!(ask("POST /", target, &padding).text().contains("UnknownOperationException"));
}
