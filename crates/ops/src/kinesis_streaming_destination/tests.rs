//! Destinations as they are set and described, on the engine in memory; the tests take the part of the delivery.

use std::sync::Arc;

use api::{
    ApproximateCreationDateTimePrecision, DescribeKinesisStreamingDestinationInput, TableStatus,
    UpdateKinesisStreamingConfiguration,
};

use super::*;
use crate::follow::FollowError;
use crate::tests::catalog::{caller, describe, open, simple};

pub(crate) const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/changes";
const OTHER: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/others";

pub(crate) fn asked(stream_arn: &str) -> KinesisStreamingDestinationInput {
    KinesisStreamingDestinationInput {
        table_name: "tab".to_owned(),
        stream_arn: stream_arn.to_owned(),
        enable_kinesis_streaming_configuration: None,
    }
}

/// Does what the delivery does once it has checked whether the Kinesis stream exists.
pub(crate) async fn deliver(service: &Service, reached: Result<(), String>) -> KinesisDestination {
    let [destination] = service.kinesis_destinations().try_into().unwrap();
    let lease = service.acquire_lease(&destination.consumer).await.unwrap().unwrap();
    while !service.end_enabling(&destination, &lease, reached.clone()).await.unwrap() {
        tokio::task::yield_now().await;
    }
    destination
}

