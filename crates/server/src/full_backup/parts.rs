//! All rows of an engine at one moment, as a stream of blocks.
//!
//! The rows are read from one view: every block is of the same moment. The channel has two blocks, so that a slow reader slows the scan
//! down and memory is bounded. Old versions of rows stay in the engine for as long as the view is held.
//!
//! Left out are rows of nodes, which a restored server must not take for its own: heartbeats, owners of background work and of
//! consumers. The keyring travels in the origin.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use keyspace::{CatalogKey, DatabaseRow, TableRow};
use storage::{Consistency, Engine, Family, Pages, Row, ScanRange, StorageError};
use tokio::sync::mpsc;

use super::block::{self, BLOCK_BYTES, Totals};
use super::manifest::Origin;

/// Unit: rows.
const PAGE_ROWS_MAX: usize = 8_192;
/// Blocks that wait for their reader.
const CHANNEL: usize = 2;

/// The totals of families, by their names.
pub(super) type FamilyTotals = BTreeMap<String, Totals>;

/// A part of what a backup is made of, in this order: one origin, blocks, one end.
#[derive(Debug)]
pub(super) enum Part {
    Origin(Origin),
    /// As it is in a file.
    Block(Family, Bytes),
    End(FamilyTotals),
}

pub(super) type Parts = mpsc::Receiver<Result<Part, String>>;
pub(super) type PartSender = mpsc::Sender<Result<Part, String>>;

pub(super) fn channel() -> (PartSender, Parts) {
    mpsc::channel(CHANNEL)
}

/// Reads the engine, which has its rows as they are stored: below encryption. Ends early if nothing receives any more.
pub(super) async fn send(engine: Arc<dyn Engine>, origin: Origin, parts: PartSender) {
    if let Err(Ended::Failed(failure)) = send_all(&*engine, origin, &parts).await {
        // The receiver may have been dropped meanwhile.
        let _ = parts.send(Err(failure)).await;
    }
}

enum Ended {
    Failed(String),
    /// Nothing receives the parts.
    Unwanted,
}

async fn send_all(engine: &dyn Engine, origin: Origin, parts: &PartSender) -> Result<(), Ended> {
    let pass = async |part: Part| parts.send(Ok(part)).await.map_err(|_| Ended::Unwanted);
    let view = engine.view(Consistency::Strong).await.map_err(|error| failed("the database", &error))?;
    pass(Part::Origin(origin)).await?;
    let mut totals = FamilyTotals::new();
    for family in Family::ALL {
        let name = block::family_name(family);
        let total = totals.entry(name.to_owned()).or_default();
        let mut pages = Pages::of_snapshot(&*view, ScanRange::whole(family, PAGE_ROWS_MAX, BLOCK_BYTES));
        while let Some(page) = pages.next().await.map_err(|error| failed(name, &error))? {
            let rows: Vec<Row> = page.rows.into_iter().filter(|row| is_included(family, &row.key)).collect();
            if rows.is_empty() {
                continue;
            }
            rows.iter().for_each(|row| total.add(row));
            let block = block::encode(rows.iter()).map_err(Ended::Failed)?;
            pass(Part::Block(family, block)).await?;
        }
    }
    pass(Part::End(totals)).await
}

fn failed(what: &str, error: &StorageError) -> Ended {
    Ended::Failed(format!("rows of {what} cannot be read: {error}"))
}

/// Whether a row is of the data, and not of the nodes that serve it.
fn is_included(family: Family, key: &[u8]) -> bool {
    if family != Family::Catalog {
        return true;
    }
    match keyspace::parse(key) {
        Some(CatalogKey::Database { kind: DatabaseRow::Node | DatabaseRow::Owner, .. }) => false,
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
            assert_eq!(is_included(Family::Catalog, &key.bytes), expected, "{key:?}");
        };
        check(DatabaseRow::Node.key(&[1; 16]), false);
        check(DatabaseRow::Owner.key(&[1; 8]), false);
        check(TableRow::ConsumerOwner.key(7, b"name"), false);
        check(DatabaseRow::Keys.key(&[]), false);
        check(DatabaseRow::Keys.key(&[0, 0, 0, 1]), true);
        for kind in [DatabaseRow::Settings, DatabaseRow::Definition, DatabaseRow::Identities, DatabaseRow::Mappings] {
            check(kind.key(b"rest"), true);
        }
        check(TableRow::Consumer.key(7, b"name"), true);
        assert!(is_included(Family::Items, &DatabaseRow::Node.key(&[1; 16]).bytes));
    }
}
