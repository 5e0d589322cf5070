//! The first occurrence of a piece of a pattern that has `?` in it, or letters of either case.
//!
//! All positions of the text are compared together: a bit set has the positions where the piece can still begin, and each
//! character of the piece removes those that it does not match. So a piece of `m` characters in a text of `n` costs
//! `n` for each different character and `m * n / 64` for the sets, where a comparison place by place costs `m * n`.

use std::collections::HashMap;

use super::glob::{Atom, Letters};
use super::work::WorkBudget;

/// What the places of all characters of a piece may take at once; beyond it they are looked for again.
/// Unit: bytes.
const PLACES_SIZE_BYTES_MAX: usize = 1 << 20;

/// How many places are looked at first, and at most, unless the piece is longer. Each part of a text has twice as many
/// as the one before, so that a search pays for what it passes and not for the whole text.
const PART_FIRST: usize = 64;
const PART_MAX: usize = 1 << 14;

/// Where the first occurrence of a piece ends in the text. Unit: bytes. None, if there is none or no work left.
pub(super) fn first_end(piece: &[Atom<'_>], text: &str, letters: Letters, work: &WorkBudget) -> Option<usize> {
    let length: usize = piece.iter().map(length).sum();
    let (mut from, mut part) = (0, PART_FIRST);
    loop {
        let characters: Vec<char> = text[from..].chars().take(part + length).map(|c| folded(c, letters)).collect();
        let count = (characters.len() + 1).checked_sub(length).filter(|count| *count > 0)?;
        if !work.spend(1 + characters.len()) {
            return None;
        }
        let behind = |places: usize| text[from..].char_indices().nth(places).map_or(text.len(), |(at, _)| from + at);
        if let Some(start) = first_start(piece, &characters, count, letters, work) {
            return Some(behind(start + length));
        }
        if characters.len() < part + length || work.is_exhausted() {
            return None;
        }
        from = behind(count);
        part = (part * 2).min(PART_MAX.max(length));
    }
}

/// The first of `count` places where a piece begins.
fn first_start(
    piece: &[Atom<'_>],
    characters: &[char],
    count: usize,
    letters: Letters,
    work: &WorkBudget,
) -> Option<usize> {
    let mut starts = Bits::all(count);
    let mut places = Places { characters, known: HashMap::new(), work };
    let mut offset = 0;
    for atom in piece {
        let Atom::Text(wanted) = atom else {
            offset += 1;
            continue;
        };
        for letter in wanted.chars() {
            starts.retain(places.of(folded(letter, letters))?, offset);
            // Most pieces occur nowhere, and the first characters remove nearly all positions.
            if !work.spend(1 + starts.0.len()) || starts.is_empty() {
                return None;
            }
            offset += 1;
        }
    }
    starts.first()
}

fn folded(letter: char, letters: Letters) -> char {
    match letters {
        Letters::Exact => letter,
        Letters::Either => letter.to_ascii_lowercase(),
    }
}

/// Unit: characters.
fn length(atom: &Atom<'_>) -> usize {
    match atom {
        Atom::Text(text) => text.chars().count(),
        Atom::One | Atom::Many => 1,
    }
}

/// Where in a text each character is.
struct Places<'a> {
    characters: &'a [char],
    known: HashMap<char, Bits>,
    work: &'a WorkBudget,
}

impl Places<'_> {
    /// None, if there is no work left.
    fn of(&mut self, letter: char) -> Option<&Bits> {
        let size_bytes = self.characters.len() / 8 + size_of::<Bits>();
        if !self.known.contains_key(&letter) {
            if !self.work.spend(1 + self.characters.len()) {
                return None;
            }
            if self.known.len() * size_bytes > PLACES_SIZE_BYTES_MAX {
                self.known.clear();
            }
            self.known.insert(letter, Bits::of(self.characters.iter().map(|other| *other == letter)));
        }
        self.known.get(&letter)
    }
}

const WORD_BITS: usize = u64::BITS as usize;

/// A set of numbers from 0 on.
struct Bits(Vec<u64>);

impl Bits {
    fn all(count: usize) -> Bits {
        let mut words = vec![u64::MAX; count / WORD_BITS];
        if !count.is_multiple_of(WORD_BITS) {
            words.push((1 << (count % WORD_BITS)) - 1);
        }
        Bits(words)
    }

