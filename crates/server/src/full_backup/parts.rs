//! All rows of a database at one moment, as a stream of blocks.
//!
//! The rows are read in one snapshot: every block is of the same moment. The channel has two blocks, so that a slow reader slows the scan
//! down and memory is bounded. Old versions of rows stay in the engine for as long as it is held.
//!
//! Left out are rows of nodes, which a restored server must not take for its own: heartbeats, owners of background work and of
//! consumers, and the folder of archives in a backup store. The keyring travels in the origin.

use std::collections::BTreeMap;

use bytes::Bytes;
use storage::{Family, Pages, Row, ScanRange, StorageError, View};
use storage_postgres::BackupSnapshot;
use tokio::sync::mpsc;

use super::block::{self, BLOCK_BYTES, Kind, Totals};
use super::manifest::Origin;
use crate::node_rows::is_of_data;

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
    Block(Kind, Bytes),
    End(FamilyTotals),
}

pub(super) type Parts = mpsc::Receiver<Result<Part, String>>;
pub(super) type PartSender = mpsc::Sender<Result<Part, String>>;

pub(super) fn channel() -> (PartSender, Parts) {
    mpsc::channel(CHANNEL)
}

/// What the rows are read from: they are as they are stored, below encryption.
pub(super) enum Snapshot {
    Folder(Box<dyn View>),
    /// Has rows that no view shows.
    Database(Box<BackupSnapshot>),
}

/// Reads all rows. Ends early if nothing receives any more.
pub(super) async fn send(snapshot: Snapshot, origin: Origin, parts: PartSender) {
    let mut sending = Sending { parts: &parts, totals: FamilyTotals::new() };
    if let Err(Ended::Failed(failure)) = sending.all(&snapshot, origin).await {
        // The receiver may have been dropped meanwhile.
        let _ = parts.send(Err(failure)).await;
    }
}

enum Ended {
    Failed(String),
    /// Nothing receives the parts.
    Unwanted,
}

struct Sending<'a> {
    parts: &'a PartSender,
    totals: FamilyTotals,
}

impl Sending<'_> {
    async fn all(&mut self, snapshot: &Snapshot, origin: Origin) -> Result<(), Ended> {
        self.pass(Part::Origin(origin)).await?;
        let view = match snapshot {
            Snapshot::Folder(view) => &**view,
            Snapshot::Database(database) => database.view(),
        };
        for family in Family::ALL {
            self.family(view, family).await?;
            if let (Snapshot::Database(database), Family::Catalog) = (snapshot, family) {
                self.tallies(database).await?;
            }
        }
        if let Snapshot::Database(database) = snapshot {
            self.pending(database).await?;
        }
        let totals = std::mem::take(&mut self.totals);
        self.pass(Part::End(totals)).await
    }

    async fn family(&mut self, view: &dyn View, family: Family) -> Result<(), Ended> {
        let kind = Kind::Family(family);
        let mut pages = Pages::of_snapshot(view, ScanRange::whole(family, PAGE_ROWS_MAX, BLOCK_BYTES));
        while let Some(page) = pages.next().await.map_err(|error| failed(kind, &error))? {
            let rows = page.rows.into_iter().filter(|row| is_of_data(family, &row.key)).collect();
            self.block(kind, rows).await?;
        }
        Ok(())
    }

    async fn tallies(&mut self, database: &BackupSnapshot) -> Result<(), Ended> {
        let (kind, mut after) = (Kind::Family(Family::Catalog), Bytes::new());
        loop {
            let mut rows = database.tallies(&after).await.map_err(|error| failed(kind, &error))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.key.clone();
            // Counters of zero have no row.
            rows.retain(|row| !row.value.is_empty());
            self.block(kind, rows).await?;
        }
    }

    async fn pending(&mut self, database: &BackupSnapshot) -> Result<(), Ended> {
        let mut after = Bytes::new();
        loop {
            let rows = database.pending(&after).await.map_err(|error| failed(Kind::Pending, &error))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.key.clone();
            self.block(Kind::Pending, rows).await?;
        }
    }

    async fn block(&mut self, kind: Kind, rows: Vec<Row>) -> Result<(), Ended> {
        if rows.is_empty() {
            return Ok(());
        }
        let totals: &mut Totals = self.totals.entry(kind.name().to_owned()).or_default();
        rows.iter().for_each(|row| totals.add(row));
        let block = block::encode(rows.iter()).map_err(Ended::Failed)?;
        self.pass(Part::Block(kind, block)).await
    }

    async fn pass(&self, part: Part) -> Result<(), Ended> {
        self.parts.send(Ok(part)).await.map_err(|_| Ended::Unwanted)
    }
}

fn failed(kind: Kind, error: &StorageError) -> Ended {
    Ended::Failed(format!("rows of {} cannot be read: {error}", kind.name()))
}
