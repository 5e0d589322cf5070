//! Replicas with provisioned capacity: their auto scaling, and whose their capacity is.

use super::*;

/// A table with provisioned capacity and a global index.
fn provisioned() -> CreateTableInput {
    let index = GlobalSecondaryIndex {
        index_name: "byhash".to_owned(),
        key_schema: crate::tests::catalog::key(&[("pk", KeyType::Hash)]),
        projection: crate::tests::catalog::projection(ProjectionType::All),
        on_demand_throughput: None,
        provisioned_throughput: units(5, 6),
        warm_throughput: None,
    };
    CreateTableInput {
        billing_mode: Some(BillingMode::Provisioned),
        provisioned_throughput: units(7, 8),
        global_secondary_indexes: Some(vec![index]),
        ..simple("tab")
    }
}

fn units(read: i64, write: i64) -> Option<ProvisionedThroughput> {
    Some(ProvisionedThroughput { read_capacity_units: read, write_capacity_units: write })
}

fn scaled(policy: Option<&str>) -> autoscaling::ScalingSettings {
    let policy = policy.map(|name| autoscaling::PolicySettings {
        name: name.to_owned(),
        target_value: 50.0,
        disable_scale_in: None,
        in_cooldown: Some(3),
        out_cooldown: None,
    });
    autoscaling::ScalingSettings { min: 2, max: 20, policy }
}

fn resource<'a>(account: &'a str, region: &'a str, index: Option<&'a str>) -> autoscaling::Resource<'a> {
    autoscaling::Resource { account, region, table: "tab", index }
}

/// Of a provisioned table with scaled writes, with its replica in eu-west-1.
async fn open_scaled() -> (Arc<Service>, Arc<dyn Engine>) {
    let (service, _, engine) = open_regions(0).await;
    service.create_table(&caller(), provisioned()).await.unwrap();
    let account = caller().account;
    for index in [None, Some("byhash")] {
        let of = resource(&account, "us-east-1", index);
        assert!(scaled(Some("mine")).put(&*engine, of, autoscaling::Access::Write, 1).await.unwrap());
    }
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    (service, engine)
}

#[tokio::test]
async fn a_provisioned_replica_needs_scaled_writes_of_table_and_indexes() {
    use autoscaling::{Access, ScalingSettings};
    let (service, _, engine) = open_regions(0).await;
    service.create_table(&caller(), provisioned()).await.unwrap();
    let account = caller().account;
    let table = resource(&account, "us-east-1", None);
    let of_table = "Table write capacity should either be Pay-Per-Request or AutoScaled.";
    // Bounds without a policy are not enough, and neither is the scaling of reads.
    scaled(None).put(&*engine, table, Access::Write, 1).await.unwrap();
    scaled(Some("reads")).put(&*engine, table, Access::Read, 1).await.unwrap();
    assert_eq!(update(&service, creation(Default::default())).await.unwrap_err(), of_table);
    scaled(Some("mine")).put(&*engine, table, Access::Write, 1).await.unwrap();
    assert_eq!(
        update(&service, creation(Default::default())).await.unwrap_err(),
        "GSI write capacity should either be Pay-Per-Request or AutoScaled."
    );
    assert_eq!(shown(&service).await, None);
    let index = resource(&account, "us-east-1", Some("byhash"));
    scaled(Some("mine")).put(&*engine, index, Access::Write, 1).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    for (index, access, expected) in [
        (None, Access::Write, Some(scaled(Some("mine")))),
        (None, Access::Read, Some(scaled(Some("reads")))),
        (Some("byhash"), Access::Write, Some(scaled(Some("mine")))),
        (Some("byhash"), Access::Read, None),
    ] {
        let there = resource(&account, "eu-west-1", index);
        assert_eq!(ScalingSettings::read(&*engine, there, access).await.unwrap(), expected, "{index:?} {access:?}");
    }
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    assert_eq!(units_of(&service, &there).await, [(7, 8), (5, 6)]);
}

