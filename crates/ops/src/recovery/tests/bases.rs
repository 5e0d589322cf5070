//! Bases: which are made and used, and when they are deleted.

use tables::{Backup, LogPosition};

use super::*;

impl Tested {
    fn table_id(&self) -> u64 {
        self.service.catalog.table_ids(|definition| definition.name == "tab")[0]
    }

    fn bases(&self) -> Vec<Backup> {
        let ids = self.service.catalog.table_ids(|definition| definition.backup.as_ref().is_some_and(Backup::is_base));
        let base = |id: &u64| self.service.catalog.by_id(*id)?.definition.backup.clone();
        ids.iter().filter_map(base).collect()
    }

    async fn bases_are(&self, wanted: impl Fn(&[Backup]) -> bool) {
        while !wanted(&self.bases()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Ten puts, which are archived, and a base behind them.
    async fn fill(&self, value: u32) {
        let count = self.bases().len();
        for key in 0..10 {
            self.put(key, value).await;
        }
        self.hand.advance_ms(61_000);
        self.archive().await;
        self.bases_are(|bases| bases.len() == count + 1 && bases.iter().all(Backup::is_ready)).await;
    }

    /// A segment of the archive, by its last record.
    async fn lose_segment(&self, last: u64) {
        let row = change_log::segment_row(self.table_id(), 0, last);
        let keys = [storage::KeyUse::write(row.clone())];
        let lose = |_: &storage::Reads, batch: &mut storage::Batch| {
            batch.delete(row.clone());
            Ok::<(), Exception>(())
        };
        self.service.engine.write(storage::Mode::Plain, &keys, lose).await.unwrap().unwrap();
        self.trim().await;
    }
}

fn all_have(items: &Items, value: u32) -> bool {
    items.len() == 20 && items.values().all(|item| item.get("v") == Some(&n(&value.to_string())))
}

/// Nothing else than a base has the items once the records behind it are lost.
#[tokio::test]
async fn a_moment_is_restored_from_the_first_base_behind_it() {
    let tested = Tested::with_bases(10).await;
    tested.recover(true).await;
    tested.fill(1).await;
    let first_ms = tested.service.clock.now_ms();
    tested.hand.advance_ms(2_000);
    tested.fill(2).await;
    for key in 0..5 {
        tested.put(key, 3).await;
    }
    let third_ms = tested.service.clock.now_ms();
    tested.hand.advance_ms(1_000);
    tested.fill(4).await;
    tested.fill(5).await;
    let cuts: Vec<Vec<LogPosition>> = tested.bases().into_iter().map(|base| base.cut).collect();
    assert_eq!(cuts, [20, 40, 70, 90].map(|last| vec![LogPosition { log: 0, last }]));
    tested.lose_segment(90).await;
    tested.restore("res", Some(first_ms)).await.unwrap();
    assert!(all_have(&tested.items("res", None).await, 1));
    assert!(all_have(&tested.items("res", Some("by_g")).await, 1));
    tested.restore("third", Some(third_ms)).await.unwrap();
    let values: Vec<_> =
        tested.items("third", None).await.values().map(|item| item.get("v").cloned().unwrap()).collect();
    assert_eq!(values, [vec![n("3"); 10], vec![n("2"); 10]].concat());
    // Bases are no backups.
    let all = ListBackupsInput { backup_type: Some(BackupTypeFilter::All), ..ListBackupsInput::default() };
    assert_eq!(tested.service.list_backups(&caller(), all).await.unwrap().backup_summaries, Some(Vec::new()));
}

#[tokio::test]
async fn bases_are_made_by_the_size_of_the_table() {
    let tested = Tested::with_bases(10).await;
    for key in 0..30 {
        tested.put(key, 1).await;
    }
    tested.recover(true).await;
    for key in 0..29 {
        tested.put(key, 2).await;
    }
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    assert_eq!(tested.bases(), Vec::new());
    tested.put(29, 2).await;
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    tested.bases_are(|bases| bases.len() == 1).await;
}

#[tokio::test]
async fn bases_end_with_the_moments_before_them() {
    let tested = Tested::with_bases(10).await;
    tested.recover(true).await;
    tested.fill(1).await;
    tested.hand.advance_ms(3 * DAY_MS);
    tested.fill(2).await;
    tested.trim().await;
    assert_eq!(tested.bases().len(), 2);
    tested.hand.advance_ms(3 * DAY_MS);
    tested.put(1, 3).await;
    tested.hand.advance_ms(61_000);
    tested.archive().await;
    tested.trim().await;
    tested.archive().await;
    tested.bases_are(|bases| bases.len() == 1).await;
    let (earliest, _) = tested.period().await;
    tested.restore("res", Some(earliest as u64 * 1000)).await.unwrap();
    assert!(all_have(&tested.items("res", None).await, 2));
}

#[tokio::test]
async fn bases_end_with_recovery_and_the_table() {
    let tested = Tested::with_bases(10).await;
    tested.recover(true).await;
    tested.fill(1).await;
    tested.recover(false).await;
    tested.recover(true).await;
    tested.put(1, 2).await;
    let at_ms = tested.service.clock.now_ms();
    tested.hand.advance_ms(1_000);
    tested.restore("res", Some(at_ms)).await.unwrap();
    assert_eq!(tested.items("res", None).await["1-a"].get("v"), Some(&n("2")), "not from the base of another archive");
    assert_eq!(tested.service.delete_backups_over().await, jobs::Ran::Done);
    tested.bases_are(<[Backup]>::is_empty).await;
    tested.fill(3).await;
    let request = DeleteTableInput { table_name: "tab".to_owned() };
    tested.service.delete_table(&caller(), request).await.unwrap();
    assert_eq!(tested.service.delete_backups_over().await, jobs::Ran::Done);
    tested.bases_are(<[Backup]>::is_empty).await;
}

/// A damaged row is missing in a base.
#[tokio::test]
async fn nothing_is_restored_from_a_base_that_lacks_a_row() {
    let tested = Tested::with_bases(10).await;
    tested.recover(true).await;
    let row = storage::Key::new(
        storage::Family::Items,
        [&tables::rows::table_prefix(tested.table_id())[..], b"damaged"].concat(),
    );
    let keys = [storage::KeyUse::write(row.clone())];
    let damage = |_: &storage::Reads, batch: &mut storage::Batch| {
        batch.put(row.clone(), bytes::Bytes::from_static(&[255, 1, 2]));
        Ok::<(), Exception>(())
    };
    tested.service.engine.write(storage::Mode::Plain, &keys, damage).await.unwrap().unwrap();
    tested.fill(1).await;
    let bases = tested.bases();
    assert!(bases[0].is_partial, "{bases:?}");
    let id = tested.table_id();
    assert_eq!(tested.service.base_behind(id, &[LogPosition { log: 0, last: 5 }]), None);
}
