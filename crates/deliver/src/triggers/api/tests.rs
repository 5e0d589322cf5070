//! The API without a supervisor of mappings: transient states never end, and other changes are refused meanwhile.

use std::sync::Arc;

use api::{
    AttributeDefinition, BillingMode, CreateTableInput, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use auth::ServiceArns;
use auth::fixture::{self, caller};
use aws::{Protocol, Reply, perform};
use base::Clock;
use client::Egress;
use ops::Service;
use ops::allowance::{Allowance, MemoryBudget, Peer};
use serde_json::{Value, json};
use storage::Memory;

mod running;

use super::*;
use crate::log_lines::count_lines;
use crate::memory::DeliveryMemory;
use crate::triggers::Places;
use crate::triggers::api::route::Route;
use crate::triggers::api::tags::Tags;

impl Triggers {
    /// As the handler answers a request that is decoded.
    async fn answer(&self, caller: &Caller, call: &Call) -> Reply {
        match perform(self, caller, call.clone()).await {
            Ok(output) => codec::answer(call.route.id, Protocol::RestJson, &output, ""),
            Err(refusal) => refusal.reply(),
        }
    }
}

/// Event source mappings without a supervisor, and the ARN of a stream.
async fn triggers() -> (Arc<Triggers>, String) {
    triggers_with(Places::default(), ServiceArns::open()).await
}

async fn triggers_with(places: Places, service_arns: ServiceArns) -> (Arc<Triggers>, String) {
    triggers_within(places, service_arns, DeliveryMemory::new()).await
}

async fn triggers_within(
    places: Places,
    service_arns: ServiceArns,
    memory: Arc<DeliveryMemory>,
) -> (Arc<Triggers>, String) {
    triggers_at(places, service_arns, memory, Clock::system()).await
}

async fn triggers_at(
    places: Places,
    service_arns: ServiceArns,
    memory: Arc<DeliveryMemory>,
    clock: Clock,
) -> (Arc<Triggers>, String) {
    let settings = ops::Settings { service_arns, ..ops::Settings::default() };
    let service = Service::open(Memory::new(), settings, clock.clone()).await.unwrap();
    let triggers = Triggers::new(service, places, Arc::default(), memory, clock);
    let arn = table(&triggers, &caller("111111111111")).await;
    (triggers, arn)
}

/// Makes a table, and returns the ARN of its stream.
async fn table(triggers: &Triggers, caller: &Caller) -> String {
    let request = CreateTableInput {
        table_name: "tab".to_owned(),
        attribute_definitions: Some(vec![AttributeDefinition {
            attribute_name: "pk".to_owned(),
            attribute_type: ScalarAttributeType::S,
        }]),
        key_schema: Some(vec![KeySchemaElement { attribute_name: "pk".to_owned(), key_type: KeyType::Hash }]),
        billing_mode: Some(BillingMode::PayPerRequest),
        stream_specification: Some(StreamSpecification {
            stream_enabled: true,
            stream_view_type: Some(StreamViewType::NewImage),
        }),
        ..CreateTableInput::default()
    };
    let made = triggers.service.execute::<ops::call::CreateTable>(caller, request).await.unwrap();
    made.table_description.unwrap().latest_stream_arn.unwrap()
}

const PATH: &str = "/2015-03-31/event-source-mappings";
const TAGS: &str = "/2017-03-31/tags/";

fn asked(caller: &Caller, method: &str, path: &str, query: &str, body: &Value) -> Call {
    let route = Route::at(method, path);
    Call::read(caller, route, query, body.to_string().as_bytes()).expect("a request")
}

async fn call(triggers: &Triggers, account: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let caller = caller(account);
    let call = asked(&caller, method, &format!("{PATH}{path}"), "", body);
    let reply = triggers.answer(&caller, &call).await;
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[tokio::test]
async fn what_is_under_way_is_not_changed() {
    let (triggers, arn) = triggers().await;
    let body = json!({"FunctionName": "http://h/x", "EventSourceArn": arn, "StartingPosition": "LATEST"});
    let (status, made) = call(&triggers, "111111111111", "POST", "", &body).await;
    assert_eq!((status, &made["State"]), (202, &json!("Creating")));
    let path = format!("/{}", made["UUID"].as_str().unwrap());
    for (method, purpose) in [("PUT", "update"), ("DELETE", "delete")] {
        let (status, refused) = call(&triggers, "111111111111", method, &path, &json!({})).await;
        let text = format!("Cannot {purpose} the event source mapping because it is in use.");
        assert_eq!((status, refused), (400, json!({"Type": "User", "Message": text})));
    }
    assert_eq!(call(&triggers, "111111111111", "GET", &path, &Value::Null).await.1["State"], "Creating");
}

#[tokio::test]
async fn a_mapping_is_its_makers_alone() {
    let (triggers, arn) = triggers().await;
    let body = json!({"FunctionName": "http://h/x", "EventSourceArn": arn, "StartingPosition": "LATEST"});
    // Nor is the stream another account's.
    let (status, refused) = call(&triggers, "222222222222", "POST", "", &body).await;
    assert!(status == 400 && refused["message"].as_str().unwrap().starts_with("Stream not found"), "{refused}");
    let (_, made) = call(&triggers, "111111111111", "POST", "", &body).await;
    let path = format!("/{}", made["UUID"].as_str().unwrap());
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(call(&triggers, "222222222222", method, &path, &json!({})).await.0, 404, "{method}");
    }
    let listed = call(&triggers, "222222222222", "GET", "", &Value::Null).await.1;
    assert_eq!(listed, json!({"EventSourceMappings": []}));
}

/// A user of the first account with a policy of these statements.
fn user(statements: &[Value]) -> Caller {
    fixture::user("111111111111", statements)
}

/// Every request of the API, with all permissions that it requires: without any one of them it is refused.
#[tokio::test]
async fn policies_say_who_may_do_what() {
    let (triggers, stream) = triggers().await;
    let made = json!({"FunctionName": "http://h/x", "EventSourceArn": stream, "StartingPosition": "LATEST"});
    let (_, own) = call(&triggers, "111111111111", "POST", "", &made).await;
    let uuid = own["UUID"].as_str().unwrap();
    let arn = format!("arn:aws:lambda:us-east-1:111111111111:event-source-mapping:{uuid}");
    let (all, one, tags) = (PATH.to_owned(), format!("{PATH}/{uuid}"), format!("{}{arn}", TAGS));
    let other = json!({"FunctionName": "http://h/y", "EventSourceArn": stream, "StartingPosition": "LATEST"});
    let reads = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"].map(|a| (a, &*stream));
    let with_reads = |own: (&'static str, &'static str)| [&[own][..], &reads].concat();
    let requests = [
        ("GET", &all, "", Value::Null, vec![("lambda:ListEventSourceMappings", "*")], 200),
        ("GET", &one, "", Value::Null, vec![("lambda:GetEventSourceMapping", &*arn)], 200),
        // The mapping stays in `Creating`.
        ("PUT", &one, "", json!({}), [&[("lambda:UpdateEventSourceMapping", &*arn)][..], &reads].concat(), 400),
        ("DELETE", &one, "", Value::Null, vec![("lambda:DeleteEventSourceMapping", &*arn)], 400),
        ("GET", &tags, "", Value::Null, vec![("lambda:ListTags", &*arn)], 200),
        ("POST", &tags, "", json!({"Tags": {"k": "v"}}), vec![("lambda:TagResource", &*arn)], 204),
        ("DELETE", &tags, "tagKeys=k", Value::Null, vec![("lambda:UntagResource", &*arn)], 204),
        ("POST", &all, "", other, with_reads(("lambda:CreateEventSourceMapping", "*")), 202),
    ];
    let allow = |(action, resource): &(&str, &str)| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    for (method, path, query, body, asks, status) in &requests {
        let request = asked(&caller("111111111111"), method, path, query, body);
        for (action, resource) in asks {
            let before = triggers.service.documents(MAPPINGS).await.unwrap().by_id;
            let most: Vec<Value> = asks.iter().filter(|asked| asked.0 != *action).map(allow).collect();
            let reply =
                triggers.answer(&user(&[most, vec![allow(&(action, "arn:aws:sqs:::x"))]].concat()), &request).await;
            let refused: Value = serde_json::from_slice(&reply.body).unwrap();
            let expected = format!(
                "User: arn:aws:iam::111111111111:user/user is not authorized to perform: {action} on resource: \
                 {resource} because no identity-based policy allows the {action} action"
            );
            assert_eq!((reply.status, refused), (403, json!({"message": expected})), "{method} {path}");
            assert_eq!(reply.error.unwrap().name, "AccessDeniedException");
            assert_eq!(triggers.service.documents(MAPPINGS).await.unwrap().by_id, before);
        }
        let reply = triggers.answer(&user(&asks.iter().map(allow).collect::<Vec<Value>>()), &request).await;
        assert_eq!(reply.status, *status, "{method} {path}: {}", String::from_utf8_lossy(&reply.body));
    }
}

#[tokio::test]
async fn functions_and_tags_are_conditions() {
    let (triggers, stream) = triggers().await;
    let mut statement = json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"});
    statement["Condition"] = json!({"StringLike": {"lambda:FunctionArn": "https://hooks.example/*"}});
    let user = user(&[statement, json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})]);
    for (function, expected) in [("https://hooks.example/x", 202), ("https://elsewhere.example/x", 403)] {
        let body = json!({"FunctionName": function, "EventSourceArn": stream, "StartingPosition": "LATEST"});
        let request = asked(&caller("111111111111"), "POST", PATH, "", &body);
        assert_eq!(triggers.answer(&user, &request).await.status, expected, "{function}");
    }
    let mappings = triggers.mappings().await.unwrap();
    let path = format!("{PATH}/{}", mappings.all().next().unwrap().0);
    let request =
        asked(&caller("111111111111"), "PUT", &path, "", &json!({"FunctionName": "https://elsewhere.example/x"}));
    assert_eq!(triggers.answer(&user, &request).await.status, 403);
}

