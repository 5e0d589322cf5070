//! The manifests of archives in a store. The database decides what is archived; its state is written behind the manifest that says so.
//!
//! 1. A segment is an object of a new name.
//! 2. The next manifest names it. It is written only where there is none, so that of two archivers one loses.
//! 3. The state and the segment's header are written where the state is still the one that both were made from.
//!
//! A crash leaves at most one manifest that the state does not know. Its token is the state's, so that it is known as this database's,
//! and the next one takes its place. A manifest with another token was written by a copy of the database: this one takes a new folder
//! in the store, and deletes nothing in the old one.

use api::Exception;
use change_log::{ArchiveManifest, ArchiveState, MANIFEST_SIZE_MAX, SegmentEntry, SegmentHeader, StoreState};
use objects::ObjectError;
use storage::{Batch, Consistency, KeyUse, Mode, Pages, Reads, ScanDirection};
use tables::failure::{storage_failure, write_failure};
use tables::{PointInTimeRecovery, rows};

use super::trim::headers;
use crate::archive_store::ArchiveStore;
use crate::service::Service;

/// Older manifests are deleted. A reader that has listed them meanwhile has time to read one.
const MANIFESTS_MAX: u64 = 8;
const PAGE_ROWS: usize = 512;

/// One log's archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArchiveOf {
    pub table_id: u64,
    pub log: u32,
    pub recovery: PointInTimeRecovery,
}

/// What the store has in front of the next manifest.
enum Newest {
    /// What the state says, or nothing yet.
    Known,
    /// One more, which this database wrote.
    Own,
    Foreign,
}

impl Service {
    /// A state from which the next manifest can be written. None: another node or a copy of the database has written meanwhile.
    pub(super) async fn storable_state(
        &self,
        store: &ArchiveStore,
        of: ArchiveOf,
        state: &ArchiveState,
    ) -> Result<Option<(ArchiveState, StoreState)>, Exception> {
        let own = self.archive_folder().await?;
        let folder = folder_of(&own, of);
        let known = match state.store.clone().filter(|known| known.folder == folder) {
            Some(known) => known,
            None => {
                // The state comes first: a manifest whose token is in no state is another database's.
                let begun = StoreState { folder, manifest: 0, next: token() };
                let begun = ArchiveState { store: Some(begun), ..state.clone() };
                if !self.change_archive(of, state, &begun, |_| ()).await? {
                    return Ok(None);
                }
                // Of an archive before recovery was disabled and enabled: that request has not waited for the store.
                self.drop_archive_objects(of.table_id).await;
                return Ok(begun.store.clone().map(|known| (begun, known)));
            }
        };
        match self.newest(store, &known).await? {
            Newest::Known => Ok(Some((state.clone(), known))),
            Newest::Own => {
                let passed = StoreState { manifest: known.manifest + 1, next: token(), ..known };
                let passed = ArchiveState { store: Some(passed), ..state.clone() };
                let is_passed = self.change_archive(of, state, &passed, |_| ()).await?;
                Ok(passed.store.clone().filter(|_| is_passed).map(|known| (passed, known)))
            }
            Newest::Foreign => {
                // Another archiver of this database writes the next manifest behind a new state alone: with the same state as before
                // the list it was none of them.
                if self.archive_state(of.table_id, of.log).await?.as_ref() == Some(state) {
                    self.leave_archive_folder(&own).await?;
                }
                Ok(None)
            }
        }
    }

    async fn newest(&self, store: &ArchiveStore, known: &StoreState) -> Result<Newest, Exception> {
        let names = store.names(&format!("{}/manifests/", known.folder), None).await.map_err(store_failure)?;
        let Some(newest) = names.first().map(|name| number_of(name)) else { return Ok(Newest::Known) };
        match newest {
            Some(number) if number <= known.manifest => Ok(Newest::Known),
            Some(number) if number == known.manifest + 1 => {
                let content = store.read(&manifest_name(&known.folder, number), MANIFEST_SIZE_MAX).await;
                let read = ArchiveManifest::read(&content.map_err(store_failure)?);
                Ok(if read.is_ok_and(|read| read.token == known.next) { Newest::Own } else { Newest::Foreign })
            }
            _ => Ok(Newest::Foreign),
        }
    }

