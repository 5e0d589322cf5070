//! Backups on the engine in memory: cuts under load, what is restored, and what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::*;
use base::Clock;
use cluster::catalog::Quotas;
use model::{AttributeValue, Attributes};
use storage::Memory;
use tables::fixture::{item, n, s};
use tables::{Definition, Place, Restore, TableStatus as Status};

use crate::service::{Service, Settings};
use crate::tests::catalog::{add_index, attribute, caller, describe, key, open, projection, simple};

async fn put(service: &Service, entries: &[(&str, AttributeValue)]) {
    let request = PutItemInput { table_name: "tab".to_owned(), item: item(entries), ..PutItemInput::default() };
    service.put_item(&caller(), request).await.unwrap();
}

async fn delete(service: &Service, pk: &str) {
    let key = item(&[("pk", s(pk))]);
    let request = DeleteItemInput { table_name: "tab".to_owned(), key, ..DeleteItemInput::default() };
    service.delete_item(&caller(), request).await.unwrap();
}

async fn create(service: &Service) -> Result<BackupDetails, String> {
    let request = CreateBackupInput { table_name: "tab".to_owned(), backup_name: "b".repeat(3) };
    let output = service.create_backup(&caller(), request).await.map_err(|error| error.to_string())?;
    Ok(output.backup_details.unwrap())
}

pub(crate) fn restore_request(arn: &str, target: &str) -> RestoreTableFromBackupInput {
    RestoreTableFromBackupInput {
        backup_arn: arn.to_owned(),
        target_table_name: target.to_owned(),
        billing_mode_override: None,
        global_secondary_index_override: None,
        local_secondary_index_override: None,
        on_demand_throughput_override: None,
        provisioned_throughput_override: None,
        sse_specification_override: None,
        vector_index_override: None,
    }
}

async fn restore(service: &Service, request: RestoreTableFromBackupInput) -> Result<TableDescription, String> {
    let output = service.restore_table_from_backup(&caller(), request).await.map_err(|error| error.to_string())?;
    Ok(output.table_description.unwrap())
}

