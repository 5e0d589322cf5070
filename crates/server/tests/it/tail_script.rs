//! Commands against a server that answers from a script, first of all `stator tail`: what a real server does only after hours.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::run;

/// How long the next connection may take.
const CONNECTING: Duration = Duration::from_secs(30);

/// One question and its answer: the operation, members that the request must have, the status and the reply.
pub(crate) type Step = (&'static str, Value, u16, Value);

/// Answers the steps in their order, on one connection after the other, then closes; returns what did not come as it should.
pub(crate) fn serve(service: &'static str, steps: Vec<Step>) -> (String, JoinHandle<Result<(), String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let served = std::thread::spawn(move || {
        let mut socket = accept(&listener)?;
        for (operation, members, status, reply) in steps {
            let asked = match request(&mut socket) {
                Some(asked) => Some(asked),
                None => {
                    socket = accept(&listener).map_err(|error| format!("{operation} is not asked: {error}"))?;
                    request(&mut socket)
                }
            };
            let (asked, request) = asked.ok_or(format!("{operation} is not asked"))?;
            let fits =
                members.as_object().is_some_and(|members| members.iter().all(|(name, value)| request[name] == *value));
            if asked != format!("{service}_20120810.{operation}") || !fits {
                return Err(format!("{operation} {members} expected, but asked was {asked} {request}"));
            }
            let reply = reply.to_string();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", reply.len());
            socket.get_mut().write_all([head, reply].concat().as_bytes()).map_err(|error| error.to_string())?;
        }
        Ok(())
    });
    (url, served)
}