/// Of the table and of its index.
async fn units_of(service: &Service, caller: &auth::Caller) -> [(i64, i64); 2] {
    let request = DescribeTableInput { table_name: "tab".to_owned() };
    let found = service.describe_table(caller, request).await.unwrap().table.unwrap();
    let index = found.global_secondary_indexes.unwrap().remove(0).provisioned_throughput;
    [found.provisioned_throughput, index].map(|units| {
        let units = units.unwrap();
        (units.read_capacity_units.unwrap(), units.write_capacity_units.unwrap())
    })
}

#[tokio::test]
async fn capacity_of_requests_is_the_groups_and_that_of_scaling_a_regions_own() {
    use autoscaling::{Access, Tables};
    let (service, _) = open_scaled().await;
    let (here, there) = (caller(), auth::Caller { region: "eu-west-1".to_owned(), ..caller() });
    service.change(resource(&here.account, "us-east-1", None), Access::Write, 18).await.unwrap();
    service.change(resource(&here.account, "eu-west-1", Some("byhash")), Access::Read, 15).await.unwrap();
    // A change of something else takes no capacity with it.
    let request = UpdateTimeToLiveInput {
        table_name: "tab".to_owned(),
        time_to_live_specification: TimeToLiveSpecification { attribute_name: "end".to_owned(), enabled: true },
    };
    service.update_time_to_live(&here, request).await.unwrap();
    let ttl = || DescribeTimeToLiveInput { table_name: "tab".to_owned() };
    while service
        .describe_time_to_live(&there, ttl())
        .await
        .unwrap()
        .time_to_live_description
        .is_none_or(|found| found.attribute_name.is_none())
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(units_of(&service, &here).await, [(7, 18), (5, 6)]);
    assert_eq!(units_of(&service, &there).await, [(7, 8), (15, 6)]);
    // What auto scaling has set of reads is an override, as captured.
    let replica = shown(&service).await.unwrap();
    let index = replica.global_secondary_indexes.unwrap().remove(0);
    assert_eq!(index.provisioned_throughput_override.unwrap().read_capacity_units, Some(15));
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        provisioned_throughput: units(9, 10),
        ..UpdateTableInput::default()
    };
    service.update_table(&there, request).await.unwrap();
    while units_of(&service, &here).await[0] != (9, 10) {
        tokio::task::yield_now().await;
    }
    assert_eq!(units_of(&service, &there).await, [(9, 10), (15, 6)]);
    assert_eq!(shown(&service).await.unwrap().provisioned_throughput_override, None);
}

fn index_creation(name: &str) -> UpdateTableInput {
    let index = CreateGlobalSecondaryIndexAction {
        index_name: name.to_owned(),
        key_schema: crate::tests::catalog::key(&[("pk", KeyType::Hash)]),
        projection: crate::tests::catalog::projection(ProjectionType::All),
        provisioned_throughput: units(1, 1),
        ..CreateGlobalSecondaryIndexAction::default()
    };
    UpdateTableInput {
        table_name: "tab".to_owned(),
        attribute_definitions: Some(vec![AttributeDefinition {
            attribute_name: "pk".to_owned(),
            attribute_type: ScalarAttributeType::S,
        }]),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(Box::new(index)),
            ..GlobalSecondaryIndexUpdate::default()
        }]),
        ..UpdateTableInput::default()
    }
}

#[tokio::test]
async fn an_index_of_a_provisioned_group_is_scaled_in_all_regions() {
    use autoscaling::{Access, ScalingSettings};
    let (service, engine) = open_scaled().await;
    let account = caller().account;
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    service.update_table(&there, index_creation("more")).await.unwrap();
    for region in ["us-east-1", "eu-west-1"] {
        let of = resource(&account, region, Some("more"));
        let found = ScalingSettings::read(&*engine, of, Access::Write).await.unwrap().unwrap();
        assert_eq!((found.min, found.max, found.policy.unwrap().target_value), (1, 10, 70.0), "{region}");
    }
    while units_count(&service).await != 2 {
        tokio::task::yield_now().await;
    }
    ScalingSettings::remove(&*engine, resource(&account, "us-east-1", Some("byhash")), Access::Write).await.unwrap();
    loop {
        // The index that is being built is the only one that may be.
        match service.update_table(&caller(), index_creation("third")).await.unwrap_err() {
            Exception::LimitExceeded(_) | Exception::ResourceInUse(_) => tokio::task::yield_now().await,
            refused => {
                let text = "GSI write capacity should either be Pay-Per-Request or AutoScaled.";
                assert_eq!(refused.to_string(), text);
                break;
            }
        }
    }
}

