//! Imports from a folder of objects, on the engine in memory and the embedded one: what is imported and counted, what is refused,
//! and what an import is after a crash at any write.

mod crash;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::*;
use base::Clock;
use model::{AttributeValue, Attributes};
use objects::Objects;
use storage::{Embedded, EmbeddedOptions, Engine, Memory};
use tables::fixture::{item, n, s};

use crate::import_errors::ImportErrors;
use crate::service::{Service, Settings};
use crate::tests::catalog::{attribute, caller, describe, key, projection};

/// A service with an object store, in whose bucket `bucket` are the objects that a test writes.
struct Tested {
    service: Arc<Service>,
    folder: tempfile::TempDir,
}

fn settings(folder: &Path) -> Settings {
    Settings {
        objects: Objects::folder(folder.join("store")),
        import_errors: Some(ImportErrors { folder: folder.join("import-errors"), free_bytes_min: 0 }),
        ..Settings::default()
    }
}

impl Tested {
    async fn on(engine: Arc<dyn Engine>, folder: tempfile::TempDir) -> Tested {
        std::fs::create_dir_all(folder.path().join("store/bucket")).unwrap();
        let service = Service::open(engine, settings(folder.path()), Clock::system()).await.unwrap();
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

    fn object(&self, key: &str, bytes: &[u8]) {
        write_object(self.folder.path(), key, bytes);
    }

    async fn import(&self, request: ImportTableInput) -> Result<ImportTableDescription, String> {
        let output = self.service.import_table(&caller(), request).await.map_err(|error| error.to_string())?;
        Ok(output.import_table_description)
    }

    async fn describe_import(&self, arn: &str) -> Result<ImportTableDescription, String> {
        let request = DescribeImportInput { import_arn: arn.to_owned() };
        let output = self.service.describe_import(&caller(), request).await.map_err(|error| error.to_string())?;
        Ok(output.import_table_description)
    }

    /// Imports, and waits for the end.
    async fn import_all(&self, request: ImportTableInput) -> ImportTableDescription {
        let begun = self.import(request).await.unwrap();
        until_ended(&self.service, &begun.import_arn.unwrap()).await
    }

    async fn items(&self, table: &str) -> Vec<Attributes> {
        items(&self.service, table).await
    }
}

fn write_object(folder: &Path, key: &str, bytes: &[u8]) {
    let path = folder.join("store/bucket").join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

async fn until_ended(service: &Service, arn: &str) -> ImportTableDescription {
    loop {
        let request = DescribeImportInput { import_arn: arn.to_owned() };
        let import = service.describe_import(&caller(), request).await.unwrap().import_table_description;
        if import.import_status != Some(ImportStatus::InProgress) {
            return import;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn items(service: &Service, table: &str) -> Vec<Attributes> {
    let (mut found, mut start): (Vec<Attributes>, _) = (Vec::new(), None);
    loop {
        let request = ScanInput { table_name: table.to_owned(), exclusive_start_key: start, ..ScanInput::default() };
        let page = service.scan(&caller(), request).await.unwrap();
        found.extend(page.items.unwrap().into_iter().map(model::Item::into_attributes));
        start = page.last_evaluated_key.map(model::Item::from).map(model::Item::into_attributes);
        if start.is_none() {
            found.sort_by_key(|item| format!("{:?}", item.get("pk")));
            return found;
        }
    }
}

fn parameters(table: &str) -> TableCreationParameters {
    TableCreationParameters {
        table_name: table.to_owned(),
        attribute_definitions: vec![attribute("pk", ScalarAttributeType::S)],
        key_schema: key(&[("pk", KeyType::Hash)]),
        billing_mode: Some(BillingMode::PayPerRequest),
        ..TableCreationParameters::default()
    }
}

fn request(table: &str, prefix: &str) -> ImportTableInput {
    ImportTableInput {
        client_token: Some(format!("token-of-{table}")),
        input_format: InputFormat::DynamodbJson,
        s3_bucket_source: S3BucketSource {
            s3_bucket: "bucket".to_owned(),
            s3_bucket_owner: None,
            s3_key_prefix: Some(prefix.to_owned()),
        },
        table_creation_parameters: parameters(table),
        ..ImportTableInput::default()
    }
}

/// Lines of items with keys from a range.
fn lines(keys: std::ops::Range<usize>, value: &str) -> String {
    keys.map(|at| format!("{{\"Item\":{{\"pk\":{{\"S\":\"{at:05}\"}},\"v\":{{\"S\":\"{value}\"}}}}}}\n")).collect()
}

/// Status, processed, imported, errors, bytes.
fn counts(import: &ImportTableDescription) -> (ImportStatus, i64, i64, i64, i64) {
    (
        import.import_status.unwrap(),
        import.processed_item_count.unwrap(),
        import.imported_item_count.unwrap(),
        import.error_count.unwrap(),
        import.processed_size_bytes.unwrap(),
    )
}

#[tokio::test]
async fn a_table_is_made_of_objects() {
    for house in [Tested::memory().await, Tested::embedded().await] {
        let (first, second) = (lines(0..700, "first"), lines(600..800, "second"));
        house.object("in/b", second.as_bytes());
        house.object("in/a", first.as_bytes());
        house.object("in/c", b"");
        house.object("other", b"nonsense");
        let begun = house.import(request("tab", "in/")).await.unwrap();
        assert_eq!(
            ImportTableDescription { import_arn: None, start_time: None, table_id: None, ..begun.clone() },
            ImportTableDescription {
                client_token: Some("token-of-tab".to_owned()),
                cloud_watch_log_group_arn: Some(
                    "arn:aws:logs:us-east-1:000000000000:log-group:/aws-dynamodb/imports:*".to_owned()
                ),
                error_count: Some(0),
                import_status: Some(ImportStatus::InProgress),
                imported_item_count: Some(0),
                input_compression_type: Some(InputCompressionType::None),
                input_format: Some(InputFormat::DynamodbJson),
                processed_item_count: Some(0),
                s3_bucket_source: Some(S3BucketSource {
                    s3_bucket: "bucket".to_owned(),
                    s3_bucket_owner: Some("000000000000".to_owned()),
                    s3_key_prefix: Some("in/".to_owned()),
                }),
                table_arn: Some("arn:aws:dynamodb:us-east-1:000000000000:table/tab".to_owned()),
                table_creation_parameters: Some(parameters("tab")),
                ..ImportTableDescription::default()
            }
        );
        let arn = begun.import_arn.unwrap();
        assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/tab/import/0"), "{arn}");
        let ended = until_ended(&house.service, &arn).await;
        let size = (first.len() + second.len()) as i64;
        assert_eq!(counts(&ended), (ImportStatus::Completed, 900, 900, 0, size));
        assert!(ended.end_time.is_some() && ended.failure_code.is_none());
        let table = describe(&house.service, "tab").await.unwrap();
        assert_eq!((table.table_status, table.table_id), (Some(TableStatus::Active), ended.table_id));
        assert_eq!((table.item_count, table.restore_summary), (Some(800), None));
        let found = house.items("tab").await;
        assert_eq!(found.len(), 800);
        // Of items with one key the last one wins, in the order of the objects' keys.
        let expected = |at: usize| if at < 600 { "first" } else { "second" };
        assert!(found.iter().enumerate().all(|(at, item)| item.get("v") == Some(&s(expected(at)))));
    }
}

#[tokio::test]
async fn later_lines_of_one_step_win() {
    let house = Tested::memory().await;
    house.object("a", [lines(0..3, "1"), lines(0..3, "2"), lines(1..2, "3")].concat().as_bytes());
    let ended = house.import_all(request("tab", "")).await;
    assert_eq!((ended.processed_item_count, ended.imported_item_count), (Some(7), Some(7)));
    let values: Vec<_> = house.items("tab").await.iter().map(|item| item.get("v").cloned()).collect();
    assert_eq!(values, [Some(s("2")), Some(s("3")), Some(s("2"))]);
}

#[tokio::test]
async fn bad_items_and_bad_lines_are_counted() {
    let house = Tested::memory().await;
    let keyless = "{\"Item\":{\"x\":{\"S\":\"a\"}}}\n";
    let large = format!("{{\"Item\":{{\"pk\":{{\"S\":\"l\"}},\"v\":{{\"S\":\"{}\"}}}}}}\n", "v".repeat(400 * 1024));
    house.object("1", [&lines(0..4, "v"), keyless, &lines(4..9, "v")].concat().as_bytes());
    // Behind a line that cannot be read, nothing of the object is.
    house.object("2", [&lines(10..12, "v"), "nonsense\n", &lines(12..20, "v")].concat().as_bytes());
    house.object("3", [&large, " \n", "{\"Item\":{\"pk\":{\"N\":\"1\"}}}\n", &lines(20..21, "v")].concat().as_bytes());
    let ended = house.import_all(request("tab", "")).await;
    let (status, processed, imported, errors, _) = counts(&ended);
    assert_eq!((status, processed, imported, errors), (ImportStatus::Failed, 16, 12, 4));
    assert_eq!(ended.failure_code.as_deref(), Some("ItemValidationError"));
    assert_eq!(
        ended.failure_message.as_deref(),
        Some(
            "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for \
             more details."
        )
    );
    assert_eq!(describe(&house.service, "tab").await.unwrap().table_status, Some(TableStatus::Active));
    assert_eq!(house.items("tab").await.len(), 12);
    // Each is logged, as AWS logs it.
    let arn = ended.import_arn.unwrap();
    let id = arn.rsplit_once('/').unwrap().1;
    let log =
        std::fs::read_to_string(house.folder.path().join(format!("import-errors/{}/{id}.jsonl", caller().account)))
            .unwrap();
    let line = |key: u32, index: u32, message: &str| {
        format!(
            "{{\"itemS3Pointer\":{{\"bucket\":\"bucket\",\"key\":\"{key}\",\"itemIndex\":{index}}},\"importArn\":\"{arn}\",\
             \"errorMessages\":[\"{message}\"]}}"
        )
    };
    let found: Vec<&str> = log.lines().collect();
    assert_eq!(found.len(), 4);
    assert_eq!(found[0], line(1, 4, "One or more parameter values were invalid: Missing the key pk in the item"));
    assert!(found[1].starts_with(&line(2, 2, "a line is no JSON of an item: ").replace("\"]}", "")), "{}", found[1]);
    assert!(found[1].ends_with("; the rest of the object is not read\"]}"), "{}", found[1]);
    assert_eq!(found[2], line(3, 0, "Item size has exceeded the maximum allowed size"));
    assert_eq!(
        found[3],
        line(3, 1, "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N")
    );
}

#[tokio::test]
async fn an_import_of_no_object_is_an_empty_table() {
    let house = Tested::memory().await;
    let ended = house.import_all(request("tab", "nothing/")).await;
    assert_eq!(counts(&ended), (ImportStatus::Completed, 0, 0, 0, 0));
    assert_eq!(describe(&house.service, "tab").await.unwrap().item_count, Some(0));
}

#[tokio::test]
async fn an_import_of_a_missing_bucket_fails_and_leaves_no_table() {
    let house = Tested::memory().await;
    let mut asked = request("tab", "");
    asked.s3_bucket_source.s3_bucket = "missing".to_owned();
    let ended = house.import_all(asked).await;
    assert_eq!(counts(&ended), (ImportStatus::Failed, 0, 0, 0, 0));
    assert_eq!(ended.failure_code.as_deref(), Some("S3NoSuchBucket"));
    assert!(ended.failure_message.unwrap().starts_with("The specified bucket does not exist (Service: Amazon S3;"));
    assert_eq!(ended.table_arn.as_deref(), Some("arn:aws:dynamodb:us-east-1:000000000000:table/tab"));
    crate::tests::catalog::until(async || describe(&house.service, "tab").await.is_err().then_some(())).await;
    // The token still names the import, and begins no other one.
    let again = house.import(request("tab", "")).await.unwrap();
    assert_eq!(again.import_status, Some(ImportStatus::Failed));
    assert!(describe(&house.service, "tab").await.is_err());
}

#[tokio::test]
async fn without_an_object_store_an_import_fails() {
    let service = crate::tests::catalog::open(&Memory::new()).await;
    let begun = service.import_table(&caller(), request("tab", "")).await.unwrap().import_table_description;
    let ended = until_ended(&service, &begun.import_arn.unwrap()).await;
    assert_eq!(ended.failure_code.as_deref(), Some("S3NoSuchBucket"));
    assert!(ended.failure_message.unwrap().contains("--s3-endpoint"));
}

#[tokio::test]
async fn every_format_and_compression_is_imported() {
    let house = Tested::memory().await;
    let gzip = |bytes: &[u8]| {
        let mut file = exchange::write::DataFile::new();
        file.push(bytes, 1).unwrap();
        file.finish().unwrap().rest
    };
    house.object("json.gz", &gzip(lines(0..2, "v").as_bytes()));
    let compressed =
        ImportTableInput { input_compression_type: Some(InputCompressionType::Gzip), ..request("json", "json.gz") };
    assert_eq!(house.import_all(compressed).await.imported_item_count, Some(2));
    house.object("ion", b"$ion_1_0 {Item:{pk:\"a\",n:6d2}}\n$ion_1_0 {Item:{pk:\"b\",s:$dynamodb_SS::[\"x\"]}}\n");
    house.import_all(ImportTableInput { input_format: InputFormat::Ion, ..request("ion", "ion") }).await;
    let set = AttributeValue::SS(vec!["x".to_owned()]);
    assert_eq!(
        house.items("ion").await,
        [item(&[("pk", s("a")), ("n", n("600"))]), item(&[("pk", s("b")), ("s", set)])]
    );
    house.object("csv", b"pk;n;v\na;1;7\nb;;\n");
    let options = CsvOptions { delimiter: Some(";".to_owned()), header_list: None };
    let mut csv = ImportTableInput {
        input_format: InputFormat::Csv,
        input_format_options: Some(InputFormatOptions { csv: Some(options) }),
        ..request("csv", "csv")
    };
    csv.table_creation_parameters.attribute_definitions.push(attribute("n", ScalarAttributeType::N));
    csv.table_creation_parameters.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "by-n".to_owned(),
        key_schema: key(&[("n", KeyType::Hash)]),
        projection: projection(ProjectionType::All),
        ..GlobalSecondaryIndex::default()
    }]);
    let ended = house.import_all(csv.clone()).await;
    assert_eq!(ended.input_format_options, csv.input_format_options);
    assert_eq!(ended.table_creation_parameters, Some(csv.table_creation_parameters));
    assert_eq!(
        house.items("csv").await,
        [item(&[("pk", s("a")), ("n", n("1")), ("v", s("7"))]), item(&[("pk", s("b"))])]
    );
    let indexes = describe(&house.service, "csv").await.unwrap().global_secondary_indexes.unwrap();
    assert_eq!((indexes[0].item_count, indexes[0].index_status), (Some(1), Some(IndexStatus::Active)));
}

#[tokio::test]
async fn wrong_compression_is_one_error_an_object() {
    let house = Tested::memory().await;
    house.object("a", lines(0..5, "v").as_bytes());
    house.object("b", lines(5..9, "v").as_bytes());
    let asked = ImportTableInput { input_compression_type: Some(InputCompressionType::Zstd), ..request("tab", "") };
    let (status, processed, imported, errors, _) = counts(&house.import_all(asked).await);
    assert_eq!((status, processed, imported, errors), (ImportStatus::Failed, 2, 0, 2));
}

#[tokio::test]
async fn what_is_refused() {
    let house = Tested::memory().await;
    let refused = async |asked: ImportTableInput| house.import(asked).await.unwrap_err();
    let mut asked = request("tab", "");
    asked.table_creation_parameters.billing_mode = None;
    assert_eq!(
        refused(asked.clone()).await,
        "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified \
         when BillingMode is PROVISIONED"
    );
    asked.table_creation_parameters.provisioned_throughput =
        Some(ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 });
    asked.table_creation_parameters.on_demand_throughput =
        Some(OnDemandThroughput { max_read_request_units: None, max_write_request_units: Some(5) });
    assert_eq!(
        refused(asked).await,
        "One or more parameter values were invalid: MaxWriteRequestUnits for OnDemandThroughput cannot be specified \
         when table BillingMode is PROVISIONED."
    );
    let options = Some(InputFormatOptions { csv: Some(CsvOptions::default()) });
    assert_eq!(
        refused(ImportTableInput { input_format_options: options, ..request("tab", "") }).await,
        "Invalid Request: Unsupported InputFormatOptions for the given input format: DYNAMODB_JSON."
    );
    assert_eq!(
        refused(ImportTableInput { client_token: None, ..request("tab", "") }).await,
        "1 validation error detected: Value null at 'clientToken' failed to satisfy constraint: Member must not be null"
    );
    let arn = |rest: &str| format!("arn:aws:dynamodb:us-east-1:000000000000:table/tab{rest}");
    for other in [arn(""), arn("/export/01795944000123-0badf00d"), "nonsense".to_owned()] {
        assert_eq!(house.describe_import(&other).await.unwrap_err(), "Invalid Import ARN");
    }
    let unknown = arn("/import/01795944000123-0badf00d");
    assert_eq!(house.describe_import(&unknown).await.unwrap_err(), format!("Import not found: {unknown}"));
}

#[tokio::test]
async fn tokens_and_names() {
    let house = Tested::memory().await;
    house.object("a", lines(0..5, "v").as_bytes());
    // No import gets on for now.
    let stopped =
        (house.service.imports.take(&caller().account).await, house.service.imports.take(&caller().account).await);
    let first = house.import(request("tab", "")).await.unwrap();
    let same = ImportTableInput { input_format: InputFormat::Csv, ..request("tab", "other") };
    assert_eq!(house.import(same.clone()).await, Ok(first.clone()), "whatever else differs");
    let other_table = ImportTableInput { client_token: first.client_token.clone(), ..request("other", "") };
    let conflict = "Import conflict: Duplicate request detected with conflicting parameters";
    assert_eq!(house.import(other_table.clone()).await, Err(conflict.to_owned()));
    let exists = "Table already exists: tab";
    let other_token = ImportTableInput { client_token: Some("other".to_owned()), ..request("tab", "") };
    assert_eq!(house.import(other_token.clone()).await, Err(exists.to_owned()));
    // What is being imported cannot be used.
    assert_eq!(describe(&house.service, "tab").await.unwrap().table_status, Some(TableStatus::Creating));
    let delete = DeleteTableInput { table_name: "tab".to_owned() };
    let being_created = "Attempt to change a resource which is still in use: Table is being created: tab";
    let refused = house.service.delete_table(&caller(), delete.clone()).await.unwrap_err();
    assert_eq!(refused.to_string(), being_created);
    let update = UpdateTableInput {
        table_name: "tab".to_owned(),
        deletion_protection_enabled: Some(true),
        ..UpdateTableInput::default()
    };
    let refused = house.service.update_table(&caller(), update).await.unwrap_err();
    assert_eq!(refused.to_string(), being_created);
    let put = PutItemInput { table_name: "tab".to_owned(), item: item(&[("pk", s("a"))]), ..PutItemInput::default() };
    let refused = house.service.put_item(&caller(), put).await.unwrap_err();
    assert_eq!(refused.to_string(), "Requested resource not found");

    drop(stopped);
    let arn = first.import_arn.clone().unwrap();
    until_ended(&house.service, &arn).await;
    assert_eq!(house.import(request("tab", "")).await, Err(exists.to_owned()), "the table comes first");
    assert_eq!(house.import(other_table).await, Err(conflict.to_owned()));
    house.service.delete_table(&caller(), delete).await.unwrap();
    crate::tests::catalog::until(async || describe(&house.service, "tab").await.is_err().then_some(())).await;
    let again = house.import(same).await.unwrap();
    assert_eq!((again.import_arn.as_ref(), again.import_status), (Some(&arn), Some(ImportStatus::Completed)));
    assert!(describe(&house.service, "tab").await.is_err(), "a token that is known makes nothing");
    let second = house.import_all(other_token).await;
    assert_ne!(second.import_arn, Some(arn));
}

#[tokio::test]
async fn a_table_whose_import_does_not_end_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    write_object(folder.path(), "a", lines(0..5, "v").as_bytes());
    let (clock, hand) = Clock::manual(1_795_944_000_123);
    let service = Service::open(Memory::new(), settings(folder.path()), clock).await.unwrap();
    let account = caller().account;
    let _stopped = (service.imports.take(&account).await, service.imports.take(&account).await);
    let begun = service.import_table(&caller(), request("tab", "")).await.unwrap().import_table_description;
    let delete = DeleteTableInput { table_name: "tab".to_owned() };
    hand.advance_ms(5 * 60 * 1000 - 1);
    let refused = service.delete_table(&caller(), delete.clone()).await.unwrap_err();
    assert!(refused.to_string().ends_with("Table is being created: tab"), "{refused}");
    hand.advance_ms(1);
    service.delete_table(&caller(), delete).await.unwrap();
    let ended = until_ended(&service, &begun.import_arn.unwrap()).await;
    assert_eq!((ended.import_status, ended.imported_item_count), (Some(ImportStatus::Cancelled), Some(0)));
    crate::tests::catalog::until(async || describe(&service, "tab").await.is_err().then_some(())).await;
}

