//! What clients do to a server over HTTP/2, in frames of their own making.

use std::io::Write;
use std::time::Duration;

use super::{Scale, Target, batch_get, call_patiently};
use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, RST_STREAM, connect, frame, head,
    is_closed, literal,
};

/// Streams that ask for large answers and never let them come.
pub(super) fn closed_windows(server: &Target, scale: &Scale) -> String {
    let mut socket = connect(server.address, &[0, INITIAL_WINDOW_SIZE, 0, 0, 0, 0]);
    let (head, body) = (head("BatchGetItem", &[]), batch_get());
    let mut out = Vec::new();
    // Numbers of streams are odd.
    for stream in (0..scale.clients as u32).map(|at| 2 * at + 1) {
        frame(&mut out, HEADERS, END_HEADERS, stream, &head);
        frame(&mut out, DATA, END_STREAM, stream, body.as_bytes());
    }
    let sent = socket.write_all(&out).is_ok();
    std::thread::sleep(Duration::from_secs(scale.seconds));
    let refused = call_patiently(server, "BatchGetItem", &batch_get());
    format!("{} streams, sent {sent}, an honest one refused {refused} times", scale.clients)
}

/// Streams that are begun and reset at once. The server ends the connection before long.
pub(super) fn rapid_resets(server: &Target, scale: &Scale) -> String {
    let mut socket = connect(server.address, &[]);
    let head = head("BatchGetItem", &[]);
    let mut out = Vec::new();
    for stream in (0..scale.resets as u32).map(|at| 2 * at + 1) {
        frame(&mut out, HEADERS, END_HEADERS, stream, &head);
        frame(&mut out, RST_STREAM, 0, stream, &[0, 0, 0, 8]);
    }
    let sent = socket.write_all(&out).is_ok();
    let closed = is_closed(&mut socket);
    assert!(closed, "the server takes resets for ever");
    format!("{} resets, sent {sent}, closed {closed}", scale.resets)
}

/// A head without an end. The server ends the connection before long.
pub(super) fn endless_head(server: &Target) -> String {
    let mut socket = connect(server.address, &[]);
    let mut out = Vec::new();
    frame(&mut out, HEADERS, 0, 1, &head("BatchGetItem", &[]));
    let field = literal("x-more", &"x".repeat(1_000));
    let many = field.repeat(16);
    let mut sent = 0;
    let mut failed = socket.write_all(&out).is_err();
    while !failed && sent < 64 << 20 {
        out.clear();
        frame(&mut out, CONTINUATION, 0, 1, &many);
        failed = socket.write_all(&out).is_err();
        sent += out.len();
    }
    let closed = failed || is_closed(&mut socket);
    assert!(closed, "the server takes a head of any size");
    format!("closed after at most {} KiB", sent >> 10)
}
