//! Signed requests and AWS's answers, as data.

use super::*;

const HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-3/dynamodb/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=abc";

fn header(authorization: &str) -> Signed<'_> {
    Signed { authorization: Some(authorization), date: Some("20260101T000000Z"), ..Signed::default() }
}

fn query(query: &str) -> Signed<'_> {
    Signed { query: Some(query), ..Signed::default() }
}

#[test]
fn accepted() {
    let check = |signed: Signed<'_>, expected: [&str; 4]| {
        let credential = signed
            .signature()
            .map(|signature| signature.credential)
            .unwrap_or_else(|refusal| panic!("{signed:?}: {refusal}"));
        let Credential { access_key, date, region, service } = credential;
        assert_eq!([&*access_key, &*date, &*region, &*service], expected);
    };
    check(header(HEADER), ["AKID", "20260101", "eu-west-3", "dynamodb"]);
    // A client without a key: where any key is accepted, this one is.
    check(
        header("AWS4-HMAC-SHA256 Credential=/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=h, Signature=a"),
        ["", "20260101", "us-east-1", "dynamodb"],
    );
    // Without spaces, as some signers write it, and in another order.
    check(
        header("AWS4-HMAC-SHA256 Signature=a,SignedHeaders=host,Credential=k/20260101/local/dax/aws4_request"),
        ["k", "20260101", "local", "dax"],
    );
    let asymmetric = "AWS4-ECDSA-P256-SHA256 Credential=k/20260101/dynamodb/aws4_request, SignedHeaders=h, Signature=a";
    check(header(asymmetric), ["k", "20260101", "*", "dynamodb"]);
    check(
        Signed { region_set: Some("us-west-2,us-east-1"), ..header(asymmetric) },
        ["k", "20260101", "us-west-2", "dynamodb"],
    );
    check(
        query(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260101%2Fus-east-1%2fdynamodb%2Faws4_request\
             &X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=abc",
        ),
        ["k", "20260101", "us-east-1", "dynamodb"],
    );
}

#[test]
fn refused() {
    let check = |signed: Signed<'_>, expected: &str| {
        let refusal = signed.signature().expect_err(expected);
        assert_eq!(refusal.to_string(), expected, "{signed:?}");
    };
    let missing = "Request is missing Authentication Token";
    check(Signed::default(), missing);
    check(header(""), missing);
    check(header("Bearer abc"), missing);
    check(query("a=b"), missing);
    check(
        header("AWS4-HMAC-SHA256"),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256",
    );
    check(
        Signed { date: None, ..header("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b") },
        "Authorization header requires 'Signature' parameter. Authorization header requires existence of either a \
         'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b",
    );
    for credential in [
        "a",
        "a/20260101/us-east-1/dynamodb",
        "a/2026/us-east-1/dynamodb/aws4_request",
        "20260101/us-east-1/dynamodb/aws4_request",
        "a/20260101//dynamodb/aws4_request",
        "b/a/20260101/us-east-1/dynamodb/aws4_request",
    ] {
        check(
            header(&format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=b, Signature=c")),
            &format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, \
                 got '{credential}'"
            ),
        );
    }
    check(
        query("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=%zz&X-Amz-Date="),
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include \
         'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string \
         parameters.",
    );
    check(
        Signed { query: Some("X-Amz-Algorithm=AWS4-HMAC-SHA256"), ..header(HEADER) },
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
}

#[test]
fn strange_queries_do_not_panic() {
    for text in ["", "&", "=", "%", "X-Amz-Credential=%", "X-Amz-Credential=%4", "X-Amz-Credential=%4é", "é=%C3%"] {
        let _ = query(text).signature();
    }
}

/// The requests of AWS's own test suite for signers, as signed there.
mod vectors {
    use super::super::*;

    /// Source: aws-signing-test-suite/v4 of AWS's crate aws-sigv4 (Apache-2.0), all that a client can send over HTTP.
    const VECTORS: &str = include_str!("vectors.txt");
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const PLACE: Place<'static> = Place { region: Some("us-east-1"), service: "service" };
    const NOW_MS: u64 = 1_440_938_160_000;

