//! On-demand backups: CreateBackup, and what the operations on backups have in common (`tables::Backup`).
//!
//! CreateBackup answers once the cut is made, which takes as long whatever the size of the table is; the backup can be restored from
//! then on. `fill` copies the items in the background, `restore` makes a table of them, both by `ingest`.

mod bases;
mod delete;
mod describe;
pub(crate) mod fill;
pub(crate) mod folded;
pub(crate) mod ingest;
mod last;
mod list;
mod moment;
mod overrides;
mod restore;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use api::{BackupDetails, BackupStatus, BackupType, CreateBackupInput, CreateBackupOutput, Exception, Timestamp};
use auth::Caller;
use cluster::catalog::{Edit, Work};
use tables::{
    Backup, BackupKind, Definition, FillPhase, NameUse, Place, Table, TableArn, TableStatus, being_updated, rows,
    table_place, timestamp,
};

use crate::service::Service;

/// How long CreateBackup waits for the cut; it needs milliseconds, and with several nodes a heartbeat of each.
const CUT_WAIT: Duration = Duration::from_secs(10);
/// How long DeleteTable waits for a backup of its table.
const COPY_WAIT: Duration = Duration::from_secs(5);
/// Between two looks at a backup that others wait for.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

impl Service {
    /// # Errors
    /// DynamoDB's refusals, or the engine's failure.
    pub(crate) async fn create_backup(
        &self,
        caller: &Caller,
        request: CreateBackupInput,
    ) -> Result<CreateBackupOutput, Exception> {
        let place = table_place(caller, &request.table_name, NameUse::Lookup)?;
        self.catalog.refresh().await?;
        let source = self.backed_up_table(place)?.definition.clone();
        // The rows of the backup have a key of their own, under the same key of the KMS: the source's goes with the source.
        let key = self.key_like(caller, "dynamodb:CreateBackup", source.table_id, &source).await?;
        let encryption = source.encryption.clone();
        let items = self.items_of(&source).await?;
        let table = loop {
            // Locked from the checks to the write: the source cannot be deleted in between.
            let guard = self.catalog.lock().await?;
            let source = self.backed_up_table(place)?.definition.clone();
            if source.encryption != encryption {
                return Err(being_updated(&source.name));
            }
            self.catalog.check_backup_quota(&self.settings.quotas, place)?;
            let (id, name, now_ms) = (guard.next_table_id(), &request.backup_name, self.clock.now_ms());
            let definition = definition(id, new_backup(name, BackupKind::User, source, items, now_ms));
            let key = key.clone().map(|key| (rows::table_key(definition.table_id), key));
            if let Ok(table) = self.catalog.create(&self.engine, guard, definition, key.into_iter().collect()).await? {
                break table;
            }
        };
        let table_id = table.id();
        let created = details(&table, BackupStatus::Creating)?;
        // Background work waits until no request uses the backup as it was created, and this would be a use.
        drop(table);
        self.catalog.start(Work::FillBackup { table_id });
        if !self.wait_for_cut(table_id).await {
            self.delete_without_cut(table_id).await?;
        }
        Ok(CreateBackupOutput { backup_details: Some(created) })
    }

    /// The cut is made in the background, so that a client that disconnects leaves no half-made backup. What is written after the
    /// answer is not in the backup.
    async fn wait_for_cut(&self, table_id: u64) -> bool {
        let is_cut = || self.filling(table_id).is_none_or(|filling| filling.phase != FillPhase::Opening);
        tokio::time::timeout(CUT_WAIT, self.until(is_cut)).await.is_ok()
    }

