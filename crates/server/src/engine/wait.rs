//! What the start of a server waits for while its database is away, or takes no commits: reported in the log and on `/readyz`.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::log;

/// The pauses between two attempts.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// After so long without an answer the database is reported.
const SILENCE: Duration = Duration::from_secs(5);
const SILENT: &str = "no answer for 5 seconds. Perhaps commits wait for a synchronous standby that is not connected: `stator \
                      storage check` with the URL shows it";

/// Reports each of two causes once: the database cannot be reached, or it does not answer.
pub(crate) struct DatabaseWait {
    report: Box<dyn Fn(String) + Send + Sync>,
    is_away: AtomicBool,
    is_silent: AtomicBool,
}

impl DatabaseWait {
    /// `report` takes what `/readyz` says.
    pub(crate) fn new(report: impl Fn(String) + Send + Sync + 'static) -> Arc<DatabaseWait> {
        let [is_away, is_silent] = [const { AtomicBool::new(false) }; 2];
        Arc::new(DatabaseWait { report: Box::new(report), is_away, is_silent })
    }

    pub(crate) fn report_away(&self, server: &str, error: &str) {
        if !self.is_away.swap(true, Ordering::Relaxed) {
            self.say(server, error, "");
        }
    }

    /// A commit without an answer, or an unknown outcome. An attempt that ends so was silent before, as a rule.
    pub(crate) fn report_silent(&self, server: &str, error: &str) {
        if !self.is_silent.swap(true, Ordering::Relaxed) {
            self.say(server, error, "");
        }
    }

    /// `/readyz` has no error of the database, which is for the operator.
    fn say(&self, server: &str, error: &str, shown: &str) {
        let message = format!("waiting for the database at {server}, and trying again until it answers: {error}");
        log::warning("waiting_for_database", &message, &[]);
        (self.report)(format!("waiting for the database at {server}{shown}"));
    }

    /// Reports a database that does not answer an attempt, which is waited for all the same.
    pub(crate) async fn watch<T>(&self, server: &str, attempt: impl Future<Output = T>) -> T {
        let mut attempt = pin!(attempt);
        match tokio::time::timeout(SILENCE, &mut attempt).await {
            Ok(done) => done,
            Err(_) => {
                if !self.is_silent.swap(true, Ordering::Relaxed) {
                    self.say(server, SILENT, &format!(": {SILENT}"));
                }
                attempt.await
            }
        }
    }

    /// The database has answered.
    pub(crate) fn end(&self) {
        let was_away = self.is_away.swap(false, Ordering::Relaxed);
        if self.is_silent.swap(false, Ordering::Relaxed) || was_away {
            log::info("database_reached", "the database answers", &[]);
        }
    }
}

/// The pauses between attempts, which grow.
pub(crate) struct Pauses(Duration);

impl Pauses {
    pub(crate) fn new() -> Pauses {
        Pauses(PAUSE_MIN)
    }

    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(PAUSE_MAX);
    }
}
