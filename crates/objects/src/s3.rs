//! S3, or a server that speaks its protocol, as an object store.
//!
//! Calls are those of `client`: signed, over pooled connections, to an endpoint that the operator named. Each of them can be made
//! twice, so that a call without a good reply is made again, with growing pauses, for a bounded time. A library would sign a
//! request before it has the owner that is expected of its bucket, which must be part of the signature; what is needed are eight requests
//! and five shapes of XML.
//!
//! A connection is used for one bucket only, so that nothing of one is sent or left behind on a connection of another.
//!
//! Modules, lowest first: `request`, `xml`, `refusal`; this one, the calls; `reader` and `writer`.

mod reader;
mod refusal;
mod request;
#[cfg(test)]
mod tests;
mod writer;
mod xml;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base::Gate;
use bytes::Bytes;
use client::{
    Answer, AwsCall, Backoff, Call, Credentials, Holder, Pool, ReplyBounds, Retries, Server, SignedFor, Trouble, Via,
    aws_call,
};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::error::ObjectError;
use crate::options::{ObjectInfo, PutOptions, Stored};
use crate::place::{Bucket, Place};

pub(crate) use reader::S3Reader;
use refusal::{Refusal, unreached};
use request::{REPLY_BYTES_MAX, Request};
pub(crate) use writer::S3Writer;

/// How often the log says that the server does not answer.
const UNREACHABLE_WINDOW: Duration = Duration::from_secs(60);
/// Buckets whose connections stay open.
const POOLS_MAX: usize = 64;

/// A server that speaks S3's protocol. Region and keys are those of the usual variables (`AWS_REGION`, `AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`); the name of an endpoint of AWS has its region.
#[derive(Clone, Debug)]
pub struct S3Endpoint {
    /// Without a path.
    pub url: String,
    /// Authorities to believe instead of the system's.
    pub ca_bundle: Option<PathBuf>,
}

/// How long calls are waited for.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// For one attempt: a part out, or a window back.
    attempt: Duration,
    /// From the first attempt of a call on until the last one begins.
    attempts: Duration,
    /// From the first attempt of a call on until the log says that it has no reply.
    silence: Duration,
    backoff: Backoff,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            attempt: Duration::from_secs(60),
            attempts: Duration::from_secs(120),
            silence: Duration::from_secs(8),
            backoff: Backoff::new(200, 10_000),
        }
    }
}

pub(crate) struct S3 {
    server: Server,
    credentials: Credentials,
    patience: Patience,
    pools: Mutex<HashMap<String, Arc<Pool>>>,
    unreachable: Gate,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("server", &self.server).finish_non_exhaustive()
    }
}

/// The last reply to a call.
struct Reply {
    answer: Answer,
    refusal: Option<Refusal>,
    /// An earlier attempt had no reply, or none that says whether it was executed.
    is_in_doubt: bool,
}

impl S3 {
    /// # Errors
    /// [`ObjectError::Setting`] if the endpoint is no URL of a server, or if it is AWS's and there are no keys.
    pub(crate) fn new(endpoint: S3Endpoint) -> Result<S3, ObjectError> {
        let setting = |failure: client::Failure| ObjectError::Setting(failure.to_string());
        let server = Server::parse(&endpoint.url, endpoint.ca_bundle).map_err(setting)?;
        let credentials = Credentials::for_server(&server, None).map_err(setting)?;
        let unreachable = Gate::new(1, UNREACHABLE_WINDOW);
        Ok(S3 { server, credentials, patience: Patience::default(), pools: Mutex::default(), unreachable })
    }

    pub(crate) async fn put(&self, at: &Place, body: Bytes, options: &PutOptions) -> Result<Stored, ObjectError> {
        let request = Request::new("PUT", at.bucket(), Some(at.key())).options(options).body(body);
        Ok(stored(&self.call(&request).await?))
    }

    pub(crate) async fn put_new(&self, at: &Place, body: Bytes, options: &PutOptions) -> Result<Stored, ObjectError> {
        let request = Request::new("PUT", at.bucket(), Some(at.key())).options(options).header("if-none-match", "*");
        let reply = self.reply(&request.body(body.clone())).await?;
        match reply.refusal.map(Refusal::into_error) {
            None => Ok(stored(&reply.answer)),
            // The object may be this call's own, of an attempt whose reply was lost.
            Some(ObjectError::AlreadyExists) if reply.is_in_doubt => self.is_own(at, &body).await,
            Some(error) => Err(error),
        }
    }

    /// The object, if it has just this content. Another caller that has stored the same is not distinguished: callers whose objects
    /// must be distinct give them distinct contents.
    async fn is_own(&self, at: &Place, body: &[u8]) -> Result<Stored, ObjectError> {
        let mut reader = S3Reader::open(self, at, 0).await?;
        let mut rest = body;
        while let Some(window) = reader.next(self).await? {
            rest = rest.strip_prefix(&window[..]).ok_or(ObjectError::AlreadyExists)?;
        }
        match rest.is_empty() {
            true => Ok(Stored { etag: reader.version().to_owned() }),
            false => Err(ObjectError::AlreadyExists),
        }
    }

