//! What each operation means: one file an operation.
//!
//! `write.rs` is the one write path and `read.rs` the one page loop; `catalog` keeps the tables. This crate speaks
//! typed requests and responses and knows neither HTTP nor JSON, nor which engine it stands on.

pub mod allowance;
mod batch_execute_statement;
mod batch_get_item;
mod batch_write_item;
mod capacity;
mod catalog;
mod catalog_rows;
mod change;
mod change_log;
mod continuous_backups;
mod create_table;
mod delete_item;
mod delete_table;
mod describe_endpoints;
mod describe_limits;
mod describe_stream;
mod describe_table;
mod documents;
mod event_source_mapping;
mod execute_statement;
mod execute_transaction;
mod expiry;
mod failure;
mod fingerprint;
#[cfg(test)]
mod fixture;
pub mod follow;
mod get_item;
mod get_records;
mod get_shard_iterator;
mod item_key;
mod key_range;
mod kinesis_streaming_destination;
mod lag;
mod list_streams;
mod list_tables;
mod nodes;
mod parameters;
mod partiql;
mod permission;
mod principal_directory;
mod put_item;
mod query;
mod read;
mod resource_policy;
mod returned;
mod rows;
mod scan;
mod select;
mod service;
mod start_key;
mod stream;
mod table_keys;
mod tag_resource;
mod time_to_live;
mod tokens;
mod transact_get_items;
mod transact_write_items;
mod transaction;
mod update_item;
mod update_table;
mod write;

pub use change_log::ShardSettings;
pub use documents::{Collection, DocumentChange, Documents};
pub use event_source_mapping::StreamSource;
pub use kinesis_streaming_destination::KinesisDestination;
pub use lag::{BackgroundStats, LogSize, TableLag};
pub use nodes::{NodeReport, NodeSettings, list_nodes, until_silent};
pub use permission::{Asks, NamedResource, RequestFacts, ResourceAccess, StreamReader};
pub use principal_directory::{PrincipalDirectory, Unresolved};
pub use service::{OpenError, Service, Settings};
pub use table_keys::{TableKey, TableKeys};
