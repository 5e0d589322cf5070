//! ExportTableToPointInTime: the items of a table at a moment, or what was changed in a window, as objects.
//!
//! An export is a transfer (`transfers`). It is written from a copy that is made as a backup is (`backup::fill`), with the export's id, so
//! that the table may be written to meanwhile and be deleted afterwards. The work is `write`; DescribeExport and ListExports read the
//! records (`describe`).

mod describe;
mod details;
mod filter;
mod manifest;
#[cfg(test)]
mod tests;
mod time;
mod write;

use std::sync::Arc;

use api::{Exception, ExportTableToPointInTimeInput, ExportTableToPointInTimeOutput, ExportType, S3SseAlgorithm};
use auth::Caller;
use cluster::catalog::Work;
use objects::Bucket;
use tables::{Backup, BackupKind, Definition, FillPhase, NameUse, Table, TableArn, rows, table_place};

use crate::backup;
use crate::object_layout;
use crate::service::Service;
use crate::transfers::{NewTransfer, Transfer, check_request, transfer_id};

use details::{Asked, ExportDetails};
use filter::Filter;
use time::Times;

/// Exports of an account at once. Source: Developer Guide, "Data export quotas".
const EXPORTS_MAX: usize = 300;

type ExportRecord = Transfer<ExportDetails>;

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the request, because the table or its recovery is not there, of the time, or because its client's token
    /// was used for another request.
    pub(crate) async fn export_table_to_point_in_time(
        &self,
        caller: &Caller,
        request: ExportTableToPointInTimeInput,
    ) -> Result<ExportTableToPointInTimeOutput, Exception> {
        check_arn(&request.table_arn)?;
        check(&request)?;
        let place = table_place(caller, &request.table_arn, NameUse::Lookup)?;
        self.check_bucket(caller, place.account, "dynamodb:ExportTableToPointInTime", &request.s3_bucket)?;
        if let Some(key_id) = &request.s3_sse_kms_key_id {
            self.check_key(caller, place.account, "dynamodb:ExportTableToPointInTime", key_id)?;
        }
        let asked = Asked::of(&request);
        check_request(&asked)?;
        self.catalog.refresh().await?;
        if let Some(first) = self.export_of_token(caller, &request, &asked).await? {
            return Ok(ExportTableToPointInTimeOutput { export_description: Some(first.description()) });
        }
        let source = self.exported_table(caller, &request.table_arn)?.definition.clone();
        let now_ms = self.clock.now_ms();
        let times = Times::of(&request, &source, self.recovery_period(&source).await?, now_ms)?;
        Filter::of(request.filter_specification.as_ref(), &Table::new(source.clone())?)?;
        let key = self.key_like(caller, "dynamodb:ExportTableToPointInTime", source.table_id, &source).await?;
        let items = self.items_of(&source).await?;
        let export = loop {
            // Locked from the checks to the write: of two requests with one token, one begins an export, and the source is there.
            let guard = self.catalog.lock().await?;
            if let Some(first) = self.export_of_token(caller, &request, &asked).await? {
                break first;
            }
            if self.exported_table(caller, &request.table_arn)?.definition.recovery != source.recovery {
                return Err(tables::being_updated(&source.name));
            }
            self.check_exports(&source.account)?;
            let export = new_export(&source, &request, asked.clone(), times, now_ms);
            let table_id = guard.next_table_id();
            let mut puts = export.new_rows(&self.secret)?;
            puts.extend(key.clone().map(|key| (rows::table_key(table_id), key)));
            let definition = backup::definition(table_id, copy(&export, source.clone(), items, times));
            if self.catalog.create(&self.engine, guard, definition, puts).await?.is_ok() {
                self.catalog.start(Work::ExportTable { table_id });
                break export;
            }
        };
        Ok(ExportTableToPointInTimeOutput { export_description: Some(export.description()) })
    }

    /// The export that a client's token has begun.
    ///
    /// # Errors
    /// If the request is another one than that export's.
    async fn export_of_token(
        &self,
        caller: &Caller,
        request: &ExportTableToPointInTimeInput,
        asked: &Asked,
    ) -> Result<Option<ExportRecord>, Exception> {
        let Some(token) = &request.client_token else { return Ok(None) };
        let place = table_place(caller, &request.table_arn, NameUse::Lookup)?;
        let first = self.transfer_of_token::<ExportDetails>(place.account, place.region, token).await?;
        match first {
            Some(first) if first.details.asked != *asked => Err(Exception::ExportConflict(
                "Export conflict: Duplicate request detected with conflicting parameters".to_owned(),
            )),
            first => Ok(first),
        }
    }

    fn exported_table(&self, caller: &Caller, arn: &str) -> Result<Arc<Table>, Exception> {
        let place = table_place(caller, arn, NameUse::Lookup)?;
        let table = self.catalog.lookup(place)?.filter(|table| table.is_usable());
        table.ok_or_else(|| Exception::TableNotFound(format!("Table not found: {arn}")))
    }

    fn check_exports(&self, account: &str) -> Result<(), Exception> {
        let is_exported = |definition: &Definition| {
            let backup = definition.backup.as_ref();
            definition.account == account && backup.is_some_and(|backup| backup.kind == BackupKind::Export)
        };
        match self.catalog.table_ids(is_exported).len() < EXPORTS_MAX {
            true => Ok(()),
            false => Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: Only {EXPORTS_MAX} export operations can be done simultaneously"
            ))),
        }
    }
}

