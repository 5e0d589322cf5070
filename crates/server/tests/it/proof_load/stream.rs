//! A reader of the main table's stream: it has seen every change exactly once and in order if each record's old image is
//! what the record before it left, and the last ones leave what is in the table.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::program::PATIENCE;
use crate::stream_reader::StreamReader;

/// The reader, and the table as the records so far have made it.
#[derive(Clone, Default)]
pub(super) struct Follower {
    stream: StreamReader,
    items: BTreeMap<String, Value>,
}

impl Follower {
    /// Reads on to the end, and compares with the table's items.
    pub(super) fn check<'a>(&mut self, client: &mut Client, items: impl Iterator<Item = &'a Value>) {
        self.stream.arn = stream_arn(client);
        let items: BTreeMap<String, Value> = items.map(|item| (key(item), item.clone())).collect();
        // A rollover that was interrupted is completed by a background job; until then its shard cannot be read further.
        let deadline = Instant::now() + PATIENCE;
        self.read_all(client);
        while self.items != items && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
            self.read_all(client);
        }
        assert_eq!(self.items, items, "the stream agrees with the table");
    }

    fn read_all(&mut self, client: &mut Client) {
        self.stream.drop_iterators();
        self.stream.drain(client, |record| {
            let change = &record["dynamodb"];
            let key = key(&change["Keys"]);
            let before = match change.get("NewImage") {
                Some(new) => self.items.insert(key, new.clone()),
                None => self.items.remove(&key),
            };
            assert_eq!(change.get("OldImage"), before.as_ref(), "a change follows the one before it: {record}");
        });
    }
}

fn key(item: &Value) -> String {
    format!("{} {}", item["pk"], item["sk"])
}

fn stream_arn(client: &mut Client) -> String {
    let described = client.ask("DescribeTable", json!({"TableName": "main"}));
    described["Table"]["LatestStreamArn"].as_str().expect("an ARN").to_owned()
}
