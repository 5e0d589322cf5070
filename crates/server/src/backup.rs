//! `stator backup`: backups of single tables, by the operations of DynamoDB's API.
//!
//! `create` and `list` print what a server has; `restore` makes a table of a backup, or of another table at a moment. A command that
//! waits polls until the server says that it is done.

mod create;
mod list;
mod moment;
mod restore;

use std::time::Duration;

use clap::Subcommand;
use client::Failure;

use crate::remote::{Remote, run as run_remote};

pub(crate) use create::CreateArguments;
pub(crate) use list::ListArguments;
pub(crate) use restore::RestoreArguments;

/// Between two looks at what is waited for.
const POLL: Duration = Duration::from_millis(250);

#[derive(Subcommand, Debug)]
pub(crate) enum BackupCommand {
    /// Back up a table; prints the backup's ARN
    Create(CreateArguments),
    /// List backups
    List(ListArguments),
    /// Make a table of a backup, or of a table as it was at a moment
    Restore(RestoreArguments),
}

pub(crate) fn run(command: &BackupCommand) -> Result<(), Failure> {
    let remote = Remote::of(match command {
        BackupCommand::Create(arguments) => &arguments.remote,
        BackupCommand::List(arguments) => &arguments.remote,
        BackupCommand::Restore(arguments) => &arguments.remote,
    })?;
    run_remote(async {
        match command {
            BackupCommand::Create(arguments) => create::create(&remote, arguments).await,
            BackupCommand::List(arguments) => list::list(&remote, arguments).await,
            BackupCommand::Restore(arguments) => restore::restore(&remote, arguments).await,
        }
    })
}
