//! Which marks this node has made, and which of them a replica must show.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

/// The greatest number at which a database begins to count.
pub(super) const FIRST_MAX: i64 = (1 << 61) - 1;
/// How far a database ever gets from there.
const COUNTED_MAX: i64 = 1 << 40;

pub(super) struct Marks {
    lag: Duration,
    /// The numbers, and when each was begun; both grow.
    made: VecDeque<(i64, Instant)>,
}

impl Marks {
    pub(super) fn new(lag: Duration) -> Marks {
        Marks { lag, made: VecDeque::new() }
    }

    pub(super) fn made(&mut self, number: i64, begun: Instant) {
        // The database lost commits, as after a failover: earlier marks prove nothing.
        if self.made.back().is_some_and(|(last, _)| *last >= number) {
            self.made.clear();
        }
        self.forget(begun);
        self.made.push_back((number, begun));
    }

    /// The numbers that prove a replica to be near enough. None if there are none: the primary has not answered for so
    /// long.
    pub(super) fn wanted(&mut self, now: Instant) -> Option<Range<i64>> {
        self.forget(now);
        self.made.front().map(|(number, _)| *number..number.saturating_add(COUNTED_MAX))
    }

    fn forget(&mut self, now: Instant) {
        while self.made.front().is_some_and(|(_, begun)| *begun + self.lag < now) {
            self.made.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_mark_that_is_young_enough_is_wanted() {
        let (lag, start) = (Duration::from_secs(4), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut marks = Marks::new(lag);
        let wanted = |marks: &mut Marks, now| marks.wanted(now).map(|numbers| numbers.start);
        assert_eq!(wanted(&mut marks, at(0)), None);
        for second in 1..=5 {
            // Other nodes count, too.
            marks.made(10 * second as i64, at(second));
        }
        assert_eq!(wanted(&mut marks, at(5)), Some(10));
        assert_eq!(wanted(&mut marks, at(6)), Some(20));
        assert_eq!(wanted(&mut marks, at(9)), Some(50));
        assert_eq!(wanted(&mut marks, at(10)), None, "the primary is silent");
        marks.made(60, at(11));
        marks.made(61, at(12));
        marks.made(61, at(13));
        assert_eq!(wanted(&mut marks, at(13)), Some(61));
        assert_eq!(wanted(&mut marks, at(16)), Some(61), "only the last one counts");
    }
}
