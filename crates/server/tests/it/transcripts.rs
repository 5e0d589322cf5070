//! Golden wire transcripts: `tests/transcripts/*.txt` at the root of the project, readable without Rust.
//!
//! Every file is a conversation with a fresh server. A case is a request, a line of hyphens, and the answer:
//!
//! ```text
//! # What it shows.   source: where the expected answer comes from
//! PutItem {"TableName":"Nope","Item":{"pk":{"S":"a"}}}
//! ----
//! 400 com.amazonaws.dynamodb.v20120810#ResourceNotFoundException
//! {"message":"Requested resource not found"}
//! ```
//!
//! `tests/transcripts/README.md` describes the rest. A case without an expected body compares only the status and the type.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use storage_postgres::testing::PostgresServer;

use crate::client::{Client, Response};
use crate::kinesis_fake::Kinesis;
use crate::program::PATIENCE;
use crate::test_server::{TestServer, TestServerBuilder};

const ANY: &str = "*";

/// Texts that were remembered, by the names that begin with [`ANY`].
type Remembered = BTreeMap<String, String>;

struct Case<'a> {
    line: usize,
    operation: &'a str,
    /// JSON, unless the operation is spelled with a `!`.
    body: String,
    status: u16,
    /// The `__type` of an error.
    kind: Option<&'a str>,
    expected: Option<Value>,
}

#[test]
fn transcripts() {
    let kinesis = Kinesis::start();
    check_all(&files(), || with_objects(TestServer::in_memory()).kinesis(&kinesis.url).start());
}

/// The same words on the other engine.
#[test]
fn transcripts_on_postgres() {
    let Some(database) = PostgresServer::shared() else { return };
    let kinesis = Kinesis::start();
    let start = || with_objects(TestServer::on_database(database.database())).kinesis(&kinesis.url).start();
    check_all(&files(), start);
}

/// And with encryption at rest.
#[test]
fn transcripts_on_sealed_data() {
    let kinesis = Kinesis::start();
    let key = crate::program::strong_key(7);
    let start = || {
        let server = with_objects(TestServer::on_data("data").write("key", key));
        server.master_key("key").kinesis(&kinesis.url).start()
    };
    check_all(&files(), start);
}

/// A server with a second region, and an object store: a bucket with objects to import and to put, and one for reports.
fn with_objects(server: TestServerBuilder) -> TestServerBuilder {
    let json = concat!(
        r#"{"Item":{"pk":{"S":"a"},"n":{"N":"600"}}}"#,
        "\n \n",
        r#"{"Item":{"x":{"S":"no key"}}}"#,
        "\n",
        r#"{"Item":{"pk":{"S":"b"}}}"#
    );
    let bulk = concat!(
        r#"{"Item":{"pk":{"S":"a"},"v":{"N":"2"}},"ConditionExpression":"attribute_not_exists(pk)"}"#,
        "\n",
        r#"{"Item":{"pk":{"S":"b"}}}"#,
        "\n",
        r#"{"Item":{"x":{"S":"no key"}}}"#,
        "\n"
    );
    std::fs::create_dir_all(server.path("objects/reports")).expect("a folder");
    for (object, contents) in
        [("in/items.json", json), ("csv/items.csv", "pk;v\r\n1;7\r\n2;\r\n"), ("bulk/1.json", bulk)]
    {
        let path = server.path("objects/bucket").join(object);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, contents).expect("an object");
    }
    server.flag("--regions", "eu-north-1").file("--s3-endpoint", "objects")
}

fn check_all(files: &[PathBuf], start: impl Fn() -> TestServer) {
    let mut failures = String::new();
    assert!(!files.is_empty(), "there are transcripts");
    for file in files {
        let text = fs::read_to_string(file).expect("transcript");
        let server = start();
        let mut client = server.client();
        let mut remembered = Remembered::new();
        for case in cases(file, &text) {
            check(&mut client, file, &case, &mut remembered, &mut failures);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// No operation of the API is without a transcript.
#[test]
fn every_operation_is_shown() {
    let texts: Vec<String> = files().iter().map(|file| fs::read_to_string(file).expect("transcript")).collect();
    let shown =
        |name: &str| texts.iter().flat_map(|text| text.lines()).any(|line| line.split(' ').next() == Some(name));
    let missing: Vec<&str> = api::Operation::ALL.iter().map(|it| it.name()).filter(|name| !shown(name)).collect();
    assert_eq!(missing, [""; 0]);
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts");
    let entries = fs::read_dir(&folder).expect("tests/transcripts");
    let paths = entries.map(|entry| entry.expect("entry").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|kind| kind == "txt")).collect();
    files.sort();
    files
}

fn cases<'a>(file: &Path, text: &'a str) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    let mut block = Vec::new();
    for (number, line) in text.lines().enumerate().chain([(0, "")]) {
        if line.starts_with('#') {
            continue;
        }
        if !line.trim().is_empty() {
            block.push((number + 1, line));
        } else if !block.is_empty() {
            let start = block[0].0;
            let case = case(&std::mem::take(&mut block));
            cases.push(case.unwrap_or_else(|| panic!("{}:{start}: this is no case", file.display())));
        }
    }
    cases
}

