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
        let host = pool.server().url().authority();
        // Refused before a connection is reserved for it.
        self.call.check(&host, Some(self.signed_for))?;
        let mut connection = pool.take(self.timeout).await?;
        // Signed only now: a signature has a time, and the wait for a connection may be long.
        let request = self.call.request(&host, Some(self.signed_for))?;
        let exchange = tokio::time::timeout(self.timeout, connection.http.exchange(request, self.reply));
        let answer = exchange.await.unwrap_or(Err(Trouble::Timeout))?;
        pool.put_back(connection);
        Ok(answer)
    }
}
