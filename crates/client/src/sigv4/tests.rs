//! The worked examples of AWS's own documents.

use super::*;

fn credentials(session_token: Option<&str>) -> Credentials {
    Credentials {
        access_key: "AKIDEXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: session_token.map(str::to_owned),
        region: "us-east-1".to_owned(),
    }
}

/// 2015-08-30 12:36:00, the moment of all examples.
const MOMENT_MS: u64 = 1_440_938_160_000;

fn check(service: &str, method: &str, target: &str, headers: &[(&str, &[u8])], expected: &str) {
    let date = amz_date(MOMENT_MS / 1_000);
    let key = ScopedKey::new(&credentials(None), service, day(&date));
    let signature = key.signature(&date, &canonical_hash(method, target, headers, b""));
    assert_eq!(std::str::from_utf8(&signature), Ok(expected));
}

/// Source: AWS General Reference, "Signature Version 4 signing process", the ListUsers example.
#[test]
fn list_users_example() {
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", b"application/x-www-form-urlencoded; charset=utf-8"),
        ("host", b"iam.amazonaws.com"),
        ("x-amz-date", b"20150830T123600Z"),
    ];
    let expected = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    check("iam", "GET", "/?Action=ListUsers&Version=2010-05-08", &headers, expected);
}

/// Source: AWS Signature Version 4 test suite, get-vanilla and post-vanilla.
#[test]
fn test_suite() {
    let headers: [(&str, &[u8]); 2] = [("host", b"example.amazonaws.com"), ("x-amz-date", b"20150830T123600Z")];
    check("service", "GET", "/", &headers, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    check("service", "POST", "/", &headers, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

#[test]
fn a_request_carries_what_it_signs() {
    let check = |token: Option<&str>, names: &str| {
        let (clock, _hand) = Clock::manual(MOMENT_MS);
        let mut signer = Signer::new(Protocol::DYNAMODB, credentials(token), "127.0.0.1:8000", clock);
        let mut out = Vec::new();
        signer.request("DynamoDB_20120810.GetItem", b"{}", &mut out);
        let text = String::from_utf8(out).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "{}");
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("POST / HTTP/1.1"));
        let headers: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").unwrap()).collect();
        let value = |name: &str| headers.iter().find(|header| header.0 == name).map_or("", |header| header.1);
        let signed: Vec<(&str, &[u8])> = names.split(';').map(|name| (name, value(name).as_bytes())).collect();
        let key = ScopedKey::new(&credentials(None), "dynamodb", "20150830");
        let signature = key.signature(&amz_date(MOMENT_MS / 1_000), &canonical_hash("POST", "/", &signed, b"{}"));
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, \
             SignedHeaders={names}, Signature={}",
            String::from_utf8_lossy(&signature)
        );
        assert_eq!(value("authorization"), expected);
        assert_eq!(value("content-length"), "2");
        assert_eq!(value("x-amz-target"), "DynamoDB_20120810.GetItem");
    };
    check(None, "content-type;host;x-amz-date;x-amz-target");
    check(Some("token"), "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
}

#[test]
fn the_key_changes_with_the_day() {
    let (clock, hand) = Clock::manual(MOMENT_MS);
    let mut signer = Signer::new(Protocol::DYNAMODB, credentials(None), "localhost", clock);
    hand.advance_ms(86_400_000);
    let mut out = Vec::new();
    signer.request("DynamoDB_20120810.ListTables", b"{}", &mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("x-amz-date: 20150831T123600Z") && text.contains("/20150831/us-east-1/"), "{text}");
    let fresh = ScopedKey::new(&credentials(None), "dynamodb", "20150831");
    assert_eq!(signer.key.key.sign(&[b"x"]), fresh.key.sign(&[b"x"]));
}
