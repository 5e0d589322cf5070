//! The checks of a signature, in AWS's order: where it is good for, when, and whether it is the request's.

use std::borrow::Cow;

use super::canonical::{Received, digest, hex};
use super::credential::{self, Algorithm, Credential};
use super::{Refusal, Signature, SigningKey, time};

/// How far the clocks of signer and server may be apart. Unit: seconds. Source: DynamoDB's own messages ("- 15 min.").
const SKEW_S: u64 = 15 * 60;
/// The longest that a presigned request may be good for. Unit: seconds. Source: IAM User Guide, "Elements of an AWS API
/// request signature".
const EXPIRES_MAX_S: u64 = 7 * 24 * 60 * 60;

/// Where a signature has to be good for.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Any, if there is none.
    pub region: Option<&'a str>,
    pub service: &'a str,
}

impl Signature<'_> {
    /// Whether it may be good here and now. This needs no secret.
    ///
    /// # Errors
    /// AWS's refusal.
    pub fn check(&self, place: Place<'_>, now_ms: u64) -> Result<(), Refusal> {
        if self.algorithm == Algorithm::V4A {
            return Err(Refusal::Incomplete("Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.".to_owned()));
        }
        if !self.covers("host") {
            let text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
            return Err(Refusal::Invalid(text.to_owned()));
        }
        self.check_scope(place)?;
        let signed_s = time::parse(&self.date).ok_or_else(|| Refusal::no_date(&self.date))?;
        if self.credential.date.as_bytes() != &time::amz_date(signed_s)[..8] {
            let date = time::text(signed_s);
            return Err(Refusal::Invalid(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{}', from '{date}'.",
                self.credential.date,
                &date[..8]
            )));
        }
        self.check_time(signed_s, now_ms / 1_000)
    }

    /// Whether it is the signature of this request with the key.
    ///
    /// # Errors
    /// AWS's refusal, which includes what should have been signed.
    pub fn verify(&self, key: &SigningKey, received: &Received<'_>) -> Result<(), Refusal> {
        let canonical = received.canonical(&self.headers);
        let hashed = hex(&digest(&canonical));
        let date = self.signed_date();
        let parts = self.string_to_sign(&date, &hashed);
        match base::unhex_lower(self.value.as_bytes()) {
            Some(value) if key.verify(&parts, &value) => Ok(()),
            _ => Err(mismatch(&canonical, &parts.concat())),
        }
    }

    fn check_scope(&self, place: Place<'_>) -> Result<(), Refusal> {
        let mut wrong = String::new();
        let elsewhere = place.region.is_some_and(|region| region != self.credential.region);
        if elsewhere || !credential::is_region(&self.credential.region) {
            wrong.push_str(credential::REGION_WRONG);
        }
        if self.credential.service != place.service {
            wrong.push_str(&format!("Credential should be scoped to correct service: '{}'. ", place.service));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::Invalid(wrong)) }
    }

    fn check_time(&self, signed_s: u64, now_s: u64) -> Result<(), Refusal> {
        let texts = |edge_s: u64| [signed_s, edge_s, now_s].map(time::text);
        let minutes = SKEW_S / 60;
        if signed_s > now_s + SKEW_S {
            let [signed, latest, now] = texts(now_s + SKEW_S);
            let text =
                format!("Signature not yet current: {signed} is still later than {latest} ({now} + {minutes} min.)");
            return Err(Refusal::Invalid(text));
        }
        match &self.expires {
            None if signed_s + SKEW_S < now_s => {
                let [signed, earliest, now] = texts(now_s - SKEW_S);
                let text =
                    format!("Signature expired: {signed} is now earlier than {earliest} ({now} - {minutes} min.)");
                Err(Refusal::Invalid(text))
            }
            None => Ok(()),
            Some(expires) => self.check_presigned(expires, signed_s, now_s),
        }
    }

    /// A presigned request says itself for how long it is good.
    fn check_presigned(&self, expires: &str, signed_s: u64, now_s: u64) -> Result<(), Refusal> {
        let seconds = expires.parse().ok().filter(|seconds| (1..=EXPIRES_MAX_S).contains(seconds));
        let Some(seconds) = seconds else {
            return Err(Refusal::Incomplete(format!("X-Amz-Expires must be between 1 and {EXPIRES_MAX_S} seconds")));
        };
        if signed_s + seconds < now_s {
            let (until, now) = (time::text(signed_s + seconds), time::text(now_s));
            return Err(Refusal::Invalid(format!("Signature expired: {until} is now earlier than {now}")));
        }
        Ok(())
    }

    /// The date as the signer writes it into what is signed: a `Date` header is spelt in the basic format.
    fn signed_date(&self) -> Cow<'_, str> {
        match base::utc::parse_basic(&self.date) {
            Some(_) => Cow::Borrowed(&self.date),
            None => Cow::Owned(time::parse(&self.date).map(time::text).unwrap_or_default()),
        }
    }

    /// In parts.
    fn string_to_sign<'a>(&'a self, date: &'a str, hashed: &'a [u8; 64]) -> [&'a [u8]; 10] {
        let Credential { date: day, region, service, .. } = &self.credential;
        let [day, region, service] = [day, region, service].map(|part| part.as_bytes());
        [b"AWS4-HMAC-SHA256\n", date.as_bytes(), b"\n", day, b"/", region, b"/", service, b"/aws4_request\n", hashed]
    }
}

fn mismatch(canonical: &[u8], string: &[u8]) -> Refusal {
    Refusal::Invalid(format!(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this \
         request should have been\n'{}'\n\nThe String-to-Sign should have been\n'{}'\n",
        String::from_utf8_lossy(canonical),
        String::from_utf8_lossy(string)
    ))
}
