//! Histories of a lane: its steps, and what follows each outcome.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_000_000_000;

fn rules() -> Rules {
    Rules {
        batch_size_max: 4,
        window: Duration::ZERO,
        age_max: Duration::from_secs(86_400),
        retries_max: None,
        bisect: false,
    }
}

fn entry(place: u64) -> Entry {
    Entry { place, sequence_number: place.to_string(), created_ms: NOW, json: Bytes::from_static(b"{}") }
}

fn lane(rules: Rules, count: u64) -> Lane {
    let mut lane = Lane::new(rules);
    (1..=count).for_each(|place| lane.push(entry(place), NOW));
    lane
}

/// The next step as text: the places of its records, or when there is one.
fn step(lane: &mut Lane, now_ms: u64) -> String {
    let places = |batch: &Batch| {
        let places: Vec<String> = batch.entries.iter().map(|entry| entry.place.to_string()).collect();
        places.join(" ")
    };
    match lane.next(now_ms) {
        Step::Invoke(batch) => format!("invoke {}", places(batch)),
        Step::Discard(batch, condition) => format!("{condition:?} {} after {}", places(batch), batch.invocations),
        Step::Wait { until_ms } => format!("wait {}", until_ms - NOW),
        Step::Idle => "idle".to_owned(),
    }
}

const ALL: Ended = Ended::Processed(Processed::All);

fn before(first: usize) -> Ended {
    Ended::Processed(Processed::Before(first))
}

/// Replays a history without pauses: each step, and how it ended.
fn history(lane: &mut Lane, steps: &[(&str, Option<Ended>)]) {
    let mut now_ms = NOW;
    for (at, (expected, ended)) in steps.iter().enumerate() {
        now_ms += 60_000;
        assert_eq!(step(lane, now_ms), *expected, "step {at}");
        match ended {
            Some(ended) => drop(lane.ended(*ended, now_ms)),
            None if expected.contains(" after ") => drop(lane.discarded()),
            None => {}
        }
    }
}

#[test]
fn batches_are_as_large_as_they_may_be() {
    let mut lane = lane(rules(), 6);
    assert_eq!(lane.len(), 6);
    history(&mut lane, &[("invoke 1 2 3 4", Some(ALL)), ("invoke 5 6", Some(ALL)), ("idle", None)]);
    assert!(lane.is_empty());
}

#[test]
fn a_batch_is_no_larger_than_an_event() {
    let mut lane = Lane::new(Rules { batch_size_max: 10_000, ..rules() });
    let large = |place| Entry { json: Bytes::from(vec![b' '; EVENT_SIZE_BYTES_MAX / 3]), ..entry(place) };
    (1..=4).for_each(|place| lane.push(large(place), NOW));
    lane.push(Entry { json: Bytes::from(vec![b' '; EVENT_SIZE_BYTES_MAX]), ..entry(5) }, NOW);
    history(
        &mut lane,
        &[("invoke 1 2", Some(ALL)), ("invoke 3 4", Some(ALL)), ("invoke 5", Some(ALL)), ("idle", None)],
    );
}

#[test]
fn records_are_gathered_for_the_window() {
    let mut lane = lane(Rules { window: Duration::from_secs(5), ..rules() }, 1);
    assert_eq!(step(&mut lane, NOW), "wait 5000");
    lane.push(entry(2), NOW + 1_000);
    assert_eq!(step(&mut lane, NOW + 4_999), "wait 5000");
    assert_eq!(step(&mut lane, NOW + 5_000), "invoke 1 2");
    lane.ended(ALL, NOW + 5_000);
    (3..=6).for_each(|place| lane.push(entry(place), NOW + 6_000));
    // Full before its time.
    assert_eq!(step(&mut lane, NOW + 6_000), "invoke 3 4 5 6");
}

#[test]
fn a_failed_batch_is_tried_again_before_anything_behind_it() {
    let mut lane = lane(rules(), 5);
    let again = ("invoke 1 2 3 4", Some(Ended::Failed));
    history(&mut lane, &[again, again, again, ("invoke 1 2 3 4", Some(ALL)), ("invoke 5", Some(ALL)), ("idle", None)]);
}

#[test]
fn pauses_grow() {
    let mut lane = lane(rules(), 1);
    let mut now_ms = NOW;
    for pause in [100, 200, 400, 800] {
        assert_eq!(step(&mut lane, now_ms), "invoke 1");
        lane.ended(Ended::NotInvoked, now_ms);
        assert_eq!(step(&mut lane, now_ms), format!("wait {}", now_ms + pause - NOW));
        now_ms += pause;
    }
    for _ in 0..30 {
        now_ms += 60_000;
        assert_eq!(step(&mut lane, now_ms), "invoke 1");
        lane.ended(Ended::Failed, now_ms);
    }
}

#[test]
fn retries_end() {
    let mut lane = lane(Rules { retries_max: Some(1), ..rules() }, 5);
    history(
        &mut lane,
        &[
            ("invoke 1 2 3 4", Some(Ended::Failed)),
            // Does not count.
            ("invoke 1 2 3 4", Some(Ended::NotInvoked)),
            ("invoke 1 2 3 4", Some(Ended::Failed)),
            ("RetryAttemptsExhausted 1 2 3 4 after 2", None),
            ("invoke 5", Some(Ended::Failed)),
            ("invoke 5", Some(ALL)),
            ("idle", None),
        ],
    );
    let mut lane = self::lane(Rules { retries_max: Some(0), ..rules() }, 1);
    history(
        &mut lane,
        &[("invoke 1", Some(Ended::Failed)), ("RetryAttemptsExhausted 1 after 1", None), ("idle", None)],
    );
}

