//! A presigned request: the signature's parameters are in the query string, percent-encoded.

use base::percent_decoded_text;

use super::credential::{self, Algorithm};
use super::{Refusal, Signature};

const ALGORITHM: &str = "X-Amz-Algorithm";
const CREDENTIAL: &str = "X-Amz-Credential";
const SIGNATURE: &str = "X-Amz-Signature";
const HEADERS: &str = "X-Amz-SignedHeaders";
const DATE: &str = "X-Amz-Date";
const EXPIRES: &str = "X-Amz-Expires";
const TOKEN: &str = "X-Amz-Security-Token";
/// In the order in which AWS complains of them.
const REQUIRED: [&str; 5] = [ALGORITHM, CREDENTIAL, SIGNATURE, HEADERS, DATE];

/// Whether a query string tries to carry a signature.
pub(super) fn is_signed(query: &str) -> bool {
    pairs(query).any(|(name, _)| REQUIRED.contains(&name))
}

pub(super) fn signature<'a>(query: &'a str, region_set: Option<&'a str>) -> Result<Signature<'a>, Refusal> {
    if let Some(name) = repeated(query) {
        let text =
            format!("AWS query-string parameters must include '{name}' once. Re-examine the query-string parameters.");
        return Err(Refusal::Incomplete(text));
    }
    let missing: String = REQUIRED
        .iter()
        .filter(|name| value(query, name).is_none_or(str::is_empty))
        .map(|name| format!("AWS query-string parameters must include '{name}'. "))
        .collect();
    let text = |name: &str| percent_decoded_text(value(query, name).unwrap_or_default());
    match value(query, ALGORITHM).and_then(Algorithm::parse) {
        Some(algorithm) if missing.is_empty() => Ok(Signature {
            credential: credential::parse(algorithm, text(CREDENTIAL), region_set)?,
            algorithm,
            headers: text(HEADERS),
            value: text(SIGNATURE),
            date: text(DATE),
            expires: value(query, EXPIRES).map(percent_decoded_text),
            token: value(query, TOKEN).map(percent_decoded_text),
        }),
        _ => Err(Refusal::Incomplete(format!("{missing}Re-examine the query-string parameters."))),
    }
}

/// A parameter of the signature that occurs twice, however its name is encoded: the canonical request has both.
fn repeated(query: &str) -> Option<&'static str> {
    let all = REQUIRED.into_iter().chain([EXPIRES, TOKEN]);
    all.into_iter().find(|name| pairs(query).filter(|(key, _)| percent_decoded_text(key) == *name).count() > 1)
}

fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    pairs(query).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}
