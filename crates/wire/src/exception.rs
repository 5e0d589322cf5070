//! Exceptions on the wire: the only place that knows type names and statuses.
//!
//! | member | content |
//! |---|---|
//! | `__type` | the exception's namespace and name |
//! | `message` | its sentence; `Message` where the model, or the front end that all AWS services share, has it so |
//! | others | the exception's data |

use std::fmt;

use api::{Exception, ThrottlingReason};

use aws::{Reply, ReplyError};

use crate::encode::{Encode, member};

/// Of what the service model defines.
const MODEL: &str = "com.amazonaws.dynamodb.v20120810#";
/// Of what the shared front end refuses.
const SERVICE: &str = "com.amazon.coral.service#";
const VALIDATE: &str = "com.amazon.coral.validate#";
const AVAILABILITY: &str = "com.amazon.coral.availability#";

const MESSAGE: &str = "message";
const CAPITAL_MESSAGE: &str = "Message";

const BAD_REQUEST: u16 = 400;
const INTERNAL: u16 = 500;
const UNAVAILABLE: u16 = 503;

/// The reply that the client gets.
pub fn exception(exception: &Exception) -> Reply {
    let name = ExceptionName::of(exception);
    let mut body = Vec::with_capacity(256);
    let mut first = true;
    body.push(b'{');
    let mut put = |name: &str, value: &dyn Fn(&mut Vec<u8>)| {
        member(&mut body, &mut first, &format!("\"{name}\":"), &Written(value));
    };
    put("__type", &|out| format!("{}{name}", name.namespace()).encode(out));
    match exception {
        Exception::ConditionalCheckFailed { item: Some(item) } => put("Item", &|out| item.encode(out)),
        Exception::TransactionCanceled { reasons } => put("CancellationReasons", &|out| reasons.encode(out)),
        Exception::Throttling { reasons } => put_reasons(&mut put, "throttlingReasons", reasons),
        Exception::ProvisionedThroughputExceeded { reasons } | Exception::RequestLimitExceeded { reasons } => {
            put_reasons(&mut put, "ThrottlingReasons", reasons);
        }
        _ => {}
    }
    let text = exception.to_string();
    if !text.is_empty() {
        put(message_member(exception, name), &|out| text.encode(out));
    }
    body.push(b'}');
    let detail = match exception {
        Exception::InternalServerError(detail) => Some(detail.clone()),
        _ => None,
    };
    Reply::new(status(exception), body).with_error(ReplyError { name: name.as_str(), message: text, detail })
}

type Put<'a> = dyn FnMut(&str, &dyn Fn(&mut Vec<u8>)) + 'a;

fn put_reasons(put: &mut Put<'_>, name: &str, reasons: &Vec<ThrottlingReason>) {
    if !reasons.is_empty() {
        put(name, &|out| reasons.encode(out));
    }
}

/// A member with a value that a function writes.
struct Written<'a>(&'a dyn Fn(&mut Vec<u8>));

impl Encode for Written<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.0)(out);
    }
}

fn status(exception: &Exception) -> u16 {
    match exception {
        Exception::InternalServerError(_) => INTERNAL,
        Exception::ServiceUnavailable(_) => UNAVAILABLE,
        _ => BAD_REQUEST,
    }
}

/// The member that bears the text. With an item beside it a failed condition's is spelled as a transaction's. Source:
/// captures.
fn message_member(exception: &Exception, name: ExceptionName) -> &'static str {
    match exception {
        Exception::ConditionalCheckFailed { item: Some(_) } => CAPITAL_MESSAGE,
        _ => name.message_member(),
    }
}

/// Defines [`ExceptionName`] from rows: the exceptions of one name, the first of which names it here too, then its
/// namespace, its name and the member that contains its sentence.
macro_rules! names {
    ($($first:ident $(| $other:ident)* => $namespace:ident, $name:literal, $message:ident;)+) => {
        /// What an exception is called on the wire.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum ExceptionName {
            $($first,)+
        }

        impl ExceptionName {
            pub(crate) const ALL: &[ExceptionName] = &[$(ExceptionName::$first,)+];

            fn of(exception: &Exception) -> ExceptionName {
                match exception {
                    $(Exception::$first { .. } $(| Exception::$other { .. })* => ExceptionName::$first,)+
                }
            }

            /// Without its namespace.
            const fn as_str(self) -> &'static str {
                match self {
                    $(ExceptionName::$first => $name,)+
                }
            }

            const fn namespace(self) -> &'static str {
                match self {
                    $(ExceptionName::$first => $namespace,)+
                }
            }

            const fn message_member(self) -> &'static str {
                match self {
                    $(ExceptionName::$first => $message,)+
                }
            }
        }
    };
}

