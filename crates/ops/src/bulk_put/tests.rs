//! Bulk puts from a folder of objects, on the engine in memory and the embedded one: what is put, counted and reported, what is refused,
//! how operations are cancelled, and what one is after a crash at any write.

mod crash;
mod stops;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::*;
use base::Clock;
use bytes::Bytes;
use model::Attributes;
use objects::Objects;
use serde_json::{Value, json};
use storage::{Embedded, EmbeddedOptions, Engine, Memory};
use tables::fixture::{item, n, s};

use crate::service::{Service, Settings};
use crate::tests::catalog::{add_index, attribute, caller, describe, key, projection, put, simple, until};

/// A service with an object store: `bucket` has the objects that a test writes, and `out` gets the reports.
struct Tested {
    service: Arc<Service>,
    folder: tempfile::TempDir,
}

fn settings(folder: &Path) -> Settings {
    Settings { objects: Objects::folder(folder.join("store")), ..Settings::default() }
}

impl Tested {
    /// Whose operator allows accounts what the rules say.
    async fn naming(rules: &[&str]) -> Tested {
        let folder = tempfile::tempdir().unwrap();
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let settings = Settings { service_arns: auth::ServiceArns::of_own_account(rules), ..settings(folder.path()) };
        let service = Service::open(Memory::new(), settings, Clock::system()).await.unwrap();
        service.create_table(&caller(), simple("tab")).await.unwrap();
        Tested { service, folder }
    }

    async fn on(engine: Arc<dyn Engine>, folder: tempfile::TempDir) -> Tested {
        for bucket in ["bucket", "out"] {
            std::fs::create_dir_all(folder.path().join("store").join(bucket)).unwrap();
        }
        let service = Service::open(engine, settings(folder.path()), Clock::system()).await.unwrap();
        service.create_table(&caller(), simple("tab")).await.unwrap();
        Tested { service, folder }
    }

    async fn memory() -> Tested {
        Tested::on(Memory::new(), tempfile::tempdir().unwrap()).await
    }

    async fn embedded() -> Tested {
        let folder = tempfile::tempdir().unwrap();
        let engine = Embedded::open(&folder.path().join("rows"), EmbeddedOptions::default()).unwrap();
        Tested::on(engine, folder).await
    }

    fn object(&self, key: &str, bytes: impl AsRef<[u8]>) {
        write_object(self.folder.path(), key, bytes.as_ref());
    }

    async fn start(&self, request: StartBulkPutItemsInput) -> Result<BulkOperationDescription, String> {
        let output = self.service.start_bulk_put_items(&caller(), request).await.map_err(|error| error.to_string())?;
        Ok(output.bulk_operation_description)
    }

    async fn describe(&self, arn: &str) -> Result<BulkOperationDescription, String> {
        described(&self.service, arn).await
    }

    async fn cancel(&self, arn: &str) -> Result<BulkOperationStatus, String> {
        let request = CancelBulkOperationInput { bulk_operation_arn: arn.to_owned() };
        let output = self.service.cancel_bulk_operation(&caller(), request).await.map_err(|error| error.to_string())?;
        assert_eq!(output.bulk_operation_arn, arn);
        Ok(output.bulk_operation_status)
    }

    /// Starts an operation, and waits for its end.
    async fn run(&self, request: StartBulkPutItemsInput) -> BulkOperationDescription {
        let begun = self.start(request).await.unwrap();
        until_ended(&self.service, &begun.bulk_operation_arn.unwrap()).await
    }

    async fn items(&self) -> Vec<Attributes> {
        items(&self.service).await
    }

    /// The files that the manifest names, by the kind of their lines: all lines of each kind.
    fn report(&self, arn: &str) -> (Value, Vec<Value>, Vec<Value>) {
        report(self.folder.path(), arn)
    }

    /// What an operation leaves in the database beside its record is nothing.
    async fn is_cleared(&self) {
        until(async || self.service.transfer_markers::<super::BulkDetails>().await.unwrap().is_empty().then_some(()))
            .await;
    }
}