    /// A request as text, taken apart.
    struct Request<'a> {
        name: &'a str,
        method: &'a str,
        path: &'a str,
        query: Option<&'a str>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    }

    impl Headers for Vec<(String, String)> {
        fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
            self.iter().filter(|(header, _)| header == name).for_each(|(_, value)| each(value.as_bytes()));
        }

        fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
            self.iter().for_each(|(name, _)| each(name));
        }
    }

    impl<'a> Request<'a> {
        fn read(text: &'a str) -> Request<'a> {
            let (name, request) = text.split_once('\n').unwrap();
            let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
            let (line, rest) = head.split_once('\n').unwrap();
            let (method, rest_of_line) = line.split_once(' ').unwrap();
            let (target, _) = rest_of_line.rsplit_once(' ').unwrap();
            let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
            let mut headers: Vec<(String, String)> = Vec::new();
            for line in rest.lines() {
                match line.split_once(':') {
                    Some((name, value)) if !line.starts_with(' ') => {
                        headers.push((name.to_ascii_lowercase(), value.to_owned()));
                    }
                    // A header that continues in the next line (obsolete line folding).
                    _ => headers.last_mut().unwrap().1 += &format!("\n{line}"),
                }
            }
            Request { name, method, path, query, headers, body: body.trim_end().as_bytes().to_vec() }
        }

        fn header(&self, name: &str) -> Option<&str> {
            self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.trim())
        }

        fn signature(&self) -> Signature<'_> {
            let authorization = self.header("authorization");
            let date = self.header("x-amz-date").or_else(|| self.header("date"));
            let query = self.query.filter(|_| authorization.is_none());
            let signed =
                Signed { authorization, query, date, region_set: None, token: self.header("x-amz-security-token") };
            signed.signature().unwrap_or_else(|refusal| panic!("{}: {refusal}", self.name))
        }

        fn received(&self) -> Received<'_> {
            let Request { method, path, query, headers, body, .. } = self;
            Received { method, path, query: *query, headers, body }
        }

        fn verify(&self) -> Result<(), Refusal> {
            let signature = self.signature();
            check_once(&self.headers)?;
            signature.check(PLACE, NOW_MS)?;
            signature.check_headers(&self.headers, &[])?;
            SigningKeys::default().verify(&signature, SECRET, &self.received())
        }
    }

    fn requests() -> Vec<Request<'static>> {
        VECTORS.split("=== ").filter(|text| !text.is_empty()).map(Request::read).collect()
    }

    #[test]
    fn all_are_signed() {
        let requests = requests();
        assert!(requests.len() > 40, "{}", requests.len());
        for request in requests {
            if let Err(refusal) = request.verify() {
                panic!("{}: {refusal}", request.name);
            }
        }
    }

    /// Any change of what is signed is found.
    #[test]
    fn none_can_be_changed() {
        for mut request in requests() {
            let name = request.name;
            let refused = |request: &Request<'_>, what: &str| {
                let refusal = request.verify().expect_err(&format!("{name} with another {what}"));
                assert!(refusal.to_string().starts_with("The request signature we calculated"), "{name}: {refusal}");
            };
            let method = std::mem::replace(&mut request.method, "PUT");
            refused(&request, "method");
            request.method = method;
            let path = std::mem::replace(&mut request.path, "/other");
            refused(&request, "path");
            request.path = path;
            request.body.push(b' ');
            refused(&request, "body");
            request.body.pop();
            let signed = request.signature().headers.into_owned();
            for at in 0..request.headers.len() {
                if signed.split(';').any(|header| header == request.headers[at].0)
                    && request.headers[at].0 != "x-amz-date"
                {
                    request.headers[at].1.push('x');
                    refused(&request, "header");
                    request.headers[at].1.pop();
                }
            }
            assert_eq!(request.verify(), Ok(()), "{name} as it was");
        }
    }

    #[test]
    fn when_and_where() {
        let requests = requests();
        let request = |name: &str| requests.iter().find(|request| request.name == name).unwrap();
        let check = |name: &str, place: Place<'_>, seconds: i64, expected: &str| {
            let now_ms = NOW_MS.saturating_add_signed(seconds * 1000);
            let refusal = request(name)
                .signature()
                .check(place, now_ms)
                .map_or_else(|refusal| refusal.to_string(), |()| String::new());
            assert_eq!(refusal, expected, "{name} after {seconds} s");
        };
        let (header, query) = ("get-vanilla header", "get-vanilla query");
        for seconds in [-900, 0, 900] {
            check(header, PLACE, seconds, "");
        }
        check(
            header,
            PLACE,
            901,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)",
        );
        check(
            header,
            PLACE,
            -901,
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)",
        );
        check(query, PLACE, 3600, "");
        check(query, PLACE, 3601, "Signature expired: 20150830T133600Z is now earlier than 20150830T133601Z");
        let region = "Credential should be scoped to a valid region. ";
        let service = "Credential should be scoped to correct service: 'dynamodb'. ";
        check(header, Place { region: Some("eu-west-1"), ..PLACE }, 0, region);
        check(header, Place { region: None, service: "dynamodb" }, 0, service);
        check(header, Place { region: Some("eu-west-1"), service: "dynamodb" }, 0, &format!("{region}{service}"));
    }
}

