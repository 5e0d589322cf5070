//! Restores to moments on the engine in memory: random histories, archives, and clocks that are set back and forth.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::*;
use base::{Clock, ManualClock};
use model::{AttributeValue, Attributes};
use proptest::prelude::*;
use storage::Memory;
use tables::fixture::{item, n, s};

use crate::service::{Service, Settings};
use crate::tests::catalog::{add_index, caller, describe, simple};

mod bases;
mod races;
mod stored;

const BEGIN_MS: u64 = 1_700_000_000_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

type Items = BTreeMap<String, Attributes>;

struct Tested {
    service: Arc<Service>,
    hand: ManualClock,
}

impl Tested {
    async fn new() -> Tested {
        Tested::with_bases(u64::MAX).await
    }

    /// Of a table that gets bases behind as many records, or more.
    async fn with_bases(base_records_min: u64) -> Tested {
        Tested::with(Settings { base_records_min, ..Settings::default() }).await
    }

    async fn with(settings: Settings) -> Tested {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        let service = Service::open(Memory::new(), settings, clock).await.unwrap();
        service.create_table(&caller(), simple("tab")).await.unwrap();
        service.update_table(&caller(), add_index("tab", "by_g", "g", ProjectionType::All)).await.unwrap();
        Tested { service, hand }
    }

    async fn recover(&self, enabled: bool) -> PointInTimeRecoveryDescription {
        let request = UpdateContinuousBackupsInput {
            table_name: "tab".to_owned(),
            point_in_time_recovery_specification: PointInTimeRecoverySpecification {
                point_in_time_recovery_enabled: enabled,
                recovery_period_in_days: enabled.then_some(2),
            },
        };
        let output = self.service.update_continuous_backups(&caller(), request).await.unwrap();
        output.continuous_backups_description.unwrap().point_in_time_recovery_description.unwrap()
    }

    async fn period(&self) -> (i64, i64) {
        let request = DescribeContinuousBackupsInput { table_name: "tab".to_owned() };
        let output = self.service.describe_continuous_backups(&caller(), request).await.unwrap();
        let recovery = output.continuous_backups_description.unwrap().point_in_time_recovery_description.unwrap();
        let second = |time: Option<Timestamp>| time.unwrap().epoch_ms / 1000;
        (second(recovery.earliest_restorable_date_time), second(recovery.latest_restorable_date_time))
    }

    /// Two items with the same value in one transaction.
    async fn put(&self, key: u8, value: u32) {
        let put = |half: &str| TransactWriteItem {
            put: Some(Box::new(Put {
                table_name: "tab".to_owned(),
                item: item(&[
                    ("pk", s(&format!("{key}-{half}"))),
                    ("g", s("x")),
                    ("v", n(&value.to_string())),
                    ("text", s(&"a text that is long ".repeat(20))),
                ]),
                ..Put::default()
            })),
            ..TransactWriteItem::default()
        };
        let request =
            TransactWriteItemsInput { transact_items: vec![put("a"), put("b")], ..TransactWriteItemsInput::default() };
        self.service.transact_write_items(&caller(), request).await.unwrap();
    }

    async fn delete(&self, key: u8) {
        let request = DeleteItemInput {
            table_name: "tab".to_owned(),
            key: item(&[("pk", s(&format!("{key}-a")))]),
            ..DeleteItemInput::default()
        };
        self.service.delete_item(&caller(), request).await.unwrap();
    }

    async fn archive(&self) {
        let ids = self.service.catalog.table_ids(|definition| definition.is_table());
        assert_eq!(self.service.archive_tables(&ids).await, jobs::Ran::Done);
    }

    /// The log without what is archived.
    async fn trim(&self) {
        assert!(self.service.trim_logs().await);
    }

