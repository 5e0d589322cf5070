//! Time to live on the engine in memory, with a manual clock.

use std::sync::Arc;
use std::time::Duration;

use api::*;
use base::{Clock, ManualClock};
use jobs::Ran;
use model::Attributes;
use storage::{Consistency, Engine, Family, Memory, ScanDirection, ScanRange};
use tables::fixture::{item, n, s};
use tables::key_range;
use tables::rows;

use crate::capacity::Consumed;
use crate::service::{Service, Settings};
use crate::tests::catalog::{add_index, caller, simple};

const START_S: u64 = 1_700_000_000;

struct House {
    memory: Arc<Memory>,
    clock: Clock,
    hand: ManualClock,
    service: Arc<Service>,
}

impl House {
    async fn new() -> House {
        let (clock, hand) = Clock::manual(START_S * 1000);
        let memory = Memory::new();
        let service = open(&memory, &clock).await;
        service.create_table(&caller(), simple("aging")).await.unwrap();
        House { memory, clock, hand, service }
    }

    async fn put(&self, pk: &str, more: &[(&str, model::AttributeValue)]) {
        let mut attributes: Attributes = item(more);
        attributes.insert("pk".to_owned(), s(pk));
        let request = PutItemInput { table_name: "aging".to_owned(), item: attributes, ..PutItemInput::default() };
        self.service.put_item(&caller(), request).await.unwrap();
    }

    async fn set_ttl(&self, attribute: &str, enabled: bool) {
        let specification = TimeToLiveSpecification { attribute_name: attribute.to_owned(), enabled };
        let request =
            UpdateTimeToLiveInput { table_name: "aging".to_owned(), time_to_live_specification: specification };
        self.service.update_time_to_live(&caller(), request).await.unwrap();
        self.kept().await;
    }

