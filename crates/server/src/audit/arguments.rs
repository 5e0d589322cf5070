//! The flags of the audit log.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::value_parsers::byte_size;

#[derive(Args, Debug)]
pub(crate) struct AuditArguments {
    /// Write CloudTrail-format audit events to this file: management events, one JSON object a line. It is opened anew on
    /// SIGHUP
    #[arg(long, env = "STATOR_AUDIT_LOG", value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,

    /// Write data events to it, too: every read and write of items. It never holds items, keys or expressions
    #[arg(long, env = "STATOR_AUDIT_DATA", value_parser = BoolishValueParser::new())]
    pub(crate) audit_data: bool,

    /// Execute a request only if it can be audited: without room for its event, or while the file cannot be written,
    /// it is refused with an error that SDKs retry
    #[arg(long, env = "STATOR_AUDIT_REQUIRED", value_parser = BoolishValueParser::new())]
    pub(crate) audit_required: bool,

    /// Size from which on the file becomes FILE.1, and another one is begun; 0 for never
    #[arg(long, env = "STATOR_AUDIT_LOG_BYTES", value_name = "SIZE", default_value = "100MiB", value_parser = byte_size)]
    pub(crate) audit_log_bytes: u64,

    /// How many rotated files are retained; not with --audit-log-bytes 0
    #[arg(long, env = "STATOR_AUDIT_LOG_FILES", value_name = "COUNT", default_value_t = 10, value_parser = files)]
    pub(crate) audit_log_files: u32,
}

fn files(text: &str) -> Result<u32, String> {
    let count: Option<u32> = text.parse().ok();
    count.filter(|count| (1..=10_000).contains(count)).ok_or_else(|| "a number from 1 to 10000".to_owned())
}
