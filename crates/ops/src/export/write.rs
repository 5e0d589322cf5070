//! The work of an export: makes the copy that it is written from, writes the data files, then the manifests, and ends the transfer.
//!
//! A data file that is complete is stored in a row of progress with the place in the copy behind it, so that the work goes on there
//! after a crash; a file that was begun is written anew under another name. In memory are a page of items and a part of a file.

use std::ops::Bound;

use api::ExportViewType;
use bytes::Bytes;
use cluster::catalog::{Edit, Interrupted, Work};
use cluster::nodes::owner::{self, Owned};
use exchange::write::{Change, DataFile, Finished, LineFormat, md5_base64};
use model::Attributes;
use model::codec::row::{Stored, StoredItem};
use objects::{Bucket, ObjectError, PutOptions, Stored as StoredObject};
use serde::{Deserialize, Serialize};
use storage::{Family, Key, Pages, ScanPage, ScanRange};
use tables::{FillPhase, TableStatus, rows};

use super::ExportRecord;
use super::details::ExportDetails;
use super::filter::Filter;
use super::manifest::{Layout, summary_text};
use crate::backup::folded::Folded;
use crate::backup::ingest::Step;
use crate::object_layout::{FileEntry, checksum, files_text, sse_of};
use crate::object_tries::ObjectTries;
use crate::service::Service;
use crate::transfers::{Failure, TransferStatus};

/// What one page of the copy has.
const PAGE_ROWS: usize = 1024;
const PAGE_BYTES: usize = 2 << 20;
/// Lines of one data file, before compression. Unit: bytes.
const FILE_SIZE: u64 = 128 << 20;
/// The numbers of the rows of progress: before them are those of the copy.
const FIRST_FILE: u32 = 16;
/// The consequence of a damaged row, as it is reported.
const LEFT_OUT: &str = "an export is written without it";

/// A data file that is complete.
#[derive(Serialize, Deserialize)]
struct WrittenFile {
    entry: FileEntry,
    /// Of the lines. Unit: bytes.
    size: u64,
    /// The key of the last row of the copy that is in it; none if there is no row behind it.
    last: Option<Vec<u8>>,
}

/// Why an export is not written to its end.
enum Stop {
    Interrupted(Interrupted),
    Failed(Failure),
}

impl<T: Into<Interrupted>> From<T> for Stop {
    fn from(why: T) -> Stop {
        Stop::Interrupted(why.into())
    }
}

/// Why a file is not written to its end.
enum Unwritten {
    Interrupted(Interrupted),
    Store(ObjectError),
}

impl<T: Into<Interrupted>> From<T> for Unwritten {
    fn from(why: T) -> Unwritten {
        Unwritten::Interrupted(why.into())
    }
}

struct Writer<'a> {
    service: &'a Service,
    table_id: u64,
    owned: Option<&'a Owned>,
    bucket: Bucket,
    options: PutOptions,
    layout: Layout,
    filter: Filter,
    format: LineFormat,
    is_incremental: bool,
    has_old_images: bool,
}

impl Service {
    /// Writes an export.
    pub(crate) async fn export_items(&self, table_id: u64, owned: Option<&Owned>) -> Result<(), Interrupted> {
        let Some(mut export) = self.export_of(table_id).await? else { return Ok(()) };
        let ended = match self.write_export(table_id, &mut export, owned).await {
            Ok(()) => None,
            Err(Stop::Failed(failure)) => Some(failure),
            Err(Stop::Interrupted(Interrupted::Lost(why))) => Some(lost(&why)),
            Err(Stop::Interrupted(why)) => return Err(why),
        };
        self.end_export(table_id, export, ended, owned).await
    }

    /// The record of an export that is still wanted.
    async fn export_of(&self, table_id: u64) -> Result<Option<ExportRecord>, Interrupted> {
        let table = self.catalog.by_id(table_id).filter(|table| table.definition.status == TableStatus::Backup);
        let Some(table) = table else { return Ok(None) };
        let place = table.definition.place();
        let id = table.definition.backup.as_ref().map(|backup| backup.id.clone()).unwrap_or_default();
        let export = self.find_transfer::<ExportDetails>(place.account, place.region, &id).await?;
        match export {
            Some(export) => Ok(Some(export)),
            None => Err(Interrupted::Failed(format!("there is no record of the export {id}"))),
        }
    }

