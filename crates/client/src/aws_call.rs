//! Calls of AWS services: signed, attempted again if that may help, with errors by the names of their exceptions.

use std::time::Duration;

use crate::answer::{Answer, ReplyBounds};
use crate::backoff::Backoff;
use crate::budget::Holder;
use crate::call::{Call, SignedFor};
use crate::calls::reserve_call;
use crate::error::Trouble;
use crate::pool::Pool;
use crate::server::Server;

/// A call, and what may become of it.
pub struct AwsCall<'a> {
    pub call: Call<'a>,
    pub signed_for: SignedFor<'a>,
    /// Of the resolution of the server's name, and of the rest of each attempt.
    pub timeout: Duration,
    pub reply: ReplyBounds,
    pub retries: Retries,
}

/// The connection of a call.
#[derive(Clone, Copy)]
pub enum Via<'a> {
    /// One of its own, closed behind its reply. The caller has reserved it. For calls that must not be sent twice: a connection that waits
    /// between calls may be closed by the server just then, and whether the call has arrived is not known.
    Reserved(&'a Server),
    /// One of its own for each attempt, which is reserved for this holder within the call's timeout.
    Reserving(&'a Server, &'a Holder),
    /// One of a pool.
    Pool(&'a Pool),
}

/// How often a call is attempted again after a failure that may pass.
#[derive(Clone, Debug)]
pub struct Retries {
    count: u32,
    backoff: Backoff,
}

impl Retries {
    /// For callers that decide themselves what to repeat.
    pub const NONE: Retries = Retries::new(0, Backoff::new(0, 0));

    pub const fn new(count: u32, backoff: Backoff) -> Retries {
        Retries { count, backoff }
    }
}

/// The reply of the last attempt, whatever its status.
///
/// # Errors
/// If the call has a head that must not be sent, or if the last attempt has no whole reply in time.
pub async fn aws_call(via: Via<'_>, call: &AwsCall<'_>) -> Result<Answer, Trouble> {
    let Retries { mut count, mut backoff } = call.retries.clone();
    loop {
        let outcome = attempt(via, call).await;
        if count == 0 || !may_pass(&outcome) {
            return outcome;
        }
        count -= 1;
        backoff.pause().await;
    }
}

fn may_pass(outcome: &Result<Answer, Trouble>) -> bool {
    match outcome {
        Ok(answer) => answer.refusal().is_some_and(|refused| refused.is_passing()),
        Err(trouble) => matches!(trouble, Trouble::Connection(_) | Trouble::Timeout),
    }
}

async fn attempt(via: Via<'_>, call: &AwsCall<'_>) -> Result<Answer, Trouble> {
    match via {
        Via::Reserved(server) => call.alone(server).await,
        Via::Reserving(server, holder) => {
            let reserving = tokio::time::timeout(call.timeout, reserve_call(holder));
            let _reservation = reserving.await.map_err(|_| Trouble::Timeout)?;
            call.alone(server).await
        }
        Via::Pool(pool) => call.pooled(pool).await,
    }
}

impl AwsCall<'_> {
    async fn alone(&self, server: &Server) -> Result<Answer, Trouble> {
        let endpoint = server.find(self.timeout).await?;
        self.call.send_within(&endpoint, Some(self.signed_for), self.timeout, self.reply).await
    }

    async fn pooled(&self, pool: &Pool) -> Result<Answer, Trouble> {
        self.call.send_over(pool, Some(self.signed_for), self.timeout, self.reply).await
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::sigv4::{Credentials, Protocol};

    /// Reads a request with an empty body, and replies.
    async fn reply(socket: &mut TcpStream, reply: &str) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert!(socket.read_buf(&mut request).await.unwrap() > 0);
        }
        socket.write_all(reply.as_bytes()).await.unwrap();
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";

    async fn listening() -> (TcpListener, Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (listener, Server::parse(&url, None).unwrap())
    }

    async fn asked(via: Via<'_>, retries: Retries) -> Result<Answer, Trouble> {
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: None,
            region: "us-east-1".to_owned(),
        };
        let headers = Protocol::KINESIS.headers("Kinesis_20131202.PutRecords");
        let call = AwsCall {
            call: Call { method: "POST", target: "/", headers: &headers, body: Bytes::new() },
            signed_for: SignedFor { credentials: &credentials, service: Protocol::KINESIS.service },
            timeout: Duration::from_secs(600),
            reply: ReplyBounds::whole(1 << 10),
            retries,
        };
        aws_call(via, &call).await
    }

    #[tokio::test]
    async fn a_connection_is_used_again_until_its_server_closes_it() {
        let (listener, server) = listening().await;
        let pool = Pool::new(server, Holder::new("pool-a", "a"));
        let close = tokio::sync::Notify::new();
        let serving = async {
            let (mut first, _) = listener.accept().await.unwrap();
            reply(&mut first, OK).await;
            reply(&mut first, BUSY).await;
            close.notified().await;
            drop(first);
            let (mut second, _) = listener.accept().await.unwrap();
            reply(&mut second, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await;
        };
        let asking = async {
            assert_eq!(asked(Via::Pool(&pool), Retries::NONE).await.unwrap().success(), Ok(b"ok".to_vec()));
            let busy = asked(Via::Pool(&pool), Retries::NONE).await.unwrap();
            assert!(matches!(busy.success(), Err(Trouble::Refused { status: 503, .. })));
            assert_eq!(pool.idle_ready().len(), 1);
            close.notify_one();
            // Once the end of the connection has arrived, another one is opened.
            while pool.idle_ready() == [true] {
                tokio::task::yield_now().await;
            }
            assert_eq!(asked(Via::Pool(&pool), Retries::NONE).await.unwrap().status, 200);
        };
        tokio::join!(serving, asking);
        assert_eq!(pool.idle_ready().len(), 0, "the server has said that it closes");
    }

    #[tokio::test]
    async fn the_connection_of_a_failed_exchange_is_not_reused() {
        let (listener, server) = listening().await;
        let pool = Pool::new(server, Holder::new("pool-b", "a"));
        let too_long = format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}", "x".repeat(2000));
        let serving = async {
            for answer in [too_long.as_str(), "SSH-2.0\r\n\r\n"] {
                let (mut socket, _) = listener.accept().await.unwrap();
                reply(&mut socket, answer).await;
            }
        };
        let asking = async {
            for _ in 0..2 {
                assert_eq!(asked(Via::Pool(&pool), Retries::NONE).await, Err(Trouble::NotHttp));
                assert_eq!(pool.idle_ready().len(), 0);
            }
        };
        tokio::join!(serving, asking);
    }

    /// What may pass is attempted again, so often and no more; each attempt has its own reservation.
    #[tokio::test]
    async fn attempts_are_bounded() {
        let (listener, server) = listening().await;
        let holder = Holder::new("pool-d", "a");
        let refused = "HTTP/1.1 400 No\r\ncontent-length: 32\r\n\r\n{\"__type\":\"a#NotFoundException\"}";
        let broken = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
        for (replies, status) in
            [(&[BUSY, broken, OK][..], 200), (&[BUSY, BUSY, BUSY], 503), (&[refused], 400), (&[BUSY, refused], 400)]
        {
            let serving = async {
                for answer in replies {
                    let (mut socket, _) = listener.accept().await.unwrap();
                    reply(&mut socket, answer).await;
                }
            };
            let retries = Retries::new(2, Backoff::new(1, 1));
            let (_, answer) = tokio::join!(serving, asked(Via::Reserving(&server, &holder), retries));
            assert_eq!(answer.unwrap().status, status, "{replies:?}");
        }
    }
}
