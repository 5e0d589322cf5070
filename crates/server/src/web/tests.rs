//! Which origins and names may ask, and which bodies.

use hyper::Request;

use super::*;

fn web(cors: &[&str], host: &[&str], open: bool) -> Web {
    let arguments = WebArguments {
        cors: cors.iter().map(|text| origin::listed(text).expect("an origin")).collect(),
        host: host.iter().map(|text| host::named(text).expect("a name")).collect(),
    };
    Web::new(&arguments, open, ["box.example.net".to_owned()])
}

fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

fn refusal(web: &Web, head: &Parts) -> String {
    web.refuse(head).map(|answer| String::from_utf8_lossy(answer.body()).into_owned()).unwrap_or_default()
}

fn granted(web: &Web, head: &Parts) -> String {
    let mut headers = HeaderMap::new();
    web.allow(head, &mut headers);
    headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
}

#[test]
fn origins() {
    let check = |web: &Web, origin: &str, allowed: &str| {
        for method in ["GET", "POST", "OPTIONS", "DELETE"] {
            let head = head(method, "/", &[("origin", origin), ("access-control-request-method", "POST")]);
            assert_eq!(granted(web, &head), allowed, "{method} {origin}");
            let refusal = refusal(web, &head);
            assert_eq!(refusal.is_empty(), !allowed.is_empty(), "{method} {origin}: {refusal}");
            assert!(refusal.is_empty() || refusal.contains("--cors"), "{refusal}");
        }
    };
    let (alone, listed) =
        (web(&[], &[], true), web(&["https://App.example.com:443/", "http://10.0.0.5:3000"], &[], true));
    for loopback in [
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:8443",
        "http://app.localhost:3000",
        "http://127.0.0.1:5173",
        "http://127.8.9.1",
        "http://[::1]:3000",
    ] {
        check(&alone, loopback, loopback);
        check(&listed, loopback, loopback);
    }
    for foreign in [
        "null",
        "https://example.com",
        "https://app.example.com:444",
        "http://app.example.com",
        "http://localhost.example.com",
        "http://notlocalhost",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://10.0.0.5",
        "http://10.0.0.6:3000",
        "http://[::2]",
        "file://",
        "ftp://localhost",
        "chrome-extension://abcdefgh",
        "",
    ] {
        check(&alone, foreign, "");
        check(&listed, foreign, "");
    }
    check(&listed, "https://app.example.com", "https://app.example.com");
    check(&listed, "http://10.0.0.5:3000", "http://10.0.0.5:3000");
    check(&web(&["*"], &[], true), "null", "*");
    check(&web(&[], &[], false), "https://example.com", "*");
    check(&web(&["https://app.example.com"], &[], false), "https://example.com", "");
}

#[test]
fn one_foreign_origin_among_several_is_enough() {
    let two = head("POST", "/", &[("origin", "http://localhost"), ("origin", "https://example.com")]);
    assert!(refusal(&web(&[], &[], true), &two).contains("https://example.com"));
}

#[test]
fn pages_that_hide_their_origin() {
    let check = |method: &str, site: &str, cors: &[&str], refused: bool| {
        let head = head(method, "/", &[("sec-fetch-site", site)]);
        assert_eq!(!refusal(&web(cors, &[], true), &head).is_empty(), refused, "{method} {site}");
    };
    check("POST", "cross-site", &[], true);
    check("DELETE", "cross-site", &[], true);
    check("POST", "cross-site", &["*"], false);
    check("POST", "same-origin", &[], false);
    // A link to a page of this server.
    check("GET", "cross-site", &[], false);
    // An image of a page of another site: an operation, by its query.
    let head = head("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", &[("sec-fetch-site", "cross-site")]);
    assert!(!refusal(&web(&[], &[], true), &head).is_empty());
}

/// Pages that need no signature are for the server's own origin where other requests need one.
#[test]
fn the_operators_pages_are_not_shared() {
    let page = head("GET", "/metrics", &[("origin", "https://example.com")]);
    assert_eq!(granted(&web(&[], &[], false), &page), "");
    let local = head("GET", "/metrics", &[("origin", "http://localhost:3000")]);
    assert_eq!(granted(&web(&[], &[], true), &local), "http://localhost:3000");
}

const REFUSED_NAMES: [&str; 32] = [
    "example.com",
    "evil.example:8000",
    "localhost.example.com",
    "127.0.0.1.nip.io",
    "local.evil.io",
    "xlocalhost.io",
    "amazonaws.com.evil.io",
    "dynamodb-us-east-1-amazonaws.com",
    "x.elb.us-east-1.amazonaws.com",
    "ec2-10-0-0-1.compute-1.amazonaws.com",
    "ec2-10-0-0-1.eu-west-3.compute.amazonaws.com",
    "x.rds.amazonaws.com",
    "db.c1abc.us-east-1.rds.amazonaws.com:3306",
    "bucket.s3.amazonaws.com",
    "bucket.s3-website-us-east-1.amazonaws.com",
    "sqs.us-east-1.amazonaws.com",
    "a1b2.execute-api.us-east-1.amazonaws.com",
    "x.dynamodb.us-east-1.amazonaws.com",
    "x.streams.dynamodb.us-east-1.amazonaws.com",
    "dynamodb.x.amazonaws.com",
    "x.ddb.us-east-1.amazonaws.com",
    "ddb.us-east-1.amazonaws.com",
    "x.iam.amazonaws.com",
    "lambda.rds.us-east-1.amazonaws.com",
    "amazonaws.com",
    "us-east-1.amazonaws.com",
    "user@localhost",
    "localhost:80:80",
    "localhost:x",
    "[::1",
    "a..b",
    "",
];