/// Members and parameters that an operation has not: no condition sees them.
#[tokio::test]
async fn foreign_members_are_no_conditions() {
    let (triggers, stream) = triggers().await;
    let made = json!({"FunctionName": "http://h/x", "EventSourceArn": stream, "StartingPosition": "LATEST"});
    let (_, own) = call(&triggers, "111111111111", "POST", "", &made).await;
    let uuid = own["UUID"].as_str().unwrap();
    let arn = format!("arn:aws:lambda:us-east-1:111111111111:event-source-mapping:{uuid}");
    let (all, one, tags) = (PATH.to_owned(), format!("{PATH}/{uuid}"), format!("{TAGS}{arn}"));
    let foreign = json!({"Tags": {"k": "v"}, "TagKeys": ["k"], "FunctionArn": "http://h/x", "FunctionName": "http://h/x",
        "EventSourceToken": "t", "Principal": "p", "Layers": ["l"]});
    let query = "tagKeys=k&FunctionArn=x&Tags.k=v";
    let set = ["aws:RequestTag/k", "aws:TagKeys"];
    let function = ["lambda:FunctionArn"];
    for (method, path, query, body, own_keys) in [
        ("GET", &all, query, &foreign, &[][..]),
        ("GET", &one, query, &foreign, &function),
        ("PUT", &one, query, &foreign, &function),
        ("DELETE", &one, query, &foreign, &function),
        ("GET", &tags, query, &foreign, &[]),
        ("POST", &tags, query, &foreign, &set),
        ("DELETE", &tags, query, &foreign, &set[1..]),
    ] {
        for key in
            ["aws:RequestTag/k", "aws:TagKeys", "lambda:FunctionArn", "lambda:EventSourceToken", "lambda:Principal"]
        {
            let condition = json!({"Null": {key: "false"}});
            let lambda = json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": condition});
            // Reading the stream is denied, so that nothing is changed by the ones that are allowed.
            let tags = json!({"Effect": "Allow", "Action": "dynamodb:None", "Resource": "*"});
            let reply = triggers
                .answer(&user(&[lambda, tags]), &asked(&caller("111111111111"), method, path, query, body))
                .await;
            let refused = String::from_utf8_lossy(&reply.body).into_owned();
            let is_denied = reply.status == 403 && refused.contains("perform: lambda:");
            assert_eq!(is_denied, !own_keys.contains(&key), "{method} {path} {key}: {refused}");
        }
    }
}

