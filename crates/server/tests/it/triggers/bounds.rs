//! Receivers that accept calls and never answer: the resources that they take, and what works beside them.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::function::{Call, Outside, ok};
use super::{lambda, map, put, table};
use crate::program::PATIENCE;
use crate::test_server::TestServer;

/// Counts the calls that are open, and the most there were. A call that its client ends is open no more.
fn silent() -> (String, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = (Arc::clone(&open), Arc::clone(&most));
    std::thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let (open, most) = (Arc::clone(&counted.0), Arc::clone(&counted.1));
            most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::spawn(move || {
                while socket.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    (url, open, most)
}

/// With 256 file handles there are 32 calls, of which one account has at most 16: writes, new connections and another mapping
/// of the same account still work.
#[test]
fn silent_receivers_take_a_part_of_the_file_handles() {
    let server = TestServer::on_data("data").flag("--lambda-timeout", "600").file_limit(256, 256).start();
    let mut client = server.client();
    let stream = table(&mut client, "Music");
    let (url, open, most) = silent();
    for at in 0..3 {
        map(
            &server,
            &json!({
                "FunctionName": format!("{url}{at}"), "EventSourceArn": stream, "StartingPosition": "TRIM_HORIZON",
                "ParallelizationFactor": 10, "BatchSize": 1,
            }),
        );
    }
    for n in 0..40 {
        put(&mut client, "Music", &n.to_string(), n);
    }
    // Each mapping wants ten.
    let deadline = Instant::now() + PATIENCE;
    while open.load(Ordering::SeqCst) < 6 {
        assert!(Instant::now() < deadline, "{}", open.load(Ordering::SeqCst));
        std::thread::sleep(Duration::from_millis(10));
    }
    let good = Outside::start(|_, _| ok(""));
    map(&server, &json!({"FunctionName": good.url(), "EventSourceArn": stream, "StartingPosition": "TRIM_HORIZON"}));
    let calls = good.wait_for_numbers(40);
    assert!(calls.iter().map(Call::numbers).any(|numbers| numbers.contains(&39)));
    for n in 40..60 {
        put(&mut server.client(), "Music", &n.to_string(), n);
    }
    good.wait_for_numbers(60);
    let most = most.load(Ordering::SeqCst);
    assert!(most <= 16, "{most} calls at once");
}

/// A function whose answer is long has done its work; one that reports failures must be brief.
#[test]
fn long_answers_are_read_and_dropped() {
    let long = "x".repeat(1 << 20);
    let outside = Outside::start(move |_, _| ok(&long));
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let stream = table(&mut client, "Music");
    let uuid = map(
        &server,
        &json!({"FunctionName": outside.url(), "EventSourceArn": stream, "StartingPosition": "TRIM_HORIZON"}),
    );
    put(&mut client, "Music", "a", 1);
    super::shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "OK");
    let report = json!({"FunctionResponseTypes": ["ReportBatchItemFailures"]});
    assert_eq!(lambda(&server, "PUT", &format!("/{uuid}"), &report).status, 202);
    super::settled(&server, &uuid);
    put(&mut client, "Music", "a", 2);
    super::shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "PROBLEM: Function call failed");
}
