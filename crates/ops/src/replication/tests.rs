//! What replicas decide about writes, apart from their delivery (which `deliver::replicas` tests with all of it together).

mod capacity;
mod convergence;
mod keys;
mod scaling;
mod upkeep;

use std::collections::BTreeMap;

use api::*;
use base::Clock;
use bytes::Bytes;
use model::codec::row::{HybridTime, Stamp, Stored};
use model::{Attributes, RegionName};
use proptest::prelude::*;
use storage::{Batch, Engine, Key, Memory};
use tables::fixture::{SECRET, item, s};
use tables::{Definition, MemberStatus, TOMBSTONE_LIFE_MS, Table};

use super::*;
use crate::change::{Action, Change};
use crate::service::{Service, Settings};
use crate::tests::catalog::{caller, simple};

fn region(name: &str) -> RegionName {
    RegionName::parse(name).unwrap()
}

fn stamp(wall_ms: u64, counter: u32, of: &str) -> Stamp {
    Stamp { time: HybridTime { wall_ms, counter }, region: region(of) }
}

/// A replica in us-east-1.
fn table() -> Arc<Table> {
    let mut definition = tables::fixture::table().definition.clone();
    definition.region = "us-east-1".to_owned();
    definition.add_member("eu-west-1", MemberStatus::Active, None);
    Arc::new(Table::new(definition).unwrap())
}

fn key_of(table: &Table) -> Attributes {
    let mut key = Attributes::new();
    for part in table.key.attributes() {
        let value = match part.key_type {
            model::KeyType::N => tables::fixture::n("1"),
            _ => s("a"),
        };
        key.insert(part.name.clone(), value);
    }
    key
}

fn replicated(table: &Arc<Table>, value: Option<&str>, stamp: Stamp) -> Change {
    let key = key_of(table);
    let item = value.map(|value| {
        let mut item = key.clone();
        item.insert("v".to_owned(), s(value));
        item
    });
    Change {
        table: Arc::clone(table),
        key: tables::rows::ItemKey::of(&SECRET, table, key.view()).unwrap(),
        key_attributes: key,
        condition: None,
        action: Action::Replicate { item, stamp, is_copy: false },
        author: change_log::Author::Replication { region: stamp.region },
    }
}

/// Rows, as an engine has them.
#[derive(Default)]
struct Rows(BTreeMap<Key, Bytes>);

impl Rows {
    fn make(&mut self, change: &Change, now_ms: u64) -> Batch {
        let mut batch = Batch::default();
        change.apply(&SECRET, now_ms, self.0.get(&change.key.row), &mut batch).unwrap();
        for (key, value) in &batch.writes {
            match value {
                Some(value) => self.0.insert(key.clone(), value.clone()),
                None => self.0.remove(key),
            };
        }
        batch
    }

    fn stored(&self, change: &Change) -> Option<Stored> {
        self.0.get(&change.key.row).map(|row| Stored::read(row.clone()).unwrap())
    }
}

#[test]
fn local_writes_are_later_than_what_they_replace() {
    let table = table();
    let mut rows = Rows::default();
    let theirs = replicated(&table, Some("theirs"), stamp(900, 4, "eu-west-1"));
    rows.make(&theirs, 100);
    // The clock of this region is behind.
    let put = |value: &str| Change {
        action: Action::Put(item_of(&table, value)),
        author: change_log::Author::Client,
        ..replicated(&table, None, stamp(0, 0, "us-east-1"))
    };
    rows.make(&put("ours"), 100);
    assert_eq!(rows.stored(&theirs).unwrap().stamp(), Some(stamp(900, 5, "us-east-1")));
    // Their write again, as a delivery that is repeated: it is older now.
    assert_eq!(rows.make(&theirs, 100), Batch::default());
    let delete = Change { action: Action::Delete, ..put("") };
    rows.make(&delete, 950);
    let Some(Stored::Tombstone(tombstone)) = rows.stored(&theirs) else { panic!("a deletion leaves a tombstone") };
    assert_eq!((tombstone.stamp, tombstone.end_of_life_ms), (stamp(950, 0, "us-east-1"), 950 + TOMBSTONE_LIFE_MS));
    // Nothing is there to be deleted again.
    assert_eq!(rows.make(&delete, 999), Batch::default());
    rows.make(&put("again"), 940);
    assert_eq!(rows.stored(&theirs).unwrap().stamp(), Some(stamp(950, 1, "us-east-1")));
}

