//! Traces as a collector gets them: a small receiver of OTLP/HTTP, and what the program sends to it until it ends.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;

use crate::client::{Response, request};
use crate::program::run;
use crate::test_server::TestServer;

const TABLE: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;
const PUT: &str = r#"{"TableName":"tab","Item":{"pk":{"S":"a"}}}"#;

/// Takes batches until the tests end.
struct Receiver {
    address: SocketAddr,
    batches: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let batches: Arc<Mutex<Vec<ExportTraceServiceRequest>>> = Arc::default();
        let received = Arc::clone(&batches);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let batch = receive(socket.expect("a connection"));
                received.lock().expect("batches").push(batch);
            }
        });
        Receiver { address, batches }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a server sent that has ended.
    fn spans(&self) -> Vec<Span> {
        let batches = self.batches.lock().expect("batches");
        let resources = batches.iter().flat_map(|batch| &batch.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    fn resource(&self) -> BTreeMap<String, String> {
        let batches = self.batches.lock().expect("batches");
        attributes(&batches[0].resource_spans[0].resource.as_ref().expect("a resource").attributes)
    }
}

fn receive(socket: TcpStream) -> ExportTraceServiceRequest {
    let mut reader = BufReader::new(&socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).expect("a head") > 0, "{head}");
    }
    let head = head.to_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.parse().expect("a length")];
    reader.read_exact(&mut body).expect("a body");
    (&socket).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an answer");
    ExportTraceServiceRequest::decode(body.as_slice()).expect("spans")
}

