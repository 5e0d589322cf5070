//! The queue of work that changes of the catalog start; `table_work` does it.
//!
//! Pending work always follows from the definitions (a table or an index that is being deleted, an index that is being
//! built), so a restarted server resumes it. Work on one table is done one piece after the other: rows are not destroyed
//! while an index is still being built on them.
//!
//! With several nodes each one has all the work in its queue, and the owner of a table's work does it; the others check
//! periodically whether it is done or its owner is dead.

use std::fmt;

use api::Exception;
use change_log;
use parking_lot::Mutex;
use storage::StorageError;
use tables::{BackupKind, Definition, IndexState, TableStatus};
use tokio::sync::mpsc;

use super::is_closed;

/// One piece of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    BuildIndex {
        table_id: u64,
        index_id: u32,
    },
    DropIndex {
        table_id: u64,
        index_id: u32,
    },
    DropTable {
        table_id: u64,
    },
    /// Open and close shards of its log as its consumers need them.
    KeepLog {
        table_id: u64,
    },
    /// Find a backup's cut, copy its source, and undo what was changed behind the cut.
    FillBackup {
        table_id: u64,
    },
    /// Write an export, once what it is written from is filled.
    ExportTable {
        table_id: u64,
    },
    /// Fill a table from a backup.
    RestoreTable {
        table_id: u64,
    },
    /// Fill a table from objects.
    ImportTable {
        table_id: u64,
    },
    /// Create and delete the tables of members of its group, and share the group's settings.
    UpdateReplicas {
        table_id: u64,
    },
    /// Fill a replica from another one.
    CopyReplica {
        table_id: u64,
    },
    /// Give its index of expiries an id: an older program enabled time to live without one.
    NumberExpiryIndex {
        table_id: u64,
    },
}

impl Work {
    /// What an interrupted server has left to do for a table.
    pub fn left_by(definition: &Definition) -> Vec<Work> {
        let table_id = definition.table_id;
        if definition.status == TableStatus::Deleting {
            return vec![Work::DropTable { table_id }];
        }
        if let Some(backup) = &definition.backup {
            if backup.kind == BackupKind::Export {
                return vec![Work::ExportTable { table_id }];
            }
            return (!backup.is_ready()).then_some(Work::FillBackup { table_id }).into_iter().collect();
        }
        if definition.restore.is_some() {
            return vec![Work::RestoreTable { table_id }];
        }
        if definition.import.is_some() {
            return vec![Work::ImportTable { table_id }];
        }
        if definition.is_being_replicated() {
            return vec![Work::CopyReplica { table_id }];
        }
        let of_index = |(index_id, state): (u32, IndexState)| match state {
            IndexState::Building => Some(Work::BuildIndex { table_id, index_id }),
            IndexState::Deleting => Some(Work::DropIndex { table_id, index_id }),
            IndexState::Ready => None,
        };
        let log = change_log::is_to_be_kept(definition).then_some(Work::KeepLog { table_id });
        let number = definition.lacks_expiry_index().then_some(Work::NumberExpiryIndex { table_id });
        let replicas = definition.replica().map(|_| Work::UpdateReplicas { table_id });
        definition.index_states().into_iter().filter_map(of_index).chain(log).chain(number).chain(replicas).collect()
    }

