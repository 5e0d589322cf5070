//! `stator backup`: backups of single tables, by the operations of DynamoDB's API, and full backups ([`crate::full_backup`]).
//!
//! `create` and `list` print what a server has; `restore` makes a table of a backup, or of another table at a moment; `delete` deletes a
//! backup. A command that waits polls until the server says that it is done.

mod create;
mod delete;
mod list;
mod moment;
mod restore;

use std::time::Duration;

use clap::Subcommand;
use client::Failure;

use crate::full_backup::{self, AllArguments, VerifyArguments};
use crate::protect;
use crate::remote::{Remote, run as run_remote};

pub(crate) use create::CreateArguments;
pub(crate) use delete::DeleteArguments;
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
    /// Delete backups of tables
    Delete(DeleteArguments),
    /// Back up everything that a server stores, while it serves
    #[command(long_flag = "all")]
    All(AllArguments),
    /// Read a full backup, and check that it is as it was written
    Verify(VerifyArguments),
}

pub(crate) fn run(command: &BackupCommand) -> Result<(), Failure> {
    match command {
        BackupCommand::Create(arguments) => {
            let remote = Remote::of(&arguments.remote)?;
            run_remote(create::create(&remote, arguments))
        }
        BackupCommand::List(arguments) => {
            let remote = Remote::of(&arguments.remote)?;
            run_remote(list::list(&remote, arguments))
        }
        BackupCommand::Restore(arguments) => {
            let remote = Remote::of(&arguments.remote)?;
            run_remote(restore::restore(&remote, arguments))
        }
        BackupCommand::Delete(arguments) => {
            let remote = Remote::of(&arguments.remote)?;
            run_remote(delete::delete(&remote, arguments))
        }
        BackupCommand::All(arguments) => {
            protect::process();
            run_remote(full_backup::create(arguments))
        }
        BackupCommand::Verify(arguments) => run_remote(full_backup::verify(arguments)),
    }
}
