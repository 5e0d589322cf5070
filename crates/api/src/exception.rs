//! What DynamoDB refuses with. `Display` is the sentence that the client reads.
//!
//! Data that an exception carries is in its variant. Type names, statuses and JSON belong to the protocol, `wire`.
//! Operations build the ones of which the text depends on the case; the others have one sentence, which is here.

use std::fmt;

use model::Item;

use crate::{CancellationReason, Operation, ThrottlingReason};

#[derive(Clone, PartialEq, Debug)]
pub enum Exception {
    // Of the service model.
    BackupInUse(String),
    BackupNotFound(String),
    ConditionalCheckFailed {
        /// The item as it is, if the request asked for it.
        item: Option<Item>,
    },
    ContinuousBackupsUnavailable(String),
    DuplicateItem,
    ExpiredIterator(String),
    ExportConflict(String),
    ExportNotFound(String),
    GlobalTableAlreadyExists(String),
    GlobalTableNotFound(String),
    IdempotentParameterMismatch,
    ImportConflict(String),
    ImportNotFound(String),
    IndexNotFound(String),
    /// What happened, for the operator; the client reads one sentence whatever it was.
    InternalServerError(String),
    InvalidExportTime(String),
    InvalidRestoreTime(String),
    ItemCollectionSizeLimitExceeded,
    LimitExceeded(String),
    PointInTimeRecoveryUnavailable(String),
    PolicyNotFound(String),
    ProvisionedThroughputExceeded {
        reasons: Vec<ThrottlingReason>,
    },
    ReplicaAlreadyExists(String),
    ReplicaNotFound(String),
    ReplicatedWriteConflict(String),
    RequestLimitExceeded {
        reasons: Vec<ThrottlingReason>,
    },
    ResourceInUse(String),
    ResourceNotFound(String),
    TableAlreadyExists(String),
    TableInUse(String),
    TableNotFound(String),
    Throttling {
        reasons: Vec<ThrottlingReason>,
    },
    TransactionCanceled {
        /// One for each action of the transaction, in order.
        reasons: Vec<CancellationReason>,
    },
    TransactionConflict,
    TransactionInProgress,
    TrimmedDataAccess(String),
    // Of the front end that all AWS services share.
    AccessDenied(String),
    ExpiredToken(String),
    IncompleteSignature(String),
    InvalidSignature(String),
    MissingAuthenticationToken(String),
    Serialization(String),
    /// The service takes nothing of this kind for now; the client should try again. Nothing was done.
    ServiceUnavailable(String),
    UnknownOperation,
    UnrecognizedClient(String),
    Validation(String),
    /// An operation of the API that this version cannot do yet.
    NotBuilt(Operation),
}

impl Exception {
    pub fn validation(text: impl Into<String>) -> Exception {
        Exception::Validation(text.into())
    }

    /// A failure that is not the client's. The text is for the operator only.
    pub fn internal(detail: impl Into<String>) -> Exception {
        Exception::InternalServerError(detail.into())
    }

    /// What happened, for the operator's log.
    pub fn cause(&self) -> String {
        match self {
            Exception::InternalServerError(detail) => detail.clone(),
            other => other.to_string(),
        }
    }

    /// The service is too busy; the client should try again more slowly.
    pub fn throttled() -> Exception {
        Exception::Throttling { reasons: Vec::new() }
    }

    /// The limits of throughput that refused the request; none if it was refused for another cause.
    pub fn throttling_reasons(&self) -> &[ThrottlingReason] {
        match self {
            Exception::ProvisionedThroughputExceeded { reasons }
            | Exception::RequestLimitExceeded { reasons }
            | Exception::Throttling { reasons } => reasons,
            _ => &[],
        }
    }

