//! The patterns of service models, as far as they are one class of characters that repeats: `[\w+=,.@-]*`, which most are.
//! What another pattern asks for, the service's functions check, in their own words.
//!
//! A pattern is Java's: `\w` and `\d` are ASCII's, and `\u` has four digits.

/// Whether a text is all of a pattern. A pattern that is not one repeated class takes every text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((class, least)) = repeated_class(pattern) else { return true };
    let Some(class) = Class::parse(class) else { return true };
    text.len() >= least && text.chars().all(|letter| class.contains(letter))
}

/// The class within the brackets, and how many characters there are at least.
fn repeated_class(pattern: &str) -> Option<(&str, usize)> {
    let pattern = pattern.strip_prefix('^').and_then(|pattern| pattern.strip_suffix('$')).unwrap_or(pattern);
    let pattern = pattern.strip_prefix('(').and_then(|pattern| pattern.strip_suffix(')')).unwrap_or(pattern);
    let (class, least) = match pattern.strip_suffix('*') {
        Some(class) => (class, 0),
        None => (pattern.strip_suffix('+')?, 1),
    };
    Some((class.strip_prefix('[')?.strip_suffix(']')?, least))
}

struct Class(Vec<Part>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Range(u32, u32),
    /// `\w`
    Word,
    /// `\d`
    Digit,
    /// `\p{L}`
    Letter,
    /// `\p{N}`
    Number,
    /// `\p{Z}`
    Separator,
}

impl Class {
    /// `None` if the brackets have something that is not known here.
    fn parse(text: &str) -> Option<Class> {
        let mut rest = text;
        let mut parts: Vec<Part> = Vec::new();
        while !rest.is_empty() {
            let part = one(&mut rest)?;
            // A hyphen at an end or behind a class is itself.
            let range_end = rest.strip_prefix('-').filter(|after| !after.is_empty());
            parts.push(match (part, range_end) {
                (Part::Range(first, _), Some(after)) => {
                    rest = after;
                    let Part::Range(_, last) = one(&mut rest)? else { return None };
                    Part::Range(first, last)
                }
                _ => part,
            });
        }
        Some(Class(parts))
    }

    fn contains(&self, letter: char) -> bool {
        self.0.iter().any(|part| match part {
            Part::Range(first, last) => (*first..=*last).contains(&u32::from(letter)),
            Part::Word => letter.is_ascii_alphanumeric() || letter == '_',
            Part::Digit => letter.is_ascii_digit(),
            Part::Letter => letter.is_alphabetic(),
            Part::Number => letter.is_numeric(),
            Part::Separator => letter.is_whitespace() && !letter.is_control(),
        })
    }
}

fn one(rest: &mut &str) -> Option<Part> {
    let letter = take(rest)?;
    if letter != '\\' {
        // A second bracket, or a negation.
        return (!matches!(letter, '[' | ']' | '^' | '&')).then(|| single(u32::from(letter)));
    }
    Some(match take(rest)? {
        'w' => Part::Word,
        'd' => Part::Digit,
        'n' => single(10),
        'r' => single(13),
        't' => single(9),
        'u' => single(hexadecimal(rest, 4)?),
        'x' => single(hexadecimal(rest, 2)?),
        'p' => {
            let (name, after) = rest.strip_prefix('{')?.split_once('}')?;
            *rest = after;
            match name {
                "L" => Part::Letter,
                "N" => Part::Number,
                "Z" => Part::Separator,
                _ => return None,
            }
        }
        letter if letter.is_ascii_alphanumeric() => return None,
        letter => single(u32::from(letter)),
    })
}

fn single(code: u32) -> Part {
    Part::Range(code, code)
}

fn take(rest: &mut &str) -> Option<char> {
    let letter = rest.chars().next()?;
    *rest = &rest[letter.len_utf8()..];
    Some(letter)
}

fn hexadecimal(rest: &mut &str, digits: usize) -> Option<u32> {
    let (code, after) = rest.split_at_checked(digits)?;
    *rest = after;
    u32::from_str_radix(code, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert!(matches(pattern, text), "{pattern} {text:?}"));
        bad.iter().for_each(|text| assert!(!matches(pattern, text), "{pattern} {text:?}"));
    }

    #[test]
    fn repeated_classes() {
        check(r"[\w+=,.@-]*", &["", "aZ09_+=,.@-"], &["a b", "é", "a/b"]);
        check(r"[\w+=,.@\:-]*", &["a:b"], &["a/b", "\\"]);
        check(r"[\w+=,.@:\/-]*", &["a/b:"], &["a\\b"]);
        check(r"[\u0009\u000A\u000D\u0020-\u00FF]+", &["{\"a\": 1}\r\n\t", "ÿ"], &["", "\u{100}", "\u{0}"]);
        check(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", &["Straße 1/2", "日本", ""], &["a{b", "a\tb"]);
        check(r"[ -~]+", &["a b~"], &["", "\u{7f}"]);
        check(r"^[a-zA-Z0-9:_.-]+$", &["a-b"], &["", "a b"]);
        check(r"[\x20-\x7E]+", &["a"], &["é"]);
        check("[a-zA-Z0-9-_]*", &["a-_"], &["."]);
    }

    #[test]
    fn other_patterns_take_every_text() {
        for pattern in ["", "v[1-9][0-9]*", "[^ab]+", r"\p{Print}+", "(a|b)+", "[a-z]{2}", "[[a]b]+", r"[\s\S]*"] {
            check(pattern, &["", "any\u{0}"], &[]);
        }
    }
}
