//! For tests: an engine that fails where a test wants it to. [`FaultyEngine`] is the one engine with faults; a test brings its
//! [`Faults`], which decide the outcome of each call.
//!
//! It is in this crate, behind the feature `test-util`, because the tests of all crates above need it and it knows nothing but the
//! trait [`Engine`]. It owes its callers the contract of an engine with a bad disk or connection: what a fault leaves in doubt is
//! in doubt there as well.

use std::future::{pending, ready};
use std::sync::Arc;

use bytes::Bytes;

use crate::{
    Batch, BoxFuture, Consistency, Decision, Engine, Family, Key, KeyUse, Layer, Reads, Room, ScanPage, ScanRange,
    StorageError, Transaction, TxError, View,
};

/// A call of the engine, or of one of its views.
pub enum Call<'a> {
    Get(&'a Key),
    View,
    GetMany(&'a [Key]),
    Transact(&'a [KeyUse]),
    Sequence,
    /// The family, and the prefix of the keys.
    Destroy(Family, &'a Bytes),
    Verify,
}

/// What becomes of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Executed,
    /// Nothing is done.
    Refused(StorageError),
    /// It is executed, and the caller gets an error if it has changed rows.
    Lost(TxError),
    /// It is executed, and never answered.
    Hangs,
}

/// Which calls fail, and how.
pub trait Faults: Send + Sync + 'static {
    /// Whether each decision runs twice, as it may in an engine that cannot lock absent keys. The second run counts.
    const DECIDES_TWICE: bool = false;

    /// The outcome of a call. The call waits for it.
    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome>;

    /// Runs after a write or a deletion that was executed, before its answer.
    fn after<'a>(&'a self, _outcome: &'a Outcome) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }

    /// A page of a scan as it is returned.
    fn page(&self, _range: &ScanRange, page: ScanPage) -> Result<ScanPage, StorageError> {
        Ok(page)
    }
}

/// An engine over another one, with faults. It never closes the inner engine, whose rows outlive it.
pub struct FaultyEngine<F> {
    pub inner: Arc<dyn Engine>,
    pub faults: Arc<F>,
}

impl<F: Faults> FaultyEngine<F> {
    pub fn new(inner: Arc<dyn Engine>, faults: F) -> Arc<FaultyEngine<F>> {
        Arc::new(FaultyEngine { inner, faults: Arc::new(faults) })
    }

    /// The error of a call that only reads.
    async fn read(&self, call: Call<'_>) -> Result<(), StorageError> {
        match self.faults.outcome(call).await {
            Outcome::Refused(error) => Err(error),
            Outcome::Hangs => pending().await,
            Outcome::Executed | Outcome::Lost(_) => Ok(()),
        }
    }

    async fn answer<T>(&self, outcome: Outcome, done: Result<T, TxError>, has_changed: bool) -> Result<T, TxError> {
        self.faults.after(&outcome).await;
        match outcome {
            Outcome::Lost(error) if has_changed => Err(error),
            Outcome::Hangs => pending().await,
            _ => done,
        }
    }
}

impl<F: Faults> Layer for FaultyEngine<F> {
    fn inner(&self) -> &dyn Engine {
        &*self.inner
    }

    fn get<'a>(&'a self, key: &'a Key, of: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(async move {
            self.read(Call::Get(key)).await?;
            self.inner.get(key, of).await
        })
    }

    fn view(&self, of: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Box::pin(async move {
            self.read(Call::View).await?;
            let (inner, faults) = (self.inner.view(of).await?, Arc::clone(&self.faults));
            Ok(Box::new(FaultyView { inner, faults }) as Box<dyn View>)
        })
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        Box::pin(async move {
            let Transaction { op, mode, keys, decide } = transaction;
            let outcome = self.faults.outcome(Call::Transact(keys)).await;
            if let Outcome::Refused(error) = outcome {
                return Err(error.into());
            }
            let mut decide = |reads: &Reads, batch: &mut Batch| {
                if F::DECIDES_TWICE {
                    decide(reads, &mut Batch::default());
                }
                decide(reads, batch)
            };
            let done = self.inner.transact(Transaction { op, mode, keys, decide: &mut decide }).await;
            let has_changed = done == Ok(Decision::Commit);
            self.answer(outcome, done, has_changed).await
        })
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.read(Call::Sequence).await?;
            self.inner.sequence(log).await
        })
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            let outcome = self.faults.outcome(Call::Destroy(family, &prefix)).await;
            if let Outcome::Refused(error) = outcome {
                return Err(error);
            }
            let done = self.inner.destroy(family, prefix).await;
            Ok(self.answer(outcome, done.map_err(TxError::Storage), true).await?)
        })
    }

    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.read(Call::Verify).await?;
            self.inner.verify().await
        })
    }

    fn room(&self) -> Option<&Room> {
        self.inner.room()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(ready(Ok(())))
    }
}

struct FaultyView<F> {
    inner: Box<dyn View>,
    faults: Arc<F>,
}

impl<F: Faults> View for FaultyView<F> {
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
        Box::pin(async move {
            match self.faults.outcome(Call::GetMany(keys)).await {
                Outcome::Refused(error) => Err(error),
                Outcome::Hangs => pending().await,
                Outcome::Executed | Outcome::Lost(_) => self.inner.get_many(keys).await,
            }
        })
    }

    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        Box::pin(async move { self.faults.page(range, self.inner.scan_page(range).await?) })
    }
}

#[tokio::test]
async fn each_outcome_is_what_it_says() {
    /// The same outcome for all writes.
    struct Always(Outcome);

    impl Faults for Always {
        fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
            let outcome = if matches!(call, Call::Transact(_)) { self.0.clone() } else { Outcome::Executed };
            Box::pin(ready(outcome))
        }
    }

    let failed = StorageError::Unavailable("by the test".to_owned());
    for (outcome, answer, is_written) in [
        (Outcome::Executed, Some(Ok(Decision::Commit)), true),
        (Outcome::Refused(failed.clone()), Some(Err(TxError::Storage(failed))), false),
        (Outcome::Lost(TxError::Unknown), Some(Err(TxError::Unknown)), true),
        (Outcome::Hangs, None, true),
    ] {
        let engine = FaultyEngine::new(crate::Memory::new(), Always(outcome.clone()));
        let key = Key::new(Family::Items, &b"key"[..]);
        let keys = [KeyUse::write(key.clone())];
        let mut decide = |_: &Reads, batch: &mut Batch| {
            batch.put(key.clone(), "value");
            Decision::Commit
        };
        let transaction =
            Transaction { op: crate::OpId([0; 16]), mode: crate::Mode::Plain, keys: &keys, decide: &mut decide };
        let write = tokio::time::timeout(std::time::Duration::from_millis(1), Layer::transact(&*engine, transaction));
        assert_eq!(write.await.ok(), answer, "{outcome:?}");
        let stored = Layer::get(&*engine, &key, Consistency::Strong).await.expect("a read");
        assert_eq!(stored.is_some(), is_written, "{outcome:?}");
    }
}
