//! Texts with wildcards: `*` for any characters, `?` for one.
//!
//! Matching never backtracks before a `*`: each piece between two of them matches at its first occurrence, which leaves most
//! to those after it. A piece without `?` is found in linear time, one with `?` as `occurrence` describes. Each
//! comparison is paid for from a budget.

use std::borrow::Cow;

use super::memory::HeapSize;
use super::occurrence;
use super::work::WorkBudget;

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

impl HeapSize for Atom<'_> {
    fn heap_bytes(&self) -> usize {
        match self {
            Atom::Text(text) => text.heap_bytes(),
            Atom::One | Atom::Many => 0,
        }
    }
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
    // Most patterns are of one or two atoms, and lists grow by four.
    atoms.shrink_to_fit();
    atoms
}

/// Whether the whole text is as the pattern; without any work left, nothing is.
pub(super) fn matches(pattern: &[Atom<'_>], text: &str, letters: Letters, work: &WorkBudget) -> bool {
    // Nearly all patterns are of these.
    match pattern {
        [Atom::Many] => true,
        [Atom::Text(wanted)] => wanted.len() == text.len() && without_start(text, wanted, letters, work) == Some(""),
        [Atom::Text(start), Atom::Many] => without_start(text, start, letters, work).is_some(),
        _ => pieces_match(pattern, text, letters, work),
    }
}

/// Whether every text that begins with `start` is as the pattern; without any work left, none is.
pub(super) fn covers(pattern: &[Atom<'_>], start: &str, work: &WorkBudget) -> bool {
    // It must end with wildcards, one of them for any characters. Then whatever it matches, it matches with more behind, too.
    let mut wildcards = pattern.iter().rev().take_while(|atom| !matches!(atom, Atom::Text(_)));
    wildcards.any(is_many) && matches(pattern, start, Letters::Exact, work)
}

/// Whether any text that begins with `start` is as the pattern; without any work left, none is.
pub(super) fn meets(pattern: &[Atom<'_>], start: &str, work: &WorkBudget) -> bool {
    let mut rest = start;
    for atom in pattern {
        rest = match atom {
            // What is left of the start is any characters', and what is left of the pattern is in the text behind it.
            Atom::Many => return true,
            Atom::Text(text) if text.len() >= rest.len() => {
                return work.spend_bytes(rest.len()) && text.starts_with(rest);
            }
            Atom::Text(text) => match without_start(rest, text, Letters::Exact, work) {
                Some(rest) => rest,
                None => return false,
            },
            Atom::One => {
                let mut characters = rest.chars();
                if characters.next().is_none() || !work.spend(1) {
                    return rest.is_empty();
                }
                characters.as_str()
            }
        };
    }
    rest.is_empty()
}

fn pieces_match(pattern: &[Atom<'_>], text: &str, letters: Letters, work: &WorkBudget) -> bool {
    let Some(first) = pattern.iter().position(is_many) else {
        return behind(pattern, text, letters, work) == Some("");
    };
    let last = pattern.iter().rposition(is_many).unwrap_or(first);
    let Some(rest) = behind(&pattern[..first], text, letters, work) else { return false };
    let Some(mut rest) = before(&pattern[last + 1..], rest, letters, work) else { return false };
    for piece in pattern[first..last].split(is_many).filter(|piece| !piece.is_empty()) {
        match after(piece, rest, letters, work) {
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
fn behind<'t>(piece: &[Atom<'_>], mut text: &'t str, letters: Letters, work: &WorkBudget) -> Option<&'t str> {
    for atom in piece {
        text = match atom {
            Atom::Text(wanted) => without_start(text, wanted, letters, work)?,
            Atom::One | Atom::Many => {
                let mut characters = text.chars();
                characters.next().filter(|_| work.spend(1))?;
                characters.as_str()
            }
        };
    }
    Some(text)
}

/// What is left of the text before a piece at its end.
fn before<'t>(piece: &[Atom<'_>], mut text: &'t str, letters: Letters, work: &WorkBudget) -> Option<&'t str> {
    for atom in piece.iter().rev() {
        text = match atom {
            Atom::Text(wanted) => without_end(text, wanted, letters, work)?,
            Atom::One | Atom::Many => {
                let mut characters = text.chars();
                characters.next_back().filter(|_| work.spend(1))?;
                characters.as_str()
            }
        };
    }
    Some(text)
}

/// What is left of the text behind the first occurrence of a piece.
fn after<'t>(piece: &[Atom<'_>], text: &'t str, letters: Letters, work: &WorkBudget) -> Option<&'t str> {
    if let ([Atom::Text(wanted)], Letters::Exact) = (piece, letters) {
        // A search reads each byte of the text a few times at most, and one by one.
        let end = text.find(wanted.as_ref()).map(|at| at + wanted.len());
        let is_paid = work.spend(1 + end.unwrap_or(text.len()) / 4);
        return end.filter(|_| is_paid).map(|end| &text[end..]);
    }
    occurrence::first_end(piece, text, letters, work).map(|end| &text[end..])
}

fn without_start<'t>(text: &'t str, start: &str, letters: Letters, work: &WorkBudget) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    (work.spend_bytes(start.len()) && is_same(head, start, letters)).then_some(rest)
}

fn without_end<'t>(text: &'t str, end: &str, letters: Letters, work: &WorkBudget) -> Option<&'t str> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    (work.spend_bytes(end.len()) && is_same(tail, end, letters)).then_some(rest)
}

