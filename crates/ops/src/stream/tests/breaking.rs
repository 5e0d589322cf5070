//! An engine that breaks at a commit that a test chooses: before it is done, or after it, when its answer is lost.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::{BoxFuture, Decision, Engine, Family, Key, Layer, StorageError, Transaction, TxError};

pub(super) struct Breaking {
    inner: Arc<dyn Engine>,
    state: Mutex<State>,
    refused: Mutex<Vec<Key>>,
}

#[derive(Clone, Copy)]
enum State {
    Whole,
    /// After `after` more commits.
    Breaks {
        after: u64,
        is_done: bool,
    },
    Broken,
}

impl Breaking {
    pub(super) fn over(inner: &Arc<dyn Engine>) -> Arc<Breaking> {
        Arc::new(Breaking { inner: inner.clone(), state: Mutex::new(State::Whole), refused: Mutex::default() })
    }

    /// Lets `after` commits pass, and breaks at the next one.
    pub(super) fn breaks(&self, after: u64, is_done: bool) {
        *self.state.lock() = State::Breaks { after, is_done };
    }

    pub(super) fn stop(&self) {
        *self.state.lock() = State::Broken;
    }

    /// Fails the commits of just these rows.
    pub(super) fn refuse(&self, rows: Vec<Key>) {
        *self.refused.lock() = rows;
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(*self.state.lock(), State::Broken)
    }

    /// Counts a commit: whether it is done, and whether it is answered.
    fn next(&self) -> (bool, bool) {
        let mut state = self.state.lock();
        match *state {
            State::Whole => (true, true),
            State::Broken => (false, false),
            State::Breaks { after: 0, is_done } => {
                *state = State::Broken;
                (is_done, false)
            }
            State::Breaks { after, is_done } => {
                *state = State::Breaks { after: after - 1, is_done };
                (true, true)
            }
        }
    }
}

fn broken() -> StorageError {
    StorageError::Unavailable("broken".to_owned())
}

impl Layer for Breaking {
    fn inner(&self) -> &dyn Engine {
        &*self.inner
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        let Transaction { op, mode, keys, decide } = transaction;
        Box::pin(async move {
            if !keys.is_empty() && keys.iter().map(|used| &used.key).eq(self.refused.lock().iter()) {
                return Err(TxError::Storage(broken()));
            }
            let (is_done, is_answered) = self.next();
            let done = if is_done {
                self.inner.transact(Transaction { op, mode, keys, decide }).await
            } else {
                Ok(Decision::Refuse)
            };
            if is_answered { done } else { Err(TxError::Storage(broken())) }
        })
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move { if self.is_broken() { Err(broken()) } else { self.inner.sequence(log).await } })
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            let (is_done, is_answered) = self.next();
            let done = if is_done { self.inner.destroy(family, prefix).await } else { Ok(()) };
            if is_answered { done } else { Err(broken()) }
        })
    }
}
