//! The regular expressions of the service model, each as a function of that name.
//!
//! There are a dozen, all simple; an engine for them would be the larger part of this crate.

/// `[a-zA-Z0-9_.-]+`
pub(crate) fn table_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// `[a-zA-Z0-9_.-]+`
pub(crate) fn index_name(text: &str) -> bool {
    table_name(text)
}

/// `[a-zA-Z0-9_.-]+`
pub(crate) fn backup_name(text: &str) -> bool {
    table_name(text)
}

/// `\p{Print}+`
pub(crate) fn auto_scaling_policy_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// `[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*`: all but the other controls and two non-characters.
pub(crate) fn auto_scaling_role_arn(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\r' | '\n' | '\t') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}')))
}

/// `([0-9a-f]{16})+`
pub(crate) fn bulk_operation_next_token(text: &str) -> bool {
    !text.is_empty() && text.len().is_multiple_of(16) && text.bytes().all(is_lower_hex)
}

/// `([0-9a-f]{16})+`
pub(crate) fn import_next_token(text: &str) -> bool {
    bulk_operation_next_token(text)
}

/// `^[^\$]+$`
pub(crate) fn client_token(text: &str) -> bool {
    !text.is_empty() && !text.contains('$')
}

/// `[,;:|\t ]`
pub(crate) fn csv_delimiter(text: &str) -> bool {
    matches!(text, "," | ";" | ":" | "|" | "\t" | " ")
}

/// `[\x20-\x21\x23-\x2B\x2D-\x7E]*`
pub(crate) fn csv_header(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b','))
}

/// `^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$`
pub(crate) fn s3_bucket(text: &str) -> bool {
    text.len() >= 2 && table_name(text) && ends_are_alphanumeric(text)
}

/// `[0-9]{12}`
pub(crate) fn s3_bucket_owner(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn ends_are_alphanumeric(text: &str) -> bool {
    let bytes = text.as_bytes();
    [bytes.first(), bytes.last()].into_iter().all(|byte| byte.is_some_and(u8::is_ascii_alphanumeric))
}
