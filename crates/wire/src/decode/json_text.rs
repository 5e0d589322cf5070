//! A body as text, for refusals of it: how deep its JSON is, and one member as it was sent. The body is well-formed.

use super::describe::Description;

/// Levels of lists and objects.
pub(super) fn depth(body: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for token in Tokens::of(body) {
        match token.as_bytes().first() {
            Some(b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The value of a member of the body, without whitespace; cut as a description is. `None` if its name is not found as it
/// is spelled.
pub(super) fn member(body: &str, name: &str) -> Option<String> {
    let quoted = format!("\"{name}\"");
    let mut tokens = Tokens::of(body).peekable();
    let mut depth = 0_usize;
    while let Some(token) = tokens.next() {
        match token.as_bytes().first() {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            _ if depth == 1 && token == quoted && tokens.next_if_eq(&":").is_some() => {
                return Some(value(tokens));
            }
            _ => {}
        }
    }
    None
}

/// The tokens up to the end of the value that they begin with.
fn value<'t>(tokens: impl Iterator<Item = &'t str>) -> String {
    let mut text = Description::default();
    let mut depth = 0_usize;
    for token in tokens {
        match token.as_bytes().first() {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        text.plain(token);
        if depth == 0 || text.is_full() {
            break;
        }
    }
    text.into_text()
}

/// Punctuation, strings and words, one after the other.
struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Tokens<'t> {
    fn of(text: &'t str) -> Tokens<'t> {
        Tokens { rest: text }
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        self.rest = self.rest.trim_start();
        let bytes = self.rest.as_bytes();
        let end = match bytes.first()? {
            b'"' => string_end(bytes),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => {
                let is_end = |byte: &u8| {
                    matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"' | b' ' | b'\t' | b'\n' | b'\r')
                };
                bytes.iter().position(is_end).unwrap_or(bytes.len())
            }
        };
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(token)
    }
}

/// Behind the closing quote of the string at the beginning.
fn string_end(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::super::describe::SIZE_MAX;
    use super::*;

    #[test]
    fn depth_counts_lists_and_objects_outside_of_strings() {
        for (body, expected) in [("1", 0), ("{}", 1), (r#"{"a":[{}],"b":{}}"#, 3), (r#"{"a{[":"[[[\"{{","b":"\\"}"#, 1)]
        {
            assert_eq!(depth(body), expected, "{body}");
        }
    }

    #[test]
    fn a_member_is_shown_as_sent_without_whitespace() {
        let body = "{\"x\":{\"m\":1}, \"m\" : { \"b\" : [ 1 ,\n\"a \\\" b\" , null ] , \"é\":{} } ,\"n\":-1.5e3}";
        assert_eq!(member(body, "m").as_deref(), Some(r#"{"b":[1,"a \" b",null],"é":{}}"#));
        assert_eq!(member(body, "n").as_deref(), Some("-1.5e3"));
        assert_eq!(member(body, "b"), None);
        for value in [format!("\"{}\"", "é".repeat(SIZE_MAX)), format!("[{}1]", "1,".repeat(SIZE_MAX))] {
            let shown = member(&format!("{{\"m\":{value}}}"), "m").unwrap();
            assert!(value.starts_with(&shown) && (SIZE_MAX - 1..=SIZE_MAX).contains(&shown.len()), "{}", shown.len());
        }
    }
}
