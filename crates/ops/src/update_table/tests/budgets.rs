//! Budgets of changes and quotas of throughput, on a clock that is moved, and what the changes leave behind.

use std::sync::Arc;

use base::Clock;

use super::*;
use crate::service::Settings;

const HOUR_MS: u64 = 60 * 60 * 1000;
/// Noon on October 8, 2026.
const NOON_MS: u64 = 1_791_460_800_000;

async fn paid(clock: Clock) -> Arc<Service> {
    let service = Service::open(Memory::new(), Settings::default(), clock).await.unwrap();
    let index = GlobalSecondaryIndex { provisioned_throughput: units(30, 30), ..global("by-pk", &[("pk", HASH)]) };
    let table = CreateTableInput {
        billing_mode: None,
        provisioned_throughput: units(30, 30),
        global_secondary_indexes: Some(vec![index]),
        ..simple("paid")
    };
    service.create_table(&caller(), table).await.unwrap();
    service
}

#[tokio::test]
async fn decreases_of_a_table_and_of_its_index_have_budgets_of_their_own() {
    let (clock, hand) = Clock::manual(NOON_MS);
    let service = paid(clock).await;
    let lower = async |read: i64| update(&service, "paid", |t| t.provisioned_throughput = units(read, 30)).await;
    for read in [29, 28, 27, 26] {
        lower(read).await.unwrap();
    }
    hand.advance_ms(HOUR_MS - 1);
    let refused = lower(25).await.unwrap_err();
    let expected = "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the \
                    first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 \
                    seconds. Number of decreases today: 4. Last decrease at Thursday, October 8, 2026 at 12:00:00 PM \
                    Coordinated Universal Time. Next decrease can be made at Thursday, October 8, 2026 at 1:00:00 PM \
                    Coordinated Universal Time.";
    assert_eq!(refused, Exception::LimitExceeded(expected.to_owned()));
    // Nothing of a refused request is counted or changed, also where only a part of it is beyond its budget.
    let both = update(&service, "paid", |t| {
        t.provisioned_throughput = units(25, 30);
        t.global_secondary_index_updates = index_units("by-pk", 1, 1);
    });
    assert!(matches!(both.await, Err(Exception::LimitExceeded(_))));
    update(&service, "paid", |t| t.global_secondary_index_updates = index_units("by-pk", 29, 29)).await.unwrap();
    let table = describe(&service, "paid").await.unwrap();
    let shown = table.provisioned_throughput.unwrap();
    assert_eq!((shown.read_capacity_units, shown.number_of_decreases_today), (Some(26), Some(4)));
    let of_index = table.global_secondary_indexes.unwrap().remove(0).provisioned_throughput.unwrap();
    assert_eq!((of_index.read_capacity_units, of_index.number_of_decreases_today), (Some(29), Some(1)));

    update(&service, "paid", |t| t.provisioned_throughput = units(40, 40)).await.unwrap();
    hand.advance_ms(1);
    lower(25).await.unwrap();
    hand.set_ms(NOON_MS + 12 * HOUR_MS);
    let shown = describe(&service, "paid").await.unwrap().provisioned_throughput.unwrap();
    assert_eq!(shown.number_of_decreases_today, Some(0));
    assert!(shown.last_decrease_date_time.is_some());
    lower(24).await.unwrap();
}

#[tokio::test]
async fn a_table_becomes_on_demand_four_times_a_day() {
    let (clock, hand) = Clock::manual(NOON_MS);
    let service = paid(clock).await;
    let on_demand = async || update(&service, "paid", |t| t.billing_mode = Some(BillingMode::PayPerRequest)).await;
    let back = async || {
        update(&service, "paid", |t| {
            (t.billing_mode, t.provisioned_throughput) = (Some(BillingMode::Provisioned), units(5, 5));
            t.global_secondary_index_updates = index_units("by-pk", 5, 5);
        })
        .await
        .unwrap();
    };
    for _ in 0..4 {
        on_demand().await.unwrap();
        // Once more changes nothing, and counts for nothing.
        on_demand().await.unwrap();
        back().await;
    }
    let text = "Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 1 day(s).";
    assert_eq!(on_demand().await, Err(Exception::LimitExceeded(text.to_owned())));
    hand.advance_ms(24 * HOUR_MS);
    on_demand().await.unwrap();
    let summary = describe(&service, "paid").await.unwrap().billing_mode_summary.unwrap();
    let since_ms = summary.last_update_to_pay_per_request_date_time.map(|at| at.epoch_ms);
    assert_eq!(since_ms, i64::try_from(NOON_MS + 24 * HOUR_MS).ok());
}

