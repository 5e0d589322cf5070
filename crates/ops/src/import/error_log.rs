//! What is wrong with the items of an import, as AWS logs it: a line of JSON for each bad record, in a file of the import. AWS has a
//! log stream for each import; here it is a file below the data folder, where there is one.
//!
//! The lines of a step are written before its counts: after a crash a line may be there twice, and none is missing. Files are
//! deleted some time after their imports' records.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::ImportRecord;
use crate::service::Service;
use crate::transfers::is_transfer_id;

/// Lines of one import. AWS limits its log to 10,000 errors as well. Source: Developer Guide, "Importing: validating imports".
pub(super) const LINES_MAX: u64 = 10_000;
/// Of one message, which may show values. Unit: bytes.
const MESSAGE_MAX: usize = 1000;
/// How long after the start of its import a file is there: longer than the record.
const RETENTION_MS: u64 = 100 * 24 * 60 * 60 * 1000;
const EXTENSION: &str = "jsonl";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    item_s3_pointer: Pointer<'a>,
    import_arn: String,
    error_messages: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pointer<'a> {
    bucket: &'a str,
    key: &'a str,
    item_index: u64,
}

/// Appends the line of a bad record.
pub(super) fn push_line(out: &mut Vec<u8>, import: &ImportRecord, key: &str, index: u64, why: &str) {
    let line = Line {
        item_s3_pointer: Pointer { bucket: &import.details.bucket, key, item_index: index },
        import_arn: import.arn(),
        error_messages: [base::cut(why, MESSAGE_MAX)],
    };
    // Writing to memory does not fail, and each of the texts can be written as JSON.
    if serde_json::to_writer(&mut *out, &line).is_ok() {
        out.push(b'\n');
    }
}

impl Service {
    /// Writes lines to the file of an import. If the file cannot be written, the import goes on without it.
    pub(super) async fn log_import_errors(&self, import: &ImportRecord, lines: Vec<u8>) {
        let Some(folder) = self.settings.import_errors.clone().filter(|_| !lines.is_empty()) else { return };
        let file = file_of(&folder, &import.id);
        let written = tokio::task::spawn_blocking(move || append(&folder, &file, &lines)).await;
        if let Ok(Err(error)) = written {
            log::warn!(event = "import_error_log_failed", table = import.table_name.as_str();
                "the errors of an import cannot be logged: {error}");
        }
    }

    /// Deletes the files of old imports.
    pub(crate) async fn trim_import_errors(&self) {
        let Some(folder) = self.settings.import_errors.clone() else { return };
        let now_ms = self.clock.now_ms();
        // What fails now is tried again in the next round.
        let _ = tokio::task::spawn_blocking(move || trim(&folder, now_ms)).await;
    }
}

fn file_of(folder: &Path, id: &str) -> PathBuf {
    folder.join(id).with_extension(EXTENSION)
}

fn append(folder: &Path, file: &Path, lines: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    // The lines may show values of items.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(lines)
}

fn trim(folder: &Path, now_ms: u64) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let id = path.file_stem().and_then(|stem| stem.to_str()).filter(|id| is_transfer_id(id));
        let started_ms = id.and_then(|id| id.split_once('-')?.0.parse::<u64>().ok());
        if started_ms.is_some_and(|started_ms| started_ms.saturating_add(RETENTION_MS) < now_ms) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_files_are_deleted_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("import-errors");
        let (old, new) = ("01795944000123-0badf00d", "01795944000124-0badf00d");
        for id in [old, new, "other"] {
            append(&folder, &file_of(&folder, id), b"{}\n").unwrap();
        }
        append(&folder, &file_of(&folder, new), b"{}\n").unwrap();
        trim(&folder, 1_795_944_000_124 + RETENTION_MS).unwrap();
        assert!(!file_of(&folder, old).exists() && file_of(&folder, "other").exists());
        assert_eq!(fs::read_to_string(file_of(&folder, new)).unwrap(), "{}\n{}\n");
    }
}
