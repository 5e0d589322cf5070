//! Looking at the members in other processes: what their regions show is brought here, and what a call that was lost should have
//! brought is done again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cluster::catalog::{Interrupted, Work};
use jobs::{Job, Ran};
use tables::{Definition, MemberStatus};

use crate::peers::{PeerError, Seen};
use crate::service::Service;

const INTERVAL: Duration = Duration::from_secs(1);

impl Service {
    /// The job that looks at the members in other processes; none without peers.
    pub(crate) fn peers_job(self: &Arc<Service>) -> Option<Job> {
        self.settings.peers.as_ref()?;
        let job = Job::on(self, "watch_peers", INTERVAL, |service| async move {
            match service.watch_members().await {
                Ok(()) => Ran::Done,
                Err(Interrupted::Stopping) => Ran::Ended,
                Err(Interrupted::Failed(why) | Interrupted::Lost(why)) => {
                    log::debug!(event = "peer_unreachable"; "members in other processes are looked at again: {why}");
                    Ran::Failed
                }
            }
        });
        Some(job.at_once())
    }

    async fn watch_members(&self) -> Result<(), Interrupted> {
        let mut away = BTreeSet::new();
        for table_id in self.catalog.table_ids(|definition: &Definition| definition.replica().is_some()) {
            let Some(own) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else { continue };
            // That waits for its members, in its own piece of work.
            if own.is_leaving() {
                continue;
            }
            for member in own.replica().iter().flat_map(|replica| &replica.members) {
                if !self.is_remote(&member.region) || away.contains(&member.region) {
                    continue;
                }
                match self.look(&own, &member.region).await {
                    Ok(seen) if self.is_due(&own, member.status, &seen) => {
                        // As its piece of work does it, which may have ended before.
                        match self.do_if_ours(Work::UpdateReplicas { table_id }).await {
                            Err(Interrupted::Stopping) => return Err(Interrupted::Stopping),
                            // Its piece of work reports it. Other tables do not wait for it.
                            Err(Interrupted::Failed(_) | Interrupted::Lost(_)) | Ok(_) => {}
                        }
                    }
                    Ok(_) | Err(PeerError::Refused(_)) => {}
                    // One wait for each peer that does not answer, and not one for each of its tables.
                    Err(PeerError::Unreachable(_)) => _ = away.insert(member.region.clone()),
                }
            }
        }
        self.remote_members.retain(|account, region, name| {
            let is_own = |own: &Definition| own.account == account && own.name == name && own.member(region).is_some();
            !self.catalog.table_ids(is_own).is_empty()
        });
        Ok(())
    }

    /// Whether what another process shows is not what this one does, and no call that is under way changes that.
    fn is_due(&self, own: &Definition, status: MemberStatus, seen: &Seen) -> bool {
        let group = |of: &Definition| of.replication.as_ref().map(|replication| replication.group.clone());
        match (status, seen) {
            (MemberStatus::Creating, Seen::Member(member)) => member.is_usable(),
            (MemberStatus::Deleting, Seen::Absent | Seen::Stranger) => true,
            (MemberStatus::Active, Seen::Member(member)) => {
                own.is_usable() && member.is_usable() && group(own) != group(member)
            }
            _ => false,
        }
    }
}
