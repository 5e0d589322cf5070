//! Is a history of calls on one object linearizable: is there an order of them, each at one moment between its call
//! and its return, in which a sequential object would have given the same answers?
//!
//! The search of Wing and Gong, with Lowe's memory of what has been tried. A call that never returned may have had its
//! effect at any later moment, or never. Nothing here knows what the object is: `step` says what an operation makes of
//! a state, and `None` if the object in that state would not have answered so.

use std::collections::HashSet;
use std::hash::Hash;

/// An operation and the times around it, which need no unit but must be of one clock.
#[derive(Clone, Debug)]
pub(super) struct Call<O> {
    pub(super) called: u64,
    /// `None` if no answer came.
    pub(super) returned: Option<u64>,
    pub(super) operation: O,
}

/// One end of a call, in a list from which calls are taken out as they find their place, and put back.
struct Event {
    call: usize,
    is_return: bool,
    /// Where the call returns, for a call that does.
    partner: Option<usize>,
    previous: usize,
    next: usize,
}

const HEAD: usize = 0;

struct Events {
    events: Vec<Event>,
}

impl Events {
    fn new<O>(history: &[Call<O>]) -> Events {
        // Of two events at the same time the call comes first: the two calls overlap.
        let mut times: Vec<(u64, bool, usize)> = Vec::with_capacity(history.len() * 2);
        for (at, call) in history.iter().enumerate() {
            times.push((call.called, false, at));
            if let Some(returned) = call.returned {
                assert!(call.called <= returned, "a call returns before it is made");
                times.push((returned, true, at));
            }
        }
        times.sort_unstable();
        let head = Event { call: usize::MAX, is_return: false, partner: None, previous: HEAD, next: HEAD };
        let mut events = vec![head];
        let mut call_events = vec![HEAD; history.len()];
        for (at, (_, is_return, call)) in (1..).zip(times) {
            if is_return {
                events[call_events[call]].partner = Some(at);
            } else {
                call_events[call] = at;
            }
            events[at - 1].next = at;
            events.push(Event { call, is_return, partner: None, previous: at - 1, next: HEAD });
        }
        let last = events.len() - 1;
        events[HEAD].previous = last;
        Events { events }
    }

    fn take_out(&mut self, at: usize) {
        for at in [Some(at), self.events[at].partner].into_iter().flatten() {
            let Event { previous, next, .. } = self.events[at];
            self.events[previous].next = next;
            self.events[next].previous = previous;
        }
    }

    /// Undoes the last `take_out`.
    fn put_back(&mut self, at: usize) {
        for at in [self.events[at].partner, Some(at)].into_iter().flatten() {
            let Event { previous, next, .. } = self.events[at];
            self.events[previous].next = at;
            self.events[next].previous = at;
        }
    }
}

/// `Err` names the calls that no order could place any more when most others had their place.
pub(super) fn check<S, O>(initial: S, history: &[Call<O>], step: impl Fn(&S, &O) -> Option<S>) -> Result<(), Vec<usize>>
where
    S: Clone + Eq + Hash,
{
    let mut events = Events::new(history);
    let mut left = history.iter().filter(|call| call.returned.is_some()).count();
    let mut best = (usize::MAX, Vec::new());
    let mut placed: Vec<(usize, S)> = Vec::new();
    let mut tried: HashSet<(u128, S)> = HashSet::new();
    // The set of placed calls, as the exclusive or of a number for each.
    let mut set: u128 = 0;
    let mut state = initial;
    let mut at = events.events[HEAD].next;
    while left > 0 {
        let Event { call, is_return, partner, next, .. } = events.events[at];
        if at != HEAD && !is_return {
            let with_call = set ^ number_of(call);
            let after = step(&state, &history[call].operation);
            match after.filter(|after| tried.insert((with_call, after.clone()))) {
                Some(after) => {
                    placed.push((at, std::mem::replace(&mut state, after)));
                    set = with_call;
                    left -= usize::from(partner.is_some());
                    events.take_out(at);
                    at = events.events[HEAD].next;
                }
                None => at = next,
            }
            continue;
        }
        // A return, or the end: no call that is open here can come next.
        if left < best.0 {
            best = (left, open_calls(&events, at));
        }
        let Some((last, before)) = placed.pop() else { return Err(best.1) };
        let Event { call, partner, .. } = events.events[last];
        state = before;
        set ^= number_of(call);
        left += usize::from(partner.is_some());
        events.put_back(last);
        at = events.events[last].next;
    }
    Ok(())
}

/// The calls that stand before an event, and the one that it ends.
fn open_calls(events: &Events, end: usize) -> Vec<usize> {
    let mut open = Vec::new();
    let mut at = events.events[HEAD].next;
    while at != end {
        open.push(events.events[at].call);
        at = events.events[at].next;
    }
    open
}

