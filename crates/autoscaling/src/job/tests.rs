//! Targets on a clock that the test moves, with tables that are a map, and with CloudWatch's own alarms and metrics.

use std::collections::BTreeMap;

use auth::Caller;
use base::ManualClock;
use cloudwatch::Recorder;
use jobs::Jobs;
use parking_lot::Mutex;
use storage::Memory;

use super::*;
use crate::alarm_calls;
use crate::id::TargetId;
use crate::resource::{Dimension, Resource};
use crate::tables::Unpermitted;
use crate::target::{Action, Policy, Suspended, Tracking};

/// 2023-11-14T22:14:00Z.
const BEGIN_MS: u64 = 1_700_000_040_000;
const SECOND_MS: u64 = 1_000;

/// Units by table and access, and what refuses changes.
#[derive(Default)]
struct FakeTables {
    units: Mutex<BTreeMap<String, u64>>,
    refusal: Mutex<Option<ChangeFailure>>,
    may_not_decrease: Mutex<bool>,
    changes: Mutex<Vec<u64>>,
}

impl Tables for FakeTables {
    fn refresh(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn permit<'a>(&'a self, _: &'a Caller, _: Resource<'a>) -> BoxFuture<'a, Result<(), Unpermitted>> {
        Box::pin(async { Ok(()) })
    }

    fn capacity<'a>(&'a self, of: Resource<'a>, _: Access) -> BoxFuture<'a, Option<Capacity>> {
        Box::pin(async move {
            let units = *self.units.lock().get(of.table)?;
            Some(Capacity { units: Some(units), is_changeable: true, may_decrease: !*self.may_not_decrease.lock() })
        })
    }

    fn change<'a>(&'a self, of: Resource<'a>, _: Access, units: u64) -> BoxFuture<'a, Result<(), ChangeFailure>> {
        Box::pin(async move {
            if let Some(refusal) = self.refusal.lock().clone() {
                return Err(refusal);
            }
            self.units.lock().insert(of.table.to_owned(), units);
            self.changes.lock().push(units);
            Ok(())
        })
    }
}

struct Tested {
    engine: Arc<dyn Engine>,
    tables: Arc<FakeTables>,
    metrics: Arc<Metrics>,
    scaler: Arc<Scaler>,
    hand: ManualClock,
    jobs: Jobs,
}

const ID: TargetId<'static> =
    TargetId { account: "1", region: "r", resource_id: "table/tab", dimension: Dimension::TableRead };

fn target() -> Target {
    Target {
        account: "1".to_owned(),
        region: "r".to_owned(),
        resource_id: "table/tab".to_owned(),
        dimension: Dimension::TableRead,
        min: 5,
        max: 100,
        created_ms: BEGIN_MS,
        suspended: Suspended::default(),
        tags: BTreeMap::new(),
        policy: None,
        actions: BTreeMap::new(),
        is_unsettled: true,
        bounded_by: None,
        in_progress: None,
        activity_next: 0,
    }
}

fn policy() -> Policy {
    let tracking =
        Tracking { value_bits: 70.0f64.to_bits(), disable_scale_in: None, in_cooldown: None, out_cooldown: None };
    Policy {
        name: "track".to_owned(),
        id: "id".to_owned(),
        created_ms: BEGIN_MS,
        tracking,
        alarm_ids: ["a", "b", "c", "d"].map(str::to_owned),
        armed_units: 0,
        last_out: None,
        last_in_ms: None,
        retry_ms: 0,
    }
}

fn action(schedule: &str, min: Option<u32>, max: Option<u32>) -> Action {
    let mut action = Action {
        id: "id".to_owned(),
        created_ms: BEGIN_MS,
        schedule: schedule.to_owned(),
        timezone: None,
        start_ms: None,
        end_ms: None,
        min,
        max,
        next_ms: None,
    };
    action.next_ms = Timing::of(&action).unwrap().first_from(BEGIN_MS);
    action
}

/// Evaluates all targets.
async fn run(scaler: &Scaler) {
    scaler.scan().await.unwrap();
    while !scaler.due.is_empty() {
        scaler.evaluate_due().await.unwrap();
    }
}

