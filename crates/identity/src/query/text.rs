//! Texts as answers spell them: times, and policies.

/// As `2026-01-31T09:05:00Z`.
pub fn timestamp(ms: u64) -> String {
    base::utc::rfc3339(ms)
}

/// As RFC 3986 says; IAM answers with policies' documents in this form.
pub fn percent_encoded(text: &str) -> String {
    base::percent_encoded(text.as_bytes()).into_owned()
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
