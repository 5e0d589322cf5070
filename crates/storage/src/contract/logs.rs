//! Cases of logs. Each asks for positions before it reads, which not every engine needs.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::kit::{Space, bytes, number};
use crate::{Batch, Consistency, Decision, Family, Key, KeyUse, Mode, Pages, ScanDirection, ScanRange, View, log};

const WRITERS: u64 = 16;
const ROUNDS: u64 = 30;

fn name(space: &Space, name: &str) -> Bytes {
    space.key_in(Family::Log, name).bytes
}

async fn append(space: &Space, log: &Bytes, record: impl Into<Bytes>) {
    let mut batch = Batch::default();
    batch.append(log.clone(), record);
    space.commit(batch).await;
}

/// The records of a log behind a position, as a reader finds them.
async fn records(view: &dyn View, log: &Bytes, after: u64) -> Vec<(u64, Bytes)> {
    let range = ScanRange {
        family: Family::Log,
        lower: Bound::Excluded(log::record(log, after).bytes),
        upper: Bound::Included(log::record(log, u64::MAX).bytes),
        direction: ScanDirection::Forward,
        rows_max: 100,
        bytes_max: 1 << 20,
    };
    let mut records = Vec::new();
    let mut pages = Pages::of_snapshot(view, range);
    while let Some(page) = pages.next().await.unwrap() {
        records.extend(page.rows.into_iter().map(|row| (log::position(log, &row.key).unwrap(), row.value)));
    }
    records
}

async fn all(space: &Space, log: &Bytes) -> Vec<(u64, Bytes)> {
    space.engine.sequence(log).await.unwrap();
    records(&*space.engine.view(Consistency::Strong).await.unwrap(), log, 0).await
}

async fn last(space: &Space, log: &Bytes) -> u64 {
    space.engine.sequence(log).await.unwrap();
    log::decode_head(space.get(&log::head(log.clone())).await.as_ref()).unwrap()
}

pub(super) async fn number_their_records(space: Space) {
    let (one, other) = (name(&space, "one"), name(&space, "two"));
    assert_eq!(last(&space, &one).await, 0);
    append(&space, &one, "a").await;
    let mut batch = Batch::default();
    for (log, record) in [(&one, "b"), (&other, "x"), (&one, "c"), (&one, "")] {
        batch.append(log.clone(), record);
    }
    space.commit(batch).await;
    let texts = |records: Vec<(u64, Bytes)>| -> Vec<(u64, String)> {
        records.into_iter().map(|(at, record)| (at, String::from_utf8(record.to_vec()).unwrap())).collect()
    };
    let expected = ["a", "b", "c", ""].into_iter().zip(1..).map(|(text, at)| (at, text.to_owned()));
    assert_eq!(texts(all(&space, &one).await), expected.collect::<Vec<_>>());
    assert_eq!(texts(all(&space, &other).await), [(1, "x".to_owned())]);
    assert_eq!((last(&space, &one).await, last(&space, &other).await), (4, 1));
}

/// Many records and large ones: more than an engine may move at once.
pub(super) async fn are_read_page_by_page(space: Space) {
    let log = name(&space, "log");
    let record =
        |at: u64| [at.to_be_bytes().to_vec(), vec![7; if at.is_multiple_of(100) { 1 << 20 } else { 10 }]].concat();
    for first in (0..1_500).step_by(50) {
        let mut batch = Batch::default();
        (first..first + 50).for_each(|at| batch.append(log.clone(), record(at)));
        space.commit(batch).await;
    }
    let found = all(&space, &log).await;
    assert_eq!(found.len(), 1_500);
    for (at, (position, found)) in (0..).zip(found) {
        assert_eq!(position, at + 1);
        assert!(found == record(at), "record {at}");
    }
}

