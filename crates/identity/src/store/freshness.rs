//! Whether this node's snapshot of the identities is current.
//!
//! A node among others reads every second whether there is something new. One that cannot, because its database is out of
//! its reach, may have keys and users that no longer exist: it issues no sessions, and changes nothing, until it has read again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Identities;
use crate::query::Refusal;

/// How long a refresh is valid: a change on another node is in effect here within this time. Unit: milliseconds.
const FRESH_MS: u64 = 2_000;
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Freshness {
    /// When the last refresh that succeeded began, by the steady clock.
    confirmed_ms: AtomicU64,
    /// Until when this node used identities that were older than they may be, by the clock of requests.
    stale_until_ms: AtomicU64,
}

impl Freshness {
    fn is_fresh(&self, steady_ms: u64) -> bool {
        steady_ms.saturating_sub(self.confirmed_ms.load(Ordering::SeqCst)) <= FRESH_MS
    }

    /// A refresh that began then has succeeded. `replaced_ms` is when others' changes were taken over, if there were any.
    pub(super) fn confirm(&self, begun_steady_ms: u64, replaced_ms: Option<u64>) {
        // The end of the stale time is stored before the refresh counts: a request that was authenticated in the stale time and
        // finds the identities fresh must find that end, too.
        // No request was authenticated before the first refresh.
        let is_first = self.confirmed_ms.load(Ordering::SeqCst) == 0;
        if let Some(replaced_ms) = replaced_ms.filter(|_| !is_first && !self.is_fresh(begun_steady_ms)) {
            self.stale_until_ms.fetch_max(replaced_ms, Ordering::SeqCst);
        }
        self.confirmed_ms.store(begun_steady_ms, Ordering::SeqCst);
    }
}

fn unavailable(why: impl std::fmt::Display) -> Refusal {
    Refusal::unavailable(format!("the identities may have changed on another server: {why}"))
}

impl Identities {
    /// Makes sure that sessions and changes follow from identities as they are now. `authenticated_ms` is when the caller was
    /// recognised.
    ///
    /// # Errors
    /// If this node cannot make sure, or was behind when it recognised the caller.
    pub(crate) async fn confirm(&self, authenticated_ms: Option<u64>) -> Result<(), Refusal> {
        if !self.service.is_shared() {
            return Ok(());
        }
        if let Some(why) = self.service.unready() {
            return Err(unavailable(why));
        }
        if !self.freshness.is_fresh(self.clock.steady_ms()) {
            let refreshed = tokio::time::timeout(CONFIRM_TIMEOUT, self.refresh()).await;
            refreshed.map_err(|_| unavailable("the database does not answer"))?.map_err(unavailable)?;
        }
        // Read after the freshness, in the reverse order of `Freshness::confirm`: a request that finds the identities fresh
        // finds the end of their stale time, too.
        let stale_until_ms = self.freshness.stale_until_ms.load(Ordering::SeqCst);
        match authenticated_ms.is_some_and(|at_ms| at_ms <= stale_until_ms) {
            true => Err(unavailable("the caller was recognised before this server had refreshed")),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_makes_what_was_recognised_in_it_stale() {
        let freshness = Freshness::default();
        freshness.confirm(10_000, Some(400));
        assert!(freshness.is_fresh(12_000) && !freshness.is_fresh(12_001));
        let stale_until = || freshness.stale_until_ms.load(Ordering::SeqCst);
        freshness.confirm(12_000, Some(500));
        assert_eq!(stale_until(), 0, "a change that was seen in time");
        freshness.confirm(20_000, None);
        assert_eq!(stale_until(), 0, "nothing had changed");
        freshness.confirm(30_000, Some(700));
        assert_eq!(stale_until(), 700);
    }
}
