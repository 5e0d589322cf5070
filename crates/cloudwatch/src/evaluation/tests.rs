//! Alarms on a clock that the test moves, of one process and of two.

use base::{Clock, ManualClock};
use storage::{Engine, Memory};

use super::*;
use crate::alarm::{self, AlarmId, Comparison, HistoryItem, MissingData, State};
use crate::{Recorder, Series};

const BEGIN_MS: u64 = 1_700_000_040_000;
const ID: AlarmId<'static> = AlarmId { account: "1", region: "r", name: "a" };

struct Tested {
    engine: Arc<dyn Engine>,
    clock: Clock,
    hand: ManualClock,
}

impl Tested {
    fn new() -> Tested {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        Tested { engine: Memory::new(), clock, hand }
    }

    fn process(&self) -> Arc<Metrics> {
        let recorder = Arc::new(Recorder::new(self.clock.clone(), 100));
        Metrics::new(Arc::clone(&self.engine), self.clock.clone(), recorder)
    }

    async fn put(&self, alarm: Alarm) {
        alarm::put(&*self.engine, ID, 10, |_| (alarm.clone(), Vec::new())).await.unwrap().unwrap();
    }

    async fn alarm(&self) -> Alarm {
        alarm::get(&*self.engine, ID).await.unwrap().unwrap()
    }

    async fn history(&self) -> Vec<HistoryItem> {
        let mut items = Vec::new();
        alarm::history(&*self.engine, ("1", "r"), None, |_, item| items.push(item)).await.unwrap();
        items
    }
}

fn series() -> Series {
    Series::of_dynamodb("1", "r", "ConsumedReadCapacityUnits", &[("TableName", "tab")])
}

/// On a sum over 1 in one minute.
pub(crate) fn alarm() -> Alarm {
    Alarm {
        name: "a".to_owned(),
        series: Series { unit: String::new(), ..series() },
        description: None,
        actions_enabled: true,
        ok_actions: Vec::new(),
        alarm_actions: vec!["arn:aws:sns:r:1:topic".to_owned()],
        insufficient_data_actions: Vec::new(),
        comparison: Comparison::Greater,
        threshold_bits: 1.0f64.to_bits(),
        statistic: "Sum".to_owned(),
        is_extended: false,
        period_seconds: 60,
        unit: None,
        evaluation_periods: 1,
        datapoints_to_alarm: None,
        missing_data: Some(MissingData::NotBreaching),
        low_sample_counts: None,
        configured_ms: BEGIN_MS,
        state: State::InsufficientData,
        reason: String::new(),
        reason_data: None,
        updated_ms: BEGIN_MS,
        transitioned_ms: BEGIN_MS,
        evaluated_minute: 0,
        history_next: 0,
        tags: Default::default(),
        pending: Vec::new(),
    }
}

fn measure(metrics: &Metrics, value: f64) {
    let gauge = metrics.recorder().gauge(series());
    metrics.recorder().record(&gauge, value);
}

async fn run(metrics: &Metrics) {
    evaluate_all(metrics, evaluated_minute(metrics), &mut Rounds::new(ACCOUNT_COST_MAX)).await.unwrap();
}

#[tokio::test]
async fn an_alarm_follows_its_metric() {
    let tested = Tested::new();
    let metrics = tested.process();
    tested.put(alarm()).await;
    measure(&metrics, 5.0);
    run(&metrics).await;
    assert_eq!(tested.alarm().await.state, State::Ok, "the minute is not over, and the one before has no values");
    tested.hand.advance_ms(MINUTE_MS + DELAY_MS);
    run(&metrics).await;
    let entered = tested.alarm().await;
    assert_eq!((entered.state, entered.transitioned_ms), (State::Alarm, BEGIN_MS + MINUTE_MS + DELAY_MS));
    assert!(
        entered.reason.starts_with("Threshold Crossed: 1 out of the last 1 datapoints [5.0 ("),
        "{}",
        entered.reason
    );
    let summaries: Vec<String> = tested.history().await.into_iter().map(|item| item.summary).collect();
    assert_eq!(summaries[1], "Alarm updated from OK to ALARM");
    assert!(summaries[2].starts_with("Failed to execute action arn:aws:sns:r:1:topic."), "{}", summaries[2]);
    measure(&metrics, 1.0);
    tested.hand.advance_ms(MINUTE_MS);
    run(&metrics).await;
    assert_eq!(tested.alarm().await.state, State::Ok);
}

