//! CreateTable's and UpdateTable's refusals and answers, as data.

mod budgets;

use api::*;
use storage::Memory;

use crate::service::Service;
use crate::tests::catalog::{add_index, attribute, caller, describe, drop_index, key, open, projection, simple};

fn local(name: &str, names: &[(&str, KeyType)]) -> LocalSecondaryIndex {
    LocalSecondaryIndex {
        index_name: name.to_owned(),
        key_schema: key(names),
        projection: projection(ProjectionType::All),
    }
}

fn global(name: &str, names: &[(&str, KeyType)]) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex {
        index_name: name.to_owned(),
        key_schema: key(names),
        projection: projection(ProjectionType::All),
        on_demand_throughput: None,
        provisioned_throughput: None,
        warm_throughput: None,
    }
}

fn units(read: i64, write: i64) -> Option<ProvisionedThroughput> {
    Some(ProvisionedThroughput { read_capacity_units: read, write_capacity_units: write })
}

fn strings(names: &[&str]) -> Option<Vec<AttributeDefinition>> {
    Some(names.iter().map(|name| attribute(name, ScalarAttributeType::S)).collect())
}

/// Changes a request that would be accepted.
type Spoil<T> = fn(&mut T);

const HASH: KeyType = KeyType::Hash;
const RANGE: KeyType = KeyType::Range;
const INVALID: &str = "One or more parameter values were invalid: ";

/// `*` stands for [`INVALID`].
fn sentence(expected: &str) -> String {
    expected.strip_prefix('*').map_or_else(|| expected.to_owned(), |rest| format!("{INVALID}{rest}"))
}

