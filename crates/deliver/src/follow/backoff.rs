//! Pauses after failures of a delivery.

use client::Backoff;

/// From 100 milliseconds to 10 seconds.
pub(crate) fn backoff() -> Backoff {
    Backoff::new(100, 10_000)
}
