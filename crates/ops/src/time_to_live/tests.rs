//! The life cycle of time to live, on the engine in memory.

use api::*;
use storage::Memory;

use crate::tests::catalog::{caller, open, simple};

#[tokio::test]
async fn one_attribute_at_a_time() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("aging")).await.unwrap();
    let on = TimeToLiveStatus::Enabled;
    let off = TimeToLiveStatus::Disabled;
    for (enabled, attribute, refusal, status, shown) in [
        (false, "ttl", Some("TimeToLive is already disabled"), off, None),
        (true, "ttl", None, on, Some("ttl")),
        (true, "ttl", Some("TimeToLive is already enabled"), on, Some("ttl")),
        (
            true,
            "other",
            Some("TimeToLive is active on a different AttributeName: current AttributeName is ttl"),
            on,
            Some("ttl"),
        ),
        (false, "ttl", None, off, None),
        (true, "other", None, on, Some("other")),
    ] {
        let specification = TimeToLiveSpecification { attribute_name: attribute.to_owned(), enabled };
        let request =
            UpdateTimeToLiveInput { table_name: "aging".to_owned(), time_to_live_specification: specification };
        let refused = service.update_time_to_live(&caller(), request).await.err();
        assert_eq!(refused, refusal.map(Exception::validation));
        let request = DescribeTimeToLiveInput { table_name: "aging".to_owned() };
        let found = service.describe_time_to_live(&caller(), request).await.unwrap().time_to_live_description.unwrap();
        assert_eq!((found.time_to_live_status, found.attribute_name.as_deref()), (Some(status), shown));
    }
}

/// Changes that are faster than the deletion of former indexes are refused.
#[tokio::test]
async fn not_too_often() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("aging")).await.unwrap();
    let guard = service.catalog.lock().await.unwrap();
    let mut definition = service.catalog.by_id(tables::rows::TABLE_ID_FIRST).unwrap().definition.clone();
    definition.time_to_live.dropping = (100..116).collect();
    definition.next_index_id = 116;
    service.catalog.replace(&service.engine, guard, definition, Default::default()).await.unwrap();
    let specification = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: "aging".to_owned(), time_to_live_specification: specification };
    let refused = service.update_time_to_live(&caller(), request).await.unwrap_err();
    let text = "Time to live has been modified multiple times within a fixed interval";
    assert_eq!(refused, Exception::validation(text));
}