/// Waits for a restored table.
async fn until_active(service: &Service, name: &str) -> TableDescription {
    loop {
        let described = describe(service, name).await.unwrap();
        if described.table_status == Some(TableStatus::Active) {
            return described;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The items of a table by their `pk`.
async fn items(service: &Service, table: &str, index: Option<&str>) -> BTreeMap<String, Attributes> {
    let mut found = BTreeMap::new();
    let mut start = None;
    loop {
        let request = ScanInput {
            table_name: table.to_owned(),
            index_name: index.map(str::to_owned),
            exclusive_start_key: start,
            ..ScanInput::default()
        };
        let page = service.scan(&caller(), request).await.unwrap();
        for item in page.items.unwrap_or_default() {
            let item = item.view().to_owned();
            let Some(AttributeValue::S(pk)) = item.get("pk") else { panic!("an item without its key") };
            found.insert(pk.clone(), item);
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn a_backup_is_the_table_as_it_was() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    service.update_table(&caller(), add_index("tab", "by_g", "g", ProjectionType::All)).await.unwrap();
    for at in 0..1000 {
        put(&service, &[("pk", s(&format!("{at:04}"))), ("g", s("x")), ("v", n("1"))]).await;
    }
    let before = items(&service, "tab", None).await;
    let created = create(&service).await.unwrap();
    assert_eq!(created.backup_status, BackupStatus::Creating);
    // The copy has hardly begun.
    for at in 0..1000 {
        let pk = format!("{at:04}");
        match at % 3 {
            0 => delete(&service, &pk).await,
            1 => put(&service, &[("pk", s(&pk)), ("v", n("2"))]).await,
            _ => put(&service, &[("pk", s(&format!("new-{pk}")))]).await,
        }
    }
    let described = restore(&service, restore_request(&created.backup_arn, "res")).await.unwrap();
    assert_eq!(described.table_status, Some(TableStatus::Creating));
    let summary = described.restore_summary.unwrap();
    assert!(summary.restore_in_progress && summary.source_backup_arn.as_ref() == Some(&created.backup_arn));
    assert_eq!(described.global_secondary_indexes.unwrap()[0].index_status, None);
    let described = until_active(&service, "res").await;
    assert!(described.restore_summary.is_none());
    assert_eq!(described.item_count, Some(1000));
    assert_eq!(described.global_secondary_indexes.unwrap()[0].item_count, Some(1000));
    assert_eq!(items(&service, "res", None).await, before);
    assert_eq!(items(&service, "res", Some("by_g")).await, before);
}

/// Every write changes two items together, to the same value: a cut shows both or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_under_load_divides_no_transaction() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (service, stop) = (service.clone(), stop.clone());
            tokio::spawn(async move {
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    last += 1;
                    let put = |half: &str| TransactWriteItem {
                        put: Some(Box::new(Put {
                            table_name: "tab".to_owned(),
                            item: item(&[("pk", s(&format!("{writer}-{half}"))), ("v", n(&last.to_string()))]),
                            ..Put::default()
                        })),
                        ..TransactWriteItem::default()
                    };
                    let request = TransactWriteItemsInput {
                        transact_items: vec![put("a"), put("b")],
                        ..TransactWriteItemsInput::default()
                    };
                    service.transact_write_items(&caller(), request).await.unwrap();
                    // The engine in memory answers at once, and others are to have their turn.
                    tokio::task::yield_now().await;
                }
                last
            })
        })
        .collect();
    let mut restored = Vec::new();
    for at in 0..5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let created = create(&service).await.unwrap();
        let name = format!("r-{at}");
        restore(&service, restore_request(&created.backup_arn, &name)).await.unwrap();
        restored.push(name);
    }
    for name in &restored {
        until_active(&service, name).await;
        let found = items(&service, name, None).await;
        for writer in 0..4 {
            let value = |half: &str| found.get(&format!("{writer}-{half}")).and_then(|item| item.get("v").cloned());
            assert_eq!(value("a"), value("b"), "{name}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
}

#[tokio::test]
async fn a_backup_continues_with_the_next_server() {
    let engine = Memory::new();
    let service = open(&engine).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    for at in 0..2000 {
        put(&service, &[("pk", s(&at.to_string())), ("v", n("1"))]).await;
    }
    let before = items(&service, "tab", None).await;
    let created = create(&service).await.unwrap();
    restore(&service, restore_request(&created.backup_arn, "rrr")).await.unwrap();
    service.jobs().stop(Duration::from_secs(5)).await;
    // Work is wherever it was; these changes are behind the cut.
    for at in 0..2000 {
        delete(&service, &at.to_string()).await;
    }
    drop(service);
    let service = open(&engine).await;
    until_active(&service, "rrr").await;
    assert_eq!(items(&service, "rrr", None).await, before);
    // Nothing retains the log of the table any more.
    let table = service.catalog.find(tables::Place::own(&caller(), "tab")).unwrap().id();
    while service.catalog.by_id(table).is_some_and(|table| !table.definition.log.consumers.is_empty()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// More backups at once than other consumers may follow a table: each has its cut before it is acknowledged.
#[tokio::test]
async fn many_backups_at_once_have_their_cuts() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    for at in 0..500 {
        put(&service, &[("pk", s(&at.to_string()))]).await;
    }
    let made = (0..40).map(|_| {
        let service = service.clone();
        tokio::spawn(async move { create(&service).await.unwrap().backup_arn })
    });
    let mut arns = Vec::new();
    for made in made.collect::<Vec<_>>() {
        arns.push(made.await.unwrap());
    }
    put(&service, &[("pk", s("after all"))]).await;
    for (at, arn) in arns.iter().enumerate().step_by(13) {
        let name = format!("res-{at}");
        restore(&service, restore_request(arn, &name)).await.unwrap();
        until_active(&service, &name).await;
        assert_eq!(items(&service, &name, None).await.len(), 500, "{name}");
    }
}

#[tokio::test]
async fn backups_are_listed_described_and_deleted() {
    let service = open(&Memory::new()).await;
    assert_eq!(create(&service).await.unwrap_err(), "Table not found: tab");
    service.create_table(&caller(), simple("tab")).await.unwrap();
    put(&service, &[("pk", s("a"))]).await;
    let mut arns = Vec::new();
    for _ in 0..3 {
        arns.push(create(&service).await.unwrap().backup_arn);
        // Ids are ordered by their milliseconds.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let list = async |request: ListBackupsInput| service.list_backups(&caller(), request).await.unwrap();
    let listed = |output: &ListBackupsOutput| -> Vec<String> {
        output.backup_summaries.iter().flatten().filter_map(|summary| summary.backup_arn.clone()).collect()
    };
    let all = ListBackupsInput {
        backup_type: None,
        exclusive_start_backup_arn: None,
        limit: None,
        table_name: None,
        time_range_lower_bound: None,
        time_range_upper_bound: None,
    };
    assert_eq!(listed(&list(all.clone()).await), arns);
    let page = list(ListBackupsInput { limit: Some(2), ..all.clone() }).await;
    assert_eq!((listed(&page), page.last_evaluated_backup_arn.as_ref()), (arns[..2].to_vec(), Some(&arns[1])));
    let next = ListBackupsInput { exclusive_start_backup_arn: page.last_evaluated_backup_arn, ..all.clone() };
    let page = list(next).await;
    assert_eq!((listed(&page), page.last_evaluated_backup_arn), (arns[2..].to_vec(), None));
    assert!(listed(&list(ListBackupsInput { table_name: Some("other".to_owned()), ..all.clone() }).await).is_empty());

    // A backup is no table, and outlives its own.
    let names = service.list_tables(&caller(), ListTablesInput::default()).await.unwrap().table_names;
    assert_eq!(names.unwrap(), ["tab"]);
    service.delete_table(&caller(), DeleteTableInput { table_name: "tab".to_owned() }).await.unwrap();
    while describe(&service, "tab").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let describe_backup = async |arn: &str| {
        let output = service.describe_backup(&caller(), DescribeBackupInput { backup_arn: arn.to_owned() }).await;
        output.map(|output| output.backup_description.unwrap()).map_err(|error| error.to_string())
    };
    let described = describe_backup(&arns[0]).await.unwrap();
    assert_eq!(described.backup_details.unwrap().backup_status, BackupStatus::Available);
    assert_eq!(described.source_table_details.unwrap().item_count, Some(1));
    assert_eq!(describe_backup("no").await.unwrap_err(), "Invalid Backup ARN");

    let delete = async |arn: &str| {
        let output = service.delete_backup(&caller(), DeleteBackupInput { backup_arn: arn.to_owned() }).await;
        let deleted = output.map(|output| output.backup_description.unwrap().backup_details.unwrap());
        deleted.map(|details| details.backup_status).map_err(|error| error.to_string())
    };
    assert_eq!(delete(&arns[0]).await, Ok(BackupStatus::Deleted));
    let not_found = format!("Backup not found: {}", arns[0]);
    assert_eq!(delete(&arns[0]).await, Err(not_found.clone()));
    assert_eq!(restore(&service, restore_request(&arns[0], "rrr")).await.unwrap_err(), not_found);

    // The name of its table is free, and is taken by the restore.
    restore(&service, restore_request(&arns[1], "tab")).await.unwrap();
    until_active(&service, "tab").await;
    assert_eq!(items(&service, "tab", None).await.len(), 1);
    let exists = "Table already exists: tab";
    assert_eq!(restore(&service, restore_request(&arns[1], "tab")).await.unwrap_err(), exists);
}

#[tokio::test]
async fn overrides_are_of_what_was_there() {
    let service = open(&Memory::new()).await;
    let units = |units| Some(ProvisionedThroughput { read_capacity_units: units, write_capacity_units: units });
    let index = |name: &str, throughput| GlobalSecondaryIndex {
        index_name: name.to_owned(),
        key_schema: key(&[("g", KeyType::Hash)]),
        projection: projection(ProjectionType::All),
        provisioned_throughput: throughput,
        on_demand_throughput: None,
        warm_throughput: None,
    };
    let table = CreateTableInput {
        billing_mode: Some(BillingMode::Provisioned),
        provisioned_throughput: units(5),
        attribute_definitions: Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("g", ScalarAttributeType::S),
        ]),
        global_secondary_indexes: Some(vec![index("by_g", units(7))]),
        ..simple("tab")
    };
    service.create_table(&caller(), table).await.unwrap();
    put(&service, &[("pk", s("a")), ("g", s("x"))]).await;
    let arn = create(&service).await.unwrap().backup_arn;
    let with = |change: &dyn Fn(&mut RestoreTableFromBackupInput)| {
        let mut request = restore_request(&arn, "rrr");
        change(&mut request);
        request
    };
    let warm = |index, units| GlobalSecondaryIndex {
        warm_throughput: Some(WarmThroughput {
            read_units_per_second: Some(units),
            write_units_per_second: Some(units),
        }),
        ..index
    };
    type Override<'a> = &'a dyn Fn(&mut RestoreTableFromBackupInput);
    let refused: [(Override<'_>, &str); 7] = [
        (
            &|r| {
                let twice = ["one", "two"].map(|name| index(name, units(1)));
                r.global_secondary_index_override = Some(twice.into());
            },
            "Index two does not match a secondary index that existed in the source table and cannot be created during the \
             restore operation",
        ),
        (
            &|r| {
                (r.billing_mode_override, r.provisioned_throughput_override) =
                    (Some(BillingMode::PayPerRequest), units(1))
            },
            "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED",
        ),
        (
            &|r| r.billing_mode_override = Some(BillingMode::Provisioned),
            "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
        ),
        (
            &|r| r.global_secondary_index_override = Some(vec![index("by_g", None)]),
            "Must specify provisioned throughput for index by_g",
        ),
        (
            &|r| {
                r.billing_mode_override = Some(BillingMode::PayPerRequest);
                r.global_secondary_index_override = Some(vec![index("by_g", units(1))]);
            },
            "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index by_g",
        ),
        (
            &|r| {
                let other = projection(ProjectionType::KeysOnly);
                r.global_secondary_index_override =
                    Some(vec![GlobalSecondaryIndex { projection: other, ..index("by_g", units(1)) }]);
            },
            "Index by_g does not match a secondary index that existed in the source table and cannot be created during the \
             restore operation",
        ),
        (
            &|r| r.global_secondary_index_override = Some(vec![warm(index("by_g", units(7)), 6)]),
            "One or more parameter values were invalid: Requested ReadUnitsPerSecond for WarmThroughput for index by_g is \
             lower than ReadCapacityUnits of ProvisionedThroughput",
        ),
    ];
    for (change, text) in refused {
        assert_eq!(restore(&service, with(change)).await.unwrap_err(), text);
        assert!(describe(&service, "rrr").await.is_err(), "nothing is created");
    }
    let on_demand = with(&|r| r.billing_mode_override = Some(BillingMode::PayPerRequest));
    restore(&service, on_demand).await.unwrap();
    let described = until_active(&service, "rrr").await;
    let index_of = |described: &TableDescription| described.global_secondary_indexes.clone().unwrap().remove(0);
    let units_of = |throughput: Option<ProvisionedThroughputDescription>| throughput.unwrap().read_capacity_units;
    assert_eq!(units_of(index_of(&described).provisioned_throughput), Some(0));
    // An empty list is no index; an index may be renamed.
    let none = RestoreTableFromBackupInput {
        target_table_name: "none".to_owned(),
        ..with(&|r| r.global_secondary_index_override = Some(Vec::new()))
    };
    restore(&service, none).await.unwrap();
    assert_eq!(until_active(&service, "none").await.global_secondary_indexes, None);
    let renamed = with(&|r| {
        r.target_table_name = "renamed".to_owned();
        r.global_secondary_index_override = Some(vec![warm(index("other", units(9)), 11)]);
        r.provisioned_throughput_override = units(3);
    });
    restore(&service, renamed).await.unwrap();
    let described = until_active(&service, "renamed").await;
    assert_eq!(units_of(described.provisioned_throughput.clone()), Some(3));
    assert_eq!(units_of(index_of(&described).provisioned_throughput), Some(9));
    assert_eq!(index_of(&described).warm_throughput.unwrap().write_units_per_second, Some(11));
    let at_a_moment = RestoreTableToPointInTimeInput {
        source_table_name: Some("tab".to_owned()),
        target_table_name: "rrr".to_owned(),
        use_latest_restorable_time: Some(true),
        global_secondary_index_override: Some(vec![warm(index("by_g", units(9)), 11)]),
        ..RestoreTableToPointInTimeInput::default()
    };
    let recovery =
        PointInTimeRecoverySpecification { point_in_time_recovery_enabled: true, recovery_period_in_days: None };
    let enabled =
        UpdateContinuousBackupsInput { table_name: "tab".to_owned(), point_in_time_recovery_specification: recovery };
    service.update_continuous_backups(&caller(), enabled).await.unwrap();
    let refused = service.restore_table_to_point_in_time(&caller(), at_a_moment).await.unwrap_err().to_string();
    assert!(refused.ends_with("WarmThroughput cannot be specified for an index of a point-in-time restore: by_g"));
    assert_eq!(items(&service, "renamed", Some("other")).await.len(), 1);
}

/// A backup is a definition in memory, and an unfinished one is in its table's definition as well.
#[tokio::test]
async fn backups_have_quotas() {
    let quotas = [
        Quotas { backups_max: 1, ..Quotas::default() },
        Quotas { unfinished_backups_max: 0, ..Quotas::default() },
        Quotas { backups_bytes_max: 1, ..Quotas::default() },
    ];
    for (quotas, made) in quotas.into_iter().zip([1, 0, 1]) {
        let settings = Settings { quotas, ..Settings::default() };
        let service = Service::open(Memory::new(), settings, Clock::system()).await.unwrap();
        service.create_table(&caller(), simple("tab")).await.unwrap();
        for _ in 0..made {
            create(&service).await.unwrap();
        }
        let refused = create(&service).await.unwrap_err();
        assert!(refused.contains("Subscriber limit exceeded"), "{refused}");
        let recovery = UpdateContinuousBackupsInput {
            table_name: "tab".to_owned(),
            point_in_time_recovery_specification: PointInTimeRecoverySpecification {
                point_in_time_recovery_enabled: true,
                recovery_period_in_days: None,
            },
        };
        service.update_continuous_backups(&caller(), recovery).await.unwrap();
        let delete = DeleteTableInput { table_name: "tab".to_owned() };
        let refused = service.delete_table(&caller(), delete).await.unwrap_err().to_string();
        assert!(refused.contains("Subscriber limit exceeded"), "the last backup: {refused}");
    }
}

/// Two nodes may take a restore and the deletion of its backup at once. The table would stay CREATING.
#[tokio::test]
async fn a_restore_from_a_deleted_backup_ends() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let created = create(&service).await.unwrap();
    let backup = service.catalog.backups(&caller())[0].id();
    let delete = DeleteBackupInput { backup_arn: created.backup_arn.clone() };
    service.delete_backup(&caller(), delete).await.unwrap();
    while service.catalog.by_id(backup).is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let guard = service.catalog.lock().await.unwrap();
    let source = service.catalog.find(Place::own(&caller(), "tab")).unwrap();
    let restore =
        Restore { backup, backup_arn: created.backup_arn, source_arn: source.definition.arn(), at_ms: 0, moment: None };
    let definition = Definition {
        table_id: guard.next_table_id(),
        name: "res".to_owned(),
        status: Status::Creating,
        restore: Some(restore),
        ..source.definition.clone()
    };
    let engine = Arc::clone(&service.engine);
    let table_id = service.catalog.create(&engine, guard, definition, Vec::new()).await.unwrap().unwrap().id();
    service.restore_table(table_id, None).await.unwrap();
    while service.catalog.by_id(table_id).is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
