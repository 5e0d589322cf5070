//! Readers of a stream, as a program reads one: shards after their parents, page by page, each with its own position. The
//! records are compared, item by item, with the changes.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::*;

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

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Start {
    Horizon,
    Latest,
    Time(u64),
}

struct Followed {
    parent: Option<String>,
    is_closed: bool,
    iterator: Option<String>,
    /// The sequence number of the last record.
    last: Option<String>,
    /// Before the first record: the start time of the records to read.
    since_ms: Option<u64>,
    is_finished: bool,
}

pub(super) struct Reader {
    pub arn: String,
    start: Start,
    /// By their ids.
    shards: BTreeMap<String, Followed>,
    /// For each item, how many of its changes were read.
    next: BTreeMap<String, usize>,
    pub records: usize,
}

impl Reader {
    /// Finds its position in all shards. No change has the same time.
    pub(super) async fn new(house: &House, arn: &str, start: Start, changes: &Changes) -> Reader {
        house.hand.advance_ms(1);
        let behind = |changes: &Vec<Change>| match start {
            Start::Horizon => 0,
            Start::Latest => changes.len(),
            Start::Time(ms) => changes.iter().filter(|change| change.at_ms < ms).count(),
        };
        let next = changes.iter().map(|(pk, changes)| (pk.clone(), behind(changes))).collect();
        let mut reader = Reader { arn: arn.to_owned(), start, shards: BTreeMap::new(), next, records: 0 };
        reader.learn(house).await;
        reader
    }

    async fn learn(&mut self, house: &House) {
        let is_first = self.shards.is_empty();
        let described = house.describe_all(&self.arn).await;
        for shard in &described {
            let id = shard.shard_id.clone().unwrap();
            let is_closed = shard.sequence_number_range.as_ref().unwrap().ending_sequence_number.is_some();
            if let Some(known) = self.shards.get_mut(&id) {
                known.is_closed = is_closed;
                continue;
            }
            let parent = shard.parent_shard_id.clone();
            assert!(parent.as_ref() < Some(&id), "shards are listed after their parents");
            let is_latest = is_first && self.start == Start::Latest;
            let iterator = match is_latest && !is_closed {
                true => Some(house.iterator_of(&self.arn, shard, From::Latest).await.unwrap()),
                false => None,
            };
            let since_ms = match self.start {
                Start::Latest if is_first => Some(house.clock.now_ms()),
                Start::Time(ms) if is_first => Some(ms),
                _ => None,
            };
            let (last, is_finished) = (None, is_latest && is_closed);
            self.shards.insert(id, Followed { parent, is_closed, iterator, last, since_ms, is_finished });
        }
        let ids: Vec<_> = described.into_iter().map(|shard| shard.shard_id.unwrap()).collect();
        self.shards.retain(|id, _| ids.contains(id));
    }

    /// The shards with parents that are read to their ends, or deleted.
    fn readable(&self) -> Vec<String> {
        let is_read = |id: &String| self.shards.get(id).is_none_or(|shard| shard.is_finished);
        let is_ready = |shard: &Followed| !shard.is_finished && shard.parent.as_ref().is_none_or(is_read);
        self.shards.iter().filter(|(_, shard)| is_ready(shard)).map(|(id, _)| id.clone()).collect()
    }

    /// Looks for new shards, or reads a page of one.
    pub(super) async fn step(&mut self, house: &House, chance: &mut Chance, changes: &Changes) {
        let readable = self.readable();
        if readable.is_empty() || chance.one_in(4) {
            return self.learn(house).await;
        }
        let id = &readable[chance.below(readable.len() as u64) as usize];
        let limit = [Some(1), Some(2), Some(5), None][chance.below(4) as usize];
        self.read(house, id, limit, changes).await;
    }

    /// Reads a page; returns whether that changed anything.
    async fn read(&mut self, house: &House, id: &str, limit: Option<i32>, changes: &Changes) -> bool {
        let Some(iterator) = self.iterator(house, id).await else { return true };
        let shard = self.shards.get_mut(id).unwrap();
        let page = match house.read(&iterator, limit).await {
            Ok(page) => page,
            Err(Exception::ExpiredIterator(_)) => {
                shard.iterator = None;
                return true;
            }
            Err(Exception::TrimmedDataAccess(_)) => {
                (shard.iterator, shard.last) = (None, None);
                return true;
            }
            Err(Exception::ResourceNotFound(_)) => {
                shard.is_finished = true;
                return true;
            }
            Err(other) => panic!("{other:?}"),
        };
        let records = page.records.unwrap();
        // The clock does not move: the same position is the same text.
        let has_moved = page.next_shard_iterator.as_ref() != Some(&iterator);
        for record in records.into_iter().map(|record| record.dynamodb.unwrap()) {
            assert!(shard.last < record.sequence_number, "sequence numbers grow");
            shard.last.clone_from(&record.sequence_number);
            self.records += 1;
            take(&mut self.next, &record, changes);
        }
        shard.is_finished = page.next_shard_iterator.is_none();
        shard.iterator = page.next_shard_iterator;
        has_moved
    }

    /// The position in a shard; a lost one is found from the last record.
    async fn iterator(&mut self, house: &House, id: &str) -> Option<String> {
        let shard = self.shards.get_mut(id).unwrap();
        if let Some(iterator) = &shard.iterator {
            return Some(iterator.clone());
        }
        let described = Shard { shard_id: Some(id.to_owned()), ..Shard::default() };
        let from = match (&shard.last, shard.since_ms) {
            (Some(last), _) => From::After(last),
            (None, Some(ms)) => From::Time(i64::try_from(ms).unwrap()),
            (None, None) => From::Horizon,
        };
        match house.iterator_of(&self.arn, &described, from).await {
            Ok(iterator) => Some(iterator),
            Err(Exception::TrimmedDataAccess(_)) => {
                shard.last = None;
                None
            }
            Err(Exception::ResourceNotFound(_)) => {
                shard.is_finished = true;
                None
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Reads all there is.
    pub(super) async fn drain_some(&mut self, house: &House, changes: &Changes) {
        loop {
            self.learn(house).await;
            let mut has_moved = false;
            for id in self.readable() {
                while !self.shards[&id].is_finished && self.read(house, &id, None, changes).await {
                    has_moved = true;
                }
            }
            if !has_moved {
                return;
            }
        }
    }

    /// Reads all there is: then only trimmed records are left out.
    pub(super) async fn drain(&mut self, house: &House, changes: &Changes) {
        self.drain_some(house, changes).await;
        for (pk, changes) in changes {
            let next = self.next.get(pk).copied().unwrap_or(0);
            let missed = changes[next..].iter().find(|change| !change.is_trimmed);
            assert_eq!(missed, None, "of {pk}, from {next} on, by a reader from {:?}", self.start);
        }
    }

    /// Whether it has read every shard to its end.
    pub(super) fn is_finished(&self) -> bool {
        self.shards.values().all(|shard| shard.is_finished)
    }
}

/// The next change of an item: those before it that were not seen were trimmed.
fn take(next: &mut BTreeMap<String, usize>, record: &StreamRecord, changes: &Changes) {
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