    async fn restore(&self, target: &str, at: Option<u64>) -> Result<(), String> {
        let request = RestoreTableToPointInTimeInput {
            source_table_name: Some("tab".to_owned()),
            target_table_name: target.to_owned(),
            restore_date_time: at.map(|at_ms| Timestamp { epoch_ms: at_ms as i64 }),
            use_latest_restorable_time: at.is_none().then_some(true),
            ..RestoreTableToPointInTimeInput::default()
        };
        let output = self.service.restore_table_to_point_in_time(&caller(), request).await;
        let described = output.map_err(|error| error.to_string())?.table_description.unwrap();
        assert_eq!(described.table_status, Some(TableStatus::Creating));
        assert_eq!(described.restore_summary.unwrap().source_backup_arn, None);
        while describe(&self.service, target).await.unwrap().table_status != Some(TableStatus::Active) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn items(&self, table: &str, index: Option<&str>) -> Items {
        let request =
            ScanInput { table_name: table.to_owned(), index_name: index.map(str::to_owned), ..ScanInput::default() };
        let page = self.service.scan(&caller(), request).await.unwrap();
        assert_eq!(page.last_evaluated_key, None);
        let items = page.items.unwrap_or_default().into_iter().map(|item| item.view().to_owned());
        items.map(|item| (pk(&item), item)).collect()
    }
}

fn pk(item: &Attributes) -> String {
    let Some(AttributeValue::S(pk)) = item.get("pk") else { panic!("an item without its key") };
    pk.clone()
}

/// What happens in a history, and what it waits for before. Unit: milliseconds.
#[derive(Clone, Debug)]
enum Event {
    Put(u8, u64),
    Delete(u8, u64),
    Archive,
    Trim,
}

fn event() -> impl Strategy<Value = Event> {
    let waits = || prop_oneof![Just(0), 1u64..500, 500u64..5_000, Just(61_000)];
    prop_oneof![
        6 => (0u8..6, waits()).prop_map(|(key, wait)| Event::Put(key, wait)),
        2 => (0u8..6, waits()).prop_map(|(key, wait)| Event::Delete(key, wait)),
        1 => Just(Event::Archive),
        1 => Just(Event::Trim),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 1..60)
}

async fn play_event(tested: &Tested, value: u32, event: &Event) {
    match event {
        Event::Put(key, wait) => {
            tested.hand.advance_ms(*wait);
            tested.put(*key, value).await;
        }
        Event::Delete(key, wait) => {
            tested.hand.advance_ms(*wait);
            tested.delete(*key).await;
        }
        Event::Archive => tested.archive().await,
        Event::Trim => tested.trim().await,
    }
}

/// The table at each of its changes.
async fn play(tested: &Tested, events: &[Event]) -> Vec<(u64, Items)> {
    let mut history = vec![(tested.service.clock.now_ms(), tested.items("tab", None).await)];
    for (value, event) in events.iter().enumerate() {
        play_event(tested, value as u32, event).await;
        history.push((tested.service.clock.now_ms(), tested.items("tab", None).await));
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The restored table and its index are the table at that moment, whatever of the log is archived and trimmed by then.
    #[test]
    fn a_restored_table_is_the_table_at_the_moment(
        events in events(),
        moments in prop::collection::vec(0f64..1.0, 4),
        base_records_min in prop_oneof![Just(1u64), Just(10), Just(u64::MAX)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let tested = Tested::with_bases(base_records_min).await;
            tested.put(0, 1_000_000).await;
            tested.hand.advance_ms(1_500);
            tested.recover(true).await;
            let history = play(&tested, &events).await;
            tested.hand.advance_ms(1_000);
            let (earliest, latest) = tested.period().await;
            for (number, share) in moments.iter().enumerate() {
                let at_ms = (earliest + ((latest - earliest) as f64 * share) as i64) as u64 * 1000;
                let target = format!("res-{number}");
                tested.restore(&target, Some(at_ms)).await.unwrap();
                let before = history.iter().rev().find(|(changed_ms, _)| *changed_ms <= at_ms);
                let (_, expected) = before.unwrap_or(&history[0]);
                assert_eq!(&tested.items(&target, None).await, expected, "at {at_ms}");
                assert_eq!(&tested.items(&target, Some("by_g")).await, expected);
            }
            tested.restore("res-latest", None).await.unwrap();
            assert_eq!(tested.items("res-latest", None).await, history.last().unwrap().1);
        });
    }
}

#[tokio::test]
async fn the_log_is_trimmed_of_what_is_archived_alone() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    tested.put(1, 1).await;
    tested.trim().await;
    let records = |tested: &Tested| {
        let service = Arc::clone(&tested.service);
        async move {
            let id = service.catalog.table_ids(|definition| definition.name == "tab")[0];
            let page = service.history_page(id, 0, 0, 2, (16, 1 << 20)).await;
            page.map(|page| page.records.len()).map_err(|error| format!("{error:?}"))
        }
    };
    assert_eq!(records(&tested).await, Ok(2));
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    tested.trim().await;
    assert_eq!(records(&tested).await, Ok(2), "from the archive");
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    let contents = tested.service.engine.destroy(storage::Family::Log, tables::rows::archives_prefix(id));
    contents.await.unwrap();
    assert!(records(&tested).await.is_err(), "a record that is nowhere is no empty history");
}

