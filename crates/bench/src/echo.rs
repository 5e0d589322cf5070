//! `stator bench echo`: what HTTP alone costs. The same library, runtime and settings as a server built on them, and 1 KB
//! for every request: no DynamoDB server of this kind can be faster. With `--dax`, the same over bare TCP.

use std::convert::Infallible;
use std::io::Write;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;
use crate::arguments::EchoArguments;
use crate::dax::{FRAME_HEAD, SUCCESS};

/// An item of 1 KB, as GetItem would answer it.
const REPLY_SIZE_BYTES: usize = 1024;

pub(crate) fn run(arguments: &EchoArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let listen = &arguments.listen;
        let taken = |error| Failure::new(format!("cannot listen on {listen}: {error}"));
        let listener = TcpListener::bind(listen).await.map_err(taken)?;
        announce(&listener).map_err(taken)?;
        match arguments.dax {
            true => serve_frames(listener).await,
            false => serve(listener).await,
        }
        Ok(())
    })
}

/// On stdout, where the parent process reads the port.
fn announce(listener: &TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "http://{address}")?;
    out.flush()
}

async fn serve(listener: TcpListener) {
    let reply = reply();
    // Ends with the process; an error means that there are no more connections to be had.
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(connection(socket, reply.clone()));
    }
}

async fn connection(socket: TcpStream, reply: Bytes) {
    let service = service_fn(|request| answer(request, reply.clone()));
    if socket.set_nodelay(true).is_ok() {
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
    }
}

async fn serve_frames(listener: TcpListener) {
    let frame = frame();
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(answer_frames(socket, frame.clone()));
    }
}

/// What arrives at once is one request: the load sends one after the other, in one piece each.
async fn answer_frames(mut socket: TcpStream, frame: Bytes) {
    let mut request = vec![0; 64 * 1024];
    if socket.set_nodelay(true).is_err() {
        return;
    }
    while socket.read(&mut request).await.is_ok_and(|read| read > 0) {
        if socket.write_all(&frame).await.is_err() {
            return;
        }
    }
}

/// A success in one frame, which begins as the number of a list does.
fn frame() -> Bytes {
    let length = (FRAME_HEAD + REPLY_SIZE_BYTES) as u32;
    let mut frame = [&length.to_be_bytes()[..], &[1, 0, 0, 0], &[SUCCESS, 2]].concat();
    frame.resize(FRAME_HEAD + REPLY_SIZE_BYTES, b'x');
    frame.into()
}

async fn answer(request: Request<Incoming>, reply: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    // A body that breaks off ends the connection by itself.
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(reply));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    Ok(response)
}

fn reply() -> Bytes {
    let (start, end) = (r#"{"Item":{"v":{"S":""#, r#""}}}"#);
    let value = "x".repeat(REPLY_SIZE_BYTES - start.len() - end.len());
    format!("{start}{value}{end}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_is_json_of_1_kb() {
        assert_eq!(reply().len(), REPLY_SIZE_BYTES);
        assert!(serde_json::from_slice::<serde_json::Value>(&reply()).is_ok());
    }
}
