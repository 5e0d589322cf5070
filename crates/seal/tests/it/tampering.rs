//! Changes of the disk by an attacker: errors, never other data.

use std::ops::Bound;

use bytes::Bytes;
use seal::{Layout, Sealed};
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Pages, Reads, Row, ScanDirection, ScanRange,
    StorageError, Transaction, TxError,
};

use crate::fixture::{Fixture, put, rows, whole};
use crate::keyring;

fn item(sort: &str) -> Key {
    Key::new(Family::Items, [&[1; 24][..], sort.as_bytes()].concat())
}

/// Attacks on the disk.
impl Fixture {
    /// Puts a value on the disk, and reads it by get, by a scan, and by a transaction.
    async fn tampered(&self, key: &Bytes, value: &[u8], plain: &Key) -> [Result<Option<Bytes>, StorageError>; 3] {
        put(&*self.disk, &Key::new(plain.family, key.clone()), value).await;
        let view = self.sealed.view(Consistency::Strong).await.expect("a view");
        let range = ScanRange {
            lower: Bound::Included(plain.bytes.clone()),
            upper: Bound::Included(plain.bytes.clone()),
            ..whole(plain.family)
        };
        let scanned = view.scan(&range).await.map(|page| page.rows.into_iter().next().map(|row| row.value));
        let mut read = None;
        let mut decide = |reads: &Reads, _: &mut Batch| {
            read = reads.values[0].clone();
            Decision::Refuse
        };
        let keys = [KeyUse::write(plain.clone())];
        let done = self
            .sealed
            .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
            .await;
        let decided = match done {
            Ok(_) => Ok(read),
            Err(TxError::Storage(error)) => Err(error),
            Err(error) => panic!("{error:?}"),
        };
        [self.sealed.get(plain, Consistency::Strong).await, scanned, decided]
    }
}

fn corrupt(results: [Result<Option<Bytes>, StorageError>; 3]) {
    for result in results {
        assert!(matches!(result, Err(StorageError::Corrupt(_))), "{result:?}");
    }
}

#[tokio::test]
async fn values_that_were_changed_or_moved_are_errors() {
    let fixture = Fixture::new().await;
    let (a, b) = (item("a"), item("b"));
    put(&*fixture.sealed, &a, b"value of a").await;
    put(&*fixture.sealed, &b, b"value of b").await;
    let rows = rows(&*fixture.disk, Family::Items).await;
    let [stored_a, stored_b] = &rows[..] else { panic!("two rows") };
    let all: Vec<u8> = rows.iter().flat_map(|row| [&row.key[..], &row.value[..]].concat()).collect();
    assert!(!all.windows(5).any(|window| window == b"value"));

    corrupt(fixture.tampered(&stored_a.key, &stored_b.value, &a).await);
    for at in 0..stored_a.value.len() {
        let mut changed = stored_a.value.to_vec();
        changed[at] ^= 0x80;
        corrupt(fixture.tampered(&stored_a.key, &changed, &a).await);
    }
    for short in [0, 1, 8, 16, stored_a.value.len() - 1] {
        corrupt(fixture.tampered(&stored_a.key, &stored_a.value[..short], &a).await);
    }
    corrupt(fixture.tampered(&stored_a.key, b"value of a", &a).await);
    for result in fixture.tampered(&stored_a.key, &stored_a.value, &a).await {
        assert_eq!(result, Ok(Some(Bytes::from("value of a"))));
    }
}

#[tokio::test]
async fn keys_that_were_not_sealed_are_errors() {
    let fixture = Fixture::new().await;
    put(&*fixture.sealed, &item("a"), b"value").await;
    put(&*fixture.disk, &item("abc"), b"value").await;
    let scanned = fixture.sealed.view(Consistency::Strong).await.expect("a view").scan(&whole(Family::Items)).await;
    assert!(matches!(scanned, Err(StorageError::Corrupt(_))), "{scanned:?}");
}

