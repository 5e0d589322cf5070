//! Functions, queues and URLs: what is sent to them, and what their answers mean.
//!
//! | | the function ran, well | it ran, and failed | it did not run |
//! |---|---|---|---|
//! | Invoke | 2xx | 2xx with `X-Amz-Function-Error`; 413; no answer in time | all else |
//! | a URL | 2xx | other answers; no answer in time | 429, 502, 503, 504; not reached |
//!
//! What did not run is tried again for as long as its records live; what failed only as often as the mapping allows.
//!
//! What a receiver answered is for the log. Callers of the API see that a call failed, and neither why nor with what words: they
//! choose URLs, and the server would read to them what only it can reach.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use client::{
    Answer, AwsCall, Call, Credentials, Egress, Endpoint, Holder, Protocol, ReplyBounds, Retries, Server, SignedFor,
    Trouble, Url, Via, aws_call,
};
use ops::allowance;
use serde_json::{Value, json};

use super::answer::{Processed, processed};
use super::failure_record::Answered;
use super::function::{Function, is_url};
use super::lane::{Batch, Ended};
use super::mapping::Mapping;

/// How long a queue may take for a message.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// What a function may answer with, and the frames of its chunks. Unit: bytes. Source: Lambda Developer Guide, "Lambda quotas",
/// invocation payload.
const ANSWER_SIZE_BYTES_MAX: usize = (6 << 20) + (64 << 10);
/// What is retained of a response: its beginning, for the log, or its outcome of each record. Unit: bytes.
const ANSWER_KEPT_BYTES: usize = 16 << 10;
/// One failure of a batch response: `{"itemIdentifier":"…"},` with a sequence number of up to 40 digits, and white space. Unit: bytes.
pub(super) const ANSWER_RECORD_BYTES: usize = 128;
/// Unit: characters, with `.fifo`. Source: SQS API Reference, CreateQueue, QueueName.
const QUEUE_NAME_LENGTH_MAX: usize = 80;
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
    /// Which servers the URLs of mappings may lead to.
    pub egress: Egress,
}

/// Of one call.
#[derive(Clone, Copy)]
struct Bounds {
    timeout: Duration,
    /// Of the answer. Unit: bytes.
    kept: usize,
}

impl Bounds {
    fn reply(self) -> ReplyBounds {
        ReplyBounds { read: ANSWER_SIZE_BYTES_MAX, kept: self.kept }
    }
}

