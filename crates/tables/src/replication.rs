//! Global tables: what a replica knows of the group of tables that it belongs to.
//!
//! Each replica is a table of its own, with the same name and account in another region. Its definition has the other members,
//! and for each of them a consumer of its log, from which the changes that were made in this region are delivered to it. The
//! settings that a group shares are one document with a version ([`GroupVersion`]): the greatest version wins in all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::{
    Billing, Definition, IndexDefinition, IndexStatus, OnDemandMax, Provisioned, TableClass, TableClassChoice,
    TableStatus, Unknown, WarmThroughput,
};
use crate::expiry;
use crate::log_consumer::{ConsumerNeeds, ConsumerState, LogConsumer, Retention, Start};

/// What the consumers of members begin with.
const MEMBER_CONSUMER: &str = "replica-";
/// The consumer that reads nothing. It stays in the definition of a table whose rows may have stamps: programs that do not know
/// stamps cannot read such a definition, and so neither write rows without stamps nor end the log.
const STAMPS_CONSUMER: &str = "replica-stamps";
/// How long records are retained for a member that does not take them.
const MEMBER_RETENTION_MS: u64 = 72 * 60 * 60 * 1000;

/// A table's part in a global table. It stays when the table has left its group: rows may have stamps, and tombstones are to be
/// deleted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Replication {
    /// The other members, in the order in which this table learned of them. Empty if the table is in no group.
    pub members: Vec<Member>,
    /// No number is used twice: consumers of the log are named by them.
    pub next_member: u32,
    /// While the table is being filled, the region that it is copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<String>,
    #[serde(default)]
    pub group: GroupVersion,
    /// The version that set provisioned capacity. Auto scaling changes it in one region alone: what a request has set is taken over once.
    #[serde(default)]
    pub units: GroupVersion,
    #[serde(default)]
    pub overrides: Overrides,
    /// The table leaves its group, with its data, once it has what the others had and they have what it had.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaving: bool,
    /// Whether it may not, as a request has set it. By default it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<bool>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// The version of the settings that a group shares. The region orders changes that were made at once in several regions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct GroupVersion {
    pub version: u64,
    pub region: String,
}

/// Another table of the group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Member {
    pub region: String,
    pub number: u32,
    pub status: MemberStatus,
    /// When this region took the request that added the member; none if another region did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourced_ms: Option<u64>,
    /// What the request that added the member said of it, until it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Overrides>,
    /// The ARN of the member's key, which it is to be created with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MemberStatus {
    Creating,
    Active,
    Deleting,
}

/// The settings of a replica that differ from those of its group.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Overrides {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_units: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_read_units: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_class: Option<TableClass>,
    /// By the name of a global index.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<String, IndexOverrides>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct IndexOverrides {
    pub read_units: Option<i64>,
    pub max_read_units: Option<i64>,
}

impl Member {
    /// The consumer of this table's log that delivers to the member.
    pub fn consumer_name(&self) -> String {
        format!("{MEMBER_CONSUMER}{}", self.number)
    }
}

impl Overrides {
    /// These, with what `newer` says instead.
    pub fn merge(&mut self, newer: Overrides) {
        self.read_units = newer.read_units.or(self.read_units);
        self.max_read_units = newer.max_read_units.or(self.max_read_units);
        self.table_class = newer.table_class.or(self.table_class);
        for (name, index) in newer.indexes {
            let own = self.indexes.entry(name).or_default();
            own.read_units = index.read_units.or(own.read_units);
            own.max_read_units = index.max_read_units.or(own.max_read_units);
        }
    }
}

impl Definition {
    /// The table's part in its group, if it is in one.
    pub fn replica(&self) -> Option<&Replication> {
        self.replication.as_ref().filter(|replication| !replication.members.is_empty())
    }

    pub fn member(&self, region: &str) -> Option<&Member> {
        self.replication.as_ref()?.members.iter().find(|member| member.region == region)
    }

