//! The report of a bulk operation: the records that were not put, as objects in its output bucket, and the manifest that names them.
//!
//! The lines of a step are a row that is written with the step, so that none is lost or repeated by a crash. Once there are enough of
//! them, their rows become one object: it is written first, then its row of the manifest in place of theirs. Its key has the numbers of
//! the rows, so that a writer that was overtaken by another one overwrites nothing.
//!
//! | object below `PREFIX/AWSDynamoDB/ID/` | content |
//! |---|---|
//! | `_started` | nothing; written first of all, to learn whether the bucket can be written to |
//! | `data/error/FIRST-LAST.json.gz` | records that are no items of the table |
//! | `data/condition-check-failure/FIRST-LAST.json.gz` | records whose conditions were not met |
//! | `manifest-files.json`, `manifest-summary.json` | as of an export, each with its `.md5` |
//!
//! A line has the members of its record, as far as it could be read, so that it is a record itself. The layout is our own: AWS's is not
//! known.

use api::OutputTypeEnum;
use bytes::Bytes;
use cluster::catalog::Interrupted;
use cluster::nodes::owner::{self, Owned};
use exchange::read::RecordCondition;
use exchange::write::{DataFile, md5_base64};
use model::codec::json::write_map;
use model::{Attributes, MapRef};
use objects::{Bucket, PutOptions};
use serde::{Deserialize, Serialize};
use storage::{Batch, Family, Key, KeyUse, Mode, Pages, Reads, ScanRange};
use tables::failure::write_failure;
use tables::rows;

use super::BulkRecord;
use crate::object_layout::{FileEntry, checksum, files_text, root, sse_of};
use crate::service::Service;
use crate::transfers::{Failure, TransferStatus};

const PAGE_ROWS: usize = 64;
const PAGE_BYTES: usize = 4 << 20;
/// Lines of one object, before compression. Unit: bytes.
pub(super) const FILE_SIZE: usize = 8 << 20;
/// Of one message, which may show values. Unit: bytes.
const MESSAGE_MAX: usize = 1000;
const VERSION: &str = "1";

/// Where the objects of an operation's report are.
pub(super) struct Output {
    bucket: Bucket,
    options: PutOptions,
    /// What all keys begin with.
    folder: String,
}

/// A record that was not put.
pub(super) struct Line<'a> {
    pub output_type: OutputTypeEnum,
    pub bucket: &'a str,
    pub key: &'a str,
    pub index: u64,
    pub message: &'a str,
    pub item: Option<&'a Attributes>,
    pub condition: Option<&'a RecordCondition>,
    /// The item that did not meet the condition.
    pub existing: Option<MapRef<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    item_s3_pointer: Pointer<'a>,
    error_code: &'a str,
    error_message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pointer<'a> {
    bucket: &'a str,
    key: &'a str,
    item_index: u64,
}

/// An object that is written, as its row and the manifest have it.
#[derive(Clone, Serialize, Deserialize)]
struct WrittenFile {
    #[serde(rename = "outputType")]
    output_type: String,
    #[serde(flatten)]
    entry: FileEntry,
}

/// The members are in the order of an export's manifest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    version: &'a str,
    bulk_operation_arn: String,
    bulk_operation_status: String,
    start_time: String,
    end_time: String,
    table_arn: String,
    table_id: &'a str,
    s3_bucket: &'a str,
    s3_prefix: Option<&'a str>,
    s3_sse_algorithm: &'a str,
    s3_sse_kms_key_id: Option<&'a str>,
    manifest_files_s3_key: String,
    processed_item_count: u64,
    failed_item_count: u64,
    condition_check_failure_count: u64,
    output_format: &'a str,
}

/// Lines that become one object.
#[derive(Default)]
struct Part {
    lines: Vec<u8>,
    /// The keys of the rows that have them, all of which the object replaces.
    keys: Vec<Key>,
}

/// Why a report is not written.
pub(super) enum Unwritten {
    Interrupted(Interrupted),
    Failed(Failure),
}

impl From<Interrupted> for Unwritten {
    fn from(why: Interrupted) -> Unwritten {
        Unwritten::Interrupted(why)
    }
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Unwritten {
        Unwritten::Failed(failure)
    }
}

/// What a row of a report begins with: the kind of its lines, or that it is of an object.
const FILE: u8 = b'F';
const TYPES: [(u8, OutputTypeEnum); 2] = [(b'E', OutputTypeEnum::Error), (b'C', OutputTypeEnum::ConditionCheckFailure)];

/// A row of lines.
pub(super) fn row_of(output_type: OutputTypeEnum, lines: &[u8]) -> Bytes {
    let letter = TYPES.iter().find(|(_, of)| *of == output_type).map_or(FILE, |(letter, _)| *letter);
    [&[letter][..], lines].concat().into()
}

