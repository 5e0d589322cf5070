//! Time to live on the engine in memory, with a manual clock.

use std::time::Duration;

use api::*;
use base::{Clock, ManualClock};
use jobs::Ran;
use model::AttributeValue;
use storage::{Consistency, Engine, Family, Memory, ScanRange};
use tables::fixture::{item, n, s};
use tables::rows;

use crate::consumed::Consumed;
use crate::service::{Service, Settings};
use crate::tests::catalog::test_service::TestService;
use crate::tests::catalog::{add_index, caller, simple};

const START_S: u64 = 1_700_000_000;

type AgingTable = TestService<Memory>;

impl AgingTable {
    async fn aging() -> AgingTable {
        AgingTable::with_settings(Settings::default(), Clock::manual(START_S * 1000)).await
    }

    async fn with_settings(settings: Settings, clock: (Clock, ManualClock)) -> AgingTable {
        let aging = TestService::open(Memory::new(), settings, clock).await;
        aging.create_table(None).await;
        aging
    }

    async fn put_aging(&self, pk: &str, more: &[(&str, AttributeValue)]) {
        self.put(&[&[("pk", s(pk))], more].concat()).await;
    }

    /// The items that are left after a sweep at this time.
    async fn left_at(&self, second: u64) -> Vec<String> {
        self.hand.advance_ms(second * 1000 - self.clock.now_ms());
        assert_eq!(self.service.sweep_expired().await, Ran::Done);
        self.items().await
    }

