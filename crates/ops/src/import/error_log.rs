//! What is wrong with the items of an import, as AWS logs it: a line of JSON for each bad record, in a file of the import. AWS has a
//! log stream for each import; here it is a file below the data folder, where there is one.
//!
//! The lines of a step are written before its counts: after a crash a line may be there twice, and none is missing. The files are bounded
//! (`import_errors`); once a line has no room, the import goes on without.

use serde::Serialize;

use super::ImportRecord;
use crate::service::Service;

/// Lines of one import. AWS limits its log to 10,000 errors as well. Source: Developer Guide, "Importing: validating imports".
pub(super) const LINES_MAX: u64 = 10_000;
/// Of one message, which may show values. Unit: bytes.
const MESSAGE_MAX: usize = 1000;

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
    /// Writes lines to the file of an import, as far as there is room. Whether more of them can be written; if not, the import goes on
    /// without.
    pub(super) async fn log_import_errors(&self, import: &ImportRecord, lines: Vec<u8>) -> bool {
        let Some(log) = self.settings.import_errors.clone() else { return false };
        if lines.is_empty() {
            return true;
        }
        let (account, id) = (import.account.clone(), import.id.clone());
        let written = tokio::task::spawn_blocking(move || log.append(&account, &id, &lines)).await;
        match written {
            Ok(Ok(has_room)) => has_room,
            Ok(Err(error)) => {
                log::warn!(event = "import_error_log_failed", table = import.table_name.as_str();
                    "the errors of an import cannot be logged: {error}");
                false
            }
            // The program ends.
            Err(_) => false,
        }
    }

    /// Deletes the files of old imports.
    pub(crate) async fn trim_import_errors(&self) {
        let Some(log) = self.settings.import_errors.clone() else { return };
        let now_ms = self.clock.now_ms();
        // What fails now is tried again in the next round.
        let _ = tokio::task::spawn_blocking(move || log.trim(now_ms)).await;
    }
}
