//! The members of groups that are in other processes, as they were last seen.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tables::Definition;

use crate::peers::Seen;

/// The members in other processes as they were last seen, for descriptions: an answer to a caller waits for no peer.
#[derive(Default)]
pub(crate) struct RemoteMembers {
    seen: Mutex<HashMap<Place, Arc<Definition>>>,
}

/// Account, region and name.
type Place = (String, String, String);

impl RemoteMembers {
    pub(crate) fn get(&self, own: &Definition, region: &str) -> Option<Arc<Definition>> {
        self.seen.lock().get(&place(own, region)).cloned()
    }

    pub(crate) fn set(&self, own: &Definition, region: &str, seen: &Seen) {
        let mut all = self.seen.lock();
        match seen {
            Seen::Member(definition) => _ = all.insert(place(own, region), Arc::new((**definition).clone())),
            Seen::Absent | Seen::Stranger => _ = all.remove(&place(own, region)),
        }
    }

    /// Forgets the members of tables that are in no group any more.
    pub(crate) fn retain(&self, is_member: impl Fn(&str, &str, &str) -> bool) {
        self.seen.lock().retain(|(account, region, name), _| is_member(account, region, name));
    }
}

fn place(own: &Definition, region: &str) -> Place {
    (own.account.clone(), region.to_owned(), own.name.clone())
}
