//! How a request ended: well, or with an exception and what it says, as far as that cannot hold anything of an item.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use super::action::Making;
use crate::answer::Answer;

/// Exceptions whose sentences name tables, principals and actions, and quote nothing else of a request. Others, as those
/// that quote a wrong value or a function's URL, are in the log by name alone.
const WITH_MESSAGE: [&str; 31] = [
    "AccessDenied",
    "AccessDeniedException",
    "ConditionalCheckFailedException",
    "DeleteConflict",
    "EntityAlreadyExists",
    "ExpiredTokenException",
    "IdempotentParameterMismatchException",
    "InternalServerError",
    "InternalServiceException",
    "InternalServiceFault",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceeded",
    "LimitExceededException",
    "MissingAuthenticationTokenException",
    "NoSuchEntity",
    "ObjectNotFoundException",
    "PolicyNotFoundException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "ServiceException",
    "ServiceUnavailable",
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
    pub(super) error: Option<Cow<'static, str>>,
    pub(super) message: Option<String>,
    /// What was made: its id, as CloudTrail's `responseElements` have it.
    pub(super) made: Option<Value>,
    /// Where a batch of statements was answered: the error of each, if any has one.
    pub(super) statement_errors: Option<Vec<Option<String>>>,
}

/// Exceptions of requests that were permitted, or may have been executed. All others are refusals, which a caller
/// without permissions can cause.
const PERMITTED: [&str; 12] = [
    "ConditionalCheckFailedException",
    "InternalServerError",
    "InternalServiceException",
    "InternalServiceFault",
    "ItemCollectionSizeLimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestCanceled",
    "ServiceException",
    "ServiceFailure",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// A denied statement's code in a batch.
const STATEMENT_DENIED: &str = "AccessDenied";

#[derive(Deserialize)]
struct Mapping {
    #[serde(rename = "UUID")]
    uuid: String,
}

/// The answer to a batch of statements.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answered {
    responses: Vec<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    error: Option<Failed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    code: String,
}

impl Outcome {
    pub(crate) fn of(answer: &Answer) -> Outcome {
        match (&answer.error, answer.exception()) {
            (Some(error), _) => Outcome::with_message(error.name, &error.message),
            (None, name) => Outcome { error: name.map(Cow::Borrowed), ..Outcome::default() },
        }
    }

    /// The answer to a request that makes something.
    pub(super) fn of_making(making: Making, answer: &Answer) -> Outcome {
        let made = match making {
            _ if answer.is_refusal() => None,
            Making::Mapping => {
                serde_json::from_slice(answer.body()).ok().map(|made: Mapping| json!({"uUID": made.uuid}))
            }
            Making::Arn(names) => arn(names, answer.body()),
            Making::AccessKey => access_key(answer).map(|id| json!({"accessKey": {"accessKeyId": id}})),
            Making::Session => access_key(answer).map(|id| json!({"credentials": {"accessKeyId": id}})),
        };
        Outcome { made, ..Outcome::of(answer) }
    }

    /// The answer to a batch of statements, of which each has its own error: a batch in which all have one failed.
    pub(super) fn of_statements(answer: &Answer) -> Outcome {
        let outcome = Outcome::of(answer);
        let answered: Option<Answered> = serde_json::from_slice(answer.body()).ok();
        let (None, Some(answered)) = (&outcome.error, answered) else { return outcome };
        let errors = answered.responses.into_iter().map(|response| response.error.map(|failed| failed.code));
        let errors: Vec<Option<String>> = errors.collect();
        let error = match errors.iter().all(Option::is_some) {
            true => errors.first().cloned().flatten().map(Cow::Owned),
            false => None,
        };
        let statement_errors = errors.iter().any(Option::is_some).then_some(errors);
        Outcome { error, statement_errors, ..outcome }
    }

