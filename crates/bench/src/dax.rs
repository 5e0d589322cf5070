//! A client of DAX's own protocol, as far as the load needs it: GetItem, PutItem and Query over the tables of the run.
//!
//! It asks for answers in frames, as the Java client does: their length is known without a look into them. It does not authorize itself.

use std::io;
use std::time::Duration;

use api::Operation;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::trouble::Trouble;

/// With the layering that frames answers, no session, and the name of the client.
const HANDSHAKE: &[u8] = b"\x67J7yne5G\x01\xf6\xa1\x69UserAgent\x6cstator-bench\x00";
const DEFINE_ATTRIBUTE_LIST_ID: i64 = -1_230_579_644;
const GET_ITEM: i64 = 263_244_906;
const PUT_ITEM: i64 = -2_106_490_455;
const QUERY: i64 = -931_250_863;
/// The head of a frame: its length with the head, and flags.
pub(crate) const FRAME_HEAD: usize = 8;
/// The flag of a message's last frame.
const LAST: u8 = 1;
/// An answer that is no refusal begins with an empty array.
pub(crate) const SUCCESS: u8 = 0x80;
/// An answer without items is shorter. Unit: bytes.
const FOUND_MIN: usize = 16;
/// More than the largest page. Unit: bytes.
const FRAME_MAX: usize = 64 * 1024 * 1024;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const NULL: u8 = 0xf6;

/// One connection.
pub(crate) struct DaxConnection {
    address: String,
    timeout: Duration,
    stream: Option<TcpStream>,
    /// The number of the list with the one attribute beside the key.
    list: i64,
    request: Vec<u8>,
    /// What was prepared is answered with at least so many bytes.
    reply_min: usize,
    reply: Vec<u8>,
}

impl DaxConnection {
    pub(crate) fn new(address: &str, timeout: Duration) -> DaxConnection {
        let (request, reply) = Default::default();
        DaxConnection { address: address.to_owned(), timeout, stream: None, list: 0, request, reply_min: 0, reply }
    }

    pub(crate) async fn open(&mut self) -> Result<(), Trouble> {
        if self.stream.is_some() {
            return Ok(());
        }
        let opening = async {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(stream)
        };
        let opened = tokio::time::timeout(self.timeout, opening).await.map_err(|_| Trouble::TIMEOUT)?;
        self.stream = Some(opened.map_err(broken)?);
        self.request.clear();
        self.request.extend_from_slice(HANDSHAKE);
        method(DEFINE_ATTRIBUTE_LIST_ID, &mut self.request);
        head(ARRAY, 1, &mut self.request);
        text("v", &mut self.request);
        let reply = self.exchange().await?;
        self.list = int(&reply[1..]).ok_or(Trouble::Unexpected("the number of a list is none"))?;
        Ok(())
    }

    /// Makes the message of a request in JSON.
    pub(crate) fn prepare(&mut self, operation: Operation, body: &[u8]) {
        self.request.clear();
        self.reply_min = if operation == Operation::PutItem { 0 } else { FOUND_MIN };
        if message(operation, body, self.list, &mut self.request).is_none() {
            self.request.clear();
        }
    }

    /// The answer to what was prepared.
    pub(crate) async fn exchange(&mut self) -> Result<&[u8], Trouble> {
        if self.request.is_empty() {
            return Err(Trouble::Unexpected("the load has no message of DAX for a request"));
        }
        if self.stream.is_none() {
            // Opening makes a message of its own.
            let (request, reply_min) = (std::mem::take(&mut self.request), std::mem::take(&mut self.reply_min));
            let opened = Box::pin(self.open()).await;
            (self.request, self.reply_min) = (request, reply_min);
            opened?;
        }
        // Put back only on success: after an error an answer may still be under way.
        let Some(mut stream) = self.stream.take() else { return Err(Trouble::Unexpected("no connection")) };
        let exchange = async {
            stream.write_all(&self.request).await?;
            read(&mut stream, &mut self.reply).await
        };
        let exchanged = tokio::time::timeout(self.timeout, exchange).await.map_err(|_| Trouble::TIMEOUT)?;
        exchanged.map_err(broken)?;
        if self.reply.first() != Some(&SUCCESS) {
            return Err(Trouble::Unexpected("DAX has refused a request"));
        }
        self.stream = Some(stream);
        match self.reply.len() < self.reply_min {
            true => Err(Trouble::Unexpected("DAX has not found what was asked for")),
            false => Ok(&self.reply),
        }
    }
}

fn broken(error: io::Error) -> Trouble {
    client::Trouble::from(error).into()
}