#[tokio::test]
async fn create_table_refuses() {
    let cases: &[(Spoil<CreateTableInput>, &str)] = &[
        (
            |t| t.table_name = "ab".to_owned(),
            "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have \
             length greater than or equal to 3",
        ),
        (
            |t| t.key_schema = None,
            "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be \
             null",
        ),
        (
            |t| t.key_schema = Some(key(&[("pk", HASH), ("pk", RANGE)])),
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "sk", "x"]);
                t.key_schema = Some(key(&[("pk", HASH), ("sk", RANGE), ("x", RANGE)]));
            },
            "1 validation error detected: Value '[KeySchemaElement(attributeName=pk, keyType=HASH), \
             KeySchemaElement(attributeName=sk, keyType=RANGE), KeySchemaElement(attributeName=x, keyType=RANGE)]' at \
             'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
        ),
        (
            |t| t.key_schema = Some(key(&[("pk", RANGE)])),
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "sk"]);
                t.key_schema = Some(key(&[("pk", HASH), ("sk", HASH)]));
            },
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            |t| t.attribute_definitions = strings(&["pk", "extra"]),
            "*Number of attributes in KeySchema does not exactly match number of attributes defined in \
             AttributeDefinitions",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "g", "extra"]);
                t.global_secondary_indexes = Some(vec![global("by-g", &[("g", HASH)])]);
            },
            "*Some AttributeDefinitions are not used. AttributeDefinitions: [pk, g, extra], keys used: [g, pk]",
        ),
        (
            |t| t.billing_mode = None,
            "*ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            |t| t.provisioned_throughput = units(1, 1),
            "*Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            |t| t.local_secondary_indexes = Some(vec![local("by-l", &[("pk", HASH), ("l", RANGE)])]),
            "*Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "sk", "l"]);
                t.key_schema = Some(key(&[("pk", HASH), ("sk", RANGE)]));
                t.local_secondary_indexes = Some(vec![local("by-l", &[("l", HASH), ("sk", RANGE)])]);
            },
            "*Index KeySchema does not have the same leading hash key as table KeySchema for index: by-l. index hash \
             key: l, table hash key: pk",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "sk"]);
                t.key_schema = Some(key(&[("pk", HASH), ("sk", RANGE)]));
                let index = |at: i32| local(&format!("index-{at}"), &[("pk", HASH), ("sk", RANGE)]);
                t.local_secondary_indexes = Some((0..6).map(index).collect());
            },
            "*Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            |t| t.global_secondary_indexes = Some(vec![global("by-g", &[("g", HASH)])]),
            "*Some index key attributes are not defined in AttributeDefinitions. Keys: [g], AttributeDefinitions: [pk]",
        ),
        (
            |t| {
                t.global_secondary_indexes =
                    Some(vec![global("same", &[("pk", HASH)]), global("same", &[("pk", HASH)])])
            },
            "*Duplicate index name: same",
        ),
        (
            |t| {
                let index = |at: i32| global(&format!("index-{at}"), &[("pk", HASH)]);
                t.global_secondary_indexes = Some((0..21).map(index).collect());
            },
            "*GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "a", "b", "c", "d"]);
                let names = [("pk", HASH), ("a", HASH), ("b", HASH), ("c", HASH), ("d", HASH)];
                t.global_secondary_indexes = Some(vec![global("wide", &names)]);
            },
            "*The KeySchema exceeds the maximum allowed number of HASH key attributes",
        ),
        (
            |t| {
                let mut index = global("index", &[("pk", HASH)]);
                index.projection.non_key_attributes = Some(vec!["x".to_owned()]);
                t.global_secondary_indexes = Some(vec![index]);
            },
            "*ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            |t| {
                let mut index = global("index", &[("pk", HASH)]);
                index.projection = projection(ProjectionType::Include);
                t.global_secondary_indexes = Some(vec![index]);
            },
            "*ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            |t| {
                let index = |at: i32| {
                    let mut index = global(&format!("index-{at}"), &[("pk", HASH)]);
                    index.projection.projection_type = Some(ProjectionType::Include);
                    index.projection.non_key_attributes = Some((0..17).map(|name| format!("a{name}")).collect());
                    index
                };
                t.global_secondary_indexes = Some((0..6).map(index).collect());
            },
            "*Number of NonKeyAttributes over all indexes exceeds the per-table limit of 100: 102",
        ),
        (
            |t| {
                let mut index = global("index", &[("pk", HASH)]);
                index.provisioned_throughput = units(1, 1);
                t.global_secondary_indexes = Some(vec![index]);
            },
            "*ProvisionedThroughput should not be specified for index: index when BillingMode is PAY_PER_REQUEST",
        ),
        (
            |t| {
                t.billing_mode = None;
                t.provisioned_throughput = units(1, 1);
                t.global_secondary_indexes = Some(vec![global("index", &[("pk", HASH)])]);
            },
            "*ProvisionedThroughput is not specified for index: index",
        ),
        (
            |t| {
                t.warm_throughput =
                    Some(WarmThroughput { read_units_per_second: Some(1), write_units_per_second: None });
            },
            "*Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. \
             See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html\
             #on-demand-capacity-mode-initial",
        ),
        (
            |t| {
                (t.billing_mode, t.provisioned_throughput) = (None, units(10, 10));
                t.warm_throughput =
                    Some(WarmThroughput { read_units_per_second: Some(10), write_units_per_second: Some(9) });
            },
            "*Requested WriteUnitsPerSecond for WarmThroughput for table is lower than WriteCapacityUnits of \
             ProvisionedThroughput",
        ),
        (
            |t| t.on_demand_throughput = maxima(Some(0), None),
            "*Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            |t| t.on_demand_throughput = maxima(Some(1), Some(-1)),
            "*Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            |t| {
                let mut index = global("index", &[("pk", HASH)]);
                index.on_demand_throughput = maxima(Some(-1), Some(-1));
                t.global_secondary_indexes = Some(vec![index]);
            },
            "*Requested MaxReadRequestUnits for OnDemandThroughput for index : index is outside of valid range",
        ),
        (
            |t| {
                (t.billing_mode, t.provisioned_throughput) = (None, units(10, 10));
                t.on_demand_throughput = maxima(None, Some(1));
            },
            "*MaxWriteRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.",
        ),
        (|t| t.attribute_definitions = strings(&["pk", "pk"]), "Attribute Name is duplicated: pk"),
        (
            |t| t.attribute_definitions = strings(&["other"]),
            "*Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: \
             [other]",
        ),
        (
            |t| t.stream_specification = stream(false, Some(StreamViewType::NewImage)),
            "*Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
        (
            |t| t.stream_specification = stream(true, None),
            "*Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (
            |t| t.sse_specification = sse(Some(false), Some(SSEType::Kms), None),
            "*SSEType can not be specified if Enabled is false",
        ),
        (
            |t| t.sse_specification = sse(Some(false), None, Some("alias/own")),
            "*KMSMasterKeyId can not be specified if Enabled is false",
        ),
        (
            |t| t.sse_specification = sse(Some(true), None, Some("alias/own")),
            "*SSEType KMS is required if KMSMasterKeyId is specified",
        ),
        (|t| t.sse_specification = sse(Some(true), Some(SSEType::Aes256), None), "*SSEType AES256 is not supported"),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "a"]);
                t.global_secondary_indexes = Some(vec![global("index", &[("pk", HASH), ("a", RANGE), ("pk", HASH)])]);
            },
            "*All HASH key attributes must precede RANGE key attributes in the KeySchema",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "sk"]);
                t.key_schema = Some(key(&[("pk", HASH), ("pk", RANGE)]));
            },
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            |t| {
                t.attribute_definitions = strings(&["pk", "unused"]);
                t.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
                    provisioned_throughput: units(1, 1),
                    ..global("index", &[("pk", HASH)])
                }]);
            },
            "*Some AttributeDefinitions are not used. AttributeDefinitions: [unused, pk], keys used: [pk]",
        ),
        (
            |t| {
                (t.billing_mode, t.provisioned_throughput) = (None, units(1, 1));
                let index = global("index", &[("pk", HASH)]);
                let index = GlobalSecondaryIndex { provisioned_throughput: units(1, 1), ..index };
                t.global_secondary_indexes =
                    Some(vec![GlobalSecondaryIndex { on_demand_throughput: maxima(Some(1), None), ..index }]);
            },
            "*MaxReadRequestUnits for OnDemandThroughput for index: index cannot be specified when table BillingMode is \
             PROVISIONED.",
        ),
        (
            |t| t.global_secondary_indexes = Some(vec![global("index", &[("pk", HASH), ("pk", HASH)])]),
            "The KeySchema contains multiple key attributes with the same name",
        ),
        (
            |t| t.tags = Some(vec![Tag { key: Some("aws:x".to_owned()), value: Some(String::new()) }]),
            "Tag Key cannot be prefixed with aws:, Key: aws:x",
        ),
        (
            |t| t.tags = Some(vec![Tag { key: Some("a#".to_owned()), value: Some(String::new()) }]),
            "The Tag Key provided is invalid, Key: a#",
        ),
        (
            |t| t.tags = Some(vec![Tag { key: Some("a".to_owned()), value: Some("100%".to_owned()) }]),
            "The Tag Value provided is invalid, Value: 100%",
        ),
        (
            |t| t.tags = Some(vec![Tag { key: Some("a".to_owned()), value: Some(String::new()) }; 2]),
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found a",
        ),
        (|t| t.vector_indexes = Some(Vec::new()), "VectorIndexes is not built yet in this version of Stator"),
        (|t| t.resource_policy = Some("[".to_owned()), "*Invalid policy document: This policy contains invalid Json"),
    ];
    let service = open(&Memory::new()).await;
    for (spoil, expected) in cases {
        let mut request = simple("good");
        spoil(&mut request);
        let refused = service.create_table(&caller(), request).await.unwrap_err();
        assert_eq!(refused, Exception::Validation(sentence(expected)));
    }
    assert_eq!(service.list_tables(&caller(), ListTablesInput::default()).await.unwrap().table_names, Some(Vec::new()));
}