    /// Writes the manifest that follows `from`: of what the state `to` says, with one more segment or none. Returns what the state is
    /// to say of the store, and the objects that the manifest does not list any more. None: another archiver has written one.
    pub(super) async fn publish(
        &self,
        store: &ArchiveStore,
        of: ArchiveOf,
        (from, known): (&ArchiveState, &StoreState),
        to: &ArchiveState,
        entry: Option<SegmentEntry>,
    ) -> Result<Option<(StoreState, Vec<String>)>, Exception> {
        let mut manifest = self.base_manifest(store, of, from, known).await?;
        let dropped = manifest.drop_until(to.from, to.from_ms);
        if let Some(entry) = entry {
            manifest.add(entry);
        }
        turn_full_page(store, &known.folder, &mut manifest).await?;
        (manifest.number, manifest.token) = (known.manifest + 1, known.next.clone());
        // What is claimed can be restored, or is not claimed: a gap would be found by a restore, long after.
        if let Some(problem) = manifest.problem() {
            return Err(Exception::internal(format!("the manifest of an archive would have a gap: {problem}")));
        }
        let (_, content) = manifest.encode().ok_or_else(|| Exception::internal("a manifest cannot be encoded"))?;
        match store.put_new(&manifest_name(&known.folder, manifest.number), content.into()).await {
            Ok(()) => {}
            Err(ObjectError::AlreadyExists) => return Ok(None),
            Err(error) => return Err(store_failure(error)),
        }
        let written = StoreState { folder: known.folder.clone(), manifest: manifest.number, next: token() };
        Ok(Some((written, dropped)))
    }

    /// The manifest that says what the state says: the last one, or one that is made from the headers.
    async fn base_manifest(
        &self,
        store: &ArchiveStore,
        of: ArchiveOf,
        state: &ArchiveState,
        known: &StoreState,
    ) -> Result<ArchiveManifest, Exception> {
        if known.manifest > 0 {
            match store.read(&manifest_name(&known.folder, known.manifest), MANIFEST_SIZE_MAX).await {
                Ok(content) => {
                    let read = ArchiveManifest::read(&content).ok();
                    // It may begin behind the state's begin: segments from before there was a store are in the database.
                    let is_right = |read: &ArchiveManifest| read.archived == state.archived;
                    if let Some(manifest) = read.filter(is_right) {
                        return Ok(manifest);
                    }
                }
                Err(ObjectError::NoSuchKey(_)) => {}
                Err(error) => return Err(store_failure(error)),
            }
        }
        self.manifest_of_headers(store, of, state, known).await
    }

    async fn manifest_of_headers(
        &self,
        store: &ArchiveStore,
        of: ArchiveOf,
        state: &ArchiveState,
        known: &StoreState,
    ) -> Result<ArchiveManifest, Exception> {
        let mut manifest = ArchiveManifest::new(of.table_id, of.log, state.from, state.from_ms);
        let first = state.from.saturating_add(1);
        // Not those that another archiver adds meanwhile.
        let range = headers(of.table_id, of.log, first, state.archived, ScanDirection::Forward, PAGE_ROWS);
        let mut pages = Pages::of_fresh_views(&*self.engine, range);
        while let Some(page) = pages.next().await.map_err(storage_failure)? {
            for row in &page.rows {
                let last = rows::archive_row(&row.key).and_then(|(_, last)| last);
                let (last, header) = last
                    .zip(SegmentHeader::read(&row.value))
                    .ok_or_else(|| Exception::internal("the header of a segment of an archive is damaged"))?;
                match SegmentEntry::of(last, &header) {
                    Some(entry) => manifest.add(entry),
                    // What is in the database is not in the store: the part behind it alone is.
                    None => manifest = ArchiveManifest::new(of.table_id, of.log, last, header.until_ms),
                }
                turn_full_page(store, &known.folder, &mut manifest).await?;
            }
        }
        // Behind a break of the chain there is no segment yet.
        manifest.archived = manifest.archived.max(state.archived);
        Ok(manifest)
    }

