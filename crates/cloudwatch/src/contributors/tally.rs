//! The minutes of rules of this process that are not stored yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};

use super::counted::Counted;
use super::keys::ContributorKey;
use super::rule::{RuleId, rule_id};
use super::summary::Summary;

/// Minutes of a rule that wait to be stored, while that fails: older ones are lost.
const WAITING_MAX: usize = 10;
/// The memory of all counters: without more, new keys take over the counters of light ones. Unit: bytes.
const BYTES_MAX: usize = 64 << 20;

/// What keys are counted in. It takes keys of any number of threads.
#[derive(Default)]
pub struct Tally {
    rules: RwLock<HashMap<RuleId, Arc<RuleMinutes>>>,
    /// Of the counters of all rules.
    bytes: AtomicUsize,
}

/// A rule to count keys in.
#[derive(Clone)]
pub struct RuleGauge(Arc<RuleMinutes>);

/// In the order of time, by minutes since 1970.
#[derive(Default)]
pub(crate) struct RuleMinutes(Mutex<Vec<(u64, Counted)>>);

/// A rule with minutes that were taken from it.
pub(crate) type TakenRule = (RuleId, Arc<RuleMinutes>, Vec<(u64, Counted)>);

impl Tally {
    pub fn rule(&self, account: &str, region: &str, name: &str) -> RuleGauge {
        let id = rule_id(account, region, name);
        if let Some(found) = self.rules.read().get(&id) {
            return RuleGauge(Arc::clone(found));
        }
        RuleGauge(Arc::clone(self.rules.write().entry(id).or_default()))
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
        let mut minutes = gauge.0.0.lock();
        if minutes.len() >= WAITING_MAX && minutes.last().is_some_and(|(last, _)| *last != minute) {
            let (_, lost) = minutes.remove(0);
            self.bytes.fetch_sub(lost.summary.bytes(), Ordering::Relaxed);
        }
        let counted = of(&mut minutes, minute);
        let before = counted.summary.bytes();
        change(counted, self.bytes.load(Ordering::Relaxed) < BYTES_MAX);
        let after = counted.summary.bytes();
        self.bytes.fetch_add(after, Ordering::Relaxed);
        self.bytes.fetch_sub(before, Ordering::Relaxed);
    }

    /// The minutes of a rule that are not stored yet.
    pub(crate) fn waiting(&self, id: &RuleId) -> Vec<(u64, Counted)> {
        let rule = self.rules.read().get(id).cloned();
        rule.map(|rule| rule.0.lock().clone()).unwrap_or_default()
    }

    /// Takes all minutes before this one. A rule in which nothing counts any more is forgotten.
    pub(crate) fn take_before(&self, minute: u64) -> Vec<TakenRule> {
        self.rules.write().retain(|_, rule| Arc::strong_count(rule) > 1 || !rule.0.lock().is_empty());
        let all: Vec<(RuleId, Arc<RuleMinutes>)> =
            self.rules.read().iter().map(|(id, rule)| (*id, Arc::clone(rule))).collect();
        let take = |(id, rule): (RuleId, Arc<RuleMinutes>)| {
            let mut minutes = rule.0.lock();
            let count = minutes.iter().take_while(|(own, _)| *own < minute).count();
            let taken: Vec<(u64, Counted)> = minutes.drain(..count).collect();
            drop(minutes);
            let bytes: usize = taken.iter().map(|(_, counted)| counted.summary.bytes()).sum();
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
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
        assert_eq!(totals(&tally.waiting(&id)), [(5, 4.0), (6, 2.0), (7, 2.0)]);
        let (_, rule, taken) = tally.take_before(7).pop().unwrap();
        assert_eq!(totals(&taken), [(5, 4.0), (6, 2.0)]);
        tally.put_back(&rule, taken);
        assert_eq!(totals(&tally.waiting(&id)), [(5, 4.0), (6, 2.0), (7, 2.0)]);
        let held: usize = tally.waiting(&id).iter().map(|(_, counted)| counted.summary.bytes()).sum();
        assert_eq!(tally.bytes(), held);
        drop((rule, gauge));
        drop(tally.take_before(u64::MAX));
        assert_eq!(tally.bytes(), 0);
        drop(tally.take_before(u64::MAX));
        assert!(tally.rules.read().is_empty(), "a rule without a gauge is forgotten");
    }

    #[test]
    fn the_oldest_of_too_many_waiting_minutes_is_lost() {
        let tally = Tally::default();
        let gauge = tally.rule("1", "r", "rule");
        let key: ContributorKey = ["a"].into_iter().collect();
        (0..20).for_each(|minute| tally.add(&gauge, minute, &key, 1.0));
        let waiting = tally.waiting(&rule_id("1", "r", "rule"));
        assert_eq!((waiting.len(), waiting[0].0), (WAITING_MAX, 10));
    }
}
