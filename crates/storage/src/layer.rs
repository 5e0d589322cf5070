//! An engine around another one: it overrides what it changes, and everything else is forwarded.
//!
//! A layer owes its callers the contract of [`Engine`], and may rely on it below. In particular it passes all of a batch on:
//! what it does not know of (rewrites, counters, appended records) as it is.

use bytes::Bytes;

use crate::batch::Decision;
use crate::error::{StorageError, TxError};
use crate::key::{Family, Key};
use crate::{BoxFuture, Consistency, Engine, Room, Transaction, View};

/// Every method but [`Layer::inner`] is that of [`Engine`] with the same name, and forwards to the inner engine unless it is overridden.
pub trait Layer: Send + Sync + 'static {
    fn inner(&self) -> &dyn Engine;

    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        self.inner().get(key, consistency)
    }

    fn view(&self, consistency: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        self.inner().view(consistency)
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        self.inner().transact(transaction)
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.inner().sequence(log)
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.inner().destroy(family, prefix)
    }

    fn verify(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner().verify()
    }

    fn room(&self) -> Option<&Room> {
        self.inner().room()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner().close()
    }
}

impl<L: Layer> Engine for L {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Layer::get(self, key, consistency)
    }

    fn view(&self, consistency: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Layer::view(self, consistency)
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
        Layer::room(self)
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Layer::close(self)
    }
}
