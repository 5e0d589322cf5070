//! The journey with a stand-in behind the preflight: what HTTP adds around an operation.

use std::io::Read;
use std::sync::LazyLock;

use ::aws::{
    Answering, AwsService, DYNAMODB, Fault, Input, Protocol, Reply, RequestFacts, ServiceError, ServiceModel, TOY,
    Value, codec,
};
use api::Exception;
use auth::{KeyRing, Spaces};
use http_body_util::{BodyExt, Full};
use hyper::header;

use super::*;
use crate::admin::Admin;
use crate::metrics::Metrics;
use crate::transport::local;
use crate::web::WebArguments;
use wire::DynamoDb;

mod permission;

const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=s";

/// Only a hang takes as long.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(600);

/// Answers with the caller and the body; panics or grows when the body says so.
struct Echo;

impl AwsService for Echo {
    fn model(&self) -> &'static ServiceModel {
        &DYNAMODB
    }

    fn call<'a>(&'a self, request: ::aws::Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let Input::Body(body) = request.input else { panic!("a body") };
            assert!(body.as_ref() != b"panic", "asked to panic");
            let body = if body.as_ref() == b"big" { vec![b'x'; 100_000] } else { body.to_vec() };
            if body == b"fail" {
                return wire::exception(&Exception::internal("asked to fail"));
            }
            let region = &request.caller.expect("a caller").region;
            Reply::new(200, [region.as_bytes(), b" ", &body].concat())
        })
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply {
        dynamodb().refuse(fault, protocol, request_id)
    }
}

/// DynamoDB's own words.
fn dynamodb() -> &'static DynamoDb {
    static DYNAMODB: LazyLock<DynamoDb> = LazyLock::new(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let open = ops::Service::open(storage::Memory::new(), ops::Settings::default(), base::Clock::system());
        // A thread of its own may wait.
        let opened = std::thread::spawn(move || runtime.block_on(open).expect("an empty database"));
        DynamoDb::new(&opened.join().expect("a service"))
    });
    &DYNAMODB
}

fn pipeline() -> Pipeline {
    pipeline_of(Echo)
}

fn pipeline_of(service: impl AwsService) -> Pipeline {
    Pipeline {
        services: Arc::new(Services::of(vec![Arc::new(service)])),
        access: Arc::new(Access::Open(Spaces::Isolated)),
        region: "eu-west-3".to_owned(),
        bodies: BodyReader::new(PATIENCE, MemoryBudget::new(64 << 20, PATIENCE)),
        memory: MemoryBudget::new(64 << 20, PATIENCE),
        requests_max: 100,
        operator: Operator::new(),
        pages: Pages { operator: true, console: None },
        web: Web::new(&WebArguments::default(), true, []),
        notable: Notable::slower_than(None),
        traces: None,
        audit: None,
    }
}

struct Answered {
    status: u16,
    headers: header::HeaderMap,
    body: Bytes,
}

