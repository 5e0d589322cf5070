//! The capacity of replicated writes.

use super::*;

/// A server that enforces throughput, with the table's replica, its clock and its metrics.
async fn open_enforcing() -> (Arc<Service>, base::ManualClock, Arc<cloudwatch::Metrics>) {
    use cloudwatch::{Metrics, Recorder};
    let engine: Arc<dyn Engine> = Memory::new();
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let recorder = Arc::new(Recorder::new(clock.clone(), 100));
    let metrics = Metrics::new(Arc::clone(&engine), clock.clone(), Arc::clone(&recorder));
    let settings = Settings {
        regions: vec!["us-east-1".to_owned(), "eu-west-1".to_owned()],
        recorder: Some(recorder),
        enforces_throughput: true,
        ..Settings::default()
    };
    let service = Service::open(Arc::clone(&engine), settings, clock).await.unwrap();
    service.create_table(&caller(), simple("tab")).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    (service, hand, metrics)
}

#[tokio::test]
async fn replicated_writes_consume_the_capacity_of_where_they_arrive() {
    use cloudwatch::Series;
    let (service, hand, metrics) = open_enforcing().await;
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    let put = async |caller: &auth::Caller, pk: &str| {
        let item = item(&[("pk", s(pk)), ("v", s(&"x".repeat(1500)))]);
        service.put_item(caller, PutItemInput { table_name: "tab".to_owned(), item, ..Default::default() }).await
    };
    for pk in ["a", "b", "c"] {
        put(&caller(), pk).await.unwrap();
    }
    // From now on two units a second, in both regions. The region that they arrive in has none left.
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        on_demand_throughput: Some(OnDemandThroughput {
            max_read_request_units: None,
            max_write_request_units: Some(2),
        }),
        ..UpdateTableInput::default()
    };
    service.update_table(&caller(), request).await.unwrap();
    while put(&there, "own").await.is_ok() {
        tokio::task::yield_now().await;
    }
    let count = async || {
        let request = ScanInput { table_name: "tab".to_owned(), select: Some(Select::Count), ..Default::default() };
        service.scan(&there, request).await.unwrap().count.unwrap()
    };
    let give = async || {
        let destination = service.replica_destinations().into_iter().find(|it| it.from_region == "us-east-1").unwrap();
        let ready = service.ready(&destination.consumer).await.unwrap();
        let bounds = crate::follow::Bounds { records_max: 100, bytes_max: 1 << 20 };
        let batch = service.poll(&destination.consumer, ready.cursors[0], bounds).await.unwrap();
        service.replicate(&destination, &batch.changes).await
    };
    let refused = give().await.unwrap_err();
    assert!(refused.to_string().ends_with("/tab does not suffice"), "{refused}");
    assert_eq!(count().await, 1);
    // What is there already consumes nothing, so that each second takes one more item of two units.
    for items in 2..=3 {
        hand.advance_ms(1000);
        give().await.unwrap_err();
        assert_eq!(count().await, items);
        give().await.unwrap_err();
        assert_eq!(count().await, items);
    }
    hand.advance_ms(1000);
    give().await.unwrap();
    give().await.unwrap();
    assert_eq!(count().await, 4);
    let sum = async |region: &str, source: Option<&str>| {
        let source = source.map(|source| ("Source", source));
        let dimensions: Vec<(&str, &str)> = std::iter::once(("TableName", "tab")).chain(source).collect();
        let series = Series::of_dynamodb(&there.account, region, "ConsumedWriteCapacityUnits", &dimensions);
        let sums = metrics.sums(&series, 0, u64::MAX / 120_000).await.unwrap();
        sums.values().sum::<f64>()
    };
    let own = sum("eu-west-1", Some("Customer")).await;
    assert_eq!(sum("eu-west-1", Some("GlobalTable")).await, 6.0);
    assert_eq!(sum("eu-west-1", None).await, own + 6.0);
    assert_eq!((sum("us-east-1", Some("Customer")).await, sum("us-east-1", None).await), (6.0, 6.0));
    assert_eq!(sum("us-east-1", Some("GlobalTable")).await, 0.0);
}
