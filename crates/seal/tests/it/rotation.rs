//! Old data keys: rows under them are re-encrypted, without an effect on reads and writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use seal::{Layout, Sealed, Swept};
use storage::{
    Batch, Consistency, Decision, Embedded, EmbeddedOptions, Engine, Family, Key, KeyUse, Memory, Mode, OpId, Reads,
    Row, Transaction,
};

use crate::fixture::{Fixture, put, put_all, rows};
use crate::keyring;
use crate::late::Late;

const DAY: Duration = Duration::from_secs(86_400);
const AGE: Duration = Duration::from_secs(90 * 86_400);
const WALKED: [Family; 3] = [Family::Items, Family::Index, Family::Catalog];
const DATA_KEYS: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, b'Y'];

type Rows = BTreeMap<Key, Bytes>;

impl Fixture {
    fn pass(&self, time: Duration) {
        self.hand.advance_ms(time.as_millis() as u64);
    }

    /// The data keys that values are under, and those that there are.
    async fn keys(&self) -> (BTreeSet<[u8; 4]>, BTreeMap<[u8; 4], Bytes>) {
        let (mut used, mut made) = (BTreeSet::new(), BTreeMap::new());
        for Row { key, value } in rows(&*self.disk, Family::Catalog).await {
            if let Some(rest) = key.strip_prefix(DATA_KEYS) {
                made.extend(rest.try_into().map(|id| (id, value)));
            } else if value.len() != 16 {
                used.insert(id_of(&value));
            }
        }
        for family in [Family::Items, Family::Index] {
            used.extend(rows(&*self.disk, family).await.iter().map(|row| id_of(&row.value)));
        }
        (used, made)
    }
}

fn id_of(value: &[u8]) -> [u8; 4] {
    value[1..5].try_into().expect("a sealed value")
}

fn item(table: u64, sort: &str) -> Key {
    Key::new(Family::Items, [&table.to_be_bytes()[..], &[3; 16], sort.as_bytes()].concat())
}

fn index_row(table: u64, sort: &str) -> Key {
    Key::new(Family::Index, [&table.to_be_bytes()[..], &[0, 0, 0, 1], &[4; 16], sort.as_bytes()].concat())
}

fn of_catalog(name: &str) -> Key {
    Key::new(Family::Catalog, [&[0; 8][..], b"t", name.as_bytes()].concat())
}

fn tally(table: u64) -> Key {
    Key::new(Family::Catalog, [&table.to_be_bytes()[..], b"C"].concat())
}

/// Rows of every kind.
async fn fill(engine: &dyn Engine, from: usize, to: usize) -> Rows {
    let mut model = Rows::new();
    for at in from..to {
        let name = format!("{at:03}");
        let keys = [item(1, &name), index_row(1, &name), of_catalog(&name)];
        put_all(engine, &keys, name.as_bytes()).await;
        model.extend(keys.map(|key| (key, Bytes::from(name.clone()))));
    }
    model
}

async fn agrees(engine: &dyn Engine, model: &Rows) {
    for (key, value) in model {
        assert_eq!(engine.get(key, Consistency::Strong).await, Ok(Some(value.clone())), "{key:?}");
    }
    for family in [Family::Items, Family::Index] {
        let found: Vec<Bytes> = rows(engine, family).await.into_iter().map(|row| row.value).collect();
        let expected: Vec<Bytes> =
            model.iter().filter(|(key, _)| key.family == family).map(|(_, value)| value.clone()).collect();
        assert_eq!(found, expected, "{family:?}");
    }
}