fn item_of(table: &Table, value: &str) -> Attributes {
    let mut item = key_of(table);
    item.insert("v".to_owned(), s(value));
    item
}

#[test]
fn a_deletion_of_what_has_not_arrived_is_not_undone_by_it() {
    let table = table();
    let mut rows = Rows::default();
    let delete = replicated(&table, None, stamp(20, 0, "eu-west-1"));
    rows.make(&delete, 1);
    rows.make(&replicated(&table, Some("older"), stamp(10, 0, "ap-south-1")), 1);
    assert!(matches!(rows.stored(&delete), Some(Stored::Tombstone(_))));
    rows.make(&replicated(&table, Some("newer"), stamp(20, 0, "us-west-2")), 1);
    assert!(
        matches!(rows.stored(&delete), Some(Stored::Item(_))),
        "of two at one time the greater region is the later one"
    );
}

proptest! {
    /// Whatever order writes arrive in, and however often: the greatest stamp wins.
    #[test]
    fn deliveries_may_come_in_any_order(
        writes in proptest::collection::btree_map((0..4_u64, 0..2_u32, 0..3_usize), proptest::option::of(0..9_u8), 1..12),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..30),
    ) {
        const REGIONS: [&str; 3] = ["ap-south-1", "eu-west-1", "us-east-1"];
        let table = table();
        let all: Vec<(Stamp, Change, Option<String>)> = writes
            .into_iter()
            .map(|((wall_ms, counter, of), value)| {
                let (stamp, value) = (stamp(wall_ms, counter, REGIONS[of]), value.map(|value| value.to_string()));
                (stamp, replicated(&table, value.as_deref(), stamp), value)
            })
            .collect();
        let mut rows = Rows::default();
        for at in &order {
            rows.make(&at.get(&all).1, 50);
        }
        for (_, change, _) in all.iter().rev() {
            rows.make(change, 50);
        }
        let (greatest, change, value) = all.iter().max_by_key(|(stamp, _, _)| *stamp).unwrap();
        let stored = rows.stored(change).unwrap();
        prop_assert_eq!(stored.stamp(), Some(*greatest));
        let found = stored.into_item().map(|item| item.attributes().to_owned());
        prop_assert_eq!(found, value.as_deref().map(|value| item_of(&table, value)));
    }
}

#[test]
fn an_expired_item_is_deleted_as_of_its_expiry() {
    let mut definition = table().definition.clone();
    tables::expiry::enable(&mut definition, "end".to_owned());
    let table = Arc::new(Table::new(definition).unwrap());
    let mut rows = Rows::default();
    let mut expiring = item_of(&table, "1");
    expiring.insert("end".to_owned(), tables::fixture::n("1700000000"));
    let blank = replicated(&table, None, stamp(0, 0, "us-east-1"));
    let put = Change { action: Action::Put(expiring), author: change_log::Author::Client, ..blank };
    rows.make(&put, 1_600_000_000_000);
    let now_s = 1_700_000_900;
    let action = Action::Expire { now_s };
    let expire =
        Change { action, author: change_log::Author::TimeToLive, ..replicated(&table, None, stamp(0, 0, "us-east-1")) };
    rows.make(&expire, now_s * 1000);
    assert_eq!(rows.stored(&expire).unwrap().stamp(), Some(stamp(1_700_000_000_000, 0, "us-east-1")));
}

async fn open_regions(source_ms: u64) -> (Arc<Service>, base::ManualClock, Arc<dyn Engine>) {
    let engine: Arc<dyn Engine> = Memory::new();
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let regions = vec!["us-east-1".to_owned(), "eu-west-1".to_owned()];
    let settings = Settings { regions, replica_source_ms: source_ms, ..Settings::default() };
    let service = Service::open(Arc::clone(&engine), settings, clock).await.unwrap();
    (service, hand, engine)
}

