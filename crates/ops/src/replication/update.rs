//! UpdateTable's changes of a group: members are added, removed, and given settings of their own.
//!
//! The answer shows the table as the change begins; the rest is work in the background.

use api::{Exception, StreamSpecification, StreamViewType, UpdateTableInput, UpdateTableOutput};
use auth::Caller;
use cluster::catalog::{ChangeGuard, Edit, Work};
use tables::throughput::units_superfluous;
use tables::{Definition, MemberStatus, Overrides, Place, Shown, TableStatus};

use super::keys;
use super::members::{Asked, MemberSettings};
use crate::service::{DatabaseSettings, Service};

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the request, or because of the state of the table or of a member.
    pub(crate) async fn change_members(
        &self,
        caller: &Caller,
        request: &UpdateTableInput,
        asked: Asked,
    ) -> Result<UpdateTableOutput, Exception> {
        // A definition alone: background work waits until no request uses the table as it was.
        let known = self.catalog.known(caller, &request.table_name)?.definition.clone();
        if known.is_being_replicated() {
            return Err(being_added(&request.table_name));
        }
        let mut asked = asked;
        if let Asked::Create(member) = &mut asked {
            self.resolve_key(caller, &known, member).await?;
        }
        self.catch_up_with_group(caller, &request.table_name).await;
        // Locked from the read of the definitions on: of two requests for one member, one succeeds.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.changeable(caller, &request.table_name)?;
        let definition = table.definition.clone();
        drop(table);
        self.refuse_while_group_changes(&definition)?;
        match asked {
            Asked::Create(member) => self.add_replica(guard, definition, member).await,
            Asked::Delete { region } => self.remove_replica(guard, definition, &region).await,
            Asked::Update(members) => self.override_settings(guard, definition, members).await,
            Asked::Disassociate { region } => self.disassociate(guard, definition, &region).await,
        }
    }

    async fn add_replica(
        &self,
        guard: ChangeGuard,
        before: Definition,
        member: MemberSettings,
    ) -> Result<UpdateTableOutput, Exception> {
        self.check_region(&before, &member.region)?;
        let place = Place { account: &before.account, region: &member.region, name: &before.name };
        if before.member(&member.region).is_some() || self.catalog.lookup(place)?.is_some() {
            return Err(Exception::validation(format!(
                "Failed to create a the new replica of table with name: ‘{}’ because one or more replicas already existed as \
                 tables.",
                before.name
            )));
        }
        let encryption = keys::of_member(&before, &member)?;
        let kms_key = member.resolved_key.or(encryption.map(|encryption| encryption.key_arn));
        self.check_write_scaling(&before).await?;
        if before.status != TableStatus::Active {
            return Err(tables::being_updated(&before.name));
        }
        check_maxima(&before, &member.overrides)?;
        let now_ms = self.clock.now_ms();
        let mut definition = before.clone();
        if definition.stream.as_ref().is_none_or(|stream| !stream.enabled) {
            let view = StreamViewType::NewAndOldImages;
            let asked = StreamSpecification { stream_enabled: true, stream_view_type: Some(view) };
            let former = definition.stream.as_ref();
            let stream = tables::new_stream(&asked, &tables::STREAM_OF_TABLE, former, now_ms)?;
            let former = definition.stream.take();
            definition.past_streams.extend(former);
            definition.stream = stream;
        }
        let is_first = definition.replica().is_none();
        let added = definition.add_member(&member.region, MemberStatus::Creating, Some(now_ms));
        (added.asked, added.kms_key) = (Some(member.overrides), kms_key);
        if is_first {
            definition.count_group_change();
        }
        let mut puts = change_log::follow(&mut definition);
        definition.log.opening |= self.is_shared() && !puts.is_empty();
        if is_first {
            let row = DatabaseSettings::with_replicas(self.secret);
            puts.push(row.map_err(|error| Exception::internal(error.to_string()))?);
        }
        let work = Some(Work::UpdateReplicas { table_id: definition.table_id });
        let mut edit = Edit { work, puts, is_requested: true, ..Edit::default() };
        self.part_log(&before, &mut definition, &mut edit).await?;
        self.answer(guard, &before, definition, edit).await
    }

    async fn remove_replica(
        &self,
        guard: ChangeGuard,
        before: Definition,
        region: &str,
    ) -> Result<UpdateTableOutput, Exception> {
        if *region == before.region {
            return Err(local_region());
        }
        let removed = before.member(region).and_then(|_| self.member_table(&before, region));
        let removed = removed.ok_or_else(|| not_members(&[region]))?.definition.clone();
        self.check_removal(&removed)?;
        if removed.deletion_protection {
            return Err(Exception::validation(format!(
                "Cannot delete table {} in region {region} because it has deletion protection enabled. Disable deletion \
                 protection first.",
                before.name
            )));
        }
        let mut definition = before.clone();
        let members = definition.replication.iter_mut().flat_map(|replication| &mut replication.members);
        members.into_iter().filter(|member| member.region == region).for_each(|it| it.status = MemberStatus::Deleting);
        let edit = Edit::starting(Work::UpdateReplicas { table_id: definition.table_id });
        self.answer(guard, &before, definition, edit).await
    }

    /// The texts are ours: there are no captures.
    async fn disassociate(
        &self,
        guard: ChangeGuard,
        before: Definition,
        region: &str,
    ) -> Result<UpdateTableOutput, Exception> {
        let Some(replica) = before.replica() else { return Err(not_members(&[region])) };
        if *region != before.region {
            return Err(Exception::validation(format!(
                "A replica is disassociated by a request in its own region: {region}."
            )));
        }
        if replica.protected != Some(false) {
            return Err(Exception::validation(format!(
                "Cannot disassociate table {} in region {region} because it has disassociation protection enabled. Disable \
                 disassociation protection first.",
                before.name
            )));
        }
        let mut definition = before.clone();
        definition.replication.iter_mut().for_each(|own| own.leaving = true);
        let edit = Edit::starting(Work::UpdateReplicas { table_id: definition.table_id });
        self.answer(guard, &before, definition, edit).await
    }

    /// Gives members settings of their own. Each is changed by itself.
    async fn override_settings(
        &self,
        guard: ChangeGuard,
        before: Definition,
        members: Vec<MemberSettings>,
    ) -> Result<UpdateTableOutput, Exception> {
        let missing: Vec<&str> = members
            .iter()
            .map(|asked| asked.region.as_str())
            .filter(|region| *region != before.region && self.member_table(&before, region).is_none())
            .collect();
        if before.replica().is_none() || !missing.is_empty() {
            return Err(not_members(&missing));
        }
        for asked in &members {
            check_overrides(&before, asked)?;
        }
        drop(guard);
        let now_ms = self.clock.now_ms();
        for asked in members {
            let guard = self.catalog.lock().await?;
            let of_member = match asked.region == before.region {
                true => self.catalog.by_id(before.table_id),
                false => self.member_table(&before, &asked.region),
            };
            let Some(mut definition) = of_member.map(|table| table.definition.clone()) else { continue };
            definition.set_overrides(asked.overrides, now_ms);
            definition.end_overrides_like(&before);
            self.catalog.check_units(&self.settings.quotas, None, &definition)?;
            self.catalog.replace(&self.engine, guard, definition, Edit::requested()).await?;
        }
        let table = self.catalog.by_id(before.table_id);
        let table = table.ok_or_else(|| tables::not_found(&before.name))?;
        let table_description = Some(self.describe(&table, Shown::JustUpdated).await?);
        Ok(UpdateTableOutput { table_description })
    }

    /// Makes the change, and describes the table with the members that it had before.
    async fn answer(
        &self,
        guard: ChangeGuard,
        before: &Definition,
        definition: Definition,
        edit: Edit,
    ) -> Result<UpdateTableOutput, Exception> {
        let table = self.catalog.replace(&self.engine, guard, definition, edit).await?;
        // Best effort, so that a stream can be read as soon as it is enabled; background work ends the rest.
        let _ = self.end_rolls(table.id(), &table.definition.log).await;
        let mut description = self.describe(&table, Shown::JustUpdated).await?;
        drop(table);
        self.show_replicas(before, &mut description);
        Ok(UpdateTableOutput { table_description: Some(description) })
    }

    fn check_region(&self, definition: &Definition, region: &str) -> Result<(), Exception> {
        if *region == definition.region {
            return Err(local_region());
        }
        match self.settings.regions.iter().any(|served| served == region) {
            true => Ok(()),
            false => Err(Exception::validation(format!(
                "Region {region} is not supported. The latest version of global tables are only supported in the following \
                 regions: [{}]",
                self.settings.regions.join(", ")
            ))),
        }
    }

    /// Refuses the removal of a table that is the source of a young replica.
    ///
    /// # Errors
    /// DynamoDB's refusal.
    pub(crate) fn check_removal(&self, definition: &Definition) -> Result<(), Exception> {
        let (now_ms, source_ms) = (self.clock.now_ms(), self.settings.replica_source_ms);
        let is_young = |since_ms: u64| now_ms < since_ms.saturating_add(source_ms);
        let mut members = definition.replica().into_iter().flat_map(|replica| &replica.members);
        match members.any(|member| member.sourced_ms.is_some_and(is_young)) {
            true => Err(Exception::validation(
                "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table \
                 in the last 24 hours.",
            )),
            false => Ok(()),
        }
    }
}

