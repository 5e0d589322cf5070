//! Turns of work that takes long, fair between accounts: the steps of backups and restores, which write as fast as the engine
//! does, imports, and reads of all metrics and alarms of an account.
//!
//! The work of an account waits in a line of its own first. However much there is of it, that of another account waits for no more of
//! it than has a turn at once.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

#[derive(Debug)]
pub struct Turns {
    of_account: usize,
    of_all: Semaphore,
    /// Of the accounts with work that has or awaits a turn.
    lines: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Ends when it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    all: &'a Semaphore,
    of_all: Option<SemaphorePermit<'a>>,
    _in_line: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// As many at once, of one account and of all.
    pub fn new(of_account: usize, of_all: usize) -> Turns {
        Turns { of_account, of_all: Semaphore::new(of_all), lines: Mutex::default() }
    }

    pub async fn take(&self, account: &str) -> Turn<'_> {
        let line = {
            let mut lines = self.lines.lock();
            lines.retain(|_, line| Arc::strong_count(line) > 1);
            Arc::clone(lines.entry(account.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.of_account))))
        };
        // Neither is ever closed.
        let in_line = line.acquire_owned().await.ok();
        Turn { all: &self.of_all, of_all: self.of_all.acquire().await.ok(), _in_line: in_line }
    }
}

impl Turn<'_> {
    /// Lets the work of other accounts that waits go first.
    pub async fn pass(&mut self) {
        self.away(std::future::ready(())).await;
    }

    /// Gives the turn up during a pause. The place in the account's line is kept: as much of an account's work as has a turn at once
    /// is in memory, begun or paused.
    pub async fn away(&mut self, pause: impl Future<Output = ()>) {
        self.of_all = None;
        pause.await;
        // The semaphore is fair: what has waited longer goes first.
        self.of_all = self.all.acquire().await.ok();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn accounts_take_turns() {
        let turns = Arc::new(Turns::new(2, 2));
        let order = Arc::new(Mutex::new(Vec::new()));
        let first = (turns.take("a").await, turns.take("a").await);
        let mut steps = Vec::new();
        for account in ["a", "a", "a", "a", "a", "a", "b", "c"] {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            steps.push(tokio::spawn(async move {
                let _turn = turns.take(account).await;
                order.lock().push(account);
                tokio::task::yield_now().await;
            }));
            tokio::task::yield_now().await;
        }
        drop(first);
        for step in steps {
            step.await.unwrap();
        }
        let order = order.lock().clone();
        let place = |account| order.iter().position(|other| *other == account).unwrap();
        assert!(order.len() == 8 && place("b") <= 3 && place("c") <= 3, "{order:?}");
        drop(turns.take("d").await);
        assert_eq!(turns.lines.lock().len(), 1, "those without work are forgotten");
    }

    async fn waits(work: &mut (impl Future + Unpin)) -> bool {
        std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *work).poll(context).is_pending())).await
    }

    #[tokio::test]
    async fn a_turn_passes_between_accounts_and_not_within_one() {
        let turns = Turns::new(1, 1);
        let mut long = turns.take("a").await;
        long.pass().await;
        let (mut same, mut other) = (Box::pin(turns.take("a")), Box::pin(turns.take("b")));
        assert!(waits(&mut same).await && waits(&mut other).await);
        let mut passing = Box::pin(long.pass());
        assert!(waits(&mut passing).await, "another account has it");
        drop(other.await);
        passing.await;
        assert!(waits(&mut same).await, "its own account waits for its end");
    }
}