fn write_object(folder: &Path, key: &str, bytes: &[u8]) {
    let path = folder.join("store/bucket").join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

async fn described(service: &Service, arn: &str) -> Result<BulkOperationDescription, String> {
    let request = DescribeBulkOperationInput { bulk_operation_arn: arn.to_owned() };
    let output = service.describe_bulk_operation(&caller(), request).await.map_err(|error| error.to_string())?;
    Ok(output.bulk_operation_description)
}

async fn until_ended(service: &Service, arn: &str) -> BulkOperationDescription {
    loop {
        let described = described(service, arn).await.unwrap();
        if !matches!(
            described.bulk_operation_status,
            Some(BulkOperationStatus::InProgress | BulkOperationStatus::Cancelling)
        ) {
            return described;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn items(service: &Service) -> Vec<Attributes> {
    let (mut found, mut start): (Vec<Attributes>, _) = (Vec::new(), None);
    loop {
        let request = ScanInput { table_name: "tab".to_owned(), exclusive_start_key: start, ..ScanInput::default() };
        let page = service.scan(&caller(), request).await.unwrap();
        found.extend(page.items.unwrap().into_iter().map(model::Item::into_attributes));
        start = page.last_evaluated_key.map(model::Item::from).map(model::Item::into_attributes);
        if start.is_none() {
            found.sort_by_key(|item| format!("{:?}", item.get("pk")));
            return found;
        }
    }
}

fn report(folder: &Path, arn: &str) -> (Value, Vec<Value>, Vec<Value>) {
    let out = folder.join("store/out");
    let root = format!("AWSDynamoDB/{}/", arn.rsplit_once('/').unwrap().1);
    let read = |key: &str| std::fs::read(out.join(key)).unwrap();
    let (mut errors, mut conditions) = (Vec::new(), Vec::new());
    for manifest in ["manifest-files", "manifest-summary"] {
        let text = read(&format!("{root}{manifest}.json"));
        let md5 = read(&format!("{root}{manifest}.md5"));
        assert_eq!(exchange::write::md5_base64(&text), String::from_utf8(md5).unwrap());
    }
    let files = String::from_utf8(read(&format!("{root}manifest-files.json"))).unwrap();
    for file in files.lines() {
        let file: Value = serde_json::from_str(file).unwrap();
        let content = read(file["dataFileS3Key"].as_str().unwrap());
        assert_eq!(file["md5Checksum"], exchange::write::md5_base64(&content));
        let lines = plain_lines(content.into());
        assert_eq!(file["itemCount"], lines.len());
        match file["outputType"].as_str() {
            Some("ERROR") => errors.extend(lines),
            Some("CONDITION_CHECK_FAILURE") => conditions.extend(lines),
            other => panic!("{other:?}"),
        }
    }
    (serde_json::from_slice(&read(&format!("{root}manifest-summary.json"))).unwrap(), errors, conditions)
}

/// The lines of a gzip.
fn plain_lines(gzip: Bytes) -> Vec<Value> {
    use std::io::Read;
    let mut text = String::new();
    flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn request(prefix: &str) -> StartBulkPutItemsInput {
    StartBulkPutItemsInput {
        table_name: "tab".to_owned(),
        input_s3_configuration: InputS3Configuration {
            s3_bucket: "bucket".to_owned(),
            s3_key_prefix: Some(prefix.to_owned()),
            ..InputS3Configuration::default()
        },
        output_s3_configuration: OutputS3Configuration {
            output_type: vec![OutputTypeEnum::Error, OutputTypeEnum::ConditionCheckFailure],
            s3_bucket: Some("out".to_owned()),
            ..OutputS3Configuration::default()
        },
        ..StartBulkPutItemsInput::default()
    }
}

/// Lines of items with keys from a range.
fn lines(keys: std::ops::Range<usize>, value: &str) -> String {
    keys.map(|at| format!("{{\"Item\":{{\"pk\":{{\"S\":\"{at:05}\"}},\"v\":{{\"S\":\"{value}\"}}}}}}\n")).collect()
}

/// Status, processed, failed.
fn counts(described: &BulkOperationDescription) -> (BulkOperationStatus, i64, i64) {
    let BulkOperationDescription { bulk_operation_status, processed_item_count, failed_item_count, .. } = described;
    (bulk_operation_status.unwrap(), processed_item_count.unwrap(), failed_item_count.unwrap())
}

/// S3 encrypts with a key by the server's own permission: the operator decides whose keys an account may name.
#[tokio::test]
async fn the_key_of_the_report_is_the_accounts_own() {
    let tested = Tested::naming(&["*=arn:aws:s3:::*"]).await;
    let with_key = |key: &str| {
        let mut request = request("a/");
        request.output_s3_configuration.s3_sse_algorithm = Some(S3SseAlgorithm::Kms);
        request.output_s3_configuration.s3_sse_kms_key_id = Some(key.to_owned());
        request
    };
    for key in ["arn:aws:kms:us-east-1:999999999999:key/1234", "1234", "alias/orders"] {
        let error = tested.start(with_key(key)).await.unwrap_err();
        let expected = format!("is not authorized to perform: dynamodb:StartBulkPutItems on resource: {key} ");
        assert!(error.contains(&expected), "{error}");
    }
    tested.start(with_key("arn:aws:kms:us-east-1:000000000000:key/1234")).await.unwrap();
}

#[tokio::test]
async fn a_prefix_of_no_object_is_refused() {
    let tested = Tested::memory().await;
    for prefix in ["../a", "a/../b/", "./a"] {
        let mut request = request("a/");
        request.output_s3_configuration.s3_key_prefix = Some(prefix.to_owned());
        let error = tested.start(request).await.unwrap_err();
        assert!(error.contains("is not the key of an object: it has a part . or .."), "{error}");
    }
}

/// Requests that are sent at once: each counts those before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_account_has_its_operations_at_once() {
    let tested = Arc::new(Tested::memory().await);
    let begun = (0..80).map(|_| {
        let tested = Arc::clone(&tested);
        tokio::spawn(async move { tested.start(request("none/")).await.is_ok() })
    });
    let begun: Vec<_> = begun.collect();
    let mut running_max = 0;
    for one in begun {
        one.await.unwrap();
        running_max = running_max.max(tested.service.transfer_markers::<super::BulkDetails>().await.unwrap().len());
    }
    assert!(running_max <= super::OPERATIONS_MAX, "{running_max}");
}

#[tokio::test]
async fn items_are_put_into_a_table_in_use() {
    for tested in [Tested::memory().await, Tested::embedded().await] {
        put(&tested.service, "tab", &[("pk", s("00001")), ("v", s("old"))]).await;
        put(&tested.service, "tab", &[("pk", s("other"))]).await;
        let (first, second) = (lines(0..700, "first"), lines(600..800, "second"));
        tested.object("in/b", &second);
        tested.object("in/a", &first);
        tested.object("in/c", "");
        tested.object("other", "nonsense");
        let size = (first.len() + second.len()) as i64;
        let asked = StartBulkPutItemsInput { client_token: Some("token".to_owned()), ..request("in/") };
        let begun = tested.start(asked.clone()).await.unwrap();
        let arn = begun.bulk_operation_arn.clone().unwrap();
        let table = describe(&tested.service, "tab").await.unwrap();
        let usage = |units: i64| BulkOperationUsage {
            bulk_put_bytes: Some(units * 1024),
            table: Some(BulkOperationBytes { bulk_put_bytes: Some(units * 1024) }),
            table_name: Some("tab".to_owned()),
            ..BulkOperationUsage::default()
        };
        let expected = BulkOperationDescription {
            bulk_operation_arn: Some(arn.clone()),
            bulk_operation_status: Some(BulkOperationStatus::InProgress),
            bulk_operation_usage: Some(vec![usage(0)]),
            client_token: Some("token".to_owned()),
            failed_item_count: Some(0),
            input_s3_configuration: Some(InputS3Configuration {
                input_compression_type: Some(InputCompressionType::None),
                ..asked.input_s3_configuration.clone()
            }),
            output_s3_configuration: Some(OutputS3Configuration {
                s3_sse_algorithm: Some(S3SseAlgorithm::Aes256),
                ..asked.output_s3_configuration.clone()
            }),
            performance_tier: Some(BulkOperationPerformanceTier::Standard),
            processed_input_bytes: Some(0),
            processed_item_count: Some(0),
            start_time: begun.start_time,
            table_details: Some(vec![BulkOperationTableDetail {
                table_id: table.table_id,
                table_name: Some("tab".to_owned()),
            }]),
            ..BulkOperationDescription::default()
        };
        assert_eq!(begun, expected);
        assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/tab/bulk-operation/0"), "{arn}");
        let ended = until_ended(&tested.service, &arn).await;
        let expected = BulkOperationDescription {
            bulk_operation_status: Some(BulkOperationStatus::Completed),
            bulk_operation_usage: Some(vec![usage(900)]),
            end_time: ended.end_time,
            processed_input_bytes: Some(size),
            processed_item_count: Some(900),
            total_input_bytes: Some(size),
            ..expected
        };
        assert_eq!(ended, expected);
        assert!(ended.end_time >= ended.start_time);
        let found = tested.items().await;
        assert_eq!((found.len(), found[800].get("pk")), (801, Some(&s("other"))));
        // Of records with one key the last one is put last, in the order of the objects' keys.
        let value = |at: usize| if at < 600 { "first" } else { "second" };
        assert!(found[..800].iter().enumerate().all(|(at, item)| item.get("v") == Some(&s(value(at)))));
        let (summary, errors, conditions) = tested.report(&arn);
        assert_eq!((errors.len(), conditions.len()), (0, 0));
        assert_eq!(
            (&summary["bulkOperationStatus"], &summary["processedItemCount"]),
            (&json!("COMPLETED"), &json!(900))
        );
        tested.is_cleared().await;
        // The table is as if each item had been put by itself.
        assert_eq!(describe(&tested.service, "tab").await.unwrap().item_count, Some(801));
        assert_eq!(tested.start(asked).await, Ok(ended), "the token's operation");
    }
}

#[tokio::test]
async fn each_record_may_have_a_condition() {
    let tested = Tested::memory().await;
    put(&tested.service, "tab", &[("pk", s("a")), ("v", n("1"))]).await;
    let line = |pk: &str, v: u32, condition: &str| {
        format!("{{\"Item\":{{\"pk\":{{\"S\":\"{pk}\"}},\"v\":{{\"N\":\"{v}\"}}}}{condition}}}\n")
    };
    let is_new = r#","ConditionExpression":"attribute_not_exists(pk)""#;
    let is_less = |v: u32| {
        format!(
            r##","ConditionExpression":"#v < :v","ExpressionAttributeNames":{{"#v":"v"}},"ExpressionAttributeValues":{{":v":{{"N":"{v}"}}}}"##
        )
    };
    tested.object(
        "1",
        [
            line("a", 2, is_new),
            line("b", 1, is_new),
            // Decided on what the records before it have left, in the same step as well.
            line("b", 2, is_new),
            line("b", 3, &is_less(2)),
            line("b", 4, &is_less(2)),
            line("c", 1, r#","ConditionExpression":"attribute_exists(pk)""#),
            // No condition at all.
            line("d", 1, r#","ConditionExpression":"nonsense(""#),
            line("d", 1, r##","ExpressionAttributeNames":{"#v":"v"}"##),
            line("d", 1, r#","ConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"NS":[]}}"#),
            line("e", 1, ""),
        ]
        .concat(),
    );
    let ended = tested.run(request("")).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 10, 3));
    assert_eq!(
        tested.items().await,
        [
            item(&[("pk", s("a")), ("v", n("1"))]),
            item(&[("pk", s("b")), ("v", n("3"))]),
            item(&[("pk", s("e")), ("v", n("1"))]),
        ]
    );
    let (summary, errors, conditions) = tested.report(&ended.bulk_operation_arn.unwrap());
    assert_eq!((&summary["failedItemCount"], &summary["conditionCheckFailureCount"]), (&json!(3), &json!(4)));
    let pointer = |index: u32| json!({"bucket": "bucket", "key": "1", "itemIndex": index});
    assert_eq!(
        conditions[3],
        json!({"itemS3Pointer": pointer(5), "errorCode": "ConditionalCheckFailedException",
            "errorMessage": "The conditional request failed", "Item": {"pk": {"S": "c"}, "v": {"N": "1"}},
            "ConditionExpression": "attribute_exists(pk)"})
    );
    assert_eq!(
        conditions[2],
        json!({"itemS3Pointer": pointer(4), "errorCode": "ConditionalCheckFailedException",
            "errorMessage": "The conditional request failed", "Item": {"pk": {"S": "b"}, "v": {"N": "4"}},
            "ConditionExpression": "#v < :v", "ExpressionAttributeNames": {"#v": "v"},
            "ExpressionAttributeValues": {":v": {"N": "2"}}, "ExistingItem": {"pk": {"S": "b"}, "v": {"N": "3"}}})
    );
    let at = |lines: &[Value]| {
        lines.iter().map(|line| line["itemS3Pointer"]["itemIndex"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((at(&conditions), at(&errors)), (vec![0, 2, 4, 5], vec![6, 7, 8]));
    assert!(errors[0]["errorMessage"].as_str().unwrap().starts_with("Invalid ConditionExpression: "), "{}", errors[0]);
    assert_eq!(errors[1]["errorMessage"], "ExpressionAttributeNames can only be specified when using expressions");
    assert_eq!(errors[2].get("Item"), None, "what cannot be read is not shown");
}

#[tokio::test]
async fn bad_records_are_counted_and_reported() {
    let tested = Tested::memory().await;
    let keyless = "{\"Item\":{\"x\":{\"S\":\"a\"}}}\n";
    let large = format!("{{\"Item\":{{\"pk\":{{\"S\":\"l\"}},\"v\":{{\"S\":\"{}\"}}}}}}\n", "v".repeat(400 * 1024));
    tested.object("1", [&lines(0..4, "v"), keyless, &lines(4..9, "v")].concat());
    // Behind a line that cannot be read, nothing of the object is.
    tested.object("2", [&lines(10..12, "v"), "nonsense\n", &lines(12..20, "v")].concat());
    tested.object("3", [&large, " \n", "{\"Item\":{\"pk\":{\"N\":\"1\"}}}\n", &lines(20..21, "v")].concat());
    tested.object("4", [0xff, 0xfe]);
    let ended = tested.run(request("")).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 17, 5));
    assert_eq!((ended.failure_code, ended.failure_message), (None, None));
    assert_eq!(ended.processed_input_bytes, ended.total_input_bytes);
    assert_eq!(tested.items().await.len(), 12);
    let arn = ended.bulk_operation_arn.unwrap();
    let (_, errors, _) = tested.report(&arn);
    let shown = |line: &Value| (line["itemS3Pointer"]["key"].clone(), line["itemS3Pointer"]["itemIndex"].clone());
    let expected = [("1", 4), ("2", 2), ("3", 0), ("3", 1), ("4", 0)];
    assert_eq!(errors.iter().map(shown).collect::<Vec<_>>(), expected.map(|(key, index)| (json!(key), json!(index))));
    assert_eq!(
        errors[0],
        json!({"itemS3Pointer": {"bucket": "bucket", "key": "1", "itemIndex": 4}, "errorCode": "ValidationException",
            "errorMessage": "One or more parameter values were invalid: Missing the key pk in the item",
            "Item": {"x": {"S": "a"}}})
    );
    assert_eq!(errors[2]["errorMessage"], "Item size has exceeded the maximum allowed size");
    assert_eq!(errors[2]["Item"]["v"]["S"].as_str().map(str::len), Some(400 * 1024));
    // A line of a report is a record: what was corrected can be put.
    let mut corrected = errors[0].clone();
    corrected["Item"]["pk"] = json!({"S": "corrected"});
    tested.object("again/1", corrected.to_string());
    assert_eq!(counts(&tested.run(request("again/")).await), (BulkOperationStatus::Completed, 1, 0));
}

#[tokio::test]
async fn only_what_was_asked_for_is_reported() {
    let tested = Tested::memory().await;
    let taken = r#"{"Item":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(pk)"}"#;
    tested.object("1", format!("{taken}\n{{\"Item\":{{}}}}\n"));
    for (output_type, expected) in [(OutputTypeEnum::Error, (1, 0)), (OutputTypeEnum::ConditionCheckFailure, (0, 1))] {
        let mut asked = request("");
        asked.output_s3_configuration.output_type = vec![output_type];
        let ended = tested.run(asked).await;
        assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 2, 1));
        let (_, errors, conditions) = tested.report(&ended.bulk_operation_arn.unwrap());
        assert_eq!((errors.len(), conditions.len()), expected);
    }
}

#[tokio::test]
async fn a_failed_condition_is_no_error() {
    let tested = Tested::memory().await;
    tested.object("1", r#"{"Item":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(pk)"}"#);
    assert_eq!(counts(&tested.run(request("")).await), (BulkOperationStatus::Completed, 1, 0));
    assert_eq!(tested.items().await.len(), 0);
}

#[tokio::test]
async fn ion_and_compression() {
    let tested = Tested::memory().await;
    let gzip = |bytes: &[u8]| {
        let mut file = exchange::write::DataFile::new();
        file.push(bytes, 1).unwrap();
        file.finish().unwrap().rest
    };
    tested.object("json.gz", gzip(lines(0..2, "v").as_bytes()));
    let mut asked = request("json.gz");
    asked.input_s3_configuration.input_compression_type = Some(InputCompressionType::Gzip);
    let ended = tested.run(asked).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::Completed, 2, 0));
    assert_eq!(ended.processed_input_bytes, ended.total_input_bytes, "both as they are stored");
    let ion = "$ion_1_0 {Item:{pk:\"a\",n:6d2}}\n{Item:{pk:\"a\"},ConditionExpression:\"attribute_not_exists(pk)\"}\n";
    tested.object("ion", ion);
    let mut asked = request("ion");
    asked.input_s3_configuration.input_format = BulkOperationInputFormat::Ion;
    let ended = tested.run(asked).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::Completed, 2, 0));
    assert_eq!(tested.items().await[2], item(&[("pk", s("a")), ("n", n("600"))]));
    let (_, _, conditions) = tested.report(&ended.bulk_operation_arn.unwrap());
    assert_eq!(conditions[0]["ExistingItem"], json!({"pk": {"S": "a"}, "n": {"N": "600"}}), "in DynamoDB JSON");
    // Not what it is said to be.
    let mut asked = request("ion");
    asked.input_s3_configuration.input_compression_type = Some(InputCompressionType::Zstd);
    assert_eq!(counts(&tested.run(asked).await), (BulkOperationStatus::CompletedWithErrors, 1, 1));
}

#[tokio::test]
async fn indexes_and_streams_follow() {
    let tested = Tested::memory().await;
    let mut table = simple("indexed");
    table.attribute_definitions = Some(vec![
        attribute("pk", ScalarAttributeType::S),
        attribute("sk", ScalarAttributeType::S),
        attribute("l", ScalarAttributeType::S),
    ]);
    table.key_schema = Some(key(&[("pk", KeyType::Hash), ("sk", KeyType::Range)]));
    table.local_secondary_indexes = Some(vec![LocalSecondaryIndex {
        index_name: "by-l".to_owned(),
        key_schema: key(&[("pk", KeyType::Hash), ("l", KeyType::Range)]),
        projection: projection(ProjectionType::All),
    }]);
    table.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "of-l".to_owned(),
        key_schema: key(&[("l", KeyType::Hash)]),
        projection: projection(ProjectionType::KeysOnly),
        ..GlobalSecondaryIndex::default()
    }]);
    table.stream_specification =
        Some(StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::NewImage) });
    tested.service.create_table(&caller(), table).await.unwrap();
    let line =
        |sk: u32, l: &str| format!("{{\"Item\":{{\"pk\":{{\"S\":\"a\"}},\"sk\":{{\"S\":\"{sk}\"}},\"l\":{l}}}}}\n");
    // The last one has no key of the indexes.
    tested.object("1", [line(1, r#"{"S":"x"}"#), line(2, r#"{"S":"x"}"#), line(3, r#"{"N":"1"}"#)].concat());
    let ended = tested.run(StartBulkPutItemsInput { table_name: "indexed".to_owned(), ..request("") }).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 3, 1));
    let of_index = |name: &str| Some([(name.to_owned(), BulkOperationBytes { bulk_put_bytes: Some(2048) })].into());
    assert_eq!(
        ended.bulk_operation_usage.unwrap(),
        [BulkOperationUsage {
            bulk_put_bytes: Some(6 * 1024),
            global_secondary_indexes: of_index("of-l"),
            local_secondary_indexes: of_index("by-l"),
            table: Some(BulkOperationBytes { bulk_put_bytes: Some(2048) }),
            table_name: Some("indexed".to_owned()),
            vector_indexes: None,
        }]
    );
    for index in ["by-l", "of-l"] {
        let request =
            ScanInput { table_name: "indexed".to_owned(), index_name: Some(index.to_owned()), ..ScanInput::default() };
        assert_eq!(tested.service.scan(&caller(), request).await.unwrap().count, Some(2), "{index}");
    }
    let arn = describe(&tested.service, "indexed").await.unwrap().latest_stream_arn.unwrap();
    let log = crate::tests::catalog::stream_reader::describe(&tested.service, &arn).await.unwrap();
    let shard_id = log.shards.unwrap()[0].shard_id.clone().unwrap();
    let iterator = GetShardIteratorInput {
        stream_arn: arn,
        shard_id,
        shard_iterator_type: ShardIteratorType::TrimHorizon,
        sequence_number: None,
        timestamp: None,
    };
    let iterator = tested.service.get_shard_iterator(&caller(), iterator).await.unwrap().shard_iterator.unwrap();
    let records = GetRecordsInput { shard_iterator: iterator, limit: None };
    assert_eq!(tested.service.get_records(&caller(), records).await.unwrap().records.unwrap().len(), 2);
}

