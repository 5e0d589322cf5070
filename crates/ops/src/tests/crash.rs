//! Faults of an engine that dies at a write.

use std::sync::atomic::{AtomicI64, Ordering};

use storage::faulty::{Call, Faults, Outcome};
use storage::{BoxFuture, StorageError, TxError};

/// Lets so many writes through; the next one is made or not, and no other call is executed after it.
pub(crate) struct Crash {
    pub(crate) left: AtomicI64,
    pub(crate) is_made: bool,
}

impl Faults for Crash {
    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
        let left = match call {
            Call::Transact(_) => self.left.fetch_sub(1, Ordering::SeqCst),
            _ => self.left.load(Ordering::SeqCst),
        };
        Box::pin(std::future::ready(match left {
            0 if self.is_made && matches!(call, Call::Transact(_)) => {
                Outcome::Lost(TxError::Storage(StorageError::Closed))
            }
            ..=0 if matches!(call, Call::Transact(_)) => Outcome::Refused(StorageError::Closed),
            ..0 => Outcome::Refused(StorageError::Closed),
            _ => Outcome::Executed,
        }))
    }
}
