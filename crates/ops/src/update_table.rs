//! UpdateTable: every change of a table except its tags, its TTL and its backups.
//!
//! The answer says UPDATING, as DynamoDB's does; settings take effect as soon as they are durable. Only the creation or
//! deletion of an index takes longer: see `table_work/build_index.rs`.

mod answer;
mod indexes;
mod members;

use api::{BillingMode, Exception, UpdateTableInput, UpdateTableOutput};
use auth::Caller;
use cluster::catalog::{self, ChangeGuard, Edit};
use tables::{
    self, Billing, Definition, NameUse, Provisioned, table_place,
    throughput::{
        Of, check_units, check_units_change, current_warm, on_demand_max, units_superfluous,
        update_index_units_missing, update_units_missing, warm, warm_after,
    },
};
use tokio::sync::OwnedMutexGuard;

use crate::log_work::is_parted;
use crate::replication::{self, keys::KeyKind};
use crate::service::Service;
use crate::table_encryption::OtherKey;
use answer::Asked;

/// How often a request calls the KMS again because its table got another key meanwhile.
const KEY_TRIES_MAX: usize = 3;

/// Disabled streams that are still readable. AWS names no maximum.
const PAST_STREAMS_MAX: usize = 32;

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the request, of a change that changes nothing, or because of the table's state.
    pub(crate) async fn update_table(
        &self,
        caller: &Caller,
        request: UpdateTableInput,
    ) -> Result<UpdateTableOutput, Exception> {
        self.update_table_as(caller, request, Origin::Request, |_, _| {}).await
    }

    /// As UpdateTable, for a request that `complete` completes with the table as it is when it is changed.
    pub(crate) async fn update_table_as(
        &self,
        caller: &Caller,
        mut request: UpdateTableInput,
        origin: Origin,
        complete: impl FnOnce(&Definition, &mut UpdateTableInput) + Send,
    ) -> Result<UpdateTableOutput, Exception> {
        table_place(caller, &request.table_name, NameUse::Lookup)?;
        refuse_unbuilt(&request)?;
        members::check(&request)?;
        if let Some(replicas) = replication::members::Asked::of(&request)? {
            return self.change_members(caller, &request, replicas).await;
        }
        self.catch_up_with_group(caller, &request.table_name).await;
        let is_requested = !makes_room(&request);
        let asked = Asked::of(&request);
        let Locked { turn: _turn, guard, before, other_key } = self.lock_with_key(caller, &request).await?;
        self.refuse_while_group_changes(&before)?;
        complete(&before, &mut request);
        let mut definition = before.clone();
        let work = update(&mut definition, request, self.clock.now_ms())?;
        origin.count(&before, &mut definition);
        self.catalog.check_units(&self.settings.quotas, Some(&before), &definition)?;
        // Before the index: it has scaling once it is seen.
        self.scale_new_indexes(&before, &definition).await?;
        self.begin_update(&before, &mut definition);
        let mut puts = change_log::follow(&mut definition);
        // The table is being updated until all nodes know that it is followed.
        definition.log.opening |= self.nodes.is_some() && !puts.is_empty();
        puts.extend(other_key.and_then(|key| key.put(&mut definition)));
        let mut edit = Edit { work, puts, is_requested, ..Edit::default() };
        self.part_log(&before, &mut definition, &mut edit).await?;
        let table = self.catalog.replace(&self.engine, guard, definition, edit).await?;
        self.share_group_change(&table.definition);
        // Best effort, so that a stream can be read as soon as it is enabled; background work ends the rest.
        let _ = self.end_rolls(table.id(), &table.definition.log).await;
        let mut description = self.describe(&table, asked.shown()).await?;
        asked.adapt(&mut description, &before, self.clock.now_ms());
        Ok(UpdateTableOutput { table_description: Some(description) })
    }

    /// Locks the catalog; returns the table as it is then, and the change of its key. The KMS may take seconds to answer, and
    /// all changes of all tables wait for the lock, so the KMS is called before it, and only for requests that would not be
    /// refused anyway. Of this node's requests one at a time does so for a table; a change by another node, or a table that was
    /// created again, is detected by its stored key.
    async fn lock_with_key(&self, caller: &Caller, request: &UpdateTableInput) -> Result<Locked, Exception> {
        // A definition alone: background work waits until no request uses the table as it was, and this would be a use.
        let found = || self.catalog.changeable(caller, &request.table_name).map(|table| table.definition.clone());
        let changed = || {
            let mut definition = found()?;
            update(&mut definition, request.clone(), self.clock.now_ms()).map(|_| definition)
        };
        if request.stream_specification.is_some() {
            let before = found()?;
            if changed().is_ok_and(|after| is_parted(&before, &after)) {
                self.learn_table_key(before.table_id).await?;
            }
        }
        let Some(asked) = request.sse_specification.as_ref() else {
            let guard = self.catalog.lock().await?;
            return Ok(Locked { turn: None, guard, before: found()?, other_key: None });
        };
        let turn = self.key_changes.turn(changed()?.table_id).await;
        let turn = turn.ok_or_else(|| tables::being_updated(&request.table_name))?;
        for _ in 0..KEY_TRIES_MAX {
            let other_key = self.other_table_key(caller, Some(asked), &changed()?).await?;
            let guard = self.catalog.lock().await?;
            let before = found()?;
            match &other_key {
                Some(key) if !self.is_current(key, before.table_id).await? => {}
                _ => return Ok(Locked { turn: Some(turn), guard, before, other_key }),
            }
        }
        Err(tables::being_updated(&request.table_name))
    }
}

