//! Archives in a store: random histories whose archiver is killed at any step, races of two archivers, copies of a database, stores that
//! do not answer.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use change_log::{ArchiveManifest, SegmentObject, read_object};
use objects::{Bucket, Objects};

use super::*;
use crate::ArchiveStore;

const HOUR_MS: u64 = 60 * 60 * 1000;

fn store(folder: &Path, seals: bool) -> ArchiveStore {
    let bucket = Bucket::parse("archives", None).unwrap();
    ArchiveStore {
        objects: Objects::folder(folder.to_owned()),
        bucket,
        prefix: "p/".to_owned(),
        seals,
        hold_ms: HOUR_MS,
    }
}

async fn tested(folder: &Path, seals: bool, base_records_min: u64) -> Tested {
    std::fs::create_dir_all(folder.join("archives")).unwrap();
    Tested::with(Settings { base_records_min, archive_store: Some(store(folder, seals)), ..Settings::default() }).await
}

/// Objects below the store's prefix.
async fn names(folder: &Path) -> Vec<String> {
    let (store, mut names) = (store(folder, false), Vec::new());
    while let Some(after) = match store.names("", names.last().map(String::as_str)).await.unwrap() {
        page if page.is_empty() => None,
        page => Some(page),
    } {
        names.extend(after);
    }
    names
}

/// Databases that have objects in the store.
async fn databases(folder: &Path) -> usize {
    let names = names(folder).await;
    let folders = names.iter().filter_map(|name| name.split('/').next());
    folders.collect::<std::collections::BTreeSet<_>>().len()
}

/// What the newest manifest of each log says, of which each object must be as it says.
async fn manifests(folder: &Path) -> Vec<ArchiveManifest> {
    let (store, mut found) = (store(folder, false), BTreeMap::new());
    for name in names(folder).await {
        if let Some((log, _)) = name.split_once("/manifests/")
            && !found.contains_key(log)
        {
            let content = store.read(&name, u64::MAX).await.unwrap();
            found.insert(log.to_owned(), ArchiveManifest::read(&content).unwrap());
        }
    }
    for manifest in found.values() {
        assert_eq!(manifest.problem(), None);
        for entry in &manifest.segments {
            let content = store.read(&entry.object.key, u64::MAX).await.unwrap();
            assert!(read_object(&entry.object, &content, None).is_ok(), "{entry:?}");
        }
    }
    found.into_values().collect()
}

async fn state_of(tested: &Tested) -> change_log::ArchiveState {
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    tested.service.archive_state(id, 0).await.unwrap().unwrap()
}

/// Runs a future for so many steps, and drops it where it is: what a kill does to it.
async fn killed_after<T>(steps: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    for _ in 0..steps {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(done);
        }
        // What it waits for runs beside.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    None
}

#[derive(Clone, Debug)]
enum StoredEvent {
    Of(Event),
    /// The archiver is killed behind so many steps.
    Kill(usize),
    /// Two archivers at once.
    Race,
}

fn stored_events() -> impl Strategy<Value = Vec<StoredEvent>> {
    let event = prop_oneof![
        8 => event().prop_map(StoredEvent::Of),
        2 => (1usize..40).prop_map(StoredEvent::Kill),
        1 => Just(StoredEvent::Race),
    ];
    prop::collection::vec(event, 1..50)
}

