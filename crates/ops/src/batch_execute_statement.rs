//! BatchExecuteStatement: up to 25 independent PartiQL statements.

use std::sync::Arc;

use api::{
    BatchExecuteStatementInput, BatchExecuteStatementOutput, BatchStatementError, BatchStatementErrorCodeEnum,
    BatchStatementRequest, BatchStatementResponse, Exception, Operation,
};
use auth::Caller;
use auth::iam::WorkBudget;
use expr::Condition;
use expr::partiql::{PartiqlError, Select, Statement};
use model::limits::{BATCH_STATEMENTS_MAX, ITEM_SIZE_MAX};
use model::{Attributes, Item};
use tables::Table;
use tables::rows::ItemKey;

use crate::allowance::Effort;
use crate::capacity::ReadKind;
use crate::consumed::Consumed;
use crate::partiql::{self, StatementWrite, single_key};
use crate::read::ItemRead;
use crate::returned;
use crate::select::Selection;
use crate::service::Service;
use crate::write::refused;

/// The memory of many large items: themselves, and again as JSON. Unit: bytes.
const ITEMS_MEMORY: usize = 3 * BATCH_STATEMENTS_MAX * ITEM_SIZE_MAX;

/// A statement that is ready to run.
enum Ready {
    Read(Box<Read>),
    Write(Box<StatementWrite>),
}

/// A SELECT of one item.
struct Read {
    table: Arc<Table>,
    select: Select,
    key: Attributes,
    filter: Option<Condition>,
    kind: ReadKind,
}

impl Service {
    pub(crate) async fn batch_execute_statement(
        &self,
        caller: &Caller,
        request: BatchExecuteStatementInput,
    ) -> Result<BatchExecuteStatementOutput, Exception> {
        let parse =
            |statement: &BatchStatementRequest| partiql::parse(&statement.statement, statement.parameters.as_ref());
        let parsed: Vec<_> = request.statements.iter().map(parse).collect();
        let reads = parsed.iter().flatten().filter(|statement| statement.is_read()).count();
        if reads != 0 && reads != parsed.iter().flatten().count() {
            return Err(Exception::validation("Read and write requests together in the same batch is not supported."));
        }
        let work = WorkBudget::default();
        let mut ready = Vec::with_capacity(parsed.len());
        for (asked, statement) in request.statements.iter().zip(parsed) {
            let permitted = self.permit_within(caller, Operation::BatchExecuteStatement, asked, &work).await;
            ready.push(match permitted {
                Ok(()) => self.plan_statement(caller, asked, statement).await,
                Err(refused) => Err(refused),
            });
        }
        self.check_distinct_reads(&ready)?;
        // A statement that has run is reported, whether it succeeded or not.
        let mut consumed = self.consumed(Operation::BatchExecuteStatement, request.return_consumed_capacity);
        let is_read = reads != 0;
        consumed.runs(("OperationType", if is_read { "Read" } else { "Write" }));
        let mut responses = Vec::with_capacity(ready.len());
        let mut effort = Effort::default();
        for ready in ready {
            responses.push(match ready {
                Ok(ready) => self.run_statement(caller, ready, &mut effort, &mut consumed).await,
                // A statement that has not run does not name its table.
                Err(refused) => {
                    self.measure_statement_failure(caller, None, &refused);
                    response(None, Err(refused))
                }
            });
        }
        Ok(BatchExecuteStatementOutput { responses: Some(responses), consumed_capacity: consumed.list() })
    }

    async fn plan_statement(
        &self,
        caller: &Caller,
        asked: &BatchStatementRequest,
        statement: Result<Statement, Exception>,
    ) -> Result<Ready, Exception> {
        match statement? {
            Statement::Select(select) => {
                let table = self.catalog.table(caller, &select.table).await?;
                let Some((key, filter)) = single_key(&table, &select)? else {
                    return Err(partiql::refused(PartiqlError::SelectKeyRequired("BatchExecuteStatement")));
                };
                let kind = ReadKind::of(asked.consistent_read);
                Ok(Ready::Read(Box::new(Read { table, select, key, filter, kind })))
            }
            Statement::Exists(_) => Err(Exception::validation("EXISTS clause is only supported in ExecuteTransaction")),
            write => {
                let shown = asked.return_values_on_condition_check_failure;
                Ok(Ready::Write(Box::new(self.statement_write(caller, write, shown).await?)))
            }
        }
    }

