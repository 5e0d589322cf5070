//! `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use std::borrow::Cow;

use super::credential::{self, Algorithm};
use super::{Refusal, Signature, Signed};

pub(super) fn signature<'a>(authorization: &'a str, signed: &Signed<'a>) -> Result<Signature<'a>, Refusal> {
    let (name, parameters) = authorization.trim().split_once(' ').unwrap_or((authorization.trim(), ""));
    // Another scheme (Basic, Bearer) is no AWS signature at all.
    if !name.starts_with("AWS4-") {
        return Err(Refusal::Missing);
    }
    let parameters = Parameters::read(parameters);
    let Parameters { credential: Some(text), signature: Some(value), signed_headers: Some(headers), repeated: false } =
        parameters
    else {
        return Err(Refusal::Incomplete(parameters.complaint(signed.date, authorization)));
    };
    let (Some(algorithm), Some(date)) = (Algorithm::parse(name), signed.date) else {
        return Err(Refusal::Incomplete(parameters.complaint(signed.date, authorization)));
    };
    Ok(Signature {
        credential: credential::parse(algorithm, Cow::Borrowed(text), signed.region_set)?,
        algorithm,
        headers: Cow::Borrowed(headers),
        value: Cow::Borrowed(value),
        date: Cow::Borrowed(date),
        expires: None,
        token: signed.token.map(Cow::Borrowed),
    })
}

/// What the header says.
#[derive(Clone, Copy, Default)]
struct Parameters<'a> {
    /// One of them occurs twice.
    repeated: bool,
    credential: Option<&'a str>,
    signature: Option<&'a str>,
    signed_headers: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    fn read(text: &'a str) -> Parameters<'a> {
        let mut parameters = Parameters::default();
        for pair in text.split([',', ' ']) {
            let Some((name, value)) = pair.split_once('=').filter(|(_, value)| !value.is_empty()) else { continue };
            let parameter = match name {
                "Credential" => &mut parameters.credential,
                "Signature" => &mut parameters.signature,
                "SignedHeaders" => &mut parameters.signed_headers,
                _ => continue,
            };
            parameters.repeated |= parameter.replace(value).is_some();
        }
        parameters
    }

    /// One sentence for each thing that is missing, then the header itself.
    fn complaint(&self, date: Option<&str>, authorization: &str) -> String {
        let wanted = [
            (!self.repeated, "Authorization header requires each parameter once. "),
            (self.credential.is_some(), "Authorization header requires 'Credential' parameter. "),
            (self.signature.is_some(), "Authorization header requires 'Signature' parameter. "),
            (self.signed_headers.is_some(), "Authorization header requires 'SignedHeaders' parameter. "),
            (date.is_some(), "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "),
        ];
        let missing: String = wanted.iter().filter(|(there, _)| !there).map(|(_, sentence)| *sentence).collect();
        format!("{missing}Authorization={authorization}")
    }
}
