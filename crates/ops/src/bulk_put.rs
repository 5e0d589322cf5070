//! StartBulkPutItems: puts the items of objects into a table that is in use, in the background, each as PutItem puts it.
//!
//! A bulk operation is a transfer (`transfers`), and its work is no table's: indexes are built and the table is deleted meanwhile. It has
//! a marker, which `work` looks for; `fill` reads the objects, `step` writes their items with the record's counts and position, and `report`
//! writes what was not put to the output bucket. DescribeBulkOperation, ListBulkOperations and CancelBulkOperation are in `describe`.

mod describe;
mod details;
mod fill;
mod pace;
mod report;
mod step;
#[cfg(test)]
mod tests;
mod work;

use std::sync::Arc;

use api::{Exception, InputS3Configuration, OutputS3Configuration, StartBulkPutItemsInput, StartBulkPutItemsOutput};
use auth::Caller;
use objects::Bucket;
use tables::{IndexStatus, NameUse, Place, Table, TableStatus, table_place};

use crate::object_layout;
use crate::service::Service;
use crate::transfers::{NewTransfer, Transfer, check_request, transfer_id};

use details::{Asked, BulkDetails};

/// Bulk operations of an account at once. Our own bound: AWS's is not known.
const OPERATIONS_MAX: usize = 50;
const ACTION: &str = "dynamodb:StartBulkPutItems";

type BulkRecord = Transfer<BulkDetails>;

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the request, because of the table's state, or because its client's token was used for another request.
    pub(crate) async fn start_bulk_put_items(
        &self,
        caller: &Caller,
        request: StartBulkPutItemsInput,
    ) -> Result<StartBulkPutItemsOutput, Exception> {
        let place = table_place(caller, &request.table_name, NameUse::Lookup)?;
        check_input(&request.input_s3_configuration)?;
        let output = check_output(&request.output_s3_configuration)?;
        self.check_bucket(caller, place.account, ACTION, &request.input_s3_configuration.s3_bucket)?;
        self.check_bucket(caller, place.account, ACTION, output.name())?;
        if let Some(key_id) = &request.output_s3_configuration.s3_sse_kms_key_id {
            self.check_key(caller, place.account, ACTION, key_id)?;
        }
        let asked = Asked::of(place.name, &request);
        check_request(&asked)?;
        // A request that is repeated finds its operation whatever the table is by now.
        if let Some(token) = &request.client_token
            && let Some(first) = self.transfer_of_token::<BulkDetails>(place.account, place.region, token).await?
        {
            return repeated(first, &asked);
        }
        let table = self.bulk_target(caller, &request.table_name, place).await?;
        // Of an account one begins at a time, so that none begins between the count and the record of another one.
        let _turn = self.bulk_starts.take(place.account).await;
        let markers = self.transfer_markers::<BulkDetails>().await?;
        if markers.iter().filter(|marker| marker.account == place.account).count() >= OPERATIONS_MAX {
            return Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: Only {OPERATIONS_MAX} bulk operations can be done simultaneously"
            )));
        }
        let now_ms = self.clock.now_ms();
        let operation = Transfer::new(NewTransfer {
            id: transfer_id(now_ms),
            account: place.account,
            region: place.region,
            table_name: place.name,
            table_uuid: &table.definition.uuid,
            client_token: request.client_token.clone(),
            started_ms: now_ms,
            details: BulkDetails::new(asked.clone(), table.id()),
        });
        // A use of the table that other work would wait for.
        drop(table);
        if let Err(first) = self.create_transfer(&operation).await? {
            return repeated(first, &asked);
        }
        self.bulk_started.notify_one();
        Ok(StartBulkPutItemsOutput { bulk_operation_description: operation.description() })
    }

    /// The table, if its items may be put in bulk.
    async fn bulk_target(&self, caller: &Caller, name: &str, place: Place<'_>) -> Result<Arc<Table>, Exception> {
        self.catalog.refresh().await?;
        let table = self.catalog.changeable(caller, name);
        // Whatever fills it.
        if self.catalog.find(place).is_some_and(|table| table.definition.status == TableStatus::Creating) {
            return Err(tables::being_created(place.name));
        }
        let table = table?;
        let mut indexes = table.definition.global_indexes.iter();
        match table.is_usable() && !indexes.any(|index| index.status == IndexStatus::Creating) {
            true => Ok(table),
            false => Err(tables::being_updated(place.name)),
        }
    }
}

/// The answer to a request that repeats a client's token.
fn repeated(first: BulkRecord, asked: &Asked) -> Result<StartBulkPutItemsOutput, Exception> {
    match first.details.asked == *asked {
        true => Ok(StartBulkPutItemsOutput { bulk_operation_description: first.description() }),
        false => Err(Exception::IdempotentParameterMismatch),
    }
}

fn check_input(input: &InputS3Configuration) -> Result<(), Exception> {
    let bucket = Bucket::parse(&input.s3_bucket, input.s3_bucket_owner.as_deref());
    bucket.map(drop).map_err(|refused| tables::invalid(refused.to_string()))
}

/// The couplings of parameters. Texts: our own, but that of the key, which is an export's.
fn check_output(output: &OutputS3Configuration) -> Result<Bucket, Exception> {
    if output.output_type.is_empty() {
        return Err(tables::invalid("OutputType must have at least one value"));
    }
    // Documented as required; the model has it not. Source: API Reference, OutputS3Configuration.
    let Some(bucket) = &output.s3_bucket else {
        return Err(tables::invalid("S3Bucket must be specified in OutputS3Configuration"));
    };
    if output.s3_sse_kms_key_id.is_some() && output.s3_sse_algorithm != Some(api::S3SseAlgorithm::Kms) {
        return Err(Exception::validation("Invalid Request: KMS Key Id is not supported for this encryption type"));
    }
    let bucket = Bucket::parse(bucket, output.s3_bucket_owner.as_deref());
    let bucket = bucket.map_err(|refused| tables::invalid(refused.to_string()))?;
    object_layout::check_prefix(&bucket, output.s3_key_prefix.as_deref())?;
    Ok(bucket)
}
