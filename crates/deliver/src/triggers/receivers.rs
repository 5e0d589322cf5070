//! Functions, queues and URLs: what is sent to them, and what their answers mean.
//!
//! | | the function ran, well | it ran, and failed | it did not run |
//! |---|---|---|---|
//! | Invoke | 2xx | 2xx with `X-Amz-Function-Error`; 413; no answer in time | all else |
//! | a URL | 2xx | other answers; no answer in time | 429, 502, 503, 504; not reached |
//!
//! What did not run is tried again for as long as its records live; what failed only as often as the mapping allows.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use client::{Answer, Call, Credentials, Endpoint, SignedFor, Trouble};
use serde_json::{Value, json};

use super::answer::{Processed, processed};
use super::failure_record::Answered;
use super::function::{Function, is_url};
use super::lane::{Batch, Ended};
use super::mapping::Mapping;

/// How long a queue may take for a message.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
const JSON: &str = "application/json";

/// Where functions and queues are: URLs, which are looked up when they are needed.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub lambda: Option<String>,
    pub sqs: Option<String>,
    /// How long a function may take.
    pub invoke_timeout: Duration,
    /// Authorities to believe instead of the system's.
    pub ca_bundle: Option<PathBuf>,
}

/// How an invocation ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Invoked {
    pub ended: Ended,
    pub answered: Option<Answered>,
    /// What went wrong, for people.
    pub problem: Option<String>,
}

/// Whether an on-failure destination has its record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Sent {
    Done,
    /// It may go better later.
    Later(String),
    Refused(String),
}

impl Places {
    /// Invokes a mapping's function with an event of the batch's records.
    pub(crate) async fn invoke(&self, mapping: &Mapping, batch: &Batch, event: &[u8]) -> Invoked {
        let Some(function) = mapping.function() else { return not_invoked("the function has no name".to_owned()) };
        let is_function = matches!(function, Function::Lambda { .. });
        let answer = match &function {
            Function::Url(url) => self.post(url, event, self.invoke_timeout).await,
            Function::Lambda { .. } => {
                let path = function.invoke_path(&mapping.account, &mapping.region).unwrap_or_default();
                let headers = [("content-type", JSON), ("x-amz-invocation-type", "RequestResponse")];
                let call = Call { method: "POST", target: &path, headers: &headers, body: event };
                match &self.lambda {
                    Some(url) => self.call(url, "lambda", &call, self.invoke_timeout).await,
                    None => return not_invoked("this server has no --lambda-endpoint".to_owned()),
                }
            }
        };
        match answer {
            Ok(answer) => judged(&answer, is_function, mapping.settings.report_item_failures, batch),
            Err(trouble) if was_reached(&trouble) => {
                Invoked { ended: Ended::Failed, answered: None, problem: Some(trouble.to_string()) }
            }
            Err(trouble) => not_invoked(trouble.to_string()),
        }
    }

    /// Tells an on-failure destination.
    pub(crate) async fn tell(&self, destination: &str, document: &Value) -> Sent {
        let document = document.to_string();
        let answer = if is_url(destination) {
            self.post(destination, document.as_bytes(), SEND_TIMEOUT).await
        } else {
            let (Some(url), Some(path)) = (&self.sqs, queue_url_path(destination)) else {
                return Sent::Refused("this server has no --sqs-endpoint".to_owned());
            };
            let queue_url = format!("{}{path}", url.trim_end_matches('/'));
            let body = json!({"QueueUrl": queue_url, "MessageBody": document}).to_string();
            let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.SendMessage")];
            let call = Call { method: "POST", target: "/", headers: &headers, body: body.as_bytes() };
            self.call(url, "sqs", &call, SEND_TIMEOUT).await
        };
        match answer {
            Ok(answer) => match answer.status {
                200..=299 => Sent::Done,
                408 | 429 | 500.. => Sent::Later(told(&answer)),
                _ => Sent::Refused(told(&answer)),
            },
            Err(trouble) => Sent::Later(trouble.to_string()),
        }
    }

    /// Calls an AWS service. The credentials are the environment's.
    async fn call(
        &self,
        url: &str,
        service: &'static str,
        call: &Call<'_>,
        timeout: Duration,
    ) -> Result<Answer, Trouble> {
        let endpoint = self.endpoint(url).await?;
        let credentials = Credentials::from_environment(&endpoint, None);
        let credentials = credentials.map_err(|failure| Trouble::Unusable(failure.to_string()))?;
        call.send(&endpoint, Some(SignedFor { credentials: &credentials, service }), timeout).await
    }

