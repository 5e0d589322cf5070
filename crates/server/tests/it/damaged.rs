//! Damage of stored bytes below the encryption: background work continues with the other rows.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use api::Operation;
use auth::{Caller, SHARED_ACCOUNT};
use base::Clock;
use bytes::Bytes;
use ops::{Service, Settings};
use seal::{Keyring, Layout, MasterKey, Sealed, Secret};
use serde_json::{Value, json};
use storage::{Batch, Consistency, Engine, Family, Key, KeyUse, Memory, Mode, Reads, ScanDirection, ScanRange};

const ITEMS: usize = 700;
const DAMAGED: usize = 300;

async fn call(service: &Arc<Service>, operation: Operation, body: Value) -> (u16, Value) {
    let caller = Caller {
        account: SHARED_ACCOUNT.to_owned(),
        region: "eu-west-3".to_owned(),
        access_key: "test".to_owned(),
        identity: None,
        served: None,
    };
    let reply = wire::handle(service, operation, (&caller).into(), Bytes::from(body.to_string())).await;
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null))
}

/// Flips a bit of a stored item's sealed value.
async fn damage(disk: &dyn Engine, at: usize) {
    let range = ScanRange {
        family: Family::Items,
        lower: Bound::Unbounded,
        upper: Bound::Unbounded,
        direction: ScanDirection::Forward,
        rows_max: ITEMS,
        bytes_max: usize::MAX,
    };
    let rows = disk.view(Consistency::Strong).await.expect("a view").scan(&range).await.expect("rows").rows;
    let (key, mut value) = (Key::new(Family::Items, rows[at].key.clone()), rows[at].value.to_vec());
    value[20] ^= 1;
    let put = |_: &Reads, batch: &mut Batch| {
        batch.put(key.clone(), value.clone());
        Ok::<(), ()>(())
    };
    let done = disk.write(Mode::Plain, &[KeyUse::write(key.clone())], put).await.expect("a write");
    assert_eq!(done, Ok(()));
}

/// One damaged item in the middle of a table: an index that is added becomes ACTIVE with all others, and the row is counted.
#[tokio::test]
async fn an_index_is_built_around_a_damaged_item() {
    let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
    let disk = Memory::new();
    let sealed = Sealed::over(disk.clone(), &keyring, None, Layout::STATOR);
    let service = Service::open(sealed, Settings::default(), Clock::system()).await.expect("a service");
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let key = |name: &str| json!([{"AttributeName": name, "KeyType": "HASH"}]);
    let table = json!({"TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [attribute("pk")], "KeySchema": key("pk")});
    assert_eq!(call(&service, Operation::CreateTable, table).await.0, 200);
    for at in 0..ITEMS {
        let item = json!({"pk": {"S": at.to_string()}, "colour": {"S": "red"}});
        let put = json!({"TableName": "tab", "Item": item});
        assert_eq!(call(&service, Operation::PutItem, put).await.0, 200);
    }
    damage(&*disk, DAMAGED).await;

    let index = json!({"IndexName": "by_colour", "KeySchema": key("colour"), "Projection": {"ProjectionType": "ALL"}});
    let update = json!({"TableName": "tab", "AttributeDefinitions": [attribute("pk"), attribute("colour")],
        "GlobalSecondaryIndexUpdates": [{"Create": index}]});
    let (status, updated) = call(&service, Operation::UpdateTable, update).await;
    assert_eq!(status, 200, "{updated}");
    let built = async {
        loop {
            let (_, described) = call(&service, Operation::DescribeTable, json!({"TableName": "tab"})).await;
            let index = described["Table"]["GlobalSecondaryIndexes"][0].clone();
            if index["IndexStatus"] == "ACTIVE" {
                return index;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let built = tokio::time::timeout(Duration::from_secs(60), built).await.expect("an active index");
    assert_eq!(built["ItemCount"], ITEMS - 1);
    assert_eq!(service.background_stats().damaged_rows, 1);

    let query = json!({"TableName": "tab", "IndexName": "by_colour", "Select": "COUNT",
        "KeyConditionExpression": "colour = :c", "ExpressionAttributeValues": {":c": {"S": "red"}}});
    let (status, found) = call(&service, Operation::Query, query).await;
    assert_eq!((status, &found["Count"]), (200, &json!(ITEMS - 1)), "{found}");
    // A foreground read needs every row; one that ends before the damaged row does not need it.
    let scan = |limit: usize| json!({"TableName": "tab", "Limit": limit});
    assert_eq!(call(&service, Operation::Scan, scan(DAMAGED)).await.0, 200);
    let (status, refused) = call(&service, Operation::Scan, scan(DAMAGED + 1)).await;
    assert_eq!(status, 500, "{refused}");
}
