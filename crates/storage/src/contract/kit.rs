//! Short words for the cases.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Mode, OpId, Reads, TALLY_WIDTH, Transaction, TxError,
};

/// A case's own rows in a shared engine.
#[derive(Clone)]
pub(super) struct Space {
    pub(super) engine: Arc<dyn Engine>,
    prefix: Bytes,
}

impl Space {
    pub(super) fn new(engine: &Arc<dyn Engine>, name: &str) -> Space {
        Space { engine: Arc::clone(engine), prefix: Bytes::from(format!("{name}/")) }
    }

    /// A row of the items.
    pub(super) fn key(&self, name: impl AsRef<[u8]>) -> Key {
        self.key_in(Family::Items, name)
    }

    pub(super) fn key_in(&self, family: Family, name: impl AsRef<[u8]>) -> Key {
        Key::new(family, [&self.prefix, name.as_ref()].concat())
    }

    pub(super) async fn get(&self, key: &Key) -> Option<Bytes> {
        self.engine.get(key, Consistency::Strong).await.unwrap()
    }

    pub(super) async fn transact(
        &self,
        mode: Mode,
        keys: &[KeyUse],
        mut decide: impl FnMut(&Reads, &mut Batch) -> Decision + Send,
    ) -> Result<Decision, TxError> {
        self.engine.transact(Transaction { op: OpId::random(), mode, keys, decide: &mut decide }).await
    }

    /// Writes without a condition.
    pub(super) async fn commit(&self, batch: Batch) {
        let keys: Vec<KeyUse> = batch.writes.iter().map(|(key, _)| KeyUse::write(key.clone())).collect();
        let write = |_: &Reads, into: &mut Batch| {
            *into = batch.clone();
            Decision::Commit
        };
        assert_eq!(self.transact(Mode::Plain, &keys, write).await, Ok(Decision::Commit));
    }

    pub(super) async fn put(&self, key: &Key, value: impl Into<Bytes>) {
        let mut batch = Batch::default();
        batch.put(key.clone(), value);
        self.commit(batch).await;
    }

    pub(super) async fn delete(&self, key: &Key) {
        let mut batch = Batch::default();
        batch.delete(key.clone());
        self.commit(batch).await;
    }

    pub(super) async fn tally(&self, key: &Key, deltas: [i64; TALLY_WIDTH]) {
        let mut batch = Batch::default();
        batch.tally(key.clone(), deltas);
        self.commit(batch).await;
    }

    pub(super) async fn hot_tally(&self, key: &Key, deltas: [i64; TALLY_WIDTH]) {
        let mut batch = Batch::default();
        batch.hot_tally(key.clone(), deltas);
        self.commit(batch).await;
    }

    pub(super) async fn counters(&self, key: &Key) -> Option<[i64; TALLY_WIDTH]> {
        let row = self.get(key).await;
        row.as_ref().map(|_| crate::tally::decode(row.as_ref()).expect("a tally row"))
    }
}

pub(super) fn number(value: Option<&Bytes>) -> u64 {
    value.map_or(0, |value| u64::from_be_bytes(value[..].try_into().unwrap()))
}

pub(super) fn bytes(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}