/// What a new mapping is tagged with is asked of a mapping, so that policies of mappings hold.
#[tokio::test]
async fn tags_of_a_new_mapping_are_asked_of_a_mapping() {
    let (triggers, stream) = triggers().await;
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let mappings = "arn:aws:lambda:*:*:event-source-mapping:*";
    let deny = json!({"Effect": "Deny", "Action": "lambda:TagResource", "Resource": mappings});
    let body = json!({"FunctionName": "http://h/x", "EventSourceArn": stream, "StartingPosition": "LATEST",
        "Tags": {"k": "v"}});
    let request = asked(&caller("111111111111"), "POST", PATH, "", &body);
    let refused = triggers.answer(&user(&[allow.clone(), deny]), &request).await;
    assert_eq!(refused.status, 403, "{}", String::from_utf8_lossy(&refused.body));
    assert_eq!(triggers.answer(&user(&[allow]), &request).await.status, 202);
}

/// A mapping that gets another function or another tag after its caller was permitted: the decision is made again on the
/// mapping that is changed.
#[tokio::test]
async fn tags_are_decided_on_the_mapping_that_is_changed() {
    let (triggers, stream) = triggers().await;
    let mut body = mapping(&stream, "http://h/x", None);
    body["Tags"] = json!({"owner": "them"});
    let (_, made) = call(&triggers, "111111111111", "POST", "", &body).await;
    let arn = format!("arn:aws:lambda:us-east-1:111111111111:event-source-mapping:{}", made["UUID"].as_str().unwrap());
    for (key, value) in [("lambda:FunctionArn", "http://h/y"), ("aws:ResourceTag/owner", "me")] {
        let condition = json!({"StringEquals": {key: value}});
        let mine = json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": condition});
        for (method, query, body) in
            [("POST", "", json!({"Tags": {"owner": "me"}})), ("DELETE", "tagKeys=owner", Value::Null)]
        {
            let user = user(std::slice::from_ref(&mine));
            let call = asked(&user, method, &format!("{TAGS}{arn}"), query, &body);
            let name = triggers.change_tags(&user, &call, &Tags::clear).await.map_err(|refusal| refusal.name());
            assert_eq!(name, Err("AccessDeniedException"), "{method} {key}");
        }
    }
    let mappings = triggers.mappings().await.unwrap();
    assert_eq!(mappings.all().next().unwrap().1.tags["owner"], "them");
}

/// Lambda and SQS somewhere, and nothing open that is not public.
fn closed() -> Places {
    let endpoint = Some("http://127.0.0.1:1".to_owned());
    Places { lambda: endpoint.clone(), sqs: endpoint, egress: Egress::closed(Vec::new()), ..Places::default() }
}