    /// Whether the table leaves its group with its data.
    pub fn is_leaving(&self) -> bool {
        self.replica().is_some_and(|replica| replica.leaving)
    }

    /// Whether members are being added or removed: other changes of the table wait.
    pub fn has_changing_members(&self) -> bool {
        let members = self.replication.iter().flat_map(|replication| &replication.members);
        self.is_leaving() || members.into_iter().any(|member| member.status != MemberStatus::Active)
    }

    /// Whether members are being added.
    pub fn has_new_members(&self) -> bool {
        let members = self.replication.iter().flat_map(|replication| &replication.members);
        members.into_iter().any(|member| member.status == MemberStatus::Creating)
    }

    /// Whether it is a replica that is being filled.
    pub fn is_being_replicated(&self) -> bool {
        self.status == TableStatus::Creating
            && self.replication.as_ref().is_some_and(|replication| replication.copied_from.is_some())
    }

    /// Whether its log is read for its members: also while it is being deleted, until they have all that was written to it.
    pub fn delivers_to_members(&self) -> bool {
        (self.is_usable() || self.status == TableStatus::Deleting) && self.replica().is_some()
    }

    /// Adds a member, with its consumer.
    pub fn add_member(&mut self, region: &str, status: MemberStatus, sourced_ms: Option<u64>) -> &mut Member {
        let replication = self.replication.get_or_insert_default();
        let number = replication.next_member;
        replication.next_member = number.saturating_add(1);
        let (asked, kms_key, unknown) = (None, None, Unknown::new());
        let member = Member { region: region.to_owned(), number, status, sourced_ms, asked, kms_key, unknown };
        if self.log.consumers.iter().all(|own| own.name != STAMPS_CONSUMER) {
            self.log.consumers.push(stamps_consumer());
        }
        self.log.consumers.push(LogConsumer::new(
            member.consumer_name(),
            // Records from before the table was in a group have no stamps, and are passed over.
            Start::TrimHorizon,
            ConsumerNeeds::Stamps,
            Retention::Position { max_ms: MEMBER_RETENTION_MS },
        ));
        let members = &mut self.replication.get_or_insert_default().members;
        members.push(member);
        let last = members.len() - 1;
        &mut members[last]
    }

    /// Removes a member; its consumer is removed in the background.
    pub fn remove_member(&mut self, region: &str) {
        let Some(replication) = &mut self.replication else { return };
        let gone = replication.members.extract_if(.., |member| member.region == region);
        let names: Vec<String> = gone.map(|member| member.consumer_name()).collect();
        for own in self.log.consumers.iter_mut().filter(|own| names.contains(&own.name)) {
            own.state = ConsumerState::Removing;
        }
    }

    /// Counts a change of the settings that the group shares.
    pub fn count_group_change(&mut self) {
        let region = self.region.clone();
        if let Some(replication) = self.replication.as_mut().filter(|own| !own.members.is_empty()) {
            replication.group = GroupVersion { version: replication.group.version.saturating_add(1), region };
        }
    }

    /// Counts a change of provisioned capacity by a request, behind that of the group's settings. What it sets is the group's, and no
    /// override.
    pub fn count_units_change(&mut self, before: &Definition) {
        let of_table = self.billing != before.billing;
        let of_indexes = self.indexes_with_other_units(before);
        let Some(replication) = self.replication.as_mut().filter(|own| !own.members.is_empty()) else { return };
        if !of_table && of_indexes.is_empty() {
            return;
        }
        replication.units = replication.group.clone();
        if of_table {
            replication.overrides.read_units = None;
        }
        for (name, _) in of_indexes {
            if let Some(index) = replication.overrides.indexes.get_mut(&name) {
                index.read_units = None;
            }
        }
    }

