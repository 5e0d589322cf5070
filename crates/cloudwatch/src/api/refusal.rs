//! What the API refuses with.

use aws::{CLOUDWATCH, DecodeError, Fault, OperationId, Protocol, Refusal as Common, ServiceError};
use storage::StorageError;

#[derive(Clone, PartialEq, Debug)]
pub enum Refusal {
    /// What all services refuse.
    Common(Common),
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
    /// An account has put more than was stored.
    Throttled,
    /// More alarms are on a metric than one answer has.
    TooLarge,
}

/// An operation of CloudWatch that this server does not have.
pub(super) fn not_built(operation: OperationId) -> Refusal {
    let hint = match operation.name().contains("InsightRule") {
        true => ": DynamoDB's UpdateContributorInsights enables and disables rules",
        false => "",
    };
    Refusal::Common(Common::not_built(&format!("CloudWatch's API{hint}"), operation))
}

impl Refusal {
    pub(super) fn error(self, protocol: Protocol) -> ServiceError {
        match self {
            Refusal::Common(refusal) => refusal.error(&CLOUDWATCH, protocol),
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
            Refusal::Throttled => ServiceError::common(&CLOUDWATCH, Fault::Throttled, protocol),
            Refusal::TooLarge => {
                let text =
                    "More alarms are on the metric than one answer has: DescribeAlarms returns them page by page.";
                ServiceError::new("LimitExceededFault", 400, text)
            }
        }
    }
}

impl From<Common> for Refusal {
    fn from(refusal: Common) -> Refusal {
        Refusal::Common(refusal)
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        Refusal::Common(error.into())
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Refusal {
        Refusal::Common(Common::failure(error))
    }
}