/// Each minute is longer than a period without values: the sum of three of them slides by a minute.
#[tokio::test]
async fn periods_slide_by_minutes() {
    let tested = Tested::new();
    let metrics = tested.process();
    tested.put(Alarm { period_seconds: 180, ..alarm() }).await;
    tested.hand.advance_ms(DELAY_MS);
    for expected in [State::Ok, State::Alarm, State::Alarm] {
        measure(&metrics, 1.0);
        tested.hand.advance_ms(MINUTE_MS);
        run(&metrics).await;
        assert_eq!(tested.alarm().await.state, expected);
    }
}

#[tokio::test]
async fn of_two_processes_one_changes_an_alarm() {
    let tested = Tested::new();
    let (first, second) = (tested.process(), tested.process());
    tested.put(Alarm { state: State::Ok, alarm_actions: Vec::new(), ..alarm() }).await;
    measure(&first, 1.0);
    measure(&second, 1.0);
    tested.hand.advance_ms(MINUTE_MS + DELAY_MS);
    let minute = evaluated_minute(&first);
    // Neither value is over the threshold, and their sum is: both processes have stored their own by now.
    first.store(Some(first.minute())).await.unwrap();
    second.store(Some(second.minute())).await.unwrap();
    let page = AlarmPages::new(&*tested.engine, None).next().await.unwrap().unwrap();
    let (read, row) = &page[0];
    evaluate(&first, read, row, minute).await.unwrap();
    assert_eq!((tested.alarm().await.state, tested.history().await.len()), (State::Alarm, 1));
    // It has read the row before the change, and after it.
    evaluate(&second, read, row, minute).await.unwrap();
    run(&second).await;
    assert_eq!((tested.alarm().await.state, tested.history().await.len()), (State::Alarm, 1));
    // A row that has changed since decides nothing, and minutes that have decided do so once.
    let set = |mut alarm: Alarm, _: &Bytes| {
        let verdict = alarm::Verdict { state: State::Ok, reason: "by hand".to_owned(), data: None };
        let items = alarm.enter(verdict, BEGIN_MS, |_, _| None);
        Some((alarm, items))
    };
    assert!(change(&*tested.engine, ID, set).await.unwrap());
    evaluate(&second, read, row, minute).await.unwrap();
    run(&second).await;
    assert_eq!((tested.alarm().await.state, tested.history().await.len()), (State::Ok, 2));
    measure(&second, 5.0);
    tested.hand.advance_ms(MINUTE_MS);
    second.store(Some(second.minute())).await.unwrap();
    tokio::join!(run(&first), run(&second));
    assert_eq!((tested.alarm().await.state, tested.history().await.len()), (State::Alarm, 3));
}

/// An account whose alarms read more than its part delays itself alone.
#[tokio::test]
async fn accounts_have_parts_of_a_run() {
    let tested = Tested::new();
    let metrics = tested.process();
    let ids = ["a", "b", "c"].map(|name| AlarmId { name, ..ID });
    let ids = [ids[0], ids[1], ids[2], AlarmId { account: "2", ..ID }];
    for id in ids {
        let series = Series { account: id.account.to_owned(), ..alarm().series };
        let missing_data = Some(MissingData::Breaching);
        let own = Alarm { name: id.name.to_owned(), series, missing_data, ..alarm() };
        alarm::put(&*tested.engine, id, 10, |_| (own.clone(), Vec::new())).await.unwrap().unwrap();
    }
    let evaluated = async || {
        let mut states = Vec::new();
        for id in ids {
            states.push(alarm::get(&*tested.engine, id).await.unwrap().unwrap().state == State::Alarm);
        }
        (states[..3].iter().filter(|is| **is).count(), states[3])
    };
    // One alarm is more than the part.
    let mut rounds = Rounds::new(1);
    for expected in [(1, true), (2, true), (3, true)] {
        tested.hand.advance_ms(MINUTE_MS);
        evaluate_all(&metrics, evaluated_minute(&metrics), &mut rounds).await.unwrap();
        assert_eq!(evaluated().await, expected);
    }
    // The next round begins with the first one.
    assert!(rounds.by_account["1"].is_cut || rounds.by_account["1"].after.is_some());
    tested.hand.advance_ms(MINUTE_MS);
    rounds.begin(evaluated_minute(&metrics));
    assert_eq!(rounds.by_account["1"].after, None);
}