/// A damaged value, a value under a key that does not exist and a foreign key, in pages of every size and both directions: the
/// other rows are all read, and each damaged one is reported once.
#[tokio::test]
async fn damaged_rows_hold_up_no_other() {
    let fixture = Fixture::new().await;
    let names: Vec<String> = (0..30).map(|at| format!("{at:02}")).collect();
    for name in &names {
        put(&*fixture.sealed, &item(name), name.as_bytes()).await;
    }
    let stored = rows(&*fixture.disk, Family::Items).await;
    // The last row of a page, its first, neighbours, and the range's ends.
    let bad = [0, 7, 8, 14, 29];
    for at in bad {
        let mut value = stored[at].value.to_vec();
        let byte = if at == 8 { 2 } else { 20 };
        value[byte] ^= 1;
        put(&*fixture.disk, &Key::new(Family::Items, stored[at].key.clone()), &value).await;
    }
    let foreign = Key::new(Family::Items, [&stored[15].key[..], &[9]].concat());
    put(&*fixture.disk, &foreign, b"value").await;

    let view = fixture.sealed.view(Consistency::Strong).await.expect("a view");
    for rows_max in [1, 2, 5, 7, 100] {
        for direction in [ScanDirection::Forward, ScanDirection::Backward] {
            let mut pages = Pages::of_snapshot(&*view, ScanRange { rows_max, direction, ..whole(Family::Items) });
            let (mut seen, mut damaged, mut nameless) = (Vec::new(), Vec::new(), 0);
            while let Some(page) = pages.next_with_damaged().await.expect("a page") {
                assert!(page.count() <= rows_max + 1, "the foreign row is beyond the limit");
                for row in page.in_order() {
                    match row {
                        Ok(row) => seen.push(row.clone()),
                        Err(row) if row.key.is_none() => nameless += 1,
                        Err(row) => damaged.push(row.key.clone()),
                    }
                }
            }
            if direction == ScanDirection::Backward {
                seen.reverse();
                damaged.reverse();
            }
            let good = |at: &usize| !bad.contains(at);
            let row = |at: usize| Row { key: item(&names[at]).bytes, value: Bytes::from(names[at].clone()) };
            assert_eq!(seen, (0..30).filter(good).map(row).collect::<Vec<_>>(), "{rows_max} {direction:?}");
            assert_eq!(damaged, bad.map(|at| Some(item(&names[at]).bytes)), "{rows_max} {direction:?}");
            assert_eq!(nameless, 1);
            // A reader that needs every row does not get fewer.
            let strict = view.scan(&ScanRange { rows_max: 100, direction, ..whole(Family::Items) }).await;
            assert!(matches!(strict, Err(StorageError::Corrupt(_))), "{strict:?}");
        }
    }
}

/// Rows of another database are no damage to single rows.
#[tokio::test]
async fn many_foreign_rows_are_an_error() {
    let fixture = Fixture::new().await;
    put(&*fixture.sealed, &item("a"), b"value").await;
    for at in 0..1_100_u32 {
        let foreign = Key::new(Family::Items, [&[1; 24][..], &[0, 0, 0, 0, 0, 0], &at.to_be_bytes(), &[1]].concat());
        put(&*fixture.disk, &foreign, b"value").await;
    }
    let view = fixture.sealed.view(Consistency::Strong).await.expect("a view");
    let scanned = view.scan_page(&whole(Family::Items)).await;
    assert!(matches!(scanned, Err(StorageError::Corrupt(_))), "{scanned:?}");
}

#[tokio::test]
async fn each_process_has_its_own_data_key_and_reads_those_of_others() {
    let fixture = Fixture::new().await;
    let keys = async || rows(&*fixture.disk, Family::Catalog).await.len();
    assert_eq!(keys().await, 0, "made with the first write");
    let other = fixture.process();
    for (engine, name) in [(&fixture.sealed, "a"), (&other, "b"), (&fixture.sealed, "c")] {
        put(&**engine, &item(name), name.as_bytes()).await;
    }
    assert_eq!(keys().await, 2);
    let third = fixture.process();
    for name in ["a", "b", "c"] {
        for engine in [&fixture.sealed, &other, &third] {
            assert_eq!(engine.get(&item(name), Consistency::Strong).await, Ok(Some(Bytes::from(name))));
        }
    }
    assert_eq!(keys().await, 2, "a process that only reads makes none");
    // The keys of a transaction's reads are learnt as well.
    let fourth = fixture.process();
    let mut read = None;
    let mut decide = |reads: &Reads, _: &mut Batch| {
        read = reads.values[0].clone();
        Decision::Refuse
    };
    let done = fourth
        .transact(Transaction {
            op: OpId([1; 16]),
            mode: Mode::Plain,
            keys: &[KeyUse::read(item("b"))],
            decide: &mut decide,
        })
        .await;
    assert_eq!((done, read), (Ok(Decision::Refuse), Some(Bytes::from("b"))));
}

