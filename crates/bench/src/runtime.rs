//! The runtimes of the client, each on one thread: work for a connection never wakes another thread.

use tokio::runtime::{Builder, Runtime};

use crate::Failure;

pub(crate) fn one_thread() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))
}