fn mapping(stream: &str, function: &str, destination: Option<&str>) -> Value {
    let mut body = json!({"FunctionName": function, "EventSourceArn": stream, "StartingPosition": "LATEST"});
    if let Some(destination) = destination {
        body["DestinationConfig"] = json!({"OnFailure": {"Destination": destination}});
    }
    body
}

async fn ask(triggers: &Triggers, caller: &Caller, method: &str, path: &str, body: &Value) -> (u16, String, String) {
    let reply = triggers.answer(caller, &asked(caller, method, &format!("{PATH}{path}"), "", body)).await;
    let name = reply.error.as_ref().map(|error| error.name).unwrap_or_default().to_owned();
    (reply.status, name, String::from_utf8(reply.body).unwrap())
}

#[tokio::test]
async fn closed_addresses_are_refused_at_once() {
    let (triggers, stream) = triggers_with(closed(), ServiceArns::open()).await;
    let caller = caller("111111111111");
    let (_, made) = call(&triggers, "111111111111", "POST", "", &mapping(&stream, "https://1.1.1.1/x", None)).await;
    let one = format!("/{}", made["UUID"].as_str().unwrap());
    for url in [
        "http://127.0.0.1:9/x",
        "http://0x7f.1/x",
        "http://2130706433/",
        "http://017700000001/",
        "http://localhost/x",
        "http://[::1]/x",
        "http://[::ffff:169.254.169.254]/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/x",
        "https://192.168.1.1/x",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0:8000/",
    ] {
        for (method, path, body) in [
            ("POST", "", mapping(&stream, url, None)),
            ("POST", "", mapping(&stream, "https://hooks.example/x", Some(url))),
            ("PUT", one.as_str(), json!({"FunctionName": url})),
            ("PUT", one.as_str(), json!({"DestinationConfig": {"OnFailure": {"Destination": url}}})),
        ] {
            let before = triggers.service.documents(MAPPINGS).await.unwrap().by_id;
            let (status, name, text) = ask(&triggers, &caller, method, path, &body).await;
            assert_eq!((status, name.as_str()), (400, "InvalidParameterValueException"), "{method} {body}: {text}");
            assert!(text.contains("--egress-allow"), "{text}");
            assert_eq!(triggers.service.documents(MAPPINGS).await.unwrap().by_id, before);
        }
    }
    // Names are looked up when they are called.
    let named = mapping(&stream, "https://internal.example/x", Some("https://other.example/y"));
    assert_eq!(ask(&triggers, &caller, "POST", "", &named).await.0, 202);
    let rules = vec!["127.0.0.0/8".parse().unwrap()];
    let places = Places { egress: Egress::closed(rules), ..closed() };
    let (triggers, stream) = triggers_with(places, ServiceArns::open()).await;
    assert_eq!(ask(&triggers, &caller, "POST", "", &mapping(&stream, "http://127.0.0.1:9/x", None)).await.0, 202);
}

#[tokio::test]
async fn accounts_name_their_own_functions_and_queues() {
    let rules = vec!["111111111111=arn:aws:sqs:us-east-1:999999999999:shared-*".parse().unwrap()];
    let (triggers, stream) = triggers_with(closed(), ServiceArns::of_own_account(rules)).await;
    let caller = caller("111111111111");
    let own_queue = "arn:aws:sqs:us-east-1:111111111111:q";
    let (_, made) = call(&triggers, "111111111111", "POST", "", &mapping(&stream, "f", Some(own_queue))).await;
    let one = format!("/{}", made["UUID"].as_str().unwrap());
    let destination = |arn: &str| json!({"DestinationConfig": {"OnFailure": {"Destination": arn}}});
    for (method, path, body) in [
        ("POST", "", mapping(&stream, "arn:aws:lambda:us-east-1:999999999999:function:f", None)),
        ("POST", "", mapping(&stream, "999999999999:function:f:PROD", None)),
        ("POST", "", mapping(&stream, "us-east-1:999999999999:function:f", None)),
        ("POST", "", mapping(&stream, "g", Some("arn:aws:sqs:us-east-1:999999999999:q"))),
        ("PUT", one.as_str(), json!({"FunctionName": "999999999999:function:f"})),
        ("PUT", one.as_str(), destination("arn:aws:sqs:us-east-1:999999999999:q")),
    ] {
        let (status, name, text) = ask(&triggers, &caller, method, path, &body).await;
        assert_eq!((status, name.as_str()), (403, "AccessDeniedException"), "{method} {body}: {text}");
        assert!(text.contains("--allow-arn") && text.contains("is not authorized to perform: "), "{text}");
    }
    for (function, queue) in [
        ("h", own_queue),
        ("arn:aws:lambda:eu-west-3:111111111111:function:i", own_queue),
        ("j", "arn:aws:sqs:us-east-1:999999999999:shared-1"),
    ] {
        let (status, _, text) = ask(&triggers, &caller, "POST", "", &mapping(&stream, function, Some(queue))).await;
        assert_eq!(status, 202, "{function} {queue}: {text}");
    }
}

