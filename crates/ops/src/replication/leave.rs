//! A table leaves its group when it is deleted, or with its data: once the others have all that was written to it.

use std::time::Duration;

use cluster::catalog::{Edit, Interrupted};
use tables::{Definition, MemberStatus, Overrides};

use crate::service::Service;

/// Between two looks at whether the others have all changes.
const DELIVERED_INTERVAL: Duration = Duration::from_millis(10);
/// After as many looks the log says what is waited for.
const LOOKS_QUIET: usize = 6_000;

impl Service {
    /// Waits until the members have what was written to a table that no request uses any more, and takes it out of their lists. It is the
    /// first step of the table's deletion, and is repeated after a crash.
    pub(crate) async fn leave_group(&self, table_id: u64) -> Result<(), Interrupted> {
        let Some(definition) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else {
            return Ok(());
        };
        let Some(replica) = definition.replica() else { return Ok(()) };
        // A replica that never was usable has nothing of its own.
        if replica.copied_from.is_none() {
            for member in &replica.members {
                self.show_member(&definition, &member.region, Some(MemberStatus::Deleting)).await?;
                self.deliver_the_rest(&definition, &member.region).await?;
            }
        }
        for member in &replica.members {
            self.show_member(&definition, &member.region, None).await?;
        }
        let guard = self.catalog.lock().await?;
        let Some(mut left) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else { return Ok(()) };
        for member in &replica.members {
            left.remove_member(&member.region);
        }
        // Without members, this closes the log of the deleted table.
        change_log::follow(&mut left);
        self.catalog.replace(&self.engine, guard, left, Edit::default()).await?;
        Ok(())
    }

    /// Makes a replica a table of its own: what was written in it before the request is in the others, and what they had in it. It can be
    /// written to meanwhile; its later writes are its own. It is repeated after a crash.
    pub(super) async fn leave_with_data(&self, table_id: u64) -> Result<(), Interrupted> {
        loop {
            let Some(definition) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else {
                return Ok(());
            };
            let Some(replica) = definition.replica().filter(|replica| replica.leaving) else { return Ok(()) };
            for member in &replica.members {
                self.exchange_the_rest(&definition, &member.region).await?;
            }
            for member in &replica.members {
                self.show_member(&definition, &member.region, None).await?;
            }
            let guard = self.catalog.lock().await?;
            let Some(mut left) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else {
                return Ok(());
            };
            let is_same = left.replica().is_some_and(|own| own.members == replica.members);
            if !is_same {
                // Another region has introduced a new member meanwhile, which knows of this table.
                drop(guard);
                continue;
            }
            for member in &replica.members {
                left.remove_member(&member.region);
            }
            if let Some(own) = &mut left.replication {
                (own.leaving, own.overrides) = (false, Overrides::default());
            }
            let puts = change_log::follow(&mut left);
            self.catalog.replace(&self.engine, guard, left, Edit { puts, ..Edit::default() }).await?;
            return Ok(());
        }
    }

    /// Waits until two members have each other's changes that were there at the beginning.
    async fn exchange_the_rest(&self, definition: &Definition, region: &str) -> Result<(), Interrupted> {
        let Some(other) = self.member_table(definition, region).map(|table| table.definition.clone()) else {
            return Ok(());
        };
        // Positions of now: both are written to all the time, and would never be at their ends at once.
        for (from, to) in [(definition, region), (&other, definition.region.as_str())] {
            let heads = self.heads(from).await?;
            while self.member_table(definition, region).is_some_and(|table| table.is_usable()) {
                let Some(current) = self.catalog.by_id(from.table_id).map(|table| table.definition.clone()) else {
                    return Ok(());
                };
                if self.has_taken(&current, to, &heads).await? {
                    break;
                }
                tokio::time::sleep(DELIVERED_INTERVAL).await;
            }
        }
        Ok(())
    }

    async fn deliver_the_rest(&self, definition: &Definition, region: &str) -> Result<(), Interrupted> {
        for look in 0.. {
            let Some(table) = self.member_table(definition, region) else { return Ok(()) };
            let takes = table.is_usable() || table.definition.is_being_replicated();
            drop(table);
            if !takes || self.has_delivered(definition, region).await? {
                return Ok(());
            }
            if look == LOOKS_QUIET {
                log::warn!(
                    event = "replica_waits", table = definition.arn().as_str();
                    "a deleted table waits until the replica in {region} has the changes that were made in it"
                );
            }
            tokio::time::sleep(DELIVERED_INTERVAL).await;
        }
        Ok(())
    }

    /// Changes what the table in `region` shows of a member of its group; with no status, the member is not shown any more.
    pub(super) async fn show_member(
        &self,
        shown: &Definition,
        region: &str,
        status: Option<MemberStatus>,
    ) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        let Some(table) = self.member_table(shown, region) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        let before = definition.clone();
        match status {
            None => definition.remove_member(&shown.region),
            Some(status) => {
                let members = definition.replication.iter_mut().flat_map(|replication| &mut replication.members);
                if let Some(member) = members.into_iter().find(|member| member.region == shown.region) {
                    (member.status, member.asked, member.kms_key) = (status, None, None);
                }
            }
        }
        if definition == before {
            return Ok(());
        }
        let puts = change_log::follow(&mut definition);
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        Ok(())
    }
}
