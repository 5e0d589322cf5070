//! Segments in a store: how they get there, are read back, and are deleted.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use api::Exception;
use bytes::Bytes;
use change_log::{
    ArchiveKey, ArchiveState, Header, OBJECT_SIZE_MAX, ReadObject, SegmentEntry, SegmentHeader, SegmentObject,
    archive_key_row, encode_object, read_object,
};
use cluster::catalog::Interrupted;
use objects::ObjectError;
use storage::{Batch, Consistency, Key, KeyUse, Mode, Pages, Reads, log};
use tables::failure::{storage_failure, write_failure};
use tables::{Definition, PointInTimeRecovery, rows};

use super::archive::{NextSegment, is_enabled, records_behind};
use super::manifests::{ArchiveOf, folders_of_table, store_failure, token};
use crate::archive_store::ArchiveStore;
use crate::service::Service;

impl Service {
    /// Writes a segment to the store, and then the state that says so. False, and nothing is archived, if another archiver was
    /// faster, or recovery was disabled.
    pub(super) async fn store_segment(
        &self,
        store: &ArchiveStore,
        of: ArchiveOf,
        state: &ArchiveState,
        next: &NextSegment,
    ) -> Result<bool, Exception> {
        let Some((state, known)) = self.storable_state(store, of, state).await? else { return Ok(false) };
        let (first, last) = (next.header.first, next.state.archived);
        let name = format!("{}/segments/{first:016x}-{last:016x}-{}", known.folder, token());
        let key = match store.seals {
            true => Some(self.archive_key_to_write(of).await?),
            false => None,
        };
        let encoded = encode_object(name, first, &next.records, key.as_ref());
        let (object, content) = encoded.ok_or_else(|| Exception::internal("a segment cannot be sealed"))?;
        let bytes = content.len() as u64;
        store.put_new(&object.key, content).await.map_err(store_failure)?;
        let header = SegmentHeader { object: Some(object.clone()), ..next.header.clone() };
        let to = ArchiveState { store: state.store.clone(), ..next.state.clone() };
        let entry = SegmentEntry::of(last, &header);
        let published = self.publish(store, of, (&state, &known), &to, entry).await?;
        let Some((written, dropped)) = published else {
            // No manifest names it. What is left of it after a crash is an object that verification counts.
            let _ = store.delete(&object.key).await;
            return Ok(false);
        };
        let to = ArchiveState { store: Some(written.clone()), ..to };
        let row = rows::segment_header(of.table_id, of.log, last);
        let added = self.change_archive(of, &state, &to, |batch| batch.put(row.clone(), header.encode())).await?;
        if added {
            self.archived_bytes.fetch_add(bytes, Ordering::Relaxed);
            self.forget_manifest(store, &written).await;
            self.delete_own(store, &dropped).await;
        }
        Ok(added)
    }

    /// Deletes objects that nothing names any more. Those of another folder may be a copy's, and stay.
    async fn delete_own(&self, store: &ArchiveStore, names: &[String]) {
        let Ok(own) = self.archive_folder().await else { return };
        for name in names.iter().filter(|name| name.starts_with(&format!("{own}/"))) {
            if let Err(error) = store.delete(name).await {
                ::log::warn!(event = "archive_object_left", object = name.as_str();
                    "an object of the backup store that is not needed any more was not deleted: {error}");
            }
        }
    }

    /// Takes segments that are over from the manifest, and then from the store. Returns the state that says so; none if another archiver
    /// was faster.
    pub(super) async fn unlist_segments(
        &self,
        of: ArchiveOf,
        state: &ArchiveState,
        trimmed: &ArchiveState,
        over: &[(u64, Option<SegmentHeader>)],
    ) -> Result<Option<(ArchiveState, ArchiveState)>, Exception> {
        let objects: Vec<String> =
            over.iter().filter_map(|(_, header)| Some(header.as_ref()?.object.as_ref()?.key.clone())).collect();
        if objects.is_empty() {
            return Ok(Some((state.clone(), trimmed.clone())));
        }
        let store = self.settings.archive_store.as_ref().ok_or_else(no_store)?;
        let Some((state, known)) = self.storable_state(store, of, state).await? else { return Ok(None) };
        let published = self.publish(store, of, (&state, &known), trimmed, None).await?;
        let Some((written, dropped)) = published else { return Ok(None) };
        self.delete_own(store, &dropped).await;
        self.delete_own(store, &objects).await;
        self.forget_manifest(store, &written).await;
        Ok(Some((state, ArchiveState { store: Some(written), ..trimmed.clone() })))
    }

