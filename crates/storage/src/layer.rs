//! An engine around another one that sees its writes pass, and leaves to it what it does not say itself.

use bytes::Bytes;

use crate::batch::Decision;
use crate::error::{StorageError, TxError};
use crate::key::{Family, Key};
use crate::{BoxFuture, Consistency, Engine, Room, Transaction, View};

pub trait Layer: Send + Sync + 'static {
    fn inner(&self) -> &dyn Engine;

    /// As [`Engine::transact`], which it is to end up in.
    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>>;

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
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        self.inner().get(key, consistency)
    }

    fn view(&self, consistency: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        self.inner().view(consistency)
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        Layer::transact(self, transaction)
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

    fn room(&self) -> Option<&Room> {
        self.inner().room()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner().close()
    }
}
