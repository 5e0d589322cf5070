//! Exceptions on the wire: the only place that knows type names and statuses.
//!
//! | member | what stands there |
//! |---|---|
//! | `__type` | the exception's namespace and name |
//! | `message` | its sentence; `Message` where the model, or the front end that all AWS services share, has it so |
//! | others | the exception's data |

use api::{Exception, ThrottlingReason};

use crate::Reply;
use crate::encode::{Encode, member};

/// Of what the service model defines.
const MODEL: &str = "com.amazonaws.dynamodb.v20120810#";
/// Of what the shared front end refuses.
const SERVICE: &str = "com.amazon.coral.service#";
const VALIDATE: &str = "com.amazon.coral.validate#";
const AVAILABILITY: &str = "com.amazon.coral.availability#";

const BAD_REQUEST: u16 = 400;
const INTERNAL: u16 = 500;

/// How one exception is named on the wire.
struct Kind {
    namespace: &'static str,
    name: &'static str,
    message: &'static str,
}

/// The reply that tells the client.
pub fn exception(exception: &Exception) -> Reply {
    let kind = kind(exception);
    let mut body = Vec::with_capacity(256);
    let mut first = true;
    body.push(b'{');
    let mut put = |name: &str, value: &dyn Fn(&mut Vec<u8>)| {
        member(&mut body, &mut first, &format!("\"{name}\":"), &Written(value));
    };
    put("__type", &|out| format!("{}{}", kind.namespace, kind.name).encode(out));
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
        put(kind.message, &|out| text.encode(out));
    }
    body.push(b'}');
    Reply { status: status(exception), body }
}

type Put<'a> = dyn FnMut(&str, &dyn Fn(&mut Vec<u8>)) + 'a;

fn put_reasons(put: &mut Put<'_>, name: &str, reasons: &Vec<ThrottlingReason>) {
    if !reasons.is_empty() {
        put(name, &|out| reasons.encode(out));
    }
}

/// A member whose value is written by a function.
struct Written<'a>(&'a dyn Fn(&mut Vec<u8>));

impl Encode for Written<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.0)(out);
    }
}

fn status(exception: &Exception) -> u16 {
    match exception {
        Exception::InternalServerError(_) => INTERNAL,
        _ => BAD_REQUEST,
    }
}

fn kind(exception: &Exception) -> Kind {
    use Exception::*;
    let of = |namespace, name| Kind { namespace, name, message: "message" };
    let capital = |namespace, name| Kind { namespace, name, message: "Message" };
    match exception {
        BackupInUse(_) => of(MODEL, "BackupInUseException"),
        BackupNotFound(_) => of(MODEL, "BackupNotFoundException"),
        ConditionalCheckFailed { .. } => of(MODEL, "ConditionalCheckFailedException"),
        ContinuousBackupsUnavailable(_) => of(MODEL, "ContinuousBackupsUnavailableException"),
        DuplicateItem => of(MODEL, "DuplicateItemException"),
        ExpiredIterator(_) => of(MODEL, "ExpiredIteratorException"),
        ExportConflict(_) => of(MODEL, "ExportConflictException"),
        ExportNotFound(_) => of(MODEL, "ExportNotFoundException"),
        GlobalTableAlreadyExists(_) => of(MODEL, "GlobalTableAlreadyExistsException"),
        GlobalTableNotFound(_) => of(MODEL, "GlobalTableNotFoundException"),
        IdempotentParameterMismatch => capital(MODEL, "IdempotentParameterMismatchException"),
        ImportConflict(_) => of(MODEL, "ImportConflictException"),
        ImportNotFound(_) => of(MODEL, "ImportNotFoundException"),
        IndexNotFound(_) => of(MODEL, "IndexNotFoundException"),
        InternalServerError(_) => of(MODEL, "InternalServerError"),
        InvalidExportTime(_) => of(MODEL, "InvalidExportTimeException"),
        InvalidRestoreTime(_) => of(MODEL, "InvalidRestoreTimeException"),
        ItemCollectionSizeLimitExceeded => of(MODEL, "ItemCollectionSizeLimitExceededException"),
        LimitExceeded(_) => of(MODEL, "LimitExceededException"),
        PointInTimeRecoveryUnavailable(_) => of(MODEL, "PointInTimeRecoveryUnavailableException"),
        PolicyNotFound(_) => of(MODEL, "PolicyNotFoundException"),
        ProvisionedThroughputExceeded { .. } => of(MODEL, "ProvisionedThroughputExceededException"),
        ReplicaAlreadyExists(_) => of(MODEL, "ReplicaAlreadyExistsException"),
        ReplicaNotFound(_) => of(MODEL, "ReplicaNotFoundException"),
        ReplicatedWriteConflict(_) => of(MODEL, "ReplicatedWriteConflictException"),
        RequestLimitExceeded { .. } => of(MODEL, "RequestLimitExceeded"),
        ResourceInUse(_) => of(MODEL, "ResourceInUseException"),
        ResourceNotFound(_) => of(MODEL, "ResourceNotFoundException"),
        TableAlreadyExists(_) => of(MODEL, "TableAlreadyExistsException"),
        TableInUse(_) => of(MODEL, "TableInUseException"),
        TableNotFound(_) => of(MODEL, "TableNotFoundException"),
        Throttling { .. } => of(AVAILABILITY, "ThrottlingException"),
        TransactionCanceled { .. } => capital(MODEL, "TransactionCanceledException"),
        TransactionConflict => of(MODEL, "TransactionConflictException"),
        TransactionInProgress => capital(MODEL, "TransactionInProgressException"),
        TrimmedDataAccess(_) => of(MODEL, "TrimmedDataAccessException"),
        AccessDenied(_) => capital(SERVICE, "AccessDeniedException"),
        IncompleteSignature(_) => of(SERVICE, "IncompleteSignatureException"),
        InvalidSignature(_) => of(SERVICE, "InvalidSignatureException"),
        MissingAuthenticationToken(_) => of(SERVICE, "MissingAuthenticationTokenException"),
        Serialization(_) => capital(SERVICE, "SerializationException"),
        UnknownOperation | NotBuilt(_) => of(SERVICE, "UnknownOperationException"),
        UnrecognizedClient(_) => of(SERVICE, "UnrecognizedClientException"),
        Validation(_) => of(VALIDATE, "ValidationException"),
    }
}

#[cfg(test)]
mod tests;
