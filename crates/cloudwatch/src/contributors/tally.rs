//! The minutes of rules of this process that are not stored yet.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};

use super::counted::Counted;
use super::keys::ContributorKey;
use super::rule::{RuleId, rule_id};
use super::summary::Summary;
use crate::shares::has_room;

/// Minutes of a rule that wait to be stored, while that fails: older ones are lost.
const WAITING_MAX: usize = 10;
/// The memory of all counters, of which an account has at most as much as remains for others ([`has_room`]): without more, new keys take
/// over the counters of light ones. Unit: bytes.
const BYTES_MAX: usize = 64 << 20;
/// A minute of a rule has counters of so many bytes whatever others have: its report has its heaviest keys. Unit: bytes.
const MINUTE_BYTES_MIN: usize = 4 << 10;

/// What keys are counted in. It takes keys of any number of threads.
#[derive(Default)]
pub struct Tally {
    rules: RwLock<HashMap<RuleId, Arc<RuleMinutes>>>,
    /// Of the counters of all rules.
    bytes: AtomicUsize,
    /// Of those of each account with rules.
    account_bytes: Mutex<HashMap<String, Arc<AtomicUsize>>>,
}

/// A rule to count keys in.
#[derive(Clone)]
pub struct RuleGauge(Arc<RuleMinutes>);

pub(crate) struct RuleMinutes {
    /// In the order of time, by minutes since 1970.
    minutes: Mutex<Vec<(u64, Counted)>>,
    account_bytes: Arc<AtomicUsize>,
}

/// A rule with minutes that were taken from it.
pub(crate) type TakenRule = (RuleId, Arc<RuleMinutes>, Vec<(u64, Counted)>);

impl Tally {
    pub fn rule(&self, account: &str, region: &str, name: &str) -> RuleGauge {
        let id = rule_id(account, region, name);
        if let Some(found) = self.rules.read().get(&id) {
            return RuleGauge(Arc::clone(found));
        }
        let account_bytes = Arc::clone(self.account_bytes.lock().entry(account.to_owned()).or_default());
        let new = || Arc::new(RuleMinutes { minutes: Mutex::default(), account_bytes });
        RuleGauge(Arc::clone(self.rules.write().entry(id).or_insert_with(new)))
    }

    /// Adds the weight of one key.
    pub fn add(&self, gauge: &RuleGauge, minute: u64, key: &ContributorKey, weight: f64) {
        self.change(gauge, minute, |counted, has_room| counted.add(key.as_bytes(), weight, has_room));
    }

    /// Adds the weights of many keys, each times `scale`.
    pub fn add_all(&self, gauge: &RuleGauge, minute: u64, keys: &Summary, scale: f64) {
        self.change(gauge, minute, |counted, has_room| counted.absorb(keys, scale, has_room));
    }

    fn change(&self, gauge: &RuleGauge, minute: u64, change: impl FnOnce(&mut Counted, bool)) {
        let rule = &*gauge.0;
        let mut minutes = rule.minutes.lock();
        if minutes.len() >= WAITING_MAX && minutes.last().is_some_and(|(last, _)| *last != minute) {
            let (_, lost) = minutes.remove(0);
            self.settle(rule, lost.summary.bytes(), 0);
        }
        let counted = of(&mut minutes, minute);
        let before = counted.summary.bytes();
        let own = rule.account_bytes.load(Ordering::Relaxed);
        let has_room = before < MINUTE_BYTES_MIN || has_room(own, self.bytes.load(Ordering::Relaxed), BYTES_MAX, 1);
        change(counted, has_room);
        self.settle(rule, before, counted.summary.bytes());
    }

    /// Counts the bytes of a minute's counters, before and after a change.
    fn settle(&self, rule: &RuleMinutes, before: usize, after: usize) {
        for bytes in [&self.bytes, &*rule.account_bytes] {
            // The new ones first: the sum is never below what there is.
            bytes.fetch_add(after, Ordering::Relaxed);
            bytes.fetch_sub(before, Ordering::Relaxed);
        }
    }

    /// Those of some minutes of a rule that are not stored yet.
    pub(crate) fn waiting(&self, id: &RuleId, range: Range<u64>) -> Vec<(u64, Counted)> {
        let Some(rule) = self.rules.read().get(id).cloned() else { return Vec::new() };
        let minutes = rule.minutes.lock();
        minutes.iter().filter(|(minute, _)| range.contains(minute)).cloned().collect()
    }

    /// Takes all minutes before this one. A rule in which nothing counts any more is forgotten.
    pub(crate) fn take_before(&self, minute: u64) -> Vec<TakenRule> {
        self.rules.write().retain(|_, rule| Arc::strong_count(rule) > 1 || !rule.minutes.lock().is_empty());
        self.account_bytes.lock().retain(|_, bytes| Arc::strong_count(bytes) > 1);
        let all: Vec<(RuleId, Arc<RuleMinutes>)> =
            self.rules.read().iter().map(|(id, rule)| (*id, Arc::clone(rule))).collect();
        let take = |(id, rule): (RuleId, Arc<RuleMinutes>)| {
            let mut minutes = rule.minutes.lock();
            let count = minutes.iter().take_while(|(own, _)| *own < minute).count();
            let taken: Vec<(u64, Counted)> = minutes.drain(..count).collect();
            drop(minutes);
            self.settle(&rule, taken.iter().map(|(_, counted)| counted.summary.bytes()).sum(), 0);
            (id, rule, taken)
        };
        all.into_iter().map(take).filter(|(_, _, taken)| !taken.is_empty()).collect()
    }

