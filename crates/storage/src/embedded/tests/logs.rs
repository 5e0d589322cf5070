//! Positions continue after a restart.

use super::*;
use crate::Mode;
use crate::log;

const NAME: &[u8] = b"log";

async fn append(engine: &Embedded, records: u64) {
    let mut batch = Batch::default();
    (0..records).for_each(|_| batch.append(Bytes::from_static(NAME), "record"));
    commit(engine, &batch).await.unwrap();
}

fn stored(engine: &Embedded) -> (u64, Vec<u64>) {
    let head = engine.get_now(&log::head(Bytes::from_static(NAME))).unwrap();
    let there = |at: &u64| engine.get_now(&log::record(NAME, *at)).unwrap().is_some();
    (log::decode_head(head.as_ref()).unwrap(), (1..20).filter(there).collect())
}

#[tokio::test]
async fn positions_go_on_after_a_restart() {
    let (folder, engine) = fresh();
    append(&engine, 2).await;
    append(&engine, 1).await;
    assert_eq!(stored(&engine), (3, vec![1, 2, 3]));
    let mut trim = Batch::default();
    (1..=3).for_each(|at| trim.delete(log::record(NAME, at)));
    commit(&engine, &trim).await.unwrap();
    engine.close().await.unwrap();
    drop(engine);

    let engine = open(folder.path()).unwrap();
    append(&engine, 2).await;
    assert_eq!(stored(&engine), (5, vec![4, 5]));
}

#[tokio::test]
async fn writers_of_one_commit_follow_one_another() {
    let (_folder, engine) = fresh();
    engine.queue.pause(true);
    let begin = |_| {
        let decide = &mut |_: &crate::Reads, batch: &mut Batch| {
            batch.append(Bytes::from_static(NAME), "record");
            Decision::Commit
        };
        engine.begin(Mode::Plain, &[], decide).unwrap()
    };
    let begun: Vec<Begun> = (0..4).map(begin).collect();
    engine.queue.pause(false);
    for begun in begun {
        begun.finish().await.unwrap();
    }
    assert_eq!(stored(&engine), (4, vec![1, 2, 3, 4]));
}

#[tokio::test]
async fn a_log_with_records_without_room_for_keys_is_refused() {
    let (_folder, engine) = fresh();
    for (size, fits) in [(65_527, true), (65_528, false)] {
        let mut batch = Batch::default();
        batch.append(Bytes::from(vec![1; size]), "record");
        assert_eq!(commit(&engine, &batch).await.is_ok(), fits);
    }
}