#[test]
fn hosts() {
    let open = web(&[], &[], true);
    for name in [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "app.localhost:8000",
        "127.0.0.1:8000",
        "10.0.0.5",
        "[::1]:8000",
        "[fe80::1%25eth0]:8000",
        "dynamodb",
        "stator:8000",
        "my_project_stator_1",
        "host.docker.internal:8000",
        "printer.local",
        "stator.shop.svc",
        "stator.shop.svc.cluster.local:8000",
        "db.test",
        "nas.home.arpa",
        "dynamodb.us-east-1.amazonaws.com",
        "123456789012.ddb.us-east-1.amazonaws.com:443",
        "dynamodb.cn-north-1.amazonaws.com.cn",
        "dynamodb.us-east-1.api.aws",
        "123456789012.ddb.us-east-1.api.aws",
        "streams.dynamodb.us-gov-west-1.amazonaws.com",
        "streams-dynamodb.us-east-1.api.aws",
        "DynamoDB-FIPS.us-east-1.amazonaws.com:443",
        "iam.amazonaws.com",
        "iam.us-gov.amazonaws.com",
        "iam.global.api.aws",
        "sts.amazonaws.com.",
        "sts.eu-west-3.amazonaws.com",
        "lambda.eusc-de-east-1.amazonaws.eu",
        "box.example.net:8000",
        "BOX.example.net.",
    ] {
        assert_eq!(refusal(&open, &head("POST", "/", &[("host", name)])), "", "{name}");
    }
    for name in REFUSED_NAMES {
        let refusal = refusal(&open, &head("GET", "/metrics", &[("host", name)]));
        assert!(refusal.contains("--host"), "{name}: {refusal}");
    }
    // HTTP/1.0 has none, which no browser sends.
    assert_eq!(refusal(&open, &head("GET", "/", &[])), "");
}

#[test]
fn both_places_of_a_host_count() {
    let open = web(&[], &[], true);
    for (target, host) in
        [("http://example.com/", "localhost"), ("http://localhost/", "example.com"), ("https://example.com/", "")]
    {
        let headers: &[(&str, &str)] = &[("host", host)];
        let head = head("POST", target, if host.is_empty() { &[] } else { headers });
        assert!(refusal(&open, &head).contains("example.com"), "{target} {host}");
    }
    let twice = head("GET", "/", &[("host", "localhost"), ("host", "localhost")]);
    for web in [open, web(&[], &[], false)] {
        assert!(refusal(&web, &twice).contains("twice"));
    }
}

#[test]
fn hosts_that_were_named() {
    let check = |host: &[&str], open: bool, name: &str, allowed: bool| {
        let refusal = refusal(&web(&[], host, open), &head("GET", "/", &[("host", name)]));
        assert_eq!(refusal.is_empty(), allowed, "{host:?} {name}");
    };
    for (name, allowed) in
        [("db.example.com", true), ("DB.Example.com:80", true), ("x.db.example.com", false), ("example.com", false)]
    {
        check(&["db.example.com"], true, name, allowed);
    }
    for (name, allowed) in
        [("a.example.com", true), ("a.b.example.com", true), ("example.com", false), ("aexample.com", false)]
    {
        check(&["*.example.com"], true, name, allowed);
    }
    for name in REFUSED_NAMES {
        check(&["*"], true, name, true);
        check(&[], false, name, true);
        check(&["db.example.com"], false, name, true);
    }
}

#[test]
fn values_of_the_flags() {
    for wrong in ["", "example.com", "https://", "https://a/b", "https://a b", "://a", "null"] {
        assert!(origin::listed(wrong).is_err(), "{wrong}");
    }
    for wrong in ["", "a:80", "http://a", "*.", "*.10.0.0.1", "a*", "a/b", "**"] {
        assert!(host::named(wrong).is_err(), "{wrong}");
    }
    assert!(host::named("10.0.0.1").is_ok());
}

/// An operation that a path names would take a body that a page may send without a preflight.
#[test]
fn bodies_that_need_no_preflight() {
    const PATHS: [(&str, &str); 2] = [
        ("/2015-03-31/event-source-mappings/", "application/json"),
        ("/service/GraniteServiceVersion20100801/operation/PutMetricData", "application/cbor"),
    ];
    let check = |open: bool, method: &str, headers: &[(&str, &str)], refused: bool| {
        for (path, content_type) in PATHS {
            let refusal = refusal(&web(&[], &[], open), &head(method, path, headers));
            assert_eq!(!refusal.is_empty(), refused, "{method} {path} {headers:?}: {refusal}");
            assert!(refusal.is_empty() || refusal.contains(content_type), "{refusal}");
        }
    };
    let form = "application/x-www-form-urlencoded";
    for simple in [
        "text/plain",
        "Text/Plain; charset=utf-8",
        form,
        "multipart/form-data; boundary=x",
        "text/plain, application/json",
    ] {
        check(true, "POST", &[("content-type", simple)], true);
        check(true, "POST", &[("content-type", simple), ("origin", "http://localhost:3000")], true);
        check(true, "PUT", &[("content-type", simple)], false);
        check(false, "POST", &[("content-type", simple)], false);
    }
    check(true, "POST", &[("content-type", "application/json")], false);
    check(true, "POST", &[("content-type", "application/x-amz-json-1.1"), ("origin", "http://localhost")], false);
    // Older SDKs send none, and neither do pages that send a Blob.
    check(true, "POST", &[], false);
    check(true, "POST", &[("origin", "http://localhost")], true);
    check(true, "POST", &[("sec-fetch-site", "same-origin")], true);
}
