//! EnableKinesisStreamingDestination, DisableKinesisStreamingDestination, UpdateKinesisStreamingDestination and
//! DescribeKinesisStreamingDestination: the Kinesis data stream that a table's changes are delivered to.
//!
//! A destination is a consumer of the table's log, and so the table has a log even without a stream. Enabling begins here
//! and is completed by the delivery (`enable.rs`), because only it can check that the Kinesis stream exists; changes from
//! then on are delivered. Disabling ends with the log's background work, once every node knows of it. A change of the
//! precision takes effect at once.

mod enable;
#[cfg(test)]
pub(crate) mod tests;

use api::{
    DescribeKinesisStreamingDestinationInput, DescribeKinesisStreamingDestinationOutput, Exception,
    KinesisDataStreamDestination, KinesisStreamingDestinationInput, KinesisStreamingDestinationOutput,
    UpdateKinesisStreamingDestinationInput, UpdateKinesisStreamingDestinationOutput,
};
use auth::Caller;
use cluster::catalog::Edit;
use tables::{self, Definition, DestinationStatus, Precision, Unknown};

use crate::service::Service;
pub use enable::KinesisDestination;

/// The refusal of an operation that the destination's state does not allow. AWS's text as observed: it says "enable" for all
/// three operations.
fn state_error(problem: &str) -> Exception {
    Exception::validation(format!("Table is not in a valid state to enable Kinesis Streaming Destination: {problem}"))
}

/// Destinations that are not in use any more and that are still described.
const PAST_DESTINATIONS_MAX: usize = 16;

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the ARN, because the caller's account or the table's may not name it, or because the table has a
    /// destination already.
    pub(crate) async fn enable_kinesis_streaming_destination(
        &self,
        caller: &Caller,
        request: KinesisStreamingDestinationInput,
    ) -> Result<KinesisStreamingDestinationOutput, Exception> {
        check_stream_arn(&request.stream_arn)?;
        let action = "dynamodb:EnableKinesisStreamingDestination";
        let allowed = self.settings.service_arns.check(caller, action, &request.stream_arn);
        allowed.map_err(Exception::AccessDenied)?;
        let precision = request.enable_kinesis_streaming_configuration.as_ref();
        let precision = precision.and_then(|asked| asked.approximate_creation_date_time_precision);
        let enable = |definition: &mut Definition| {
            // A table has at most one in use; past ones are only described.
            let used = definition.kinesis.all.iter().any(|own| own.status.is_on() || is_ending(own));
            if used {
                return Err(state_error(
                    "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.",
                ));
            }
            // Changes are delivered on behalf of the table's account, so its rules apply as well as the caller's.
            let allowed =
                self.settings.service_arns.check_for(caller, &definition.account, action, &request.stream_arn);
            allowed.map_err(Exception::AccessDenied)?;
            self.check_reach()?;
            begin(definition, &request.stream_arn, precision.map(Precision::from));
            Ok(())
        };
        let table_name = self.change_destinations(caller, &request.table_name, enable).await?;
        Ok(KinesisStreamingDestinationOutput {
            destination_status: Some(api::DestinationStatus::Enabling),
            // Always present, if only empty.
            enable_kinesis_streaming_configuration: Some(
                request.enable_kinesis_streaming_configuration.unwrap_or_default(),
            ),
            stream_arn: Some(request.stream_arn),
            table_name: Some(table_name),
        })
    }

    /// # Errors
    /// DynamoDB's refusals, among them of a destination that is not active.
    pub(crate) async fn disable_kinesis_streaming_destination(
        &self,
        caller: &Caller,
        request: KinesisStreamingDestinationInput,
    ) -> Result<KinesisStreamingDestinationOutput, Exception> {
        if request.enable_kinesis_streaming_configuration.is_some() {
            return Err(Exception::validation(
                "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters",
            ));
        }
        let disable = |definition: &mut Definition| {
            let found = destination(definition, &request.stream_arn);
            let own = found.filter(|own| own.status == DestinationStatus::Active).ok_or_else(|| {
                state_error("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
            })?;
            own.status = DestinationStatus::Disabling;
            Ok(())
        };
        let table_name = self.change_destinations(caller, &request.table_name, disable).await?;
        Ok(KinesisStreamingDestinationOutput {
            destination_status: Some(api::DestinationStatus::Disabling),
            enable_kinesis_streaming_configuration: None,
            stream_arn: Some(request.stream_arn),
            table_name: Some(table_name),
        })
    }

    /// # Errors
    /// DynamoDB's refusals, among them of a change that changes nothing.
    pub(crate) async fn update_kinesis_streaming_destination(
        &self,
        caller: &Caller,
        request: UpdateKinesisStreamingDestinationInput,
    ) -> Result<UpdateKinesisStreamingDestinationOutput, Exception> {
        let asked = request.update_kinesis_streaming_configuration.as_ref();
        let asked = asked.and_then(|asked| asked.approximate_creation_date_time_precision).ok_or_else(|| {
            Exception::validation(
                "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration \
                 cannot be null or contain only null values",
            )
        })?;
        let update = |definition: &mut Definition| {
            let (uuid, name) = (definition.uuid.clone(), definition.name.clone());
            let own = to_update(definition, &name, &request.stream_arn)?;
            if own.precision.unwrap_or_default() == asked.into() {
                return Err(Exception::validation(format!(
                    "Invalid Request: Precision is already set to the desired value of {} for tableId: {uuid}, \
                     kdsArn: {}",
                    asked.as_str(),
                    request.stream_arn
                )));
            }
            own.precision = Some(asked.into());
            Ok(())
        };
        let table_name = self.change_destinations(caller, &request.table_name, update).await?;
        Ok(UpdateKinesisStreamingDestinationOutput {
            destination_status: Some(api::DestinationStatus::Updating),
            stream_arn: Some(request.stream_arn),
            table_name: Some(table_name),
            update_kinesis_streaming_configuration: request.update_kinesis_streaming_configuration,
        })
    }

    /// # Errors
    /// If the table does not exist.
    pub(crate) async fn describe_kinesis_streaming_destination(
        &self,
        caller: &Caller,
        request: DescribeKinesisStreamingDestinationInput,
    ) -> Result<DescribeKinesisStreamingDestinationOutput, Exception> {
        self.catalog.refresh().await?;
        let table = self.catalog.described(caller, &request.table_name)?;
        let destinations = table.definition.kinesis.all.iter().map(described).collect();
        Ok(DescribeKinesisStreamingDestinationOutput {
            kinesis_data_stream_destinations: Some(destinations),
            table_name: Some(table.name().to_owned()),
        })
    }

    /// Changes a table's destinations, and opens or closes its log as they need it. Returns the table's name.
    async fn change_destinations(
        &self,
        caller: &Caller,
        name_or_arn: &str,
        change: impl Fn(&mut Definition) -> Result<(), Exception>,
    ) -> Result<String, Exception> {
        // Locked from the read of the definition on: another change of it would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.changeable(caller, name_or_arn)?;
        let mut definition = table.definition.clone();
        // Background work waits until no request uses the table as it was, and this would be a use.
        drop(table);
        change(&mut definition)?;
        let puts = change_log::follow(&mut definition);
        definition.log.opening |= self.nodes.is_some() && !puts.is_empty();
        let name = definition.name.clone();
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::requested() }).await?;
        Ok(name)
    }
}