#[test]
fn halves_find_the_record_that_fails() {
    // 3 is the one.
    let mut lane = lane(Rules { retries_max: Some(1), bisect: true, ..rules() }, 5);
    history(
        &mut lane,
        &[
            ("invoke 1 2 3 4", Some(Ended::Failed)),
            ("invoke 1 2", Some(ALL)),
            ("invoke 3 4", Some(Ended::Failed)),
            ("invoke 3", Some(Ended::Failed)),
            ("invoke 3", Some(Ended::Failed)),
            ("RetryAttemptsExhausted 3 after 4", None),
            ("invoke 4", Some(ALL)),
            ("invoke 5", Some(ALL)),
            ("idle", None),
        ],
    );
}

#[test]
fn a_partial_answer_goes_on_at_the_first_failure() {
    let mut lane = lane(Rules { retries_max: Some(1), ..rules() }, 4);
    assert_eq!(step(&mut lane, NOW), "invoke 1 2 3 4");
    assert_eq!(lane.ended(before(2), NOW), [1, 2]);
    assert_eq!(step(&mut lane, NOW), "invoke 3 4");
    assert_eq!(lane.ended(before(0), NOW), [0; 0]);
    assert_eq!(step(&mut lane, NOW + 100), "RetryAttemptsExhausted 3 4 after 2");
    assert_eq!(lane.discarded(), [3, 4]);
    assert!(lane.is_empty());
}

#[test]
fn a_partial_answer_splits_where_it_says() {
    let mut lane = lane(Rules { retries_max: Some(0), bisect: true, ..rules() }, 4);
    history(
        &mut lane,
        &[
            ("invoke 1 2 3 4", Some(before(1))),
            ("invoke 2 3 4", Some(before(0))),
            ("invoke 2", Some(before(0))),
            ("RetryAttemptsExhausted 2 after 3", None),
            ("invoke 3 4", Some(before(1))),
            ("invoke 4", Some(ALL)),
            ("idle", None),
        ],
    );
}

#[test]
fn old_records_are_given_up_and_the_young_behind_them_are_not() {
    let mut lane = Lane::new(Rules { age_max: Duration::from_secs(60), ..rules() });
    lane.push(Entry { created_ms: NOW - 50_000, ..entry(1) }, NOW);
    lane.push(entry(2), NOW);
    assert_eq!(step(&mut lane, NOW), "invoke 1 2");
    lane.ended(Ended::Failed, NOW);
    assert_eq!(step(&mut lane, NOW + 10_000), "invoke 1 2");
    lane.ended(Ended::NotInvoked, NOW + 10_000);
    assert_eq!(step(&mut lane, NOW + 10_001), "RecordAgeExceeded 1 after 1");
    assert_eq!(lane.discarded(), [1]);
    assert_eq!(step(&mut lane, NOW + 10_001), "invoke 2");
    lane.ended(Ended::Failed, NOW + 60_000);
    // Not even the pause is waited for.
    assert_eq!(step(&mut lane, NOW + 60_000), "wait 60001");
    assert_eq!(step(&mut lane, NOW + 60_001), "RecordAgeExceeded 2 after 2");
}

/// An end that an invocation of so many records can have.
fn ended(chance: u8, count: usize) -> Ended {
    match chance % 5 {
        0 => ALL,
        1 => Ended::Failed,
        2 => Ended::NotInvoked,
        _ => before(usize::from(chance) % (count + 1)),
    }
}

proptest! {
    /// Whatever happens, each record is done with once, and none before those in front of it.
    #[test]
    fn records_are_done_in_their_order(
        chances in vec(any::<u8>(), 1..200),
        batch_size_max in 1..6_usize,
        retries_max in proptest::option::of(0..3_u32),
        bisect: bool,
        window_s in 0..3_u64,
        age_max_s in prop_oneof![Just(86_400_u64), 1..200_u64],
    ) {
        let window = Duration::from_secs(window_s);
        let age_max = Duration::from_secs(age_max_s);
        let mut lane = Lane::new(Rules { batch_size_max, window, age_max, retries_max, bisect });
        let (mut now_ms, mut pushed, mut done) = (NOW, 0, Vec::new());
        for chance in &chances {
            if chance % 3 == 0 {
                pushed += 1;
                lane.push(Entry { created_ms: now_ms, ..entry(pushed) }, now_ms);
            }
            now_ms += u64::from(*chance) * 20;
            done.extend(one_step(&mut lane, now_ms, *chance));
            prop_assert_eq!(lane.len() + done.len(), usize::try_from(pushed).unwrap());
        }
        // Once the function is well, the rest is done in bounded time.
        for _ in 0..1_000 {
            now_ms += 60_000;
            done.extend(one_step(&mut lane, now_ms, 0));
        }
        prop_assert!(lane.is_empty());
        prop_assert_eq!(lane.bytes(), 0);
        prop_assert_eq!(done, (1..=pushed).collect::<Vec<u64>>());
    }
}

/// Does what the lane wants; the places that are done with.
fn one_step(lane: &mut Lane, now_ms: u64, chance: u8) -> Vec<u64> {
    let count = match lane.next(now_ms) {
        Step::Idle => return Vec::new(),
        Step::Wait { until_ms } => {
            assert!(until_ms > now_ms);
            return Vec::new();
        }
        Step::Discard(batch, _) => {
            assert!(!batch.entries.is_empty());
            return lane.discarded();
        }
        Step::Invoke(batch) => batch.entries.len(),
    };
    assert!(count > 0);
    lane.ended(ended(chance, count), now_ms)
}
