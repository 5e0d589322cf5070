//! A single request to any HTTP service, signed if it is one of AWS's, over a connection of its own.
//!
//! For calls that are few and may take minutes, as those of functions are: a connection that waited between them might have
//! been closed by then, and nobody would know whether the call had arrived.

use std::io;
use std::time::Duration;

use base::Clock;

use crate::connection::{READ_BUFFER_BYTES_MIN, REPLY_SIZE_BYTES_MAX, Trouble};
use crate::endpoint::Endpoint;
use crate::head;
use crate::response::{self, Head, Length};
use crate::sigv4::{Credentials, Protocol, Signer};
use crate::socket::Socket;

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
        let request = self.written(endpoint, signed_for)?;
        let exchange = exchange(endpoint, &request, reply_bytes_max);
        tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(Trouble::Timeout))
    }

    fn written(&self, endpoint: &Endpoint, signed_for: Option<SignedFor<'_>>) -> Result<Vec<u8>, Trouble> {
        head::check(self.method, self.target, self.headers)?;
        head::check_value("host", &endpoint.host)?;
        let mut out = Vec::with_capacity(1024 + self.body.len());
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
        out.extend_from_slice(self.body);
        Ok(out)
    }
}

async fn exchange(endpoint: &Endpoint, request: &[u8], reply_bytes_max: usize) -> Result<Answer, Trouble> {
    let mut socket = Socket::open(endpoint).await?;
    socket.write_all(request).await?;
    let mut input = Vec::new();
    let mut head = None;
    loop {
        let ended = read(&mut socket, &mut input, reply_bytes_max).await? == 0;
        head = match head {
            Some(head) => Some(head),
            None => response::head(&input)?,
        };
        let answer = match head {
            Some(head) => answer(&head, &input, ended)?,
            None => None,
        };
        match answer {
            Some(answer) => return Ok(answer),
            None if ended => return Err(Trouble::Connection(io::ErrorKind::UnexpectedEof)),
            None => {}
        }
    }
}

/// The answer, once all of it has arrived. Without a length the body ends with the connection.
fn answer(head: &Head, input: &[u8], ended: bool) -> Result<Option<Answer>, Trouble> {
    let made = |body: &[u8]| Answer { status: head.status, head: input[..head.size].to_vec(), body: body.to_vec() };
    let rest = &input[head.size..];
    match head.length {
        Length::Chunked => {
            let mut body = Vec::new();
            let complete = response::unchunk(rest, &mut body)?.is_some();
            Ok(complete.then(|| made(&body)))
        }
        Length::Known(length) if length <= rest.len() => {
            let whole = made(&rest[..length]);
            let is_told = length > 0 || matches!(head.status, 204 | 304) || whole.header("content-length").is_some();
            match (is_told, ended) {
                (true, _) => Ok(Some(whole)),
                (false, true) => Ok(Some(made(rest))),
                (false, false) => Ok(None),
            }
        }
        Length::Known(_) => Ok(None),
    }
}

async fn read(socket: &mut Socket, input: &mut Vec<u8>, bytes_max: usize) -> Result<usize, Trouble> {
    let filled = input.len();
    if filled > bytes_max {
        return Err(Trouble::NotHttp);
    }
    input.resize(filled + filled.max(READ_BUFFER_BYTES_MIN), 0);
    let read = socket.read(&mut input[filled..]).await?;
    input.truncate(filled + read);
    Ok(read)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with these bytes, and gives what it got.
    async fn exchanged(reply: &'static str, signed: bool) -> (Result<Answer, Trouble>, String) {
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
        let endpoint = Endpoint::parse(&url, None).unwrap();
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