async fn service() -> Arc<Service> {
    let service = open(&storage::Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    service.reaches_kinesis();
    service
}

async fn destinations(service: &Service) -> Vec<(String, api::DestinationStatus)> {
    let request = DescribeKinesisStreamingDestinationInput { table_name: "tab".to_owned() };
    let found = service.describe_kinesis_streaming_destination(&caller(), request).await.unwrap();
    let found = found.kinesis_data_stream_destinations.unwrap().into_iter();
    found.map(|own| (own.stream_arn.unwrap(), own.destination_status.unwrap())).collect()
}

async fn enable(service: &Service, stream_arn: &str) -> Result<(), Exception> {
    service.enable_kinesis_streaming_destination(&caller(), asked(stream_arn)).await.map(drop)
}

async fn disable(service: &Service, stream_arn: &str) -> Result<(), Exception> {
    service.disable_kinesis_streaming_destination(&caller(), asked(stream_arn)).await.map(drop)
}

async fn update(service: &Service, precision: Option<ApproximateCreationDateTimePrecision>) -> Result<(), Exception> {
    let request = UpdateKinesisStreamingDestinationInput {
        table_name: "tab".to_owned(),
        stream_arn: STREAM.to_owned(),
        update_kinesis_streaming_configuration: Some(UpdateKinesisStreamingConfiguration {
            approximate_creation_date_time_precision: precision,
        }),
    };
    service.update_kinesis_streaming_destination(&caller(), request).await.map(drop)
}

/// Waits for the background work of a disabled one.
async fn disabled(service: &Service, stream_arn: &str) {
    while !destinations(service).await.contains(&(stream_arn.to_owned(), api::DestinationStatus::Disabled)) {
        tokio::task::yield_now().await;
    }
}

fn open_shards(service: &Service) -> usize {
    service.catalog.by_id(1).unwrap().definition.log.open.len()
}

#[tokio::test]
async fn a_destination_lives_through_its_statuses() {
    use api::DestinationStatus::*;
    let service = service().await;
    assert_eq!((destinations(&service).await, open_shards(&service)), (Vec::new(), 0));
    enable(&service, STREAM).await.unwrap();
    assert_eq!((destinations(&service).await, open_shards(&service)), (vec![(STREAM.to_owned(), Enabling)], 1));
    for (refused, words) in [
        (enable(&service, STREAM).await, "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED"),
        (enable(&service, OTHER).await, "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED"),
        (disable(&service, STREAM).await, "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."),
    ] {
        assert!(refused.unwrap_err().to_string().contains(words), "{words}");
    }
    let first = deliver(&service, Ok(())).await;
    assert_eq!(destinations(&service).await, [(STREAM.to_owned(), Active)]);
    assert!(!service.kinesis_destinations()[0].is_enabling);
    assert!(disable(&service, OTHER).await.is_err());
    disable(&service, STREAM).await.unwrap();
    assert_eq!((service.kinesis_destinations(), open_shards(&service)), (Vec::new(), 0));
    disabled(&service, STREAM).await;
    assert_eq!(service.ready(&first.consumer).await, Err(FollowError::Gone));
    assert!(disable(&service, STREAM).await.is_err());

    enable(&service, OTHER).await.unwrap();
    // As older programs described a failure.
    let problem = "DescribeStreamSummary at http://kinesis.internal: 400 ResourceNotFoundException: SECRET";
    deliver(&service, Err(problem.to_owned())).await;
    let request = DescribeKinesisStreamingDestinationInput { table_name: "tab".to_owned() };
    let found = service.describe_kinesis_streaming_destination(&caller(), request).await.unwrap();
    let found = found.kinesis_data_stream_destinations.unwrap().pop().unwrap();
    assert_eq!(found.destination_status_description.as_deref(), Some("DescribeStreamSummary"));
    let expected = [(STREAM.to_owned(), Disabled), (OTHER.to_owned(), EnableFailed)];
    assert_eq!((destinations(&service).await.as_slice(), open_shards(&service)), (&expected[..], 0));
    enable(&service, STREAM).await.unwrap();
    let second = deliver(&service, Ok(())).await;
    assert_ne!(second.consumer, first.consumer);
    assert_eq!(describe(&service, "tab").await.unwrap().table_status, Some(TableStatus::Active));
}

#[tokio::test]
async fn precisions_change_while_it_is_active() {
    use ApproximateCreationDateTimePrecision::*;
    let service = service().await;
    let refused = |problem: &str| {
        let text = format!("Table is not in a valid state to enable Kinesis Streaming Destination: {problem}");
        Some(Exception::Validation(text))
    };
    let unknown = format!("No streaming destination with streamArn: {STREAM} found for table with tableName: tab");
    assert_eq!(update(&service, Some(Microsecond)).await.err(), refused(&unknown));
    enable(&service, STREAM).await.unwrap();
    let early = format!(
        "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: tab, kdsArn: \
         {STREAM}"
    );
    assert_eq!(update(&service, Some(Microsecond)).await.err(), refused(&early));
    deliver(&service, Ok(())).await;
    for (asked, changes) in
        [(Some(Millisecond), false), (Some(Microsecond), true), (Some(Microsecond), false), (None, false)]
    {
        assert_eq!(update(&service, asked).await.is_ok(), changes, "{asked:?}");
    }
    assert_eq!(service.kinesis_destinations()[0].precision, Microsecond);
}

#[tokio::test]
async fn without_anybody_who_delivers_nothing_is_enabled() {
    let service = open(&storage::Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let refused = enable(&service, STREAM).await.unwrap_err().to_string();
    assert!(refused.contains("--kinesis-endpoint"), "{refused}");
    assert!(destinations(&service).await.is_empty());
}

#[tokio::test]
async fn only_arns_of_kinesis_streams_are_taken() {
    let service = service().await;
    for arn in [
        "arn:aws:kinesis:us-east-1:000000000000:stream/",
        "arn:aws:kinesis:us-east-1:000000000000:stream/a/b",
        "arn:aws:kinesis:us-east-1:00000000000:stream/a",
        "arn:aws:kinesis::000000000000:stream/a",
        "arn:aws:kinesis:us-east-1\r\nX-A: b:000000000000:stream/a",
        "arn:aws:kinesis:us east:000000000000:stream/a",
        "arn:aws:kinesis:us-east-1\":000000000000:stream/a",
        "arn:aws\n:kinesis:us-east-1:000000000000:stream/a",
        "arn:aws:dynamodb:us-east-1:000000000000:stream/a",
        "nonsense",
    ] {
        let refused = enable(&service, arn).await;
        assert_eq!(refused, Err(Exception::validation(format!("Invalid StreamArn: {arn}"))));
        // Nothing of that name is active.
        let text = "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination \
                    must be ACTIVE to perform DISABLE operation.";
        assert_eq!(disable(&service, arn).await, Err(Exception::validation(text)));
    }
}

#[tokio::test]
async fn past_destinations_are_described_up_to_some() {
    let service = service().await;
    let arn = |at: usize| format!("{STREAM}-{at:02}");
    for at in 0..PAST_DESTINATIONS_MAX + 3 {
        enable(&service, &arn(at)).await.unwrap();
        deliver(&service, Err("none".to_owned())).await;
    }
    let found: Vec<String> = destinations(&service).await.into_iter().map(|own| own.0).collect();
    assert_eq!(found, (2..PAST_DESTINATIONS_MAX + 3).map(arn).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_account_names_its_own_streams_and_those_allowed_to_it() {
    let rules = vec![format!("{}=arn:aws:kinesis:*:stream/shared-*", caller().account).parse().unwrap()];
    let service_arns = auth::ServiceArns::of_own_account(rules);
    let settings = crate::Settings { service_arns, ..crate::Settings::default() };
    let engine = storage::Memory::new();
    let service = Service::open(engine.clone(), settings, base::Clock::system()).await.unwrap();
    service.create_table(&caller(), simple("tab")).await.unwrap();
    service.reaches_kinesis();
    let of = |account: &str, name: &str| format!("arn:aws:kinesis:us-east-1:{account}:stream/{name}");
    let Err(Exception::AccessDenied(said)) = enable(&service, &of("999999999999", "a")).await else { panic!() };
    assert!(said.contains("dynamodb:EnableKinesisStreamingDestination") && said.contains("--allow-arn"), "{said}");
    assert!(destinations(&service).await.is_empty());
    enable(&service, &of("999999999999", "shared-a")).await.unwrap();
    assert!(service.kinesis_destinations()[0].is_allowed);
    deliver(&service, Err("none".to_owned())).await;
    enable(&service, &of(&caller().account, "a")).await.unwrap();
    deliver(&service, Err("none".to_owned())).await;
    enable(&service, &of("999999999999", "shared-a")).await.unwrap();
    deliver(&service, Ok(())).await;
    drop(service);
    // The removal of a rule applies to destinations that were enabled under it; they can be disabled.
    let settings =
        crate::Settings { service_arns: auth::ServiceArns::of_own_account(Vec::new()), ..crate::Settings::default() };
    let service = Service::open(engine, settings, base::Clock::system()).await.unwrap();
    assert!(!service.kinesis_destinations()[0].is_allowed);
    disable(&service, &of("999999999999", "shared-a")).await.unwrap();
}

/// Changes are delivered on behalf of the table's account, so its rules count as well.
#[tokio::test]
async fn a_stream_is_of_the_tables_account_and_of_the_callers() {
    const GUEST: &str = "222222222222";
    let of = |account: &str| format!("arn:aws:kinesis:us-east-1:{account}:stream/a");
    let enabled = async |rules: &[String]| {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let settings =
            crate::Settings { service_arns: auth::ServiceArns::of_own_account(rules), ..crate::Settings::default() };
        let service = Service::open(storage::Memory::new(), settings, base::Clock::system()).await.unwrap();
        service.create_table(&caller(), simple("tab")).await.unwrap();
        service.reaches_kinesis();
        let guest = Caller { account: GUEST.to_owned(), ..tables::fixture::user(&[]) };
        let mut refused = Vec::new();
        for stream in [of(GUEST), of(&caller().account)] {
            let table_name = "arn:aws:dynamodb:us-east-1:000000000000:table/tab".to_owned();
            let request = KinesisStreamingDestinationInput { table_name, ..asked(&stream) };
            match service.enable_kinesis_streaming_destination(&guest, request).await {
                Err(Exception::AccessDenied(text)) => refused.push(text),
                Ok(_) => return (refused, Some(service.kinesis_destinations()[0].is_allowed)),
                Err(other) => panic!("{other:?}"),
            }
        }
        (refused, None)
    };
    let (refused, none) = enabled(&[]).await;
    assert_eq!(none, None);
    for (text, account) in refused.iter().zip([caller().account.as_str(), GUEST]) {
        assert!(text.contains(&format!("because it is not known to be account {account}'s own")), "{text}");
    }
    // A rule for either account opens one of them.
    let for_table = format!("{}={}", caller().account, of(GUEST));
    assert_eq!(enabled(&[for_table]).await, (Vec::new(), Some(true)));
    let for_guest = format!("{GUEST}={}", of(&caller().account));
    assert_eq!(enabled(&[for_guest]).await, (refused[..1].to_vec(), Some(true)));
}
