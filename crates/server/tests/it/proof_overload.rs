//! Proof: whatever some clients do, others are answered about as fast as before, memory stays within its budget, what
//! cannot be taken is refused with an error that SDKs try again, and afterwards everything is as it was.
//!
//! Each attack ([`attacks`], [`http2`]) runs while an honest client reads and writes small items and takes the time
//! ([`Watch`]). The long form is `STATOR_PROOF_OVERLOAD=1` (docs/proofs.md).

mod attacks;
mod http2;
mod watch;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, Response};
use crate::program::PATIENCE;
use crate::proof_chance::setting;
use crate::test_server::TestServer;
use watch::Watch;

const MIB: u64 = 1 << 20;
const THROTTLED: &str = "com.amazon.coral.availability#ThrottlingException";

/// Large items, so many that a BatchGetItem of them is as large as it may be. Unit: bytes.
const LARGE_ITEM: usize = 390_000;
const LARGE_ITEMS: usize = 40;

/// How many of everything.
struct Scale {
    idle: usize,
    connections_max: usize,
    request_memory_mib: u64,
    answer_memory_mib: u64,
    /// A body of tiny values is so large; it takes up to thirty times as much, whatever the memory. Unit: bytes.
    tiny_bytes: usize,
    /// Of the largest requests and answers.
    clients: usize,
    writers: usize,
    adds: usize,
    scanners: usize,
    resets: usize,
    /// How long an attack lasts that has no end of its own.
    seconds: u64,
}

impl Scale {
    fn asked_for() -> Scale {
        match setting("STATOR_PROOF_OVERLOAD", 0) {
            0 => Scale {
                idle: 400,
                connections_max: 300,
                request_memory_mib: 64,
                answer_memory_mib: 64,
                tiny_bytes: 2 << 20,
                clients: 8,
                writers: 16,
                adds: 20,
                scanners: 8,
                resets: 2_000,
                seconds: 1,
            },
            _ => Scale {
                idle: 5_000,
                connections_max: 4_500,
                // The defaults.
                request_memory_mib: 256,
                answer_memory_mib: 512,
                tiny_bytes: attacks::BODY_MAX,
                clients: 64,
                writers: 64,
                adds: 500,
                scanners: 64,
                resets: 100_000,
                seconds: 10,
            },
        }
    }
}

/// The server under attack.
struct Target {
    address: SocketAddr,
    pid: u32,
}

impl Target {
    fn client(&self) -> Client {
        Client::connect(self.address)
    }
}

#[test]
fn others_are_served_whatever_some_do() {
    let scale = Scale::asked_for();
    let folder = tempfile::tempdir().expect("folder");
    let server = start(&scale, folder.path().to_str().expect("path"));
    fill(&mut server.client());
    let target = Target { address: server.address, pid: server.pid() };
    let watch = Watch::begin(&target, (scale.request_memory_mib + scale.answer_memory_mib) * MIB);
    watch.during("idle connections", || attacks::idle(&target, &scale));
    watch.during("slow heads", || attacks::slow_heads(&target, &scale));
    watch.during("slow bodies", || attacks::slow_bodies(&target, &scale));
    watch.during("slow readers", || attacks::slow_readers(&target, &scale));
    watch.during("16 MB bodies", || attacks::large_bodies(&target, &scale, &attacks::long_strings()));
    watch.during("bodies of tiny values", || {
        attacks::large_bodies(&target, &scale, &attacks::tiny_values(scale.tiny_bytes))
    });
    watch.during("16 MB answers", || attacks::large_answers(&target, &scale));
    watch.during("scans", || attacks::scans(&target, &scale, &json!({})));
    watch.during("scans with heavy filters", || attacks::scans(&target, &scale, &attacks::heavy_filter()));
    watch.during("a hot key", || attacks::hot_key(&target, &scale));
    watch.during("closed HTTP/2 windows", || http2::closed_windows(&target, &scale));
    watch.during("HTTP/2 resets", || http2::rapid_resets(&target, &scale));
    watch.during("endless HTTP/2 heads", || http2::endless_head(&target));
    watch.check_all_is_as_before();
    assert_eq!(server.stop().code(), Some(0));
}

fn start(scale: &Scale, data: &str) -> TestServer {
    let request_memory = format!("{}MiB", scale.request_memory_mib);
    let answer_memory = format!("{}MiB", scale.answer_memory_mib);
    let connections = scale.connections_max.to_string();
    // What is too slow is found out within seconds, and so a second of waiting is always in vain.
    TestServer::on_data(data)
        .flag("--cache", "32MiB")
        .flag("--connections-max", &connections)
        .flag("--request-memory", &request_memory)
        .flag("--answer-memory", &answer_memory)
        .flag("--memory-timeout", "1")
        .flag("--log-slow-ms", "0")
        .start()
}

fn fill(client: &mut Client) {
    let table = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;
    expect_ok(&client.call("CreateTable", table));
    for at in 0..LARGE_ITEMS {
        expect_ok(&client.call("PutItem", &large_item(at)));
    }
}

fn large_item(at: usize) -> String {
    let item = json!({"pk": {"S": format!("large {at}")}, "text": {"S": "y".repeat(LARGE_ITEM)}});
    json!({"TableName": "tab", "Item": item}).to_string()
}

/// All large items: an answer of 16 MB.
fn batch_get() -> String {
    let keys: Vec<Value> = (0..LARGE_ITEMS).map(|at| json!({"pk": {"S": format!("large {at}")}})).collect();
    json!({"RequestItems": {"tab": {"Keys": keys}}}).to_string()
}

fn expect_ok(response: &Response) {
    assert_eq!(response.status, 200, "{}", response.text());
}

fn is_throttled(response: &Response) -> bool {
    response.status == 400 && response.json()["__type"] == THROTTLED
}

/// Calls as an SDK does: again after a refusal that says so, and after a lost connection. Returns how often it was
/// refused.
fn call_patiently(server: &Target, operation: &str, body: &str) -> usize {
    let deadline = Instant::now() + 2 * PATIENCE;
    let mut refused = 0;
    while Instant::now() < deadline {
        match server.client().try_call(operation, body) {
            Some(response) if is_throttled(&response) => refused += 1,
            Some(response) => {
                expect_ok(&response);
                return refused;
            }
            None => {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{operation} is never served");
}
