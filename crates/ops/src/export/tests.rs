//! Exports on the engine in memory, to a folder: what is in the objects, and that windows lose and repeat nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::*;
use auth::ServiceArns;
use auth::iam::{Identity, Principal, PrincipalKind, Transport};
use base::{Clock, ManualClock};
use bytes::Bytes;
use exchange::read::{Compression, InputFormat, Next, ObjectReader};
use model::{AttributeValue, Attributes};
use objects::{Bucket, Objects};
use proptest::prelude::*;
use serde_json::Value;
use storage::Memory;
use tables::fixture::{item, n, s};

use crate::service::{Service, Settings};
use crate::tests::catalog::{caller, simple};

const BEGIN_MS: u64 = 1_700_000_000_000;
const MINUTE_MS: u64 = 60_000;

struct Tested {
    service: Arc<Service>,
    hand: ManualClock,
    objects: Objects,
    folder: tempfile::TempDir,
}

impl Tested {
    async fn new() -> Tested {
        Tested::naming(ServiceArns::open()).await
    }

    async fn naming(service_arns: ServiceArns) -> Tested {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bucket")).unwrap();
        let objects = Objects::folder(folder.path().to_owned());
        let settings = Settings { objects: objects.clone(), service_arns, ..Settings::default() };
        let service = Service::open(Memory::new(), settings, clock).await.unwrap();
        service.create_table(&caller(), simple("tab")).await.unwrap();
        Tested { service, hand, objects, folder }
    }

    async fn recover(&self) {
        let request = UpdateContinuousBackupsInput {
            table_name: "tab".to_owned(),
            point_in_time_recovery_specification: PointInTimeRecoverySpecification {
                point_in_time_recovery_enabled: true,
                recovery_period_in_days: None,
            },
        };
        self.service.update_continuous_backups(&caller(), request).await.unwrap();
    }

    async fn put(&self, key: u8, value: u32) {
        let request = PutItemInput {
            table_name: "tab".to_owned(),
            item: item(&[("pk", s(&key.to_string())), ("v", n(&value.to_string()))]),
            ..PutItemInput::default()
        };
        self.service.put_item(&caller(), request).await.unwrap();
    }

    async fn delete(&self, key: u8) {
        let key = item(&[("pk", s(&key.to_string()))]);
        let request = DeleteItemInput { table_name: "tab".to_owned(), key, ..DeleteItemInput::default() };
        self.service.delete_item(&caller(), request).await.unwrap();
    }

    async fn items(&self) -> Items {
        let request = ScanInput { table_name: "tab".to_owned(), ..ScanInput::default() };
        let page = self.service.scan(&caller(), request).await.unwrap();
        let items = page.items.unwrap_or_default().into_iter().map(|item| item.view().to_owned());
        items.map(|item| (pk(&item), item)).collect()
    }

    async fn begin(&self, request: ExportTableToPointInTimeInput) -> Result<ExportDescription, String> {
        let output = self.service.export_table_to_point_in_time(&caller(), request).await;
        Ok(output.map_err(|error| error.to_string())?.export_description.unwrap())
    }

    async fn describe(&self, arn: &str) -> ExportDescription {
        let request = DescribeExportInput { export_arn: arn.to_owned() };
        self.service.describe_export(&caller(), request).await.unwrap().export_description.unwrap()
    }

