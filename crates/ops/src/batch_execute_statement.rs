//! BatchExecuteStatement: up to 25 PartiQL statements, each for itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{
    BatchExecuteStatementInput, BatchExecuteStatementOutput, BatchStatementError, BatchStatementErrorCodeEnum,
    BatchStatementRequest, BatchStatementResponse, Exception, Operation,
};
use auth::Caller;
use auth::iam::WorkBudget;
use expr::Condition;
use expr::partiql::{PartiqlError, Select, Statement};
use model::codec::row::StoredItem;
use model::limits::{BATCH_STATEMENTS_MAX, ITEM_SIZE_MAX};
use model::{Attributes, Item};

use crate::allowance::Effort;
use crate::capacity::{ReadKind, Split, Units, write_units};
use crate::change::Refusal;
use crate::partiql::{self, StatementWrite, single_key};
use crate::read::ItemRead;
use crate::returned;
use crate::rows::ItemKey;
use crate::select::Selection;
use crate::service::Service;
use crate::tables::Table;
use crate::write::refused;

/// What many large items may take in memory: themselves, and again as JSON. Unit: bytes.
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

/// What came of a statement that has run, and what it consumed, whether it succeeded or not.
struct Done {
    table_name: String,
    result: Result<Option<Item>, Exception>,
    units: Units,
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
        let mut units: BTreeMap<String, Units> = BTreeMap::new();
        let mut responses = Vec::with_capacity(ready.len());
        let mut effort = Effort::default();
        for ready in ready {
            responses.push(match ready {
                Ok(ready) => {
                    let done = self.run_statement(ready, &mut effort).await;
                    units.entry(done.table_name.clone()).or_default().add(&done.units);
                    response(Some(done.table_name), done.result)
                }
                // A statement that has not run does not name its table.
                Err(refused) => response(None, Err(refused)),
            });
        }
        let asked = request.return_consumed_capacity;
        let reports = units.into_iter().map(|(name, units)| units.report(asked, &name, Split::None));
        Ok(BatchExecuteStatementOutput {
            responses: Some(responses),
            consumed_capacity: reports.collect::<Option<Vec<_>>>().filter(|reports| !reports.is_empty()),
        })
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
            Ready::Read(read) => Some(ItemKey::of(&self.secret, &read.table, read.key.view()).row),
            Ready::Write(_) => None,
        };
        let mut rows: Vec<_> = ready.iter().flatten().filter_map(row).collect();
        rows.sort_unstable();
        match rows.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(partiql::refused(PartiqlError::DuplicateReads)),
            false => Ok(()),
        }
    }

    async fn run_statement(&self, ready: Ready, effort: &mut Effort) -> Done {
        match ready {
            Ready::Read(read) => {
                let done = self.run_read(&read, effort).await;
                let (result, units) =
                    done.map_or_else(|failed| (Err(failed), Units::default()), |(item, units)| (Ok(item), units));
                Done { table_name: read.select.table, result, units }
            }
            Ready::Write(write) => {
                let (result, units) = match self.try_write(&write.change).await {
                    Ok(Ok(done)) => (Ok(returned::of_update(write.returned, &write.change, &done)), done.units),
                    Ok(Err(refusal)) => {
                        let units = refused_units(&refusal);
                        (Err(refused(refusal, write.on_failure, ITEMS_MEMORY).await), units)
                    }
                    Err(failed) => (Err(failed), Units::default()),
                };
                Done { table_name: write.table_name, result, units }
            }
        }
    }

    async fn run_read(&self, read: &Read, effort: &mut Effort) -> Result<(Option<Item>, Units), Exception> {
        let row = ItemKey::of(&self.secret, &read.table, read.key.view()).row;
        let item = ItemRead { table: &read.table, key: &read.key, row: &row, filter: read.filter.as_ref() };
        let found = self.read_item(&item, read.kind, effort, ITEMS_MEMORY).await?;
        let selection = Selection::of_columns(read.select.columns.as_ref());
        Ok((found.item.and_then(|item| selection.of_unless_empty(&item)), found.units))
    }
}

/// What a write consumes whose condition does not hold: as much as the item that it met.
fn refused_units(refusal: &Refusal) -> Units {
    match refusal {
        Refusal::ConditionFailed { old } => Units::of_table(write_units(old.as_ref().map_or(0, StoredItem::size))),
        Refusal::Invalid(_) | Refusal::Key(_) | Refusal::Damaged(_) => Units::default(),
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
        Exception::Throttling { .. } => (Code::ThrottlingError, None),
        Exception::AccessDenied(_) => (Code::AccessDenied, None),
        Exception::LimitExceeded(_) => (Code::RequestLimitExceeded, None),
        Exception::Validation(_) => (Code::ValidationError, None),
        _ => (Code::InternalServerError, None),
    };
    BatchStatementError { code: Some(code), message: Some(message), item }
}