impl Answered {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// Sends one request; a header without a value takes away a default one.
fn send(pipeline: &Pipeline, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answered {
    let mut request =
        Request::builder().method(method).uri(path).body(Full::new(Bytes::copy_from_slice(body))).expect("request");
    let defaults = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.ListTables"),
        ("x-amz-date", "20260101T000000Z"),
        ("authorization", SIGNATURE),
    ];
    for (name, value) in defaults.iter().chain(headers) {
        let name = header::HeaderName::from_bytes(name.as_bytes()).expect("name");
        match *value {
            "" => drop(request.headers_mut().remove(name)),
            value => drop(request.headers_mut().insert(name, value.parse().expect("value"))),
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let (head, body) = pipeline.answer(request, &ConnectionState::new(local())).await.into_parts();
        let body = body.collect().await.expect("body").to_bytes();
        Answered { status: head.status.as_u16(), headers: head.headers, body }
    })
}

/// What every answer has, whatever it says.
fn check_frame(answered: &Answered) {
    assert_eq!(answered.header("x-amz-crc32"), crc32fast::hash(&answered.body).to_string());
    assert_eq!(answered.header("content-length"), answered.body.len().to_string());
    assert_eq!(answered.header("server"), "Server");
    let id = answered.header("x-amzn-requestid");
    assert!(id.len() == 52 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{id}");
}

#[test]
fn order_of_refusal() {
    let check = |method: &str, path: &str, headers: &[(&str, &str)], status: u16, expected: &str| {
        let answered = send(&pipeline(), method, path, headers, b"{}");
        check_frame(&answered);
        assert_eq!(answered.status, status, "{method} {path} {headers:?}");
        assert!(answered.text().contains(expected), "{method} {path} {headers:?}: {}", answered.text());
    };
    let unknown = "com.amazon.coral.service#UnknownOperationException";
    check("POST", "/", &[], 200, "us-east-1 {}");
    check("GET", "/", &[], 200, "healthy: dynamodb.eu-west-3.amazonaws.com ");
    for (method, path, content_type) in [
        ("GET", "/table", "application/json"),
        ("PUT", "/", "application/json"),
        ("POST", "/table", "application/json"),
        ("POST", "/", "text/plain"),
        ("POST", "/", ""),
    ] {
        check(method, path, &[("content-type", content_type)], 404, "<UnknownOperationException/>");
    }
    // An unknown operation is refused before the credential is looked at.
    for target in ["", "ListTables", "DynamoDB_20120810.", "DynamoDB_20120810.Nope", "Kinesis_20131202.ListTables"] {
        check("POST", "/", &[("x-amz-target", target), ("authorization", "")], 400, unknown);
    }
    check("POST", "/", &[("authorization", "")], 400, "MissingAuthenticationTokenException");
    check("POST", "/", &[("x-amz-date", "")], 400, "IncompleteSignatureException");
    check("POST", "/", &[("x-amz-date", ""), ("date", "today")], 200, "");
    check("POST", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", &[], 400, "InvalidSignatureException");
}

#[test]
fn the_answer_speaks_the_dialect_of_the_request() {
    for (asked, answered) in [
        ("application/x-amz-json-1.0", "application/x-amz-json-1.0"),
        ("Application/X-Amz-JSON-1.0; charset=utf-8", "application/x-amz-json-1.0"),
        ("application/x-amz-json-1.1", "application/x-amz-json-1.1"),
        ("application/json", "application/json"),
    ] {
        assert_eq!(send(&pipeline(), "POST", "/", &[("content-type", asked)], b"{}").header("content-type"), answered);
    }
}

#[test]
fn a_panic_stays_with_its_request() {
    let pipeline = pipeline();
    let answered = send(&pipeline, "POST", "/", &[], b"panic");
    check_frame(&answered);
    assert_eq!(answered.status, 500);
    assert!(answered.text().contains("com.amazonaws.dynamodb.v20120810#InternalServerError"), "{}", answered.text());
    assert_eq!(send(&pipeline, "POST", "/", &[], b"{}").status, 200);
}

/// Begins and never ends.
struct Stuck;

impl AwsService for Stuck {
    fn model(&self) -> &'static ServiceModel {
        &DYNAMODB
    }

    fn call<'a>(&'a self, request: ::aws::Request<'a>) -> Answering<'a> {
        let parameters = vec![("tableName", "Music".to_owned())];
        request.observer.expect("an audit log").asked(RequestFacts { accesses: Vec::new(), parameters });
        Box::pin(std::future::pending())
    }

    fn refuse(&self, fault: Fault, _: Protocol, _: &str) -> Reply {
        panic!("{fault:?}")
    }
}

/// A client that leaves cannot take the event of its request with it.
#[tokio::test]
async fn a_request_that_is_given_up_has_an_event() {
    let (audit, mut events) = crate::audit::Audit::held(8, false);
    let stuck = Pipeline { audit: Some(audit), ..pipeline_of(Stuck) };
    let request = Request::post("/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.PutItem")
        .header("x-amz-date", "20260101T000000Z")
        .header("authorization", SIGNATURE);
    let request = request.body(Full::new(Bytes::from_static(b"{}"))).expect("request");
    let state = ConnectionState::new(local());
    assert!(tokio::time::timeout(std::time::Duration::ZERO, stuck.answer(request, &state)).await.is_err());
    let event = events.next().expect("an event");
    assert_eq!(event["errorCode"], "RequestCanceled");
    assert_eq!(event["requestParameters"], serde_json::json!({"tableName": "Music"}));
}

/// The page of metrics counts the outcome of each request.
#[test]
fn requests_are_counted() {
    let pipeline = pipeline();
    let refused = [("authorization", "")];
    let gzip = [("content-encoding", "gzip")];
    for (headers, body, status) in [
        (&[][..], &b"{}"[..], 200),
        (&[], b"big", 200),
        (&[], b"fail", 500),
        (&[], b"panic", 500),
        (&refused, b"{}", 400),
        (&gzip, b"{}", 500),
        (&[("x-amz-target", "Nope")], b"{}", 400),
    ] {
        assert_eq!(send(&pipeline, "POST", "/", headers, body).status, status);
    }
    let page = send(&pipeline, "GET", "/metrics", &[], b"");
    assert_eq!((page.status, page.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        r#"stator_request_duration_seconds_count{service="DynamoDB",operation="ListTables"} 5"#,
        r#"stator_request_bytes_total{service="DynamoDB",operation="ListTables"} 16"#,
        r#"stator_errors_total{service="DynamoDB",operation="ListTables",exception="InternalServerError"} 2"#,
        r#"stator_errors_total{service="DynamoDB",operation="ListTables",exception="MissingAuthenticationTokenException"} 1"#,
        r#"stator_errors_total{service="none",operation="none",exception="UnknownOperationException"} 1"#,
        r#"stator_bodies_refused_total{reason="corrupt_gzip"} 1"#,
        // The one that asks.
        "stator_requests_under_way 1",
    ] {
        assert!(page.text().lines().any(|it| it == line), "{line} in\n{}", page.text());
    }
}

#[test]
fn the_operators_paths_can_stand_elsewhere() {
    let here = pipeline();
    let elsewhere = Pipeline { pages: Pages { operator: false, console: None }, ..pipeline() };
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "not ready: starting\n"), ("/metrics", "# HELP")] {
        assert!(send(&here, "GET", path, &[], b"").text().starts_with(text), "{path}");
        assert_eq!(send(&here, "POST", path, &[], b"").status, 404);
        assert_eq!(send(&elsewhere, "GET", path, &[], b"").status, 404);
    }
    assert_eq!(send(&here, "GET", "/readyz", &[], b"").status, 503);
    here.operator.ready(None, None);
    assert_eq!(send(&here, "GET", "/readyz", &[], b"").status, 200);
    here.operator.stopping();
    assert_eq!(send(&here, "GET", "/readyz", &[], b"").text(), "not ready: stopping\n");
    assert_eq!(send(&here, "GET", "/healthz", &[], b"").status, 200);
}

/// Where callers are checked, a reason is for the operator's own address and the log.
#[test]
fn strangers_are_given_no_reasons() {
    let keys = KeyRing::parse("[a]\naws_access_key_id = A\naws_secret_access_key = s\n").expect("keys");
    let (clock, _) = base::Clock::manual(0);
    let signed = Pipeline { access: Arc::new(Access::Signed(keys, clock)), ..pipeline() };
    let answered = send(&signed, "GET", "/readyz", &[], b"");
    assert_eq!((answered.status, answered.text()), (503, "not ready: see the server's log\n"));
    signed.operator.ready(None, None);
    assert_eq!(send(&signed, "GET", "/readyz", &[], b"").text(), "ready\n");
}

/// Where callers are checked, an unknown one begins no series.
#[test]
fn strangers_are_counted_under_no_operation() {
    let keys = KeyRing::parse("[a]\naws_access_key_id = A\naws_secret_access_key = s\n").expect("keys");
    let (clock, _) = base::Clock::manual(0);
    let signed = Pipeline { access: Arc::new(Access::Signed(keys, clock)), ..pipeline() };
    for operation in ["ListTables", "GetItem", "PutItem"] {
        let target = format!("DynamoDB_20120810.{operation}");
        for headers in [&[("x-amz-target", &target[..])][..], &[("x-amz-target", &target), ("authorization", "")]] {
            assert_eq!(send(&signed, "POST", "/", headers, b"{}").status, 400);
        }
    }
    let page = send(&signed, "GET", "/metrics", &[], b"");
    let line =
        r#"stator_errors_total{service="none",operation="none",exception="MissingAuthenticationTokenException"} 3"#;
    assert!(page.text().lines().any(|it| it == line), "{}", page.text());
    for operation in ["ListTables", "GetItem", "PutItem"] {
        assert!(!page.text().contains(&format!("operation=\"{operation}\"")), "{operation} in\n{}", page.text());
    }
}

#[test]
fn compressed_answers() {
    let check = |accepted: &str, body: &[u8], coding: &str| {
        let answered = send(&pipeline(), "POST", "/", &[("accept-encoding", accepted)], body);
        check_frame(&answered);
        assert_eq!(answered.header("content-encoding"), coding, "{accepted}");
        let mut plain = Vec::new();
        match coding {
            "gzip" => drop(flate2::read::GzDecoder::new(&answered.body[..]).read_to_end(&mut plain)),
            "deflate" => drop(flate2::read::ZlibDecoder::new(&answered.body[..]).read_to_end(&mut plain)),
            _ => plain.extend_from_slice(&answered.body),
        }
        let expected = if body == b"big" { &[b'x'; 100_000][..] } else { body };
        assert_eq!(plain.strip_prefix(b"us-east-1 ").expect("region"), expected, "{accepted}");
    };
    for (accepted, coding) in [
        ("gzip", "gzip"),
        ("deflate, gzip;q=0.5", "gzip"),
        ("gzip;q=0, deflate", "deflate"),
        ("deflate", "deflate"),
        ("identity", ""),
        ("br, zstd", ""),
    ] {
        check(accepted, b"big", coding);
    }
    check("gzip", &[b'y'; 4096 - 10], "gzip");
    check("gzip", &[b'y'; 4096 - 11], "");
}

#[test]
fn compressed_requests() {
    let gzip = |plain: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, plain).expect("encode");
        encoder.finish().expect("encode")
    };
    let send = |body: &[u8]| send(&pipeline(), "POST", "/", &[("content-encoding", "gzip")], body);
    assert_eq!(send(&gzip(b"{\"a\":1}")).text(), "us-east-1 {\"a\":1}");
    let exactly = gzip(&vec![b'z'; crate::body::REQUEST_SIZE_BYTES_MAX]);
    assert_eq!(send(&exactly).status, 200);
    let bomb = gzip(&vec![b'z'; crate::body::REQUEST_SIZE_BYTES_MAX + 1]);
    assert_eq!(send(&bomb).status, 413);
    for corrupt in [&b"{}"[..], b"", &gzip(b"{}")[..12]] {
        let answered = send(corrupt);
        check_frame(&answered);
        assert_eq!(answered.status, 500);
    }
}

