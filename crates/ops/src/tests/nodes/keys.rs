//! Encryption keys of tables, which one node changes and the others encrypt with.

use bytes::Bytes;
use parking_lot::Mutex;

use super::*;
use crate::table_keys::{TableKey, TableKeys};

/// A layer that records the keys that `forget` drops from its cache.
#[derive(Default)]
struct Keys(Mutex<Vec<u64>>);

impl TableKeys for Keys {
    fn wrap<'a>(
        &'a self,
        _: &'a str,
        _: Option<Bytes>,
        key_id: Option<&'a str>,
    ) -> BoxFuture<'a, Result<TableKey, String>> {
        let key_arn = key_id.map(str::to_owned);
        Box::pin(async { Ok(TableKey { row: Bytes::from_static(b"wrapped"), key_arn }) })
    }

    fn learn(&self, _: u64) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn forget(&self, table_id: u64) {
        self.0.lock().push(table_id);
    }

    fn inaccessible_since_ms(&self, _: u64) -> Option<u64> {
        None
    }
}

/// Otherwise it would continue to encrypt with the former key.
#[tokio::test]
async fn another_nodes_change_of_a_key_makes_what_is_known_of_it_old() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    let keys = [Arc::new(Keys::default()), Arc::new(Keys::default())];
    a.service.use_table_keys(keys[0].clone());
    b.service.use_table_keys(keys[1].clone());
    create(&a, "other").await.unwrap();
    create(&a, "own").await.unwrap();
    let known = || b.service.catalog.find(Place::own(&caller(), "own"));
    let table = until(async || known()).await;
    assert!(keys[1].0.lock().is_empty());
    let asked = SSESpecification {
        enabled: Some(true),
        sse_type: Some(SSEType::Kms),
        kms_master_key_id: Some("arn:aws:kms:us-east-1:000000000000:key/orders".to_owned()),
    };
    let request = UpdateTableInput {
        table_name: "own".to_owned(),
        sse_specification: Some(asked),
        ..UpdateTableInput::default()
    };
    a.service.update_table(&caller(), request).await.unwrap();
    until(async || known().filter(|table| table.definition.encryption.is_some()).map(drop)).await;
    until(async || (*keys[1].0.lock() == [table.id()]).then_some(())).await;
}
