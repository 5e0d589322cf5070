//! What becomes of one request that a rule fires for.

use std::time::Duration;

use api::{CancellationReason, Exception, Operation, ThrottlingReason};

use super::rule::{Effect, FaultRule, InjectedError};
use crate::throttle::no_reason;

/// One part of a request, as rules see it: a table or an index that it names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) account: String,
    pub(crate) region: String,
    /// The table's.
    pub(crate) name: String,
    /// That the request names.
    pub(crate) index: Option<String>,
    /// The global indexes that a write may change.
    pub(crate) written_indexes: Vec<String>,
    pub(crate) writes: bool,
    /// Values of partition keys, as texts.
    pub(crate) keys: Vec<String>,
    /// How many items the part names.
    pub(crate) items: usize,
}

impl Target {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:dynamodb:{}:{}:table/{}", self.region, self.account, self.name)
    }
}

/// A fault of one request.
#[derive(Clone, Debug)]
pub(crate) struct Injection {
    pub(crate) rule_id: String,
    pub(crate) fault: &'static str,
    pub(crate) delay: Duration,
    pub(crate) effect: Option<Effect>,
}

impl Injection {
    pub(super) fn new(rule_id: &str, rule: &FaultRule, delay: Duration, place: Place<'_>) -> Injection {
        let effect = rule.effect.clone().map(|effect| match effect {
            Effect::Error(error, moment) => Effect::Error(place.filled(error, rule), moment),
            other => other,
        });
        Injection { rule_id: rule_id.to_owned(), fault: rule.fault(), delay, effect }
    }
}

/// Where a rule fires.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) operation: Operation,
    pub(super) targets: &'a [Target],
    /// The place of the target that the rule is about.
    pub(super) at: usize,
}

impl Place<'_> {
    /// The error with what its request has to do with it.
    fn filled(self, error: InjectedError, rule: &FaultRule) -> InjectedError {
        let exception = match error.exception {
            Exception::ProvisionedThroughputExceeded { .. } => Exception::ProvisionedThroughputExceeded {
                reasons: self.reasons(&error.reasons, "ProvisionedThroughputExceeded", rule),
            },
            Exception::Throttling { .. } => {
                Exception::Throttling { reasons: self.reasons(&error.reasons, "KeyRangeThroughputExceeded", rule) }
            }
            Exception::RequestLimitExceeded { .. } => {
                Exception::RequestLimitExceeded { reasons: self.reasons(&error.reasons, "AccountLimitExceeded", rule) }
            }
            Exception::TransactionCanceled { .. } => {
                Exception::TransactionCanceled { reasons: self.cancellations(&error.codes) }
            }
            other => other,
        };
        InjectedError { exception, ..error }
    }

    /// Control-plane operations are throttled without reasons, if the rule names none.
    fn reasons(self, given: &[String], usual: &str, rule: &FaultRule) -> Vec<ThrottlingReason> {
        let Some(target) = self.targets.get(self.at) else { return Vec::new() };
        let of_index = |index: &String| format!("{}/index/{index}", target.arn());
        let index = rule.index.as_ref().or(target.index.as_ref());
        let named = |reason: &str| {
            let resource = index.filter(|_| reason.starts_with("Index")).map_or_else(|| target.arn(), of_index);
            ThrottlingReason { reason: Some(reason.to_owned()), resource: Some(resource) }
        };
        if !given.is_empty() {
            return given.iter().map(|reason| named(reason)).collect();
        }
        if !is_of_data(self.operation) {
            return Vec::new();
        }
        let resource = if index.is_some() { "Index" } else { "Table" };
        let access = if target.writes { "Write" } else { "Read" };
        vec![named(&format!("{resource}{access}{usual}"))]
    }

    fn cancellations(self, codes: &[String]) -> Vec<CancellationReason> {
        let first = if codes.len() == 1 { self.at } else { 0 };
        let code = |action: usize| action.checked_sub(first).and_then(|at| codes.get(at));
        let reason_of = |action| code(action).map_or_else(no_reason, |code| cancellation(code));
        (0..self.targets.len().max(1)).map(reason_of).collect()
    }
}

/// A reason with the sentence that its code has.
fn cancellation(code: &str) -> CancellationReason {
    let reasons = Vec::new();
    let text = match code {
        "None" => return no_reason(),
        "ConditionalCheckFailed" => Exception::ConditionalCheckFailed { item: None }.to_string(),
        "DuplicateItem" => Exception::DuplicateItem.to_string(),
        "ItemCollectionSizeLimitExceeded" => Exception::ItemCollectionSizeLimitExceeded.to_string(),
        "ProvisionedThroughputExceeded" => Exception::ProvisionedThroughputExceeded { reasons }.to_string(),
        "ThrottlingError" => Exception::Throttling { reasons }.to_string(),
        "TransactionConflict" => Exception::TransactionConflict.to_string(),
        _ => "Injected by a fault rule".to_owned(),
    };
    CancellationReason { code: Some(code.to_owned()), message: Some(text), item: None }
}

/// Whether an operation consumes throughput.
fn is_of_data(operation: Operation) -> bool {
    use Operation::*;
    matches!(
        operation,
        BatchExecuteStatement
            | BatchGetItem
            | BatchWriteItem
            | DeleteItem
            | ExecuteStatement
            | ExecuteTransaction
            | GetItem
            | PutItem
            | Query
            | Scan
            | TransactGetItems
            | TransactWriteItems
            | UpdateItem
    )
}
