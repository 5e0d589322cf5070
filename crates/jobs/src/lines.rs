//! Work that waits, in a line for each account: each piece once, in the order in which it came. Accounts take turns: however long one's
//! line is, another one's first piece waits for one piece of each account.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::Hash;
use std::ops::Bound;

use parking_lot::Mutex;

#[derive(Debug)]
pub struct Lines<A, W>(Mutex<State<A, W>>);

#[derive(Debug)]
struct State<A, W> {
    /// None is empty.
    lines: BTreeMap<A, Line<W>>,
    /// The account that had the last turn.
    last: Option<A>,
}

#[derive(Debug)]
struct Line<W> {
    order: VecDeque<W>,
    waiting: HashSet<W>,
}

impl<A, W> Default for Lines<A, W> {
    fn default() -> Lines<A, W> {
        Lines(Mutex::new(State { lines: BTreeMap::new(), last: None }))
    }
}

impl<A: Ord + Clone, W: Eq + Hash + Clone> Lines<A, W> {
    /// Adds a piece at the end of its account's line, if it is not there.
    pub fn add(&self, account: A, work: W) {
        let mut state = self.0.lock();
        let line = state.lines.entry(account);
        let line = line.or_insert_with(|| Line { order: VecDeque::new(), waiting: HashSet::new() });
        if line.waiting.insert(work.clone()) {
            line.order.push_back(work);
        }
    }

    /// Takes the first piece of the account whose turn it is.
    pub fn next(&self) -> Option<(A, W)> {
        let mut state = self.0.lock();
        let behind = state.last.as_ref().and_then(|last| {
            state.lines.range((Bound::Excluded(last), Bound::Unbounded)).next().map(|(account, _)| account.clone())
        });
        let account = behind.or_else(|| state.lines.first_key_value().map(|(account, _)| account.clone()))?;
        let work = state.take(&account)?;
        state.last = Some(account.clone());
        Some((account, work))
    }

    /// Takes the first piece of an account.
    pub fn next_of(&self, account: &A) -> Option<W> {
        self.0.lock().take(account)
    }

    /// The accounts with work.
    pub fn accounts(&self) -> Vec<A> {
        self.0.lock().lines.keys().cloned().collect()
    }

    /// Pieces of an account.
    pub fn len_of(&self, account: &A) -> usize {
        self.0.lock().lines.get(account).map_or(0, |line| line.order.len())
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().lines.is_empty()
    }
}

impl<A: Ord, W: Eq + Hash> State<A, W> {
    fn take(&mut self, account: &A) -> Option<W> {
        let line = self.lines.get_mut(account)?;
        let work = line.order.pop_front()?;
        line.waiting.remove(&work);
        if line.order.is_empty() {
            self.lines.remove(account);
        }
        Some(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_take_turns_and_a_piece_waits_once() {
        let lines = Lines::default();
        for work in [1, 2, 1, 3, 2] {
            lines.add("a", work);
        }
        lines.add("c", 9);
        assert_eq!(lines.next(), Some(("a", 1)));
        lines.add("b", 5);
        lines.add("a", 1);
        let order: Vec<(&str, i32)> = std::iter::from_fn(|| lines.next()).collect();
        assert_eq!(order, [("b", 5), ("c", 9), ("a", 2), ("a", 3), ("a", 1)]);
        assert!(lines.is_empty() && lines.accounts().is_empty());
    }

    #[test]
    fn a_line_is_in_the_order_of_its_coming() {
        let lines = Lines::default();
        for work in [3, 1, 2] {
            lines.add("a", work);
        }
        assert_eq!((lines.next_of(&"b"), lines.next_of(&"a"), lines.len_of(&"a")), (None, Some(3), 2));
        lines.add("a", 3);
        let rest: Vec<i32> = std::iter::from_fn(|| lines.next_of(&"a")).collect();
        assert_eq!((rest, lines.len_of(&"a")), (vec![1, 2, 3], 0));
    }
}
