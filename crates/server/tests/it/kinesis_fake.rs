//! A small Kinesis for tests, in this process: it has one stream, stores records in order, and fails as often as
//! the test asks, in the ways that a real one does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use base64_simd::STANDARD;
use serde_json::{Value, json};

pub(crate) const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/changes";

pub(crate) struct Kinesis {
    pub(crate) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    records: Mutex<Vec<Record>>,
    /// Whether calls fail now and then.
    is_moody: AtomicBool,
    calls: AtomicU64,
    failures: AtomicU64,
    dice: AtomicU64,
    last_head: Mutex<BTreeMap<String, String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) partition_key: String,
    pub(crate) data: Value,
}

impl Kinesis {
    pub(crate) fn start() -> Kinesis {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state: Arc<State> = Arc::default();
        let serving = Arc::clone(&state);
        // Ends with the process that runs the tests.
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                std::thread::spawn(move || state.serve(socket));
            }
        });
        Kinesis { url, state }
    }

    /// One whose calls fail about every second time.
    pub(crate) fn moody(seed: u64) -> Kinesis {
        let kinesis = Kinesis::start();
        kinesis.state.dice.store(seed, Ordering::Relaxed);
        kinesis.state.is_moody.store(true, Ordering::Relaxed);
        kinesis
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.state.records.lock().expect("records").clone()
    }

    pub(crate) fn failures(&self) -> u64 {
        self.state.failures.load(Ordering::Relaxed)
    }

    /// A header of the last call.
    pub(crate) fn header(&self, name: &str) -> String {
        self.state.last_head.lock().expect("head").get(name).cloned().unwrap_or_default()
    }
}

struct Reply {
    status: u16,
    body: Value,
}

impl State {
    fn serve(&self, socket: TcpStream) {
        let mut socket = BufReader::new(socket);
        while let Some((head, body)) = request(&mut socket) {
            let target = head.get("x-amz-target").cloned().unwrap_or_default();
            *self.last_head.lock().expect("head") = head;
            let Some(reply) = self.answer(&target, &body) else { return };
            let text = reply.body.to_string();
            let head = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n", reply.status, text.len());
            if socket.get_mut().write_all((head + &text).as_bytes()).is_err() {
                return;
            }
        }
    }

    /// None to close the connection.
    fn answer(&self, target: &str, body: &Value) -> Option<Reply> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if body["StreamARN"] != STREAM {
            let text = format!("Stream {} not found.", body["StreamName"].as_str().unwrap_or_default());
            return Some(refusal(400, "ResourceNotFoundException", &text));
        }
        match target {
            "Kinesis_20131202.DescribeStreamSummary" => {
                let summary = json!({"StreamStatus": "ACTIVE", "StreamName": "changes", "OpenShardCount": 1});
                Some(Reply { status: 200, body: json!({"StreamDescriptionSummary": summary}) })
            }
            "Kinesis_20131202.PutRecords" => self.put_records(body),
            _ => Some(refusal(400, "UnknownOperationException", target)),
        }
    }

    fn put_records(&self, body: &Value) -> Option<Reply> {
        let mood = if self.is_moody.load(Ordering::Relaxed) { self.roll(10) } else { 9 };
        if mood < 5 {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        match mood {
            0 => Some(refusal(400, "ProvisionedThroughputExceededException", "slower")),
            1 => Some(refusal(500, "InternalFailure", "")),
            2 => None,
            3 => {
                // Stored, and the answer is lost.
                self.take(body, 0);
                None
            }
            4 => Some(self.take(body, 2)),
            _ => Some(self.take(body, 0)),
        }
    }

    /// Takes the records of a call, or refuses about one of `refused`.
    fn take(&self, body: &Value, refused: u64) -> Reply {
        let mut all = self.records.lock().expect("records");
        let mut failed = 0;
        let entries = body["Records"].as_array().expect("records");
        assert!((1..=500).contains(&entries.len()), "{} records", entries.len());
        let mut one = |entry: &Value| {
            if refused > 0 && self.roll(refused) == 0 {
                failed += 1;
                return json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slower"});
            }
            let data = STANDARD.decode_to_vec(entry["Data"].as_str().expect("data")).expect("base64");
            let partition_key = entry["PartitionKey"].as_str().expect("a key").to_owned();
            all.push(Record { partition_key, data: serde_json::from_slice(&data).expect("JSON") });
            json!({"SequenceNumber": all.len().to_string(), "ShardId": "shardId-000000000000"})
        };
        let records: Vec<Value> = entries.iter().map(&mut one).collect();
        Reply { status: 200, body: json!({"FailedRecordCount": failed, "Records": records}) }
    }

    fn roll(&self, sides: u64) -> u64 {
        let next =
            |dice: u64| Some(dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        let dice = self.dice.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).expect("always some");
        (dice >> 33) % sides
    }
}

fn refusal(status: u16, exception: &str, text: &str) -> Reply {
    Reply { status, body: json!({"__type": exception, "message": text}) }
}

/// A request's headers, with names in small letters, and its body.
pub(crate) fn request(socket: &mut BufReader<TcpStream>) -> Option<(BTreeMap<String, String>, Value)> {
    let mut line = String::new();
    socket.read_line(&mut line).ok().filter(|size| *size > 0)?;
    let mut head = BTreeMap::new();
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).ok().filter(|size| *size > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        head.insert(name.to_lowercase(), value.to_owned());
    }
    let length = head.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    socket.read_exact(&mut body).ok()?;
    Some((head, serde_json::from_slice(&body).expect("JSON")))
}
