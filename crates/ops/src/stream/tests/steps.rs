//! A random history of writes, splits, rolls, trims, crashes, renewed streams and replaced tables, with several readers at
//! different positions: each of them sees each change once, an item's in their order. Sometimes the table has another
//! consumer, so that its log stays open when a stream ends.

use change_log::{self, Hot};
use storage::Consistency;

use super::chance::{Chance, setting};
use super::reader::{Change, Changes, Reader, Start};
use super::*;
use crate::kinesis_streaming_destination::tests as destination;

const KEYS: u64 = 12;
const READERS: usize = 4;

/// A stream, and the records that it must have.
struct WrittenStream {
    arn: String,
    changes: Changes,
    is_ended: bool,
}

struct World {
    streamed: StreamedTable,
    chance: Chance,
    items: std::collections::BTreeMap<String, String>,
    /// Whether there is another consumer.
    is_delivered: bool,
    /// The newest one last.
    streams: Vec<WrittenStream>,
    readers: Vec<Reader>,
    writes: u64,
    splits: u64,
    records: usize,
}

impl World {
    async fn new(ground: Ground, chance: Chance) -> World {
        let streamed = StreamedTable::on(ground, StreamViewType::NewAndOldImages).await;
        let arn = streamed.arn().await;
        let streams = vec![WrittenStream { arn, changes: Changes::new(), is_ended: false }];
        let (items, readers) = (std::collections::BTreeMap::new(), Vec::new());
        World { streamed, chance, items, is_delivered: false, streams, readers, writes: 0, splits: 0, records: 0 }
    }

    fn last_stream(&mut self) -> &mut WrittenStream {
        self.streams.last_mut().unwrap()
    }

    async fn step(&mut self) {
        match self.chance.below(100) {
            0..30 => self.put().await,
            30..37 => self.delete().await,
            37..45 => self.streamed.hand.advance_ms(self.chance.below(300_000)),
            45..48 => self.streamed.hand.advance_ms(self.chance.below(7 * 60 * 60_000)),
            48..53 => self.roll().await,
            53..57 => self.trim().await,
            57..59 => self.streamed.restart().await,
            59..63 => self.crash().await,
            63..66 => self.add_reader().await,
            66..68 => self.drain_reader().await,
            68 if self.chance.one_in(3) => self.renew().await,
            70 if self.chance.one_in(2) => self.turn_delivery().await,
            69 if self.chance.one_in(3) => self.replace_table().await,
            _ => self.read().await,
        }
    }

    async fn put(&mut self) {
        self.writes += 1;
        let (pk, value) = (self.pk(), format!("{}", self.writes));
        self.streamed.put(&pk, &value).await;
        let old = self.items.insert(pk.clone(), value.clone());
        self.note(pk, old, Some(value));
    }

    async fn delete(&mut self) {
        let pk = self.pk();
        self.streamed.delete(&pk).await;
        if let Some(old) = self.items.remove(&pk) {
            self.note(pk, Some(old), None);
        }
    }

    fn pk(&mut self) -> String {
        format!("{}", self.chance.below(KEYS))
    }

    fn note(&mut self, pk: String, old: Option<String>, new: Option<String>) {
        let at_ms = self.streamed.clock.now_ms();
        self.last_stream().changes.entry(pk).or_default().push(Change { at_ms, old, new, is_trimmed: false });
    }

    /// Splits some open shards anywhere, and rolls those that are due.
    async fn roll(&mut self) {
        let mut hot = Vec::new();
        for shard in self.streamed.open_shards().await {
            let width = shard.hashes.last - shard.hashes.first;
            if self.chance.one_in(3) && width > 0 {
                let split_at = shard.hashes.first + 1 + self.chance.below(width);
                hot.push(Hot { shard: shard.number, split_at });
            }
        }
        self.splits += hot.len() as u64;
        // It may end in a crash.
        let _ = self.streamed.service.roll_shards(self.streamed.table_id(), &hot).await;
    }

    /// The model is trimmed first: after a crash all of it may be done, or a part.
    async fn trim(&mut self) {
        let now_ms = self.streamed.clock.now_ms();
        let is_over = |change: &&mut Change| change.at_ms + STREAM_RETENTION_MS <= now_ms;
        let changes = self.streams.iter_mut().flat_map(|written| written.changes.values_mut()).flatten();
        changes.filter(is_over).for_each(|change| change.is_trimmed = true);
        self.streamed.service.trim_logs().await;
    }

    /// The server dies in the middle of something.
    async fn crash(&mut self) {
        self.streamed.engine.faults.breaks(self.chance.below(5), self.chance.one_in(2));
        if self.chance.one_in(3) {
            self.trim().await
        } else {
            self.roll().await
        }
        self.streamed.restart().await;
    }

    async fn renew(&mut self) {
        self.streamed.rolled().await;
        self.streamed.set_stream(None).await;
        self.streamed.disabled(&self.streams.last().unwrap().arn).await;
        self.last_stream().is_ended = true;
        // A change that is in no stream.
        let pk = self.pk();
        self.streamed.put(&pk, "unseen").await;
        self.items.insert(pk, "unseen".to_owned());
        self.streamed.hand.advance_ms(1);
        self.streamed.rolled().await;
        self.streamed.set_stream(Some(StreamViewType::NewAndOldImages)).await;
        let arn = self.streamed.arn().await;
        self.streams.push(WrittenStream { arn, changes: Changes::new(), is_ended: false });
    }

