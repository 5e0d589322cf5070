//! A reader of a stream, as a program reads one: shards after their parents, page by page, each with its own position.

use std::collections::BTreeMap;

use api::*;

use super::caller;
use crate::service::Service;

/// Where reading a shard starts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum From<'a> {
    Horizon,
    Latest,
    At(&'a str),
    After(&'a str),
    /// Unit: milliseconds since the epoch.
    Time(i64),
}

pub(crate) async fn iterator(
    service: &Service,
    arn: &str,
    shard_id: &str,
    from: From<'_>,
) -> Result<String, Exception> {
    let (shard_iterator_type, sequence_number, timestamp) = match from {
        From::Horizon => (ShardIteratorType::TrimHorizon, None, None),
        From::Latest => (ShardIteratorType::Latest, None, None),
        From::At(sequence) => (ShardIteratorType::AtSequenceNumber, Some(sequence.to_owned()), None),
        From::After(sequence) => (ShardIteratorType::AfterSequenceNumber, Some(sequence.to_owned()), None),
        From::Time(epoch_ms) => (ShardIteratorType::AtTimestamp, None, Some(Timestamp { epoch_ms })),
    };
    let (stream_arn, shard_id) = (arn.to_owned(), shard_id.to_owned());
    let request = GetShardIteratorInput { stream_arn, shard_id, shard_iterator_type, sequence_number, timestamp };
    Ok(service.get_shard_iterator(&caller(), request).await?.shard_iterator.unwrap())
}

pub(crate) async fn read(service: &Service, iterator: &str, limit: Option<i32>) -> Result<GetRecordsOutput, Exception> {
    service.get_records(&caller(), GetRecordsInput { shard_iterator: iterator.to_owned(), limit }).await
}

/// The first page of a stream's description.
pub(crate) async fn describe(service: &Service, arn: &str) -> Result<StreamDescription, Exception> {
    let request = DescribeStreamInput { stream_arn: arn.to_owned(), ..DescribeStreamInput::default() };
    Ok(service.describe_stream(&caller(), request).await?.stream_description.unwrap())
}

/// All shards, page by page.
pub(crate) async fn shards(service: &Service, arn: &str) -> Vec<Shard> {
    let mut request = DescribeStreamInput { stream_arn: arn.to_owned(), ..DescribeStreamInput::default() };
    let mut shards = Vec::new();
    loop {
        let page = service.describe_stream(&caller(), request.clone()).await.unwrap();
        let description = page.stream_description.unwrap();
        shards.extend(description.shards.unwrap());
        match description.last_evaluated_shard_id {
            Some(last) => request.exclusive_start_shard_id = Some(last),
            None => return shards,
        }
    }
}

/// Where a reader starts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Start {
    Horizon,
    Latest,
    Time(u64),
}

struct ReadShard {
    parent: Option<String>,
    iterator: Option<String>,
    /// The sequence number of the last record.
    last: Option<String>,
    /// Before the first record: the start time of the records to read.
    since_ms: Option<u64>,
    is_finished: bool,
}

pub(crate) struct StreamReader {
    pub arn: String,
    pub start: Start,
    started_ms: u64,
    /// By their ids.
    shards: BTreeMap<String, ReadShard>,
    pub records: usize,
}

impl StreamReader {
    /// Has no positions yet; [`StreamReader::learn`] finds them.
    pub(crate) fn new(arn: &str, start: Start, started_ms: u64) -> StreamReader {
        StreamReader { arn: arn.to_owned(), start, started_ms, shards: BTreeMap::new(), records: 0 }
    }

