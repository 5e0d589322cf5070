//! The API where nobody does what its changes ask for: what is under way stays so, and others cannot change it.

use std::sync::Arc;

use api::{
    AttributeDefinition, BillingMode, CreateTableInput, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use auth::iam::{Identity, Policy, PolicyKind, Principal, PrincipalKind, Transport};
use base::Clock;
use ops::Service;
use storage::Memory;

use super::*;
use crate::triggers::Places;

fn caller(account: &str) -> Caller {
    Caller { account: account.to_owned(), region: "us-east-1".to_owned(), access_key: "k".to_owned(), identity: None }
}

/// Event source mappings that nobody keeps, and the ARN of a stream.
async fn triggers() -> (Arc<Triggers>, String) {
    let service = Service::open(Memory::new(), ops::Settings::default(), Clock::system()).await.unwrap();
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
            stream_view_type: Some(StreamViewType::KeysOnly),
        }),
        ..CreateTableInput::default()
    };
    let made = service.create_table(&caller("111111111111"), request).await.unwrap();
    let arn = made.table_description.unwrap().latest_stream_arn.unwrap();
    (Triggers::new(service, Places::default(), Arc::default(), Clock::system()), arn)
}

async fn call(triggers: &Triggers, account: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let path = format!("{PATH}{path}");
    let body = body.to_string();
    let request = Request { method, path: &path, query: "", body: body.as_bytes() };
    let reply = triggers.answer(&caller(account), &request).await;
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
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let policy = Policy::parse(PolicyKind::Identity, &document).expect("a policy");
    let principal = Principal {
        kind: PrincipalKind::User,
        account: "111111111111".to_owned(),
        arn: "arn:aws:iam::111111111111:user/user".to_owned(),
        role_arn: None,
        role_id: None,
        user_id: "AIDAUSER".to_owned(),
        username: Some("user".to_owned()),
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: vec![Arc::new(policy)],
        boundary: None,
        session_policies: None,
    };
    let transport = Transport { peer: std::net::IpAddr::from([127, 0, 0, 1]), secure: false };
    let identity = Identity { principal: Arc::new(principal), transport, user_agent: None, now_ms: 0 };
    Caller { identity: Some(identity), ..caller("111111111111") }
}

/// Every request of the API, with all that it asks: taking any of it away stops it.
#[tokio::test]
async fn policies_say_who_may_do_what() {
    let (triggers, stream) = triggers().await;
    let made = json!({"FunctionName": "http://h/x", "EventSourceArn": stream, "StartingPosition": "LATEST"});
    let (_, own) = call(&triggers, "111111111111", "POST", "", &made).await;
    let uuid = own["UUID"].as_str().unwrap();
    let arn = format!("arn:aws:lambda:us-east-1:111111111111:event-source-mapping:{uuid}");
    let (all, one, tags) = (PATH.to_owned(), format!("{PATH}/{uuid}"), format!("{}{arn}", tags::PATH));
    let other = json!({"FunctionName": "http://h/y", "EventSourceArn": stream, "StartingPosition": "LATEST"});
    let reads = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"].map(|a| (a, &*stream));
    let with_reads = |own: (&'static str, &'static str)| [&[own][..], &reads].concat();
    let requests = [
        ("GET", &all, "", Value::Null, vec![("lambda:ListEventSourceMappings", "*")], 200),
        ("GET", &one, "", Value::Null, vec![("lambda:GetEventSourceMapping", &*arn)], 200),
        // The mapping is being made for ever.
        ("PUT", &one, "", json!({}), [&[("lambda:UpdateEventSourceMapping", &*arn)][..], &reads].concat(), 400),
        ("DELETE", &one, "", Value::Null, vec![("lambda:DeleteEventSourceMapping", &*arn)], 400),
        ("GET", &tags, "", Value::Null, vec![("lambda:ListTags", &*arn)], 200),
        ("POST", &tags, "", json!({"Tags": {"k": "v"}}), vec![("lambda:TagResource", &*arn)], 204),
        ("DELETE", &tags, "tagKeys=k", Value::Null, vec![("lambda:UntagResource", &*arn)], 204),
        ("POST", &all, "", other, with_reads(("lambda:CreateEventSourceMapping", "*")), 202),
    ];
    let allow = |(action, resource): &(&str, &str)| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    for (method, path, query, body, asks, status) in &requests {
        let body = body.to_string();
        let request = Request { method, path, query, body: body.as_bytes() };
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
            assert_eq!(reply.refusal.unwrap().name(), "AccessDeniedException");
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
        let body =
            json!({"FunctionName": function, "EventSourceArn": stream, "StartingPosition": "LATEST"}).to_string();
        let request = Request { method: "POST", path: PATH, query: "", body: body.as_bytes() };
        assert_eq!(triggers.answer(&user, &request).await.status, expected, "{function}");
    }
    let mappings = read(&triggers.service.documents(MAPPINGS).await.unwrap()).unwrap();
    let path = format!("{PATH}/{}", mappings.keys().next().unwrap());
    let body = json!({"FunctionName": "https://elsewhere.example/x"}).to_string();
    let request = Request { method: "PUT", path: &path, query: "", body: body.as_bytes() };
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
    let (all, one, tags) = (PATH.to_owned(), format!("{PATH}/{uuid}"), format!("{}{arn}", tags::PATH));
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
            let body = body.to_string();
            let request = Request { method, path, query, body: body.as_bytes() };
            let reply = triggers.answer(&user(&[lambda, tags]), &request).await;
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
        "Tags": {"k": "v"}})
    .to_string();
    let request = Request { method: "POST", path: PATH, query: "", body: body.as_bytes() };
    let refused = triggers.answer(&user(&[allow.clone(), deny]), &request).await;
    assert_eq!(refused.status, 403, "{}", String::from_utf8_lossy(&refused.body));
    assert_eq!(triggers.answer(&user(&[allow]), &request).await.status, 202);
}
