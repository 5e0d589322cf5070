//! An amount that accounts share: calls under way, bytes in memory. No account can take all of it in parts that are small beside it.
//!
//! **Fairness.** An account takes more only while as much is free as it has, so that one account has up to a half, two up to a third each,
//! and another one always finds room. Within an account the same holds of its holders (an event source mapping, a shard), more
//! strictly: a holder that has something takes more only while four times that is free beside what its account has. So a receiver
//! that never answers stops neither other accounts nor, while it is one of a few, the other receivers of its own account.
//!
//! Nothing is taken back: what is reserved is held until its reservation is dropped or becomes smaller.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many times what a holder has must be free for it to take more.
const HOLDER_WEIGHT: u64 = 4;

pub struct SharedBudget {
    state: Mutex<State>,
    /// Something came back.
    returned: Notify,
}

/// Part of an account that reserves for itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Holder {
    account: Arc<str>,
    name: Arc<str>,
}

impl Holder {
    pub fn new(account: &str, name: &str) -> Holder {
        Holder { account: account.into(), name: name.into() }
    }

    /// The server itself, on behalf of no account.
    pub fn server(name: &str) -> Holder {
        Holder::new("", name)
    }
}

#[derive(Default)]
struct State {
    max: u64,
    used: u64,
    by_account: HashMap<Arc<str>, u64>,
    by_holder: HashMap<Holder, u64>,
}

impl SharedBudget {
    pub fn new(max: u64) -> Arc<SharedBudget> {
        Arc::new(SharedBudget { state: Mutex::new(State { max, ..State::default() }), returned: Notify::new() })
    }

    pub fn set_max(&self, max: u64) {
        self.state.lock().max = max;
        self.returned.notify_waiters();
    }

    pub fn used(&self) -> u64 {
        self.state.lock().used
    }

    /// Reserves nothing yet.
    pub fn nothing(self: &Arc<SharedBudget>, holder: &Holder) -> Reservation {
        Reservation { budget: Arc::clone(self), holder: holder.clone(), units: 0 }
    }

    /// Reserves so much, if there is room for it now.
    pub fn try_take(self: &Arc<SharedBudget>, holder: &Holder, units: u64) -> Option<Reservation> {
        let mut reservation = self.nothing(holder);
        reservation.try_grow(units).then_some(reservation)
    }

    /// Waits until there is room for so much. More than there is in all counts as all.
    pub async fn take(self: &Arc<SharedBudget>, holder: &Holder, units: u64) -> Reservation {
        loop {
            let mut returned = pin!(self.returned.notified());
            // Before the attempt, so that what comes back between the two is not missed.
            returned.as_mut().enable();
            let units = units.min(self.state.lock().max);
            if let Some(reservation) = self.try_take(holder, units) {
                return reservation;
            }
            returned.await;
        }
    }
}

impl State {
    /// How much more a holder may reserve.
    fn room(&self, holder: &Holder) -> u64 {
        let free = self.max.saturating_sub(self.used);
        let account = self.by_account.get(&holder.account).copied().unwrap_or(0);
        let own = self.by_holder.get(holder).copied().unwrap_or(0);
        free.saturating_sub(account).saturating_sub(HOLDER_WEIGHT * own)
    }

    fn add(&mut self, holder: &Holder, units: u64) {
        self.used += units;
        *self.by_account.entry(Arc::clone(&holder.account)).or_default() += units;
        *self.by_holder.entry(holder.clone()).or_default() += units;
    }

    fn subtract(&mut self, holder: &Holder, units: u64) {
        self.used -= units;
        take_away(&mut self.by_account, &holder.account, units);
        take_away(&mut self.by_holder, holder, units);
    }
}

/// A holder of nothing leaves no entry behind.
fn take_away<K: Hash + Eq>(held: &mut HashMap<K, u64>, key: &K, units: u64) {
    if let Some(own) = held.get_mut(key) {
        *own -= units;
        if *own == 0 {
            held.remove(key);
        }
    }
}

