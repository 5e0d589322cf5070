//! Pauses after failures: longer and longer, and never the same for two who failed together.

use std::time::Duration;

const FIRST_MS: u64 = 100;
const LONGEST_MS: u64 = 10_000;

#[derive(Clone, Debug)]
pub struct Pause {
    next_ms: u64,
}

impl Default for Pause {
    fn default() -> Pause {
        Pause::new()
    }
}

impl Pause {
    pub fn new() -> Pause {
        Pause { next_ms: FIRST_MS }
    }

    /// Something went well: the next failure is a first one.
    pub fn reset(&mut self) {
        *self = Pause::new();
    }

    pub async fn next(&mut self) {
        let length = self.length(base::random::u64());
        tokio::time::sleep(length).await;
    }

    /// From half of what it is now to all of it; the next one is twice as long.
    fn length(&mut self, chance: u64) -> Duration {
        let half = self.next_ms / 2;
        self.next_ms = (self.next_ms * 2).min(LONGEST_MS);
        Duration::from_millis(half + chance % (half + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_longest_one_and_begin_anew() {
        let mut pause = Pause::new();
        let lengths = |pause: &mut Pause, chance: u64| [(); 9].map(|()| pause.length(chance).as_millis() as u64);
        assert_eq!(lengths(&mut pause, 0), [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(pause.length(5_000).as_millis(), 10_000);
        pause.reset();
        for chance in [0, 1, 50, 51, u64::MAX] {
            assert!((50..=100).contains(&Pause::new().length(chance).as_millis()), "{chance}");
        }
        assert_eq!(pause.length(50).as_millis(), 100);
    }
}
