//! `stator backup restore`.

use api::Operation;
use base::Clock;
use clap::Args;
use client::Failure;
use serde_json::{Value, json};

use super::POLL;
use super::moment::Moment;
use crate::remote::{ApiClient, PrintedFormat, Progress, Remote, RemoteArguments, SIGNING, print, print_json};

const EXAMPLES: &str = "\
Examples:
  stator backup restore \"$arn\" --to Music-restored --wait
  stator backup restore Music --at latest --to Music-copy --wait
  stator backup restore Music --at 2026-01-31T12:00:00Z --to Music-noon
  stator backup restore Music --at 10m --to Music-before

A moment needs point-in-time recovery of the table: see UpdateContinuousBackups. A restore makes a new table; the table and \
the backup that it is made of stay as they are.
";

#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n{SIGNING}"))]
pub(crate) struct RestoreArguments {
    /// A backup's ARN; with --at the table to restore, by its name or its ARN
    #[arg(value_name = "BACKUP_ARN|TABLE")]
    source: String,

    /// The name of the new table
    #[arg(long, value_name = "TABLE")]
    to: String,

    /// The moment of the table's state: a time, such as 2026-01-31T12:00:00Z, so long ago, such as 90s, 10m, 2h or 1d, or
    /// `latest`
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,

    /// End when the new table is active, not when the restore has begun
    #[arg(long)]
    wait: bool,

    /// How the new table is printed: a sentence, or its description
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: PrintedFormat,

    #[command(flatten)]
    pub(super) remote: RemoteArguments,
}

pub(super) async fn restore(remote: &Remote, arguments: &RestoreArguments) -> Result<(), Failure> {
    let (operation, request) = request(arguments, Clock::system().now_ms())?;
    let mut client = remote.connect();
    let mut table = client.ask_once(operation, &request).await?["TableDescription"].take();
    if arguments.wait {
        table = active(&mut client, &arguments.to).await?;
    }
    match arguments.output {
        PrintedFormat::Text => print(&sentence(&arguments.to, &table)),
        PrintedFormat::Json => print_json(&json!({ "Table": table })),
    }
}

fn request(arguments: &RestoreArguments, now_ms: u64) -> Result<(Operation, Value), Failure> {
    let RestoreArguments { source, to, at, .. } = arguments;
    let is_backup = source.starts_with("arn:") && source.contains("/backup/");
    match (is_backup, at) {
        (true, None) => Ok((Operation::RestoreTableFromBackup, json!({ "BackupArn": source, "TargetTableName": to }))),
        (true, Some(_)) => Err(Failure::new("a backup has one moment: --at is for tables")),
        (false, None) => Err(Failure::new(format!(
            "{source} is not the ARN of a backup, which 'stator backup list' prints; to restore a table at a moment, add --at"
        ))),
        (false, Some(moment)) => {
            let member = if source.starts_with("arn:") { "SourceTableArn" } else { "SourceTableName" };
            let mut request = json!({ member: source, "TargetTableName": to });
            match moment.seconds(now_ms) {
                Some(seconds) => request["RestoreDateTime"] = seconds.into(),
                None => request["UseLatestRestorableTime"] = true.into(),
            }
            Ok((Operation::RestoreTableToPointInTime, request))
        }
    }
}

/// Waits until a new table is active, and returns its description.
async fn active(client: &mut ApiClient, table: &str) -> Result<Value, Failure> {
    let mut progress = Progress::start();
    loop {
        let body = json!({ "TableName": table }).to_string();
        let read = |reply: &[u8]| serde_json::from_slice::<Value>(reply).map_err(|error| error.to_string());
        let described = match client.request(Operation::DescribeTable, body.as_bytes(), read).await {
            Ok(mut described) => described["Table"].take(),
            Err(refusal) if refusal.is("ResourceNotFoundException") => {
                return Err(Failure::new(format!(
                    "the table {table} is gone: its restore has failed, or it was deleted"
                )));
            }
            Err(refusal) => {
                let failure = client.failure(Operation::DescribeTable, refusal);
                return Err(Failure::new(format!(
                    "the restore of {table} has begun and continues; it cannot be waited for: {failure}"
                )));
            }
        };
        match (described["TableStatus"].as_str(), described["ItemCount"].as_u64()) {
            (Some("ACTIVE"), _) => return Ok(described),
            (Some("CREATING" | "UPDATING"), Some(items @ 1..)) => progress.show(&format!("restoring: {items} items")),
            (Some("CREATING" | "UPDATING"), _) => progress.show("restoring"),
            (status, _) => {
                return Err(Failure::new(format!("the table {table} is {}", status.unwrap_or("of no status"))));
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

fn sentence(name: &str, table: &Value) -> String {
    let status = base::visible(table["TableStatus"].as_str().unwrap_or("CREATING"));
    match (table["TableStatus"].as_str(), table["ItemCount"].as_u64()) {
        (Some("ACTIVE"), Some(items)) => format!("{name} is {status}: {items} items\n"),
        _ => format!("{name} is {status}\n"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: RestoreArguments,
    }

    fn asked(words: &[&str]) -> Result<(Operation, Value), String> {
        let line =
            Line::try_parse_from([&["restore"], words, &["--to", "T"]].concat()).map_err(|error| error.to_string())?;
        request(&line.arguments, 100_500).map_err(|failure| failure.to_string())
    }

    #[test]
    fn requests() {
        let backup = "arn:aws:dynamodb:us-east-1:000000000000:table/Music/backup/01489602797149-73d8d5bc";
        let expected = json!({ "BackupArn": backup, "TargetTableName": "T" });
        assert_eq!(asked(&[backup]), Ok((Operation::RestoreTableFromBackup, expected)));
        let check = |words: &[&str], expected: Value| {
            assert_eq!(asked(words), Ok((Operation::RestoreTableToPointInTime, expected)), "{words:?}");
        };
        let latest = json!({ "SourceTableName": "Music", "TargetTableName": "T", "UseLatestRestorableTime": true });
        check(&["Music", "--at", "latest"], latest);
        let moment = json!({ "SourceTableName": "Music", "TargetTableName": "T", "RestoreDateTime": 40 });
        check(&["Music", "--at", "1m"], moment);
        let by_arn = json!({ "SourceTableArn": "arn:t", "TargetTableName": "T", "RestoreDateTime": 0 });
        check(&["arn:t", "--at", "1970-01-01T00:00:00Z"], by_arn);
        assert!(asked(&["Music"]).is_err_and(|said| said.contains("add --at")));
        assert!(asked(&[backup, "--at", "latest"]).is_err_and(|said| said.contains("one moment")));
        assert!(asked(&["Music", "--at", "soon"]).is_err_and(|said| said.contains("latest")));
    }
}