fn case<'a>(block: &[(usize, &'a str)]) -> Option<Case<'a>> {
    let lines: Vec<&str> = block.iter().map(|(_, line)| *line).collect();
    let middle = lines.iter().position(|line| *line == "----")?;
    let (request, answer) = (&lines[..middle], &lines[middle + 1..]);
    let (operation, first) = request.first()?.split_once(' ').unwrap_or((request[0], ""));
    let body = repeated(&[&[first], &request[1..]].concat().join("\n"));
    let operation = match operation.strip_suffix('!') {
        Some(operation) => operation,
        None => serde_json::from_str::<Value>(&body).ok().map(|_| operation)?,
    };
    let (status, kind) =
        answer.first()?.split_once(' ').map_or((answer[0], None), |(status, kind)| (status, Some(kind)));
    let expected = repeated(&answer[1..].join("\n"));
    let expected = if expected.is_empty() { None } else { Some(serde_json::from_str(&expected).ok()?) };
    Some(Case { line: block[0].0, operation, body, status: status.parse().ok()?, kind, expected })
}

/// `"x*3"` means `"xxx"`: texts that are too long to write down.
fn repeated(text: &str) -> String {
    let parts = text.split('"').map(|part| {
        let (letter, count) = part.split_once('*').filter(|(letter, _)| letter.chars().count() == 1)?;
        Some(letter.repeat(count.parse().ok()?))
    });
    let parts = parts.zip(text.split('"')).map(|(long, part)| long.unwrap_or_else(|| part.to_owned()));
    parts.collect::<Vec<_>>().join("\"")
}

fn check(client: &mut Client, file: &Path, case: &Case<'_>, remembered: &mut Remembered, failures: &mut String) {
    let deadline = Instant::now() + PATIENCE;
    let request = remembered.iter().fold(case.body.clone(), |body, (name, text)| {
        body.replace(&format!("\"{name}\""), &Value::from(text.as_str()).to_string())
    });
    let (response, kind, body) = loop {
        let response = client.call(case.operation, &request);
        let (kind, body) = split(&response);
        // Tables come and go in the background: what only looks at them may look again.
        let looks = [
            "DescribeTable",
            "ListTables",
            "DescribeStream",
            "DescribeKinesisStreamingDestination",
            "DescribeImport",
            "ListImports",
            "DescribeBulkOperation",
            "ListBulkOperations",
        ]
        .contains(&case.operation);
        if agrees(case, &response, kind.as_deref(), &body, remembered) || !looks || Instant::now() > deadline {
            break (response, kind, body);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    if !agrees(case, &response, kind.as_deref(), &body, remembered) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
        let _ = write!(
            failures,
            "\n{name}:{}: {} {:.2000}\nis answered with\n{}{kind}\n{body}\n",
            case.line, case.operation, request, response.status
        );
    }
}

fn agrees(case: &Case<'_>, response: &Response, kind: Option<&str>, body: &Value, remembered: &mut Remembered) -> bool {
    case.status == response.status
        && case.kind == kind
        && case.expected.as_ref().is_none_or(|expected| matches(expected, body, remembered))
}

/// An answer as a type and the rest.
fn split(response: &Response) -> (Option<String>, Value) {
    if response.body.is_empty() {
        return (None, Value::Null);
    }
    let mut body = response.json();
    let kind = body.as_object_mut().and_then(|members| members.remove("__type"));
    (kind.and_then(|kind| kind.as_str().map(str::to_owned)), body)
}

fn matches(expected: &Value, actual: &Value, remembered: &mut Remembered) -> bool {
    match (expected, actual) {
        (Value::String(any), _) if any == ANY => true,
        (Value::String(name), Value::String(text)) if name.starts_with(ANY) => {
            remembered.entry(name.clone()).or_insert_with(|| text.clone()) == text
        }
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len()
                && expected
                    .iter()
                    .all(|(name, value)| actual.get(name).is_some_and(|actual| matches(value, actual, remembered)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(left, right)| matches(left, right, remembered))
        }
        _ => expected == actual,
    }
}
