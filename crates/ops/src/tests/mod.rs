//! Operations over the crates below them: changes of the catalog, time to live, and several nodes over one
//! engine. And an engine that dies at a write.

pub(crate) mod catalog;
pub(crate) mod crash;
mod nodes;
mod time_to_live;
