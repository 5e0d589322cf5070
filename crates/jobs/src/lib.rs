//! The job registry: everything that a process does in the background, apart from its storage engine's own threads, is
//! a [`Job`] in one [`Jobs`].
//!
//! The registry runs each job in a task of its own: once a period (up to a tenth earlier, so that the jobs of several
//! nodes do not run in step), when the job's wake-up fires, and after a failure or a panic as [`Job`] says. It catches
//! panics, counts runs, and stops all jobs in a bounded time. It knows no storage: a job that only one of several nodes
//! may run names the check of its lease ([`Job::leased`]).
//!
//! # How to add a job
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use jobs::{Job, Jobs, Ran};
//!
//! struct Exports;
//!
//! impl Exports {
//!     /// Exports the next page, and stores in the same write how far the export has come.
//!     async fn step(&self) -> Result<bool, String> {
//!         Ok(false)
//!     }
//! }
//!
//! fn export_job(exports: &Arc<Exports>) -> Job {
//!     Job::on(exports, "run_exports", Duration::from_secs(10), |exports| async move {
//!         match exports.step().await {
//!             Ok(true) => Ran::Again(Duration::ZERO),
//!             Ok(false) => Ran::Done,
//!             // Logs why, with an event of its own.
//!             Err(_) => Ran::Failed,
//!         }
//!     })
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let exports = Arc::new(Exports);
//! let jobs = Jobs::by_hand(base::Clock::system());
//! jobs.add(export_job(&exports));
//! assert_eq!(jobs.run_once("run_exports").await, Some(Ran::Done));
//! # });
//! ```
//!
//! Rules for a job:
//! - A job holds what it works on by a weak reference ([`Job::on`]), and ends with it.
//! - A run may be dropped at any `.await`: at shutdown, or when a panic unwinds it. What it leaves must be what a crash
//!   would leave. Long work is a series of short runs: each does one step, stores its progress in the same write as
//!   the step's result, and returns [`Ran::Again`].
//! - Of several nodes one runs a leased job. The check of the lease is repeated before each run, not during one: steps of
//!   writes that must not be made twice have the lease's row among their keys.
//! - A run logs its own failures, with what it knows; the registry logs panics.
//! - Work on tables that may wait for a table's KMS is grouped by account ([`Job::by_account`]), so that one account's key that hangs does not
//!   delay other accounts.
//! - The name is a verb and its object, in lower case with underscores. It is the label of the job's metrics, and jobs of one name share them. The
//!   list of jobs is in `ARCHITECTURE.md`.

mod account_tasks;
mod job;
mod lines;
mod metrics;
mod ran;
mod registry;
mod report;
mod schedule;
mod turns;

pub use account_tasks::{take_slot, without_slot};
pub use job::{Job, Owner};
pub use lines::Lines;
pub use ran::Ran;
pub use registry::{JobHandle, Jobs, ScopedJob};
pub use report::JobReport;
pub use turns::{Turn, Turns};
