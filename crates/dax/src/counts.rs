//! What a node counts of its connections and requests.

use std::sync::atomic::{AtomicU64, Ordering};

use api::Exception;

use crate::request::Method;

/// Looks of one operation into the cache of results.
#[derive(Default)]
pub(crate) struct Looks {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
}

impl Looks {
    pub(crate) fn found(&self, is_hit: bool) {
        if is_hit { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) requests: [AtomicU64; Method::ALL.len()],
    pub(crate) errors: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) connections: AtomicU64,
    /// Connections that were not accepted.
    pub(crate) refused: AtomicU64,
    pub(crate) throttled: AtomicU64,
    pub(crate) queries: Looks,
    pub(crate) scans: Looks,
    /// Unit: bytes.
    pub(crate) received: AtomicU64,
    pub(crate) sent: AtomicU64,
}

/// A connection, counted until this is dropped.
pub(crate) struct Connected<'c>(&'c Counts);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counts {
    pub(crate) fn connected(&self) -> Connected<'_> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(self)
    }

    pub(crate) fn request(&self, method: Method) {
        if let Some(count) = self.requests.get(method as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, exception: &Exception) {
        if is_throttle(exception) {
            self.throttled.fetch_add(1, Ordering::Relaxed);
        }
        let is_fault = matches!(exception, Exception::InternalServerError(_) | Exception::ServiceUnavailable(_));
        if is_fault { &self.faults } else { &self.errors }.fetch_add(1, Ordering::Relaxed);
    }
}

fn is_throttle(exception: &Exception) -> bool {
    matches!(
        exception,
        Exception::ProvisionedThroughputExceeded { .. }
            | Exception::RequestLimitExceeded { .. }
            | Exception::Throttling { .. }
    )
}