    async fn write_export(&self, table_id: u64, export: &mut ExportRecord, owned: Option<&Owned>) -> Result<(), Stop> {
        if export.status != TransferStatus::InProgress {
            return Ok(());
        }
        let writer = self.writer(table_id, export, owned)?;
        // First of all: a bucket that cannot be written to fails the export before anything is copied.
        writer.put(&writer.layout.started(), Bytes::new()).await?;
        self.fill(table_id, owned).await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        if table.definition.filling().is_none_or(|filling| filling.phase != FillPhase::Ready) {
            return Err(Interrupted::Failed("what it is written from was deleted".to_owned()).into());
        }
        drop(table);
        let files = writer.write_files().await?;
        export.details.item_count = files.iter().map(|file| file.entry.item_count).sum();
        export.details.size = files.iter().map(|file| file.size).sum();
        let entries: Vec<FileEntry> = files.into_iter().map(|file| file.entry).collect();
        writer.put_manifest(&writer.layout.manifest_files(), files_text(&entries)).await?;
        let now_ms = self.clock.now_ms();
        export.end(now_ms, None);
        writer.put_manifest(&writer.layout.manifest_summary(), summary_text(export, now_ms)).await
    }

    fn writer<'a>(
        &'a self,
        table_id: u64,
        export: &ExportRecord,
        owned: Option<&'a Owned>,
    ) -> Result<Writer<'a>, Interrupted> {
        let asked = &export.details.asked;
        let bucket = Bucket::parse(&asked.bucket, asked.bucket_owner.as_deref());
        let Some(table) = self.catalog.by_id(table_id) else {
            return Err(Interrupted::Failed("what it is written from was deleted".to_owned()));
        };
        Ok(Writer {
            service: self,
            table_id,
            owned,
            bucket: bucket.map_err(|refused| Interrupted::Failed(refused.to_string()))?,
            options: PutOptions { sse: Some(sse_of(asked.sse.as_deref(), asked.kms_key_id.as_deref())) },
            layout: Layout::of(export),
            filter: Filter::of(asked.filter()?.as_ref(), &table)?,
            format: asked.line_format(),
            is_incremental: export.details.times.window().is_some(),
            has_old_images: asked.view() == ExportViewType::NewAndOldImages,
        })
    }

    /// Ends the transfer, and begins the deletion of what it was written from, in one write.
    async fn end_export(
        &self,
        table_id: u64,
        mut export: ExportRecord,
        failure: Option<Failure>,
        owned: Option<&Owned>,
    ) -> Result<(), Interrupted> {
        if failure.is_some() {
            export.end(self.clock.now_ms(), failure);
        }
        let guard = self.catalog.lock().await?;
        // Read under the lock: a definition that was read before it may have been replaced.
        let Some(mut definition) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) else {
            return Ok(());
        };
        if definition.status != TableStatus::Backup {
            return Ok(());
        }
        definition.status = TableStatus::Deleting;
        let work = Some(Work::DropTable { table_id });
        let edit = Edit { puts: vec![export.row(&self.secret)?], work, ..owner::edit_of(owned) };
        self.catalog.replace(&self.engine, guard, definition, edit).await?;
        Ok(())
    }
}

/// Of an export whose table at the moment does not exist any more.
fn lost(why: &str) -> Failure {
    Failure { code: "InternalServerError".to_owned(), message: format!("The table cannot be exported: {why}") }
}

