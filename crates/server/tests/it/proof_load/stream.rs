//! A reader of the main table's stream: it has seen every change exactly once and in order if each record's old image is
//! what the record before it left, and the last ones leave what is in the table.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::program::PATIENCE;

/// A shard that is read.
#[derive(Clone, Default)]
struct Shard {
    parent: Value,
    last: Option<String>,
    is_finished: bool,
}

/// Where the reader is, and the table as the records so far have made it.
#[derive(Clone, Default)]
pub(super) struct Follower {
    /// By their ids.
    shards: BTreeMap<String, Shard>,
    items: BTreeMap<String, Value>,
}

impl Follower {
    /// Reads on to the end, and compares with the table's items.
    pub(super) fn check<'a>(&mut self, client: &mut Client, items: impl Iterator<Item = &'a Value>) {
        let stream = stream_arn(client);
        let items: BTreeMap<String, Value> = items.map(|item| (key(item), item.clone())).collect();
        // A rollover that was interrupted is completed by a background job; until then its shard cannot be read further.
        let deadline = Instant::now() + PATIENCE;
        self.read_all(client, &stream);
        while self.items != items && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
            self.read_all(client, &stream);
        }
        assert_eq!(self.items, items, "what the stream tells agrees with the table");
    }

    /// Shards after their parents; each from where it was left.
    fn read_all(&mut self, client: &mut Client, stream: &Value) {
        while self.learn(client, stream) {
            let is_open = |id: &str| self.shards.get(id).is_some_and(|shard| !shard.is_finished);
            let is_ready = |shard: &Shard| !shard.is_finished && !shard.parent.as_str().is_some_and(is_open);
            let ready: Vec<String> =
                self.shards.iter().filter(|(_, shard)| is_ready(shard)).map(|(id, _)| id.clone()).collect();
            let finished: Vec<bool> = ready.iter().map(|id| self.read(client, stream, id)).collect();
            if !finished.contains(&true) {
                return;
            }
        }
    }

    /// Whether there is something to read.
    fn learn(&mut self, client: &mut Client, stream: &Value) -> bool {
        let mut request = json!({"StreamArn": stream});
        if let Some(newest) = self.shards.keys().next_back() {
            request["ExclusiveStartShardId"] = newest.as_str().into();
        }
        loop {
            let description = &ask(client, "DescribeStream", &request)["StreamDescription"];
            for shard in description["Shards"].as_array().expect("Shards") {
                let parent = shard["ParentShardId"].clone();
                let id = shard["ShardId"].as_str().expect("an id").to_owned();
                self.shards.entry(id).or_insert(Shard { parent, ..Shard::default() });
            }
            request["ExclusiveStartShardId"] = description["LastEvaluatedShardId"].clone();
            if request["ExclusiveStartShardId"].is_null() {
                return self.shards.values().any(|shard| !shard.is_finished);
            }
        }
    }

    /// Returns whether the shard is at its end.
    fn read(&mut self, client: &mut Client, stream: &Value, id: &str) -> bool {
        let last = self.shards[id].last.as_deref();
        let mut request = json!({"StreamArn": stream, "ShardId": id, "ShardIteratorType": "TRIM_HORIZON"});
        if let Some(last) = last {
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
            request["SequenceNumber"] = last.into();
        }
        let mut iterator = ask(client, "GetShardIterator", &request)["ShardIterator"].clone();
        while !iterator.is_null() {
            let page = ask(client, "GetRecords", &json!({"ShardIterator": iterator}));
            let records = page["Records"].as_array().expect("Records");
            records.iter().for_each(|record| self.follow(id, record));
            iterator = page["NextShardIterator"].clone();
            if records.is_empty() {
                break;
            }
        }
        let shard = self.shards.get_mut(id).expect("a known shard");
        shard.is_finished = iterator.is_null();
        shard.is_finished
    }

    fn follow(&mut self, id: &str, record: &Value) {
        let change = &record["dynamodb"];
        let sequence = change["SequenceNumber"].as_str().expect("a sequence number").to_owned();
        let shard = self.shards.get_mut(id).expect("a known shard");
        // Of one length, so that texts are ordered as numbers are.
        assert!(shard.last.as_ref().is_none_or(|last| *last < sequence), "sequence numbers grow: {record}");
        shard.last = Some(sequence);
        let key = key(&change["Keys"]);
        let before = match change.get("NewImage") {
            Some(new) => self.items.insert(key, new.clone()),
            None => self.items.remove(&key),
        };
        assert_eq!(change.get("OldImage"), before.as_ref(), "a change follows the one before it: {record}");
    }
}

fn key(item: &Value) -> String {
    format!("{} {}", item["pk"], item["sk"])
}

fn stream_arn(client: &mut Client) -> Value {
    ask(client, "DescribeTable", &json!({"TableName": "main"}))["Table"]["LatestStreamArn"].clone()
}

fn ask(client: &mut Client, operation: &str, request: &Value) -> Value {
    let response = client.call(operation, &request.to_string());
    assert_eq!(response.status, 200, "{operation} {request}: {}", response.text());
    response.json()
}
