//! The credential scope: `access key/date/region/service/aws4_request`. SigV4A leaves the region out and names its
//! regions in `X-Amz-Region-Set`.

use std::borrow::Cow;

use super::Refusal;

const TERMINATOR: &str = "aws4_request";

/// How AWS complains of a region, blank included: another complaint may follow it.
pub(crate) const REGION_WRONG: &str = "Credential should be scoped to a valid region. ";

/// Whether a name can be a region's. Regions name spaces of tables, cached keys and parts of ARNs, so what an unknown
/// client may write there is bounded.
pub fn is_region(name: &str) -> bool {
    model::is_region_name(name)
}

/// The partition that a region belongs to, by its name: what an ARN of the region begins with. An ARN with another one
/// names nothing, and would get around policies that name the right one.
///
/// Source: IAM User Guide, "Amazon Resource Names (ARNs)"; the prefixes are those of the SDKs' partitions.
pub fn partition_of(region: &str) -> &'static str {
    let prefixes = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-iso-", "aws-iso"),
    ];
    prefixes.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// The access key of a signature, its day, and the region and service that it is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential<'a> {
    pub access_key: Cow<'a, str>,
    /// `YYYYMMDD`.
    pub date: Cow<'a, str>,
    pub region: Cow<'a, str>,
    pub service: Cow<'a, str>,
}

/// How a request was signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Algorithm {
    V4,
    V4A,
}

impl Algorithm {
    pub(super) fn parse(name: &str) -> Option<Algorithm> {
        match name {
            "AWS4-HMAC-SHA256" => Some(Algorithm::V4),
            "AWS4-ECDSA-P256-SHA256" => Some(Algorithm::V4A),
            _ => None,
        }
    }
}

/// Takes a credential apart. `region_set` is what SigV4A says in place of a region.
pub(super) fn parse<'a>(
    algorithm: Algorithm,
    text: Cow<'a, str>,
    region_set: Option<&'a str>,
) -> Result<Credential<'a>, Refusal> {
    let parts = match text {
        Cow::Borrowed(text) => split(algorithm, text),
        Cow::Owned(ref text) => split(algorithm, text).map(|parts| parts.map(|part| Cow::Owned(part.into_owned()))),
    };
    let [access_key, date, region, service] = parts.ok_or_else(|| malformed(algorithm, &text))?;
    let region = match algorithm {
        Algorithm::V4 => region,
        // The first region named, or "*" for all of them.
        Algorithm::V4A => region_set.and_then(|set| set.split(',').next()).map_or(Cow::Borrowed("*"), Cow::Borrowed),
    };
    Ok(Credential { access_key, date, region, service })
}

fn split<'a>(algorithm: Algorithm, text: &'a str) -> Option<[Cow<'a, str>; 4]> {
    // From the right: only the access key could hold a slash, and AWS's never do.
    let mut parts = text.rsplit('/');
    if parts.next()? != TERMINATOR {
        return None;
    }
    let service = parts.next()?;
    let region = match algorithm {
        Algorithm::V4 => parts.next()?,
        Algorithm::V4A => "",
    };
    let date = parts.next()?;
    let access_key = parts.next()?;
    let dated = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    // An empty access key is a key that no directory knows.
    let whole = parts.next().is_none() && dated && !service.is_empty();
    let placed = algorithm == Algorithm::V4A || !region.is_empty();
    (whole && placed).then(|| [access_key, date, region, service].map(Cow::Borrowed))
}

fn malformed(algorithm: Algorithm, text: &str) -> Refusal {
    let (count, form) = match algorithm {
        Algorithm::V4 => (5, "keyid/date/region/service/term"),
        Algorithm::V4A => (4, "keyid/date/service/term"),
    };
    Refusal::Incomplete(format!(
        "Credential must have exactly {count} slash-delimited elements, e.g. {form}, got '{text}'"
    ))
}
