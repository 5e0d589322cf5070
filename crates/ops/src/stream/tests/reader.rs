//! Readers of a stream whose records are compared, item by item, with the changes.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::chance::Chance;
use super::*;
pub(super) use crate::tests::catalog::stream_reader::{Start, StreamReader};

/// A change as it was made.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Change {
    pub at_ms: u64,
    pub old: Option<String>,
    pub new: Option<String>,
    pub is_trimmed: bool,
}

/// The changes of each item since a stream was enabled.
pub(super) type Changes = BTreeMap<String, Vec<Change>>;

pub(super) struct Reader {
    stream: StreamReader,
    /// For each item, how many of its changes were read.
    next: BTreeMap<String, usize>,
}

impl Deref for Reader {
    type Target = StreamReader;

    fn deref(&self) -> &StreamReader {
        &self.stream
    }
}

impl Reader {
    /// Finds its position in all shards. No change has the same time.
    pub(super) async fn new(streamed: &StreamedTable, arn: &str, start: Start, changes: &Changes) -> Reader {
        streamed.hand.advance_ms(1);
        let behind = |changes: &Vec<Change>| match start {
            Start::Horizon => 0,
            Start::Latest => changes.len(),
            Start::Time(ms) => changes.iter().filter(|change| change.at_ms < ms).count(),
        };
        let next = changes.iter().map(|(pk, changes)| (pk.clone(), behind(changes))).collect();
        let mut stream = StreamReader::new(arn, start, streamed.clock.now_ms());
        stream.learn(&streamed.service).await;
        Reader { stream, next }
    }

    /// Looks for new shards, or reads a page of one.
    pub(super) async fn step(&mut self, streamed: &StreamedTable, chance: &mut Chance, changes: &Changes) {
        let readable = self.readable();
        if readable.is_empty() || chance.one_in(4) {
            self.stream.learn(&streamed.service).await;
            return;
        }
        let id = &readable[chance.below(readable.len() as u64) as usize];
        let limit = [Some(1), Some(2), Some(5), None][chance.below(4) as usize];
        let next = &mut self.next;
        self.stream.read(&streamed.service, id, limit, |record| take(next, record, changes)).await;
    }

    /// Reads all there is.
    pub(super) async fn drain_some(&mut self, streamed: &StreamedTable, changes: &Changes) {
        let next = &mut self.next;
        self.stream.drain(&streamed.service, |record| take(next, record, changes)).await;
    }

    /// Reads all there is: then only trimmed records are left out.
    pub(super) async fn drain(&mut self, streamed: &StreamedTable, changes: &Changes) {
        self.drain_some(streamed, changes).await;
        for (pk, changes) in changes {
            let next = self.next.get(pk).copied().unwrap_or(0);
            let missed = changes[next..].iter().find(|change| !change.is_trimmed);
            assert_eq!(missed, None, "of {pk}, from {next} on, by a reader from {:?}", self.start);
        }
    }
}

/// The next change of an item: those before it that were not seen were trimmed.
fn take(next: &mut BTreeMap<String, usize>, record: &Record, changes: &Changes) {
    let record = record.dynamodb.as_ref().unwrap();
    let pk = key(record);
    let (old, new) = (text(&record.old_image), text(&record.new_image));
    let next = next.entry(pk.clone()).or_default();
    let ahead = &changes[&pk][*next..];
    let at = ahead.iter().position(|change| (&change.old, &change.new) == (&old, &new));
    let at = at.unwrap_or_else(|| panic!("{pk}: {old:?} to {new:?} is none of {ahead:?}"));
    let missed = ahead[..at].iter().find(|change| !change.is_trimmed);
    assert_eq!(missed, None, "of {pk}, before {new:?}");
    *next += at + 1;
}
