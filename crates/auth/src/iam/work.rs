//! What the evaluation of policies may cost: a count of steps, so that the bound is the same on every machine.
//!
//! Policies and requests are written by their users, and AWS publishes no bound on what their evaluation costs. Matching
//! is nearly linear in the length of a pattern and of the text; statements, patterns and values multiply. A request whose
//! policies need more steps than it has is refused, whatever they would have decided.
//!
//! Parsing is not among the steps. A request parses documents before it has a question: its caller's, if no cache has them, and at
//! most one trust policy. The quotas of IAM bound their bytes, as a step counts them, below an eighth of a request's steps, which a
//! test of `identity` computes; resource policies are parsed when they are put, or their table is loaded.

use std::sync::atomic::{AtomicU64, Ordering};

/// For all decisions of one request. The largest policies that fit into AWS's quotas need less for a batch of 100 parts.
/// Unit: steps.
pub const REQUEST_STEPS_MAX: u64 = 10_000_000;

/// For one of these decisions, which is made without a pause: other requests wait for no longer than this. The largest
/// policies that fit into AWS's quotas need a fraction of it. Unit: steps.
pub const QUESTION_STEPS_MAX: u64 = 300_000;

/// How much text is compared in one step. Unit: bytes.
pub const STEP_BYTES: usize = 16;

/// The steps that a request has left.
#[derive(Debug)]
pub struct WorkBudget {
    steps_max: u64,
    question_steps_max: u64,
    /// At how many steps the question ends that is being decided.
    limit: AtomicU64,
    spent: AtomicU64,
}

impl Default for WorkBudget {
    fn default() -> WorkBudget {
        WorkBudget { question_steps_max: QUESTION_STEPS_MAX, ..WorkBudget::new(REQUEST_STEPS_MAX) }
    }
}

impl WorkBudget {
    /// What a request is refused with that has no steps left.
    pub const REFUSAL: &str = "The policies that apply to this request take more work to evaluate than a request may \
                               cause. Use fewer or simpler policies, or fewer resources in one request.";

    /// One question may spend all of it: for work that runs apart from that of other requests.
    pub fn new(steps_max: u64) -> WorkBudget {
        let limit = AtomicU64::new(steps_max);
        WorkBudget { steps_max, question_steps_max: steps_max, limit, spent: AtomicU64::new(0) }
    }

    /// From here on, one more question is decided.
    pub(super) fn begin_question(&self) {
        // A budget that is exhausted stays so: its request is refused, whatever its next question would need.
        if !self.is_exhausted() {
            let limit = self.spent().saturating_add(self.question_steps_max).min(self.steps_max);
            self.limit.store(limit, Ordering::Relaxed);
        }
    }

    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Whether more was needed than there is: what was decided from then on means nothing.
    pub fn is_exhausted(&self) -> bool {
        self.spent() > self.limit.load(Ordering::Relaxed)
    }

    /// Pays for work, and returns whether there was enough left.
    pub fn spend(&self, steps: usize) -> bool {
        // One request is evaluated by one task at a time: no other write comes between.
        let spent = self.spent().saturating_add(steps as u64);
        self.spent.store(spent, Ordering::Relaxed);
        spent <= self.limit.load(Ordering::Relaxed)
    }

    /// As [`WorkBudget::spend`], for a comparison of text.
    pub(super) fn spend_bytes(&self, bytes: usize) -> bool {
        self.spend(1 + bytes / STEP_BYTES)
    }
}