    /// Refuses a batch that reads an item twice.
    fn check_distinct_reads(&self, ready: &[Result<Ready, Exception>]) -> Result<(), Exception> {
        let row = |ready: &Ready| match ready {
            Ready::Read(read) => ItemKey::of(&self.secret, &read.table, read.key.view()).ok().map(|key| key.row),
            Ready::Write(_) => None,
        };
        let mut rows: Vec<_> = ready.iter().flatten().filter_map(row).collect();
        rows.sort_unstable();
        match rows.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(partiql::refused(PartiqlError::DuplicateReads)),
            false => Ok(()),
        }
    }

    async fn run_statement(
        &self,
        caller: &Caller,
        ready: Ready,
        effort: &mut Effort,
        consumed: &mut Consumed,
    ) -> BatchStatementResponse {
        let (table_name, result) = match ready {
            Ready::Read(read) => {
                let result = self.run_read(&read, effort, consumed).await;
                (read.select.table, result)
            }
            Ready::Write(write) => {
                let result = self.run_write(&write, consumed).await;
                (write.table_name, result)
            }
        };
        if let Err(failure) = &result {
            self.measure_statement_failure(caller, Some(&table_name), failure);
        }
        response(Some(table_name), result)
    }

    async fn run_read(
        &self,
        read: &Read,
        effort: &mut Effort,
        consumed: &mut Consumed,
    ) -> Result<Option<Item>, Exception> {
        let (table_name, key) = (&read.select.table, &read.key);
        consumed.name(table_name);
        let row = ItemKey::of(&self.secret, &read.table, key.view())?.row;
        let item = ItemRead { table: &read.table, table_name, key, row: &row, filter: read.filter.as_ref() };
        let stored = self.read_item(&item, read.kind, ITEMS_MEMORY, effort, consumed).await?;
        Ok(stored.and_then(|stored| Selection::of_columns(read.select.columns.as_ref()).of_unless_empty(&stored)))
    }

    async fn run_write(&self, write: &StatementWrite, consumed: &mut Consumed) -> Result<Option<Item>, Exception> {
        consumed.name(&write.table_name);
        match self.try_write(&write.change, &write.table_name, consumed).await? {
            Ok(done) => Ok(returned::of_update(write.returned, &write.change, &done)),
            Err(refusal) => {
                self.measure_refusal(&write.change.table, &refusal, write.on_failure);
                Err(refused(refusal, write.on_failure, ITEMS_MEMORY).await)
            }
        }
    }
}

fn response(table_name: Option<String>, result: Result<Option<Item>, Exception>) -> BatchStatementResponse {
    let (item, error) = match result {
        Ok(item) => (item, None),
        Err(exception) => (None, Some(error(exception))),
    };
    BatchStatementResponse { error, item, table_name }
}

/// An exception in the short codes of a batch.
fn error(exception: Exception) -> BatchStatementError {
    use BatchStatementErrorCodeEnum as Code;
    let message = exception.to_string();
    let (code, item) = match exception {
        Exception::ConditionalCheckFailed { item } => (Code::ConditionalCheckFailed, item),
        Exception::DuplicateItem => (Code::DuplicateItem, None),
        Exception::ResourceNotFound(_) => (Code::ResourceNotFound, None),
        Exception::TransactionConflict => (Code::TransactionConflict, None),
        Exception::ProvisionedThroughputExceeded { .. } => (Code::ProvisionedThroughputExceeded, None),
        Exception::Throttling { .. } => (Code::ThrottlingError, None),
        Exception::AccessDenied(_) => (Code::AccessDenied, None),
        Exception::LimitExceeded(_) => (Code::RequestLimitExceeded, None),
        Exception::Validation(_) => (Code::ValidationError, None),
        _ => (Code::InternalServerError, None),
    };
    BatchStatementError { code: Some(code), message: Some(message), item }
}
