//! What follows from the members that a table shows: the tables of new members are created and introduced to the group, those of
//! removed members are deleted, and the settings that the group shares are brought to all members. All of it is derived from the
//! definitions, so that it is resumed after a crash, and repeated without harm.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use api::Exception;
use cluster::catalog::{Edit, Interrupted, Work};
use tables::rows;
use tables::{
    ChangeLog, Definition, Encryption, IndexStatus, KinesisDestinations, Member, MemberStatus, Place, Replication,
    Stream, TableStatus, TimeToLive, not_before,
};

use crate::peers::{Ask, for_peers};
use crate::service::{DatabaseSettings, Service};

impl Service {
    /// Does what is left to be done for a replica's members.
    pub(crate) async fn update_replicas(&self, table_id: u64) -> Result<(), Interrupted> {
        let Some(definition) = self.replica_definition(table_id) else { return Ok(()) };
        if definition.is_leaving() {
            return self.leave_with_data(table_id).await;
        }
        for member in definition.replica().iter().flat_map(|replica| replica.members.clone()) {
            match member.status {
                MemberStatus::Creating if member.sourced_ms.is_some() => self.create_member(table_id, &member).await?,
                MemberStatus::Creating => self.look_at_member(&definition, &member).await?,
                MemberStatus::Deleting => self.delete_member(&definition, &member).await?,
                MemberStatus::Active => match self.share_settings(table_id, &member).await {
                    // A peer that is away holds up nothing else: the settings are compared again when it is back.
                    Err(error) if self.is_remote(&member.region) => {
                        log::debug!(event = "peer_unreachable"; "settings are not shared with {}: {error:?}", member.region);
                    }
                    shared => shared?,
                },
            }
        }
        Ok(())
    }

    pub(super) fn replica_definition(&self, table_id: u64) -> Option<Definition> {
        let table = self.catalog.by_id(table_id).filter(|table| table.is_usable())?;
        table.definition.replica().is_some().then(|| table.definition.clone())
    }

    /// Creates the table of a member, and makes it known to the others.
    async fn create_member(&self, table_id: u64, member: &Member) -> Result<(), Interrupted> {
        // From here on all writes of the table have stamps and records: the copy, which begins later, shows all others.
        self.settle(table_id).await?;
        let Some(definition) = self.replica_definition(table_id) else { return Ok(()) };
        let unfit = match self.is_remote(&member.region) {
            true => self.ask_to_create(&definition, member).await?,
            false => self.create_replica(&definition, member).await?,
        };
        if let Some(reason) = unfit {
            return self.give_up_member(table_id, member, &reason).await;
        }
        // Two members may each add one at the same time. The one whose introductions come last knows of both.
        while self.introduce_all(table_id, &member.region).await? {}
        // The copy may have ended before: then nothing else would show it.
        let Some(definition) = self.replica_definition(table_id) else { return Ok(()) };
        self.look_at_member(&definition, member).await
    }

    /// Creates the table of a new member in this process, and begins its copy; returns why it cannot be created, if it cannot.
    pub(super) async fn create_replica(
        &self,
        source: &Definition,
        member: &Member,
    ) -> Result<Option<String>, Interrupted> {
        if !self.settings.regions.contains(&member.region) {
            let why = format!("{} is neither a region nor a --peer of this server", member.region);
            return Err(Interrupted::Failed(why));
        }
        // Before the lock: a KMS may take seconds to answer.
        let key = match self.key_of_replica(source, member).await {
            Ok(key) => key,
            Err(why) if self.member_table(source, &member.region).is_none() => return Ok(Some(why)),
            // It is there already, with its key: a run was interrupted.
            Err(_) => None,
        };
        loop {
            let guard = self.catalog.lock().await?;
            if self.member_table(source, &member.region).is_some() {
                return Ok(None);
            }
            let place = Place { account: &source.account, region: &member.region, name: &source.name };
            if let Some(reason) = self.unfit(source, place)? {
                return Ok(Some(reason));
            }
            // Before the table: nothing would add it behind a crash.
            self.mirror_scaling(source, &member.region).await?;
            let mut replica = replica_of(source, member, self.clock.now_ms());
            replica.table_id = guard.next_table_id();
            let remains = self.catalog.remains_at(replica.place());
            let former = remains.iter().filter_map(|table| table.definition.stream.as_ref());
            if let Some((stream, former)) = replica.stream.as_mut().zip(former.max_by_key(|stream| &stream.label)) {
                not_before(stream, former);
            }
            let mut puts = change_log::follow(&mut replica);
            // The source may be in another database.
            let row = DatabaseSettings::with_replicas(self.secret);
            puts.push(row.map_err(|error| Interrupted::Failed(error.to_string()))?);
            puts.extend(key.clone().map(|key| (rows::table_key(replica.table_id), key)));
            // Another node may have created a table at the same time: then all checks run again.
            if let Ok(table) = self.catalog.create(&self.engine, guard, replica, puts).await? {
                self.catalog.start(Work::CopyReplica { table_id: table.id() });
                return Ok(None);
            }
        }
    }

