//! Changes that no client of this region made: replicated and restored ones are ordinary records of a stream.

use change_log::Author;
use model::{Item, RegionName};

use super::*;
use crate::change::{Action, Change};
use crate::consumed::Consumed;
use crate::write::OnConditionFailure;

#[tokio::test]
async fn replicated_and_restored_changes_are_ordinary_records() {
    let streamed = StreamedTable::new(StreamViewType::NewAndOldImages).await;
    let region = RegionName::parse("eu-west-3").unwrap();
    for (author, action, units) in [
        (Author::Restore, Action::Put(item(&[("pk", s("a")), ("v", s("1"))])), 0.0),
        (Author::Replication { region }, Action::Put(item(&[("pk", s("a")), ("v", s("2"))])), 1.0),
        (Author::Replication { region }, Action::Delete, 1.0),
    ] {
        let table = streamed.service.catalog.by_id(streamed.table_id()).unwrap();
        let key = item(&[("pk", s("a"))]);
        let change = Change::of_key(&streamed.service.secret, table, key, None, action).unwrap();
        let change = Change { author, ..change };
        let mut consumed = Consumed::new(Some(ReturnConsumedCapacity::Total), None);
        streamed.service.write(&change, OnConditionFailure::Hide, "tab", &mut consumed).await.unwrap();
        assert_eq!(consumed.single().unwrap().capacity_units, Some(units));
    }
    let iterator = streamed.iterator(&streamed.arn().await, From::Horizon).await.unwrap();
    let records = streamed.read(&iterator, None).await.unwrap().records.unwrap();
    let value = |image: Option<Item>| image.map(|image| image.into_attributes().get("v").cloned().unwrap());
    let shown = records.into_iter().map(|record| {
        assert_eq!(record.user_identity, None);
        let (name, shown) = (record.event_name.unwrap(), record.dynamodb.unwrap());
        (name, value(shown.old_image), value(shown.new_image))
    });
    let expected = [
        (OperationType::Insert, None, Some(s("1"))),
        (OperationType::Modify, Some(s("1")), Some(s("2"))),
        (OperationType::Remove, Some(s("2")), None),
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}
