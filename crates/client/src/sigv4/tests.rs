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

fn hash_of(body: &[u8]) -> [u8; 64] {
    hex(&Sha256::digest(body).into())
}

fn check(service: &str, method: &str, target: &str, headers: &[(&str, &[u8])], expected: &str) {
    let date = amz_date(MOMENT_MS / 1_000);
    let key = ScopedKey::new(&credentials(None), service, day(&date));
    let signature = key.signature(&date, &canonical_hash(service, method, target, headers, &hash_of(b"")));
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
        let signature = key.signature(
            &amz_date(MOMENT_MS / 1_000),
            &canonical_hash("dynamodb", "POST", "/", &signed, &hash_of(b"{}")),
        );
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

/// Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header", the four examples.
#[test]
fn s3_examples() {
    let check = |method: &str, target: &str, headers: &[(&str, &str)], body: &[u8], expected: &str| {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned();
        let credentials = Credentials { secret, access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(), ..credentials(None) };
        let (clock, _hand) = Clock::manual(1_369_353_600_000);
        let protocol = Protocol { service: S3, content_type: "" };
        let mut signer = Signer::new(protocol, credentials, "examplebucket.s3.amazonaws.com", clock);
        let added = signer.headers(method, target, headers, body);
        let value = |name: &str| {
            let found = added.iter().find(|header| header.0 == name).map(|header| header.1.clone());
            String::from_utf8(found.unwrap()).unwrap()
        };
        assert_eq!(value("x-amz-content-sha256").as_bytes(), hash_of(body));
        let signature = value("authorization").rsplit_once("Signature=").unwrap().1.to_owned();
        assert_eq!(signature, expected, "{method} {target}");
    };
    let get = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    check("GET", "/test.txt", &[("range", "bytes=0-9")], b"", get);
    let put = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    let headers = [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
    check("PUT", "/test%24file.text", &headers, b"Welcome to Amazon S3.", put);
    let lifecycle = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
    check("GET", "/?lifecycle=", &[], b"", lifecycle);
    let list = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
    check("GET", "/?max-keys=2&prefix=J", &[], b"", list);
}