/// The deletion of an archive takes a while. The state of a new one, which was enabled meanwhile, is not taken away: the moments since
/// then would be lost, and nothing would say so.
#[tokio::test]
async fn an_archive_that_is_enabled_again_is_not_deleted() {
    let tested = Tested::new().await;
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    let is_there = async || tested.service.archive_state(id, 1).await.unwrap().is_some();
    tested.recover(true).await;
    tested.recover(false).await;
    tested.recover(true).await;
    assert!(is_there().await);
    tested.service.drop_archive(id).await.unwrap();
    assert!(is_there().await);
    tested.recover(false).await;
    tested.service.drop_archive(id).await.unwrap();
    assert!(!is_there().await);
}

#[tokio::test]
async fn moments_end_with_the_period() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    let begin = BEGIN_MS / 1000;
    assert_eq!(tested.period().await, (begin as i64, begin as i64));
    for value in 0..40 {
        tested.hand.advance_ms(2 * 60 * 60 * 1000);
        tested.put(1, value).await;
        tested.archive().await;
        tested.trim().await;
    }
    // One that was made later is still needed: nothing was archived since.
    let (earliest, latest) = tested.period().await;
    assert_eq!((latest - earliest) as u64 * 1000, 2 * DAY_MS);
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    let state = tested.service.archive_state(id, 0).await.unwrap().unwrap();
    assert!(state.from >= 20 && state.from_ms <= earliest as u64 * 1000 + 999, "{state:?}");
    tested.restore("res", Some(earliest as u64 * 1000)).await.unwrap();
    let found = tested.items("res", None).await;
    assert_eq!(found["1-a"].get("v"), Some(&n("15")));
    let error = tested.restore("early", Some(earliest as u64 * 1000 - 1)).await.unwrap_err();
    assert!(error.contains("must be within EarliestRestorableDateTime"), "{error}");
    let error = tested.restore("late", Some(latest as u64 * 1000 + 1_000)).await.unwrap_err();
    assert!(error.contains("must be within EarliestRestorableDateTime"), "{error}");
}

/// A clock that was ahead for a while hides nothing of what was written after it was set back.
#[tokio::test]
async fn of_times_that_were_gone_through_twice_the_later_pass_counts() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    tested.put(1, 1).await;
    tested.hand.set_ms(BEGIN_MS + 10 * DAY_MS);
    tested.put(2, 2).await;
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    tested.hand.set_ms(BEGIN_MS + 60_000);
    tested.put(3, 3).await;
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    tested.trim().await;
    tested.put(4, 4).await;
    for (after_ms, count) in [(0, 2), (59_000, 2), (60_000, 6), (121_000, 8)] {
        let target = format!("res-{after_ms}");
        tested.restore(&target, Some(BEGIN_MS + after_ms)).await.unwrap();
        assert_eq!(tested.items(&target, None).await.len(), count, "after {after_ms} ms");
    }
}

#[tokio::test]
async fn disabled_recovery_leaves_nothing() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    tested.put(1, 1).await;
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    assert!(tested.service.archive_state(id, 0).await.unwrap().unwrap().archived > 0);
    tested.recover(false).await;
    let error = tested.restore("res", None).await.unwrap_err();
    assert!(error.contains("Point in time recovery is not enabled for table 'tab'"), "{error}");
    tested.archive().await;
    assert_eq!(tested.service.archive_state(id, 0).await.unwrap(), None);
    assert!(tested.service.catalog.by_id(id).is_some_and(|table| !table.definition.archived));
    // From now on, and not from what was there before.
    tested.hand.advance_ms(1_000);
    let (earliest, _) = {
        tested.recover(true).await;
        tested.period().await
    };
    assert_eq!(earliest as u64, (BEGIN_MS + 62_000) / 1000);
}

