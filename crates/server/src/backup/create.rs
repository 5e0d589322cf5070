//! `stator backup create`.

use api::Operation;
use base::{Clock, utc};
use clap::Args;
use client::Failure;
use serde_json::{Value, json};

use super::POLL;
use crate::remote::{ApiClient, PrintedFormat, Progress, Remote, RemoteArguments, SIGNING, print, print_json};

/// Source: API Reference, CreateBackup.
const NAME_SIZE_MAX: usize = 255;

const EXAMPLES: &str = "\
Examples:
  stator backup create Music                           prints the backup's ARN
  stator backup create Music --name nightly --wait     ends when the backup is available
  arn=$(stator backup create Music)
";

#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n{SIGNING}"))]
pub(crate) struct CreateArguments {
    /// The table, by its name or its ARN
    #[arg(value_name = "TABLE")]
    table: String,

    /// The backup's name [default: the table's, and the time]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// End when the backup is available, not when it has begun
    #[arg(long)]
    wait: bool,

    /// How the backup is printed: its ARN, or its details
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: PrintedFormat,

    #[command(flatten)]
    pub(super) remote: RemoteArguments,
}

pub(super) async fn create(remote: &Remote, arguments: &CreateArguments) -> Result<(), Failure> {
    let mut client = remote.connect();
    let name = arguments.name.clone().unwrap_or_else(|| default_name(&arguments.table, Clock::system().now_ms()));
    let request = json!({ "TableName": arguments.table, "BackupName": name });
    let mut details = client.ask_once(Operation::CreateBackup, &request).await?["BackupDetails"].take();
    let arn = details["BackupArn"].as_str().unwrap_or_default().to_owned();
    if arguments.wait {
        details = available(&mut client, &arn).await?;
    }
    match arguments.output {
        PrintedFormat::Text => print(&format!("{}\n", base::visible(&arn))),
        PrintedFormat::Json => print_json(&json!({ "BackupDetails": details })),
    }
}

/// Waits until a backup is available, and returns its details.
async fn available(client: &mut ApiClient, arn: &str) -> Result<Value, Failure> {
    let mut progress = Progress::start();
    loop {
        let described = client.ask(Operation::DescribeBackup, &json!({ "BackupArn": arn })).await;
        let mut described = described.map_err(|failure| {
            let arn = base::visible(arn);
            Failure::new(format!("the backup {arn} has begun and continues; it cannot be waited for: {failure}"))
        })?;
        let details = described["BackupDescription"]["BackupDetails"].take();
        match details["BackupStatus"].as_str() {
            Some("AVAILABLE") => return Ok(details),
            Some("CREATING") => progress.show("backing up"),
            status => return Err(Failure::new(format!("the backup is {}", status.unwrap_or("of no status")))),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// `Music-20260131T120000Z`.
fn default_name(table: &str, now_ms: u64) -> String {
    let time = utc::basic(now_ms / 1_000);
    let time = String::from_utf8_lossy(&time);
    let table = table.rsplit(['/', ':']).next().unwrap_or(table);
    format!("{}-{time}", base::cut(table, NAME_SIZE_MAX - time.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(default_name("Music", 1_440_938_160_123), "Music-20150830T123600Z");
        assert_eq!(default_name("arn:aws:dynamodb:eu-west-3:1:table/Music", 0), "Music-19700101T000000Z");
        assert_eq!(default_name(&"x".repeat(255), 0).len(), NAME_SIZE_MAX);
    }
}
