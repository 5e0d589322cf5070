//! Definitions that a newer program has written.

use super::*;
use storage::Consistency;
use storage::Transaction;

async fn until_active(service: &Service, table: &str) {
    until(async || {
        let table = describe(service, table).await.unwrap();
        let mut indexes = table.global_secondary_indexes.iter().flatten();
        let active = indexes.all(|index| index.index_status == Some(IndexStatus::Active));
        (active && table.table_status == Some(TableStatus::Active)).then_some(())
    })
    .await;
}

/// Members that a newer program has added to a definition are retained when this one changes it.
#[tokio::test]
async fn members_of_a_newer_program_are_kept() {
    const NEWER: &str = r#"{"a":[1,-2,0.5,null,"text"],"b":{"c":true}}"#;
    let engine = Memory::new();
    let service = open(&engine).await;
    service.create_table(&caller(), simple("kept")).await.unwrap();
    service.update_table(&caller(), add_index("kept", "first", "g", ProjectionType::All)).await.unwrap();
    let stream = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::KeysOnly) };
    let request = UpdateTableInput {
        table_name: "kept".to_owned(),
        stream_specification: Some(stream),
        ..UpdateTableInput::default()
    };
    until_active(&service, "kept").await;
    service.update_table(&caller(), request).await.unwrap();
    until_active(&service, "kept").await;
    drop(service);

    let newer: serde_json::Value = serde_json::from_str(NEWER).unwrap();
    let places = ["", "/global_indexes/0", "/stream", "/log", "/time_to_live"];
    let key = rows::definition(rows::TABLE_ID_FIRST);
    let stored = async || -> serde_json::Value {
        serde_json::from_slice(&engine.get(&key, Consistency::Strong).await.unwrap().unwrap()).unwrap()
    };
    let mut row = stored().await;
    for place in places {
        row.pointer_mut(place).unwrap()["newer"] = newer.clone();
    }
    let keys = [KeyUse::write(key.clone())];
    let mut decide = |_: &Reads, batch: &mut Batch| {
        batch.put(key.clone(), row.to_string());
        Decision::Commit
    };
    engine
        .transact(Transaction { op: OpId([7; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .unwrap();

    let service = open(&engine).await;
    service.update_table(&caller(), add_index("kept", "second", "h", ProjectionType::All)).await.unwrap();
    until_active(&service, "kept").await;
    let row = stored().await;
    assert_eq!(row["global_indexes"].as_array().unwrap().len(), 2);
    for place in places {
        assert_eq!(row.pointer(place).unwrap()["newer"], newer, "{place}");
    }
}