#[tokio::test]
async fn after_a_sweep_nothing_is_under_an_old_key() {
    let fixture = Fixture::new().await;
    let process = fixture.process();
    // More than one page.
    let mut model = fill(&*process, 0, 600).await;
    let (first, _) = fixture.keys().await;
    assert_eq!(first.len(), 1);
    fixture.pass(AGE - DAY);
    assert_eq!(process.sweep_data_keys(AGE).await, Ok(Swept::default()), "nothing is old");
    let young = fixture.process();
    model.extend(fill(&*young, 600, 610).await);
    let both = fixture.keys().await.0;
    assert_eq!(both.len(), 2);

    fixture.pass(DAY);
    let swept = process.sweep_data_keys(AGE).await.expect("a sweep");
    assert_eq!(swept, Swept { rewritten: 3 * 600, left: 0, freed: 0 });
    let (used, made) = fixture.keys().await;
    assert!(used.is_disjoint(&first) && used.len() == 2, "{used:?}");
    assert!(used.is_superset(&(&both - &first)), "the other process's key is young");
    assert_eq!(made.len(), 3);
    for engine in [&process, &young, &fixture.process()] {
        agrees(&**engine, &model).await;
    }
    // Of what is written from then on, nothing is under the old key.
    model.extend(fill(&*process, 610, 620).await);
    assert!(fixture.keys().await.0.is_disjoint(&first));
    agrees(&*fixture.process(), &model).await;
}

#[tokio::test]
async fn a_key_without_values_is_not_looked_for_again() {
    let fixture = Fixture::new().await;
    let process = fixture.process();
    let model = fill(&*process, 0, 20).await;
    fixture.pass(AGE);
    assert_eq!(process.sweep_data_keys(AGE).await.expect("a sweep").rewritten, 60);
    assert_eq!(process.sweep_data_keys(AGE).await, Ok(Swept::default()), "somebody may still have it");
    fixture.pass(DAY);
    assert_eq!(process.sweep_data_keys(AGE).await, Ok(Swept { rewritten: 0, left: 0, freed: 1 }));
    assert_eq!(process.sweep_data_keys(AGE).await, Ok(Swept::default()));
    agrees(&*fixture.process(), &model).await;
}

#[tokio::test]
async fn a_table_with_its_own_key_keeps_it() {
    let fixture = Fixture::new().await;
    let process = fixture.process();
    let (row, _) = process.wrap_table_key("111122223333", None, None).await.expect("a key");
    let of_table = Key::new(Family::Catalog, [DATA_KEYS, &7_u64.to_be_bytes()].concat());
    put(&*process, &of_table, &row).await;
    let own = [item(7, "a"), index_row(7, "a")];
    put_all(&*process, &own, b"own").await;
    put(&*process, &item(8, "a"), b"plain").await;
    let before = fixture.keys().await.0;
    fixture.pass(AGE);
    assert_eq!(process.sweep_data_keys(AGE).await.expect("a sweep").rewritten, 3);
    let (after, made) = fixture.keys().await;
    assert!(after.is_disjoint(&before) && after.len() == 2);
    for (family, key) in [(Family::Items, &own[0]), (Family::Index, &own[1])] {
        for row in rows(&*fixture.disk, family).await {
            let table = if row.key.starts_with(&key.bytes[..8]) { 7_u64 } else { 0 };
            assert_eq!(made[&id_of(&row.value)][1..9], table.to_be_bytes(), "whose data key it is");
        }
    }
    let again = fixture.process();
    assert_eq!(again.get(&own[1], Consistency::Strong).await, Ok(Some(Bytes::from("own"))));
    assert_eq!(again.get(&item(8, "a"), Consistency::Strong).await, Ok(Some(Bytes::from("plain"))));
}

/// Counts up in an item. Its index row and its row in the catalog, which are functions of it, are written unread; every
/// third time they are deleted instead.
async fn count_up(engine: &dyn Engine, name: &str) {
    let (item, unread) = (item(1, name), [index_row(1, name), of_catalog(name)]);
    let keys = [KeyUse::write(item.clone())];
    let mut decide = |reads: &Reads, batch: &mut Batch| {
        let count = reads.values[0].as_ref().map_or(0, number) + 1;
        batch.put(item.clone(), count.to_string());
        for key in &unread {
            batch.writes.push((key.clone(), derived(count)));
        }
        batch.hot_tally(tally(1), [1, 2]);
        Decision::Commit
    };
    let done =
        engine.transact(Transaction { op: OpId::random(), mode: Mode::Plain, keys: &keys, decide: &mut decide }).await;
    assert_eq!(done, Ok(Decision::Commit));
}

