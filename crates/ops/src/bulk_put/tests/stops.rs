//! Operations that end early: cancelled, without a table, without a bucket.

use super::*;

const TABLE_GONE: &str = "Requested resource not found: Table: tab not found";

async fn delete(tested: &Tested) {
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    tested.service.delete_table(&caller(), request).await.unwrap();
    until(async || crate::tests::catalog::describe(&tested.service, "tab").await.is_err().then_some(())).await;
}

/// Records that take a minute at the lowest rate.
fn slow(tested: &Tested) -> StartBulkPutItemsInput {
    let value = "v".repeat(10_000);
    tested.object("slow/1", lines(0..6000, &value));
    StartBulkPutItemsInput { max_write_request_units: Some(1024), ..request("slow/") }
}

/// An operation that has put some items, and waits.
async fn begun(tested: &Tested) -> String {
    let arn = tested.start(slow(tested)).await.unwrap().bulk_operation_arn.unwrap();
    until(async || {
        let described = tested.describe(&arn).await.unwrap();
        (described.processed_item_count != Some(0)).then_some(())
    })
    .await;
    arn
}

#[tokio::test]
async fn an_operation_is_cancelled_while_it_runs() {
    let tested = Tested::memory().await;
    let arn = begun(&tested).await;
    assert_eq!(tested.cancel(&arn).await, Ok(BulkOperationStatus::Cancelling));
    let ended = until_ended(&tested.service, &arn).await;
    let (status, processed, failed) = counts(&ended);
    assert_eq!((status, failed), (BulkOperationStatus::Cancelled, 0));
    assert!(ended.end_time.is_some() && ended.failure_code.is_none());
    // What is put stays, and is counted.
    assert_eq!(tested.items().await.len() as i64, processed);
    assert!(processed < 6000);
    let (summary, ..) = tested.report(&arn);
    assert_eq!(
        (&summary["bulkOperationStatus"], &summary["processedItemCount"]),
        (&json!("CANCELLED"), &json!(processed))
    );
    tested.is_cleared().await;
    assert_eq!(tested.cancel(&arn).await, Ok(BulkOperationStatus::Cancelled), "as it is");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(tested.items().await.len() as i64, processed);
}

#[tokio::test]
async fn an_operation_is_cancelled_before_its_turn() {
    let tested = Tested::memory().await;
    tested.object("1", lines(0..5, "v"));
    let account = caller().account;
    let stopped = (tested.service.bulk_puts.take(&account).await, tested.service.bulk_puts.take(&account).await);
    let arn = tested.start(request("")).await.unwrap().bulk_operation_arn.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(tested.cancel(&arn).await, Ok(BulkOperationStatus::Cancelling));
    assert_eq!(counts(&until_ended(&tested.service, &arn).await), (BulkOperationStatus::Cancelled, 0, 0));
    drop(stopped);
    assert_eq!(tested.items().await.len(), 0);
}

#[tokio::test]
async fn a_finished_operation_is_not_cancelled() {
    let tested = Tested::memory().await;
    tested.object("1", lines(0..5, "v"));
    let ended = tested.run(request("")).await;
    let arn = ended.bulk_operation_arn.clone().unwrap();
    assert_eq!(tested.cancel(&arn).await, Ok(BulkOperationStatus::Completed));
    assert_eq!(tested.describe(&arn).await, Ok(ended));
}

#[tokio::test]
async fn an_operation_whose_table_is_deleted_fails() {
    let tested = Tested::memory().await;
    // One in the middle of its work, and one before its turn.
    let arn = begun(&tested).await;
    let _other = tested.service.bulk_puts.take(&caller().account).await;
    let waiting = tested.start(request("slow/")).await.unwrap().bulk_operation_arn.unwrap();
    delete(&tested).await;
    // A new table of the name is another one.
    tested.service.create_table(&caller(), simple("tab")).await.unwrap();
    for arn in [arn, waiting] {
        let ended = until_ended(&tested.service, &arn).await;
        assert_eq!(ended.bulk_operation_status, Some(BulkOperationStatus::Failed));
        assert_eq!(ended.failure_code.as_deref(), Some("ResourceNotFoundException"));
        assert_eq!(ended.failure_message.as_deref(), Some(TABLE_GONE));
    }
    assert_eq!(tested.items().await.len(), 0);
    tested.is_cleared().await;
}

