//! Global tables of one process: replicas are filled, follow each other, and end equal, whatever is written where.

use std::collections::BTreeMap;

use api::*;
use auth::{Caller, SHARED_ACCOUNT};
use base::Clock;
use model::{AttributeValue, Attributes};
use ops::{Service, call};
use proptest::prelude::*;
use storage::{Engine, Memory};

use super::*;
use crate::{Deliveries, Settings};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];

struct Fixture {
    engine: Arc<dyn Engine>,
    clock: Clock,
    service: Arc<Service>,
    _deliveries: Deliveries,
}

fn caller(region: &str) -> Caller {
    Caller {
        account: SHARED_ACCOUNT.to_owned(),
        region: region.to_owned(),
        access_key: "test".to_owned(),
        identity: None,
        served: None,
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn item(entries: &[(&str, &str)]) -> Attributes {
    entries.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

async fn open(engine: &Arc<dyn Engine>, clock: &Clock) -> (Arc<Service>, Deliveries) {
    let regions = REGIONS.iter().map(|region| (*region).to_owned()).collect();
    let settings = ops::Settings { regions, ..ops::Settings::default() };
    let service = Service::open(Arc::clone(engine), settings, clock.clone()).await.unwrap();
    let deliveries = Deliveries::start(&service, Settings::default());
    (service, deliveries)
}

impl Fixture {
    async fn new(clock: Clock) -> Fixture {
        let engine: Arc<dyn Engine> = Memory::new();
        let (service, deliveries) = open(&engine, &clock).await;
        Fixture { engine, clock, service, _deliveries: deliveries }
    }

    /// As a crash: nothing of the former process goes on.
    async fn restart(self) -> Fixture {
        let Fixture { engine, clock, service, _deliveries } = self;
        drop(_deliveries);
        service.jobs().stop(Duration::ZERO).await;
        drop(service);
        let (service, deliveries) = open(&engine, &clock).await;
        Fixture { engine, clock, service, _deliveries: deliveries }
    }

    async fn create(&self, region: &str) {
        let request = CreateTableInput {
            table_name: "tab".to_owned(),
            attribute_definitions: Some(vec![AttributeDefinition {
                attribute_name: "pk".to_owned(),
                attribute_type: ScalarAttributeType::S,
            }]),
            key_schema: Some(vec![KeySchemaElement { attribute_name: "pk".to_owned(), key_type: KeyType::Hash }]),
            billing_mode: Some(BillingMode::PayPerRequest),
            ..CreateTableInput::default()
        };
        self.service.execute::<call::CreateTable>(&caller(region), request).await.unwrap();
    }

    async fn put(&self, region: &str, pk: &str, value: &str) {
        let request = PutItemInput {
            table_name: "tab".to_owned(),
            item: item(&[("pk", pk), ("v", value)]),
            ..PutItemInput::default()
        };
        self.service.execute::<call::PutItem>(&caller(region), request).await.unwrap();
    }

    async fn delete(&self, region: &str, pk: &str) {
        let request =
            DeleteItemInput { table_name: "tab".to_owned(), key: item(&[("pk", pk)]), ..DeleteItemInput::default() };
        self.service.execute::<call::DeleteItem>(&caller(region), request).await.unwrap();
    }

    async fn items(&self, region: &str) -> BTreeMap<String, Attributes> {
        let request = ScanInput { table_name: "tab".to_owned(), consistent_read: Some(true), ..ScanInput::default() };
        let page = self.service.execute::<call::Scan>(&caller(region), request).await.unwrap();
        assert!(page.last_evaluated_key.is_none());
        let keyed = |item: model::Item| {
            let found = item.view().to_owned();
            match found.get("pk") {
                Some(AttributeValue::S(pk)) => (pk.clone(), found),
                other => panic!("{other:?}"),
            }
        };
        page.items.unwrap_or_default().into_iter().map(keyed).collect()
    }

    async fn describe(&self, region: &str) -> Result<TableDescription, Exception> {
        let request = DescribeTableInput { table_name: "tab".to_owned() };
        Ok(self.service.execute::<call::DescribeTable>(&caller(region), request).await?.table.unwrap())
    }

    async fn update(&self, region: &str, updates: Vec<ReplicationGroupUpdate>) -> Result<TableDescription, String> {
        let request = UpdateTableInput {
            table_name: "tab".to_owned(),
            replica_updates: Some(updates),
            ..UpdateTableInput::default()
        };
        let output = self.service.execute::<call::UpdateTable>(&caller(region), request).await;
        output.map(|output| output.table_description.unwrap()).map_err(|error| error.to_string())
    }

    async fn add(&self, region: &str, new: &str) -> Result<TableDescription, String> {
        self.update(region, vec![creation(new)]).await
    }

    async fn remove(&self, region: &str, old: &str) -> Result<TableDescription, String> {
        let delete = DeleteReplicationGroupMemberAction { region_name: old.to_owned() };
        self.update(region, vec![ReplicationGroupUpdate { delete: Some(Box::new(delete)), ..Default::default() }]).await
    }

    /// The members that a region shows, with their statuses.
    async fn members(&self, region: &str) -> BTreeMap<String, ReplicaStatus> {
        let described = self.describe(region).await.unwrap();
        let shown = |replica: ReplicaDescription| (replica.region_name.unwrap(), replica.replica_status.unwrap());
        described.replicas.unwrap_or_default().into_iter().map(shown).collect()
    }

    async fn until_members(&self, region: &str, expected: &[&str]) {
        until(async || {
            let members = self.members(region).await;
            let is_active = members.values().all(|status| *status == ReplicaStatus::Active);
            is_active && members.keys().map(String::as_str).eq(expected.iter().copied())
        })
        .await;
    }

    /// Waits until all regions have the same items, and returns them.
    async fn converged(&self, regions: &[&str]) -> BTreeMap<String, Attributes> {
        let first = regions[0];
        until(async || {
            let expected = self.items(first).await;
            for other in &regions[1..] {
                if self.items(other).await != expected {
                    return false;
                }
            }
            true
        })
        .await;
        self.items(first).await
    }
}

fn creation(region: &str) -> ReplicationGroupUpdate {
    let create = CreateReplicationGroupMemberAction { region_name: region.to_owned(), ..Default::default() };
    ReplicationGroupUpdate { create: Some(Box::new(create)), ..Default::default() }
}

/// Waits for a state that comes by itself; only a hang reaches the bound.
async fn until(is_there: impl AsyncFn() -> bool) {
    let waited = async {
        while !is_there().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waited).await.expect("a state that comes");
}

#[tokio::test]
async fn a_new_replica_has_all_items_and_takes_part() {
    let fixture = Fixture::new(Clock::system()).await;
    fixture.create("us-east-1").await;
    for at in 0..600 {
        fixture.put("us-east-1", &format!("{at:03}"), "before").await;
    }
    let answer = fixture.add("us-east-1", "eu-west-1").await.unwrap();
    assert_eq!((answer.table_status, answer.replicas), (Some(TableStatus::Updating), None));
    assert!(answer.stream_specification.unwrap().stream_enabled);
    // The table can be written to all the time.
    for at in 0..600 {
        match at % 3 {
            0 => fixture.put("us-east-1", &format!("{at:03}"), "during").await,
            1 => fixture.delete("us-east-1", &format!("{at:03}")).await,
            _ => {}
        }
    }
    fixture.until_members("us-east-1", &["eu-west-1"]).await;
    fixture.until_members("eu-west-1", &["us-east-1"]).await;
    let items = fixture.converged(&["us-east-1", "eu-west-1"]).await;
    assert_eq!(items.len(), 400);
    let described = fixture.describe("eu-west-1").await.unwrap();
    assert_eq!(described.global_table_version.as_deref(), Some("2019.11.21"));
    assert_eq!(described.item_count, Some(400));
    assert!(described.table_arn.unwrap().contains(":eu-west-1:"));
    fixture.put("eu-west-1", "there", "1").await;
    fixture.put("us-east-1", "here", "1").await;
    let items = fixture.converged(&["us-east-1", "eu-west-1"]).await;
    assert!(items.contains_key("there") && items.contains_key("here"));
    fixture.delete("eu-west-1", "here").await;
    until(async || !fixture.items("us-east-1").await.contains_key("here")).await;
}

#[tokio::test]
async fn a_member_that_leaves_leaves_its_writes() {
    let fixture = Fixture::new(Clock::system()).await;
    fixture.create("us-east-1").await;
    fixture.add("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &["eu-west-1"]).await;
    fixture.add("eu-west-1", "ap-south-1").await.unwrap();
    for region in REGIONS {
        let others: Vec<&str> =
            ["ap-south-1", "eu-west-1", "us-east-1"].into_iter().filter(|it| *it != region).collect();
        until(async || fixture.describe(region).await.is_ok()).await;
        fixture.until_members(region, &others).await;
    }
    for at in 0..100 {
        fixture.put("eu-west-1", &format!("{at}"), "last").await;
    }
    fixture.remove("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &["ap-south-1"]).await;
    fixture.until_members("ap-south-1", &["us-east-1"]).await;
    assert_eq!(fixture.items("us-east-1").await.len(), 100);
    assert_eq!(fixture.converged(&["us-east-1", "ap-south-1"]).await.len(), 100);
    until(async || fixture.describe("eu-west-1").await.is_err()).await;
    // The last one is a table of its own again, which goes on.
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    fixture.service.execute::<call::DeleteTable>(&caller("us-east-1"), request).await.unwrap();
    until(async || fixture.describe("us-east-1").await.is_err()).await;
    let described = fixture.describe("ap-south-1").await.unwrap();
    assert_eq!((described.replicas, described.global_table_version), (None, None));
    fixture.put("ap-south-1", "more", "1").await;
    assert_eq!(fixture.items("ap-south-1").await.len(), 101);
}

#[tokio::test]
async fn a_replica_that_is_disassociated_keeps_its_data() {
    let fixture = Fixture::new(Clock::system()).await;
    fixture.create("us-east-1").await;
    fixture.add("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &["eu-west-1"]).await;
    let leave = |region: &str| {
        let (region_name, disassociation_mode) = (region.to_owned(), DisassociationMode::WaitForReplication);
        let leave = DisassociateReplicationGroupMemberAction { region_name, disassociation_mode };
        vec![ReplicationGroupUpdate { disassociate: Some(Box::new(leave)), ..Default::default() }]
    };
    assert_eq!(
        fixture.update("us-east-1", leave("eu-west-1")).await.unwrap_err(),
        "A replica is disassociated by a request in its own region: eu-west-1."
    );
    assert_eq!(
        fixture.update("eu-west-1", leave("eu-west-1")).await.unwrap_err(),
        "Cannot disassociate table tab in region eu-west-1 because it has disassociation protection enabled. Disable \
         disassociation protection first."
    );
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        disassociation_protection_enabled: Some(false),
        ..UpdateTableInput::default()
    };
    fixture.service.execute::<call::UpdateTable>(&caller("eu-west-1"), request).await.unwrap();
    assert_eq!(fixture.describe("eu-west-1").await.unwrap().disassociation_protection_enabled, Some(false));
    let arn = fixture.describe("eu-west-1").await.unwrap().table_arn;
    for at in 0..50 {
        fixture.put("us-east-1", &format!("us-{at}"), "1").await;
        fixture.put("eu-west-1", &format!("eu-{at}"), "1").await;
    }
    let answer = fixture.update("eu-west-1", leave("eu-west-1")).await.unwrap();
    assert_eq!(answer.table_status, Some(TableStatus::Updating));
    until(async || {
        let described = fixture.describe("eu-west-1").await.unwrap();
        // One without the other would say that it has failed.
        assert_eq!(described.table_status == Some(TableStatus::Active), described.replicas.is_none());
        described.table_status == Some(TableStatus::Active)
    })
    .await;
    let described = fixture.describe("eu-west-1").await.unwrap();
    assert_eq!((described.table_arn, described.global_table_version), (arn, None));
    assert_eq!(fixture.describe("us-east-1").await.unwrap().replicas, None, "of a pair both are tables of one region");
    for region in ["us-east-1", "eu-west-1"] {
        assert_eq!(fixture.items(region).await.len(), 100, "{region}");
    }
    fixture.put("eu-west-1", "own", "1").await;
    fixture.put("us-east-1", "other", "1").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!fixture.items("us-east-1").await.contains_key("own"));
    assert!(!fixture.items("eu-west-1").await.contains_key("other"));
    let refused = fixture.add("us-east-1", "eu-west-1").await.unwrap_err();
    assert!(refused.contains("already existed as tables"), "{refused}");
}

/// The log still has the changes of the first group.
#[tokio::test]
async fn a_member_that_comes_again_gets_what_was_written_meanwhile() {
    let fixture = Fixture::new(Clock::system()).await;
    fixture.create("us-east-1").await;
    fixture.put("us-east-1", "before", "0").await;
    fixture.add("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &["eu-west-1"]).await;
    for pk in ["deleted", "replaced", "again", "kept"] {
        fixture.put("us-east-1", pk, "1").await;
    }
    fixture.converged(&["us-east-1", "eu-west-1"]).await;
    fixture.remove("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &[]).await;
    until(async || fixture.describe("eu-west-1").await.is_err()).await;
    fixture.delete("us-east-1", "deleted").await;
    fixture.delete("us-east-1", "before").await;
    fixture.put("us-east-1", "replaced", "2").await;
    fixture.delete("us-east-1", "again").await;
    fixture.put("us-east-1", "again", "2").await;
    fixture.put("us-east-1", "new", "2").await;
    let expected = fixture.items("us-east-1").await;
    fixture.add("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &["eu-west-1"]).await;
    fixture.until_members("eu-west-1", &["us-east-1"]).await;
    // Behind all older changes.
    fixture.put("us-east-1", "last", "3").await;
    until(async || fixture.items("eu-west-1").await.contains_key("last")).await;
    for region in ["us-east-1", "eu-west-1"] {
        let mut found = fixture.items(region).await;
        found.remove("last");
        assert_eq!(found, expected, "{region}");
    }
}

#[tokio::test]
async fn requests_that_cannot_be_met_change_nothing() {
    let fixture = Fixture::new(Clock::system()).await;
    fixture.create("us-east-1").await;
    let empty = ReplicationGroupUpdate::default();
    let check = |result: Result<TableDescription, String>, text: &str| assert_eq!(result.unwrap_err(), text);
    check(
        fixture.update("us-east-1", vec![empty]).await,
        "There are no actions specified in the Replica Update Action of the request.",
    );
    check(
        fixture.update("us-east-1", vec![creation("eu-west-1"), creation("ap-south-1")]).await,
        "Update table operation with more than one create or delete replica actions not allowed",
    );
    check(
        fixture.add("us-east-1", "us-east-1").await,
        "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as \
         required.",
    );
    check(
        fixture.add("us-east-1", "us-fake-1").await,
        "Region us-fake-1 is not supported. The latest version of global tables are only supported in the following \
         regions: [us-east-1, eu-west-1, ap-south-1]",
    );
    check(
        fixture.remove("us-east-1", "eu-west-1").await,
        "Update global table operation failed because one or more replicas were not part of the global table. Please retry \
         the request without these replicas: [eu-west-1].",
    );
    fixture.create("eu-west-1").await;
    check(
        fixture.add("us-east-1", "eu-west-1").await,
        "Failed to create a the new replica of table with name: ‘tab’ because one or more replicas already existed as tables.",
    );
    let described = fixture.describe("us-east-1").await.unwrap();
    assert_eq!((described.replicas, described.stream_specification), (None, None));
    // The same member twice is one.
    fixture.update("us-east-1", vec![creation("ap-south-1"), creation("ap-south-1")]).await.unwrap();
    fixture.until_members("us-east-1", &["ap-south-1"]).await;
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        stream_specification: Some(StreamSpecification { stream_enabled: false, stream_view_type: None }),
        ..UpdateTableInput::default()
    };
    let refused = fixture.service.execute::<call::UpdateTable>(&caller("us-east-1"), request).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table replica."
    );
}

#[tokio::test]
async fn settings_of_the_group_follow() {
    let fixture = Fixture::new(Clock::system()).await;
    fixture.create("us-east-1").await;
    fixture.put("us-east-1", "a", "1").await;
    fixture.add("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &["eu-west-1"]).await;
    let index = CreateGlobalSecondaryIndexAction {
        index_name: "by_v".to_owned(),
        key_schema: vec![KeySchemaElement { attribute_name: "v".to_owned(), key_type: KeyType::Hash }],
        projection: Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None },
        ..CreateGlobalSecondaryIndexAction::default()
    };
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        attribute_definitions: Some(vec![AttributeDefinition {
            attribute_name: "v".to_owned(),
            attribute_type: ScalarAttributeType::S,
        }]),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(Box::new(index)),
            ..GlobalSecondaryIndexUpdate::default()
        }]),
        ..UpdateTableInput::default()
    };
    fixture.service.execute::<call::UpdateTable>(&caller("eu-west-1"), request).await.unwrap();
    let time_to_live = UpdateTimeToLiveInput {
        table_name: "tab".to_owned(),
        time_to_live_specification: TimeToLiveSpecification { attribute_name: "end".to_owned(), enabled: true },
    };
    fixture.service.execute::<call::UpdateTimeToLive>(&caller("us-east-1"), time_to_live).await.unwrap();
    for region in ["us-east-1", "eu-west-1"] {
        until(async || {
            let described = fixture.describe(region).await.unwrap();
            let indexes = described.global_secondary_indexes.unwrap_or_default();
            let request = DescribeTimeToLiveInput { table_name: "tab".to_owned() };
            let times = fixture.service.execute::<call::DescribeTimeToLive>(&caller(region), request).await.unwrap();
            let attribute = times.time_to_live_description.unwrap().attribute_name;
            indexes.iter().any(|index| index.index_status == Some(IndexStatus::Active) && index.item_count == Some(1))
                && attribute.as_deref() == Some("end")
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_seen_of_a_replicated_write_in_streams() {
    let fixture = Fixture::new(Clock::system()).await;
    fixture.create("us-east-1").await;
    fixture.add("us-east-1", "eu-west-1").await.unwrap();
    fixture.until_members("us-east-1", &["eu-west-1"]).await;
    fixture.put("us-east-1", "a", "1").await;
    fixture.converged(&["us-east-1", "eu-west-1"]).await;
    // A write of what is there already is no change, and has a new stamp.
    fixture.put("us-east-1", "a", "1").await;
    fixture.put("us-east-1", "a", "2").await;
    fixture.converged(&["us-east-1", "eu-west-1"]).await;
    fixture.delete("us-east-1", "a").await;
    fixture.converged(&["us-east-1", "eu-west-1"]).await;
    for region in ["us-east-1", "eu-west-1"] {
        let arn = fixture.describe(region).await.unwrap().latest_stream_arn.unwrap();
        let caller = caller(region);
        let request = DescribeStreamInput { stream_arn: arn.clone(), ..DescribeStreamInput::default() };
        let stream = fixture.service.execute::<call::DescribeStream>(&caller, request).await.unwrap();
        let shard = stream.stream_description.unwrap().shards.unwrap().pop().unwrap();
        let request = GetShardIteratorInput {
            stream_arn: arn,
            shard_id: shard.shard_id.unwrap(),
            shard_iterator_type: ShardIteratorType::TrimHorizon,
            sequence_number: None,
            timestamp: None,
        };
        let iterator = fixture.service.execute::<call::GetShardIterator>(&caller, request).await.unwrap();
        let shard_iterator = iterator.shard_iterator.unwrap();
        until(async || {
            let request = GetRecordsInput { shard_iterator: shard_iterator.clone(), limit: None };
            let records = fixture.service.execute::<call::GetRecords>(&caller, request).await.unwrap().records.unwrap();
            records.last().is_some_and(|record| record.event_name == Some(OperationType::Remove))
        })
        .await;
        let request = GetRecordsInput { shard_iterator, limit: None };
        let records = fixture.service.execute::<call::GetRecords>(&caller, request).await.unwrap().records.unwrap();
        let names: Vec<OperationType> = records.iter().filter_map(|record| record.event_name).collect();
        assert_eq!(names, [OperationType::Insert, OperationType::Modify, OperationType::Remove]);
        assert!(records.iter().all(|record| record.aws_region.as_deref() == Some(region)));
    }
}

/// One step of a random history.
#[derive(Clone, Debug)]
enum Step {
    Put {
        region: usize,
        key: u8,
    },
    Delete {
        region: usize,
        key: u8,
    },
    Transact {
        region: usize,
        keys: [u8; 2],
    },
    /// Adds or removes the third region.
    Change {
        region: usize,
    },
    Advance {
        ms: u64,
    },
    Restart,
    Pause,
}

fn step() -> impl Strategy<Value = Step> {
    let (region, key) = (0..3_usize, 0..6_u8);
    prop_oneof![
        8 => (region.clone(), key.clone()).prop_map(|(region, key)| Step::Put { region, key }),
        4 => (region.clone(), key.clone()).prop_map(|(region, key)| Step::Delete { region, key }),
        3 => (region.clone(), key.clone(), key).prop_map(|(region, one, two)| Step::Transact { region, keys: [one, two] }),
        1 => region.prop_map(|region| Step::Change { region }),
        2 => (1..5_u64).prop_map(|ms| Step::Advance { ms }),
        1 => Just(Step::Restart),
        1 => Just(Step::Pause),
    ]
}

/// The last write of each item, in the order in which writes were acknowledged. Each is a millisecond behind the one before it, so
/// that it has the greatest stamp, unless it is in a region that is not there.
#[derive(Default)]
struct Model(BTreeMap<String, Option<String>>);

async fn history(steps: Vec<Step>) {
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let mut fixture = Fixture::new(clock).await;
    fixture.create(REGIONS[0]).await;
    fixture.put(REGIONS[0], "old", "0").await;
    fixture.add(REGIONS[0], REGIONS[1]).await.unwrap();
    fixture.until_members(REGIONS[0], &[REGIONS[1]]).await;
    let mut model = Model(BTreeMap::from([("old".to_owned(), Some("0".to_owned()))]));
    let mut has_third = false;
    for (at, step) in steps.into_iter().enumerate() {
        hand.advance_ms(1);
        let there = |region: usize| if region == 2 && !has_third { 0 } else { region };
        let value = at.to_string();
        match step {
            Step::Put { region, key } => {
                let key = key.to_string();
                fixture.put(REGIONS[there(region)], &key, &value).await;
                model.0.insert(key, Some(value));
            }
            Step::Delete { region, key } => {
                let (region, key) = (REGIONS[there(region)], key.to_string());
                // A deletion of what has not arrived yet is none.
                if fixture.items(region).await.contains_key(&key) {
                    fixture.delete(region, &key).await;
                    model.0.insert(key, None);
                }
            }
            Step::Transact { region, keys: [one, two] } if one != two => {
                let put = |key: u8| TransactWriteItem {
                    put: Some(Box::new(Put {
                        table_name: "tab".to_owned(),
                        item: item(&[("pk", &key.to_string()), ("v", &value)]),
                        ..Put::default()
                    })),
                    ..TransactWriteItem::default()
                };
                let request = TransactWriteItemsInput {
                    transact_items: vec![put(one), put(two)],
                    ..TransactWriteItemsInput::default()
                };
                let caller = caller(REGIONS[there(region)]);
                // It may meet a replicated write of one of its items.
                while fixture.service.execute::<call::TransactWriteItems>(&caller, request.clone()).await.is_err() {
                    tokio::task::yield_now().await;
                }
                for key in [one, two] {
                    model.0.insert(key.to_string(), Some(value.clone()));
                }
            }
            Step::Transact { .. } => {}
            Step::Change { region } => {
                let region = REGIONS[region % 2];
                match has_third {
                    false => fixture.add(region, REGIONS[2]).await.unwrap(),
                    true => fixture.remove(region, REGIONS[2]).await.unwrap(),
                };
                has_third = !has_third;
                let expected: &[&str] = if has_third { &[REGIONS[2], REGIONS[1]] } else { &[REGIONS[1]] };
                fixture.until_members(REGIONS[0], expected).await;
                if has_third {
                    fixture.until_members(REGIONS[1], &[REGIONS[2], REGIONS[0]]).await;
                } else {
                    until(async || fixture.describe(REGIONS[2]).await.is_err()).await;
                    fixture.until_members(REGIONS[1], &[REGIONS[0]]).await;
                }
            }
            Step::Advance { ms } => hand.advance_ms(ms),
            Step::Restart => fixture = fixture.restart().await,
            Step::Pause => tokio::time::sleep(Duration::from_millis(3)).await,
        }
    }
    let regions = if has_third { &REGIONS[..] } else { &REGIONS[..2] };
    let expected: BTreeMap<String, Attributes> = model
        .0
        .into_iter()
        .filter_map(|(pk, value)| Some((pk.clone(), item(&[("pk", &pk), ("v", &value?)]))))
        .collect();
    for region in regions {
        until(async || fixture.items(region).await == expected).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn replicas_end_equal_to_the_last_writes(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(history(steps));
    }
}
