//! Backups as tables without a name: a backup's definition has the name `TABLE/backup/ID`, which no request can say as the name of
//! a table, and a table id of its own, under which its items are. So what destroys, encrypts, checks and lists a table's rows does
//! the same for a backup's.
//!
//! A backup's content is that of one moment, its cut: the positions in the source's log at that moment. It is complete at its cut,
//! before a single item is copied: the source's items and its log, which is retained for the backup, determine it. The background
//! copies the items as they are, and undoes what was changed behind the cut.

use serde::{Deserialize, Serialize};

use crate::definition::{Definition, Stream, Unknown};

/// What `Definition::name` has between the source's name and the backup's id.
const BETWEEN: &str = "/backup/";
/// The same of what an export is written from.
const EXPORT_BETWEEN: &str = "/export/";
/// The same of a base of point-in-time recovery.
const BASE_BETWEEN: &str = "/base/";
/// What the consumers of restores to a moment begin with.
pub(crate) const RESTORE_CONSUMER: &str = "restore-";

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Backup {
    /// 14 digits of milliseconds since 1970, and 8 hexadecimal digits.
    pub id: String,
    /// As its creator chose it; backups may share a name.
    pub name: String,
    pub created_ms: u64,
    /// The source's definition at the cut.
    pub source: Box<Definition>,
    /// Of the source at the cut: count and bytes of its items.
    #[serde(default)]
    pub items: [i64; 2],
    pub phase: FillPhase,
    #[serde(default)]
    pub kind: BackupKind,
    /// The changes up to then are in it; without a time, those up to its cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// Not the items at the cut are its rows, but the changes behind it, up to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_until_ms: Option<u64>,
    /// The cut of a base that is ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<LogPosition>,
    /// Rows of its source were damaged, so that nothing is restored from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// What a backup is made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum BackupKind {
    /// A request asked for it.
    #[default]
    User,
    /// Its table was deleted while point-in-time recovery was enabled. It is deleted when it expires.
    System { expires_ms: u64 },
    /// An export is written from it. It has the export's id, and is deleted when the export ends.
    Export,
    /// Moments before its cut are restored from it: less of the log is undone than from the table as it is. It is deleted when the
    /// archive does not go back to its cut any more.
    Base { recovery_ms: u64 },
}

/// How far a table is filled from another one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FillPhase {
    /// The cut is not known yet.
    Opening,
    /// The items of the source are being copied, as they are, or those of a base by its table id.
    Copying {
        cut: Vec<LogPosition>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<u64>,
    },
    /// What was changed between the cut and the end of the copy is being undone.
    Undoing { cut: Vec<LogPosition>, end: Vec<LogPosition> },
    /// Its rows are all there, and nothing else is needed.
    Ready,
}

/// The last position of a log at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogPosition {
    /// By its first shard.
    pub log: u32,
    pub last: u64,
}

/// What a table that is being restored is filled from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Restore {
    /// The table id of the backup; 0 if a table is restored to a moment.
    pub backup: u64,
    pub backup_arn: String,
    pub source_arn: String,
    /// The moment that is restored.
    pub at_ms: u64,
    /// The table that is restored to a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<Moment>,
}

/// A table at a moment, as another table is filled with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moment {
    /// The table id of the source.
    pub source: u64,
    /// The changes up to then are in it; without a time, those up to the moment when the work begins.
    pub until_ms: Option<u64>,
    pub phase: FillPhase,
}

/// How the rows of a table are made from those of another one and its log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filling {
    /// The table id of the source.
    pub source: u64,
    /// The consumer of the source's log that retains the records behind the cut. None: the source cannot change any more.
    pub consumer: Option<String>,
    /// The changes up to then are in it; without a time, those up to the moment when the work begins.
    pub until_ms: Option<u64>,
    /// Not the items at the cut are its rows, but the changes behind it, up to then.
    pub changes_until_ms: Option<u64>,
    /// A base of point-in-time recovery: the source does not wait for it.
    pub is_base: bool,
    pub phase: FillPhase,
}

impl Filling {
    /// The base whose items are being copied.
    pub fn base(&self) -> Option<u64> {
        match self.phase {
            FillPhase::Copying { base, .. } => base,
            FillPhase::Opening | FillPhase::Undoing { .. } | FillPhase::Ready => None,
        }
    }
}

impl Backup {
    /// The name of a backup's definition.
    pub fn definition_name(table_name: &str, id: &str) -> String {
        [table_name, BETWEEN, id].concat()
    }

    /// The name of its own definition.
    pub fn own_name(&self) -> String {
        let between = match self.kind {
            BackupKind::User | BackupKind::System { .. } => BETWEEN,
            BackupKind::Export => EXPORT_BETWEEN,
            BackupKind::Base { .. } => BASE_BETWEEN,
        };
        [&self.source.name, between, &self.id].concat()
    }

    /// The consumer of the source's log that retains the records behind the cut.
    pub fn consumer_name(&self) -> String {
        format!("backup-{}", self.id)
    }

    /// Whether requests can name it.
    pub fn is_listed(&self) -> bool {
        matches!(self.kind, BackupKind::User | BackupKind::System { .. })
    }

    pub fn is_base(&self) -> bool {
        matches!(self.kind, BackupKind::Base { .. })
    }

    pub fn is_cut(&self) -> bool {
        self.phase != FillPhase::Opening
    }

    pub fn is_ready(&self) -> bool {
        self.phase == FillPhase::Ready
    }
}

impl Definition {
    /// What the table is filled with, if it is a backup or is restored to a moment.
    pub fn filling(&self) -> Option<Filling> {
        if let Some(backup) = &self.backup {
            return Some(Filling {
                source: backup.source.table_id,
                consumer: (!matches!(backup.kind, BackupKind::System { .. })).then(|| backup.consumer_name()),
                until_ms: backup.until_ms,
                changes_until_ms: backup.changes_until_ms,
                is_base: backup.is_base(),
                phase: backup.phase.clone(),
            });
        }
        let moment = self.restore.as_ref()?.moment.as_ref()?;
        Some(Filling {
            source: moment.source,
            consumer: Some(format!("{RESTORE_CONSUMER}{}", self.table_id)),
            until_ms: moment.until_ms,
            changes_until_ms: None,
            is_base: false,
            phase: moment.phase.clone(),
        })
    }

    /// Where the phase of [`Definition::filling`] is stored.
    pub fn fill_phase(&mut self) -> Option<&mut FillPhase> {
        match &mut self.backup {
            Some(backup) => Some(&mut backup.phase),
            None => Some(&mut self.restore.as_mut()?.moment.as_mut()?.phase),
        }
    }

    /// The settings that a backup shows and a restore has: without what belongs to the table that is in use.
    pub fn without_state(self) -> Definition {
        Definition {
            table_id: self.table_id,
            account: self.account,
            region: self.region,
            name: self.name,
            uuid: self.uuid,
            created_ms: self.created_ms,
            attributes: self.attributes,
            key: self.key,
            local_indexes: self.local_indexes,
            global_indexes: self.global_indexes,
            next_index_id: self.next_index_id,
            billing: self.billing,
            on_demand_since_ms: self.on_demand_since_ms,
            on_demand_max: self.on_demand_max,
            warm: self.warm,
            encryption: self.encryption,
            stream: self.stream.map(|stream| Stream { policy: None, ..stream }),
            time_to_live: self.time_to_live,
            ..Definition::default()
        }
    }

    /// Whether it is a table that callers can name, and not a backup.
    pub fn is_table(&self) -> bool {
        self.backup.is_none()
    }
}