async fn play_stored(tested: &Tested, folder: &Path, events: &[StoredEvent]) -> Vec<(u64, Items)> {
    let mut history = vec![(tested.service.clock.now_ms(), tested.items("tab", None).await)];
    let ids = tested.service.catalog.table_ids(|definition| definition.is_table());
    for (number, event) in events.iter().enumerate() {
        match event {
            StoredEvent::Of(event) => play_event(tested, number as u32, event).await,
            StoredEvent::Kill(steps) => {
                tested.hand.advance_ms(61_000);
                _ = killed_after(*steps, tested.service.archive_tables(&ids)).await;
            }
            StoredEvent::Race => {
                tested.hand.advance_ms(61_000);
                let (one, other) =
                    tokio::join!(tested.service.archive_tables(&ids), tested.service.archive_tables(&ids));
                assert_eq!((one, other), (jobs::Ran::Done, jobs::Ran::Done));
                assert!(databases(folder).await <= 1, "no archiver takes another one for a foreign one");
            }
        }
        history.push((tested.service.clock.now_ms(), tested.items("tab", None).await));
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// As without a store: whatever is archived, killed and raced for, a moment is what the table was, and manifests say what is there.
    #[test]
    fn histories_with_kills_and_races_are_restored_from_the_store(
        events in stored_events(),
        moments in prop::collection::vec(0f64..1.0, 3),
        base_records_min in prop_oneof![Just(10u64), Just(u64::MAX)],
        seals in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            // A base is made in steps of the catalog's, which a dropped future leaves in another state than a kill does.
            // An archiver that is killed between the definition of a base and its work leaves the base to the next start.
            let is_calm = !events.iter().any(|event| matches!(event, StoredEvent::Kill(_)));
            let tested = tested(folder.path(), seals, if is_calm { base_records_min } else { u64::MAX }).await;
            tested.hand.advance_ms(1_500);
            tested.recover(true).await;
            let history = play_stored(&tested, folder.path(), &events).await;
            tested.hand.advance_ms(61_000);
            // A manifest that a killed archiver had sent may land in front of the next one's, which then begins anew.
            for _ in 0..3 {
                tested.archive().await;
            }
            tested.trim().await;
            let state = state_of(&tested).await;
            for manifest in manifests(folder.path()).await {
                assert_eq!(manifest.archived, state.archived, "the last manifest says what the state says");
            }
            tested.hand.advance_ms(1_000);
            let (earliest, latest) = tested.period().await;
            assert!(earliest as u64 <= BEGIN_MS / 1000 + 1, "no kill ends a moment");
            for (number, share) in moments.iter().enumerate() {
                let at_ms = (earliest + ((latest - earliest) as f64 * share) as i64) as u64 * 1000;
                let target = format!("res-{number}");
                tested.restore(&target, Some(at_ms)).await.unwrap();
                let before = history.iter().rev().find(|(changed_ms, _)| *changed_ms <= at_ms);
                let (_, expected) = before.unwrap_or(&history[0]);
                assert_eq!(&tested.items(&target, None).await, expected, "at {at_ms}");
                assert_eq!(&tested.items(&target, Some("by_g")).await, expected);
            }
        });
    }
}

/// Many segments: some of them are listed by pages.
async fn long_archive(tested: &Tested, segments: u32) {
    for value in 0..segments {
        tested.put(1, value).await;
        tested.hand.advance_ms(61_000);
        tested.archive().await;
    }
}

#[tokio::test]
async fn nothing_is_restored_without_its_objects_and_all_is_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let tested = tested(folder.path(), false, u64::MAX).await;
    tested.recover(true).await;
    let begin_ms = tested.service.clock.now_ms();
    long_archive(&tested, 140).await;
    tested.trim().await;
    let manifest = manifests(folder.path()).await.remove(0);
    assert_eq!((manifest.pages.len(), manifest.segments.len()), (1, 12));
    assert_eq!(names(folder.path()).await.iter().filter(|name| name.contains("/manifests/")).count(), 8);
    tested.restore("res-1", Some(begin_ms + 60_000)).await.unwrap();
    assert_eq!(tested.items("res-1", None).await["1-a"].get("v"), Some(&n("0")));
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    let page = |at: u64| tested.service.history_page(id, 0, 0, at, (16, 1 << 20));
    assert_eq!(page(280).await.map_err(|error| format!("{error:?}")).unwrap().records.len(), 2);
    // The last manifests are lost: the next one is made of what the database has.
    let bucket = folder.path().join("archives/p");
    let lost: Vec<String> =
        names(folder.path()).await.into_iter().filter(|name| name.contains("/manifests/")).collect();
    lost.iter().for_each(|name| std::fs::remove_file(bucket.join(name)).unwrap());
    long_archive(&tested, 1).await;
    let rebuilt = manifests(folder.path()).await.remove(0);
    assert_eq!((rebuilt.pages.len(), rebuilt.segments.len(), rebuilt.archived), (1, 13, 282));
    let segment = names(folder.path()).await.into_iter().find(|name| name.contains("/segments/")).unwrap();
    std::fs::remove_file(bucket.join(segment)).unwrap();
    *tested.service.last_segment.lock() = None;
    assert!(page(2).await.is_err(), "an object that is missing is no empty history");
}

