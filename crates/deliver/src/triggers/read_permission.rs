//! What the policy of another account's stream has answered for one mapping, shared by its shards and calls.
//!
//! The policy is its owner's, and may be expensive: it is evaluated at most once in [`ANSWER_MS`], however many shards and calls
//! ask. A mapping that loses the right to read stops within that time. Invariant: one evaluation at a time; others wait for its answer.

use ::api::Exception;
use tokio::sync::Mutex;

use super::Triggers;
use super::mapping::Mapping;

/// How long an answer is good for. Unit: milliseconds.
pub(super) const ANSWER_MS: u64 = 1_000;

#[derive(Default)]
pub(super) struct ReadPermission {
    last: Mutex<Option<Answer>>,
}

struct Answer {
    steady_ms: u64,
    permitted: Result<(), Exception>,
}

impl ReadPermission {
    /// # Errors
    /// The refusal, now or within the last [`ANSWER_MS`].
    pub(super) async fn check(&self, triggers: &Triggers, mapping: &Mapping) -> Result<(), Exception> {
        if mapping.foreign_owner().is_none() {
            return Ok(());
        }
        // Held while the policy is evaluated, so that all that ask meanwhile share the answer.
        let mut last = self.last.lock().await;
        // Read behind the lock: the time before it may have been long.
        let steady_ms = triggers.clock.steady_ms();
        if let Some(answer) = last.as_ref().filter(|answer| steady_ms.saturating_sub(answer.steady_ms) < ANSWER_MS) {
            return answer.permitted.clone();
        }
        let permitted = triggers.may_read(mapping).await;
        *last = Some(Answer { steady_ms, permitted: permitted.clone() });
        permitted
    }
}
