//! For tests: rows in memory, and logs that get positions only when `sequence` is called, as on an engine that
//! sequences behind its writers.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::{
    Append, Batch, BoxFuture, Decision, Engine, Family, Layer, Memory, Mode, OpId, Reads, StorageError, Transaction,
    TxError,
};

pub struct Lagging {
    inner: Arc<Memory>,
    /// In the order of commits.
    waiting: Mutex<Vec<Append>>,
    sequencing: tokio::sync::Mutex<()>,
}

impl Lagging {
    pub fn new() -> Arc<Lagging> {
        let (waiting, sequencing) = (Mutex::default(), tokio::sync::Mutex::default());
        Arc::new(Lagging { inner: Memory::new(), waiting, sequencing })
    }
}

impl Layer for Lagging {
    fn inner(&self) -> &dyn Engine {
        &*self.inner
    }

    /// The engine in memory decides once and commits at once, so that what is taken out here is committed with the rest.
    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        let Transaction { op, mode, keys, decide } = transaction;
        Box::pin(async move {
            let mut without_records = |reads: &Reads, batch: &mut Batch| {
                let decision = decide(reads, batch);
                let appends = std::mem::take(&mut batch.appends);
                if decision == Decision::Commit {
                    self.waiting.lock().extend(appends);
                }
                decision
            };
            self.inner.transact(Transaction { op, mode, keys, decide: &mut without_records }).await
        })
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            let _alone = self.sequencing.lock().await;
            let mut append = |_: &Reads, batch: &mut Batch| {
                batch.appends = self.waiting.lock().extract_if(.., |append| append.log == *log).collect();
                Decision::Commit
            };
            let done = self
                .inner
                .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &[], decide: &mut append })
                .await;
            done.map(drop).map_err(StorageError::from)
        })
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        if family == Family::Log {
            self.waiting.lock().retain(|append| !append.log.starts_with(&prefix));
        }
        self.inner.destroy(family, prefix)
    }
}