/// How an invocation ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Invoked {
    pub ended: Ended,
    pub answered: Option<Answered>,
    /// What went wrong, for the log.
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
    /// Invokes a mapping's function with an event of the batch's records; `by_arn` if never by its name alone.
    pub(crate) async fn invoke(&self, mapping: &Mapping, batch: &Batch, event: Bytes, by_arn: bool) -> Invoked {
        let Some(function) = mapping.function() else {
            // An older program took URLs that are none.
            return not_invoked(format!("{} is neither a function nor a URL", mapping.function_arn.escape_default()));
        };
        let is_function = matches!(function, Function::Lambda { .. });
        let reports = mapping.settings.report_item_failures;
        let bounds = Bounds {
            timeout: self.invoke_timeout,
            kept: ANSWER_KEPT_BYTES + if reports { batch.entries.len() * ANSWER_RECORD_BYTES } else { 0 },
        };
        let answer = match &function {
            Function::Url(url) => self.post(url, event, bounds, &mapping.holder()).await,
            Function::Lambda { .. } => {
                let path = function.invoke_path(&mapping.account, &mapping.region, by_arn).unwrap_or_default();
                let headers = [("content-type", JSON), ("x-amz-invocation-type", "RequestResponse")];
                let call = Call { method: "POST", target: &path, headers: &headers, body: event };
                match &self.lambda {
                    Some(url) => self.call_service(url, "lambda", None, call, bounds).await,
                    None => return not_invoked("this server has no --lambda-endpoint".to_owned()),
                }
            }
        };
        match answer {
            // A long one is read as other heavy work is done.
            Ok(answer) if answer.body.len() > allowance::SMALL_BYTES => {
                allowance::heavy(answer.body.len(), async { judged(&answer, is_function, reports, batch) }).await
            }
            Ok(answer) => judged(&answer, is_function, reports, batch),
            Err(trouble) if was_reached(&trouble) => {
                Invoked { ended: Ended::Failed, answered: None, problem: Some(trouble.to_string()) }
            }
            Err(trouble) => not_invoked(trouble.to_string()),
        }
    }

    /// Sends a failure record to an on-failure destination.
    ///
    /// `region`, if there is one, is that of its queue; `holder` the mapping that names it.
    pub(crate) async fn tell(
        &self,
        destination: &str,
        region: Option<&str>,
        document: &Value,
        holder: &Holder,
    ) -> Sent {
        let document = document.to_string();
        let bounds = Bounds { timeout: SEND_TIMEOUT, kept: ANSWER_KEPT_BYTES };
        let answer = if is_url(destination) {
            match Url::parse(destination) {
                Ok(url) => self.post(&url, document.into(), bounds, holder).await,
                Err(error) => return Sent::Refused(format!("the destination is not a URL: {error}")),
            }
        } else {
            let Some((own_region, path)) = queue_place(destination) else {
                // An older program took names that no queue has.
                return Sent::Refused(format!("{} is neither a queue nor a URL", destination.escape_default()));
            };
            let Some(url) = &self.sqs else {
                return Sent::Refused("this server has no --sqs-endpoint".to_owned());
            };
            if region.is_some_and(|region| region != own_region) {
                return Sent::Refused(format!("{destination} is in another region than the stream"));
            }
            let queue_url = format!("{}{path}", url.trim_end_matches('/'));
            let body = json!({"QueueUrl": queue_url, "MessageBody": document}).to_string();
            let headers = Protocol::SQS.headers("AmazonSQS.SendMessage");
            let call = Call { method: "POST", target: "/", headers: &headers, body: body.into() };
            // A queue's URL does not say its region; the signature does.
            self.call_service(url, Protocol::SQS.service, Some(own_region), call, bounds).await
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

    /// Calls an AWS service, once: what is repeated, and when, is decided by the mapping's settings. The credentials are the
    /// environment's; the caller has reserved the call.
    async fn call_service(
        &self,
        url: &str,
        service: &'static str,
        region: Option<&str>,
        call: Call<'_>,
        bounds: Bounds,
    ) -> Result<Answer, Trouble> {
        let unusable = |failure: client::Failure| Trouble::Unusable(failure.to_string());
        let server = Server::parse(url, self.ca_bundle.clone()).map_err(unusable)?;
        let credentials = &Credentials::for_server(&server, region).map_err(unusable)?;
        let signed_for = SignedFor { credentials, service };
        let (timeout, reply, retries) = (bounds.timeout, bounds.reply(), Retries::NONE);
        aws_call(Via::Reserved(&server), &AwsCall { call, signed_for, timeout, reply, retries }).await
    }

    /// Posts JSON to a URL that a caller has chosen.
    async fn post(&self, url: &Url, body: Bytes, bounds: Bounds, holder: &Holder) -> Result<Answer, Trouble> {
        let endpoint = self.endpoint(url, bounds, holder).await?;
        let call = Call { method: "POST", target: url.target(), headers: &[("content-type", JSON)], body };
        call.send_within(&endpoint, None, bounds.timeout, bounds.reply()).await
    }

    /// Names are looked up, and authorities read, each time: receivers move.
    async fn endpoint(&self, url: &Url, bounds: Bounds, named_by: &Holder) -> Result<Endpoint, Trouble> {
        let finding = Endpoint::find(url, self.ca_bundle.clone(), &self.egress, Some(named_by));
        let found = tokio::time::timeout(bounds.timeout, finding).await;
        let found = found.map_err(|_| Trouble::Unusable(format!("the name in {url} was not found in time")))?;
        found.map_err(|failure| Trouble::Unusable(failure.to_string()))
    }
}

/// The region of a queue and the path of its URL, from its ARN. There is one spelling for each queue: policies and
/// `--allow-arn` compare letters.
pub(super) fn queue_place(arn: &str) -> Option<(&str, String)> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "sqs", region, account, queue] => {
            let is_place = auth::credential::is_region(region) && *partition == auth::credential::partition_of(region);
            let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            (is_place && is_account && is_queue_name(queue)).then(|| (*region, format!("/{account}/{queue}")))
        }
        _ => None,
    }
}

/// Whether a queue may have this name, which is part of a call's path.
fn is_queue_name(name: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    !stem.is_empty() && name.len() <= QUEUE_NAME_LENGTH_MAX && stem.bytes().all(valid)
}

