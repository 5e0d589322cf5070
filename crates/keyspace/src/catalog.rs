//! The kinds of rows in the catalog: their letters, and what of them encryption leaves plain.
//!
//! The key of a database's row is `0 (8) · letter · rest`, that of a table's row `table id (8) · letter · rest`. Letters are stored:
//! one that was given is never given to another kind.

use bytes::Bytes;
use storage::{Family, Key};

use crate::rows::TABLE_ID_SIZE;

/// The table id of the database's own rows; no table has it.
const DATABASE: u64 = 0;

/// Whether the rest of a key has texts of users in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyForm {
    /// Ids, hashes and numbers alone: plain with encryption at rest as well.
    Ids,
    /// Texts: encryption seals the rest.
    Text,
}

/// How encryption treats a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueForm {
    Sealed,
    /// Without a secret, or sealed by its writer: it is read before there are keys, or by tools without them.
    Plain,
    /// A tally: the engine below adds to it, so it stays plain.
    Counter,
}

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$row:meta])* $kind:ident = $letter:literal, $key:ident, $value:ident;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$row])* $kind = $letter,)+
        }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$kind,)+];

            pub const fn key_form(self) -> KeyForm {
                match self {
                    $($name::$kind => KeyForm::$key,)+
                }
            }

            pub const fn value_form(self) -> ValueForm {
                match self {
                    $($name::$kind => ValueForm::$value,)+
                }
            }

            const fn of_letter(letter: u8) -> Option<$name> {
                match letter {
                    $($letter => Some($name::$kind),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Rows of the whole database, with the rests of their keys.
    DatabaseRow {
        /// The settings; no rest.
        Settings = b'D', Ids, Sealed;
        /// The next table's id; no rest.
        NextTableId = b'N', Ids, Sealed;
        /// A table's definition: table id (8).
        Definition = b'T', Ids, Sealed;
        /// What is left of a deleted table while its streams can be read: table id (8).
        Remains = b'R', Ids, Sealed;
        /// The count of changes of definitions; no rest.
        CatalogVersion = b'V', Ids, Sealed;
        /// A node's heartbeat: node id (16). Tools read its address and version without keys.
        Node = b'M', Ids, Plain;
        /// The owner of a table's background work: table id (8).
        Owner = b'W', Ids, Sealed;
        /// Event source mappings: nothing, the count of their changes; 'M' · id, a mapping; 'R' · id, its last result.
        Mappings = b'E', Text, Sealed;
        /// Identities: nothing, the count of their changes; 'M' · id, a user, role, access key and so on; 'R' · id, a key's last use.
        Identities = b'I', Text, Sealed;
        /// An idempotency token: operation (1) · account · 0 · region · 0 · token.
        Token = b'K', Text, Sealed;
        /// An import, an export or a bulk operation: kind (1) · hash of the account and the region (16) · id.
        Transfer = b'X', Ids, Sealed;
        /// The transfer of a client's token: kind (1) · hash of the account, the region and the token (16).
        TransferToken = b'Z', Ids, Sealed;
        /// The work of a transfer that is no table's, each with kind (1) · hash of the account and the region (16) · id: 'M', that there is
        /// some; 'O', its owner; 'R' · … · number (4), lines of its report or a file of it.
        TransferWork = b'Q', Ids, Sealed;
        /// Metrics: 'D' · hour (4) · series id (16) · process (8), what one process measured of a series; 'S' · account and region (8) · series id (16), a series;
        /// 'A' · account and region (8) · alarm id (16), an alarm; 'C' · account and region (8), how many there are; 'H' · account and region (8) ·
        /// alarm id (16) · number (8), an item of an alarm's history; 'I' · hour (4) · rule id (16) · minute (1) · process (8), the heaviest keys of a
        /// rule of Contributor Insights.
        Metric = b'G', Ids, Sealed;
        /// Application Auto Scaling: 'T' · account and region (8) · target id (16), a scalable target; 'C' · account and region (8), how many there
        /// are (the region `*` is all); 'A' · account and region (8) · target id (16) · number (8), a scaling activity.
        Scaling = b'S', Ids, Sealed;
        /// Lists of attribute names that DAX's clients name by numbers: 'N', the last number; 'A' · account (16), how many an account has;
        /// 'H' · account (16) · hash (16), a list's number; 'I' · account (16) · number (8), a list.
        AttributeList = b'L', Ids, Sealed;
        /// The folder of this database's archives in a store; no rest. A copy of the database has another one.
        ArchiveFolder = b'A', Ids, Sealed;
        /// What the layer that encrypts stores, sealed by itself: nothing, the keyring; data key id (4); table id (8), a table's key; 'S', of
        /// older programs, the sweep's own row.
        Keys = b'Y', Ids, Plain;
    }
}

kinds! {
    /// Rows of one table, with the rests of their keys.
    TableRow {
        /// The last item that the build of an index has passed: index id (4). The greatest id is that of the sweep of tombstones.
        IndexBuild = b'B', Ids, Sealed;
        /// Count and bytes: no rest, of the table's items; index id (4), of an index's rows.
        Tally = b'C', Ids, Counter;
        /// Count and bytes of an item collection: hash of the partition key (16).
        CollectionTally = b'P', Ids, Counter;
        /// A shard of the table's log: shard (4).
        Shard = b'S', Ids, Sealed;
        /// A consumer of the log: name · 0, that it has begun; name · 0 · shard (4), its position.
        Consumer = b'F', Text, Sealed;
        /// The node that runs a consumer: name.
        ConsumerOwner = b'O', Text, Sealed;
        /// The archive of point-in-time recovery: log (4), its state; log (4) · last position (8), a segment's header.
        Archive = b'A', Ids, Sealed;
    }
}

impl DatabaseRow {
    pub fn key(self, rest: &[u8]) -> Key {
        key(DATABASE, self as u8, rest)
    }

    /// What the keys of all rows of the kind begin with.
    pub fn prefix(self) -> Bytes {
        self.key(&[]).bytes
    }
}

impl TableRow {
    /// The row's key in the catalog; `table_id` is a table's.
    pub fn key(self, table_id: u64, rest: &[u8]) -> Key {
        debug_assert_ne!(table_id, DATABASE, "{self:?} is a table's row");
        key(table_id, self as u8, rest)
    }

    /// What the keys of all of a table's rows of the kind begin with.
    pub fn prefix(self, table_id: u64) -> Bytes {
        self.key(table_id, &[]).bytes
    }
}

fn key(table_id: u64, letter: u8, rest: &[u8]) -> Key {
    let mut bytes = Vec::with_capacity(TABLE_ID_SIZE + 1 + rest.len());
    bytes.extend_from_slice(&table_id.to_be_bytes());
    bytes.push(letter);
    bytes.extend_from_slice(rest);
    Key::new(Family::Catalog, bytes)
}

/// A key of the catalog, with the rest behind its kind's letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CatalogKey<'a> {
    Database { kind: DatabaseRow, rest: &'a [u8] },
    Table { table_id: u64, kind: TableRow, rest: &'a [u8] },
}

impl CatalogKey<'_> {
    pub fn key_form(&self) -> KeyForm {
        match self {
            CatalogKey::Database { kind, .. } => kind.key_form(),
            CatalogKey::Table { kind, .. } => kind.key_form(),
        }
    }

    pub fn value_form(&self) -> ValueForm {
        match self {
            CatalogKey::Database { kind, .. } => kind.value_form(),
            CatalogKey::Table { kind, .. } => kind.value_form(),
        }
    }
}

/// The kind of a key in the catalog; none if no kind that is declared has such keys.
pub fn parse(key: &[u8]) -> Option<CatalogKey<'_>> {
    let (table_id, rest) = key.split_first_chunk()?;
    let (letter, rest) = rest.split_first()?;
    Some(match u64::from_be_bytes(*table_id) {
        DATABASE => CatalogKey::Database { kind: DatabaseRow::of_letter(*letter)?, rest },
        table_id => CatalogKey::Table { table_id, kind: TableRow::of_letter(*letter)?, rest },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parsed_into_what_they_were_made_from() {
        for kind in DatabaseRow::ALL.iter().copied() {
            let key = kind.key(b"rest");
            assert_eq!(parse(&key.bytes), Some(CatalogKey::Database { kind, rest: b"rest" }));
            assert!(key.bytes.starts_with(&kind.prefix()));
        }
        for kind in TableRow::ALL.iter().copied() {
            let key = kind.key(7, b"rest");
            assert_eq!(parse(&key.bytes), Some(CatalogKey::Table { table_id: 7, kind, rest: b"rest" }));
            assert!(key.bytes.starts_with(&kind.prefix(7)));
        }
    }

    #[test]
    fn keys_of_no_kind_are_none() {
        for key in [&b""[..], &[0; 8], &[0, 0, 0, 0, 0, 0, 0, 0, b'B'], &[0, 0, 0, 0, 0, 0, 0, 1, b'D'], b"short"] {
            assert_eq!(parse(key), None, "{key:?}");
        }
    }

    /// Bytes as they are in stored databases: a change of one makes old folders unreadable.
    #[test]
    fn letters_are_as_they_are_stored() {
        let letters = |kinds: Vec<u8>| String::from_utf8(kinds).unwrap();
        assert_eq!(letters(DatabaseRow::ALL.iter().map(|kind| *kind as u8).collect()), "DNTRVMWEIKXZQGSLAY");
        assert_eq!(letters(TableRow::ALL.iter().map(|kind| *kind as u8).collect()), "BCPSFOA");
        assert_eq!(DatabaseRow::Definition.key(&[9]).bytes[..], [0, 0, 0, 0, 0, 0, 0, 0, b'T', 9]);
        assert_eq!(TableRow::Shard.key(258, &[9]).bytes[..], [0, 0, 0, 0, 0, 0, 1, 2, b'S', 9]);
    }

    /// What encryption leaves plain, as it is stored: a kind that changed its form could not be read any more.
    #[test]
    fn forms_are_as_they_are_stored() {
        let plain_keys = |key: &dyn Fn(u8) -> Vec<u8>| {
            let plain = |letter: &u8| parse(&key(*letter)).is_some_and(|key| key.key_form() == KeyForm::Ids);
            String::from_utf8((0..=u8::MAX).filter(plain).collect()).unwrap()
        };
        let forms = |key: &dyn Fn(u8) -> Vec<u8>, form: ValueForm| {
            let has_it = |letter: &u8| parse(&key(*letter)).is_some_and(|key| key.value_form() == form);
            String::from_utf8((0..=u8::MAX).filter(has_it).collect()).unwrap()
        };
        let of = |table_id: u64| move |letter: u8| [&table_id.to_be_bytes()[..], &[letter]].concat();
        assert_eq!((plain_keys(&of(0)), plain_keys(&of(1))), ("ADGLMNQRSTVWXYZ".to_owned(), "ABCPS".to_owned()));
        assert_eq!(
            (forms(&of(0), ValueForm::Plain), forms(&of(1), ValueForm::Plain)),
            ("MY".to_owned(), String::new())
        );
        assert_eq!(
            (forms(&of(0), ValueForm::Counter), forms(&of(1), ValueForm::Counter)),
            (String::new(), "CP".to_owned())
        );
    }
}
