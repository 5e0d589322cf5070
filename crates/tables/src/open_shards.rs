//! The open shards of a table, shared by all versions of its definition that requests hold.
//!
//! A write reads them while it decides, with its item's latch held, so that a change of the open shards falls between two
//! changes of any item: an item's newer change is in the shard of its older one, or in a child of that shard.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use tokio::sync::Notify;

use super::definition::OpenShard;
use super::hash_range;

#[derive(Debug, Default)]
pub struct OpenShards {
    /// Whether there are any: a write of a table without consumers reads only this.
    any: AtomicBool,
    shards: RwLock<Vec<OpenShard>>,
    /// Notified when a write of a replica is durable, on the node that made it.
    pub written: Notify,
}

impl OpenShards {
    pub fn new(shards: Vec<OpenShard>) -> OpenShards {
        OpenShards { any: AtomicBool::new(!shards.is_empty()), shards: RwLock::new(shards), written: Notify::new() }
    }

    pub fn set(&self, shards: &[OpenShard]) {
        // The flag is stored with the list locked: a reader that finds it set waits for the list that it belongs to.
        let mut own = self.shards.write();
        *own = shards.to_vec();
        self.any.store(!shards.is_empty(), Ordering::Release);
    }

    /// The shard of a partition, by its hash.
    pub fn of(&self, partition: &[u8]) -> Option<u32> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let hash = hash_range::leading(partition);
        let shards = self.shards.read();
        shards.iter().rev().find(|shard| shard.from_hash <= hash).map(|shard| shard.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_the_hashes() {
        let open = |number, from_hash| OpenShard { number, from_hash };
        let shards = OpenShards::default();
        assert_eq!(shards.of(&[0; 16]), None);
        shards.set(&[open(4, 0), open(7, 1 << 63), open(5, 3 << 62)]);
        for (first, expected) in [(0, 4), (0x7F, 4), (0x80, 7), (0xBF, 7), (0xC0, 5), (0xFF, 5)] {
            assert_eq!(shards.of(&[first; 16]), Some(expected), "{first:x}");
        }
        shards.set(&[]);
        assert_eq!(shards.of(&[0; 16]), None);
    }
}