impl Tested {
    async fn new(units: u64, target: Target) -> Tested {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        let engine: Arc<dyn Engine> = Memory::new();
        let recorder = Arc::new(Recorder::new(clock.clone(), 1_000));
        let metrics = Metrics::new(Arc::clone(&engine), clock.clone(), recorder);
        let tables = Arc::new(FakeTables::default());
        tables.units.lock().insert("tab".to_owned(), units);
        let own: Arc<dyn Tables> = Arc::<FakeTables>::clone(&tables);
        let scaler = Scaler::new(Arc::clone(&engine), Arc::clone(&metrics), own, clock.clone());
        let jobs = Jobs::by_hand(clock);
        cloudwatch::jobs(&metrics).into_iter().for_each(|job| _ = jobs.add(job));
        let tested = Tested { engine, tables, metrics, scaler, hand, jobs };
        tested.put(target).await;
        tested
    }

    async fn put(&self, target: Target) {
        let key = target.id().key();
        let put = |_: Option<Target>, _: Option<&Bytes>| Ok::<Change, ()>(Change::Put(Box::new(target.clone())));
        rows::change(&*self.engine, key, put).await.unwrap();
    }

    async fn target(&self) -> Target {
        rows::get(&*self.engine, ID.key()).await.unwrap().unwrap()
    }

    fn units(&self) -> u64 {
        self.tables.units.lock()["tab"]
    }

    async fn run(&self) {
        run(&self.scaler).await;
    }

    /// So many minutes, each with a load: at 30 seconds of the next one the alarms are evaluated, and at 40 the targets.
    async fn minutes(&self, count: u64, load: Option<f64>) {
        for _ in 0..count {
            let consumed = Series::of_dynamodb("1", "r", "ConsumedReadCapacityUnits", &[("TableName", "tab")]);
            if let Some(load) = load {
                self.metrics.recorder().record(&self.metrics.recorder().gauge(consumed), load);
            }
            let provisioned = Series::of_dynamodb("1", "r", "ProvisionedReadCapacityUnits", &[("TableName", "tab")]);
            self.metrics.recorder().record(&self.metrics.recorder().gauge(provisioned), self.units() as f64);
            self.hand.advance_ms(MINUTE_MS);
            self.hand.advance_ms(20 * SECOND_MS);
            self.run().await;
            self.hand.advance_ms(10 * SECOND_MS);
            self.jobs.run_once("evaluate_alarms").await;
            // Back to the begin of the minute, for the load of the next one.
            self.hand.set_ms(self.scaler.clock.now_ms() - 30 * SECOND_MS);
        }
    }

    /// Cause, message and status of each, in their order.
    async fn activities(&self) -> Vec<(String, String, Status)> {
        let mut found = BTreeMap::new();
        let each = |(_, number), activity: Activity| {
            found.insert(number, (activity.cause, activity.message, activity.status));
        };
        rows::activities(&*self.engine, ("1", "r"), None, each).await.unwrap();
        found.into_values().collect()
    }
}

fn set(units: u64) -> String {
    format!("Successfully set read capacity units to {units}. Change successfully fulfilled by dynamodb.")
}

#[tokio::test]
async fn a_new_minimum_acts_at_once_and_holds_nothing_that_others_set() {
    let tested = Tested::new(2, target()).await;
    tested.run().await;
    assert_eq!(tested.units(), 5);
    let expected = ("minimum capacity was set to 5".to_owned(), set(5), Status::Successful);
    assert_eq!(tested.activities().await, [expected]);
    tested.tables.units.lock().insert("tab".to_owned(), 3);
    tested.minutes(12, None).await;
    assert_eq!(tested.units(), 3);

    let target = tested.target().await;
    tested.put(Target { min: 1, max: 2, is_unsettled: true, ..target }).await;
    tested.run().await;
    assert_eq!((tested.units(), tested.activities().await[1].0.as_str()), (2, "maximum capacity was set to 2"));
    assert!(!tested.target().await.is_unsettled);
}

#[tokio::test]
async fn a_refused_change_is_a_failed_activity_and_made_once() {
    let tested = Tested::new(2, target()).await;
    let reason = "The requested ReadCapacityUnits, 50000, is above the per table maximum".to_owned();
    *tested.tables.refusal.lock() = Some(ChangeFailure { reason, is_transient: false });
    tested.run().await;
    tested.run().await;
    let text = "Failed to set read capacity units to 5. Reason: The requested ReadCapacityUnits, 50000, is above the per table maximum";
    let expected = ("minimum capacity was set to 5".to_owned(), text.to_owned(), Status::Failed);
    assert_eq!(tested.activities().await, [expected]);
    // What passes is tried again.
    let target = tested.target().await;
    tested.put(Target { is_unsettled: true, ..target }).await;
    *tested.tables.refusal.lock() = Some(ChangeFailure { reason: "in use".to_owned(), is_transient: true });
    tested.run().await;
    *tested.tables.refusal.lock() = None;
    tested.run().await;
    assert_eq!((tested.units(), tested.activities().await.len()), (5, 3));
}

