//! The one way to an operation: [`Service::execute`] evaluates the caller's policies on the typed request and then executes
//! it. No other crate can call an operation, and none can be called without a [`Permitted`], which only the gate makes.
//!
//! Here is the one list of implemented operations. The decoder of requests (`wire`) uses it through
//! [`built_operations!`](crate::built_operations).

use api::validation::Stage;
use api::*;
use auth::Caller;
use aws::{RequestContext, TransportFault};

use crate::fault_point::{dropped, parts};
use crate::faults::{Effect, Faults, Moment};
use crate::permission::Asks;
use crate::service::Service;
use crate::validation;

/// A request that may be executed. Only the gate makes one.
pub struct Permitted<'c, R> {
    caller: &'c Caller,
    request: R,
}

/// An implemented operation: its types and its method.
pub trait Call {
    const OPERATION: Operation;
    type Request: Asks + Send;
    type Response: Send;

    /// DynamoDB's checks between the attribute values of a request. Operations that validate their values before all else
    /// have none.
    ///
    /// # Errors
    /// The refusal of this stage of this action.
    fn validate(request: &Self::Request, stage: Stage, action: usize) -> Result<(), Exception>;

    fn call(
        service: &Service,
        permitted: Permitted<'_, Self::Request>,
    ) -> impl Future<Output = Result<Self::Response, Exception>> + Send;

    /// Takes a share of its parts out of a batch, and never all. `None` if the operation is no batch.
    fn withhold(_request: &mut Self::Request, _share: f64) -> Option<Self::Request> {
        None
    }

    /// Returns parts that were taken out as unprocessed.
    fn give_back(_response: &mut Self::Response, _withheld: Self::Request) {}
}

impl Service {
    /// Executes a request, if its caller may have it executed.
    ///
    /// # Errors
    /// The refusal of the caller's policies or of the operation; nothing is done then.
    pub async fn execute<C: Call>(
        &self,
        context: impl Into<RequestContext<'_>>,
        request: C::Request,
    ) -> Result<C::Response, Exception> {
        let context = context.into();
        let RequestContext { caller, observer } = context;
        if let Some(observer) = observer {
            observer.asked(self.facts(caller, C::OPERATION, &request));
        }
        if caller.identity.is_some() {
            // Before the call: a refused request reads and writes nothing. Boxed, so that the futures of requests of callers
            // without an identity have no space for it.
            Box::pin(self.permit(caller, C::OPERATION, &request)).await?;
        }
        let named = if self.measures.is_some() { request.table_name().map(str::to_owned) } else { None };
        let result = match &self.settings.faults {
            None => C::call(self, Permitted { caller, request }).await,
            // Boxed, so that requests without faults have no space for it.
            Some(faults) => Box::pin(self.call_with_faults::<C>(faults, context, request)).await,
        };
        self.note_throttled(&result);
        if let Err(failure) = &result {
            self.measure_failure(caller, C::OPERATION, named.as_deref(), failure);
        }
        result
    }

    /// As the operation itself, if no rule fires for the request.
    async fn call_with_faults<C: Call>(
        &self,
        faults: &Faults,
        context: RequestContext<'_>,
        mut request: C::Request,
    ) -> Result<C::Response, Exception> {
        let RequestContext { caller, observer } = context;
        let Some(decided) = self.decide_fault(faults, caller, C::OPERATION, &request) else {
            return C::call(self, Permitted { caller, request }).await;
        };
        tokio::time::sleep(decided.injection.delay).await;
        let break_answer = |fault| observer.into_iter().for_each(|observer| observer.breaks(fault));
        let effect = decided.injection.effect.as_ref();
        let before = match effect {
            Some(Effect::Error(error, Moment::Before)) => Some(error.exception.clone()),
            Some(Effect::DropConnection(Moment::Before)) => {
                break_answer(TransportFault::DropConnection);
                Some(dropped())
            }
            _ => None,
        };
        if let Some(exception) = before {
            self.note_fault(faults, C::OPERATION, &decided);
            return Err(exception);
        }
        let withheld = match effect {
            Some(Effect::Unprocessed(share)) => C::withhold(&mut request, *share),
            _ => None,
        };
        let called = C::call(self, Permitted { caller, request }).await;
        if called.is_err() && !matches!(effect, None | Some(Effect::WrongCrc32)) {
            faults.take_back(&decided.injection);
            return called;
        }
        self.note_fault(faults, C::OPERATION, &decided);
        match effect {
            Some(Effect::Error(error, _)) => return Err(error.exception.clone()),
            Some(Effect::DropConnection(_)) => {
                break_answer(TransportFault::DropConnection);
                return Err(dropped());
            }
            Some(Effect::WrongCrc32) => break_answer(TransportFault::WrongCrc32),
            Some(Effect::Unprocessed(_)) | None => {}
        }
        called.map(|mut response| {
            withheld.into_iter().for_each(|withheld| C::give_back(&mut response, withheld));
            response
        })
    }
}