fn check_overrides(definition: &Definition, asked: &MemberSettings) -> Result<(), Exception> {
    if asked.kms_key.is_some() {
        return Err(keys::for_each_replica());
    }
    let has_units = asked.overrides.read_units.is_some()
        || asked.overrides.indexes.values().any(|index| index.read_units.is_some());
    if definition.is_on_demand() && has_units {
        return Err(units_superfluous());
    }
    check_maxima(definition, &asked.overrides)
}

fn check_maxima(definition: &Definition, overrides: &Overrides) -> Result<(), Exception> {
    let has_maxima =
        overrides.max_read_units.is_some() || overrides.indexes.values().any(|index| index.max_read_units.is_some());
    match has_maxima && !definition.is_on_demand() {
        true => Err(tables::invalid(
            "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
        )),
        false => Ok(()),
    }
}

/// In the region of the new replica itself. Source: captures, but for the quotes around the name, which are those of the other texts.
fn being_added(table_name: &str) -> Exception {
    Exception::validation(format!(
        "Create/Update/Delete of replica is not allowed while the replica is being added to table with name: ‘{table_name}’."
    ))
}

fn local_region() -> Exception {
    Exception::validation(
        "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.",
    )
}

pub(crate) fn not_members(regions: &[&str]) -> Exception {
    Exception::validation(format!(
        "Update global table operation failed because one or more replicas were not part of the global table. Please retry the \
         request without these replicas: [{}].",
        regions.join(", ")
    ))
}
