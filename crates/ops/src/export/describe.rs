//! DescribeExport and ListExports, and how a record is shown.

use api::{
    DescribeExportInput, DescribeExportOutput, Exception, ExportDescription, ExportStatus, ExportSummary, ExportType,
    ListExportsInput, ListExportsOutput, S3SseAlgorithm,
};
use auth::Caller;
use tables::{TableArn, timestamp};

use super::ExportRecord;
use super::details::ExportDetails;
use super::manifest::Layout;
use super::time::Times;
use crate::service::Service;
use crate::transfers::{TransferStatus, id_of_arn};

/// Source: API Reference, ListExports.
const PAGE_DEFAULT: usize = 10;
const PAGE_MAX: usize = 25;
/// The least that an incremental export is billed for. Source: captures. Unit: bytes.
const BILLED_SIZE_MIN: u64 = 10_000_000;

impl Service {
    /// # Errors
    /// If there is no such export.
    pub(crate) async fn describe_export(
        &self,
        caller: &Caller,
        request: DescribeExportInput,
    ) -> Result<DescribeExportOutput, Exception> {
        let arn = request.export_arn;
        let parsed = TableArn::parse(&arn);
        let found = parsed.and_then(|arn| id_of_arn::<ExportDetails>(&arn).map(|id| (arn.place(caller), arn.name, id)));
        let Some((place, name, id)) = found else { return Err(Exception::validation("Invalid Export ARN")) };
        // Twice, as captured.
        let not_found = || Exception::ExportNotFound(format!("Export not found: Export not found: {arn}"));
        let place = place.ok_or_else(not_found)?;
        let export = self.find_transfer::<ExportDetails>(place.account, place.region, id).await?;
        let export = export.filter(|export| export.table_name == name).ok_or_else(not_found)?;
        Ok(DescribeExportOutput { export_description: Some(export.description()) })
    }

    /// # Errors
    /// If the ARN is no table's, or the token no list's.
    pub(crate) async fn list_exports(
        &self,
        caller: &Caller,
        request: ListExportsInput,
    ) -> Result<ListExportsOutput, Exception> {
        let table_arn = request.table_arn.as_deref();
        let table = table_arn.map(|arn| {
            let parsed = TableArn::parse(arn).filter(|arn| arn.rest.is_none());
            parsed.ok_or_else(|| tables::invalid("tableArn is not a valid ARN"))
        });
        let table = table.transpose()?;
        let place = match &table {
            // Of another account or region there are none, also for callers that may list their own.
            Some(arn) => arn.place(caller).filter(|_| arn.is_of(caller)).map(|place| (place.account, place.region)),
            None => Some((caller.account.as_str(), caller.region.as_str())),
        };
        let Some(place) = place else { return Ok(ListExportsOutput::default()) };
        self.catalog.refresh().await?;
        // Those of a deleted table are listed without its ARN alone. Source: captures.
        let uuid = table.as_ref().map(|arn| {
            let found = arn.place(caller).and_then(|place| self.catalog.find(place));
            found.map(|table| table.definition.uuid.clone())
        });
        let show = |export: &ExportRecord| {
            let is_wanted = uuid.as_ref().is_none_or(|uuid| uuid.as_ref() == Some(&export.table_uuid));
            is_wanted.then(|| export.summary())
        };
        let limit = request.max_results.and_then(|count| usize::try_from(count).ok()).unwrap_or(PAGE_DEFAULT);
        let limit = limit.clamp(1, PAGE_MAX);
        let listed = self.list_transfers(place, show, limit, request.next_token.as_deref()).await?;
        Ok(ListExportsOutput { export_summaries: Some(listed.shown), next_token: listed.next_token })
    }
}

impl ExportRecord {
    pub(super) fn description(&self) -> ExportDescription {
        let (asked, times) = (&self.details.asked, self.details.times);
        let is_completed = self.status == TransferStatus::Completed;
        let sse = asked.sse.as_deref().and_then(|text| text.parse().ok()).unwrap_or(S3SseAlgorithm::Aes256);
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let billed = match times {
            Times::At { .. } => self.details.size,
            Times::Between(_) => self.details.size.max(BILLED_SIZE_MIN),
        };
        ExportDescription {
            billed_size_bytes: is_completed.then(|| number(billed)),
            client_token: Some(self.client_token.clone()),
            end_time: self.ended_ms.map(timestamp),
            export_arn: Some(self.arn()),
            export_format: Some(asked.format()),
            export_manifest: is_completed.then(|| Layout::of(self).manifest_summary()),
            export_status: Some(shown(self.status)),
            export_time: match times {
                Times::At { epoch_ms } => Some(timestamp(epoch_ms)),
                Times::Between(_) => None,
            },
            export_type: asked.export_type(),
            failure_code: self.failure.as_ref().map(|failure| failure.code.clone()),
            failure_message: self.failure.as_ref().map(|failure| failure.message.clone()),
            filter_specification: asked.filter().ok().flatten(),
            incremental_export_specification: asked.window(times),
            item_count: is_completed.then(|| number(self.details.item_count)),
            s3_bucket: Some(asked.bucket.clone()),
            s3_bucket_owner: asked.bucket_owner.clone(),
            s3_prefix: asked.prefix.clone(),
            s3_sse_algorithm: Some(sse),
            s3_sse_kms_key_id: asked.kms_key_id.clone(),
            start_time: Some(timestamp(self.started_ms)),
            table_arn: Some(self.table_arn()),
            table_id: Some(self.table_uuid.clone()),
        }
    }

    fn summary(&self) -> ExportSummary {
        ExportSummary {
            export_arn: Some(self.arn()),
            export_status: Some(shown(self.status)),
            // Also of a request without one. Source: captures.
            export_type: Some(self.details.asked.export_type().unwrap_or(ExportType::FullExport)),
        }
    }
}

fn shown(status: TransferStatus) -> ExportStatus {
    match status {
        TransferStatus::InProgress | TransferStatus::Cancelling => ExportStatus::InProgress,
        TransferStatus::Completed | TransferStatus::CompletedWithErrors => ExportStatus::Completed,
        TransferStatus::Failed | TransferStatus::Cancelled => ExportStatus::Failed,
    }
}
