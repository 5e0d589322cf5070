//! The row cache against the store: whatever is queued, read and committed in whatever order, it never holds an older
//! value than the store.

use super::*;
use crate::{KeyUse, Mode};

fn cached(engine: &Embedded, name: &str) -> Option<Bytes> {
    engine.latches.cache().get(&key(name))
}

#[tokio::test]
async fn a_row_is_cached_when_it_is_read_and_follows_its_writes() {
    let (_folder, engine) = fresh();
    begin_put(&engine, "a", "1").finish().await.unwrap();
    assert_eq!(cached(&engine, "a"), None, "a row that is only added fills nothing");
    assert_eq!(get(&engine, "a"), Some(Bytes::from("1")));
    assert_eq!(cached(&engine, "a"), Some(Bytes::from("1")));

    engine.queue.pause(true);
    let second = begin_put(&engine, "a", "2");
    assert_eq!(get(&engine, "a"), Some(Bytes::from("1")), "queued is not visible");
    assert_eq!(cached(&engine, "a"), None, "nothing is cached while a value is queued");
    engine.queue.pause(false);
    second.finish().await.unwrap();
    assert_eq!(cached(&engine, "a"), Some(Bytes::from("2")), "a row that is overwritten comes in");

    let delete = engine.begin(Mode::Plain, &[KeyUse::write(key("a"))], &mut |reads, batch| {
        assert_eq!(reads.values, [Some(Bytes::from("2"))]);
        batch.delete(key("a"));
        Decision::Commit
    });
    delete.unwrap().finish().await.unwrap();
    assert_eq!((cached(&engine, "a"), get(&engine, "a")), (None, None));
}

#[tokio::test]
async fn a_slow_reader_does_not_put_back_what_was_overwritten() {
    let (_folder, engine) = fresh();
    begin_put(&engine, "a", "old").finish().await.unwrap();
    let witness = engine.latches.witness(&key("a"));
    begin_put(&engine, "a", "new").finish().await.unwrap();
    engine.latches.fill(witness, &key("a"), &Bytes::from("old"));
    assert_eq!(cached(&engine, "a"), Some(Bytes::from("new")));

    engine.queue.pause(true);
    let queued = begin_put(&engine, "a", "newer");
    let witness = engine.latches.witness(&key("a"));
    engine.latches.fill(witness, &key("a"), &Bytes::from("new"));
    assert_eq!(cached(&engine, "a"), None, "a value is queued");
    engine.queue.pause(false);
    queued.finish().await.unwrap();
    assert_eq!(get(&engine, "a"), Some(Bytes::from("newer")));
}

/// Once a write is queued it may become visible at any moment: to a scan, which does not ask the cache, and then a get
/// must not find the older value there.
#[test]
fn rows_leave_the_cache_before_their_write_is_queued() {
    let (_folder, engine) = fresh();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let names: Vec<String> = (0..2_000).map(|name| name.to_string()).collect();
    let uses: Vec<KeyUse> = names.iter().map(|name| KeyUse::write(key(name))).collect();
    let put_all = || begin(&engine, Mode::Plain, &uses, "1").unwrap();
    runtime.block_on(put_all().finish()).unwrap();
    for _ in 0..5 {
        names.iter().for_each(|name| assert!(get(&engine, name).is_some()));
        engine.queue.pause(true);
        let begun = std::thread::scope(|scope| {
            let writer = scope.spawn(put_all);
            while engine.queue.bytes() == 0 {
                std::hint::spin_loop();
            }
            let last = cached(&engine, names.last().unwrap());
            assert_eq!(last, None, "queued, and still in the cache");
            writer.join().unwrap()
        });
        engine.queue.pause(false);
        runtime.block_on(begun.finish()).unwrap();
    }
}

#[tokio::test]
async fn rows_written_without_their_latches_leave_the_cache() {
    let (_folder, engine) = fresh();
    for round in ["1", "2"] {
        let mut batch = Batch::default();
        batch.put(key("a"), round);
        commit(&engine, &batch).await.unwrap();
        assert_eq!(get(&engine, "a"), Some(Bytes::from(round)));
    }
    engine.destroy(Family::Items, Bytes::from("a")).await.unwrap();
    assert_eq!(get(&engine, "a"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_and_writers_of_a_few_rows_never_see_time_run_backwards() {
    let (_folder, engine) = fresh();
    let writers = (0..2).map(|writer| {
        let engine = engine.clone();
        tokio::spawn(async move {
            for _ in 0..300 {
                let uses = [KeyUse::write(key(if writer == 0 { "a" } else { "b" }))];
                let begun = engine.begin(Mode::Plain, &uses, &mut |reads, batch| {
                    let old = reads.values[0].as_ref().map_or(0, |row| u64::from_be_bytes(row[..].try_into().unwrap()));
                    batch.put(uses[0].key.clone(), (old + 1).to_be_bytes().to_vec());
                    Decision::Commit
                });
                begun.unwrap().finish().await.unwrap();
            }
        })
    });
    let readers = (0..3).map(|_| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let mut last = [0; 2];
            while last != [300; 2] {
                for (name, last) in ["a", "b"].into_iter().zip(&mut last) {
                    let now = get(&engine, name).map_or(0, |row| u64::from_be_bytes(row[..].try_into().unwrap()));
                    assert!(now >= *last, "{now} after {last}");
                    *last = now;
                }
                tokio::task::yield_now().await;
            }
        })
    });
    let tasks: Vec<_> = writers.chain(readers).collect();
    for task in tasks {
        task.await.unwrap();
    }
}
