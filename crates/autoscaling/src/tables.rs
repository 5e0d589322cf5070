//! What is asked of tables: what they have, and to change it.

use auth::Caller;
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

/// Why a caller may not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unpermitted {
    /// The sentence of the exception.
    Denied(String),
    /// It could not be decided. The text is the operator's.
    Failed(String),
}

/// The tables of the database.
pub trait Tables: Send + Sync {
    /// Learns of tables that other nodes have created.
    fn refresh(&self) -> BoxFuture<'_, ()>;

    /// Whether a caller may describe and update the table itself, by its policies and the table's: scaling is UpdateTable in its name.
    fn permit<'a>(&'a self, caller: &'a Caller, of: Resource<'a>) -> BoxFuture<'a, Result<(), Unpermitted>>;

    /// None if there is no such table or index.
    fn capacity<'a>(&'a self, of: Resource<'a>, access: Access) -> BoxFuture<'a, Option<Capacity>>;

    /// Changes the units as UpdateTable does, with all of its rules.
    fn change<'a>(&'a self, of: Resource<'a>, access: Access, units: u64) -> BoxFuture<'a, Result<(), ChangeFailure>>;
}

/// A change of capacity that no client has asked for.
#[derive(Clone, Copy, Debug)]
pub struct CapacityChange<'a> {
    pub of: Resource<'a>,
    pub access: Access,
    pub units: u64,
    pub cause: &'a str,
    /// The ARN of the policy, the scheduled action or the scalable target that it follows from.
    pub by: &'a str,
    pub failure: Option<&'a ChangeFailure>,
}

/// The log of these changes.
pub trait CapacityAudit: Send + Sync {
    /// Behind the change.
    fn changed<'a>(&'a self, change: CapacityChange<'a>) -> BoxFuture<'a, ()>;
}