/// Defines a type for each operation, the type argument of [`Service::execute`], from rows
/// `Operation(Request) -> Response = method`, with `after check` where DynamoDB makes other checks between the attribute
/// values of a request, and `of parts` where it is a batch. The sign in front is for the macro that it defines.
macro_rules! calls {
    ($dollar:tt; $($operation:ident($request:ty) -> $response:ty = $method:ident $(after $check:ident)? $(of $parts:ident)?;)+) => {
        /// The implemented operations, by name.
        pub mod call {
            $(
                #[derive(Clone, Copy, Debug)]
                pub struct $operation;
            )+
        }

        $(impl Call for call::$operation {
            const OPERATION: Operation = Operation::$operation;
            type Request = $request;
            type Response = $response;

            fn validate(_request: &$request, _stage: Stage, _action: usize) -> Result<(), Exception> {
                calls!(@validate _request, _stage, _action $($check)?)
            }

            fn call(
                service: &Service,
                permitted: Permitted<'_, $request>,
            ) -> impl Future<Output = Result<$response, Exception>> + Send {
                service.$method(permitted.caller, permitted.request)
            }

            $(
                fn withhold(request: &mut $request, share: f64) -> Option<$request> {
                    Some(parts::$parts::withhold(request, share))
                }

                fn give_back(response: &mut $response, withheld: $request) {
                    parts::$parts::give_back(response, withheld);
                }
            )?
        })+

        /// Calls a macro with the names of all implemented operations.
        #[macro_export]
        macro_rules! built_operations {
            ($dollar then:ident) => { $dollar then! { $($operation)+ } };
        }
    };
    (@validate $request:ident, $stage:ident, $action:ident) => { Ok(()) };
    (@validate $request:ident, $stage:ident, $action:ident $check:ident) => {
        validation::$check($request, $stage, $action)
    };
}

