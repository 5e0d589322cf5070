//! From an operation to the method of `ops` that does it, and back: the one table of what is built.

use api::{Exception, Operation};
use auth::Caller;
use bytes::Bytes;
use ops::Service;

use crate::encode::Encode;
use crate::{Reply, decode, exception};

/// Answers one request. Never fails: a refusal is a reply too.
pub async fn handle(service: &Service, operation: Operation, caller: &Caller, body: Bytes) -> Reply {
    answer(service, operation, caller, body).await.unwrap_or_else(|refusal| exception(&refusal))
}

/// Defines [`BUILT`] and [`answer`] from rows `Operation => method`. A method is
/// `async fn(&Service, &Caller, Input) -> Result<Output, Exception>`, where `Input` and `Output` are the operation's own
/// types of `api`, or `()` for an operation that answers with nothing. The types follow from the method, so a row is
/// all that a newly built operation needs; without a row an operation answers that it is not built.
macro_rules! built {
    ($($operation:ident => $method:ident,)*) => {
        /// The operations that have a row.
        #[cfg(test)]
        const BUILT: &[Operation] = &[$(Operation::$operation,)*];

        async fn answer(
            service: &Service,
            operation: Operation,
            caller: &Caller,
            body: Bytes,
        ) -> Result<Reply, Exception> {
            match operation {
                $(Operation::$operation => {
                    let request = decode::request(operation, &body)?;
                    // The request has what it needs of the body, which may be large.
                    drop(body);
                    // Boxed, so that the future of the whole is not as large as the largest operation's.
                    Box::pin(service.$method(caller, request)).await.map(|response| reply(&response))
                })*
                _ => Err(Exception::NotBuilt(operation)),
            }
        }
    };
}

fn reply(response: &impl Encode) -> Reply {
    let mut body = Vec::with_capacity(response.size_hint().max(512));
    response.encode(&mut body);
    Reply { status: 200, body, error: None }
}

built! {
    BatchExecuteStatement => batch_execute_statement,
    BatchGetItem => batch_get_item,
    BatchWriteItem => batch_write_item,
    CreateTable => create_table,
    DeleteItem => delete_item,
    DeleteTable => delete_table,
    DescribeContinuousBackups => describe_continuous_backups,
    DescribeEndpoints => describe_endpoints,
    DescribeLimits => describe_limits,
    DescribeTable => describe_table,
    DescribeTimeToLive => describe_time_to_live,
    ExecuteStatement => execute_statement,
    ExecuteTransaction => execute_transaction,
    GetItem => get_item,
    ListTables => list_tables,
    ListTagsOfResource => list_tags_of_resource,
    PutItem => put_item,
    Query => query,
    Scan => scan,
    TagResource => tag_resource,
    TransactGetItems => transact_get_items,
    TransactWriteItems => transact_write_items,
    UntagResource => untag_resource,
    UpdateContinuousBackups => update_continuous_backups,
    UpdateItem => update_item,
    UpdateTable => update_table,
    UpdateTimeToLive => update_time_to_live,
}

#[cfg(test)]
mod tests;
