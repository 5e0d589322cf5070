//! Operations over the crates below them: changes of the catalog, time to live, and several nodes over one
//! engine.

pub(crate) mod catalog;
mod nodes;
mod time_to_live;
