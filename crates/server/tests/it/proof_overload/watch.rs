//! The honest client: reads and writes small items all the while, and measures how long that takes.
//!
//! What is promised: the 99th percentile under attack is at most [`FACTOR`] times what it is alone, and [`GRACE`] more.
//! The grace is what a machine with other work on it may add to anything; in a release build it is small. An attack
//! that misses the promise is repeated, for the machine may have had a bad moment; a promise missed three times is
//! broken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{MIB, Target};
use crate::client::{Client, request};
use crate::program::PATIENCE;

const FACTOR: u32 = 20;
const GRACE: Duration = if cfg!(debug_assertions) { Duration::from_secs(2) } else { Duration::from_millis(100) };
const ATTEMPTS: u32 = 3;

/// What the server may take beside the budget of large requests: caches, memtables, connections, and what the allocator
/// has not yet given back. Unit: bytes.
const BESIDE: u64 = 256 * MIB;
/// How much more than before it may keep afterwards, as its caches and memtables have been filled. Unit: bytes.
const LEFT: u64 = 128 * MIB;

const CALLS_ALONE: usize = 500;

pub(super) struct Watch<'a> {
    server: &'a Target,
    budget: u64,
    resident_before: u64,
    alone: Latency,
}

#[derive(Clone, Copy)]
struct Latency {
    median: Duration,
    p99: Duration,
    most: Duration,
    calls: usize,
}

impl Latency {
    fn of(mut all: Vec<Duration>) -> Latency {
        all.sort_unstable();
        let at = |percent: usize| all[(all.len() - 1) * percent / 100];
        Latency { median: at(50), p99: at(99), most: at(100), calls: all.len() }
    }
}

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {:?}, p99 {:?}, max {:?} of {}", self.median, self.p99, self.most, self.calls)
    }
}

impl<'a> Watch<'a> {
    /// `budget` is what large requests together may hold.
    pub(super) fn begin(server: &'a Target, budget: u64) -> Watch<'a> {
        let mut calls = 0;
        let alone = Latency::of(honest_calls(server, || {
            calls += 1;
            calls <= CALLS_ALONE
        }));
        eprintln!("alone: {alone}");
        Watch { server, budget, resident_before: memory(server, "VmRSS:"), alone }
    }

    pub(super) fn during(&self, name: &str, attack: impl Fn() -> String) {
        let promised = FACTOR * self.alone.p99 + GRACE;
        for attempt in 1..=ATTEMPTS {
            let ended = AtomicBool::new(false);
            let began = Instant::now();
            let (told, latency) = thread::scope(|scope| {
                let honest = scope.spawn(|| honest_calls(self.server, || !ended.load(Ordering::Relaxed)));
                // Also if the attack fails: else the test would never end.
                let end = OnDrop(&ended);
                let told = attack();
                drop(end);
                (told, Latency::of(honest.join().expect("the honest client")))
            });
            let peak = memory(self.server, "VmHWM:");
            eprintln!("{name}: {latency}; {told}; {} MiB at most; {:?}", peak / MIB, began.elapsed());
            assert!(peak <= self.resident_before + self.budget + BESIDE, "{name}: {} MiB", peak / MIB);
            if latency.p99 <= promised {
                return;
            }
            assert!(attempt < ATTEMPTS, "{name}: {latency}, but alone {}", self.alone);
        }
    }

    pub(super) fn check_all_is_as_before(&self) {
        let deadline = Instant::now() + 2 * PATIENCE;
        loop {
            // The allocator takes back what a thread has freed when that thread works again.
            thread::scope(|scope| {
                (0..HONEST_CLIENTS).for_each(|_| drop(scope.spawn(|| honest_calls(self.server, few()))));
            });
            let mut client = self.server.client();
            let page = metrics(&mut client);
            let now: Vec<&str> = page.lines().filter(|line| AFTERWARDS.contains(line)).collect();
            let resident = memory(self.server, "VmRSS:");
            if now.len() == AFTERWARDS.len() && resident <= self.resident_before + LEFT {
                eprintln!("before {} MiB, afterwards {} MiB", self.resident_before / MIB, resident / MIB);
                return;
            }
            assert!(Instant::now() < deadline, "only {now:?}, {} MiB, in\n{page}", resident / MIB);
            thread::sleep(Duration::from_millis(100));
        }
    }
}

const HONEST_CLIENTS: usize = 8;

/// Enough of them.
fn few() -> impl FnMut() -> bool {
    let mut left = 50;
    move || {
        left -= 1;
        left > 0
    }
}

struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Only the connection of this request is open.
const AFTERWARDS: [&str; 4] = [
    "stator_connections 1",
    "stator_requests_under_way 1",
    r#"stator_memory_bytes{of="requests"} 0"#,
    r#"stator_memory_bytes{of="answers"} 0"#,
];

/// Reads and writes in turn; each must succeed. A connection may be lost between two calls, as any idle one.
fn honest_calls(server: &Target, mut go_on: impl FnMut() -> bool) -> Vec<Duration> {
    let put = r#"{"TableName":"tab","Item":{"pk":{"S":"small"},"text":{"S":"x"}}}"#;
    let get = r#"{"TableName":"tab","Key":{"pk":{"S":"small"}}}"#;
    let mut client = server.client();
    let mut took = Vec::new();
    while go_on() || took.is_empty() {
        for (operation, body) in [("PutItem", put), ("GetItem", get)] {
            let began = Instant::now();
            let response = client.try_call(operation, body).unwrap_or_else(|| {
                client = server.client();
                client.call(operation, body)
            });
            took.push(began.elapsed());
            assert_eq!(response.status, 200, "{}", response.text());
        }
        thread::sleep(Duration::from_millis(2));
    }
    took
}

pub(super) fn metrics(client: &mut Client) -> String {
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.response().text()
}

/// One of the numbers that Linux has of a process; 0 elsewhere. Unit: bytes.
fn memory(server: &Target, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid)).unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// A request that is begun and not ended: its head, and as much of its body.
pub(super) fn begin(client: &mut Client, operation: &str, declared: usize, sent: &[u8]) {
    let head = request(operation, &[], &[]);
    let head =
        String::from_utf8(head).expect("text").replace("Content-Length: 0", &format!("Content-Length: {declared}"));
    client.send(&[head.as_bytes(), sent].concat());
}