#[test]
fn what_cannot_be_checked() {
    let place = Place { region: None, service: "dynamodb" };
    let now_ms = 1_767_225_600_000;
    let check = |authorization: &str, date: &str, expected: &str| {
        let signed = Signed { date: Some(date), ..header(authorization) };
        let refusal = signed.signature().unwrap().check(place, now_ms).expect_err(expected);
        assert_eq!(refusal.to_string(), expected);
    };
    let good = "20260101T000000Z";
    check(
        &HEADER.replace("host;", ""),
        good,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    check(
        HEADER,
        "2026",
        "Date must be in ISO-8601 'basic format'. Got '2026'. See http://en.wikipedia.org/wiki/ISO_8601",
    );
    check(
        HEADER,
        "20260102T000000Z",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260101' != \
         '20260102', from '20260102T000000Z'.",
    );
    check(
        "AWS4-ECDSA-P256-SHA256 Credential=k/20260101/dynamodb/aws4_request, SignedHeaders=host, Signature=a",
        good,
        "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
    );
    // A signature of any length and letters is only wrong.
    struct Nothing;
    impl Headers for Nothing {
        fn values<'a>(&'a self, _: &str, _: &mut dyn FnMut(&'a [u8])) {}
        fn names<'a>(&'a self, _: &mut dyn FnMut(&'a str)) {}
    }
    for value in ["a", "é", &"0".repeat(64), &"F".repeat(64), &"0".repeat(65)] {
        let authorization = HEADER.replace("Signature=abc", &format!("Signature={value}"));
        let signature = header(&authorization).signature().unwrap();
        let received = Received { method: "POST", path: "/", query: None, headers: &Nothing, body: b"" };
        assert!(signature.verify(&SigningKey::new("s", "20260101", "r", "dynamodb"), &received).is_err(), "{value}");
    }
}

#[test]
fn parameters_that_occur_twice() {
    let check = |signed: Signed<'_>, expected: &str| {
        let refusal = signed.signature().expect_err(expected);
        assert!(matches!(&refusal, Refusal::Incomplete(text) if text.starts_with(expected)), "{signed:?}: {refusal}");
    };
    for more in ["Credential=a", "Signature=b", "SignedHeaders=c"] {
        check(header(&format!("{HEADER}, {more}")), "Authorization header requires each parameter once. ");
    }
    let good = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fdynamodb%2Faws4_request\
                &X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=abc&X-Amz-Expires=60\
                &X-Amz-Security-Token=t";
    assert!(query(good).signature().is_ok());
    for name in ["Algorithm", "Credential", "Date", "SignedHeaders", "Signature", "Expires", "Security-Token"] {
        for spelt in [format!("X-Amz-{name}"), format!("X%2DAmz-{name}")] {
            let expected = format!("AWS query-string parameters must include 'X-Amz-{name}' once.");
            check(query(&format!("{good}&{spelt}=other")), &expected);
        }
    }
}