    /// Deletes the manifest that is not among the last ones any more.
    pub(super) async fn forget_manifest(&self, store: &ArchiveStore, written: &StoreState) {
        if let Some(number) = written.manifest.checked_sub(MANIFESTS_MAX).filter(|number| *number > 0) {
            // One that is left costs its few bytes.
            let _ = store.delete(&manifest_name(&written.folder, number)).await;
        }
    }

    /// What the names of all of this database's objects begin with.
    pub(super) async fn archive_folder(&self) -> Result<String, Exception> {
        let key = rows::archive_folder();
        let found = self.engine.get(&key, Consistency::Strong).await.map_err(storage_failure)?;
        if let Some(found) = found.and_then(|row| String::from_utf8(row.to_vec()).ok()) {
            return Ok(found);
        }
        let fresh = token();
        let settle = |reads: &Reads, batch: &mut Batch| {
            let stored = reads.values[0].as_ref().and_then(|row| String::from_utf8(row.to_vec()).ok());
            if stored.is_none() {
                batch.put(key.clone(), fresh.clone());
            }
            Ok::<String, Exception>(stored.unwrap_or_else(|| fresh.clone()))
        };
        self.engine.write(Mode::Plain, &[KeyUse::write(key.clone())], settle).await.map_err(write_failure)?
    }

    /// Takes another folder in the store, unless another node has done so.
    async fn leave_archive_folder(&self, own: &str) -> Result<(), Exception> {
        let (key, fresh) = (rows::archive_folder(), token());
        let replace = |reads: &Reads, batch: &mut Batch| {
            let is_own = reads.values[0].as_deref() == Some(own.as_bytes());
            if is_own {
                batch.put(key.clone(), fresh.clone());
            }
            Ok::<bool, Exception>(is_own)
        };
        let keys = [KeyUse::write(key.clone())];
        if self.engine.write(Mode::Plain, &keys, replace).await.map_err(write_failure)?? {
            ::log::error!(
                event = "archive_foreign", folder = own;
                "another database writes to this one's archives in the backup store: one of them is a copy of the other. This one goes on in \
                 the folder {fresh} and deletes nothing in {own}"
            );
        }
        Ok(())
    }
}

/// Lists the segments of a manifest by a page, once they fill one.
async fn turn_full_page(store: &ArchiveStore, folder: &str, manifest: &mut ArchiveManifest) -> Result<(), Exception> {
    let Some(page) = manifest.full_page() else { return Ok(()) };
    let (sha256, content) = page.encode().ok_or_else(|| Exception::internal("a manifest's page cannot be encoded"))?;
    let name = format!("{folder}/pages/{:016x}-{}", manifest.archived, token());
    store.put_new(&name, content.into()).await.map_err(store_failure)?;
    manifest.turn_page(name, sha256);
    Ok(())
}

/// Archives of one table have another folder each time that recovery is enabled: what is left of an earlier one can be deleted at any
/// time.
pub(super) fn folder_of(own: &str, of: ArchiveOf) -> String {
    format!("{}{:016x}/{:08x}", folders_of_table(own, of.table_id), of.recovery.enabled_ms, of.log)
}

pub(super) fn folders_of_table(own: &str, table_id: u64) -> String {
    format!("{own}/{table_id:016x}-")
}

/// The newest manifest is the first of a list.
fn manifest_name(folder: &str, number: u64) -> String {
    format!("{folder}/manifests/{:016x}", u64::MAX - number)
}

fn number_of(name: &str) -> Option<u64> {
    let (_, digits) = name.rsplit_once('/')?;
    u64::from_str_radix(digits, 16).ok().map(|inverse| u64::MAX - inverse)
}

/// Random, so that no other database has the same one.
pub(super) fn token() -> String {
    base::hex(&base::random::u64().to_be_bytes())
}

pub(super) fn store_failure(error: ObjectError) -> Exception {
    Exception::internal(format!("the backup store: {error}"))
}
