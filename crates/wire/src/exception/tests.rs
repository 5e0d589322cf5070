//! Every exception as the client sees it.

use std::collections::BTreeMap;
use std::path::Path;

use api::{CancellationReason, Operation};
use model::{AttributeValue, Attributes, Item};

use super::*;

#[track_caller]
fn check(refusal: Exception, status: u16, body: &str) {
    let reply = exception(&refusal);
    assert_eq!((reply.status, String::from_utf8(reply.body).expect("text")), (status, body.to_owned()));
}

fn item() -> Item {
    Item::Tree(Attributes::from_unsorted(vec![("a".to_owned(), AttributeValue::S("b".to_owned()))]))
}

fn throttling_reason() -> ThrottlingReason {
    ThrottlingReason { reason: Some("r".to_owned()), resource: Some("arn".to_owned()) }
}

#[test]
fn exceptions_carry_their_sentence_and_their_data() {
    check(
        Exception::validation("no \"x\""),
        400,
        r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"no \"x\""}"#,
    );
    check(
        Exception::resource_not_found(),
        400,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}"#,
    );
    check(
        Exception::ConditionalCheckFailed { item: Some(item()) },
        400,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{"a":{"S":"b"}},"Message":"The conditional request failed"}"#,
    );
    check(
        Exception::ConditionalCheckFailed { item: None },
        400,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}"#,
    );
    let reasons = vec![
        CancellationReason { code: Some("None".to_owned()), ..Default::default() },
        CancellationReason {
            code: Some("ConditionalCheckFailed".to_owned()),
            item: Some(item()),
            message: Some("The conditional request failed".to_owned()),
        },
    ];
    check(
        Exception::TransactionCanceled { reasons },
        400,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"a":{"S":"b"}},"Message":"The conditional request failed"}],"Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"}"#,
    );
    check(
        Exception::Throttling { reasons: vec![throttling_reason()] },
        400,
        r#"{"__type":"com.amazon.coral.availability#ThrottlingException","throttlingReasons":[{"reason":"r","resource":"arn"}],"message":"Rate of requests exceeds the allowed throughput."}"#,
    );
    check(
        Exception::ServiceUnavailable("disk full".to_owned()),
        503,
        r#"{"__type":"com.amazon.coral.availability#ServiceUnavailable","message":"disk full"}"#,
    );
    // Internal details are not disclosed.
    check(
        Exception::internal("disk full"),
        500,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}"#,
    );
    check(Exception::UnknownOperation, 400, r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#);
    check(
        Exception::Serialization(String::new()),
        400,
        r#"{"__type":"com.amazon.coral.service#SerializationException"}"#,
    );
    check(
        Exception::Serialization("x".to_owned()),
        400,
        r#"{"__type":"com.amazon.coral.service#SerializationException","Message":"x"}"#,
    );
    check(
        Exception::NotBuilt(Operation::ImportTable),
        400,
        r#"{"__type":"com.amazon.coral.service#UnknownOperationException","message":"The operation ImportTable is not built yet in this version of Stator."}"#,
    );
}

/// One of each exception that the service model has.
fn modelled() -> Vec<Exception> {
    use Exception::*;
    let text = || "x".to_owned();
    let reasons = || vec![throttling_reason()];
    vec![
        BackupInUse(text()),
        BackupNotFound(text()),
        ConditionalCheckFailed { item: Some(item()) },
        ContinuousBackupsUnavailable(text()),
        DuplicateItem,
        ExpiredIterator(text()),
        ExportConflict(text()),
        ExportNotFound(text()),
        GlobalTableAlreadyExists(text()),
        GlobalTableNotFound(text()),
        IdempotentParameterMismatch,
        ImportConflict(text()),
        ImportNotFound(text()),
        IndexNotFound(text()),
        InternalServerError(text()),
        InvalidExportTime(text()),
        InvalidRestoreTime(text()),
        ItemCollectionSizeLimitExceeded,
        LimitExceeded(text()),
        PointInTimeRecoveryUnavailable(text()),
        PolicyNotFound(text()),
        ProvisionedThroughputExceeded { reasons: reasons() },
        ReplicaAlreadyExists(text()),
        ReplicaNotFound(text()),
        ReplicatedWriteConflict(text()),
        RequestLimitExceeded { reasons: reasons() },
        ResourceInUse(text()),
        ResourceNotFound(text()),
        TableAlreadyExists(text()),
        TableInUse(text()),
        TableNotFound(text()),
        Throttling { reasons: reasons() },
        TransactionCanceled { reasons: vec![CancellationReason::default()] },
        TransactionConflict,
        TransactionInProgress,
        TrimmedDataAccess(text()),
    ]
}

/// The operator gets the internal details, the client does not.
#[test]
fn exceptions_are_named_for_the_operator() {
    let check = |refusal: Exception, name: &str, detail: Option<&str>| {
        let error = exception(&refusal).error.expect("an error");
        assert_eq!((error.name, error.detail.as_deref()), (name, detail));
    };
    check(Exception::internal("disk full"), "InternalServerError", Some("disk full"));
    check(Exception::validation("no"), "ValidationException", None);
    check(Exception::NotBuilt(Operation::ImportTable), "UnknownOperationException", None);
    let mut names: Vec<&str> = ExceptionName::ALL.iter().map(|name| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ExceptionName::ALL.len(), "each name once");
}

#[test]
fn every_exception_of_the_model_has_its_name_and_members() {
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in ["dynamodb.json", "dynamodbstreams.json"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(file);
        let model: serde_json::Value = serde_json::from_slice(&std::fs::read(path).expect("a model")).expect("JSON");
        for (name, shape) in model["shapes"].as_object().expect("shapes") {
            if shape["exception"].as_bool() == Some(true) {
                let members = shape["members"].as_object().expect("members");
                expected.insert(name.clone(), members.keys().cloned().collect());
            }
        }
    }
    // With an item its text is spelled otherwise than in the model.
    expected.insert("ConditionalCheckFailedException".to_owned(), vec!["Item".to_owned(), "Message".to_owned()]);
    let written = modelled().into_iter().map(|one| {
        let body: serde_json::Value = serde_json::from_slice(&exception(&one).body).expect("JSON");
        let mut members: Vec<String> = body.as_object().expect("a structure").keys().cloned().collect();
        members.retain(|member| member != "__type");
        members.sort();
        let name = body["__type"].as_str().and_then(|name| name.split_once('#')).expect("a type").1.to_owned();
        (name, members)
    });
    assert_eq!(written.collect::<BTreeMap<_, _>>(), expected);
}
