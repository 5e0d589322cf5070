//! What clients do to a server over HTTP/1.1. Each says what came of it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::watch::{begin, metrics};
use super::{LARGE_ITEM, Scale, Target, batch_get, call_patiently, expect_ok, is_throttled, large_item};
use crate::client::{Client, request};

/// The largest request.
pub(super) const BODY_MAX: usize = 16 * 1024 * 1024;

/// More connections than there may be, each used once and then silent. Every new one is served all the same.
pub(super) fn idle(server: &Target, scale: &Scale) -> String {
    let mut clients: Vec<Client> = Vec::with_capacity(scale.idle);
    for _ in 0..scale.idle {
        let mut client = server.client();
        expect_ok(&client.call("ListTables", "{}"));
        clients.push(client);
    }
    format!("{} connections, {} allowed", clients.len(), scale.connections_max)
}

/// Half a head on every connection does not shut out others.
pub(super) fn slow_heads(server: &Target, scale: &Scale) -> String {
    let whole = request("ListTables", &[], b"{}");
    let clients: Vec<Client> = (0..scale.idle)
        .map(|_| {
            let mut client = server.client();
            client.send(&whole[..20]);
            client
        })
        .collect();
    expect_ok(&server.client().call("ListTables", "{}"));
    format!("{} half heads", clients.len())
}

/// All memory for bodies is held by clients that have sent all but the last byte. The next one is refused, and gets in when
/// they have had to go. Clients that only announce large bodies hold none of it.
pub(super) fn slow_bodies(server: &Target, scale: &Scale) -> String {
    let declared = (scale.request_memory_mib << 20) as usize / BODY_MAX;
    let mut announced: Vec<Client> = (0..2 * declared).map(|_| server.client()).collect();
    announced.iter_mut().for_each(|client| begin(client, "PutItem", BODY_MAX, b"{"));
    expect_ok(&server.client().call("PutItem", &large_item(0)));
    let mut stalled: Vec<Client> = (0..declared).map(|_| server.client()).collect();
    let most = vec![b' '; BODY_MAX - 1];
    stalled.iter_mut().for_each(|client| begin(client, "PutItem", BODY_MAX, &most));
    // Small requests need no memory.
    let mut client = server.client();
    let all = format!("stator_memory_bytes{{of=\"requests\"}} {}", declared * BODY_MAX);
    while !metrics(&mut client).contains(&all) {
        thread::yield_now();
    }
    let refused = call_patiently(server, "PutItem", &large_item(0));
    assert!(refused > 0, "there was room");
    format!("{declared} slow ones, an honest one refused {refused} times before it got in")
}

/// The same with answers that are not read.
pub(super) fn slow_readers(server: &Target, scale: &Scale) -> String {
    let whole = request("BatchGetItem", &[], batch_get().as_bytes());
    let readers: Vec<Client> = (0..scale.clients)
        .map(|_| {
            let mut client = server.client();
            client.send(&whole);
            client
        })
        .collect();
    thread::sleep(Duration::from_secs(scale.seconds));
    let refused = call_patiently(server, "BatchGetItem", &batch_get());
    format!("{} who do not read, an honest one refused {refused} times", readers.len())
}

/// An item of 16 MB, in long strings: quick to read.
pub(super) fn long_strings() -> String {
    body_of(&json!({"S": "x".repeat(10_000)}), BODY_MAX)
}

/// An item in maps of one list: twenty times as large in memory.
pub(super) fn tiny_values(bytes: usize) -> String {
    body_of(&json!({"M": {"a": {"L": []}}}), bytes)
}

fn body_of(value: &Value, bytes: usize) -> String {
    let value = value.to_string() + ",";
    let start = r#"{"TableName":"tab","Item":{"pk":{"S":"a"},"list":{"L":["#;
    let end = r#"{"L":[]}]}}}"#;
    let count = (bytes - start.len() - end.len()) / value.len();
    [start, &value.repeat(count), end].concat()
}

