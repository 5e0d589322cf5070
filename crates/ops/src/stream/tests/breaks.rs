//! The process stops at a commit that a test chooses: before it is done, or after it, when its answer is lost.

use std::future::ready;

use parking_lot::Mutex;
use storage::faulty::{Call, Fate, Faults};
use storage::{BoxFuture, Key, StorageError, TxError};

#[derive(Default)]
pub(super) struct Breaks {
    state: Mutex<State>,
    refused: Mutex<Vec<Key>>,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Whole,
    /// After `after` more commits.
    Breaks {
        after: u64,
        is_done: bool,
    },
    Broken,
}

impl Breaks {
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

    /// Counts a commit.
    fn next(&self) -> Fate {
        let mut state = self.state.lock();
        match *state {
            State::Whole => Fate::Executed,
            State::Broken => Fate::Refused(broken()),
            State::Breaks { after: 0, is_done } => {
                *state = State::Broken;
                if is_done { Fate::Lost(TxError::Storage(broken())) } else { Fate::Refused(broken()) }
            }
            State::Breaks { after, is_done } => {
                *state = State::Breaks { after: after - 1, is_done };
                Fate::Executed
            }
        }
    }
}

fn broken() -> StorageError {
    StorageError::Unavailable("broken".to_owned())
}

impl Faults for Breaks {
    fn fate<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Fate> {
        Box::pin(ready(match call {
            Call::Transact(keys)
                if !keys.is_empty() && keys.iter().map(|used| &used.key).eq(self.refused.lock().iter()) =>
            {
                Fate::Refused(broken())
            }
            Call::Transact(_) | Call::Destroy(..) => self.next(),
            Call::Sequence if self.is_broken() => Fate::Refused(broken()),
            _ => Fate::Executed,
        }))
    }
}
