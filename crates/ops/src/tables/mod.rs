//! Tables: their definitions, as rows store them and as requests create, change and describe them. Nothing here reads or
//! writes a row; `catalog` holds the existing tables.

mod definition;
mod describe;
mod hash_order;
pub(crate) mod hash_range;
mod index_state;
mod log_consumer;
mod name;
mod open_shards;
mod resource_policy;
mod schema;
mod settings;
mod table;
pub(crate) mod throughput;

use api::Exception;

pub(crate) use definition::*;
pub(crate) use describe::{Shown, TABLE, Tallies, description, key_schema, stream_view, timestamp};
pub(crate) use hash_range::HashRange;
pub(crate) use index_state::IndexState;
pub use log_consumer::{ConsumerNeeds, ConsumerState, LogConsumer, Retention, Start};
pub use name::canonical_arn;
pub(crate) use name::{NameUse, Place, TableArn, table_place};
pub(crate) use resource_policy::{AttachedPolicy, PolicyOf, check_resource_policy};
pub(crate) use schema::{NewIndex, NewSchema, attribute_definitions, check_projections, invalid};
pub(crate) use settings::{
    STREAM_OF_NEW_TABLE, STREAM_OF_TABLE, check_tag_keys, check_tags, encryption, new_stream, not_before,
};
pub(crate) use table::{Index, IndexKind, Table, TimeIndex};
pub(crate) use throughput::{IndexThroughput, TableThroughput};

/// The refusal of a setting that is not implemented.
pub(crate) fn not_built(member: &str) -> Exception {
    Exception::validation(format!("{member} is not built yet in this version of Stator"))
}

pub(crate) fn being_deleted(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table is being deleted: {name}"
    ))
}

pub(crate) fn being_updated(name: &str) -> Exception {
    Exception::ResourceInUse(format!(
        "Attempt to change a resource which is still in use: Table is being updated: {name}"
    ))
}
