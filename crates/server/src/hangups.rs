//! SIGHUP: the operator's signal that files have changed. With a handler installed, it does not end the program.

use std::io;

#[cfg(unix)]
pub(crate) struct Hangups(tokio::signal::unix::Signal);

/// SIGHUP does not end the program, even if nothing waits for it: a server without files to open anew ignores it.
///
/// # Errors
/// If the system takes no handler.
pub(crate) fn survive() -> io::Result<()> {
    // The handler remains when its listener is dropped.
    Hangups::new().map(drop)
}

#[cfg(unix)]
impl Hangups {
    pub(crate) fn new() -> io::Result<Hangups> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Hangups)
    }

    /// Done with the next one.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

/// Elsewhere there is no such thing.
#[cfg(not(unix))]
pub(crate) struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    pub(crate) fn new() -> io::Result<Hangups> {
        Ok(Hangups)
    }

    pub(crate) async fn next(&mut self) {
        std::future::pending().await
    }
}
