//! The tables behind the caches: [`Upstream`], and the tables of this process.

use std::sync::Arc;

use api::{
    BatchGetItemInput, BatchGetItemOutput, BatchWriteItemInput, BatchWriteItemOutput, DeleteItemInput,
    DeleteItemOutput, Exception, GetItemInput, GetItemOutput, Operation, PutItemInput, PutItemOutput, QueryInput,
    QueryOutput, ScanInput, ScanOutput, TransactGetItemsInput, TransactGetItemsOutput, TransactWriteItemsInput,
    TransactWriteItemsOutput, UpdateItemInput, UpdateItemOutput,
};
use auth::Caller;
use aws::RequestContext;
use model::KeySchema;
use ops::{Service, call};
use storage::BoxFuture;
use wire::client::Called;

/// What DAX has to know of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableKey {
    /// Of this table and no other, not even of a later one with its name.
    pub id: u64,
    pub schema: KeySchema,
}

/// DynamoDB, as DAX needs it.
pub trait Upstream: Send + Sync + 'static {
    /// Whether the tables are another server's: all callers have the same ones then, and the node's own credentials.
    fn is_elsewhere(&self) -> bool {
        false
    }

    /// The table of this name.
    ///
    /// # Errors
    /// There is none.
    fn table<'a>(&'a self, caller: &'a Caller, name: &'a str) -> BoxFuture<'a, Result<TableKey, Exception>>;

    /// Whether the caller may have the request executed: asked before the caches answer.
    ///
    /// # Errors
    /// The refusal of the caller's policies.
    fn permit<'a>(&'a self, context: RequestContext<'a>, request: &'a Request) -> BoxFuture<'a, Result<(), Exception>>;

    /// Executes a request, of which the caller is one without an identity: it is permitted already.
    ///
    /// # Errors
    /// The operation's refusal.
    fn execute<'a>(&'a self, caller: &'a Caller, request: Request) -> BoxFuture<'a, Result<Response, Exception>>;

    /// Whether a write that has failed so has surely left the table as it was.
    fn has_refused(&self, exception: &Exception) -> bool {
        is_refusal(exception)
    }
}

fn is_refusal(exception: &Exception) -> bool {
    !matches!(exception, Exception::InternalServerError(_) | Exception::ServiceUnavailable(_))
}

/// Defines the requests and the responses from rows `Operation(Request) -> Response`.
macro_rules! operations {
    ($($operation:ident($request:ident) -> $response:ident;)+) => {
        /// A request of one of DAX's operations.
        #[derive(Clone, Debug)]
        pub enum Request {
            $($operation($request),)+
        }

        #[derive(Debug)]
        pub enum Response {
            $($operation($response),)+
        }

        impl Request {
            pub fn operation(&self) -> Operation {
                match self {
                    $(Request::$operation(_) => Operation::$operation,)+
                }
            }

            /// As another server reads it.
            pub(crate) fn body(&self) -> Vec<u8> {
                match self {
                    $(Request::$operation(request) => request.body(),)+
                }
            }
        }

        impl Response {
            /// As another server writes it.
            ///
            /// # Errors
            /// The body is none of the operation's responses.
            pub(crate) fn read(operation: Operation, body: &[u8]) -> Result<Response, Exception> {
                match operation {
                    $(Operation::$operation => <$request as Called>::response(body).map(Response::$operation),)+
                    _ => Err(Exception::internal("another operation than DAX's was called")),
                }
            }
        }

        $(
            impl From<$request> for Request {
                fn from(request: $request) -> Request {
                    Request::$operation(request)
                }
            }

            impl TryFrom<Response> for $response {
                type Error = Exception;

                fn try_from(response: Response) -> Result<$response, Exception> {
                    match response {
                        Response::$operation(response) => Ok(response),
                        _ => Err(Exception::internal("the upstream has answered another operation")),
                    }
                }
            }
        )+

        impl Upstream for Local {
            /// A rule of faults may fail a write that is made, with any exception.
            fn has_refused(&self, exception: &Exception) -> bool {
                is_refusal(exception) && self.0.faults().is_none()
            }

            fn table<'a>(&'a self, caller: &'a Caller, name: &'a str) -> BoxFuture<'a, Result<TableKey, Exception>> {
                Box::pin(async move {
                    let (id, schema) = self.0.key_schema(caller, name).await?;
                    Ok(TableKey { id, schema })
                })
            }

            fn permit<'a>(
                &'a self,
                context: RequestContext<'a>,
                request: &'a Request,
            ) -> BoxFuture<'a, Result<(), Exception>> {
                let RequestContext { caller, observer } = context;
                Box::pin(async move {
                    match request {
                        $(Request::$operation(request) => {
                            if let Some(observer) = observer {
                                observer.asked(self.0.facts(caller, Operation::$operation, request));
                            }
                            self.0.permit(caller, Operation::$operation, request).await
                        })+
                    }
                })
            }

            fn execute<'a>(
                &'a self,
                caller: &'a Caller,
                request: Request,
            ) -> BoxFuture<'a, Result<Response, Exception>> {
                match request {
                    $(Request::$operation(request) => Box::pin(async move {
                        self.0.execute::<call::$operation>(caller, request).await.map(Response::$operation)
                    }),)+
                }
            }
        }
    };
}

/// The tables of this process.
pub struct Local(pub Arc<Service>);

operations! {
    BatchGetItem(BatchGetItemInput) -> BatchGetItemOutput;
    BatchWriteItem(BatchWriteItemInput) -> BatchWriteItemOutput;
    DeleteItem(DeleteItemInput) -> DeleteItemOutput;
    GetItem(GetItemInput) -> GetItemOutput;
    PutItem(PutItemInput) -> PutItemOutput;
    Query(QueryInput) -> QueryOutput;
    Scan(ScanInput) -> ScanOutput;
    TransactGetItems(TransactGetItemsInput) -> TransactGetItemsOutput;
    TransactWriteItems(TransactWriteItemsInput) -> TransactWriteItemsOutput;
    UpdateItem(UpdateItemInput) -> UpdateItemOutput;
}

#[cfg(test)]
mod tests {
    use base::Clock;
    use ops::Settings;
    use ops::faults::Faults;
    use storage::Memory;

    use super::*;

    async fn local(faults: Option<Arc<Faults>>) -> Local {
        Local(Service::open(Memory::new(), Settings { faults, ..Settings::default() }, Clock::system()).await.unwrap())
    }

    #[tokio::test]
    async fn a_failure_that_a_test_asks_for_says_nothing_of_the_table() {
        let refused = Exception::throttled();
        let plain = local(None).await;
        assert!(plain.has_refused(&refused) && !plain.has_refused(&Exception::internal("x")));
        assert!(!local(Some(Arc::default())).await.has_refused(&refused));
    }
}