async fn update(service: &Service, name: &str, change: impl FnOnce(&mut UpdateTableInput)) -> Result<(), Exception> {
    let mut request = UpdateTableInput { table_name: name.to_owned(), ..UpdateTableInput::default() };
    change(&mut request);
    service.update_table(&caller(), request).await.map(drop)
}

/// An on-demand table `free` with the indexes `by-pk` and `by-pk-too`, and a provisioned one, `paid`, with the same.
async fn two_tables() -> std::sync::Arc<Service> {
    let service = open(&Memory::new()).await;
    let indexes = Some(vec![global("by-pk", &[("pk", HASH)]), global("by-pk-too", &[("pk", HASH)])]);
    let free = CreateTableInput { global_secondary_indexes: indexes.clone(), ..simple("free") };
    service.create_table(&caller(), free).await.unwrap();
    let provisioned = |index| GlobalSecondaryIndex { provisioned_throughput: units(3, 3), ..index };
    let paid = CreateTableInput {
        billing_mode: None,
        provisioned_throughput: units(5, 5),
        global_secondary_indexes: indexes.map(|indexes| indexes.into_iter().map(provisioned).collect()),
        ..simple("paid")
    };
    service.create_table(&caller(), paid).await.unwrap();
    service
}

fn maxima(read: Option<i64>, write: Option<i64>) -> Option<OnDemandThroughput> {
    Some(OnDemandThroughput { max_read_request_units: read, max_write_request_units: write })
}

