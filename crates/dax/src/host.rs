//! The server that a connection comes to: what its other protocols have as well.

use std::sync::Arc;

use api::{Exception, Operation};
use auth::{Access, Caller};
use aws::Observer;
use ops::allowance::MemoryBudget;
use storage::BoxFuture;

/// One connection's server.
pub trait Host: Send + Sync + 'static {
    /// The callers that it accepts.
    fn access(&self) -> &Access;

    /// For messages that arrive.
    fn request_memory(&self) -> &Arc<MemoryBudget>;

    /// For what large requests read, and for large answers.
    fn answer_memory(&self) -> &Arc<MemoryBudget>;

    /// A request for an operation has arrived.
    fn begin(&self, request: Begun<'_>) -> Box<dyn Record>;
}

/// A request that is about to be executed, or refused for its caller.
#[derive(Clone)]
pub struct Begun<'b> {
    pub operation: Operation,
    /// Or the access key that a client has named which is refused.
    pub caller: Result<&'b Caller, Option<String>>,
    pub request_id: &'b str,
    pub user_agent: Option<&'b str>,
    /// Unit: bytes.
    pub size: usize,
}

/// What a server records of one request: its audit log, the log of slow requests.
pub trait Record: Send + Sync {
    /// Takes room for what is recorded, before anything is done.
    ///
    /// # Errors
    /// If the request must not be executed, for it cannot be recorded.
    fn reserve(&mut self) -> BoxFuture<'_, Result<(), Exception>>;

    /// Receives what the request names, if that is wanted.
    fn observer(&self) -> Option<&dyn Observer>;

    /// The answer is there.
    ///
    /// # Errors
    /// If the request must be recorded and is not.
    fn end(
        self: Box<Self>,
        failure: Option<Exception>,
        answer_bytes: usize,
    ) -> BoxFuture<'static, Result<(), Exception>>;
}