    /// The name of the job that does it.
    pub fn job(self) -> &'static str {
        match self {
            Work::BuildIndex { .. } => "build_index",
            Work::DropIndex { .. } => "delete_index",
            Work::DropTable { .. } => "delete_table",
            Work::KeepLog { .. } => "update_stream",
            Work::FillBackup { .. } => "fill_backup",
            Work::ExportTable { .. } => "export_table",
            Work::RestoreTable { .. } => "restore_table",
            Work::ImportTable { .. } => "import_table",
            Work::UpdateReplicas { .. } => "update_replicas",
            Work::CopyReplica { .. } => "copy_replica",
            Work::NumberExpiryIndex { .. } => "update_ttl_index",
        }
    }

    pub fn log_failure(self, table: &str, why: &str) {
        match self {
            Work::BuildIndex { .. } => {
                log::error!(event = "index_build_failed", table = table; "building an index failed and is retried: {why}");
            }
            Work::DropIndex { .. } => {
                log::error!(event = "index_delete_failed", table = table; "deleting an index failed and is retried: {why}");
            }
            Work::DropTable { .. } => {
                log::error!(event = "table_delete_failed", table = table; "deleting a table failed and is retried: {why}");
            }
            Work::KeepLog { .. } => {
                log::error!(event = "stream_update_failed", table = table; "changing a stream failed and is retried: {why}");
            }
            Work::FillBackup { .. } => {
                log::error!(event = "backup_failed", table = table; "a backup failed and is retried: {why}");
            }
            Work::ExportTable { .. } => {
                log::error!(event = "export_failed", table = table; "an export failed and is retried: {why}");
            }
            Work::RestoreTable { .. } => {
                log::error!(event = "restore_failed", table = table; "restoring a table failed and is retried: {why}");
            }
            Work::ImportTable { .. } => {
                log::error!(event = "import_interrupted", table = table; "importing a table was interrupted and is retried: {why}");
            }
            Work::UpdateReplicas { .. } => {
                log::error!(event = "replica_update_failed", table = table; "changing a table's replicas failed and is retried: {why}");
            }
            Work::CopyReplica { .. } => {
                log::error!(event = "replica_copy_failed", table = table; "copying a table into a new replica failed and is retried: {why}");
            }
            Work::NumberExpiryIndex { .. } => {
                log::error!(event = "ttl_update_failed", table = table; "changing time to live failed and is retried: {why}");
            }
        }
    }

    pub fn table_id(self) -> u64 {
        match self {
            Work::BuildIndex { table_id, .. }
            | Work::DropIndex { table_id, .. }
            | Work::DropTable { table_id }
            | Work::KeepLog { table_id }
            | Work::FillBackup { table_id }
            | Work::ExportTable { table_id }
            | Work::RestoreTable { table_id }
            | Work::ImportTable { table_id }
            | Work::UpdateReplicas { table_id }
            | Work::CopyReplica { table_id }
            | Work::NumberExpiryIndex { table_id } => table_id,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::BuildIndex { table_id, index_id } => write!(f, "building index {index_id} of table {table_id}"),
            Work::DropIndex { table_id, index_id } => write!(f, "deleting index {index_id} of table {table_id}"),
            Work::DropTable { table_id } => write!(f, "deleting table {table_id}"),
            Work::KeepLog { table_id } => write!(f, "maintaining the change log of table {table_id}"),
            Work::FillBackup { table_id } => write!(f, "filling backup {table_id}"),
            Work::ExportTable { table_id } => write!(f, "writing export {table_id}"),
            Work::RestoreTable { table_id } => write!(f, "restoring table {table_id}"),
            Work::ImportTable { table_id } => write!(f, "importing table {table_id}"),
            Work::UpdateReplicas { table_id } => write!(f, "updating the replicas of table {table_id}"),
            Work::CopyReplica { table_id } => write!(f, "filling the replica {table_id}"),
            Work::NumberExpiryIndex { table_id } => {
                write!(f, "giving the time-to-live index of table {table_id} its id")
            }
        }
    }
}

/// Work that waits to be taken up.
pub(super) struct Queue {
    sender: mpsc::UnboundedSender<Work>,
    /// The other end, until the job that does the work takes it.
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Work>>>,
}

impl Queue {
    pub(super) fn new() -> Queue {
        let (sender, receiver) = mpsc::unbounded_channel();
        Queue { sender, receiver: Mutex::new(Some(receiver)) }
    }

    pub(super) fn take(&self) -> Option<mpsc::UnboundedReceiver<Work>> {
        self.receiver.lock().take()
    }

    pub(super) fn start(&self, work: Work) {
        // The receiver is dropped when the service stops; the next start derives the work from the definitions.
        let _ = self.sender.send(work);
    }
}

/// Why a piece of work ends early.
#[derive(Debug)]
pub enum Interrupted {
    /// The server is stopping; the work resumes at the next start.
    Stopping,
    /// A failure; a retry may succeed. The text is for the operator.
    Failed(String),
    /// What it needs does not exist any more: no retry succeeds. The text is for the operator.
    Lost(String),
}

impl From<StorageError> for Interrupted {
    fn from(error: StorageError) -> Interrupted {
        if is_closed(&error) { Interrupted::Stopping } else { Interrupted::Failed(error.to_string()) }
    }
}

impl From<Exception> for Interrupted {
    fn from(error: Exception) -> Interrupted {
        Interrupted::Failed(error.cause())
    }
}
