//! Summaries against exact counts.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

type Stream = Vec<(u8, f64)>;

fn stream() -> impl Strategy<Value = Stream> {
    // A few keys are many times as heavy as the others.
    let key = prop_oneof![0..4_u8, any::<u8>()];
    proptest::collection::vec((key, prop_oneof![Just(0.5), 1.0..20.0_f64]), 0..600)
}

/// Of several lengths.
fn bytes_of(key: u8) -> Vec<u8> {
    vec![key; 1 + usize::from(key) % 4]
}

fn summary(k: usize, stream: &Stream) -> Summary {
    let mut summary = Summary::new(k);
    for (key, weight) in stream {
        summary.add(&bytes_of(*key), *weight, true);
    }
    summary
}

fn exact<'s>(streams: impl IntoIterator<Item = &'s Stream>) -> HashMap<u8, f64> {
    let mut exact = HashMap::new();
    for (key, weight) in streams.into_iter().flatten() {
        *exact.entry(*key).or_default() += weight;
    }
    exact
}

/// Sums of floating point are compared to so much.
const EPSILON: f64 = 1e-6;

/// Counts bound the weights from above, and from below with their errors; a key without a counter weighs no more than the floor.
fn check(summary: &Summary, exact: &HashMap<u8, f64>) {
    let total: f64 = exact.values().sum();
    assert!((summary.total() - total).abs() < EPSILON);
    for (key, weight) in exact {
        match summary.index.get(&bytes_of(*key)[..]).map(|id| &summary.counters[*id as usize]) {
            Some(Counter { count, error, .. }) => {
                assert!(count + EPSILON >= *weight, "{key}: {weight} is more than {count}");
                assert!(count - error <= weight + EPSILON, "{key}: {weight} is less than {count} - {error}");
            }
            None => assert!(*weight <= summary.floor() + EPSILON, "{key}: {weight} is above {}", summary.floor()),
        }
    }
    assert!(summary.counters.iter().all(|counter| exact.contains_key(&counter.key[0])));
    let bytes: usize = summary.counters.iter().map(|counter| counter.key.len() + COUNTER_BYTES).sum();
    assert_eq!(summary.bytes(), bytes);
    for place in 1..summary.heap.len() {
        assert!(summary.count_at((place - 1) / 2) <= summary.count_at(place));
        assert_eq!(summary.counters[summary.heap[place] as usize].place as usize, place);
    }
}

proptest! {
    #[test]
    fn the_error_is_at_most_a_kth(stream in stream(), k in 1..40_usize) {
        let (summary, exact) = (summary(k, &stream), exact([&stream]));
        check(&summary, &exact);
        let bound = summary.total() / k as f64 + EPSILON;
        prop_assert!(summary.floor() <= bound);
        prop_assert!(summary.counters.iter().all(|counter| counter.error <= bound));
        for (key, weight) in &exact {
            prop_assert!(*weight <= bound || summary.index.contains_key(&bytes_of(*key)[..]), "{key} with {weight} is missing");
        }
    }

    #[test]
    fn with_a_counter_for_each_key_counts_are_exact(stream in stream()) {
        let (summary, exact) = (summary(256, &stream), exact([&stream]));
        prop_assert_eq!((summary.floor(), summary.len()), (0.0, exact.len()));
        check(&summary, &exact);
        prop_assert!(summary.counters.iter().all(|counter| counter.error == 0.0));
    }

    #[test]
    fn merged_summaries_bound_the_sums(streams in proptest::collection::vec(stream(), 1..5), k in 1..40_usize) {
        let mut merged = Summary::new(k);
        for stream in &streams {
            merged.merge(&summary(k, stream), 1.0);
        }
        let exact = exact(&streams);
        check(&merged, &exact);
        check(&merged.heaviest(k / 2, 1_000), &exact);
        check(&merged.heaviest(k, k / 3), &exact);
    }

    /// As if keys came to a process that has no memory left for counters.
    #[test]
    fn without_room_the_bounds_hold_as_well(stream in stream(), rooms in proptest::collection::vec(any::<bool>(), 600)) {
        let mut summary = Summary::new(30);
        for ((key, weight), has_room) in stream.iter().zip(rooms) {
            let before = summary.bytes();
            summary.add(&bytes_of(*key), *weight, has_room);
            let is_only = summary.len() == 1;
            prop_assert!(has_room || is_only || summary.bytes() <= before, "{} behind {before}", summary.bytes());
        }
        check(&summary, &exact([&stream]));
    }
}

#[test]
fn weights_are_scaled_when_they_are_merged() {
    let mut page = Summary::new(2);
    page.add(b"a", 30.0, true);
    page.add(b"b", 10.0, true);
    let mut rule = Summary::new(10);
    rule.add(b"a", 1.0, true);
    rule.merge(&page, 0.1);
    let all: Vec<(&[u8], f64)> = rule.sorted().into_iter().map(|counter| (&counter.key[..], counter.count)).collect();
    assert_eq!(all, [(&b"a"[..], 4.0), (b"b", 1.0)]);
    assert_eq!(rule.total(), 5.0);
}

#[test]
fn weights_that_are_none_change_nothing() {
    let mut summary = Summary::new(2);
    for weight in [0.0, -1.0, f64::NAN] {
        assert!(!summary.add(b"a", weight, true));
    }
    assert_eq!((summary.total(), summary.len()), (0.0, 0));
}
