//! Queues within a node: writers of one key wait here, before they take a connection.
//!
//! The server's row locks decide; these only prevent a hot key from taking the whole pool. Keys share a fixed number of
//! queues by their hash, and a writer takes all of its queues in ascending order, which excludes deadlocks.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use storage::KeyUse;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

const QUEUES: usize = 4096;

pub(crate) struct Latches {
    queues: Box<[Mutex<()>]>,
    hasher: RandomState,
}

/// The right to lock one's keys at the server.
pub(crate) struct Held<'a>(#[allow(dead_code)] Vec<MutexGuard<'a, ()>>);

impl Latches {
    pub(crate) fn new() -> Latches {
        Latches { queues: (0..QUEUES).map(|_| Mutex::new(())).collect(), hasher: RandomState::new() }
    }

    /// Waits in line for all of `keys`.
    ///
    /// # Errors
    /// The place of a key at which it took too long.
    pub(crate) async fn hold(&self, keys: &[KeyUse], patience: Duration) -> Result<Held<'_>, usize> {
        let mut queues: Vec<(usize, usize)> = keys.iter().enumerate().map(|(at, key)| (self.queue(key), at)).collect();
        // Ascending and each once: no two writers wait for each other, and none for itself.
        queues.sort_unstable();
        queues.dedup_by_key(|(queue, _)| *queue);
        let mut guards = Vec::with_capacity(queues.len());
        for (queue, at) in queues {
            guards.push(timeout(patience, self.queues[queue].lock()).await.map_err(|_| at)?);
        }
        Ok(Held(guards))
    }

    fn queue(&self, key: &KeyUse) -> usize {
        (self.hasher.hash_one(&key.key) % QUEUES as u64) as usize
    }
}