async fn update(service: &Service, update: ReplicationGroupUpdate) -> Result<TableDescription, String> {
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        replica_updates: Some(vec![update]),
        ..UpdateTableInput::default()
    };
    let output = service.update_table(&caller(), request).await;
    output.map(|output| output.table_description.unwrap()).map_err(|error| error.to_string())
}

fn creation(action: CreateReplicationGroupMemberAction) -> ReplicationGroupUpdate {
    let create = CreateReplicationGroupMemberAction { region_name: "eu-west-1".to_owned(), ..action };
    ReplicationGroupUpdate { create: Some(Box::new(create)), ..ReplicationGroupUpdate::default() }
}

fn change(action: UpdateReplicationGroupMemberAction) -> ReplicationGroupUpdate {
    let update = UpdateReplicationGroupMemberAction { region_name: "eu-west-1".to_owned(), ..action };
    ReplicationGroupUpdate { update: Some(Box::new(update)), ..ReplicationGroupUpdate::default() }
}

fn deletion() -> ReplicationGroupUpdate {
    let delete = DeleteReplicationGroupMemberAction { region_name: "eu-west-1".to_owned() };
    ReplicationGroupUpdate { delete: Some(Box::new(delete)), ..ReplicationGroupUpdate::default() }
}

async fn shown(service: &Service) -> Option<ReplicaDescription> {
    let request = DescribeTableInput { table_name: "tab".to_owned() };
    let table = service.describe_table(&caller(), request).await.unwrap().table.unwrap();
    table.replicas.and_then(|mut replicas| replicas.pop())
}

/// Waits for a replica. Nothing is delivered here, so its table has to be empty.
async fn until_active(service: &Service) {
    while shown(service).await.is_none_or(|replica| replica.replica_status != Some(ReplicaStatus::Active)) {
        deliver_nothing(service).await;
        tokio::task::yield_now().await;
    }
}

/// Begins and passes all consumers of replicas, as deliveries do.
async fn deliver_nothing(service: &Service) {
    for destination in service.replica_destinations() {
        let consumer = destination.consumer.clone();
        let Ok(Some(lease)) = service.acquire_lease(&consumer).await else { continue };
        let _ = service.initialize(&consumer, &lease, crate::follow::Start::TrimHorizon).await;
        let Ok(ready) = service.ready(&consumer).await else { continue };
        for cursor in ready.cursors {
            let bounds = crate::follow::Bounds { records_max: 100, bytes_max: 1 << 20 };
            let Ok(batch) = service.poll(&consumer, cursor, bounds).await else { continue };
            let _ = service.replicate(&destination, &batch.changes).await;
            let _ = service.checkpoint(&consumer, &lease, batch.cursor_after(batch.changes.len())).await;
        }
    }
}

#[tokio::test]
async fn a_replica_has_settings_of_its_own() {
    let (service, _, _) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let max = |units| Some(OnDemandThroughputOverride { max_read_request_units: Some(units) });
    let class = Some(TableClass::StandardInfrequentAccess);
    let asked = CreateReplicationGroupMemberAction { on_demand_throughput_override: max(7), ..Default::default() };
    update(&service, creation(asked)).await.unwrap();
    until_active(&service).await;
    let replica = shown(&service).await.unwrap();
    assert_eq!((replica.on_demand_throughput_override, replica.replica_table_class_summary), (max(7), None));
    let asked = UpdateReplicationGroupMemberAction {
        on_demand_throughput_override: max(9),
        table_class_override: class,
        ..Default::default()
    };
    update(&service, change(asked)).await.unwrap();
    let replica = shown(&service).await.unwrap();
    assert_eq!(replica.on_demand_throughput_override, max(9));
    assert_eq!(replica.replica_table_class_summary.and_then(|summary| summary.table_class), class);
    let units = ProvisionedThroughputOverride { read_capacity_units: Some(5) };
    let asked =
        UpdateReplicationGroupMemberAction { provisioned_throughput_override: Some(units), ..Default::default() };
    let refused = update(&service, change(asked)).await.unwrap_err();
    assert_eq!(
        refused,
        "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when \
         BillingMode is PAY_PER_REQUEST"
    );
    let nothing = update(&service, change(UpdateReplicationGroupMemberAction::default())).await.unwrap_err();
    assert_eq!(nothing, "There are no actions specified in the Replica Update Action of the request.");
}

