//! Calls to other servers that are under way in this process: each takes a file handle, of which the process has so many.
//!
//! Whatever calls on behalf of an account, or because an account has asked for something, reserves a call before it looks up a
//! name, and holds it until its socket is closed. The program counts these calls with its other handles.

use std::sync::{Arc, LazyLock};

use crate::budget::{Holder, Reservation, SharedBudget};

/// Where a process has handles enough. Unit: calls.
pub const CALLS_MAX: u32 = 128;

static CALLS: LazyLock<Arc<SharedBudget>> = LazyLock::new(|| SharedBudget::new(CALLS_MAX.into()));

/// Bounds the calls of this process; at its start.
pub fn set_calls_max(calls: u32) {
    CALLS.set_max(calls.into());
}

/// Waits for the right to call a server.
pub async fn reserve_call(holder: &Holder) -> Reservation {
    CALLS.take(holder, 1).await
}
