//! The operations of DynamoDB: one file an operation.
//!
//! This crate speaks typed requests and responses and knows neither HTTP nor JSON, nor which engine stores its rows. Below it are
//! `tables` (definitions and the layout of rows), `change_log` (records and shards) and `cluster` (the catalog and the nodes). Its
//! modules use those of lower layers, and never each other in a circle; lowest first:
//!
//! 1. The mutation of one item: `change`, with its rows of indexes (`index_rows`), its `capacity`, the limits of that
//!    (`throttle`), and the keys that it counts for (`contributors`). The rules of faults for tests (`faults`). What a read returns
//!    (`select`), and which reads an index can answer (`coverage`).
//! 2. State in memory: `tokens`; the providers that the program sets (`table_keys`, `principal_directory`); the log's lines about
//!    damaged rows (`damage_log`). The files of imports' errors (`import_errors`), and the store of archives (`archive_store`). Whether the clock has jumped (`clock_watch`).
//! 3. `service`, which holds all of these, the catalog and the node.
//! 4. The records of imports and exports (`transfers`). The report of damaged rows (`damage_report`). Background work (`table_work`, `log_work`, `expiry_work`, `node_work`,
//!    `token_sweep`), the one write path (`write`, `transaction`), the one read path (`read`), the one charge point of both
//!    (`charge_point`), the one point of faults (`fault_point`), consumers of logs (`follow`, `stream`).
//! 5. `permission` and the operations, one file each.
//! 6. `gate`, the one way to them.

pub mod allowance;
mod archive_store;
mod backup;
mod batch_execute_statement;
mod batch_get_item;
mod batch_write_item;
mod bucket_access;
mod bulk_put;
mod capacity;
mod change;
mod charge_point;
mod clock_watch;
mod consumed;
mod continuous_backups;
mod contributor_insights;
mod contributors;
mod coverage;
mod create_table;
mod damage_log;
mod damage_report;
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
mod expiry_work;
mod export;
mod fault_point;
pub mod faults;
mod filling;
mod fingerprint;
pub mod follow;
mod gate;
mod get_item;
mod get_records;
mod get_shard_iterator;
mod import;
mod import_errors;
mod index_choice;
mod index_rows;
mod key_schema;
mod kinesis_streaming_destination;
mod lag_report;
mod legacy_global_tables;
mod list_streams;
mod list_tables;
mod log_work;
mod measure_point;
mod measures;
mod node_work;
mod object_layout;
mod object_source;
mod object_tries;
mod parameters;
mod partiql;
mod permission;
mod policy_principals;
mod principal_directory;
mod put_item;
mod query;
mod read;
mod recovery;
mod replica_auto_scaling;
mod replication;
mod resource_policy;
mod returned;
mod row_check;
mod scalable_tables;
mod scan;
mod segment;
mod select;
mod service;
#[cfg(test)]
mod simulation;
mod start_key;
mod stream;
mod table_description;
mod table_encryption;
mod table_keys;
mod table_work;
mod tag_resource;
#[cfg(test)]
mod tests;
mod throttle;
mod time_to_live;
mod token_sweep;
mod tokens;
mod transact_get_items;
mod transact_write_items;
mod transaction;
mod transfers;
mod transition;
mod update_item;
mod update_table;
mod validation;
mod write;

pub use archive_store::ArchiveStore;
pub use change_log::ShardSettings;
pub use change_log::lag::{BackgroundStats, LogSize, TableLag};
pub use cluster::catalog::Quotas;
pub use cluster::nodes::{NodeId, NodeReport, NodeSettings, list_nodes, until_silent};
pub use documents::{AUTH_KEY_DOCUMENT, DocumentChange, Documents};
pub use event_source_mapping::StreamSource;
pub use gate::{Call, Permitted, call};
pub use import_errors::ImportErrors;
pub use kinesis_streaming_destination::KinesisDestination;
pub use permission::{Asks, StreamReader};
pub use principal_directory::{PrincipalDirectory, Unresolved};
pub use replication::{ReplicaDestination, Replicated};
pub use row_check::{RowReport, check_rows};
pub use service::{Service, Settings};
pub use table_keys::{TableKey, TableKeys};
pub use tables::canonical_arn;
pub use tables::failure::OpenError;
pub use tables::rows::Collection;
pub use throttle::ThrottleStats;
