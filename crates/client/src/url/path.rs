//! Percent-encoding in paths and queries: one spelling for each.

/// With the letters, digits, `-`, `.`, `_` and `~` as they are, and all other escapes in capitals; no `%` that begins no escape.
pub(super) fn normal(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        out.push_str(&base::percent_encoded(&base::unhex(digits.as_bytes())?));
        out.push_str(rest);
    }
    Some(out)
}

/// Of a path in its one spelling. What some servers take for a segment's parameters, behind a semicolon, is none of its name.
pub(super) fn is_dot_segment(segment: &str) -> bool {
    let name = segment.split([';']).next().unwrap_or_default();
    let name = name.split("%3B").next().unwrap_or_default();
    name == "." || name == ".."
}

/// Whether a path has what a server that decodes it early takes for the end of a segment, or of the path.
pub(super) fn hides_separator(path: &str) -> bool {
    let separators = |path: &[u8]| path.iter().filter(|byte| matches!(byte, b'/' | b'\\' | 0..=0x1f | 0x7f)).count();
    separators(&base::percent_decoded(path)) > separators(path.as_bytes())
}