    /// Why a table cannot be a new member.
    fn unfit(&self, definition: &Definition, place: Place<'_>) -> Result<Option<String>, Exception> {
        if self.catalog.lookup(place)?.is_some() {
            return Ok(Some(format!("there is a table {} already", place.arn())));
        }
        let there = Definition { region: place.region.to_owned(), ..definition.clone() };
        Ok(self.catalog.check_quota(&self.settings.quotas, &there).err().map(|error| error.to_string()))
    }

    /// Takes a member away again that cannot be created. The answer to the request has been given: nothing is left of it, as on
    /// DynamoDB.
    async fn give_up_member(&self, table_id: u64, member: &Member, reason: &str) -> Result<(), Interrupted> {
        log::error!(
            event = "replica_failed", table = self.table_label(table_id).as_str();
            "the replica in {} cannot be created and is given up: {reason}", member.region
        );
        let guard = self.catalog.lock().await?;
        let Some(mut definition) = self.replica_definition(table_id) else { return Ok(()) };
        definition.remove_member(&member.region);
        let puts = change_log::follow(&mut definition);
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        Ok(())
    }

    /// Makes a new member and all others known to each other. Returns whether one did not know of another.
    async fn introduce_all(&self, table_id: u64, new: &str) -> Result<bool, Interrupted> {
        let Some(group) = self.replica_definition(table_id) else { return Ok(false) };
        let mut is_news = false;
        for other in group.replica().iter().flat_map(|replica| &replica.members).filter(|other| other.region != new) {
            is_news |= self.introduce(&group, &other.region, new, MemberStatus::Creating).await?;
            is_news |= self.introduce(&group, new, &other.region, other.status).await?;
        }
        Ok(is_news)
    }

    /// Tells the table in `region` of a member.
    pub(super) async fn introduce(
        &self,
        group: &Definition,
        region: &str,
        new: &str,
        status: MemberStatus,
    ) -> Result<bool, Interrupted> {
        if self.is_remote(region) {
            return Ok(self.ask_to_introduce(group, region, new, status).await?);
        }
        let guard = self.catalog.lock().await?;
        let Some(table) = self.member_table(group, region) else { return Ok(false) };
        let mut definition = table.definition.clone();
        drop(table);
        let takes_part = definition.is_usable() || definition.is_being_replicated();
        if !takes_part || definition.member(new).is_some() {
            return Ok(false);
        }
        definition.add_member(new, status, None);
        let puts = change_log::follow(&mut definition);
        definition.log.opening |= self.is_shared() && !puts.is_empty();
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        Ok(true)
    }

    /// Shows a member as it is: another node, or a run that was interrupted, may have created it. One that another region is the
    /// source of may have been given up there.
    async fn look_at_member(&self, definition: &Definition, member: &Member) -> Result<(), Interrupted> {
        match self.member_definition(definition, &member.region).await? {
            Some(shown) if shown.is_being_replicated() => Ok(()),
            Some(shown) if shown.is_usable() => {
                self.show_member(&shown, &definition.region, Some(MemberStatus::Active)).await
            }
            Some(_) => Ok(()),
            None if member.sourced_ms.is_some() => Ok(()),
            None => self.give_up_member(definition.table_id, member, "its source has given it up").await,
        }
    }

    /// Deletes the table of a member, which leaves the group by itself.
    async fn delete_member(&self, definition: &Definition, member: &Member) -> Result<(), Interrupted> {
        let Some(deleted) = self.member_definition(definition, &member.region).await? else {
            return self.give_up_member(definition.table_id, member, "it is deleted").await;
        };
        match self.is_remote(&member.region) {
            true if deleted.is_usable() => Ok(self.ask_to(definition, &member.region, Ask::Delete).await?),
            true => Ok(()),
            false => Ok(self.delete_replica(&deleted).await?),
        }
    }