#[tokio::test]
async fn the_source_of_a_young_replica_stays() {
    let (service, hand, _) = open_regions(1000).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    let busy = update(&service, deletion()).await.unwrap_err();
    assert_eq!(busy, "The resource which you are attempting to change is in use.");
    until_active(&service).await;
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    let refused = service.delete_table(&caller(), request.clone()).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in the \
         last 24 hours."
    );
    hand.advance_ms(1000);
    service.delete_table(&caller(), request).await.unwrap();
}

#[tokio::test]
async fn a_protected_replica_is_not_removed() {
    let (service, _, _) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        deletion_protection_enabled: Some(true),
        ..UpdateTableInput::default()
    };
    service.update_table(&there, request).await.unwrap();
    assert_eq!(
        update(&service, deletion()).await.unwrap_err(),
        "Cannot delete table tab in region eu-west-1 because it has deletion protection enabled. Disable deletion protection \
         first."
    );
}

#[tokio::test]
async fn provisioned_tables_need_scaling_and_keys_of_their_own() {
    let (service, _, _) = open_regions(0).await;
    let mut request = simple("tab");
    request.billing_mode = Some(BillingMode::Provisioned);
    request.provisioned_throughput = Some(ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 });
    service.create_table(&caller(), request).await.unwrap();
    assert_eq!(
        update(&service, creation(Default::default())).await.unwrap_err(),
        "Table write capacity should either be Pay-Per-Request or AutoScaled."
    );
    let asked = CreateReplicationGroupMemberAction { kms_master_key_id: Some("k".to_owned()), ..Default::default() };
    assert_eq!(
        update(&service, creation(asked)).await.unwrap_err(),
        "One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica."
    );
    assert_eq!(shown(&service).await, None);
}

#[tokio::test]
async fn a_replica_that_is_being_filled_answers_descriptions_alone() {
    let (service, _, _) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    update(&service, creation(Default::default())).await.unwrap();
    // Nothing is delivered, so it is not active: it waits for what the source had.
    let request = || DescribeTableInput { table_name: "tab".to_owned() };
    let described = loop {
        match service.describe_table(&there, request()).await {
            Ok(described) => break described.table.unwrap(),
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!(described.table_status, Some(TableStatus::Creating));
    let request = DescribeTableReplicaAutoScalingInput { table_name: "tab".to_owned() };
    let scaling = service.describe_table_replica_auto_scaling(&there, request).await.unwrap();
    let replicas = scaling.table_auto_scaling_description.unwrap().replicas.unwrap();
    let statuses: Vec<_> = replicas.into_iter().map(|replica| replica.replica_status.unwrap()).collect();
    assert_eq!(statuses, [ReplicaStatus::Creating, ReplicaStatus::Active]);
    let not_found = "Requested resource not found: Table: tab not found";
    let get = GetItemInput { table_name: "tab".to_owned(), key: item(&[("pk", s("a"))]), ..Default::default() };
    assert_eq!(service.get_item(&there, get).await.unwrap_err().to_string(), not_found);
    let times = DescribeTimeToLiveInput { table_name: "tab".to_owned() };
    assert_eq!(service.describe_time_to_live(&there, times).await.unwrap_err().to_string(), not_found);
    let delete = DeleteTableInput { table_name: "tab".to_owned() };
    assert_eq!(
        service.delete_table(&there, delete).await.unwrap_err().to_string(),
        "Attempt to change a resource which is still in use: Table: tab is being used."
    );
    let action = CreateReplicationGroupMemberAction { region_name: "us-east-1".to_owned(), ..Default::default() };
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        replica_updates: Some(vec![ReplicationGroupUpdate { create: Some(Box::new(action)), ..Default::default() }]),
        ..UpdateTableInput::default()
    };
    assert_eq!(
        service.update_table(&there, request).await.unwrap_err().to_string(),
        "Create/Update/Delete of replica is not allowed while the replica is being added to table with name: ‘tab’."
    );
    until_active(&service).await;
    service
        .get_item(
            &there,
            GetItemInput { table_name: "tab".to_owned(), key: item(&[("pk", s("a"))]), ..Default::default() },
        )
        .await
        .unwrap();
}
