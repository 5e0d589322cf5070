//! Bases of point-in-time recovery: copies of a table that are made by themselves, as backups are, while its log grows. A moment is
//! restored from the first base behind it, so that a restore undoes what was changed up to that one, and not all that was changed
//! since.

use std::sync::atomic::Ordering;

use api::Exception;
use change_log::ArchiveState;
use cluster::catalog::{Edit, Interrupted, Work};
use jobs::Ran;
use tables::{Backup, BackupKind, Definition, FillPhase, LogPosition, PointInTimeRecovery, TableStatus};

use super::{definition, new_backup};
use crate::service::Service;

/// A log grows by this share of its history between two bases, if that is more than the table has items: there are some dozens of
/// bases, and they take no more room than the archive.
const HISTORY_SHARE: u64 = 32;

/// A base by its table id.
type Base = (u64, Backup);

impl Service {
    /// Makes a base of a table, if its log has grown enough since the last one, and deletes those before all moments.
    pub(crate) async fn keep_bases(
        &self,
        table_id: u64,
        logs: &[u32],
        recovery: PointInTimeRecovery,
    ) -> Result<(), Exception> {
        let mut archives = Vec::with_capacity(logs.len());
        for log in logs.iter().copied() {
            let Some(state) = self.archive_state(table_id, log).await? else { return Ok(()) };
            archives.push((log, state));
        }
        let bases = self.bases_of(table_id);
        for (base, _) in bases.iter().filter(|(_, base)| base.is_ready() && is_before_archives(&base.cut, &archives)) {
            self.delete_base(*base).await?;
        }
        if bases.iter().any(|(_, base)| !base.is_ready()) {
            return Ok(());
        }
        let grown = grown_since(bases.last().map(|(_, base)| &base.cut[..]), &archives);
        let enough = (grown_since(None, &archives) / HISTORY_SHARE).max(self.settings.base_records_min);
        // Most looks end here, without a read.
        if grown < enough {
            return Ok(());
        }
        let Some(source) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else { return Ok(()) };
        let items = self.items_of(&source).await?;
        match u64::try_from(items[0]).is_ok_and(|count| grown < count) {
            true => Ok(()),
            false => self.make_base(table_id, recovery, items).await,
        }
    }

    async fn make_base(&self, table_id: u64, recovery: PointInTimeRecovery, items: [i64; 2]) -> Result<(), Exception> {
        loop {
            // Locked from the id to the write: recovery is not disabled in between.
            let guard = self.catalog.lock().await?;
            let source = self.catalog.by_id(table_id).filter(|table| table.is_usable());
            let Some(source) = source.map(|table| table.definition.clone()) else { return Ok(()) };
            let is_same = source.recovery.is_some_and(|stored| stored.enabled_ms == recovery.enabled_ms);
            // A key of the KMS is asked for in a caller's name, and a base has no caller.
            if !is_same || source.encryption.is_some() {
                return Ok(());
            }
            let (base_id, name) = (guard.next_table_id(), source.name.clone());
            let kind = BackupKind::Base { recovery_ms: recovery.enabled_ms };
            let base = definition(base_id, new_backup("", kind, source, items, self.clock.now_ms()));
            if self.catalog.create(&self.engine, guard, base, Vec::new()).await?.is_ok() {
                ::log::debug!(event = "recovery_base_begun", table = name.as_str(); "a base of {} items is made", items[0]);
                self.catalog.start(Work::FillBackup { table_id: base_id });
                return Ok(());
            }
        }
    }

    /// Those of a table, in the order in which they were made.
    fn bases_of(&self, source_id: u64) -> Vec<Base> {
        let is_its = |definition: &Definition| {
            let base = base_of(definition);
            base.is_some_and(|base| base.source.table_id == source_id)
        };
        let mut ids = self.catalog.table_ids(is_its);
        ids.sort_unstable();
        let base = |id: u64| Some((id, base_of(&self.catalog.by_id(id)?.definition)?.clone()));
        ids.into_iter().filter_map(base).collect()
    }

    /// The first base behind a cut in a table's logs.
    pub(crate) fn base_behind(&self, source_id: u64, cut: &[LogPosition]) -> Option<u64> {
        let is_behind = |base: &Backup| {
            base.cut.len() == cut.len()
                && base.cut.iter().zip(cut).all(|(base, cut)| base.log == cut.log && base.last >= cut.last)
        };
        let usable =
            |(_, base): &Base| base.is_ready() && !base.is_partial && !self.has_no_source(base) && is_behind(base);
        self.bases_of(source_id).into_iter().find(usable).map(|(id, _)| id)
    }

    /// The positions that the items of a base are of.
    pub(super) fn cut_of_base(&self, base: u64) -> Result<Vec<LogPosition>, Interrupted> {
        let cut = self.catalog.by_id(base).and_then(|table| Some(base_of(&table.definition)?.cut.clone()));
        cut.ok_or_else(|| Interrupted::Failed("the base that it is copied from does not exist any more".to_owned()))
    }

    /// The phase, without a base that was deleted meanwhile. Called with the catalog locked, in which bases are deleted.
    pub(super) fn without_deleted_base(&self, phase: FillPhase) -> FillPhase {
        match phase {
            FillPhase::Copying { cut, base } => {
                let is_there = |base: &u64| self.backup_of(*base, Backup::is_ready) == Some(true);
                FillPhase::Copying { cut, base: base.filter(is_there) }
            }
            phase => phase,
        }
    }

