//! States that last, on a clock that is moved, across a restart as well.

use api::*;
use base::{Clock, ManualClock};
use model::Attributes;
use storage::Memory;
use tables::fixture::{item, s};

use super::*;
use crate::gate::call;
use crate::service::{Service, Settings};
use crate::tests::catalog::{attribute, caller, key, projection, simple};

/// A tenth of AWS's times.
const SCALE: f64 = 0.1;

struct Server {
    engine: Arc<Memory>,
    service: Arc<Service>,
    clock: Clock,
    hand: ManualClock,
}

impl Server {
    async fn open(transition_scale: f64) -> Server {
        let (clock, hand) = Clock::manual(1_000_000_000);
        let engine = Memory::new();
        let service = Server::service(&engine, &clock, transition_scale).await;
        Server { engine, service, clock, hand }
    }

    async fn service(engine: &Arc<Memory>, clock: &Clock, transition_scale: f64) -> Arc<Service> {
        let jobs = Some(jobs::Jobs::by_hand(clock.clone()));
        let settings = Settings { transition_scale, jobs, ..Settings::default() };
        Service::open(engine.clone(), settings, clock.clone()).await.unwrap()
    }

    async fn create(&self) {
        self.service.execute::<call::CreateTable>(&caller(), simple("tab")).await.unwrap();
    }

    async fn update(&self, request: UpdateTableInput) -> Result<TableDescription, Exception> {
        let request = UpdateTableInput { table_name: "tab".to_owned(), ..request };
        let answer = self.service.execute::<call::UpdateTable>(&caller(), request).await?;
        Ok(answer.table_description.unwrap())
    }

    async fn delete(&self) -> Result<(), Exception> {
        let request = DeleteTableInput { table_name: "tab".to_owned() };
        self.service.execute::<call::DeleteTable>(&caller(), request).await.map(drop)
    }

    async fn described(&self) -> Result<TableDescription, Exception> {
        let request = DescribeTableInput { table_name: "tab".to_owned() };
        Ok(self.service.execute::<call::DescribeTable>(&caller(), request).await?.table.unwrap())
    }

    async fn status(&self) -> Option<api::TableStatus> {
        self.described().await.unwrap().table_status
    }

    async fn put(&self) -> Result<(), Exception> {
        let item: Attributes = item(&[("pk", s("a"))]);
        let request = PutItemInput { table_name: "tab".to_owned(), item, ..PutItemInput::default() };
        self.service.execute::<call::PutItem>(&caller(), request).await.map(drop)
    }

    async fn pass_ms(&self, ms: u64) {
        self.hand.advance_ms(ms);
        self.service.jobs().run_due().await;
    }
}

fn is_in_use(refused: Result<impl std::fmt::Debug, Exception>) -> bool {
    matches!(refused, Err(Exception::ResourceInUse(_)))
}

#[tokio::test]
async fn a_new_table_is_creating_for_a_while() {
    let server = Server::open(SCALE).await;
    server.create().await;
    assert_eq!(server.status().await, Some(api::TableStatus::Creating));
    assert!(matches!(server.put().await, Err(Exception::ResourceNotFound(_))));
    let protected = UpdateTableInput { deletion_protection_enabled: Some(true), ..UpdateTableInput::default() };
    assert!(is_in_use(server.delete().await) && is_in_use(server.update(protected).await));
    server.pass_ms(700).await;
    assert_eq!(server.status().await, Some(api::TableStatus::Creating));
    server.pass_ms(200).await;
    assert_eq!(server.status().await, Some(api::TableStatus::Active));
    server.put().await.unwrap();
}

#[tokio::test]
async fn a_state_outlives_a_restart_and_ends_where_nothing_is_slow() {
    let mut server = Server::open(SCALE).await;
    server.create().await;
    server.service = Server::service(&server.engine, &server.clock, 0.0).await;
    server.service.jobs().run_due().await;
    assert_eq!(server.status().await, Some(api::TableStatus::Creating));
    server.pass_ms(10_000).await;
    assert_eq!(server.status().await, Some(api::TableStatus::Active));
}

