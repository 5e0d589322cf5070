//! The canonical request: the one form of a request that signer and verifier agree on, whatever happened to its spaces,
//! its encodings and the order of its parameters on the way.
//!
//! Source: IAM User Guide, "Create a signed AWS API request", steps 1 and 2.

use std::borrow::Cow;

use base::{percent_decoded, percent_encoded};
use sha2::{Digest, Sha256};

/// The headers of a request, by their names in small letters.
pub trait Headers {
    /// Calls `each` with every value of a name, in their order.
    fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8]));

    /// Calls `each` with the name of every header, in small letters.
    fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str));

    /// Whether any header may occur more than once. Few requests have one that does, and most can say so at no cost.
    fn has_repeated(&self) -> bool {
        true
    }
}

/// A request as it came.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    pub method: &'a str,
    /// Percent-encoded, as it stood in the request line.
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub headers: &'a dyn Headers,
    /// As it was sent, compressed or not.
    pub body: &'a [u8],
}

/// The parameter that cannot be part of what it signs.
const SIGNATURE: &str = "X-Amz-Signature";

/// More than all headers of a request can be, each signed once. A name that is listed again and again would read its
/// value as often, and a value of spaces writes nothing; what is cut here is no request that its sender signed.
/// Unit: bytes.
const HEADERS_SIZE_BYTES_MAX: usize = 256 * 1024;

impl Received<'_> {
    /// `signed_headers` as the client lists them: names, with semicolons between.
    pub(super) fn canonical(&self, signed_headers: &str) -> Vec<u8> {
        let mut text = Vec::with_capacity(512);
        push(&mut text, &[self.method.as_bytes(), b"\n", path(self.path).as_bytes(), b"\n"]);
        push(&mut text, &[self.query.map(query).unwrap_or_default().as_bytes(), b"\n"]);
        let start = text.len();
        let mut read_bytes = 0;
        for name in signed_headers.split(';') {
            if text.len() - start + read_bytes > 2 * HEADERS_SIZE_BYTES_MAX {
                break;
            }
            push(&mut text, &[name.as_bytes(), b":"]);
            let mut is_first = true;
            self.headers.values(name, &mut |value| {
                push(&mut text, &[if is_first { b"" } else { b"," }]);
                push_trimmed(value, &mut text);
                read_bytes += value.len();
                is_first = false;
            });
            text.push(b'\n');
        }
        push(&mut text, &[b"\n", signed_headers.as_bytes(), b"\n", &hex(&digest(self.body))]);
        text
    }
}

pub(super) fn push(text: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        text.extend_from_slice(part);
    }
}

pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// In small letters, as signatures are written.
pub fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    base::hex_array(bytes)
}

/// Without spaces at its ends, and with one where there are several.
fn push_trimmed(value: &[u8], text: &mut Vec<u8>) {
    for (at, word) in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).enumerate() {
        push(text, &[if at > 0 { b" " } else { b"" }, word]);
    }
}

/// The path without `.`, `..` and empty parts, encoded once more, as all services but S3 have it.
fn path(path: &str) -> Cow<'_, str> {
    if path == "/" || path.is_empty() {
        return Cow::Borrowed("/");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut text = String::with_capacity(path.len() + 16);
    for part in &parts {
        text.push('/');
        text.push_str(&percent_encoded(part.as_bytes()));
    }
    if parts.is_empty() || path.ends_with('/') {
        text.push('/');
    }
    Cow::Owned(text)
}

/// The parameters in their canonical encoding, sorted, without the signature.
fn query(query: &str) -> String {
    let encoded = |text: &str| percent_encoded(&percent_decoded(text)).into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let pairs = pairs.filter(|(name, _)| *name != SIGNATURE);
    let mut pairs: Vec<(String, String)> = pairs.map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn paths() {
        for (given, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/a/../..", "/"),
            ("/a//b/./c", "/a/b/c"),
            ("/a/b/", "/a/b/"),
            ("/a%3Ab c", "/a%253Ab%20c"),
        ] {
            assert_eq!(path(given), canonical, "{given}");
        }
    }

    #[test]
    fn queries() {
        for (given, canonical) in [
            ("", ""),
            ("b=2&a=1&a=0", "a=0&a=1&b=2"),
            ("a", "a="),
            ("a=b%2fc&A=%zz", "A=%25zz&a=b%2Fc"),
            ("X-Amz-Signature=x&p=~-_.", "p=~-_."),
            ("&&a=1=2", "a=1%3D2"),
        ] {
            assert_eq!(query(given), canonical, "{given}");
        }
    }

    /// A value that is read more often than it can be sent is not read any further.
    #[test]
    fn one_header_of_spaces_listed_often() {
        struct Spaces(Cell<usize>, Vec<u8>);

        impl Headers for Spaces {
            fn values<'a>(&'a self, _: &str, each: &mut dyn FnMut(&'a [u8])) {
                self.0.set(self.0.get() + 1);
                each(&self.1);
            }

            fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
                each("host");
            }
        }

        let spaces = Spaces(Cell::new(0), [b"a".to_vec(), vec![b' '; 60_000], b"a".to_vec()].concat());
        let received = Received { method: "POST", path: "/", query: None, headers: &spaces, body: b"" };
        received.canonical(&"host;".repeat(6_000));
        assert!(spaces.0.get() < 12, "{}", spaces.0.get());
    }

    #[test]
    fn values() {
        let trimmed = |value: &str| {
            let mut text = Vec::new();
            push_trimmed(value.as_bytes(), &mut text);
            String::from_utf8(text).unwrap()
        };
        assert_eq!(trimmed("  a  b\t c "), "a b c");
        assert_eq!(trimmed("\"a   b\""), "\"a b\"");
        assert_eq!(trimmed("   "), "");
    }
}
