//! Identity in the whole journey of a request: signed, decoded, asked about, and only then done.
//!
//! `walk.rs` takes every operation past everything that may stop it; `parts.rs` does so for each resource of a request that
//! names several, `keys.rs` for condition keys, `across.rs` for accounts and resource policies. `foreign.rs` has members that an
//! operation has not, `costly.rs` policies that cost more than a request may. `outside.rs` has
//! resources of other AWS services. `audit.rs` compares the audit log with what was
//! permitted and done.

mod across;
mod audit;
mod costly;
mod foreign;
mod house;
mod keys;
mod outside;
mod parts;
mod walk;