#[tokio::test]
async fn changes_last_as_long_as_their_slowest_part() {
    let server = Server::open(SCALE).await;
    server.create().await;
    server.pass_ms(1_000).await;
    let units = Some(ProvisionedThroughput { read_capacity_units: 5, write_capacity_units: 5 });
    let provisioned = UpdateTableInput {
        billing_mode: Some(BillingMode::Provisioned),
        provisioned_throughput: units,
        ..UpdateTableInput::default()
    };
    server.update(provisioned.clone()).await.unwrap();
    assert_eq!(server.status().await, Some(api::TableStatus::Updating));
    server.put().await.unwrap();
    assert!(is_in_use(server.update(provisioned).await) && is_in_use(server.delete().await));
    server.pass_ms(7_900).await;
    assert_eq!(server.status().await, Some(api::TableStatus::Updating));
    server.pass_ms(200).await;
    assert_eq!(server.status().await, Some(api::TableStatus::Active));
    // The same change back is short, as the table was on-demand before; what AWS does at once is not slow.
    let on_demand = UpdateTableInput { billing_mode: Some(BillingMode::PayPerRequest), ..UpdateTableInput::default() };
    server.update(on_demand).await.unwrap();
    server.pass_ms(500).await;
    assert_eq!(server.status().await, Some(api::TableStatus::Active));
    let protected = UpdateTableInput { deletion_protection_enabled: Some(true), ..UpdateTableInput::default() };
    server.update(protected).await.unwrap();
    assert_eq!(server.status().await, Some(api::TableStatus::Active));
}

#[tokio::test]
async fn a_new_index_is_built_late() {
    let server = Server::open(SCALE).await;
    server.create().await;
    server.pass_ms(1_000).await;
    server.put().await.unwrap();
    let create = CreateGlobalSecondaryIndexAction {
        index_name: "by-g".to_owned(),
        key_schema: key(&[("g", KeyType::Hash)]),
        projection: projection(ProjectionType::All),
        ..Default::default()
    };
    let update = GlobalSecondaryIndexUpdate { create: Some(Box::new(create)), ..Default::default() };
    let request = UpdateTableInput {
        attribute_definitions: Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("g", ScalarAttributeType::S),
        ]),
        global_secondary_index_updates: Some(vec![update]),
        ..UpdateTableInput::default()
    };
    server.update(request).await.unwrap();
    for (ms, table, index) in [
        (29_000, api::TableStatus::Updating, api::IndexStatus::Creating),
        (2_000, api::TableStatus::Active, api::IndexStatus::Active),
    ] {
        server.pass_ms(ms).await;
        server.pass_ms(0).await;
        let described = server.described().await.unwrap();
        let own = described.global_secondary_indexes.unwrap();
        assert_eq!((described.table_status, own[0].index_status), (Some(table), Some(index)));
    }
}

#[tokio::test]
async fn a_deleted_table_is_deleting_for_a_while() {
    let server = Server::open(SCALE).await;
    server.create().await;
    server.pass_ms(1_000).await;
    server.delete().await.unwrap();
    server.pass_ms(400).await;
    assert_eq!(server.status().await, Some(api::TableStatus::Deleting));
    assert!(is_in_use(server.delete().await));
    server.pass_ms(2_000).await;
    assert!(matches!(server.described().await, Err(Exception::ResourceNotFound(_))));
}

#[tokio::test]
async fn warm_throughput_is_raised_late() {
    let server = Server::open(SCALE).await;
    server.create().await;
    server.pass_ms(1_000).await;
    let warm = WarmThroughput { read_units_per_second: Some(20_000), write_units_per_second: Some(5_000) };
    server.update(UpdateTableInput { warm_throughput: Some(warm), ..UpdateTableInput::default() }).await.unwrap();
    let warm = async || server.described().await.unwrap().warm_throughput.unwrap();
    let before = warm().await;
    assert_eq!((before.read_units_per_second, before.status), (Some(12_000), Some(api::TableStatus::Updating)));
    assert_eq!(server.status().await, Some(api::TableStatus::Active));
    assert!(is_in_use(server.delete().await));
    server.pass_ms(40_000).await;
    let after = warm().await;
    assert_eq!((after.read_units_per_second, after.status), (Some(20_000), Some(api::TableStatus::Active)));
    server.delete().await.unwrap();
}

#[tokio::test]
async fn nothing_is_slow_unless_it_is_asked_for() {
    let server = Server::open(0.0).await;
    server.create().await;
    assert_eq!(server.status().await, Some(api::TableStatus::Active));
    server.put().await.unwrap();
    server.delete().await.unwrap();
    server.service.jobs().run_due().await;
    assert!(server.described().await.is_err());
}
