//! A client's model of its own items: for each key its possible states. There is one, except after a lost answer, or if an
//! item has expired and may have been deleted.

use std::collections::BTreeMap;

use model::{Attributes, Item};
use tables::fixture::{n, s};

pub(super) type State = Option<Attributes>;

/// What a write does to one item.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Change {
    Put(Attributes),
    /// Adds 1 to `n` and sets `v`.
    Count {
        key: Attributes,
        v: String,
    },
    Delete,
}

impl Change {
    pub(super) fn apply(&self, old: &State) -> State {
        match self {
            Change::Put(item) => Some(item.clone()),
            Change::Delete => None,
            Change::Count { key, v } => {
                let mut item = old.clone().unwrap_or_else(|| key.clone());
                item.insert("n".to_owned(), n(&(number(&item, "n") + 1).to_string()));
                item.insert("v".to_owned(), s(v));
                Some(item)
            }
        }
    }
}

pub(super) fn number(item: &Attributes, name: &str) -> i64 {
    item.get(name).and_then(|value| value.view().as_number().and_then(|number| number.to_i64())).unwrap_or_default()
}

/// The states that an item may be in, by its sort key.
#[derive(Default, Debug)]
pub(super) struct Items(BTreeMap<i64, Vec<State>>);

impl Items {
    fn states(&mut self, sk: i64) -> &mut Vec<State> {
        self.0.entry(sk).or_insert_with(|| vec![None])
    }

    /// The one state, if there is one.
    pub(super) fn only(&mut self, sk: i64) -> Option<&State> {
        match &self.states(sk)[..] {
            [state] => Some(state),
            _ => None,
        }
    }

    /// Items that have expired may be deleted from now on.
    pub(super) fn expire(&mut self, now_s: u64) {
        for states in self.0.values_mut() {
            let is_due =
                |state: &State| state.as_ref().is_some_and(|item| (1..now_s).contains(&(number(item, "ttl") as u64)));
            if states.iter().any(is_due) && !states.contains(&None) {
                states.push(None);
            }
        }
    }

    /// A read showed which state it is.
    pub(super) fn see(&mut self, sk: i64, seen: State, what: &str) {
        let states = self.states(sk);
        assert!(states.contains(&seen), "{what}: item {sk} is {seen:?}, and may be {states:?}");
        *states = vec![seen];
    }

    pub(super) fn made(&mut self, sk: i64, change: &Change) {
        let states = self.states(sk);
        *states = states.iter().map(|state| change.apply(state)).collect();
        states.dedup();
    }

    /// The changes were made all together, or none of them.
    pub(super) fn perhaps_made(&mut self, changes: &[(i64, Change)]) {
        for (sk, change) in changes {
            let states = self.states(*sk);
            let after: Vec<State> = states.iter().map(|state| change.apply(state)).collect();
            states.extend(after);
        }
    }

    /// Each item as a query returned it; what it did not return is absent.
    pub(super) fn see_all(&mut self, found: Vec<Item>, what: &str) {
        let mut found: BTreeMap<i64, Attributes> =
            found.into_iter().map(Item::into_attributes).map(|item| (number(&item, "sk"), item)).collect();
        let known: Vec<i64> = self.0.keys().copied().collect();
        for sk in known {
            let seen = found.remove(&sk);
            self.see(sk, seen, what);
        }
        assert!(found.is_empty(), "{what}: nobody wrote {found:?}");
    }

    /// All that are there, where every state is known.
    pub(super) fn all(&self) -> impl Iterator<Item = &Attributes> {
        self.0.values().filter_map(|states| {
            assert_eq!(states.len(), 1, "a read has shown all states");
            states[0].as_ref()
        })
    }
}
