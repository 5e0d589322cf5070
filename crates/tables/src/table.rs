//! A table as the data plane sees it: an immutable snapshot of its definition, with resolved key schemas.
//!
//! Every change of a definition publishes a new [`Table`]; an operation works on the one it found, and background work
//! waits until no request uses the old one before it relies on the new one (see `catalog`).

use std::sync::Arc;

use api::Exception;
use auth::iam::Policy;
use model::{KeyAttribute, KeySchema};

use super::buckets::Buckets;
use super::definition::{
    ContributorInsights, Definition, IndexDefinition, IndexStatus, KeyNames, Projection, Stream, TimeToLive,
};
use super::open_shards::OpenShards;
use super::resource_policy::{AttachedPolicy, stored_policy};
use super::stamps::Stamps;

/// A table that can be read and written.
#[derive(Debug)]
pub struct Table {
    pub definition: Definition,
    /// The approximate memory of the table beside its row. Unit: bytes.
    pub held_bytes: usize,
    pub arn: String,
    pub key: KeySchema,
    /// Every index that writes must maintain: local ones first, then global ones, those being built included.
    pub indexes: Vec<Index>,
    /// With time to live, the index of items by their expiry.
    pub times: Option<TimeIndex>,
    pub stamps: Stamps,
    /// Whether Contributor Insights is enabled, for the table or for one of its global indexes.
    pub has_insights: bool,
    /// Shared with the tables that this one replaces.
    pub log: Arc<OpenShards>,
    /// Shared likewise.
    pub buckets: Arc<Buckets>,
    /// The table's resource-based policy.
    pub policy: Option<Arc<Policy>>,
    /// Those of its streams, by label.
    pub stream_policies: Vec<(String, Arc<Policy>)>,
}

/// One secondary index of a [`Table`].
#[derive(Debug)]
pub struct Index {
    /// Never used twice in the table, so that a new index never has rows of a deleted one.
    pub id: u32,
    pub name: String,
    pub kind: IndexKind,
    pub key: KeySchema,
    pub projection: Projection,
    pub status: IndexStatus,
    pub insights: Option<ContributorInsights>,
}

/// A table's items by their expiry.
#[derive(Debug)]
pub struct TimeIndex {
    pub id: u32,
    pub attribute: String,
    /// Whether it still lacks items from before it.
    pub is_building: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexKind {
    Local,
    Global,
}

/// The memory of a table beside its row: its definition, and the snapshot that is made of it. Measured against the process's
/// resident memory with tables of one key, with tables of 20 indexes and 50 tags with long names, and with policies of the
/// shortest possible patterns. Unit: bytes.
fn held_bytes(definition: &Definition) -> usize {
    let row = definition.encode().map_or(0, |row| row.len());
    let of_streams = definition.streams().filter_map(|stream| stream.policy.as_ref()).map(|policy| &policy.document);
    let policies: usize = definition.resource_policy.iter().chain(of_streams).map(String::len).sum();
    TABLE_BYTES + row * DECODED_TENTHS / 10 + policies * PARSED_POLICY
}

const TABLE_BYTES: usize = 512;
const DECODED_TENTHS: usize = 17;
const PARSED_POLICY: usize = 50;

fn times(settings: &TimeToLive) -> Option<TimeIndex> {
    let (id, attribute) = (settings.index?, settings.attribute.clone()?);
    Some(TimeIndex { id, attribute, is_building: !settings.built })
}

fn table_policy(definition: &Definition) -> Option<Policy> {
    stored_policy(definition.resource_policy.as_deref()?, definition.resource_policy_principals.as_ref())
}

fn stream_policy(stream: &Stream) -> Option<(String, Arc<Policy>)> {
    let AttachedPolicy { document, principals, .. } = stream.policy.as_ref()?;
    let policy = stored_policy(document, principals.as_ref())?;
    Some((stream.label.clone(), Arc::new(policy)))
}

impl Table {
    /// # Errors
    /// If the definition does not define one of its keys: no request makes such a definition, and no row has one.
    pub fn new(definition: Definition) -> Result<Table, Exception> {
        let schema = |names: &KeyNames| {
            let (hash, range) = (&names.hash, &names.range);
            let (hash, range) = (key_attributes(&definition, hash)?, key_attributes(&definition, range)?);
            Ok::<_, Exception>(KeySchema { hash, range })
        };
        let index = |kind| {
            move |index: &IndexDefinition| {
                Ok(Index {
                    id: index.id,
                    name: index.name.clone(),
                    kind,
                    key: schema(&index.key)?,
                    projection: index.projection.clone(),
                    status: index.status,
                    insights: index.contributor_insights,
                })
            }
        };
        let local = definition.local_indexes.iter().map(index(IndexKind::Local));
        // An index that is being deleted is no longer maintained; its rows are deleted in the background.
        let kept = |index: &&IndexDefinition| index.status != IndexStatus::Deleting;
        let global = definition.global_indexes.iter().filter(kept).map(index(IndexKind::Global));
        Ok(Table {
            arn: definition.arn(),
            key: schema(&definition.key)?,
            indexes: local.chain(global).collect::<Result<_, Exception>>()?,
            times: times(&definition.time_to_live),
            stamps: Stamps::of(&definition),
            has_insights: definition.has_insights(),
            log: Arc::new(OpenShards::new(definition.log.open.clone())),
            buckets: Arc::default(),
            policy: table_policy(&definition).map(Arc::new),
            stream_policies: definition.streams().filter_map(stream_policy).collect(),
            held_bytes: held_bytes(&definition),
            definition,
        })
    }

    pub fn id(&self) -> u64 {
        self.definition.table_id
    }

    pub fn name(&self) -> &str {
        &self.definition.name
    }

    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// Whether data may be read and written.
    pub fn is_usable(&self) -> bool {
        self.definition.is_usable()
    }

    pub fn has_local_indexes(&self) -> bool {
        !self.definition.local_indexes.is_empty()
    }
}

impl Index {
    /// Whether queries and scans may use the index: one that is being built has only a part of its rows.
    pub fn is_readable(&self) -> bool {
        matches!(self.status, IndexStatus::Active | IndexStatus::Updating)
    }

    /// Whether this index's rows contain an attribute of the table.
    pub fn projects(&self, table: &Table, name: &str) -> bool {
        match &self.projection {
            Projection::All => true,
            Projection::KeysOnly => self.is_key(table, name),
            Projection::Include(names) => self.is_key(table, name) || names.iter().any(|own| own == name),
        }
    }

    fn is_key(&self, table: &Table, name: &str) -> bool {
        self.key.contains(name) || table.key.contains(name)
    }
}

fn key_attributes(definition: &Definition, names: &[String]) -> Result<Vec<KeyAttribute>, Exception> {
    let of = |name: &String| {
        let attribute = definition.attributes.iter().find(|own| own.name == *name);
        let attribute = attribute.ok_or_else(|| Exception::internal(definition.without_key(name)))?;
        Ok(KeyAttribute { name: name.clone(), key_type: attribute.key_type.into() })
    };
    names.iter().map(of).collect()
}
