//! Whether the engine still writes. A failure is final: only a restart reads from the disk what really lasted.

use tokio::sync::watch;

use crate::error::StorageError;

pub(super) struct Health {
    failure: watch::Sender<Option<String>>,
    failed: std::sync::atomic::AtomicBool,
}

impl Default for Health {
    fn default() -> Health {
        Health { failure: watch::Sender::new(None), failed: false.into() }
    }
}

impl Health {
    /// The first failure counts.
    pub(super) fn fail(&self, text: &str) {
        self.failure.send_if_modified(|failure| {
            let first = failure.is_none();
            failure.get_or_insert_with(|| text.to_owned());
            first
        });
        // After the text: a writer that sees the flag finds the text.
        self.failed.store(true, std::sync::atomic::Ordering::Release);
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure.borrow().clone()
    }

    /// Cheap while all is well: every write asks.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        if !self.failed.load(std::sync::atomic::Ordering::Acquire) {
            return Ok(());
        }
        Err(StorageError::Unavailable(self.failure().unwrap_or_default()))
    }

    pub(super) async fn failed(&self) -> String {
        let mut failure = self.failure.subscribe();
        // Cloned before the next await: a borrowed failure would keep the future on one thread.
        let text = failure.wait_for(Option::is_some).await.map(|text| text.clone().unwrap_or_default());
        match text {
            Ok(text) => text,
            // Not while `self` holds the sender.
            Err(_) => std::future::pending().await,
        }
    }
}
