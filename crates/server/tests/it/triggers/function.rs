//! A stand-in for all that a trigger talks to: Lambda's Invoke API, a URL, a queue. It records its calls and answers as
//! the test asks.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::PATIENCE;

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Method and path.
    pub(super) line: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn records(&self) -> Vec<Value> {
        self.body["Records"].as_array().cloned().unwrap_or_default()
    }

    /// The value of attribute `n` in the image or the key of each record.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.records().iter().map(number).collect()
    }
}

pub(super) fn number(record: &Value) -> u64 {
    let image = &record["dynamodb"]["NewImage"]["n"]["N"];
    image.as_str().unwrap_or_else(|| panic!("{record}")).parse().expect("a number")
}

/// What to answer; nothing closes the connection.
pub(super) type Answer = Option<(u16, &'static str, String)>;

pub(super) fn ok(body: impl ToString) -> Answer {
    Some((200, "", body.to_string()))
}

/// What a function's error looks like.
pub(super) fn function_error() -> Answer {
    Some((200, "X-Amz-Function-Error: Unhandled\r\n", r#"{"errorMessage":"no","errorType":"Error"}"#.to_owned()))
}

pub(super) struct Outside {
    pub(super) address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Outside {
    /// `answer` is given each call and how many there were before it.
    pub(super) fn start(answer: impl Fn(&Call, usize) -> Answer + Send + Sync + 'static) -> Outside {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let address = listener.local_addr().expect("an address");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&calls), Arc::new(answer));
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                std::thread::spawn(move || serve(socket, &kept, &*answer));
            }
        });
        Outside { address, calls }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("calls").clone()
    }

    /// Waits until the calls are as asked, and gives them.
    pub(super) fn wait(&self, until: impl Fn(&[Call]) -> bool) -> Vec<Call> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let calls = self.calls();
            if until(&calls) {
                return calls;
            }
            assert!(Instant::now() < deadline, "this is all that came: {calls:#?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until records with so many different numbers came.
    pub(super) fn wait_for_numbers(&self, count: usize) -> Vec<Call> {
        self.wait(|calls| {
            let all: std::collections::BTreeSet<u64> = calls.iter().flat_map(Call::numbers).collect();
            all.len() >= count
        })
    }
}

/// Records a call before it is answered.
fn serve(socket: TcpStream, kept: &Mutex<Vec<Call>>, answer: &dyn Fn(&Call, usize) -> Answer) {
    let mut socket = BufReader::new(socket);
    while let Some(call) = read(&mut socket) {
        let before = {
            let mut kept = kept.lock().expect("calls");
            kept.push(call.clone());
            kept.len() - 1
        };
        let Some((status, headers, body)) = answer(&call, before) else { return };
        let reply = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
        if socket.get_mut().write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(socket: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let headers: BTreeMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    socket.read_exact(&mut body).ok()?;
    let line = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
    Some(Call { line, headers, body: serde_json::from_slice(&body).expect("JSON") })
}
