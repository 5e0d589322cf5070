//! What the evaluation of policies may cost: a count of steps, so that the bound is the same on every machine.
//!
//! Policies and requests are written by their users, and AWS publishes no bound on what their evaluation costs. Matching
//! is nearly linear in the length of a pattern and of the text; statements, patterns and values multiply. A request whose
//! policies need more steps than it has is refused, whatever they would have decided.

use std::sync::atomic::{AtomicU64, Ordering};

/// For all decisions of one request. The largest policies that fit into AWS's quotas need less for a batch of 100 parts.
/// Unit: steps.
pub const REQUEST_STEPS_MAX: u64 = 10_000_000;

/// How much text is compared in one step. Unit: bytes.
pub const STEP_BYTES: usize = 16;

/// The steps that a request has left.
#[derive(Debug)]
pub struct WorkBudget {
    steps_max: u64,
    spent: AtomicU64,
}

impl Default for WorkBudget {
    fn default() -> WorkBudget {
        WorkBudget::new(REQUEST_STEPS_MAX)
    }
}

impl WorkBudget {
    /// What a request is refused with that has no steps left.
    pub const REFUSAL: &str = "The policies that apply to this request take more work to evaluate than a request may \
                               cause. Use fewer or simpler policies, or fewer resources in one request.";

    pub fn new(steps_max: u64) -> WorkBudget {
        WorkBudget { steps_max, spent: AtomicU64::new(0) }
    }

    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Whether more was needed than there is: what was decided from then on means nothing.
    pub fn is_exhausted(&self) -> bool {
        self.spent() > self.steps_max
    }

    /// Pays for work, and tells whether there was enough left.
    pub fn spend(&self, steps: usize) -> bool {
        // One request is evaluated by one task at a time: no other write comes between.
        let spent = self.spent().saturating_add(steps as u64);
        self.spent.store(spent, Ordering::Relaxed);
        spent <= self.steps_max
    }

    /// As [`WorkBudget::spend`], for a comparison of text.
    pub(super) fn spend_bytes(&self, bytes: usize) -> bool {
        self.spend(1 + bytes / STEP_BYTES)
    }
}
