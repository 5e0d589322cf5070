//! What a node counts of its connections and requests.

use std::sync::atomic::{AtomicU64, Ordering};

use api::Exception;

use crate::request::Method;

#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) requests: [AtomicU64; Method::ALL.len()],
    pub(crate) errors: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) connections: AtomicU64,
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

    pub(crate) fn failed(&self, exception: &Exception) {
        let is_fault = matches!(exception, Exception::InternalServerError(_) | Exception::ServiceUnavailable(_));
        if is_fault { &self.faults } else { &self.errors }.fetch_add(1, Ordering::Relaxed);
    }
}
