//! Streams of deleted tables.

use storage::Consistency;
use tables::rows;

use super::reader::{Change, Changes, Reader, Start};
use super::*;

async fn put(streamed: &StreamedTable, changes: &mut Changes, pk: &str, value: &str) {
    streamed.put(pk, value).await;
    let (at_ms, new) = (streamed.clock.now_ms(), Some(value.to_owned()));
    changes.entry(pk.to_owned()).or_default().push(Change { at_ms, old: None, new, is_trimmed: false });
}

async fn listed(streamed: &StreamedTable, table: Option<&str>) -> Vec<String> {
    let request = ListStreamsInput { table_name: table.map(str::to_owned), ..ListStreamsInput::default() };
    let page = streamed.service.list_streams(&caller(), request).await.unwrap();
    page.streams.unwrap().into_iter().map(|stream| stream.stream_arn.unwrap()).collect()
}

/// Rows of a table in a family.
async fn rows_of(streamed: &StreamedTable, family: storage::Family, table_id: u64) -> usize {
    let range = storage::ScanRange::of_prefix(family, rows::table_prefix(table_id), 1_000, 1 << 20);
    streamed.engine.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows.len()
}

#[tokio::test]
async fn the_stream_of_a_deleted_table_is_read_for_a_day() {
    let mut streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    let (old, mut changes) = (streamed.arn().await, Changes::new());
    put(&streamed, &mut changes, "a", "1").await;
    let shard = streamed.open_shards().await.remove(0);
    let hot = [change_log::Hot { shard: shard.number, split_at: 1 << 63 }];
    streamed.service.roll_shards(1, &hot).await.unwrap();
    let mut reader = Reader::new(&streamed, &old, Start::Horizon, &changes).await;
    for pk in ["b", "c", "d"] {
        put(&streamed, &mut changes, pk, "2").await;
    }
    streamed.delete_table().await;
    let description = streamed.describe(&old).await.unwrap();
    assert_eq!((description.stream_status, description.shards.unwrap().len()), (Some(StreamStatus::Disabled), 3));
    assert_eq!(rows_of(&streamed, storage::Family::Items, 1).await, 0);
    assert_eq!(rows_of(&streamed, storage::Family::Catalog, 1).await, 3, "its shards");
    assert_eq!(listed(&streamed, Some("tab")).await, std::slice::from_ref(&old));

    // At the same moment, by a clock that was set back.
    streamed.create_table(Some(StreamViewType::KeysOnly)).await;
    let new = streamed.arn().await;
    assert!(new > old, "{new} after {old}");
    streamed.put("a", "3").await;
    streamed.restart().await;
    for table in [None, Some("tab")] {
        assert_eq!(listed(&streamed, table).await, [old.clone(), new.clone()]);
    }
    assert_eq!(streamed.keys(&new, From::Horizon).await, ["a"]);
    reader.drain(&streamed, &changes).await;
    assert!(reader.is_finished());

    streamed.hand.advance_ms(STREAM_RETENTION_MS - 1);
    assert!(streamed.describe(&old).await.is_ok());
    streamed.hand.advance_ms(1);
    assert!(matches!(streamed.describe(&old).await, Err(Exception::ResourceNotFound(_))));
    streamed.service.trim_logs().await;
    streamed.restart().await;
    assert_eq!(listed(&streamed, None).await, [new]);
    for family in storage::Family::ALL {
        assert_eq!(rows_of(&streamed, family, 1).await, 0);
    }
    assert_eq!(streamed.engine.get(&rows::remains(1), Consistency::Strong).await, Ok(None));
    assert_eq!(rows_of(&streamed, storage::Family::Items, 2).await, 1);
}

#[tokio::test]
async fn a_table_without_a_stream_leaves_nothing() {
    let streamed = StreamedTable::new(StreamViewType::KeysOnly).await;
    streamed.set_stream(None).await;
    streamed.disabled(&streamed.arn().await).await;
    streamed.hand.advance_ms(STREAM_RETENTION_MS);
    streamed.delete_table().await;
    for family in storage::Family::ALL {
        assert_eq!(rows_of(&streamed, family, 1).await, 0);
    }
    assert_eq!(streamed.engine.get(&rows::remains(1), Consistency::Strong).await, Ok(None));
    let request = ListStreamsInput { table_name: Some("tab".to_owned()), ..ListStreamsInput::default() };
    assert!(matches!(streamed.service.list_streams(&caller(), request).await, Err(Exception::ResourceNotFound(_))));
}

/// Every commit of a deletion fails once, and the next server resumes it.
#[tokio::test]
async fn an_interrupted_deletion_keeps_the_stream() {
    for ground in [|| Ground::Memory, || Ground::Lagging, Ground::embedded] {
        for at in 0.. {
            let mut was_broken = true;
            for is_done in [false, true] {
                let mut streamed = StreamedTable::on(ground(), StreamViewType::NewAndOldImages).await;
                let (arn, mut changes) = (streamed.arn().await, Changes::new());
                put(&streamed, &mut changes, "a", "1").await;
                put(&streamed, &mut changes, "b", "1").await;
                streamed.engine.faults.breaks(at, is_done);
                let request = DeleteTableInput { table_name: "tab".to_owned() };
                let answer = streamed.service.delete_table(&caller(), request.clone()).await;
                while !streamed.engine.faults.is_broken()
                    && streamed.service.catalog.find(Place::own(&caller(), "tab")).is_some()
                {
                    tokio::task::yield_now().await;
                }
                was_broken &= streamed.engine.faults.is_broken();
                streamed.restart().await;
                if answer.is_err() {
                    // The deletion may be in progress, done, or not begun.
                    let _ = streamed.service.delete_table(&caller(), request).await;
                }
                streamed.until_deleted().await;
                let mut reader = Reader::new(&streamed, &arn, Start::Horizon, &changes).await;
                reader.drain(&streamed, &changes).await;
                assert!(reader.is_finished());
                assert_eq!(rows_of(&streamed, storage::Family::Items, 1).await, 0);
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
    let mut streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    streamed.table.settings.quotas.dropped_tables_max = 2;
    streamed.restart().await;
    let mut arns = Vec::new();
    for round in 0..4 {
        if round > 0 {
            streamed.hand.advance_ms(1);
            streamed.create_table(Some(StreamViewType::NewAndOldImages)).await;
        }
        let tags = vec![Tag { key: Some("unneeded".to_owned()), value: Some("value".to_owned()) }];
        let resource_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/tab".to_owned();
        streamed.service.tag_resource(&caller(), TagResourceInput { resource_arn, tags }).await.unwrap();
        streamed.put("a", "1").await;
        arns.push(streamed.arn().await);
        streamed.delete_table().await;
    }
    while streamed.service.catalog.all_remains().len() > 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        assert_eq!(listed(&streamed, None).await, arns[2..]);
        assert!(matches!(streamed.describe(&arns[1]).await, Err(Exception::ResourceNotFound(_))));
        for family in storage::Family::ALL {
            assert_eq!((rows_of(&streamed, family, 1).await, rows_of(&streamed, family, 2).await), (0, 0));
        }
        streamed.restart().await;
    }
    assert_eq!(streamed.keys(&arns[3], From::Horizon).await, ["a"]);
    let row = streamed.engine.get(&rows::remains(4), Consistency::Strong).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&row).contains("unneeded"));

    // As after a start with more of them than there may be.
    streamed.table.settings.quotas.dropped_tables_max = 1;
    streamed.restart().await;
    streamed.service.trim_logs().await;
    assert_eq!(listed(&streamed, None).await, arns[3..]);
}
