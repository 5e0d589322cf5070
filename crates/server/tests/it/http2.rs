//! HTTP/2 with prior knowledge: many requests at once on one connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::client::AUTHORIZATION;
use crate::program::Server;

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
    let server = Server::in_memory();
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