fn preflight(origin: &'static str) -> [(&'static str, &'static str); 3] {
    [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-amz-target, x-amz-date"),
    ]
}

#[test]
fn browsers_may_call_where_callers_sign() {
    let signed = Pipeline { web: Web::new(&WebArguments::default(), false, []), ..pipeline() };
    let answered = send(&signed, "OPTIONS", "/", &preflight("https://example.org"), b"");
    check_frame(&answered);
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("access-control-allow-origin"), "*");
    assert_eq!(answered.header("access-control-allow-methods"), "POST");
    assert_eq!(answered.header("access-control-allow-headers"), "x-amz-target, x-amz-date");
    assert_eq!(answered.header("access-control-max-age"), "172800");

    let answered = send(&signed, "POST", "/", &[("origin", "null"), ("authorization", "")], b"{}");
    assert_eq!((answered.status, answered.header("access-control-allow-origin")), (400, "*"));
    assert!(answered.header("access-control-expose-headers").contains("x-amz-crc32"));
    assert_eq!(send(&signed, "POST", "/", &[], b"{}").header("access-control-allow-origin"), "");
}

/// Without signatures a page of another origin is refused before its request is looked at: `panic` would be an answer.
#[test]
fn foreign_pages_are_refused() {
    for (method, path) in [
        ("POST", "/"),
        ("OPTIONS", "/"),
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/readyz"),
        ("DELETE", "/2015-03-31/event-source-mappings/x"),
    ] {
        for refused in [[("origin", "https://example.org")], [("origin", "null")], [("host", "example.org")]] {
            let answered = send(&pipeline(), method, path, &refused, b"panic");
            check_frame(&answered);
            assert_eq!(answered.status, 403, "{method} {path} {refused:?}");
            assert_eq!(answered.header("access-control-allow-origin"), "");
            assert_eq!(answered.header("access-control-allow-methods"), "");
            assert!(answered.text().contains("example.org") || answered.text().contains("null"), "{}", answered.text());
        }
    }
    let answered = send(&pipeline(), "POST", "/", &[("origin", "https://example.org")], b"{}");
    assert!(answered.text().contains("com.amazon.coral.service#AccessDeniedException"), "{}", answered.text());
    let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", "null"), ("x-amz-target", "")];
    let answered = send(&pipeline(), "POST", "/", &form, b"Action=GetCallerIdentity&Version=2011-06-15");
    assert!(answered.text().contains("<Code>AccessDenied</Code>"), "{}", answered.text());
}