#[tokio::test]
async fn a_large_report_has_several_objects() {
    let tested = Tested::memory().await;
    let value = "v".repeat(100_000);
    let record = |at: usize| format!("{{\"Item\":{{\"x\":{{\"N\":\"{at}\"}},\"v\":{{\"S\":\"{value}\"}}}}}}\n");
    for object in 0..2 {
        tested.object(&object.to_string(), (0..100).map(|at| record(object * 100 + at)).collect::<String>());
    }
    let ended = tested.run(request("")).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 200, 200));
    let arn = ended.bulk_operation_arn.unwrap();
    let (_, errors, _) = tested.report(&arn);
    let numbers: Vec<_> =
        errors.iter().map(|line| line["Item"]["x"]["N"].as_str().unwrap().parse::<usize>().unwrap()).collect();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
    let folder =
        tested.folder.path().join("store/out/AWSDynamoDB").join(arn.rsplit_once('/').unwrap().1).join("data/error");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 3);
}

#[tokio::test]
async fn a_report_below_the_input_is_not_read() {
    let tested = Tested::memory().await;
    tested.object("1", "{\"Item\":{\"x\":{\"S\":\"a\"}}}\n");
    tested.object("z", lines(0..1, "v"));
    let mut asked = request("");
    asked.output_s3_configuration.s3_bucket = Some("bucket".to_owned());
    let ended = tested.run(asked).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 2, 1));
    assert_eq!(ended.processed_input_bytes, ended.total_input_bytes);
}

