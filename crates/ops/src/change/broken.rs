//! What a test breaks, of its own thread, for negative controls: a property of replication that holds is to find each of these.

use std::cell::Cell;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broken {
    /// Of two writes at one time, the one that is there stays.
    TieBreak,
    /// Deletions leave none.
    Tombstones,
    /// A checkpoint is stored behind a change that was not applied.
    Cursor,
}

thread_local! {
    static BROKEN: Cell<Option<Broken>> = const { Cell::new(None) };
}

pub(crate) fn break_one(what: Option<Broken>) {
    BROKEN.set(what);
}

pub(crate) fn is_broken(what: Broken) -> bool {
    BROKEN.get() == Some(what)
}
