//! Ctrl-C: the run ends early, but not without deleting its tables. A second one ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Failure, runtime, say};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Listens from now on. Where signals cannot be caught, Ctrl-C does what it always does.
pub(crate) fn listen() -> Result<(), Failure> {
    let runtime = runtime::one_thread()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                if REQUESTED.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
                say(format_args!("stopping; once more to leave the tables as they are"));
            }
        });
    });
    Ok(())
}

pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// To be asked between steps.
pub(crate) fn check() -> Result<(), Failure> {
    match requested() {
        true => Err(Failure::new("interrupted")),
        false => Ok(()),
    }
}
