//! The API where nobody does what its changes ask for: what is under way stays so, and others cannot change it.

use std::sync::Arc;

use api::{
    AttributeDefinition, BillingMode, CreateTableInput, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
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
