//! One connection for requests of a command. A server that is unavailable, or asks for fewer requests, is asked again, ever more slowly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use api::Operation;
use client::{Backoff, Connection, Credentials, Endpoint, Failure, Trouble};
use serde_json::Value;

/// A page of large items, a backup's cut.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Unit: milliseconds.
const BACKOFF: Backoff = Backoff::new(200, 5_000);
/// For how long a request is made again: a server may restart meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

const ENABLING: &str = "; this enables it, for moments from then on: aws dynamodb update-continuous-backups --table-name TABLE \
                        --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true";

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The server's exception, and its message.
    Exception {
        name: String,
        message: String,
    },
    Failure(Failure),
}

impl Refusal {
    pub(crate) fn is(&self, exception: &str) -> bool {
        matches!(self, Refusal::Exception { name, .. } if name == exception)
    }
}

pub(crate) struct ApiClient {
    connection: Connection,
    url: String,
    caller: String,
    is_known: Arc<AtomicBool>,
}

impl ApiClient {
    pub(super) fn new(
        endpoint: &Endpoint,
        credentials: &Credentials,
        caller: String,
        is_known: Arc<AtomicBool>,
    ) -> ApiClient {
        let connection = Connection::new(endpoint, credentials, TIMEOUT);
        ApiClient { connection, url: endpoint.url.clone(), caller, is_known }
    }

    /// The answer to a request that may be made again: a second one changes nothing.
    pub(crate) async fn ask(&mut self, operation: Operation, request: &Value) -> Result<Value, Failure> {
        let answer = self.request(operation, request.to_string().as_bytes(), json).await;
        answer.map_err(|refusal| self.failure(operation, refusal))
    }

    /// The answer to a request that is made once.
    pub(crate) async fn ask_once(&mut self, operation: Operation, request: &Value) -> Result<Value, Failure> {
        let answer = self.once(operation, request.to_string().as_bytes(), &json).await;
        let answer = answer.unwrap_or_else(|trouble| Err(self.refusal(trouble)));
        answer.map_err(|refusal| self.failure(operation, refusal))
    }

    /// As [`ApiClient::ask`], with bytes and a reader of the answer.
    pub(crate) async fn request<T>(
        &mut self,
        operation: Operation,
        body: &[u8],
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, Refusal> {
        let (begun, mut backoff, mut attempts) = (Instant::now(), BACKOFF, 0);
        loop {
            let trouble = match self.once(operation, body, &read).await {
                Ok(answer) => return answer,
                Err(trouble) => trouble,
            };
            let is_known = self.is_known.load(Ordering::Relaxed);
            if !(trouble.is_passing() || is_known && is_outage(&trouble)) || begun.elapsed() > PATIENCE {
                return Err(self.refusal(trouble));
            }
            attempts += 1;
            // Any connection may end once.
            if attempts > 1 || !is_outage(&trouble) {
                backoff.pause().await;
            }
        }
    }

    async fn once<T>(
        &mut self,
        operation: Operation,
        body: &[u8],
        read: &impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<Result<T, Refusal>, Trouble> {
        self.connection.prepare(operation, body);
        let reply = self.connection.exchange().await?;
        self.is_known.store(true, Ordering::Relaxed);
        Ok(read(reply).map_err(|why| {
            Refusal::Failure(Failure::new(format!("the reply to {} is not DynamoDB's: {why}", operation.name())))
        }))
    }

    fn refusal(&self, trouble: Trouble) -> Refusal {
        match trouble {
            Trouble::Refused { exception: name, message, .. } if !name.is_empty() => {
                Refusal::Exception { name, message }
            }
            trouble => Refusal::Failure(Failure::new(format!(
                "cannot reach {}: {}",
                self.url,
                trouble.to_string().trim_end_matches(": ")
            ))),
        }
    }

    /// A refusal as the end of a command. What is not found may be in another region, or in another account.
    pub(crate) fn failure(&self, operation: Operation, refusal: Refusal) -> Failure {
        match refusal {
            Refusal::Exception { name, message } => {
                let more = match name.as_str() {
                    "PointInTimeRecoveryUnavailableException" => ENABLING.to_owned(),
                    _ if name.ends_with("NotFoundException") => format!(" ({})", self.caller),
                    _ => String::new(),
                };
                let text = format!("{}: {name}: {message}", operation.name());
                Failure::new(base::into_visible(text.trim_end_matches(": ").to_owned() + &more))
            }
            Refusal::Failure(failure) => failure,
        }
    }
}

fn json(reply: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(reply).map_err(|error| error.to_string())
}

fn is_outage(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Connection(_) | Trouble::Timeout | Trouble::NotHttp)
}