names! {
    BackupInUse => MODEL, "BackupInUseException", MESSAGE;
    BackupNotFound => MODEL, "BackupNotFoundException", MESSAGE;
    ConditionalCheckFailed => MODEL, "ConditionalCheckFailedException", MESSAGE;
    ContinuousBackupsUnavailable => MODEL, "ContinuousBackupsUnavailableException", MESSAGE;
    DuplicateItem => MODEL, "DuplicateItemException", MESSAGE;
    ExpiredIterator => MODEL, "ExpiredIteratorException", MESSAGE;
    ExportConflict => MODEL, "ExportConflictException", MESSAGE;
    ExportNotFound => MODEL, "ExportNotFoundException", MESSAGE;
    GlobalTableAlreadyExists => MODEL, "GlobalTableAlreadyExistsException", MESSAGE;
    GlobalTableNotFound => MODEL, "GlobalTableNotFoundException", MESSAGE;
    IdempotentParameterMismatch => MODEL, "IdempotentParameterMismatchException", CAPITAL_MESSAGE;
    ImportConflict => MODEL, "ImportConflictException", MESSAGE;
    ImportNotFound => MODEL, "ImportNotFoundException", MESSAGE;
    IndexNotFound => MODEL, "IndexNotFoundException", MESSAGE;
    InternalServerError => MODEL, "InternalServerError", MESSAGE;
    InvalidExportTime => MODEL, "InvalidExportTimeException", MESSAGE;
    InvalidRestoreTime => MODEL, "InvalidRestoreTimeException", MESSAGE;
    ItemCollectionSizeLimitExceeded => MODEL, "ItemCollectionSizeLimitExceededException", MESSAGE;
    LimitExceeded => MODEL, "LimitExceededException", MESSAGE;
    PointInTimeRecoveryUnavailable => MODEL, "PointInTimeRecoveryUnavailableException", MESSAGE;
    PolicyNotFound => MODEL, "PolicyNotFoundException", MESSAGE;
    ProvisionedThroughputExceeded => MODEL, "ProvisionedThroughputExceededException", MESSAGE;
    ReplicaAlreadyExists => MODEL, "ReplicaAlreadyExistsException", MESSAGE;
    ReplicaNotFound => MODEL, "ReplicaNotFoundException", MESSAGE;
    ReplicatedWriteConflict => MODEL, "ReplicatedWriteConflictException", MESSAGE;
    RequestLimitExceeded => MODEL, "RequestLimitExceeded", MESSAGE;
    ResourceInUse => MODEL, "ResourceInUseException", MESSAGE;
    ResourceNotFound => MODEL, "ResourceNotFoundException", MESSAGE;
    TableAlreadyExists => MODEL, "TableAlreadyExistsException", MESSAGE;
    TableInUse => MODEL, "TableInUseException", MESSAGE;
    TableNotFound => MODEL, "TableNotFoundException", MESSAGE;
    Throttling => AVAILABILITY, "ThrottlingException", MESSAGE;
    TransactionCanceled => MODEL, "TransactionCanceledException", CAPITAL_MESSAGE;
    TransactionConflict => MODEL, "TransactionConflictException", MESSAGE;
    TransactionInProgress => MODEL, "TransactionInProgressException", CAPITAL_MESSAGE;
    TrimmedDataAccess => MODEL, "TrimmedDataAccessException", MESSAGE;
    AccessDenied => SERVICE, "AccessDeniedException", CAPITAL_MESSAGE;
    ExpiredToken => SERVICE, "ExpiredTokenException", MESSAGE;
    IncompleteSignature => SERVICE, "IncompleteSignatureException", MESSAGE;
    InvalidSignature => SERVICE, "InvalidSignatureException", MESSAGE;
    MissingAuthenticationToken => SERVICE, "MissingAuthenticationTokenException", MESSAGE;
    Serialization => SERVICE, "SerializationException", CAPITAL_MESSAGE;
    ServiceUnavailable => AVAILABILITY, "ServiceUnavailable", MESSAGE;
    UnknownOperation | NotBuilt => SERVICE, "UnknownOperationException", MESSAGE;
    UnrecognizedClient => SERVICE, "UnrecognizedClientException", MESSAGE;
    Validation => VALIDATE, "ValidationException", MESSAGE;
}

mod named;

pub use named::{NameError, named};

impl fmt::Display for ExceptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
