//! Cases of one writer at a time.

use std::ops::Bound;

use bytes::Bytes;

use super::kit::Space;
use crate::{Batch, Consistency, Decision, Family, KeyUse, Mode, ScanDirection, ScanRange, StorageError, TxError};

pub(super) async fn come_and_go(space: Space) {
    let key = space.key("a");
    assert_eq!(space.get(&key).await, None);
    for value in ["first", "", "second"] {
        space.put(&key, value).await;
        assert_eq!(space.get(&key).await, Some(Bytes::from(value)));
    }
    let large = Bytes::from(vec![7; 3_000_000]);
    space.put(&key, large.clone()).await;
    assert_eq!(space.get(&key).await, Some(large));
    space.delete(&key).await;
    assert_eq!(space.get(&key).await, None);
    space.delete(&key).await;
    space.put(&key, "again").await;
    assert_eq!(space.get(&key).await, Some(Bytes::from("again")));
}

pub(super) async fn families_are_apart(space: Space) {
    let keys = Family::ALL.map(|family| space.key_in(family, "same"));
    let mut batch = Batch::default();
    for key in &keys {
        batch.put(key.clone(), format!("{:?}", key.family));
    }
    space.commit(batch).await;
    space.delete(&keys[1]).await;
    let view = space.engine.view(Consistency::Strong).await.unwrap();
    let values = view.get_many(&keys).await.unwrap();
    assert_eq!(values, [Some("Catalog".into()), None, Some("Index".into()), Some("Log".into())]);
}

pub(super) async fn decisions_see_current_rows(space: Space) {
    let (there, gone, missing) = (space.key("there"), space.key("gone"), space.key("missing"));
    space.put(&there, "1").await;
    space.put(&gone, "1").await;
    space.delete(&gone).await;
    for mode in [Mode::Plain, Mode::Transaction] {
        let keys = [KeyUse::read(missing.clone()), KeyUse::write(there.clone()), KeyUse::write(gone.clone())];
        let decision = space.transact(mode, &keys, |reads, batch| {
            assert_eq!(reads.values, [None, Some(Bytes::from("1")), None]);
            assert!(batch.is_empty());
            Decision::Commit
        });
        assert_eq!(decision.await, Ok(Decision::Commit));
    }
    let none = space.transact(Mode::Plain, &[], |reads, _| {
        assert!(reads.values.is_empty());
        Decision::Commit
    });
    assert_eq!(none.await, Ok(Decision::Commit));
}

pub(super) async fn refusals_write_nothing(space: Space) {
    let (key, tally) = (space.key("a"), space.key_in(Family::Catalog, "t"));
    space.put(&key, "old").await;
    for mode in [Mode::Plain, Mode::Transaction] {
        let keys = [KeyUse::write(key.clone())];
        let decision = space.transact(mode, &keys, |_, batch| {
            batch.put(key.clone(), "new");
            batch.tally(tally.clone(), [1, 1]);
            Decision::Refuse
        });
        assert_eq!(decision.await, Ok(Decision::Refuse));
    }
    assert_eq!(space.get(&key).await, Some(Bytes::from("old")));
    assert_eq!(space.get(&tally).await, None);
}

pub(super) async fn the_last_write_of_a_row_counts(space: Space) {
    let (put, deleted) = (space.key("put"), space.key("deleted"));
    let mut batch = Batch::default();
    batch.put(put.clone(), "1");
    batch.delete(put.clone());
    batch.put(put.clone(), "2");
    batch.put(deleted.clone(), "1");
    batch.delete(deleted.clone());
    space.commit(batch).await;
    assert_eq!(space.get(&put).await, Some(Bytes::from("2")));
    assert_eq!(space.get(&deleted).await, None);
}

pub(super) async fn views_stand_still(space: Space) {
    let keys = [space.key("a"), space.key("b"), space.key("c")];
    space.put(&keys[0], "1").await;
    space.put(&keys[1], "1").await;
    let before = space.engine.view(Consistency::Strong).await.unwrap();
    let old = [Some(Bytes::from("1")), Some(Bytes::from("1")), None];
    assert_eq!(before.get_many(&keys).await.unwrap(), old);
    space.put(&keys[0], "2").await;
    space.delete(&keys[1]).await;
    space.put(&keys[2], "2").await;
    let between = space.engine.view(Consistency::Strong).await.unwrap();
    let new = [Some(Bytes::from("2")), None, Some(Bytes::from("2"))];
    assert_eq!(between.get_many(&keys[..1]).await.unwrap(), new[..1]);
    space.put(&keys[0], "3").await;

    assert_eq!(before.get_many(&keys).await.unwrap(), old);
    assert_eq!(between.get_many(&keys).await.unwrap(), new);
    drop(between);
    assert_eq!(before.get_many(&keys).await.unwrap(), old);
    assert_eq!(space.get(&keys[0]).await, Some(Bytes::from("3")));
}