    fn of(members: impl ExactSizeIterator<Item = bool>) -> Bits {
        let mut words = vec![0; members.len().div_ceil(WORD_BITS)];
        for (at, _) in members.enumerate().filter(|(_, is_member)| *is_member) {
            words[at / WORD_BITS] |= 1 << (at % WORD_BITS);
        }
        Bits(words)
    }

    /// Retains the numbers that are in another set once `offset` is added to them.
    fn retain(&mut self, other: &Bits, offset: usize) {
        let (words, bits) = (offset / WORD_BITS, offset % WORD_BITS);
        let word = |at: usize| other.0.get(at).copied().unwrap_or(0);
        for (at, own) in self.0.iter_mut().enumerate() {
            let low = word(at + words) >> bits;
            let high = if bits == 0 { 0 } else { word(at + words + 1) << (WORD_BITS - bits) };
            *own &= low | high;
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn first(&self) -> Option<usize> {
        let at = self.0.iter().position(|word| *word != 0)?;
        Some(at * WORD_BITS + self.0[at].trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::glob;

    /// The same place by place, which is slow and plain.
    fn expected(piece: &str, text: &str) -> Option<usize> {
        let piece: Vec<char> = piece.chars().collect();
        let characters: Vec<char> = text.chars().collect();
        let fits = |start: usize| {
            let found = characters.get(start..start + piece.len())?;
            piece.iter().zip(found).all(|(wanted, found)| *wanted == '?' || wanted == found).then_some(start)
        };
        let start = (0..=characters.len()).find_map(fits)?;
        Some(characters[..start + piece.len()].iter().map(|letter| letter.len_utf8()).sum())
    }

    #[test]
    fn occurrences_are_those_of_a_plain_search() {
        let mut state = 7_u64;
        let mut below = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % bound
        };
        let work = WorkBudget::new(u64::MAX);
        for _ in 0..3_000 {
            let mut letters = |count: u64, of: &[char]| -> String {
                (0..count).map(|_| of[below(of.len() as u64) as usize]).collect()
            };
            let text = letters(200, &['a', 'b', 'é']);
            let text: String = text.chars().take((text.len() * 7) % 201).collect();
            let piece = letters(9, &['a', 'b', 'é', '?', '?']);
            let piece: String = piece.chars().take(1 + text.len() % 9).collect();
            let found = first_end(&glob::compile(&piece), &text, Letters::Exact, &work);
            assert_eq!(found, expected(&piece, &text), "{piece} in {text}");
        }
    }

    #[test]
    fn letters_of_either_case() {
        let work = WorkBudget::new(u64::MAX);
        let found = |piece: &str, text: &str| first_end(&glob::compile(piece), text, Letters::Either, &work);
        assert_eq!(found("b?D", "aBcd-"), Some(4));
        assert_eq!(found("É", "é"), None);
        assert_eq!(found("", ""), Some(0));
    }

    #[test]
    fn cost_grows_with_the_text_and_not_with_its_square() {
        let cost = |piece: &str, text: &str| {
            let work = WorkBudget::new(u64::MAX);
            first_end(&glob::compile(piece), text, Letters::Exact, &work);
            work.spent()
        };
        let long = |length: usize| cost(&("a?".repeat(length / 4) + "b"), &"a".repeat(length));
        assert!(long(2_000) < 2_000 * 30, "{}", long(2_000));
        // A comparison at each place: 16,000 letters at 32,000 places.
        assert!(long(64_000) < 16_000 * 32_000 / 20, "{}", long(64_000));
        // What is found at once does not pay for the rest of the text.
        assert!(cost("a?", &"a".repeat(64_000)) < 300, "{}", cost("a?", &"a".repeat(64_000)));
        assert!(cost("?b", &"a".repeat(64_000)) < 64_000 * 3, "{}", cost("?b", &"a".repeat(64_000)));
    }

    #[test]
    fn the_search_ends_with_the_budget() {
        let work = WorkBudget::new(1_000);
        assert_eq!(first_end(&glob::compile("?b"), &"a".repeat(100_000), Letters::Exact, &work), None);
        assert!(work.is_exhausted());
    }
}
