//! What is measured of failures inside requests, of PartiQL, of streams, of indexes and of accounts.

mod room;

use api::*;
use model::limits::ACCOUNT_UNITS_MAX;
use tables::fixture::s;

use crate::contributors::tests::{Server, row};
use crate::gate::call;
use crate::tests::catalog::caller;

fn units(read: i64, write: i64) -> ProvisionedThroughput {
    ProvisionedThroughput { read_capacity_units: read, write_capacity_units: write }
}

fn statement(text: &str) -> BatchStatementRequest {
    BatchStatementRequest { statement: text.to_owned(), ..Default::default() }
}

fn put_request(sk: u32) -> WriteRequest {
    WriteRequest { put_request: Some(PutRequest { item: row("a", sk, &[]) }.into()), delete_request: None }
}

/// Each refused part is an event; a request is throttled if nothing of it was done.
#[tokio::test]
async fn throttled_parts_of_batches() {
    let server = Server::with_table(Some(units(1, 1))).await;
    let batch = || BatchWriteItemInput {
        request_items: [("tab".to_owned(), vec![put_request(1), put_request(2)])].into(),
        ..Default::default()
    };
    let (mut left, mut refused) = (0, 0);
    for _ in 0..200 {
        match server.service.execute::<call::BatchWriteItem>(&caller(), batch()).await {
            Ok(answer) => left += answer.unprocessed_items.unwrap().values().map(Vec::len).sum::<usize>(),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 10);
    let events = left as f64 + 2.0 * f64::from(refused);
    assert_eq!(server.sum("WriteThrottleEvents", &[]).await.0, events);
    assert_eq!(server.sum("WriteProvisionedThroughputThrottleEvents", &[]).await.0, events);
    assert_eq!(server.sum("ThrottledRequests", &[("Operation", "BatchWriteItem")]).await.0, f64::from(refused));
    let put = Put { table_name: "tab".to_owned(), item: row("a", 3, &[]), ..Default::default() };
    let transaction = TransactWriteItemsInput {
        transact_items: vec![TransactWriteItem { put: Some(put.into()), ..Default::default() }],
        ..Default::default()
    };
    server.service.execute::<call::TransactWriteItems>(&caller(), transaction).await.unwrap_err();
    assert_eq!(server.sum("ThrottledRequests", &[("Operation", "TransactWriteItems")]).await.0, 1.0);
    assert_eq!(server.sum("WriteThrottleEvents", &[]).await.0, events + 1.0);
    let insert = ExecuteStatementInput {
        statement: "INSERT INTO tab VALUE {'pk': 'a', 'sk': 9}".to_owned(),
        ..Default::default()
    };
    server.service.execute::<call::ExecuteStatement>(&caller(), insert).await.unwrap_err();
    assert_eq!(server.sum("ThrottledRequests", &[("Operation", "ExecuteStatement")]).await.0, 1.0);
    assert_eq!(server.sum("WriteThrottleEvents", &[]).await.0, events + 2.0);
    assert_eq!(server.sum("UserErrors", &[]).await.0, 0.0);
}

#[tokio::test]
async fn failures_of_statements_and_transactions() {
    let server = Server::with_table(None).await;
    server.put("a", 1, &[]).await;
    let batch = BatchExecuteStatementInput {
        statements: vec![
            statement("UPDATE tab SET v = 1 WHERE pk = 'a' AND sk = 1 AND v = 7"),
            statement("INSERT INTO tab VALUE {'pk': 'a', 'sk': 1}"),
            statement("DELETE FROM nope WHERE pk = 'a' AND sk = 1"),
            statement("this is none"),
        ],
        ..Default::default()
    };
    server.call::<call::BatchExecuteStatement>(batch).await;
    assert_eq!(server.sum("ConditionalCheckFailedRequests", &[]).await, (1.0, 1.0));
    assert_eq!(server.sum("UserErrors", &[]).await.0, 3.0, "a duplicate, no table, no statement");
    let check = |sk: u32| TransactWriteItem {
        condition_check: Some(
            ConditionCheck {
                table_name: "tab".to_owned(),
                key: row("a", sk, &[]),
                condition_expression: "attribute_exists(v)".to_owned(),
                ..Default::default()
            }
            .into(),
        ),
        ..Default::default()
    };
    let transaction = TransactWriteItemsInput { transact_items: vec![check(1), check(2)], ..Default::default() };
    server.service.execute::<call::TransactWriteItems>(&caller(), transaction).await.unwrap_err();
    assert_eq!(server.sum("ConditionalCheckFailedRequests", &[]).await.0, 3.0);
    assert_eq!(server.sum("UserErrors", &[]).await.0, 3.0);
}

#[tokio::test]
async fn statements_are_measured_by_their_verbs() {
    let server = Server::with_table(None).await;
    let run = async |text: &str| {
        let request = ExecuteStatementInput { statement: text.to_owned(), ..Default::default() };
        server.call::<call::ExecuteStatement>(request).await
    };
    run("INSERT INTO tab VALUE {'pk': 'a', 'sk': 1}").await;
    run("INSERT INTO tab VALUE {'pk': 'a', 'sk': 2}").await;
    run("SELECT * FROM tab WHERE pk = 'a'").await;
    let own = ("Operation", "ExecuteStatement");
    assert_eq!(server.sum("ReturnedItemCount", &[own]).await, (2.0, 1.0));
    assert_eq!(server.sum("ReturnedItemCount", &[own, ("Verb", "PartiQLSelect")]).await, (2.0, 1.0));
    assert_eq!(server.sum("SuccessfulRequestLatency", &[own]).await.1, 3.0);
    assert_eq!(server.sum("SuccessfulRequestLatency", &[own, ("Verb", "PartiQLInsert")]).await.1, 2.0);
    let batch = BatchExecuteStatementInput {
        statements: vec![statement("SELECT * FROM tab WHERE pk = 'a' AND sk = 1")],
        ..Default::default()
    };
    server.call::<call::BatchExecuteStatement>(batch).await;
    let own = [("Operation", "BatchExecuteStatement"), ("OperationType", "Read")];
    assert_eq!(server.sum("SuccessfulRequestLatency", &own).await.1, 1.0);
}

#[tokio::test]
async fn records_of_streams() {
    let server = Server::with_table(None).await;
    let specification = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::NewImage) };
    let update = UpdateTableInput {
        table_name: "tab".to_owned(),
        stream_specification: Some(specification),
        ..Default::default()
    };
    let description = server.call::<call::UpdateTable>(update).await.table_description.unwrap();
    let arn = description.latest_stream_arn.unwrap();
    let described = DescribeStreamInput { stream_arn: arn.clone(), ..Default::default() };
    let shards = loop {
        let stream = server.call::<call::DescribeStream>(described.clone()).await.stream_description.unwrap();
        match stream.shards.filter(|shards| !shards.is_empty()) {
            Some(shards) => break shards,
            None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    };
    server.put("a", 1, &[("text", s("x"))]).await;
    server.put("a", 2, &[]).await;
    let iterator = GetShardIteratorInput {
        stream_arn: arn,
        shard_id: shards[0].shard_id.clone().unwrap(),
        shard_iterator_type: ShardIteratorType::TrimHorizon,
        sequence_number: None,
        timestamp: None,
    };
    let shard_iterator = server.call::<call::GetShardIterator>(iterator).await.shard_iterator.unwrap();
    let answer = server.call::<call::GetRecords>(GetRecordsInput { shard_iterator, limit: None }).await;
    let records = answer.records.unwrap();
    assert_eq!(records.len(), 2);
    let size: i64 = records.iter().map(|record| record.dynamodb.as_ref().unwrap().size_bytes.unwrap()).sum();
    let own = [("Operation", "GetRecords"), ("StreamLabel", description.latest_stream_label.as_deref().unwrap())];
    assert_eq!(server.sum("ReturnedRecordsCount", &own).await, (2.0, 1.0));
    assert_eq!(server.sum("SuccessfulRequestLatency", &own).await.1, 1.0);
    let bytes = server.sum("ReturnedBytes", &own).await.0;
    assert!(bytes >= size as f64, "{bytes} are fewer than {size}");
}

