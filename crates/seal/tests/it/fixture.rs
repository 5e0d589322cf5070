//! Encrypted rows on a disk in memory, which any number of processes may open, and the writes and scans of the tests.

use std::sync::Arc;

use base::{Clock, ManualClock};
use bytes::Bytes;
use seal::{Keyring, Layout, Sealed};
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Memory, Mode, OpId, Reads, Row, ScanRange, Transaction,
};

use crate::keyring;

pub(crate) struct Fixture {
    pub(crate) disk: Arc<Memory>,
    keyring: Keyring,
    clock: Clock,
    pub(crate) hand: ManualClock,
    /// The first process.
    pub(crate) sealed: Arc<Sealed>,
}

impl Fixture {
    pub(crate) async fn new() -> Fixture {
        let (clock, hand) = Clock::manual(1_800_000_000_000);
        let (disk, keyring) = (Memory::new(), keyring().await);
        let sealed = Sealed::with_clock(disk.clone(), &keyring, None, Layout::STATOR, clock.clone());
        Fixture { disk, keyring, clock, hand, sealed }
    }

    /// Another process on the same rows.
    pub(crate) fn process(&self) -> Arc<Sealed> {
        Sealed::with_clock(self.disk.clone(), &self.keyring, None, Layout::STATOR, self.clock.clone())
    }
}

pub(crate) fn whole(family: Family) -> ScanRange {
    ScanRange::whole(family, 100_000, 1 << 30)
}

pub(crate) async fn rows(engine: &dyn Engine, family: Family) -> Vec<Row> {
    engine.view(Consistency::Strong).await.expect("a view").scan(&whole(family)).await.expect("rows").rows
}

pub(crate) async fn put(engine: &dyn Engine, key: &Key, value: &[u8]) {
    put_all(engine, std::slice::from_ref(key), value).await;
}

/// One value at several keys, in one transaction.
pub(crate) async fn put_all(engine: &dyn Engine, keys: &[Key], value: &[u8]) {
    let value = Bytes::copy_from_slice(value);
    let mut decide = |_: &Reads, batch: &mut Batch| {
        keys.iter().for_each(|key| batch.put(key.clone(), value.clone()));
        Decision::Commit
    };
    let uses: Vec<KeyUse> = keys.iter().cloned().map(KeyUse::write).collect();
    let transaction = Transaction { op: OpId::random(), mode: Mode::Plain, keys: &uses, decide: &mut decide };
    engine.transact(transaction).await.expect("a write");
}