/// Held until it is dropped.
pub struct Reservation {
    budget: Arc<SharedBudget>,
    holder: Holder,
    units: u64,
}

impl Reservation {
    pub fn units(&self) -> u64 {
        self.units
    }

    /// Reserves so much more, if there is room for it now.
    pub fn try_grow(&mut self, units: u64) -> bool {
        let mut state = self.budget.state.lock();
        let grows = units == 0 || units <= state.room(&self.holder);
        if grows && units > 0 {
            state.add(&self.holder, units);
            self.units += units;
        }
        grows
    }

    /// How much more could be reserved now.
    pub fn room(&self) -> u64 {
        self.budget.state.lock().room(&self.holder)
    }

    /// Gives so much back.
    pub fn shrink(&mut self, units: u64) {
        let units = units.min(self.units);
        if units > 0 {
            self.units -= units;
            self.budget.state.lock().subtract(&self.holder, units);
            self.budget.returned.notify_waiters();
        }
    }

    /// Whether it may be held while it is not used: less than a half of all is reserved, and an eighth by its account.
    pub fn may_idle(&self) -> bool {
        let state = self.budget.state.lock();
        let account = state.by_account.get(&self.holder.account).copied().unwrap_or(0);
        state.used * 2 < state.max && account * 8 <= state.max
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(self.units);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greedy(budget: &Arc<SharedBudget>, account: &str, names: usize) -> Vec<Reservation> {
        let holders: Vec<Holder> = (0..names).map(|name| Holder::new(account, &name.to_string())).collect();
        let mut held = Vec::new();
        loop {
            let before = held.len();
            held.extend(holders.iter().filter_map(|holder| budget.try_take(holder, 1)));
            if held.len() == before {
                return held;
            }
        }
    }

    #[test]
    fn an_account_leaves_as_much_as_it_has() {
        let budget = SharedBudget::new(120);
        let first = greedy(&budget, "1", 200);
        assert_eq!(first.len(), 60);
        let second = greedy(&budget, "2", 200);
        assert_eq!(second.len(), 30);
        assert_eq!(greedy(&budget, "3", 200).len(), 15);
        assert_eq!(budget.used(), 90);
        drop(first);
        assert_eq!(greedy(&budget, "4", 200).len(), 45);
        drop(second);
        assert_eq!(budget.used(), 0);
        let state = budget.state.lock();
        assert!(state.by_holder.is_empty() && state.by_account.is_empty());
    }

    #[test]
    fn a_holder_leaves_room_for_others_of_its_account() {
        let budget = SharedBudget::new(240);
        let mut all = Vec::new();
        // Each has some, however many have come before.
        for (name, expected) in [("a", 40), ("b", 27), ("c", 18), ("d", 12)] {
            let before = all.len();
            let holder = Holder::new("1", name);
            all.extend(std::iter::from_fn(|| budget.try_take(&holder, 1)));
            assert_eq!(all.len() - before, expected, "{name}");
        }
        assert!(budget.used() < 120);
    }

    #[test]
    fn reservations_grow_and_shrink() {
        let budget = SharedBudget::new(100);
        let mut own = budget.nothing(&Holder::new("1", "a"));
        assert!(own.try_grow(0) && own.try_grow(100) && !own.try_grow(1));
        assert!(budget.try_take(&Holder::new("2", "a"), 1).is_none());
        own.shrink(90);
        assert_eq!((own.units(), budget.used()), (10, 10));
        assert_eq!(own.room(), 40);
        assert!(own.may_idle());
        let _other = budget.try_take(&Holder::new("2", "a"), 40).expect("room");
        assert!(!own.may_idle());
        own.shrink(1000);
        assert_eq!(own.units(), 0);
    }

    #[tokio::test]
    async fn what_comes_back_wakes_those_that_wait() {
        let budget = SharedBudget::new(2);
        let held = budget.take(&Holder::new("1", "a"), 5).await;
        assert_eq!(held.units(), 2);
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.take(&Holder::new("1", "b"), 1).await.units() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        assert_eq!(waiting.await.expect("taken"), 1);
    }
}