fn stream(stream_enabled: bool, stream_view_type: Option<StreamViewType>) -> Option<StreamSpecification> {
    Some(StreamSpecification { stream_enabled, stream_view_type })
}

fn sse(enabled: Option<bool>, sse_type: Option<SSEType>, key: Option<&str>) -> Option<SSESpecification> {
    Some(SSESpecification { enabled, kms_master_key_id: key.map(str::to_owned), sse_type })
}

fn index_units(name: &str, read: i64, write: i64) -> Option<Vec<GlobalSecondaryIndexUpdate>> {
    let update = UpdateGlobalSecondaryIndexAction {
        index_name: name.to_owned(),
        on_demand_throughput: None,
        provisioned_throughput: units(read, write),
        warm_throughput: None,
    };
    Some(vec![GlobalSecondaryIndexUpdate { update: Some(Box::new(update)), ..GlobalSecondaryIndexUpdate::default() }])
}

#[tokio::test]
async fn update_table_refuses() {
    let cases: &[(&str, Spoil<UpdateTableInput>, &str)] = &[
        (
            "free",
            |_| {},
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, \
             SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, \
             MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is \
             required",
        ),
        (
            "paid",
            |t| t.provisioned_throughput = units(5, 5),
            "The provisioned throughput for the table will not change. The requested value equals the current value. \
             Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. Current \
             WriteCapacityUnits provisioned for the table: 5. Requested WriteCapacityUnits: 5. Refer to the Amazon \
             DynamoDB Developer Guide for current limits and how to request higher limits.",
        ),
        (
            "free",
            |t| t.provisioned_throughput = units(5, 5),
            "*Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            "free",
            |t| t.billing_mode = Some(BillingMode::Provisioned),
            "*ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ),
        (
            "paid",
            |t| t.billing_mode = Some(BillingMode::Provisioned),
            "*ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ),
        (
            "paid",
            |t| {
                t.billing_mode = Some(BillingMode::PayPerRequest);
                t.provisioned_throughput = units(5, 5);
            },
            "*ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            "free",
            |t| {
                t.billing_mode = Some(BillingMode::Provisioned);
                t.provisioned_throughput = units(5, 5);
            },
            "*ProvisionedThroughput must be specified for index: by-pk,by-pk-too",
        ),
        (
            "free",
            |t| t.global_secondary_index_updates = index_units("by-pk", 1, 1),
            "*The only Updates for index: by-pk when TableThroughputMode is PAY_PER_REQUEST can be to \
             OnDemandThroughput, WarmThroughput",
        ),
        (
            "paid",
            |t| *t = add_index("paid", "new", "pk", ProjectionType::All),
            "*Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: new",
        ),
        (
            "free",
            |t| {
                t.global_secondary_index_updates = Some(Vec::new());
                t.deletion_protection_enabled = Some(true);
            },
            "*List of GlobalSecondaryIndexUpdates is empty",
        ),
        (
            "free",
            |t| t.global_secondary_index_updates = Some(vec![GlobalSecondaryIndexUpdate::default()]),
            "*One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, \
             GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        (
            "free",
            |t| t.on_demand_throughput = maxima(Some(0), None),
            "*Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            "paid",
            |t| {
                t.on_demand_throughput = maxima(Some(1), None);
            },
            "*MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
        ),
        (
            "free",
            |t| *t = add_index("free", "by-pk", "pk", ProjectionType::All),
            "Attempting to create an index which already exists",
        ),
        (
            "free",
            |t| {
                *t = add_index("free", "by-g", "g", ProjectionType::All);
                t.attribute_definitions = None;
            },
            "*AttributeDefinitions is not specified for index: by-g",
        ),
        (
            "free",
            |t| {
                *t = add_index("free", "new", "pk", ProjectionType::All);
                t.attribute_definitions = Some(vec![attribute("pk", ScalarAttributeType::N)]);
            },
            "*Attribute pk is already defined with another type: S",
        ),
        ("free", |t| t.stream_specification = stream(false, None), "Table has no stream to disable: TableName: free"),
        (
            "free",
            |t| t.stream_specification = stream(true, None),
            "*If stream is being enabled then UpdateViewType is required",
        ),
        (
            "free",
            |t| t.stream_specification = stream(false, Some(StreamViewType::KeysOnly)),
            "*If stream is being disabled, then UpdateViewType must not be specified",
        ),
        (
            "free",
            |t| {
                (t.deletion_protection_enabled, t.billing_mode) = (Some(true), Some(BillingMode::PayPerRequest));
                t.sse_specification = sse(Some(true), None, None);
            },
            "*Server-Side Encryption modification must be the only operation in the request",
        ),
        (
            "free",
            |t| (t.deletion_protection_enabled, t.billing_mode) = (Some(true), Some(BillingMode::PayPerRequest)),
            "*DeletionProtection modification must be the only operation in the request",
        ),
        (
            "free",
            |t| (t.deletion_protection_enabled, t.table_class) = (Some(true), Some(TableClass::Standard)),
            "*TableClass modification must be the only operation in the request",
        ),
        (
            "free",
            |t| {
                t.on_demand_throughput = maxima(Some(1), None);
                t.stream_specification = stream(true, Some(StreamViewType::KeysOnly));
            },
            "*OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (
            "paid",
            |t| {
                t.provisioned_throughput = units(6, 6);
                t.stream_specification = stream(true, Some(StreamViewType::KeysOnly));
            },
            "*You cannot modify stream status while updating table IOPS",
        ),
        (
            "paid",
            |t| {
                *t = drop_index("paid", "by-pk");
                t.provisioned_throughput = units(6, 6);
            },
            "*You cannot create or delete index while updating table IOPS",
        ),
        ("free", |t| t.sse_specification = sse(Some(false), None, None), "*Table is already encrypted by default"),
        (
            "free",
            |t| t.replica_updates = Some(Vec::new()),
            "There are no actions specified in the Replica Update Action of the request.",
        ),
    ];
    let service = two_tables().await;
    let before = (describe(&service, "free").await, describe(&service, "paid").await);
    for (table, spoil, expected) in cases {
        let refused = update(&service, table, spoil).await.unwrap_err();
        assert_eq!(refused, Exception::Validation(sentence(expected)));
    }
    assert_eq!((describe(&service, "free").await, describe(&service, "paid").await), before);

    let absent = update(&service, "free", |t| *t = drop_index("free", "none")).await.unwrap_err();
    assert_eq!(absent, Exception::resource_not_found());
    let two = update(&service, "free", |t| {
        *t = add_index("free", "by-g", "g", ProjectionType::All);
        let more = drop_index("free", "by-pk").global_secondary_index_updates.unwrap();
        t.global_secondary_index_updates.as_mut().unwrap().extend(more);
    });
    let text = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";
    assert_eq!(two.await.unwrap_err(), Exception::LimitExceeded(text.to_owned()));
}

#[tokio::test]
async fn billing_modes_are_switched() {
    let service = two_tables().await;
    let fresh = describe(&service, "paid").await.unwrap();
    assert_eq!(fresh.billing_mode_summary, None);

    update(&service, "paid", |t| t.billing_mode = Some(BillingMode::PayPerRequest)).await.unwrap();
    let free = describe(&service, "paid").await.unwrap();
    let summary = free.billing_mode_summary.unwrap();
    assert_eq!(summary.billing_mode, Some(BillingMode::PayPerRequest));
    assert!(summary.last_update_to_pay_per_request_date_time.is_some());
    let shown = |throughput: Option<ProvisionedThroughputDescription>| {
        throughput.map(|units| (units.read_capacity_units.unwrap(), units.write_capacity_units.unwrap()))
    };
    assert_eq!(shown(free.provisioned_throughput), Some((0, 0)));
    assert_eq!(shown(free.global_secondary_indexes.unwrap().remove(0).provisioned_throughput), Some((0, 0)));

    // A change that changes nothing is accepted here, as on AWS.
    update(&service, "paid", |t| t.billing_mode = Some(BillingMode::PayPerRequest)).await.unwrap();
    update(&service, "paid", |t| {
        t.billing_mode = Some(BillingMode::Provisioned);
        t.provisioned_throughput = units(7, 8);
        t.global_secondary_index_updates = index_units("by-pk", 1, 2);
        t.global_secondary_index_updates.as_mut().unwrap().extend(index_units("by-pk-too", 1, 2).unwrap());
    })
    .await
    .unwrap();
    let paid = describe(&service, "paid").await.unwrap();
    assert_eq!(paid.billing_mode_summary.unwrap().billing_mode, Some(BillingMode::Provisioned));
    assert_eq!(shown(paid.provisioned_throughput), Some((7, 8)));
    assert_eq!(shown(paid.global_secondary_indexes.unwrap().remove(0).provisioned_throughput), Some((1, 2)));

    update(&service, "paid", |t| t.provisioned_throughput = units(7, 4)).await.unwrap();
    let lowered = describe(&service, "paid").await.unwrap().provisioned_throughput.unwrap();
    assert_eq!(lowered.number_of_decreases_today, Some(1));
    assert!(lowered.last_decrease_date_time.is_some() && lowered.last_increase_date_time.is_none());
}

#[tokio::test]
async fn on_demand_maxima_merge_and_go() {
    let service = two_tables().await;
    assert_eq!(describe(&service, "free").await.unwrap().on_demand_throughput, None);
    for (asked, expected) in [
        ((Some(10), None), Some((Some(10), None))),
        ((None, Some(20)), Some((Some(10), Some(20)))),
        ((Some(-1), None), Some((None, Some(20)))),
        ((Some(-1), Some(-1)), None),
    ] {
        let throughput =
            |(read, write)| OnDemandThroughput { max_read_request_units: read, max_write_request_units: write };
        update(&service, "free", |t| t.on_demand_throughput = Some(throughput(asked))).await.unwrap();
        let shown = describe(&service, "free").await.unwrap().on_demand_throughput;
        assert_eq!(shown, expected.map(throughput), "{asked:?}");
    }
}

#[tokio::test]
async fn streams_get_a_new_label_each_time() {
    let service = two_tables().await;
    let enable = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::NewImage) };
    let disable = StreamSpecification { stream_enabled: false, stream_view_type: None };
    update(&service, "free", |t| t.stream_specification = Some(enable.clone())).await.unwrap();
    let first = describe(&service, "free").await.unwrap();
    assert_eq!(first.stream_specification, Some(enable.clone()));
    let label = first.latest_stream_label.unwrap();
    let arn = format!("arn:aws:dynamodb:us-east-1:000000000000:table/free/stream/{label}");
    assert_eq!(first.latest_stream_arn, Some(arn.clone()));

    let again = update(&service, "free", |t| t.stream_specification = Some(enable.clone())).await.unwrap_err();
    assert_eq!(again, Exception::validation("Table already has an enabled stream: TableName: free"));
    update(&service, "free", |t| t.stream_specification = Some(disable)).await.unwrap();
    let off = describe(&service, "free").await.unwrap();
    assert_eq!((off.stream_specification, off.latest_stream_arn), (None, Some(arn)));
    update(&service, "free", |t| t.stream_specification = Some(enable)).await.unwrap();
    assert_ne!(describe(&service, "free").await.unwrap().latest_stream_label, Some(label));
}