#[tokio::test]
async fn warm_throughput_never_falls() {
    let service = paid(Clock::system()).await;
    let warm = async || {
        let table = describe(&service, "paid").await.unwrap();
        let index = table.global_secondary_indexes.unwrap().remove(0).warm_throughput.unwrap();
        let table = table.warm_throughput.unwrap();
        let of_table = (table.read_units_per_second.unwrap(), table.write_units_per_second.unwrap());
        (of_table, (index.read_units_per_second.unwrap(), index.write_units_per_second.unwrap()))
    };
    assert_eq!(warm().await, ((30, 30), (30, 30)));
    update(&service, "paid", |t| t.provisioned_throughput = units(20_000, 10)).await.unwrap();
    update(&service, "paid", |t| t.global_secondary_index_updates = index_units("by-pk", 10, 50)).await.unwrap();
    update(&service, "paid", |t| t.provisioned_throughput = units(10, 10)).await.unwrap();
    assert_eq!(warm().await, ((20_000, 30), (30, 50)));
    update(&service, "paid", |t| t.billing_mode = Some(BillingMode::PayPerRequest)).await.unwrap();
    assert_eq!(warm().await, ((20_000, 4_000), (12_000, 4_000)));
    update(&service, "paid", |t| {
        (t.billing_mode, t.provisioned_throughput) = (Some(BillingMode::Provisioned), units(1, 1));
        t.global_secondary_index_updates = index_units("by-pk", 1, 1);
    })
    .await
    .unwrap();
    assert_eq!(warm().await, ((20_000, 4_000), (12_000, 4_000)));
}

#[tokio::test]
async fn answers_of_an_index_show_what_it_had() {
    let service = two_tables().await;
    let asked = |on_demand, warm: Option<i64>| {
        let update = UpdateGlobalSecondaryIndexAction {
            index_name: "by-pk".to_owned(),
            on_demand_throughput: on_demand,
            provisioned_throughput: None,
            warm_throughput: warm
                .map(|read| WarmThroughput { read_units_per_second: Some(read), write_units_per_second: None }),
        };
        let update = Some(Box::new(update));
        Some(vec![GlobalSecondaryIndexUpdate { update, ..GlobalSecondaryIndexUpdate::default() }])
    };
    let first = |table: TableDescription| table.global_secondary_indexes.unwrap().remove(0);
    answer(&service, "free", |t| t.global_secondary_index_updates = asked(maxima(Some(5), Some(6)), None)).await;
    let shown =
        answer(&service, "free", |t| t.global_secondary_index_updates = asked(maxima(None, Some(-1)), None)).await;
    assert_eq!(first(shown).on_demand_throughput, maxima(Some(5), Some(-1)));
    assert_eq!(first(describe(&service, "free").await.unwrap()).on_demand_throughput, maxima(Some(5), None));
    let shown = answer(&service, "free", |t| t.global_secondary_index_updates = asked(None, Some(13_000))).await;
    let warm = first(shown).warm_throughput.unwrap();
    assert_eq!((warm.read_units_per_second, warm.status), (Some(12_000), Some(IndexStatus::Updating)));
    let warm = first(describe(&service, "free").await.unwrap()).warm_throughput.unwrap();
    assert_eq!((warm.read_units_per_second, warm.status), (Some(13_000), Some(IndexStatus::Active)));
}

#[tokio::test]
async fn an_account_has_a_quota_of_provisioned_units() {
    let service = paid(Clock::system()).await;
    let create = async |name: &str, read: i64| {
        let throughput = (None, units(read, 1));
        let request =
            CreateTableInput { billing_mode: throughput.0, provisioned_throughput: throughput.1, ..simple(name) };
        service.create_table(&caller(), request).await.map(drop)
    };
    create("large", 40_000).await.unwrap();
    let refused = create("too-large", 39_941).await.unwrap_err().to_string();
    let expected = "This request would have caused the ReadCapacityUnits limit to be exceeded for the account in us-east-1. \
                    Current ReadCapacityUnits reserved by the account: 40060. Limit: 80000. Requested: 39941";
    assert_eq!(refused, expected);
    create("rest", 39_940).await.unwrap();
    let grown = update(&service, "paid", |t| t.provisioned_throughput = units(31, 30)).await.unwrap_err();
    assert!(grown.to_string().ends_with("Limit: 80000. Requested: 1"), "{grown}");
    // A change that takes no more of what is short, and one of a table that is deleted.
    update(&service, "paid", |t| t.provisioned_throughput = units(30, 31)).await.unwrap();
    service.delete_table(&caller(), DeleteTableInput { table_name: "rest".to_owned() }).await.unwrap();
    update(&service, "paid", |t| t.provisioned_throughput = units(31, 31)).await.unwrap();
}
