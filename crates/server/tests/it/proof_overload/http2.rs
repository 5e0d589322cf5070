//! What clients do to a server over HTTP/2, in frames of their own making.
//!
//! A frame: length (3 bytes) · kind (1) · flags (1) · stream (4) · payload.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Scale, Target, batch_get, call_patiently};
use crate::client::AUTHORIZATION;
use crate::program::PATIENCE;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// The setting that says how much the other side may send on a new stream.
const INITIAL_WINDOW_SIZE: u8 = 4;

/// Streams that ask for large answers and never let them come.
pub(super) fn closed_windows(server: &Target, scale: &Scale) -> String {
    let mut socket = connect(server, &[0, INITIAL_WINDOW_SIZE, 0, 0, 0, 0]);
    let (head, body) = (head(&[]), batch_get());
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
    let mut socket = connect(server, &[]);
    let head = head(&[]);
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

/// A head that goes on and on. The server ends the connection before long.
pub(super) fn endless_head(server: &Target) -> String {
    let mut socket = connect(server, &[]);
    let mut out = Vec::new();
    frame(&mut out, HEADERS, 0, 1, &head(&[]));
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

fn connect(server: &Target, settings: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).expect("connect");
    socket.set_read_timeout(Some(PATIENCE)).expect("timeout");
    socket.set_write_timeout(Some(PATIENCE)).expect("timeout");
    let mut out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut out, SETTINGS, 0, 0, settings);
    socket.write_all(&out).expect("send");
    socket
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a short payload");
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// The head of a BatchGetItem, with as many fields more. `:method POST`, `:scheme http` and `:path /` are numbers 3, 6
/// and 4 of HPACK's table.
fn head(more: &[u8]) -> Vec<u8> {
    let fields = [
        (":authority", "localhost"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.BatchGetItem"),
        ("x-amz-date", "20260101T000000Z"),
        ("authorization", AUTHORIZATION),
    ];
    let mut head = vec![0x83, 0x86, 0x84];
    fields.iter().for_each(|(name, value)| head.extend(literal(name, value)));
    head.extend_from_slice(more);
    head
}

/// A field as it is, without any table.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![0];
    for text in [name, value] {
        push_length(&mut out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
    out
}

/// HPACK's numbers: seven bits, then the rest in groups of seven.
fn push_length(out: &mut Vec<u8>, length: usize) {
    if length < 127 {
        out.push(length as u8);
        return;
    }
    out.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        out.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    out.push(rest as u8);
}

/// Reads until the server has closed the connection.
fn is_closed(socket: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
