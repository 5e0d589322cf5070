//! A cluster: nodes over one upstream, each with caches of its own, that come and go while the program runs.
//!
//! A node is the server of one listening socket, which is another part's: the cluster knows its address. What is asked of a cluster here
//! is what a control plane decides: how many nodes, and the times to live of its parameter group.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use base::Clock;
use storage::Engine;

use crate::attribute_lists::{AttributeLists, Numbering};
use crate::cache::AnswerCache;
use crate::members::{Advertised, Member, Membership, Role};
use crate::node::{CacheSettings, Node};
use crate::upstream::Upstream;

/// What its nodes have in common.
pub struct Cluster {
    name: Arc<str>,
    upstream: Arc<dyn Upstream>,
    lists: Arc<AttributeLists>,
    members: Arc<Membership>,
    item_bytes_max: u64,
    query_bytes_max: u64,
    record_ttl_ms: Arc<AtomicU64>,
    query_ttl_ms: Arc<AtomicU64>,
    clock: Clock,
    last: AtomicI64,
}

/// A node as a description of its cluster has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Described {
    pub number: i64,
    pub role: Role,
    pub bound: Option<SocketAddr>,
    pub advertised: Option<Advertised>,
}

impl Cluster {
    pub fn new(
        name: &str,
        upstream: Arc<dyn Upstream>,
        engine: Arc<dyn Engine>,
        settings: CacheSettings,
        clock: &Clock,
    ) -> Cluster {
        let CacheSettings { item_bytes_max, query_bytes_max, record_ttl_ms, query_ttl_ms } = settings;
        // Servers of one database share its rows; nodes in front of another server do not.
        let numbering = if upstream.is_elsewhere() { Numbering::Derived } else { Numbering::Counted };
        Cluster {
            name: name.into(),
            upstream,
            lists: Arc::new(AttributeLists::new(engine, numbering)),
            members: Arc::default(),
            item_bytes_max,
            query_bytes_max,
            record_ttl_ms: Arc::new(AtomicU64::new(record_ttl_ms)),
            query_ttl_ms: Arc::new(AtomicU64::new(query_ttl_ms)),
            clock: clock.clone(),
            last: AtomicI64::new(0),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new node, which is listed from now on: the last replica, or the primary of a cluster without one.
    pub fn add(&self, bound: Option<SocketAddr>, advertised: Option<Advertised>) -> Node {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let cache = |bytes_max, ttl_ms: &Arc<AtomicU64>| {
            Arc::new(AnswerCache::sharing(bytes_max, Arc::clone(ttl_ms), self.clock.clone()))
        };
        let items = cache(self.item_bytes_max, &self.record_ttl_ms);
        let queries = cache(self.query_bytes_max, &self.query_ttl_ms);
        self.members.add(Member { number, bound, advertised, items: Arc::clone(&items) });
        Node::of_cluster(
            number,
            Arc::clone(&self.name),
            Arc::clone(&self.upstream),
            Arc::clone(&self.lists),
            Arc::clone(&self.members),
            (items, queries),
        )
    }

    /// The node is listed no more, and writes do not reach it. Its listener is closed first.
    pub fn remove(&self, number: i64) -> bool {
        self.members.remove(number)
    }

    /// The nodes that there are, the primary first.
    pub fn nodes(&self) -> Vec<Described> {
        let role = |at| if at == 0 { Role::Primary } else { Role::Replica };
        let described = |(at, member): (usize, &Member)| Described {
            number: member.number,
            role: role(at),
            bound: member.bound,
            advertised: member.advertised.clone(),
        };
        self.members.all().iter().enumerate().map(described).collect()
    }

    /// Other times to live, also for the entries that are there; 0 is no end.
    pub fn set_ttls_ms(&self, record_ttl_ms: u64, query_ttl_ms: u64) {
        self.record_ttl_ms.store(record_ttl_ms, Ordering::Relaxed);
        self.query_ttl_ms.store(query_ttl_ms, Ordering::Relaxed);
    }
}
