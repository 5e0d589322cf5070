//! How a request ended: well, or with an exception and what it says, as far as that cannot hold anything of an item.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use super::action::Making;
use crate::answer::{Answer, ContentType};

/// Exceptions whose sentences name tables, principals and actions, and quote nothing else of a request. Others, as those
/// that quote a wrong value or a function's URL, are in the log by name alone.
const WITH_MESSAGE: [&str; 28] = [
    "AccessDenied",
    "AccessDeniedException",
    "ConditionalCheckFailedException",
    "DeleteConflict",
    "EntityAlreadyExists",
    "ExpiredTokenException",
    "IdempotentParameterMismatchException",
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceeded",
    "LimitExceededException",
    "MissingAuthenticationTokenException",
    "NoSuchEntity",
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
const PERMITTED: [&str; 10] = [
    "ConditionalCheckFailedException",
    "InternalServerError",
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
struct Body {
    #[serde(alias = "Message")]
    message: Option<String>,
}

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
        match answer.exception() {
            Some(_) if answer.content_type() == Some(ContentType::TextXml) => {
                Outcome::of_xml(&String::from_utf8_lossy(answer.body()))
            }
            Some(error) => Outcome::failed(error.into(), || {
                serde_json::from_slice(answer.body()).ok().and_then(|it: Body| it.message)
            }),
            None if answer.is_refusal() => Outcome::of_xml(&String::from_utf8_lossy(answer.body())),
            None => Outcome::default(),
        }
    }

    /// The answer to a request that makes something.
    pub(super) fn of_making(making: Making, answer: &Answer) -> Outcome {
        let made = match making {
            _ if answer.is_refusal() => None,
            Making::Mapping => {
                serde_json::from_slice(answer.body()).ok().map(|made: Mapping| json!({"uUID": made.uuid}))
            }
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

    /// Of IAM's and STS's APIs.
    fn of_xml(body: &str) -> Outcome {
        match element(body, "Code") {
            Some(error) => Outcome::failed(error.into(), || element(body, "Message")),
            None => Outcome::default(),
        }
    }

    fn failed(error: Cow<'static, str>, message: impl FnOnce() -> Option<String>) -> Outcome {
        let message = if WITH_MESSAGE.contains(&&*error) { message() } else { None };
        Outcome { error: Some(error), message, ..Outcome::default() }
    }
}

fn access_key(answer: &Answer) -> Option<String> {
    element(&String::from_utf8_lossy(answer.body()), "AccessKeyId")
}

/// The text in the first element of that name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(unescaped(text))
}

/// References of XML as the letters that they are for; what is none stays as it is.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        match behind.split_once(';').and_then(|(name, after)| Some((referred(name)?, after))) {
            Some((letter, after)) => {
                plain.push(letter);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn referred(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        _ => char::from_u32(u32::from_str_radix(name.strip_prefix("#x")?, 16).ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request that failed may have been executed: its answer waits for its event, which has all names.
    #[test]
    fn failures_of_every_service_are_no_denials() {
        let watched = crate::services::HOSTED.iter().map(|model| model.watched[0]);
        for error in watched.chain(PERMITTED) {
            assert!(!Outcome { error: Some(error.into()), ..Outcome::default() }.is_denial(), "{error}");
        }
        assert!(Outcome { error: Some("AccessDenied".into()), ..Outcome::default() }.is_denial());
    }

    #[test]
    fn refusals_in_xml() {
        let check = |code: &str, message: &str, told: Option<&str>| {
            let xml = format!(
                "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            );
            let outcome = Outcome::of_xml(&xml);
            assert_eq!((outcome.error.as_deref(), outcome.message.as_deref()), (Some(code), told));
        };
        check(
            "NoSuchEntity",
            "The user &quot;a &amp;lt; b&quot; is not there",
            Some("The user \"a &lt; b\" is not there"),
        );
        check("NoSuchEntity", "a&#xA;b&#x7F; & &x; &amp", Some("a\nb\u{7f} & &x; &amp"));
        check("ValidationError", "hide-me", None);
        assert!(Outcome::of_xml("<html>").error.is_none());
    }
}
