//! Frames of HTTP/2, for clients that do what no library does.
//!
//! A frame: length (3 bytes) · kind (1) · flags (1) · stream (4) · payload.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::client::AUTHORIZATION;
use crate::program::PATIENCE;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// The setting that says how much the other side may send on a new stream.
pub(crate) const INITIAL_WINDOW_SIZE: u8 = 4;

pub(crate) fn connect(address: SocketAddr, settings: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(address).expect("connect");
    socket.set_read_timeout(Some(PATIENCE)).expect("timeout");
    socket.set_write_timeout(Some(PATIENCE)).expect("timeout");
    let mut out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut out, SETTINGS, 0, 0, settings);
    socket.write_all(&out).expect("send");
    socket
}

pub(crate) fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a short payload");
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// The head of an operation, with as many fields more. `:method POST`, `:scheme http` and `:path /` are numbers 3, 6
/// and 4 of HPACK's table.
pub(crate) fn head(operation: &str, more: &[u8]) -> Vec<u8> {
    let target = format!("DynamoDB_20120810.{operation}");
    let fields = [
        (":authority", "localhost"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", &target),
        ("x-amz-date", "20260101T000000Z"),
        ("authorization", AUTHORIZATION),
    ];
    let mut head = vec![0x83, 0x86, 0x84];
    fields.iter().for_each(|(name, value)| head.extend(literal(name, value)));
    head.extend_from_slice(more);
    head
}

/// The head of a GET. `:method GET` is number 2 of HPACK's table.
pub(crate) fn get(path: &str) -> Vec<u8> {
    let mut head = vec![0x82, 0x86];
    [(":path", path), (":authority", "localhost")].iter().for_each(|(name, value)| head.extend(literal(name, value)));
    head
}

/// A field as it is, without any table.
pub(crate) fn literal(name: &str, value: &str) -> Vec<u8> {
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
pub(crate) fn is_closed(socket: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
