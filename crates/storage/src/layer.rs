//! An engine around another one that sees its writes pass, and leaves to it what it does not say itself.

use bytes::Bytes;
use tokio::sync::watch;

use crate::batch::Decision;
use crate::error::{StorageError, TxError};
use crate::key::{Family, Key, KeyUse, OpId};
use crate::{BoxFuture, Decide, Engine, Mode, View};

pub trait Layer: Send + Sync + 'static {
    fn inner(&self) -> &dyn Engine;

    /// As [`Engine::transact`], which it is to end up in.
    fn transact<'a>(
        &'a self,
        op: OpId,
        mode: Mode,
        keys: &'a [KeyUse],
        decide: &'a mut Decide<'a>,
    ) -> BoxFuture<'a, Result<Decision, TxError>>;

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.inner().sequence(log)
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.inner().destroy(family, prefix)
    }

    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner().verify()
    }
}

impl<L: Layer> Engine for L {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        self.inner().get(key)
    }

    fn view(&self) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        self.inner().view()
    }

    fn get_eventual<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        self.inner().get_eventual(key)
    }

    fn view_eventual(&self) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        self.inner().view_eventual()
    }

    fn transact<'a>(
        &'a self,
        op: OpId,
        mode: Mode,
        keys: &'a [KeyUse],
        decide: &'a mut Decide<'a>,
    ) -> BoxFuture<'a, Result<Decision, TxError>> {
        Layer::transact(self, op, mode, keys, decide)
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Layer::sequence(self, log)
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Layer::destroy(self, family, prefix)
    }

    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Layer::verify(self)
    }

    fn count_decoded(&self, bytes: usize) {
        self.inner().count_decoded(bytes);
    }

    fn shortage(&self) -> Option<watch::Receiver<bool>> {
        self.inner().shortage()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner().close()
    }
}
