//! How a request ended: well, or with an exception and what it says, as far as that cannot hold anything of an item.

use serde::Deserialize;

use crate::answer::Answer;

/// Exceptions whose sentences name tables, callers and actions, and quote nothing else of a request. Others, as those that
/// tell which value is wrong, are told by name alone.
const TOLD: [&str; 22] = [
    "AccessDeniedException",
    "ConditionalCheckFailedException",
    "ExpiredTokenException",
    "IdempotentParameterMismatchException",
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "MissingAuthenticationTokenException",
    "PolicyNotFoundException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ResourceConflictException",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "TableAlreadyExistsException",
    "TableInUseException",
    "TableNotFoundException",
    "ThrottlingException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "UnrecognizedClientException",
];

#[derive(Default, Debug)]
pub(crate) struct Outcome {
    pub(super) error: Option<&'static str>,
    pub(super) message: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl Outcome {
    pub(crate) fn of(answer: &Answer) -> Outcome {
        let Some(error) = answer.exception() else { return Outcome::default() };
        let told = TOLD.contains(&error).then(|| serde_json::from_slice(answer.body()).ok());
        let message = told.flatten().and_then(|body: Body| body.message);
        Outcome { error: Some(error), message }
    }
}