/// The definition has each of them for a day.
#[tokio::test]
async fn streams_are_not_enabled_and_disabled_without_end() {
    let service = two_tables().await;
    let set = async |enabled: bool| {
        let view = enabled.then_some(StreamViewType::KeysOnly);
        let asked = StreamSpecification { stream_enabled: enabled, stream_view_type: view };
        update(&service, "free", |t| t.stream_specification = Some(asked)).await
    };
    for _ in 0..super::PAST_STREAMS_MAX {
        set(true).await.unwrap();
        set(false).await.unwrap();
    }
    set(true).await.unwrap();
    set(false).await.unwrap();
    let refused = set(true).await.unwrap_err();
    assert!(matches!(&refused, Exception::LimitExceeded(text) if text.contains("table free")), "{refused:?}");
    assert_eq!(set(false).await.unwrap_err().to_string(), "Table has no stream to disable: TableName: free");
}

#[tokio::test]
async fn other_settings_are_kept() {
    let service = two_tables().await;
    let changes: [Spoil<UpdateTableInput>; 4] = [
        |t| t.deletion_protection_enabled = Some(true),
        |t| t.table_class = Some(TableClass::StandardInfrequentAccess),
        |t| t.sse_specification = sse(Some(true), None, None),
        |t| {
            let warm = WarmThroughput { read_units_per_second: Some(20_000), write_units_per_second: None };
            t.warm_throughput = Some(warm);
        },
    ];
    for change in changes {
        update(&service, "free", change).await.unwrap();
    }
    let table = describe(&service, "free").await.unwrap();
    assert_eq!(table.deletion_protection_enabled, Some(true));
    assert_eq!(table.table_class_summary.unwrap().table_class, Some(TableClass::StandardInfrequentAccess));
    let encryption = table.sse_description.unwrap();
    assert_eq!((encryption.status, encryption.sse_type), (Some(SSEStatus::Enabled), Some(SSEType::Kms)));
    let warm = table.warm_throughput.unwrap();
    assert_eq!((warm.read_units_per_second, warm.write_units_per_second), (Some(20_000), Some(4_000)));
    assert_eq!(warm.status, Some(TableStatus::Active));

    let protected = service.delete_table(&caller(), DeleteTableInput { table_name: "free".to_owned() }).await;
    let text = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection \
                first.";
    assert_eq!(protected.unwrap_err(), Exception::validation(text));
}

