//! `stator backup delete`.

use api::Operation;
use clap::Args;
use client::Failure;
use serde_json::json;

use crate::remote::{Remote, RemoteArguments, SIGNING, print};

const EXAMPLES: &str = "\
Examples:
  stator backup delete \"$arn\"
  stator backup list Music --output json | jq -r '.BackupSummaries[].BackupArn' | xargs stator backup delete
";

#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n{SIGNING}"))]
pub(crate) struct DeleteArguments {
    /// The backups' ARNs, which 'stator backup list' prints
    #[arg(value_name = "BACKUP_ARN", required = true)]
    arns: Vec<String>,

    #[command(flatten)]
    pub(super) remote: RemoteArguments,
}

/// In their order; the first one that is not deleted ends it. Prints the ARNs of those that are.
pub(super) async fn delete(remote: &Remote, arguments: &DeleteArguments) -> Result<(), Failure> {
    let mut client = remote.connect();
    for arn in &arguments.arns {
        client.ask_once(Operation::DeleteBackup, &json!({ "BackupArn": arn })).await?;
        print(&format!("{}\n", base::visible(arn)))?;
    }
    Ok(())
}