/// At 5 units and a target of 70 %: over 210 a minute for 2 minutes the load is high, under 150 for 15 it is low.
#[tokio::test]
async fn capacity_follows_the_load() {
    let tested = Tested::new(5, Target { policy: Some(policy()), is_unsettled: false, ..target() }).await;
    tested.scaler.arm(ID.key(), 5).await.unwrap();
    tested.minutes(20, Some(210.0)).await;
    assert_eq!(tested.units(), 5, "at the threshold, not over it");
    tested.minutes(1, Some(1260.0)).await;
    tested.minutes(1, Some(150.0)).await;
    assert_eq!(tested.units(), 5, "one minute is not enough");
    tested.minutes(3, Some(420.0)).await;
    assert_eq!(tested.units(), 10, "7 a second are 70 % of 10");
    let [(cause, message, status)] = &tested.activities().await[..] else { panic!("one activity") };
    assert_eq!(cause, "monitor alarm TargetTracking-table/tab-AlarmHigh-a in state ALARM triggered policy track");
    assert_eq!((message.as_str(), *status), (&*set(10), Status::Successful));
    assert_eq!(tested.target().await.policy.unwrap().armed_units, 10);
    tested.minutes(5, Some(420.0)).await;
    assert_eq!(tested.units(), 10, "the thresholds are those of 10 units");
    tested.minutes(5, Some(60_000.0)).await;
    assert_eq!(tested.units(), 100, "the maximum");

    // Without traffic there are zeros, and the load is that of all of the fifteen minutes.
    tested.minutes(14, None).await;
    assert_eq!(tested.units(), 100);
    tested.minutes(3, None).await;
    assert_eq!(tested.units(), 5, "the minimum");
    let (cause, ..) = &tested.activities().await[2];
    assert_eq!(cause, "monitor alarm TargetTracking-table/tab-AlarmLow-b in state ALARM triggered policy track");

    // A manual raise of an idle table falls back within two minutes: the alarm has its state still.
    tested.tables.units.lock().insert("tab".to_owned(), 50);
    tested.minutes(2, None).await;
    assert_eq!(tested.units(), 5);
    assert_eq!(*tested.tables.changes.lock(), [10, 100, 5, 5]);
}

#[tokio::test]
async fn others_changes_arm_the_alarms_again() {
    let tested = Tested::new(5, Target { policy: Some(policy()), is_unsettled: false, ..target() }).await;
    tested.scaler.arm(ID.key(), 5).await.unwrap();
    tested.tables.units.lock().insert("tab".to_owned(), 20);
    tested.minutes(5, Some(700.0)).await;
    assert_eq!(tested.target().await.policy.unwrap().armed_units, 5);
    tested.minutes(20, Some(700.0)).await;
    assert_eq!(tested.target().await.policy.unwrap().armed_units, 20);
    assert_eq!(tested.units(), 20, "700 a minute are below 70 % of 20 units a second");
}

