//! Characters that a line of a log does not show, or that change how the rest of it looks: controls, line separators, and formats
//! such as those that turn the direction of writing.
//!
//! Source: Unicode 16, general categories Cc, Cf, Zl and Zp.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Of Cf, Zl and Zp. Ordered.
const FORMATS: [(char, char); 21] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{2064}'),
    ('\u{2066}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
];

/// Whether a character is not seen as itself.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control() || !letter.is_ascii() && FORMATS.iter().any(|(first, last)| (*first..=*last).contains(&letter))
}

/// A line with its hidden characters as JSON escapes them, `\u202e`: in a text of JSON they mean what they were.
pub fn visible(line: &str) -> Cow<'_, str> {
    if line.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !line.contains(is_hidden) {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len() + 32);
    for letter in line.chars() {
        if !is_hidden(letter) {
            shown.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    Cow::Owned(shown)
}

/// The same of a line of one's own, which is not copied where nothing is hidden.
pub fn into_visible(line: String) -> String {
    if let Cow::Owned(shown) = visible(&line) {
        return shown;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_escaped() {
        for (line, expected) in [
            ("", ""),
            ("plain ~ line", "plain ~ line"),
            ("é 漢 😀", "é 漢 😀"),
            ("a\u{202e}b\u{2028}\u{2029}c\u{2066}", "a\\u202eb\\u2028\\u2029c\\u2066"),
            ("\u{1b}[31m\u{7f}\u{85}\0", "\\u001b[31m\\u007f\\u0085\\u0000"),
            ("\u{feff}\u{ad}\u{e0041}x", "\\ufeff\\u00ad\\udb40\\udc41x"),
        ] {
            assert_eq!((visible(line), into_visible(line.to_owned())), (expected.into(), expected.to_owned()));
        }
        assert!(FORMATS.is_sorted() && FORMATS.iter().all(|(first, last)| first <= last));
    }
}
