//! What the policy of another account's stream has answered for one mapping, shared by its shards and calls.
//!
//! The policy is its owner's, and may be expensive. Within [`ANSWER_MS`] nothing is looked at, however many shards and calls ask; after
//! that the policy's revision is, and the policy is evaluated again if that is another one, or if the answer is older than
//! [`EVALUATED_MS`], since a policy may depend on the time. A mapping that loses the right to read stops within a second.
//! Invariant: one evaluation at a time for a mapping; others wait for its answer. It waits for its turn, as other heavy work does.

use ::api::Exception;
use ops::allowance;
use tokio::sync::Mutex;

use super::Triggers;
use super::mapping::Mapping;

/// How long an answer is good for whatever happens. Unit: milliseconds.
pub(super) const ANSWER_MS: u64 = 1_000;
/// How long it is good for while the policy is the same. Unit: milliseconds.
const EVALUATED_MS: u64 = 60_000;
/// What an evaluation counts as: a policy may take as much work as a large request.
const EVALUATION_BYTES: usize = 2 * allowance::SMALL_BYTES;

#[derive(Default)]
pub(super) struct ReadPermission {
    last: Mutex<Option<Answer>>,
}

struct Answer {
    /// When the policy was looked at.
    looked_ms: u64,
    evaluated_ms: u64,
    revision: Option<String>,
    permitted: Result<(), Exception>,
}

impl Answer {
    /// Whether another look at the policy would say the same. What is no decision, as a failure of the storage, is asked again.
    fn holds(&self, steady_ms: u64, revision: Option<&String>) -> bool {
        let is_decision = matches!(self.permitted, Ok(()) | Err(Exception::AccessDenied(_)));
        is_decision && self.revision.as_ref() == revision && steady_ms.saturating_sub(self.evaluated_ms) < EVALUATED_MS
    }
}

impl ReadPermission {
    /// # Errors
    /// The refusal, now or a moment ago.
    pub(super) async fn check(&self, triggers: &Triggers, mapping: &Mapping) -> Result<(), Exception> {
        if mapping.foreign_owner().is_none() {
            return Ok(());
        }
        // Held while the policy is evaluated, so that all that ask meanwhile share the answer.
        let mut last = self.last.lock().await;
        // Read behind the lock: the time before it may have been long.
        let steady_ms = triggers.clock.steady_ms();
        if let Some(answer) = last.as_ref().filter(|answer| steady_ms.saturating_sub(answer.looked_ms) < ANSWER_MS) {
            return answer.permitted.clone();
        }
        let revision = triggers.service.stream_policy_revision(mapping.table_id, &mapping.label);
        if let Some(answer) = last.as_mut().filter(|answer| answer.holds(steady_ms, revision.as_ref())) {
            answer.looked_ms = steady_ms;
            return answer.permitted.clone();
        }
        let permitted = allowance::heavy(EVALUATION_BYTES, triggers.may_read(mapping)).await;
        let (looked_ms, evaluated_ms) = (steady_ms, steady_ms);
        *last = Some(Answer { looked_ms, evaluated_ms, revision, permitted: permitted.clone() });
        permitted
    }
}
