//! Why a request is allowed or denied, statement by statement. It is heard from the evaluation itself, so that it cannot
//! tell anything else than what is decided.

use std::collections::BTreeMap;

use super::condition::Condition;
use super::statement::{Effect, Statement};
use super::{Context, Decision, PolicyType, Question, Values, decision};

/// What a statement consists of, besides its conditions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Element {
    Action,
    Principal,
    Resource,
}

/// Where a statement stands: in which policy, and where in it, both counted from 0.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) from: PolicyType,
    pub(super) policy: usize,
    pub(super) statement: usize,
}

/// Hears how a decision is made.
pub(super) trait Recorder {
    /// Whether every statement is asked for every element, even if the decision no longer depends on it.
    const THOROUGH: bool;

    fn statement(&mut self, statement: &Statement, place: Place, context: &dyn Context);
    fn element(&mut self, element: Element, fits: bool);
    fn condition(&mut self, condition: &Condition, met: bool, context: &dyn Context);
    fn applied(&mut self, applied: bool);
}

/// Nobody listens.
pub(super) struct Silence;

impl Recorder for Silence {
    const THOROUGH: bool = false;

    fn statement(&mut self, _: &Statement, _: Place, _: &dyn Context) {}
    fn element(&mut self, _: Element, _: bool) {}
    fn condition(&mut self, _: &Condition, _: bool, _: &dyn Context) {}
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
    /// The variables in its resources and conditions, in lower case, and what they stand for now.
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
    let mut reports = Reports(Vec::new());
    let decision = decision::evaluate(question, &mut reports);
    (decision, reports.0)
}

fn single(values: Option<Values<'_>>) -> Option<String> {
    match values? {
        Values::One(value) => Some(value.into_owned()),
        Values::Many(_) => None,
    }
}

struct Reports(Vec<StatementReport>);

impl Recorder for Reports {
    const THOROUGH: bool = true;

    fn statement(&mut self, statement: &Statement, place: Place, context: &dyn Context) {
        let Place { from, policy, statement: index } = place;
        let variables = statement.variables().map(|key| (key.to_owned(), single(context.values(key)))).collect();
        self.0.push(StatementReport {
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
        if let Some(report) = self.0.last_mut() {
            report.elements.push((element, fits));
        }
    }

    fn condition(&mut self, condition: &Condition, met: bool, context: &dyn Context) {
        let found = condition.found(context).map(|values| match values {
            Values::One(value) => vec![value.into_owned()],
            Values::Many(values) => values.into_iter().map(std::borrow::Cow::into_owned).collect(),
        });
        if let Some(report) = self.0.last_mut() {
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
        if let Some(report) = self.0.last_mut() {
            report.applies = applied;
        }
    }
}