fn derived(count: u64) -> Option<Bytes> {
    // None at 0, too.
    (!count.is_multiple_of(3)).then(|| Bytes::from(count.to_string()))
}

fn number(value: &Bytes) -> u64 {
    std::str::from_utf8(value).expect("digits").parse().expect("a number")
}

const WRITERS: u64 = 6;
const ITEMS: u64 = 3;

/// Each writer counts its items up in turn, while one sweep follows another.
async fn nothing_is_lost(disk: Arc<dyn Engine>, rounds: u64) {
    let (clock, hand) = Clock::manual(1_800_000_000_000);
    let keyring = keyring().await;
    let open = || Sealed::with_clock(Arc::clone(&disk), &keyring, None, Layout::STATOR, clock.clone());
    let sealed = open();
    let ended = Arc::new(AtomicBool::new(false));
    let sweeping = {
        let (sealed, ended) = (Arc::clone(&sealed), Arc::clone(&ended));
        tokio::spawn(async move {
            let mut rewritten = 0;
            loop {
                let is_last = ended.load(Ordering::Relaxed);
                hand.advance_ms(AGE.as_millis() as u64);
                rewritten += sealed.sweep_data_keys(AGE).await.expect("a sweep").rewritten;
                if is_last {
                    return rewritten;
                }
                // Longer than a write takes, as no write lasts ninety days.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    };
    let writer = |writer: u64| {
        let sealed = Arc::clone(&sealed);
        tokio::spawn(async move {
            for count in 0..rounds {
                for at in 0..ITEMS {
                    let name = format!("{writer}-{at}");
                    // No other task writes these rows, so the last written value is still there.
                    is_there(&*sealed, &name, count).await;
                    count_up(&*sealed, &name).await;
                    is_there(&*sealed, &name, count + 1).await;
                    tokio::task::yield_now().await;
                }
            }
        })
    };
    let writers: Vec<_> = (0..WRITERS).map(writer).collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
    ended.store(true, Ordering::Relaxed);
    assert!(sweeping.await.expect("the sweep") > 0);
    for engine in [sealed, open()] {
        for (writer, at) in (0..WRITERS).flat_map(|writer| (0..ITEMS).map(move |at| (writer, at))) {
            is_there(&*engine, &format!("{writer}-{at}"), rounds).await;
        }
        let writes = (WRITERS * ITEMS * rounds) as i64;
        assert_eq!(
            engine.get(&tally(1), Consistency::Strong).await.expect("a read"),
            storage::tally::encode(&[writes, 2 * writes])
        );
    }
}

/// An item that was counted up so often, and the rows that follow from it.
async fn is_there(engine: &dyn Engine, name: &str, count: u64) {
    let expected = (count > 0).then(|| Bytes::from(count.to_string()));
    assert_eq!(engine.get(&item(1, name), Consistency::Strong).await.expect("a read"), expected, "{name}");
    for key in [index_row(1, name), of_catalog(name)] {
        assert_eq!(engine.get(&key, Consistency::Strong).await.expect("a read"), derived(count), "{key:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_in_memory_lose_nothing_to_the_sweep() {
    nothing_is_lost(Memory::new(), 150).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_on_a_disk_lose_nothing_to_the_sweep() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = EmbeddedOptions { cache_bytes: 8 << 20, ..EmbeddedOptions::default() };
    let engine = Embedded::open(folder.path(), options).expect("an engine");
    nothing_is_lost(engine.clone(), 100).await;
    engine.close().await.expect("closed");
}

/// One after the other on one thread, so that only what is queued is in doubt, and much is.
#[tokio::test]
async fn writers_on_a_slow_disk_lose_nothing_to_the_sweep() {
    let late = Late::new();
    let disk = {
        let late = Arc::clone(&late);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(2)).await;
                late.commit().await;
            }
        })
    };
    nothing_is_lost(late, 50).await;
    disk.abort();
}

/// A write that is queued before the sweep's rewrite and one that is queued behind it: both win, also for rows that they write
/// unread, and neither waits for the sweep.
#[tokio::test]
async fn writes_queued_around_a_rewrite_win() {
    let (late, (clock, hand)) = (Late::new(), Clock::manual(1_800_000_000_000));
    let sealed = Sealed::with_clock(late.clone(), &keyring().await, None, Layout::STATOR, clock);
    let write = |name: &'static str| {
        let sealed = Arc::clone(&sealed);
        tokio::spawn(async move { count_up(&*sealed, name).await })
    };
    let queued = async |count: usize| {
        while late.queued() < count {
            tokio::task::yield_now().await;
        }
    };
    for name in ["a", "b", "c"] {
        let write = write(name);
        while !write.is_finished() {
            late.commit().await;
            tokio::task::yield_now().await;
        }
    }
    hand.advance_ms(AGE.as_millis() as u64);
    let sweeping = {
        let sealed = Arc::clone(&sealed);
        tokio::spawn(async move { sealed.sweep_data_keys(AGE).await })
    };
    // The sweep has read a page with the items, and makes its data key.
    queued(1).await;
    assert!(late.commit_first().await);
    // The rewrite of the items, and behind it the write of "b".
    queued(1).await;
    let behind = write("b");
    queued(2).await;
    // Committed one by one: the sweep continues with index rows, and "a" is written before their rewrite is queued.
    assert!(late.commit_first().await);
    let before = write("a");
    while !(sweeping.is_finished() && behind.is_finished() && before.is_finished()) {
        late.commit_first().await;
        tokio::task::yield_now().await;
    }
    let swept = sweeping.await.expect("a task").expect("a sweep");
    assert!(swept.rewritten >= 3 && swept.left == 0, "{swept:?}");
    for (name, count) in [("a", 2), ("b", 2), ("c", 1)] {
        is_there(&*sealed, name, count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_destroyed_during_a_sweep_stays_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Embedded::open(folder.path(), EmbeddedOptions::default()).expect("an engine");
    let (clock, hand) = Clock::manual(1_800_000_000_000);
    let sealed = Sealed::with_clock(engine.clone(), &keyring().await, None, Layout::STATOR, clock);
    for _ in 0..10 {
        fill(&*sealed, 0, 12).await;
        hand.advance_ms(AGE.as_millis() as u64);
        let sweeping = {
            let sealed = Arc::clone(&sealed);
            tokio::spawn(async move { sealed.sweep_data_keys(AGE).await })
        };
        for family in [Family::Index, Family::Items] {
            sealed.destroy(family, Bytes::from(1_u64.to_be_bytes().to_vec())).await.expect("destroyed");
        }
        sweeping.await.expect("a task").expect("a sweep");
        for family in [Family::Index, Family::Items] {
            assert_eq!(rows(&*engine, family).await, Vec::new(), "{family:?}");
        }
    }
    engine.close().await.expect("closed");
}

/// As a server does it: by itself, until it is closed.
#[tokio::test]
async fn a_process_rotates_by_itself() {
    let (disk, keyring) = (Memory::new(), keyring().await);
    let sealed = Sealed::over(disk.clone(), &keyring, None, Layout::STATOR);
    let model = fill(&*sealed, 0, 20).await;
    let ids = async || {
        let mut ids = BTreeSet::new();
        for family in WALKED {
            let of_values = rows(&*disk, family).await.into_iter().filter(|row| !row.key.starts_with(DATA_KEYS));
            ids.extend(of_values.map(|row| id_of(&row.value)));
        }
        ids
    };
    let first = ids().await;
    let jobs = jobs::Jobs::new(base::Clock::system());
    sealed.rotate_data_keys(&jobs, Duration::from_millis(400));
    while !ids().await.is_disjoint(&first) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    agrees(&*sealed, &model).await;
    sealed.close().await.expect("closed");
}
