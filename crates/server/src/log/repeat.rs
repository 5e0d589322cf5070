//! One cause, said once: an error that passed several layers may carry the same words from each of them.

use std::borrow::Cow;

const SEPARATOR: &str = ": ";

/// A message without a part that only repeats the one before it.
pub(super) fn without(message: &str) -> Cow<'_, str> {
    let parts = || message.split(SEPARATOR);
    if !parts().zip(parts().skip(1)).any(|(before, part)| before == part) {
        return Cow::Borrowed(message);
    }
    let mut once: Vec<&str> = parts().collect();
    once.dedup();
    Cow::Owned(once.join(SEPARATOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_said_once() {
        for (message, expected) in [
            ("GetItem failed: the disk failed: the disk failed: no space", "GetItem failed: the disk failed: no space"),
            ("a: a: a: b: a", "a: b: a"),
            ("a: b: c", "a: b: c"),
            ("http://a:b:b", "http://a:b:b"),
            ("", ""),
        ] {
            assert_eq!(without(message), expected);
        }
    }
}
