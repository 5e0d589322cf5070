//! An engine that decides at once and commits in the order of decisions, a little later: as the embedded one does, but as late
//! as a test wants it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::{
    Batch, BoxFuture, Consistency, Decide, Decision, Engine, Key, KeyUse, Layer, Memory, Mode, OpId, Reads,
    StorageError, Transaction, TxError,
};
use tokio::sync::oneshot;

#[derive(Default)]
struct Queue {
    batches: VecDeque<(Batch, oneshot::Sender<()>)>,
    /// What is queued for keys of writes, and for no other rows.
    noted: HashMap<Key, Option<Bytes>>,
}

pub(crate) struct Late {
    pub(crate) memory: Arc<Memory>,
    queue: Mutex<Queue>,
}

impl Late {
    pub(crate) fn new() -> Arc<Late> {
        Arc::new(Late { memory: Memory::new(), queue: Mutex::default() })
    }

    /// How many writes wait.
    pub(crate) fn queued(&self) -> usize {
        self.queue.lock().batches.len()
    }

    /// Commits what waits.
    pub(crate) async fn commit(&self) {
        while self.commit_first().await {}
    }

    /// Commits the oldest waiting batch; returns whether there was one.
    pub(crate) async fn commit_first(&self) -> bool {
        let Some((batch, done)) = self.take() else { return false };
        let mut decide = |_: &Reads, committed: &mut Batch| {
            *committed = batch.clone();
            Decision::Commit
        };
        self.memory
            .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &[], decide: &mut decide })
            .await
            .expect("a commit");
        let _ = done.send(());
        true
    }

    fn take(&self) -> Option<(Batch, oneshot::Sender<()>)> {
        let mut queue = self.queue.lock();
        let taken = queue.batches.pop_front();
        if taken.is_none() {
            queue.noted.clear();
        }
        taken
    }

    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StorageError> {
        let noted = self.queue.lock().noted.get(key).cloned();
        match noted {
            Some(value) => Ok(value),
            None => self.memory.get(key, Consistency::Strong).await,
        }
    }

    /// Without waiting for anything.
    async fn begin(
        &self,
        keys: &[KeyUse],
        decide: &mut Decide<'_>,
    ) -> Result<(Decision, Option<oneshot::Receiver<()>>), TxError> {
        let mut reads = Reads::default();
        for used in keys {
            reads.values.push(self.read(&used.key).await?);
        }
        let mut batch = Batch::default();
        let decision = decide(&reads, &mut batch);
        if decision == Decision::Refuse || batch.is_empty() {
            return Ok((decision, None));
        }
        let (done, durable) = oneshot::channel();
        let mut queue = self.queue.lock();
        for (key, value) in &batch.writes {
            if keys.iter().any(|used| used.key == *key) {
                queue.noted.insert(key.clone(), value.clone());
            }
        }
        queue.batches.push_back((batch, done));
        Ok((decision, Some(durable)))
    }
}

impl Layer for Late {
    fn inner(&self) -> &dyn Engine {
        &*self.memory
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        let Transaction { keys, decide, .. } = transaction;
        Box::pin(async move {
            let (decision, durable) = self.begin(keys, decide).await?;
            if let Some(durable) = durable {
                durable.await.expect("a commit");
            }
            Ok(decision)
        })
    }
}