fn is_ending(own: &tables::KinesisDestination) -> bool {
    own.status == DestinationStatus::Disabling
}

/// Adds a destination, or enables one again.
fn begin(definition: &mut Definition, stream_arn: &str, precision: Option<Precision>) {
    let kinesis = &mut definition.kinesis;
    let number = kinesis.next;
    kinesis.next = number.saturating_add(1);
    let new = tables::KinesisDestination {
        number,
        stream_arn: stream_arn.to_owned(),
        status: DestinationStatus::Enabling,
        precision,
        problem: None,
        unknown: Unknown::new(),
    };
    match kinesis.all.iter_mut().find(|own| own.stream_arn == stream_arn) {
        Some(own) => *own = new,
        None => kinesis.all.push(new),
    }
    let too_many = kinesis.all.len().saturating_sub(PAST_DESTINATIONS_MAX + 1);
    kinesis.all.drain(..too_many);
}

fn destination<'a>(definition: &'a mut Definition, stream_arn: &str) -> Option<&'a mut tables::KinesisDestination> {
    definition.kinesis.all.iter_mut().find(|own| own.stream_arn == stream_arn)
}

/// The destination that UpdateKinesisStreamingDestination means, which is active.
fn to_update<'a>(
    definition: &'a mut Definition,
    table: &str,
    stream_arn: &str,
) -> Result<&'a mut tables::KinesisDestination, Exception> {
    let own = destination(definition, stream_arn).ok_or_else(|| {
        state_error(&format!(
            "No streaming destination with streamArn: {stream_arn} found for table with tableName: {table}"
        ))
    })?;
    if own.status == DestinationStatus::Active {
        return Ok(own);
    }
    Err(state_error(&format!(
        "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: {table}, \
         kdsArn: {stream_arn}"
    )))
}

fn described(own: &tables::KinesisDestination) -> KinesisDataStreamDestination {
    KinesisDataStreamDestination {
        approximate_creation_date_time_precision: own.precision.map(Into::into),
        destination_status: Some(own.status.into()),
        destination_status_description: own.problem.as_deref().map(|problem| without_details(problem).to_owned()),
        stream_arn: Some(own.stream_arn.clone()),
    }
}

/// Older programs stored the URL of Kinesis and its answer with the problem.
fn without_details(problem: &str) -> &str {
    problem.split(" at http").next().unwrap_or_default()
}

/// `arn:aws:kinesis:<region>:<account>:stream/<name>`. The region is part of the signature of each call, so each character of
/// it is checked; and the partition is the region's, as in the ARN of a policy that denies the stream.
fn check_stream_arn(arn: &str) -> Result<(), Exception> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_stream = match parts.as_slice() {
        ["arn", partition, "kinesis", region, account, resource] => {
            let name = resource.strip_prefix("stream/").unwrap_or_default();
            let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
            auth::credential::is_region(region)
                && *partition == auth::credential::partition_of(region)
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && (1..=128).contains(&name.len())
                && name.bytes().all(is_name_byte)
        }
        _ => false,
    };
    if is_stream { Ok(()) } else { Err(Exception::validation(format!("Invalid StreamArn: {arn}"))) }
}