    /// The records of a segment in the store.
    pub(super) async fn stored_segment(
        &self,
        table_id: u64,
        log: u32,
        object: &SegmentObject,
    ) -> Result<Arc<ReadObject>, Interrupted> {
        let known =
            self.last_segment.lock().as_ref().filter(|(name, _)| *name == object.key).map(|(_, read)| Arc::clone(read));
        if let Some(read) = known {
            return Ok(read);
        }
        let store = self.settings.archive_store.as_ref().ok_or_else(no_store)?;
        let content = store.read(&object.key, OBJECT_SIZE_MAX).await.map_err(|error| match error {
            ObjectError::NoSuchKey(_) => {
                Interrupted::Lost(format!("the object {} of its archive is missing", object.key))
            }
            error => Interrupted::Failed(format!("the backup store: {error}")),
        })?;
        let key = match object.sealed {
            true => self.archive_key(table_id, log).await?,
            false => None,
        };
        let damaged =
            |what: &str| Interrupted::Lost(format!("the object {} of its archive is damaged: {what}", object.key));
        let read = read_object(object, &content, key.as_ref()).map_err(|what| damaged(&what))?;
        let read = Arc::new(read.ok_or_else(|| damaged("the archive's key is missing"))?);
        *self.last_segment.lock() = Some((object.key.clone(), Arc::clone(&read)));
        Ok(read)
    }

    async fn archive_key(&self, table_id: u64, log: u32) -> Result<Option<ArchiveKey>, Exception> {
        let row =
            self.engine.get(&archive_key_row(table_id, log), Consistency::Strong).await.map_err(storage_failure)?;
        Ok(row.as_deref().and_then(ArchiveKey::read))
    }

    /// The key of an archive, which is made with its first segment. It is a row: encryption at rest seals it by the table's key, whose
    /// wrapping alone changes with the master key.
    async fn archive_key_to_write(&self, of: ArchiveOf) -> Result<ArchiveKey, Exception> {
        if let Some(key) = self.archive_key(of.table_id, of.log).await? {
            return Ok(key);
        }
        let row = archive_key_row(of.table_id, of.log);
        let mut fresh = vec![0; ArchiveKey::SIZE];
        base::random::fill(&mut fresh);
        let keys = [KeyUse::write(row.clone()), KeyUse::read(rows::definition(of.table_id))];
        let settle = |reads: &Reads, batch: &mut Batch| {
            let stored = reads.values[0].clone();
            if stored.is_none() && is_enabled(&reads.values[1], of.recovery) {
                batch.put(row.clone(), fresh.clone());
            }
            Ok::<Option<Bytes>, Exception>(stored)
        };
        let stored = self.engine.write(Mode::Plain, &keys, settle).await.map_err(write_failure)??;
        let key = ArchiveKey::read(stored.as_deref().unwrap_or(&fresh));
        key.ok_or_else(|| Exception::internal("the key of an archive is damaged"))
    }