impl Writer<'_> {
    /// Writes the data files that are left, and returns all of them.
    async fn write_files(&self) -> Result<Vec<WrittenFile>, Stop> {
        let mut files = self.written_files().await?;
        loop {
            let begin = match files.last() {
                Some(WrittenFile { last: None, .. }) => return Ok(files),
                Some(WrittenFile { last: Some(last), .. }) => Some(Bytes::copy_from_slice(last)),
                None => None,
            };
            let mut tries = ObjectTries::default();
            let file = loop {
                match self.write_file(begin.clone()).await {
                    Ok(file) => break file,
                    Err(Unwritten::Store(error)) => tries.wait(&error).await.map_err(Stop::Failed)?,
                    Err(Unwritten::Interrupted(why)) => return Err(Stop::Interrupted(why)),
                }
            };
            // As many files as this have more items than a database.
            let number = FIRST_FILE.saturating_add(files.len() as u32);
            let row = serde_json::to_vec(&file).map_err(|error| Interrupted::Failed(error.to_string()))?;
            let progress = (rows::build_progress(self.table_id, number), row.into());
            self.service.ingest(&Step { changes: Vec::new(), progress }, self.owned).await?;
            files.push(file);
        }
    }

    async fn written_files(&self) -> Result<Vec<WrittenFile>, Interrupted> {
        let edge = |number: u32| -> Key { rows::build_progress(self.table_id, number) };
        let range = ScanRange {
            family: Family::Catalog,
            lower: Bound::Included(edge(FIRST_FILE).bytes),
            upper: Bound::Included(edge(u32::MAX).bytes),
            ..ScanRange::whole(Family::Catalog, PAGE_ROWS, PAGE_BYTES)
        };
        let (mut pages, mut files) = (Pages::of_fresh_views(&*self.service.engine, range), Vec::new());
        while let Some(page) = pages.next().await? {
            for row in &page.rows {
                let file = serde_json::from_slice(&row.value);
                files.push(file.map_err(|error| Interrupted::Failed(format!("progress cannot be read: {error}")))?);
            }
        }
        Ok(files)
    }

    /// Writes one data file with the rows behind a key.
    async fn write_file(&self, begin: Option<Bytes>) -> Result<WrittenFile, Unwritten> {
        let key = self.layout.data_file();
        let place = self.bucket.place(&key).map_err(|refused| Unwritten::Store(refused.into()))?;
        let mut range = ScanRange::of_prefix(Family::Items, rows::table_prefix(self.table_id), PAGE_ROWS, PAGE_BYTES);
        if let Some(begin) = begin {
            range.lower = Bound::Excluded(begin);
        }
        let mut pages = Pages::of_fresh_views(&*self.service.engine, range);
        let mut object = self.service.objects().writer(&place, &self.options).await.map_err(Unwritten::Store)?;
        let (mut file, mut last, mut size) = (DataFile::new(), None, 0);
        while let Some(page) = pages.next_with_damaged().await? {
            last = page.last_key().cloned();
            let (lines, count) = self.lines(&page);
            size += lines.len() as u64;
            // Compression takes longer than other tasks of the thread can wait.
            let (compressed, bytes) = tokio::task::spawn_blocking(move || {
                file.push(&lines, count)?;
                let bytes = file.take();
                Ok::<_, std::io::Error>((file, bytes))
            })
            .await
            .map_err(|error| Interrupted::Failed(error.to_string()))?
            .map_err(|error| Interrupted::Failed(error.to_string()))?;
            file = compressed;
            if !bytes.is_empty() {
                object.write(bytes).await.map_err(Unwritten::Store)?;
            }
            if !page.more {
                last = None;
            }
            if size >= FILE_SIZE {
                break;
            }
        }
        let Finished { rest, md5, item_count, size, .. } =
            file.finish().map_err(|error| Interrupted::Failed(error.to_string()))?;
        object.write(rest).await.map_err(Unwritten::Store)?;
        let StoredObject { etag } = object.finish().await.map_err(Unwritten::Store)?;
        let md5_checksum = base64_simd::STANDARD.encode_to_string(md5);
        Ok(WrittenFile { entry: FileEntry { item_count, md5_checksum, etag, key }, size, last: last.map(Vec::from) })
    }

    /// The lines of a page, and how many they are.
    fn lines(&self, page: &ScanPage) -> (Vec<u8>, u64) {
        self.service.report_damaged_rows(self.table_id, &page.damaged, LEFT_OUT);
        let (mut lines, mut count) = (Vec::new(), 0);
        for row in &page.rows {
            let item = match Stored::read(row.value.clone()) {
                Ok(stored) => stored.into_item(),
                Err(what) => {
                    self.service.report_row(self.table_id, Some(&row.key), &what.to_string(), LEFT_OUT);
                    None
                }
            };
            let is_pushed = item.is_some_and(|item| match self.is_incremental {
                true => self.push_change(&mut lines, &item),
                false => self.push_item(&mut lines, &item),
            });
            count += u64::from(is_pushed);
        }
        (lines, count)
    }

    fn push_item(&self, lines: &mut Vec<u8>, item: &StoredItem) -> bool {
        if !self.filter.matches(item.attributes()) {
            return false;
        }
        match &self.filter.projection {
            Some(projection) => self.format.push_item(lines, projection.apply(item.attributes()).view()),
            None => self.format.push_item(lines, item.attributes()),
        }
        true
    }

    /// Nothing of an item that was inserted and deleted in the window.
    fn push_change(&self, lines: &mut Vec<u8>, row: &StoredItem) -> bool {
        let Some(table) = self.service.catalog.by_id(self.table_id) else { return false };
        let Some(Folded { keys, old, new, written_ms }) = Folded::read(&table, row) else { return false };
        let Some(decides) = new.as_ref().or(old.as_ref()) else { return false };
        if !self.filter.matches(decides.attributes()) {
            return false;
        }
        let projected = |image: Option<&StoredItem>| -> Option<Attributes> {
            let attributes = image?.attributes();
            Some(self.filter.projection.as_ref().map_or_else(|| attributes.to_owned(), |part| part.apply(attributes)))
        };
        let new = projected(new.as_ref());
        let old = projected(old.as_ref().filter(|_| self.has_old_images));
        self.format.push_change(
            lines,
            &Change {
                write_timestamp_micros: written_ms.saturating_mul(1000),
                keys: keys.view(),
                new_image: new.as_ref().map(Attributes::view),
                old_image: old.as_ref().map(Attributes::view),
            },
        );
        true
    }

    async fn put_manifest(&self, key: &str, text: String) -> Result<(), Stop> {
        let md5 = md5_base64(text.as_bytes());
        self.put(key, text.into()).await?;
        self.put(&checksum(key), md5.into()).await
    }

    async fn put(&self, key: &str, body: Bytes) -> Result<(), Stop> {
        let put = self.service.put_object(&self.bucket, key, body, &self.options).await;
        put.map(drop).map_err(Stop::Failed)
    }
}
