//! What is done for replicas in the background, and what of it is stored: tombstones, the format, copies, wakes.

use super::*;

#[tokio::test]
async fn tombstones_end() {
    let (service, hand, engine) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    for pk in ["a", "b"] {
        let put = PutItemInput { table_name: "tab".to_owned(), item: item(&[("pk", s(pk))]), ..Default::default() };
        service.put_item(&caller(), put).await.unwrap();
    }
    let delete =
        DeleteItemInput { table_name: "tab".to_owned(), key: item(&[("pk", s("a"))]), ..DeleteItemInput::default() };
    service.delete_item(&caller(), delete).await.unwrap();
    let table_id = service.catalog.table_ids(|definition: &Definition| definition.region == "us-east-1")[0];
    let rows = async || {
        let prefix = tables::rows::table_prefix(table_id);
        let range = storage::ScanRange::of_prefix(storage::Family::Items, prefix, 100, 1 << 20);
        let view = engine.view(storage::Consistency::Strong).await.unwrap();
        view.scan_page(&range).await.unwrap().rows.len()
    };
    service.sweep_tombstones().await.unwrap();
    assert_eq!(rows().await, 2);
    hand.advance_ms(TOMBSTONE_LIFE_MS);
    service.sweep_tombstones().await.unwrap();
    assert_eq!(rows().await, 1);
}

/// The period is that of the table, and not of the process.
#[tokio::test]
async fn a_table_is_swept_once_a_period_and_from_where_its_sweep_was_interrupted() {
    let (service, hand, engine) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    let table_id = service.catalog.table_ids(|definition: &Definition| definition.region == "us-east-1")[0];
    let key = tables::rows::sweep_progress(table_id);
    let ended = async || engine.get(&key, storage::Consistency::Strong).await.unwrap().map(|row| row.to_vec());
    let at = |ms: u64| Some(ms.to_be_bytes().to_vec());
    hand.advance_ms(6 * 60 * 60 * 1000);
    let first_ms = service.clock.now_ms();
    service.sweep_tombstones().await.unwrap();
    assert_eq!(ended().await, at(first_ms));
    hand.advance_ms(6 * 60 * 60 * 1000 - 1);
    service.sweep_tombstones().await.unwrap();
    assert_eq!(ended().await, at(first_ms), "it is not due");
    hand.advance_ms(1);
    service.sweep_tombstones().await.unwrap();
    assert_eq!(ended().await, at(service.clock.now_ms()));
    // One that was interrupted goes on behind the row that it has passed: all are before it.
    for pk in ["a", "b"] {
        let put = PutItemInput { table_name: "tab".to_owned(), item: item(&[("pk", s(pk))]), ..Default::default() };
        service.put_item(&caller(), put).await.unwrap();
        let key = item(&[("pk", s(pk))]);
        let delete = DeleteItemInput { table_name: "tab".to_owned(), key, ..Default::default() };
        service.delete_item(&caller(), delete).await.unwrap();
    }
    hand.advance_ms(TOMBSTONE_LIFE_MS);
    let rows = async || {
        let range =
            storage::ScanRange::of_prefix(storage::Family::Items, tables::rows::table_prefix(table_id), 9, 1 << 20);
        engine.view(storage::Consistency::Strong).await.unwrap().scan_page(&range).await.unwrap().rows
    };
    let first = rows().await[0].key.clone();
    let interrupted = [&service.clock.now_ms().to_be_bytes()[..], &first[..]].concat();
    let put = |_: &storage::Reads, batch: &mut Batch| {
        batch.put(key.clone(), interrupted.clone());
        Ok::<(), ()>(())
    };
    engine.write(storage::Mode::Plain, &[storage::KeyUse::write(key.clone())], put).await.unwrap().unwrap();
    service.sweep_tombstones().await.unwrap();
    let left: Vec<Bytes> = rows().await.into_iter().map(|row| row.key).collect();
    assert_eq!(left, [first]);
}

/// What programs from before replicas refuse.
#[tokio::test]
async fn the_first_replica_raises_the_format_of_the_database() {
    let (service, _, engine) = open_regions(0).await;
    let format = async || {
        let row = engine.get(&tables::rows::database_settings(), storage::Consistency::Strong).await.unwrap().unwrap();
        serde_json::from_slice::<serde_json::Value>(&row).unwrap()["format"].clone()
    };
    service.create_table(&caller(), simple("tab")).await.unwrap();
    assert_eq!(format().await, 2);
    update(&service, creation(Default::default())).await.unwrap();
    assert_eq!(format().await, 3);
    until_active(&service).await;
    drop(service);
    let (clock, _) = Clock::manual(1_700_000_000_000);
    let again = Service::open(Arc::clone(&engine), Settings::default(), clock).await.unwrap();
    assert_eq!(format().await, 3, "an open does not take it back");
    drop(again);
}

#[tokio::test]
async fn a_damaged_row_is_left_out_of_a_new_replica() {
    let (service, _, engine) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    for pk in ["a", "b", "c"] {
        let put = PutItemInput { table_name: "tab".to_owned(), item: item(&[("pk", s(pk))]), ..Default::default() };
        service.put_item(&caller(), put).await.unwrap();
    }
    let table_id = service.catalog.table_ids(Definition::is_table)[0];
    let range = storage::ScanRange::of_prefix(storage::Family::Items, tables::rows::table_prefix(table_id), 9, 1 << 20);
    let found = engine.view(storage::Consistency::Strong).await.unwrap().scan_page(&range).await.unwrap().rows;
    let key = Key::new(storage::Family::Items, found[1].key.clone());
    let damage = |_: &storage::Reads, batch: &mut Batch| {
        batch.put(key.clone(), &b"damaged"[..]);
        Ok::<(), ()>(())
    };
    engine.write(storage::Mode::Plain, &[storage::KeyUse::write(key.clone())], damage).await.unwrap().unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    let request = ScanInput { table_name: "tab".to_owned(), ..Default::default() };
    assert_eq!(service.scan(&there, request).await.unwrap().count, Some(2));
    assert!(service.damaged_rows.load(std::sync::atomic::Ordering::Relaxed) >= 1, "it is counted and logged");
}

/// Deliveries wait for it.
#[tokio::test]
async fn an_expired_item_wakes_deliveries() {
    let (service, hand, _) = open_regions(0).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    update(&service, creation(Default::default())).await.unwrap();
    until_active(&service).await;
    let request = UpdateTimeToLiveInput {
        table_name: "tab".to_owned(),
        time_to_live_specification: TimeToLiveSpecification { attribute_name: "end".to_owned(), enabled: true },
    };
    service.update_time_to_live(&caller(), request).await.unwrap();
    let end = service.clock.now_ms() / 1000 + 5;
    let expiring = item(&[("pk", s("a")), ("end", tables::fixture::n(&end.to_string()))]);
    let put = PutItemInput { table_name: "tab".to_owned(), item: expiring, ..Default::default() };
    service.put_item(&caller(), put).await.unwrap();
    hand.advance_ms(60_000);
    let table_id = service.catalog.table_ids(|definition: &Definition| definition.region == "us-east-1")[0];
    let log = service.log_of(table_id).unwrap();
    let mut is_swept = false;
    while !is_swept {
        let written = log.written.notified();
        tokio::pin!(written);
        written.as_mut().enable();
        let _ = service.sweep_expired().await;
        is_swept = service.expired.load(std::sync::atomic::Ordering::Relaxed) > 0;
        if is_swept {
            tokio::time::timeout(std::time::Duration::from_secs(5), written).await.expect("it wakes");
        }
    }
}
