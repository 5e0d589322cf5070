//! The rules in force, with what each has done.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use api::Operation;
use base::Gate;
use parking_lot::Mutex;

use super::decide::{Injection, Place, Target};
use super::draws::Draws;
use super::rule::FaultRule;

/// Rules at once.
pub const RULES_MAX: usize = 100;

/// Lines of the log in a second.
const LINES_MAX: u64 = 20;
const LINES_WINDOW: Duration = Duration::from_secs(1);

/// The rules, which tests add and delete while the server runs.
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
    lines: Gate,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    rules: Vec<Armed>,
    /// By operation and the kind of fault, since the start.
    injected: BTreeMap<(Operation, &'static str), u64>,
}

#[derive(Debug)]
struct Armed {
    id: String,
    rule: FaultRule,
    draws: Draws,
    injected: u64,
}

/// A rule in force.
#[derive(Clone, PartialEq, Debug)]
pub struct ArmedRule {
    pub id: String,
    pub rule: FaultRule,
    /// How often it has fired.
    pub injected: u64,
}

/// Faults since the start, by operation and kind.
pub type FaultStats = Vec<(Operation, &'static str, u64)>;

/// Why no rule was added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AddError {
    TooMany,
    /// The rule at this place has the id of another one.
    SameId(usize),
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddError::TooMany => write!(f, "there may be {RULES_MAX} rules at once"),
            AddError::SameId(_) => f.write_str("another rule has this id"),
        }
    }
}

impl Armed {
    fn is_idle(&self) -> bool {
        self.rule.count.is_some_and(|count| self.injected >= count)
    }

    fn shown(&self) -> ArmedRule {
        ArmedRule { id: self.id.clone(), rule: self.rule.clone(), injected: self.injected }
    }

    /// A request that the rule is about draws two numbers, whether it fires or not: its sequence depends on nothing else.
    fn fires(&mut self, place: Place<'_>) -> Option<Injection> {
        let (chance, delay) = (self.draws.next(), self.draws.next());
        if chance >= self.rule.probability {
            return None;
        }
        self.injected += 1;
        let delay = self.rule.latency.as_ref().map_or(0, |latency| latency.of(delay));
        Some(Injection::new(&self.id, &self.rule, Duration::from_millis(delay), place))
    }
}

impl Default for Faults {
    fn default() -> Faults {
        Faults { state: Mutex::default(), lines: Gate::new(LINES_MAX, LINES_WINDOW) }
    }
}

impl Faults {
    /// Adds rules behind those in force: all of them or none.
    ///
    /// # Errors
    /// [`AddError`], if there are too many or two have one id.
    pub fn add(&self, rules: Vec<FaultRule>) -> Result<Vec<ArmedRule>, AddError> {
        let mut state = self.state.lock();
        if state.rules.len() + rules.len() > RULES_MAX {
            return Err(AddError::TooMany);
        }
        let given = |at: usize| rules[at].id.as_ref();
        for (at, id) in rules.iter().enumerate().filter_map(|(at, rule)| Some((at, rule.id.as_ref()?))) {
            if state.rules.iter().any(|armed| armed.id == *id) || (0..at).any(|earlier| given(earlier) == Some(id)) {
                return Err(AddError::SameId(at));
            }
        }
        let taken: Vec<String> = rules.iter().filter_map(|rule| rule.id.clone()).collect();
        let first = state.rules.len();
        for rule in rules {
            let id = rule.id.clone().unwrap_or_else(|| state.free_id(&taken));
            let rule = FaultRule { id: Some(id.clone()), ..rule };
            state.rules.push(Armed { id, draws: Draws::new(rule.seed), rule, injected: 0 });
        }
        Ok(state.rules[first..].iter().map(Armed::shown).collect())
    }

    /// The rules in their order.
    pub fn list(&self) -> Vec<ArmedRule> {
        self.state.lock().rules.iter().map(Armed::shown).collect()
    }

    /// Deletes a rule. Returns whether there was one of this id.
    pub fn delete(&self, id: &str) -> bool {
        let mut state = self.state.lock();
        let before = state.rules.len();
        state.rules.retain(|armed| armed.id != id);
        state.rules.len() < before
    }

    /// Deletes all rules. Returns how many there were.
    pub fn reset(&self) -> usize {
        std::mem::take(&mut self.state.lock().rules).len()
    }

    pub fn stats(&self) -> FaultStats {
        let state = self.state.lock();
        state.injected.iter().map(|((operation, fault), count)| (*operation, *fault, *count)).collect()
    }

    /// Whether any rule looks at keys, which are read only then. `None` if there are no rules at all.
    pub(crate) fn looks_at_keys(&self) -> Option<bool> {
        let state = self.state.lock();
        let any = |looks: fn(&Armed) -> bool| state.rules.iter().any(looks);
        any(|armed| !armed.is_idle()).then(|| any(|armed| armed.rule.key_prefix.is_some()))
    }

    /// The fault of a request: that of the first rule which fires.
    pub(crate) fn decide(&self, operation: Operation, targets: &[Target]) -> Option<Injection> {
        let mut state = self.state.lock();
        let mut armed = state.rules.iter_mut().filter(|armed| !armed.is_idle());
        armed.find_map(|armed| {
            let at = armed.rule.matches(operation, targets)?;
            armed.fires(Place { operation, targets, at })
        })
    }

    /// Takes a fault back, which its request has not had: the operation was refused by itself.
    pub(crate) fn take_back(&self, injection: &Injection) {
        let mut state = self.state.lock();
        if let Some(armed) = state.rules.iter_mut().find(|armed| armed.id == injection.rule_id) {
            armed.injected = armed.injected.saturating_sub(1);
        }
    }

    /// Counts and logs a fault that its request has had.
    pub(crate) fn note(&self, operation: Operation, injection: &Injection, table: &str) {
        *self.state.lock().injected.entry((operation, injection.fault)).or_default() += 1;
        let Some(held_back) = self.lines.pass() else { return };
        let (rule, fault, operation) = (injection.rule_id.as_str(), injection.fault, operation.name());
        let delay_ms = u64::try_from(injection.delay.as_millis()).unwrap_or(u64::MAX);
        log::info!(event = "fault_injected", rule, operation, table, fault, delay_ms, held_back;
            "the fault rule {rule} has injected a fault into {operation}: {fault}");
    }
}

impl State {
    /// A name that no rule has, and none of those that are being added.
    fn free_id(&mut self, taken: &[String]) -> String {
        loop {
            self.next_id += 1;
            let id = format!("rule-{}", self.next_id);
            if !taken.contains(&id) && self.rules.iter().all(|armed| armed.id != id) {
                return id;
            }
        }
    }
}