#[test]
fn pages_of_this_machine_may_call() {
    let answered = send(&pipeline(), "OPTIONS", "/", &preflight("http://localhost:3000"), b"");
    assert_eq!((answered.status, answered.header("access-control-allow-methods")), (200, "POST"));
    let answered = send(&pipeline(), "POST", "/", &[("origin", "http://localhost:3000")], b"{}");
    assert_eq!((answered.status, answered.header("access-control-allow-origin")), (200, "http://localhost:3000"));
    assert_eq!(answered.header("vary"), "Origin");
}

/// A client of another service hears from it, in its own protocol, which services are here.
#[test]
fn services_that_are_not_here() {
    let check = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], expected: [&str; 2]| {
        let answered = send(&pipeline(), method, path, headers, body);
        check_frame(&answered);
        let text = String::from_utf8_lossy(&answered.body).into_owned();
        assert_eq!(answered.status, 400, "{path} {headers:?}: {text}");
        assert!(expected.iter().all(|part| text.contains(part)), "{path} {headers:?}: {text}");
        answered
    };
    let unknown = "com.amazon.coral.service#UnknownOperationException";
    check("POST", "/", &[("x-amz-target", "Kinesis_20131202.PutRecord")], b"{}", [unknown, "Kinesis Data Streams"]);
    let form = [("content-type", "application/x-www-form-urlencoded"), ("x-amz-target", "")];
    check("POST", "/", &form, b"Action=SendMessage&Version=2012-11-05", ["<Code>InvalidAction</Code>", "Amazon SQS"]);
    let s3 = SIGNATURE.replace("/dynamodb/", "/s3/");
    let s3 = [("authorization", &*s3), ("x-amz-target", ""), ("content-type", "")];
    check("GET", "/", &s3, b"", ["<Error><Code>UnknownOperation</Code>", "Amazon S3"]);
    let cbor = [("content-type", "application/cbor"), ("x-amz-target", ""), ("smithy-protocol", "rpc-v2-cbor")];
    let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let answered = check("POST", path, &cbor, b"\xa0", [unknown, "Amazon CloudWatch"]);
    assert_eq!(answered.header("smithy-protocol"), "rpc-v2-cbor");
    assert_eq!(answered.header("content-type"), "application/cbor");
}

