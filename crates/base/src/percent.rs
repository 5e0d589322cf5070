//! Percent-encoding (RFC 3986, section 2.1). Readers differ on purpose in what they do with a `%` that begins no escape: signatures
//! and parameters of paths leave it as it is, forms refuse it.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode, percent_encode_byte};

/// All but letters, digits and `-_.~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Everything but letters, digits and `-_.~` becomes `%XX`.
pub fn percent_encoded(bytes: &[u8]) -> Cow<'_, str> {
    percent_encode(bytes, RESERVED).into()
}

/// `%XX` of one byte, whatever it is.
pub fn percent_escape(byte: u8) -> &'static str {
    percent_encode_byte(byte)
}

/// Decodes `%XX`; what is no such escape stays as it is.
pub fn percent_decoded(text: &str) -> Cow<'_, [u8]> {
    percent_decode(text.as_bytes()).into()
}

/// As [`percent_decoded`], as text; bytes that are no UTF-8 are replaced.
pub fn percent_decoded_text(text: &str) -> Cow<'_, str> {
    percent_decode(text.as_bytes()).decode_utf8_lossy()
}

/// Decodes `%XX`; none if a `%` begins no such escape, or what is encoded is no UTF-8.
pub fn percent_decoded_strict(text: &[u8]) -> Option<String> {
    let is_escape = |part: &[u8]| part.len() >= 2 && part[..2].iter().all(u8::is_ascii_hexdigit);
    let is_well_formed = text.split(|byte| *byte == b'%').skip(1).all(is_escape);
    let decoded = percent_decode(text).decode_utf8().ok().filter(|_| is_well_formed)?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(percent_encoded("{\"a\": \"*~é\"}".as_bytes()), "%7B%22a%22%3A%20%22%2A~%C3%A9%22%7D");
        assert_eq!(percent_encoded(b"aZ09-_.~\xff"), "aZ09-_.~%FF");
        assert_eq!((percent_escape(b'a'), percent_escape(0x0a)), ("%61", "%0A"));
        for (text, decoded) in [
            ("", Some("")),
            ("a%3Ab%c3%A9+", Some("a:bé+")),
            ("%2541", Some("%41")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("a%+1", None),
            ("%4é", None),
            ("%ff", None),
        ] {
            assert_eq!(percent_decoded_strict(text.as_bytes()).as_deref(), decoded, "{text}");
            match decoded {
                Some(decoded) => assert_eq!(percent_decoded_text(text), decoded),
                None if text == "%ff" => assert_eq!(percent_decoded_text(text), "\u{fffd}"),
                None => assert_eq!(percent_decoded(text), text.as_bytes(), "{text}"),
            }
        }
        assert_eq!(percent_decoded_strict(b"\xff"), None);
    }
}