/// All send the same large body at once. It is refused for what it is or for lack of memory; a connection may be lost if
/// its client is too slow.
pub(super) fn large_bodies(server: &Target, scale: &Scale, body: &str) -> String {
    let whole = request("PutItem", &[], body.as_bytes());
    let outcomes = Outcomes::default();
    thread::scope(|scope| {
        for _ in 0..scale.clients {
            scope.spawn(|| {
                let mut client = server.client();
                let sent = std::io::Write::write_all(client.socket.get_mut(), &whole);
                let response = sent.ok().and_then(|()| client.try_response());
                outcomes.add(match response {
                    Some(response) if is_throttled(&response) => "throttled",
                    Some(response) => {
                        assert!(response.text().contains("Item size has exceeded"), "{}", response.text());
                        "read"
                    }
                    None => "lost",
                });
            });
        }
    });
    outcomes.told()
}

/// All ask for the largest answer at once, and read it.
pub(super) fn large_answers(server: &Target, scale: &Scale) -> String {
    let body = batch_get();
    let outcomes = Outcomes::default();
    thread::scope(|scope| {
        for _ in 0..scale.clients {
            scope.spawn(|| {
                outcomes.add(match server.client().try_call("BatchGetItem", &body) {
                    Some(response) if is_throttled(&response) => "throttled",
                    Some(response) => {
                        expect_ok(&response);
                        assert!(response.body.len() > LARGE_ITEM * 20);
                        "read"
                    }
                    None => "lost",
                });
            });
        }
    });
    outcomes.told()
}

/// A filter that looks through each item as often as one may.
pub(super) fn heavy_filter() -> Value {
    let filter = vec!["contains(#text, :text)"; 140].join(" OR ");
    json!({
        "FilterExpression": filter,
        "ExpressionAttributeNames": {"#text": "text"},
        "ExpressionAttributeValues": {":text": {"S": "yyyyyyyyyyyyz"}}
    })
}

/// All scan without pause.
pub(super) fn scans(server: &Target, scale: &Scale, more: &Value) -> String {
    let mut body = json!({"TableName": "tab"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let (body, pages) = (body.to_string(), AtomicUsize::new(0));
    let end = Instant::now() + Duration::from_secs(scale.seconds);
    thread::scope(|scope| {
        for _ in 0..scale.scanners {
            scope.spawn(|| {
                let mut client = server.client();
                loop {
                    match client.try_call("Scan", &body) {
                        Some(response) if is_throttled(&response) => {}
                        Some(response) => expect_ok(&response),
                        // It had to wait so long for its turn that its connection was needed for others.
                        None => client = server.client(),
                    }
                    pages.fetch_add(1, Ordering::Relaxed);
                    if Instant::now() >= end {
                        return;
                    }
                }
            });
        }
    });
    format!("{} pages to {} scanners", pages.into_inner(), scale.scanners)
}

/// All count on one item. Not one is lost.
pub(super) fn hot_key(server: &Target, scale: &Scale) -> String {
    let add = r#"{"TableName":"tab","Key":{"pk":{"S":"hot"}},"UpdateExpression":"ADD n :one",
        "ExpressionAttributeValues":{":one":{"N":"1"}}}"#;
    let get = r#"{"TableName":"tab","Key":{"pk":{"S":"hot"}},"ConsistentRead":true}"#;
    let count = || -> usize {
        let response = server.client().call("GetItem", get);
        response.json()["Item"]["n"]["N"].as_str().map_or(0, |text| text.parse().expect("a number"))
    };
    let (before, began) = (count(), Instant::now());
    thread::scope(|scope| {
        for _ in 0..scale.writers {
            scope.spawn(|| {
                let mut client = server.client();
                (0..scale.adds).for_each(|_| expect_ok(&client.call("UpdateItem", add)));
            });
        }
    });
    let adds = scale.writers * scale.adds;
    let a_second = adds as f64 / began.elapsed().as_secs_f64();
    assert_eq!(count() - before, adds);
    format!("{} writers, {adds} ADDs, {a_second:.0} a second", scale.writers)
}

/// How often what happened.
#[derive(Default)]
struct Outcomes(Mutex<BTreeMap<&'static str, usize>>);

impl Outcomes {
    fn add(&self, outcome: &'static str) {
        *self.0.lock().expect("no panic").entry(outcome).or_default() += 1;
    }

    fn told(self) -> String {
        format!("{:?}", self.0.into_inner().expect("no panic"))
    }
}
