//! An amount that accounts share: calls under way, bytes in memory. No account can take all of it in parts that are small beside it.
//!
//! **Fairness.** An account takes more only while as much is free as it has, so that one account has up to a half, two up to a third each,
//! and another one always finds room. Within an account the same holds of its holders (an event source mapping, a shard), more
//! strictly: a holder that has something takes more only while four times that is free beside what its account has. So a receiver
//! that never answers stops neither other accounts nor, while it is one of a few, the other receivers of its own account.
//!
//! Nothing is taken back: what is reserved is held until its reservation is dropped or becomes smaller.
//!
//! **Order.** Released units are granted to the waiting account that has least, and of those with as much to the one
//! that was not served for longest, so that hundreds of waiters of one account do not delay a single one of another. A
//! holder's own waiters are served in the order of their arrival, and so are the holders of an account; but a holder
//! that has no room delays no other.
//!
//! **Cost.** The next waiter is found by ordered sets, without a look at all of them: a client can make many holders wait.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// How many times what a holder has must be free for it to take more.
const HOLDER_WEIGHT: u64 = 4;

pub struct SharedBudget {
    state: Mutex<State>,
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
    /// By account. A waiter that fits is served at once: none of them fits now.
    waiting: HashMap<Arc<str>, Waiting>,
    /// The accounts that wait: what each has, and since when it waits. Agrees with the maps, but for a holder between `unlist` and `list`.
    order: BTreeSet<(u64, u64, Arc<str>)>,
    /// Arrivals and grants, counted.
    ticks: u64,
}

/// Those of one account that wait.
struct Waiting {
    /// The tick when it was last served, or began to wait.
    since: u64,
    /// The line of each holder: in none of them is nothing.
    lines: HashMap<Holder, VecDeque<Waiter>>,
    /// The first of each line, by how much must be free beside what the account has for it to fit, and by its tick.
    heads: BTreeMap<u64, BTreeMap<u64, Holder>>,
}

struct Waiter {
    /// When it came.
    tick: u64,
    units: u64,
    granted: oneshot::Sender<Reservation>,
}

/// A place in a line, left when it is dropped.
struct Place<'a> {
    budget: &'a Arc<SharedBudget>,
    holder: &'a Holder,
    tick: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.budget.change(|state| state.leave(self.holder, self.tick));
    }
}

impl SharedBudget {
    pub fn new(max: u64) -> Arc<SharedBudget> {
        Arc::new(SharedBudget { state: Mutex::new(State { max, ..State::default() }) })
    }

    pub fn set_max(self: &Arc<SharedBudget>, max: u64) {
        self.change(|state| state.set_max(max));
    }

    pub fn used(&self) -> u64 {
        self.state.lock().used
    }

    /// Reserves nothing yet.
    pub fn nothing(self: &Arc<SharedBudget>, holder: &Holder) -> Reservation {
        Reservation { budget: Arc::clone(self), holder: holder.clone(), units: 0 }
    }

    /// Reserves so much, if there is room for it now.
    #[cfg(test)]
    fn try_take(self: &Arc<SharedBudget>, holder: &Holder, units: u64) -> Option<Reservation> {
        let mut reservation = self.nothing(holder);
        reservation.try_grow(units).then_some(reservation)
    }

    /// Waits until there is room for so much, and its turn. More than there is in all counts as all.
    pub async fn take(self: &Arc<SharedBudget>, holder: &Holder, units: u64) -> Reservation {
        if units == 0 {
            return self.nothing(holder);
        }
        let (granted, reservation) = oneshot::channel();
        let mut tick = 0;
        self.change(|state| tick = state.arrive(holder, units, granted));
        // Dropped before the receiver, so that a cancelled waiter is granted nothing.
        let _place = Place { budget: self, holder, tick };
        // Never an error: a place in a line is given up for a reservation only.
        reservation.await.unwrap_or_else(|_| self.nothing(holder))
    }

