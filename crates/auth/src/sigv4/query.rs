//! A presigned request: the signature's parameters stand in the query string, percent-encoded.

use std::borrow::Cow;

use super::Refusal;
use super::credential::{self, Algorithm, Credential};

const ALGORITHM: &str = "X-Amz-Algorithm";
const CREDENTIAL: &str = "X-Amz-Credential";
/// In the order in which AWS complains of them.
const REQUIRED: [&str; 5] = [ALGORITHM, CREDENTIAL, "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];

/// Whether a query string tries to carry a signature.
pub(super) fn is_signed(query: &str) -> bool {
    pairs(query).any(|(name, _)| REQUIRED.contains(&name))
}

pub(super) fn credential<'a>(query: &'a str, region_set: Option<&'a str>) -> Result<Credential<'a>, Refusal> {
    let missing: String = REQUIRED
        .iter()
        .filter(|name| value(query, name).is_none_or(str::is_empty))
        .map(|name| format!("AWS query-string parameters must include '{name}'. "))
        .collect();
    let algorithm = value(query, ALGORITHM).and_then(Algorithm::parse);
    match (algorithm, value(query, CREDENTIAL)) {
        (Some(algorithm), Some(text)) if missing.is_empty() => {
            credential::parse(algorithm, percent_decoded(text), region_set)
        }
        _ => Err(Refusal::Incomplete(format!("{missing}Re-examine the query-string parameters."))),
    }
}

fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    pairs(query).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Decodes `%XX`; what is no such escape stays as it is, and bytes that are no UTF-8 are replaced.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, escaped(tail)) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| (*byte as char).to_digit(16);
    let value = digit(digits.first()?)? * 16 + digit(digits.get(1)?)?;
    u8::try_from(value).ok()
}