/// How many indexes the table has in us-east-1.
async fn units_count(service: &Service) -> usize {
    let request = DescribeTableInput { table_name: "tab".to_owned() };
    let found = service.describe_table(&caller(), request).await.unwrap().table.unwrap();
    found.global_secondary_indexes.unwrap().len()
}

#[tokio::test]
async fn scaling_of_writes_is_changed_everywhere_and_that_of_reads_in_one_region() {
    use autoscaling::{Access, ScalingSettings};
    let (service, engine) = open_scaled().await;
    let account = caller().account;
    let settings =
        |min: i64, target_value: f64| AutoScalingSettingsUpdate {
            minimum_units: Some(min),
            maximum_units: Some(30),
            scaling_policy_update: Some(AutoScalingPolicyUpdate {
                policy_name: None,
                target_tracking_scaling_policy_configuration:
                    AutoScalingTargetTrackingScalingPolicyConfigurationUpdate { target_value, ..Default::default() },
            }),
            ..AutoScalingSettingsUpdate::default()
        };
    let of_region = |region: &str, settings: AutoScalingSettingsUpdate| ReplicaAutoScalingUpdate {
        region_name: region.to_owned(),
        replica_global_secondary_index_updates: None,
        replica_provisioned_read_capacity_auto_scaling_update: Some(settings),
    };
    let ask = async |request: UpdateTableReplicaAutoScalingInput| {
        let request = UpdateTableReplicaAutoScalingInput { table_name: "tab".to_owned(), ..request };
        let output = service.update_table_replica_auto_scaling(&caller(), request).await;
        output.map_err(|refused| refused.to_string())
    };
    let writes = |settings| UpdateTableReplicaAutoScalingInput {
        provisioned_write_capacity_auto_scaling_update: Some(settings),
        ..UpdateTableReplicaAutoScalingInput::default()
    };
    let reads = |region: &str, settings| UpdateTableReplicaAutoScalingInput {
        replica_updates: Some(vec![of_region(region, settings)]),
        ..UpdateTableReplicaAutoScalingInput::default()
    };
    let bounds = async |region: &'static str, access: Access| {
        let found = ScalingSettings::read(&*engine, resource(&account, region, None), access).await.unwrap();
        found.map(|found| (found.min, found.max, found.policy.unwrap().target_value))
    };
    for (asked, text) in [
        (writes(settings(31, 70.0)), "Maximum capacity cannot be less than minimum capacity"),
        (
            writes(settings(1, 95.0)),
            "For predefined metric type DynamoDBWriteCapacityUtilization, target value must be between '10.0' and '90.0', \
             but was '95.0'.",
        ),
        (
            reads("ap-south-1", settings(1, 70.0)),
            "Update global table operation failed because one or more replicas were not part of the global table. Please \
             retry the request without these replicas: [ap-south-1].",
        ),
    ] {
        assert_eq!(ask(asked).await.unwrap_err(), text);
    }
    assert_eq!(bounds("eu-west-1", Access::Write).await, Some((2, 20, 50.0)), "nothing is changed");
    let answer = ask(writes(settings(4, 60.0))).await.unwrap().table_auto_scaling_description.unwrap();
    for replica in answer.replicas.unwrap() {
        let shown = replica.replica_provisioned_write_capacity_auto_scaling_settings.unwrap();
        assert_eq!((shown.minimum_units, shown.maximum_units), (Some(4), Some(30)), "{:?}", replica.region_name);
    }
    ask(reads("eu-west-1", settings(5, 40.0))).await.unwrap();
    assert_eq!(bounds("us-east-1", Access::Write).await, Some((4, 30, 60.0)));
    assert_eq!(bounds("eu-west-1", Access::Read).await, Some((5, 30, 40.0)));
    assert_eq!(bounds("us-east-1", Access::Read).await, None);
    let disabled = AutoScalingSettingsUpdate { auto_scaling_disabled: Some(true), ..Default::default() };
    ask(reads("eu-west-1", disabled)).await.unwrap();
    assert_eq!(bounds("eu-west-1", Access::Read).await, None);
}
