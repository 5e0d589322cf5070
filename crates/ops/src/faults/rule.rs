//! What a rule says: which requests it is about, and what it does to them.

use api::{Exception, Operation};

use super::decide::Target;
use super::latency::Latency;

/// The reasons of throttling, as errors name them. Source: API Reference, `ThrottlingReason`.
pub const THROTTLING_REASONS: [&str; 16] = [
    "TableReadProvisionedThroughputExceeded",
    "TableReadAccountLimitExceeded",
    "TableReadKeyRangeThroughputExceeded",
    "TableReadMaxOnDemandThroughputExceeded",
    "TableWriteProvisionedThroughputExceeded",
    "TableWriteAccountLimitExceeded",
    "TableWriteKeyRangeThroughputExceeded",
    "TableWriteMaxOnDemandThroughputExceeded",
    "IndexReadProvisionedThroughputExceeded",
    "IndexReadAccountLimitExceeded",
    "IndexReadKeyRangeThroughputExceeded",
    "IndexReadMaxOnDemandThroughputExceeded",
    "IndexWriteProvisionedThroughputExceeded",
    "IndexWriteAccountLimitExceeded",
    "IndexWriteKeyRangeThroughputExceeded",
    "IndexWriteMaxOnDemandThroughputExceeded",
];

/// One rule.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultRule {
    /// Absent: a name is made.
    pub id: Option<String>,
    /// A table's name or ARN; absent for any, and for requests that name none.
    pub table: Option<String>,
    /// An index's name. Of writes, those to its table.
    pub index: Option<String>,
    /// Empty for all.
    pub operations: Vec<Operation>,
    /// What the partition key's value begins with: a string's text, a number's digits, binary in base 64.
    pub key_prefix: Option<String>,
    /// Absent: the rule delays only.
    pub effect: Option<Effect>,
    pub latency: Option<Latency>,
    /// The share of matching requests.
    pub probability: f64,
    /// After so many faults the rule is idle.
    pub count: Option<u64>,
    /// Of the rule's draws.
    pub seed: u64,
}

impl Default for FaultRule {
    fn default() -> FaultRule {
        FaultRule {
            id: None,
            table: None,
            index: None,
            operations: Vec::new(),
            key_prefix: None,
            effect: None,
            latency: None,
            probability: 1.0,
            count: None,
            seed: 0,
        }
    }
}

/// What becomes of a request.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    Error(InjectedError, Moment),
    /// The connection is closed without an answer.
    DropConnection(Moment),
    /// The answer's checksum is wrong.
    WrongCrc32,
    /// This share of a batch's items is not processed, at least one of them, and never all.
    Unprocessed(f64),
}

/// Whether the operation is executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    Before,
    /// It takes effect, and its client is not answered so. If it is refused, its refusal is the answer.
    After,
}

/// An error of a rule. What depends on the request is added when it is injected.
#[derive(Clone, PartialEq, Debug)]
pub struct InjectedError {
    pub exception: Exception,
    /// Of a throttling error; empty for the one that its exception suggests.
    pub reasons: Vec<String>,
    /// Of a cancelled transaction, by action. A single one is of the action that the rule matches.
    pub codes: Vec<String>,
}

impl Effect {
    /// Its name in metrics and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Effect::Error(..) => "error",
            Effect::DropConnection(_) => "drop_connection",
            Effect::WrongCrc32 => "wrong_crc32",
            Effect::Unprocessed(_) => "unprocessed",
        }
    }

    /// Whether a request can have it.
    fn applies(&self, operation: Operation, targets: &[Target]) -> bool {
        match self {
            Effect::Error(InjectedError { exception: Exception::TransactionCanceled { .. }, .. }, _) => matches!(
                operation,
                Operation::TransactWriteItems | Operation::TransactGetItems | Operation::ExecuteTransaction
            ),
            Effect::Unprocessed(_) => {
                let is_batch = matches!(operation, Operation::BatchGetItem | Operation::BatchWriteItem);
                is_batch && targets.iter().map(|target| target.items).sum::<usize>() > 1
            }
            Effect::Error(..) | Effect::DropConnection(_) | Effect::WrongCrc32 => true,
        }
    }
}

impl FaultRule {
    /// The place of the first target that the rule is about; 0 for a request without any, if the rule is about all.
    pub(super) fn matches(&self, operation: Operation, targets: &[Target]) -> Option<usize> {
        let is_operation = self.operations.is_empty() || self.operations.contains(&operation);
        if !is_operation || self.effect.as_ref().is_some_and(|effect| !effect.applies(operation, targets)) {
            return None;
        }
        if self.table.is_none() && self.index.is_none() && self.key_prefix.is_none() {
            return Some(0);
        }
        targets.iter().position(|target| self.is_about(target))
    }

    fn is_about(&self, target: &Target) -> bool {
        let is_table = |table: &String| *table == target.name || *table == target.arn();
        let is_index = |index: &String| target.index.as_ref() == Some(index) || target.written_indexes.contains(index);
        let begins = |prefix: &String| target.keys.iter().any(|key| key.starts_with(prefix));
        self.table.as_ref().is_none_or(is_table)
            && self.index.as_ref().is_none_or(is_index)
            && self.key_prefix.as_ref().is_none_or(begins)
    }

    /// The name of what the rule does: its effect's, or that of its delay.
    pub fn fault(&self) -> &'static str {
        self.effect.as_ref().map_or("latency", Effect::name)
    }
}
