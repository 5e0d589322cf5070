//! The tables of another server, over DynamoDB's own API: of Stator, or of AWS itself.
//!
//! Requests are signed with the node's credentials, whatever its caller's are: the node checks its callers itself, as a cluster of AWS does, whose
//! role reads and writes the tables. A request is made again after a failure that may pass, so often and no more, unless a second
//! one could do something else than the first.
//!
//! A table's key is asked for once a minute at most: a table that was deleted and created again is the old one to a node until then.

use std::path::PathBuf;
use std::time::Duration;

use api::{Exception, Operation};
use auth::Caller;
use aws::RequestContext;
use base::Clock;
use client::{
    AwsCall, Backoff, Call, Credentials, Failure, Holder, Pool, Profile, Protocol, ReplyBounds, Retries, Server,
    SignedFor, Trouble, Via, aws_call,
};
use model::{KeyAttribute, KeySchema, KeyType};
use ops::allowance;
use quick_cache::sync::Cache;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use storage::BoxFuture;

use crate::upstream::{Request, Response, TableKey, Upstream};

const TARGET: &str = "DynamoDB_20120810";
/// Of each attempt.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A batch of the largest items, in JSON. Unit: bytes.
const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Memory of a large reply while it is read, as a multiple of its bytes.
const REPLY_MEMORY: usize = 4;
const RETRIES: Retries = Retries::new(2, Backoff::new(50, 1_000));
/// How long a table's key is not asked for again. Unit: ms.
const KEY_VALID_MS: u64 = 60_000;
/// Tables whose keys are remembered.
const KEYS_MAX: usize = 1_000;
/// Idle connections to the server: as many as callers may wait for at once, mostly.
const IDLE_MAX: usize = 64;

/// Another server's tables.
pub struct Remote {
    pool: Pool,
    credentials: Credentials,
    tables: Cache<String, Known>,
    clock: Clock,
}

/// The key of a table, and when it was asked for.
#[derive(Clone)]
struct Known {
    at_ms: u64,
    key: TableKey,
}

impl Remote {
    /// The credentials are those of the environment, else of the user's profile.
    ///
    /// # Errors
    /// The URL is none, or there are no credentials for AWS.
    pub fn new(url: &str, region: Option<&str>, ca_bundle: Option<PathBuf>, clock: Clock) -> Result<Remote, Failure> {
        let server = Server::parse(url, ca_bundle)?;
        let credentials = Credentials::of_user_for(&server, region, &Profile::of_user()?)?;
        let pool = Pool::new(server, Holder::server("dax")).with_idle(IDLE_MAX);
        Ok(Remote { pool, credentials, tables: Cache::new(KEYS_MAX), clock })
    }

    /// The region that requests are signed for.
    pub fn region(&self) -> &str {
        &self.credentials.region
    }

    async fn call(&self, operation: Operation, body: Vec<u8>, is_repeatable: bool) -> Result<Vec<u8>, Exception> {
        let target = format!("{TARGET}.{operation}");
        let call = AwsCall {
            call: Call {
                method: "POST",
                target: "/",
                headers: &Protocol::DYNAMODB.headers(&target),
                body: body.into(),
            },
            signed_for: SignedFor { credentials: &self.credentials, service: Protocol::DYNAMODB.service },
            timeout: TIMEOUT,
            reply: ReplyBounds::whole(REPLY_BYTES_MAX),
            retries: if is_repeatable { RETRIES } else { Retries::NONE },
        };
        let answer = aws_call(Via::Pool(&self.pool), &call).await;
        let answer = answer.map_err(|trouble| unanswered(operation, &trouble))?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        Err(of_node(wire::client::refused(operation, answer.status, &answer.body)))
    }

    async fn described(&self, name: &str) -> Result<TableKey, Exception> {
        let body = json!({"TableName": name}).to_string().into_bytes();
        let answer = self.call(Operation::DescribeTable, body, true).await?;
        let described: Value = serde_json::from_slice(&answer).unwrap_or_default();
        table_key(&described["Table"]).ok_or_else(|| Exception::internal("the description of a table cannot be read"))
    }
}

impl Upstream for Remote {
    fn is_elsewhere(&self) -> bool {
        true
    }

