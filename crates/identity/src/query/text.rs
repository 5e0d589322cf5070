//! Texts as answers spell them: times, and policies.

use std::fmt::Write;

/// As `2026-01-31T09:05:00Z`.
pub fn timestamp(ms: u64) -> String {
    let seconds = ms / 1000;
    let (year, month, day) = base::civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// As RFC 3986 says; IAM answers with policies' documents in this form.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("writing to a string does not fail"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_policies() {
        assert_eq!(timestamp(1_709_197_445_999), "2024-02-29T09:04:05Z");
        assert_eq!(percent_encoded("{\"a\": \"*~é\"}"), "%7B%22a%22%3A%20%22%2A~%C3%A9%22%7D");
    }
}