#[test]
fn a_head_is_answered_without_a_body() {
    for path in ["/", "/healthz", "/readyz", "/metrics"] {
        let (get, head) = (send(&pipeline(), "GET", path, &[], b""), send(&pipeline(), "HEAD", path, &[], b""));
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        if path != "/metrics" {
            assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
        }
    }
}

/// Answers with its request.
struct Toy;

impl AwsService for Toy {
    fn model(&self) -> &'static ServiceModel {
        &TOY
    }

    fn call<'a>(&'a self, request: ::aws::Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let (operation, protocol) = (request.operation, request.protocol);
            let decoded = codec::decode(operation, protocol, &request.input)
                .and_then(|decoded| codec::check(operation, &decoded).map(|()| decoded));
            let echo = match decoded {
                Ok(echo) => echo,
                Err(error) => {
                    let error = ServiceError::undecodable(&error, protocol);
                    return codec::refuse(&TOY, protocol, error, request.request_id);
                }
            };
            assert_ne!(echo.get(0), Some(&Value::Text("panic".to_owned())), "asked to panic");
            if echo.get(0) == Some(&Value::Text("none".to_owned())) {
                let error = ServiceError::new("ResourceNotFoundException", 400, "There is no such echo");
                return codec::refuse(&TOY, protocol, error, request.request_id);
            }
            let parameters = vec![("EchoName", "e".to_owned())];
            let facts = RequestFacts { accesses: Vec::new(), parameters };
            request.observer.into_iter().for_each(|it| it.asked(facts.clone()));
            codec::answer(operation, protocol, &echo, request.request_id)
        })
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply {
        codec::refuse(&TOY, protocol, ServiceError::common(&TOY, fault, protocol), request_id)
    }
}

