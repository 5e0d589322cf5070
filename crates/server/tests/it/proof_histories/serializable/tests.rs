//! Made-up histories, good and bad.

use super::Outcome::{Committed, Refused, Unknown};
use super::Step::{Append, Read, ReadLength};
use super::*;

const X: List = 1;
const Y: List = 2;

fn transaction(called: u64, returned: u64, outcome: Outcome, steps: &[Step]) -> Transaction {
    Transaction { called, returned, outcome, steps: steps.to_vec() }
}

/// What is found in transactions that all overlap.
fn found_at_once(steps: &[&[Step]], x: &[Value], y: &[Value]) -> Result<(), Anomaly> {
    let transactions: Vec<_> = steps.iter().map(|steps| transaction(1, 9, Committed, steps)).collect();
    check(&transactions, &lists(x, y))
}

fn lists(x: &[Value], y: &[Value]) -> BTreeMap<List, Vec<Value>> {
    BTreeMap::from([(X, x.to_vec()), (Y, y.to_vec())])
}

fn cycle_of(result: Result<(), Anomaly>) -> Vec<Edge> {
    match result {
        Err(Anomaly::Cycle(cycle)) => cycle.into_iter().map(|(_, edge)| edge).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn good_histories() {
    for (steps, x, y) in [
        (&[][..], &[][..], &[][..]),
        (&[&[Append(X, 1)][..], &[Append(X, 2)], &[Read(X, vec![1])]], &[1, 2], &[]),
        (&[&[Append(X, 1), Append(Y, 2)], &[Read(X, vec![1]), Read(Y, vec![2])]], &[1], &[2]),
        (&[&[Append(X, 1), Append(Y, 2)], &[Read(X, vec![]), Read(Y, vec![])]], &[1], &[2]),
        (&[&[ReadLength(X, 0), Append(X, 1)], &[ReadLength(X, 1), Append(X, 2)]], &[1, 2], &[]),
        (&[&[ReadLength(X, 0), Append(Y, 1)], &[ReadLength(Y, 1), Append(X, 2)]], &[2], &[1]),
    ] {
        assert_eq!(found_at_once(steps, x, y), Ok(()), "{steps:?}");
    }
}

#[test]
fn unknown_outcomes() {
    let appends = [Append(X, 1), Append(Y, 2)];
    let unknown = [transaction(1, 2, Unknown, &appends), transaction(3, 4, Committed, &[Read(X, vec![])])];
    // It came late, or never; but not by halves.
    assert_eq!(check(&unknown, &lists(&[1], &[2])), Ok(()));
    assert_eq!(check(&unknown, &lists(&[], &[])), Ok(()));
    assert_eq!(check(&unknown, &lists(&[1], &[])), Err(Anomaly::Torn(0)));
    // Not before it was called.
    let early = [transaction(3, 4, Unknown, &appends), transaction(1, 2, Committed, &[Read(X, vec![1])])];
    assert_eq!(cycle_of(check(&early, &lists(&[1], &[2]))).len(), 2);
}

#[test]
fn lost_and_refused_values() {
    let appended = |outcome| [transaction(1, 2, outcome, &[Append(X, 1)])];
    assert_eq!(check(&appended(Committed), &lists(&[], &[])), Err(Anomaly::Lost(X, 1)));
    assert_eq!(check(&appended(Refused), &lists(&[], &[])), Ok(()));
    assert_eq!(check(&appended(Refused), &lists(&[1], &[])), Err(Anomaly::RefusedValue(X, 1)));
    assert_eq!(check(&appended(Committed), &lists(&[1, 1], &[])), Err(Anomaly::Garbage(X, 1)));
    assert_eq!(check(&appended(Committed), &lists(&[1, 7], &[])), Err(Anomaly::Garbage(X, 7)));
}

#[test]
fn reads_of_what_never_was() {
    for read in [Read(X, vec![2]), Read(X, vec![2, 1]), Read(X, vec![1, 2, 3]), ReadLength(X, 3)] {
        let result = found_at_once(&[&[Append(X, 1)], &[Append(X, 2)], &[read]], &[1, 2], &[]);
        assert_eq!(result, Err(Anomaly::OtherOrder(X, 2)));
    }
}

#[test]
fn a_stale_read() {
    let transactions =
        [transaction(1, 2, Committed, &[Append(X, 1)]), transaction(3, 4, Committed, &[Read(X, vec![])])];
    assert_eq!(cycle_of(check(&transactions, &lists(&[1], &[]))).len(), 2);
    // Through a third one that saw it.
    let transactions = [
        transaction(1, 9, Committed, &[Append(X, 1)]),
        transaction(2, 3, Committed, &[Read(X, vec![1])]),
        transaction(4, 5, Committed, &[Read(X, vec![])]),
    ];
    cycle_of(check(&transactions, &lists(&[1], &[])));
}

#[test]
fn a_lost_update() {
    // Both saw the list empty and appended.
    let both: [&[Step]; 2] = [&[ReadLength(X, 0), Append(X, 1)], &[ReadLength(X, 0), Append(X, 2)]];
    let cycle = cycle_of(found_at_once(&both, &[1, 2], &[]));
    assert!(cycle.contains(&Edge::ReadWrite), "{cycle:?}");
}

#[test]
fn a_write_skew() {
    let both: [&[Step]; 2] = [&[ReadLength(X, 0), Append(Y, 1)], &[ReadLength(Y, 0), Append(X, 2)]];
    assert_eq!(cycle_of(found_at_once(&both, &[2], &[1])), [Edge::ReadWrite; 2]);
}

#[test]
fn a_torn_transaction() {
    let steps: [&[Step]; 2] = [&[Append(X, 1), Append(Y, 2)], &[Read(X, vec![1]), Read(Y, vec![])]];
    let cycle = cycle_of(found_at_once(&steps, &[1], &[2]));
    assert!(cycle.contains(&Edge::ReadWrite) && cycle.contains(&Edge::WriteRead), "{cycle:?}");
}

#[test]
fn writes_in_two_orders() {
    let steps: [&[Step]; 2] = [&[Append(X, 1), Append(Y, 1)], &[Append(X, 2), Append(Y, 2)]];
    assert_eq!(cycle_of(found_at_once(&steps, &[1, 2], &[2, 1])), [Edge::WriteWrite; 2]);
}

#[test]
fn two_readers_that_saw_two_orders() {
    let steps: [&[Step]; 4] =
        [&[Append(X, 1)], &[Append(Y, 2)], &[Read(X, vec![1]), Read(Y, vec![])], &[Read(X, vec![]), Read(Y, vec![2])]];
    assert_eq!(cycle_of(found_at_once(&steps, &[1], &[2])).len(), 4);
}

#[test]
fn an_order_against_time() {
    // Serializable, but not in the order of time.
    let transactions = [
        transaction(1, 2, Committed, &[Append(X, 1)]),
        transaction(3, 4, Committed, &[Append(Y, 2)]),
        transaction(1, 9, Committed, &[Read(X, vec![]), Read(Y, vec![2])]),
    ];
    let cycle = cycle_of(check(&transactions, &lists(&[1], &[2])));
    assert!(cycle.contains(&Edge::Time), "{cycle:?}");
}
