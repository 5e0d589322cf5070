//! What the servers of one database agree on: the existing tables and their definitions ([`catalog`]), and which nodes are
//! alive and own background work ([`nodes`]). A single server has the same catalog, and no nodes.

pub mod catalog;
pub mod nodes;
