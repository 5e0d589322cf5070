//! Why a request is allowed or denied, statement by statement. The evaluation itself records it, so that it cannot
//! differ from the decision.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::condition::Condition;
use super::filtered::Filtered;
use super::statement::{Effect, Statement};
use super::work::WorkBudget;
use super::{Context as _, Decision, PolicyType, Question, Values, decision};

/// What a statement consists of, besides its conditions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Element {
    Action,
    Principal,
    Resource,
}

/// What a report takes beside its texts, and a text beside its bytes. Unit: bytes.
const REPORT_BYTES: usize = 256;
const STRING_BYTES: usize = 48;

/// The position of a statement: the index of its policy and its index in the policy, both from 0.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) from: PolicyType,
    pub(super) policy: usize,
    pub(super) statement: usize,
}

/// Receives the steps of an evaluation.
pub(super) trait Recorder {
    /// Whether every element of every statement is evaluated, even if the decision no longer depends on it.
    const THOROUGH: bool;

    fn statement(&mut self, statement: &Statement, place: Place, context: &Filtered<'_>);
    fn element(&mut self, element: Element, fits: bool);
    fn condition(&mut self, condition: &Condition, met: bool, context: &Filtered<'_>);
    fn applied(&mut self, applied: bool);
}

/// Records nothing.
pub(super) struct Silence;

impl Recorder for Silence {
    const THOROUGH: bool = false;

    fn statement(&mut self, _: &Statement, _: Place, _: &Filtered<'_>) {}
    fn element(&mut self, _: Element, _: bool) {}
    fn condition(&mut self, _: &Condition, _: bool, _: &Filtered<'_>) {}
    fn applied(&mut self, _: bool) {}
}

/// One statement's part in a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementReport {
    pub from: PolicyType,
    /// Which of the policies of this type, counted from 0.
    pub policy: usize,
    /// Which of the policy's statements, counted from 0.
    pub statement: usize,
    pub sid: Option<String>,
    pub effect: Effect,
    /// Whether all of it fits the request.
    pub applies: bool,
    /// Those that the statement has, and whether they fit.
    pub elements: Vec<(Element, bool)>,
    pub conditions: Vec<ConditionReport>,
    /// The variables in its resources and conditions, in lower case, with their values in this request.
    pub variables: BTreeMap<String, Option<String>>,
}

/// One condition's part in a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConditionReport {
    pub operator: String,
    pub key: String,
    pub wanted: Vec<String>,
    /// What the request has; `None` if it does not have the key.
    pub found: Option<Vec<String>>,
    pub met: bool,
}

/// The decision, and every statement that was asked.
pub fn explain(question: &Question<'_>) -> (Decision, Vec<StatementReport>) {
    explain_within(question, &WorkBudget::default())
}

/// As [`explain`], of one question of several; the reports are paid for too.
pub fn explain_within(question: &Question<'_>, work: &WorkBudget) -> (Decision, Vec<StatementReport>) {
    let mut reports = Reports { all: Vec::new(), work };
    let decision = decision::evaluate(question, work, &mut reports);
    (decision, reports.all)
}

fn single(values: Option<Values<'_>>) -> Option<String> {
    match values? {
        Values::One(value) => Some(value.into_owned()),
        Values::Many(_) => None,
    }
}

struct Reports<'a> {
    all: Vec<StatementReport>,
    work: &'a WorkBudget,
}

impl Recorder for Reports<'_> {
    const THOROUGH: bool = true;

    fn statement(&mut self, statement: &Statement, place: Place, context: &Filtered<'_>) {
        let Place { from, policy, statement: index } = place;
        self.work.spend_bytes(REPORT_BYTES + statement.sid.as_ref().map_or(0, String::len));
        let mut variables = BTreeMap::new();
        for key in statement.variables() {
            if !variables.contains_key(key) {
                let value = single(context.values(key, self.work));
                if !self.work.spend(key.len() + value.as_ref().map_or(0, String::len)) {
                    break;
                }
                variables.insert(key.to_owned(), value);
            }
        }
        self.all.push(StatementReport {
            from,
            policy,
            statement: index,
            sid: statement.sid.clone(),
            effect: statement.effect,
            applies: false,
            elements: Vec::new(),
            conditions: Vec::new(),
            variables,
        });
    }

    fn element(&mut self, element: Element, fits: bool) {
        if let Some(report) = self.all.last_mut() {
            report.elements.push((element, fits));
        }
    }

    fn condition(&mut self, condition: &Condition, met: bool, context: &Filtered<'_>) {
        let wanted_bytes: usize = condition.wanted.iter().map(|wanted| STRING_BYTES + wanted.len()).sum();
        if !self.work.spend_bytes(wanted_bytes) {
            return;
        }
        let found: Option<Vec<Cow<'_, str>>> = condition.found(context, self.work).map(|values| match values {
            Values::One(value) => vec![value],
            Values::Many(values) => values,
        });
        // Values can be long, and be named often: they are paid for before they are copied.
        if !self.work.spend_bytes(found.iter().flatten().map(|found| STRING_BYTES + found.len()).sum()) {
            return;
        }
        let found = found.map(|values| values.into_iter().map(Cow::into_owned).collect());
        if let Some(report) = self.all.last_mut() {
            report.conditions.push(ConditionReport {
                operator: condition.operator.clone(),
                key: condition.key.clone(),
                wanted: condition.wanted.clone(),
                found,
                met,
            });
        }
    }

    fn applied(&mut self, applied: bool) {
        if let Some(report) = self.all.last_mut() {
            report.applies = applied;
        }
    }
}
