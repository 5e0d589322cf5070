//! A single request to any HTTP service, signed if it is one of AWS's, over a connection of its own.
//!
//! For calls that are few and may take minutes, as those of functions are: a connection that waited between them might have
//! been closed by then, and whether the call had arrived would not be known.

use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue};

use crate::answer::{Answer, ReplyBounds};
use crate::endpoint::Endpoint;
use crate::error::Trouble;
use crate::head;
use crate::http::HttpConnection;
use crate::pool::Pool;
use crate::sigv4::{Credentials, Protocol, Signer};

/// More than the largest reply of DynamoDB (16 MB). Unit: bytes.
pub(crate) const REPLY_SIZE_BYTES_MAX: usize = 64 * 1024 * 1024;

pub struct Call<'a> {
    pub method: &'a str,
    /// Path and query, encoded, from the slash on.
    pub target: &'a str,
    /// Names in small letters, in their order, without those that every call has.
    pub headers: &'a [(&'a str, &'a str)],
    /// Not copied on its way.
    pub body: Bytes,
}

/// The signer of a call, and the service that it is signed for.
#[derive(Clone, Copy)]
pub struct SignedFor<'a> {
    pub credentials: &'a Credentials,
    /// As signatures name it.
    pub service: &'static str,
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
        self.send_within(endpoint, signed_for, timeout, ReplyBounds::whole(REPLY_SIZE_BYTES_MAX)).await
    }

    /// As [`Call::send`], for a reply within bounds, from an endpoint that is not trusted to keep it short.
    ///
    /// # Errors
    /// As for [`Call::send`], or if the reply is longer.
    pub async fn send_within(
        &self,
        endpoint: &Endpoint,
        signed_for: Option<SignedFor<'_>>,
        timeout: Duration,
        reply: ReplyBounds,
    ) -> Result<Answer, Trouble> {
        let mut request = self.request(&endpoint.host, signed_for)?;
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        let exchange = async { HttpConnection::open(endpoint).await?.exchange(request, reply).await };
        tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(Trouble::Timeout))
    }

    /// As [`Call::send_within`], over a connection that is used again.
    ///
    /// # Errors
    /// As for [`Call::send_within`].
    pub async fn send_over(
        &self,
        pool: &Pool,
        signed_for: Option<SignedFor<'_>>,
        timeout: Duration,
        reply: ReplyBounds,
    ) -> Result<Answer, Trouble> {
        let host = pool.server().url().authority();
        // Refused before a connection is reserved for it.
        self.check(&host, signed_for)?;
        let mut connection = pool.take(timeout).await?;
        // Signed only now: a signature has a time, and the wait for a connection may be long.
        let request = self.request(&host, signed_for)?;
        let exchange = tokio::time::timeout(timeout, connection.http.exchange(request, reply));
        let answer = exchange.await.unwrap_or(Err(Trouble::Timeout))?;
        pool.put_back(connection);
        Ok(answer)
    }

    /// Whether the call may be sent.
    ///
    /// # Errors
    /// [`Trouble::Unusable`] that names the part that must not be sent.
    pub(crate) fn check(&self, host: &str, signed_for: Option<SignedFor<'_>>) -> Result<(), Trouble> {
        head::check(self.method, self.target, self.headers)?;
        head::check_value("host", host)?;
        signed_for.map_or(Ok(()), |signed_for| head::check_credentials(signed_for.credentials))
    }

    /// The call as hyper sends it, signed at this moment.
    ///
    /// # Errors
    /// As for [`Call::check`].
    pub(crate) fn request(
        &self,
        host: &str,
        signed_for: Option<SignedFor<'_>>,
    ) -> Result<Request<Full<Bytes>>, Trouble> {
        self.check(host, signed_for)?;
        let mut request = Request::builder().method(self.method).uri(self.target).header(HOST, host);
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        let signed = signed_for.map(|SignedFor { credentials, service }| {
            // The headers are the call's own.
            let protocol = Protocol { service, content_type: "" };
            let mut signer = Signer::new(protocol, credentials.clone(), host, Clock::system());
            signer.headers(self.method, self.target, self.headers, &self.body)
        });
        for (name, value) in signed.into_iter().flatten() {
            request = request.header(name, value);
        }
        let request = request.header(CONTENT_LENGTH, self.body.len()).body(Full::new(self.body.clone()));
        request.map_err(|error| Trouble::Unusable(format!("the request cannot be sent: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

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
            body: Bytes::from_static(b"payload"),
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
        for broken in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        ] {
            assert_eq!(exchanged(broken, false).await.0, Err(Trouble::NotHttp), "{broken}");
        }
    }

    #[tokio::test]
    async fn the_beginning_of_a_reply_is_stored() {
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
                let call = Call { method: "POST", target: "/", headers: &[], body: Bytes::from_static(b"payload") };
                let answer =
                    call.send_within(&endpoint, None, Duration::from_secs(600), ReplyBounds { read, kept }).await;
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
        let body = vec![b'x'; 640 << 10];
        let length = body.len();
        let sent = tokio::spawn(async move {
            let call = Call { method: "POST", target: "/", headers: &[], body: body.into() };
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
        let call = |method, target, headers| Call { method, target, headers, body: Bytes::new() };
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
        assert!(plain.ends_with("\r\n\r\npayload"), "{plain}");
        assert!(plain.contains("\r\ncontent-length: 7\r\n") && plain.contains("\r\nconnection: close\r\n"), "{plain}");
        assert!(!plain.contains("authorization"));
        let (_, signed) = exchanged(reply, true).await;
        assert!(signed.starts_with("POST /a%3Ab?q=1 HTTP/1.1\r\n"), "{signed}");
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type,";
        assert!(signed.contains("/us-east-1/lambda/aws4_request") && signed.contains(names), "{signed}");
    }
}
