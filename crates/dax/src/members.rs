//! The nodes of a cluster, as clients read of them and as writes reach them.
//!
//! The first node is the primary. If it goes, the next one is: clients see it when they ask for the nodes again.
//!
//! A write goes through the caches of all nodes at once: it begins in each of them before the table is asked, and its item is in each of
//! them when it ends. So what [`AnswerCache`] promises of one node holds for all: no entry is older than the last write through the
//! cluster. AWS's replicas get it a moment later.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;

use crate::cache::{AnswerCache, Write};

/// What a node is to clients, of which some write to the primary alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Primary,
    Replica,
}

/// An address that clients reach a node at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advertised {
    pub host: String,
    pub address: SocketAddr,
}

/// One node.
#[derive(Clone)]
pub(crate) struct Member {
    /// Of this node, and of no later one of the cluster.
    pub(crate) number: i64,
    /// Where it listens; absent for a node that knows no more than the connections that have come to it.
    pub(crate) bound: Option<SocketAddr>,
    /// What clients read in place of that.
    pub(crate) advertised: Option<Advertised>,
    pub(crate) items: Arc<AnswerCache>,
}

impl Member {
    /// The address that a client reaches the node at that has reached this node at `local`.
    pub(crate) fn address(&self, own: i64, local: SocketAddr) -> Advertised {
        if let Some(advertised) = &self.advertised {
            return advertised.clone();
        }
        let ip = local.ip().to_canonical();
        let address = match self.bound {
            Some(bound) if self.number != own && !bound.ip().is_unspecified() => bound,
            // All addresses of this machine, of which the client knows one.
            Some(bound) if self.number != own => SocketAddr::new(ip, bound.port()),
            _ => SocketAddr::new(ip, local.port()),
        };
        Advertised { host: address.ip().to_string(), address }
    }
}

/// The nodes, in the order in which they have come.
#[derive(Default)]
pub(crate) struct Membership(RwLock<Arc<Vec<Member>>>);

impl Membership {
    pub(crate) fn all(&self) -> Arc<Vec<Member>> {
        Arc::clone(&self.0.read())
    }

    pub(crate) fn add(&self, member: Member) {
        let mut all = self.0.write();
        *all = Arc::new(all.iter().cloned().chain([member]).collect());
    }

    /// Whether it was one.
    pub(crate) fn remove(&self, number: i64) -> bool {
        let mut all = self.0.write();
        let before = all.len();
        *all = Arc::new(all.iter().filter(|member| member.number != number).cloned().collect());
        all.len() < before
    }

    /// A write of the key begins, in the caches of all nodes.
    pub(crate) fn begin_write(self: &Arc<Self>, key: Bytes) -> ClusterWrite {
        let begun = self.all();
        let writes = begun.iter().map(|member| member.items.begin_write(key.clone())).collect();
        ClusterWrite { members: Arc::clone(self), begun, key, writes }
    }
}

/// A write that is under way. If it is dropped, its outcome is unknown.
pub(crate) struct ClusterWrite {
    members: Arc<Membership>,
    /// The nodes when it began.
    begun: Arc<Vec<Member>>,
    key: Bytes,
    writes: Vec<Write>,
}

impl ClusterWrite {
    /// The write is made, and the item is this now.
    pub(crate) fn done(mut self, item: &Option<Bytes>) {
        self.writes.drain(..).for_each(|write| write.done(item.clone()));
    }

    /// The write is not made.
    pub(crate) fn refused(mut self) {
        self.writes.drain(..).for_each(Write::refused);
        // What new nodes have read is still so.
        self.begun = self.members.all();
    }
}

impl Drop for ClusterWrite {
    fn drop(&mut self) {
        self.writes.clear();
        let now = self.members.all();
        let is_new = |member: &&Member| !self.begun.iter().any(|begun| begun.number == member.number);
        // A read of a node that has come meanwhile may have found the table as it was before.
        now.iter().filter(is_new).for_each(|member| drop(member.items.begin_write(self.key.clone())));
    }
}

#[cfg(test)]
mod tests {
    use base::Clock;

    use super::*;
    use crate::cache::Peeked;

    const KEY: Bytes = Bytes::from_static(b"key");

    fn member(number: i64, port: u16) -> Member {
        Member {
            number,
            bound: Some(SocketAddr::from(([0, 0, 0, 0], port))),
            advertised: None,
            items: Arc::new(AnswerCache::new(1 << 20, 0, Clock::system())),
        }
    }

    fn has(member: &Member) -> Option<Option<Bytes>> {
        match member.items.peek(&KEY) {
            Peeked::Cached(body) => Some(body),
            Peeked::Missing(_) | Peeked::Awaited => None,
        }
    }

    #[test]
    fn a_write_reaches_all_nodes_and_those_that_come_meanwhile() {
        let members = Arc::new(Membership::default());
        let (first, second, third) = (member(1, 1), member(2, 2), member(3, 3));
        members.add(first.clone());
        members.add(second.clone());
        let body = Some(Bytes::from_static(b"new"));
        let write = members.begin_write(KEY);
        let Peeked::Missing(filler) = third.items.peek(&KEY) else { panic!("a new node has an entry") };
        filler.fill(Some(Bytes::from_static(b"old")));
        members.add(third.clone());
        write.done(&body);
        assert_eq!([has(&first), has(&second), has(&third)], [Some(body.clone()), Some(body), None]);
        members.begin_write(KEY).refused();
        assert!(has(&first).is_some());
        drop(members.begin_write(KEY));
        assert_eq!([has(&first), has(&second)], [None, None]);
        assert!(members.remove(1) && !members.remove(1));
    }

    #[test]
    fn addresses_are_those_that_a_client_reaches() {
        let local: SocketAddr = ([192, 0, 2, 1], 8111).into();
        let to = |member: &Member, own| member.address(own, local).address;
        assert_eq!(to(&member(1, 8111), 1), local);
        assert_eq!(to(&member(2, 8112), 1), ([192, 0, 2, 1], 8112).into());
        let bound = Member { bound: Some(([192, 0, 2, 9], 8113).into()), ..member(3, 0) };
        assert_eq!(to(&bound, 1), ([192, 0, 2, 9], 8113).into());
        let advertised = Advertised { host: "dax.example".to_owned(), address: ([192, 0, 2, 7], 1).into() };
        assert_eq!(Member { advertised: Some(advertised.clone()), ..bound }.address(3, local), advertised);
    }
}
