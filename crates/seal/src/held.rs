//! Rows that are being rewritten though nobody has changed them: how the sweep of old data keys ([`sweep`](crate::sweep)) keeps out of everybody's way.
//!
//! Who writes a row that stands among its keys and who rewrites it meet at the row, and the engine puts them in order. But rows
//! that are functions of others are written without standing there: the writer holds the item, and not its index rows. Such
//! a write may be decided and queued, and the row's rewriter would read, and put again, what was there before it. So:
//!
//! 1. The rewriter says which few rows it holds. From then on a write of one that does not stand among its keys is decided
//!    again, when the rewriter is done.
//! 2. It waits until every poll of a write that had begun before has ended. What was decided by then is in the engine's hands.
//! 3. It commits a row of its own. The embedded engine commits in the order in which it is handed batches, and the one
//!    in memory at once, so all that came before is now to be read. A database needs none of this: who reads a row in
//!    order to write it locks it, also against those who write it unread, on whichever server.
//!
//! A destruction, too, deletes rows that do not stand among keys; while one runs nothing is rewritten.

use std::collections::HashSet;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use storage::{BoxFuture, Decision, Key, TxError};

/// After this it is looked again whether a destruction has ended.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Held {
    /// Shared by the polls of writes.
    polls: RwLock<()>,
    /// Whether there are rows at all: all that most writes ever ask.
    any: AtomicBool,
    /// As the engine has their keys.
    rows: RwLock<HashSet<Key>>,
    /// Shared by destructions, and by who waits for the rewriter, which has it alone.
    turn: tokio::sync::RwLock<()>,
}

/// Lets go of the rows.
pub(crate) struct Holding<'a>(&'a Held);

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.any.store(false, Ordering::Release);
        self.0.rows.write().clear();
    }
}

impl Held {
    /// Sees a write through.
    pub(crate) async fn write(
        &self,
        mut written: BoxFuture<'_, Result<Decision, TxError>>,
    ) -> Result<Decision, TxError> {
        poll_fn(|context| {
            let _shared = self.polls.read();
            written.as_mut().poll(context)
        })
        .await
    }

    /// Whether a row may not be written unread just now. Asked within [`Held::write`].
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.any.load(Ordering::Acquire) && self.rows.read().contains(key)
    }

    /// Waits until the rewriter is done with its rows.
    pub(crate) async fn released(&self) {
        drop(self.turn.read().await);
    }

    /// For as long as a destruction lasts.
    pub(crate) async fn destroying(&self) -> tokio::sync::RwLockReadGuard<'_, ()> {
        self.turn.read().await
    }

    /// For a rewriter. It does not stand in line: a destruction may take long, and others should not wait behind.
    pub(crate) async fn alone(&self) -> tokio::sync::RwLockWriteGuard<'_, ()> {
        loop {
            if let Ok(alone) = self.turn.try_write() {
                return alone;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Steps 1 and 2. The rewriter is alone.
    pub(crate) fn hold(&self, keys: Vec<Key>) -> Holding<'_> {
        self.rows.write().extend(keys);
        self.any.store(true, Ordering::Release);
        drop(self.polls.write());
        Holding(self)
    }
}
