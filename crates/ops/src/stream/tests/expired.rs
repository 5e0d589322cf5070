//! The record of a deletion by time to live.

use super::*;

#[tokio::test]
async fn the_service_is_named_where_it_deletes() {
    let streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    let specification = TimeToLiveSpecification { attribute_name: "v".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: "tab".to_owned(), time_to_live_specification: specification };
    streamed.service.update_time_to_live(&caller(), request).await.unwrap();
    for (pk, expiry) in [("a", START_MS / 1000), ("b", START_MS / 1000 + 3600)] {
        let item = item(&[("pk", s(pk)), ("v", n(&expiry.to_string()))]);
        let request = PutItemInput { table_name: "tab".to_owned(), item, ..PutItemInput::default() };
        streamed.service.put_item(&caller(), request).await.unwrap();
    }
    streamed.hand.advance_ms(60_000);
    assert_eq!(streamed.service.sweep_expired().await, jobs::Ran::Done);
    streamed.delete("b").await;
    let arn = streamed.arn().await;
    let iterator = streamed.iterator(&arn, From::Horizon).await.unwrap();
    let records = streamed.read(&iterator, None).await.unwrap().records.unwrap();
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            let image = record.dynamodb.as_ref().unwrap();
            let by = record.user_identity.as_ref().and_then(|identity| identity.principal_id.as_deref());
            (record.event_name.unwrap(), by, image.old_image.is_some())
        })
        .collect();
    let expected = [
        (OperationType::Insert, None, false),
        (OperationType::Insert, None, false),
        (OperationType::Remove, Some("dynamodb.amazonaws.com"), true),
        (OperationType::Remove, None, true),
    ];
    assert_eq!(told, expected);
}