#[tokio::test]
async fn operations_are_listed() {
    let tested = Tested::memory().await;
    let mut arns = Vec::new();
    for _ in 0..12 {
        arns.insert(0, tested.run(request("nothing/")).await.bulk_operation_arn.unwrap());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let list = async |max_results, next_token| {
        let request = ListBulkOperationsInput { max_results, next_token };
        let page = tested.service.list_bulk_operations(&caller(), request).await.unwrap();
        let summaries = page.bulk_operations_summary_list.unwrap().into_iter().map(|summary| {
            assert_eq!(summary.bulk_operation_status, BulkOperationStatus::Completed);
            assert!(summary.end_time.unwrap() >= summary.start_time);
            summary.bulk_operation_arn
        });
        (summaries.collect::<Vec<_>>(), page.next_token)
    };
    let (first, token) = list(None, None).await;
    let (second, end) = list(Some(5), token).await;
    assert_eq!(([first, second].concat(), end), (arns.clone(), None));
    assert_eq!(list(Some(12), None).await, (arns, None));
    let request = ListBulkOperationsInput { max_results: None, next_token: Some("0".repeat(112)) };
    let refused = tested.service.list_bulk_operations(&caller(), request).await.unwrap_err();
    assert!(refused.to_string().starts_with("Invalid Request: Provided nextToken is invalid: "));
    let other = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    let page = tested.service.list_bulk_operations(&other, ListBulkOperationsInput::default()).await.unwrap();
    assert_eq!(page.bulk_operations_summary_list, Some(vec![]));
}

#[tokio::test]
async fn what_is_refused() {
    let tested = Tested::memory().await;
    let refused = async |change: fn(&mut StartBulkPutItemsInput)| {
        let mut asked = request("");
        change(&mut asked);
        tested.start(asked).await.unwrap_err()
    };
    let invalid = "One or more parameter values were invalid: ";
    assert_eq!(
        refused(|asked| asked.output_s3_configuration.s3_bucket = None).await,
        format!("{invalid}S3Bucket must be specified in OutputS3Configuration")
    );
    assert_eq!(
        refused(|asked| asked.output_s3_configuration.output_type.clear()).await,
        format!("{invalid}OutputType must have at least one value")
    );
    assert_eq!(
        refused(|asked| asked.output_s3_configuration.s3_sse_kms_key_id = Some("key".to_owned())).await,
        "Invalid Request: KMS Key Id is not supported for this encryption type"
    );
    assert!(refused(|asked| asked.input_s3_configuration.s3_bucket = "a/b".to_owned()).await.starts_with(invalid));
    assert!(
        refused(|asked| asked.output_s3_configuration.s3_bucket = Some("../x".to_owned())).await.starts_with(invalid)
    );
    assert_eq!(
        refused(|asked| asked.table_name = "nope".to_owned()).await,
        "Requested resource not found: Table: nope not found"
    );
    let arn = |rest: &str| format!("arn:aws:dynamodb:us-east-1:000000000000:table/tab{rest}");
    let unknown = arn("/bulk-operation/01795944000123-0badf00d");
    for other in [arn(""), arn("/import/01795944000123-0badf00d"), unknown, "nonsense".to_owned()] {
        let not_found = format!("Bulk operation not found: {other}");
        assert_eq!(tested.describe(&other).await, Err(not_found.clone()));
        assert_eq!(tested.cancel(&other).await, Err(not_found));
    }
}

#[tokio::test]
async fn a_table_that_is_not_ready_is_refused() {
    let tested = Tested::memory().await;
    let being = |what: &str, name: &str| {
        Err(format!("Attempt to change a resource which is still in use: Table is being {what}: {name}"))
    };
    // The index is not built while its table's work is held up.
    put(&tested.service, "tab", &[("pk", s("a")), ("g", s("x"))]).await;
    let held = tested.service.catalog.find(tables::Place::own(&caller(), "tab")).unwrap();
    tested.service.update_table(&caller(), add_index("tab", "by-g", "g", ProjectionType::All)).await.unwrap();
    assert_eq!(tested.start(request("")).await, being("updated", "tab"));
    drop(held);
    until(async || tested.start(request("")).await.ok()).await;
    let stopped =
        (tested.service.imports.take(&caller().account).await, tested.service.imports.take(&caller().account).await);
    let parameters = TableCreationParameters {
        table_name: "made".to_owned(),
        attribute_definitions: vec![attribute("pk", ScalarAttributeType::S)],
        key_schema: key(&[("pk", KeyType::Hash)]),
        billing_mode: Some(BillingMode::PayPerRequest),
        ..TableCreationParameters::default()
    };
    let import = ImportTableInput {
        client_token: Some("t".to_owned()),
        s3_bucket_source: S3BucketSource { s3_bucket: "bucket".to_owned(), ..S3BucketSource::default() },
        table_creation_parameters: parameters,
        ..ImportTableInput::default()
    };
    tested.service.import_table(&caller(), import).await.unwrap();
    let of_made = StartBulkPutItemsInput { table_name: "made".to_owned(), ..request("") };
    assert_eq!(tested.start(of_made).await, being("created", "made"));
    drop(stopped);
}

#[tokio::test]
async fn a_token_is_of_one_request() {
    let tested = Tested::memory().await;
    let asked = StartBulkPutItemsInput { client_token: Some("token".to_owned()), ..request("nothing/") };
    let ended = tested.run(asked.clone()).await;
    let by_arn = StartBulkPutItemsInput {
        table_name: "arn:aws:dynamodb:us-east-1:000000000000:table/tab".to_owned(),
        ..asked.clone()
    };
    assert_eq!(tested.start(by_arn).await, Ok(ended.clone()), "the same table");
    let changes: [fn(&mut StartBulkPutItemsInput); 5] = [
        |asked| asked.input_s3_configuration.s3_key_prefix = None,
        |asked| asked.output_s3_configuration.output_type.truncate(1),
        |asked| asked.max_write_request_units = Some(2000),
        |asked| asked.performance_tier = Some(BulkOperationPerformanceTier::Accelerated),
        |asked| asked.table_name = "other".to_owned(),
    ];
    for change in changes {
        let mut other = asked.clone();
        change(&mut other);
        let refused = tested.service.start_bulk_put_items(&caller(), other).await.unwrap_err();
        assert_eq!(refused, Exception::IdempotentParameterMismatch);
    }
    // Without a token each request begins an operation.
    assert_ne!(tested.run(request("nothing/")).await.client_token, tested.run(request("nothing/")).await.client_token);
    // Whatever the table is by now.
    let delete = DeleteTableInput { table_name: "tab".to_owned() };
    tested.service.delete_table(&caller(), delete).await.unwrap();
    assert_eq!(tested.start(asked).await, Ok(ended));
}

/// Deliveries to replicas wait for it.
#[tokio::test]
async fn a_bulk_put_wakes_deliveries() {
    let folder = tempfile::tempdir().unwrap();
    for bucket in ["bucket", "out"] {
        std::fs::create_dir_all(folder.path().join("store").join(bucket)).unwrap();
    }
    let regions = vec!["us-east-1".to_owned(), "eu-west-1".to_owned()];
    let settings = Settings { regions, ..settings(folder.path()) };
    let service = Service::open(Memory::new(), settings, Clock::system()).await.unwrap();
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let create = CreateReplicationGroupMemberAction { region_name: "eu-west-1".to_owned(), ..Default::default() };
    let adding = UpdateTableInput {
        table_name: "tab".to_owned(),
        replica_updates: Some(vec![ReplicationGroupUpdate { create: Some(Box::new(create)), ..Default::default() }]),
        ..UpdateTableInput::default()
    };
    service.update_table(&caller(), adding).await.unwrap();
    let source = |definition: &tables::Definition| definition.region == "us-east-1";
    let log = service.log_of(service.catalog.table_ids(source)[0]).unwrap();
    let written = log.written.notified();
    tokio::pin!(written);
    written.as_mut().enable();
    let tested = Tested { service, folder };
    tested.object("items/1.json", r#"{"Item":{"pk":{"S":"a"}}}"#);
    let ended = tested.run(request("items/")).await;
    assert_eq!(ended.bulk_operation_status, Some(BulkOperationStatus::Completed), "{ended:?}");
    tokio::time::timeout(Duration::from_secs(5), written).await.expect("it wakes");
}