    async fn turn_delivery(&mut self) {
        let service = &self.streamed.service;
        let asked = destination::asked(destination::STREAM);
        if self.is_delivered {
            service.disable_kinesis_streaming_destination(&caller(), asked).await.unwrap();
            while change_log::is_to_be_kept(&service.catalog.by_id(self.streamed.table_id()).unwrap().definition) {
                tokio::task::yield_now().await;
            }
        } else {
            service.reaches_kinesis();
            service.enable_kinesis_streaming_destination(&caller(), asked).await.unwrap();
            destination::deliver(service, Ok(())).await;
        }
        self.is_delivered = !self.is_delivered;
    }

    /// A table of the same name takes the place of one that is deleted.
    async fn replace_table(&mut self) {
        self.streamed.delete_table().await;
        self.is_delivered = false;
        self.last_stream().is_ended = true;
        self.items.clear();
        self.streamed.create_table(Some(StreamViewType::NewAndOldImages)).await;
        let arn = self.streamed.arn().await;
        self.streams.push(WrittenStream { arn, changes: Changes::new(), is_ended: false });
    }

    /// Of the newest stream, from any of its moments.
    async fn add_reader(&mut self) {
        if self.readers.len() == READERS {
            let at = self.chance.below(READERS as u64) as usize;
            self.finish(at).await;
        }
        let now_ms = self.streamed.clock.now_ms();
        // A reader that starts before a mark without a known position starts with all records behind it.
        self.streamed.rolled().await;
        let start = match self.chance.below(3) {
            0 => Start::Horizon,
            1 => Start::Latest,
            _ => Start::Time(now_ms - self.chance.below(60 * 60_000)),
        };
        let written = self.streams.last().unwrap();
        self.readers.push(Reader::new(&self.streamed, &written.arn, start, &written.changes).await);
    }

    async fn read(&mut self) {
        if self.readers.is_empty() {
            return;
        }
        let at = self.chance.below(self.readers.len() as u64) as usize;
        let written = self.streams.iter().find(|written| written.arn == self.readers[at].arn).unwrap();
        if is_gone(&self.streamed, written).await {
            self.readers.remove(at);
            return;
        }
        self.readers[at].step(&self.streamed, &mut self.chance, &written.changes).await;
    }

    async fn drain_reader(&mut self) {
        if !self.readers.is_empty() {
            let at = self.chance.below(self.readers.len() as u64) as usize;
            self.drain(at).await;
        }
    }

    async fn drain(&mut self, at: usize) {
        let written = self.streams.iter().find(|written| written.arn == self.readers[at].arn).unwrap();
        if !is_gone(&self.streamed, written).await {
            // Readers wait before a mark until its position is known.
            self.streamed.rolled().await;
            self.readers[at].drain(&self.streamed, &written.changes).await;
            assert_eq!(self.readers[at].is_finished(), written.is_ended);
        }
    }

    async fn finish(&mut self, at: usize) {
        self.drain(at).await;
        self.records += self.readers.remove(at).records;
    }

    /// Ends the stream; its readers reach their ends, and after a day nothing is left.
    async fn end(mut self) {
        self.streamed.rolled().await;
        if self.is_delivered {
            self.turn_delivery().await;
        }
        self.streamed.set_stream(None).await;
        self.streamed.disabled(&self.streams.last().unwrap().arn).await;
        self.last_stream().is_ended = true;
        while !self.readers.is_empty() {
            self.finish(0).await;
        }
        eprintln!("{} writes, {} splits, {} records", self.writes, self.splits, self.records);
        self.streamed.hand.advance_ms(STREAM_RETENTION_MS);
        self.trim().await;
        assert_eq!(rows_left(&self.streamed).await, 0);
    }
}

async fn is_gone(streamed: &StreamedTable, written: &WrittenStream) -> bool {
    written.is_ended && streamed.describe(&written.arn).await.is_err()
}

/// Rows of logs and of shards.
async fn rows_left(streamed: &StreamedTable) -> usize {
    let view = streamed.engine.view(Consistency::Strong).await.unwrap();
    let range = storage::ScanRange::whole(storage::Family::Log, 10, 1_000);
    let mut left = view.scan(&range).await.unwrap().rows.len();
    for table_id in 1..=streamed.table_id() {
        left += change_log::Shard::list(&*view, table_id, 0, u32::MAX).await.unwrap().len();
    }
    left
}

/// `STATOR_PROOF_STEPS` makes it longer than a few seconds.
fn history(ground: Ground, short: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(ground, Chance::printed()).await;
        for _ in 0..setting("STATOR_PROOF_STEPS", short) {
            world.step().await;
        }
        world.end().await;
    });
}

#[test]
fn every_reader_sees_every_change_in_memory() {
    history(Ground::Memory, 2_000);
}

#[test]
fn every_reader_sees_every_change_where_positions_come_late() {
    history(Ground::Lagging, 2_000);
}

#[test]
fn every_reader_sees_every_change_on_disk() {
    history(Ground::embedded(), 300);
}
