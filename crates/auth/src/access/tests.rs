//! What the head of a request says of its caller, before its body is there.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::iam::PrincipalKind;
use crate::sigv4::{SigningKey, hex};
use sha2::{Digest, Sha256};

const KEYS: &str = "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = secret\n";
/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;
const DATE: &str = "20260101T000000Z";
const BODY: &[u8] = b"{}";
const LOCAL: Transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };

struct Sent(Vec<(&'static str, String)>);

impl Headers for Sent {
    fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        self.0.iter().filter(|(header, _)| *header == name).for_each(|(_, value)| each(value.as_bytes()));
    }

    fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        self.0.iter().for_each(|(name, _)| each(name));
    }
}

const API: Api<'_> = Api {
    service: "dynamodb",
    content_types: &["application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json"],
};

/// What a client sends: its headers, and which of them it signs.
struct Case {
    headers: Vec<(&'static str, &'static str)>,
    signed: &'static str,
    access_key: &'static str,
    region: &'static str,
    secret: &'static str,
}

impl Case {
    fn good() -> Case {
        let headers = vec![
            ("host", "here"),
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-date", DATE),
            ("x-amz-target", "DynamoDB_20120810.ListTables"),
        ];
        let signed = "content-type;host;x-amz-date;x-amz-target";
        Case { headers, signed, access_key: "AKIDA", region: "eu-west-3", secret: "secret" }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Case {
        self.headers.push((name, value));
        self
    }

    /// As the IAM User Guide has it, step by step.
    fn authorization(&self) -> String {
        let values = |name: &str| {
            let values = self.headers.iter().filter(|(header, _)| *header == name).map(|(_, value)| *value);
            format!("{name}:{}\n", values.collect::<Vec<_>>().join(","))
        };
        let digest = |text: &[u8]| String::from_utf8(hex(&Sha256::digest(text).into()).to_vec()).unwrap();
        let headers: String = self.signed.split(';').map(values).collect();
        let canonical = format!("POST\n/\n\n{headers}\n{}\n{}", self.signed, digest(BODY));
        let scope = format!("20260101/{}/dynamodb/aws4_request", self.region);
        let text = format!("AWS4-HMAC-SHA256\n{DATE}\n{scope}\n{}", digest(canonical.as_bytes()));
        let key = SigningKey::new(self.secret, "20260101", self.region, "dynamodb");
        let signature = String::from_utf8(hex(&key.sign(&[text.as_bytes()])).to_vec()).unwrap();
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            self.access_key, self.signed
        )
    }

    /// What becomes of the head alone, and of the whole request.
    fn outcome(&self) -> [Option<String>; 2] {
        self.outcome_with(&Access::Signed(KeyRing::parse(KEYS).unwrap(), Clock::manual(NOW_MS).0))
    }

    fn outcome_with(&self, access: &Access) -> [Option<String>; 2] {
        let authorization = self.authorization();
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        headers.push(("authorization", authorization.clone()));
        let sent = Sent(headers);
        let signed = Signed { authorization: Some(&authorization), date: Some(DATE), ..Signed::default() };
        let received = Received { method: "POST", path: "/", query: None, headers: &sent, body: BODY };
        let head = access.preflight(API, &signed, &sent).err();
        let whole = access.caller(API, &signed, &received, LOCAL).err();
        [head, whole].map(|refusal| refusal.map(|refusal| refusal.to_string()))
    }
}

#[test]
fn a_good_request_passes_both() {
    assert_eq!(Case::good().outcome(), [None, None]);
    // What SDKs leave out: user agents, traces and, of some, the content type.
    let case = Case::good().with("user-agent", "sdk").with("x-amzn-trace-id", "Root=1").with("amz-sdk-request", "1");
    assert_eq!(case.outcome(), [None, None]);
    assert_eq!(Case { signed: "host;x-amz-date;x-amz-target", ..Case::good() }.outcome(), [None, None]);
}

