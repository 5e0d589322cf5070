//! Signatures against a real server: whose are good, and what the others hear.

use std::io::Write;
use std::path::PathBuf;

use ::client::{Connection, Credentials, Endpoint, Trouble};
use api::Operation;
use serde_json::{Value, json};

use crate::program::{PATIENCE, Server, run};

const FILE: &str = "[default]\naws_access_key_id = AKIDA\naws_secret_access_key = secret-of-a\n\
                    [other]\naws_access_key_id = AKIDB\naws_secret_access_key = secret-of-b\n\
                    aws_account_id = 123456789012\naws_session_token = token-of-b\n";

struct House {
    server: Server,
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> House {
        let (folder, path) = keys(FILE);
        let server = Server::start(&["--memory", "--credentials", path.to_str().expect("a path")]);
        House { server, _folder: folder }
    }

    fn ask(&self, credentials: &Credentials, operation: Operation, request: &Value) -> Result<Value, Trouble> {
        let endpoint = Endpoint::parse(&format!("http://{}", self.server.address), None).expect("a URL");
        let mut connection = Connection::new(&endpoint, credentials, PATIENCE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            connection.open().await?;
            connection.prepare(operation, request.to_string().as_bytes());
            Ok(serde_json::from_slice(connection.exchange().await?).expect("JSON"))
        })
    }

    fn tables(&self, credentials: &Credentials) -> Result<Value, Trouble> {
        self.ask(credentials, Operation::ListTables, &json!({})).map(|tables| tables["TableNames"].clone())
    }

    fn refusal(&self, credentials: &Credentials) -> (u16, String, String) {
        match self.tables(credentials) {
            Err(Trouble::Refused { status, exception, message }) => (status, exception, message),
            other => panic!("{other:?}"),
        }
    }
}

/// A file of keys.
fn keys(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("credentials");
    std::fs::File::create(&path).expect("a file").write_all(text.as_bytes()).expect("written");
    (folder, path)
}

fn signer(access_key: &str, secret: &str, token: Option<&str>, region: &str) -> Credentials {
    let session_token = token.map(str::to_owned);
    Credentials {
        access_key: access_key.to_owned(),
        secret: secret.to_owned(),
        session_token,
        region: region.to_owned(),
    }
}

#[test]
fn each_key_sees_its_account_and_region() {
    let house = House::new();
    let a = signer("AKIDA", "secret-of-a", None, "us-east-1");
    let b = signer("AKIDB", "secret-of-b", Some("token-of-b"), "us-east-1");
    let table = json!({
        "TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    });
    for (who, region, arn) in [
        (&a, "us-east-1", "arn:aws:dynamodb:us-east-1:000000000000:table/Music"),
        (&b, "us-east-1", "arn:aws:dynamodb:us-east-1:123456789012:table/Music"),
        (&a, "eu-west-3", "arn:aws:dynamodb:eu-west-3:000000000000:table/Music"),
    ] {
        let who = Credentials { region: region.to_owned(), ..who.clone() };
        assert_eq!(house.tables(&who), Ok(json!([])), "{arn}");
        let created = house.ask(&who, Operation::CreateTable, &table).expect("created");
        assert_eq!(created["TableDescription"]["TableArn"], arn);
        assert_eq!(house.tables(&who), Ok(json!(["Music"])), "{arn}");
    }
}

#[test]
fn nobody_else_gets_in() {
    let house = House::new();
    let unrecognized = (
        400,
        "UnrecognizedClientException".to_owned(),
        "The security token included in the request is invalid.".to_owned(),
    );
    for stranger in [
        signer("test", "test", None, "us-east-1"),
        signer("AKIDA", "secret-of-a", Some("token-of-b"), "us-east-1"),
        signer("AKIDB", "secret-of-b", None, "us-east-1"),
        signer("AKIDB", "secret-of-b", Some("another"), "us-east-1"),
    ] {
        assert_eq!(house.refusal(&stranger), unrecognized);
    }
    let (status, exception, message) = house.refusal(&signer("AKIDA", "secret-of-b", None, "us-east-1"));
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
        let mut client = house.server.client();
        client.send(request.as_bytes());
        let response = client.response();
        assert_eq!(response.status, 400, "{}", response.text());
        assert!(response.text().contains(exception), "{}", response.text());
    }
}

#[test]
fn a_file_that_is_wrong_is_told_without_its_secrets() {
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

/// A head without a good credential, and a body that goes on: it holds no memory, and the answer is that of a small one.
#[test]
fn bodies_of_strangers_hold_no_memory() {
    let (_folder, path) = keys(FILE);
    let server = Server::start(&["--memory", "--credentials", path.to_str().expect("a path")]);
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

/// A client that asks first hears the refusal instead of a leave to go on.
#[test]
fn a_stranger_that_asks_first_sends_no_body() {
    let house = House::new();
    let mut client = house.server.client();
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
    let house = House::new();
    let ask = |line: &str, fields: &str, body: &str| {
        let mut client = house.server.client();
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
