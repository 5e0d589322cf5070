//! Hexadecimal, written in small letters. It takes the same time for all bytes of a length, so that it may be used on secrets.

use base16ct::{lower, mixed};

pub fn hex(bytes: &[u8]) -> String {
    lower::encode_string(bytes)
}

/// As [`hex`], without an allocation; `N` is twice `SIZE`.
pub fn hex_array<const SIZE: usize, const N: usize>(bytes: &[u8; SIZE]) -> [u8; N] {
    const { assert!(N == 2 * SIZE) };
    let mut text = [0; N];
    // Never an error: the text has its length.
    let _ = lower::encode(bytes, &mut text);
    text
}

/// Reads digits in small and capital letters; none if they are of another kind or odd in number.
pub fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    mixed::decode_vec(digits).ok()
}

/// Reads so many bytes from digits in small letters.
pub fn unhex_lower<const SIZE: usize>(digits: &[u8]) -> Option<[u8; SIZE]> {
    let mut bytes = [0; SIZE];
    let read = lower::decode(digits, &mut bytes).ok()?.len();
    (read == SIZE).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_digits() {
        let bytes: [u8; 256] = std::array::from_fn(|at| at as u8);
        let expected: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex(&bytes), expected);
        assert_eq!(hex_array::<256, 512>(&bytes), expected.as_bytes());
        assert_eq!(unhex(expected.as_bytes()), Some(bytes.to_vec()));
        assert_eq!(unhex(expected.to_uppercase().as_bytes()), Some(bytes.to_vec()));
        assert_eq!(unhex_lower(expected.as_bytes()), Some(bytes));
        assert_eq!(unhex(b""), Some(Vec::new()));
        for digits in ["a", "abc", "zz", "+1", "0x", " 1", "é", "a\n"] {
            assert_eq!(unhex(digits.as_bytes()), None, "{digits:?}");
        }
        for digits in ["", "AB", "aB", "abab", "a", "g0"] {
            assert_eq!(unhex_lower::<1>(digits.as_bytes()), None, "{digits:?}");
        }
        assert_eq!(unhex_lower(b"ab"), Some([0xab]));
    }
}
