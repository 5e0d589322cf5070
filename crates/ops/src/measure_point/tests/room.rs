//! Where measurements have no room: regions without tables, and more series than there may be.

use std::sync::Arc;

use api::{DescribeTableInput, GetItemInput};
use auth::Caller;
use base::Clock;
use cloudwatch::{Metrics, Recorder, Series};
use storage::Memory;
use tables::fixture::{item, s};

use crate::gate::call;
use crate::service::{Service, Settings};
use crate::tests::catalog::{caller, simple};

async fn service(series_max: usize) -> (Arc<Service>, Arc<Recorder>, Arc<Metrics>) {
    let (clock, engine) = (Clock::manual(60_000_000).0, Memory::new());
    let recorder = Arc::new(Recorder::new(clock.clone(), series_max));
    let metrics = Metrics::new(Memory::new(), clock.clone(), Arc::clone(&recorder));
    let settings = Settings { recorder: Some(Arc::clone(&recorder)), ..Settings::default() };
    (Service::open(engine, settings, clock).await.unwrap(), recorder, metrics)
}

/// A name of a region is any: requests that fail in each of many would fill all series.
#[tokio::test]
async fn errors_are_measured_where_there_are_tables() {
    let (service, recorder, _) = service(1_000).await;
    service.execute::<call::CreateTable>(&caller(), simple("tab")).await.unwrap();
    let fail = async |region: &str| {
        let caller = Caller { region: region.to_owned(), ..caller() };
        let request = DescribeTableInput { table_name: "other".to_owned() };
        service.execute::<call::DescribeTable>(&caller, request).await.unwrap_err();
        recorder.series_of(&caller.account, region).iter().any(|series| series.metric == "UserErrors")
    };
    assert!(fail(&caller().region).await && !fail("r1").await);
}

/// Gauges of a table that were made when there were too many series.
#[tokio::test]
async fn a_table_is_measured_once_there_is_room() {
    let (service, recorder, metrics) = service(8).await;
    service.execute::<call::CreateTable>(&caller(), simple("tab")).await.unwrap();
    let others: Vec<_> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .flat_map(|account| [1, 2, 3].map(|number| Series::of_dynamodb(account, "r", &format!("m{number}"), &[])))
        .map(|series| recorder.gauge(series))
        .collect();
    let get = async || {
        let request =
            GetItemInput { table_name: "tab".to_owned(), key: item(&[("pk", s("a"))]), ..GetItemInput::default() };
        service.execute::<call::GetItem>(&caller(), request).await.unwrap();
        recorder.series_of(&caller().account, &caller().region).len()
    };
    assert_eq!(get().await, 0);
    assert!(recorder.lost() > 0);
    drop(others);
    metrics.store_all().await.unwrap();
    service.measure_provisioned();
    assert!(get().await > 0);
}
