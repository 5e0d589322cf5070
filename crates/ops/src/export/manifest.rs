//! The objects of an export, byte for byte as DynamoDB lays them out: where they are, and the manifests that name them.
//!
//! Source: Developer Guide, "DynamoDB table export output format"; exports on AWS, 2026, where they differ from it: the checksums are
//! objects that end with `.md5`.

use api::ExportViewType;
use serde::{Deserialize, Serialize};

use super::ExportRecord;
use super::time::Times;
use crate::bucket_access::export_root;
use exchange::write::LineFormat;

const FULL_VERSION: &str = "2020-06-30";
const INCREMENTAL_VERSION: &str = "2023-08-01";
const NAME_ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Where the objects of an export are.
pub(super) struct Layout {
    /// What all keys begin with.
    root: String,
    id: String,
    is_incremental: bool,
    format: LineFormat,
}

/// A data file in the manifest. The members are in DynamoDB's order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct FileEntry {
    #[serde(rename = "itemCount")]
    pub item_count: u64,
    #[serde(rename = "md5Checksum")]
    pub md5_checksum: String,
    pub etag: String,
    #[serde(rename = "dataFileS3Key")]
    pub key: String,
}

/// The members are in DynamoDB's order, those that are absent left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    version: &'a str,
    export_arn: String,
    start_time: String,
    end_time: String,
    table_arn: String,
    table_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_from_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_to_time: Option<String>,
    s3_bucket: &'a str,
    s3_prefix: Option<&'a str>,
    s3_sse_algorithm: &'a str,
    s3_sse_kms_key_id: Option<&'a str>,
    manifest_files_s3_key: String,
    billed_size_bytes: u64,
    item_count: u64,
    output_format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_view: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_type: Option<&'a str>,
}

impl Layout {
    pub(super) fn of(export: &ExportRecord) -> Layout {
        Layout {
            root: export_root(export.details.asked.prefix.as_deref()),
            id: export.id.clone(),
            is_incremental: export.details.times.window().is_some(),
            format: export.details.asked.line_format(),
        }
    }

    /// The object that is written first of all: whether the bucket can be written to.
    pub(super) fn started(&self) -> String {
        format!("{}{}/_started", self.root, self.id)
    }

    /// A new data file; those of incremental exports are in one folder.
    pub(super) fn data_file(&self) -> String {
        let folder = if self.is_incremental { String::new() } else { format!("{}/", self.id) };
        format!("{}{folder}data/{}.{}.gz", self.root, file_name(), self.format.extension())
    }

    pub(super) fn manifest_files(&self) -> String {
        format!("{}{}/manifest-files.json", self.root, self.id)
    }

    pub(super) fn manifest_summary(&self) -> String {
        format!("{}{}/manifest-summary.json", self.root, self.id)
    }
}

/// The object with the checksum of a manifest.
pub(super) fn checksum(manifest: &str) -> String {
    format!("{}.md5", manifest.strip_suffix(".json").unwrap_or(manifest))
}

/// 16 random bytes in base 32.
fn file_name() -> String {
    let bits = u128::from_be_bytes(base::random::secret16());
    let digit = |at: u32| {
        // 26 digits of 5 bits; the last one has the 3 bits that are left.
        let shifted = if at < 25 { bits >> (123 - 5 * at) } else { bits << 2 };
        char::from(NAME_ALPHABET[(shifted & 31) as usize])
    };
    (0..26).map(digit).collect()
}

/// The text of manifest-files.json.
pub(super) fn files_text(files: &[FileEntry]) -> String {
    let line = |entry: &FileEntry| serde_json::to_string(entry).map(|line| line + "\n").unwrap_or_default();
    files.iter().map(line).collect()
}

/// The text of manifest-summary.json.
pub(super) fn summary_text(export: &ExportRecord, ended_ms: u64) -> String {
    let (asked, times) = (&export.details.asked, export.details.times);
    let time = base::utc::rfc3339_ms;
    let window = times.window();
    let description = export.description();
    let view = match asked.view() {
        ExportViewType::NewImage => "NEW_IMAGE",
        ExportViewType::NewAndOldImages => "NEW_AND_OLD_IMAGES",
    };
    let summary = Summary {
        version: if window.is_some() { INCREMENTAL_VERSION } else { FULL_VERSION },
        export_arn: export.arn(),
        start_time: time(export.started_ms),
        end_time: time(ended_ms),
        table_arn: export.table_arn(),
        table_id: &export.table_uuid,
        export_time: match times {
            Times::At { epoch_ms } => Some(time(epoch_ms)),
            Times::Between(_) => None,
        },
        export_from_time: window.map(|window| time(window.from_ms)),
        export_to_time: window.map(|window| time(window.to_ms)),
        s3_bucket: &asked.bucket,
        s3_prefix: asked.prefix.as_deref(),
        s3_sse_algorithm: asked.sse.as_deref().unwrap_or("AES256"),
        s3_sse_kms_key_id: asked.kms_key_id.as_deref(),
        manifest_files_s3_key: Layout::of(export).manifest_files(),
        billed_size_bytes: description.billed_size_bytes.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        item_count: export.details.item_count,
        output_format: asked.format().to_string(),
        output_view: window.map(|_| view),
        export_type: window.map(|_| "INCREMENTAL_EXPORT"),
    };
    serde_json::to_string(&summary).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let name = file_name();
        assert!(name.len() == 26 && name.bytes().all(|byte| NAME_ALPHABET.contains(&byte)), "{name}");
        assert_ne!(name, file_name());
        assert_eq!(checksum("a/manifest-files.json"), "a/manifest-files.md5");
    }

    /// Source: an export on AWS, as the facts of the format give it.
    #[test]
    fn the_manifest_of_files_is_as_dynamodb_writes_it() {
        let entry = |item_count, md5: &str, etag: &str, name: &str| FileEntry {
            item_count,
            md5_checksum: md5.to_owned(),
            etag: etag.to_owned(),
            key: format!("nightly/AWSDynamoDB/01795944000123-0badf00d/data/{name}.json.gz"),
        };
        let text = files_text(&[
            entry(2, "IjHox0eq3M49eYwZDZUCCg==", "7ff3d12b179039031fad85980fd53fce-1", "mfxwk3tqmfzgs5dimfzgs5dimu"),
            entry(0, "Sk3TWYcHYDs/dqI3ikUEqg==", "a6b2cbb1ed8396717de354038c5cd5ff-1", "nbswy3dpeb3w64tmmqqhi2djom"),
        ]);
        assert_eq!(exchange::write::md5_base64(text.as_bytes()), "/oTEPP7Q/apj/Vowf/BMrg==");
    }
}
