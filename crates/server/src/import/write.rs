//! Requests of BatchWriteItem, one at a time: what is unprocessed is written again, and a request that is refused for one of its items is
//! made again item by item.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::Operation;
use client::{Backoff, Failure};
use exchange::read::ItemJson;
use model::Attributes;
use model::codec::json::{write_map, write_string, write_value};
use serde::Deserialize;
use tokio::sync::mpsc::Receiver;

use super::outcome::Outcome;
use crate::remote::{ApiClient, Refusal, TableKeys};

/// Source: API Reference, BatchWriteItem.
const ENTRIES_MAX: usize = 25;
/// What a request has, unless one item is larger. Unit: bytes.
const BATCH_SIZE_MAX: usize = 1024 * 1024;
/// Source: API Reference, BatchWriteItem; without room for the names around an item. Unit: bytes.
const REQUEST_SIZE_MAX: usize = 16 * 1024 * 1024 - 16 * 1024;
/// For items that are not processed. Unit: milliseconds.
const BACKOFF: Backoff = Backoff::new(50, 5_000);
/// For how long none may be processed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Refusals of an item.
const OF_ITEMS: [&str; 2] = ["ValidationException", "ItemCollectionSizeLimitExceededException"];

/// An item to be put.
pub(super) struct Entry {
    line: u64,
    /// The values of the key attributes, as JSON.
    pub(super) key: Vec<u8>,
    /// The item, as JSON.
    item: Vec<u8>,
}

impl Entry {
    pub(super) fn new(line: u64, item: &Attributes, keys: &[String]) -> Entry {
        let mut json = Vec::new();
        write_map(&mut json, item.view());
        Entry { line, key: key_of(item, keys), item: json }
    }

    pub(super) fn fits_request(&self) -> bool {
        self.item.len() <= REQUEST_SIZE_MAX
    }
}

fn key_of(item: &Attributes, keys: &[String]) -> Vec<u8> {
    let mut key = Vec::new();
    for name in keys {
        // An item without a key is refused by the server, in its words.
        if let Some(value) = item.get(name) {
            write_value(&mut key, value.view());
        }
        key.push(b',');
    }
    key
}

/// The items of a request, each with another key.
#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<Entry>,
    size: usize,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn has_room_for(&self, entry: &Entry) -> bool {
        self.is_empty()
            || self.entries.len() < ENTRIES_MAX
                && self.size + entry.item.len() <= BATCH_SIZE_MAX
                && self.entries.iter().all(|other| other.key != entry.key)
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.size += entry.item.len();
        self.entries.push(entry);
    }
}

/// An answer to BatchWriteItem.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    unprocessed_items: BTreeMap<String, Vec<WriteRequest>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WriteRequest {
    put_request: Option<PutRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    item: ItemJson,
}

pub(super) struct Writer {
    client: ApiClient,
    table: String,
    keys: Arc<TableKeys>,
    outcome: Arc<Outcome>,
}

impl Writer {
    pub(super) fn new(client: ApiClient, table: &str, keys: Arc<TableKeys>, outcome: Arc<Outcome>) -> Writer {
        Writer { client, table: table.to_owned(), keys, outcome }
    }

    pub(super) async fn run(mut self, mut batches: Receiver<Batch>) -> Result<(), Failure> {
        while let Some(batch) = batches.recv().await {
            let Some(why) = self.put(batch.entries).await? else { continue };
            // One of several is refused, and none was written.
            for entry in why.entries {
                let line = entry.line;
                if let Some(refused) = self.put(vec![entry]).await? {
                    self.outcome.add_bad(line, &refused.why);
                }
            }
        }
        Ok(())
    }

    /// Puts items, or returns those of a request that was refused for what it contains.
    async fn put(&mut self, mut entries: Vec<Entry>) -> Result<Option<Refused>, Failure> {
        let (mut backoff, mut since) = (BACKOFF, Instant::now());
        loop {
            let unprocessed = match self.request(&entries).await {
                Ok(unprocessed) => unprocessed,
                Err(Refusal::Exception { name, message }) if OF_ITEMS.contains(&name.as_str()) => {
                    return Ok(Some(Refused { entries, why: message }));
                }
                Err(refusal) => return Err(self.client.failure(Operation::BatchWriteItem, refusal)),
            };
            let count = entries.len();
            entries.retain(|entry| unprocessed.contains(&entry.key));
            self.outcome.add_written((count - entries.len()) as u64);
            if entries.is_empty() {
                return Ok(None);
            }
            if entries.len() < count {
                (backoff, since) = (BACKOFF, Instant::now());
            }
            if since.elapsed() > PATIENCE {
                return Err(Failure::new("BatchWriteItem: the server leaves all items unprocessed"));
            }
            backoff.pause().await;
        }
    }

    /// Makes one request; returns the keys that are unprocessed.
    async fn request(&mut self, entries: &[Entry]) -> Result<Vec<Vec<u8>>, Refusal> {
        let body = body(&self.table, entries);
        let keys = Arc::clone(&self.keys);
        let read = |reply: &[u8]| {
            let answer: Answer = serde_json::from_slice(reply).map_err(|error| error.to_string())?;
            let requests = answer.unprocessed_items.into_values().flatten();
            let puts = requests.filter_map(|request| request.put_request);
            Ok(puts.map(|put| key_of(&put.item.0, &keys.names)).collect())
        };
        self.client.request(Operation::BatchWriteItem, &body, read).await
    }
}

/// Items of a request that was refused, and the server's reason.
struct Refused {
    entries: Vec<Entry>,
    why: String,
}

fn body(table: &str, entries: &[Entry]) -> Vec<u8> {
    let mut body = b"{\"RequestItems\":{".to_vec();
    write_string(&mut body, table);
    body.extend_from_slice(b":[");
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(b"{\"PutRequest\":{\"Item\":");
        body.extend_from_slice(&entry.item);
        body.extend_from_slice(b"}}");
    }
    body.extend_from_slice(b"]}}");
    body
}

#[cfg(test)]
mod tests {
    use model::AttributeValue;

    use super::*;

    fn entry(key: &str, size: usize) -> Entry {
        let entries = [("pk", key.to_owned()), ("x", "a".repeat(size))];
        let item = entries.map(|(name, text)| (name.to_owned(), AttributeValue::S(text))).into_iter().collect();
        Entry::new(1, &item, &["pk".to_owned()])
    }

    #[test]
    fn batches_are_bounded_and_have_no_key_twice() {
        let mut batch = Batch::default();
        assert!(batch.has_room_for(&entry("a", 2 * BATCH_SIZE_MAX)));
        batch.push(entry("a", 0));
        assert!(batch.has_room_for(&entry("b", 0)) && !batch.has_room_for(&entry("a", 0)));
        assert!(!batch.has_room_for(&entry("b", BATCH_SIZE_MAX)));
        for at in 1..ENTRIES_MAX {
            batch.push(entry(&at.to_string(), 0));
        }
        assert!(!batch.has_room_for(&entry("b", 0)));
    }

    #[test]
    fn bodies() {
        let text = String::from_utf8(body("T", &[entry("a", 1), entry("b", 0)])).expect("UTF-8");
        let expected = r#"{"RequestItems":{"T":[{"PutRequest":{"Item":{"pk":{"S":"a"},"x":{"S":"a"}}}},{"PutRequest":{"Item":{"pk":{"S":"b"},"x":{"S":""}}}}]}}"#;
        assert_eq!(text, expected);
    }
}