    async fn until_ended(&self, arn: &str) -> ExportDescription {
        loop {
            let described = self.describe(arn).await;
            if described.export_status != Some(ExportStatus::InProgress) {
                return described;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn export(&self, request: ExportTableToPointInTimeInput) -> ExportDescription {
        let begun = self.begin(request).await.unwrap();
        assert_eq!(begun.export_status, Some(ExportStatus::InProgress));
        let ended = self.until_ended(&begun.export_arn.unwrap()).await;
        assert_eq!(ended.export_status, Some(ExportStatus::Completed), "{ended:?}");
        ended
    }

    async fn object(&self, key: &str) -> Bytes {
        let place = Bucket::parse("bucket", None).unwrap().place(key).unwrap();
        let mut reader = self.objects.reader(&place, 0).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(next) = reader.next().await.unwrap() {
            bytes.extend_from_slice(&next);
        }
        bytes.into()
    }

    async fn json(&self, key: &str) -> Value {
        serde_json::from_slice(&self.object(key).await).unwrap()
    }

    /// The uncompressed data of an export, which its manifests name; their checksums are checked.
    async fn data(&self, described: &ExportDescription) -> Vec<u8> {
        let manifest = described.export_manifest.clone().unwrap();
        let summary = self.json(&manifest).await;
        self.check_md5(&manifest).await;
        let files = summary["manifestFilesS3Key"].as_str().unwrap();
        self.check_md5(files).await;
        let (mut data, mut count) = (Vec::new(), 0);
        for line in String::from_utf8(self.object(files).await.to_vec()).unwrap().lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let content = self.object(entry["dataFileS3Key"].as_str().unwrap()).await;
            assert_eq!(exchange::write::md5_base64(&content), entry["md5Checksum"].as_str().unwrap());
            count += entry["itemCount"].as_u64().unwrap();
            std::io::copy(&mut flate2::read::MultiGzDecoder::new(&content[..]), &mut data).unwrap();
        }
        assert_eq!((summary["itemCount"].as_u64(), described.item_count), (Some(count), Some(count as i64)));
        data
    }

    async fn check_md5(&self, manifest: &str) {
        let md5 = self.object(&crate::object_layout::checksum(manifest)).await;
        assert_eq!(md5, exchange::write::md5_base64(&self.object(manifest).await));
    }

    /// The items of a full export.
    async fn exported(&self, described: &ExportDescription) -> Items {
        let data = self.data(described).await;
        items_of(&data, InputFormat::DynamoDbJson)
    }
}

type Items = BTreeMap<String, Attributes>;

fn pk(item: &Attributes) -> String {
    let Some(AttributeValue::S(pk)) = item.get("pk") else { panic!("an item without its key") };
    pk.clone()
}

fn items_of(data: &[u8], format: InputFormat) -> Items {
    let mut reader = ObjectReader::new(format, Compression::None);
    reader.push(Bytes::copy_from_slice(data));
    reader.push_end();
    let mut items = Items::new();
    loop {
        match reader.next_record() {
            Next::Record(record) => {
                let item = record.item.unwrap();
                assert!(items.insert(pk(&item), item).is_none(), "an item is there twice");
            }
            Next::End => return items,
            other => panic!("{other:?}"),
        }
    }
}

fn full(at_ms: Option<u64>) -> ExportTableToPointInTimeInput {
    ExportTableToPointInTimeInput {
        table_arn: "arn:aws:dynamodb:us-east-1:000000000000:table/tab".to_owned(),
        s3_bucket: "bucket".to_owned(),
        export_time: at_ms.map(timestamp),
        ..ExportTableToPointInTimeInput::default()
    }
}

fn timestamp(ms: u64) -> Timestamp {
    Timestamp { epoch_ms: ms as i64 }
}

fn incremental(from_ms: u64, to_ms: u64, view: Option<ExportViewType>) -> ExportTableToPointInTimeInput {
    ExportTableToPointInTimeInput {
        export_type: Some(ExportType::IncrementalExport),
        incremental_export_specification: Some(IncrementalExportSpecification {
            export_from_time: Some(timestamp(from_ms)),
            export_to_time: Some(timestamp(to_ms)),
            export_view_type: view,
        }),
        ..full(None)
    }
}

/// One image of a line, as items are read.
fn image(line: &Value, name: &str) -> Option<(String, Attributes)> {
    let image = line.get(name)?;
    let text = format!("{{\"Item\":{image}}}\n");
    items_of(text.as_bytes(), InputFormat::DynamoDbJson).into_iter().next()
}

/// Applies an incremental export to the table before it, whose old images must be what is there.
fn apply(items: &mut Items, data: &[u8]) {
    for line in std::str::from_utf8(data).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let key = line["Keys"]["pk"]["S"].as_str().unwrap();
        let old = image(&line, "OldImage").map(|(_, old)| old);
        assert_eq!(items.get(key), old.as_ref(), "{line}");
        match image(&line, "NewImage") {
            Some((key, new)) => _ = items.insert(key, new),
            None => assert!(items.remove(key).is_some(), "{line}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// A full export with the windows that follow it is the next full export, and the table.
    #[test]
    fn windows_lose_and_repeat_nothing(
        windows in prop::collection::vec(prop::collection::vec((0u8..5, any::<bool>(), 0u64..5), 0..12), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let tested = Tested::new().await;
            tested.put(0, 1).await;
            tested.recover().await;
            tested.hand.advance_ms(1_000);
            let mut from_ms = tested.service.clock.now_ms();
            let mut folded = tested.exported(&tested.export(full(Some(from_ms))).await).await;
            for (number, window) in windows.iter().enumerate() {
                tested.hand.advance_ms(15 * MINUTE_MS);
                for (value, (key, is_put, wait)) in window.iter().enumerate() {
                    match is_put {
                        true => tested.put(*key, (number * 1000 + value) as u32).await,
                        false => tested.delete(*key).await,
                    }
                    tested.hand.advance_ms(*wait);
                }
                // One edge is within the changes of a millisecond.
                let to_ms = tested.service.clock.now_ms();
                let described = tested.export(incremental(from_ms, to_ms, None)).await;
                apply(&mut folded, &tested.data(&described).await);
                let described = tested.export(full(Some(to_ms))).await;
                assert_eq!(tested.exported(&described).await, folded);
                from_ms = to_ms;
            }
            tested.hand.advance_ms(15 * MINUTE_MS);
            let to_ms = tested.service.clock.now_ms();
            let described = tested.export(incremental(from_ms, to_ms, None)).await;
            apply(&mut folded, &tested.data(&described).await);
            assert_eq!(folded, tested.items().await);
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_full_export_is_laid_out_as_dynamodb_lays_it_out() {
    let tested = Tested::new().await;
    tested.recover().await;
    tested.put(1, 600).await;
    let request = ExportTableToPointInTimeInput { s3_prefix: Some("nightly/".to_owned()), ..full(None) };
    let begun = tested.begin(request.clone()).await.unwrap();
    assert!(begun.client_token.is_some() && begun.export_type.is_none() && begun.end_time.is_none());
    assert_eq!(begun.export_time, begun.start_time);
    assert_eq!(
        (begun.s3_sse_algorithm, begun.export_format),
        (Some(S3SseAlgorithm::Aes256), Some(ExportFormat::DynamodbJson))
    );
    // What is written behind the request is not in it.
    tested.hand.advance_ms(1);
    tested.put(2, 1).await;
    let arn = begun.export_arn.unwrap();
    let ended = tested.until_ended(&arn).await;
    let id = arn.rsplit('/').next().unwrap();
    let root = format!("nightly/AWSDynamoDB/{id}");
    assert_eq!(ended.export_manifest, Some(format!("{root}/manifest-summary.json")));
    assert_eq!(tested.data(&ended).await, b"{\"Item\":{\"pk\":{\"S\":\"1\"},\"v\":{\"N\":\"600\"}}}\n");
    assert!(tested.object(&format!("{root}/_started")).await.is_empty());
    let text = String::from_utf8(tested.object(&format!("{root}/manifest-summary.json")).await.to_vec()).unwrap();
    let time = |time: Option<Timestamp>| base::utc::rfc3339_ms(time.unwrap().epoch_ms as u64);
    let expected = format!(
        "{{\"version\":\"2020-06-30\",\"exportArn\":\"{arn}\",\"startTime\":\"{}\",\"endTime\":\"{}\",\
         \"tableArn\":\"arn:aws:dynamodb:us-east-1:000000000000:table/tab\",\"tableId\":\"{}\",\"exportTime\":\"{}\",\
         \"s3Bucket\":\"bucket\",\"s3Prefix\":\"nightly/\",\"s3SseAlgorithm\":\"AES256\",\"s3SseKmsKeyId\":null,\
         \"manifestFilesS3Key\":\"{root}/manifest-files.json\",\"billedSizeBytes\":42,\"itemCount\":1,\
         \"outputFormat\":\"DYNAMODB_JSON\"}}",
        time(ended.start_time),
        time(ended.end_time),
        ended.table_id.unwrap(),
        time(ended.export_time)
    );
    assert_eq!(text, expected);
    // The copy that it was written from is not there any more, and the record stays.
    while !tested.service.catalog.table_ids(|definition| !definition.is_table()).is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let listed = tested.service.list_exports(&caller(), ListExportsInput::default()).await.unwrap();
    let listed = listed.export_summaries.unwrap();
    assert_eq!((listed.len(), listed[0].export_type), (1, Some(ExportType::FullExport)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_incremental_export_has_one_line_an_item() {
    let tested = Tested::new().await;
    tested.recover().await;
    tested.put(1, 1).await;
    tested.put(2, 1).await;
    tested.hand.advance_ms(1_000);
    let from_ms = tested.service.clock.now_ms();
    tested.put(1, 2).await;
    tested.put(1, 3).await;
    tested.delete(2).await;
    tested.put(3, 1).await;
    tested.put(4, 1).await;
    tested.delete(4).await;
    tested.hand.advance_ms(15 * MINUTE_MS);
    let to_ms = tested.service.clock.now_ms();
    tested.put(5, 1).await;
    for (view, expected) in [
        (
            None,
            [
                r#"{"Metadata":{"WriteTimestampMicros":{"N":"1700000001000000"}},"Keys":{"pk":{"S":"1"}},"NewImage":{"pk":{"S":"1"},"v":{"N":"3"}},"OldImage":{"pk":{"S":"1"},"v":{"N":"1"}}}"#,
                r#"{"Metadata":{"WriteTimestampMicros":{"N":"1700000001000000"}},"Keys":{"pk":{"S":"2"}},"OldImage":{"pk":{"S":"2"},"v":{"N":"1"}}}"#,
                r#"{"Metadata":{"WriteTimestampMicros":{"N":"1700000001000000"}},"Keys":{"pk":{"S":"3"}},"NewImage":{"pk":{"S":"3"},"v":{"N":"1"}}}"#,
            ],
        ),
        (
            Some(ExportViewType::NewImage),
            [
                r#"{"Metadata":{"WriteTimestampMicros":{"N":"1700000001000000"}},"Keys":{"pk":{"S":"1"}},"NewImage":{"pk":{"S":"1"},"v":{"N":"3"}}}"#,
                r#"{"Metadata":{"WriteTimestampMicros":{"N":"1700000001000000"}},"Keys":{"pk":{"S":"2"}}}"#,
                r#"{"Metadata":{"WriteTimestampMicros":{"N":"1700000001000000"}},"Keys":{"pk":{"S":"3"}},"NewImage":{"pk":{"S":"3"},"v":{"N":"1"}}}"#,
            ],
        ),
    ] {
        let described = tested.export(incremental(from_ms, to_ms, view)).await;
        assert_eq!(described.billed_size_bytes, Some(10_000_000));
        let data = String::from_utf8(tested.data(&described).await).unwrap();
        let mut lines: Vec<&str> = data.lines().collect();
        lines.sort_by_key(|line| line.find("Keys").map(|at| line[at..].to_owned()));
        assert_eq!(lines, expected);
        let summary = tested.json(&described.export_manifest.unwrap()).await;
        assert_eq!((&summary["version"], &summary["exportType"]), (&"2023-08-01".into(), &"INCREMENTAL_EXPORT".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn formats_and_filters() {
    let tested = Tested::new().await;
    tested.recover().await;
    for key in 0..9 {
        tested.put(key, u32::from(key)).await;
    }
    let described =
        tested.export(ExportTableToPointInTimeInput { export_format: Some(ExportFormat::Ion), ..full(None) }).await;
    assert_eq!(items_of(&tested.data(&described).await, InputFormat::Ion), tested.items().await);
    let filter = FilterSpecification {
        filter_expression: Some("v > :min".to_owned()),
        projection_expression: Some("pk".to_owned()),
        expression_attribute_values: Some(item(&[(":min", n("6"))])),
        ..FilterSpecification::default()
    };
    let request = ExportTableToPointInTimeInput { filter_specification: Some(filter.clone()), ..full(None) };
    let described = tested.export(request).await;
    assert_eq!(described.filter_specification, Some(filter));
    let found = tested.exported(&described).await;
    assert_eq!(found.into_values().collect::<Vec<_>>(), [item(&[("pk", s("7"))]), item(&[("pk", s("8"))])]);
    let keyed = FilterSpecification {
        key_condition_expression: Some("pk = :pk".to_owned()),
        expression_attribute_values: Some(item(&[(":pk", s("3"))])),
        ..FilterSpecification::default()
    };
    let request = ExportTableToPointInTimeInput { filter_specification: Some(keyed), ..full(None) };
    assert_eq!(tested.export(request).await.item_count, Some(1));
    for refused in [
        FilterSpecification::default(),
        FilterSpecification { filter_expression: Some("v >".to_owned()), ..FilterSpecification::default() },
        FilterSpecification { key_condition_expression: Some("pk > :a".to_owned()), ..FilterSpecification::default() },
    ] {
        let request = ExportTableToPointInTimeInput { filter_specification: Some(refused), ..full(None) };
        let error = tested.begin(request).await.unwrap_err();
        assert!(error.contains("Invalid Request: Invalid FilterSpecification: "), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_refused_and_what_fails() {
    let tested = Tested::new().await;
    let error = tested.begin(full(None)).await.unwrap_err();
    assert!(error.contains("Point in time recovery is not enabled for table 'tab'"), "{error}");
    tested.recover().await;
    tested.hand.advance_ms(60 * MINUTE_MS);
    let now_ms = tested.service.clock.now_ms();
    for (request, text) in [
        (full(Some(now_ms + 2)), "Export Time is invalid"),
        (full(Some(BEGIN_MS - 1)), "Export Time is invalid"),
        (incremental(now_ms - MINUTE_MS, now_ms, None), "is less than 15 minutes"),
        (
            incremental(BEGIN_MS - 1, now_ms, None),
            "cannot be less than the table creation time : 2023-11-14T22:13:19.999Z",
        ),
        (incremental(BEGIN_MS, now_ms + 1, None), "cannot be greater than the current time : "),
        (
            ExportTableToPointInTimeInput { s3_sse_kms_key_id: Some("k".to_owned()), ..full(None) },
            "Invalid Request: KMS Key Id is not supported for this encryption type",
        ),
        (
            ExportTableToPointInTimeInput { export_type: None, ..incremental(BEGIN_MS, now_ms, None) },
            "Invalid Request: Export Type expected to be Incremental Export when incremental export specification is provided",
        ),
        (ExportTableToPointInTimeInput { table_arn: "tab".to_owned(), ..full(None) }, "tableArn is not a valid ARN"),
        (
            ExportTableToPointInTimeInput {
                filter_specification: Some(FilterSpecification {
                    filter_expression: Some("f".repeat(128 << 10)),
                    ..FilterSpecification::default()
                }),
                ..full(None)
            },
            "and the most is 131072",
        ),
    ] {
        let error = tested.begin(request).await.unwrap_err();
        assert!(error.contains(text), "{error}");
    }
    let token =
        |token: &str, request| ExportTableToPointInTimeInput { client_token: Some(token.to_owned()), ..request };
    let first = tested.begin(token("t", full(None))).await.unwrap();
    let again = tested.begin(token("t", full(None))).await.unwrap();
    assert_eq!(first.export_arn, again.export_arn);
    let other = ExportTableToPointInTimeInput { s3_bucket: "other".to_owned(), ..full(None) };
    let conflict = tested.begin(token("t", other.clone())).await.unwrap_err();
    assert!(conflict.contains("Export conflict: Duplicate request detected with conflicting parameters"), "{conflict}");
    let failed = tested.begin(other).await.unwrap();
    let failed = tested.until_ended(&failed.export_arn.unwrap()).await;
    assert_eq!(
        (failed.export_status, failed.failure_code.as_deref()),
        (Some(ExportStatus::Failed), Some("S3NoSuchBucket"))
    );
    assert!(failed.item_count.is_none() && failed.export_manifest.is_none() && failed.end_time.is_some());
    assert!(!tested.folder.path().join("other").exists());
}

/// S3 encrypts with a key by the server's own permission: the operator decides whose keys an account may name.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_key_is_the_accounts_own() {
    let rules = ["*=arn:aws:s3:::bucket", "000000000000=arn:aws:kms:us-east-1:444455556666:key/allowed"];
    let rules = rules.map(|rule| rule.parse().unwrap()).to_vec();
    let tested = Tested::naming(ServiceArns::of_own_account(rules)).await;
    tested.recover().await;
    let with_key = |key: &str| ExportTableToPointInTimeInput {
        s3_sse_algorithm: Some(S3SseAlgorithm::Kms),
        s3_sse_kms_key_id: Some(key.to_owned()),
        ..full(None)
    };
    for key in ["arn:aws:kms:us-east-1:999999999999:key/1234", "1234", "alias/orders"] {
        let error = tested.begin(with_key(key)).await.unwrap_err();
        let expected = format!("is not authorized to perform: dynamodb:ExportTableToPointInTime on resource: {key} ");
        assert!(error.contains(&expected), "{error}");
    }
    for key in ["arn:aws:kms:us-east-1:000000000000:key/1234", "arn:aws:kms:us-east-1:444455556666:key/allowed"] {
        let export = tested.export(with_key(key)).await;
        assert_eq!(export.s3_sse_kms_key_id.as_deref(), Some(key));
    }
}

/// A caller that may list its own exports sees no other account's.
#[tokio::test]
async fn exports_of_another_account_are_not_listed() {
    let tested = Tested::new().await;
    tested.recover().await;
    let described = tested.export(full(None)).await;
    let list = async |caller: &auth::Caller| {
        let request = ListExportsInput { table_arn: described.table_arn.clone(), ..ListExportsInput::default() };
        tested.service.list_exports(caller, request).await.unwrap().export_summaries.unwrap_or_default().len()
    };
    assert_eq!(list(&caller()).await, 1);
    assert_eq!(list(&user_of("222222222222")).await, 0);
}

/// Whose policies allow the operation.
fn user_of(account: &str) -> auth::Caller {
    let principal = Principal {
        kind: PrincipalKind::User,
        account: account.to_owned(),
        arn: format!("arn:aws:iam::{account}:user/ann"),
        role_arn: None,
        role_id: None,
        user_id: "AIDA1".to_owned(),
        username: Some("ann".to_owned()),
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: Vec::new(),
        boundary: None,
        session_policies: None,
    };
    let transport = Transport { peer: std::net::Ipv4Addr::LOCALHOST.into(), secure: false };
    auth::Caller {
        account: account.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "AKIA1".to_owned(),
        identity: Some(Identity { principal: Arc::new(principal), transport, user_agent: None, now_ms: BEGIN_MS }),
        served: None,
    }
}
