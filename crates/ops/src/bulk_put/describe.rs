//! DescribeBulkOperation, ListBulkOperations and CancelBulkOperation, and how a record is shown.

use api::{
    BulkOperationDescription, BulkOperationStatus, BulkOperationSummary, BulkOperationTableDetail,
    CancelBulkOperationInput, CancelBulkOperationOutput, DescribeBulkOperationInput, DescribeBulkOperationOutput,
    Exception, ListBulkOperationsInput, ListBulkOperationsOutput,
};
use auth::Caller;
use tables::{TableArn, timestamp};

use super::BulkRecord;
use super::details::BulkDetails;
use crate::object_source::Position;
use crate::service::Service;
use crate::transfers::{TransferStatus, id_of_arn};

/// Source: API Reference, ListBulkOperations.
const PAGE_DEFAULT: usize = 10;
const PAGE_MAX: usize = 25;

impl Service {
    /// # Errors
    /// If there is no such operation.
    pub(crate) async fn describe_bulk_operation(
        &self,
        caller: &Caller,
        request: DescribeBulkOperationInput,
    ) -> Result<DescribeBulkOperationOutput, Exception> {
        let operation = self.bulk_operation(caller, &request.bulk_operation_arn).await?;
        Ok(DescribeBulkOperationOutput { bulk_operation_description: operation.description() })
    }

    /// Asks the work to stop; what is put already stays. One that has ended is left as it is, and its status returned.
    ///
    /// # Errors
    /// If there is no such operation.
    pub(crate) async fn cancel_bulk_operation(
        &self,
        caller: &Caller,
        request: CancelBulkOperationInput,
    ) -> Result<CancelBulkOperationOutput, Exception> {
        let operation = self.bulk_operation(caller, &request.bulk_operation_arn).await?;
        // Decided on the stored record, which each step of the work reads as well: no step follows the answer.
        let cancel = |operation: &mut BulkRecord| {
            if operation.status == TransferStatus::InProgress {
                operation.status = TransferStatus::Cancelling;
            }
        };
        let cancelled = self.update_transfer(operation.key(&self.secret), cancel).await?;
        let status = cancelled.map_or(operation.status, |operation| operation.status);
        self.bulk_cancelled.notify_waiters();
        Ok(CancelBulkOperationOutput { bulk_operation_arn: operation.arn(), bulk_operation_status: shown(status) })
    }

    async fn bulk_operation(&self, caller: &Caller, arn: &str) -> Result<BulkRecord, Exception> {
        let not_found = || Exception::ResourceNotFound(format!("Bulk operation not found: {arn}"));
        let parsed = TableArn::parse(arn).ok_or_else(not_found)?;
        let id = id_of_arn::<BulkDetails>(&parsed).ok_or_else(not_found)?;
        let place = parsed.place(caller).ok_or_else(not_found)?;
        let operation = self.find_transfer::<BulkDetails>(place.account, place.region, id).await?;
        operation.filter(|operation| operation.table_name == place.name).ok_or_else(not_found)
    }

    /// # Errors
    /// If the token is no list's.
    pub(crate) async fn list_bulk_operations(
        &self,
        caller: &Caller,
        request: ListBulkOperationsInput,
    ) -> Result<ListBulkOperationsOutput, Exception> {
        let limit = request.max_results.and_then(|count| usize::try_from(count).ok()).unwrap_or(PAGE_DEFAULT);
        let place = (caller.account.as_str(), caller.region.as_str());
        let show = |operation: &BulkRecord| Some(operation.summary());
        let listed = self.list_transfers(place, show, limit.clamp(1, PAGE_MAX), request.next_token.as_deref()).await?;
        Ok(ListBulkOperationsOutput { bulk_operations_summary_list: Some(listed.shown), next_token: listed.next_token })
    }
}

impl BulkRecord {
    pub(super) fn description(&self) -> BulkOperationDescription {
        let (details, asked) = (&self.details, &self.details.asked);
        let counts = details.counts;
        let read = details.position.as_ref().map_or(0, Position::stored_in_all);
        BulkOperationDescription {
            bulk_operation_arn: Some(self.arn()),
            bulk_operation_status: Some(shown(self.status)),
            bulk_operation_usage: Some(vec![details.usage.shown(&self.table_name)]),
            client_token: Some(self.client_token.clone()),
            end_time: self.ended_ms.map(timestamp),
            failed_item_count: Some(number(counts.failed)),
            failure_code: self.failure.as_ref().map(|failure| failure.code.clone()),
            failure_message: self.failure.as_ref().map(|failure| failure.message.clone()),
            input_s3_configuration: Some(asked.input.shown()),
            max_write_request_units: asked.max_write_units,
            output_s3_configuration: Some(asked.output.shown()),
            performance_tier: Some(asked.tier()),
            processed_input_bytes: Some(number(read)),
            processed_item_count: Some(number(counts.processed())),
            start_time: Some(timestamp(self.started_ms)),
            table_details: Some(vec![BulkOperationTableDetail {
                table_id: Some(self.table_uuid.clone()),
                table_name: Some(self.table_name.clone()),
            }]),
            total_input_bytes: details.total_size.map(number),
        }
    }

    fn summary(&self) -> BulkOperationSummary {
        BulkOperationSummary {
            bulk_operation_arn: self.arn(),
            bulk_operation_status: shown(self.status),
            end_time: self.ended_ms.map(timestamp),
            start_time: timestamp(self.started_ms),
        }
    }
}

pub(super) fn shown(status: TransferStatus) -> BulkOperationStatus {
    match status {
        TransferStatus::InProgress => BulkOperationStatus::InProgress,
        TransferStatus::Completed => BulkOperationStatus::Completed,
        TransferStatus::CompletedWithErrors => BulkOperationStatus::CompletedWithErrors,
        TransferStatus::Failed => BulkOperationStatus::Failed,
        TransferStatus::Cancelling => BulkOperationStatus::Cancelling,
        TransferStatus::Cancelled => BulkOperationStatus::Cancelled,
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