    /// Waits until something holds that follows from the definitions: each look reads all of them.
    async fn until(&self, holds: impl Fn() -> bool) {
        let mut seen = None;
        loop {
            let changes = self.catalog.changes();
            if seen.replace(changes) != Some(changes) && holds() {
                return;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Takes back a backup, or a table that is restored, that got no cut in time: one that is cut later would have writes from behind the
    /// answer.
    ///
    /// # Errors
    /// That it was taken back, unless its cut was made meanwhile.
    async fn delete_without_cut(&self, table_id: u64) -> Result<(), Exception> {
        // Locked from the look at the phase on: the cut is stored under this lock.
        let guard = self.catalog.lock().await?;
        if self.filling(table_id).is_none_or(|filling| filling.phase != FillPhase::Opening) {
            return Ok(());
        }
        if let Some(mut definition) = self.catalog.by_id(table_id).map(|table| table.definition.clone()) {
            definition.status = TableStatus::Deleting;
            self.catalog.replace(&self.engine, guard, definition, Edit::starting(Work::DropTable { table_id })).await?;
        }
        Err(Exception::internal(format!(
            "the moment of a copy was not found within {CUT_WAIT:?}, and the copy is deleted"
        )))
    }

    /// Looks at a backup, if there is one with this table id.
    fn backup_of<T>(&self, table_id: u64, look: impl FnOnce(&Backup) -> T) -> Option<T> {
        let table = self.catalog.by_id(table_id).filter(|table| table.definition.status == TableStatus::Backup)?;
        table.definition.backup.as_ref().map(look)
    }

    fn backed_up_table(&self, place: Place<'_>) -> Result<Arc<Table>, Exception> {
        let table = self.catalog.lookup(place)?.filter(|table| table.is_usable());
        table.ok_or_else(|| Exception::TableNotFound(format!("Table not found: {}", place.name)))
    }

    /// The backup of an ARN, with the name of its table.
    fn backup_at(&self, caller: &Caller, arn: &str) -> Result<Arc<Table>, Exception> {
        let (table_name, id) = backup_name(arn)?;
        let not_found = || Exception::BackupNotFound(format!("Backup not found: {arn}"));
        let place = TableArn::parse(arn).and_then(|parsed| parsed.place(caller)).ok_or_else(not_found)?;
        let name = Backup::definition_name(table_name, id);
        let found = self.catalog.lookup(Place { name: &name, ..place })?;
        found.filter(|table| table.definition.status == TableStatus::Backup).ok_or_else(not_found)
    }

    /// Whether a table is being filled from a backup.
    fn restored_from(&self, backup: u64) -> Option<Arc<Table>> {
        let is_it =
            |definition: &Definition| definition.restore.as_ref().is_some_and(|restore| restore.backup == backup);
        self.catalog.table_ids(is_it).first().and_then(|id| self.catalog.by_id(*id))
    }

    /// Waits for the copies of a table's items, for a while.
    pub(crate) async fn wait_for_backups(&self, caller: &Caller, table_name: &str) {
        let Ok(table_id) = self.catalog.described(caller, table_name).map(|table| table.id()) else { return };
        let (_awaited, is_copied) = (self.await_copy(), || !self.is_being_copied_in_use(table_id));
        let _ = tokio::time::timeout(COPY_WAIT, self.until(is_copied)).await;
    }
}

/// A new backup of a table.
fn new_backup(name: &str, kind: BackupKind, source: Definition, items: [i64; 2], now_ms: u64) -> Backup {
    let [a, b, c, d, ..] = base::random::secret16();
    // The suffix of a table's last backup is captured; a table has one.
    let suffix = if matches!(kind, BackupKind::System { .. }) { 0 } else { u32::from_be_bytes([a, b, c, d]) };
    Backup {
        id: format!("{now_ms:014}-{suffix:08x}"),
        name: name.to_owned(),
        created_ms: now_ms,
        source: Box::new(source.without_state()),
        items,
        phase: FillPhase::Opening,
        kind,
        until_ms: None,
        changes_until_ms: None,
        cut: Vec::new(),
        is_partial: false,
        unknown: Default::default(),
    }
}

/// The definition of a new backup. Its rows are the source's items, without indexes, log and time to live.
pub(crate) fn definition(table_id: u64, backup: Backup) -> Definition {
    let source = &backup.source;
    let mut definition = Definition {
        table_id,
        account: source.account.clone(),
        region: source.region.clone(),
        name: backup.own_name(),
        uuid: base::random::uuid_v4(),
        created_ms: backup.created_ms,
        status: TableStatus::Backup,
        attributes: source.attributes.clone(),
        key: source.key.clone(),
        encryption: source.encryption.clone(),
        backup: Some(backup),
        ..Definition::default()
    };
    definition.prune_attributes();
    definition
}

/// The table's name and the backup's id in an ARN of a backup.
fn backup_name(arn: &str) -> Result<(&str, &str), Exception> {
    let parsed = TableArn::parse(arn).ok_or_else(|| {
        // Of another service or partition.
        let is_arn = arn.splitn(6, ':').count() == 6 && arn.starts_with("arn:");
        Exception::validation(if is_arn { "BackupArn is not valid" } else { "Invalid Backup ARN" })
    })?;
    let id = parsed.rest.and_then(|rest| rest.strip_prefix("backup/")).filter(|id| is_id(id));
    id.map(|id| (parsed.name, id)).ok_or_else(|| Exception::validation("Invalid Backup ARN"))
}

fn is_id(id: &str) -> bool {
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    id.split_once('-')
        .is_some_and(|(ms, rest)| ms.len() == 14 && ms.bytes().all(|byte| byte.is_ascii_digit()) && is_hex(rest))
}

fn backup(table: &Table) -> Result<&Backup, Exception> {
    let none = || Exception::internal(format!("table {} is no backup", table.name()));
    table.definition.backup.as_ref().ok_or_else(none)
}

/// A backup can be restored once its cut is made.
fn status(backup: &Backup) -> BackupStatus {
    if backup.is_cut() { BackupStatus::Available } else { BackupStatus::Creating }
}

fn details(table: &Table, status: BackupStatus) -> Result<BackupDetails, Exception> {
    let backup = backup(table)?;
    Ok(BackupDetails {
        backup_arn: table.arn.clone(),
        backup_creation_date_time: timestamp(backup.created_ms),
        backup_expiry_date_time: expiry(backup),
        backup_name: backup.name.clone(),
        backup_size_bytes: Some(backup.items[1].max(0)),
        backup_status: status,
        backup_type: backup_type(backup),
    })
}

/// Backups that were asked for do not expire.
fn expiry(backup: &Backup) -> Option<Timestamp> {
    match backup.kind {
        BackupKind::User | BackupKind::Export | BackupKind::Base { .. } => None,
        BackupKind::System { expires_ms } => Some(timestamp(expires_ms)),
    }
}

fn backup_type(backup: &Backup) -> BackupType {
    match backup.kind {
        BackupKind::User | BackupKind::Export | BackupKind::Base { .. } => BackupType::User,
        BackupKind::System { .. } => BackupType::System,
    }
}