    /// Changes the state, and serves those that fit then.
    fn change(self: &Arc<SharedBudget>, change: impl FnOnce(&mut State)) {
        let mut served = Vec::new();
        {
            let mut state = self.state.lock();
            change(&mut state);
            while let Some((holder, waiter)) = state.next() {
                let units = waiter.units.min(state.max);
                state.add(&holder, units);
                served.push((waiter.granted, Reservation { budget: Arc::clone(self), holder, units }));
            }
        }
        // Without the lock: the reservation of a waiter that was dropped by now is released at once.
        for (granted, reservation) in served {
            let _ = granted.send(reservation);
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

    fn fits(&self, holder: &Holder, units: u64) -> bool {
        units == 0 || units <= self.room(holder)
    }

    /// How much must be free beside what its account has for a waiter to fit.
    fn need(&self, holder: &Holder, units: u64) -> u64 {
        match units.min(self.max) {
            0 => 0,
            units => units.saturating_add(HOLDER_WEIGHT * self.by_holder.get(holder).copied().unwrap_or(0)),
        }
    }

    /// Takes a holder's account and the head of its line out of the order, before what they follow from changes.
    fn unlist(&mut self, holder: &Holder) {
        let Some(waiting) = self.waiting.get(&holder.account) else { return };
        let used = self.by_account.get(&holder.account).copied().unwrap_or(0);
        self.order.remove(&(used, waiting.since, Arc::clone(&holder.account)));
        let head = waiting.lines.get(holder).and_then(VecDeque::front);
        let Some((need, tick)) = head.map(|head| (self.need(holder, head.units), head.tick)) else { return };
        let Some(heads) = self.waiting.get_mut(&holder.account).map(|waiting| &mut waiting.heads) else { return };
        if let Some(by_tick) = heads.get_mut(&need) {
            by_tick.remove(&tick);
            if by_tick.is_empty() {
                heads.remove(&need);
            }
        }
    }

    /// Puts them where they belong now. An empty line leaves nothing behind, nor does an account without lines.
    fn list(&mut self, holder: &Holder) {
        let Some(waiting) = self.waiting.get(&holder.account) else { return };
        let head = waiting.lines.get(holder).and_then(VecDeque::front);
        let head = head.map(|head| (self.need(holder, head.units), head.tick));
        let used = self.by_account.get(&holder.account).copied().unwrap_or(0);
        let Some(waiting) = self.waiting.get_mut(&holder.account) else { return };
        match head {
            Some((need, tick)) => _ = waiting.heads.entry(need).or_default().insert(tick, holder.clone()),
            None => _ = waiting.lines.remove(holder),
        }
        match waiting.lines.is_empty() {
            true => _ = self.waiting.remove(&holder.account),
            false => _ = self.order.insert((used, waiting.since, Arc::clone(&holder.account))),
        }
    }

    fn set_max(&mut self, max: u64) {
        let waiting: Vec<Holder> = self.waiting.values().flat_map(|waiting| waiting.lines.keys().cloned()).collect();
        waiting.iter().for_each(|holder| self.unlist(holder));
        self.max = max;
        waiting.iter().for_each(|holder| self.list(holder));
    }

    /// At the end of its holder's line. Returns the tick.
    fn arrive(&mut self, holder: &Holder, units: u64, granted: oneshot::Sender<Reservation>) -> u64 {
        self.ticks += 1;
        let tick = self.ticks;
        self.unlist(holder);
        let waiting = self.waiting.entry(Arc::clone(&holder.account));
        let waiting = waiting.or_insert_with(|| Waiting { since: tick, lines: HashMap::new(), heads: BTreeMap::new() });
        waiting.lines.entry(holder.clone()).or_default().push_back(Waiter { tick, units, granted });
        self.list(holder);
        tick
    }

    /// Takes away the one that came at this tick, if it still waits.
    fn leave(&mut self, holder: &Holder, tick: u64) {
        self.unlist(holder);
        let waiting = self.waiting.get_mut(&holder.account);
        if let Some(line) = waiting.and_then(|waiting| waiting.lines.get_mut(holder))
            && let Ok(place) = line.binary_search_by_key(&tick, |waiter| waiter.tick)
        {
            line.remove(place);
        }
        self.list(holder);
    }

    /// Takes away the one that comes next, if one fits.
    fn next(&mut self) -> Option<(Holder, Waiter)> {
        let holder = self.first_fitting()?;
        self.ticks += 1;
        self.unlist(&holder);
        let waiting = self.waiting.get_mut(&holder.account)?;
        waiting.since = self.ticks;
        let waiter = waiting.lines.get_mut(&holder)?.pop_front();
        self.list(&holder);
        Some((holder, waiter?))
    }

    /// The holder whose first waiter comes next. It looks at the accounts that have least until one has a waiter that fits, and at one head
    /// for each amount that is wanted in that account.
    fn first_fitting(&self) -> Option<Holder> {
        let free = self.max.saturating_sub(self.used);
        for (used, _, account) in &self.order {
            let room = free.saturating_sub(*used);
            let fitting = self.waiting.get(account)?.heads.range(..=room);
            let first = fitting.filter_map(|(_, by_tick)| by_tick.first_key_value()).min_by_key(|(tick, _)| **tick);
            if let Some((_, holder)) = first {
                return Some(holder.clone());
            }
            if room == 0 {
                // Those behind it have as much or more.
                return None;
            }
        }
        None
    }

    fn add(&mut self, holder: &Holder, units: u64) {
        if units == 0 {
            return;
        }
        self.unlist(holder);
        self.used += units;
        *self.by_account.entry(Arc::clone(&holder.account)).or_default() += units;
        *self.by_holder.entry(holder.clone()).or_default() += units;
        self.list(holder);
    }

    fn subtract(&mut self, holder: &Holder, units: u64) {
        self.unlist(holder);
        self.used -= units;
        take_away(&mut self.by_account, &holder.account, units);
        take_away(&mut self.by_holder, holder, units);
        self.list(holder);
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
        let grows = state.fits(&self.holder, units);
        if grows {
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
            self.budget.change(|state| state.subtract(&self.holder, units));
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

    /// The order in which the accounts of these are served; each gives back at once what it has. The first unit comes free when all wait.
    async fn served(waiting: impl Iterator<Item = Holder>) -> Vec<Arc<str>> {
        let budget = SharedBudget::new(8);
        let mut all = budget.take(&Holder::new("0", "a"), 8).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = waiting
            .map(|holder| {
                let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
                tokio::spawn(async move {
                    let _held = budget.take(&holder, 1).await;
                    order.lock().push(Arc::clone(&holder.account));
                    tokio::task::yield_now().await;
                })
            })
            .collect();
        for _ in 0..tasks.len() {
            tokio::task::yield_now().await;
        }
        assert!(order.lock().is_empty());
        all.shrink(1);
        for task in tasks {
            task.await.expect("served");
        }
        assert!(budget.state.lock().waiting.is_empty());
        order.lock().clone()
    }

    #[tokio::test]
    async fn hundreds_of_one_account_do_not_stand_before_one_of_another() {
        for names in [1, 7, 300] {
            let many = (0..300).map(|name| Holder::new("1", &(name % names).to_string()));
            let order = served(many.chain([Holder::new("2", "a"), Holder::new("3", "a"), Holder::new("2", "a")])).await;
            assert_eq!(order.len(), 303);
            let order: String = order.iter().take(7).map(|account| &**account).collect();
            assert_eq!(order, "1231211", "{names}");
        }
    }

    #[tokio::test]
    async fn released_units_are_granted_to_the_account_that_has_least() {
        let budget = SharedBudget::new(16);
        let mut all = budget.nothing(&Holder::new("0", "a"));
        let _has_two = budget.take(&Holder::new("1", "a"), 2).await;
        let _has_one = budget.take(&Holder::new("2", "a"), 1).await;
        assert!(all.try_grow(13));
        let (more, less) = (Holder::new("1", "b"), Holder::new("2", "b"));
        let (mut more, mut less) = (Box::pin(budget.take(&more, 1)), Box::pin(budget.take(&less, 1)));
        assert!(is_pending(more.as_mut()).await && is_pending(less.as_mut()).await);
        all.shrink(3);
        assert!(is_pending(more.as_mut()).await);
        assert_eq!(less.await.units(), 1);
    }

    /// The rule, by a look at all that wait.
    fn next_by_the_rule(state: &State) -> Option<(Holder, u64)> {
        let mut first: Option<((u64, u64), Holder, u64)> = None;
        for (account, waiting) in &state.waiting {
            let order = (state.by_account.get(account).copied().unwrap_or(0), waiting.since);
            let heads = waiting.lines.iter().filter_map(|(holder, line)| Some((holder, line.front()?)));
            let fitting = heads.filter(|(holder, head)| state.fits(holder, head.units.min(state.max)));
            if let Some((holder, head)) = fitting.min_by_key(|(_, head)| head.tick)
                && first.as_ref().is_none_or(|(before, ..)| order < *before)
            {
                first = Some((order, holder.clone(), head.tick));
            }
        }
        first.map(|(_, holder, tick)| (holder, tick))
    }

    #[test]
    fn the_order_is_that_of_the_rule() {
        for seed in 1..=200_u64 {
            let mut chance = seed;
            let mut below = |max: u64| {
                chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (chance >> 33) % max
            };
            let mut state = State { max: 40, ..State::default() };
            let (mut held, mut waiting) = (Vec::<(Holder, u64)>::new(), Vec::<(Holder, u64)>::new());
            for _ in 0..300 {
                let holder = Holder::new(&below(4).to_string(), &below(5).to_string());
                match below(10) {
                    0..=4 => {
                        let tick = state.arrive(&holder, 1 + below(12), oneshot::channel().0);
                        waiting.push((holder, tick));
                    }
                    5..=7 if !held.is_empty() => {
                        let (holder, units) = held.swap_remove(below(held.len() as u64) as usize);
                        state.subtract(&holder, units);
                    }
                    8 if !waiting.is_empty() => {
                        let (holder, tick) = waiting.swap_remove(below(waiting.len() as u64) as usize);
                        state.leave(&holder, tick);
                    }
                    9 => state.set_max(below(60)),
                    _ => {}
                }
                loop {
                    let expected = next_by_the_rule(&state);
                    let next = state.next();
                    assert_eq!(
                        next.as_ref().map(|(holder, waiter)| (holder.clone(), waiter.tick)),
                        expected,
                        "seed {seed}"
                    );
                    let Some((holder, waiter)) = next else { break };
                    let units = waiter.units.min(state.max);
                    state.add(&holder, units);
                    if units > 0 {
                        held.push((holder, units));
                    }
                }
            }
            waiting.iter().for_each(|(holder, tick)| state.leave(holder, *tick));
            assert!(state.waiting.is_empty() && state.order.is_empty(), "seed {seed}");
        }
    }

    /// Polls it once.
    async fn is_pending<F: Future + Unpin>(future: F) -> bool {
        tokio::select! {
            biased;
            _ = future => false,
            () = std::future::ready(()) => true,
        }
    }

    #[tokio::test]
    async fn a_dropped_waiter_delays_no_other() {
        let budget = SharedBudget::new(10);
        let _half = budget.take(&Holder::new("0", "a"), 5).await;
        let (one, other) = (Holder::new("1", "a"), Holder::new("1", "b"));
        let mut large = Box::pin(budget.take(&one, 9));
        assert!(is_pending(large.as_mut()).await);
        let mut behind = Box::pin(budget.take(&one, 1));
        assert!(is_pending(behind.as_mut()).await, "a holder's own come in their order");
        assert_eq!(budget.take(&other, 1).await.units(), 1);
        drop(large);
        assert_eq!(behind.await.units(), 1);
        let state = budget.state.lock();
        assert!(state.waiting.is_empty() && state.used == 5);
    }
}