pub(super) async fn go_with_their_batch(space: Space) {
    let (log, row) = (name(&space, "log"), space.key("row"));
    let keys = [KeyUse::write(row.clone())];
    for decision in [Decision::Refuse, Decision::Commit] {
        let done = space.transact(Mode::Plain, &keys, |_, batch| {
            // A run that does not count may come before the one that does.
            batch.put(row.clone(), "value");
            batch.append(log.clone(), "record");
            decision
        });
        assert_eq!(done.await, Ok(decision));
        let there = usize::from(decision == Decision::Commit);
        assert_eq!(space.get(&row).await.into_iter().count(), there);
        assert_eq!(all(&space, &log).await.len(), there);
    }
}

pub(super) async fn never_give_a_position_twice(space: Space) {
    let log = name(&space, "log");
    for _ in 0..3 {
        append(&space, &log, "record").await;
    }
    space.engine.sequence(&log).await.unwrap();
    let old = space.engine.view(Consistency::Strong).await.unwrap();
    assert_eq!(records(&*old, &log, 0).await.len(), 3);
    let mut trim = Batch::default();
    (1..=3).for_each(|at| trim.delete(log::record(&log, at)));
    space.commit(trim).await;
    assert_eq!(all(&space, &log).await, []);
    assert_eq!(last(&space, &log).await, 3, "the head stays");
    append(&space, &log, "later").await;
    assert_eq!(all(&space, &log).await, [(4, Bytes::from("later"))]);
    assert_eq!(records(&*old, &log, 1).await.len(), 2, "an older view still sees what was trimmed");

    space.engine.destroy(Family::Log, log.clone()).await.unwrap();
    assert_eq!((all(&space, &log).await, last(&space, &log).await), (Vec::new(), 0));
    append(&space, &log, "new").await;
    assert_eq!(all(&space, &log).await, [(1, Bytes::from("new"))], "a destroyed log is a new one");
}

/// Writers of common rows append what they wrote, while a reader follows: it sees each record once, without gaps, those
/// of each row in order, no record before its row, and what it saw of rows before it asked for positions.
pub(super) async fn are_dense_and_in_order_under_many_writers(space: Space) {
    const ROWS: u64 = 5;
    let row = |space: &Space, at: u64| space.key((at % ROWS).to_be_bytes());
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let space = space.clone();
        writers.spawn(async move {
            for round in 0..ROUNDS {
                let key: Key = row(&space, writer + round);
                let log = name(&space, "log");
                let keys = [KeyUse::write(key.clone())];
                let done = space.transact(Mode::Plain, &keys, |reads, batch| {
                    let next = number(reads.values[0].as_ref()) + 1;
                    batch.put(key.clone(), bytes(next));
                    batch.append(log.clone(), [&key.bytes[..], &next.to_be_bytes()].concat());
                    Decision::Commit
                });
                assert_eq!(done.await, Ok(Decision::Commit));
            }
        });
    }
    let log = name(&space, "log");
    let rows: Vec<Key> = (0..ROWS).map(|at| row(&space, at)).collect();
    let mut seen = 0;
    let mut values: BTreeMap<Bytes, u64> = BTreeMap::new();
    while seen < WRITERS * ROUNDS {
        let before = space.engine.view(Consistency::Strong).await.unwrap().get_many(&rows).await.unwrap();
        space.engine.sequence(&log).await.unwrap();
        let view = space.engine.view(Consistency::Strong).await.unwrap();
        for (position, record) in records(&*view, &log, seen).await {
            seen += 1;
            assert_eq!(position, seen, "dense");
            let value = number(Some(&record.slice(record.len() - 8..)));
            let before = values.insert(record.slice(..record.len() - 8), value);
            assert_eq!(before.unwrap_or(0) + 1, value, "in order");
        }
        let stored = view.get_many(&rows).await.unwrap();
        for (key, (before, now)) in rows.iter().zip(before.iter().zip(&stored)) {
            let recorded = values.get(&key.bytes).copied().unwrap_or(0);
            assert!((number(before.as_ref())..=number(now.as_ref())).contains(&recorded), "rows and records agree");
        }
        tokio::task::yield_now().await;
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(last(&space, &log).await, seen);
}
