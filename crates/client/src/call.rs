//! A single request to any HTTP service, signed if it is one of AWS's, over a connection of its own.
//!
//! For calls that are few and may take minutes, as those of functions are: a connection that waited between them might have
//! been closed by then, and nobody would know whether the call had arrived.

use std::io;
use std::time::Duration;

use base::Clock;

use crate::connection::{READ_BUFFER_BYTES_MIN, REPLY_SIZE_BYTES_MAX};
use crate::endpoint::Endpoint;
use crate::error::Trouble;
use crate::head;
use crate::response::{self, Chunks, Head, Length};
use crate::sigv4::{Credentials, Protocol, Signer};
use crate::socket::Socket;

/// Up to this size a body is sent together with its head; a larger one is not copied. Unit: bytes.
const BODY_BESIDE_HEAD_BYTES_MAX: usize = 16 * 1024;

pub struct Call<'a> {
    pub method: &'a str,
    /// Path and query, encoded, from the slash on.
    pub target: &'a str,
    /// Names in small letters, in their order, without those that every call has.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// Whose signature a call carries, and for which service.
#[derive(Clone, Copy)]
pub struct SignedFor<'a> {
    pub credentials: &'a Credentials,
    /// As signatures name it.
    pub service: &'static str,
}

/// A reply, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    head: Vec<u8>,
    pub body: Vec<u8>,
    /// Whether `body` is all of it.
    pub is_whole: bool,
}

/// How much of a reply's body is read, and how much of that is kept. Unit: bytes.
#[derive(Clone, Copy)]
struct Bounds {
    read: usize,
    kept: usize,
}

impl Answer {
    /// The value of a header, if there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.split(|&byte| byte == b'\n').skip(1);
        lines
            .filter_map(|line| std::str::from_utf8(line).ok()?.split_once(':'))
            .find_map(|(found, value)| found.trim().eq_ignore_ascii_case(name).then_some(value.trim()))
    }
}

impl Call<'_> {
    /// Sends the call and waits for all of its reply.
    ///
    /// # Errors
    /// If the call has a head that must not be sent, or if there is no whole reply in time.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        signed_for: Option<SignedFor<'_>>,
        timeout: Duration,
    ) -> Result<Answer, Trouble> {
        self.send_bounded(endpoint, signed_for, timeout, REPLY_SIZE_BYTES_MAX).await
    }

    /// As [`Call::send`], for a reply of no more than so many bytes, from an endpoint that is not trusted to keep it short.
    ///
    /// # Errors
    /// If there is no whole reply in time, or if it is longer.
    pub async fn send_bounded(
        &self,
        endpoint: &Endpoint,
        signed_for: Option<SignedFor<'_>>,
        timeout: Duration,
        reply_bytes_max: usize,
    ) -> Result<Answer, Trouble> {
        self.send_keeping(endpoint, signed_for, timeout, reply_bytes_max, reply_bytes_max).await
    }

    /// As [`Call::send_bounded`]. Of the body only the first `kept_bytes_max` are kept; the rest is read and dropped.
    ///
    /// # Errors
    /// As for [`Call::send_bounded`].
    pub async fn send_keeping(
        &self,
        endpoint: &Endpoint,
        signed_for: Option<SignedFor<'_>>,
        timeout: Duration,
        kept_bytes_max: usize,
        reply_bytes_max: usize,
    ) -> Result<Answer, Trouble> {
        let bounds = Bounds { read: reply_bytes_max, kept: kept_bytes_max };
        let mut head = self.head(endpoint, signed_for)?;
        let body = match self.body.len() <= BODY_BESIDE_HEAD_BYTES_MAX {
            true => {
                head.extend_from_slice(self.body);
                &[]
            }
            false => self.body,
        };
        let exchange = exchange(endpoint, &head, body, bounds);
        tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(Trouble::Timeout))
    }

    /// All before the body.
    fn head(&self, endpoint: &Endpoint, signed_for: Option<SignedFor<'_>>) -> Result<Vec<u8>, Trouble> {
        head::check(self.method, self.target, self.headers)?;
        head::check_value("host", &endpoint.host)?;
        let mut out = Vec::with_capacity(1024);
        match signed_for {
            Some(SignedFor { credentials, service }) => {
                head::check_credentials(credentials)?;
                // The headers are the call's own.
                let protocol = Protocol { service, content_type: "" };
                let mut signer = Signer::new(protocol, credentials.clone(), &endpoint.host, Clock::system());
                signer.head(self.method, self.target, self.headers, self.body, &mut out);
            }
            None => {
                out.extend_from_slice(
                    format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.target, endpoint.host).as_bytes(),
                );
                for (name, value) in self.headers {
                    out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
                }
            }
        }
        out.extend_from_slice(format!("connection: close\r\ncontent-length: {}\r\n\r\n", self.body.len()).as_bytes());
        Ok(out)
    }
}

