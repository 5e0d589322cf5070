//! A reader of the main table's stream: it has seen every change exactly once and in order if each record's old image is
//! what the record before it left, and the last ones leave what stands in the table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;

/// Where the reader is, and the table as the records so far have made it.
#[derive(Clone, Default)]
pub(super) struct Follower {
    last: Option<String>,
    items: BTreeMap<String, Value>,
}

impl Follower {
    /// Reads on to the end, and compares with the table's items.
    pub(super) fn check<'a>(&mut self, client: &mut Client, items: impl Iterator<Item = &'a Value>) {
        let stream = stream_arn(client);
        let mut iterator = self.iterator(client, &stream);
        loop {
            let page = ask(client, "GetRecords", &json!({"ShardIterator": iterator}));
            let records = page["Records"].as_array().expect("Records");
            records.iter().for_each(|record| self.follow(record));
            if records.is_empty() {
                break;
            }
            iterator = page["NextShardIterator"].clone();
        }
        let items: BTreeMap<String, Value> = items.map(|item| (key(item), item.clone())).collect();
        assert_eq!(self.items, items, "what the stream tells agrees with the table");
    }

    fn iterator(&self, client: &mut Client, stream: &Value) -> Value {
        let description = ask(client, "DescribeStream", &json!({"StreamArn": stream}));
        let shards = description["StreamDescription"]["Shards"].as_array().expect("Shards");
        let [shard] = &shards[..] else { panic!("one shard: {shards:?}") };
        let mut request =
            json!({"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"});
        if let Some(last) = &self.last {
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
            request["SequenceNumber"] = last.as_str().into();
        }
        ask(client, "GetShardIterator", &request)["ShardIterator"].clone()
    }

    fn follow(&mut self, record: &Value) {
        let change = &record["dynamodb"];
        let sequence = change["SequenceNumber"].as_str().expect("a sequence number").to_owned();
        // Of one length, so that texts are ordered as numbers are.
        assert!(self.last.as_ref().is_none_or(|last| *last < sequence), "sequence numbers grow: {record}");
        self.last = Some(sequence);
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
