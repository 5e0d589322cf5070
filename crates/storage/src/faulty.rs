//! For tests: an engine that fails where a test wants it to. [`FaultyEngine`] is the one engine with faults; a test brings the
//! [`Faults`], a decision about each call.
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

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
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

    /// The fate of a call. The call waits for it.
    fn fate<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Fate>;

    /// Runs after a write or a deletion that was executed, before its answer.
    fn after<'a>(&'a self, _fate: &'a Fate) -> BoxFuture<'a, ()> {
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
        match self.faults.fate(call).await {
            Fate::Refused(error) => Err(error),
            Fate::Hangs => pending().await,
            Fate::Executed | Fate::Lost(_) => Ok(()),
        }
    }

    async fn answer<T>(&self, fate: Fate, done: Result<T, TxError>, has_changed: bool) -> Result<T, TxError> {
        self.faults.after(&fate).await;
        match fate {
            Fate::Lost(error) if has_changed => Err(error),
            Fate::Hangs => pending().await,
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
            let fate = self.faults.fate(Call::Transact(keys)).await;
            if let Fate::Refused(error) = fate {
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
            self.answer(fate, done, has_changed).await
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
            let fate = self.faults.fate(Call::Destroy(family, &prefix)).await;
            if let Fate::Refused(error) = fate {
                return Err(error);
            }
            let done = self.inner.destroy(family, prefix).await;
            Ok(self.answer(fate, done.map_err(TxError::Storage), true).await?)
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
            match self.faults.fate(Call::GetMany(keys)).await {
                Fate::Refused(error) => Err(error),
                Fate::Hangs => pending().await,
                Fate::Executed | Fate::Lost(_) => self.inner.get_many(keys).await,
            }
        })
    }

    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        Box::pin(async move { self.faults.page(range, self.inner.scan_page(range).await?) })
    }
}

#[tokio::test]
async fn each_fate_has_its_outcome() {
    /// The same fate for all writes.
    struct Always(Fate);

    impl Faults for Always {
        fn fate<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Fate> {
            let fate = if matches!(call, Call::Transact(_)) { self.0.clone() } else { Fate::Executed };
            Box::pin(ready(fate))
        }
    }

    let failed = StorageError::Unavailable("by the test".to_owned());
    for (fate, answer, is_written) in [
        (Fate::Executed, Some(Ok(Decision::Commit)), true),
        (Fate::Refused(failed.clone()), Some(Err(TxError::Storage(failed))), false),
        (Fate::Lost(TxError::Unknown), Some(Err(TxError::Unknown)), true),
        (Fate::Hangs, None, true),
    ] {
        let engine = FaultyEngine::new(crate::Memory::new(), Always(fate.clone()));
        let key = Key::new(Family::Items, &b"key"[..]);
        let keys = [KeyUse::write(key.clone())];
        let mut decide = |_: &Reads, batch: &mut Batch| {
            batch.put(key.clone(), "value");
            Decision::Commit
        };
        let transaction =
            Transaction { op: crate::OpId([0; 16]), mode: crate::Mode::Plain, keys: &keys, decide: &mut decide };
        let write = tokio::time::timeout(std::time::Duration::from_millis(1), Layer::transact(&*engine, transaction));
        assert_eq!(write.await.ok(), answer, "{fate:?}");
        let stored = Layer::get(&*engine, &key, Consistency::Strong).await.expect("a read");
        assert_eq!(stored.is_some(), is_written, "{fate:?}");
    }
}