#[tokio::test]
async fn objects_end_with_the_period_with_recovery_and_with_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let tested = tested(folder.path(), false, u64::MAX).await;
    tested.recover(true).await;
    long_archive(&tested, 3).await;
    let first: Vec<String> = names(folder.path()).await;
    tested.hand.advance_ms(2 * DAY_MS);
    long_archive(&tested, 2).await;
    tested.trim().await;
    let manifest = manifests(folder.path()).await.remove(0);
    assert_eq!((manifest.from, manifest.segments.len()), (6, 2));
    let left = names(folder.path()).await;
    assert!(!first.iter().filter(|name| name.contains("/segments/")).any(|name| left.contains(name)), "{left:?}");
    tested.recover(false).await;
    tested.archive().await;
    assert_eq!(names(folder.path()).await, [""; 0]);
    tested.hand.advance_ms(1_000);
    tested.recover(true).await;
    long_archive(&tested, 1).await;
    // Enabled again before anything is deleted: the request does not wait for the store, and the next segment's archiver deletes.
    tested.recover(false).await;
    tested.hand.advance_ms(1_000);
    tested.recover(true).await;
    assert_eq!(manifests(folder.path()).await.len(), 1);
    long_archive(&tested, 1).await;
    let manifest = manifests(folder.path()).await;
    assert_eq!((manifest.len(), manifest[0].segments.len()), (1, 1));
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    tested.service.delete_table(&caller(), request).await.unwrap();
    while !names(folder.path()).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The log retains what cannot be archived; behind the limit the older half is given up, and the earliest moment says so.
#[tokio::test]
async fn a_store_that_does_not_answer_breaks_the_chain_behind_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let tested = tested(folder.path(), false, u64::MAX).await;
    tested.recover(true).await;
    long_archive(&tested, 2).await;
    std::fs::rename(folder.path().join("archives"), folder.path().join("away")).unwrap();
    let ids = tested.service.catalog.table_ids(|definition| definition.is_table());
    let begin = tested.period().await.0;
    for value in 0..5 {
        tested.put(2, value).await;
        tested.hand.advance_ms(HOUR_MS / 6);
        assert_eq!(tested.service.archive_tables(&ids).await, jobs::Ran::Failed);
        tested.trim().await;
    }
    assert_eq!((tested.period().await.0, tested.service.background_stats().recovery_gaps), (begin, 0));
    tested.put(2, 5).await;
    tested.hand.advance_ms(HOUR_MS / 6);
    assert_eq!(tested.service.archive_tables(&ids).await, jobs::Ran::Failed);
    let (earliest, _) = tested.period().await;
    let now_ms = tested.service.clock.now_ms();
    assert_eq!(earliest as u64, (now_ms - HOUR_MS / 2) / 1000);
    assert_eq!(tested.service.background_stats().recovery_gaps, 1);
    // What is left of the log can be restored from without the store.
    tested.restore("res-away", Some((earliest as u64 + 1) * 1000)).await.unwrap();
    assert_eq!(tested.items("res-away", None).await["2-a"].get("v"), Some(&n("3")));
    std::fs::rename(folder.path().join("away"), folder.path().join("archives")).unwrap();
    long_archive(&tested, 1).await;
    tested.trim().await;
    let manifest = manifests(folder.path()).await.remove(0);
    assert_eq!((manifest.from, manifest.segments.len()), (state_of(&tested).await.from, 1));
    tested.restore("res-back", Some((earliest as u64 + 1) * 1000)).await.unwrap();
    assert_eq!(tested.items("res-back", None).await["2-a"].get("v"), Some(&n("3")));
}