#[tokio::test]
async fn conditions_cover_destinations() {
    let (triggers, stream) = triggers_with(closed(), ServiceArns::open()).await;
    let mut hooks = json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"});
    hooks["Condition"] = json!({"StringLike": {"lambda:FunctionArn": "https://hooks.example/*"}});
    let reads = json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"});
    let queue = "arn:aws:sqs:us-east-1:111111111111:failed";
    let mut sends =
        json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:*:failed"});
    sends["Condition"] = json!({"StringEquals": {"aws:ResourceAccount": "111111111111"}});
    let (without, with) = (user(&[hooks.clone(), reads.clone()]), user(&[hooks, reads, sends]));
    let other_queue = "arn:aws:sqs:us-east-1:111111111111:others";
    let foreign_queue = "arn:aws:sqs:us-east-1:222222222222:failed";
    let function = |at: usize| format!("https://hooks.example/{at}");
    let cases = [
        (&without, "https://hooks.example/failed", None),
        (&without, "HTTPS://HOOKS.example:443/failed", None),
        (&with, queue, None),
        (&without, "https://elsewhere.example/", Some("lambda:CreateEventSourceMapping on resource: *")),
        (&without, "https://hooks.example.elsewhere/", Some("lambda:CreateEventSourceMapping on resource: *")),
        (&without, queue, Some("sqs:SendMessage on resource: arn:aws:sqs:us-east-1:111111111111:failed")),
        (&with, other_queue, Some("sqs:SendMessage on resource: arn:aws:sqs:us-east-1:111111111111:others")),
        (&with, foreign_queue, Some("sqs:SendMessage on resource: arn:aws:sqs:us-east-1:222222222222:failed")),
    ];
    for (at, (user, destination, refused)) in cases.iter().enumerate() {
        let body = mapping(&stream, &function(at), Some(destination));
        let (status, name, text) = ask(&triggers, user, "POST", "", &body).await;
        match refused {
            None => assert_eq!(status, 202, "{destination}: {text}"),
            Some(words) => {
                assert_eq!((status, name.as_str()), (403, "AccessDeniedException"), "{destination}");
                assert!(text.contains(words), "{text}");
            }
        }
    }
    // The same for another destination of one that is there. 400: allowed, and still being made.
    let mappings = triggers.mappings().await.unwrap();
    let made = mappings
        .all()
        .map(|(_, mapping)| mapping)
        .find(|mapping| mapping.settings.on_failure.as_deref() == Some(queue))
        .unwrap();
    let one = format!("/{}", made.uuid);
    for (user, destination, expected) in [
        (&without, "https://elsewhere.example/", 403),
        (&without, other_queue, 403),
        (&with, other_queue, 403),
        (&without, "https://hooks.example/failed", 400),
        // It has that one already.
        (&without, queue, 400),
    ] {
        let body = json!({"DestinationConfig": {"OnFailure": {"Destination": destination}}});
        let (status, _, text) = ask(&triggers, user, "PUT", &one, &body).await;
        assert_eq!(status, expected, "{destination}: {text}");
    }
}

/// At the endpoint a queue has no region: one of another region would be the same queue under a name that no policy has.
#[tokio::test]
async fn queues_are_of_the_streams_region() {
    let (triggers, stream) = triggers_with(closed(), ServiceArns::open()).await;
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let deny =
        json!({"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111111111111:secret"});
    let (user, unknown) = (user(&[allow, deny]), caller("111111111111"));
    let own = "arn:aws:sqs:us-east-1:111111111111:q";
    let (status, _, made) = ask(&triggers, &user, "POST", "", &mapping(&stream, "f", Some(own))).await;
    assert_eq!(status, 202, "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let one = format!("/{}", made["UUID"].as_str().unwrap());
    for place in [
        "aws:sqs:us-west-2",
        "aws:sqs:eu-west-3",
        "aws-cn:sqs:cn-north-1",
        "aws-cn:sqs:us-east-1",
        "awsx:sqs:us-east-1",
    ] {
        let queue = format!("arn:{place}:111111111111:secret");
        let update = json!({"DestinationConfig": {"OnFailure": {"Destination": queue}}});
        for caller in [&user, &unknown] {
            for (method, path, body) in
                [("POST", "", mapping(&stream, "g", Some(&queue))), ("PUT", one.as_str(), update.clone())]
            {
                let (status, name, text) = ask(&triggers, caller, method, path, &body).await;
                assert_eq!(
                    (status, name.as_str()),
                    (400, "InvalidParameterValueException"),
                    "{method} {queue}: {text}"
                );
                assert!(text.contains("DestinationConfig"), "{text}");
            }
        }
    }
    // The shared space has no policies, and takes every region for its own.
    let shared = caller(auth::SHARED_ACCOUNT);
    let stream = table(&triggers, &shared).await;
    let elsewhere = "arn:aws:sqs:eu-west-3:000000000000:q";
    assert_eq!(ask(&triggers, &shared, "POST", "", &mapping(&stream, "f", Some(elsewhere))).await.0, 202);
}

/// A policy for one function allows neither to take over another function's mapping, nor to point the own one elsewhere.
#[tokio::test]
async fn updates_are_decided_on_both_functions() {
    let (triggers, stream) = triggers_with(closed(), ServiceArns::open()).await;
    let mut own = json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"});
    own["Condition"] =
        json!({"ArnLike": {"lambda:FunctionArn": "arn:aws:lambda:us-east-1:111111111111:function:mine"}});
    let user = user(&[own, json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})]);
    let mut paths = Vec::new();
    for function in ["mine", "theirs"] {
        let (_, made) = call(&triggers, "111111111111", "POST", "", &mapping(&stream, function, None)).await;
        paths.push(format!("/{}", made["UUID"].as_str().unwrap()));
    }
    for (method, path, function, expected) in [
        ("PUT", &paths[1], Some("mine"), 403),
        ("PUT", &paths[1], None, 403),
        ("PUT", &paths[0], Some("theirs"), 403),
        ("DELETE", &paths[1], None, 403),
        ("GET", &paths[1], None, 403),
        // Allowed, and still being made.
        ("PUT", &paths[0], Some("mine"), 400),
        ("DELETE", &paths[0], None, 400),
    ] {
        let body = function.map_or(json!({}), |function| json!({"FunctionName": function}));
        let (status, _, text) = ask(&triggers, &user, method, path, &body).await;
        assert_eq!(status, expected, "{method} {path} {function:?}: {text}");
    }
}