async fn exchange(endpoint: &Endpoint, head: &[u8], body: &[u8], bounds: Bounds) -> Result<Answer, Trouble> {
    let mut socket = Socket::open(endpoint).await?;
    socket.write_all(head).await?;
    socket.write_all(body).await?;
    let (head, mut arrived) = read_head(&mut socket).await?;
    let rest = arrived.split_off(head.size);
    let mut answer = Answer { status: head.status, head: arrived, body: Vec::new(), is_whole: true };
    let mut body = Body::of(&head, &answer, bounds);
    body.take(&rest)?;
    drop(rest);
    let mut room = vec![0; READ_BUFFER_BYTES_MIN];
    while !body.is_complete() {
        match socket.read(&mut room).await? {
            0 if matches!(body.form, Form::UntilTheEnd) => break,
            0 => return Err(Trouble::Connection(io::ErrorKind::UnexpectedEof)),
            read => body.take(&room[..read])?,
        }
    }
    answer.is_whole = body.length == body.kept.len();
    answer.body = body.kept;
    Ok(answer)
}

/// The head, and what has arrived with it.
async fn read_head(socket: &mut Socket) -> Result<(Head, Vec<u8>), Trouble> {
    let mut arrived = Vec::new();
    loop {
        let filled = arrived.len();
        arrived.resize(filled + READ_BUFFER_BYTES_MIN, 0);
        let read = socket.read(&mut arrived[filled..]).await?;
        arrived.truncate(filled + read);
        match response::head(&arrived)? {
            Some(head) => return Ok((head, arrived)),
            None if read == 0 => return Err(Trouble::Connection(io::ErrorKind::UnexpectedEof)),
            None => {}
        }
    }
}

/// A body that is arriving.
struct Body {
    form: Form,
    bounds: Bounds,
    /// As it came, with the frames of its chunks.
    read: usize,
    length: usize,
    kept: Vec<u8>,
}

/// Where a body ends.
enum Form {
    /// After so many more bytes.
    Counted(usize),
    Chunked(Chunks),
    UntilTheEnd,
}

impl Body {
    fn of(head: &Head, answer: &Answer, bounds: Bounds) -> Body {
        let form = match head.length {
            Length::Chunked => Form::Chunked(Chunks::new()),
            // Without a length the body ends with the connection.
            Length::Known(0) if !matches!(head.status, 204 | 304) && answer.header("content-length").is_none() => {
                Form::UntilTheEnd
            }
            Length::Known(length) => Form::Counted(length),
        };
        Body { form, bounds, read: 0, length: 0, kept: Vec::new() }
    }

    fn is_complete(&self) -> bool {
        match &self.form {
            Form::Counted(left) => *left == 0,
            Form::Chunked(chunks) => chunks.are_complete(),
            Form::UntilTheEnd => false,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.read += bytes.len();
        if self.read > self.bounds.read {
            return Err(Trouble::NotHttp);
        }
        let (kept, kept_max, length) = (&mut self.kept, self.bounds.kept, &mut self.length);
        let mut keep = |data: &[u8]| {
            *length += data.len();
            kept.extend_from_slice(&data[..data.len().min(kept_max - kept.len())]);
        };
        match &mut self.form {
            Form::Counted(left) => {
                let own = (*left).min(bytes.len());
                keep(&bytes[..own]);
                *left -= own;
            }
            Form::Chunked(chunks) => chunks.take(bytes, keep)?,
            Form::UntilTheEnd => keep(bytes),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with these bytes, and gives what it got.
    async fn answering(reply: &'static str) -> (Endpoint, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"payload") {
                let mut byte = [0];
                socket.read_exact(&mut byte).await.unwrap();
                request.push(byte[0]);
            }
            socket.write_all(reply.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        });
        (Endpoint::parse(&url, None).unwrap(), server)
    }

    async fn exchanged(reply: &'static str, signed: bool) -> (Result<Answer, Trouble>, String) {
        let (endpoint, server) = answering(reply).await;
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: None,
            region: "us-east-1".to_owned(),
        };
        let call = Call {
            method: "POST",
            target: "/a%3Ab?q=1",
            headers: &[("content-type", "application/json"), ("x-amz-invocation-type", "RequestResponse")],
            body: b"payload",
        };
        let signed_for = SignedFor { credentials: &credentials, service: "lambda" };
        let answer = call.send(&endpoint, signed.then_some(signed_for), Duration::from_secs(10)).await;
        (answer, server.await.unwrap())
    }