    /// The request has begun and has no answer.
    pub(super) fn given_up() -> Outcome {
        let message = "The connection ended before the answer; the operation may have been done.";
        Outcome { error: Some("RequestCanceled".into()), message: Some(message.to_owned()), ..Outcome::default() }
    }

    pub(super) fn is_refusal(&self) -> bool {
        self.error.is_some()
    }

    /// Nothing was executed, and nothing of an item is shown. Of a batch of statements that holds where each is denied: one that
    /// fails its condition was executed and may show its item.
    pub(super) fn is_denial(&self) -> bool {
        match &self.statement_errors {
            Some(errors) => errors.iter().all(|error| error.as_deref() == Some(STATEMENT_DENIED)),
            None => self.error.as_deref().is_some_and(|error| !PERMITTED.contains(&error)),
        }
    }

    fn with_message(error: &'static str, message: &str) -> Outcome {
        let message = (WITH_MESSAGE.contains(&error) && !message.is_empty()).then(|| message.to_owned());
        Outcome { error: Some(error.into()), message, ..Outcome::default() }
    }
}

/// The members with these names, as CloudTrail writes them.
fn arn(names: [&str; 2], body: &[u8]) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let arn = body.get(names[0])?.get(names[1])?.as_str()?;
    let [outer, inner] = names.map(|name| {
        let (first, rest) = name.split_at(1);
        first.to_ascii_lowercase() + rest
    });
    Some(json!({outer: {inner: arn}}))
}

fn access_key(answer: &Answer) -> Option<String> {
    element(&String::from_utf8_lossy(answer.body()), "AccessKeyId")
}

/// The text in the first element of that name, which has no references.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
}

#[cfg(test)]
mod tests {
    use ::aws::{Reply, ReplyError};

    use super::*;
    use crate::answer::ContentType;

    /// A request that failed may have been executed: its answer waits for its event, which has all names.
    #[test]
    fn failures_of_every_service_are_no_denials() {
        let watched = crate::services::HOSTED.iter().map(|model| model.watched[0]);
        for error in watched.chain(PERMITTED) {
            assert!(!Outcome { error: Some(error.into()), ..Outcome::default() }.is_denial(), "{error}");
        }
        assert!(Outcome { error: Some("AccessDenied".into()), ..Outcome::default() }.is_denial());
    }

    /// Later events of a backup have its ARN alone, and so does the one of the request that made it.
    #[test]
    fn what_was_made_is_named() {
        let made = |making: Making, status: u16, body: &str| {
            let answer = Answer::reply(Reply::new(status, body.as_bytes().to_vec()), ContentType::AmzJson10);
            Outcome::of_making(making, &answer).made
        };
        let backup = Making::Arn(["BackupDetails", "BackupArn"]);
        let body = r#"{"BackupDetails":{"BackupName":"b","BackupArn":"arn:b"}}"#;
        assert_eq!(made(backup, 200, body), Some(json!({"backupDetails": {"backupArn": "arn:b"}})));
        assert_eq!(made(backup, 200, "{}"), None);
        assert_eq!(made(backup, 400, body), None);
    }

    /// The sentence is the exception's own, whatever protocol its body is in.
    #[test]
    fn sentences_of_some_exceptions_are_reported() {
        let check = |name: &'static str, message: &str, expected: Option<&str>| {
            let error = ReplyError { name, message: message.to_owned(), detail: None };
            let reply = Reply::new(400, b"\xbf\xff".to_vec()).with_error(error);
            let outcome = Outcome::of(&Answer::reply(reply, ContentType::Cbor));
            assert_eq!((outcome.error.as_deref(), outcome.message.as_deref()), (Some(name), expected));
        };
        check("NoSuchEntity", "The user \"a &lt; b\"\n is not there", Some("The user \"a &lt; b\"\n is not there"));
        check("NoSuchEntity", "", None);
        check("ValidationError", "hide-me", None);
        let page = Answer::text(hyper::StatusCode::NOT_FOUND, ContentType::Text, "not found");
        assert!(Outcome::of(&page).error.is_none());
    }
}
