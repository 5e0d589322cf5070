//! The page: its format, and that it has what is counted.

use std::collections::BTreeSet;
use std::time::Duration;

use ::aws::{DYNAMODB, DYNAMODB_STREAMS, IAM, OperationId};

use super::*;
use crate::body_error::BodyError;

const MODELS: [&ServiceModel; 3] = [&DYNAMODB, &DYNAMODB_STREAMS, &IAM];

fn operation(model: &'static ServiceModel, name: &str) -> OperationId {
    model.operation(name).expect("an operation")
}

fn line(page: &str, start: &str) -> String {
    let mut lines = page.lines().filter(|line| line.starts_with(start));
    let found = lines.next().unwrap_or_else(|| panic!("no {start} in\n{page}"));
    assert_eq!(lines.next(), None, "{start} stands once");
    found[start.len()..].trim_start().to_owned()
}

#[test]
fn requests_are_counted_by_operation() {
    let metrics = Metrics::new(&MODELS);
    for ms in [1, 2, 30_000] {
        metrics.requests.answered(operation(&DYNAMODB, "PutItem"), Duration::from_millis(ms), 100, 2);
    }
    // The last of the list and the last of its row: every place is within bounds.
    metrics.requests.answered(operation(&DYNAMODB_STREAMS, "ListStreams"), Duration::from_micros(1), 0, 0);
    metrics.requests.failed(Some(operation(&DYNAMODB_STREAMS, "ListStreams")), "ValidationException");
    metrics.requests.failed(Some(operation(&DYNAMODB, "PutItem")), "ConditionalCheckFailedException");
    metrics.requests.failed(None, "BackupInUseException");
    metrics.requests.body_refused(BodyError::TooSlow);
    let under_way = metrics.requests.begin();
    let page = metrics.registry.page(Detail::Total);
    drop(under_way);
    for (start, value) in [
        (r#"stator_request_duration_seconds_bucket{service="DynamoDB",operation="PutItem",le="0.0005"}"#, "0"),
        (r#"stator_request_duration_seconds_bucket{service="DynamoDB",operation="PutItem",le="0.001"}"#, "1"),
        (r#"stator_request_duration_seconds_bucket{service="DynamoDB",operation="PutItem",le="0.0025"}"#, "2"),
        (r#"stator_request_duration_seconds_bucket{service="DynamoDB",operation="PutItem",le="10"}"#, "2"),
        (r#"stator_request_duration_seconds_bucket{service="DynamoDB",operation="PutItem",le="+Inf"}"#, "3"),
        (r#"stator_request_duration_seconds_sum{service="DynamoDB",operation="PutItem"}"#, "30.003"),
        (r#"stator_request_duration_seconds_count{service="DynamoDB",operation="PutItem"}"#, "3"),
        (r#"stator_request_bytes_total{service="DynamoDB",operation="PutItem"}"#, "300"),
        (r#"stator_response_bytes_total{service="DynamoDB",operation="PutItem"}"#, "6"),
        (
            r#"stator_errors_total{service="DynamoDB",operation="PutItem",exception="ConditionalCheckFailedException"}"#,
            "1",
        ),
        (
            r#"stator_errors_total{service="DynamoDBStreams",operation="ListStreams",exception="ValidationException"}"#,
            "1",
        ),
        (r#"stator_errors_total{service="DynamoDB",operation="PutItem",exception="InternalServerError"}"#, "0"),
        (r#"stator_errors_total{service="DynamoDB",operation="PutItem",exception="ThrottlingException"}"#, "0"),
        (r#"stator_errors_total{service="none",operation="none",exception="BackupInUseException"}"#, "1"),
        (r#"stator_bodies_refused_total{reason="too_slow"}"#, "1"),
        (r#"stator_bodies_refused_total{reason="too_large"}"#, "0"),
        ("stator_requests_under_way", "1"),
    ] {
        assert_eq!(line(&page, &format!("{start} ")), value, "{start}");
    }
    assert!(!page.contains("GetItem"), "what was never asked for has no series");
    assert_eq!(line(&metrics.registry.page(Detail::Total), "stator_requests_under_way "), "0");
}

fn with_replicas() -> storage_postgres::PostgresStats {
    storage_postgres::PostgresStats {
        replicas: Some(storage_postgres::ReplicaStats::default()),
        ..storage_postgres::PostgresStats::default()
    }
}

/// Every metric has its help and its kind before its values, and no line is repeated.
#[test]
fn the_page_is_well_formed() {
    let folder = tempfile::tempdir().expect("folder");
    let engine = storage::Embedded::open(folder.path(), storage::EmbeddedOptions::default()).expect("engine");
    let metrics = Metrics::new(&MODELS);
    for operation in MODELS.iter().flat_map(|model| model.operations()) {
        metrics.requests.answered(operation, Duration::ZERO, 0, 0);
        for exception in ["ValidationException", "InternalServerError", "Throttling"] {
            metrics.requests.failed(Some(operation), exception);
        }
    }
    metrics.add_embedded(engine);
    metrics.add_rows(storage::Memory::new());
    metrics.registry.add(|page| database::write(&with_replicas(), page));
    metrics.registry.add(|page| background::write(&ops::BackgroundStats::default(), page));
    let page = metrics.registry.page(Detail::Total);
    let (mut names, mut series) = (BTreeSet::new(), BTreeSet::new());
    let mut lines = page.lines();
    let mut name = "";
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            name = help.split(' ').next().expect("a name");
            assert!(names.insert(name), "{name} stands twice");
            let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE ")).expect("a kind");
            let kind = kind.strip_prefix(name).expect("the same name").trim_start();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
            continue;
        }
        let (key, value) = line.rsplit_once(' ').expect("a value");
        assert!(key.starts_with(name), "{key} stands under {name}");
        assert!(series.insert(key), "{key} stands twice");
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        assert!(value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{line}");
    }
    assert!(names.contains("stator_commit_duration_seconds") && names.contains("stator_sstable_disk_bytes"));
    assert!(series.contains(r#"stator_sstables_l0{rows="items"}"#));
}