    /// Puts back what could not be stored.
    pub(crate) fn put_back(&self, rule: &Arc<RuleMinutes>, taken: Vec<(u64, Counted)>) {
        for (minute, counted) in taken {
            self.change(&RuleGauge(Arc::clone(rule)), minute, |own, _| own.merge(&counted));
        }
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// The minute's counters. Clocks are set back, too.
fn of(minutes: &mut Vec<(u64, Counted)>, minute: u64) -> &mut Counted {
    let at = match minutes.iter().rposition(|(own, _)| *own <= minute) {
        Some(at) if minutes[at].0 == minute => at,
        before => {
            let at = before.map_or(0, |before| before + 1);
            minutes.insert(at, (minute, Counted::default()));
            at
        }
    };
    &mut minutes[at].1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(minutes: &[(u64, Counted)]) -> Vec<(u64, f64)> {
        minutes.iter().map(|(minute, counted)| (*minute, counted.summary.total())).collect()
    }

    #[test]
    fn keys_are_counted_in_their_minutes() {
        let tally = Tally::default();
        let gauge = tally.rule("1", "r", "rule");
        let key: ContributorKey = ["a"].into_iter().collect();
        for minute in [5, 5, 7, 6] {
            tally.add(&gauge, minute, &key, 2.0);
        }
        let id = rule_id("1", "r", "rule");
        assert_eq!(totals(&tally.waiting(&id, 0..99)), [(5, 4.0), (6, 2.0), (7, 2.0)]);
        let (_, rule, taken) = tally.take_before(7).pop().unwrap();
        assert_eq!(totals(&taken), [(5, 4.0), (6, 2.0)]);
        tally.put_back(&rule, taken);
        assert_eq!(totals(&tally.waiting(&id, 0..99)), [(5, 4.0), (6, 2.0), (7, 2.0)]);
        let held: usize = tally.waiting(&id, 0..99).iter().map(|(_, counted)| counted.summary.bytes()).sum();
        assert_eq!(tally.bytes(), held);
        drop((rule, gauge));
        drop(tally.take_before(u64::MAX));
        assert_eq!(tally.bytes(), 0);
        drop(tally.take_before(u64::MAX));
        assert!(tally.rules.read().is_empty(), "a rule without a gauge is forgotten");
        drop(tally.take_before(u64::MAX));
        assert!(tally.account_bytes.lock().is_empty(), "with its account");
    }

    /// One account counts keys of 3 KB until it has no room; then another one counts some keys, and one that has nothing a rule more.
    #[test]
    fn an_account_leaves_room_for_others_and_each_rule_has_its_heaviest_keys() {
        let tally = Tally::default();
        let key = |number: u32| ContributorKey::from_iter([format!("{number:03000}").as_str()]);
        let counters = |name: &str, account: &str| {
            let waiting = tally.waiting(&rule_id(account, "r", name), 0..99);
            waiting.iter().map(|(_, counted)| counted.summary.len()).sum::<usize>()
        };
        for rule in 0..30 {
            let gauge = tally.rule("large", "r", &format!("rule{rule}"));
            (0..1_000).for_each(|number| tally.add(&gauge, 5, &key(number), 1.0));
        }
        assert!(tally.bytes() <= BYTES_MAX * 6 / 10, "{}", tally.bytes());
        assert!((1..10).contains(&counters("rule29", "large")), "{}", counters("rule29", "large"));
        let other = tally.rule("other", "r", "rule");
        (0..900).for_each(|number| tally.add(&other, 5, &key(number), 1.0));
        assert_eq!(counters("rule", "other"), 900);
        // Light keys are taken over by long ones within the same memory.
        let small = tally.rule("large", "r", "small");
        let before = tally.bytes();
        (0..500)
            .for_each(|number| tally.add(&small, 5, &ContributorKey::from_iter([number.to_string().as_str()]), 1.0));
        (0..500).for_each(|number| tally.add(&small, 5, &key(number), 2.0));
        assert!(tally.bytes() - before <= 2 * MINUTE_BYTES_MIN, "{}", tally.bytes() - before);
    }

    #[test]
    fn the_oldest_of_too_many_waiting_minutes_is_lost() {
        let tally = Tally::default();
        let gauge = tally.rule("1", "r", "rule");
        let key: ContributorKey = ["a"].into_iter().collect();
        (0..20).for_each(|minute| tally.add(&gauge, minute, &key, 1.0));
        let waiting = tally.waiting(&rule_id("1", "r", "rule"), 0..99);
        assert_eq!((waiting.len(), waiting[0].0), (WAITING_MAX, 10));
    }
}
