//! What is asked of tables: what they have, and to change it.

use storage::BoxFuture;

use crate::resource::{Access, Resource};

/// What a table or an index has now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capacity {
    /// None on demand.
    pub units: Option<u64>,
    /// Whether UpdateTable takes a change of it now.
    pub is_changeable: bool,
    /// Whether the budget of decreases of the day has one left.
    pub may_decrease: bool,
}

/// Why a change was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeFailure {
    /// The sentence of the exception.
    pub reason: String,
    /// Whether the same change may succeed in a moment.
    pub is_transient: bool,
}

/// The tables of the database.
pub trait Tables: Send + Sync {
    /// Learns of tables that other nodes have created.
    fn refresh(&self) -> BoxFuture<'_, ()>;

    /// None if there is no such table or index.
    fn capacity<'a>(&'a self, of: Resource<'a>, access: Access) -> BoxFuture<'a, Option<Capacity>>;

    /// Changes the units as UpdateTable does, with all of its rules.
    fn change<'a>(&'a self, of: Resource<'a>, access: Access, units: u64) -> BoxFuture<'a, Result<(), ChangeFailure>>;
}
