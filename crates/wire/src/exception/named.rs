//! Exceptions by their names on the wire: what rules of faults name.

use std::fmt;

use api::Exception;

use super::ExceptionName;

/// Why a name and a sentence make no exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NameError {
    Unknown,
    /// The exception has one sentence, whatever its cause.
    FixedMessage,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameError::Unknown => {
                "no error of DynamoDB's has this name, such as ProvisionedThroughputExceededException"
            }
            NameError::FixedMessage => "this error always has the same message; leave it out",
        })
    }
}

/// The exception of this name, with or without its `Exception` at the end. Where its sentence is not fixed, it is `message`.
///
/// # Errors
/// [`NameError`], if there is no such exception or it has a sentence of its own.
pub fn named(name: &str, message: Option<&str>) -> Result<Exception, NameError> {
    let is_it = |own: &&ExceptionName| {
        let own = own.as_str();
        own == name || own.strip_suffix("Exception") == Some(name)
    };
    let found = ExceptionName::ALL.iter().find(is_it).ok_or(NameError::Unknown)?;
    let text = message.unwrap_or("Injected by a fault rule").to_owned();
    let exception = of(*found, text).ok_or(NameError::Unknown)?;
    // The sentence of a failure inside is the operator's: its client always reads the same.
    let is_fixed = message.is_some_and(|message| exception.to_string() != message);
    if is_fixed { Err(NameError::FixedMessage) } else { Ok(exception) }
}

/// `None` for what no rule can be about.
fn of(name: ExceptionName, text: String) -> Option<Exception> {
    use ExceptionName as Name;
    let reasons = Vec::new();
    Some(match name {
        Name::BackupInUse => Exception::BackupInUse(text),
        Name::BackupNotFound => Exception::BackupNotFound(text),
        Name::ConditionalCheckFailed => Exception::ConditionalCheckFailed { item: None },
        Name::ContinuousBackupsUnavailable => Exception::ContinuousBackupsUnavailable(text),
        Name::DuplicateItem => Exception::DuplicateItem,
        Name::ExpiredIterator => Exception::ExpiredIterator(text),
        Name::ExportConflict => Exception::ExportConflict(text),
        Name::ExportNotFound => Exception::ExportNotFound(text),
        Name::GlobalTableAlreadyExists => Exception::GlobalTableAlreadyExists(text),
        Name::GlobalTableNotFound => Exception::GlobalTableNotFound(text),
        Name::IdempotentParameterMismatch => Exception::IdempotentParameterMismatch,
        Name::ImportConflict => Exception::ImportConflict(text),
        Name::ImportNotFound => Exception::ImportNotFound(text),
        Name::IndexNotFound => Exception::IndexNotFound(text),
        Name::InternalServerError => Exception::internal("injected by a fault rule"),
        Name::InvalidExportTime => Exception::InvalidExportTime(text),
        Name::InvalidRestoreTime => Exception::InvalidRestoreTime(text),
        Name::ItemCollectionSizeLimitExceeded => Exception::ItemCollectionSizeLimitExceeded,
        Name::LimitExceeded => Exception::LimitExceeded(text),
        Name::PointInTimeRecoveryUnavailable => Exception::PointInTimeRecoveryUnavailable(text),
        Name::PolicyNotFound => Exception::PolicyNotFound(text),
        Name::ProvisionedThroughputExceeded => Exception::ProvisionedThroughputExceeded { reasons },
        Name::ReplicaAlreadyExists => Exception::ReplicaAlreadyExists(text),
        Name::ReplicaNotFound => Exception::ReplicaNotFound(text),
        Name::ReplicatedWriteConflict => Exception::ReplicatedWriteConflict(text),
        Name::RequestLimitExceeded => Exception::RequestLimitExceeded { reasons },
        Name::ResourceInUse => Exception::ResourceInUse(text),
        Name::ResourceNotFound => Exception::ResourceNotFound(text),
        Name::TableAlreadyExists => Exception::TableAlreadyExists(text),
        Name::TableInUse => Exception::TableInUse(text),
        Name::TableNotFound => Exception::TableNotFound(text),
        Name::Throttling => Exception::Throttling { reasons },
        Name::TransactionCanceled => Exception::TransactionCanceled { reasons: Vec::new() },
        Name::TransactionConflict => Exception::TransactionConflict,
        Name::TransactionInProgress => Exception::TransactionInProgress,
        Name::TrimmedDataAccess => Exception::TrimmedDataAccess(text),
        Name::AccessDenied => Exception::AccessDenied(text),
        Name::ExpiredToken => Exception::ExpiredToken(text),
        Name::IncompleteSignature => Exception::IncompleteSignature(text),
        Name::InvalidSignature => Exception::InvalidSignature(text),
        Name::MissingAuthenticationToken => Exception::MissingAuthenticationToken(text),
        Name::Serialization => Exception::Serialization(text),
        Name::ServiceUnavailable => Exception::ServiceUnavailable(text),
        // What is refused so is not known, and no rule is asked about it.
        Name::UnknownOperation => return None,
        Name::UnrecognizedClient => Exception::UnrecognizedClient(text),
        Name::Validation => Exception::Validation(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_have_names() {
        for name in ExceptionName::ALL.iter().filter(|name| **name != ExceptionName::UnknownOperation) {
            let exception = named(name.as_str(), None).expect("an exception");
            assert_eq!(ExceptionName::of(&exception), *name);
        }
        assert_eq!(named("UnknownOperationException", None), Err(NameError::Unknown));
        assert_eq!(named("Nope", None), Err(NameError::Unknown));
    }

    #[test]
    fn a_sentence_is_the_rules_own_where_it_is_not_fixed() {
        let written = Exception::LimitExceeded("Too many".to_owned());
        assert_eq!(named("LimitExceeded", Some("Too many")), Ok(written));
        for fixed in ["ThrottlingException", "InternalServerError", "TransactionConflictException"] {
            assert_eq!(named(fixed, Some("mine")), Err(NameError::FixedMessage), "{fixed}");
        }
    }
}
