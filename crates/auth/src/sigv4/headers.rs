//! Which headers of a request its signature covers, and which occur once.
//!
//! Source: IAM User Guide, "Create a signed AWS API request", step 1: `host`, `content-type` if the request has it, and
//! each `x-amz-*` header.

use super::{Headers, Refusal, Signature};

/// Headers of AWS's own, which say what a request means.
const OWN: &str = "x-amz-";
/// A session token may come unsigned, as AWS's own test suite for signers has it (`post-sts-header-after`): another token
/// belongs to another secret, so that the signature does not fit it.
const TOKEN: &str = "x-amz-security-token";
const CONTENT_TYPE: &str = "content-type";
const HOST: &str = "host";
/// Headers that are read once. Of two, a proxy and this server could believe different ones.
const ONCE: [&str; 4] = ["authorization", "content-encoding", CONTENT_TYPE, HOST];
/// Longer lists name more headers than a request has; the rest is not looked at.
const SIGNED_HEADERS_MAX: usize = 256;

impl Signature<'_> {
    /// Whether the signature covers all headers that say what the request means; `content_types` are those of its protocol. This
    /// needs no secret.
    ///
    /// # Errors
    /// AWS's refusal.
    pub fn check_headers(&self, headers: &dyn Headers, content_types: &[&str]) -> Result<(), Refusal> {
        let mut refused = None;
        headers.names(&mut |name| {
            let uncovered = match name {
                TOKEN => false,
                CONTENT_TYPE => !self.covers(name) && !is_of_protocol(headers, content_types),
                name => name.starts_with(OWN) && !self.covers(name),
            };
            if uncovered && refused.is_none() {
                refused = Some(uncovered_header(name));
            }
        });
        refused.map_or(Ok(()), Err)
    }

    pub(super) fn covers(&self, name: &str) -> bool {
        self.headers.split(';').take(SIGNED_HEADERS_MAX).any(|signed| signed == name)
    }
}

/// A content type may be unsigned if it is one that the request's protocol takes anyway: the SDKs for PHP and JavaScript 2 never
/// sign it. Which one of them it is does not change what the request means; its protocol follows from its target and its path, or
/// is Query's, which has one content type.
fn is_of_protocol(headers: &dyn Headers, known: &[&str]) -> bool {
    let mut fits = true;
    headers.values(CONTENT_TYPE, &mut |value| {
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        fits &= known.iter().any(|known| essence.eq_ignore_ascii_case(known.as_bytes()));
    });
    fits
}

/// Refuses a request in which a header occurs twice that is read once. AWS reads such headers as one list with commas, and
/// complains of what that means.
///
/// # Errors
/// AWS's refusal.
pub fn check_once(headers: &dyn Headers) -> Result<(), Refusal> {
    if !headers.has_repeated() {
        return Ok(());
    }
    let mut refused = None;
    headers.names(&mut |name| {
        if refused.is_none() && (name.starts_with(OWN) || name == "date" || ONCE.contains(&name)) {
            refused = repeated(name, headers);
        }
    });
    refused.map_or(Ok(()), Err)
}

fn repeated(name: &str, headers: &dyn Headers) -> Option<Refusal> {
    let mut values: Vec<String> = Vec::new();
    headers.values(name, &mut |value| values.push(String::from_utf8_lossy(value).into_owned()));
    if values.len() < 2 {
        return None;
    }
    Some(match name {
        "x-amz-date" | "date" => Refusal::no_date(&values.join(",")),
        TOKEN => Refusal::Unrecognized,
        "authorization" => Refusal::Incomplete(format!(
            "Authorization header must occur once in the request. Authorization={}",
            values.join(",")
        )),
        name => Refusal::Invalid(format!("'{}' must occur once in the request.", title(name))),
    })
}

fn uncovered_header(name: &str) -> Refusal {
    Refusal::Invalid(format!("'{}' must be a 'SignedHeader' in the AWS Authorization.", title(name)))
}

/// `x-amz-target` as documents spell it: `X-Amz-Target`.
fn title(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