/// What asks for a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    Request,
    /// Auto scaling: the settings are the same in all regions of a group, and the capacity is each region's own. Source: Developer Guide,
    /// "Throughput capacity planning for DynamoDB global tables".
    Scaling,
}

impl Origin {
    /// Counts the change of a replica.
    fn count(self, before: &Definition, definition: &mut Definition) {
        match self {
            Origin::Request => {
                definition.count_group_change();
                definition.count_units_change(before);
            }
            Origin::Scaling => definition.override_scaled_reads(before),
        }
    }
}

/// The locked catalog, and the table as it is until the change is made.
struct Locked {
    /// The lock of requests that change the table's key.
    turn: Option<OwnedMutexGuard<()>>,
    guard: ChangeGuard,
    before: Definition,
    other_key: Option<OtherKey>,
}

/// Whether the request deletes an index or ends a stream, which must be possible when storage is short.
fn makes_room(request: &UpdateTableInput) -> bool {
    let ends_stream = request.stream_specification.as_ref().is_some_and(|stream| !stream.stream_enabled);
    let mut indexes = request.global_secondary_index_updates.iter().flatten();
    ends_stream || indexes.any(|update| update.delete.is_some())
}

/// Members that are not implemented are refused, not ignored.
fn refuse_unbuilt(request: &UpdateTableInput) -> Result<(), Exception> {
    for (member, given) in [
        ("GlobalTableWitnessUpdates", request.global_table_witness_updates.is_some()),
        ("VectorIndexUpdates", request.vector_index_updates.is_some()),
    ] {
        if given {
            return Err(tables::not_built(member));
        }
    }
    Ok(())
}

/// Changes the definition as the request asks, and returns the background work that follows.
fn update(
    definition: &mut Definition,
    request: UpdateTableInput,
    now_ms: u64,
) -> Result<Option<catalog::Work>, Exception> {
    let updates = request.global_secondary_index_updates.unwrap_or_default();
    let units = request.provisioned_throughput.as_ref().map(check_units).transpose()?;
    update_billing(definition, request.billing_mode, units, now_ms)?;
    definition.on_demand_max =
        on_demand_max(definition.billing, definition.on_demand_max, request.on_demand_throughput, Of::Table)?;
    let own_warm = current_warm(definition.warm, definition.billing.provisioned());
    if let Some(asked) = warm(own_warm, request.warm_throughput, Of::Table)? {
        definition.warm = Some(asked);
    }
    if let Some(asked) = &request.stream_specification {
        update_stream(definition, asked, now_ms)?;
    }
    if let Some(asked) = &request.sse_specification {
        update_encryption(definition, asked)?;
    }
    if let Some(class) = request.table_class {
        definition.change_class(class.into(), now_ms)?;
    }
    if let Some(protected) = request.deletion_protection_enabled {
        definition.deletion_protection = protected;
    }
    if let Some(protected) = request.disassociation_protection_enabled {
        definition.replication.get_or_insert_default().protected = Some(protected);
    }
    if let Some(mode) = request.global_table_settings_replication_mode {
        replication::members::check_mode(mode, definition.replica().is_some())?;
    }
    let work = indexes::update(definition, request.attribute_definitions.unwrap_or_default(), updates, now_ms)?;
    check_index_units(definition)?;
    Ok(work)
}