fn new_export(
    source: &Definition,
    request: &ExportTableToPointInTimeInput,
    asked: Asked,
    times: Times,
    now_ms: u64,
) -> ExportRecord {
    // The time in an id is the start's, of an incremental export in whole seconds. Without a time the moment is that of the start.
    // Source: captures.
    let started_ms = match times {
        Times::At { epoch_ms } if request.export_time.is_none() => epoch_ms,
        Times::At { .. } | Times::Between(_) => now_ms,
    };
    let id_ms = if times.window().is_some() { now_ms - now_ms % 1000 } else { started_ms };
    Transfer::new(NewTransfer {
        id: transfer_id(id_ms),
        account: &source.account,
        region: &source.region,
        table_name: &source.name,
        table_uuid: &source.uuid,
        client_token: request.client_token.clone(),
        started_ms,
        details: ExportDetails::new(asked, times),
    })
}

/// What the export is written from.
fn copy(export: &ExportRecord, source: Definition, items: [i64; 2], times: Times) -> Backup {
    Backup {
        id: export.id.clone(),
        name: String::new(),
        created_ms: export.started_ms,
        source: Box::new(source.without_state()),
        items,
        phase: FillPhase::Opening,
        kind: BackupKind::Export,
        until_ms: Some(times.until_ms()),
        changes_until_ms: times.window().map(|window| window.last_ms()),
        cut: Vec::new(),
        is_partial: false,
        unknown: Default::default(),
    }
}

/// Texts: captures.
fn check_arn(arn: &str) -> Result<(), Exception> {
    match TableArn::parse(arn) {
        None => Err(tables::invalid("tableArn is not a valid ARN")),
        Some(parsed) if parsed.rest.is_some() => Err(Exception::validation("Invalid Request: Table ARN is invalid.")),
        Some(_) => Ok(()),
    }
}

/// The couplings of parameters. Texts: captures.
fn check(request: &ExportTableToPointInTimeInput) -> Result<(), Exception> {
    let refuse = |text: &str| Err(Exception::validation(format!("Invalid Request: {text}")));
    let bucket = Bucket::parse(&request.s3_bucket, request.s3_bucket_owner.as_deref());
    let bucket = bucket.map_err(|refused| tables::invalid(refused.to_string()))?;
    object_layout::check_prefix(&bucket, request.s3_prefix.as_deref())?;
    // The model has no least length. Source: observed.
    if request.s3_prefix.as_deref() == Some("") {
        return Err(Exception::validation(
            "1 validation error detected: Value '' at 's3Prefix' failed to satisfy constraint: Member must have length \
             greater than or equal to 1",
        ));
    }
    if request.s3_sse_kms_key_id.is_some() && request.s3_sse_algorithm != Some(S3SseAlgorithm::Kms) {
        return refuse("KMS Key Id is not supported for this encryption type");
    }
    let is_incremental = request.export_type == Some(ExportType::IncrementalExport);
    match &request.incremental_export_specification {
        Some(_) if request.export_type.is_none() => {
            refuse("Export Type expected to be Incremental Export when incremental export specification is provided")
        }
        Some(_) if !is_incremental => {
            refuse("When Export Type is Full Export , Incremental Export Specification should not be provided")
        }
        None if is_incremental => {
            refuse("Incremental Export Specification expected when export type is set as Incremental Export")
        }
        Some(asked) if asked.export_from_time.is_none() => {
            refuse("ExportFromTime must be provided in IncrementalExportSpecification")
        }
        _ => Ok(()),
    }
}