pub(super) async fn tallies_add_up(space: Space) {
    let (tally, other) = (space.key_in(Family::Catalog, "t"), space.key_in(Family::Catalog, "u"));
    assert_eq!(space.counters(&tally).await, None);
    space.tally(&tally, [2, -5]).await;
    space.tally(&other, [1, 0]).await;
    for _ in 0..3 {
        space.hot_tally(&tally, [1, 5]).await;
    }
    assert_eq!(space.counters(&tally).await, Some([5, 10]));
    assert_eq!(space.counters(&other).await, Some([1, 0]));

    let mut twice = Batch::default();
    twice.tally(tally.clone(), [1, 1]);
    twice.tally(tally.clone(), [1, 1]);
    space.commit(twice).await;
    assert_eq!(space.counters(&tally).await, Some([7, 12]));

    space.tally(&tally, [-7, -12]).await;
    assert_eq!(space.get(&tally).await, None, "counters at zero leave no row");
    space.tally(&tally, [4, 4]).await;
    space.delete(&tally).await;
    space.tally(&tally, [1, 2]).await;
    assert_eq!(space.counters(&tally).await, Some([1, 2]), "a deleted row starts again from zero");
}

pub(super) async fn destroying_takes_what_starts_with_the_prefix(space: Space) {
    let doomed = space.key([b"b".as_slice(), &[0xFF]].concat()).bytes;
    let spared = [space.key("a"), space.key("b"), space.key("b\u{7f}"), space.key("c")];
    let elsewhere = crate::Key::new(Family::Index, doomed.clone());
    let mut batch = Batch::default();
    for key in spared.iter().chain([&elsewhere]) {
        batch.put(key.clone(), "spared");
    }
    for number in 0..3_000_u32 {
        let key = [&doomed[..], &number.to_be_bytes()].concat();
        batch.put(crate::Key::new(Family::Items, key), vec![0; 200]);
    }
    batch.put(crate::Key::new(Family::Items, doomed.clone()), "the prefix itself");
    space.commit(batch).await;

    for _ in 0..2 {
        space.engine.destroy(Family::Items, doomed.clone()).await.unwrap();
    }
    let range = ScanRange {
        family: Family::Items,
        lower: Bound::Included(space.key("").bytes),
        upper: Bound::Excluded(space.key([0xFF, 0xFF]).bytes),
        direction: ScanDirection::Forward,
        rows_max: 10,
        bytes_max: 10_000,
    };
    let page = space.engine.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap();
    let left: Vec<&Bytes> = page.rows.iter().map(|row| &row.key).collect();
    assert_eq!(left, spared.iter().map(|key| &key.bytes).collect::<Vec<_>>());
    assert_eq!(space.get(&elsewhere).await, Some(Bytes::from("spared")));

    let tally = space.key_in(Family::Catalog, "t");
    space.tally(&tally, [9, 9]).await;
    space.engine.destroy(Family::Catalog, tally.bytes.clone()).await.unwrap();
    assert_eq!(space.get(&tally).await, None);
    space.tally(&tally, [1, 1]).await;
    assert_eq!(space.counters(&tally).await, Some([1, 1]));
}

pub(super) async fn closing_ends_all(space: Space) {
    let key = space.key("a");
    space.put(&key, "1").await;
    space.engine.close().await.unwrap();
    assert_eq!(space.engine.get(&key, Consistency::Strong).await, Err(StorageError::Closed));
    assert_eq!(space.engine.view(Consistency::Strong).await.err(), Some(StorageError::Closed));
    let keys = [KeyUse::write(key.clone())];
    let late = space.transact(Mode::Plain, &keys, |_, batch| {
        batch.put(key.clone(), "2");
        Decision::Commit
    });
    assert_eq!(late.await, Err(TxError::Storage(StorageError::Closed)));
    assert_eq!(space.engine.destroy(Family::Items, Bytes::new()).await, Err(StorageError::Closed));
    assert_eq!(space.engine.close().await, Ok(()));
}
