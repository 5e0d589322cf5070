//! What a run of a job came to.

use std::time::Duration;

/// What a run came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Ran {
    /// It succeeded; the next run is after the job's period.
    Done,
    /// It succeeded; the next run is after this pause. Zero where there is more to do.
    Again(Duration),
    /// It failed and has logged why; the next run is after [`Job::retried_after`](crate::Job::retried_after).
    Failed,
    /// The job is over and leaves the registry. The run counts as a success.
    Ended,
}