    #[tokio::test]
    async fn replies_of_all_kinds() {
        for (reply, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok", 200, "ok"),
            ("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n2\r\nok\r\n0\r\n\r\n", 500, "ok"),
            ("HTTP/1.0 200 OK\r\nx-a:b\r\n\r\nuntil the end", 200, "until the end"),
            ("HTTP/1.1 204 No Content\r\nX-A:  b \r\n\r\n", 204, ""),
        ] {
            let answer = exchanged(reply, false).await.0.unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()), "{reply}");
            assert_eq!((answer.header("x-a"), answer.header("x-b")), (Some("b"), None), "{reply}");
        }
        for broken in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "HTTP/1.1 200 OK\r\n"] {
            let answer = exchanged(broken, false).await.0;
            assert_eq!(answer, Err(Trouble::Connection(io::ErrorKind::UnexpectedEof)), "{broken}");
        }
        assert_eq!(exchanged("SSH-2.0\r\n\r\n", false).await.0, Err(Trouble::NotHttp));
    }

    #[tokio::test]
    async fn the_beginning_of_a_reply_is_kept() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
        let counted = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabcdefg";
        for reply in [chunked, counted, "HTTP/1.1 200 OK\r\n\r\nabcdefg"] {
            for (kept, read, expected) in [
                (0, 100, Some((&b""[..], false))),
                (5, 100, Some((b"abcde", false))),
                (7, 100, Some((b"abcdefg", true))),
                (100, 100, Some((b"abcdefg", true))),
                (5, 6, None),
            ] {
                let (endpoint, server) = answering(reply).await;
                let call = Call { method: "POST", target: "/", headers: &[], body: b"payload" };
                let answer = call.send_keeping(&endpoint, None, Duration::from_secs(600), kept, read).await;
                let found = answer.as_ref().ok().map(|answer| (answer.body.as_slice(), answer.is_whole));
                assert_eq!(found, expected, "{kept} of {read}: {reply}");
                server.await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_long_body_arrives_whole() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
        let body = vec![b'x'; BODY_BESIDE_HEAD_BYTES_MAX * 40];
        let length = body.len();
        let sent = tokio::spawn(async move {
            let call = Call { method: "POST", target: "/", headers: &[], body: &body };
            call.send(&endpoint, None, Duration::from_secs(600)).await
        });
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while memchr::memmem::find(&request, b"\r\n\r\n").is_none_or(|head| request.len() < head + 4 + length) {
            assert!(socket.read_buf(&mut request).await.unwrap() > 0);
        }
        assert!(request.ends_with(b"xx"));
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        assert_eq!(sent.await.unwrap().unwrap().status, 204);
    }

    /// Line ends in any part of a call: nothing arrives, not even a part.
    #[tokio::test]
    async fn nothing_is_sent_that_would_begin_another_line() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
        let injected = "x HTTP/1.1\r\nHost: other\r\n\r\nGET /";
        let credentials = |region: &str, session_token: Option<&str>| Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: session_token.map(str::to_owned),
            region: region.to_owned(),
        };
        let (good, path) = (credentials("us-east-1", None), format!("/{injected}"));
        let (region, token) = (credentials(injected, None), credentials("us-east-1", Some(injected)));
        let call = |method, target, headers| Call { method, target, headers, body: b"" };
        let (name, value) = ([(injected, "x")], [("x-a", injected)]);
        for (call, credentials) in [
            (call("GET", &path, &[]), &good),
            (call(injected, "/", &[]), &good),
            (call("GET", "/", &name), &good),
            (call("GET", "/", &value), &good),
            (call("GET", "/", &[]), &region),
            (call("GET", "/", &[]), &token),
        ] {
            let is_plain = std::ptr::eq(credentials, &raw const good);
            for signed_for in [Some(SignedFor { credentials, service: "sqs" }), None] {
                if signed_for.is_none() && !is_plain {
                    continue;
                }
                let answer = call.send(&endpoint, signed_for, Duration::from_secs(10)).await;
                assert!(matches!(&answer, Err(Trouble::Unusable(_))), "{answer:?}");
            }
        }
        let other = Endpoint { host: format!("h\r\n{injected}"), ..endpoint.clone() };
        assert!(call("GET", "/", &[]).send(&other, None, Duration::from_secs(10)).await.is_err());
        // The first connection that comes is that of a good call.
        let sent =
            tokio::spawn(async move { call("GET", "/good", &[]).send(&endpoint, None, Duration::from_secs(10)).await });
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut first = [0; 9];
        socket.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"GET /good");
        sent.abort();
    }

    #[tokio::test]
    async fn redirects_are_answers() {
        let elsewhere = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        let answer = exchanged(elsewhere, false).await.0.unwrap();
        assert_eq!((answer.status, answer.header("location")), (302, Some("http://127.0.0.1:1/")));
    }

    #[tokio::test]
    async fn what_is_sent() {
        let reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let (_, plain) = exchanged(reply, false).await;
        assert!(plain.starts_with("POST /a%3Ab?q=1 HTTP/1.1\r\nhost: 127.0.0.1:"), "{plain}");
        assert!(plain.ends_with("content-length: 7\r\n\r\npayload"), "{plain}");
        assert!(!plain.contains("authorization"));
        let (_, signed) = exchanged(reply, true).await;
        assert!(signed.starts_with("POST /a%3Ab?q=1 HTTP/1.1\r\n"), "{signed}");
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type,";
        assert!(signed.contains("/us-east-1/lambda/aws4_request") && signed.contains(names), "{signed}");
    }
}
