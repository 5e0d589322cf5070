//! The page: its form, and that what is counted stands on it.

use std::collections::BTreeSet;
use std::time::Duration;

use ::aws::{DYNAMODB, DYNAMODB_STREAMS, IAM};
use deliver::Figure;

use ::aws::OperationId;

use super::*;
use crate::audit::Watch;
use crate::body_error::BodyError;
use crate::tls::{Tls, TlsArguments};

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
    let page = metrics.page(true, TableSeries::Total, &BackgroundStats::default(), None, None);
    drop(under_way);
    for (start, value) in [
        ("stator_ready", "1"),
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
    assert_eq!(
        line(
            &metrics.page(false, TableSeries::Total, &BackgroundStats::default(), None, None),
            "stator_requests_under_way "
        ),
        "0"
    );
}

fn with_replicas() -> PostgresStats {
    PostgresStats { replicas: Some(storage_postgres::ReplicaStats::default()), ..PostgresStats::default() }
}

/// Every metric has its help and its kind before its values, and nothing stands twice.
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
    let page = metrics.page(
        true,
        TableSeries::Total,
        &BackgroundStats::default(),
        Some(&engine.stats()),
        Some(&with_replicas()),
    );
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
    assert!(names.contains("stator_commit_duration_seconds") && names.contains("stator_table_disk_bytes"));
    assert!(series.contains(r#"stator_table_files_fresh{rows="items"}"#));
}

/// Every metric is explained to the operator, and nothing is that there is not.
#[test]
fn the_documentation_names_every_metric() {
    let folder = tempfile::tempdir().expect("folder");
    let engine = storage::Embedded::open(folder.path(), storage::EmbeddedOptions::default()).expect("engine");
    let metrics = Metrics::new(&MODELS);
    metrics.watch_audit(Arc::<Watch>::default());
    metrics.watch_rows(Some(&storage::Memory::new()));
    let self_signed = TlsArguments { tls_self_signed: true, ..TlsArguments::default() };
    let tls =
        Tls::new(&self_signed, "localhost:0", Duration::ZERO).expect("a certificate").expect("what was asked for");
    metrics.watch_tls(tls);
    let page = metrics.page(
        true,
        TableSeries::Total,
        &BackgroundStats::default(),
        Some(&engine.stats()),
        Some(&with_replicas()),
    );
    let mut delivering = Page::default();
    let figure = Figure { to: "lambda", followers: 1, deliveries: 0, failures: 0, losses: 0, lag_ms: 0 };
    deliveries::write(&[figure], &mut delivering);
    let page = page + &delivering.into_text();
    let written: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let text = std::fs::read_to_string(path).expect("docs/operations.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next());
    let named: BTreeSet<&str> =
        rows.filter(|name| name.starts_with("stator_") || name.starts_with("process_")).collect();
    if cfg!(target_os = "linux") {
        assert_eq!(named, written);
    } else {
        assert!(named.is_superset(&written));
    }
}

#[test]
fn what_a_label_says_stays_in_it() {
    let mut page = Page::default();
    page.gauge("some", "Help.");
    page.labelled(&[("region", "a\"b\\c\nd")], 1);
    assert!(page.into_text().ends_with("some{region=\"a\\\"b\\\\c\\nd\"} 1\n"));
}