    /// What is refused may be a second attempt, after a first one whose answer was lost. And a condition that fails may say that the
    /// caches are old.
    fn has_refused(&self, _: &Exception) -> bool {
        false
    }

    fn table<'a>(&'a self, _: &'a Caller, name: &'a str) -> BoxFuture<'a, Result<TableKey, Exception>> {
        Box::pin(async move {
            loop {
                let now_ms = self.clock.now_ms();
                match self.tables.get_value_or_guard_async(name).await {
                    Ok(known) if now_ms.saturating_sub(known.at_ms) < KEY_VALID_MS => return Ok(known.key),
                    Ok(expired) => _ = self.tables.remove_if(name, |known| known.at_ms == expired.at_ms),
                    // Callers that ask at once have one request.
                    Err(place) => {
                        let key = self.described(name).await?;
                        // An error means that the place was taken away.
                        let _ = place.insert(Known { at_ms: now_ms, key: key.clone() });
                        return Ok(key);
                    }
                }
            }
        })
    }

    /// Callers have permissions for the cluster; the tables are the node's.
    fn permit<'a>(&'a self, _: RequestContext<'a>, _: &'a Request) -> BoxFuture<'a, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }

    fn execute<'a>(&'a self, _: &'a Caller, request: Request) -> BoxFuture<'a, Result<Response, Exception>> {
        Box::pin(async move {
            let (operation, is_repeatable) = (request.operation(), is_repeatable(&request));
            let answer = self.call(operation, request.body(), is_repeatable).await?;
            if answer.len() > allowance::SMALL_BYTES {
                allowance::reserve(REPLY_MEMORY * answer.len()).await?;
            }
            Response::read(operation, &answer)
        })
    }
}

/// Whether a second execution does and answers what the first did.
fn is_repeatable(request: &Request) -> bool {
    match request {
        Request::BatchGetItem(_) | Request::GetItem(_) | Request::Query(_) | Request::Scan(_) => true,
        Request::TransactGetItems(_) | Request::BatchWriteItem(_) => true,
        Request::TransactWriteItems(request) => request.client_request_token.is_some(),
        Request::PutItem(request) => request.condition_expression.is_none() && request.return_values.is_none(),
        Request::DeleteItem(request) => request.condition_expression.is_none() && request.return_values.is_none(),
        Request::UpdateItem(_) => false,
    }
}

/// The server was not reached, or has not answered: whether a write was made is not known.
fn unanswered(operation: Operation, trouble: &Trouble) -> Exception {
    Exception::internal(format!("{operation} at the upstream: {trouble}"))
}

/// What the server refuses of the node itself is no refusal of the caller, which would try to authorize itself better.
fn of_node(exception: Exception) -> Exception {
    match exception {
        Exception::UnrecognizedClient(text)
        | Exception::InvalidSignature(text)
        | Exception::IncompleteSignature(text)
        | Exception::MissingAuthenticationToken(text)
        | Exception::ExpiredToken(text) => {
            Exception::internal(format!("the upstream refuses the node's credentials: {text}"))
        }
        exception => exception,
    }
}

/// A table by its description.
fn table_key(table: &Value) -> Option<TableKey> {
    let mut schema = KeySchema::default();
    for element in table["KeySchema"].as_array()? {
        let name = element["AttributeName"].as_str()?;
        let is_it = |definition: &&Value| definition["AttributeName"].as_str() == Some(name);
        let key_type = match table["AttributeDefinitions"].as_array()?.iter().find(is_it)?["AttributeType"].as_str()? {
            "S" => KeyType::S,
            "N" => KeyType::N,
            "B" => KeyType::B,
            _ => return None,
        };
        let attribute = KeyAttribute { name: name.to_owned(), key_type };
        match element["KeyType"].as_str()? {
            "HASH" => schema.hash.push(attribute),
            "RANGE" => schema.range.push(attribute),
            _ => return None,
        }
    }
    // Servers without ids of tables have times of their creation.
    let id = table["TableId"].as_str().map_or_else(
        || format!("{} {}", table["TableArn"].as_str().unwrap_or_default(), table["CreationDateTime"]),
        str::to_owned,
    );
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    (!schema.hash.is_empty()).then_some(TableKey { id: u64::from_be_bytes([a, b, c, d, e, f, g, h]), schema })
}

#[cfg(test)]
mod tests;