#[tokio::test]
async fn data_keys_that_are_gone_or_changed_are_told() {
    let fixture = Fixture::new().await;
    put(&*fixture.sealed, &item("a"), b"value").await;
    let stored = rows(&*fixture.disk, Family::Catalog).await.remove(0);
    let key = Key::new(Family::Catalog, stored.key.clone());
    let told = async |value: Option<Vec<u8>>| {
        let mut decide = |_: &Reads, batch: &mut Batch| {
            batch.writes.push((key.clone(), value.clone().map(Bytes::from)));
            Decision::Commit
        };
        let keys = [KeyUse::write(key.clone())];
        fixture
            .disk
            .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
            .await
            .expect("a write");
        fixture.process().get(&item("a"), Consistency::Strong).await.expect_err("an error").to_string()
    };
    assert!(told(None).await.ends_with("is missing"));
    let mut changed = stored.value.to_vec();
    changed[30] ^= 1;
    assert!(told(Some(changed)).await.ends_with("is damaged"));
    assert!(told(Some(vec![9])).await.ends_with("has an unknown form"));
    // Of another database.
    let foreign = Sealed::over(fixture.disk.clone(), &keyring().await, None, Layout::STATOR);
    put(&*fixture.disk, &key, &stored.value).await;
    assert_eq!(fixture.process().get(&item("a"), Consistency::Strong).await, Ok(Some(Bytes::from("value"))));
    assert_eq!(foreign.get(&item("a"), Consistency::Strong).await, Ok(None), "not even the key is found");
}

/// A data key that is damaged concerns all rows under it: it is no damage of these, which background work would leave out.
#[tokio::test]
async fn a_damaged_data_key_is_no_damage_of_its_rows() {
    let fixture = Fixture::new().await;
    put(&*fixture.sealed, &item("a"), b"value").await;
    let [.., key] = &rows(&*fixture.disk, Family::Catalog).await[..] else { panic!("a data key") };
    let (mut changed, place) = (key.value.to_vec(), Key::new(Family::Catalog, key.key.clone()));
    *changed.last_mut().expect("a byte") ^= 1;
    put(&*fixture.disk, &place, &changed).await;
    let view = fixture.process().view(Consistency::Strong).await.expect("a view");
    let page = view.scan_page(&whole(Family::Items)).await;
    assert!(matches!(page, Err(StorageError::Corrupt(_))), "{page:?}");
    // One that does not exist is: a changed byte of the row may name it.
    fixture.disk.destroy(Family::Catalog, place.bytes).await.expect("a deletion");
    let view = fixture.process().view(Consistency::Strong).await.expect("a view");
    assert_eq!(view.scan_page(&whole(Family::Items)).await.expect("a page").damaged.len(), 1);
}

#[tokio::test]
async fn what_the_engine_adds_to_stays_plain_and_its_neighbours_do_not() {
    let fixture = Fixture::new().await;
    let table = 7_u64.to_be_bytes();
    let tally = Key::new(Family::Catalog, [&table[..], b"C"].concat());
    let follower = Key::new(Family::Catalog, [&table[..], b"Fname of a follower\0"].concat());
    let log = Bytes::from([&table[..], &[0, 0, 0, 1]].concat());
    let mut decide = |_: &Reads, batch: &mut Batch| {
        batch.tally(tally.clone(), [1, 2]);
        batch.put(follower.clone(), "position");
        batch.append(log.clone(), "record");
        Decision::Commit
    };
    let keys = [KeyUse::write(follower.clone())];
    fixture
        .sealed
        .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .expect("a write");
    for (key, value) in [
        (&tally, storage::tally::encode(&[1, 2])),
        (&follower, Some(Bytes::from("position"))),
        (&storage::log::head(log.clone()), Some(storage::log::encode_head(1))),
        (&storage::log::record(&log, 1), Some(Bytes::from("record"))),
    ] {
        assert_eq!(fixture.sealed.get(key, Consistency::Strong).await, Ok(value), "{key:?}");
    }
    assert_eq!(fixture.disk.get(&tally, Consistency::Strong).await, Ok(storage::tally::encode(&[1, 2])));
    assert_eq!(fixture.disk.get(&follower, Consistency::Strong).await, Ok(None));
    let record =
        fixture.disk.get(&storage::log::record(&log, 1), Consistency::Strong).await.expect("a read").expect("a record");
    assert_ne!(record, "record");
    // A record of another log.
    let other = Bytes::from([&table[..], &[0, 0, 0, 2]].concat());
    put(&*fixture.disk, &storage::log::record(&other, 1), &record).await;
    let moved = fixture.sealed.get(&storage::log::record(&other, 1), Consistency::Strong).await;
    assert!(matches!(moved, Err(StorageError::Corrupt(_))), "{moved:?}");
    fixture
        .sealed
        .destroy(Family::Catalog, Bytes::from([&table[..], b"Fname of a follower\0"].concat()))
        .await
        .expect("gone");
    assert_eq!(fixture.sealed.get(&follower, Consistency::Strong).await, Ok(None));
}