/// A number for a call, so spread that no two sets of calls have the same exclusive or.
fn number_of(call: usize) -> u128 {
    let mut chance = crate::proof_chance::Chance::new(call as u64);
    (u128::from(chance.next()) << 64) | u128::from(chance.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register of numbers that can be added to.
    #[derive(Clone, Copy, Debug)]
    enum Operation {
        Read(u32),
        Write(u32),
        /// Adds one; the answer is the new value.
        Add(u32),
        /// Adds one; no answer came.
        AddUnknown,
        WriteUnknown(u32),
    }
    use Operation::*;

    fn step(state: &u32, operation: &Operation) -> Option<u32> {
        match *operation {
            Read(value) => (*state == value).then_some(value),
            Write(value) | WriteUnknown(value) => Some(value),
            Add(value) => (*state + 1 == value).then_some(value),
            AddUnknown => Some(state + 1),
        }
    }

    fn is_linearizable(calls: &[(u64, u64, Operation)]) -> bool {
        let call = |(called, returned, operation): &(u64, u64, Operation)| {
            let unknown = matches!(operation, AddUnknown | WriteUnknown(_));
            Call { called: *called, returned: (!unknown).then_some(*returned), operation: *operation }
        };
        check(0, &calls.iter().map(call).collect::<Vec<_>>(), step).is_ok()
    }

    #[test]
    fn good_histories() {
        for history in [
            &[][..],
            &[(1, 2, Write(1)), (3, 4, Read(1))],
            // Overlapping calls take any order.
            &[(1, 4, Write(1)), (2, 3, Read(0))],
            &[(1, 4, Write(1)), (2, 3, Read(1))],
            &[(1, 9, Write(1)), (1, 9, Write(2)), (2, 3, Read(2)), (4, 5, Read(1))],
            &[(1, 9, Add(2)), (2, 3, Add(1)), (4, 5, Read(2))],
            // At the same moment they overlap.
            &[(1, 2, Write(1)), (2, 3, Read(0))],
            // What never returned came late, or never, or long after.
            &[(1, 0, WriteUnknown(1)), (2, 3, Read(0)), (4, 5, Read(1)), (6, 7, Read(1))],
            &[(1, 0, WriteUnknown(1)), (2, 3, Read(0))],
            &[(1, 0, AddUnknown), (1, 0, AddUnknown), (2, 3, Add(1)), (4, 5, Add(3)), (6, 7, Read(3))],
        ] {
            assert!(is_linearizable(history), "{history:?}");
        }
    }

    #[test]
    fn bad_histories() {
        for history in [
            // Stale reads.
            &[(1, 2, Write(1)), (3, 4, Read(0))][..],
            &[(1, 9, Write(1)), (2, 3, Read(1)), (4, 5, Read(0))],
            // A lost write.
            &[(1, 2, Write(1)), (3, 4, Write(2)), (5, 6, Read(1))],
            // Lost updates.
            &[(1, 4, Add(1)), (2, 3, Add(1))],
            &[(1, 2, Add(1)), (3, 4, Add(2)), (5, 6, Read(1))],
            // A value from nowhere, and one from the future.
            &[(1, 2, Read(7))],
            &[(1, 2, Read(1)), (3, 4, Write(1))],
            // What never returned is seen and then not, or seen twice, or seen before it was called.
            &[(1, 0, WriteUnknown(1)), (2, 3, Read(1)), (4, 5, Read(0))],
            &[(1, 0, AddUnknown), (2, 3, Add(3))],
            &[(1, 2, Read(1)), (3, 0, WriteUnknown(1))],
            // Each read alone has a place, the two together have none.
            &[(1, 9, Write(1)), (1, 9, Write(2)), (2, 3, Read(1)), (4, 5, Read(2)), (6, 7, Read(1))],
        ] {
            assert!(!is_linearizable(history), "{history:?}");
        }
    }

    #[test]
    fn the_culprit_is_named() {
        let history = [(1, 2, Write(1)), (3, 4, Read(1)), (5, 6, Read(0)), (7, 8, Read(1))];
        let call = |(called, returned, operation)| Call { called, returned: Some(returned), operation };
        assert_eq!(check(0, &history.map(call), step), Err(vec![2]));
    }

    /// Long histories with many calls at once, made by doing each at some moment between its ends; and the same with
    /// one answer changed.
    #[test]
    fn long_histories() {
        let mut chance = crate::proof_chance::Chance::new(7);
        let mut history = Vec::new();
        let mut state = 0;
        for moment in 0..3_000 {
            let operation = match chance.below(3) {
                0 => Read(state),
                1 => Write(moment as u32 * 10),
                _ => Add(state + 1),
            };
            state = step(&state, &operation).expect("an answer");
            let (called, returned) = (moment * 10 - chance.below(40).min(moment * 10), moment * 10 + chance.below(40));
            history.push((called, returned, operation));
        }
        assert!(is_linearizable(&history));
        let read = history.iter().position(|(_, _, operation)| matches!(operation, Add(_))).expect("an addition");
        let (_, _, Add(value)) = &mut history[read] else { panic!("an addition") };
        *value += 1;
        assert!(!is_linearizable(&history));
    }
}
