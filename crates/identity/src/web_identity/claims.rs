//! The claims of a verified token, checked: its audience, its expiry and its subject.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Rejected;

/// How long after its end a token is still taken, and how much before its beginning. Unit: seconds. Source: IAM User Guide,
/// "OIDC federation".
const SKEW_S: u64 = 5 * 60;
/// Where an issuer may put tags of the session.
const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// A web identity that is proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claims {
    pub subject: String,
    /// The audience: `azp`, or else the audience that the provider's list has.
    pub audience: String,
    /// For the contexts of requests: `issuer:sub` and its relatives, in lower case.
    pub context: BTreeMap<String, Vec<String>>,
    pub tags: BTreeMap<String, String>,
    pub transitive: BTreeSet<String>,
    pub source_identity: Option<String>,
}

impl Claims {
    /// `issuer` is the provider's URL without its scheme; `client_ids` are the audiences that it is registered for.
    pub(super) fn check(
        claims: &Map<String, Value>,
        issuer: &str,
        client_ids: &[String],
        now_s: u64,
    ) -> Result<Claims, Rejected> {
        check_times(claims, now_s)?;
        let subject = text(claims, "sub")?;
        let audiences = texts(claims.get("aud"));
        if audiences.is_empty() {
            return Err(missing("aud"));
        }
        // The authorized party, if the token has one, decides before the audience.
        let party = claims.get("azp").and_then(Value::as_str).map(|party| vec![party.to_owned()]);
        let mut wanted = party.as_ref().unwrap_or(&audiences).iter();
        let audience = wanted.find(|audience| client_ids.contains(audience));
        let audience = audience.ok_or_else(|| Rejected::invalid("Incorrect token audience"))?.clone();
        let (tags, transitive) = tags(claims)?;
        Ok(Claims {
            context: context(claims, issuer, &subject, &audience, &audiences),
            subject,
            audience,
            tags,
            transitive,
            source_identity: claims.get(SOURCE_IDENTITY).and_then(Value::as_str).map(str::to_owned),
        })
    }
}

fn check_times(claims: &Map<String, Value>, now_s: u64) -> Result<(), Rejected> {
    let expires_s = time(claims, "exp")?.ok_or_else(|| missing("exp"))?;
    if expires_s.saturating_add(SKEW_S) <= now_s {
        return Err(Rejected::Expired { now_s, expires_s });
    }
    let issued_s = time(claims, "iat")?.ok_or_else(|| missing("iat"))?;
    let begins_s = time(claims, "nbf")?.unwrap_or(0);
    if issued_s.max(begins_s) > now_s.saturating_add(SKEW_S) {
        return Err(Rejected::invalid("The ID Token provided is not valid yet"));
    }
    Ok(())
}

/// The keys that conditions name. Source: IAM User Guide, "Available keys for AWS OIDC federation".
fn context(
    claims: &Map<String, Value>,
    issuer: &str,
    subject: &str,
    audience: &str,
    audiences: &[String],
) -> BTreeMap<String, Vec<String>> {
    let mut context = BTreeMap::new();
    let mut put = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            context.insert(format!("{issuer}:{name}").to_lowercase(), values);
        }
    };
    put("sub", vec![subject.to_owned()]);
    put("aud", vec![audience.to_owned()]);
    put("oaud", audiences.to_vec());
    put("amr", texts(claims.get("amr")));
    put("email", texts(claims.get("email")));
    context
}

/// A claim of session tags: `{"principal_tags": {"key": ["value"]}, "transitive_tag_keys": ["key"]}`.
fn tags(claims: &Map<String, Value>) -> Result<(BTreeMap<String, String>, BTreeSet<String>), Rejected> {
    let Some(claim) = claims.get(TAGS) else { return Ok(Default::default()) };
    let wrong = || Rejected::Claim(format!("The claim {TAGS} does not have the form of session tags"));
    let mut tags = BTreeMap::new();
    for (key, values) in claim.get("principal_tags").and_then(Value::as_object).ok_or_else(wrong)? {
        let [value] = &texts(Some(values))[..] else { return Err(wrong()) };
        tags.insert(key.clone(), value.clone());
    }
    let transitive: BTreeSet<String> = texts(claim.get("transitive_tag_keys")).into_iter().collect();
    Ok((tags, transitive))
}

fn missing(name: &str) -> Rejected {
    Rejected::Invalid(format!("Missing a required claim: {name}"))
}

fn text(claims: &Map<String, Value>, name: &str) -> Result<String, Rejected> {
    let found = claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.map(str::to_owned).ok_or_else(|| missing(name))
}

/// A text, or several.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Seconds since the beginning of 1970, perhaps with a fraction. Unit: seconds.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, Rejected> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_u64().or_else(|| value.as_f64().filter(|seconds| *seconds >= 0.0).map(|s| s as u64));
    seconds.map(Some).ok_or_else(Rejected::malformed)
}
