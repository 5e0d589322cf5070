//! The questions to the server. One that is away or wants fewer requests is asked again, ever more slowly.

use std::time::{Duration, Instant};

use api::Operation;
use client::{Connection, Credentials, Endpoint, Failure, Trouble};
use serde_json::{Value, json};

use super::say;
use super::shards::{Described, Place};

const TIMEOUT: Duration = Duration::from_secs(30);
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long a server may be away where the command waits for its own end (`--no-follow`).
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The server has said no: the exception, and the whole of it.
    Exception(String, String),
    Failure(Failure),
}

impl Refusal {
    pub(super) fn failure(self, what: &str) -> Failure {
        match self {
            Refusal::Exception(_, text) => Failure::new(format!("{what}: {text}")),
            Refusal::Failure(failure) => failure,
        }
    }
}

pub(super) struct Page {
    pub(super) records: Vec<Value>,
    pub(super) next: Option<String>,
}

pub(super) struct Description {
    pub(super) is_disabled: bool,
    pub(super) shards: Vec<Described>,
}

pub(super) struct Streams {
    connection: Connection,
    url: String,
    waits_without_end: bool,
    /// The server has answered before.
    is_known: bool,
}

impl Streams {
    pub(super) fn new(endpoint: &Endpoint, credentials: &Credentials, waits_without_end: bool) -> Streams {
        let connection = Connection::new(endpoint, credentials, TIMEOUT);
        Streams { connection, url: endpoint.url.clone(), waits_without_end, is_known: false }
    }

    /// The ARN of a table's newest stream, if it has one.
    pub(super) async fn newest(&mut self, table: &str) -> Result<Option<String>, Refusal> {
        let mut arns: Vec<String> = Vec::new();
        let mut request = json!({ "TableName": table });
        loop {
            let page = self.ask(Operation::ListStreams, &request).await?;
            arns.extend(each(&page["Streams"]).filter_map(|stream| text(&stream["StreamArn"])));
            match text(&page["LastEvaluatedStreamArn"]) {
                Some(last) => request["ExclusiveStartStreamArn"] = last.into(),
                None => break,
            }
        }
        // The label at the end is the time when the stream was made.
        Ok(arns.into_iter().max())
    }

    /// All shards, the oldest first.
    pub(super) async fn describe(&mut self, arn: &str) -> Result<Description, Refusal> {
        let mut request = json!({ "StreamArn": arn });
        let mut shards = Vec::new();
        loop {
            let page = self.ask(Operation::DescribeStream, &request).await?;
            let page = &page["StreamDescription"];
            shards.extend(each(&page["Shards"]).filter_map(described));
            match text(&page["LastEvaluatedShardId"]) {
                Some(last) => request["ExclusiveStartShardId"] = last.into(),
                None => return Ok(Description { is_disabled: page["StreamStatus"] == "DISABLED", shards }),
            }
        }
    }

    pub(super) async fn iterator(&mut self, arn: &str, shard: &str, place: &Place) -> Result<String, Refusal> {
        let mut request = place.asked();
        request["StreamArn"] = arn.into();
        request["ShardId"] = shard.into();
        let answer = self.ask(Operation::GetShardIterator, &request).await?;
        text(&answer["ShardIterator"]).ok_or_else(|| unexpected("there is no ShardIterator"))
    }

    pub(super) async fn records(&mut self, iterator: &str, limit: u64) -> Result<Page, Refusal> {
        let request = json!({ "ShardIterator": iterator, "Limit": limit });
        let mut page = self.ask(Operation::GetRecords, &request).await?;
        let next = text(&page["NextShardIterator"]);
        match page["Records"].take() {
            Value::Array(records) => Ok(Page { records, next }),
            _ => Err(unexpected("there are no Records")),
        }
    }

    async fn ask(&mut self, operation: Operation, request: &Value) -> Result<Value, Refusal> {
        let body = request.to_string();
        let began = Instant::now();
        let mut attempt = 0;
        loop {
            let trouble = match self.once(operation, body.as_bytes()).await {
                Ok(answer) => {
                    if attempt > 1 {
                        say(format_args!("{} answers again", self.url));
                    }
                    self.is_known = true;
                    return answer;
                }
                Err(trouble) => trouble,
            };
            let is_passing = trouble.is_passing() || self.is_known && is_outage(&trouble);
            if !is_passing || !self.waits_without_end && began.elapsed() > PATIENCE {
                return Err(self.refusal(trouble));
            }
            // Any connection may end once.
            if attempt == 1 {
                say(format_args!("{} does not answer ({trouble}); trying again until it does", self.url));
            }
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn once(&mut self, operation: Operation, body: &[u8]) -> Result<Result<Value, Refusal>, Trouble> {
        self.connection.prepare(operation, body);
        let reply = self.connection.exchange().await?;
        Ok(serde_json::from_slice(reply).map_err(|_| unexpected("it is not JSON")))
    }

    fn refusal(&self, trouble: Trouble) -> Refusal {
        let said = trouble.to_string();
        // A refusal without a message.
        let said = said.trim_end_matches(": ").to_owned();
        match trouble {
            Trouble::Refused { exception, .. } => Refusal::Exception(exception, said),
            _ => Refusal::Failure(Failure::new(format!("cannot reach {}: {said}", self.url))),
        }
    }
}

fn is_outage(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Connection(_) | Trouble::Timeout | Trouble::NotHttp)
}

fn pause(attempt: u32) -> Duration {
    PAUSE_MIN.saturating_mul(1 << attempt.min(8)).min(PAUSE_MAX)
}

fn unexpected(what: &str) -> Refusal {
    Refusal::Failure(Failure::new(format!("the reply is not one of DynamoDB Streams: {what}")))
}

fn described(shard: &Value) -> Option<Described> {
    let is_closed = shard["SequenceNumberRange"]["EndingSequenceNumber"].is_string();
    Some(Described { id: text(&shard["ShardId"])?, parent: text(&shard["ParentShardId"]), is_closed })
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let pauses = [0, 1, 2, 4, 5, u32::MAX].map(|attempt| pause(attempt).as_millis());
        assert_eq!(pauses, [200, 400, 800, 3_200, 5_000, 5_000]);
    }

    #[test]
    fn shards() {
        let shard = json!({ "ShardId": "b", "ParentShardId": "a", "SequenceNumberRange":
            { "StartingSequenceNumber": "1", "EndingSequenceNumber": "2" } });
        let expected = Described { id: "b".to_owned(), parent: Some("a".to_owned()), is_closed: true };
        assert_eq!(described(&shard), Some(expected));
        let open = json!({ "ShardId": "a", "SequenceNumberRange": { "StartingSequenceNumber": "1" } });
        let expected = Described { id: "a".to_owned(), parent: None, is_closed: false };
        assert_eq!(described(&open), Some(expected));
        assert_eq!(described(&json!({})), None);
    }
}
