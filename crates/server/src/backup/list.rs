//! `stator backup list`.

use api::Operation;
use base::utc;
use clap::{Args, ValueEnum};
use client::Failure;
use serde_json::{Value, json};

use crate::remote::{PrintedFormat, Remote, RemoteArguments, SIGNING, print, print_json};

const EXAMPLES: &str = "\
Examples:
  stator backup list                         all backups that were made with CreateBackup
  stator backup list Music --type all        those of a table, and the ones that its deletion has made
  stator backup list --output json | jq -r '.BackupSummaries[].BackupArn'
";

#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n{SIGNING}"))]
pub(crate) struct ListArguments {
    /// The table, by its name or its ARN [default: all tables]
    #[arg(value_name = "TABLE")]
    table: Option<String>,

    /// Which backups
    #[arg(long = "type", value_name = "TYPE", default_value = "user")]
    kind: BackupKind,

    /// How the backups are printed: a line for each, or one document as ListBackups answers
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: PrintedFormat,

    #[command(flatten)]
    pub(super) remote: RemoteArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum BackupKind {
    /// Made with CreateBackup
    User,
    /// Made when a table with point-in-time recovery was deleted
    System,
    All,
}

impl BackupKind {
    fn name(self) -> &'static str {
        match self {
            BackupKind::User => "USER",
            BackupKind::System => "SYSTEM",
            BackupKind::All => "ALL",
        }
    }
}

pub(super) async fn list(remote: &Remote, arguments: &ListArguments) -> Result<(), Failure> {
    let mut client = remote.connect();
    let mut request = json!({ "BackupType": arguments.kind.name() });
    if let Some(table) = &arguments.table {
        request["TableName"] = table.as_str().into();
    }
    let mut backups = Vec::new();
    loop {
        let mut page = client.ask(Operation::ListBackups, &request).await?;
        if let Value::Array(summaries) = page["BackupSummaries"].take() {
            backups.extend(summaries);
        }
        match page["LastEvaluatedBackupArn"].take() {
            Value::Null => break,
            last => request["ExclusiveStartBackupArn"] = last,
        }
    }
    match arguments.output {
        PrintedFormat::Text => print(&table(&backups)),
        PrintedFormat::Json => print_json(&json!({ "BackupSummaries": backups })),
    }
}

/// Columns as wide as their widest text; the ARN is last, and whole.
fn table(backups: &[Value]) -> String {
    let heads = ["created", "status", "type", "bytes", "table", "name", "arn"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(heads).chain(backups.iter().map(row)).collect();
    let widths = std::array::from_fn::<usize, 6, _>(|at| {
        rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default()
    });
    let mut text = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(&row[6]);
        text.push('\n');
    }
    text
}

fn row(backup: &Value) -> [String; 7] {
    let text = |name: &str| base::visible(backup[name].as_str().unwrap_or("-")).into_owned();
    let created = backup["BackupCreationDateTime"].as_f64();
    [
        created.map_or_else(|| "-".to_owned(), |seconds| utc::rfc3339((seconds * 1_000.0) as u64)),
        text("BackupStatus"),
        text("BackupType"),
        backup["BackupSizeBytes"].as_u64().map_or_else(|| "-".to_owned(), |size| size.to_string()),
        text("TableName"),
        text("BackupName"),
        text("BackupArn"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let backup = json!({ "BackupCreationDateTime": 1_440_938_160.5, "BackupStatus": "AVAILABLE", "BackupType": "USER",
            "BackupSizeBytes": 12, "TableName": "Music", "BackupName": "nightly", "BackupArn": "arn:b" });
        let expected = "created               status     type  bytes  table  name     arn\n\
                        2015-08-30T12:36:00Z  AVAILABLE  USER  12     Music  nightly  arn:b\n";
        assert_eq!(table(&[backup]), expected);
        assert_eq!(table(&[json!({})]).lines().last(), Some("-        -       -     -      -      -     -"));
    }
}
