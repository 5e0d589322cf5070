//! Identity in the whole path of a request: signed, decoded, authorized, and only then executed. `test_pipeline.rs` is the
//! fixture.
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
mod keys;
mod outside;
mod parts;
mod test_pipeline;
mod walk;