/// A copy of a database has its folder in the store. The first one that finds the other's manifest takes a folder of its own, and both
/// can be restored from.
#[tokio::test]
async fn copies_of_a_database_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let tested = tested(folder.path(), false, u64::MAX).await;
    tested.recover(true).await;
    long_archive(&tested, 2).await;
    let state = state_of(&tested).await;
    let own = state.store.clone().unwrap();
    // What a copy writes that was made now: the same number, with a token of its own.
    let mut manifest = manifests(folder.path()).await.remove(0);
    (manifest.number, manifest.token) = (own.manifest + 1, "of the copy".to_owned());
    let (_, content) = manifest.encode().unwrap();
    let name = format!("{}/manifests/{:016x}", own.folder, u64::MAX - manifest.number);
    store(folder.path(), false).put_new(&name, content.into()).await.unwrap();
    let before = names(folder.path()).await;
    long_archive(&tested, 1).await;
    tested.archive().await;
    let moved = state_of(&tested).await;
    assert_ne!(moved.store.unwrap().folder, own.folder);
    assert_eq!((moved.from, moved.archived), (state.from, 6));
    let after = names(folder.path()).await;
    assert!(before.iter().all(|name| after.contains(name)), "nothing of the other one's is deleted");
    tested.restore("res", Some(BEGIN_MS + 1_000)).await.unwrap();
    assert_eq!(tested.items("res", None).await["1-a"].get("v"), Some(&n("0")));
    tested.recover(false).await;
    tested.archive().await;
    let left = names(folder.path()).await;
    assert!(before.iter().all(|name| left.contains(name)) && left.len() == before.len());
}

/// Sealed objects have nothing of the items in them; their key is destroyed with the archive.
#[tokio::test]
async fn sealed_objects_need_the_archives_key() {
    let folder = tempfile::tempdir().unwrap();
    let tested = tested(folder.path(), true, u64::MAX).await;
    tested.recover(true).await;
    long_archive(&tested, 1).await;
    let manifest = manifests(folder.path()).await.remove(0);
    let object: &SegmentObject = &manifest.segments[0].object;
    assert!(object.sealed && object.hash.is_empty());
    let content = store(folder.path(), true).read(&object.key, u64::MAX).await.unwrap();
    assert!(!content.windows(9).any(|window| window == b"long text" || window == b"a text th"));
    assert_eq!(read_object(object, &content, None), Ok(None));
    tested.trim().await;
    tested.restore("res", None).await.unwrap();
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    tested.service.engine.destroy(storage::Family::Log, tables::rows::archives_prefix(id)).await.unwrap();
    *tested.service.last_segment.lock() = None;
    assert!(tested.service.history_page(id, 0, 0, 2, (16, 1 << 20)).await.is_err());
}

/// A history that began before there was a store goes on in it, and both parts are restored.
#[tokio::test]
async fn a_store_that_comes_later_has_what_is_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("archives")).unwrap();
    let (clock, hand) = Clock::manual(BEGIN_MS);
    let engine = Memory::new();
    let open = |archive_store| {
        let settings = Settings { base_records_min: u64::MAX, archive_store, ..Settings::default() };
        Service::open(engine.clone(), settings, clock.clone())
    };
    let service = open(None).await.unwrap();
    service.create_table(&caller(), simple("tab")).await.unwrap();
    service.update_table(&caller(), add_index("tab", "by_g", "g", ProjectionType::All)).await.unwrap();
    let before = Tested { service, hand: hand.clone() };
    before.recover(true).await;
    let begin_ms = before.service.clock.now_ms();
    long_archive(&before, 3).await;
    before.service.leave().await;
    drop(before);
    let service = open(Some(store(folder.path(), false))).await.unwrap();
    let tested = Tested { service, hand };
    for value in 3..6 {
        tested.put(1, value).await;
        tested.hand.advance_ms(61_000);
        tested.archive().await;
        tested.trim().await;
    }
    let manifest = manifests(folder.path()).await.remove(0);
    let state = state_of(&tested).await;
    assert_eq!((manifest.segments.len(), manifest.archived), (3, state.archived));
    assert!(manifest.from > state.from, "the part in the database is not the manifest's");
    let segments = names(folder.path()).await.iter().filter(|name| name.contains("/segments/")).count();
    assert_eq!(segments, 3, "no attempt has left an object behind");
    for value in [1u32, 4] {
        let target = format!("res-{value}");
        tested.restore(&target, Some(begin_ms + u64::from(value) * 61_000 + 1_000)).await.unwrap();
        assert_eq!(tested.items(&target, None).await["1-a"].get("v"), Some(&n(&value.to_string())));
    }
}
