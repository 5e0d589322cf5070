//! From an operation to the method of `ops` that does it, and back: the one table of what is built.

use api::{Exception, Operation};
use auth::Caller;
use bytes::Bytes;
use ops::{Asks, RequestFacts, Service, allowance};

use crate::encode::Encode;
use crate::{Reply, decode, exception};

/// Receives what a request names, once it is decoded and before anything is done.
pub trait Observer: Sync {
    fn decoded(&self, facts: RequestFacts);
}

/// Answers one request. Never fails: a refusal is a reply too.
pub async fn handle(
    service: &Service,
    operation: Operation,
    caller: &Caller,
    body: Bytes,
    observer: Option<&dyn Observer>,
) -> Reply {
    answer(service, operation, caller, body, observer).await.unwrap_or_else(|refusal| exception(&refusal))
}

/// Defines [`BUILT`] and [`answer`] from rows `Operation => method`, or `Operation => method after check` where
/// DynamoDB checks other things between the attribute values of a request ([`decode::Check`]). A method is
/// `async fn(&Service, &Caller, Input) -> Result<Output, Exception>`, where `Input` and `Output` are the operation's own
/// types of `api`, or `()` for an operation that answers with nothing. The types follow from the method, so a row is
/// all that a newly built operation needs; without a row an operation answers that it is not built.
macro_rules! built {
    ($($operation:ident => $method:ident $(after $check:ident)?,)*) => {
        /// The operations that have a row.
        #[cfg(test)]
        const BUILT: &[Operation] = &[$(Operation::$operation,)*];

        async fn answer(
            service: &Service,
            operation: Operation,
            caller: &Caller,
            body: Bytes,
            observer: Option<&dyn Observer>,
        ) -> Result<Reply, Exception> {
            let size = body.len();
            let is_large = size > BODY_SMALL_BYTES;
            if is_large {
                reserve(&body).await?;
            }
            match operation {
                $(Operation::$operation => {
                    let work = async {
                        let request = decode::request(operation, &body, built!(@check $($check)?))?;
                        // The request has what it needs of the body, which may be large.
                        drop(body);
                        if let Some(observer) = observer {
                            observer.decoded(service.facts(caller, operation, &request));
                        }
                        if caller.identity.is_some() {
                            // Boxed, so that nobody else's future has room for it.
                            Box::pin(service.permit(caller, operation, &request)).await?;
                        }
                        service.$method(caller, request).await.map(|response| reply(&response))
                    };
                    // Boxed, so that the future of the whole is not as large as the largest operation's.
                    let work = Box::pin(work);
                    if is_large { allowance::heavy(size * WORK_PER_BYTE, work).await } else { work.await }
                })*
                _ => Err(Exception::NotBuilt(operation)),
            }
        }

        /// What a request names, by the decoder that its execution uses; `None` if it cannot be decoded.
        pub fn facts(service: &Service, operation: Operation, caller: &Caller, body: &[u8]) -> Option<RequestFacts> {
            match operation {
                $(Operation::$operation => facts_of(service, operation, caller, body, Service::$method),)*
                _ => None,
            }
        }
    };
    (@check) => { decode::nothing };
    (@check $check:ident) => { ops::$check };
}

/// What one opening bracket or comma of a body may come to in memory: an empty list is as much as a number, and vectors
/// have more room than they need. Measured; the dearest text, a list of maps of one attribute, takes 86. Unit: bytes.
const ELEMENT_MEMORY: usize = 96;

/// Up to here a body needs no memory or time worth counting. Unit: bytes.
const BODY_SMALL_BYTES: usize = 64 * 1024;
/// Short text is read slower than long: a byte of a body is as much work as so many that are only looked at.
const WORK_PER_BYTE: usize = 8;

/// Takes the memory that a request is going to need: a large body becomes up to thirty times as large.
async fn reserve(body: &[u8]) -> Result<(), Exception> {
    let count = || body.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count();
    let elements = allowance::in_one_go(body.len(), count);
    allowance::reserve(body.len() + elements * ELEMENT_MEMORY).await
}

/// `_method` says of which type the request is.
fn facts_of<'a, R, F, A>(
    service: &'a Service,
    operation: Operation,
    caller: &'a Caller,
    body: &[u8],
    _method: F,
) -> Option<RequestFacts>
where
    R: decode::Decode + Asks,
    F: Fn(&'a Service, &'a Caller, R) -> A,
{
    let request: R = decode::request(operation, body, decode::nothing).ok()?;
    Some(service.facts(caller, operation, &request))
}

fn reply(response: &impl Encode) -> Reply {
    let size = response.size_hint();
    let mut body = Vec::with_capacity(size.max(512));
    allowance::in_one_go(size, || response.encode(&mut body));
    Reply { status: 200, body, error: None }
}

built! {
    BatchExecuteStatement => batch_execute_statement,
    BatchGetItem => batch_get_item,
    BatchWriteItem => batch_write_item,
    CreateTable => create_table,
    DeleteItem => delete_item after check_delete_item,
    DeleteResourcePolicy => delete_resource_policy,
    DeleteTable => delete_table,
    DescribeContinuousBackups => describe_continuous_backups,
    DescribeEndpoints => describe_endpoints,
    DescribeKinesisStreamingDestination => describe_kinesis_streaming_destination,
    DescribeLimits => describe_limits,
    DescribeTable => describe_table,
    DescribeTimeToLive => describe_time_to_live,
    DisableKinesisStreamingDestination => disable_kinesis_streaming_destination,
    EnableKinesisStreamingDestination => enable_kinesis_streaming_destination,
    ExecuteStatement => execute_statement,
    ExecuteTransaction => execute_transaction,
    GetItem => get_item,
    GetResourcePolicy => get_resource_policy,
    ListTables => list_tables,
    ListTagsOfResource => list_tags_of_resource,
    PutItem => put_item after check_put_item,
    PutResourcePolicy => put_resource_policy,
    Query => query,
    Scan => scan,
    TagResource => tag_resource,
    TransactGetItems => transact_get_items after check_transact_get_items,
    TransactWriteItems => transact_write_items after check_transact_write_items,
    UntagResource => untag_resource,
    UpdateContinuousBackups => update_continuous_backups,
    UpdateItem => update_item,
    UpdateKinesisStreamingDestination => update_kinesis_streaming_destination,
    UpdateTable => update_table,
    UpdateTimeToLive => update_time_to_live,
    DescribeStream => describe_stream,
    GetRecords => get_records,
    GetShardIterator => get_shard_iterator,
    ListStreams => list_streams,
}

#[cfg(test)]
mod tests;
