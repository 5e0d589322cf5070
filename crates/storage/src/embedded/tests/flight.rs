//! Writes in flight: the committer is paused, so that what is queued stays queued.

use crate::Consistency;
use crate::{KeyUse, Mode};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::*;

async fn is_ready<T>(work: impl Future<Output = T>) -> bool {
    let mut work = pin!(work);
    poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await
}

#[tokio::test]
async fn conflicts_are_between_a_transaction_and_anything_else_on_one_key() {
    use Mode::{Plain, Transaction};
    let (_folder, engine) = fresh();
    let uses = |text: &str| -> Vec<KeyUse> {
        let one = |text: &str| KeyUse { key: key(&text[1..]), write: text.starts_with('w') };
        text.split_whitespace().map(one).collect()
    };
    for (flying_mode, flying, mode, keys, conflict) in [
        (Transaction, "wa wb", Transaction, "wc wb", Some(1)),
        (Transaction, "wa wb", Transaction, "wc ra", Some(1)),
        (Transaction, "ra wb", Transaction, "wa", Some(0)),
        (Transaction, "ra wb", Transaction, "ra wc", None),
        (Transaction, "wa wb", Transaction, "wc wd", None),
        (Transaction, "wa", Plain, "wa", Some(0)),
        (Transaction, "wa", Plain, "wb ra", Some(1)),
        (Transaction, "ra wb", Plain, "wa", Some(0)),
        (Transaction, "ra wb", Plain, "ra wc", None),
        (Plain, "wa", Transaction, "wa wb", None),
        (Plain, "wa", Plain, "wa", None),
    ] {
        engine.queue.pause(true);
        let (flying, keys) = (uses(flying), uses(keys));
        let first = begin(&engine, flying_mode, &flying, "1").unwrap();
        let second = begin(&engine, mode, &keys, "2");
        match (&second, conflict) {
            (Err(TxError::Conflict { key }), Some(due)) => assert_eq!(*key, due),
            (Ok(_), None) => {}
            (other, _) => panic!("{flying_mode:?} {flying:?}, {mode:?} {keys:?}: {:?}", other.as_ref().err()),
        }
        engine.queue.pause(false);
        first.finish().await.unwrap();
        if let Ok(second) = second {
            second.finish().await.unwrap();
        }
        begin(&engine, mode, &keys, "3").unwrap().finish().await.unwrap();
        assert_eq!(engine.latches.pending(), 0, "nothing stays noted");
    }
}

#[tokio::test]
async fn writers_see_queued_values_and_readers_do_not() {
    let (_folder, engine) = fresh();
    engine.queue.pause(true);
    let first = begin_put(&engine, "a", "1");
    let mut seen = Vec::new();
    let mut append = |value: &'static str, mode| {
        let uses = [KeyUse::write(key("a"))];
        let begun = engine.begin(mode, &uses, &mut |reads, batch| {
            seen.push(reads.values[0].clone());
            batch.put(key("a"), value);
            Decision::Commit
        });
        begun.unwrap()
    };
    let second = append("2", Mode::Plain);
    let third = append("3", Mode::Transaction);
    assert_eq!(seen, [Some(Bytes::from("1")), Some(Bytes::from("2"))]);
    assert_eq!(get(&engine, "a"), None);
    assert_eq!(engine.view(Consistency::Strong).await.unwrap().get_many(&[key("a")]).await.unwrap(), [None]);

    engine.queue.pause(false);
    for begun in [first, second, third] {
        assert_eq!(begun.finish().await, Ok(Decision::Commit));
    }
    assert_eq!(get(&engine, "a"), Some(Bytes::from("3")));
    assert_eq!(engine.latches.pending(), 0);
}

#[tokio::test]
async fn answers_wait_for_the_values_that_they_rest_on() {
    let (_folder, engine) = fresh();
    engine.queue.pause(true);
    let put = begin_put(&engine, "a", "1");
    let uses = [KeyUse::read(key("a"))];
    for decision in [Decision::Refuse, Decision::Commit] {
        let mut answer = pin!(engine.begin(Mode::Plain, &uses, &mut |_, _| decision).unwrap().finish());
        assert!(!is_ready(&mut answer).await, "the value is not durable yet");
        engine.queue.pause(false);
        assert_eq!(answer.await, Ok(decision));
        engine.queue.pause(true);
        begin_put(&engine, "a", "2");
    }
    put.finish().await.unwrap();
    let uses = [KeyUse::read(key("b"))];
    let elsewhere = engine.begin(Mode::Plain, &uses, &mut |_, _| Decision::Refuse).unwrap().finish();
    assert!(is_ready(elsewhere).await, "nothing to wait for");
}

