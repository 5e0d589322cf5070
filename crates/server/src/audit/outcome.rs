//! How a request ended: well, or with an exception and what it says, as far as that cannot hold anything of an item.

use std::borrow::Cow;

use serde::Deserialize;

use crate::answer::Answer;

/// Exceptions whose sentences name tables, principals and actions, and quote nothing else of a request. Others, as those
/// that tell which value is wrong, are told by name alone.
const TOLD: [&str; 28] = [
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
    "ResourceConflictException",
    "ResourceInUseException",
    "ResourceNotFoundException",
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
    /// The id of the event source mapping that was made.
    pub(super) mapping: Option<String>,
}

/// Exceptions of requests that were refused before anything was read or done.
const DENIALS: [&str; 6] = [
    "AccessDenied",
    "AccessDeniedException",
    "InvalidInput",
    "SerializationException",
    "ValidationError",
    "ValidationException",
];

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    #[serde(rename = "UUID")]
    uuid: String,
}

impl Outcome {
    pub(crate) fn of(answer: &Answer) -> Outcome {
        match answer.exception() {
            Some(error) => Outcome::told(error.into(), || {
                serde_json::from_slice(answer.body()).ok().and_then(|it: Body| it.message)
            }),
            None if answer.is_refusal() => Outcome::of_xml(&String::from_utf8_lossy(answer.body())),
            None => Outcome::default(),
        }
    }

    /// The answer to a request that makes an event source mapping.
    pub(crate) fn of_new_mapping(answer: &Answer) -> Outcome {
        let made: Option<Made> = serde_json::from_slice(answer.body()).ok();
        Outcome { mapping: made.map(|made| made.uuid), ..Outcome::of(answer) }
    }

    /// The request has begun and has no answer.
    pub(super) fn given_up() -> Outcome {
        let message = "The connection ended before the answer; the operation may have been done.";
        Outcome { error: Some("RequestCanceled".into()), message: Some(message.to_owned()), mapping: None }
    }

    pub(super) fn is_refusal(&self) -> bool {
        self.error.is_some()
    }

    pub(super) fn is_denial(&self) -> bool {
        self.error.as_deref().is_some_and(|error| DENIALS.contains(&error))
    }

    /// Of IAM's and STS's APIs.
    fn of_xml(body: &str) -> Outcome {
        match element(body, "Code") {
            Some(error) => Outcome::told(error.into(), || element(body, "Message")),
            None => Outcome::default(),
        }
    }

    fn told(error: Cow<'static, str>, message: impl FnOnce() -> Option<String>) -> Outcome {
        let message = if TOLD.contains(&&*error) { message() } else { None };
        Outcome { error: Some(error), message, mapping: None }
    }
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
