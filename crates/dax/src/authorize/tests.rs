//! Authorizations as clients sign them.

use std::net::{IpAddr, Ipv4Addr};

use auth::KeyRing;
use auth::sigv4::SigningKey;
use base::Clock;

use super::*;

pub(crate) const SECRET: &str = "kZ3v9Qm1TtY6hWc0RbX8sLpE2uNf";
/// 2015-08-30 12:36:00 in UTC.
const NOW_MS: u64 = 1_440_938_160_000;
const DATE: &str = "20150830T123600Z";

fn transport() -> Transport {
    Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false }
}

pub(crate) fn signed() -> (Access, base::ManualClock) {
    let file =
        format!("[a]\naws_access_key_id = AKID\naws_secret_access_key = {SECRET}\naws_account_id = 123456789012\n");
    let (clock, manual) = Clock::manual(NOW_MS);
    (Access::Signed(KeyRing::parse(&file).unwrap(), clock), manual)
}

pub(crate) fn authorization(host: &str, access_key: &str, secret: &str, service: &str) -> Authorization {
    let scope = format!("20150830/eu-west-3/{service}/aws4_request");
    let string_to_sign = format!("AWS4-HMAC-SHA256\n{DATE}\n{scope}\n{}", canonical_hash(host, DATE));
    let signature = SigningKey::new(secret, "20150830", "eu-west-3", service).sign(&[string_to_sign.as_bytes()]);
    let signature = base::hex(&signature);
    Authorization { access_key: access_key.to_owned(), signature, string_to_sign, token: None }
}

fn callers(access: &Access, authorization: Authorization) -> Result<Callers, Exception> {
    let mut authorized = Authorized::default();
    authorized.replace(authorization);
    authorized.callers(access, transport(), NOW_MS).cloned()
}

#[test]
fn both_spellings_of_the_host_are_signed() {
    let (access, _) = signed();
    for host in HOSTS {
        let Callers { caller, .. } = callers(&access, authorization(host, "AKID", SECRET, "dax")).unwrap();
        assert_eq!((caller.account.as_str(), caller.region.as_str()), ("123456789012", "eu-west-3"));
    }
}

#[test]
fn other_signatures_are_refused() {
    let (access, _) = signed();
    let refused = |host, key, secret, service| callers(&access, authorization(host, key, secret, service)).unwrap_err();
    assert!(matches!(refused("example.com", "AKID", SECRET, "dax"), Exception::InvalidSignature(_)));
    assert!(matches!(refused(HOSTS[0], "AKID", "other", "dax"), Exception::InvalidSignature(_)));
    assert!(matches!(refused(HOSTS[0], "AKID", SECRET, "dynamodb"), Exception::InvalidSignature(_)));
    assert!(matches!(refused(HOSTS[0], "OTHER", SECRET, "dax"), Exception::UnrecognizedClient(_)));
    let none = Authorized::default().callers(&access, transport(), NOW_MS).map(|_| ());
    assert!(matches!(none, Err(Exception::MissingAuthenticationToken(_))));
    let nonsense = Authorization { string_to_sign: "x".to_owned(), ..authorization(HOSTS[0], "AKID", SECRET, "dax") };
    assert!(matches!(callers(&access, nonsense), Err(Exception::IncompleteSignature(_))));
}

/// A client is asked to authorize the connection again, which it does by itself.
#[test]
fn a_signature_ends() {
    let (access, clock) = signed();
    let mut authorized = Authorized::default();
    let own = authorization(HOSTS[0], "AKID", SECRET, "dax");
    authorized.replace(own.clone());
    assert!(authorized.callers(&access, transport(), NOW_MS).is_ok());
    let later_ms = NOW_MS + 16 * 60 * 1000;
    clock.set_ms(later_ms);
    // The same one again changes nothing.
    authorized.replace(own);
    let refused = authorized.callers(&access, transport(), later_ms).map(|_| ());
    assert!(matches!(refused, Err(Exception::MissingAuthenticationToken(_))));
}

#[test]
fn without_keys_every_connection_is_accepted() {
    let access = Access::Open(Spaces::Shared { region: "us-east-1".to_owned() });
    let mut authorized = Authorized::default();
    let callers = authorized.callers(&access, transport(), NOW_MS).unwrap();
    assert_eq!(callers.caller.account, SHARED_ACCOUNT);
    let isolated = Access::Open(Spaces::Isolated);
    assert!(Authorized::default().callers(&isolated, transport(), NOW_MS).is_err());
    let mut authorized = Authorized::default();
    authorized.replace(authorization(HOSTS[0], "123456789012", "any", "dax"));
    assert_eq!(authorized.callers(&isolated, transport(), NOW_MS).unwrap().caller.account, "123456789012");
}

#[test]
fn of_several_regions_a_client_has_its_own() {
    let regions: Arc<[String]> = ["us-east-1", "eu-west-3"].map(str::to_owned).into();
    let access = Access::Open(Spaces::SharedRegions { regions });
    let mut authorized = Authorized::default();
    let region = |authorized: &mut Authorized| {
        authorized.callers(&access, transport(), NOW_MS).map(|callers| callers.caller.region.clone())
    };
    assert_eq!(region(&mut authorized), Ok("us-east-1".to_owned()), "without an authorization");
    authorized.replace(authorization(HOSTS[0], "AKID", "any", "dax"));
    assert_eq!(region(&mut authorized), Ok("eu-west-3".to_owned()));
}
