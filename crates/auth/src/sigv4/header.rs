//! `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use std::borrow::Cow;

use super::Refusal;
use super::credential::{self, Algorithm, Credential};

pub(super) fn credential<'a>(
    authorization: &'a str,
    dated: bool,
    region_set: Option<&'a str>,
) -> Result<Credential<'a>, Refusal> {
    let (name, parameters) = authorization.trim().split_once(' ').unwrap_or((authorization.trim(), ""));
    // Another scheme (Basic, Bearer) is no AWS signature at all.
    if !name.starts_with("AWS4-") {
        return Err(Refusal::Missing);
    }
    let parameters = Parameters::read(parameters);
    let whole = (parameters.credential, Algorithm::parse(name));
    match whole {
        (Some(text), Some(algorithm)) if parameters.signature && parameters.signed_headers && dated => {
            credential::parse(algorithm, Cow::Borrowed(text), region_set)
        }
        _ => Err(Refusal::Incomplete(parameters.complaint(dated, authorization))),
    }
}

/// What the header says; of the signature and its headers only that they are there.
#[derive(Default)]
struct Parameters<'a> {
    credential: Option<&'a str>,
    signature: bool,
    signed_headers: bool,
}

impl<'a> Parameters<'a> {
    fn read(text: &'a str) -> Parameters<'a> {
        let mut parameters = Parameters::default();
        for pair in text.split([',', ' ']) {
            match pair.split_once('=') {
                Some(("Credential", value)) if !value.is_empty() => parameters.credential = Some(value),
                Some(("Signature", value)) => parameters.signature = !value.is_empty(),
                Some(("SignedHeaders", value)) => parameters.signed_headers = !value.is_empty(),
                _ => {}
            }
        }
        parameters
    }

    /// One sentence for each thing that is missing, then the header itself.
    fn complaint(&self, dated: bool, authorization: &str) -> String {
        let wanted = [
            (self.credential.is_some(), "Authorization header requires 'Credential' parameter. "),
            (self.signature, "Authorization header requires 'Signature' parameter. "),
            (self.signed_headers, "Authorization header requires 'SignedHeaders' parameter. "),
            (dated, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "),
        ];
        let missing: String = wanted.iter().filter(|(there, _)| !there).map(|(_, sentence)| *sentence).collect();
        format!("{missing}Authorization={authorization}")
    }
}
