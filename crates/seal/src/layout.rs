//! Where the secrets stand in keys, and which values the engine below has to read: all that this crate knows of those above
//! and below it.
//!
//! Keys are sealed here because an engine has no place yet where its blocks could be ([fjall's issue 224]). Once it has, keys
//! can stay as they are, and this module goes, with [`order`](crate::order).
//!
//! [fjall's issue 224]: https://github.com/fjall-rs/fjall/issues/224
//!
//! | family | plain | sealed, from its beginning to the key's end |
//! |---|---|---|
//! | items | table id (8) · h16 (16) | sort key |
//! | index rows | table id (8) · index id (4) · h16 (16) | sort keys, the hash that tells rows apart |
//! | log | all: table id, shard, position | |
//! | catalog | table id (8) · kind (1), and all of the kinds whose keys hold nothing but ids and hashes | all of other kinds |
//!
//! The engine itself adds to tallies and to the heads of logs, so these values stay plain: how many rows and bytes there are,
//! and how many records. So do the heartbeats of nodes, which tools read without the keys: address and version.

use bytes::Bytes;
use storage::{Family, Key, TALLY_WIDTH};

const ITEMS_PLAIN: usize = 8 + 16;
const INDEX_PLAIN: usize = 8 + 4 + 16;
/// Table id, kind.
const CATALOG_PLAIN: usize = 8 + 1;
/// The name of a log: table id, shard.
const LOG_NAME: usize = 8 + 4;
const POSITION: usize = size_of::<u64>();
const TALLY: usize = TALLY_WIDTH * size_of::<i64>();

/// The table id under which the catalog keeps what belongs to no table.
const DATABASE: [u8; 8] = [0; 8];
/// Kinds of the database's rows with nothing but numbers and random ids behind them.
const DATABASE_PLAIN: &[u8] = b"DNTRVMWY";
/// The same of a table's rows.
const TABLE_PLAIN: &[u8] = b"BCSP";
/// Tallies: items and bytes of a table, an index or an item collection.
const TABLE_TALLIES: &[u8] = b"CP";
const HEARTBEAT: u8 = b'M';
/// The kind of this crate's own rows.
pub(crate) const KEYS: u8 = b'Y';

/// The row that every database has.
pub(crate) fn database_settings() -> Key {
    Key::new(Family::Catalog, [&DATABASE[..], b"D"].concat())
}

/// The row of a table's key.
pub(crate) fn table_key(table: u64) -> Key {
    Key::new(Family::Catalog, [&DATABASE[..], &[KEYS], &table.to_be_bytes()].concat())
}

/// The table of such a row.
pub(crate) fn table_of_key(key: &Key) -> Option<u64> {
    let rest = (key.family == Family::Catalog).then(|| key.bytes.strip_prefix(&DATABASE)?.strip_prefix(&[KEYS]))??;
    rest.try_into().ok().map(u64::from_be_bytes)
}

/// The row that the sweep of old data keys writes, and nobody reads.
pub(crate) fn sweep_mark() -> Key {
    Key::new(Family::Catalog, [&DATABASE[..], &[KEYS], b"S"].concat())
}

/// Where data keys stand, and other rows of this crate beside them.
pub(crate) fn own_rows() -> Bytes {
    Bytes::from([&DATABASE[..], &[KEYS]].concat())
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
        match family {
            Family::Items => ITEMS_PLAIN,
            Family::Index => INDEX_PLAIN,
            Family::Log => usize::MAX,
            Family::Catalog => match kind(key) {
                Some(kind) if !self.by_size && plain_kinds(key).contains(&kind) => usize::MAX,
                _ => CATALOG_PLAIN,
            },
        }
    }

    /// Whether a value is the engine's own business, and plain.
    pub(crate) fn is_plain_value(self, family: Family, key: &[u8], value: &[u8]) -> bool {
        match family {
            Family::Items | Family::Index => false,
            Family::Log if self.by_size => value.len() == POSITION,
            Family::Log => key.len() == LOG_NAME,
            Family::Catalog if self.by_size => value.len() == TALLY,
            Family::Catalog if key.starts_with(&DATABASE) => matches!(kind(key), Some(HEARTBEAT | KEYS)),
            Family::Catalog => kind(key).is_some_and(|kind| TABLE_TALLIES.contains(&kind)),
        }
    }
}

fn kind(key: &[u8]) -> Option<u8> {
    key.get(DATABASE.len()).copied()
}

fn plain_kinds(key: &[u8]) -> &'static [u8] {
    if key.starts_with(&DATABASE) { DATABASE_PLAIN } else { TABLE_PLAIN }
}

/// The log of a record, by the record's key.
pub(crate) fn log_of(key: &[u8]) -> &[u8] {
    &key[..key.len().saturating_sub(POSITION)]
}