#[tokio::test]
async fn quotas_and_maxima() {
    let server = Server::with_table(Some(units(4_000, 2_000))).await;
    let maxima = OnDemandThroughput { max_read_request_units: Some(70), max_write_request_units: None };
    let mut more = crate::tests::catalog::simple("more");
    more.on_demand_throughput = Some(maxima);
    server.call::<call::CreateTable>(more).await;
    server.service.measure_provisioned();
    let average = async |metric: &str, dimensions: serde_json::Value| {
        let body = serde_json::json!({"Namespace": "AWS/DynamoDB", "MetricName": metric, "Period": 60, "Statistics": ["Average"],
            "Dimensions": dimensions, "StartTime": 1_700_000_040, "EndTime": 1_700_000_100});
        server.api("GetMetricStatistics", body).await.1["Datapoints"][0]["Average"].as_f64()
    };
    let none = serde_json::json!([]);
    assert_eq!(average("AccountMaxReads", none.clone()).await, Some(ACCOUNT_UNITS_MAX as f64));
    assert_eq!(average("AccountMaxTableLevelWrites", none.clone()).await, Some(40_000.0));
    // The table and its index.
    assert_eq!(average("AccountProvisionedReadCapacityUtilization", none.clone()).await, Some(10.0));
    assert_eq!(average("MaxProvisionedTableWriteCapacityUtilization", none).await, Some(5.0));
    let table = serde_json::json!([{"Name": "TableName", "Value": "more"}]);
    assert_eq!(average("OnDemandMaxReadRequestUnits", table.clone()).await, Some(70.0));
    assert_eq!(average("OnDemandMaxWriteRequestUnits", table).await, None);
}

#[tokio::test]
async fn the_build_of_an_index() {
    let server = Server::with_table(None).await;
    for sk in 0..20 {
        server.put(&format!("p{sk}"), sk, &[("h", s("x"))]).await;
    }
    let create = CreateGlobalSecondaryIndexAction {
        index_name: "by-h".to_owned(),
        key_schema: crate::tests::catalog::key(&[("h", KeyType::Hash)]),
        projection: crate::tests::catalog::projection(ProjectionType::All),
        ..Default::default()
    };
    let update = UpdateTableInput {
        table_name: "tab".to_owned(),
        attribute_definitions: Some(vec![crate::tests::catalog::attribute("h", ScalarAttributeType::S)]),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(create.into()),
            ..Default::default()
        }]),
        ..Default::default()
    };
    server.call::<call::UpdateTable>(update).await;
    let own = [("GlobalSecondaryIndexName", "by-h")];
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    // A step, and the end.
    while server.sum("OnlineIndexPercentageProgress", &own).await.1 < 2.0 {
        assert!(std::time::Instant::now() < deadline, "the index is not built");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let (sum, _) = server.sum("OnlineIndexPercentageProgress", &own).await;
    assert!(sum > 100.0 && sum <= 200.0, "{sum}");
    assert_eq!(server.sum("OnlineIndexThrottleEvents", &own).await.0, 0.0);
}
