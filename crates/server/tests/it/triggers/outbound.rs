//! What callers may have the server call: addresses that are closed, line ends in URLs, other accounts' resources, and what of
//! a receiver's answer comes back.

use ::client::{Call, SignedFor};
use serde_json::{Value, json};

use super::function::{Outside, ok};
use super::{lambda, map, put, shown, table};
use crate::kinesis_fake::Kinesis;
use crate::kms_fake::{KEY, Kms};
use crate::program::strong_key;
use crate::signed::key;
use crate::test_server::{TestServer, TestServerBuilder};

fn mapping(function: &str, stream: &str, destination: Option<&str>) -> Value {
    let mut body = json!({"FunctionName": function, "EventSourceArn": stream, "StartingPosition": "TRIM_HORIZON"});
    if let Some(destination) = destination {
        body["DestinationConfig"] = json!({"OnFailure": {"Destination": destination}});
    }
    body
}

/// Signed with a key of account 111111111111; the status, the exception and the body.
fn signed(
    server: &TestServer,
    service: &'static str,
    target: &str,
    header: &str,
    body: &Value,
) -> (u16, String, Value) {
    let credentials = key("AKIDA", "secret-of-a", None);
    let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", header)];
    let headers = if header.is_empty() { &headers[..1] } else { &headers[..] };
    let call = Call { method: "POST", target, headers, body: body.to_string().into() };
    let answer = server.send(&call, Some(SignedFor { credentials: &credentials, service }));
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let name = answer.header("x-amzn-errortype").or(body["__type"].as_str()).unwrap_or_default();
    (answer.status, name.rsplit('#').next().unwrap_or_default().to_owned(), body)
}

fn dynamodb(server: &TestServer, operation: &str, body: &Value) -> (u16, String, Value) {
    signed(server, "dynamodb", "/", &format!("DynamoDB_20120810.{operation}"), body)
}

fn create(name: &str) -> Value {
    json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"},
    })
}

/// A folder with a file of keys, one for account 111111111111.
fn with_keys(server: TestServerBuilder) -> TestServerBuilder {
    let text = "[default]\naws_access_key_id = AKIDA\naws_secret_access_key = secret-of-a\n\
                aws_account_id = 111111111111\n";
    server.write("credentials", text).credentials("credentials")
}

#[test]
fn known_callers_reach_public_addresses_and_their_own_resources() {
    let (outside, kinesis) = (Outside::start(|_, _| ok("")), Kinesis::start());
    let server = with_keys(TestServer::in_memory()).lambda(outside.url()).flag("--sqs-endpoint", outside.url());
    let server = server.kinesis(&kinesis.url).start();
    let (status, _, made) = dynamodb(&server, "CreateTable", &create("Music"));
    assert_eq!(status, 200, "{made}");
    let stream = made["TableDescription"]["LatestStreamArn"].as_str().expect("a stream").to_owned();
    let ask = |body: &Value| signed(&server, "lambda", super::MAPPINGS, "", body);
    let other = "arn:aws:sqs:us-east-1:222222222222:q";
    for (body, name) in [
        (mapping(&outside.url(), &stream, None), "InvalidParameterValueException"),
        (mapping("http://localhost:1/x", &stream, None), "InvalidParameterValueException"),
        (mapping("f", &stream, Some("http://169.254.169.254/")), "InvalidParameterValueException"),
        (mapping("222222222222:function:f", &stream, None), "AccessDeniedException"),
        (mapping("f", &stream, Some(other)), "AccessDeniedException"),
    ] {
        let (_, found, text) = ask(&body);
        assert_eq!(found, name, "{body}: {text}");
    }
    assert_eq!(ask(&mapping("f", &stream, Some("arn:aws:sqs:us-east-1:111111111111:q"))).0, 202);
    let destination = |account: &str| json!({"TableName": "Music", "StreamArn": format!("arn:aws:kinesis:us-east-1:{account}:stream/changes")});
    let (status, name, text) = dynamodb(&server, "EnableKinesisStreamingDestination", &destination("222222222222"));
    assert_eq!((status, name.as_str()), (400, "AccessDeniedException"), "{text}");
    let (status, _, text) = dynamodb(&server, "EnableKinesisStreamingDestination", &destination("111111111111"));
    assert_eq!(status, 200, "{text}");
    // By its ARN: the name alone would be a function of the account that the server's keys belong to.
    let item = json!({"TableName": "Music", "Item": {"pk": {"S": "a"}}});
    assert_eq!(dynamodb(&server, "PutItem", &item).0, 200);
    let function = "arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Af";
    let calls = outside.wait(|calls| !calls.is_empty());
    assert_eq!(calls[0].line, format!("POST /2015-03-31/functions/{function}/invocations"));
}