#[test]
fn the_head_alone_refuses_strangers_as_the_whole_does() {
    let check = |case: Case, expected: &str| {
        let expected = Some(expected.to_owned());
        assert_eq!(case.outcome(), [expected.clone(), expected]);
    };
    let unknown = "The security token included in the request is invalid.";
    check(Case { access_key: "AKIDB", ..Case::good() }, unknown);
    check(Case { access_key: "", ..Case::good() }, unknown);
    check(Case { region: "Nowhere", ..Case::good() }, "Credential should be scoped to a valid region. ");
    check(
        Case { signed: "content-type;x-amz-date;x-amz-target", ..Case::good() },
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    // Only the body shows that a signature is wrong.
    let [head, whole] = Case { secret: "other", ..Case::good() }.outcome();
    assert!(head.is_none() && whole.is_some_and(|text| text.starts_with("The request signature we calculated")));
}

#[test]
fn headers_that_mean_something_are_signed() {
    let check = |case: Case, name: &str| {
        let expected = Some(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."));
        assert_eq!(case.outcome(), [expected.clone(), expected]);
    };
    check(Case { signed: "content-type;host;x-amz-date", ..Case::good() }, "X-Amz-Target");
    check(Case { signed: "content-type;host;x-amz-target", ..Case::good() }, "X-Amz-Date");
    check(Case::good().with("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "X-Amz-Content-Sha256");
    check(Case::good().with("x-amz-expected-bucket-owner", "1"), "X-Amz-Expected-Bucket-Owner");
    // A content type that is none of the service's own.
    let mut case = Case { signed: "host;x-amz-date;x-amz-target", ..Case::good() };
    case.headers[1] = ("content-type", "text/plain");
    check(case, "Content-Type");
}

#[test]
fn headers_that_occur_twice() {
    let check = |name: &'static str, value: &'static str, expected: &str| {
        let [head, whole] = Case::good().with(name, value).outcome();
        assert_eq!(head, whole, "{name}");
        assert!(head.as_ref().is_some_and(|text| text.starts_with(expected)), "{name}: {head:?}");
    };
    let date = "Date must be in ISO-8601 'basic format'. Got '20260101T000000Z,20260102T000000Z'.";
    check("x-amz-date", "20260102T000000Z", date);
    check("x-amz-target", "DynamoDB_20120810.Scan", "'X-Amz-Target' must occur once in the request.");
    check("host", "there", "'Host' must occur once in the request.");
    check("content-type", "application/json", "'Content-Type' must occur once in the request.");
    check("authorization", "AWS4-HMAC-SHA256 a", "Authorization header must occur once in the request.");
    assert_eq!(
        Case::good().with("x-amz-security-token", "a").with("x-amz-security-token", "b").outcome()[0].as_deref(),
        Some("The security token included in the request is invalid.")
    );
    // Others may be lists.
    assert_eq!(Case::good().with("accept", "a").with("accept", "b").outcome(), [None, None]);
}

/// One user with one key, and a count of its uses.
#[derive(Default)]
struct OneKey(AtomicU32);

impl Directory for OneKey {
    fn known(&self, access_key: &str, _: Option<&str>, _: u64) -> Result<Known, Refusal> {
        if access_key != "AKIDA" {
            return Err(Refusal::Unrecognized);
        }
        Ok(Known { secret: "secret".to_owned().into(), principal: Arc::new(root()) })
    }

    fn used(&self, _: &str, _: &str, _: &str, _: u64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn root() -> Principal {
    Principal {
        kind: PrincipalKind::Root,
        account: "123456789012".to_owned(),
        arn: "arn:aws:iam::123456789012:root".to_owned(),
        role_arn: None,
        role_id: None,
        user_id: "123456789012".to_owned(),
        username: None,
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: Vec::new(),
        boundary: None,
        session_policies: None,
    }
}

#[test]
fn looking_a_key_up_is_no_use_of_it() {
    let directory = Arc::new(OneKey::default());
    let access = Access::Identity(Principals::new(Arc::<OneKey>::clone(&directory), Clock::manual(NOW_MS).0));
    let uses = || directory.0.load(Ordering::Relaxed);
    let [head, whole] = Case { secret: "other", ..Case::good() }.outcome_with(&access);
    assert!(head.is_none() && whole.is_some());
    let unknown = Some("The security token included in the request is invalid.".to_owned());
    let outcome = Case { access_key: "AKIDB", ..Case::good() }.outcome_with(&access);
    assert_eq!((outcome, uses()), ([unknown.clone(), unknown], 0));
    assert_eq!((Case::good().outcome_with(&access), uses()), ([None, None], 1));
}

/// A directory that parses policies on each look-up of a principal, and counts the look-ups.
#[derive(Default)]
struct Gathering(AtomicU32);

impl Directory for Gathering {
    fn known(&self, _: &str, _: Option<&str>, _: u64) -> Result<Known, Refusal> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Known { secret: "secret".to_owned().into(), principal: Arc::new(root()) })
    }

    fn recognize(&self, _: &str, _: Option<&str>, _: u64) -> Result<Recognized, Refusal> {
        Ok(Recognized { secret: "secret".to_owned().into(), principal: None })
    }

    fn used(&self, _: &str, _: &str, _: &str, _: u64) {}
}

#[test]
fn policies_are_gathered_for_those_who_have_signed() {
    let directory = Arc::new(Gathering::default());
    let access = Access::Identity(Principals::new(Arc::<Gathering>::clone(&directory), Clock::manual(NOW_MS).0));
    let gathered = || directory.0.load(Ordering::Relaxed);
    let [head, whole] = Case { secret: "other", ..Case::good() }.outcome_with(&access);
    assert!(head.is_none() && whole.is_some() && gathered() == 0);
    assert_eq!((Case::good().outcome_with(&access), gathered()), ([None, None], 1));
}