async fn answer(service: &Service, name: &str, change: impl FnOnce(&mut UpdateTableInput)) -> TableDescription {
    let mut request = UpdateTableInput { table_name: name.to_owned(), ..UpdateTableInput::default() };
    change(&mut request);
    service.update_table(&caller(), request).await.unwrap().table_description.unwrap()
}

#[tokio::test]
async fn answers_show_what_begins() {
    let service = two_tables().await;
    let protected = answer(&service, "free", |t| t.deletion_protection_enabled = Some(true)).await;
    assert_eq!(protected.table_status, Some(TableStatus::Active));

    let on = answer(&service, "free", |t| t.sse_specification = sse(Some(true), None, None)).await;
    let begun = SSEDescription { status: Some(SSEStatus::Updating), ..SSEDescription::default() };
    assert_eq!((on.table_status, on.sse_description.as_ref()), (Some(TableStatus::Active), Some(&begun)));
    // The account's own key, once more.
    answer(&service, "free", |t| t.sse_specification = sse(Some(true), Some(SSEType::Kms), None)).await;
    let key = describe(&service, "free").await.unwrap().sse_description.unwrap().kms_master_key_arn;
    let off = answer(&service, "free", |t| t.sse_specification = sse(Some(false), None, None)).await;
    let arn = "arn:aws:kms:us-east-1:000000000000:key/1";
    answer(&service, "paid", |t| t.sse_specification = sse(Some(true), Some(SSEType::Kms), Some(arn))).await;
    answer(&service, "paid", |t| t.sse_specification = sse(None, Some(SSEType::Kms), Some("1"))).await;
    let again =
        update(&service, "paid", |t| t.sse_specification = sse(Some(true), Some(SSEType::Kms), Some(arn))).await;
    assert_eq!(
        again,
        Err(Exception::validation(
            "One or more parameter values were invalid: Table is already encrypted with given KMSMasterKeyId. Use \
             KMSMasterKeyId parameter if you want to change Master Key"
        ))
    );
    let begun = SSEDescription { sse_type: Some(SSEType::Kms), kms_master_key_arn: key, ..begun };
    assert_eq!(off.sse_description, Some(begun));
    assert_eq!(describe(&service, "free").await.unwrap().sse_description, None);

    let warm = WarmThroughput { read_units_per_second: Some(20_000), write_units_per_second: None };
    let warm = answer(&service, "free", |t| t.warm_throughput = Some(warm)).await.warm_throughput.unwrap();
    assert_eq!((warm.read_units_per_second, warm.status), (Some(12_000), Some(TableStatus::Updating)));

    answer(&service, "free", |t| t.on_demand_throughput = maxima(Some(10), Some(20))).await;
    let removed = answer(&service, "free", |t| t.on_demand_throughput = maxima(Some(-1), None)).await;
    let (shown, status) = (removed.on_demand_throughput, removed.table_status);
    assert_eq!((shown, status), (maxima(Some(-1), Some(20)), Some(TableStatus::Active)));

    let lowered = answer(&service, "paid", |t| t.provisioned_throughput = units(4, 4)).await;
    let shown = lowered.provisioned_throughput.unwrap();
    assert_eq!((shown.read_capacity_units, shown.number_of_decreases_today), (Some(5), Some(0)));
    assert!(shown.last_decrease_date_time.is_some());
    let index = answer(&service, "paid", |t| t.global_secondary_index_updates = index_units("by-pk", 4, 4)).await;
    let index = index.global_secondary_indexes.unwrap().remove(0);
    assert_eq!(index.index_status, Some(IndexStatus::Updating));
    assert_eq!(index.provisioned_throughput.unwrap().read_capacity_units, Some(3));

    let mode = answer(&service, "paid", |t| t.billing_mode = Some(BillingMode::PayPerRequest)).await;
    assert_eq!(mode.table_status, Some(TableStatus::Updating));
    assert_eq!(mode.warm_throughput.unwrap().status, Some(TableStatus::Active));
    assert_eq!(mode.billing_mode_summary.unwrap().last_update_to_pay_per_request_date_time, None);
}