    async fn items(&self) -> Vec<String> {
        let request = ScanInput { table_name: "tab".to_owned(), ..ScanInput::default() };
        let page = self.service.scan(&caller(), request).await.unwrap();
        let name = |item: &model::Item| match item.clone().into_attributes().get("pk") {
            Some(AttributeValue::S(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        let mut names: Vec<String> = page.items.unwrap().iter().map(name).collect();
        names.sort();
        names
    }

    /// Rows in the indexes of the table, of any kind.
    async fn index_rows(&self) -> usize {
        let prefix = rows::table_prefix(rows::TABLE_ID_FIRST);
        let range = ScanRange::of_prefix(Family::Index, prefix, usize::MAX, usize::MAX);
        self.engine.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows.len()
    }
}

fn at(second: u64) -> AttributeValue {
    n(&second.to_string())
}

/// With a registry that is driven by hand, background work runs only when the test moves the clock.
#[tokio::test]
async fn a_clock_by_hand_decides_when_jobs_run() {
    let (clock, hand) = Clock::manual(START_S * 1000);
    let jobs = jobs::Jobs::by_hand(clock.clone());
    let settings = Settings { jobs: Some(jobs.clone()), ..Settings::default() };
    let aging = AgingTable::with_settings(settings, (clock, hand)).await;
    aging.begin_ttl("ttl", true).await;
    assert!(aging.has_index_work());
    jobs.run_due().await;
    assert!(!aging.has_index_work());
    aging.put_aging("soon", &[("ttl", at(START_S + 1))]).await;
    aging.hand.advance_ms(9_999);
    jobs.run_due().await;
    assert_eq!(aging.items().await, ["soon"]);
    aging.hand.advance_ms(1);
    jobs.run_due().await;
    assert!(aging.items().await.is_empty());
    let sweep = jobs.reports().into_iter().find(|report| report.name == "sweep_expired_items").unwrap();
    assert_eq!((sweep.runs, sweep.failures, sweep.owner), (1, 0, jobs::Owner::Lease));
}

#[tokio::test]
async fn what_expires_goes_and_nothing_else() {
    let aging = AgingTable::aging().await;
    aging.put_aging("before", &[("ttl", at(START_S + 10))]).await;
    aging.set_ttl("ttl", true).await;
    aging.put_aging("soon", &[("ttl", at(START_S + 10))]).await;
    aging.put_aging("with a fraction", &[("ttl", n(&format!("{}.75", START_S + 10)))]).await;
    aging.put_aging("later", &[("ttl", at(START_S + 20))]).await;
    aging.put_aging("put off", &[("ttl", at(START_S + 10))]).await;
    aging.put_aging("put off", &[("ttl", at(START_S + 30))]).await;
    for (name, value) in [
        ("not a number", s("1")),
        ("negative", n("-5")),
        ("of no clock", n("1e30")),
        ("five years old", at(START_S - 5 * 366 * 86_400)),
    ] {
        aging.put_aging(name, &[("ttl", value)]).await;
    }
    aging.put_aging("never", &[]).await;
    let others = ["five years old", "negative", "never", "not a number", "of no clock"];
    let left = |more: &[&str]| {
        let mut all: Vec<String> = others.iter().chain(more).map(|name| (*name).to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(aging.left_at(START_S + 10).await, left(&["before", "soon", "with a fraction", "later", "put off"]));
    assert_eq!(aging.left_at(START_S + 11).await, left(&["later", "put off"]));
    assert_eq!(aging.left_at(START_S + 21).await, left(&["put off"]));
    assert_eq!(aging.service.background_stats().expired_items, 4);
    assert_eq!(aging.left_at(START_S + 100).await, left(&[]));
    assert_eq!(aging.index_rows().await, 1, "of the item that is too old");
}

/// A restored copy is inspected with all items that it was made with.
#[tokio::test]
async fn a_server_that_deletes_nothing_leaves_what_has_expired() {
    let aging = AgingTable::aging().await;
    aging.set_ttl("ttl", true).await;
    aging.put_aging("due", &[("ttl", at(START_S + 10))]).await;
    aging.hand.advance_ms(60_000);
    let settings = Settings { deletes_expired: false, ..Settings::default() };
    let idle = Service::open(aging.engine.clone(), settings, aging.clock.clone()).await.unwrap();
    idle.jobs().run_once("sweep_expired_items").await;
    assert_eq!(aging.items().await, ["due"]);
    aging.service.jobs().run_once("sweep_expired_items").await;
    assert!(aging.items().await.is_empty());
}

/// A table with items that expire faster than they are deleted neither delays other tables nor makes a run endless.
#[tokio::test]
async fn tables_are_swept_in_turns() {
    let aging = AgingTable::aging().await;
    aging.set_ttl("ttl", true).await;
    aging.service.create_table(&caller(), simple("other")).await.unwrap();
    let specification = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: "other".to_owned(), time_to_live_specification: specification };
    aging.service.update_time_to_live(&caller(), request).await.unwrap();
    for number in 0..640 {
        aging.put_aging(&format!("{number:03}"), &[("ttl", at(START_S))]).await;
    }
    let due = item(&[("pk", s("due")), ("ttl", at(START_S))]);
    let request = PutItemInput { table_name: "other".to_owned(), item: due, ..PutItemInput::default() };
    aging.service.put_item(&caller(), request).await.unwrap();
    aging.hand.advance_ms(5_000);
    let others = async {
        let count = async || {
            let request = ScanInput { table_name: "other".to_owned(), ..ScanInput::default() };
            aging.service.scan(&caller(), request).await.unwrap().count
        };
        while count().await != Some(0) {
            tokio::task::yield_now().await;
        }
        assert!(!aging.items().await.is_empty());
        aging.hand.advance_ms(10_000);
    };
    let (ran, ()) = tokio::join!(aging.service.sweep_expired(), others);
    assert_eq!(ran, Ran::Again(Duration::ZERO));
    assert!(!aging.items().await.is_empty());
    assert_eq!(aging.service.sweep_expired().await, Ran::Done);
    assert!(aging.items().await.is_empty());
}

#[tokio::test]
async fn many_expire_at_once_with_their_index_rows() {
    let aging = AgingTable::aging().await;
    let request = add_index("tab", "by_colour", "colour", ProjectionType::KeysOnly);
    aging.service.update_table(&caller(), request).await.unwrap();
    aging.set_ttl("ttl", true).await;
    for at_number in 0..300 {
        aging
            .put_aging(&format!("{at_number:03}"), &[("ttl", at(START_S + at_number % 3)), ("colour", s("red"))])
            .await;
    }
    assert_eq!(aging.left_at(START_S + 2).await.len(), 100);
    assert_eq!(aging.left_at(START_S + 3).await.len(), 0);
    assert_eq!(aging.index_rows().await, 0);
    assert_eq!(aging.service.background_stats().expired_items, 300);
}

/// An item that was found as due, and that is deleted or gets a later expiry before the sweep deletes it.
#[tokio::test]
async fn a_deletion_looks_once_more() {
    let aging = AgingTable::aging().await;
    aging.set_ttl("ttl", true).await;
    for name in ["put off", "gone", "due"] {
        aging.put_aging(name, &[("ttl", at(START_S))]).await;
    }
    let now_s = START_S + 5;
    let table = aging.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap();
    let due = aging.service.due(&table, table.times.as_ref().unwrap(), now_s, None).await.unwrap();
    let items: Vec<_> = due.iter().filter_map(|row| keyspace::item_of_expiry_row(table.id(), &row.bytes)).collect();
    let changes = aging.service.expirations(&table, now_s, &items).await.unwrap();
    assert_eq!(changes.len(), 3);
    aging.put_aging("put off", &[("ttl", at(START_S + 60))]).await;
    let key = item(&[("pk", s("gone"))]);
    let request = DeleteItemInput { table_name: "tab".to_owned(), key, ..DeleteItemInput::default() };
    aging.service.delete_item(&caller(), request).await.unwrap();
    let mut consumed = Consumed::new(Some(ReturnConsumedCapacity::Total), None);
    let done = aging.service.write_each(&changes, &["tab"; 3], &mut consumed).await.unwrap();
    assert_eq!(done.iter().flatten().filter(|applied| applied.wrote).count(), 1);
    // Deletions by time to live consume nothing. Source: Developer Guide, "Using time to live".
    assert_eq!(consumed.single().unwrap().capacity_units, Some(0.0));
    assert_eq!(aging.items().await, ["put off"]);
}

#[tokio::test]
async fn another_attribute_and_a_restart() {
    let mut aging = AgingTable::aging().await;
    aging.put_aging("a", &[("ttl", at(START_S)), ("other", at(START_S + 50))]).await;
    aging.put_aging("b", &[("ttl", at(START_S + 50)), ("other", at(START_S))]).await;
    aging.set_ttl("ttl", true).await;
    assert_eq!(aging.index_rows().await, 2);
    aging.set_ttl("ttl", false).await;
    assert_eq!(aging.index_rows().await, 0);
    assert_eq!(aging.left_at(START_S + 5).await, ["a", "b"], "it is disabled");
    aging.set_ttl("other", true).await;
    assert_eq!(aging.left_at(START_S + 6).await, ["a"]);
    aging.restart().await;
    assert_eq!(aging.left_at(START_S + 60).await, Vec::<String>::new());
}

/// A definition from before there were indexes of expiries.
#[tokio::test]
async fn an_older_database_gets_its_index() {
    let mut aging = AgingTable::aging().await;
    aging.put_aging("a", &[("ttl", at(START_S))]).await;
    let guard = aging.service.catalog.lock().await.unwrap();
    let mut definition = aging.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap().definition.clone();
    definition.time_to_live.attribute = Some("ttl".to_owned());
    aging.service.catalog.replace(&aging.service.engine, guard, definition, Default::default()).await.unwrap();
    assert_eq!(aging.left_at(START_S + 1).await, ["a"]);
    aging.restart().await;
    aging.indexes_built().await;
    assert_eq!(aging.left_at(START_S + 2).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_operator_is_told_what_is_overdue() {
    let aging = AgingTable::aging().await;
    aging.put_aging("a", &[("ttl", at(START_S + 10))]).await;
    aging.set_ttl("ttl", true).await;
    let overdue = || aging.service.lags().first().and_then(|lag| lag.overdue_s);
    assert_eq!(aging.left_at(START_S + 5).await, ["a"]);
    assert_eq!(overdue(), Some(0));
    // What a sweep finds, before it deletes it.
    let table = aging.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap();
    let due = aging.service.due(&table, table.times.as_ref().unwrap(), START_S + 40, None).await.unwrap();
    assert_eq!(due.iter().filter_map(|row| keyspace::expiry_of_row(&row.bytes)).collect::<Vec<_>>(), [START_S + 10]);
    assert!(aging.left_at(START_S + 40).await.is_empty());
    assert_eq!(overdue(), Some(0));
}