    /// A page. An empty one of the server is not the end if it says so.
    pub(crate) async fn list(
        &self,
        bucket: &Bucket,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<ObjectInfo>, ObjectError> {
        let mut continuation: Option<String> = None;
        loop {
            let request = Request::new("GET", bucket, None).query("list-type", "2").query("encoding-type", "url");
            let request = request.query("prefix", prefix);
            let request = match (&continuation, after.filter(|after| !after.is_empty())) {
                (Some(token), _) => request.query("continuation-token", token),
                (None, Some(after)) => request.query("start-after", after),
                (None, None) => request,
            };
            let answer = self.call(&request).await?;
            let page = xml::listed(&answer.body).ok_or_else(|| nonsense("a list"))?;
            check_order(&page.objects, prefix, after)?;
            match page.continuation {
                Some(token) if page.objects.is_empty() && continuation.as_ref() != Some(&token) => {
                    continuation = Some(token);
                }
                _ => return Ok(page.objects),
            }
        }
    }

    pub(crate) async fn delete(&self, at: &Place) -> Result<(), ObjectError> {
        match self.call(&Request::new("DELETE", at.bucket(), Some(at.key()))).await {
            Ok(_) | Err(ObjectError::NoSuchKey(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The reply to a request that is not refused.
    async fn call(&self, request: &Request<'_>) -> Result<Answer, ObjectError> {
        let reply = self.reply(request).await?;
        match reply.refusal {
            None => Ok(reply.answer),
            Some(refusal) => Err(refusal.into_error()),
        }
    }

    /// The last reply to a request: what may pass is attempted again. A call that lasts is logged long before it fails.
    async fn reply(&self, request: &Request<'_>) -> Result<Reply, ObjectError> {
        let problem = Mutex::new("no reply yet".to_owned());
        let mut attempts = pin!(self.attempts(request, &problem));
        if let Ok(reply) = tokio::time::timeout(self.patience.silence, &mut attempts).await {
            return reply;
        }
        self.log_unreachable(&problem.lock());
        attempts.await
    }

    /// `problem` is the outcome of the last attempt, for the log.
    async fn attempts(&self, request: &Request<'_>, problem: &Mutex<String>) -> Result<Reply, ObjectError> {
        if let Some(name) = request.illegal_header() {
            return Err(ObjectError::Failed(format!("the header {name} would have characters that it must not have")));
        }
        let (begun, mut backoff) = (Instant::now(), self.patience.backoff.clone());
        let mut is_in_doubt = false;
        loop {
            let outcome = self.attempt(request).await;
            let is_late = begun.elapsed() >= self.patience.attempts;
            match outcome {
                Ok(answer) => {
                    let refusal = Refusal::of(request.method, &answer);
                    if is_late || !refusal.as_ref().is_some_and(Refusal::may_pass) {
                        return Ok(Reply { answer, refusal, is_in_doubt });
                    }
                    *problem.lock() = refusal.map(|refusal| refusal.words()).unwrap_or_default();
                }
                Err(trouble) if is_late || matches!(trouble, Trouble::Encryption(_)) => {
                    self.log_unreachable(&trouble.to_string());
                    return Err(unreached(&trouble));
                }
                Err(trouble) => *problem.lock() = trouble.to_string(),
            }
            is_in_doubt = true;
            backoff.pause().await;
        }
    }

    async fn attempt(&self, request: &Request<'_>) -> Result<Answer, Trouble> {
        let (target, headers) = (request.target(), request.headers());
        let call = AwsCall {
            call: Call { method: request.method, target: &target, headers: &headers, body: request.body.clone() },
            signed_for: SignedFor { credentials: &self.credentials, service: client::S3 },
            timeout: self.patience.attempt,
            reply: ReplyBounds::whole(REPLY_BYTES_MAX),
            // The replies that may pass are S3's.
            retries: Retries::NONE,
        };
        aws_call(Via::Pool(&self.pool(request.bucket.name())), &call).await
    }

    /// For the operator: a caller of this server does not learn where the object store is.
    fn log_unreachable(&self, problem: &str) {
        if self.unreachable.pass().is_some() {
            let url = self.server.url().origin();
            log::warn!(event = "object_store_unreachable"; "the object store at {url} does not answer: {problem}");
        }
    }

    fn pool(&self, bucket: &str) -> Arc<Pool> {
        let mut pools = self.pools.lock();
        if pools.len() >= POOLS_MAX && !pools.contains_key(bucket) {
            // Names of buckets come from requests. A pool that is in use lives on without the map.
            pools.clear();
        }
        // An account of its own among those that share calls: no account has digits like this.
        let pool = || Arc::new(Pool::new(self.server.clone(), Holder::new("s3", bucket)));
        Arc::clone(pools.entry(bucket.to_owned()).or_insert_with(pool))
    }
}

fn stored(answer: &Answer) -> Stored {
    Stored { etag: xml::unquoted(answer.header("etag").unwrap_or_default()).to_owned() }
}

fn nonsense(what: &str) -> ObjectError {
    ObjectError::Failed(format!("the object store answers a request for {what} with something else"))
}

/// A server that does not list in order, or ignores a parameter, would have objects read twice or never.
fn check_order(objects: &[ObjectInfo], prefix: &str, after: Option<&str>) -> Result<(), ObjectError> {
    let mut last = after.unwrap_or_default();
    for object in objects {
        if object.key.as_str() <= last || !object.key.starts_with(prefix) {
            return Err(ObjectError::Failed(
                "the object store lists keys out of their byte order, or other keys than those of the prefix"
                    .to_owned(),
            ));
        }
        last = &object.key;
    }
    Ok(())
}