#[tokio::test]
async fn an_index_is_built_while_items_are_put() {
    let tested = Tested::memory().await;
    let arn = begun(&tested).await;
    tested.service.update_table(&caller(), add_index("tab", "by-v", "w", ProjectionType::All)).await.unwrap();
    until(async || {
        let table = describe(&tested.service, "tab").await.unwrap();
        (table.table_status == Some(TableStatus::Active)).then_some(())
    })
    .await;
    assert_eq!(tested.describe(&arn).await.unwrap().bulk_operation_status, Some(BulkOperationStatus::InProgress));
    tested.cancel(&arn).await.unwrap();
    until_ended(&tested.service, &arn).await;
}

#[tokio::test]
async fn an_operation_without_a_bucket_fails() {
    let tested = Tested::memory().await;
    tested.object("1", lines(0..5, "v"));
    let changes: [fn(&mut StartBulkPutItemsInput); 2] = [
        |asked| asked.input_s3_configuration.s3_bucket = "missing".to_owned(),
        |asked| asked.output_s3_configuration.s3_bucket = Some("missing".to_owned()),
    ];
    for change in changes {
        let mut asked = request("");
        change(&mut asked);
        let ended = tested.run(asked).await;
        assert_eq!(counts(&ended), (BulkOperationStatus::Failed, 0, 0));
        assert_eq!(ended.failure_code.as_deref(), Some("S3NoSuchBucket"));
        assert_eq!(ended.total_input_bytes, None);
    }
    assert_eq!(tested.items().await.len(), 0, "nothing is put where the report cannot be written");
    tested.is_cleared().await;
}

#[tokio::test]
async fn without_an_object_store_an_operation_fails() {
    let service = crate::tests::catalog::open(&Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let begun = service.start_bulk_put_items(&caller(), request("")).await.unwrap().bulk_operation_description;
    let ended = until_ended(&service, &begun.bulk_operation_arn.unwrap()).await;
    assert_eq!(ended.failure_code.as_deref(), Some("S3NoSuchBucket"));
    assert!(ended.failure_message.unwrap().contains("--s3-endpoint"));
}

#[tokio::test]
async fn the_number_of_operations_is_bounded() {
    let tested = Tested::memory().await;
    let account = caller().account;
    let _stopped = (tested.service.bulk_puts.take(&account).await, tested.service.bulk_puts.take(&account).await);
    for _ in 0..crate::bulk_put::OPERATIONS_MAX {
        tested.start(request("")).await.unwrap();
    }
    assert_eq!(
        tested.start(request("")).await,
        Err("Subscriber limit exceeded: Only 50 bulk operations can be done simultaneously".to_owned())
    );
}

#[tokio::test]
async fn an_object_that_is_deleted_or_has_no_key_costs_itself() {
    let tested = Tested::memory().await;
    let value = "v".repeat(10_000);
    tested.object("slow/1", lines(0..600, &value));
    tested.object("slow/2", lines(0..5, "v"));
    tested.object("slow/3", lines(0..5, "v"));
    let asked = StartBulkPutItemsInput { max_write_request_units: Some(4096), ..request("slow/") };
    let arn = tested.start(asked).await.unwrap().bulk_operation_arn.unwrap();
    until(async || (tested.describe(&arn).await.unwrap().processed_item_count != Some(0)).then_some(())).await;
    std::fs::remove_file(tested.folder.path().join("store/bucket/slow/2")).unwrap();
    let ended = until_ended(&tested.service, &arn).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 606, 1));
}

/// A step that was given up is committed late: the one that follows from an older record than it is refused, and begins anew.
#[tokio::test]
async fn a_step_follows_from_the_stored_record_alone() {
    let tested = Tested::memory().await;
    let arn = begun(&tested).await;
    let owner = caller();
    let id = arn.rsplit_once('/').unwrap().1;
    let find = async || {
        let found =
            tested.service.find_transfer::<crate::bulk_put::BulkDetails>(&owner.account, &owner.region, id).await;
        found.unwrap().unwrap()
    };
    let stored = find().await;
    let key = stored.key(&tested.service.secret);
    // As a late commit would: the record is another one than the work knows.
    let change = |record: &mut crate::bulk_put::BulkRecord| record.details.counts.condition_failed += 1000;
    tested.service.update_transfer(key, change).await.unwrap();
    until(async || {
        let counts = find().await.details.counts;
        (counts.put > stored.details.counts.put && counts.condition_failed == 1000).then_some(())
    })
    .await;
    tested.cancel(&arn).await.unwrap();
    let (_, processed, _) = counts(&until_ended(&tested.service, &arn).await);
    assert_eq!(tested.items().await.len() as i64, processed - 1000);
}