    /// Waits until no work on the indexes of expiries is pending.
    async fn kept(&self) {
        while tables::fixture::has_index_work(&self.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap().definition) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The items that are left after a sweep at this time.
    async fn left_at(&self, second: u64) -> Vec<String> {
        self.hand.advance_ms(second * 1000 - self.clock.now_ms());
        assert_eq!(self.service.sweep_expired().await, Ran::Done);
        self.items().await
    }

    async fn items(&self) -> Vec<String> {
        let request = ScanInput { table_name: "aging".to_owned(), ..ScanInput::default() };
        let page = self.service.scan(&caller(), request).await.unwrap();
        let name = |item: &model::Item| match item.clone().into_attributes().get("pk") {
            Some(model::AttributeValue::S(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        let mut names: Vec<String> = page.items.unwrap().iter().map(name).collect();
        names.sort();
        names
    }

    /// Rows in the indexes of the table, of any kind.
    async fn index_rows(&self) -> usize {
        let (lower, upper) = key_range::of_prefix(&rows::table_prefix(rows::TABLE_ID_FIRST));
        let direction = ScanDirection::Forward;
        let range =
            ScanRange { family: Family::Index, lower, upper, direction, rows_max: usize::MAX, bytes_max: usize::MAX };
        self.memory.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows.len()
    }
}

async fn open(memory: &Arc<Memory>, clock: &Clock) -> Arc<Service> {
    let settings = Settings { endpoint: String::new(), ..Settings::default() };
    Service::open(memory.clone(), settings, clock.clone()).await.unwrap()
}

fn at(second: u64) -> model::AttributeValue {
    n(&second.to_string())
}

/// With a registry that is driven by hand, background work runs only when the test moves the clock.
#[tokio::test]
async fn a_clock_by_hand_decides_when_jobs_run() {
    let (clock, hand) = Clock::manual(START_S * 1000);
    let (memory, jobs) = (Memory::new(), jobs::Jobs::by_hand(clock.clone()));
    let settings = Settings { jobs: Some(jobs.clone()), ..Settings::default() };
    let service = Service::open(memory.clone(), settings, clock.clone()).await.unwrap();
    let house = House { memory, clock, hand, service };
    house.service.create_table(&caller(), simple("aging")).await.unwrap();
    let specification = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: "aging".to_owned(), time_to_live_specification: specification };
    house.service.update_time_to_live(&caller(), request).await.unwrap();
    let is_to_be_kept =
        || tables::fixture::has_index_work(&house.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap().definition);
    assert!(is_to_be_kept());
    jobs.run_due().await;
    assert!(!is_to_be_kept());
    house.put("soon", &[("ttl", at(START_S + 1))]).await;
    house.hand.advance_ms(9_999);
    jobs.run_due().await;
    assert_eq!(house.items().await, ["soon"]);
    house.hand.advance_ms(1);
    jobs.run_due().await;
    assert!(house.items().await.is_empty());
    let sweep = jobs.reports().into_iter().find(|report| report.name == "sweep_expired_items").unwrap();
    assert_eq!((sweep.runs, sweep.failures, sweep.owner), (1, 0, jobs::Owner::Lease));
}

#[tokio::test]
async fn what_expires_goes_and_nothing_else() {
    let house = House::new().await;
    house.put("before", &[("ttl", at(START_S + 10))]).await;
    house.set_ttl("ttl", true).await;
    house.put("soon", &[("ttl", at(START_S + 10))]).await;
    house.put("with a fraction", &[("ttl", n(&format!("{}.75", START_S + 10)))]).await;
    house.put("later", &[("ttl", at(START_S + 20))]).await;
    house.put("put off", &[("ttl", at(START_S + 10))]).await;
    house.put("put off", &[("ttl", at(START_S + 30))]).await;
    for (name, value) in [
        ("not a number", s("1")),
        ("negative", n("-5")),
        ("of no clock", n("1e30")),
        ("five years old", at(START_S - 5 * 366 * 86_400)),
    ] {
        house.put(name, &[("ttl", value)]).await;
    }
    house.put("never", &[]).await;
    let others = ["five years old", "negative", "never", "not a number", "of no clock"];
    let left = |more: &[&str]| {
        let mut all: Vec<String> = others.iter().chain(more).map(|name| (*name).to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(house.left_at(START_S + 10).await, left(&["before", "soon", "with a fraction", "later", "put off"]));
    assert_eq!(house.left_at(START_S + 11).await, left(&["later", "put off"]));
    assert_eq!(house.left_at(START_S + 21).await, left(&["put off"]));
    assert_eq!(house.service.background_stats().expired_items, 4);
    assert_eq!(house.left_at(START_S + 100).await, left(&[]));
    assert_eq!(house.index_rows().await, 1, "of the item that is too old");
}

/// A restored copy is inspected with all items that it was made with.
#[tokio::test]
async fn a_server_that_deletes_nothing_leaves_what_has_expired() {
    let house = House::new().await;
    house.set_ttl("ttl", true).await;
    house.put("due", &[("ttl", at(START_S + 10))]).await;
    house.hand.advance_ms(60_000);
    let settings = Settings { deletes_expired: false, ..Settings::default() };
    let idle = Service::open(house.memory.clone(), settings, house.clock.clone()).await.unwrap();
    idle.jobs().run_once("sweep_expired_items").await;
    assert_eq!(house.items().await, ["due"]);
    house.service.jobs().run_once("sweep_expired_items").await;
    assert!(house.items().await.is_empty());
}

/// A table with items that expire faster than they are deleted neither delays other tables nor makes a run endless.
#[tokio::test]
async fn tables_are_swept_in_turns() {
    let house = House::new().await;
    house.set_ttl("ttl", true).await;
    house.service.create_table(&caller(), simple("other")).await.unwrap();
    let specification = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: "other".to_owned(), time_to_live_specification: specification };
    house.service.update_time_to_live(&caller(), request).await.unwrap();
    for number in 0..640 {
        house.put(&format!("{number:03}"), &[("ttl", at(START_S))]).await;
    }
    let due = item(&[("pk", s("due")), ("ttl", at(START_S))]);
    let request = PutItemInput { table_name: "other".to_owned(), item: due, ..PutItemInput::default() };
    house.service.put_item(&caller(), request).await.unwrap();
    house.hand.advance_ms(5_000);
    let others = async {
        let count = async || {
            let request = ScanInput { table_name: "other".to_owned(), ..ScanInput::default() };
            house.service.scan(&caller(), request).await.unwrap().count
        };
        while count().await != Some(0) {
            tokio::task::yield_now().await;
        }
        assert!(!house.items().await.is_empty());
        house.hand.advance_ms(10_000);
    };
    let (ran, ()) = tokio::join!(house.service.sweep_expired(), others);
    assert_eq!(ran, Ran::Again(Duration::ZERO));
    assert!(!house.items().await.is_empty());
    assert_eq!(house.service.sweep_expired().await, Ran::Done);
    assert!(house.items().await.is_empty());
}

#[tokio::test]
async fn many_expire_at_once_with_their_index_rows() {
    let house = House::new().await;
    let request = add_index("aging", "by_colour", "colour", ProjectionType::KeysOnly);
    house.service.update_table(&caller(), request).await.unwrap();
    house.set_ttl("ttl", true).await;
    for at_number in 0..300 {
        house.put(&format!("{at_number:03}"), &[("ttl", at(START_S + at_number % 3)), ("colour", s("red"))]).await;
    }
    assert_eq!(house.left_at(START_S + 2).await.len(), 100);
    assert_eq!(house.left_at(START_S + 3).await.len(), 0);
    assert_eq!(house.index_rows().await, 0);
    assert_eq!(house.service.background_stats().expired_items, 300);
}

/// An item that was found as due, and that is deleted or gets a later expiry before the sweep deletes it.
#[tokio::test]
async fn a_deletion_looks_once_more() {
    let house = House::new().await;
    house.set_ttl("ttl", true).await;
    for name in ["put off", "gone", "due"] {
        house.put(name, &[("ttl", at(START_S))]).await;
    }
    let now_s = START_S + 5;
    let table = house.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap();
    let due = house.service.due(&table, table.times.as_ref().unwrap(), now_s, None).await.unwrap();
    let items: Vec<_> = due.iter().filter_map(|row| keyspace::item_of_expiry_row(table.id(), &row.bytes)).collect();
    let changes = house.service.expirations(&table, now_s, &items).await.unwrap();
    assert_eq!(changes.len(), 3);
    house.put("put off", &[("ttl", at(START_S + 60))]).await;
    let key = item(&[("pk", s("gone"))]);
    let request = DeleteItemInput { table_name: "aging".to_owned(), key, ..DeleteItemInput::default() };
    house.service.delete_item(&caller(), request).await.unwrap();
    let mut consumed = Consumed::new(Some(ReturnConsumedCapacity::Total));
    let done = house.service.write_each(&changes, &["aging"; 3], &mut consumed).await.unwrap();
    assert_eq!(done.iter().flatten().filter(|applied| applied.wrote).count(), 1);
    // Deletions by time to live consume nothing. Source: Developer Guide, "Using time to live".
    assert_eq!(consumed.single().unwrap().capacity_units, Some(0.0));
    assert_eq!(house.items().await, ["put off"]);
}

#[tokio::test]
async fn another_attribute_and_a_restart() {
    let house = House::new().await;
    house.put("a", &[("ttl", at(START_S)), ("other", at(START_S + 50))]).await;
    house.put("b", &[("ttl", at(START_S + 50)), ("other", at(START_S))]).await;
    house.set_ttl("ttl", true).await;
    assert_eq!(house.index_rows().await, 2);
    house.set_ttl("ttl", false).await;
    assert_eq!(house.index_rows().await, 0);
    assert_eq!(house.left_at(START_S + 5).await, ["a", "b"], "it is disabled");
    house.set_ttl("other", true).await;
    assert_eq!(house.left_at(START_S + 6).await, ["a"]);
    let House { memory, clock, hand, service } = house;
    drop(service);
    let service = open(&memory, &clock).await;
    let house = House { memory, clock, hand, service };
    assert_eq!(house.left_at(START_S + 60).await, Vec::<String>::new());
}

/// A definition from before there were indexes of expiries.
#[tokio::test]
async fn an_older_database_gets_its_index() {
    let house = House::new().await;
    house.put("a", &[("ttl", at(START_S))]).await;
    let guard = house.service.catalog.lock().await.unwrap();
    let mut definition = house.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap().definition.clone();
    definition.time_to_live.attribute = Some("ttl".to_owned());
    house.service.catalog.replace(&house.service.engine, guard, definition, Default::default()).await.unwrap();
    assert_eq!(house.left_at(START_S + 1).await, ["a"]);
    let House { memory, clock, hand, service } = house;
    drop(service);
    let service = open(&memory, &clock).await;
    let house = House { memory, clock, hand, service };
    house.kept().await;
    assert_eq!(house.left_at(START_S + 2).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_operator_is_told_what_is_overdue() {
    let house = House::new().await;
    house.put("a", &[("ttl", at(START_S + 10))]).await;
    house.set_ttl("ttl", true).await;
    let overdue = || house.service.lags().first().and_then(|lag| lag.overdue_s);
    assert_eq!(house.left_at(START_S + 5).await, ["a"]);
    assert_eq!(overdue(), Some(0));
    // What a sweep finds, before it deletes it.
    let table = house.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap();
    let due = house.service.due(&table, table.times.as_ref().unwrap(), START_S + 40, None).await.unwrap();
    assert_eq!(due.iter().filter_map(|row| keyspace::expiry_of_row(&row.bytes)).collect::<Vec<_>>(), [START_S + 10]);
    assert!(house.left_at(START_S + 40).await.is_empty());
    assert_eq!(overdue(), Some(0));
}