#[tokio::test]
async fn results_have_no_words_of_what_answered() {
    let (triggers, stream) = triggers().await;
    let (_, made) = call(&triggers, "111111111111", "POST", "", &mapping(&stream, "http://h/x", None)).await;
    let uuid = made["UUID"].as_str().unwrap();
    // As programs before this one have stored it.
    let old = "PROBLEM: Function call failed (status 500: SECRET)";
    triggers.service.put_document_note(MAPPINGS, uuid, old).await.unwrap();
    let shown = call(&triggers, "111111111111", "GET", &format!("/{uuid}"), &Value::Null).await.1;
    assert_eq!(shown["LastProcessingResult"], "PROBLEM: Function call failed");
}

#[tokio::test]
async fn accounts_and_streams_have_quotas() {
    let (triggers, stream) = triggers().await;
    for at in 0..quotas::STREAM_MAX {
        let body = mapping(&stream, &format!("http://h/{at}"), None);
        assert_eq!(call(&triggers, "111111111111", "POST", "", &body).await.0, 202, "{at}");
    }
    let one_more = mapping(&stream, "http://h/more", None);
    let (status, name, text) = ask(&triggers, &caller("111111111111"), "POST", "", &one_more).await;
    assert_eq!((status, name.as_str()), (400, "InvalidParameterValueException"), "{text}");
    assert!(text.contains("already has 10 event source mappings"), "{text}");
    // As many as an account may have, of other streams.
    let known = triggers.mappings().await.unwrap();
    let any = Mapping::clone(known.all().next().unwrap().1);
    let of_other = |at: usize| {
        let uuid = format!("other-{at}");
        let label = format!("other-{at}");
        let text = serde_json::to_vec(&Mapping { uuid: uuid.clone(), label, ..any.clone() }).unwrap();
        DocumentChange { id: uuid, text: Some(text) }
    };
    let others: Vec<DocumentChange> = (quotas::STREAM_MAX..quotas::ACCOUNT_MAX).map(of_other).collect();
    assert!(triggers.service.change_documents(MAPPINGS, known.version, &others).await.unwrap());
    let freed: Vec<DocumentChange> =
        known.all().take(1).map(|(uuid, _)| DocumentChange { id: uuid.clone(), text: None }).collect();
    let (status, _, text) = ask(&triggers, &caller("111111111111"), "POST", "", &one_more).await;
    assert!(status == 400 && text.contains("10 event source mappings"), "{text}");
    let elsewhere =
        quotas::check(&triggers.mappings().await.unwrap(), &Mapping { label: "new".to_owned(), ..any.clone() });
    let Err(Refusal::InvalidParameterValue(text)) = elsewhere else { panic!("{elsewhere:?}") };
    assert!(text.contains("already has 100 event source mappings"), "{text}");
    let foreign = Mapping { account: "222222222222".to_owned(), ..any.clone() };
    assert_eq!(quotas::check(&triggers.mappings().await.unwrap(), &foreign), Ok(()));
    // A deleted one makes room.
    assert!(triggers.service.change_documents(MAPPINGS, known.version + 1, &freed).await.unwrap());
    assert_eq!(call(&triggers, "111111111111", "POST", "", &one_more).await.0, 202);
}

