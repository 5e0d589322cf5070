//! From a credential to the space of tables that it sees.
//!
//! By default all callers share one space, whatever key and region they sign with: a test program, the AWS CLI and an
//! admin tool then see the same tables without being configured alike. With `--isolate` a space is an account and a
//! region, as on AWS.

use std::borrow::Cow;
use std::sync::Arc;

use crate::iam::Identity;
use crate::sigv4::credential::{REGION_WRONG, is_region};
use crate::sigv4::{Credential, Refusal};

/// The account of the shared space, which is part of every ARN.
pub const SHARED_ACCOUNT: &str = "000000000000";

/// The width of an AWS account id. Unit: digits.
const ACCOUNT_DIGITS: usize = 12;
const ACCOUNT_END: u64 = 1_000_000_000_000;

/// The caller of a request. `account` and `region` name its space of tables and are parts of their ARNs.
#[derive(Clone, Debug)]
pub struct Caller {
    /// 12 digits.
    pub account: String,
    pub region: String,
    pub access_key: String,
    /// What policies are evaluated for; without it, the caller may do everything in the account.
    pub identity: Option<Identity>,
    /// The regions of a shared space that has several; none of them, where each region is a space of its own. An ARN in one of them is
    /// of that region.
    pub served: Option<Arc<[String]>>,
}

impl Caller {
    /// The principal, as refusals name it.
    pub fn arn(&self) -> Cow<'_, str> {
        match &self.identity {
            Some(identity) => Cow::Borrowed(&identity.principal.arn),
            None => Cow::Owned(format!("arn:aws:iam::{}:user/{}", self.account, self.access_key)),
        }
    }
}

/// How callers are divided into spaces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Spaces {
    /// One space for all, in this region.
    Shared { region: String },
    /// One space for all in each of these regions. A caller that is signed for another region is in the first one.
    SharedRegions { regions: Arc<[String]> },
    /// One space for each account and region of a caller.
    Isolated,
}

impl Spaces {
    /// # Errors
    /// AWS's refusal, where the region names a space and cannot be one's name.
    pub fn caller(&self, credential: &Credential<'_>) -> Result<Caller, Refusal> {
        let access_key = credential.access_key.to_string();
        match self {
            Spaces::Shared { region } => Ok(Caller {
                account: SHARED_ACCOUNT.to_owned(),
                region: region.clone(),
                access_key,
                identity: None,
                served: None,
            }),
            Spaces::SharedRegions { regions } => {
                let found = regions.iter().find(|region| **region == credential.region).or_else(|| regions.first());
                Ok(Caller {
                    account: SHARED_ACCOUNT.to_owned(),
                    region: found.cloned().unwrap_or_default(),
                    access_key,
                    identity: None,
                    served: Some(Arc::clone(regions)),
                })
            }
            Spaces::Isolated if !is_region(&credential.region) => Err(Refusal::Invalid(REGION_WRONG.to_owned())),
            Spaces::Isolated => Ok(Caller {
                account: account_of(&access_key),
                region: credential.region.to_string(),
                access_key,
                identity: None,
                served: Some(Arc::from([])),
            }),
        }
    }
}

/// The account that an access key belongs to. A key of 12 digits is the account itself; a key that AWS issued carries
/// its account inside; any other key maps to an account of its own, by a hash that never changes.
fn account_of(access_key: &str) -> String {
    if access_key.len() == ACCOUNT_DIGITS && access_key.bytes().all(|byte| byte.is_ascii_digit()) {
        return access_key.to_owned();
    }
    let number = account_number(access_key).unwrap_or_else(|| fnv1a(access_key.as_bytes()) % ACCOUNT_END);
    format!("{number:0ACCOUNT_DIGITS$}")
}

/// The account that is encoded in the id of an access key in AWS's format.
pub fn issued_account(access_key: &str) -> Option<String> {
    account_number(access_key).map(|number| format!("{number:0ACCOUNT_DIGITS$}"))
}

/// The id of a new access key of an account, behind `AKIA` or `ASIA`; without one, if the account is none.
pub fn issue_access_key(prefix: &str, account: &str, random: u64) -> Option<String> {
    let number = account.parse::<u64>().ok().filter(|number| *number < ACCOUNT_END)?;
    // The highest bit is set in all ids of this form.
    let head = 1 << 49 | number << 9 | random & 0x1ff;
    let digits = (0..10).rev().map(|at| head >> (5 * at)).chain((0..6).map(|at| random >> (9 + 5 * at)));
    let digits = digits.map(|digit| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit as usize & 31]));
    Some(prefix.chars().chain(digits).collect())
}

