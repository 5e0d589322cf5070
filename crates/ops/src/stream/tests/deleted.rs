//! Streams of deleted tables.

use storage::Consistency;
use tables::rows;

use super::reader::{Change, Changes, Reader, Start};
use super::*;

async fn put(house: &House, changes: &mut Changes, pk: &str, value: &str) {
    house.put(pk, value).await;
    let (at_ms, new) = (house.clock.now_ms(), Some(value.to_owned()));
    changes.entry(pk.to_owned()).or_default().push(Change { at_ms, old: None, new, is_trimmed: false });
}

async fn listed(house: &House, table: Option<&str>) -> Vec<String> {
    let request = ListStreamsInput { table_name: table.map(str::to_owned), ..ListStreamsInput::default() };
    let page = house.service.list_streams(&caller(), request).await.unwrap();
    page.streams.unwrap().into_iter().map(|stream| stream.stream_arn.unwrap()).collect()
}

/// Rows of a table in a family.
async fn rows_of(house: &House, family: storage::Family, table_id: u64) -> usize {
    let (lower, upper) = tables::key_range::of_prefix(&rows::table_prefix(table_id));
    let direction = storage::ScanDirection::Forward;
    let range = storage::ScanRange { family, lower, upper, direction, rows_max: 1_000, bytes_max: 1 << 20 };
    house.engine.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows.len()
}

#[tokio::test]
async fn the_stream_of_a_deleted_table_is_read_for_a_day() {
    let mut house = House::new(StreamViewType::NewAndOldImages).await;
    let (old, mut changes) = (house.arn().await, Changes::new());
    put(&house, &mut changes, "a", "1").await;
    let shard = house.open_shards().await.remove(0);
    let hot = [change_log::Hot { shard: shard.number, split_at: 1 << 63 }];
    house.service.roll_shards(1, &hot).await.unwrap();
    let mut reader = Reader::new(&house, &old, Start::Horizon, &changes).await;
    for pk in ["b", "c", "d"] {
        put(&house, &mut changes, pk, "2").await;
    }
    house.delete_table().await;
    let description = house.describe(&old).await.unwrap();
    assert_eq!((description.stream_status, description.shards.unwrap().len()), (Some(StreamStatus::Disabled), 3));
    assert_eq!(rows_of(&house, storage::Family::Items, 1).await, 0);
    assert_eq!(rows_of(&house, storage::Family::Catalog, 1).await, 3, "its shards");
    assert_eq!(listed(&house, Some("tab")).await, std::slice::from_ref(&old));

    // At the same moment, by a clock that was set back.
    house.create_table(StreamViewType::KeysOnly).await;
    let new = house.arn().await;
    assert!(new > old, "{new} after {old}");
    house.put("a", "3").await;
    house.restart().await;
    for table in [None, Some("tab")] {
        assert_eq!(listed(&house, table).await, [old.clone(), new.clone()]);
    }
    assert_eq!(house.keys(&new, From::Horizon).await, ["a"]);
    reader.drain(&house, &changes).await;
    assert!(reader.is_finished());

    house.hand.advance_ms(STREAM_RETENTION_MS - 1);
    assert!(house.describe(&old).await.is_ok());
    house.hand.advance_ms(1);
    assert!(matches!(house.describe(&old).await, Err(Exception::ResourceNotFound(_))));
    house.service.trim_logs().await;
    house.restart().await;
    assert_eq!(listed(&house, None).await, [new]);
    for family in storage::Family::ALL {
        assert_eq!(rows_of(&house, family, 1).await, 0);
    }
    assert_eq!(house.engine.get(&rows::remains(1), Consistency::Strong).await, Ok(None));
    assert_eq!(rows_of(&house, storage::Family::Items, 2).await, 1);
}

