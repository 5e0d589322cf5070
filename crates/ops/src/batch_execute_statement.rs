//! BatchExecuteStatement: up to 25 PartiQL statements, each for itself.

use std::collections::BTreeMap;

use api::{
    BatchExecuteStatementInput, BatchExecuteStatementOutput, BatchStatementError, BatchStatementErrorCodeEnum,
    BatchStatementRequest, BatchStatementResponse, Exception, Operation,
};
use auth::Caller;
use auth::iam::WorkBudget;
use expr::partiql::{PartiqlError, Select, Statement};
use model::Item;
use model::codec::row::StoredItem;
use model::limits::{BATCH_STATEMENTS_MAX, ITEM_SIZE_MAX};

use crate::allowance;
use crate::capacity::{ReadKind, Split, Units};
use crate::partiql::{self, single_key};
use crate::returned;
use crate::service::Service;

/// What many large items may take in memory: themselves, and again as JSON. Unit: bytes.
const READS_MEMORY: usize = 3 * BATCH_STATEMENTS_MAX * ITEM_SIZE_MAX;

/// What one statement answers: the table that it is about, and what came of it.
struct Answer {
    table_name: Option<String>,
    result: Result<(Option<Item>, Units), Exception>,
}

impl Service {
    pub async fn batch_execute_statement(
        &self,
        caller: &Caller,
        request: BatchExecuteStatementInput,
    ) -> Result<BatchExecuteStatementOutput, Exception> {
        let parse =
            |statement: &BatchStatementRequest| partiql::parse(&statement.statement, statement.parameters.as_deref());
        let parsed: Vec<_> = request.statements.iter().map(parse).collect();
        let reads = parsed.iter().flatten().filter(|statement| statement.is_read()).count();
        if reads != 0 && reads != parsed.iter().flatten().count() {
            return Err(Exception::validation("Read and write requests together in the same batch is not supported."));
        }
        let mut permitted = Vec::with_capacity(parsed.len());
        let work = WorkBudget::default();
        for asked in &request.statements {
            permitted.push(self.permit_within(caller, Operation::BatchExecuteStatement, asked, &work).await);
        }
        let mut units: BTreeMap<String, Units> = BTreeMap::new();
        let mut responses = Vec::with_capacity(parsed.len());
        for ((asked, statement), permitted) in request.statements.iter().zip(parsed).zip(permitted) {
            let answer = match permitted {
                Ok(()) => self.answer_one(caller, asked, statement).await,
                Err(refused) => {
                    let table_name = statement.ok().map(|statement| statement.table().to_owned());
                    Answer { table_name, result: Err(refused) }
                }
            };
            if let (Some(name), Ok((_, used))) = (&answer.table_name, &answer.result) {
                units.entry(name.clone()).or_default().add(used);
            }
            responses.push(response(answer));
        }
        let asked = request.return_consumed_capacity;
        let reports = units.into_iter().map(|(name, units)| units.report(asked, &name, Split::None));
        Ok(BatchExecuteStatementOutput {
            responses: Some(responses),
            consumed_capacity: reports.collect::<Option<Vec<_>>>().filter(|reports| !reports.is_empty()),
        })
    }

    async fn answer_one(
        &self,
        caller: &Caller,
        asked: &BatchStatementRequest,
        statement: Result<Statement, Exception>,
    ) -> Answer {
        let statement = match statement {
            Ok(statement) => statement,
            Err(refused) => return Answer { table_name: None, result: Err(refused) },
        };
        let table_name = Some(statement.table().to_owned());
        let result = match statement {
            Statement::Select(select) => self.read_one(caller, asked, &select).await,
            Statement::Exists(_) => Err(Exception::validation("EXISTS clause is only supported in ExecuteTransaction")),
            write => self.write_one(caller, asked, write).await,
        };
        Answer { table_name, result }
    }

    async fn read_one(
        &self,
        caller: &Caller,
        asked: &BatchStatementRequest,
        select: &Select,
    ) -> Result<(Option<Item>, Units), Exception> {
        let table = self.catalog.table(caller, &select.table).await?;
        let Some((key, filter)) = single_key(&table, select)? else {
            return Err(partiql::refused(PartiqlError::SelectKeyRequired("BatchExecuteStatement")));
        };
        let kind = ReadKind::of(asked.consistent_read);
        let stored = self.get_stored(&table, &key, kind).await?;
        let size = stored.as_ref().map_or(0, StoredItem::size);
        allowance::read(size, READS_MEMORY).await?;
        let units = Units::of_table(kind.units(size));
        let found = stored.filter(|stored| filter.as_ref().is_none_or(|filter| filter.matches(stored.attributes())));
        let item = found.map(|stored| match &select.columns {
            None => stored.item(),
            Some(columns) => Item::Tree(columns.apply(stored.attributes())),
        });
        Ok((item, units))
    }

    async fn write_one(
        &self,
        caller: &Caller,
        asked: &BatchStatementRequest,
        statement: Statement,
    ) -> Result<(Option<Item>, Units), Exception> {
        let write = self.statement_write(caller, statement, asked.return_values_on_condition_check_failure).await?;
        let done = self.write(&write.change, write.on_failure).await?;
        Ok((returned::of_update(write.returned, &write.change, &done), done.units))
    }
}

fn response(answer: Answer) -> BatchStatementResponse {
    let (item, error) = match answer.result {
        Ok((item, _)) => (item, None),
        Err(exception) => (None, Some(error(exception))),
    };
    BatchStatementResponse { error, item, table_name: answer.table_name }
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