#[tokio::test]
async fn imports_are_listed() {
    let house = Tested::memory().await;
    for table in ["one", "two", "three"] {
        house.import_all(request(table, "")).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let list = async |request: ListImportsInput| {
        let output = house.service.list_imports(&caller(), request).await.unwrap();
        let names = output.import_summary_list.unwrap().into_iter().map(|import| {
            assert_eq!(import.import_status, Some(ImportStatus::Completed));
            import.table_arn.unwrap().rsplit_once('/').unwrap().1.to_owned()
        });
        (names.collect::<Vec<_>>(), output.next_token)
    };
    assert_eq!(list(ListImportsInput::default()).await, (vec!["three".into(), "two".into(), "one".into()], None));
    let (page, next_token) = list(ListImportsInput { page_size: Some(2), ..ListImportsInput::default() }).await;
    assert_eq!(page, ["three", "two"]);
    assert_eq!(list(ListImportsInput { next_token, ..ListImportsInput::default() }).await.0, ["one"]);
    let table_arn = Some("arn:aws:dynamodb:us-east-1:000000000000:table/two".to_owned());
    let of_table = ListImportsInput { table_arn, ..ListImportsInput::default() };
    assert_eq!(list(of_table.clone()).await.0, ["two"]);
    // The list of a deleted table's imports is there as before.
    house.service.delete_table(&caller(), DeleteTableInput { table_name: "two".to_owned() }).await.unwrap();
    assert_eq!(list(of_table).await.0, ["two"]);
}