/// Appends a line. Writing to memory does not fail.
pub(super) fn push_line(out: &mut Vec<u8>, line: &Line<'_>) {
    let head = Head {
        item_s3_pointer: Pointer { bucket: line.bucket, key: line.key, item_index: line.index },
        error_code: match line.output_type {
            OutputTypeEnum::Error => "ValidationException",
            OutputTypeEnum::ConditionCheckFailure => "ConditionalCheckFailedException",
        },
        error_message: base::cut(line.message, MESSAGE_MAX),
    };
    let _ = serde_json::to_writer(&mut *out, &head);
    // The other members follow those of the head.
    out.pop();
    if let Some(item) = line.item {
        out.extend_from_slice(b",\"Item\":");
        write_map(out, item.view());
    }
    if let Some(condition) = line.condition {
        push_condition(out, condition);
    }
    if let Some(existing) = line.existing {
        out.extend_from_slice(b",\"ExistingItem\":");
        write_map(out, existing);
    }
    out.extend_from_slice(b"}\n");
}

fn push_condition(out: &mut Vec<u8>, condition: &RecordCondition) {
    if let Some(expression) = &condition.expression {
        out.extend_from_slice(b",\"ConditionExpression\":");
        let _ = serde_json::to_writer(&mut *out, expression);
    }
    if let Some(names) = &condition.names {
        out.extend_from_slice(b",\"ExpressionAttributeNames\":");
        let _ = serde_json::to_writer(&mut *out, names);
    }
    if let Some(values) = &condition.values {
        out.extend_from_slice(b",\"ExpressionAttributeValues\":");
        write_map(out, values.view());
    }
}

impl Output {
    /// # Errors
    /// If the bucket is none: another program wrote the record.
    pub(super) fn of(operation: &BulkRecord) -> Result<Output, Failure> {
        let output = &operation.details.asked.output;
        let bucket = Bucket::parse(&output.bucket, output.bucket_owner.as_deref());
        let refused = |message: String| Failure { code: "InternalServerError".to_owned(), message };
        Ok(Output {
            bucket: bucket.map_err(|refused_name| refused(refused_name.to_string()))?,
            options: PutOptions { sse: Some(sse_of(output.sse.as_deref(), output.kms_key_id.as_deref())) },
            folder: folder(operation),
        })
    }
}

/// What the keys of an operation's own objects begin with.
pub(super) fn folder(operation: &BulkRecord) -> String {
    format!("{}{}/", root(operation.details.asked.output.key_prefix.as_deref()), operation.id)
}

impl Service {
    /// Writes an object of nothing: whether the bucket can be written to.
    ///
    /// # Errors
    /// The operation's failure.
    pub(super) async fn probe_output(&self, output: &Output) -> Result<(), Failure> {
        let key = format!("{}_started", output.folder);
        self.put_object(&output.bucket, &key, Bytes::new(), &output.options).await.map(drop)
    }

    /// The size of the lines that are in no object yet. Unit: bytes.
    pub(super) async fn pending_report(&self, report: &Key) -> Result<usize, Interrupted> {
        let (mut pages, mut size) = (self.report_rows(report), 0);
        while let Some(page) = pages.next().await? {
            let pending = page.rows.iter().filter(|row| row.value.first() != Some(&FILE));
            size += pending.map(|row| row.value.len()).sum::<usize>();
        }
        Ok(size)
    }