fn attributes(all: &[KeyValue]) -> BTreeMap<String, String> {
    all.iter().map(|attribute| (attribute.key.clone(), text(attribute.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::ArrayValue(array)) => {
            array.values.iter().map(|value| text(Some(value))).collect::<Vec<_>>().join(",")
        }
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Calls one operation, with a header that names a trace.
fn call(server: &TestServer, operation: &str, header: (&str, &str), body: &str) -> Response {
    let mut client = server.client();
    client.send(&request(operation, &[header], body.as_bytes()));
    client.response()
}

#[test]
fn requests_and_their_writes_are_spans() {
    let receiver = Receiver::start();
    let variables = [("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")];
    let server = TestServer::in_memory().flag("--otlp-endpoint", receiver.url()).variables(&variables).start();
    let mut client = server.client();
    let none = ("traceparent", "00-00000000000000000000000000000000-0000000000000000-00");
    assert_eq!(call(&server, "CreateTable", none, TABLE).status, 200);
    let w3c = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let put = call(&server, "PutItem", w3c, PUT);
    let x_ray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let get = r#"{"TableName":"tab","Key":{"pk":{"S":"a"}}}"#;
    assert_eq!(call(&server, "GetItem", ("X-Amzn-Trace-Id", x_ray), get).status, 200);
    let unsampled = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    assert_eq!(call(&server, "DeleteItem", unsampled, get).status, 200);
    let batch = r#"{"RequestItems":{"tab":{"Keys":[{"pk":{"S":"a"}}]},"nope":{"Keys":[{"pk":{"S":"a"}}]}}}"#;
    assert_eq!(client.call("BatchGetItem", batch).status, 400);
    assert_eq!(client.call("NoSuchOperation", "{}").status, 400);
    assert!(server.stop().success());

    let spans = receiver.spans();
    let named =
        |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name}: {spans:#?}"));
    let requests: Vec<&str> =
        spans.iter().filter(|span| span.kind == SpanKind::Server as i32).map(|span| span.name.as_str()).collect();
    assert_eq!(requests, ["DynamoDB.CreateTable", "DynamoDB.PutItem", "DynamoDB.GetItem", "DynamoDB.BatchGetItem"]);
    assert!(named("DynamoDB.CreateTable").parent_span_id.is_empty());

    let span = named("DynamoDB.PutItem");
    assert_eq!(
        (hex(&span.trace_id), hex(&span.parent_span_id)),
        ("0af7651916cd43dd8448eb211c80319c".into(), "b7ad6b7169203331".into())
    );
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    let length = PUT.len().to_string();
    let expected = [
        ("aws.dynamodb.table_names", "tab"),
        ("aws.request_id", put.header("x-amzn-requestid")),
        ("db.system", "dynamodb"),
        ("http.request.body.size", &length),
        ("http.request.method", "POST"),
        ("http.response.body.size", "2"),
        ("http.response.status_code", "200"),
        ("network.protocol.version", "1.1"),
        ("rpc.method", "PutItem"),
        ("rpc.service", "DynamoDB"),
        ("rpc.system", "aws-api"),
    ];
    let expected: BTreeMap<String, String> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(attributes(&span.attributes), expected);

    let writes: Vec<&Span> = spans.iter().filter(|write| write.name == "storage.transact").collect();
    let write = writes.iter().find(|write| write.parent_span_id == span.span_id).expect("the write of PutItem");
    assert_eq!((write.kind, &write.trace_id), (SpanKind::Internal as i32, &span.trace_id));
    assert!(
        write.start_time_unix_nano >= span.start_time_unix_nano && write.end_time_unix_nano <= span.end_time_unix_nano
    );

    let span = named("DynamoDB.GetItem");
    assert_eq!(
        (hex(&span.trace_id), hex(&span.parent_span_id)),
        ("5759e988bd862e3fe1be46a994272793".into(), "53995c3f42cd8ad8".into())
    );
    let span = named("DynamoDB.BatchGetItem");
    let told = attributes(&span.attributes);
    assert_eq!(
        (told["error.type"].as_str(), told["aws.dynamodb.table_names"].as_str()),
        ("ResourceNotFoundException", "nope,tab")
    );
    assert_eq!(told["http.response.status_code"], "400");
    assert!(span.status.as_ref().is_none_or(|status| status.code == StatusCode::Unset as i32));

    let resource = receiver.resource();
    assert_eq!(
        (resource["service.name"].as_str(), resource["deployment.environment.name"].as_str()),
        ("stator", "test")
    );
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_standard_variables_count() {
    let receiver = Receiver::start();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url()),
        ("OTEL_SERVICE_NAME", "orders".to_owned()),
        ("OTEL_TRACES_SAMPLER", "parentbased_always_off".to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = TestServer::in_memory().variables(&variables).start();
    assert_eq!(server.client().call("ListTables", "{}").status, 200);
    let sampled = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(call(&server, "ListTables", sampled, "{}").status, 200);
    assert!(server.stop().success());
    assert_eq!(receiver.spans().len(), 1, "only the one that its caller samples");
    assert_eq!(receiver.resource()["service.name"], "orders");

    let disabled = [variables[0], ("OTEL_SDK_DISABLED", "true")];
    let server = TestServer::in_memory().variables(&disabled).start();
    assert_eq!(server.client().call("ListTables", "{}").status, 200);
    assert!(server.stop().success());
    assert_eq!(receiver.spans().len(), 1);
}

/// Requests go on, whatever the collector does, and so does the end of the program.
fn harms_no_request(address: SocketAddr, detail: &str) {
    let variables = [("OTEL_BSP_SCHEDULE_DELAY", "20"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "200")];
    let server =
        TestServer::in_memory().flag("--otlp-endpoint", format!("http://{address}")).variables(&variables).start();
    let mut client = server.client();
    // More than the queue takes.
    for _ in 0..3_000 {
        assert_eq!(client.call("DescribeLimits", "{}").status, 200);
    }
    let line = server.wait_for_line("the collector did not take a batch of spans");
    assert!(line.contains(detail), "{line}");
    assert_eq!(client.call("DescribeLimits", "{}").status, 200);
    assert!(server.stop().success());
}

#[test]
fn a_collector_that_is_down_harms_no_request() {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    harms_no_request(address, "efused");
}

#[test]
fn a_collector_that_is_silent_harms_no_request() {
    // Connections are made, and none is accepted.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    harms_no_request(listener.local_addr().expect("an address"), "it did not answer in time");
}

#[test]
fn the_end_waits_only_so_long_for_a_silent_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    // Far beyond the patience of the tests.
    let variables = [("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000")];
    let server = TestServer::in_memory().flag("--otlp-endpoint", &url).variables(&variables).start();
    assert_eq!(server.client().call("ListTables", "{}").status, 200);
    server.signal("-TERM");
    server.wait_for_line("the collector did not take the last spans in time");
    assert!(server.wait().success());
}

#[test]
fn what_cannot_be_done_is_refused_at_the_start() {
    let output = run(&["serve", "--memory", "--listen", "127.0.0.1:0", "--otlp-endpoint", "https://127.0.0.1:4318"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cannot send traces: https://127.0.0.1:4318"), "{said}");
}
