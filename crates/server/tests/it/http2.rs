//! HTTP/2 with prior knowledge: many requests at once on one connection.

use std::io::{Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::client::AUTHORIZATION;
use crate::frames;
use crate::program::until;
use crate::test_server::TestServer;

fn list_tables() -> Request<Full<Bytes>> {
    Request::post("http://localhost/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.ListTables")
        .header("x-amz-date", "20260101T000000Z")
        .header("authorization", AUTHORIZATION)
        .body(Full::new(Bytes::from_static(b"{}")))
        .expect("request")
}

/// Awaits all of the futures, polling each whenever any wakes.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(move |context: &mut Context<'_>| {
        running.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(output) => {
                done.push(output);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(std::mem::take(&mut done)) } else { Poll::Pending }
    })
    .await
}

#[test]
fn prior_knowledge() {
    let server = TestServer::in_memory().start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let socket = TcpStream::connect(server.address).await.expect("connect");
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.expect("handshake");
        tokio::spawn(connection);
        let calls = (0..100).map(|_| {
            let mut sender = sender.clone();
            async move {
                let response = sender.send_request(list_tables()).await.expect("response");
                let (head, body) = response.into_parts();
                (head, body.collect().await.expect("body").to_bytes())
            }
        });
        for (head, body) in all(calls.collect()).await {
            assert_eq!((head.status.as_u16(), &body[..]), (200, &br#"{"TableNames":[]}"#[..]));
            assert_eq!(head.headers["x-amz-crc32"], crc32fast::hash(&body).to_string());
        }
    });
}

/// As many fields as on HTTP/1.1: an empty one takes far more memory than its bytes.
#[test]
fn many_fields() {
    let server = TestServer::in_memory().start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let socket = TcpStream::connect(server.address).await.expect("connect");
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.expect("handshake");
        tokio::spawn(connection);
        for (fields, status) in [(100, 200), (101, 431), (440, 431), (5, 200)] {
            let mut request = list_tables();
            // Content-Length is hyper's.
            let own = request.headers().len() + 1;
            for _ in own..fields {
                request.headers_mut().append("a", hyper::header::HeaderValue::from_static(""));
            }
            let response = sender.send_request(request).await.expect("response");
            assert_eq!(response.status().as_u16(), status, "{fields}");
        }
    });
}

/// Heads whose bodies do not come: those of callers that may be known have memory, and others what is free.
#[test]
fn heads_of_unknown_callers_are_bounded() {
    let server = TestServer::in_memory().start();
    let begin = |head: &[u8]| {
        let mut socket = frames::connect(server.address, &[]);
        let mut out = Vec::new();
        for stream in (0..100).map(|at| 2 * at + 1) {
            frames::frame(&mut out, frames::HEADERS, frames::END_HEADERS, stream, head);
        }
        socket.write_all(&out).expect("send");
        socket
    };
    let held = || {
        let mut client = server.client();
        client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let page = client.response().text();
        let (_, line) = page.split_once("stator_memory_bytes{of=\"requests\"} ").expect("a metric");
        line.lines().next().and_then(|bytes| bytes.parse::<usize>().ok()).expect("a number")
    };
    let long = frames::literal("x-long", &"x".repeat(14_000));
    // Four are free.
    let mut unknown = begin(&[frames::get("/healthz"), long.clone()].concat());
    let (mut refused, mut frame) = (0, [0; 9]);
    while refused < 96 {
        unknown.read_exact(&mut frame).expect("an answer");
        let mut payload = vec![0; u32::from_be_bytes([0, frame[0], frame[1], frame[2]]) as usize];
        unknown.read_exact(&mut payload).expect("all of it");
        refused += usize::from(frame[3] == frames::HEADERS);
    }
    assert_eq!(held(), 0);
    let known = begin(&[frames::head("ListTables", &[]), long].concat());
    until("the others have memory", || held() > 96 * 14_000);
    drop(known);
    until("it is given back", || held() == 0);
    drop(unknown);
}

/// None of the body of a head that is refused is waited for.
#[test]
fn many_fields_and_no_body() {
    let server = TestServer::in_memory().start();
    let mut socket = frames::connect(server.address, &[]);
    let head = frames::head("ListTables", &frames::literal("a", "").repeat(200));
    let mut out = Vec::new();
    frames::frame(&mut out, frames::HEADERS, frames::END_HEADERS, 1, &head);
    socket.write_all(&out).expect("send");
    // Until the head of the answer, on the same stream.
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while !heard.windows(9).any(|it| it[3] == frames::HEADERS && it[5..] == [0, 0, 0, 1]) {
        let read = socket.read(&mut buffer).expect("an answer");
        assert!(read > 0, "it is answered");
        heard.extend_from_slice(&buffer[..read]);
    }
}