#[test]
fn keys_of_a_kms_are_an_accounts_own_or_allowed() {
    let kms = Kms::start();
    let server = with_keys(TestServer::on_data("data")).write("key", strong_key(7)).master_key("key");
    let allowed = "111111111111=arn:aws:kms:*:111122223333:key/1111*,111111111111=alias/shared";
    let server = server.flag("--kms-endpoint", &kms.url).flag("--allow-arn", allowed).start();
    let with_key = |name: &str, key: &str| {
        let mut body = create(name);
        body["SSESpecification"] = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": key});
        body
    };
    let other = "arn:aws:kms:eu-west-3:111122223333:key/2222bbbb";
    for key in [other, "2222bbbb", "alias/other", "1111aaaa"] {
        let (status, name, text) = dynamodb(&server, "CreateTable", &with_key("none", key));
        assert_eq!((status, name.as_str()), (400, "AccessDeniedException"), "{key}: {text}");
        assert!(text.to_string().contains("--allow-arn"), "{text}");
    }
    assert_eq!(kms.calls(), Vec::<String>::new(), "nothing was asked with the operator's keys");
    let (status, _, text) = dynamodb(&server, "CreateTable", &with_key("own", KEY));
    assert_eq!(status, 200, "{text}");
    let mut update = json!({"TableName": "own"});
    update["SSESpecification"] = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": other});
    let (status, name, text) = dynamodb(&server, "UpdateTable", &update);
    assert_eq!((status, name.as_str()), (400, "AccessDeniedException"), "{text}");
    // The KMS's own words stay here.
    let (status, name, text) = dynamodb(&server, "CreateTable", &with_key("none", "alias/shared"));
    assert_eq!((status, name.as_str()), (400, "ValidationException"), "{text}");
    let text = text.to_string();
    assert!(text.contains("the KMS answered with NotFoundException"), "{text}");
    assert!(!text.contains("of a test") && !text.contains("127.0.0.1"), "{text}");
}

/// Line ends in a URL reach neither the table of mappings nor a socket.
#[test]
fn a_url_with_line_ends_is_no_url() {
    let outside = Outside::start(|_, _| ok(""));
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let stream = table(&mut client, "Music");
    put(&mut client, "Music", "a", 1);
    let injected = format!("{}/x HTTP/1.1\r\nHost: other\r\n\r\nDELETE /", outside.url());
    for (body, name) in [
        (mapping(&injected, &stream, None), "ValidationException"),
        (mapping(&format!("{}/failed", outside.url()), &stream, Some(&injected)), "InvalidParameterValueException"),
    ] {
        let refused = lambda(&server, "POST", "", &body);
        assert_eq!((refused.status, refused.header("x-amzn-errortype")), (400, name), "{}", refused.text());
    }
    let listed = lambda(&server, "GET", "", &Value::Null).json();
    assert_eq!(listed, json!({"EventSourceMappings": []}));
    // The first that arrives is a good one's.
    map(&server, &mapping(&format!("{}/good", outside.url()), &stream, None));
    assert_eq!(outside.wait(|calls| !calls.is_empty())[0].line, "POST /good");
}

/// A mapping that was made while an address was open is not delivered to once it is closed.
#[test]
fn addresses_are_checked_with_every_call() {
    let outside = Outside::start(|_, _| ok(""));
    let data = TestServer::on_data("data");
    let server = data.clone().flag("--egress-allow", "127.0.0.0/8").start();
    let mut client = server.client();
    let stream = table(&mut client, "Music");
    let uuid = map(&server, &mapping(&format!("{}/x", outside.url()), &stream, None));
    put(&mut client, "Music", "a", 1);
    outside.wait_for_numbers(1);
    shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "OK");
    assert!(server.stop().success());
    let server = data.clone().flag("--egress-allow", "hooks.example.com").start();
    put(&mut server.client(), "Music", "a", 2);
    shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "PROBLEM: Function call failed");
    assert!(outside.calls().iter().all(|call| call.numbers() != [2]));
    assert!(server.stop().success());
    let server = data.clone().flag("--egress-allow", "10.0.0.0/8,127.0.0.1").start();
    outside.wait_for_numbers(2);
    shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "OK");
}

/// The same for functions of other accounts.
#[test]
fn resources_are_checked_with_every_call() {
    let outside = Outside::start(|_, _| ok(""));
    let data = TestServer::on_data("data").lambda(outside.url());
    let server = data.start();
    let mut client = server.client();
    let stream = table(&mut client, "Music");
    let uuid = map(&server, &mapping("222222222222:function:f", &stream, None));
    put(&mut client, "Music", "a", 1);
    outside.wait_for_numbers(1);
    shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "OK");
    assert!(server.stop().success());
    let server = data.clone().flag("--allow-arn", "000000000000=arn:aws:lambda:*:333333333333:*").start();
    put(&mut server.client(), "Music", "a", 2);
    shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "PROBLEM: Function call failed");
    assert!(outside.calls().iter().all(|call| call.numbers() != [2]));
}

#[test]
fn the_words_of_a_receiver_do_not_come_back() {
    let secret = || Some((500, "X-Secret: SECRET\r\nX-Amzn-RequestId: SECRET words\r\n", "SECRET".to_owned()));
    let failing = Outside::start(move |_, _| secret());
    let failed = Outside::start(|_, _| Some((403, "", "SECRET".to_owned())));
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let stream = table(&mut client, "Music");
    put(&mut client, "Music", "a", 1);
    let mut body = mapping(&format!("{}/x", failing.url()), &stream, Some(&format!("{}/failed", failed.url())));
    body["MaximumRetryAttempts"] = json!(0);
    let uuid = map(&server, &body);
    let result = "PROBLEM: A record could not be sent to the on-failure destination";
    let last = shown(&server, &uuid, |shown| shown["LastProcessingResult"] == result);
    assert!(!last.to_string().contains("SECRET"), "{last}");
    let record = failed.calls()[0].body.clone();
    assert_eq!(record["responseContext"], json!({"statusCode": 500, "executedVersion": "$LATEST"}));
    assert!(!record.to_string().contains("SECRET"), "{record}");
}
