//! Rows of a snapshot, those that no view shows included, and a database that is filled with them.

use bytes::Bytes;
use storage::{Batch, Consistency, Engine, Family, Key, KeyUse, Mode, Pages, Reads, Row, ScanRange, log, tally};
use storage_postgres::testing::PostgresServer;
use storage_postgres::{BackupSnapshot, OpenError, Options, PENDING_KEY_SIZE, Postgres, Restore};

use crate::logs::open_idle;

/// As long as the names of Stator's logs.
const LOG: Bytes = Bytes::from_static(b"log of table");

fn key(family: Family, text: &str) -> Key {
    Key::new(family, Bytes::from(text.to_owned()))
}

/// A key longer than a column, a counter, and two records.
async fn write(engine: &Postgres, item: &Key, record: &'static str) {
    let engine: &dyn Engine = engine;
    let write = |_: &Reads, batch: &mut Batch| {
        batch.put(item.clone(), "value");
        batch.put(key(Family::Index, &"long".repeat(1_000)), "row");
        batch.hot_tally(key(Family::Catalog, "counter"), [1, 10]);
        batch.tally(key(Family::Catalog, "zero"), [if record == "a" { 1 } else { -1 }, 0]);
        batch.append(LOG, record);
        batch.append(LOG, "second");
        Ok::<(), ()>(())
    };
    engine.write(Mode::Plain, &[KeyUse::write(item.clone())], write).await.unwrap().unwrap();
}

async fn rows(snapshot: &BackupSnapshot, family: Family) -> Vec<Row> {
    Pages::of_snapshot(snapshot.view(), ScanRange::whole(family, 2, 1 << 20)).rows().await.unwrap()
}

/// All pages of counters, without those of zero.
async fn tallies(snapshot: &BackupSnapshot) -> Vec<Row> {
    let (mut all, mut after) = (Vec::new(), Bytes::new());
    loop {
        let page = snapshot.tallies(&after).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.key.clone();
        all.extend(page);
    }
    all.retain(|row| !row.value.is_empty());
    all
}

async fn records(engine: &Postgres) -> Vec<(u64, Bytes)> {
    engine.sequence(&LOG).await.unwrap();
    let view = engine.view(Consistency::Strong).await.unwrap();
    let rows = Pages::of_snapshot(&*view, ScanRange::whole(Family::Log, 100, 1 << 20)).rows().await.unwrap();
    rows.into_iter().filter_map(|row| Some((log::position(&LOG, &row.key)?, row.value))).collect()
}

#[tokio::test]
async fn a_snapshot_has_all_rows_and_a_restore_writes_them() {
    let Some(server) = PostgresServer::shared() else { return };
    let (from, to) = (server.database(), server.database());
    let engine = open_idle(&from).await;
    write(&engine, &key(Family::Items, "first"), "a").await;
    engine.sequence(&LOG).await.unwrap();
    write(&engine, &key(Family::Items, "second"), "b").await;
    let snapshot = engine.backup_snapshot().unwrap();
    let items = rows(&snapshot, Family::Items).await;
    // What is written now is of a later moment.
    write(&engine, &key(Family::Items, "third"), "c").await;
    assert_eq!(items.len(), 2);
    let counters = tallies(&snapshot).await;
    assert_eq!(counters.len(), 1);
    assert_eq!(tally::decode(Some(&counters[0].value)), Some([2, 20]));
    let pending = snapshot.pending(&Bytes::new()).await.unwrap();
    assert_eq!(pending.iter().map(|row| &row.value[..]).collect::<Vec<_>>(), [&b"b"[..], b"second"]);
    assert!(pending.iter().all(|row| row.key.len() == PENDING_KEY_SIZE && row.key.starts_with(&LOG)));
    let after = snapshot.pending(&pending[0].key).await.unwrap();
    assert_eq!(after, pending[1..]);
    assert_eq!(snapshot.pending(&pending[1].key).await.unwrap(), []);

    let options = Options::parse(&to, None).unwrap();
    let restore = Restore::begin(&options).await.unwrap();
    for family in Family::ALL {
        restore.put(family, &rows(&snapshot, family).await, |_| false).await.unwrap();
    }
    restore.put_tallies(&counters).await.unwrap();
    restore.put_pending(&pending).await.unwrap();
    for opened in [Postgres::open(options.clone()).await.err(), Postgres::visit(options.clone()).await.err()] {
        assert!(matches!(opened, Some(OpenError::Restoring)), "{opened:?}");
    }
    assert!(matches!(Restore::begin(&options).await.err(), Some(OpenError::Restoring)));
    restore.finish().await.unwrap();
    assert!(matches!(Restore::begin(&options).await.err(), Some(OpenError::NotEmpty { .. })));

    let restored = open_idle(&to).await;
    for family in [Family::Catalog, Family::Items, Family::Index] {
        assert_eq!(rows(&restored.backup_snapshot().unwrap(), family).await, rows(&snapshot, family).await);
    }
    assert_eq!(tallies(&restored.backup_snapshot().unwrap()).await, counters);
    let expected = |values: &[&'static str]| -> Vec<(u64, Bytes)> {
        (1..).zip(values).map(|(position, value)| (position, Bytes::from_static(value.as_bytes()))).collect()
    };
    assert_eq!(records(&restored).await, expected(&["a", "second", "b", "second"]));
    write(&restored, &key(Family::Items, "first"), "d").await;
    assert_eq!(records(&restored).await, expected(&["a", "second", "b", "second", "d", "second"]));
}