    /// Brings the newer ones of the settings that the group shares from one of two tables to the other.
    pub(crate) async fn share_settings(&self, table_id: u64, member: &Member) -> Result<(), Interrupted> {
        if self.is_remote(&member.region) {
            return self.share_with_peer(table_id, &member.region).await;
        }
        let guard = self.catalog.lock().await?;
        let Some(own) = self.replica_definition(table_id) else { return Ok(()) };
        let Some(table) = self.member_table(&own, &member.region).filter(|table| table.is_usable()) else {
            return Ok(());
        };
        let other = table.definition.clone();
        drop(table);
        let (mut one, mut two) = (own.clone(), other.clone());
        let adopted = if two.adopt(&own) {
            two
        } else if one.adopt(&other) {
            one
        } else {
            return Ok(());
        };
        let before = if adopted.table_id == own.table_id { own } else { other };
        let known = Work::left_by(&before);
        let work = Work::left_by(&adopted).into_iter().filter(|work| !known.contains(work)).collect::<Vec<Work>>();
        self.catalog.replace(&self.engine, guard, adopted, Edit::default()).await?;
        work.into_iter().for_each(|work| self.catalog.start(work));
        Ok(())
    }

    async fn share_with_peer(&self, table_id: u64, region: &str) -> Result<(), Interrupted> {
        let Some(own) = self.replica_definition(table_id) else { return Ok(()) };
        let Some(other) = self.look(&own, region).await?.into_member().filter(Definition::is_usable) else {
            return Ok(());
        };
        let group = |of: &Definition| of.replication.as_ref().map(|replication| replication.group.clone());
        match group(&own).cmp(&group(&other)) {
            Ordering::Equal => Ok(()),
            Ordering::Less => self.adopt_settings(table_id, &other).await,
            Ordering::Greater => {
                let source = Box::new(for_peers(&own));
                Ok(self.ask_to(&own, region, Ask::Adopt { source }).await?)
            }
        }
    }

    /// Takes over the settings of another member, if they are newer.
    pub(super) async fn adopt_settings(&self, table_id: u64, from: &Definition) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        let Some(own) = self.replica_definition(table_id) else { return Ok(()) };
        let mut adopted = own.clone();
        if !adopted.adopt(from) {
            return Ok(());
        }
        let known = Work::left_by(&own);
        let work = Work::left_by(&adopted).into_iter().filter(|work| !known.contains(work)).collect::<Vec<Work>>();
        self.catalog.replace(&self.engine, guard, adopted, Edit::default()).await?;
        work.into_iter().for_each(|work| self.catalog.start(work));
        Ok(())
    }

    /// Deletes a replica that cannot be filled.
    pub(super) async fn abandon_replica(&self, table_id: u64) -> Result<(), Interrupted> {
        let guard = self.catalog.lock().await?;
        let Some(mut definition) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else {
            return Ok(());
        };
        if definition.is_being_replicated() {
            definition.status = TableStatus::Deleting;
            self.catalog.replace(&self.engine, guard, definition, Edit::starting(Work::DropTable { table_id })).await?;
        }
        Ok(())
    }
}

/// The definition of a new replica; only the id is missing. What a group does not share is as in a new table.
fn replica_of(source: &Definition, member: &Member, now_ms: u64) -> Definition {
    let stream = source.stream.as_ref().filter(|stream| stream.enabled).map(|stream| Stream {
        label: tables::stream_label(now_ms),
        created_ms: now_ms,
        policy: None,
        first_shard: 0,
        end_shard: None,
        ..stream.clone()
    });
    let mut replica = Definition {
        region: member.region.clone(),
        uuid: base::random::uuid_v4(),
        created_ms: now_ms,
        status: TableStatus::Creating,
        stream,
        past_streams: Vec::new(),
        log: ChangeLog::default(),
        kinesis: KinesisDestinations::default(),
        // All rows are written with the index.
        time_to_live: TimeToLive { built: true, dropping: Vec::new(), ..source.time_to_live.clone() },
        recovery: None,
        archived: false,
        contributor_insights: None,
        replication: None,
        resource_policy: None,
        resource_policy_revision: None,
        resource_policy_principals: None,
        tags: BTreeMap::new(),
        deletion_protection: false,
        encryption: member.kms_key.clone().map(|key_arn| Encryption { key_arn }),
        ..source.clone()
    };
    replica.global_indexes.retain(|index| index.status != IndexStatus::Deleting);
    for index in &mut replica.global_indexes {
        (index.status, index.contributor_insights) = (IndexStatus::Active, None);
    }
    replica.prune_attributes();
    let versions = source.replication.as_ref().map(|own| (own.group.clone(), own.units.clone()));
    let (group, units) = versions.unwrap_or_default();
    replica.replication =
        Some(Replication { copied_from: Some(source.region.clone()), group, units, ..Replication::default() });
    replica.add_member(&source.region, MemberStatus::Active, None);
    for other in source.replica().iter().flat_map(|own| &own.members) {
        if other.region != member.region && other.status == MemberStatus::Active {
            replica.add_member(&other.region, MemberStatus::Active, None);
        }
    }
    if let Some(asked) = member.asked.clone() {
        replica.set_overrides(asked, now_ms);
    }
    replica
}
