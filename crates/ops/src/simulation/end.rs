//! The end of a simulation: without faults all jobs finish, and all data derived from the items agree with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::*;
use model::{Attributes, Item};

use super::client::account_key;
use super::model::number;
use super::operator::INDEX;
use super::{ACCOUNTS, BANK, TABLE, World};
use crate::check_rows;
use crate::service::Service;
use crate::tests::catalog::{caller, describe};

/// How long the jobs have to finish.
const MINUTES: usize = 20;
/// Turns of all tasks within a second.
const TURNS: usize = 20;

impl World {
    pub(super) async fn check(&self, service: &Arc<Service>) {
        for _ in 0..MINUTES * 60 {
            self.hand.advance_ms(1_000);
            tokio::time::advance(Duration::from_secs(1)).await;
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        }
        let table = describe(service, TABLE).await.unwrap();
        assert_eq!(table.table_status, Some(TableStatus::Active));
        let items = scan(service, None).await;
        self.check_clients(service, &items).await;
        assert_eq!(table.item_count, Some(items.len() as i64), "the table's counter");
        check_local_index(service, &items).await;
        if let Some([index]) = table.global_secondary_indexes.as_deref() {
            assert_eq!(index.index_status, Some(IndexStatus::Active), "an index is built to its end");
            let mut indexed = items.clone();
            indexed.retain(|_, item| item.contains("g"));
            assert_eq!(scan(service, Some(INDEX)).await, indexed, "the global index");
            assert_eq!(index.item_count, Some(indexed.len() as i64), "the index's counter");
        }
        assert_eq!(fold_stream(service, &table.latest_stream_arn.unwrap()).await, items, "the stream's last images");
        check_bank(service).await;
        let report = check_rows(&*service.engine).await.unwrap();
        assert_eq!((report.damaged, report.lines), (0, Vec::new()));
    }

    async fn check_clients(&self, service: &Service, items: &BTreeMap<Place, Attributes>) {
        let mut expected = BTreeMap::new();
        for client in &self.clients {
            let mut client = client.lock().await;
            client.recover(&self.clock);
            client.query(service, &self.clock).await;
            expected.extend(client.items.all().map(|item| (place(item), item.clone())));
        }
        assert_eq!(*items, expected, "a scan");
    }
}

/// An item's keys.
type Place = (String, i64);

fn place(item: &Attributes) -> Place {
    let pk = item.get("pk").map(|pk| format!("{pk:?}")).unwrap_or_default();
    (pk, number(item, "sk"))
}

async fn scan(service: &Service, index: Option<&str>) -> BTreeMap<Place, Attributes> {
    let (table_name, index_name) = (TABLE.to_owned(), index.map(str::to_owned));
    let mut request = ScanInput { table_name, index_name, limit: Some(4), ..ScanInput::default() };
    let mut found = BTreeMap::new();
    loop {
        let page = service.scan(&caller(), request.clone()).await.unwrap();
        for item in page.items.unwrap_or_default().into_iter().map(Item::into_attributes) {
            assert_eq!(found.insert(place(&item), item), None, "a scan returns each item once");
        }
        match page.last_evaluated_key {
            Some(last) => request.exclusive_start_key = Some(last),
            None => return found,
        }
    }
}

async fn check_local_index(service: &Service, items: &BTreeMap<Place, Attributes>) {
    let mut indexed = items.clone();
    indexed.retain(|_, item| item.contains("v"));
    assert_eq!(scan(service, Some("by_v")).await, indexed, "the local index");
}

async fn check_bank(service: &Service) {
    let mut sum = 0;
    for account in 0..ACCOUNTS {
        let request =
            GetItemInput { table_name: BANK.to_owned(), key: account_key(account), ..GetItemInput::default() };
        let found = service.get_item(&caller(), request).await.unwrap().item;
        sum += found.map_or(0, |item| number(&item.into_attributes(), "amount"));
    }
    assert_eq!(sum, 0, "transfers are whole");
}

/// The items that result from the stream's records. Each record's old image is the state before: none is missing, doubled or
/// out of order.
async fn fold_stream(service: &Service, arn: &str) -> BTreeMap<Place, Attributes> {
    let mut items: BTreeMap<Place, Attributes> = BTreeMap::new();
    // They are listed after their parents.
    for shard in shards(service, arn).await {
        for record in records(service, arn, shard).await {
            let (old, new) = (record.old_image.map(Item::into_attributes), record.new_image.map(Item::into_attributes));
            let at = place(old.as_ref().or(new.as_ref()).expect("a record has an image"));
            let before = match new {
                Some(new) => items.insert(at, new),
                None => items.remove(&at),
            };
            assert_eq!(before, old, "a record's old image is the last one's new image");
        }
    }
    items
}

async fn shards(service: &Service, arn: &str) -> Vec<String> {
    let mut request = DescribeStreamInput { stream_arn: arn.to_owned(), ..DescribeStreamInput::default() };
    let mut found = Vec::new();
    loop {
        let page = service.describe_stream(&caller(), request.clone()).await.unwrap().stream_description.unwrap();
        found.extend(page.shards.unwrap_or_default().into_iter().filter_map(|shard| shard.shard_id));
        match page.last_evaluated_shard_id {
            Some(last) => request.exclusive_start_shard_id = Some(last),
            None => return found,
        }
    }
}

async fn records(service: &Service, arn: &str, shard_id: String) -> Vec<StreamRecord> {
    let request = GetShardIteratorInput {
        stream_arn: arn.to_owned(),
        shard_id,
        shard_iterator_type: ShardIteratorType::TrimHorizon,
        sequence_number: None,
        timestamp: None,
    };
    let mut iterator = service.get_shard_iterator(&caller(), request).await.unwrap().shard_iterator;
    let mut found = Vec::new();
    while let Some(shard_iterator) = iterator {
        let page = service.get_records(&caller(), GetRecordsInput { shard_iterator, limit: None }).await.unwrap();
        let records = page.records.unwrap_or_default();
        if records.is_empty() {
            break;
        }
        found.extend(records.into_iter().filter_map(|record| record.dynamodb));
        iterator = page.next_shard_iterator;
    }
    found
}