/// The next connection. A command that has ended opens none.
fn accept(listener: &TcpListener) -> Result<BufReader<TcpStream>, String> {
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    loop {
        match listener.accept() {
            Ok((socket, _)) => {
                socket.set_nonblocking(false).map_err(|error| error.to_string())?;
                return Ok(BufReader::new(socket));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock && begun.elapsed() < CONNECTING => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn request(socket: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some(("x-amz-target", name)) => target = name.to_owned(),
            Some(("content-length", digits)) => length = digits.parse().ok()?,
            None if line == "\r\n" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).ok()?;
    Some((target, serde_json::from_slice(&body).ok()?))
}

fn begin() -> Vec<Step> {
    let old = json!({"Streams": [{"StreamArn": "arn/stream/2"}], "LastEvaluatedStreamArn": "arn/stream/2"});
    let new = json!({"Streams": [{"StreamArn": "arn/stream/1"}]});
    vec![
        ("ListStreams", json!({"TableName": "Music"}), 200, old),
        ("ListStreams", json!({"ExclusiveStartStreamArn": "arn/stream/2"}), 200, new),
    ]
}

/// Shards as words: `b<a` is a child of `a`, `.` follows a closed one.
fn shards(text: &str) -> Value {
    let shard = |word: &str| {
        let (name, range) = match word.strip_suffix('.') {
            Some(name) => (name, json!({"StartingSequenceNumber": "1", "EndingSequenceNumber": "9"})),
            None => (word, json!({"StartingSequenceNumber": "1"})),
        };
        let (id, parent) = name.split_once('<').map_or((name, Value::Null), |(id, parent)| (id, parent.into()));
        json!({"ShardId": id, "ParentShardId": parent, "SequenceNumberRange": range})
    };
    Value::Array(text.split(' ').map(shard).collect())
}

fn describe(text: &str) -> Step {
    let described = json!({"StreamDescription": {"StreamStatus": "ENABLED", "Shards": shards(text)}});
    ("DescribeStream", json!({"StreamArn": "arn/stream/2"}), 200, described)
}

fn iterator(shard: &str, kind: &str, iterator: &str) -> Step {
    let asked = json!({"ShardId": shard, "ShardIteratorType": kind});
    ("GetShardIterator", asked, 200, json!({"ShardIterator": iterator}))
}

/// A page with the records of these sequence numbers.
fn page(iterator: &str, sequences: &[&str], next: Option<&str>) -> Step {
    let record = |sequence: &&str| json!({"eventName": "REMOVE", "dynamodb": {"SequenceNumber": sequence, "Keys": {}}});
    let records: Vec<Value> = sequences.iter().map(record).collect();
    let reply = json!({"Records": records, "NextShardIterator": next});
    ("GetRecords", json!({"ShardIterator": iterator}), 200, reply)
}

fn refused(operation: &'static str, members: Value, status: u16, exception: &str) -> Step {
    (operation, members, status, json!({"__type": exception, "message": "words"}))
}

/// Runs it with `--no-follow`: its requests must be those of the script, and its output these lines.
fn check(since: &str, steps: Vec<Step>, expected: &str, sentence: &str) {
    let (url, served) = serve("DynamoDBStreams", [begin(), steps].concat());
    let output = run(&["tail", "Music", "--endpoint", &url, "--since", since, "--no-follow"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(served.join().expect("the script"), Ok(()), "{said}");
    let text = String::from_utf8(output.stdout).expect("text");
    let line = |line: &str| -> Value { serde_json::from_str(line).expect("JSON") };
    let word = |line: Value| format!("{}{}", line["shard"].as_str().unwrap(), line["sequence"].as_str().unwrap());
    let found: Vec<String> = text.lines().map(|text| word(line(text))).collect();
    assert_eq!(found.join(" "), expected, "{said}");
    assert!(said.contains(sentence) && said.is_empty() == sentence.is_empty(), "{said}");
    assert!(output.status.success(), "{said}");
}

/// A split: the children begin when their parent has ended. The description has two pages.
#[test]
fn children_begin_when_their_parents_have_ended() {
    let first =
        json!({"StreamDescription": {"StreamStatus": "ENABLED", "Shards": shards("a."), "LastEvaluatedShardId": "a"}});
    let second = json!({"StreamDescription": {"StreamStatus": "ENABLED", "Shards": shards("b<a c<a")}});
    let steps = vec![
        ("DescribeStream", json!({}), 200, first),
        ("DescribeStream", json!({"ExclusiveStartShardId": "a"}), 200, second),
        iterator("a", "TRIM_HORIZON", "a-0"),
        page("a-0", &["1", "2"], Some("a-1")),
        page("a-1", &["3"], None),
        describe("a. b<a c<a"),
        iterator("b", "TRIM_HORIZON", "b-0"),
        page("b-0", &["4"], Some("b-1")),
        iterator("c", "TRIM_HORIZON", "c-0"),
        page("c-0", &["5"], Some("c-1")),
        page("b-1", &[], Some("b-2")),
        page("c-1", &[], Some("c-2")),
    ];
    check("start", steps, "a1 a2 a3 b4 c5", "");
}

#[test]
fn iterators_are_renewed() {
    let expired =
        |iterator: &str| refused("GetRecords", json!({"ShardIterator": iterator}), 400, "x#ExpiredIteratorException");
    let after = json!({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "7"});
    let steps = vec![
        describe("a"),
        iterator("a", "LATEST", "a-0"),
        expired("a-0"),
        iterator("a", "AT_TIMESTAMP", "a-1"),
        page("a-1", &["7"], Some("a-2")),
        expired("a-2"),
        ("GetShardIterator", after, 200, json!({"ShardIterator": "a-3"})),
        page("a-3", &[], Some("a-4")),
    ];
    check("now", steps, "a7", "");
}

#[test]
fn trimmed_records_are_reported() {
    let steps = vec![
        describe("a b"),
        iterator("a", "TRIM_HORIZON", "a-0"),
        iterator("b", "TRIM_HORIZON", "b-0"),
        refused("GetRecords", json!({"ShardIterator": "a-0"}), 400, "x#TrimmedDataAccessException"),
        page("b-0", &["1"], Some("b-1")),
        iterator("a", "TRIM_HORIZON", "a-1"),
        page("a-1", &["5"], Some("a-2")),
        refused("GetRecords", json!({"ShardIterator": "b-1"}), 400, "x#ResourceNotFoundException"),
        describe("a"),
        page("a-2", &[], Some("a-3")),
    ];
    check("start", steps, "b1 a5", "are gone: they were older than what is kept");
}

/// Throttled once, which is no news, and an error of the server three times, which is.
#[test]
fn what_passes_is_asked_again() {
    let asked = || json!({"ShardIterator": "a-0"});
    let steps = |troubles: Vec<Step>| {
        let page = [page("a-0", &["1"], Some("a-1")), page("a-1", &[], Some("a-2"))];
        [vec![describe("a"), iterator("a", "TRIM_HORIZON", "a-0")], troubles, page.into()].concat()
    };
    let throttled = refused("GetRecords", asked(), 400, "x#LimitExceededException");
    check("start", steps(vec![throttled]), "a1", "");
    let failed = refused("GetRecords", asked(), 500, "x#InternalServerError");
    check("start", steps(vec![failed.clone(), failed.clone(), failed]), "a1", "answers again");
}
