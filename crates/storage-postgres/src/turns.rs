//! Singleflight: concurrent callers that need the same work share a round of it.
//!
//! A round serves the callers that arrived before it began; a caller that arrives during a round needs the next. So at
//! most one round is under way, and one more waits behind it, however many callers there are. All callers that a round
//! serves get its outcome, a failure as well. If the caller that runs a round is dropped, the next in line begins a new
//! one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

pub(crate) struct Turns<K, T> {
    lines: Mutex<HashMap<K, Arc<Line<T>>>>,
}

/// All callers for one key.
struct Line<T> {
    /// Rounds so far. Incremented by the holder of `ended`.
    begun: AtomicU64,
    /// The last round that came to an end, and what it came to. Held while one is under way.
    ended: tokio::sync::Mutex<Option<(u64, T)>>,
}

/// A caller's reference to a line; the last one removes the line when it is dropped.
struct Standing<'a, K: Eq + Hash, T> {
    turns: &'a Turns<K, T>,
    key: &'a K,
    line: Arc<Line<T>>,
}

impl<K, T> Default for Turns<K, T> {
    fn default() -> Turns<K, T> {
        Turns { lines: Mutex::default() }
    }
}

impl<K: Clone + Eq + Hash, T: Clone> Turns<K, T> {
    /// The outcome of a round that begins after this call did: another caller's, or `round`.
    pub(crate) async fn share(&self, key: &K, round: impl Future<Output = T>) -> T {
        let Standing { line, .. } = &self.stand(key);
        // Read before the wait: a round with this number or a greater one begins after the call did, and serves it.
        let needed = line.begun.load(Ordering::SeqCst) + 1;
        let mut ended = line.ended.lock().await;
        if let Some((_, outcome)) = ended.as_ref().filter(|(last, _)| *last >= needed) {
            return outcome.clone();
        }
        // Counted before the round begins: callers that arrive from here on need the next one.
        let this = line.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let outcome = round.await;
        *ended = Some((this, outcome.clone()));
        outcome
    }

    fn stand<'a>(&'a self, key: &'a K) -> Standing<'a, K, T> {
        let new = || Arc::new(Line { begun: AtomicU64::new(0), ended: tokio::sync::Mutex::new(None) });
        let line = Arc::clone(self.lines.lock().entry(key.clone()).or_insert_with(new));
        Standing { turns: self, key, line }
    }
}

impl<K: Eq + Hash, T> Drop for Standing<'_, K, T> {
    fn drop(&mut self) {
        let mut lines = self.turns.lines.lock();
        // The list's own, and ours.
        if Arc::strong_count(&self.line) == 2 {
            lines.remove(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::{Context, Waker};

    use tokio::sync::oneshot;

    use super::*;

    /// Polls once, which puts a call in line.
    fn begin<F: Future>(future: &mut std::pin::Pin<Box<F>>) {
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }

    #[tokio::test]
    async fn a_round_serves_the_callers_that_arrived_before_it_began() {
        for outcome in [Ok(7), Err("it failed")] {
            let turns: Turns<u8, Result<u8, &str>> = Turns::default();
            let (gate, opened) = oneshot::channel::<()>();
            let mut first = Box::pin(turns.share(&1, async {
                let _ = opened.await;
                Ok(0)
            }));
            begin(&mut first);
            let rounds = AtomicU64::new(0);
            let round = || async {
                rounds.fetch_add(1, Ordering::SeqCst);
                outcome
            };
            let mut others: Vec<_> = (0..100).map(|_| Box::pin(turns.share(&1, round()))).collect();
            others.iter_mut().for_each(begin);
            assert_eq!(turns.share(&2, ready(Ok(9))).await, Ok(9), "another line");
            gate.send(()).unwrap();
            assert_eq!(first.await, Ok(0));
            for other in others {
                assert_eq!(other.await, outcome);
            }
            assert_eq!(rounds.load(Ordering::SeqCst), 1);
            assert_eq!(turns.share(&1, ready(Ok(5))).await, Ok(5), "a finished round serves no later call");
            assert!(turns.lines.lock().is_empty());
        }
    }

    #[tokio::test]
    async fn a_round_that_is_left_is_begun_anew() {
        let turns: Turns<u8, u8> = Turns::default();
        let mut left = Box::pin(turns.share(&1, pending()));
        begin(&mut left);
        let mut next = Box::pin(turns.share(&1, ready(2)));
        begin(&mut next);
        drop(left);
        assert_eq!(next.await, 2);
        assert!(turns.lines.lock().is_empty());
    }
}
