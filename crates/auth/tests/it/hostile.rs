//! What strangers send: changed documents and signatures never make a panic, a long wait or much memory.
//!
//! All is made from one printed seed (`STATOR_PROOF_SEED`); the long form is `STATOR_PROOF_FUZZ=<chapters>`.

use std::collections::BTreeMap;

use auth::iam::{Policy, PolicyKind, PrincipalKind, Question, decide};
use auth::sigv4::{Headers, Place, Received, Signed, SigningKeys};
use serde_json::json;

use crate::chance::{self, Chance};
use crate::random;
use crate::world::{ACCOUNT, TABLE, principal};

/// Unit: chapters of some hundred documents and signatures each.
const SHORT_CHAPTERS: u64 = 2;
const CHAPTER: u64 = 300;
/// How much memory reading may take, of the size of what is read.
const MEMORY_FACTOR: u64 = 200;
const MEMORY_FLOOR: u64 = 64 * 1024;
/// What one answer about a signature may take: the longest is AWS's text with all that should have been signed.
const SIGNATURE_MEMORY_MAX: u64 = 4 * 1024 * 1024;

/// Pieces that mean something to some parser.
const PIECES: &[&str] = &[
    "${",
    "}",
    "${aws:username",
    ", '",
    "'}",
    "${*}",
    "*",
    "?",
    ":",
    "::::::",
    "arn:",
    "arn:aws:a:b:c:d",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "[",
    "]",
    ",",
    "null",
    "1e999",
    "-0",
    "é",
    "\u{10FFFF}",
    "/",
    "/33",
    ";",
    "=",
    "%",
    "%4",
    "%C3%28",
    " ",
    "AWS4-HMAC-SHA256",
    "Credential=",
    "SignedHeaders=",
    "Signature=",
    "X-Amz-Expires=99999999999999999999&",
    "host;",
    "\t",
];

fn changed(chance: &mut Chance, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + chance.below(4) {
        let at = chance.below(bytes.len() as u64 + 1) as usize;
        let end = (at + chance.below(12) as usize).min(bytes.len());
        match chance.below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = PIECES[chance.below(PIECES.len() as u64) as usize];
                bytes.splice(at..at, piece.bytes());
            }
            2 => {
                let again = bytes[at..end].repeat(1 + chance.below(40) as usize);
                bytes.splice(at..at, again);
            }
            _ => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte = chance.below(256) as u8),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Parses a document, and evaluates it if it is valid.
fn read(kind: PolicyKind, document: &str) -> Option<Policy> {
    let mut policy = None;
    let counted = allocation_counter::measure(|| policy = Policy::parse(kind, document).ok());
    let memory_max = MEMORY_FLOOR + MEMORY_FACTOR * document.len() as u64;
    assert!(counted.bytes_max <= memory_max, "{} bytes for {document:.200}", counted.bytes_max);
    policy
}

fn ask(policy: &Policy, chance: &mut Chance) {
    let context = random::context(chance);
    let user = principal(PrincipalKind::User);
    for action in ["dynamodb:GetItem", "", "é"] {
        for resource in [TABLE, "*", "", "::::::::"] {
            let resource_policy = Some(policy);
            decide(&Question {
                principal: &user,
                action,
                resource,
                resource_account: ACCOUNT,
                resource_policy,
                context: &context,
            });
        }
    }
}

#[test]
fn changed_documents() {
    let mut chance = Chance::new(chance::seed());
    let kinds = [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust];
    let mut good = 0;
    for _ in 0..CHAPTER * chance::setting("STATOR_PROOF_FUZZ", SHORT_CHAPTERS) {
        let kind = kinds[chance.below(3) as usize];
        let document = random::document(&mut chance, kind).to_string();
        let document = changed(&mut chance, &document);
        if let Some(policy) = read(kind, &document) {
            good += 1;
            ask(&policy, &mut chance);
        }
    }
    assert!(good > 0, "some documents stay good");
}

