//! What of keys and values stays plain: the layout of rows (crate `keyspace`) as encryption reads it.
//!
//! Keys are sealed here because an engine has no place yet where its blocks could be ([fjall's issue 224]). Once it has, keys
//! can stay as they are, and this module is removed, with [`order`](crate::order).
//!
//! [fjall's issue 224]: https://github.com/fjall-rs/fjall/issues/224
//!
//! | family | plain | sealed, from its beginning to the key's end |
//! |---|---|---|
//! | items, index rows | the partition | the rest |
//! | log | all | |
//! | catalog | table id and letter; all of a kind whose keys are ids ([`KeyForm::Ids`]) | the rest of other kinds |
//!
//! The engine itself adds to tallies and to the heads of logs, so these values stay plain: how many rows and bytes there are,
//! and how many records. So do those of kinds that say so ([`ValueForm::Plain`]).

use bytes::Bytes;
use keyspace::{CATALOG_HEAD_SIZE, CatalogKey, DatabaseRow, KeyForm, ValueForm};
use storage::{Family, Key, TALLY_WIDTH};

const POSITION: usize = size_of::<u64>();
const TALLY: usize = TALLY_WIDTH * size_of::<i64>();

/// The row that every database has.
pub(crate) fn database_settings() -> Key {
    DatabaseRow::Settings.key(&[])
}

/// The row of the keyring.
pub(crate) fn keyring() -> Key {
    DatabaseRow::Keys.key(&[])
}

/// The row of a data key.
pub(crate) fn data_key(id: u32) -> Key {
    DatabaseRow::Keys.key(&id.to_be_bytes())
}

/// The row of a table's key.
pub(crate) fn table_key(table: u64) -> Key {
    DatabaseRow::Keys.key(&table.to_be_bytes())
}

/// The table of such a row.
pub(crate) fn table_of_key(key: &Key) -> Option<u64> {
    match (key.family == Family::Catalog).then(|| keyspace::parse(&key.bytes))?? {
        CatalogKey::Database { kind: DatabaseRow::Keys, rest } => rest.try_into().ok().map(u64::from_be_bytes),
        _ => None,
    }
}

/// The prefix of the rows of data keys, and of other rows of this crate.
pub(crate) fn own_rows() -> Bytes {
    DatabaseRow::Keys.prefix()
}

#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Whether an engine's own values are known by their sizes alone, for tests that use keys of any kind.
    by_size: bool,
}

impl Layout {
    /// That of Stator's rows.
    pub const STATOR: Layout = Layout { by_size: false };
    /// For the contract of engines: a value of a tally's size in the catalog is one, of a head's size in the log likewise.
    pub const ANY: Layout = Layout { by_size: true };

    /// How many of a key's bytes stay as they are; all of a shorter key. Those bytes alone decide it.
    pub(crate) fn plain(self, family: Family, key: &[u8]) -> usize {
        let has_ids = || keyspace::parse(key).is_some_and(|key| key.key_form() == KeyForm::Ids);
        match family {
            Family::Items | Family::Index => family.partition_size(),
            Family::Log => usize::MAX,
            Family::Catalog if !self.by_size && has_ids() => usize::MAX,
            Family::Catalog => CATALOG_HEAD_SIZE,
        }
    }

    /// Whether a value is the engine's own business, and plain.
    pub(crate) fn is_plain_value(self, family: Family, key: &[u8], value: &[u8]) -> bool {
        match family {
            Family::Items | Family::Index => false,
            Family::Log if self.by_size => value.len() == POSITION,
            Family::Log => keyspace::is_log_name(key),
            Family::Catalog if self.by_size => value.len() == TALLY,
            Family::Catalog => keyspace::parse(key).is_some_and(|key| key.value_form() != ValueForm::Sealed),
        }
    }
}

/// The log of a record, by the record's key.
pub(crate) fn log_of(key: &[u8]) -> &[u8] {
    &key[..key.len().saturating_sub(POSITION)]
}