    /// Deletes the objects of a table's archives, except of the one that is enabled.
    pub(crate) async fn delete_archive_objects(&self, table_id: u64) -> Result<(), Exception> {
        let Some(store) = &self.settings.archive_store else { return Ok(()) };
        let folders = folders_of_table(&self.archive_folder().await?, table_id);
        let mut after = None;
        loop {
            let names = store.names(&folders, after.as_deref()).await.map_err(store_failure)?;
            let Some(last) = names.last() else { return Ok(()) };
            after = Some(last.clone());
            // Read behind the list: what is listed of an archive that is enabled since then has another folder.
            let row =
                self.engine.get(&rows::definition(table_id), Consistency::Strong).await.map_err(storage_failure)?;
            // One that cannot be read may be enabled: nothing is deleted.
            let unread = |_| Exception::internal(format!("the definition of table {table_id} cannot be read"));
            let stored = row.map(|row| Definition::read(&row)).transpose().map_err(unread)?;
            let enabled = stored.filter(Definition::is_usable).and_then(|stored| stored.recovery);
            let enabled = enabled.map(|recovery| format!("{folders}{:016x}/", recovery.enabled_ms));
            for name in names.iter().filter(|name| enabled.as_ref().is_none_or(|own| !name.starts_with(own))) {
                store.delete(name).await.map_err(store_failure)?;
            }
        }
    }

    /// As [`Service::delete_archive_objects`], for what waits for no store: the deletion of a table.
    pub(crate) async fn drop_archive_objects(&self, table_id: u64) {
        if let Err(error) = self.delete_archive_objects(table_id).await {
            ::log::warn!(event = "archive_object_left", table = self.table_label(table_id).as_str();
                "objects of an archive that has ended are left in the backup store, below */{table_id:016x}-*: {}", error.cause());
        }
    }

    /// Gives up the records that a log has retained for too long for an archive that cannot be written, with all moments before them: the
    /// disk would be full of them. Half of them stay, so that this is rare, and their moments can be restored.
    pub(super) async fn break_chain_if_late(&self, of: ArchiveOf, hold_ms: u64) -> Result<(), Exception> {
        let Some(state) = self.archive_state(of.table_id, of.log).await? else { return Ok(()) };
        let now_ms = self.clock.now_ms();
        let (late_ms, until_ms) = (now_ms.saturating_sub(hold_ms), now_ms.saturating_sub(hold_ms / 2));
        let name = rows::log(of.table_id, of.log);
        let mut pages = Pages::of_fresh_views(&*self.engine, records_behind(&name, state.archived));
        let (mut last, mut is_late) = (None, false);
        'pages: while let Some(page) = pages.next_with_damaged().await.map_err(storage_failure)? {
            for row in &page.rows {
                let created_ms = Header::read(&row.value).map_or(0, |header| header.created_ms);
                // The first one decides whether there is anything to do.
                is_late |= created_ms <= late_ms;
                if !is_late || created_ms > until_ms {
                    break 'pages;
                }
                last = log::position(&name, &row.key);
            }
        }
        let Some(last) = last else { return Ok(()) };
        let from_ms = until_ms.max(state.from_ms);
        let broken = ArchiveState { from: last, from_ms, archived: last, ..state.clone() };
        if self.change_archive(of, &state, &broken, |_| ()).await? {
            self.report_gap(of.table_id, &state, &broken);
        }
        Ok(())
    }

    /// Changes the state of an archive, and rows with it. False, and nothing is changed, if it was changed meanwhile, or recovery was
    /// disabled: the state and the definition are read in the write.
    pub(super) async fn change_archive(
        &self,
        of: ArchiveOf,
        from: &ArchiveState,
        to: &ArchiveState,
        mut rows_of: impl FnMut(&mut Batch) + Send,
    ) -> Result<bool, Exception> {
        let key: Key = rows::archive_state(of.table_id, of.log);
        let keys = [KeyUse::write(key.clone()), KeyUse::read(rows::definition(of.table_id))];
        let recovery: PointInTimeRecovery = of.recovery;
        let change = |reads: &Reads, batch: &mut Batch| {
            let stored = reads.values[0].as_deref().and_then(ArchiveState::read);
            if stored.as_ref() != Some(from) || !is_enabled(&reads.values[1], recovery) {
                return Ok::<bool, Exception>(false);
            }
            rows_of(batch);
            batch.put(key.clone(), to.encode());
            Ok(true)
        };
        self.engine.write(Mode::Plain, &keys, change).await.map_err(write_failure)?
    }
}

fn no_store() -> Exception {
    Exception::internal("a part of the archive is in a backup store; name it with --backup-store")
}