fn of_toy() -> Pipeline {
    let services = Arc::new(Services::of(vec![Arc::new(Echo), Arc::new(Toy)]));
    Pipeline { services, operator: Operator::with(Metrics::new(&[&DYNAMODB, &TOY]), Admin::default()), ..pipeline() }
}

fn signed_for_toy() -> String {
    SIGNATURE.replace("/dynamodb/", "/toy/")
}

/// Path and headers of a request.
type ToyHead<'a> = (Protocol, &'static str, Vec<(&'static str, &'a str)>);

/// A request of each protocol, without its body.
fn toy_heads(signature: &str) -> [ToyHead<'_>; 4] {
    let signed = ("authorization", signature);
    let target = ("x-amz-target", "");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let (json, cbor) = (("content-type", "application/json"), ("content-type", "application/cbor"));
    [
        (Protocol::AwsJson, "/", vec![("x-amz-target", "Toy_20260101.GetEcho"), signed]),
        (Protocol::Query, "/", vec![target, form, signed]),
        (Protocol::RestJson, "/echoes", vec![target, json, signed]),
        (
            Protocol::RpcV2Cbor,
            "/service/Toy_20260101/operation/GetEcho",
            vec![target, cbor, ("smithy-protocol", "rpc-v2-cbor"), signed],
        ),
    ]
}

