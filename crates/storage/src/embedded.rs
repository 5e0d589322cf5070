//! The embedded engine: fjall in a local folder, with our own latches and group commit in front of it.
//!
//! A write takes the latches of its keys, reads them, decides, joins the queue and releases the latches, all without
//! waiting ([`transact`]). One thread ([`committer`]) takes everything that is queued, writes it as one batch with one
//! sync of the disk, and wakes the writers. Between the two, later writers of a key decide on its queued value
//! ([`latches`]), while readers see only what is durable. Groups commit in the order of the queue and a failed one is
//! the end of the engine, so nothing is ever built on a value that did not last.
//!
//! Rows of items that are read by their keys stay in memory ([`cache`]).

mod birth;
mod cache;
mod churn;
mod commit_row;
mod committer;
mod error;
mod floor;
mod folder;
mod gather;
mod health;
mod inventory;
mod journal;
mod keys;
mod latches;
mod logs;
mod queue;
mod rewrites;
mod space;
mod stats;
mod store;
mod tallies;
mod transact;
mod upkeep;
mod view;

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{oneshot, watch};

use crate::batch::Decision;
use crate::error::{StorageError, TxError};
use crate::key::{Family, Key};
use crate::{BoxFuture, Consistency, Engine, Transaction, View};
use cache::RowCache;
use committer::{Committer, Observers};
pub use error::OpenError;
use floor::Floor;
use folder::Folder;
use health::Health;
pub use keys::Keys;
use latches::Latches;
use queue::Queue;
use space::Space;
pub use space::{DiskSpace, DiskState};
use stats::CommitMeter;
pub use stats::{EmbeddedStats, FamilyStats, RowCacheStats, StoreStats};
use store::Store;
use upkeep::{Bell, Upkeep};
use view::StoreView;

#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// Memory for caches, in bytes: one half for whole rows, one half for blocks of the files.
    pub cache_bytes: u64,
    /// Memtables are never larger, in bytes. Set when a database is created; never changed later. For tests, which see
    /// tables written and merged early; memory and speed are tuned without it.
    pub memtable_bytes_max: Option<u64>,
    /// Of a layer above that encrypts: what a new database stores for it, and what an existing one must have stored.
    pub keys: Option<Bytes>,
    /// Space on the disk that writes leave free, in bytes; 0 for none. By default 256 MiB, or a fiftieth of a small disk.
    pub disk_reserve_bytes: Option<u64>,
}

impl EmbeddedOptions {
    fn row_cache_bytes(&self) -> u64 {
        self.cache_bytes / 2
    }

    fn block_cache_bytes(&self) -> u64 {
        self.cache_bytes - self.row_cache_bytes()
    }
}

impl Default for EmbeddedOptions {
    fn default() -> EmbeddedOptions {
        EmbeddedOptions {
            cache_bytes: 256 * 1024 * 1024,
            memtable_bytes_max: None,
            keys: None,
            disk_reserve_bytes: None,
        }
    }
}

pub struct Embedded {
    /// `None` once closed.
    store: RwLock<Option<Arc<Store>>>,
    latches: Arc<Latches>,
    queue: Arc<Queue>,
    health: Arc<Health>,
    meter: Arc<CommitMeter>,
    space: Arc<Space>,
    bell: Arc<Bell>,
    running: Mutex<Option<Running>>,
}

/// The engine's threads. The committer's drops its sender when it has dropped its store.
struct Running {
    committer: JoinHandle<()>,
    ended: oneshot::Receiver<()>,
    upkeep: JoinHandle<()>,
}

impl Running {
    fn join(self) {
        let _ = self.committer.join();
        let _ = self.upkeep.join();
    }
}

impl Embedded {
    /// Opens the database in `folder`, or makes one if the folder is empty or missing.
    pub fn open(folder: &Path, options: EmbeddedOptions) -> Result<Arc<Embedded>, OpenError> {
        let path = folder;
        let folder = Folder::open(path, &options)?;
        inventory::check(&folder.store())?;
        // Inspected before fjall replays them, as its replay ends silently at a damaged record. The floor comes last: it is
        // compared with the newest commit of the replayed store.
        let journals = journal::inspect(&folder.store(), folder.mark)?;
        let store = Store::open(&folder.store(), &options)?;
        let last_commit = commit_row::check(&store, folder.mark, journals.last)?;
        let floor = Floor::check(folder.floor(), folder.mark, last_commit)?;
        let engine = Embedded {
            store: RwLock::new(Some(Arc::new(store.holding(folder.lock)))),
            latches: Arc::new(Latches::new(RowCache::new(options.row_cache_bytes()))),
            queue: Arc::default(),
            health: Arc::default(),
            meter: Arc::default(),
            space: Arc::new(Space::new(path, options.disk_reserve_bytes)),
            bell: Arc::default(),
            running: Mutex::default(),
        };
        engine.start(floor, last_commit)?;
        Ok(Arc::new(engine))
    }