/// Reads one message, of one frame or more.
async fn read(stream: &mut TcpStream, message: &mut Vec<u8>) -> io::Result<()> {
    message.clear();
    loop {
        let mut head = [0; FRAME_HEAD];
        stream.read_exact(&mut head).await?;
        let [a, b, c, d, flags, ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let length = length.checked_sub(FRAME_HEAD).filter(|length| *length <= FRAME_MAX);
        let length = length.ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
        let start = message.len();
        message.resize(start + length, 0);
        stream.read_exact(&mut message[start..]).await?;
        if flags & LAST != 0 {
            return Ok(());
        }
    }
}

fn message(operation: Operation, body: &[u8], list: i64, out: &mut Vec<u8>) -> Option<()> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let table = request["TableName"].as_str()?;
    match operation {
        Operation::GetItem => {
            addressed(GET_ITEM, table, request["Key"]["pk"]["S"].as_str()?, out);
        }
        Operation::PutItem => {
            let item = &request["Item"];
            addressed(PUT_ITEM, table, item["pk"]["S"].as_str()?, out);
            let mut blob = Vec::new();
            integer(list, &mut blob);
            text(item["v"]["S"].as_str()?, &mut blob);
            bytes(&blob, out);
        }
        Operation::Query => {
            method(QUERY, out);
            bytes(table.as_bytes(), out);
            // Format 1; equal, the path of pk, variable 0; its value.
            let mut condition = b"\x83\x01\x83\x00\x82\x12\x62pk\x82\x11\x00\x81".to_vec();
            text(request["ExpressionAttributeValues"][":pk"]["S"].as_str()?, &mut condition);
            bytes(&condition, out);
        }
        _ => return None,
    }
    out.push(NULL);
    Some(())
}

/// A method with a table and a key.
fn addressed(number: i64, table: &str, key: &str, out: &mut Vec<u8>) {
    method(number, out);
    bytes(table.as_bytes(), out);
    bytes(key.as_bytes(), out);
}

fn method(number: i64, out: &mut Vec<u8>) {
    integer(1, out);
    integer(number, out);
}

fn integer(value: i64, out: &mut Vec<u8>) {
    match u64::try_from(value) {
        Ok(value) => head(UNSIGNED, value, out),
        Err(_) => head(NEGATIVE, !value as u64, out),
    }
}

fn bytes(value: &[u8], out: &mut Vec<u8>) {
    head(BYTES, value.len() as u64, out);
    out.extend_from_slice(value);
}

fn text(value: &str, out: &mut Vec<u8>) {
    head(TEXT, value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

/// In the fewest bytes.
fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let [.., e, f, g, h] = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major | h),
        24..=0xff => out.extend_from_slice(&[major | 24, h]),
        0x100..=0xffff => out.extend_from_slice(&[major | 25, g, h]),
        0x1_0000..=0xffff_ffff => out.extend_from_slice(&[major | 26, e, f, g, h]),
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

/// A number that is not negative.
fn int(reply: &[u8]) -> Option<i64> {
    let (first, rest) = reply.split_first()?;
    let size = match first {
        0..=23 => return Some(i64::from(*first)),
        24..=27 => 1 << (first - 24),
        _ => return None,
    };
    let mut value = [0; 8];
    value[8 - size..].copy_from_slice(rest.get(..size)?);
    i64::try_from(u64::from_be_bytes(value)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_clients() {
        let check = |operation: Operation, body: &str, expected: &[u8]| {
            let mut out = Vec::new();
            message(operation, body.as_bytes(), 2, &mut out).unwrap();
            assert_eq!(out, expected);
        };
        let get = r#"{"TableName":"t","Key":{"pk":{"S":"a"}}}"#;
        check(Operation::GetItem, get, b"\x01\x1a\x0f\xb0\xcc\x6a\x41t\x41a\xf6");
        let put = r#"{"TableName":"t","Item":{"pk":{"S":"a"},"v":{"S":"x"}}}"#;
        check(Operation::PutItem, put, b"\x01\x3a\x7d\x8e\x7e\x56\x41t\x41a\x43\x02\x61x\xf6");
        assert_eq!(message(Operation::Scan, b"{}", 2, &mut Vec::new()), None);
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for value in [0, 2, 23, 24, 255, 256, 65_535, 65_536, 1 << 40] {
            let mut out = Vec::new();
            integer(value, &mut out);
            assert_eq!(int(&out), Some(value));
        }
        assert_eq!((int(&[0x38]), int(&[25, 1]), int(&[])), (None, None, None));
    }
}
