//! What the API refuses with.

use aws::{DecodeError, Members, OperationId, Protocol, ServiceError, Structure};
use storage::StorageError;

/// Alarms of a request. Source: the model.
const NAMES_MAX: usize = 100;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Refusal {
    Undecodable(DecodeError),
    Denied(String),
    Unsigned,
    /// An operation of CloudWatch that this server does not have.
    NotBuilt(&'static str),
    /// No rule of Contributor Insights has the name.
    NoRule(String),
    Value(String),
    Combination(String),
    Missing(String),
    Validation(String),
    NextToken,
    /// No alarm has the name.
    NoAlarm(String),
    /// No alarm has the ARN.
    NoResource(String),
    Format(String),
    /// An account has as many alarms as it may have.
    TooManyAlarms(u64),
    /// An account has as many series as it may have.
    TooManySeries,
    /// A failure of this server. The text is the operator's.
    Failure(String),
}

impl Refusal {
    pub(super) fn error(self, protocol: Protocol) -> ServiceError {
        match self {
            Refusal::Undecodable(error) => ServiceError::undecodable(&error, protocol),
            Refusal::Denied(text) if protocol == Protocol::Query => ServiceError::new("AccessDenied", 403, text),
            Refusal::Denied(text) => ServiceError::new("AccessDeniedException", 400, text),
            Refusal::Unsigned => ServiceError::new("MissingAuthenticationToken", 403, "Missing Authentication Token"),
            Refusal::NotBuilt(operation) => {
                let name = if protocol == Protocol::Query { "InvalidAction" } else { "UnknownOperationException" };
                let is_of_rules = operation.contains("InsightRule");
                let hint =
                    if is_of_rules { ": DynamoDB's UpdateContributorInsights enables and disables rules" } else { "" };
                let text = format!("This server has no operation {operation} of CloudWatch's API{hint}");
                ServiceError::new(name, 400, text)
            }
            Refusal::Value(text) => ServiceError::new("InvalidParameterValueException", 400, text),
            Refusal::Combination(text) => ServiceError::new("InvalidParameterCombinationException", 400, text),
            Refusal::Missing(text) => ServiceError::new("MissingRequiredParameterException", 400, text),
            Refusal::Validation(text) => ServiceError::new("ValidationException", 400, text),
            Refusal::NextToken => ServiceError::new("InvalidNextToken", 400, "The next token is not valid"),
            Refusal::NoAlarm(name) => ServiceError::new("ResourceNotFound", 404, format!("Unknown alarm: {name}")),
            Refusal::NoResource(arn) => {
                ServiceError::new("ResourceNotFoundException", 404, format!("Unknown resource: {arn}"))
            }
            Refusal::NoRule(name) => {
                ServiceError::new("ResourceNotFoundException", 404, format!("The rule {name} does not exist"))
            }
            Refusal::Format(text) => ServiceError::new("InvalidFormatFault", 400, text),
            Refusal::TooManyAlarms(max) => {
                let text = format!("The maximum limit of {max} alarms has been exceeded.");
                ServiceError::new("LimitExceededFault", 400, text)
            }
            Refusal::TooManySeries => ServiceError::new(
                "LimitExceededFault",
                400,
                "The account has as many metrics as it may put (--cloudwatch-series-max)",
            ),
            Refusal::Failure(detail) => {
                let text = "The request processing has failed because of an unknown error, exception or failure.";
                ServiceError { detail: Some(detail), ..ServiceError::new("InternalServiceFault", 500, text) }
            }
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        Refusal::Undecodable(error)
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Refusal {
        Refusal::Failure(error.to_string())
    }
}

/// What the audit log has of a request.
pub(super) fn names(operation: OperationId, request: &Structure) -> Vec<(&'static str, String)> {
    let members = Members::of_request(operation, request);
    let named = [
        ("namespace", "Namespace"),
        ("metricName", "MetricName"),
        ("alarmName", "AlarmName"),
        ("stateValue", "StateValue"),
        ("resourceARN", "ResourceARN"),
    ];
    let named = named.iter().filter_map(|(shown, member)| Some((*shown, members.text(member)?.to_owned())));
    let alarms = members.texts("AlarmNames");
    // More are refused.
    let alarms = (!alarms.is_empty()).then(|| ("alarmNames", alarms[..alarms.len().min(NAMES_MAX)].join(", ")));
    named.chain(alarms).collect()
}