/// A request with a text, in a protocol.
fn toy_body(protocol: Protocol, text: &str) -> Vec<u8> {
    match protocol {
        Protocol::AwsJson | Protocol::RestJson => format!(r#"{{"Text":"{text}"}}"#).into_bytes(),
        Protocol::Query => format!("Action=GetEcho&Version=2026-01-01&Text={text}").into_bytes(),
        Protocol::RpcV2Cbor => {
            let length = 0x60 + u8::try_from(text.len()).expect("a short text");
            [b"\xbf\x64Text".as_slice(), &[length], text.as_bytes(), b"\xff"].concat()
        }
    }
}

/// Adding a service takes its model and its functions, and no change in the handler: its requests are routed, authenticated,
/// decoded, audited, counted and guarded like all others, in each of its protocols.
#[test]
fn a_service_is_added_by_its_model() {
    for (protocol, path, headers) in toy_heads(&signed_for_toy()) {
        let (audit, mut events) = crate::audit::Audit::held(8, false);
        let pipeline = Pipeline { audit: Some(audit), ..of_toy() };
        let ask = |text: &str| {
            let answered = send(&pipeline, "POST", path, &headers, &toy_body(protocol, text));
            check_frame(&answered);
            (answered.status, String::from_utf8_lossy(&answered.body).into_owned())
        };
        let echoed = match protocol {
            Protocol::Query => "<GetEchoResult><Text>echo</Text></GetEchoResult>",
            Protocol::RpcV2Cbor => "\u{fffd}dTextdecho\u{fffd}",
            Protocol::AwsJson | Protocol::RestJson => r#"{"Text":"echo"}"#,
        };
        let (status, body) = ask("echo");
        assert!(status == 200 && body.contains(echoed), "{protocol:?}: {body}");
        let (status, body) = ask("longer");
        let broken = "1 validation error detected: Value 'longer' at 'text' failed to satisfy constraint: Member must have \
                      length less than or equal to 5";
        assert!(status == 400 && body.contains(broken), "{protocol:?}: {body}");
        assert_eq!(ask("panic").0, 500, "{protocol:?}");
        assert_eq!(ask("none").0, 400, "{protocol:?}");
        let event = events.next().expect("an event");
        assert_eq!((&event["eventSource"], &event["eventName"]), (&"toy.amazonaws.com".into(), &"GetEcho".into()));
        assert_eq!((&event["requestParameters"]["echoName"], &event["readOnly"]), (&"e".into(), &true.into()));
        let name = if protocol == Protocol::Query { "ValidationError" } else { "ValidationException" };
        assert_eq!(events.next().expect("an event")["errorCode"], name);
        assert_eq!(events.next().expect("an event")["errorCode"], "InternalFailure");
        let event = events.next().expect("an event");
        assert_eq!(
            (&event["errorCode"], &event["errorMessage"]),
            (&"ResourceNotFoundException".into(), &"There is no such echo".into())
        );
        let page = send(&pipeline, "GET", "/metrics", &[], b"");
        for line in [
            r#"stator_request_duration_seconds_count{service="Toy",operation="GetEcho"} 4"#.to_owned(),
            format!(r#"stator_errors_total{{service="Toy",operation="GetEcho",exception="{name}"}} 1"#),
            r#"stator_errors_total{service="Toy",operation="GetEcho",exception="InternalFailure"} 1"#.to_owned(),
        ] {
            assert!(page.text().lines().any(|it| it == line), "{protocol:?}: {line} in\n{}", page.text());
        }
    }
}

#[track_caller]
fn check_refused(answered: &Answered, protocol: Protocol, (status, of_form, of_json): (u16, &str, &str)) {
    let body = String::from_utf8_lossy(&answered.body).into_owned();
    let (content_type, named) = match protocol {
        Protocol::AwsJson => ("application/x-amz-json-1.0", format!("{{\"__type\":\"{of_json}\"")),
        Protocol::RestJson => ("application/json", "{\"message\":".to_owned()),
        Protocol::RpcV2Cbor => ("application/cbor", "\u{fffd}f__type".to_owned()),
        Protocol::Query => {
            ("text/xml", format!("<ErrorResponse xmlns=\"https://toy/\"><Error><Type>Sender</Type><Code>{of_form}<"))
        }
    };
    assert_eq!((answered.status, answered.header("content-type")), (status, content_type), "{protocol:?}: {body}");
    assert!(body.starts_with(&named) || protocol == Protocol::Query && body.contains(of_form), "{protocol:?}: {body}");
    assert!(protocol != Protocol::RpcV2Cbor || body.contains(of_json), "{body}");
    if protocol == Protocol::RestJson {
        assert_eq!(answered.header("x-amzn-errortype"), of_json);
    }
}

/// Refusals before the operation or the caller is known are in the protocol that the head names.
#[test]
fn refusals_are_in_the_requests_protocol() {
    let signature = signed_for_toy();
    for (protocol, path, headers) in toy_heads(&signature) {
        let status_of_rest = |other: u16, rest: u16| if protocol == Protocol::RestJson { rest } else { other };
        let check = |pipeline: &Pipeline, more: &[(&str, &str)], body: &[u8], expected: (u16, &str, &str)| {
            let headers: Vec<(&str, &str)> = headers.iter().chain(more).copied().collect();
            check_refused(&send(pipeline, "POST", path, &headers, body), protocol, expected);
        };
        let body = toy_body(protocol, "echo");
        let status = status_of_rest(if protocol == Protocol::Query { 403 } else { 400 }, 403);
        let missing = (status, "MissingAuthenticationToken", "MissingAuthenticationTokenException");
        check(&of_toy(), &[("authorization", "")], &body, missing);
        let corrupt = (400, "MalformedInput", "SerializationException");
        check(&of_toy(), &[("content-encoding", "gzip")], b"no gzip", corrupt);
        let throttled = (status_of_rest(400, 429), "Throttling", "ThrottlingException");
        let memory = MemoryBudget::new(1 << 20, std::time::Duration::ZERO);
        let _all = memory.try_share(ConnectionState::new(local()).peer(), 1 << 20).expect("room");
        let none_left = Pipeline { bodies: BodyReader::new(PATIENCE, memory), ..of_toy() };
        check(&none_left, &[], &[&body[..], &vec![b' '; 200_000]].concat(), throttled);
    }
    // A path of the service that is no operation, and an operation that it does not have.
    let unknown = |path: &str, method: &str| {
        let headers = [("x-amz-target", ""), ("smithy-protocol", "rpc-v2-cbor"), ("authorization", &*signature)];
        send(&of_toy(), method, path, &headers, b"")
    };
    let named = ("InvalidAction", "UnknownOperationException");
    check_refused(&unknown("/echoes", "DELETE"), Protocol::RestJson, (404, named.0, named.1));
    let path = "/service/Toy_20260101/operation/Nope";
    check_refused(&unknown(path, "POST"), Protocol::RpcV2Cbor, (400, named.0, named.1));
}