    /// Makes the read capacity that auto scaling has set an override: it is this region's own.
    pub fn override_scaled_reads(&mut self, before: &Definition) {
        let (own, former) = (self.billing.provisioned(), before.billing.provisioned());
        let of_table = own.filter(|own| former.is_none_or(|former| former.read_units != own.read_units));
        let of_indexes = self.indexes_with_other_units(before);
        let Some(replication) = self.replication.as_mut().filter(|own| !own.members.is_empty()) else { return };
        let overrides = &mut replication.overrides;
        overrides.read_units = of_table.map(|units| units.read_units).or(overrides.read_units);
        for (name, [units, former]) in of_indexes {
            if units.read_units != former.read_units {
                overrides.indexes.entry(name).or_default().read_units = Some(units.read_units);
            }
        }
    }

    /// The indexes whose units differ from those that they had, with both.
    fn indexes_with_other_units(&self, before: &Definition) -> Vec<(String, [Provisioned; 2])> {
        let units = |index: &IndexDefinition| {
            let former = before.global_indexes.iter().find(|former| former.name == index.name)?;
            let both = [index.provisioned?, former.provisioned?];
            (both[0] != both[1]).then(|| (index.name.clone(), both))
        };
        self.global_indexes.iter().filter_map(units).collect()
    }

    /// Takes over the group's settings of another replica whose version is greater. Returns whether anything changes.
    pub fn adopt(&mut self, from: &Definition) -> bool {
        let (Some(own), Some(other)) = (&self.replication, &from.replication) else { return false };
        if own.group >= other.group {
            return false;
        }
        let (version, overrides) = (other.group.clone(), own.overrides.clone());
        let takes_units = own.units < other.units;
        let units = own.units.clone().max(other.units.clone());
        self.adopt_throughput(from, &overrides, takes_units);
        self.adopt_indexes(from, &overrides, takes_units);
        self.adopt_time_to_live(from);
        if let Some(class) = from.table_class.filter(|_| overrides.table_class.is_none()) {
            self.table_class = Some(class);
        }
        if let Some(own) = &mut self.replication {
            (own.group, own.units) = (version, units);
        }
        true
    }

    fn adopt_throughput(&mut self, from: &Definition, overrides: &Overrides, takes_units: bool) {
        self.billing = match from.billing {
            Billing::OnDemand => Billing::OnDemand,
            // What auto scaling has set here stays.
            Billing::Provisioned { .. } if !takes_units && !self.is_on_demand() => self.billing,
            Billing::Provisioned { read_units, write_units } => {
                Billing::Provisioned { read_units: overrides.read_units.unwrap_or(read_units), write_units }
            }
        };
        self.on_demand_since_ms = from.on_demand_since_ms;
        self.on_demand_max = OnDemandMax {
            read_units: overrides.max_read_units.or(from.on_demand_max.read_units),
            write_units: from.on_demand_max.write_units,
        };
        self.warm = greater(self.warm, from.warm);
    }

    fn adopt_indexes(&mut self, from: &Definition, overrides: &Overrides, takes_units: bool) {
        let is_live = |index: &&IndexDefinition| index.status != IndexStatus::Deleting;
        for own in self.global_indexes.iter_mut() {
            if from.global_indexes.iter().filter(is_live).all(|other| other.name != own.name) {
                own.status = IndexStatus::Deleting;
            }
        }
        for other in from.global_indexes.iter().filter(is_live) {
            let of_index = overrides.indexes.get(&other.name).copied().unwrap_or_default();
            match self.global_indexes.iter_mut().find(|own| own.name == other.name) {
                // An index of the name is being deleted: the new one follows when it is gone.
                Some(own) if own.status == IndexStatus::Deleting => {}
                Some(own) => adopt_index(own, other, of_index, takes_units),
                None => {
                    let mut index = IndexDefinition {
                        id: self.next_index_id,
                        status: IndexStatus::Creating,
                        changes: Default::default(),
                        contributor_insights: None,
                        ..other.clone()
                    };
                    self.next_index_id += 1;
                    adopt_index(&mut index, other, of_index, true);
                    self.global_indexes.push(index);
                }
            }
        }
        for attribute in &from.attributes {
            if self.attributes.iter().all(|own| own.name != attribute.name) {
                self.attributes.push(attribute.clone());
            }
        }
        self.prune_attributes();
    }