calls! {
    $;
    BatchExecuteStatement(BatchExecuteStatementInput) -> BatchExecuteStatementOutput = batch_execute_statement;
    BatchGetItem(BatchGetItemInput) -> BatchGetItemOutput = batch_get_item of keys;
    BatchWriteItem(BatchWriteItemInput) -> BatchWriteItemOutput = batch_write_item of writes;
    CancelBulkOperation(CancelBulkOperationInput) -> CancelBulkOperationOutput = cancel_bulk_operation;
    CreateBackup(CreateBackupInput) -> CreateBackupOutput = create_backup;
    CreateGlobalTable(CreateGlobalTableInput) -> CreateGlobalTableOutput = create_global_table;
    CreateTable(CreateTableInput) -> CreateTableOutput = create_table;
    DeleteBackup(DeleteBackupInput) -> DeleteBackupOutput = delete_backup;
    DeleteItem(DeleteItemInput) -> DeleteItemOutput = delete_item after check_delete_item;
    DeleteResourcePolicy(DeleteResourcePolicyInput) -> DeleteResourcePolicyOutput = delete_resource_policy;
    DeleteTable(DeleteTableInput) -> DeleteTableOutput = delete_table;
    DescribeBackup(DescribeBackupInput) -> DescribeBackupOutput = describe_backup;
    DescribeBulkOperation(DescribeBulkOperationInput) -> DescribeBulkOperationOutput = describe_bulk_operation;
    DescribeContinuousBackups(DescribeContinuousBackupsInput) -> DescribeContinuousBackupsOutput = describe_continuous_backups;
    DescribeContributorInsights(DescribeContributorInsightsInput) -> DescribeContributorInsightsOutput = describe_contributor_insights;
    DescribeEndpoints(DescribeEndpointsRequest) -> DescribeEndpointsResponse = describe_endpoints;
    DescribeExport(DescribeExportInput) -> DescribeExportOutput = describe_export;
    DescribeGlobalTable(DescribeGlobalTableInput) -> DescribeGlobalTableOutput = describe_global_table;
    DescribeGlobalTableSettings(DescribeGlobalTableSettingsInput) -> DescribeGlobalTableSettingsOutput = describe_global_table_settings;
    DescribeImport(DescribeImportInput) -> DescribeImportOutput = describe_import;
    DescribeKinesisStreamingDestination(DescribeKinesisStreamingDestinationInput) -> DescribeKinesisStreamingDestinationOutput = describe_kinesis_streaming_destination;
    DescribeLimits(DescribeLimitsInput) -> DescribeLimitsOutput = describe_limits;
    DescribeTable(DescribeTableInput) -> DescribeTableOutput = describe_table;
    DescribeTableReplicaAutoScaling(DescribeTableReplicaAutoScalingInput) -> DescribeTableReplicaAutoScalingOutput = describe_table_replica_auto_scaling;
    DescribeTimeToLive(DescribeTimeToLiveInput) -> DescribeTimeToLiveOutput = describe_time_to_live;
    DisableKinesisStreamingDestination(KinesisStreamingDestinationInput) -> KinesisStreamingDestinationOutput = disable_kinesis_streaming_destination;
    EnableKinesisStreamingDestination(KinesisStreamingDestinationInput) -> KinesisStreamingDestinationOutput = enable_kinesis_streaming_destination;
    ExecuteStatement(ExecuteStatementInput) -> ExecuteStatementOutput = execute_statement;
    ExecuteTransaction(ExecuteTransactionInput) -> ExecuteTransactionOutput = execute_transaction;
    ExportTableToPointInTime(ExportTableToPointInTimeInput) -> ExportTableToPointInTimeOutput = export_table_to_point_in_time;
    GetItem(GetItemInput) -> GetItemOutput = get_item;
    GetResourcePolicy(GetResourcePolicyInput) -> GetResourcePolicyOutput = get_resource_policy;
    ImportTable(ImportTableInput) -> ImportTableOutput = import_table;
    ListBackups(ListBackupsInput) -> ListBackupsOutput = list_backups;
    ListBulkOperations(ListBulkOperationsInput) -> ListBulkOperationsOutput = list_bulk_operations;
    ListContributorInsights(ListContributorInsightsInput) -> ListContributorInsightsOutput = list_contributor_insights;
    ListExports(ListExportsInput) -> ListExportsOutput = list_exports;
    ListGlobalTables(ListGlobalTablesInput) -> ListGlobalTablesOutput = list_global_tables;
    ListImports(ListImportsInput) -> ListImportsOutput = list_imports;
    ListTables(ListTablesInput) -> ListTablesOutput = list_tables;
    ListTagsOfResource(ListTagsOfResourceInput) -> ListTagsOfResourceOutput = list_tags_of_resource;
    PutItem(PutItemInput) -> PutItemOutput = put_item after check_put_item;
    PutResourcePolicy(PutResourcePolicyInput) -> PutResourcePolicyOutput = put_resource_policy;
    Query(QueryInput) -> QueryOutput = query;
    RestoreTableFromBackup(RestoreTableFromBackupInput) -> RestoreTableFromBackupOutput = restore_table_from_backup;
    RestoreTableToPointInTime(RestoreTableToPointInTimeInput) -> RestoreTableToPointInTimeOutput = restore_table_to_point_in_time;
    Scan(ScanInput) -> ScanOutput = scan;
    StartBulkPutItems(StartBulkPutItemsInput) -> StartBulkPutItemsOutput = start_bulk_put_items;
    TagResource(TagResourceInput) -> () = tag_resource;
    TransactGetItems(TransactGetItemsInput) -> TransactGetItemsOutput = transact_get_items after check_transact_get_items;
    TransactWriteItems(TransactWriteItemsInput) -> TransactWriteItemsOutput = transact_write_items after check_transact_write_items;
    UntagResource(UntagResourceInput) -> () = untag_resource;
    UpdateContinuousBackups(UpdateContinuousBackupsInput) -> UpdateContinuousBackupsOutput = update_continuous_backups;
    UpdateContributorInsights(UpdateContributorInsightsInput) -> UpdateContributorInsightsOutput = update_contributor_insights;
    UpdateGlobalTable(UpdateGlobalTableInput) -> UpdateGlobalTableOutput = update_global_table;
    UpdateGlobalTableSettings(UpdateGlobalTableSettingsInput) -> UpdateGlobalTableSettingsOutput = update_global_table_settings;
    UpdateItem(UpdateItemInput) -> UpdateItemOutput = update_item;
    UpdateKinesisStreamingDestination(UpdateKinesisStreamingDestinationInput) -> UpdateKinesisStreamingDestinationOutput = update_kinesis_streaming_destination;
    UpdateTable(UpdateTableInput) -> UpdateTableOutput = update_table;
    UpdateTableReplicaAutoScaling(UpdateTableReplicaAutoScalingInput) -> UpdateTableReplicaAutoScalingOutput = update_table_replica_auto_scaling;
    UpdateTimeToLive(UpdateTimeToLiveInput) -> UpdateTimeToLiveOutput = update_time_to_live;
    DescribeStream(DescribeStreamInput) -> DescribeStreamOutput = describe_stream;
    GetRecords(GetRecordsInput) -> GetRecordsOutput = get_records;
    GetShardIterator(GetShardIteratorInput) -> GetShardIteratorOutput = get_shard_iterator;
    ListStreams(ListStreamsInput) -> ListStreamsOutput = list_streams;
}
