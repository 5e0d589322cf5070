//! The registry of rows: each kind of row that Stator stores, with the form of its key.
//!
//! A key is a partition and a rest ([`storage::Family::partition_size`]). Three families have one kind of row each; the kinds of
//! the catalog are declared in [`catalog`], and a key of the catalog is made from its kind alone, so that no kind is without a
//! declaration.
//!
//! | family | partition | rest |
//! |---|---|---|
//! | items | table id (8) · hash of the partition key (16) | sort key |
//! | index | table id (8) · index id (4) · hash of the index's partition key (16) | sort keys, and what distinguishes rows with equal index keys |
//! | index of expiries | table id (8) · index id (4) · second (8) · first half of the item's hash (8) | second half of the hash (8) · the item's sort key |
//! | log | table id (8) · first shard (4) | nothing: the head; or the position (8) of a record |
//! | archive of a log | table id (8) · 2³¹ + first shard (4) | the last position (8) of a segment |
//! | catalog | the key, up to 64 bytes | of a longer key, what is left |
//!
//! All integers are big-endian. Encryption, the columns of PostgreSQL, expiry, the check of rows and scans read the layout here.

mod catalog;
mod rows;

pub use catalog::{CatalogKey, DatabaseRow, KeyForm, TableRow, ValueForm, parse};
pub use rows::{
    CATALOG_HEAD_SIZE, HASH_SIZE, INDEX_ID_SIZE, TABLE_ID_SIZE, archive_name, archives_prefix, expiry_of_row,
    expiry_row, index_prefix, is_log_name, is_of_archive, item_of_expiry_row, item_partition, item_rest,
    item_without_table, log_name, table_of, table_prefix,
};
