//! Whether a wrong signature takes longer to be refused the more of it is right: then it could be guessed byte by byte.
//! Times swing; instructions do not.

use std::net::{IpAddr, Ipv4Addr};

use auth::iam::Transport;
use auth::sigv4::{SigningKey, amz_date, hex};
use auth::{Access, Api, Headers, KeyRing, Received, Signed};
use base::Clock;
use sha2::{Digest, Sha256};

use crate::count::count;
use crate::drive::{MEASURED_REQUESTS, WARM_UP_REQUESTS};

/// Given in place of an engine where one of these is counted.
pub(crate) const SIGNATURE: &str = "signature";
/// Which digit of the signature is wrong.
const WRONG_DIGITS: [&str; 3] = ["0", "31", "63"];

const NOW_MS: u64 = 1_700_000_000_000;
const KEYS: &str = "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalr/EXAMPLE+KEY\n";
const SECRET: &str = "wJalr/EXAMPLE+KEY";
const REGION: &str = "us-east-1";
const SERVICE: &str = "dynamodb";
const API: Api<'_> = Api { service: SERVICE, content_types: &["application/x-amz-json-1.0"] };
const HOST: &str = "localhost";
const BODY: &[u8] = b"{}";

/// Counts each, and refuses any difference.
pub(crate) fn check() -> Result<(), String> {
    let mut counts = Vec::new();
    for digit in WRONG_DIGITS {
        counts.push(count(SIGNATURE, digit)?);
    }
    if counts.iter().any(|count| *count != counts[0]) {
        return Err(format!("refusing a signature takes {counts:?} instructions if digit {WRONG_DIGITS:?} is wrong"));
    }
    Ok(())
}

/// Below valgrind: many requests with a signature that is wrong in this digit.
pub(crate) fn run(digit: &str) -> Result<(), String> {
    let digit: usize = digit.parse().map_err(|_| format!("there is no digit {digit}"))?;
    let access = Access::Signed(KeyRing::parse(KEYS)?, Clock::manual(NOW_MS).0);
    let right = signature();
    ask(&access, &right, 1).map_err(|_| "the right signature is refused".to_owned())?;
    let mut wrong = right;
    // A digit of its own kind: letters take another path than figures, which reveals nothing.
    wrong[digit] = match wrong[digit] {
        b'0' | b'a' => wrong[digit] + 1,
        _ => wrong[digit] - 1,
    };
    let taken = ask(&access, &wrong, WARM_UP_REQUESTS).is_ok() || measured(&access, &wrong).is_ok();
    if taken { Err("a wrong signature is taken".to_owned()) } else { Ok(()) }
}

/// As `drive::measured`.
#[inline(never)]
fn measured(access: &Access, signature: &[u8; 64]) -> Result<(), String> {
    ask(access, signature, MEASURED_REQUESTS)
}

fn ask(access: &Access, signature: &[u8; 64], times: u64) -> Result<(), String> {
    let date = String::from_utf8_lossy(&amz_date(NOW_MS / 1_000)).into_owned();
    let signature = String::from_utf8_lossy(signature);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}/{REGION}/{SERVICE}/aws4_request, SignedHeaders=host;x-amz-date, \
         Signature={signature}",
        &date[..8]
    );
    let headers = Sent { date: date.clone() };
    let mut refused = None;
    for _ in 0..times {
        let signed = Signed {
            authorization: Some(&authorization),
            query: None,
            date: Some(&date),
            region_set: None,
            token: None,
        };
        let received = Received { method: "POST", path: "/", query: None, headers: &headers, body: BODY };
        let transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
        refused = access.caller(API, &signed, &received, transport).err();
    }
    refused.map_or(Ok(()), |refusal| Err(refusal.to_string()))
}

/// The right one, made step by step as the IAM User Guide has it.
fn signature() -> [u8; 64] {
    let digest = |text: &[u8]| hex(&Sha256::digest(text).into());
    let date = String::from_utf8_lossy(&amz_date(NOW_MS / 1_000)).into_owned();
    let day = &date[..8];
    let body = digest(BODY);
    let canonical = format!("POST\n/\n\nhost:{HOST}\nx-amz-date:{date}\n\nhost;x-amz-date\n");
    let canonical = digest(&[canonical.as_bytes(), &body].concat());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{REGION}/{SERVICE}/aws4_request\n");
    hex(&SigningKey::new(SECRET, day, REGION, SERVICE).sign(&[text.as_bytes(), &canonical]))
}

struct Sent {
    date: String,
}

impl Headers for Sent {
    fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        match name {
            "host" => each(HOST.as_bytes()),
            "x-amz-date" => each(self.date.as_bytes()),
            _ => {}
        }
    }

    fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        ["host", "x-amz-date"].into_iter().for_each(each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_one_is_taken_and_each_wrong_one_refused() {
        for digit in WRONG_DIGITS {
            run(digit).unwrap();
        }
    }
}