/// By a clock that was ahead and was set back.
#[tokio::test]
async fn an_evaluation_in_the_future_ends_none() {
    let tested = Tested::new();
    let metrics = tested.process();
    let minute = BEGIN_MS / MINUTE_MS + 1_000_000;
    tested.put(Alarm { evaluated_minute: minute, missing_data: Some(MissingData::Breaching), ..alarm() }).await;
    tested.hand.advance_ms(MINUTE_MS);
    run(&metrics).await;
    assert_eq!(tested.alarm().await.state, State::Alarm);
}

#[tokio::test]
async fn a_unit_that_the_metric_does_not_have_has_no_datapoints() {
    let tested = Tested::new();
    let metrics = tested.process();
    let missing = Some(MissingData::Missing);
    tested.put(Alarm { unit: Some("Bytes".to_owned()), missing_data: missing, state: State::Ok, ..alarm() }).await;
    measure(&metrics, 5.0);
    tested.hand.advance_ms(MINUTE_MS + DELAY_MS);
    run(&metrics).await;
    assert_eq!(tested.alarm().await.state, State::InsufficientData);
}

#[tokio::test]
async fn a_history_is_bounded_and_ends_with_its_alarm() {
    let tested = Tested::new();
    tested.put(alarm()).await;
    for number in 0..150 {
        let changed = |mut alarm: Alarm, _: &Bytes| {
            alarm.state = State::Ok;
            let item = HistoryItem::of_configuration(&alarm, false, number);
            Some((alarm, vec![item]))
        };
        assert!(change(&*tested.engine, ID, changed).await.unwrap());
    }
    let items = tested.history().await;
    assert_eq!((items.len(), items.iter().map(|item| item.at_ms).min()), (100, Some(50)));
    alarm::delete(&*tested.engine, &[ID]).await.unwrap();
    assert_eq!(tested.history().await.len(), 0);
    assert!(!change(&*tested.engine, ID, |_, _| None).await.unwrap());
}

#[tokio::test]
async fn alarms_are_counted() {
    let tested = Tested::new();
    let put = async |name: &str| {
        let id = AlarmId { name, ..ID };
        let named = Alarm { name: name.to_owned(), ..alarm() };
        alarm::put(&*tested.engine, id, 2, |_| (named.clone(), Vec::new())).await.unwrap().is_some()
    };
    assert!(put("a").await && put("b").await && put("a").await);
    assert!(!put("c").await);
    alarm::delete(&*tested.engine, &[ID]).await.unwrap();
    assert!(put("c").await && !put("a").await);
    // Names of regions are any: an account has a bound of its own.
    let mut count = 0;
    for number in 0..20 {
        let (name, region) = (&*format!("a{}", number % 2), &*format!("r{}", number / 2));
        let of = Series { region: region.to_owned(), ..alarm().series };
        let named = Alarm { name: name.to_owned(), series: of, ..alarm() };
        let id = AlarmId { account: "1", region, name };
        let put = alarm::put(&*tested.engine, id, 2, |_| (named.clone(), Vec::new())).await.unwrap();
        count += usize::from(put.is_some());
    }
    assert_eq!(count, 6, "beside the two above");
    let mut pages = AlarmPages::new(&*tested.engine, Some(("2", "r")));
    assert!(pages.next().await.unwrap().is_none_or(|page| page.is_empty()));
}
