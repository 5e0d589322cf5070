//! Signals that end the server: after the first one running requests finish, the second one ends the program at once.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use crate::log;

/// Programs such as `timeout` send a signal to a process and to its group, which is twice: that is no second signal yet, so
/// the end takes at least this long.
const CLEAN_MIN: Duration = Duration::from_millis(250);
/// What the program ends with if it was not clean.
const EXIT_CODE: i32 = 1;

/// Done at the first signal. Signals are caught from the call on, before the server says that it is ready.
pub(crate) fn signal() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::catch()?;
    Ok(async move {
        signals.next().await;
        log::info("stopping", "stopping", &[]);
        let first = Instant::now();
        tokio::spawn(async move {
            signals.next().await;
            tokio::time::sleep_until(first + CLEAN_MIN).await;
            end_at_once();
        });
    })
}

/// What was acknowledged is synced already; what is under way is as after a crash.
fn end_at_once() -> ! {
    let message = "stopped at once, at the second signal: requests under way were cut off, and nothing was closed";
    log::error("stopped_at_once", message, &[]);
    std::process::exit(EXIT_CODE)
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn catch() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // It cannot be caught.
            std::future::pending().await
        }
    }
}
/// As `signal`, or when standard input ends, if that is wanted.
pub(crate) async fn unless_stdin_ends(signal: impl Future<Output = ()>, until_stdin_ends: bool) {
    let (ended, end) = tokio::sync::oneshot::channel();
    if until_stdin_ends {
        // A thread of its own: nothing stops a read of standard input, and the runtime would wait for one of its own threads.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            // The server may be gone.
            let _ = ended.send(());
        });
        tokio::select! {
            () = signal => {}
            _ = end => crate::log::info("stdin_ended", "standard input has ended: stopping", &[]),
        }
    } else {
        signal.await;
    }
}
