//! A decision as a simulation reports it: the statements that applied, and the keys of conditions that the request does
//! not have. No value is copied.

use std::collections::BTreeSet;

use super::condition::Condition;
use super::explain::{Element, Place, Recorder};
use super::filtered::Filtered;
use super::statement::{Effect, Statement};
use super::work::WorkBudget;
use super::{Decision, PolicyType, Question, decision};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppliedStatement {
    pub from: PolicyType,
    /// Which of the policies of this type, counted from 0.
    pub policy: usize,
    pub effect: Effect,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Of all policies, in their order, those that fit the request.
    pub applied: Vec<AppliedStatement>,
    /// As conditions write them. A key that the action does not have is not missing: its value decides nothing.
    pub missing_keys: BTreeSet<String>,
}

/// The decision, and a summary of every statement that was evaluated.
pub fn summarize_within(question: &Question<'_>, work: &WorkBudget) -> (Decision, Summary) {
    let mut recorder = SummaryRecorder { summary: Summary::default(), current: None, work };
    let decision = decision::evaluate(question, work, &mut recorder);
    (decision, recorder.summary)
}

struct SummaryRecorder<'a> {
    summary: Summary,
    current: Option<AppliedStatement>,
    work: &'a WorkBudget,
}

impl Recorder for SummaryRecorder<'_> {
    const THOROUGH: bool = true;

    fn statement(&mut self, statement: &Statement, place: Place, _: &Filtered<'_>) {
        let Place { from, policy, .. } = place;
        self.current = Some(AppliedStatement { from, policy, effect: statement.effect });
    }

    fn element(&mut self, _: Element, _: bool) {}

    fn condition(&mut self, condition: &Condition, _: bool, context: &Filtered<'_>) {
        let (key, work) = (&condition.key, self.work);
        let is_missing = || condition.found(context, work).is_none() && context.can_have(&condition.key_lower, work);
        if work.spend_bytes(key.len()) && !self.summary.missing_keys.contains(key) && is_missing() {
            self.summary.missing_keys.insert(key.clone());
        }
    }

    fn applied(&mut self, applied: bool) {
        self.summary.applied.extend(self.current.take().filter(|_| applied));
    }
}