    /// Reads the list of shards; returns whether it has new ones. Shards that it does not have any more are dropped.
    pub(crate) async fn learn(&mut self, service: &Service) -> bool {
        let is_first = self.shards.is_empty();
        let mut is_new = false;
        let described = shards(service, &self.arn).await;
        for shard in &described {
            let id = shard.shard_id.clone().unwrap();
            let is_closed = shard.sequence_number_range.as_ref().unwrap().ending_sequence_number.is_some();
            if self.shards.contains_key(&id) {
                continue;
            }
            let parent = shard.parent_shard_id.clone();
            assert!(parent.as_ref() < Some(&id), "shards are listed after their parents");
            let is_latest = is_first && self.start == Start::Latest;
            let iterator = match is_latest && !is_closed {
                true => Some(iterator(service, &self.arn, &id, From::Latest).await.unwrap()),
                false => None,
            };
            let since_ms = match self.start {
                Start::Latest if is_first => Some(self.started_ms),
                Start::Time(ms) if is_first => Some(ms),
                _ => None,
            };
            let (last, is_finished) = (None, is_latest && is_closed);
            self.shards.insert(id, ReadShard { parent, iterator, last, since_ms, is_finished });
            is_new = true;
        }
        let ids: Vec<_> = described.into_iter().map(|shard| shard.shard_id.unwrap()).collect();
        self.shards.retain(|id, _| ids.contains(id));
        is_new
    }

    /// The shards with parents that are read to their ends, or deleted.
    pub(crate) fn readable(&self) -> Vec<String> {
        let is_read = |id: &String| self.shards.get(id).is_none_or(|shard| shard.is_finished);
        let is_ready = |shard: &ReadShard| !shard.is_finished && shard.parent.as_ref().is_none_or(is_read);
        self.shards.iter().filter(|(_, shard)| is_ready(shard)).map(|(id, _)| id.clone()).collect()
    }

    /// Reads a page; returns whether that changed anything.
    pub(crate) async fn read(
        &mut self,
        service: &Service,
        id: &str,
        limit: Option<i32>,
        mut take: impl FnMut(&Record),
    ) -> bool {
        let Some(iterator) = self.iterator(service, id).await else { return true };
        let shard = self.shards.get_mut(id).unwrap();
        let page = match read(service, &iterator, limit).await {
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
        // The clock does not move: the same position is the same text.
        let has_moved = page.next_shard_iterator.as_ref() != Some(&iterator);
        for record in page.records.unwrap() {
            let sequence = &record.dynamodb.as_ref().unwrap().sequence_number;
            assert!(shard.last < *sequence, "sequence numbers grow");
            shard.last.clone_from(sequence);
            self.records += 1;
            take(&record);
        }
        shard.is_finished = page.next_shard_iterator.is_none();
        shard.iterator = page.next_shard_iterator;
        has_moved
    }

    /// The position in a shard; a lost one is found from the last record.
    async fn iterator(&mut self, service: &Service, id: &str) -> Option<String> {
        let shard = self.shards.get_mut(id).unwrap();
        if let Some(iterator) = &shard.iterator {
            return Some(iterator.clone());
        }
        let from = match (&shard.last, shard.since_ms) {
            (Some(last), _) => From::After(last),
            (None, Some(ms)) => From::Time(i64::try_from(ms).unwrap()),
            (None, None) => From::Horizon,
        };
        match iterator(service, &self.arn, id, from).await {
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

    /// Looks for new shards, and reads a page of each readable one; returns whether that changed anything.
    pub(crate) async fn step(&mut self, service: &Service, limit: Option<i32>, mut take: impl FnMut(&Record)) -> bool {
        let mut has_moved = self.learn(service).await;
        for id in self.readable() {
            has_moved |= self.read(service, &id, limit, &mut take).await;
        }
        has_moved
    }

    /// Reads all there is.
    pub(crate) async fn drain(&mut self, service: &Service, mut take: impl FnMut(&Record)) {
        while self.step(service, None, &mut take).await {}
    }

    /// The number of shards that are listed, and of those that are not read to their ends.
    pub(crate) fn shard_counts(&self) -> (usize, usize) {
        (self.shards.len(), self.shards.values().filter(|shard| !shard.is_finished).count())
    }

    /// Whether it has read every shard to its end.
    pub(crate) fn is_finished(&self) -> bool {
        self.shard_counts().1 == 0
    }
}
