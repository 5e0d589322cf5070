//! The process stops at a commit that a test chooses: before it is done, or after it, when its answer is lost.

use std::future::ready;

use parking_lot::Mutex;
use storage::faulty::{Call, Faults, Outcome};
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
    fn next(&self) -> Outcome {
        let mut state = self.state.lock();
        match *state {
            State::Whole => Outcome::Executed,
            State::Broken => Outcome::Refused(broken()),
            State::Breaks { after: 0, is_done } => {
                *state = State::Broken;
                if is_done { Outcome::Lost(TxError::Storage(broken())) } else { Outcome::Refused(broken()) }
            }
            State::Breaks { after, is_done } => {
                *state = State::Breaks { after: after - 1, is_done };
                Outcome::Executed
            }
        }
    }
}

fn broken() -> StorageError {
    StorageError::Unavailable("broken".to_owned())
}

impl Faults for Breaks {
    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(ready(match call {
            Call::Transact(keys)
                if !keys.is_empty() && keys.iter().map(|used| &used.key).eq(self.refused.lock().iter()) =>
            {
                Outcome::Refused(broken())
            }
            Call::Transact(_) | Call::Destroy(..) => self.next(),
            Call::Sequence if self.is_broken() => Outcome::Refused(broken()),
            _ => Outcome::Executed,
        }))
    }
}
