//! Times and policies as answers have them.

use aws::Timestamp;

/// IAM's answers have whole seconds.
pub(crate) fn timestamp(ms: u64) -> Timestamp {
    Timestamp(ms - ms % 1_000)
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
        assert_eq!(timestamp(1_709_197_445_999), Timestamp(1_709_197_445_000));
        assert_eq!(percent_encoded("{\"a\": \"*~é\"}"), "%7B%22a%22%3A%20%22%2A~%C3%A9%22%7D");
    }
}
