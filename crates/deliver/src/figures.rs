//! The figures of all followers that deliver here, for the operator's page: by where they deliver to, without any names.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use base::Clock;
use parking_lot::Mutex;

use crate::follow::{Counts, Totals};

/// What is known of the followers that deliver to one kind of system, since the start of this server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// `kinesis`, for example.
    pub to: &'static str,
    /// Those that there are now, on this server or waiting for their turn.
    pub followers: u64,
    /// Changes that were taken.
    pub deliveries: u64,
    /// Times that not all could be delivered.
    pub failures: u64,
    /// Changes that were trimmed before they could be delivered.
    pub losses: u64,
    /// The age of the oldest change that waits to be taken; 0 if none does.
    pub lag_ms: u64,
}

#[derive(Default)]
pub struct Figures {
    kinds: Mutex<BTreeMap<&'static str, Kind>>,
}

#[derive(Default)]
struct Kind {
    totals: Arc<Totals>,
    followers: Vec<Weak<Counts>>,
}

impl Figures {
    /// Counts for a follower that delivers to such a system.
    pub(crate) fn add(&self, to: &'static str) -> Arc<Counts> {
        let mut kinds = self.kinds.lock();
        let kind = kinds.entry(to).or_default();
        let counts = Arc::new(Counts::new(Arc::clone(&kind.totals)));
        kind.followers.retain(|follower| follower.strong_count() > 0);
        kind.followers.push(Arc::downgrade(&counts));
        counts
    }

    pub fn read(&self) -> Vec<Figure> {
        let now_ms = Clock::system().now_ms();
        let kinds = self.kinds.lock();
        let figure = |(to, kind): (&&'static str, &Kind)| {
            let followers: Vec<Arc<Counts>> = kind.followers.iter().filter_map(Weak::upgrade).collect();
            Figure {
                to,
                followers: followers.len() as u64,
                deliveries: kind.totals.deliveries(),
                failures: kind.totals.failures(),
                losses: kind.totals.losses(),
                lag_ms: followers.iter().map(|counts| counts.lag_ms(now_ms)).max().unwrap_or(0),
            }
        };
        kinds.iter().map(figure).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_outlives_its_follower() {
        let figures = Figures::default();
        let (one, other) = (figures.add("kinesis"), figures.add("kinesis"));
        one.delivered(3);
        other.delivered(4);
        other.failed();
        drop(other);
        let [figure] = figures.read().try_into().unwrap();
        assert_eq!((figure.to, figure.followers), ("kinesis", 1));
        assert_eq!((figure.deliveries, figure.failures, figure.losses, figure.lag_ms), (7, 1, 0, 0));
    }
}
