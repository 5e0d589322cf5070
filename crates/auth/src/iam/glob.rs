//! Texts with wildcards: `*` for any characters, `?` for one.
//!
//! Matching never goes back behind a `*`: each piece between two of them is taken where it fits first, which leaves most
//! to those behind it. So its time grows with the text's length times the longest piece's, whatever the pattern.

use std::borrow::Cow;

/// What a pattern is made of. No two texts are neighbours, nor two [`Atom::Many`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Atom<'a> {
    Text(Cow<'a, str>),
    /// `?`
    One,
    /// `*`
    Many,
}

/// Which letters are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    Exact,
    /// `A` and `a` are one, of ASCII's letters.
    Either,
}

/// Another atom behind those of a pattern.
pub(super) fn push<'a>(atoms: &mut Vec<Atom<'a>>, atom: Atom<'a>) {
    match (atoms.last_mut(), atom) {
        (Some(Atom::Text(before)), Atom::Text(text)) => before.to_mut().push_str(&text),
        (Some(Atom::Many), Atom::Many) => {}
        (_, Atom::Text(text)) if text.is_empty() => {}
        (_, atom) => atoms.push(atom),
    }
}

/// A pattern that the whole text is matched with.
pub(super) fn compile(pattern: &str) -> Vec<Atom<'static>> {
    let mut atoms = Vec::new();
    for piece in pattern.split_inclusive(['*', '?']) {
        let (text, wildcard) = match piece.as_bytes().last() {
            Some(b'*') => (&piece[..piece.len() - 1], Some(Atom::Many)),
            Some(b'?') => (&piece[..piece.len() - 1], Some(Atom::One)),
            _ => (piece, None),
        };
        push(&mut atoms, Atom::Text(Cow::Owned(text.to_owned())));
        if let Some(wildcard) = wildcard {
            push(&mut atoms, wildcard);
        }
    }
    atoms
}

pub(super) fn matches(pattern: &[Atom<'_>], text: &str, letters: Letters) -> bool {
    // Nearly all patterns are of these.
    match pattern {
        [Atom::Many] => true,
        [Atom::Text(wanted)] => without_start(text, wanted, letters) == Some(""),
        [Atom::Text(start), Atom::Many] => without_start(text, start, letters).is_some(),
        _ => pieces_match(pattern, text, letters),
    }
}

fn pieces_match(pattern: &[Atom<'_>], text: &str, letters: Letters) -> bool {
    let Some(first) = pattern.iter().position(is_many) else {
        return behind(pattern, text, letters) == Some("");
    };
    let last = pattern.iter().rposition(is_many).unwrap_or(first);
    let Some(rest) = behind(&pattern[..first], text, letters) else { return false };
    let Some(mut rest) = before(&pattern[last + 1..], rest, letters) else { return false };
    for piece in pattern[first..last].split(is_many).filter(|piece| !piece.is_empty()) {
        match after(piece, rest, letters) {
            Some(left) => rest = left,
            None => return false,
        }
    }
    true
}

fn is_many(atom: &Atom<'_>) -> bool {
    *atom == Atom::Many
}

/// What is left of the text behind a piece at its beginning.
fn behind<'t>(piece: &[Atom<'_>], mut text: &'t str, letters: Letters) -> Option<&'t str> {
    for atom in piece {
        text = match atom {
            Atom::Text(wanted) => without_start(text, wanted, letters)?,
            Atom::One | Atom::Many => {
                let mut characters = text.chars();
                characters.next()?;
                characters.as_str()
            }
        };
    }
    Some(text)
}

/// What is left of the text before a piece at its end.
fn before<'t>(piece: &[Atom<'_>], mut text: &'t str, letters: Letters) -> Option<&'t str> {
    for atom in piece.iter().rev() {
        text = match atom {
            Atom::Text(wanted) => without_end(text, wanted, letters)?,
            Atom::One | Atom::Many => {
                let mut characters = text.chars();
                characters.next_back()?;
                characters.as_str()
            }
        };
    }
    Some(text)
}

/// What is left of the text behind the first place where the piece stands.
fn after<'t>(piece: &[Atom<'_>], text: &'t str, letters: Letters) -> Option<&'t str> {
    if let ([Atom::Text(wanted)], Letters::Exact) = (piece, letters) {
        return text.find(wanted.as_ref()).map(|at| &text[at + wanted.len()..]);
    }
    text.char_indices().find_map(|(at, _)| behind(piece, &text[at..], letters))
}

fn without_start<'t>(text: &'t str, start: &str, letters: Letters) -> Option<&'t str> {
    match letters {
        Letters::Exact => text.strip_prefix(start),
        Letters::Either => {
            let (head, rest) = text.split_at_checked(start.len())?;
            head.eq_ignore_ascii_case(start).then_some(rest)
        }
    }
}

fn without_end<'t>(text: &'t str, end: &str, letters: Letters) -> Option<&'t str> {
    match letters {
        Letters::Exact => text.strip_suffix(end),
        Letters::Either => {
            let (rest, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
            tail.eq_ignore_ascii_case(end).then_some(rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "A", false),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "anything: at/all", true),
            ("**", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("?", "ab", false),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*?", "", false),
            ("?*?", "a", false),
            ("?*?", "ab", true),
            ("*b?d*", "abcabcd", true),
            ("*b?d*", "abcab", false),
            ("*b?d*", "abcabxd-", true),
            ("*ab", "aab", true),
            ("*aab*aab", "aaab", false),
        ] {
            assert_eq!(matches(&compile(pattern), text, Letters::Exact), expected, "{pattern} and {text}");
        }
    }

    #[test]
    fn letters_of_either_case() {
        for (pattern, text, expected) in [
            ("dynamodb:get*", "DynamoDB:GetItem", true),
            ("DYNAMODB:*ITEM", "dynamodb:GetItem", true),
            ("dynamodb:*tit*", "dynamodb:GetItem", true),
            ("dynamodb:É", "dynamodb:é", false),
            ("dynamodb:e", "dynamodb:é", false),
        ] {
            assert_eq!(matches(&compile(pattern), text, Letters::Either), expected, "{pattern} and {text}");
        }
    }

    /// A matcher that tries every way would need longer than the universe has been there.
    #[test]
    fn bad_patterns_cost_little() {
        let text = "a".repeat(20_000);
        for pattern in
            ["a*".repeat(2_000) + "b", "*a".repeat(2_000) + "?b", "*?".repeat(2_000) + "b*", "?*a?".repeat(900) + "b"]
        {
            assert!(!matches(&compile(&pattern), &text, Letters::Exact));
            assert!(!matches(&compile(&pattern), &text, Letters::Either));
        }
    }
}