#[tokio::test]
async fn a_table_without_a_stream_leaves_nothing() {
    let house = House::new(StreamViewType::KeysOnly).await;
    house.set_stream(None).await;
    house.disabled(&house.arn().await).await;
    house.hand.advance_ms(STREAM_RETENTION_MS);
    house.delete_table().await;
    for family in storage::Family::ALL {
        assert_eq!(rows_of(&house, family, 1).await, 0);
    }
    assert_eq!(house.engine.get(&rows::remains(1), Consistency::Strong).await, Ok(None));
    let request = ListStreamsInput { table_name: Some("tab".to_owned()), ..ListStreamsInput::default() };
    assert!(matches!(house.service.list_streams(&caller(), request).await, Err(Exception::ResourceNotFound(_))));
}

/// Every commit of a deletion fails once, and the next server resumes it.
#[tokio::test]
async fn an_interrupted_deletion_keeps_the_stream() {
    for ground in [|| Ground::Memory, || Ground::Lagging, Ground::embedded] {
        for at in 0.. {
            let mut was_broken = true;
            for is_done in [false, true] {
                let mut house = House::on(ground(), StreamViewType::NewAndOldImages).await;
                let (arn, mut changes) = (house.arn().await, Changes::new());
                put(&house, &mut changes, "a", "1").await;
                put(&house, &mut changes, "b", "1").await;
                house.engine.faults.breaks(at, is_done);
                let request = DeleteTableInput { table_name: "tab".to_owned() };
                let answer = house.service.delete_table(&caller(), request.clone()).await;
                while !house.engine.faults.is_broken()
                    && house.service.catalog.find(Place::own(&caller(), "tab")).is_some()
                {
                    tokio::task::yield_now().await;
                }
                was_broken &= house.engine.faults.is_broken();
                house.restart().await;
                if answer.is_err() {
                    // The deletion may be in progress, done, or not begun.
                    let _ = house.service.delete_table(&caller(), request).await;
                }
                house.table_gone().await;
                let mut reader = Reader::new(&house, &arn, Start::Horizon, &changes).await;
                reader.drain(&house, &changes).await;
                assert!(reader.is_finished());
                assert_eq!(rows_of(&house, storage::Family::Items, 1).await, 0);
            }
            if !was_broken {
                assert!(at >= 4, "it has several steps");
                break;
            }
        }
    }
}

/// The row of a deleted table has only what its streams need, and the oldest of too many tables is dropped early.
#[tokio::test]
async fn streams_of_too_many_deleted_tables_end_early() {
    let mut house = House::new(StreamViewType::NewAndOldImages).await;
    house.settings.quotas.dropped_tables_max = 2;
    house.restart().await;
    let mut arns = Vec::new();
    for round in 0..4 {
        if round > 0 {
            house.hand.advance_ms(1);
            house.create_table(StreamViewType::NewAndOldImages).await;
        }
        let tags = vec![Tag { key: Some("unneeded".to_owned()), value: Some("value".to_owned()) }];
        let resource_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/tab".to_owned();
        house.service.tag_resource(&caller(), TagResourceInput { resource_arn, tags }).await.unwrap();
        house.put("a", "1").await;
        arns.push(house.arn().await);
        house.delete_table().await;
    }
    while house.service.catalog.all_remains().len() > 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        assert_eq!(listed(&house, None).await, arns[2..]);
        assert!(matches!(house.describe(&arns[1]).await, Err(Exception::ResourceNotFound(_))));
        for family in storage::Family::ALL {
            assert_eq!((rows_of(&house, family, 1).await, rows_of(&house, family, 2).await), (0, 0));
        }
        house.restart().await;
    }
    assert_eq!(house.keys(&arns[3], From::Horizon).await, ["a"]);
    let row = house.engine.get(&rows::remains(4), Consistency::Strong).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&row).contains("unneeded"));

    // As after a start with more of them than there may be.
    house.settings.quotas.dropped_tables_max = 1;
    house.restart().await;
    house.service.trim_logs().await;
    assert_eq!(listed(&house, None).await, arns[3..]);
}