fn update_billing(
    definition: &mut Definition,
    mode: Option<BillingMode>,
    units: Option<Provisioned>,
    now_ms: u64,
) -> Result<(), Exception> {
    match (definition.billing.provisioned(), mode, units) {
        (_, None, None) | (None, Some(BillingMode::PayPerRequest), None) => Ok(()),
        (None, None, Some(_)) => Err(units_superfluous()),
        (_, Some(BillingMode::PayPerRequest), Some(_)) => {
            Err(tables::invalid("ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST"))
        }
        (_, Some(BillingMode::Provisioned), None) => Err(update_units_missing()),
        (Some(current), _, Some(asked)) => {
            check_units_change(Of::Table, current, asked)?;
            definition.changes.record(current, asked, now_ms)?;
            set_billing(definition, Billing::from(asked));
            Ok(())
        }
        (None, Some(BillingMode::Provisioned), Some(asked)) => {
            set_billing(definition, Billing::from(asked));
            definition.on_demand_max = Default::default();
            for index in &mut definition.global_indexes {
                index.on_demand_max = Default::default();
            }
            Ok(())
        }
        (Some(_), Some(BillingMode::PayPerRequest), None) => {
            definition.record_on_demand(now_ms)?;
            set_billing(definition, Billing::OnDemand);
            for index in &mut definition.global_indexes {
                index.set_units(None);
            }
            Ok(())
        }
    }
}

/// Warm throughput that was reached stays.
fn set_billing(definition: &mut Definition, billing: Billing) {
    definition.warm = warm_after(definition.warm, definition.billing.provisioned(), billing.provisioned());
    definition.billing = billing;
}

/// A request that makes a table provisioned must give each of its indexes throughput as well.
fn check_index_units(definition: &Definition) -> Result<(), Exception> {
    let live = definition.global_indexes.iter().filter(|index| index.status != tables::IndexStatus::Deleting);
    let without: Vec<&str> = live.filter(|index| index.provisioned.is_none()).map(|index| &*index.name).collect();
    if without.is_empty() || definition.is_on_demand() { Ok(()) } else { Err(update_index_units_missing(&without)) }
}

fn update_stream(definition: &mut Definition, asked: &api::StreamSpecification, now_ms: u64) -> Result<(), Exception> {
    let new = tables::new_stream(asked, &tables::STREAM_OF_TABLE, definition.stream.as_ref(), now_ms)?;
    let (name, is_replica) = (&definition.name, definition.replica().is_some());
    match (definition.stream.as_mut().filter(|stream| stream.enabled), new) {
        (Some(_), Some(_)) => {
            Err(Exception::validation(format!("Table already has an enabled stream: TableName: {name}")))
        }
        (None, None) => Err(Exception::validation(format!("Table has no stream to disable: TableName: {name}"))),
        (Some(_), None) if is_replica => {
            Err(tables::invalid("Disabling Stream is not allowed for a Global Table replica."))
        }
        (Some(stream), None) => {
            stream.enabled = false;
            stream.disabled_ms = Some(now_ms);
            Ok(())
        }
        (None, Some(_)) if definition.past_streams.len() >= PAST_STREAMS_MAX => Err(too_many_streams(name)),
        (None, Some(stream)) => {
            definition.past_streams.extend(definition.stream.replace(stream));
            Ok(())
        }
    }
}

/// Why there is a maximum: a disabled stream is readable for a day, and each change of its table's definition writes it again.
fn too_many_streams(table_name: &str) -> Exception {
    Exception::LimitExceeded(format!(
        "Too many streams: table {table_name} has {PAST_STREAMS_MAX} disabled streams that are readable until 24 hours after \
         they were disabled."
    ))
}

/// A request may name the current key again, which changes nothing, unless it does so by the key's ARN.
fn update_encryption(definition: &mut Definition, asked: &api::SSESpecification) -> Result<(), Exception> {
    let new = tables::encryption(asked, &definition.account, &definition.region)?;
    if new == definition.encryption {
        match new {
            None => return Err(tables::invalid("Table is already encrypted by default")),
            Some(_) if asked.kms_master_key_id.as_ref().is_some_and(|id| id.starts_with("arn:")) => {
                return Err(tables::invalid(
                    "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to \
                     change Master Key",
                ));
            }
            Some(_) => {}
        }
    }
    let kind = replication::keys::kind_of(definition);
    definition.encryption = new;
    match (definition.replica(), replication::keys::kind_of(definition)) {
        (Some(_), other) if other != kind => Err(match other {
            KeyKind::Customer => replication::keys::for_each_replica(),
            KeyKind::Managed | KeyKind::Owned => {
                tables::not_built("SSESpecification of another kind in a global table")
            }
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
