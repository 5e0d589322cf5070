//! The scaling of replicas: that of tables of one region, and the description of targets in several.

use api::{AutoScalingPolicyUpdate, AutoScalingSettingsUpdate, ReplicaAutoScalingUpdate};
use aws::{APPLICATION_AUTO_SCALING, AwsService, Input, Protocol, Request};
use base::Clock;
use storage::{Engine, Memory};

use super::*;
use crate::tests::catalog::{caller, open, simple};

const NAME: &str = "regional";

async fn described(service: &Service, name: &str) -> Result<DescribeTableReplicaAutoScalingOutput, String> {
    let request = DescribeTableReplicaAutoScalingInput { table_name: name.to_owned() };
    service.describe_table_replica_auto_scaling(&caller(), request).await.map_err(|refusal| refusal.to_string())
}

async fn updated(service: &Service, request: UpdateTableReplicaAutoScalingInput) -> String {
    let request = UpdateTableReplicaAutoScalingInput { table_name: NAME.to_owned(), ..request };
    service.update_table_replica_auto_scaling(&caller(), request).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_table_of_one_region_is_no_global_table() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple(NAME)).await.unwrap();
    for name in [NAME, "none"] {
        let expected = format!("Global table with name: '{name}' does not exist.");
        assert_eq!(described(&service, name).await, Err(expected));
    }
    let settings = AutoScalingSettingsUpdate {
        minimum_units: Some(1),
        maximum_units: Some(2),
        scaling_policy_update: Some(AutoScalingPolicyUpdate::default()),
        ..AutoScalingSettingsUpdate::default()
    };
    let own = UpdateTableReplicaAutoScalingInput {
        provisioned_write_capacity_auto_scaling_update: Some(settings),
        ..UpdateTableReplicaAutoScalingInput::default()
    };
    assert_eq!(updated(&service, own).await, "Global table with name: 'regional' does not exist.");
}

#[tokio::test]
async fn settings_that_say_nothing_or_too_little() {
    let service = open(&Memory::new()).await;
    let begin = "Failed to update settings for global table with name: ‘regional’";
    let none = UpdateTableReplicaAutoScalingInput::default();
    let nothing = format!("{begin} because at least one update parameter must be specified");
    assert_eq!(updated(&service, none).await, format!("{nothing}."));
    let replica = |region: &str, settings: Option<AutoScalingSettingsUpdate>| ReplicaAutoScalingUpdate {
        region_name: region.to_owned(),
        replica_global_secondary_index_updates: None,
        replica_provisioned_read_capacity_auto_scaling_update: settings,
    };
    let of = |replicas: Vec<ReplicaAutoScalingUpdate>| UpdateTableReplicaAutoScalingInput {
        replica_updates: Some(replicas),
        ..UpdateTableReplicaAutoScalingInput::default()
    };
    let disabled =
        AutoScalingSettingsUpdate { auto_scaling_disabled: Some(true), ..AutoScalingSettingsUpdate::default() };
    let both = of(vec![replica("us-west-2", Some(disabled.clone())), replica("us-west-2", Some(disabled.clone()))]);
    let twice = format!("{begin} because the regions: ‘[us-west-2]’ were specified more than once.");
    assert_eq!(updated(&service, both).await, twice);
    assert_eq!(updated(&service, of(vec![replica("r", None)])).await, format!("{nothing} for region: ‘r’."));
    let partial = of(vec![replica("r", Some(AutoScalingSettingsUpdate::default()))]);
    let text = format!(
        "{begin}: Parameters 'MaximumUnits', 'ScalingPolicyUpdate', 'MinimumUnits' are required unless auto scaling is being disabled."
    );
    assert_eq!(updated(&service, partial).await, text);
    let disabling = updated(&service, of(vec![replica("r", Some(disabled))])).await;
    assert_eq!(disabling, "Global table with name: 'regional' does not exist.");
}

/// Each replica's targets are in its own region.
#[tokio::test]
async fn targets_are_described_by_region() {
    let engine = Memory::new();
    let service = open(&engine).await;
    service.create_table(&caller(), simple(NAME)).await.unwrap();
    register(&service, engine).await;
    let caller = caller();
    let place = Place { account: &caller.account, region: &caller.region, name: NAME };
    let definition = service.catalog.find(place).unwrap().definition.clone();
    let regions = [caller.region.clone(), "us-west-2".to_owned()].map(|region| (region, ReplicaStatus::Active)).into();
    let found = service.described_scaling(&GlobalTable { definition, regions }).await.unwrap();
    let [here, there] = &found.replicas.unwrap()[..] else { panic!("two replicas") };
    let own = here.replica_provisioned_write_capacity_auto_scaling_settings.as_ref().unwrap();
    assert_eq!((own.minimum_units, own.maximum_units, own.auto_scaling_disabled), (Some(3), Some(9), None));
    let disabled = Some(super::described(None));
    assert_eq!(here.replica_provisioned_read_capacity_auto_scaling_settings, disabled);
    assert_eq!(there.replica_provisioned_write_capacity_auto_scaling_settings, disabled);
}

#[test]
fn a_group_on_demand_is_disabled_alone() {
    let of = |is_disabled: Option<bool>| UpdateTableReplicaAutoScalingInput {
        provisioned_write_capacity_auto_scaling_update: Some(AutoScalingSettingsUpdate {
            auto_scaling_disabled: is_disabled,
            ..AutoScalingSettingsUpdate::default()
        }),
        ..UpdateTableReplicaAutoScalingInput::default()
    };
    let regions = ["us-east-1".to_owned(), "us-west-2".to_owned()];
    assert_eq!(update::check_on_demand("x", &of(Some(true)), regions.iter()), Ok(()));
    let refused = update::check_on_demand("x", &of(None), regions.iter()).unwrap_err().to_string();
    let text = "Failed to update global table with name: ‘x‘. Replicas 'US-EAST-1', 'US-WEST-2' BillingMode is PayPerRequest. You must \
                convert table's BillingMode to PROVISIONED to set parameters: \
                'GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate'.";
    assert_eq!(refused, text);
}

/// By the API.
async fn register(service: &std::sync::Arc<Service>, engine: std::sync::Arc<Memory>) {
    use autoscaling::{AutoScaling, Scaler};
    use cloudwatch::{Metrics, Recorder};
    let clock = Clock::system();
    let engine: std::sync::Arc<dyn Engine> = engine;
    let recorder = std::sync::Arc::new(Recorder::new(clock.clone(), 10));
    let metrics = Metrics::new(std::sync::Arc::clone(&engine), clock.clone(), recorder);
    let tables = std::sync::Arc::<Service>::clone(service);
    let api = AutoScaling::new(Scaler::new(engine, metrics, tables, clock));
    let body = format!(
        r#"{{"ServiceNamespace":"dynamodb","ResourceId":"table/{NAME}","ScalableDimension":"dynamodb:table:WriteCapacityUnits","MinCapacity":3,"MaxCapacity":9}}"#
    );
    let request = Request {
        operation: APPLICATION_AUTO_SCALING.operation("RegisterScalableTarget").unwrap(),
        protocol: Protocol::AwsJson,
        caller: Some(&caller()),
        observer: None,
        input: Input::Body(body.into_bytes().into()),
        request_id: "id",
        transport: auth::iam::Transport { peer: std::net::Ipv4Addr::LOCALHOST.into(), secure: false },
        user_agent: None,
    };
    let reply = api.call(request).await;
    assert_eq!(reply.status, 200, "{:?}", reply.error);
}
