//! A table's definition: all settings of CreateTable and of the operations that change a table, as they are stored.
//!
//! Stored as JSON in the catalog's rows (`docs/decisions`): small, rarely written, and readable for diagnosis by hand. A
//! field added later has a default, so that older rows stay readable, and a program that does not know it retains it
//! unchanged. So such a field may only have what an older program may ignore; what every writer must obey needs a value that
//! older programs cannot read, or another format (`docs/decisions`, 0009).

use api::Exception;
use std::collections::{BTreeMap, BTreeSet};

use auth::iam::PrincipalIds;
use model::limits::STREAM_RETENTION_MS;
use serde::{Deserialize, Serialize};

use super::backup::{Backup, Restore};
use super::import::Import;
use super::log_consumer::LogConsumer;
use super::name::Place;
use super::replication::Replication;
use super::resource_policy::AttachedPolicy;
use crate::failure::OpenError;

/// Members that a newer program has added.
pub type Unknown = BTreeMap<String, serde_json::Value>;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Definition {
    /// Prefix of all the table's rows; never used twice.
    pub table_id: u64,
    pub account: String,
    pub region: String,
    pub name: String,
    /// The TableId that DescribeTable returns.
    pub uuid: String,
    pub created_ms: u64,
    pub status: TableStatus,
    pub attributes: Vec<AttributeDefinition>,
    pub key: KeyNames,
    pub local_indexes: Vec<IndexDefinition>,
    pub global_indexes: Vec<IndexDefinition>,
    pub next_index_id: u32,
    pub billing: Billing,
    /// When the table last became on-demand.
    #[serde(default)]
    pub on_demand_since_ms: Option<u64>,
    /// When it became on-demand by a change: as many of the last times as bound the next one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_demand_switches_ms: Vec<u64>,
    #[serde(default)]
    pub changes: ThroughputChanges,
    #[serde(default)]
    pub on_demand_max: OnDemandMax,
    /// If it was more than the default of the current billing at some time: it never falls.
    #[serde(default)]
    pub warm: Option<WarmThroughput>,
    pub deletion_protection: bool,
    #[serde(default)]
    pub table_class: Option<TableClassChoice>,
    /// When the class was changed: as many of the last times as bound the next one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_changes_ms: Vec<u64>,
    /// The newest stream, enabled or not.
    #[serde(default)]
    pub stream: Option<Stream>,
    /// Disabled streams before the newest one, for as long as they can be read.
    #[serde(default)]
    pub past_streams: Vec<Stream>,
    #[serde(default)]
    pub log: ChangeLog,
    #[serde(default)]
    pub kinesis: KinesisDestinations,
    #[serde(default)]
    pub encryption: Option<Encryption>,
    #[serde(default)]
    pub time_to_live: TimeToLive,
    #[serde(default)]
    pub recovery: Option<PointInTimeRecovery>,
    /// Whether the log may have an archive, of point-in-time recovery.
    #[serde(default, skip_serializing_if = "is_false")]
    pub archived: bool,
    /// Of a backup, which is no table that callers can name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// While it is being filled: the table is Creating then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
    /// As `restore`, from objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,
    /// Of a table that is in a global table, or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<Replication>,
    /// None if it was never enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contributor_insights: Option<ContributorInsights>,
    /// How long a state lasts that was made slow for a test: the table is Creating, Updating or Deleting until then at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_until_ms: Option<u64>,
    /// The last change of warm throughput that was made slow for a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_change: Option<WarmChange>,
    #[serde(default)]
    pub resource_policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_policy_revision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_policy_principals: Option<PrincipalIds>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Definition {
    /// Decodes a row.
    ///
    /// # Errors
    /// If the row has no format that this program reads.
    pub fn read(row: &[u8]) -> Result<Definition, OpenError> {
        let malformed = |text: String| OpenError::Malformed(format!("a table's definition cannot be read: {text}"));
        let definition: Definition = serde_json::from_slice(row).map_err(|error| malformed(error.to_string()))?;
        match definition.undefined_key() {
            None => Ok(definition),
            Some(name) => Err(malformed(definition.without_key(name))),
        }
    }

    /// As [`Definition::read`], of a row with this key behind the prefix of its kind: the row of another table would give a table the
    /// items of that one.
    ///
    /// # Errors
    /// As for [`Definition::read`], and if it is the row of another table.
    pub fn read_at(key: &[u8], row: &[u8]) -> Result<Definition, OpenError> {
        let definition = Definition::read(row)?;
        match definition.table_id.to_be_bytes()[..] == *key {
            true => Ok(definition),
            false => Err(OpenError::Malformed(format!(
                "the definition of table {} is in another one's row",
                definition.name
            ))),
        }
    }

    /// Encodes a row. Every definition that is written is encoded here, which checks its invariants: a row that breaks one would
    /// end every node that reads it, or let writes bypass the log.
    ///
    /// # Errors
    /// If an invariant does not hold: a bug, and nothing is written.
    pub fn encode(&self) -> Result<Vec<u8>, Exception> {
        self.check().map_err(|broken| Exception::internal(format!("table {} is not written: {broken}", self.name)))?;
        serde_json::to_vec(self).map_err(|error| Exception::internal(error.to_string()))
    }

    /// Checks the invariants of a definition; the error is about the first that does not hold.
    fn check(&self) -> Result<(), String> {
        match self.undefined_key() {
            Some(name) => Err(self.without_key(name)),
            None if !self.has_indexes_apart() => Err("two of its indexes have one id, or a next one's".to_owned()),
            None if !self.log.covers_all_hashes() => Err("its open shards do not share all hashes".to_owned()),
            None => Ok(()),
        }
    }

    /// No two indexes share an id, and no later index gets the id of one that exists: rows of different indexes never mix.
    fn has_indexes_apart(&self) -> bool {
        let mut ids: Vec<u32> = self.local_indexes.iter().chain(&self.global_indexes).map(|index| index.id).collect();
        ids.extend(self.time_to_live.index.iter().chain(&self.time_to_live.dropping));
        ids.sort_unstable();
        ids.windows(2).all(|pair| pair[0] < pair[1]) && ids.last().is_none_or(|last| *last < self.next_index_id)
    }

    pub fn without_key(&self, name: &str) -> String {
        format!("table {} does not define its key {name}", self.name)
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:dynamodb:{}:{}:table/{}", self.region, self.account, self.name)
    }

    pub fn place(&self) -> Place<'_> {
        Place { account: &self.account, region: &self.region, name: &self.name }
    }

    /// The table's own policy. The revision of a policy that came with CreateTable is the table's creation time.
    pub fn policy(&self) -> Option<AttachedPolicy> {
        let document = self.resource_policy.clone()?;
        let revision = self.resource_policy_revision.clone().unwrap_or_else(|| self.created_ms.to_string());
        Some(AttachedPolicy { document, revision, principals: self.resource_policy_principals.clone() })
    }

    pub fn set_policy(&mut self, policy: Option<AttachedPolicy>) {
        self.resource_policy_principals = policy.as_ref().and_then(|policy| policy.principals.clone());
        let (document, revision) = policy.map(|policy| (policy.document, policy.revision)).unzip();
        (self.resource_policy, self.resource_policy_revision) = (document, revision);
    }

    /// All streams, the newest last.
    /// Whether data may be read and written.
    pub fn is_usable(&self) -> bool {
        matches!(self.status, TableStatus::Active | TableStatus::Updating)
    }

    pub fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.past_streams.iter().chain(&self.stream)
    }

    pub fn stream_named(&self, label: &str) -> Option<&Stream> {
        self.streams().find(|stream| stream.label == label)
    }

    pub fn stream_named_mut(&mut self, label: &str) -> Option<&mut Stream> {
        self.past_streams.iter_mut().chain(&mut self.stream).find(|stream| stream.label == label)
    }

    pub fn is_on_demand(&self) -> bool {
        self.billing == Billing::OnDemand
    }

    /// Whether Contributor Insights is enabled, for the table or for one of its global indexes.
    pub fn has_insights(&self) -> bool {
        let indexes = self.global_indexes.iter().map(|index| index.contributor_insights);
        indexes.chain([self.contributor_insights]).flatten().any(|insights| insights.is_enabled)
    }

    pub fn global_index_mut(&mut self, name: &str) -> Option<&mut IndexDefinition> {
        self.global_indexes.iter_mut().find(|index| index.name == name)
    }

    pub fn index_names(&self) -> impl Iterator<Item = &str> {
        self.local_indexes.iter().chain(&self.global_indexes).map(|index| index.name.as_str())
    }

    /// Reduces the definition to what readers of a deleted table's streams need.
    pub fn cut_to_streams(self) -> Definition {
        let mut cut = Definition {
            table_id: self.table_id,
            account: self.account,
            region: self.region,
            name: self.name,
            uuid: self.uuid,
            created_ms: self.created_ms,
            status: self.status,
            attributes: self.attributes,
            key: self.key,
            stream: self.stream,
            past_streams: self.past_streams,
            log: ChangeLog { next_shard: self.log.next_shard, unknown: self.log.unknown, ..ChangeLog::default() },
            unknown: self.unknown,
            ..Definition::default()
        };
        cut.prune_attributes();
        cut
    }

    /// Removes the attribute definitions that no key uses any more.
    pub fn prune_attributes(&mut self) {
        let used: BTreeSet<String> = self.key_names().cloned().collect();
        self.attributes.retain(|attribute| used.contains(&attribute.name));
    }

    /// An attribute that a key needs and that has no type. This program writes no definition with one.
    pub fn undefined_key(&self) -> Option<&String> {
        self.key_names().find(|name| self.attributes.iter().all(|attribute| attribute.name != **name))
    }

    /// The attributes of all keys, of the table and of its indexes.
    fn key_names(&self) -> impl Iterator<Item = &String> {
        let indexes = self.local_indexes.iter().chain(&self.global_indexes);
        self.key.names().chain(indexes.flat_map(|index| index.key.names()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum TableStatus {
    Creating,
    #[default]
    Active,
    Updating,
    Deleting,
    /// A backup. Programs that do not know backups cannot read the definition, and so do not open a database with one.
    Backup,
}

/// Warm throughput that is described as it was until a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WarmChange {
    pub until_ms: u64,
    pub former: WarmThroughput,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum IndexStatus {
    Creating,
    #[default]
    Active,
    Updating,
    Deleting,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AttributeDefinition {
    pub name: String,
    pub key_type: KeyType,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum KeyType {
    S,
    N,
    B,
}

impl From<KeyType> for model::KeyType {
    fn from(own: KeyType) -> model::KeyType {
        match own {
            KeyType::S => model::KeyType::S,
            KeyType::N => model::KeyType::N,
            KeyType::B => model::KeyType::B,
        }
    }
}

/// A key schema by name; the types are in the attribute definitions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KeyNames {
    pub hash: Vec<String>,
    pub range: Vec<String>,
}

impl KeyNames {
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.hash.iter().chain(&self.range)
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Projection {
    #[default]
    All,
    KeysOnly,
    /// The keys and these.
    Include(Vec<String>),
}

impl Projection {
    /// The attributes that are projected by name.
    pub fn named(&self) -> &[String] {
        match self {
            Projection::Include(names) => names,
            Projection::All | Projection::KeysOnly => &[],
        }
    }
}

/// A secondary index. The settings of throughput are a global index's only.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct IndexDefinition {
    pub id: u32,
    pub name: String,
    pub key: KeyNames,
    pub projection: Projection,
    pub status: IndexStatus,
    #[serde(default)]
    pub provisioned: Option<Provisioned>,
    #[serde(default)]
    pub changes: ThroughputChanges,
    #[serde(default)]
    pub on_demand_max: OnDemandMax,
    #[serde(default)]
    pub warm: Option<WarmThroughput>,
    /// Of a global index, if it was ever enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contributor_insights: Option<ContributorInsights>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// Contributor Insights of a table or of a global index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ContributorInsights {
    pub is_enabled: bool,
    pub mode: InsightsMode,
    /// When it was last enabled: the names of its rules have it.
    pub enabled_ms: u64,
    pub updated_ms: u64,
}

impl ContributorInsights {
    /// Whether keys are counted by what is consumed.
    pub fn counts_accesses(self) -> bool {
        self.is_enabled && self.mode == InsightsMode::AccessedAndThrottled
    }
}

/// The keys that are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum InsightsMode {
    #[default]
    AccessedAndThrottled,
    Throttled,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Billing {
    Provisioned {
        read_units: i64,
        write_units: i64,
    },
    #[default]
    OnDemand,
}

impl Billing {
    pub fn provisioned(self) -> Option<Provisioned> {
        match self {
            Billing::Provisioned { read_units, write_units } => Some(Provisioned { read_units, write_units }),
            Billing::OnDemand => None,
        }
    }
}

impl From<Provisioned> for Billing {
    fn from(units: Provisioned) -> Billing {
        Billing::Provisioned { read_units: units.read_units, write_units: units.write_units }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Provisioned {
    pub read_units: i64,
    pub write_units: i64,
}

/// When provisioned throughput was last changed, and how often it was lowered today.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ThroughputChanges {
    pub increased_ms: Option<u64>,
    pub decreased_ms: Option<u64>,
    /// Decreases on the day (UTC) of `decreased_ms`.
    pub decreases: i64,
}

/// Upper bounds of on-demand throughput; `None` is no bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OnDemandMax {
    pub read_units: Option<i64>,
    pub write_units: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WarmThroughput {
    pub read_units: i64,
    pub write_units: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TableClass {
    Standard,
    InfrequentAccess,
}

impl From<api::TableClass> for TableClass {
    fn from(asked: api::TableClass) -> TableClass {
        match asked {
            api::TableClass::Standard => TableClass::Standard,
            api::TableClass::StandardInfrequentAccess => TableClass::InfrequentAccess,
        }
    }
}

/// A table class that a request chose, and when it was last changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TableClassChoice {
    pub class: TableClass,
    pub changed_ms: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StreamView {
    KeysOnly,
    NewImage,
    OldImage,
    NewAndOldImages,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// The time it was enabled, in the format of its ARN.
    pub label: String,
    pub view: StreamView,
    pub enabled: bool,
    #[serde(default)]
    pub created_ms: u64,
    #[serde(default)]
    pub disabled_ms: Option<u64>,
    /// The log's shards that are the stream's: from this one on.
    #[serde(default)]
    pub first_shard: u32,
    /// The first shard after the stream's last one.
    #[serde(default)]
    pub end_shard: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<AttachedPolicy>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Stream {
    /// Whether it is enabled, or was disabled less than a day ago.
    pub fn can_be_read(&self, now_ms: u64) -> bool {
        let is_over = |since_ms: u64| since_ms.saturating_add(STREAM_RETENTION_MS) <= now_ms;
        self.enabled || self.disabled_ms.is_some_and(|since_ms| !is_over(since_ms))
    }
}

/// The Kinesis streams that a table's changes are delivered to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KinesisDestinations {
    /// No number is used twice.
    pub next: u32,
    /// In the order in which they were first enabled.
    pub all: Vec<KinesisDestination>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KinesisDestination {
    /// A new number each time that it is enabled.
    pub number: u32,
    pub stream_arn: String,
    pub status: DestinationStatus,
    /// None if no request has chosen one: it is not described then, and changes have milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Why it could not be enabled.
    #[serde(default)]
    pub problem: Option<String>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DestinationStatus {
    Enabling,
    Active,
    Disabling,
    Disabled,
    EnableFailed,
}

impl DestinationStatus {
    /// Whether it needs the table's log.
    pub fn is_on(self) -> bool {
        matches!(self, DestinationStatus::Enabling | DestinationStatus::Active)
    }
}

/// The precision of the time of a change, as it is delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Precision {
    #[default]
    Millisecond,
    Microsecond,
}

/// The shards of the table's log that are written; what readers need of a shard is in a row of its own.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ChangeLog {
    /// No number is used twice.
    pub next_shard: u32,
    /// The shards that writers append to, ordered by their first hashes, which begin with 0. Empty if the log has no active
    /// consumer.
    pub open: Vec<OpenShard>,
    /// Shards that are not open any more, and have no end yet.
    pub closing: Vec<u32>,
    /// Logs that continue in a new shard, which does not exist yet.
    #[serde(default)]
    pub rolling: Vec<Roll>,
    /// Whether other nodes may not know of an open shard yet.
    #[serde(default)]
    pub opening: bool,
    /// Those that no other setting of the table implies; all are in [`Definition::log_consumers`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<LogConsumer>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// The roll of a log's shard: it ends at a mark, and one or two children begin behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Roll {
    /// By the log's first shard.
    pub log: u32,
    pub parent: u32,
    pub child: u32,
    /// A position before the mark.
    pub from: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// The split of a shard: a second child takes over a part of the hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Split {
    pub sibling: u32,
    /// The first hash that is the sibling's.
    pub at: u64,
}

impl ChangeLog {
    /// Every write of a followed table finds exactly one open shard: the first one begins with the least hash, and each next
    /// one with a greater one. No later shard gets the number of an existing one.
    fn covers_all_hashes(&self) -> bool {
        let from: Vec<u64> = self.open.iter().map(|shard| shard.from_hash).collect();
        from.first().is_none_or(|first| *first == 0)
            && from.windows(2).all(|pair| pair[0] < pair[1])
            && self.open.iter().all(|shard| shard.number < self.next_shard)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenShard {
    /// The first shard of its log, by which the log is named.
    pub number: u32,
    /// The first hash of a partition key that is this shard's: its first 8 bytes, big-endian.
    pub from_hash: u64,
}

/// Encryption with a key of KMS; without it, tables are encrypted with a key of the service's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Encryption {
    pub key_arn: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TimeToLive {
    /// The attribute, if it is enabled.
    pub attribute: Option<String>,
    /// The index of the table's items by their expiry.
    #[serde(default)]
    pub index: Option<u32>,
    /// Whether all items are in it.
    #[serde(default)]
    pub built: bool,
    /// Such indexes that are not maintained any more; their rows are to be deleted.
    #[serde(default)]
    pub dropping: Vec<u32>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PointInTimeRecovery {
    pub enabled_ms: u64,
    pub period_days: i32,
}
