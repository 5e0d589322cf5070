//! The audit log has what was done, however it is spelled: every operation in every spelling, by callers that may do
//! exactly what it asks, so that an answer shows which resources were asked about.

use api::Operation;
use serde_json::{Map, Value, json};

use super::test_pipeline::{ACCOUNT, OTHER, Signing, T, TestPipeline, allow, by};
use super::walk::{all_of, exception_of, row_of};
use crate::audit::Audit;
use crate::audit::testing::Events;

const U: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/UUU";

fn audited() -> (TestPipeline, Events) {
    let mut pipeline = TestPipeline::new();
    let (audit, events) = Audit::held(1_000, false);
    pipeline.inner.audit = Some(audit);
    (pipeline, events)
}

fn only(events: &mut Events) -> Value {
    let mut all = events.all();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn arns(event: &Value) -> Vec<&str> {
    let resources = event["resources"].as_array().into_iter().flatten();
    resources.map(|resource| resource["ARN"].as_str().expect("an ARN")).collect()
}

/// The members of an object, as text, with something done to each name.
fn members(body: &Value, spelled: impl Fn(&str, &Value) -> String) -> String {
    let members = body.as_object().expect("an object").iter().map(|(name, value)| spelled(name, value));
    members.collect::<Vec<_>>().join(",")
}

fn escaped(name: &str) -> String {
    format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..])
}