    /// What a folder says of encryption. Touches nothing.
    pub fn keys(folder: &Path) -> Result<Keys, OpenError> {
        folder::keys(folder)
    }

    /// Replaces `old`, the stored keys of an encrypted database that no process has open.
    pub fn replace_keys(folder: &Path, old: &[u8], new: &[u8]) -> Result<(), OpenError> {
        folder::replace_keys(folder, old, new)
    }

    fn start(&self, floor: Floor, last_commit: u64) -> Result<(), OpenError> {
        let Some(store) = self.store.read().clone() else { return Ok(()) };
        let (latches, queue, health, space) =
            (self.latches.clone(), self.queue.clone(), self.health.clone(), self.space.clone());
        let upkeep = Upkeep::new(store.clone(), space.clone(), health.clone(), queue.clone());
        let upkeep = upkeep.start(self.bell.clone())?;
        let observers = Observers { health, space, meter: self.meter.clone() };
        let committer = Committer::new(store, latches, queue, observers, floor, last_commit);
        let (say_ended, ended) = oneshot::channel();
        let committer = thread::Builder::new().name("stator-committer".to_owned()).spawn(move || {
            committer.run();
            // The engine may have been dropped.
            let _ = say_ended.send(());
        });
        let committer = committer.map_err(|error| OpenError::io("start the committer's thread", error))?;
        *self.running.lock() = Some(Running { committer, ended, upkeep });
        Ok(())
    }

    /// What the disk still takes, as it changes.
    pub fn disk_changes(&self) -> watch::Receiver<DiskState> {
        self.space.changes()
    }

    /// Free space at the last look.
    pub fn disk_space(&self) -> DiskSpace {
        self.space.stats()
    }

    /// Why the engine failed permanently, if it did: it takes no more writes until it is opened again, and still reads.
    pub fn failure(&self) -> Option<String> {
        self.health.failure()
    }

    /// Waits until the engine fails permanently, and returns why.
    pub async fn failed(&self) -> String {
        self.health.failed().await
    }

    /// The store to read from, as long as it is open: what is durable and visible stays so when writing has failed.
    fn open_store(&self) -> Result<Arc<Store>, StorageError> {
        self.store.read().clone().ok_or(StorageError::Closed)
    }

    fn get_now(&self, key: &Key) -> Result<Option<Bytes>, StorageError> {
        let store = self.store.read();
        let store = store.as_ref().ok_or(StorageError::Closed)?;
        if !cache::is_cached(key) {
            return store.get_visible(key);
        }
        if let Some(row) = self.latches.cache().get(key) {
            return Ok(Some(row));
        }
        // Before the store is read: a write that becomes durable in between is detected, and its older row is not cached.
        let witness = self.latches.witness(key);
        let row = store.get_visible(key)?;
        if let Some(row) = &row {
            self.latches.fill(witness, key, row);
        }
        Ok(row)
    }

    /// Starts closing; what is queued is still written.
    fn begin_close(&self) -> Option<Running> {
        // First no new operation finds the store. One that has found it is queued before the queue closes, and written, or is
        // refused by the queue.
        self.store.write().take();
        self.queue.close();
        self.bell.stop();
        self.running.lock().take()
    }
}

impl Engine for Embedded {
    fn get<'a>(&'a self, key: &'a Key, _: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(std::future::ready(self.get_now(key)))
    }

    fn view(&self, _: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        let view = self.open_store().map(|store| Box::new(StoreView::new(store, self.bell.clone())) as Box<dyn View>);
        Box::pin(std::future::ready(view))
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        let Transaction { mode, keys, decide, .. } = transaction;
        Box::pin(async move { self.begin(mode, keys, decide)?.finish().await })
    }

    /// Positions are given out at the commit.
    fn sequence<'a>(&'a self, _log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(self.destroy_in_steps(family, prefix))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        let running = self.begin_close();
        Box::pin(async move {
            if let Some(mut running) = running {
                // The sender is dropped only if the thread panicked; `health.check()` below returns that error.
                let _ = (&mut running.ended).await;
                running.join();
            }
            self.health.check()
        })
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(running) = self.begin_close() {
            running.join();
        }
    }
}

#[cfg(test)]
mod tests;