    /// The table or the index that a request names does not exist.
    pub fn resource_not_found() -> Exception {
        Exception::ResourceNotFound("Requested resource not found".to_owned())
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Exception::*;
        f.write_str(match self {
            BackupInUse(text)
            | BackupNotFound(text)
            | ContinuousBackupsUnavailable(text)
            | ExpiredIterator(text)
            | ExportConflict(text)
            | ExportNotFound(text)
            | GlobalTableAlreadyExists(text)
            | GlobalTableNotFound(text)
            | ImportConflict(text)
            | ImportNotFound(text)
            | IndexNotFound(text)
            | InvalidExportTime(text)
            | InvalidRestoreTime(text)
            | LimitExceeded(text)
            | PointInTimeRecoveryUnavailable(text)
            | PolicyNotFound(text)
            | ReplicaAlreadyExists(text)
            | ReplicaNotFound(text)
            | ReplicatedWriteConflict(text)
            | ResourceInUse(text)
            | ResourceNotFound(text)
            | TableAlreadyExists(text)
            | TableInUse(text)
            | TableNotFound(text)
            | TrimmedDataAccess(text)
            | AccessDenied(text)
            | ExpiredToken(text)
            | IncompleteSignature(text)
            | InvalidSignature(text)
            | MissingAuthenticationToken(text)
            | Serialization(text)
            | ServiceUnavailable(text)
            | UnrecognizedClient(text)
            | Validation(text) => text,
            ConditionalCheckFailed { .. } => "The conditional request failed",
            DuplicateItem => "Duplicate primary key exists in table",
            IdempotentParameterMismatch => "Request parameters do not match with the request with same Client Token",
            InternalServerError(_) => "Internal server error",
            ItemCollectionSizeLimitExceeded => "Collection size exceeded.",
            ProvisionedThroughputExceeded { reasons } if begins(reasons, "Index") => {
                "The level of configured provisioned throughput for one or more global secondary indexes of the table was \
                 exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes \
                 with the UpdateTable API."
            }
            ProvisionedThroughputExceeded { .. } => {
                "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
                 provisioning level with the UpdateTable API."
            }
            RequestLimitExceeded { .. } => {
                "Throughput exceeds the current throughput limit for your account. Please contact AWS Support at \
                 https://aws.amazon.com/support request a limit increase"
            }
            Throttling { reasons } => throttling_text(reasons),
            TransactionConflict => "Transaction is ongoing for the item",
            TransactionInProgress => "The transaction with the given request token is already in progress.",
            UnknownOperation => "",
            TransactionCanceled { reasons } => return write_cancellation(f, reasons),
            NotBuilt(operation) => {
                return write!(f, "The operation {operation} is not built yet in this version of Stator.");
            }
        })
    }
}

impl std::error::Error for Exception {}

/// Whether all reasons, of which there are some, are of this kind of resource.
fn begins(reasons: &[ThrottlingReason], resource: &str) -> bool {
    let of_resource = |one: &ThrottlingReason| one.reason.as_ref().is_some_and(|reason| reason.starts_with(resource));
    !reasons.is_empty() && reasons.iter().all(of_resource)
}

fn is_maximum(one: &ThrottlingReason) -> bool {
    one.reason.as_ref().is_some_and(|reason| reason.ends_with("MaxOnDemandThroughputExceeded"))
}

fn throttling_text(reasons: &[ThrottlingReason]) -> &'static str {
    if reasons.iter().any(is_maximum) {
        "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
    } else if !reasons.iter().any(is_key_range) {
        "Rate of requests exceeds the allowed throughput."
    } else if begins(reasons, "Index") {
        "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically scaling \
         your index so please try again shortly."
    } else {
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index \
         so please try again shortly. If exceptions persist, check if you have a hot key: \
         https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
    }
}

/// On-demand growth, or a hot key.
fn is_key_range(one: &ThrottlingReason) -> bool {
    one.reason.as_ref().is_some_and(|reason| reason.ends_with("KeyRangeThroughputExceeded"))
}

fn write_cancellation(f: &mut fmt::Formatter<'_>, reasons: &[CancellationReason]) -> fmt::Result {
    f.write_str("Transaction cancelled, please refer cancellation reasons for specific reasons [")?;
    for (at, reason) in reasons.iter().enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        f.write_str(reason.code.as_deref().unwrap_or("None"))?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canceled_transaction_names_every_code() {
        let reason = |code: &str| CancellationReason { code: Some(code.to_owned()), ..Default::default() };
        let check = |codes: &[&str], expected: &str| {
            let exception = Exception::TransactionCanceled { reasons: codes.iter().map(|code| reason(code)).collect() };
            let prefix = "Transaction cancelled, please refer cancellation reasons for specific reasons ";
            assert_eq!(exception.to_string(), format!("{prefix}{expected}"));
        };
        check(&["None"], "[None]");
        check(&["ConditionalCheckFailed", "None"], "[ConditionalCheckFailed, None]");
    }
}