pub(super) fn not_invoked(problem: String) -> Invoked {
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
    // They are in the failure record. Of a URL's answer it has nothing but the status.
    let header = |name| answer.header(name).filter(|value| is_function && is_word(value)).map(str::to_owned);
    let answered = Answered {
        request_id: header("x-amzn-requestid"),
        status: answer.status,
        executed_version: header("x-amz-executed-version"),
        function_error: header("x-amz-function-error"),
    };
    let failed = || (Ended::Failed, Some(told(answer)));
    let (ended, problem) = match answer.status {
        200..=299 if is_function && answer.header("x-amz-function-error").is_some() => failed(),
        // It says more than what failed.
        200..=299 if report_item_failures && !answer.is_whole => {
            let problem = "the function's answer is too long to be a batch response".to_owned();
            (Ended::Processed(Processed::Before(0)), Some(problem))
        }
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

/// Whether a header's value has the form of a request's id, a version or a kind of error.
fn is_word(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'$' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(valid)
}

/// An answer's status and first words.
fn told(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let words: String =
        text.chars().take(200).map(|letter| if base::is_hidden(letter) { ' ' } else { letter }).collect();
    format!("status {}: {words}", answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A URL on this machine, by an address and by a name, and one with a line end that an older program has stored.
    #[tokio::test]
    async fn urls_that_are_closed_are_not_called() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let places = Places { egress: Egress::closed(Vec::new()), ..Places::default() };
        for host in ["127.0.0.1", "0x7f.1", "localhost", "[::1]", "169.254.169.254"] {
            let sent = places.tell(&format!("http://{host}:{port}/x"), None, &json!({}), &Holder::new("1", "a")).await;
            let Sent::Later(why) = sent else { panic!("{host}: {sent:?}") };
            assert!(why.contains("--egress-allow"), "{why}");
        }
        let injected = format!("http://127.0.0.1:{port}/x HTTP/1.1\r\nX-A: b\r\n\r\n");
        assert!(matches!(places.tell(&injected, None, &json!({}), &Holder::new("1", "a")).await, Sent::Refused(_)));
        let allowed = Places { egress: Egress::closed(vec!["127.0.0.0/8".parse().unwrap()]), ..Places::default() };
        let url = format!("http://127.0.0.1:{port}/good");
        let sending = tokio::spawn(async move { allowed.tell(&url, None, &json!({}), &Holder::new("1", "a")).await });
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut first = [0; 10];
        tokio::io::AsyncReadExt::read_exact(&mut socket, &mut first).await.unwrap();
        assert_eq!(&first, b"POST /good");
        sending.abort();
    }

    /// A mapping that an older program has stored with a queue of another region.
    #[tokio::test]
    async fn queues_of_another_region_are_not_called() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sqs = Some(format!("http://{}", listener.local_addr().unwrap()));
        let places = Places { sqs, ..Places::default() };
        let queue = "arn:aws:sqs:eu-west-3:123456789012:q";
        for other in ["us-east-1", "eu-west-1", "cn-north-1"] {
            let sent = places.tell(queue, Some(other), &json!({}), &Holder::new("1", "a")).await;
            assert!(matches!(&sent, Sent::Refused(why) if why.contains("another region")), "{other}: {sent:?}");
        }
    }

    #[test]
    fn queues() {
        for (arn, path) in [
            ("arn:aws:sqs:us-east-1:123456789012:q", Some("/123456789012/q")),
            ("arn:aws-cn:sqs:cn-north-1:123456789012:q.fifo", Some("/123456789012/q.fifo")),
            // One spelling each: policies compare letters.
            ("arn:aws-cn:sqs:us-east-1:123456789012:q", None),
            ("arn:aws:sqs:cn-north-1:123456789012:q", None),
            ("arn:awsx:sqs:us-east-1:123456789012:q", None),
            ("arn:aws:sqs:US-EAST-1:123456789012:q", None),
            ("arn:aws:sns:us-east-1:123456789012:t", None),
            ("arn:aws:s3:::bucket", None),
            ("arn:aws:sqs:us-east-1:123456789012:", None),
            ("arn:aws:sqs:us-east-1:123456789012:.", None),
            ("arn:aws:sqs:us-east-1:123456789012:..", None),
            ("arn:aws:sqs:us-east-1:123456789012:...", None),
            ("arn:aws:sqs:us-east-1:123456789012:.q", None),
            ("arn:aws:sqs:us-east-1:123456789012:.fifo", None),
            ("arn:aws:sqs:us-east-1:123456789012:q.fifo.fifo", None),
            ("arn:aws:sqs:us-east-1:123456789012:q_-9", Some("/123456789012/q_-9")),
            ("arn:aws:sqs:us-east-1:123456789012:a:b", None),
            ("arn:aws:sqs:us-east-1:123456789012:a/b", None),
            ("arn:aws:sqs:us-east-1:1234:q", None),
            ("arn:aws:sqs:us-east-1\r\nx:123456789012:q", None),
            ("arn:aws:sqs::123456789012:q", None),
            ("q", None),
        ] {
            assert_eq!(queue_place(arn).map(|(_, path)| path).as_deref(), path, "{arn}");
        }
        let named = |name: &str| queue_place(&format!("arn:aws:sqs:us-east-1:123456789012:{name}")).is_some();
        assert!(named(&"q".repeat(80)) && named(&format!("{}.fifo", "q".repeat(75))));
        assert!(!named(&"q".repeat(81)) && !named(&format!("{}.fifo", "q".repeat(76))));
    }
}