#[tokio::test]
async fn a_queued_write_happens_though_its_caller_is_dropped() {
    let (_folder, engine) = fresh();
    engine.queue.pause(true);
    drop(begin_put(&engine, "a", "1"));
    engine.queue.pause(false);
    begin_put(&engine, "b", "1").finish().await.unwrap();
    assert_eq!(get(&engine, "a"), Some(Bytes::from("1")));
    assert_eq!(engine.latches.pending(), 0);
}

#[tokio::test]
async fn a_full_queue_turns_writers_away() {
    let (_folder, engine) = fresh();
    engine.queue.pause(true);
    let large = vec![0; queue::QUEUE_BYTES_MAX];
    let put = |name: &str, value: Vec<u8>| {
        let uses = [KeyUse::write(key(name))];
        engine.begin(Mode::Transaction, &uses, &mut |_, batch| {
            batch.put(key(name), value.clone());
            Decision::Commit
        })
    };
    let first = put("a", large.clone()).unwrap();
    assert_eq!(put("b", large).err(), Some(TxError::Busy));
    assert_eq!(put("b", vec![]).err(), Some(TxError::Busy));
    engine.queue.pause(false);
    first.finish().await.unwrap();
    put("b", vec![]).unwrap().finish().await.unwrap();
    assert_eq!(engine.latches.pending(), 0);
}

#[tokio::test]
async fn a_long_queue_is_written_group_by_group() {
    let (_folder, engine) = fresh();
    engine.queue.pause(true);
    let put = |name: usize| {
        let name = key(&name.to_string());
        engine.begin(Mode::Plain, &[KeyUse::write(name.clone())], &mut |_, batch| {
            batch.put(name.clone(), vec![0; 3_000_000]);
            Decision::Commit
        })
    };
    let begun: Vec<Begun> = (0..10).map(|at| put(at).unwrap()).collect();
    engine.queue.pause(false);
    for begun in begun {
        assert_eq!(begun.finish().await, Ok(Decision::Commit));
    }
    assert_eq!(engine.queue.bytes(), 0);
    assert_eq!((engine.latches.pending(), get(&engine, "9").map(|value| value.len())), (0, Some(3_000_000)));
}

#[tokio::test]
async fn keys_that_cannot_be_stored_are_never_there() {
    let (_folder, engine) = fresh();
    begin_put(&engine, "a", "1").finish().await.unwrap();
    let longest = Key::new(Family::Items, vec![b'b'; 65_535]);
    let mut batch = Batch::default();
    batch.put(longest.clone(), "longest");
    commit(&engine, &batch).await.unwrap();
    assert_eq!(engine.get_now(&longest), Ok(Some(Bytes::from("longest"))));
    for size in [0, 65_536] {
        let key = Key::new(Family::Items, vec![b'b'; size]);
        assert_eq!(engine.get_now(&key), Ok(None));
        let mut batch = Batch::default();
        batch.put(key.clone(), "value");
        let begun = engine.begin(Mode::Plain, &[KeyUse::write(key.clone())], &mut |reads, into| {
            assert_eq!(reads.values, [None]);
            *into = batch.clone();
            Decision::Commit
        });
        assert_eq!(begun.err(), Some(TxError::TooLarge));
    }
    assert_eq!(engine.latches.pending(), 0);
}