#[tokio::test]
async fn a_deleted_table_has_a_last_backup() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    for key in 0..100 {
        tested.put(key, 1).await;
    }
    let before = tested.items("tab", None).await;
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    tested.service.delete_table(&caller(), request).await.unwrap();
    let list = |kind| ListBackupsInput { backup_type: kind, ..ListBackupsInput::default() };
    let backup = loop {
        let listed = tested.service.list_backups(&caller(), list(Some(BackupTypeFilter::System))).await.unwrap();
        if let Some(backup) = listed.backup_summaries.unwrap_or_default().into_iter().next() {
            break backup;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(backup.backup_name.as_deref(), Some("tab$DeletedTableBackup"));
    assert_eq!(backup.backup_type, Some(BackupType::System));
    let arn = backup.backup_arn.unwrap();
    assert!(arn.ends_with("-00000000"), "{arn}");
    let users = tested.service.list_backups(&caller(), list(None)).await.unwrap();
    assert_eq!(users.backup_summaries, Some(Vec::new()));
    while describe(&tested.service, "tab").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let request = DeleteBackupInput { backup_arn: arn.clone() };
    let refused = tested.service.delete_backup(&caller(), request).await.unwrap_err().to_string();
    assert!(refused.contains("User is not allowed to delete the system backup with arn"), "{refused}");
    let request = RestoreTableFromBackupInput {
        backup_arn: arn,
        target_table_name: "tab".to_owned(),
        ..RestoreTableFromBackupInput::default()
    };
    tested.service.restore_table_from_backup(&caller(), request).await.unwrap();
    while describe(&tested.service, "tab").await.unwrap().table_status != Some(TableStatus::Active) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(tested.items("tab", None).await, before);
    tested.hand.advance_ms(36 * DAY_MS);
    assert_eq!(tested.service.delete_expired_backups().await, jobs::Ran::Done);
    let listed = tested.service.list_backups(&caller(), list(Some(BackupTypeFilter::All))).await.unwrap();
    assert_eq!(listed.backup_summaries, Some(Vec::new()));
}

/// A moment divides no write: all records of one have the same time.
#[tokio::test]
async fn the_records_of_a_write_share_their_time() {
    let service = Service::open(Memory::new(), Settings::default(), Clock::system()).await.unwrap();
    let tested = Tested { service: Arc::clone(&service), hand: Clock::manual(0).1 };
    service.create_table(&caller(), simple("tab")).await.unwrap();
    tested.recover(true).await;
    for round in 0..40 {
        let put = |at: u32| TransactWriteItem {
            put: Some(Box::new(Put {
                table_name: "tab".to_owned(),
                item: item(&[("pk", s(&at.to_string())), ("v", n(&round.to_string()))]),
                ..Put::default()
            })),
            ..TransactWriteItem::default()
        };
        let transact_items = (0..100).map(put).collect();
        let request = TransactWriteItemsInput { transact_items, ..TransactWriteItemsInput::default() };
        service.transact_write_items(&caller(), request).await.unwrap();
    }
    let id = service.catalog.table_ids(|definition| definition.name == "tab")[0];
    let page = service.history_page(id, 0, 0, 4_000, (4_000, 64 << 20)).await.unwrap();
    let times: Vec<u64> =
        page.records.iter().map(|row| change_log::Header::read(&row.value).unwrap().created_ms).collect();
    assert_eq!(times.len(), 4_000);
    assert!(times.chunks(100).all(|of_one| of_one.iter().all(|time| *time == of_one[0])), "{times:?}");
}

/// Records that were trimmed or are damaged move the earliest moment behind them, and no segment has a hole.
#[tokio::test]
async fn a_gap_moves_the_earliest_moment_behind_it() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    for value in 0..4 {
        tested.put(1, value).await;
        tested.hand.advance_ms(10_000);
    }
    // Records 3 and 4 of the eight are lost.
    let lost = [3, 4].map(|at| storage::log::record(&tables::rows::log(id, 0), at));
    let keys = lost.clone().map(storage::KeyUse::write);
    let delete = |_: &storage::Reads, batch: &mut storage::Batch| {
        lost.iter().for_each(|key| batch.delete(key.clone()));
        Ok::<(), Exception>(())
    };
    tested.service.engine.write(storage::Mode::Plain, &keys, delete).await.unwrap().unwrap();
    tested.hand.advance_ms(60_000);
    tested.archive().await;
    let state = tested.service.archive_state(id, 0).await.unwrap().unwrap();
    assert_eq!((state.from, state.archived), (4, 8));
    assert_eq!(tested.service.background_stats().recovery_gaps, 1);
    let (earliest, latest) = tested.period().await;
    assert_eq!(earliest as u64 * 1000, BEGIN_MS + 20_000);
    let error = tested.restore("early", Some(BEGIN_MS + 10_000)).await.unwrap_err();
    assert!(error.contains("must be within"), "{error}");
    tested.restore("first", Some(BEGIN_MS + 20_000)).await.unwrap();
    assert_eq!(tested.items("first", None).await["1-a"].get("v"), Some(&n("2")));
    tested.restore("last", Some(latest as u64 * 1000)).await.unwrap();
    assert_eq!(tested.items("last", None).await["1-a"].get("v"), Some(&n("3")));
}

