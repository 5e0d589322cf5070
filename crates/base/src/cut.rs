//! The beginning of a text, where the whole is too long to keep or to show.

/// The first bytes, in whole characters.
pub fn cut(text: &str, size_max: usize) -> &str {
    let end = (0..=size_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_characters() {
        for (text, size_max, expected) in
            [("", 3, ""), ("abc", 3, "abc"), ("abcd", 3, "abc"), ("aéb", 2, "a"), ("aéb", 3, "aé"), ("漢", 2, "")]
        {
            assert_eq!(cut(text, size_max), expected, "{text} {size_max}");
        }
    }
}
