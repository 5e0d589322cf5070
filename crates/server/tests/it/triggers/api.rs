//! Lambda's API: what it answers, what it refuses, and what is stored.

use serde_json::{Value, json};

use super::{lambda, map, request, settled, shown, table};
use crate::test_server::TestServer;

/// No server listens there; nothing is delivered in these tests.
const NOWHERE: [&str; 4] = ["--lambda-endpoint", "http://127.0.0.1:9", "--sqs-endpoint", "http://127.0.0.1:9"];

fn server() -> TestServer {
    TestServer::in_memory().flags(NOWHERE).start()
}

#[test]
fn a_mapping_is_made_shown_changed_and_taken_away() {
    let server = server();
    let arn = table(&mut server.client(), "Music");
    let made =
        lambda(&server, "POST", "", &json!({"FunctionName": "f", "EventSourceArn": arn, "StartingPosition": "LATEST"}));
    assert_eq!((made.status, made.header("content-type")), (202, "application/json"), "{}", made.text());
    let made = made.json();
    let uuid = made["UUID"].as_str().unwrap().to_owned();
    let modified = made["LastModified"].as_f64().unwrap();
    assert!(modified > 1.7e9, "{modified}");
    let expected = json!({
        "UUID": uuid, "StartingPosition": "LATEST", "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 1, "EventSourceArn": arn,
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "LastModified": made["LastModified"], "LastProcessingResult": "No records processed", "State": "Creating",
        "StateTransitionReason": "User action", "DestinationConfig": {"OnFailure": {}},
        "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": false, "MaximumRetryAttempts": -1,
        "TumblingWindowInSeconds": 0, "FunctionResponseTypes": [],
        "EventSourceMappingArn": format!("arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}"),
    });
    assert_eq!(made, expected);
    assert_eq!(settled(&server, &uuid)["State"], "Enabled");

    let pattern = r#"{"eventName":["INSERT"]}"#;
    let change = json!({
        "BatchSize": 7, "Enabled": false, "FilterCriteria": {"Filters": [{"Pattern": pattern}]},
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}},
        "MaximumRetryAttempts": 3, "FunctionName": "g:PROD",
    });
    let changed = lambda(&server, "PUT", &format!("/{uuid}"), &change);
    assert_eq!((changed.status, &changed.json()["State"]), (202, &json!("Disabling")), "{}", changed.text());
    let now = settled(&server, &uuid);
    assert_eq!(now["State"], "Disabled");
    assert_eq!(
        (&now["BatchSize"], &now["MaximumRetryAttempts"], &now["ParallelizationFactor"]),
        (&json!(7), &json!(3), &json!(1))
    );
    assert_eq!(now["FilterCriteria"], change["FilterCriteria"]);
    assert_eq!(now["DestinationConfig"], change["DestinationConfig"]);
    assert_eq!(now["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:g:PROD");
    let again = lambda(&server, "PUT", &format!("/{uuid}"), &json!({"Enabled": true, "FilterCriteria": {}}));
    assert_eq!(again.json()["State"], "Enabling");
    assert_eq!(settled(&server, &uuid).get("FilterCriteria"), None);
    let again = lambda(&server, "PUT", &format!("/{uuid}/"), &json!({"BatchSize": 8}));
    assert_eq!(again.json()["State"], "Updating");
    settled(&server, &uuid);

    let deleted = lambda(&server, "DELETE", &format!("/{uuid}"), &Value::Null);
    assert_eq!((deleted.status, &deleted.json()["State"]), (202, &json!("Deleting")));
    let gone = shown(&server, &uuid, |shown| shown.get("UUID").is_none());
    assert_eq!(gone, json!({"Type": "User", "Message": "The resource you requested does not exist."}));
}