/// Where regions and accounts of ARNs mean nothing, and where an older program stored another partition.
#[tokio::test]
async fn a_stream_has_one_spelling() {
    let (triggers, stream) = triggers().await;
    let (caller, rest) = (caller("111111111111"), stream.strip_prefix("arn:aws:").unwrap());
    assert_eq!(ask(&triggers, &caller, "POST", "", &mapping(&stream, "http://h/x", None)).await.0, 202);
    for partition in ["aws-cn", "aws-us-gov", "awsx", "aws2", "AWS"] {
        let typed = format!("arn:{partition}:{rest}");
        let (status, name, text) = ask(&triggers, &caller, "POST", "", &mapping(&typed, "http://h/x", None)).await;
        assert_eq!((status, name.as_str()), (400, "InvalidParameterValueException"), "{text}");
        assert!(text.contains("Unrecognized event source"), "{text}");
    }
    let known = triggers.mappings().await.unwrap();
    let (_, own) = known.all().next().unwrap();
    assert_eq!(own.event_source_arn, stream);
    let old = Mapping { event_source_arn: format!("arn:aws-cn:{rest}"), ..Mapping::clone(own) };
    let read = |old: &Mapping| Mapping::read(&serde_json::to_vec(old).unwrap()).unwrap();
    assert_eq!(read(&old).event_source_arn, stream);
    // In the shared space any account and region were taken, too: it is no other account's stream.
    let shared = Mapping { account: auth::SHARED_ACCOUNT.to_owned(), ..old.clone() };
    assert_eq!(read(&shared).event_source_arn, stream.replace("111111111111", auth::SHARED_ACCOUNT));
    assert_eq!(read(&shared).foreign_owner(), None);
    let second = Mapping { uuid: "another".to_owned(), ..old };
    assert!(matches!(refuse_second(&known, &second), Err(Refusal::ResourceConflict(_))));
}

#[tokio::test]
async fn a_shared_space_has_one_spelling() {
    let (triggers, _) = triggers().await;
    let shared = caller(auth::SHARED_ACCOUNT);
    let stream = table(&triggers, &shared).await;
    let elsewhere = stream.replace("us-east-1:000000000000", "eu-west-3:123456789012");
    let (status, _, made) = ask(&triggers, &shared, "POST", "", &mapping(&elsewhere, "http://h/x", None)).await;
    assert_eq!(status, 202, "{made}");
    assert!(made.contains(&stream), "{made}");
    let (status, name, _) = ask(&triggers, &shared, "POST", "", &mapping(&stream, "http://h/x", None)).await;
    assert_eq!((status, name.as_str()), (409, "ResourceConflictException"));
    for arn in [&stream, &elsewhere] {
        let call = asked(&shared, "GET", PATH, &format!("EventSourceArn={arn}"), &Value::Null);
        let listed: Value = serde_json::from_slice(&triggers.answer(&shared, &call).await.body).unwrap();
        assert_eq!(listed["EventSourceMappings"].as_array().map(Vec::len), Some(1), "{arn}");
    }
}

/// A change leaves what was parsed of the others, be it made here or elsewhere.
#[tokio::test]
async fn mappings_are_parsed_once() {
    let (triggers, stream) = triggers().await;
    let (_, made) = call(&triggers, "111111111111", "POST", "", &mapping(&stream, "http://h/x", None)).await;
    let uuid = made["UUID"].as_str().unwrap();
    let first = Arc::clone(triggers.mappings().await.unwrap().get(uuid).unwrap());
    let (_, second) = call(&triggers, "111111111111", "POST", "", &mapping(&stream, "http://h/y", None)).await;
    let known = triggers.mappings().await.unwrap();
    assert!(Arc::ptr_eq(&first, known.get(uuid).unwrap()));
    assert_eq!(known.version, triggers.service.documents_version(MAPPINGS).await.unwrap());
    // Another node deletes one, and writes one that this program cannot read.
    let second = second["UUID"].as_str().unwrap();
    let changes = [
        DocumentChange { id: second.to_owned(), text: None },
        DocumentChange { id: "newer".to_owned(), text: Some(b"{}".to_vec()) },
    ];
    assert!(triggers.service.change_documents(MAPPINGS, known.version, &changes).await.unwrap());
    let known = triggers.mappings().await.unwrap();
    assert!(Arc::ptr_eq(&first, known.get(uuid).unwrap()));
    assert!(known.get(second).is_none() && !known.contains(second));
    assert!(known.get("newer").is_none() && known.contains("newer"));
    assert_eq!(known.of_account("111111111111").count(), 1);
}

