//! What a reply says that refuses. Refusals are rare, so they are parsed.

use serde_json::Value;

/// No more than this is shown: a policy's refusal names principal, action and resource in full. Unit: bytes.
const WORDS_BYTES_MAX: usize = 2_000;
const CUT: &str = " …";

/// The name of an error's exception, without its namespace, and its message. A body of another kind gives its first
/// words, in two parts if it has a colon.
pub(crate) fn exception(reply: &[u8]) -> (String, String) {
    let start = || {
        let text = String::from_utf8_lossy(&reply[..reply.len().min(2 * WORDS_BYTES_MAX)]);
        let (name, message) = text.trim().split_once(": ").unwrap_or((text.trim(), ""));
        (words(name), words(message))
    };
    let parsed: Value = serde_json::from_slice(reply).unwrap_or_default();
    let text = |name: &str| parsed[name].as_str();
    let Some(exception) = text("__type") else { return start() };
    let exception = exception.rsplit('#').next().unwrap_or_default();
    let message = text("message").or(text("Message")).unwrap_or_default();
    (words(exception), words(message))
}

/// As much as is shown of a text, cut behind a word.
fn words(text: &str) -> String {
    if text.len() <= WORDS_BYTES_MAX {
        return text.to_owned();
    }
    let shown = base::cut(text, WORDS_BYTES_MAX);
    let shown = shown.rsplit_once(char::is_whitespace).map_or(shown, |(whole, _)| whole);
    format!("{}{CUT}", shown.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions() {
        let check = |reply: &str, name: &str, message: &str| {
            assert_eq!(exception(reply.as_bytes()), (name.to_owned(), message.to_owned()));
        };
        let full = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"x"}"#;
        check(full, "ResourceNotFoundException", "x");
        check(r#"{"__type":"ValidationException","Message":"\"y\""}"#, "ValidationException", "\"y\"");
        check(r#"{"__type":"InternalFailure"}"#, "InternalFailure", "");
        check("<html>", "<html>", "");
        check("This port speaks TLS: the URL is an https://.\n", "This port speaks TLS", "the URL is an https://.");
        check("", "", "");
    }

    #[test]
    fn long_messages_end_behind_a_word() {
        let text = |words: usize| "wörd ".repeat(words).trim_end().to_owned();
        let message = |words: usize| {
            let reply = format!(r#"{{"__type":"AccessDeniedException","message":"{}"}}"#, text(words));
            exception(reply.as_bytes()).1
        };
        assert_eq!(message(300), text(300));
        assert_eq!(message(1_000), text(333) + CUT);
        assert_eq!(words(&"x".repeat(3_000)), "x".repeat(2_000) + CUT);
    }
}
