//! Capacity of tables and indexes, read and changed as Application Auto Scaling does.

use api::{BillingMode, CreateTableInput, GlobalSecondaryIndex, KeyType, ProjectionType, ProvisionedThroughput};
use autoscaling::{Access, Capacity, Resource, Tables, Unpermitted};
use serde_json::{Value, json};
use storage::Memory;

use crate::tests::catalog::{caller, describe, key, open, projection, simple};

fn units(read: i64, write: i64) -> Option<ProvisionedThroughput> {
    Some(ProvisionedThroughput { read_capacity_units: read, write_capacity_units: write })
}

#[tokio::test]
async fn one_access_is_changed_and_the_other_one_stays() {
    let service = open(&Memory::new()).await;
    let index = GlobalSecondaryIndex {
        index_name: "byhash".to_owned(),
        key_schema: key(&[("pk", KeyType::Hash)]),
        projection: projection(ProjectionType::All),
        on_demand_throughput: None,
        provisioned_throughput: units(5, 6),
        warm_throughput: None,
    };
    let request = CreateTableInput {
        billing_mode: Some(BillingMode::Provisioned),
        provisioned_throughput: units(7, 8),
        global_secondary_indexes: Some(vec![index]),
        ..simple("scaled")
    };
    service.create_table(&caller(), request).await.unwrap();
    let caller = caller();
    let table = Resource { account: &caller.account, region: &caller.region, table: "scaled", index: None };
    let index = Resource { index: Some("byhash"), ..table };
    let has = |units: u64| Some(Capacity { units: Some(units), is_changeable: true, may_decrease: true });
    assert_eq!(service.capacity(table, Access::Write).await, has(8));
    assert_eq!(service.capacity(index, Access::Read).await, has(5));
    assert_eq!(service.capacity(Resource { table: "other", ..table }, Access::Read).await, None);
    assert_eq!(service.capacity(Resource { index: Some("other"), ..table }, Access::Read).await, None);

    service.change(table, Access::Read, 70).await.unwrap();
    service.change(index, Access::Write, 60).await.unwrap();
    let found = describe(&service, "scaled").await.unwrap();
    let shown = |throughput: Option<api::ProvisionedThroughputDescription>| {
        throughput.map(|units| (units.read_capacity_units, units.write_capacity_units)).unwrap()
    };
    assert_eq!(shown(found.provisioned_throughput), (Some(70), Some(8)));
    let index_units = found.global_secondary_indexes.unwrap().remove(0).provisioned_throughput;
    assert_eq!(shown(index_units), (Some(5), Some(60)));

    let refused = service.change(table, Access::Read, 50_000).await.unwrap_err();
    assert!(refused.reason.starts_with("The requested ReadCapacityUnits, 50000, is above the per table maximum"));
    assert!(!refused.is_transient);
    for units in [69, 68, 67, 66] {
        service.change(table, Access::Read, units).await.unwrap();
    }
    assert!(!service.capacity(table, Access::Write).await.unwrap().may_decrease);
}

/// By the caller's policies, and by the table's own: an explicit Deny of either is one.
#[tokio::test]
async fn scaling_needs_what_update_table_needs() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("scaled")).await.unwrap();
    let statement = |effect: &str, action: &str| json!({"Effect": effect, "Action": action, "Resource": "*"});
    let all = statement("Allow", "dynamodb:*");
    let of = |statements: &[Value]| auth::fixture::user(&caller().account, statements);
    let own = caller();
    let table = Resource { account: &own.account, region: &own.region, table: "scaled", index: None };
    let index = Resource { index: Some("any"), ..table };
    assert_eq!(Tables::permit(&*service, &of(std::slice::from_ref(&all)), index).await, Ok(()));
    for action in ["dynamodb:UpdateTable", "dynamodb:DescribeTable"] {
        for user in
            [of(&[all.clone(), statement("Deny", action)]), of(&[statement("Allow", "application-autoscaling:*")])]
        {
            let denied = Tables::permit(&*service, &user, table).await;
            let is_named = |text: &String| text.contains("is not authorized to perform: dynamodb:");
            assert!(matches!(&denied, Err(Unpermitted::Denied(text)) if is_named(text)), "{denied:?}");
        }
    }
}