#[test]
fn what_is_refused() {
    let server = server();
    let arn = table(&mut server.client(), "Music");
    let uuid = map(&server, &json!({"FunctionName": "f", "EventSourceArn": arn, "StartingPosition": "LATEST"}));
    let own = |members: &[(&str, Value)]| {
        let mut body = json!({"FunctionName": "g", "EventSourceArn": arn, "StartingPosition": "LATEST"});
        members.iter().for_each(|(name, value)| body[name] = value.clone());
        body
    };
    let check = |method: &str, path: &str, body: &Value, status: u16, name: &str, text: &str| {
        let refused = lambda(&server, method, path, body);
        assert_eq!((refused.status, refused.header("x-amzn-errortype")), (status, name), "{method} {path} {body}");
        let said = refused.json();
        let said = said["message"].as_str().or(said["Message"].as_str()).unwrap_or_default();
        assert!(said.contains(text), "{said}");
    };
    let invalid = "InvalidParameterValueException";
    for (body, text) in [
        (own(&[("StartingPosition", Value::Null)]), "Value null at 'startingPosition'"),
        (own(&[("EventSourceArn", Value::Null)]), "Value null at 'eventSourceArn'"),
        (own(&[("EventSourceArn", json!("arn:aws:sqs:us-east-1:000000000000:q"))]), "Unrecognized event source"),
        (own(&[("EventSourceArn", json!(format!("{arn}1")))]), "Stream not found"),
        (own(&[("StartingPosition", json!("AT_TIMESTAMP"))]), "Unsupported starting position"),
        (own(&[("FilterCriteria", json!({"Filters": [{"Pattern": "{"}]}))]), "Invalid filter pattern definition."),
        (own(&[("TumblingWindowInSeconds", json!(1))]), "no tumbling windows"),
        (
            own(&[(
                "DestinationConfig",
                json!({"OnFailure": {"Destination": "arn:aws:sns:us-east-1:000000000000:t"}}),
            )]),
            "SQS queue",
        ),
    ] {
        check("POST", "", &body, 400, invalid, text);
    }
    check("POST", "", &own(&[("FunctionName", Value::Null)]), 400, "ValidationException", "'functionName'");
    check("POST", "", &own(&[("BatchSize", json!(0))]), 400, "ValidationException", "greater than or equal to 1");
    check("POST", "", &own(&[("BatchSize", json!("x"))]), 400, "SerializationException", "BatchSize");
    let conflict = format!("delete the existing mapping with UUID {uuid}");
    check("POST", "", &own(&[("FunctionName", json!("f"))]), 409, "ResourceConflictException", &conflict);
    check("PUT", &format!("/{uuid}"), &json!({"BatchSize": 10_001}), 400, "ValidationException", "10000");
    let other = map(&server, &own(&[]));
    check("PUT", &format!("/{other}"), &json!({"FunctionName": "f"}), 409, "ResourceConflictException", &conflict);
    for method in ["GET", "PUT", "DELETE"] {
        check(method, "/nobody", &json!({}), 404, "ResourceNotFoundException", "does not exist");
    }
    check("PATCH", "", &Value::Null, 404, "UnknownOperationException", "");
    let mut client = server.client();
    client.send(b"GET /2015-03-31/event-source-mappings/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let unsigned = client.response();
    assert_eq!((unsigned.status, unsigned.header("x-amzn-errortype")), (403, "MissingAuthenticationTokenException"));
    // Without a place where functions are, only URLs can be invoked.
    let alone = TestServer::in_memory().start();
    let arn = table(&mut alone.client(), "Music");
    let body = json!({"FunctionName": "f", "EventSourceArn": arn, "StartingPosition": "LATEST"});
    let refused = lambda(&alone, "POST", "", &body);
    assert!(refused.status == 400 && refused.text().contains("--lambda-endpoint"), "{}", refused.text());
}

#[test]
fn lists_have_pages_and_conditions() {
    let server = server();
    let (one, two) = (table(&mut server.client(), "one"), table(&mut server.client(), "two"));
    for (arn, function) in [(&one, "f"), (&one, "g"), (&two, "f")] {
        map(
            &server,
            &json!({"FunctionName": function, "EventSourceArn": arn, "StartingPosition": "LATEST", "Enabled": false}),
        );
    }
    let list = |query: &str| {
        let listed = lambda(&server, "GET", &format!("/?{query}"), &Value::Null);
        assert_eq!(listed.status, 200, "{}", listed.text());
        listed.json()
    };
    let count = |query: &str| list(query)["EventSourceMappings"].as_array().unwrap().len();
    let encoded = |arn: &str| arn.replace(':', "%3A").replace('/', "%2F");
    assert_eq!(count(""), 3);
    assert_eq!(count("FunctionName=f"), 2);
    assert_eq!(count("FunctionName=000000000000%3Afunction%3Ag"), 1);
    assert_eq!(count("FunctionName=h"), 0);
    assert_eq!(count(&format!("EventSourceArn={}", encoded(&one))), 2);
    assert_eq!(count(&format!("EventSourceArn={}&FunctionName=f", encoded(&two))), 1);
    let first = list("MaxItems=2");
    assert_eq!(first["EventSourceMappings"].as_array().unwrap().len(), 2);
    let second = list(&format!("MaxItems=2&Marker={}", first["NextMarker"].as_str().unwrap()));
    assert_eq!(second["EventSourceMappings"].as_array().unwrap().len(), 1);
    assert_eq!(second.get("NextMarker"), None);
}

#[test]
fn mappings_outlive_the_server() {
    let node = TestServer::on_data("data").flags(NOWHERE);
    let server = node.start();
    let arn = table(&mut server.client(), "Music");
    let uuid = map(
        &server,
        &json!({"FunctionName": "f", "EventSourceArn": arn, "StartingPosition": "LATEST", "BatchSize": 9}),
    );
    server.signal("-KILL");
    drop(server);
    let server = node.start();
    let kept = settled(&server, &uuid);
    assert_eq!((&kept["BatchSize"], &kept["State"]), (&json!(9), &json!("Enabled")));
    assert!(server.stop().success());
}

#[test]
fn tags_are_stored_beside_a_mapping() {
    let server = server();
    let arn = table(&mut server.client(), "Music");
    let body = json!({
        "FunctionName": "f", "EventSourceArn": arn, "StartingPosition": "LATEST", "Tags": {"team": "a", "stage": "x"},
    });
    let uuid = map(&server, &body);
    let arn = settled(&server, &uuid)["EventSourceMappingArn"].as_str().unwrap().replace(':', "%3A");
    let call = |method: &str, arn: &str, query: &str, body: &Value| {
        let answer = request(&server, method, &format!("/2017-03-31/tags/{arn}{query}"), body);
        (answer.status, answer.text())
    };
    let tags = || serde_json::from_str::<Value>(&call("GET", &arn, "", &Value::Null).1).unwrap()["Tags"].clone();
    assert_eq!(tags(), body["Tags"]);
    assert_eq!(call("POST", &arn, "", &json!({"Tags": {"team": "b", "new": ""}})), (204, String::new()));
    assert_eq!(call("DELETE", &arn, "?tagKeys=stage&tagKeys=none", &Value::Null), (204, String::new()));
    assert_eq!(tags(), json!({"team": "b", "new": ""}));
    assert_eq!(settled(&server, &uuid)["State"], "Enabled");
    assert_eq!(call("POST", &arn, "", &json!({})).0, 400);
    assert_eq!(call("POST", &arn, "", &json!({"Tags": {"aws:x": "y"}})).0, 400);
    assert_eq!(call("DELETE", &arn, "", &Value::Null).0, 400);
    for (method, query) in [("GET", ""), ("POST", ""), ("DELETE", "?tagKeys=a")] {
        assert_eq!(call(method, &format!("{arn}0"), query, &json!({"Tags": {"a": "b"}})).0, 404, "{method}");
    }
}
