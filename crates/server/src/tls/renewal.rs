//! New certificates for a running server: their files are read again on SIGHUP, and when they have changed.
//!
//! Changed files are taken once they have stayed the same for a while, since a certificate and its key are two files that
//! cannot be replaced at once. Files that cannot be used are logged, once, and the server continues with the ones it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jobs::{Job, Ran};
use parking_lot::Mutex;

use super::Tls;
use super::files::Stamps;
use crate::hangups::Hangups;
use crate::log;

/// How often the files are looked at; so long they must stay the same before they are taken.
const LOOK: Duration = Duration::from_secs(2);

/// The job that looks after the files, as long as `tls` is in use.
pub(super) fn job(tls: &Arc<Tls>, hangups: Hangups) -> Job {
    let watch = Arc::new(Mutex::new(Watch::new(tls.first_stamps.clone())));
    let asked = Arc::new(AtomicBool::new(false));
    let was_asked = Arc::clone(&asked);
    let job = Job::on(tls, "reload_certificates", LOOK, move |tls| {
        let (watch, asked) = (Arc::clone(&watch), was_asked.swap(false, Ordering::Relaxed));
        async move {
            // Read before the files are loaded: a change during the load is found as a new one.
            let stamps = tls.source.stamps();
            let is_due = {
                let mut watch = watch.lock();
                if asked {
                    *watch = Watch::new(stamps);
                    true
                } else {
                    watch.is_due(stamps)
                }
            };
            if !is_due || renew(&tls) { Ran::Done } else { Ran::Failed }
        }
    });
    let hangups = Arc::new(tokio::sync::Mutex::new(hangups));
    job.at_once().or_when(move || {
        let (hangups, asked) = (Arc::clone(&hangups), Arc::clone(&asked));
        async move {
            hangups.lock().await.next().await;
            asked.store(true, Ordering::Relaxed);
        }
    })
}

fn renew(tls: &Tls) -> bool {
    let renewed = tls.renew();
    match &renewed {
        Ok(()) => log::info("tls_renewed", "new connections get the certificates as they are in the files now", &[]),
        Err(error) => {
            let message = format!("{error}; new connections get the certificates from before");
            log::error("tls_not_renewed", &message, &[]);
        }
    }
    renewed.is_ok()
}

/// What was seen of the files.
struct Watch {
    taken: Stamps,
    seen: Stamps,
}

impl Watch {
    fn new(taken: Stamps) -> Watch {
        Watch { seen: taken.clone(), taken }
    }

    /// Whether the files differ from those that were taken, and no longer change.
    fn is_due(&mut self, now: Stamps) -> bool {
        let stays = now == self.seen;
        self.seen = now;
        let due = stays && self.seen != self.taken;
        if due {
            self.taken.clone_from(&self.seen);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn files_are_taken_once_they_stay() {
        let stamps = |length: u64| vec![Some((SystemTime::UNIX_EPOCH, length)), None];
        let mut watch = Watch::new(stamps(1));
        for (length, due) in [(1, false), (2, false), (3, false), (3, true), (3, false), (1, false), (1, true)] {
            assert_eq!(watch.is_due(stamps(length)), due, "{length}");
        }
    }
}
