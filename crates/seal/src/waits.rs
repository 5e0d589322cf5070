//! Requests that wait for the KMS: few of each account, so that a KMS that hangs for one account's keys does not take the
//! connections of all.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use parking_lot::Mutex;

/// How long any request waits. A KMS that works answers within it.
pub(crate) const QUICK: Duration = Duration::from_secs(1);
/// Requests of an account that wait longer than that, at once.
const WAITS_MAX: usize = 32;

pub(crate) struct Waits {
    quick: Duration,
    by_account: Mutex<HashMap<String, usize>>,
}

impl Default for Waits {
    fn default() -> Waits {
        Waits { quick: QUICK, by_account: Mutex::default() }
    }
}

/// One of an account's few, until it is dropped.
struct Wait<'a> {
    waits: &'a Waits,
    account: String,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut by_account = self.waits.by_account.lock();
        if let Some(own) = by_account.get_mut(&self.account) {
            *own -= 1;
            if *own == 0 {
                by_account.remove(&self.account);
            }
        }
    }
}

impl Waits {
    /// For tests: requests count as waiting from their beginning.
    #[cfg(test)]
    pub(crate) fn strict() -> Waits {
        Waits { quick: Duration::ZERO, ..Waits::default() }
    }

    /// Waits for a future that calls the KMS on behalf of an account; the account is empty if there is none. Returns nothing, and
    /// drops the future, if it takes longer and the account already has its maximum of such requests.
    pub(crate) async fn bounded<T>(
        &self,
        account: impl FnOnce() -> String,
        asking: impl Future<Output = T>,
    ) -> Option<T> {
        let mut asking = pin!(asking);
        if let Ok(done) = tokio::time::timeout(self.quick, asking.as_mut()).await {
            return Some(done);
        }
        let _wait = self.enter(account())?;
        Some(asking.await)
    }

    fn enter(&self, account: String) -> Option<Wait<'_>> {
        let mut by_account = self.by_account.lock();
        let own = by_account.entry(account.clone()).or_default();
        // An entry that is new has none, so that none is left behind by a refusal.
        if *own >= WAITS_MAX {
            return None;
        }
        *own += 1;
        Some(Wait { waits: self, account })
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn few_of_an_account_wait_and_leave_nothing() {
        let waits = Waits::strict();
        let mut held: Vec<_> =
            (0..WAITS_MAX).map(|_| Box::pin(waits.bounded(|| "1".to_owned(), std::future::pending::<u8>()))).collect();
        let mut context = Context::from_waker(Waker::noop());
        // The first poll may find the time not up yet.
        while waits.by_account.lock().get("1").copied().unwrap_or(0) < WAITS_MAX {
            held.iter_mut().for_each(|wait| assert!(wait.as_mut().poll(&mut context).is_pending()));
            tokio::task::yield_now().await;
        }
        assert_eq!(waits.bounded(|| "1".to_owned(), std::future::pending::<u8>()).await, None);
        assert_eq!(waits.bounded(|| "1".to_owned(), std::future::ready(7)).await, Some(7), "it does not wait");
        let mut other = Box::pin(waits.bounded(|| "2".to_owned(), std::future::pending::<u8>()));
        assert!(other.as_mut().poll(&mut context).is_pending());
        drop((held, other));
        assert!(waits.by_account.lock().is_empty());
    }
}