#[tokio::test]
async fn deleted_alarms_are_put_again() {
    let tested = Tested::new(5, Target { policy: Some(policy()), is_unsettled: false, ..target() }).await;
    tested.minutes(1, None).await;
    let name = "TargetTracking-table/tab-AlarmHigh-a";
    assert_eq!(tested.metrics.is_alarming("1", "r", name).await.unwrap(), Some(false));
    tested.metrics.delete_alarms("1", "r", &[name.to_owned()]).await.unwrap();
    tested.minutes(1, None).await;
    assert_eq!(tested.metrics.is_alarming("1", "r", name).await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_ended_by_what_the_table_has() {
    for (units, expected) in [(5, Status::Successful), (2, Status::Failed)] {
        let begun = Target { in_progress: Some(0), activity_next: 1, is_unsettled: false, ..target() };
        let tested = Tested::new(units, begun.clone()).await;
        let activity = begun.setting(5, "minimum capacity was set to 5".to_owned(), BEGIN_MS);
        let put = |_: Option<Target>, _: Option<&Bytes>| {
            Ok::<Change, ()>(Change::Evaluated(Box::new(begun.clone()), vec![(0, activity.clone())]))
        };
        rows::change(&*tested.engine, ID.key(), put).await.unwrap();
        tested.run().await;
        let activities = tested.activities().await;
        assert_eq!(activities[0].2, expected);
        // What was not done is done now.
        assert_eq!((tested.units(), tested.target().await.in_progress), (5, None));
        assert_eq!(activities.len(), if expected == Status::Failed { 2 } else { 1 });
    }
}

#[tokio::test]
async fn scheduled_actions_set_the_bounds_once() {
    let actions = [
        ("up".to_owned(), action("cron(30 22 * * ? *)", Some(20), Some(200))),
        ("down".to_owned(), action("at(2023-11-14T23:00:00)", None, Some(10))),
        ("wrong".to_owned(), action("at(2023-11-14T23:10:00)", Some(300), None)),
    ];
    let own = Target { actions: actions.into_iter().collect(), is_unsettled: false, ..target() };
    let tested = Tested::new(5, own.clone()).await;
    tested.run().await;
    assert_eq!(tested.units(), 5);
    tested.hand.advance_ms(16 * MINUTE_MS);
    tested.run().await;
    tested.run().await;
    assert_eq!(tested.units(), 20);
    // The node was stopped from here on: what was missed runs in its order.
    tested.hand.advance_ms(12 * 60 * MINUTE_MS);
    tested.run().await;
    assert_eq!(tested.units(), 20, "a maximum below the minimum is no bound");
    let text =
        |activities: &[(String, String, Status)], at: usize| (activities[at].0.clone(), activities[at].1.clone());
    let activities = tested.activities().await;
    let up = "scheduled action name up was triggered".to_owned();
    assert_eq!(text(&activities, 0), (up, "Successfully set min capacity to 20 and max capacity to 200".to_owned()));
    assert_eq!(text(&activities, 1), ("minimum capacity was set to 20".to_owned(), set(20)));
    let failed =
        "Failed to set max capacity to 10. Reason: Maximum capacity cannot be less than minimum capacity".to_owned();
    assert_eq!(text(&activities, 2), ("scheduled action name down was triggered".to_owned(), failed));
    assert_eq!((activities[3].2, activities.len()), (Status::Failed, 4));
    let target = tested.target().await;
    assert_eq!((target.min, target.max, target.actions["down"].next_ms), (20, 200, None));
    assert!(target.actions["up"].next_ms.is_some_and(|next_ms| next_ms > tested.scaler.clock.now_ms()));

    let suspended = Suspended { scheduled: true, ..Suspended::default() };
    let tested = Tested::new(5, Target { suspended, ..own }).await;
    tested.hand.advance_ms(16 * MINUTE_MS);
    tested.run().await;
    assert_eq!((tested.units(), tested.activities().await.len()), (5, 0));
}

/// What was changed, and by what.
#[derive(Default)]
struct FakeAudit(Mutex<Vec<(u64, String, bool)>>);

impl CapacityAudit for FakeAudit {
    fn changed<'a>(&'a self, change: CapacityChange<'a>) -> BoxFuture<'a, ()> {
        self.0.lock().push((change.units, change.by.to_owned(), change.failure.is_none()));
        Box::pin(async {})
    }
}

#[tokio::test]
async fn changes_are_audited_with_what_they_follow_from() {
    let actions = BTreeMap::from([("up".to_owned(), action("at(2023-11-14T22:20:00)", Some(20), None))]);
    let tested = Tested::new(2, Target { actions, policy: Some(policy()), ..target() }).await;
    let audit = Arc::<FakeAudit>::default();
    let own: Arc<dyn CapacityAudit> = Arc::<FakeAudit>::clone(&audit);
    let tables: Arc<dyn Tables> = Arc::<FakeTables>::clone(&tested.tables);
    let clock = tested.scaler.clock.clone();
    let scaler = Scaler::audited(Arc::clone(&tested.engine), Arc::clone(&tested.metrics), tables, clock, Some(own));
    let tested = Tested { scaler, ..tested };
    // The first step puts the alarms.
    tested.run().await;
    tested.run().await;
    tested.hand.advance_ms(10 * MINUTE_MS);
    tested.run().await;
    tested.minutes(4, Some(2_100.0)).await;
    let told = audit.0.lock().clone();
    let expected = [(5, "scalable-target/"), (20, ":scheduledActionName/up"), (50, ":policyName/track")];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((units, by, is_done), (units_expected, part)) in told.into_iter().zip(expected) {
        assert!(units == units_expected && by.contains(part) && is_done, "{units} {by}");
    }
}

/// A lease that has passed on while its former owner is still at work.
#[tokio::test]
async fn of_two_evaluators_one_acts() {
    let actions = [("up".to_owned(), action("at(2023-11-14T22:20:00)", Some(20), None))];
    let tested = Tested::new(5, Target { actions: actions.into_iter().collect(), ..target() }).await;
    let tables: Arc<dyn Tables> = Arc::<FakeTables>::clone(&tested.tables);
    let other =
        Scaler::new(Arc::clone(&tested.engine), Arc::clone(&tested.metrics), tables, tested.scaler.clock.clone());
    tested.hand.advance_ms(10 * MINUTE_MS);
    for _ in 0..3 {
        tokio::join!(run(&tested.scaler), run(&other));
    }
    let causes: Vec<String> = tested.activities().await.into_iter().map(|(cause, ..)| cause).collect();
    assert_eq!(causes, ["scheduled action name up was triggered", "minimum capacity was set to 20"]);
    assert_eq!(*tested.tables.changes.lock(), [20]);
}

/// Every row of the engine's catalog, checked as `stator storage check --rows` does.
async fn rows_in(engine: &dyn Engine) -> usize {
    let prefix = keyspace::DatabaseRow::Scaling.prefix();
    let range = storage::ScanRange::of_prefix(storage::Family::Catalog, prefix, 512, 1 << 20);
    let mut pages = storage::Pages::of_fresh_views(engine, range);
    let mut count = 0;
    while let Some(page) = pages.next_with_damaged().await.unwrap() {
        for row in &page.rows {
            let Some(keyspace::CatalogKey::Database { rest, .. }) = keyspace::parse(&row.key) else { panic!("no row") };
            assert!(rows::is_row(rest, &row.value), "{rest:?}");
            assert!(!rows::is_row(rest, b"{}") && !rows::is_row(&rest[1..], &row.value));
            count += 1;
        }
    }
    count
}

/// One account has 40 targets with 20 actions each that are due; another one's new minimum, and its own woken target, do not wait for them.
#[tokio::test]
async fn accounts_take_turns() {
    let tested = Tested::new(2, Target { is_unsettled: false, ..target() }).await;
    let actions: BTreeMap<String, Action> =
        (0..20).map(|number| (format!("a{number}"), action("rate(1 minute)", Some(1), None))).collect();
    for number in 0..40 {
        let resource_id = format!("table/many{number}");
        tested.put(Target { resource_id, account: "0".to_owned(), actions: actions.clone(), ..target() }).await;
    }
    tested.hand.advance_ms(MINUTE_MS);
    tested.scaler.scan().await.unwrap();
    let mine = tested.target().await;
    tested.put(Target { min: 7, is_unsettled: true, ..mine }).await;
    tested.scaler.wake(ID.key());
    tested.scaler.wake(ID.key());
    assert_eq!(tested.scaler.due.len_of(&ID.key().account), 1, "it waits once");
    for _ in 0..2 {
        let (_, due) = tested.scaler.due.next().unwrap();
        tested.scaler.evaluate(due).await.unwrap();
    }
    assert_eq!(tested.units(), 7, "the second turn is the other account's");
    run(&tested.scaler).await;
    let mut all = TargetPages::new(&*tested.engine, None);
    while let Some(page) = all.next().await.unwrap() {
        let now_ms = tested.scaler.clock.now_ms();
        assert!(page.iter().all(|(target, _)| due_action(target, now_ms).is_none()), "all have run");
    }
}

/// A target whose row is as large as it may be: the evaluation sets bounds of more digits.
#[tokio::test]
async fn a_large_target_is_evaluated() {
    let up = action("at(2023-11-14T22:20:00)", Some(20_000), Some(2_000_000_000));
    let mut own = Target { actions: BTreeMap::from([("up".to_owned(), up)]), is_unsettled: false, ..target() };
    own.tags.insert("text".to_owned(), String::new());
    let left = (64 << 10) - serde_json::to_vec(&own).unwrap().len();
    own.tags.insert("text".to_owned(), "x".repeat(left));
    let tested = Tested::new(5, own).await;
    tested.hand.advance_ms(10 * MINUTE_MS);
    tested.run().await;
    let target = tested.target().await;
    assert_eq!((target.min, target.max, tested.units()), (20_000, 2_000_000_000, 20_000));
    assert!(serde_json::to_vec(&target).unwrap().len() > 64 << 10);
    tested.put(Target { tags: BTreeMap::from([("text".to_owned(), "x".repeat(left - 5))]), ..target }).await;
}

/// DisableAlarmActions is what users have to hold a policy.
#[tokio::test]
async fn alarms_whose_actions_are_disabled_scale_nothing() {
    let tested = Tested::new(5, Target { policy: Some(policy()), is_unsettled: false, ..target() }).await;
    tested.scaler.arm(ID.key(), 5).await.unwrap();
    let name = "TargetTracking-table/tab-AlarmHigh-a";
    let names = serde_json::json!({"AlarmNames": [name]});
    alarm_calls::call(&tested.metrics, ("1", "r"), "DisableAlarmActions", names.clone()).await;
    tested.minutes(5, Some(1_260.0)).await;
    assert_eq!(tested.units(), 5);
    tested.scaler.arm(ID.key(), 6).await.unwrap();
    assert_eq!(tested.metrics.is_alarming("1", "r", name).await.unwrap(), Some(false), "and stay so");
    alarm_calls::call(&tested.metrics, ("1", "r"), "EnableAlarmActions", names).await;
    tested.minutes(1, Some(1_260.0)).await;
    assert_eq!(tested.units(), 30);
}

#[tokio::test]
async fn names_of_alarms_are_as_long_as_requests_may_name() {
    let long = |letter: &str| letter.repeat(255);
    let resource_id = format!("table/{}/index/{}", long("t"), long("i"));
    let own = Target { resource_id, dimension: Dimension::IndexRead, ..target() };
    let policy = Policy { alarm_ids: std::array::from_fn(|_| base::random::uuid_v4()), ..policy() };
    for (name, kind) in alarms::names(&own, &policy).iter().zip(Kind::ALL) {
        assert!(name.len() == 255 && name.ends_with(&policy.alarm_ids[kind as usize]), "{name}");
    }
}

#[tokio::test]
async fn rows_are_bounded_and_end_with_their_target() {
    let tested = Tested::new(2, target()).await;
    for bound in 0..rows::ACTIVITIES_MAX + 20 {
        let target = tested.target().await;
        let bound = u32::try_from(bound).unwrap() + 10;
        tested.put(Target { min: bound, max: bound, is_unsettled: true, ..target }).await;
        tested.run().await;
    }
    assert_eq!(tested.activities().await.len() as u64, rows::ACTIVITIES_MAX);
    assert_eq!(rows_in(&*tested.engine).await as u64, rows::ACTIVITIES_MAX + 3, "with the target and the counts");

    let mut large = tested.target().await;
    large.tags.insert("text".to_owned(), "x".repeat(70_000));
    let put = |_: Option<Target>, _: Option<&Bytes>| Ok::<Change, ()>(Change::Put(Box::new(large.clone())));
    let refused = rows::change(&*tested.engine, ID.key(), put).await;
    assert!(matches!(refused, Err(Failure::TooLarge)));

    let delete = |_: Option<Target>, _: Option<&Bytes>| Ok::<Change, ()>(Change::Delete);
    rows::change(&*tested.engine, ID.key(), delete).await.unwrap();
    assert_eq!(rows_in(&*tested.engine).await, 2, "the counts");
}

#[tokio::test]
async fn an_account_has_so_many_targets() {
    let tested = Tested::new(2, target()).await;
    let count_key = keyspace::DatabaseRow::Scaling.key(&[&b"C"[..], &ID.key().scope].concat());
    let keys = [storage::KeyUse::write(count_key.clone())];
    let fill = |_: &storage::Reads, batch: &mut storage::Batch| {
        batch.put(count_key.clone(), rows::TARGETS_MAX.to_be_bytes().to_vec());
        Ok::<(), StorageError>(())
    };
    tested.engine.write(storage::Mode::Plain, &keys, fill).await.unwrap().unwrap();
    let other = Target { resource_id: "table/other".to_owned(), ..target() };
    let put = |_: Option<Target>, _: Option<&Bytes>| Ok::<Change, ()>(Change::Put(Box::new(other.clone())));
    let refused = rows::change(&*tested.engine, other.id().key(), put).await;
    assert!(matches!(refused, Err(Failure::TooMany)));
    tested.put(target()).await;
}