/// One change by a clock that was ahead hides nothing of what was written behind it.
#[tokio::test]
async fn a_change_of_the_future_hides_no_later_one() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    tested.put(1, 1).await;
    tested.hand.advance_ms(30_000);
    tested.put(2, 2).await;
    tested.hand.set_ms(BEGIN_MS + 1_000);
    tested.put(3, 3).await;
    tested.hand.advance_ms(1_000);
    tested.restore("now", Some(BEGIN_MS + 2_000)).await.unwrap();
    assert_eq!(tested.items("now", None).await.len(), 6);
    tested.restore("before", Some(BEGIN_MS)).await.unwrap();
    assert_eq!(tested.items("before", None).await.len(), 2);
}

/// A restore has begun and its log is not retained for it yet when recovery is disabled.
#[tokio::test]
async fn a_restore_that_has_begun_is_made_without_recovery() {
    for round in 0..8 {
        let tested = Tested::new().await;
        tested.recover(true).await;
        tested.put(1, 1).await;
        tested.hand.advance_ms(1_000);
        let request = RestoreTableToPointInTimeInput {
            source_table_name: Some("tab".to_owned()),
            target_table_name: "res".to_owned(),
            restore_date_time: Some(Timestamp { epoch_ms: BEGIN_MS as i64 + 1_000 }),
            ..RestoreTableToPointInTimeInput::default()
        };
        tested.service.restore_table_to_point_in_time(&caller(), request).await.unwrap();
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        tested.recover(false).await;
        tested.hand.advance_ms(1);
        tested.put(1, 2).await;
        tested.archive().await;
        tested.trim().await;
        while describe(&tested.service, "res").await.unwrap().table_status != Some(TableStatus::Active) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(tested.items("res", None).await["1-a"].get("v"), Some(&n("1")), "round {round}");
    }
}

/// Its history is not there any more, and no retry finds it.
#[tokio::test]
async fn a_restore_that_cannot_be_made_ends() {
    let tested = Tested::new().await;
    tested.recover(true).await;
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    tested.put(1, 1).await;
    tested.hand.advance_ms(1_000);
    let at_ms = tested.service.clock.now_ms();
    tested.hand.advance_ms(1_000);
    tested.put(1, 2).await;
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    tested.trim().await;
    tested.service.engine.destroy(storage::Family::Log, tables::rows::archives_prefix(id)).await.unwrap();
    let request = RestoreTableToPointInTimeInput {
        source_table_name: Some("tab".to_owned()),
        target_table_name: "res".to_owned(),
        restore_date_time: Some(Timestamp { epoch_ms: at_ms as i64 }),
        ..RestoreTableToPointInTimeInput::default()
    };
    tested.service.restore_table_to_point_in_time(&caller(), request).await.unwrap();
    while describe(&tested.service, "res").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