    fn adopt_time_to_live(&mut self, from: &Definition) {
        match &from.time_to_live.attribute {
            wanted if *wanted == self.time_to_live.attribute => {}
            None => expiry::disable(self),
            Some(attribute) => {
                if self.time_to_live.attribute.is_some() {
                    expiry::disable(self);
                }
                expiry::enable(self, attribute.clone());
            }
        }
    }

    /// Gives a replica what differs from its group.
    pub fn set_overrides(&mut self, asked: Overrides, now_ms: u64) {
        if let (Billing::Provisioned { read_units, .. }, Some(units)) = (&mut self.billing, asked.read_units) {
            *read_units = units;
        }
        if self.is_on_demand() {
            self.on_demand_max.read_units = asked.max_read_units.or(self.on_demand_max.read_units);
        }
        if let Some(class) = asked.table_class {
            self.table_class = Some(TableClassChoice { class, changed_ms: Some(now_ms) });
        }
        for (name, of_index) in &asked.indexes {
            let Some(own) = self.global_index_mut(name) else { continue };
            own.override_reads(*of_index);
        }
        self.replication.get_or_insert_default().overrides.merge(asked);
    }

    /// Ends the overrides that have the same values as another table of the group: from then on the replica follows the group.
    pub fn end_overrides_like(&mut self, group: &Definition) {
        let Some(replication) = &mut self.replication else { return };
        let own = &mut replication.overrides;
        let units = group.billing.provisioned();
        own.read_units = own.read_units.filter(|own| units.is_none_or(|units| units.read_units != *own));
        own.max_read_units = own.max_read_units.filter(|own| group.on_demand_max.read_units != Some(*own));
        let class = group.table_class.map_or(TableClass::Standard, |choice| choice.class);
        own.table_class = own.table_class.filter(|own| *own != class);
        own.indexes.retain(|name, own| {
            let Some(index) = group.global_indexes.iter().find(|index| index.name == *name) else { return false };
            own.read_units =
                own.read_units.filter(|own| index.provisioned.is_none_or(|units| units.read_units != *own));
            own.max_read_units = own.max_read_units.filter(|own| index.on_demand_max.read_units != Some(*own));
            *own != IndexOverrides::default()
        });
    }
}

impl IndexDefinition {
    fn override_reads(&mut self, asked: IndexOverrides) {
        if let (Some(units), Some(provisioned)) = (asked.read_units, &mut self.provisioned) {
            provisioned.read_units = units;
        }
        self.on_demand_max.read_units = asked.max_read_units.or(self.on_demand_max.read_units);
    }
}

fn adopt_index(own: &mut IndexDefinition, other: &IndexDefinition, of_index: IndexOverrides, takes_units: bool) {
    if takes_units || own.provisioned.is_none() || other.provisioned.is_none() {
        own.provisioned = other.provisioned.map(|units| Provisioned {
            read_units: of_index.read_units.unwrap_or(units.read_units),
            write_units: units.write_units,
        });
    }
    own.on_demand_max = OnDemandMax {
        read_units: of_index.max_read_units.or(other.on_demand_max.read_units),
        write_units: other.on_demand_max.write_units,
    };
    own.warm = greater(own.warm, other.warm);
}

/// Warm throughput never falls.
fn greater(own: Option<WarmThroughput>, other: Option<WarmThroughput>) -> Option<WarmThroughput> {
    match (own, other) {
        (Some(own), Some(other)) => Some(WarmThroughput {
            read_units: own.read_units.max(other.read_units),
            write_units: own.write_units.max(other.write_units),
        }),
        (own, other) => own.or(other),
    }
}

fn stamps_consumer() -> LogConsumer {
    let retention = Retention::Age { ms: 0 };
    let consumer = LogConsumer::new(STAMPS_CONSUMER.to_owned(), Start::TrimHorizon, ConsumerNeeds::Stamps, retention);
    LogConsumer { state: ConsumerState::Ended { since_ms: 0 }, ..consumer }
}

#[cfg(test)]
mod tests;