#[test]
fn large_documents() {
    let count = 10_000;
    let with = |action: &str, resource: &str, condition: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":{action},"Resource":{resource},"Condition":{condition}}}}}"#
        )
    };
    let many = |text: &str, count: usize| format!("[{}]", vec![format!("\"{text}\""); count].join(","));
    let mut chance = Chance::new(chance::seed());
    for document in [
        with(&many("a:b", count), "\"*\"", "{}"),
        with("\"*\"", &many("arn:aws:a", count), "{}"),
        with("\"*\"", &format!("\"arn:aws:a:b:c:{}\"", "*?".repeat(count)), "{}"),
        with("\"*\"", "\"*\"", &format!(r#"{{"StringLike":{{"t:name":{}}}}}"#, many("${t:x}*?", count))),
        with("\"*\"", "\"*\"", &format!(r#"{{"StringLike":{{"t:name":"{}"}}}}"#, "${t:flag}*".repeat(count))),
        with("\"*\"", "\"*\"", &format!(r#"{{"StringEquals":{{"t:name":"{}"}}}}"#, "${".repeat(count * 3))),
        with("\"*\"", "\"*\"", &format!(r#"{{"StringEquals":{{"t:name":"{}"}}}}"#, "${a,'".repeat(count))),
        format!(r#"{{"Statement":[{}]}}"#, vec!["{}"; count].join(",")),
        format!("{{\"Statement\":{}", "[{\"a\":".repeat(count)),
        json!({ "Statement": (0..count).map(|number| (number.to_string(), 1)).collect::<BTreeMap<_, _>>() })
            .to_string(),
    ] {
        if let Some(policy) = read(PolicyKind::Identity, &document) {
            ask(&policy, &mut chance);
        }
    }
}

struct Sent(Vec<(&'static str, String)>);

impl Headers for Sent {
    fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        self.0.iter().filter(|(header, _)| *header == name).for_each(|(_, value)| each(value.as_bytes()));
    }

    fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        self.0.iter().for_each(|(name, _)| each(name));
    }
}

const CREDENTIAL: &str = "AKIAIOSFODNN7EXAMPLE/20260101/eu-west-3/dynamodb/aws4_request";
const NOW_MS: u64 = 1_767_225_600_000;

/// What becomes of a request by all steps; it is never accepted.
fn refused(signed: &Signed<'_>, sent: &Sent) {
    let counted = allocation_counter::measure(|| {
        let Ok(signature) = signed.signature() else { return };
        let place = Place { region: None, service: "dynamodb" };
        if signature
            .check(place, NOW_MS)
            .and_then(|()| signature.check_headers(sent, &["application/x-amz-json-1.0"]))
            .is_err()
        {
            return;
        }
        let received = Received { method: "POST", path: "/", query: signed.query, headers: sent, body: b"{}" };
        assert!(SigningKeys::default().verify(&signature, "secret", &received).is_err(), "{signed:?}");
    });
    assert!(counted.bytes_max <= SIGNATURE_MEMORY_MAX, "{} bytes for a signature", counted.bytes_max);
}

#[test]
fn changed_signatures() {
    let mut chance = Chance::new(chance::seed());
    let headers = "SignedHeaders=host;x-amz-date;x-amz-target";
    let header = format!("AWS4-HMAC-SHA256 Credential={CREDENTIAL}, {headers}, Signature={}", "0a".repeat(32));
    let query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&\
         X-Amz-SignedHeaders=host&X-Amz-Security-Token=a%2Fb&X-Amz-Signature={}",
        CREDENTIAL.replace('/', "%2F"),
        "0a".repeat(32)
    );
    for _ in 0..CHAPTER * chance::setting("STATOR_PROOF_FUZZ", SHORT_CHAPTERS) {
        let date =
            if chance.one_in(4) { changed(&mut chance, "20260101T000000Z") } else { "20260101T000000Z".to_owned() };
        let sent = Sent(vec![("host", changed(&mut chance, "a.example")), ("x-amz-date", date.clone())]);
        let (header, query) = (changed(&mut chance, &header), changed(&mut chance, &query));
        let none = Signed { date: Some(&date), token: Some("t"), ..Signed::default() };
        refused(&Signed { authorization: Some(&header), ..none }, &sent);
        refused(&Signed { query: Some(&query), ..none }, &sent);
        refused(&Signed { authorization: Some(&header), query: Some(&query), ..none }, &sent);
    }
}

/// A header's value is signed as often as its name is listed: a short list must not make a long text.
#[test]
fn one_header_listed_often() {
    let names = "host;".repeat(6_000) + "host";
    let header =
        format!("AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders={names}, Signature={}", "0a".repeat(32));
    let sent = Sent(vec![("host", "a".repeat(30_000))]);
    let signed = Signed { authorization: Some(&header), date: Some("20260101T000000Z"), ..Signed::default() };
    refused(&signed, &sent);
}
