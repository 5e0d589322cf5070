//! DescribeImport and ListImports, and how a record is shown.

use api::{
    DescribeImportInput, DescribeImportOutput, Exception, ImportStatus, ImportSummary, ImportTableDescription,
    ListImportsInput, ListImportsOutput,
};
use auth::Caller;
use tables::{Place, TableArn, timestamp};

use super::ImportRecord;
use super::details::ImportDetails;
use crate::service::Service;
use crate::transfers::{TransferStatus, id_of_arn};

/// Source: API Reference, ListImports.
const PAGE_DEFAULT: usize = 10;
const PAGE_MAX: usize = 25;

impl Service {
    /// # Errors
    /// If there is no such import.
    pub(crate) async fn describe_import(
        &self,
        caller: &Caller,
        request: DescribeImportInput,
    ) -> Result<DescribeImportOutput, Exception> {
        let arn = request.import_arn;
        let parsed = TableArn::parse(&arn);
        let found = parsed.and_then(|arn| id_of_arn::<ImportDetails>(&arn).map(|id| (arn.place(caller), arn.name, id)));
        let Some((place, name, id)) = found else { return Err(Exception::validation("Invalid Import ARN")) };
        let not_found = || Exception::ImportNotFound(format!("Import not found: {arn}"));
        let place = place.ok_or_else(not_found)?;
        let import = self.find_transfer::<ImportDetails>(place.account, place.region, id).await?;
        let import = import.filter(|import| import.table_name == name).ok_or_else(not_found)?;
        self.wait_for_end(&[Ended::of(&import)]).await?;
        Ok(DescribeImportOutput { import_table_description: import.description() })
    }

    /// # Errors
    /// If the ARN is no table's, or the token no list's.
    pub(crate) async fn list_imports(
        &self,
        caller: &Caller,
        request: ListImportsInput,
    ) -> Result<ListImportsOutput, Exception> {
        let table_arn = request.table_arn.as_deref();
        let table = table_arn.map(|arn| TableArn::parse(arn).filter(|arn| arn.rest.is_none()).ok_or_else(invalid_arn));
        let table = table.transpose()?;
        let (account, region) = (caller.account.as_str(), caller.region.as_str());
        let place = match &table {
            // Of another account or region there are none, also for callers that may list their own.
            Some(arn) => arn.place(caller).filter(|_| arn.is_of(caller)).map(|place| (place.account, place.region)),
            None => Some((account, region)),
        };
        let Some(place) = place else { return Ok(ListImportsOutput::default()) };
        let show = |import: &ImportRecord| {
            let is_wanted = table.as_ref().is_none_or(|arn| arn.name == import.table_name);
            is_wanted.then(|| (import.summary(), Ended::of(import)))
        };
        let limit = request.page_size.and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE_DEFAULT);
        let limit = limit.clamp(1, PAGE_MAX);
        let listed = self.list_transfers(place, show, limit, request.next_token.as_deref()).await?;
        let (summaries, ended): (_, Vec<Option<Ended>>) = listed.shown.into_iter().unzip();
        self.wait_for_end(&ended).await?;
        Ok(ListImportsOutput { import_summary_list: Some(summaries), next_token: listed.next_token })
    }
}

/// The table of an import that has ended.
struct Ended {
    account: String,
    region: String,
    table_name: String,
    import_id: String,
}

impl Ended {
    fn of(import: &ImportRecord) -> Option<Ended> {
        import.status.is_ended().then(|| Ended {
            account: import.account.clone(),
            region: import.region.clone(),
            table_name: import.table_name.clone(),
            import_id: import.id.clone(),
        })
    }
}

impl Service {
    /// Waits until the tables of imports that have ended can be used: a caller that reads the end uses the table next.
    async fn wait_for_end(&self, imports: &[Option<Ended>]) -> Result<(), Exception> {
        // The record and the definition change in one write, and the definition is published behind it, under the catalog's lock.
        let is_unpublished = |import: &Ended| {
            let place = Place { account: &import.account, region: &import.region, name: &import.table_name };
            let table = self.catalog.find(place);
            table
                .is_some_and(|table| table.definition.import.as_ref().is_some_and(|begun| begun.id == import.import_id))
        };
        if imports.iter().flatten().any(is_unpublished) {
            drop(self.catalog.lock().await?);
        }
        Ok(())
    }
}

fn invalid_arn() -> Exception {
    tables::invalid("tableArn is not a valid ARN")
}

impl ImportRecord {
    pub(super) fn description(&self) -> ImportTableDescription {
        let (details, is_ended) = (&self.details, self.status.is_ended());
        let counts = details.counts;
        ImportTableDescription {
            client_token: Some(self.client_token.clone()),
            cloud_watch_log_group_arn: Some(self.log_group_arn()),
            end_time: self.ended_ms.map(timestamp),
            error_count: Some(number(counts.errors)),
            failure_code: self.failure.as_ref().map(|failure| failure.code.clone()),
            failure_message: self.failure.as_ref().map(|failure| failure.message.clone()),
            import_arn: Some(self.arn()),
            import_status: Some(shown(self.status)),
            imported_item_count: Some(number(counts.imported)),
            input_compression_type: Some(details.compression()),
            input_format: details.format(),
            input_format_options: details.format_options(),
            processed_item_count: Some(number(counts.imported.saturating_add(counts.errors))),
            // Absent from the first answer.
            processed_size_bytes: (is_ended || details.position.is_some()).then(|| number(counts.size)),
            s3_bucket_source: Some(details.source(&self.account)),
            start_time: Some(timestamp(self.started_ms)),
            table_arn: Some(self.table_arn()),
            table_creation_parameters: Some(details.parameters().shown()),
            table_id: Some(self.table_uuid.clone()),
        }
    }

    fn summary(&self) -> ImportSummary {
        ImportSummary {
            cloud_watch_log_group_arn: Some(self.log_group_arn()),
            end_time: self.ended_ms.map(timestamp),
            import_arn: Some(self.arn()),
            import_status: Some(shown(self.status)),
            input_format: self.details.format(),
            s3_bucket_source: Some(self.details.source(&self.account)),
            start_time: Some(timestamp(self.started_ms)),
            table_arn: Some(self.table_arn()),
        }
    }

    /// Where AWS logs what is wrong with items.
    fn log_group_arn(&self) -> String {
        format!("arn:aws:logs:{}:{}:log-group:/aws-dynamodb/imports:*", self.region, self.account)
    }
}

fn shown(status: TransferStatus) -> ImportStatus {
    match status {
        TransferStatus::InProgress => ImportStatus::InProgress,
        TransferStatus::Completed | TransferStatus::CompletedWithErrors => ImportStatus::Completed,
        TransferStatus::Failed => ImportStatus::Failed,
        TransferStatus::Cancelling => ImportStatus::Cancelling,
        TransferStatus::Cancelled => ImportStatus::Cancelled,
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
