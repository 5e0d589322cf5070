//! What a reply says that refuses. Refusals are rare, so they are parsed.

use serde_json::Value;

/// No more than this is shown. Unit: bytes.
const WORDS_BYTES_MAX: usize = 200;

/// The name of an error's exception, without its namespace, and its message. A body of another kind gives its first
/// words.
pub(crate) fn exception(reply: &[u8]) -> (String, String) {
    let start = || String::from_utf8_lossy(&reply[..reply.len().min(WORDS_BYTES_MAX)]).into_owned();
    let parsed: Value = serde_json::from_slice(reply).unwrap_or_default();
    let text = |name: &str| parsed[name].as_str();
    let Some(exception) = text("__type") else { return (start(), String::new()) };
    let exception = exception.rsplit('#').next().unwrap_or_default();
    let message = text("message").or(text("Message")).unwrap_or_default();
    (exception.to_owned(), message.chars().take(WORDS_BYTES_MAX).collect())
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
        check("", "", "");
    }
}
