//! A plain HTTP/1.1 client on a raw socket, so that the tests see exactly what is sent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::PATIENCE;

pub(crate) const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, \
                                        SignedHeaders=host;x-amz-date, Signature=0000";

pub(crate) struct Client {
    pub(crate) socket: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let socket = TcpStream::connect(address).expect("connect");
        socket.set_read_timeout(Some(PATIENCE)).expect("timeout");
        socket.set_write_timeout(Some(PATIENCE)).expect("timeout");
        socket.set_nodelay(true).expect("nodelay");
        Client { socket: BufReader::new(socket) }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).expect("send");
    }

    /// Calls one operation.
    pub(crate) fn call(&mut self, operation: &str, body: &str) -> Response {
        self.try_call(operation, body).expect("a response")
    }

    /// Calls one operation of a server that may be dead: `None` if no whole response came.
    /// The body of a response that must be good.
    pub(crate) fn ask(&mut self, operation: &str, body: impl std::fmt::Display) -> serde_json::Value {
        let body = body.to_string();
        let response = self.call(operation, &body);
        assert_eq!(response.status, 200, "{operation} {body}: {}", response.text());
        response.json()
    }

    /// How many items a table or an index has, by all pages of a Scan.
    pub(crate) fn count(&mut self, table: &str, index: Option<&str>) -> usize {
        let mut body = serde_json::json!({"TableName": table, "Select": "COUNT"});
        if let Some(index) = index {
            body["IndexName"] = index.into();
        }
        let mut count = 0;
        loop {
            let page = self.ask("Scan", &body);
            count += page["Count"].as_u64().expect("a count") as usize;
            if page["LastEvaluatedKey"].is_null() {
                return count;
            }
            body["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
        }
    }

    /// Describes something until its status is another one than `status`. The answer has it as `described`.
    pub(crate) fn until_not(
        &mut self,
        (operation, body): (&str, &serde_json::Value),
        described: &str,
        (member, status): (&str, &str),
    ) -> serde_json::Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.ask(operation, body)[described].clone();
            if found[member] != status {
                return found;
            }
            assert!(Instant::now() < deadline, "it remains {status}: {found}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn try_call(&mut self, operation: &str, body: &str) -> Option<Response> {
        self.socket.get_mut().write_all(&request(operation, &[], body.as_bytes())).ok()?;
        self.try_response()
    }

    pub(crate) fn response(&mut self) -> Response {
        self.try_response().expect("a response")
    }

    pub(crate) fn try_response(&mut self) -> Option<Response> {
        let (status, headers) = self.try_head()?;
        let length = headers.get("content-length").map_or(0, |length| length.parse().expect("length"));
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).ok()?;
        Some(Response { status, headers, body })
    }

    /// The status of an answer to a HEAD, and the length of the body that a GET would have.
    pub(crate) fn head(&mut self) -> (u16, usize) {
        let (status, headers) = self.try_head().expect("a response");
        (status, headers["content-length"].parse().expect("length"))
    }

    fn try_head(&mut self) -> Option<(u16, BTreeMap<String, String>)> {
        let status = self.line()?;
        let status = status.split(' ').nth(1)?.parse().ok()?;
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        Some((status, headers))
    }

    /// Whether the server has closed the connection, with nothing more to say.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.socket.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.socket.read_line(&mut line).ok()?;
        // Half a line is what a dying server leaves.
        line.ends_with('\n').then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// The bytes of a signed request, as an SDK would send them.
pub(crate) fn request(operation: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let service = if STREAMS.contains(&operation) { "DynamoDBStreams" } else { "DynamoDB" };
    let mut head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n\
         X-Amz-Target: {service}_20120810.{operation}\r\nX-Amz-Date: 20260101T000000Z\r\n\
         Authorization: {AUTHORIZATION}\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

const STREAMS: [&str; 4] = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
