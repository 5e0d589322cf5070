//! Keys that an attacker guesses: 32 bytes that are no random ones. What this finds is trivial; it cannot prove that a key
//! is good. Random keys are refused with a probability under 10⁻¹¹: so
//! seldom are 32 random bytes UTF-8 without control characters.

use std::collections::BTreeSet;
use std::fmt;

/// 32 random bytes have about 30 different values.
const VALUES_MIN: usize = 16;
/// Of the 31 differences between neighbours about 29 are different; of the 30 between every other byte, and of those between
/// differences, about 28.
const DIFFERENCES_MIN: usize = 12;

/// What makes a key easy to guess.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weakness {
    OneByte,
    FewValues,
    Sequence,
    Repetition,
    Text,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Weakness::OneByte => "all of its bytes are the same",
            Weakness::FewValues => "it is made of few different bytes",
            Weakness::Sequence => "its bytes follow a simple sequence",
            Weakness::Repetition => "it repeats a shorter pattern",
            Weakness::Text => "it is text, such as a password, and not random bytes",
        })
    }
}

/// Why a key of 32 bytes is trivial to guess; nothing if it may be random.
pub fn weakness(key: &[u8; 32]) -> Option<Weakness> {
    let values: BTreeSet<u8> = key.iter().copied().collect();
    let steps = differences(key, 1);
    let repeats = |period: usize| key.iter().zip(&key[period..]).all(|(one, other)| one == other);
    let mirrored = key.iter().rev().eq(key.iter());
    let few = |differences: &[u8]| differences.iter().collect::<BTreeSet<_>>().len() < DIFFERENCES_MIN;
    let is_sequence = [&steps, &differences(key, 2), &differences(&steps, 1)].into_iter().any(|found| few(found));
    match () {
        () if values.len() == 1 => Some(Weakness::OneByte),
        () if steps.iter().all(|step| *step == steps[0]) => Some(Weakness::Sequence),
        () if (2..=16).any(repeats) || mirrored => Some(Weakness::Repetition),
        () if is_text(without_padding(key)) => Some(Weakness::Text),
        () if values.len() < VALUES_MIN => Some(Weakness::FewValues),
        () if is_sequence => Some(Weakness::Sequence),
        () => None,
    }
}

fn differences(bytes: &[u8], distance: usize) -> Vec<u8> {
    bytes.iter().zip(&bytes[distance..]).map(|(one, other)| other.wrapping_sub(*one)).collect()
}

/// Without the bytes that fill a shorter text up.
fn without_padding(key: &[u8]) -> &[u8] {
    let padding = key.iter().rev().take_while(|byte| Some(*byte) == key.last()).count();
    if padding > 1 { &key[..key.len() - padding] } else { key }
}

fn is_text(bytes: &[u8]) -> bool {
    let is_letter = |letter: char| !letter.is_control() || letter.is_ascii_whitespace();
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: impl Fn(u8) -> u8) -> [u8; 32] {
        std::array::from_fn(|at| byte(at as u8))
    }

    #[test]
    fn trivial_keys_are_found() {
        let text = |text: &[u8; 32]| *text;
        for (key, expected) in [
            (key(|_| 0), Weakness::OneByte),
            (key(|_| 0xff), Weakness::OneByte),
            (key(|at| at), Weakness::Sequence),
            (key(|at| 255 - at), Weakness::Sequence),
            (key(|at| at.wrapping_mul(17)), Weakness::Sequence),
            (key(|at| (at % 20) * 3 + at / 20), Weakness::Sequence),
            (key(|at| [0xde, 0xad, 0xbe, 0xef][usize::from(at % 4)]), Weakness::Repetition),
            (key(|at| at % 16), Weakness::Repetition),
            // The digits 0 to f, again and again.
            (key(|at| [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef][usize::from(at % 8)]), Weakness::Repetition),
            (key(|at| at.min(31 - at).wrapping_mul(97)), Weakness::Repetition),
            (key(|at| if at == 31 { 1 } else { 0 }), Weakness::FewValues),
            (key(|at| if at < 8 { at * 31 + 7 } else { 0 }), Weakness::FewValues),
            (text(b"correct horse battery staple 123"), Weakness::Text),
            (text(b"6e898b59cec0bd0027d3b47f27e5e6b6"), Weakness::Text),
            // Shorter texts, filled up; letters of other languages.
            (text(b"MyS3cretPassw0rd!2024-stator\0\0\0\0"), Weakness::Text),
            (text(b"MyS3cretPassw0rd!2024-stator\x04\x04\x04\x04"), Weakness::Text),
            (text("Größenwahn und Übermut 123456".as_bytes().try_into().unwrap()), Weakness::Text),
            (text("секретный пароль1".as_bytes().try_into().unwrap()), Weakness::Text),
            (key(|at| if at % 2 == 0 { at / 2 } else { 255 - at / 2 }), Weakness::Sequence),
            (key(|at| at.wrapping_mul(at)), Weakness::Sequence),
        ] {
            assert_eq!(weakness(&key), Some(expected), "{key:02x?}");
        }
    }

    #[test]
    fn random_keys_pass() {
        for _ in 0..10_000 {
            let mut key = [0; 32];
            crate::random::fill(&mut key);
            assert_eq!(weakness(&key), None, "{key:02x?}");
        }
    }
}
