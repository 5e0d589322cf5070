//! The fixture of tests with a service: DynamoDB over an engine of the test, with a clock that is moved by hand, and in most tests
//! one table, `tab`, with the hash key `pk`.

use std::sync::Arc;
use std::time::Duration;

use api::*;
use base::{Clock, ManualClock};
use change_log::{Hot, Shard};
use model::AttributeValue;
use storage::{Consistency, Engine};
use tables::Place;
use tables::fixture::{has_index_work, item};

use super::{caller, describe, simple};
use crate::service::{Service, Settings};

pub(crate) struct TestService<E> {
    pub engine: Arc<E>,
    /// Of the next service.
    pub settings: Settings,
    pub service: Arc<Service>,
    pub clock: Clock,
    pub hand: ManualClock,
}

impl<E: Engine> TestService<E> {
    /// Without a table.
    pub(crate) async fn open(
        engine: Arc<E>,
        settings: Settings,
        (clock, hand): (Clock, ManualClock),
    ) -> TestService<E> {
        let service = Service::open(engine.clone(), settings.clone(), clock.clone()).await.unwrap();
        TestService { engine, settings, service, clock, hand }
    }

    /// The next service, on this engine. The one before it is given up.
    pub(crate) async fn restart_on(&mut self, engine: Arc<E>) {
        self.service = Service::open(engine.clone(), self.settings.clone(), self.clock.clone()).await.unwrap();
        self.engine = engine;
    }

    pub(crate) async fn restart(&mut self) {
        self.restart_on(Arc::clone(&self.engine)).await;
    }

    pub(crate) async fn create_table(&self, view: Option<StreamViewType>) {
        let stream_specification = view.map(|view| specification(Some(view)));
        self.service.create_table(&caller(), CreateTableInput { stream_specification, ..simple("tab") }).await.unwrap();
    }

    /// Deletes the table, and waits until it is deleted.
    pub(crate) async fn delete_table(&self) {
        self.service.delete_table(&caller(), DeleteTableInput { table_name: "tab".to_owned() }).await.unwrap();
        self.until_deleted().await;
    }

    pub(crate) async fn until_deleted(&self) {
        while self.service.catalog.find(Place::own(&caller(), "tab")).is_some() {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn table_id(&self) -> u64 {
        self.service.catalog.find(Place::own(&caller(), "tab")).unwrap().id()
    }

    pub(crate) async fn put(&self, attributes: &[(&str, AttributeValue)]) {
        let item = item(attributes);
        let request = PutItemInput { table_name: "tab".to_owned(), item, ..PutItemInput::default() };
        self.service.put_item(&caller(), request).await.unwrap();
    }

    pub(crate) async fn set_stream(&self, view: Option<StreamViewType>) {
        let stream_specification = Some(specification(view));
        let request = UpdateTableInput { table_name: "tab".to_owned(), stream_specification, ..Default::default() };
        self.service.update_table(&caller(), request).await.unwrap();
    }

    pub(crate) async fn begin_ttl(&self, attribute: &str, enabled: bool) {
        let time_to_live_specification = TimeToLiveSpecification { attribute_name: attribute.to_owned(), enabled };
        let request = UpdateTimeToLiveInput { table_name: "tab".to_owned(), time_to_live_specification };
        self.service.update_time_to_live(&caller(), request).await.unwrap();
    }

    /// Enables or disables time to live, and waits for its index.
    pub(crate) async fn set_ttl(&self, attribute: &str, enabled: bool) {
        self.begin_ttl(attribute, enabled).await;
        self.indexes_built().await;
    }

    pub(crate) fn has_index_work(&self) -> bool {
        has_index_work(&self.service.catalog.by_id(self.table_id()).unwrap().definition)
    }

    pub(crate) async fn indexes_built(&self) {
        while self.has_index_work() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The ARN of the table's newest stream.
    pub(crate) async fn arn(&self) -> String {
        describe(&self.service, "tab").await.unwrap().latest_stream_arn.unwrap()
    }

    /// The rows of the log's open shards.
    pub(crate) async fn open_shards(&self) -> Vec<Shard> {
        open_shards(&*self.engine, self.table_id()).await
    }

    /// Splits the newest shard in the middle, if another one is not being rolled.
    pub(crate) async fn split(&self) -> Result<(), Exception> {
        let newest = self.open_shards().await.pop().unwrap();
        let hot = Hot { shard: newest.number, split_at: middle(&newest) };
        self.service.roll_shards(self.table_id(), &[hot]).await
    }

    /// Waits for the ends of shards that are being rolled.
    pub(crate) async fn rolled(&self) {
        while !self.service.catalog.by_id(self.table_id()).unwrap().definition.log.rolling.is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) async fn open_shards(engine: &dyn Engine, table_id: u64) -> Vec<Shard> {
    let view = engine.view(Consistency::Strong).await.unwrap();
    let mut shards = Shard::list(&*view, table_id, 0, u32::MAX).await.unwrap();
    shards.retain(|shard| shard.closed.is_none());
    shards
}

pub(crate) fn middle(shard: &Shard) -> u64 {
    shard.hashes.first + (shard.hashes.last - shard.hashes.first) / 2
}

pub(crate) fn specification(view: Option<StreamViewType>) -> StreamSpecification {
    StreamSpecification { stream_enabled: view.is_some(), stream_view_type: view }
}