/// The same request in other words.
fn spellings(operation: Operation, body: &Value) -> Vec<String> {
    let plain = members(body, |name, value| format!(r#""{name}":{value}"#));
    let nested = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    let decoys = ["TableName", "GlobalTableName", "SourceTableName", "TargetTableName", "TableArn", "tableName"];
    // Members that the request does not have: whatever they are, they are passed over.
    let foreign = decoys.iter().filter(|name| body.get(**name).is_none());
    let foreign: Vec<String> = foreign.map(|name| format!(r#""{name}":"UUU","{name}":1e999"#)).collect();
    let foreign = foreign.join(",");
    let object = |parts: &[&str]| {
        let parts: Vec<&str> = parts.iter().filter(|part| !part.is_empty()).copied().collect();
        format!("{{{}}}", parts.join(","))
    };
    // Only this one takes no ARN.
    let by_arn = match operation {
        Operation::ListStreams => plain.clone(),
        _ => plain.replace(r#""TableName":"TTT""#, &format!(r#""TableName" : "{T}""#)),
    };
    let twice = members(body, |name, value| format!(r#""{name}":{value},"{}":{value}"#, escaped(name)));
    vec![
        object(&[&plain]),
        object(&[&members(body, |name, value| format!(r#""{}":{value}"#, escaped(name)))]),
        object(&[&foreign, &plain, &foreign]),
        object(&[&format!(r#""x":{nested}"#), &plain]),
        format!("\n\t {} ", object(&[&by_arn])),
        object(&[&twice]),
    ]
}

#[test]
fn every_operation_is_audited_as_it_is_done() {
    for operation in Operation::ALL {
        let spelled = row_of(&TestPipeline::new(), *operation).map_or(1, |row| spellings(*operation, &row.body).len());
        for at in 0..spelled {
            check(*operation, at);
        }
    }
}

fn check(operation: Operation, at: usize) {
    let (pipeline, mut events) = audited();
    let Some(row) = row_of(&pipeline, operation) else { return check_not_built(&pipeline, &mut events, operation) };
    let body = spellings(operation, &row.body).swap_remove(at);
    pipeline.user(ACCOUNT, "allowed", &all_of(&row));
    let (kind, message) = exception_of(pipeline.call(by("allowed"), operation.name(), &body));
    assert_eq!(kind, row.then, "{operation} {body}: {message}");
    let event = only(&mut events);
    assert_eq!(event["eventName"], operation.name());
    assert_eq!(event["errorCode"].as_str().unwrap_or_default(), row.then, "{event}");
    let mut asked: Vec<&str> = row.asks.iter().map(|(_, arn)| arn.as_str()).collect();
    // Neither all tables nor all streams of one are a resource.
    asked.retain(|arn| *arn != "*" && !arn.ends_with("table/*"));
    let asked: Vec<&str> = asked.iter().map(|arn| arn.strip_suffix("/stream/*").unwrap_or(arn)).collect();
    let mut resources: Vec<&str> = Vec::new();
    for arn in &asked {
        if !resources.contains(arn) && arn.starts_with("arn:aws:dynamodb:") {
            resources.push(arn);
        }
    }
    assert_eq!(arns(&event), resources, "{body}: {event}");
    let reads = ["Get", "List", "Describe", "Query", "Scan", "PartiQLSelect", "BatchGet"];
    let is_read = row.asks.iter().all(|(action, _)| reads.iter().any(|read| action.starts_with(read)));
    assert_eq!(event["readOnly"], is_read, "{event}");
    let parameters = event["requestParameters"].to_string();
    for named in ["UUU", "secret"] {
        assert!(!parameters.contains(named), "{body}: {event}");
    }
    assert!(asked.is_empty() || parameters.contains(asked[0].rsplit('/').next().unwrap()), "{body}: {event}");
}

fn check_not_built(pipeline: &TestPipeline, events: &mut Events, operation: Operation) {
    let answer = pipeline.call(by(&format!("root{ACCOUNT}")), operation.name(), r#"{"TableName":"TTT"}"#);
    let event = only(events);
    assert_eq!((&event["eventName"], answer.status), (&json!(operation.name()), 400));
    assert_eq!((event["errorCode"].as_str(), &event["requestParameters"]), (Some(&*answer.kind), &Value::Null));
}

/// Two values of a member: the operation takes one, and so does the event.
#[test]
fn of_two_tables_the_event_has_the_one_that_is_used() {
    for body in [r#""TableName":"UUU","TableName":"TTT""#, r#""TableName":"TTT","\u0054ableName":"UUU""#] {
        let (pipeline, mut events) = audited();
        pipeline.root(
            "PutItem",
            &json!({"TableName": "TTT", "Item": {"pk": {"S": "m"}, "sk": {"S": "1"}, "in": {"S": T}}}),
        );
        pipeline.root(
            "PutItem",
            &json!({"TableName": "UUU", "Item": {"pk": {"S": "m"}, "sk": {"S": "1"}, "in": {"S": U}}}),
        );
        events.all();
        let root = format!("root{ACCOUNT}");
        let answer =
            pipeline.call(by(&root), "GetItem", &format!(r#"{{{body},"Key":{{"pk":{{"S":"m"}},"sk":{{"S":"1"}}}}}}"#));
        let event = only(&mut events);
        match answer.status {
            200 => assert_eq!(arns(&event), [answer.body["Item"]["in"]["S"].as_str().unwrap()], "{body}"),
            _ => assert_eq!(event["requestParameters"], Value::Null, "{body}: {event}"),
        }
    }
}

/// What cannot be decoded has done nothing, and names nothing.
#[test]
fn requests_that_cannot_be_decoded_name_nothing() {
    let (pipeline, mut events) = audited();
    let root = format!("root{ACCOUNT}");
    for body in ["", "{", "[]", r#"{"TableName":7}"#, r#"{"TableName":"TTT","Key":1}"#, r#"{"TableName":"TTT""#] {
        let before = pipeline.rows();
        let answer = pipeline.call(by(&root), "DeleteItem", body);
        let event = only(&mut events);
        assert_eq!((answer.status, event["errorCode"].as_str()), (400, Some(&*answer.kind)), "{body}");
        assert_eq!((&event["requestParameters"], event.get("resources")), (&Value::Null, None), "{body}");
        assert_eq!(pipeline.rows(), before);
    }
}

/// Statements of one table, by a caller that may do everything with that one and its index alone.
#[test]
fn statements_are_audited_as_they_are_parsed() {
    let key = "WHERE pk='a' AND sk='1'";
    let cases = [
        (format!("SELECT * FROM TTT {key}"), true),
        (format!("SELECT * FROM \"TTT\" {key}"), true),
        (format!("sElEcT x fRoM \"TTT\"{key}"), true),
        (format!("/* UPDATE UUU */SELECT/* FROM UUU */*FROM/**/TTT -- FROM UUU\n {key}"), true),
        (format!("-- DELETE FROM UUU\nSELECT 'from' FROM TTT {key}"), true),
        (format!("SELECT \"from\", \"UUU\" FROM TTT {key}"), true),
        (format!("SELECT * FROM \"{T}\" {key}"), true),
        ("SELECT * FROM \"TTT\".\"GGG\" WHERE g='FROM UUU'".to_owned(), true),
        (format!("/*SELECT * FROM UUU*/ UPDATE \"TTT\" SET x='FROM UUU' {key}"), false),
        (format!("UPDATE/**/TTT/*SELECT*/SET x='y' {key}"), false),
        ("INSERT INTO \"TTT\" VALUE {'pk':'INTO UUU','sk':'1'}".to_owned(), false),
        ("INSERT--SELECT * FROM UUU\nINTO TTT VALUE {'pk':'c','sk':'1'}".to_owned(), false),
        (format!("DELETE/* FROM UUU */FROM \"TTT\" {key}"), false),
        (format!("DELETE FROM \"{T}\" {key}"), false),
    ];
    for (statement, is_read) in cases {
        for operation in ["ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"] {
            check_statement(operation, &statement, is_read);
        }
    }
}

fn check_statement(operation: &str, statement: &str, is_read: bool) {
    let (pipeline, mut events) = audited();
    pipeline.user(
        ACCOUNT,
        "some",
        &[allow("dynamodb:PartiQL*", T), allow("dynamodb:PartiQL*", &format!("{T}/index/*"))],
    );
    let one = json!({"Statement": statement});
    let body = match operation {
        "ExecuteStatement" => one,
        "BatchExecuteStatement" => json!({"Statements": [one]}),
        _ => json!({"TransactStatements": [one]}),
    };
    let (kind, message) = exception_of(pipeline.call(by("some"), operation, &body.to_string()));
    let event = only(&mut events);
    match kind.as_str() {
        "" => {}
        // What this operation has not, or the parser does not take: then nothing is done.
        "ValidationException" | "ValidationErrorException" => {
            assert!(arns(&event).is_empty() || arns(&event) == [T], "{statement}: {event}")
        }
        _ => panic!("{operation} {statement}: {kind} {message}"),
    }
    if kind.is_empty() {
        assert_eq!((arns(&event), &event["readOnly"]), (vec![T], &json!(is_read)), "{operation} {statement}: {event}");
        assert!(event["requestParameters"].to_string().contains("TTT"), "{event}");
    }
    // Its ids are chance, and have such letters now and then.
    let mut event = event;
    ["requestID", "eventID"].iter().for_each(|id| event[*id] = Value::Null);
    assert!(!event.to_string().contains("UUU"), "{operation} {statement}: {event}");
}

/// Each statement of a batch has its table, be it permitted, denied or malformed; one write makes it a write.
#[test]
fn batches_name_every_table() {
    let (pipeline, mut events) = audited();
    pipeline.user(ACCOUNT, "some", &[allow("dynamodb:PartiQL*", T)]);
    let body = json!({"Statements": [
        {"Statement": "INSERT INTO"}, {"Statement": "INSERT INTO \"TTT\" VALUE {'pk':'c','sk':'1'}"},
        {"Statement": "DELETE FROM UUU WHERE pk='a' AND sk='1'"}, {"Statement": "secret 'words'"}]});
    assert_eq!(pipeline.call(by("some"), "BatchExecuteStatement", &body.to_string()).status, 200);
    let event = only(&mut events);
    assert_eq!((arns(&event), &event["readOnly"]), (vec![T, U], &json!(false)));
    let parts =
        json!([{"operation": "PartiQLInsert", "tableName": "TTT"}, {"operation": "PartiQLDelete", "tableName": "UUU"}]);
    assert_eq!(event["requestParameters"], json!({"requestItems": parts}));

    let key = json!({"pk": {"S": "a"}, "sk": {"S": "1"}});
    let mut check = Map::new();
    check
        .insert("ConditionCheck".to_owned(), json!({"TableName": U, "Key": key, "ConditionExpression": "secret = pk"}));
    let body = json!({"TransactItems": [{"Put": {"TableName": "TTT", "Item": key}}, check]});
    pipeline.call(by("some"), "TransactWriteItems", &body.to_string());
    let event = only(&mut events);
    let parts = json!([{"operation": "Put", "tableName": "TTT"}, {"operation": "ConditionCheck", "tableName": U}]);
    assert_eq!((arns(&event), &event["requestParameters"]), (vec![T, U], &json!({"requestItems": parts})));
}

/// A statement whose condition fails was executed and may show its item: an event with it names all tables. Where each statement is
/// denied, nothing was.
#[test]
fn batches_of_statements_that_fail_name_their_tables() {
    let (pipeline, mut events) = audited();
    pipeline.user(ACCOUNT, "nothing", &[allow("dynamodb:GetItem", "*")]);
    let statement = |table: &str| {
        json!({"Statement": format!("UPDATE \"{table}\" SET q = 1 WHERE pk = 'a' AND sk = '1' AND v = 'no'"),
               "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    };
    let statements: Vec<Value> =
        (0..10).map(|at| statement(&format!("absent{at}"))).chain([statement("TTT")]).collect();
    let body = json!({"Statements": statements}).to_string();
    for (caller, shown) in [(by(&format!("root{ACCOUNT}")), 11), (by("nothing"), 10)] {
        let answer = pipeline.call(caller, "BatchExecuteStatement", &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        let event = only(&mut events);
        assert_eq!(arns(&event).len(), shown, "{event}");
        let has_last = event["requestParameters"]["requestItems"].to_string().contains("\"TTT\"");
        assert_eq!(has_last, shown == 11, "{event}");
    }
}

/// An iterator names its stream, and a stream of Kinesis is none of DynamoDB's.
#[test]
fn streams_are_named() {
    let (pipeline, mut events) = audited();
    let from = json!({"StreamArn": pipeline.stream, "ShardId": pipeline.shard, "ShardIteratorType": "LATEST"});
    pipeline.root("GetShardIterator", &from);
    let parameters = json!({"streamArn": pipeline.stream, "shardId": pipeline.shard});
    assert_eq!(only(&mut events)["requestParameters"], parameters);
    pipeline.root("GetRecords", &json!({"ShardIterator": pipeline.iterator}));
    let event = only(&mut events);
    assert_eq!(
        (arns(&event), &event["requestParameters"]),
        (vec![&*pipeline.stream], &json!({"streamArn": pipeline.stream}))
    );
    let kinesis = super::test_pipeline::kinesis_arn("one");
    pipeline.root("EnableKinesisStreamingDestination", &json!({"TableName": "TTT", "StreamArn": kinesis}));
    let event = only(&mut events);
    assert_eq!(
        (arns(&event), &event["requestParameters"]),
        (vec![T], &json!({"tableName": "TTT", "streamArn": kinesis}))
    );
}

/// Refused before anything is done: nothing is written, and the client is asked to try again.
#[test]
fn what_cannot_be_audited_is_not_executed() {
    let mut pipeline = TestPipeline::new();
    let (audit, mut events) = Audit::held(1, true);
    pipeline.inner.audit = Some(audit);
    let body = json!({"TableName": "TTT", "Item": {"pk": {"S": "new"}, "sk": {"S": "1"}}}).to_string();
    let root = format!("root{ACCOUNT}");
    // It is executed and fills the queue; its event is not in a file, so there is no good answer.
    let answer = pipeline.call(by(&root), "PutItem", &body);
    assert_eq!((answer.status, answer.kind.as_str()), (500, "InternalServerError"));
    let before = pipeline.rows();
    let answer = pipeline.call(by(&root), "DeleteTable", r#"{"TableName":"TTT"}"#);
    assert_eq!((answer.status, answer.kind.as_str()), (500, "InternalServerError"));
    assert_eq!(pipeline.rows(), before);
    assert_eq!(pipeline.call(Signing::No, "DeleteTable", r#"{"TableName":"TTT"}"#).status, 400);
    assert_eq!(only(&mut events)["eventName"], "PutItem");
}

/// A table's account is that of its ARN, whatever the caller's is.
/// Resources of other services, which policies are asked about: a parameter each, and no resource of this service.
#[test]
fn streams_of_kinesis_and_keys_of_a_kms_are_named() {
    let (pipeline, mut events) = audited();
    let key = "arn:aws:kms:us-east-1:111111111111:key/1234abcd";
    let encryption = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": key});
    pipeline.root("UpdateTable", &json!({"TableName": "TTT", "SSESpecification": encryption}));
    let event = only(&mut events);
    let expected = json!({"tableName": "TTT", "kMSMasterKeyId": key});
    assert_eq!((arns(&event), &event["requestParameters"]), (vec![T], &expected));
    let stream = super::test_pipeline::kinesis_arn("one");
    pipeline.root("EnableKinesisStreamingDestination", &json!({"TableName": "TTT", "StreamArn": stream}));
    let event = only(&mut events);
    let expected = json!({"tableName": "TTT", "streamArn": stream});
    assert_eq!((arns(&event), &event["requestParameters"]), (vec![T], &expected));
}

#[test]
fn tables_of_other_accounts() {
    let (pipeline, mut events) = audited();
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": T,
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"}}]});
    pipeline.root("PutResourcePolicy", &json!({"ResourceArn": T, "Policy": policy.to_string()}));
    let event = only(&mut events);
    assert_eq!((arns(&event), &event["requestParameters"]), (vec![T], &json!({"resourceArn": T})));
    let body = json!({"TableName": T, "Key": {"pk": {"S": "a"}, "sk": {"S": "1"}}});
    assert_eq!(pipeline.call(by(&format!("root{OTHER}")), "GetItem", &body.to_string()).status, 200);
    let event = only(&mut events);
    assert_eq!((arns(&event), &event["resources"][0]["accountId"]), (vec![T], &json!(ACCOUNT)));
    assert_eq!(event["userIdentity"]["accountId"], OTHER);
}

/// What a transfer reads or writes outside is named, and what it makes.
#[test]
fn transfers_name_their_objects_and_keys() {
    let (pipeline, mut events) = audited();
    let key = "arn:aws:kms:us-east-1:111111111111:key/1234";
    let written = json!({"TableArn": T, "S3Bucket": "bucket", "S3BucketOwner": OTHER, "S3Prefix": "to",
        "S3SseAlgorithm": "KMS", "S3SseKmsKeyId": key});
    pipeline.call(by(&format!("root{ACCOUNT}")), "ExportTableToPointInTime", &written.to_string());
    let event = only(&mut events);
    let parameters = json!({"tableName": T, "s3Bucket": "bucket", "s3BucketOwner": OTHER, "s3Prefix": "to",
        "s3SseAlgorithm": "KMS", "s3SseKmsKeyId": key});
    assert_eq!((arns(&event), &event["requestParameters"]), (vec![T], &parameters));
    let mut read = row_of(&pipeline, Operation::ImportTable).unwrap().body;
    read["S3BucketSource"] = json!({"S3Bucket": "bucket", "S3BucketOwner": OTHER, "S3KeyPrefix": "from/"});
    let answer = pipeline.root("ImportTable", &read);
    let event = only(&mut events);
    let parameters = json!({"tableName": "New", "s3Bucket": "bucket", "s3BucketOwner": OTHER, "s3KeyPrefix": "from/"});
    assert_eq!(event["requestParameters"], parameters);
    let made = json!({"importTableDescription": {"importArn": answer["ImportTableDescription"]["ImportArn"]}});
    assert_eq!(event["responseElements"], made);
}