fn is_same(one: &str, other: &str, letters: Letters) -> bool {
    match letters {
        Letters::Exact => one == other,
        Letters::Either => one.eq_ignore_ascii_case(other),
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
            assert_eq!(
                matches(&compile(pattern), text, Letters::Exact, &WorkBudget::default()),
                expected,
                "{pattern} and {text}"
            );
        }
    }

    /// All texts of so many letters.
    fn texts(letters: &[char], length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut begin = 0;
        for _ in 0..length {
            let longer: Vec<_> = all[begin..]
                .iter()
                .flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")))
                .collect();
            begin = all.len();
            all.extend(longer);
        }
        all
    }

    #[test]
    fn what_begins_with_a_text() {
        let work = WorkBudget::new(u64::MAX);
        // A letter that no pattern has stands for all others.
        let rests = texts(&['a', 'b', 'z'], 4);
        for pattern in texts(&['a', 'b', '?', '*'], 4) {
            let atoms = compile(&pattern);
            for start in texts(&['a', 'b'], 3) {
                let matched = |rest: &String| matches(&atoms, &format!("{start}{rest}"), Letters::Exact, &work);
                let (all, any) = (rests.iter().all(matched), rests.iter().any(matched));
                assert_eq!(
                    (covers(&atoms, &start, &work), meets(&atoms, &start, &work)),
                    (all, any),
                    "{pattern} {start}"
                );
            }
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
            assert_eq!(
                matches(&compile(pattern), text, Letters::Either, &WorkBudget::default()),
                expected,
                "{pattern} and {text}"
            );
        }
    }

    /// A matcher that tries every way would need longer than the universe has been there.
    #[test]
    fn bad_patterns_cost_little() {
        let text = "a".repeat(20_000);
        let cost = |pattern: &str, letters| {
            let work = WorkBudget::new(u64::MAX);
            assert!(!matches(&compile(pattern), &text, letters, &work));
            work.spent()
        };
        for pattern in
            ["a*".repeat(2_000) + "b", "*a".repeat(2_000) + "?b", "*?".repeat(2_000) + "b*", "?*a?".repeat(900) + "b"]
        {
            let costs = [cost(&pattern, Letters::Exact), cost(&pattern, Letters::Either)];
            assert!(costs.iter().all(|cost| *cost < 1_500_000), "{costs:?} for {pattern:.20}");
        }
    }
}
