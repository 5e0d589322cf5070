//! Delivery of tables' changes to other systems: to Kinesis data streams, and to functions.
//!
//! `follow` is the one loop that hands the changes of a table to a receiver, until they are taken, at least once, an
//! item's in their order. What a receiver does with them, over the network, is a folder's: `kinesis`, `triggers`. Where a
//! follower stands, and which node follows, is kept by `ops::follow`; this crate knows no storage.

pub mod follow;
pub mod kinesis;
pub mod triggers;
