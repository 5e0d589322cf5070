//! Why a request is allowed or denied, statement by statement. It is heard from the evaluation itself, so that it cannot
//! tell anything else than what is decided.

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

/// Hears how a decision is made.
pub(super) trait Recorder {
    /// Whether every statement is asked for every element, even if the decision no longer depends on it.
    const THOROUGH: bool;

    fn statement(&mut self, from: PolicyType, policy: usize, index: usize, statement: &Statement);
    fn element(&mut self, element: Element, fits: bool);
    fn condition(&mut self, condition: &Condition, met: bool, context: &dyn Context);
    fn applied(&mut self, applied: bool);
}

/// Nobody listens.
pub(super) struct Silence;

impl Recorder for Silence {
    const THOROUGH: bool = false;

    fn statement(&mut self, _: PolicyType, _: usize, _: usize, _: &Statement) {}
    fn element(&mut self, _: Element, _: bool) {}
    fn condition(&mut self, _: &Condition, _: bool, _: &dyn Context) {}
    fn applied(&mut self, _: bool) {}
}

/// One statement's part in a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
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
    pub conditions: Vec<Circumstance>,
}

/// One condition's part in a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Circumstance {
    pub operator: String,
    pub key: String,
    pub wanted: Vec<String>,
    /// What the request has; `None` if it does not have the key.
    pub found: Option<Vec<String>>,
    pub met: bool,
}

/// The decision, and every statement that was asked.
pub fn explain(question: &Question<'_>) -> (Decision, Vec<Account>) {
    let mut accounts = Accounts(Vec::new());
    let decision = decision::evaluate(question, &mut accounts);
    (decision, accounts.0)
}

struct Accounts(Vec<Account>);

impl Recorder for Accounts {
    const THOROUGH: bool = true;

    fn statement(&mut self, from: PolicyType, policy: usize, index: usize, statement: &Statement) {
        self.0.push(Account {
            from,
            policy,
            statement: index,
            sid: statement.sid.clone(),
            effect: statement.effect,
            applies: false,
            elements: Vec::new(),
            conditions: Vec::new(),
        });
    }

    fn element(&mut self, element: Element, fits: bool) {
        if let Some(account) = self.0.last_mut() {
            account.elements.push((element, fits));
        }
    }

    fn condition(&mut self, condition: &Condition, met: bool, context: &dyn Context) {
        let found = condition.found(context).map(|values| match values {
            Values::One(value) => vec![value.into_owned()],
            Values::Many(values) => values.into_iter().map(std::borrow::Cow::into_owned).collect(),
        });
        if let Some(account) = self.0.last_mut() {
            account.conditions.push(Circumstance {
                operator: condition.operator.clone(),
                key: condition.key.clone(),
                wanted: condition.wanted.clone(),
                found,
                met,
            });
        }
    }

    fn applied(&mut self, applied: bool) {
        if let Some(account) = self.0.last_mut() {
            account.applies = applied;
        }
    }
}