    fn report_rows(&self, report: &Key) -> Pages<'_> {
        let range = ScanRange::of_prefix(Family::Catalog, report.bytes.clone(), PAGE_ROWS, PAGE_BYTES);
        Pages::of_fresh_views(&*self.engine, range)
    }

    /// Makes objects of all lines that are in none yet.
    ///
    /// # Errors
    /// The failure of the store or of the engine; what is written is not written again.
    pub(super) async fn write_report(
        &self,
        report: &Key,
        output: &Output,
        owned: Option<&Owned>,
    ) -> Result<(), Unwritten> {
        let mut parts: [Part; TYPES.len()] = Default::default();
        let mut pages = self.report_rows(report);
        while let Some(page) = pages.next().await.map_err(Interrupted::from)? {
            for row in page.rows {
                let Some((letter, lines)) = row.value.split_first() else { continue };
                let Some(at) = TYPES.iter().position(|(own, _)| own == letter) else { continue };
                parts[at].lines.extend_from_slice(lines);
                parts[at].keys.push(row.into_key(Family::Catalog));
                if parts[at].lines.len() >= FILE_SIZE {
                    self.write_part(TYPES[at].1, std::mem::take(&mut parts[at]), output, owned).await?;
                }
            }
        }
        for ((_, output_type), part) in TYPES.into_iter().zip(parts) {
            if !part.keys.is_empty() {
                self.write_part(output_type, part, output, owned).await?;
            }
        }
        Ok(())
    }

    async fn write_part(
        &self,
        output_type: OutputTypeEnum,
        part: Part,
        output: &Output,
        owned: Option<&Owned>,
    ) -> Result<(), Unwritten> {
        let number =
            |key: Option<&Key>| key.and_then(|key| rows::transfer_report_number(&key.bytes)).unwrap_or_default();
        let (first, last) = (number(part.keys.first()), number(part.keys.last()));
        let name = output_type.to_string().to_lowercase().replace('_', "-");
        let key = format!("{}data/{name}/{first:08}-{last:08}.json.gz", output.folder);
        let (body, md5, item_count) = compressed(part.lines).await?;
        let etag = self.put_object(&output.bucket, &key, body, &output.options).await?;
        let entry = FileEntry { item_count, md5_checksum: md5, etag, key };
        let file = WrittenFile { output_type: output_type.to_string(), entry };
        let mut value = vec![FILE];
        serde_json::to_writer(&mut value, &file).map_err(|error| Interrupted::Failed(error.to_string()))?;
        let keys: Vec<KeyUse> = part.keys.iter().cloned().map(KeyUse::write).chain(owned.map(Owned::key)).collect();
        // Another node may have made an object of some of the rows meanwhile: then this one is not in the manifest.
        let replace = |reads: &Reads, batch: &mut Batch| {
            let mut found = reads.values[..part.keys.len()].iter();
            let are_left = found.all(|row| row.as_ref().is_some_and(|row| row.first() != Some(&FILE)));
            if !are_left || owned.is_some_and(|owned| !owned.renew(reads, batch)) {
                return Err(owner::taken());
            }
            part.keys.iter().skip(1).for_each(|key| batch.delete(key.clone()));
            batch.put(part.keys[0].clone(), value.clone());
            Ok(())
        };
        let replaced = self.engine.write(Mode::Plain, &keys, replace).await;
        replaced.and_then(|replaced| replaced).map_err(|error| Unwritten::Interrupted(write_failure(error).into()))
    }

    /// Writes the manifests of an operation that ends so.
    ///
    /// # Errors
    /// The failure of the store or of the engine.
    pub(super) async fn write_manifests(
        &self,
        report: &Key,
        operation: &BulkRecord,
        status: TransferStatus,
        output: &Output,
    ) -> Result<(), Unwritten> {
        let (mut pages, mut files) = (self.report_rows(report), Vec::new());
        while let Some(page) = pages.next().await.map_err(Interrupted::from)? {
            for row in page.rows.iter().filter(|row| row.value.first() == Some(&FILE)) {
                let file: WrittenFile = serde_json::from_slice(&row.value[1..])
                    .map_err(|error| Interrupted::Failed(format!("a row of a report cannot be read: {error}")))?;
                files.push(file);
            }
        }
        files.sort_by(|a, b| a.entry.key.cmp(&b.entry.key));
        let key = format!("{}manifest-files.json", output.folder);
        self.put_manifest(output, &key, files_text(&files)).await?;
        let summary = summary_text(operation, status, self.clock.now_ms(), key);
        Ok(self.put_manifest(output, &format!("{}manifest-summary.json", output.folder), summary).await?)
    }

    async fn put_manifest(&self, output: &Output, key: &str, text: String) -> Result<(), Failure> {
        let md5 = md5_base64(text.as_bytes());
        self.put_object(&output.bucket, key, text.into(), &output.options).await?;
        self.put_object(&output.bucket, &checksum(key), md5.into(), &output.options).await.map(drop)
    }
}

fn summary_text(operation: &BulkRecord, status: TransferStatus, ended_ms: u64, files_key: String) -> String {
    let (output, counts) = (&operation.details.asked.output, operation.details.counts);
    let time = base::utc::rfc3339_ms;
    let summary = Summary {
        version: VERSION,
        bulk_operation_arn: operation.arn(),
        bulk_operation_status: super::describe::shown(status).to_string(),
        start_time: time(operation.started_ms),
        end_time: time(ended_ms),
        table_arn: operation.table_arn(),
        table_id: &operation.table_uuid,
        s3_bucket: &output.bucket,
        s3_prefix: output.key_prefix.as_deref(),
        s3_sse_algorithm: output.sse.as_deref().unwrap_or("AES256"),
        s3_sse_kms_key_id: output.kms_key_id.as_deref(),
        manifest_files_s3_key: files_key,
        processed_item_count: counts.processed(),
        failed_item_count: counts.failed,
        condition_check_failure_count: counts.condition_failed,
        output_format: "DYNAMODB_JSON",
    };
    serde_json::to_string(&summary).unwrap_or_default()
}

/// The compressed lines, their checksum, and how many they are.
async fn compressed(lines: Vec<u8>) -> Result<(Bytes, String, u64), Interrupted> {
    // Compression takes longer than other tasks of the thread can wait.
    let done = tokio::task::spawn_blocking(move || {
        let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        let mut file = DataFile::new();
        file.push(&lines, count)?;
        file.finish()
    });
    let finished = done.await.map_err(|error| Interrupted::Failed(error.to_string()))?;
    let finished = finished.map_err(|error| Interrupted::Failed(error.to_string()))?;
    Ok((finished.rest, base64_simd::STANDARD.encode_to_string(finished.md5), finished.item_count))
}
