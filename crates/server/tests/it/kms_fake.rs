//! A small KMS for tests, in this process: keys that can be disabled, and calls that fail a few times.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64_simd::STANDARD;
use serde_json::{Value, json};

use crate::kinesis_fake::request;

pub(crate) const KEY: &str = "arn:aws:kms:eu-west-3:111122223333:key/1111aaaa";
pub(crate) const OTHER_KEY: &str = "arn:aws:kms:eu-west-3:111122223333:key/2222bbbb";

pub(crate) struct Kms {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What a key answers with instead, if it is not usable.
    refuses: BTreeMap<String, &'static str>,
    /// So many calls fail first.
    failures: u32,
    calls: Vec<String>,
    authorization: String,
}

impl Kms {
    pub(crate) fn start() -> Kms {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state: Arc<Mutex<State>> = Arc::default();
        let serving = Arc::clone(&state);
        // Ends with the process that runs the tests.
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                serve(socket, &serving);
            }
        });
        Kms { url, state }
    }

    pub(crate) fn refuse(&self, key: &str, exception: &'static str) {
        self.state.lock().expect("state").refuses.insert(key.to_owned(), exception);
    }

    pub(crate) fn allow(&self, key: &str) {
        self.state.lock().expect("state").refuses.remove(key);
    }

    pub(crate) fn fail(&self, times: u32) {
        self.state.lock().expect("state").failures = times;
    }

    /// The operations since the last look, in their order.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().expect("state").calls)
    }

    pub(crate) fn authorization(&self) -> String {
        self.state.lock().expect("state").authorization.clone()
    }
}

fn serve(socket: TcpStream, state: &Mutex<State>) {
    let mut socket = BufReader::new(socket);
    while let Some((head, body)) = request(&mut socket) {
        let mut state = state.lock().expect("state");
        state.authorization = head.get("authorization").cloned().unwrap_or_default();
        let target = head.get("x-amz-target").map(String::as_str).unwrap_or_default();
        let operation = target.strip_prefix("TrentService.").expect("a KMS operation").to_owned();
        let (status, body) = match state.failures {
            0 => state.answer(&operation, &body).unwrap_or_else(|exception| {
                (400, json!({"__type": exception, "message": format!("{exception} of a test")}))
            }),
            _ => {
                state.failures -= 1;
                (500, json!({"__type": "KMSInternalException"}))
            }
        };
        state.calls.push(operation);
        let text = body.to_string();
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", text.len());
        if socket.get_mut().write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

impl State {
    fn answer(&self, operation: &str, body: &Value) -> Result<(u16, Value), &'static str> {
        let named = body["KeyId"].as_str().unwrap_or_default();
        let key = [KEY, OTHER_KEY].into_iter().find(|arn| arn.ends_with(named)).ok_or("NotFoundException")?;
        if let Some(exception) = self.refuses.get(key) {
            return Err(exception);
        }
        match operation {
            "Encrypt" => {
                let wrapped = json!({"key": key, "plain": body["Plaintext"], "context": body["EncryptionContext"]});
                let blob = STANDARD.encode_to_string(wrapped.to_string());
                Ok((200, json!({"KeyId": key, "CiphertextBlob": blob, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})))
            }
            "Decrypt" => {
                let blob = STANDARD.decode_to_vec(body["CiphertextBlob"].as_str().unwrap_or_default());
                let blob = blob.map_err(|_| "InvalidCiphertextException")?;
                let wrapped: Value = serde_json::from_slice(&blob).map_err(|_| "InvalidCiphertextException")?;
                if wrapped["key"] != key {
                    return Err("IncorrectKeyException");
                }
                if wrapped["context"] != body["EncryptionContext"] {
                    return Err("InvalidCiphertextException");
                }
                Ok((200, json!({"KeyId": key, "Plaintext": wrapped["plain"]})))
            }
            _ => Err("UnknownOperationException"),
        }
    }
}
