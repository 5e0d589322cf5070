//! Which rows are of the nodes that serve a database, and not of its data: a copy of the data must not have them.

use keyspace::{CatalogKey, DatabaseRow, TableRow};
use storage::Family;

/// Whether a row is of the data, and not of the nodes that serve it: heartbeats, and owners of background work and of consumers.
pub(crate) fn is_of_data(family: Family, key: &[u8]) -> bool {
    if family != Family::Catalog {
        return true;
    }
    match keyspace::parse(key) {
        Some(CatalogKey::Database { kind: DatabaseRow::Node | DatabaseRow::Owner, .. }) => false,
        // Two databases with one folder in a backup store would delete each other's archives.
        Some(CatalogKey::Database { kind: DatabaseRow::ArchiveFolder, .. }) => false,
        Some(CatalogKey::Database { kind: DatabaseRow::Keys, rest }) => !rest.is_empty(),
        Some(CatalogKey::Table { kind: TableRow::ConsumerOwner, .. }) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_nodes_are_left_out() {
        let check = |key: storage::Key, expected: bool| {
            assert_eq!(is_of_data(Family::Catalog, &key.bytes), expected, "{key:?}");
        };
        check(DatabaseRow::Node.key(&[1; 16]), false);
        check(DatabaseRow::Owner.key(&[1; 8]), false);
        check(DatabaseRow::ArchiveFolder.key(&[]), false);
        check(TableRow::ConsumerOwner.key(7, b"name"), false);
        check(DatabaseRow::Keys.key(&[]), false);
        check(DatabaseRow::Keys.key(&[0, 0, 0, 1]), true);
        for kind in [DatabaseRow::Settings, DatabaseRow::Definition, DatabaseRow::Identities, DatabaseRow::Mappings] {
            check(kind.key(b"rest"), true);
        }
        check(TableRow::Consumer.key(7, b"name"), true);
        assert!(is_of_data(Family::Items, &DatabaseRow::Node.key(&[1; 16]).bytes));
    }
}