/// Large bodies and large pages of mappings take memory of the budget that all requests have.
#[tokio::test]
async fn what_is_large_takes_memory() {
    let (triggers, stream) = triggers().await;
    let caller = caller("111111111111");
    let peer = Peer::of(std::net::IpAddr::from([127, 0, 0, 1]));
    let memory = MemoryBudget::new(16 << 20, std::time::Duration::ZERO);
    let held = memory.share(peer, 15 << 20).await.unwrap();
    let pattern = |at: usize| format!(r#"{{"a":["{}"]}}"#, at.to_string().repeat(4_000));
    let large = |name: usize| {
        let mut body = mapping(&stream, &format!("http://h/{name}"), None);
        let filters: Vec<Value> = (0..10).map(|at| json!({"Pattern": pattern(at)})).collect();
        body["FilterCriteria"] = json!({"Filters": filters});
        body
    };
    let allowance = || Allowance::new(&memory, peer);
    let body = large(0).to_string();
    let read = |body: &str| {
        let (route, body) = (Route::at("POST", PATH), body.to_owned());
        let caller = caller.clone();
        async move { allowance().scope(Call::decode(&caller, route, "", body.as_bytes())).await.map(|_| ()) }
    };
    assert_eq!(read(r#"{"FunctionName":"f"}"#).await, Ok(()));
    assert_eq!(read(&body).await, Err(Refusal::TooManyRequests));
    for name in 0..quotas::STREAM_MAX {
        assert_eq!(ask(&triggers, &caller, "POST", "", &large(name)).await.0, 202);
    }
    let list = asked(&caller, "GET", PATH, "", &Value::Null);
    assert_eq!(allowance().scope(triggers.answer(&caller, &list)).await.status, 429);
    drop(held);
    assert_eq!(read(&body).await, Ok(()));
    assert_eq!(allowance().scope(triggers.answer(&caller, &list)).await.status, 200);
    assert_eq!(memory.bytes_used(), 0);
}

/// What the audit log has of a request, and what it has not: a member of a body that comes twice counts as it is executed.
#[test]
fn names_are_those_of_the_decoded_request() {
    let check = |method: &str, path: &str, query: &str, body: &str, expected: &[(&str, &str)]| {
        let route = Route::at(method, path);
        let call = Call::read(&caller("111111111111"), route, query, body.as_bytes()).expect("a request");
        assert_eq!(call.names(), expected, "{method} {path} {query} {body}");
    };
    let body = r#"{"FunctionName":"f","EventSourceArn":"a","\u0046unctionName":"g","Functionname":"h","Other":+1}"#;
    let wide = r#"{"FunctionName":"f","EventSourceArn":"a","\u0046unctionName":"g","Functionname":"h"}"#;
    assert!(Call::read(&caller("111111111111"), Route::at("POST", PATH), "", body.as_bytes()).is_err());
    check("POST", PATH, "FunctionName=q", wide, &[("eventSourceArn", "a"), ("functionName", "g")]);
    // A stream has one name, and what names none stays as it is.
    let stream =
        |partition: &str, region: &str| format!("arn:{partition}:dynamodb:{region}:111111111111:table/t/stream/l");
    let (typed, own) = (stream("aws-cn", "cn-north-1"), stream("aws", "cn-north-1"));
    let china = Caller { region: "cn-north-1".to_owned(), ..caller("111111111111") };
    for (method, query, body) in [
        ("POST", String::new(), json!({"EventSourceArn": typed, "FunctionName": "f"}).to_string()),
        ("GET", format!("EventSourceArn={typed}&FunctionName=f"), String::new()),
    ] {
        let route = Route::at(method, PATH);
        let call = Call::read(&china, route, &query, body.as_bytes()).expect("a request");
        assert_eq!(call.names(), [("eventSourceArn", own.as_str()), ("functionName", "f")]);
    }
    let wrong = stream("aws-cn", "us-east-1");
    check("GET", PATH, &format!("EventSourceArn={wrong}"), "", &[("eventSourceArn", &wrong)]);
    check("GET", PATH, "Function%4eame=h&MaxItems=1", "", &[("functionName", "h")]);
    assert!(Call::read(&china, Route::at("GET", PATH), "FunctionName=f&Function%4eame=f", b"").is_err());
    let one = format!("{PATH}/u/");
    check("PUT", &one, "FunctionName=q", r#"{"FunctionName":"f"}"#, &[("functionName", "f"), ("uUID", "u")]);
    check("GET", &one, "FunctionName=q", r#"{"FunctionName":"f"}"#, &[("uUID", "u")]);
    let queue = "arn:aws:sqs:us-east-1:123456789012:q";
    let body = format!(r#"{{"DestinationConfig":{{"OnFailure":{{"Destination":"{queue}"}}}}}}"#);
    check("PUT", &one, "", &body, &[("destination", queue), ("uUID", "u")]);
    check("PUT", &one, "", r#"{"DestinationConfig":{"OnFailure":{}}}"#, &[("uUID", "u")]);
    check("DELETE", &format!("{PATH}/%75"), "", "", &[("uUID", "u")]);
    check("POST", &format!("{TAGS}arn%3Aa"), "", r#"{"Tags":{"secret":"x"}}"#, &[("resource", "arn:a")]);
    check("DELETE", &format!("{TAGS}arn:a"), "tagKeys=secret", "", &[("resource", "arn:a")]);
}

#[tokio::test]
async fn few_lines_a_minute_name_mappings_across_accounts() {
    let (triggers, stream) = triggers().await;
    assert_eq!(call(&triggers, "111111111111", "POST", "", &mapping(&stream, "http://h/x", None)).await.0, 202);
    let known = triggers.mappings().await.unwrap();
    let (_, own) = known.all().next().unwrap();
    let foreign = Mapping { account: "333333333333".to_owned(), ..Mapping::clone(own) };
    let written = count_lines("account 333333333333 reads", || (0..100).for_each(|_| tell_owner(&foreign)));
    // Two windows, if a minute ends meanwhile.
    assert!(written <= 20, "{written}");
}
