//! Secrets of access keys that an attacker guesses from one signed request. What this finds is trivial; it cannot prove that a
//! secret is good.

use std::collections::BTreeSet;
use std::fmt;

/// AWS's own have 40. Unit: bytes.
const LENGTH_MIN: usize = 16;
/// Of 16 random characters of base64 about 14 are different.
const VALUES_MIN: usize = 8;
/// What AWS writes into the secrets of its documentation.
const EXAMPLE: &str = "EXAMPLE";

/// What makes a secret easy to guess. The text goes on from the secret's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WeakSecret {
    Short,
    FewValues,
    Example,
}

impl fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WeakSecret::Short => write!(f, "is shorter than {LENGTH_MIN} characters"),
            WeakSecret::FewValues => f.write_str("is made of few different characters"),
            WeakSecret::Example => f.write_str("is an example of a documentation"),
        }
    }
}

impl WeakSecret {
    pub(crate) fn of(secret: &str) -> Option<WeakSecret> {
        let values: BTreeSet<char> = secret.chars().collect();
        match () {
            () if secret.len() < LENGTH_MIN => Some(WeakSecret::Short),
            () if values.len() < VALUES_MIN => Some(WeakSecret::FewValues),
            () if secret.contains(EXAMPLE) => Some(WeakSecret::Example),
            () => None,
        }
    }
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
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Some(WeakSecret::Example)),
            ("kZ3v9Qm1TtY6hWc0RbX8sLpE2uNfJd5gAoKi7yVw", None),
        ] {
            assert_eq!(WeakSecret::of(secret), expected, "{secret}");
        }
    }
}
