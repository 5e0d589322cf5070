//! A small S3 in this process, with faults: what it does is decided by the tests, how it speaks is S3's API Reference.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use md5::{Digest, Md5};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The connection ends, and nothing is done.
    Lost,
    /// It is done, and the connection ends without a reply.
    ReplyLost,
    /// The reply ends in the middle of its body.
    ReplyCut,
    /// Nothing is done, and this is the reply.
    Reply(u16, &'static str),
    /// It is done after a while.
    Slow(Duration),
}

pub(super) struct Request {
    pub(super) method: String,
    /// As sent.
    pub(super) target: String,
    path: String,
    query: BTreeMap<String, String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn is(&self, method: &str, part_of_target: &str) -> bool {
        self.method == method && self.target.contains(part_of_target)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

type Script = Box<dyn FnMut(&Request) -> Option<Fault> + Send>;

#[derive(Default)]
struct State {
    /// ETags and contents by bucket and key.
    objects: BTreeMap<(String, String), (String, Bytes)>,
    uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
    uploads_begun: u32,
    requests: Vec<Request>,
    script: Option<Script>,
}

pub(super) struct Fake {
    state: Arc<Mutex<State>>,
    pub(super) url: String,
    serving: JoinHandle<()>,
}

pub(super) const BUCKET: &str = "bucket";

impl Fake {
    pub(super) async fn start() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(socket, Arc::clone(&shared)));
            }
        });
        Fake { state, url, serving }
    }

    /// Decides about each request from now on.
    pub(super) fn script(&self, script: impl FnMut(&Request) -> Option<Fault> + Send + 'static) {
        let mut state = self.state.lock();
        state.script = Some(Box::new(script));
        state.requests.clear();
    }

    pub(super) fn requests<T>(&self, each: impl FnMut(&Request) -> T) -> Vec<T> {
        self.state.lock().requests.iter().map(each).collect()
    }

    pub(super) fn put(&self, key: &str, body: &[u8]) {
        let object = (etag(body), Bytes::copy_from_slice(body));
        self.state.lock().objects.insert((BUCKET.to_owned(), key.to_owned()), object);
    }

    pub(super) fn uploads(&self) -> usize {
        self.state.lock().uploads.len()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut socket: TcpStream, state: Arc<Mutex<State>>) {
    while let Some(request) = read(&mut socket).await {
        let fault = state.lock().script.as_mut().and_then(|script| script(&request));
        if let Some(Fault::Slow(time)) = &fault {
            tokio::time::sleep(*time).await;
        }
        let (status, headers, body) = match &fault {
            Some(Fault::Lost) => {
                state.lock().requests.push(request);
                return;
            }
            Some(Fault::Reply(status, body)) => (*status, Vec::new(), Bytes::from(*body)),
            _ => answer(&mut state.lock(), &request),
        };
        let is_head = request.method == "HEAD";
        state.lock().requests.push(request);
        if matches!(fault, Some(Fault::ReplyLost)) {
            return;
        }
        let length = body.len();
        let mut head = format!("HTTP/1.1 {status} X\r\n");
        if !(is_head && headers.iter().any(|(name, _)| *name == "content-length")) {
            head += &format!("content-length: {length}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let sent = match fault {
            Some(Fault::ReplyCut) => &body[..length / 2],
            _ if is_head => &[],
            _ => &body[..],
        };
        let written =
            socket.write_all((head + "\r\n").as_bytes()).await.is_ok() && socket.write_all(sent).await.is_ok();
        if !written || matches!(fault, Some(Fault::ReplyCut)) {
            return;
        }
    }
}

async fn read(socket: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut body = bytes.split_off(end + 4);
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        if socket.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let decoded = |text: &str| base::percent_decoded_strict(text.as_bytes()).unwrap();
    let query = query.split('&').filter(|pair| !pair.is_empty());
    let query = query.map(|pair| pair.split_once('=').unwrap()).map(|(name, value)| (name.to_owned(), decoded(value)));
    let (path, query) = (decoded(path), query.collect());
    Some(Request { method, path, query, headers, body: body.into(), target })
}

type Answer = (u16, Vec<(&'static str, String)>, Bytes);

fn answer(state: &mut State, request: &Request) -> Answer {
    assert!(request.headers["authorization"].contains("/us-east-1/s3/aws4_request, SignedHeaders="));
    assert_eq!(request.headers["x-amz-content-sha256"].len(), 64);
    let path = request.path.strip_prefix('/').unwrap();
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != BUCKET {
        return error(404, "NoSuchBucket");
    }
    let owner = request.headers.get("x-amz-expected-bucket-owner");
    if owner.is_some_and(|owner| owner != "111122223333") {
        return error(403, "AccessDenied");
    }
    let at = (bucket.to_owned(), key.to_owned());
    match (request.method.as_str(), request.parameter("uploadId")) {
        ("GET", None) if key.is_empty() => list(state, request),
        ("GET" | "HEAD", None) => get(state, request, &at),
        ("PUT", None) if request.headers.contains_key("if-none-match") && state.objects.contains_key(&at) => {
            error(412, "PreconditionFailed")
        }
        ("PUT", None) => {
            let etag = etag(&request.body);
            state.objects.insert(at, (etag.clone(), request.body.clone()));
            (200, vec![("etag", format!("\"{etag}\""))], Bytes::new())
        }
        ("DELETE", None) => {
            state.objects.remove(&at);
            (204, Vec::new(), Bytes::new())
        }
        ("POST", None) if request.parameter("uploads").is_some() => {
            state.uploads_begun += 1;
            let id = format!("upload {}", state.uploads_begun);
            state.uploads.insert(id.clone(), BTreeMap::new());
            let body =
                format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
            (200, Vec::new(), body.into())
        }
        (method, Some(id)) => upload(state, request, method, id, at),
        other => panic!("{other:?} {path}"),
    }
}

fn upload(state: &mut State, request: &Request, method: &str, id: &str, at: (String, String)) -> Answer {
    let Some(parts) = state.uploads.get_mut(id) else { return error(404, "NoSuchUpload") };
    match method {
        "PUT" => {
            parts.insert(request.parameter("partNumber").unwrap().parse().unwrap(), request.body.clone());
            (200, vec![("etag", format!("\"{}\"", etag(&request.body)))], Bytes::new())
        }
        "POST" => {
            let named = String::from_utf8(request.body.to_vec()).unwrap();
            let expected: String = parts
                .iter()
                .map(|(number, part)| {
                    format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{}\"</ETag></Part>", etag(part))
                })
                .collect();
            assert!(named.contains(&expected), "{named}");
            assert!(parts.keys().copied().eq(1..=parts.len() as u32));
            let body = parts.values().map(|part| &part[..]).collect::<Vec<_>>().concat();
            let etag = format!("{}-{}", etag(&body), parts.len());
            state.uploads.remove(id);
            state.objects.insert(at, (etag.clone(), body.into()));
            let body = format!(
                "<CompleteMultipartUploadResult><ETag>&quot;{etag}&quot;</ETag></CompleteMultipartUploadResult>"
            );
            (200, Vec::new(), body.into())
        }
        "DELETE" => {
            state.uploads.remove(id);
            (204, Vec::new(), Bytes::new())
        }
        other => panic!("{other}"),
    }
}

fn get(state: &State, request: &Request, at: &(String, String)) -> Answer {
    let Some((etag, body)) = state.objects.get(at) else { return error(404, "NoSuchKey") };
    let etag = format!("\"{etag}\"");
    if request.method == "HEAD" {
        return (200, vec![("etag", etag), ("content-length", body.len().to_string())], Bytes::new());
    }
    if request.headers.get("if-match").is_some_and(|expected| *expected != etag) {
        return error(412, "PreconditionFailed");
    }
    let range = request.headers["range"].strip_prefix("bytes=").unwrap();
    let (from, to) = range.split_once('-').unwrap();
    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
    if from >= body.len() {
        return error(416, "InvalidRange");
    }
    let to = to.min(body.len() - 1);
    let range = format!("bytes {from}-{to}/{}", body.len());
    (206, vec![("etag", etag), ("content-range", range)], body.slice(from..=to))
}

fn list(state: &State, request: &Request) -> Answer {
    let prefix = request.parameter("prefix").unwrap();
    let after = request.parameter("continuation-token").or(request.parameter("start-after")).unwrap_or_default();
    let keys = state.objects.iter().map(|((_, key), (etag, body))| (key, etag, body.len()));
    let mut keys: Vec<_> = keys.filter(|(key, ..)| key.starts_with(prefix) && key.as_str() > after).collect();
    let is_cut = keys.len() > 1000;
    keys.truncate(1000);
    let mut body = format!("<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{is_cut}</IsTruncated>");
    if is_cut {
        body += &format!("<NextContinuationToken>{}</NextContinuationToken>", keys[999].0);
    }
    for (key, etag, size) in keys {
        let key = base::percent_encoded(key.as_bytes()).replace("%20", "+");
        body += &format!("<Contents><Key>{key}</Key><ETag>\"{etag}\"</ETag><Size>{size}</Size></Contents>");
    }
    (200, Vec::new(), (body + "</ListBucketResult>").into())
}

fn error(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>of the fake</Message><RequestId>r1</RequestId></Error>");
    (status, Vec::new(), body.into())
}

fn etag(body: &[u8]) -> String {
    base::hex(&Md5::digest(body))
}
