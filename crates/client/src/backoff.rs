//! Exponential backoff with jitter: pauses between attempts grow, and callers that failed together do not return together.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Backoff {
    first_ms: u64,
    longest_ms: u64,
    next_ms: u64,
}

impl Backoff {
    /// The longest first pause, and the longest of all. Unit: milliseconds.
    pub const fn new(first_ms: u64, longest_ms: u64) -> Backoff {
        Backoff { first_ms, longest_ms, next_ms: first_ms }
    }

    /// After a success the next failure counts as a first one.
    pub fn reset(&mut self) {
        self.next_ms = self.first_ms;
    }

    pub async fn pause(&mut self) {
        let length = self.length(base::random::u64());
        tokio::time::sleep(length).await;
    }

    /// From half of the current pause to all of it; the next one is twice as long.
    fn length(&mut self, random: u64) -> Duration {
        let half = self.next_ms / 2;
        self.next_ms = (self.next_ms * 2).min(self.longest_ms);
        Duration::from_millis(half + random % (half + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_longest_one_and_begin_anew() {
        let mut backoff = Backoff::new(100, 10_000);
        let lengths = |backoff: &mut Backoff, random: u64| [(); 9].map(|()| backoff.length(random).as_millis() as u64);
        assert_eq!(lengths(&mut backoff, 0), [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(backoff.length(5_000).as_millis(), 10_000);
        backoff.reset();
        for random in [0, 1, 50, 51, u64::MAX] {
            assert!((50..=100).contains(&Backoff::new(100, 10_000).length(random).as_millis()), "{random}");
        }
        assert_eq!(backoff.length(50).as_millis(), 100);
    }
}