    /// Posts JSON to a URL, whatever path it has.
    async fn post(&self, url: &str, body: &[u8], timeout: Duration) -> Result<Answer, Trouble> {
        let (server, target) = parted(url);
        let endpoint = self.endpoint(server).await?;
        let call = Call { method: "POST", target, headers: &[("content-type", JSON)], body };
        call.send(&endpoint, None, timeout).await
    }

    /// Names are looked up, and authorities read, each time: receivers move.
    async fn endpoint(&self, url: &str) -> Result<Endpoint, Trouble> {
        let (url, ca_bundle) = (url.to_owned(), self.ca_bundle.clone());
        let parsed = tokio::task::spawn_blocking(move || Endpoint::parse(&url, ca_bundle.as_deref())).await;
        match parsed {
            Ok(parsed) => parsed.map_err(|failure| Trouble::Unusable(failure.to_string())),
            Err(_) => Err(Trouble::Connection(io::ErrorKind::Interrupted)),
        }
    }
}

/// A URL's server, and its path and query.
fn parted(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let at = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    let target = url[at..].split('#').next().unwrap_or_default();
    (&url[..at], if target.starts_with('/') { target } else { "/" })
}

/// The path of a queue's URL, from its ARN.
pub(super) fn queue_url_path(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "sqs", _, account, queue] if partition.starts_with("aws") => {
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let is_good = |text: &str| !text.is_empty() && text.bytes().all(valid);
            (is_good(account) && is_good(queue)).then(|| format!("/{account}/{queue}"))
        }
        _ => None,
    }
}

fn not_invoked(problem: String) -> Invoked {
    Invoked { ended: Ended::NotInvoked, answered: None, problem: Some(problem) }
}

/// Whether the function may have run although it did not answer.
fn was_reached(trouble: &Trouble) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match trouble {
        Trouble::Timeout | Trouble::NotHttp => true,
        Trouble::Connection(kind) => matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof),
        Trouble::Refused { .. } | Trouble::Encryption(_) | Trouble::Unusable(_) => false,
    }
}

fn judged(answer: &Answer, is_function: bool, report_item_failures: bool, batch: &Batch) -> Invoked {
    let header = |name| answer.header(name).map(str::to_owned);
    let answered = Answered {
        request_id: header("x-amzn-requestid"),
        status: answer.status,
        executed_version: header("x-amz-executed-version"),
        function_error: header("x-amz-function-error").filter(|_| is_function),
    };
    let failed = || (Ended::Failed, Some(told(answer)));
    let (ended, problem) = match answer.status {
        200..=299 if answered.function_error.is_some() => failed(),
        200..=299 if report_item_failures => {
            let sequences = batch.entries.iter().map(|entry| entry.sequence_number.as_str());
            let processed = processed(&answer.body, sequences);
            let problem = (processed != Processed::All).then(|| "the function reported failures".to_owned());
            (Ended::Processed(processed), problem)
        }
        200..=299 => (Ended::Processed(Processed::All), None),
        413 => failed(),
        429 | 502..=504 => (Ended::NotInvoked, Some(told(answer))),
        _ if is_function => (Ended::NotInvoked, Some(told(answer))),
        _ => failed(),
    };
    Invoked { ended, answered: Some(answered), problem }
}

/// An answer's status and first words.
fn told(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let words: String = text.chars().take(200).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("status {}: {words}", answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_in_two_parts() {
        for (url, server, target) in [
            ("http://h:1", "http://h:1", "/"),
            ("http://h:1/", "http://h:1", "/"),
            ("https://h/a/b?c=d#e", "https://h", "/a/b?c=d"),
            ("http://h?c", "http://h", "/"),
            ("http://[::1]:8/x", "http://[::1]:8", "/x"),
        ] {
            assert_eq!(parted(url), (server, target), "{url}");
        }
    }

    #[test]
    fn queues() {
        for (arn, path) in [
            ("arn:aws:sqs:us-east-1:123456789012:q", Some("/123456789012/q")),
            ("arn:aws-cn:sqs:x:123456789012:q.fifo", Some("/123456789012/q.fifo")),
            ("arn:aws:sns:us-east-1:123456789012:t", None),
            ("arn:aws:s3:::bucket", None),
            ("arn:aws:sqs:us-east-1:123456789012:", None),
            ("arn:aws:sqs:us-east-1:123456789012:a:b", None),
            ("arn:aws:sqs:us-east-1:123456789012:a/b", None),
            ("q", None),
        ] {
            assert_eq!(queue_url_path(arn).as_deref(), path, "{arn}");
        }
    }
}
