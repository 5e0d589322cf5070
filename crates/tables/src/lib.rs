//! Tables: their definitions, as rows store them and as requests create, change and describe them; and the layout of their
//! rows: keys of items and indexes (`rows`, `item_key`), ranges of them (`key_range`). Nothing here writes a row; `cluster`'s
//! catalog holds the existing tables.

mod backup;
pub mod buckets;
pub mod catalog_rows;
mod change_budget;
mod definition;
mod describe;
pub mod expiry;
pub mod failure;
#[cfg(any(test, feature = "test-util"))]
pub mod fixture;
mod hash_order;
pub mod hash_range;
mod import;
mod index_state;
pub mod item_key;
pub mod key_range;
mod kinesis;
mod log_consumer;
mod name;
mod open_shards;
mod replication;
mod resource_policy;
pub mod rows;
mod schema;
mod settings;
mod stamps;
mod table;
pub mod throughput;

use api::Exception;

pub use backup::{Backup, BackupKind, FillPhase, Filling, LogPosition, Moment, Restore};
pub use definition::*;
pub use describe::{
    Shown, TABLE, Tallies, description, key_schema, on_demand, projection, replica, stream_view, timestamp,
};
pub use hash_range::HashRange;
pub use import::Import;
pub use index_state::IndexState;
pub use log_consumer::{ConsumerNeeds, ConsumerState, LogConsumer, Retention, Start};
pub use name::canonical_arn;
pub use name::{NameUse, Place, TableArn, table_place};
pub use open_shards::OpenShards;
pub use replication::{GroupVersion, IndexOverrides, Member, MemberStatus, Overrides, Replication};
pub use resource_policy::{AttachedPolicy, PolicyOf, check_resource_policy};
pub use schema::{NewIndex, NewSchema, attribute_definitions, check_projections, invalid, parse_projection};
pub use settings::{
    STREAM_OF_NEW_TABLE, STREAM_OF_TABLE, check_tag_keys, check_tags, encryption, new_stream, not_before, stream_label,
};
pub use stamps::{Stamps, TOMBSTONE_LIFE_MS, oldest_stamp};
pub use table::{Index, IndexKind, Table, TimeIndex};
pub use throughput::{IndexThroughput, TableThroughput};

/// The refusal of a setting that is not implemented.
pub fn not_built(member: &str) -> Exception {
    Exception::validation(format!("{member} is not built yet in this version of Stator"))
}

pub fn being_deleted(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table is being deleted: {name}"
    ))
}

pub fn not_found(name: &str) -> Exception {
    Exception::ResourceNotFound(format!("Requested resource not found: Table: {name} not found"))
}

pub fn being_created(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table is being created: {name}"
    ))
}

pub fn being_backed_up(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table is being backed up: {name}"
    ))
}

pub fn being_updated(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table is being updated: {name}"
    ))
}