    /// Whether it is a base of a table that has no use for it any more.
    pub(super) fn is_base_over(&self, table_id: u64) -> bool {
        let table = self.catalog.by_id(table_id);
        table.as_ref().and_then(|table| base_of(&table.definition)).is_some_and(|base| self.has_no_source(base))
    }

    /// Whether the table is deleted or being deleted, or its recovery was disabled since.
    fn has_no_source(&self, base: &Backup) -> bool {
        let BackupKind::Base { recovery_ms } = base.kind else { return false };
        let source = self.catalog.by_id(base.source.table_id);
        source.is_none_or(|source| {
            let recovery = source.definition.recovery;
            !source.is_usable() || recovery.is_none_or(|recovery| recovery.enabled_ms != recovery_ms)
        })
    }

    /// Deletes the bases of tables that have no use for them any more.
    pub(crate) async fn delete_bases_over(&self) -> Ran {
        let mut ran = Ran::Done;
        for base in
            self.catalog.table_ids(|definition| base_of(definition).is_some_and(|base| self.has_no_source(base)))
        {
            if self.delete_base(base).await.is_err() {
                ran = Ran::Failed;
            }
        }
        ran
    }

    /// Deletes a base, unless a table is being filled from it: the next look deletes it.
    async fn delete_base(&self, base: u64) -> Result<(), Exception> {
        // Locked from the look on: a restore chooses its base under this lock.
        let guard = self.catalog.lock().await?;
        let is_filled =
            |definition: &Definition| definition.filling().is_some_and(|filling| filling.base() == Some(base));
        if !self.catalog.table_ids(is_filled).is_empty() {
            return Ok(());
        }
        let found = self.catalog.by_id(base).map(|table| table.definition.clone());
        let Some(mut definition) = found.filter(|definition| definition.status == TableStatus::Backup) else {
            return Ok(());
        };
        definition.status = TableStatus::Deleting;
        let work = Work::DropTable { table_id: base };
        self.catalog.replace(&self.engine, guard, definition, Edit::starting(work)).await?;
        Ok(())
    }

    /// How many damaged rows were found.
    pub(super) fn losses(&self) -> u64 {
        self.damaged_rows.load(Ordering::Relaxed)
    }

    /// Nothing is restored from a base that may lack an item: a restore from the table reports it, or finds it mended. Others report
    /// damaged rows, too; so there may be a base less than there could be.
    pub(super) async fn note_losses(&self, table_id: u64, before: u64) -> Result<(), Interrupted> {
        let is_whole = |definition: &Definition| base_of(definition).is_some_and(|base| !base.is_partial);
        if self.losses() == before || !self.catalog.by_id(table_id).is_some_and(|table| is_whole(&table.definition)) {
            return Ok(());
        }
        let guard = self.catalog.lock().await?;
        // Read under the lock: a definition that was read before it may have been replaced.
        let Some(mut definition) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else {
            return Ok(());
        };
        let Some(base) = definition.backup.as_mut() else { return Ok(()) };
        base.is_partial = true;
        self.catalog.replace(&self.engine, guard, definition, Edit::default()).await?;
        Ok(())
    }
}

fn base_of(definition: &Definition) -> Option<&Backup> {
    let is_kept = definition.status == TableStatus::Backup;
    definition.backup.as_ref().filter(|backup| is_kept && backup.is_base())
}

/// Records since a cut; without one, all that are archived.
fn grown_since(cut: Option<&[LogPosition]>, archives: &[(u32, ArchiveState)]) -> u64 {
    let since = |log: u32, from: u64| {
        let position = cut.into_iter().flatten().find(|position| position.log == log);
        position.map_or(from, |position| position.last.max(from))
    };
    archives.iter().map(|(log, state)| state.archived.saturating_sub(since(*log, state.from))).sum()
}

/// Whether no moment is before a cut: the archives begin behind it, or are of other logs.
fn is_before_archives(cut: &[LogPosition], archives: &[(u32, ArchiveState)]) -> bool {
    let begins_before = |position: &LogPosition| {
        archives.iter().any(|(log, state)| *log == position.log && state.from <= position.last)
    };
    cut.len() != archives.len() || !cut.iter().all(begins_before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(log: u32, from: u64, archived: u64) -> (u32, ArchiveState) {
        (log, ArchiveState { from, archived, ..ArchiveState::new(0, 0) })
    }

    fn cut(positions: &[(u32, u64)]) -> Vec<LogPosition> {
        positions.iter().map(|(log, last)| LogPosition { log: *log, last: *last }).collect()
    }

    #[test]
    fn growth_counts_from_the_last_cut_or_the_begin() {
        let archives = [archive(0, 10, 100), archive(4, 0, 50)];
        assert_eq!(grown_since(None, &archives), 90 + 50);
        assert_eq!(grown_since(Some(&cut(&[(0, 60), (4, 20)])), &archives), 40 + 30);
        assert_eq!(grown_since(Some(&cut(&[(0, 5), (7, 20)])), &archives), 90 + 50);
    }

    #[test]
    fn a_base_is_needed_while_an_archive_goes_back_behind_it() {
        let archives = [archive(0, 10, 100), archive(4, 0, 50)];
        assert!(!is_before_archives(&cut(&[(0, 10), (4, 20)]), &archives));
        assert!(is_before_archives(&cut(&[(0, 9), (4, 20)]), &archives));
        assert!(is_before_archives(&cut(&[(0, 10)]), &archives));
        assert!(is_before_archives(&cut(&[(0, 10), (5, 20)]), &archives));
    }
}