/// AWS writes the account into bits 7 to 46 of the first six bytes that follow the four-letter prefix, in base 32.
fn account_number(access_key: &str) -> Option<u64> {
    let body = access_key.strip_prefix("AKIA").or_else(|| access_key.strip_prefix("ASIA"))?;
    if body.len() != 16 {
        return None;
    }
    // Ten characters are 50 bits; the first six bytes are the upper 48 of them.
    let bits = body.bytes().take(10).try_fold(0u64, |bits, byte| Some(bits << 5 | u64::from(base32_digit(byte)?)))?;
    let account = ((bits >> 2) & 0x7fff_ffff_ff80) >> 7;
    (account < ACCOUNT_END).then_some(account)
}

fn base32_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

/// FNV-1a, 64 bits: part of what `--isolate` promises, so it must never change.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential<'a>(access_key: &'a str, region: &'a str) -> Credential<'a> {
        Credential {
            access_key: access_key.into(),
            date: "20260101".into(),
            region: region.into(),
            service: "dynamodb".into(),
        }
    }

    #[test]
    fn the_shared_space_ignores_key_and_region() {
        let spaces = Spaces::Shared { region: "us-east-1".to_owned() };
        for (key, region) in [("test", "us-east-1"), ("other", "eu-west-3"), ("123456789012", "local")] {
            let caller = spaces.caller(&credential(key, region)).unwrap();
            assert_eq!((caller.account.as_str(), caller.region.as_str()), (SHARED_ACCOUNT, "us-east-1"));
            assert_eq!(caller.access_key, key);
        }
    }

    #[test]
    fn isolated_spaces_follow_account_and_region() {
        // The two issued keys are the published example of AWS's encoding and a neighbour in the same account.
        for (key, account) in [
            ("123456789012", "123456789012"),
            ("000000000000", "000000000000"),
            ("ASIAQNZGKIQY56JQ7WML", "029608264753"),
            ("ASIAQNZGKIQY5AAAAAAA", "029608264753"),
            ("test", "074686647077"),
        ] {
            let caller = Spaces::Isolated.caller(&credential(key, "eu-west-3")).unwrap();
            assert_eq!((caller.account.as_str(), caller.region.as_str()), (account, "eu-west-3"), "{key}");
        }
    }

    #[test]
    fn regions_that_name_spaces_are_bounded() {
        let longest = "a".repeat(32);
        let shared = Spaces::Shared { region: "us-east-1".to_owned() };
        for region in ["local", "us-east-1", "0", &longest] {
            assert!(Spaces::Isolated.caller(&credential("test", region)).is_ok(), "{region}");
        }
        for region in ["*", "", "US-EAST-1", "a_b", "a/b", "é", "a b", &(longest.clone() + "a")] {
            let refused = Spaces::Isolated.caller(&credential("test", region)).map(|caller| caller.region);
            assert_eq!(refused, Err(Refusal::Invalid(REGION_WRONG.to_owned())), "{region}");
            // Where the region is not read, any will do.
            assert!(shared.caller(&credential("test", region)).is_ok(), "{region}");
        }
    }

    #[test]
    fn issued_keys_carry_their_account() {
        for account in ["000000000000", "029608264753", "123456789012", "999999999999"] {
            for random in [0, 1, 0x1ff, u64::MAX, 0x0123_4567_89ab_cdef] {
                let key = issue_access_key("AKIA", account, random).unwrap();
                assert_eq!((key.len(), &key[..4]), (20, "AKIA"));
                assert_eq!(issued_account(&key).as_deref(), Some(account), "{key}");
            }
        }
        assert_eq!(issue_access_key("ASIA", "029608264753", 0).as_deref(), Some("ASIAQNZGKIQYQAAAAAAA"));
        for account in ["", "x", "1000000000000", "-1"] {
            assert_eq!(issue_access_key("AKIA", account, 0), None);
        }
        assert_eq!(issued_account("AKIAIOSFODNN7EXAMPL"), None);
    }

    #[test]
    fn any_key_gives_twelve_digits() {
        for key in
            ["", "a", "AKIA", "AKIAIOSFODNN7EXAMPLE", "AKIA0000000000000000", "ключ", "12345678901", "1234567890123"]
        {
            let account = account_of(key);
            assert!(account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()), "{key}: {account}");
        }
    }
}
