//! Percent-encoding in paths and queries: one spelling for each.

/// With the letters, digits, `-`, `.`, `_` and `~` as they are, and all other escapes in capitals; no `%` that begins no escape.
pub(super) fn normal(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => out.push(byte.into()),
            false => out.extend(["%", &digits.to_ascii_uppercase()]),
        }
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
    path.split('%').skip(1).any(|escape| {
        let byte = escape.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| matches!(byte, b'/' | b'\\' | 0..=0x1f | 0x7f))
    })
}
