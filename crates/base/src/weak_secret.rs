//! Secrets of access keys that an attacker guesses from one signed request. What this finds is trivial; it cannot prove that a
//! secret is good. Of 40 random characters of base64 it refuses one in some ten million.

use std::collections::BTreeSet;
use std::fmt;

use zeroize::Zeroizing;

/// AWS's own have 40. Unit: bytes.
const LENGTH_MIN: usize = 16;
/// Of 16 random characters of base64 about 14 are different.
const VALUES_MIN: usize = 8;
/// Neighbours on a keyboard or in an alphabet, one behind the other.
const RUN_MAX: usize = 6;
/// The letters and digits as keyboards and alphabets have them.
const ROWS: [&str; 7] =
    ["1234567890", "0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm"];
/// In any case of their letters.
const WORDS: [&str; 8] = ["password", "passwort", "passw0rd", "changeme", "letmein", "default", "example", "secret"];

/// What makes a secret easy to guess. The text continues a sentence that begins with the secret's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WeakSecret {
    Short,
    FewValues,
    Repetition,
    Sequence,
    Word,
}

impl fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WeakSecret::Short => write!(f, "is shorter than {LENGTH_MIN} characters"),
            WeakSecret::FewValues => f.write_str("is made of few different characters"),
            WeakSecret::Repetition => f.write_str("repeats a shorter text"),
            WeakSecret::Sequence => f.write_str("has a row of an alphabet or a keyboard in it"),
            WeakSecret::Word => f.write_str("has a word in it that guesses begin with, or that examples have"),
        }
    }
}

impl WeakSecret {
    pub fn of(secret: &str) -> Option<WeakSecret> {
        let values: BTreeSet<char> = secret.chars().collect();
        let bytes = secret.as_bytes();
        let repeats = |period: usize| bytes.iter().zip(&bytes[period..]).all(|(one, other)| one == other);
        let lower = Zeroizing::new(secret.to_ascii_lowercase());
        match () {
            () if secret.len() < LENGTH_MIN => Some(WeakSecret::Short),
            () if values.len() < VALUES_MIN => Some(WeakSecret::FewValues),
            () if (1..=bytes.len() / 2).any(repeats) => Some(WeakSecret::Repetition),
            () if has_row(&lower) => Some(WeakSecret::Sequence),
            () if WORDS.iter().any(|word| lower.contains(word)) => Some(WeakSecret::Word),
            () => None,
        }
    }
}

/// Whether more than [`RUN_MAX`] characters follow each other as in one of the rows, in either direction.
fn has_row(lower: &str) -> bool {
    let has_part = |row: &str| {
        let parts = row.as_bytes().windows(RUN_MAX + 1);
        parts.into_iter().any(|part| lower.as_bytes().windows(part.len()).any(|found| found == part))
    };
    ROWS.iter().any(|row| has_part(row) || has_part(&row.chars().rev().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trivial_is_found() {
        for (secret, expected) in [
            ("test", Some(WeakSecret::Short)),
            ("kZ3v9Qm1TtY6hWc", Some(WeakSecret::Short)),
            ("kZ3v9Qm1TtY6hWc0", None),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", Some(WeakSecret::FewValues)),
            ("testtesttesttesttest", Some(WeakSecret::FewValues)),
            ("1234567890123456789012345678901234567890", Some(WeakSecret::Repetition)),
            ("kZ3v9Qm1Tt-kZ3v9Qm1Tt-kZ3v9Qm1", Some(WeakSecret::Repetition)),
            ("abcdefghijklmnopqrstuvwxyz", Some(WeakSecret::Sequence)),
            ("ZYXWVUTSRQPONMLKJIHGFEDCBA", Some(WeakSecret::Sequence)),
            ("qwertyuiopasdfghjkl", Some(WeakSecret::Sequence)),
            ("MySecretPassword1!", Some(WeakSecret::Word)),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Some(WeakSecret::Word)),
            ("kZ3v9Qm1TtY6hWc0RbX8sLpE2uNfJd5gAoKi7yVw", None),
            ("größenwahnsinnig-und-übermütig", None),
        ] {
            assert_eq!(WeakSecret::of(secret), expected, "{secret}");
        }
    }

    #[test]
    fn random_secrets_pass() {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for _ in 0..100 {
            let mut bytes = [0; 40];
            crate::random::fill(&mut bytes);
            let secret: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect();
            assert_eq!(WeakSecret::of(&secret), None, "{secret}");
        }
    }
}