#[tokio::test]
async fn scans_take_any_bound() {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    let (_folder, engine) = fresh();
    begin_put(&engine, "a", "").finish().await.unwrap();
    begin_put(&engine, "c", "").finish().await.unwrap();
    let mut batch = Batch::default();
    let (longest, longer) = (Bytes::from(vec![b'b'; 65_535]), Bytes::from(vec![b'b'; 65_536]));
    batch.put(Key::new(Family::Items, longest), "");
    commit(&engine, &batch).await.unwrap();
    for (lower, upper, names) in [
        (Unbounded, Unbounded, "abc"),
        (Included(Bytes::new()), Unbounded, "abc"),
        (Unbounded, Included(Bytes::new()), ""),
        (Included(longer.clone()), Unbounded, "c"),
        (Excluded(longer.clone()), Unbounded, "c"),
        (Unbounded, Included(longer.clone()), "ab"),
        (Unbounded, Excluded(longer.clone()), "ab"),
        (Included(longer.clone()), Included(longer.clone()), ""),
    ] {
        for direction in [crate::ScanDirection::Forward, crate::ScanDirection::Backward] {
            let (lower, upper) = (lower.clone(), upper.clone());
            let range =
                crate::ScanRange { family: Family::Items, lower, upper, direction, rows_max: 9, bytes_max: 1 << 20 };
            let mut page = engine.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap();
            page.rows.sort_by(|one, other| one.key.cmp(&other.key));
            let found: String = page.rows.iter().map(|row| char::from(row.key[0])).collect();
            assert_eq!(found, names);
        }
    }
    engine.destroy(Family::Items, Bytes::new()).await.unwrap();
    assert_eq!((get(&engine, "a"), get(&engine, "c")), (None, None));
}

/// A group's rows become visible together, though they reach the memtables one by one.
#[test]
fn gets_see_a_group_as_a_whole() {
    let (_folder, engine) = fresh();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let first = get(&engine, "row 0");
                assert!(first <= get(&engine, "row 1999"), "the rest of the group is missing");
            }
        });
        for round in 0..30_u8 {
            let uses: Vec<KeyUse> = (0..2_000).map(|row| KeyUse::write(key(&format!("row {row}")))).collect();
            let begun = engine.begin(Mode::Plain, &uses, &mut |_, batch| {
                uses.iter().for_each(|row| batch.put(row.key.clone(), vec![round]));
                Decision::Commit
            });
            runtime.block_on(begun.unwrap().finish()).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[tokio::test]
async fn closing_writes_what_is_queued() {
    let (folder, engine) = fresh();
    engine.queue.pause(true);
    let put = begin_put(&engine, "a", "1");
    let view = engine.view(Consistency::Strong).await.unwrap();
    engine.close().await.unwrap();
    assert_eq!(put.finish().await, Ok(Decision::Commit));
    assert_eq!(view.get_many(&[key("a")]).await.unwrap(), [None]);
    assert!(matches!(open(folder.path()), Err(OpenError::Locked)), "a view still reads the files");
    drop(view);
    let engine = open(folder.path()).unwrap();
    assert_eq!(get(&engine, "a"), Some(Bytes::from("1")));
}

#[tokio::test]
async fn a_group_that_cannot_be_written_ends_writing() {
    let (folder, engine) = fresh();
    begin_put(&engine, "a", "1").finish().await.unwrap();
    let mut batch = Batch::default();
    batch.put(Key::new(Family::Catalog, "t"), "no counters");
    commit(&engine, &batch).await.unwrap();

    engine.queue.pause(true);
    let good = begin_put(&engine, "b", "1");
    batch = Batch::default();
    batch.tally(Key::new(Family::Catalog, "t"), [1, 1]);
    let bad = engine.begin(Mode::Plain, &[], &mut |_, into| {
        *into = batch.clone();
        Decision::Commit
    });
    assert_eq!(engine.failure(), None);
    engine.queue.pause(false);
    for begun in [good, bad.unwrap()] {
        let result = begun.finish().await;
        assert!(matches!(result, Err(TxError::Storage(StorageError::Unavailable(_)))), "{result:?}");
    }
    assert!(engine.failed().await.contains("not a tally row"));
    // What was durable before is still read, and nothing of the group.
    assert_eq!((get(&engine, "a"), get(&engine, "b")), (Some(Bytes::from("1")), None));
    let read = engine.view(Consistency::Strong).await.unwrap().get_many(&[key("a"), key("b")]).await;
    assert_eq!(read, Ok(vec![Some(Bytes::from("1")), None]));
    assert!(begin(&engine, Mode::Plain, &[KeyUse::write(key("c"))], "1").is_err());
    assert!(matches!(engine.close().await, Err(StorageError::Unavailable(_))));

    let engine = open(folder.path()).unwrap();
    assert_eq!((get(&engine, "a"), get(&engine, "b")), (Some(Bytes::from("1")), None));
}
