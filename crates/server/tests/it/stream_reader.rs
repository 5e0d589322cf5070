//! A reader of a stream over HTTP: shards after their parents, each from its last record on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;

#[derive(Clone, Default)]
struct Shard {
    parent: Option<String>,
    iterator: Option<String>,
    /// The sequence number of the last record.
    last: Option<String>,
    is_finished: bool,
}

#[derive(Clone, Default)]
pub(crate) struct StreamReader {
    pub(crate) arn: String,
    /// By their ids.
    shards: BTreeMap<String, Shard>,
    pub(crate) records: usize,
}

impl StreamReader {
    pub(crate) fn new(arn: &str) -> StreamReader {
        StreamReader { arn: arn.to_owned(), ..StreamReader::default() }
    }

    /// Reads a page of each shard whose parent is read. False at the end of what there is.
    pub(crate) fn step(&mut self, client: &mut Client, mut take: impl FnMut(&Value)) -> bool {
        let mut has_moved = self.learn(client);
        let is_read = |id: &String| self.shards.get(id).is_none_or(|shard| shard.is_finished);
        let is_ready = |shard: &Shard| !shard.is_finished && shard.parent.as_ref().is_none_or(is_read);
        let ready: Vec<String> =
            self.shards.iter().filter(|(_, shard)| is_ready(shard)).map(|(id, _)| id.clone()).collect();
        for id in ready {
            has_moved |= self.read(client, &id, &mut take);
        }
        has_moved
    }

    /// Reads all there is.
    pub(crate) fn drain(&mut self, client: &mut Client, mut take: impl FnMut(&Value)) {
        while self.step(client, &mut take) {}
    }

    /// Drops its iterators: it continues after its last records, on whatever server there is then.
    pub(crate) fn drop_iterators(&mut self) {
        self.shards.values_mut().for_each(|shard| shard.iterator = None);
    }

    /// Whether it has read every shard to its end.
    pub(crate) fn is_finished(&self) -> bool {
        self.shards.values().all(|shard| shard.is_finished)
    }

    fn learn(&mut self, client: &mut Client) -> bool {
        let known = self.shards.len();
        for shard in shards(client, &self.arn) {
            let text = |member: &str| shard[member].as_str().map(str::to_owned);
            let new = Shard { parent: text("ParentShardId"), ..Shard::default() };
            self.shards.entry(text("ShardId").expect("an id")).or_insert(new);
        }
        self.shards.len() > known
    }

    fn read(&mut self, client: &mut Client, id: &str, take: &mut impl FnMut(&Value)) -> bool {
        let shard = self.shards.get_mut(id).expect("a known shard");
        let iterator = shard.iterator.take().unwrap_or_else(|| {
            let mut request = json!({"StreamArn": self.arn, "ShardId": id, "ShardIteratorType": "TRIM_HORIZON"});
            if let Some(last) = &shard.last {
                request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                request["SequenceNumber"] = last.as_str().into();
            }
            client.ask("GetShardIterator", request)["ShardIterator"].as_str().expect("an iterator").to_owned()
        });
        let page = client.ask("GetRecords", json!({"ShardIterator": iterator}));
        shard.iterator = page["NextShardIterator"].as_str().map(str::to_owned);
        shard.is_finished = shard.iterator.is_none();
        let records = page["Records"].as_array().expect("records");
        for record in records {
            let sequence = record["dynamodb"]["SequenceNumber"].as_str().expect("a sequence number").to_owned();
            // Of one length, so that texts are ordered as numbers are.
            assert!(shard.last.as_ref().is_none_or(|last| *last < sequence), "sequence numbers grow: {record}");
            shard.last = Some(sequence);
            self.records += 1;
            take(record);
        }
        !records.is_empty() || shard.is_finished
    }
}

/// All shards of a stream, page by page.
pub(crate) fn shards(client: &mut Client, arn: &str) -> Vec<Value> {
    let (mut all, mut last) = (Vec::new(), Value::Null);
    loop {
        let mut asked = json!({"StreamArn": arn});
        if last.is_string() {
            asked["ExclusiveStartShardId"] = last;
        }
        let described = &client.ask("DescribeStream", asked)["StreamDescription"];
        all.extend(described["Shards"].as_array().expect("shards").iter().cloned());
        last = described["LastEvaluatedShardId"].clone();
        if last.is_null() {
            return all;
        }
    }
}