#[tokio::test]
async fn answers_of_the_first_and_the_last_request_are_short() {
    let service = open(&Memory::new()).await;
    let indexes = Some(vec![global("by-pk", &[("pk", HASH)])]);
    let plain = CreateTableInput { global_secondary_indexes: indexes, ..simple("plain") };
    let made = service.create_table(&caller(), plain).await.unwrap().table_description.unwrap();
    assert_eq!(made.warm_throughput, None);
    assert_eq!(made.billing_mode_summary.unwrap().last_update_to_pay_per_request_date_time, None);
    assert_eq!(made.global_secondary_indexes.unwrap()[0].warm_throughput, None);
    let warm = WarmThroughput { read_units_per_second: Some(13_000), write_units_per_second: None };
    let warm = CreateTableInput { warm_throughput: Some(warm), ..simple("warm") };
    let made = service.create_table(&caller(), warm).await.unwrap().table_description.unwrap();
    assert_eq!(made.warm_throughput.unwrap().status, Some(TableStatus::Updating));

    let request = DeleteTableInput { table_name: "plain".to_owned() };
    let gone = service.delete_table(&caller(), request).await.unwrap().table_description.unwrap();
    let members = TableDescription {
        billing_mode_summary: gone.billing_mode_summary.clone(),
        provisioned_throughput: gone.provisioned_throughput.clone(),
        table_id: gone.table_id.clone(),
        deletion_protection_enabled: Some(false),
        item_count: Some(0),
        table_arn: Some("arn:aws:dynamodb:us-east-1:000000000000:table/plain".to_owned()),
        table_name: Some("plain".to_owned()),
        table_size_bytes: Some(0),
        table_status: Some(TableStatus::Deleting),
        ..TableDescription::default()
    };
    assert_eq!(gone, members);
    assert!(gone.billing_mode_summary.is_some() && gone.provisioned_throughput.is_some() && gone.table_id.is_some());
}
