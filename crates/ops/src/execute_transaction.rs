//! ExecuteTransaction: up to 100 PartiQL statements, all or none; either reads, or writes and checks.

use api::{Exception, ExecuteTransactionInput, ExecuteTransactionOutput, ItemResponse, Operation};
use auth::Caller;
use expr::partiql::{PartiqlError, Select, Statement};
use tables::rows::{self, ItemKey, TokenKind};

use crate::fingerprint;
use crate::partiql::{self, WriteProblem, of_statement, refused, single_key};
use crate::read::ItemRead;
use crate::select::Selection;
use crate::service::Service;
use crate::tokens::Token;
use crate::transact_write_items::{SEVERAL_OPERATIONS, check_distinct};
use crate::transaction::{self, TransactionAction};

impl Service {
    pub(crate) async fn execute_transaction(
        &self,
        caller: &Caller,
        request: ExecuteTransactionInput,
    ) -> Result<ExecuteTransactionOutput, Exception> {
        let parsed = partiql::parse_transaction(&request.transact_statements)?;
        match parsed.iter().filter(|statement| statement.is_read()).count() {
            0 => self.transact_statements(caller, request, parsed).await,
            reads if reads == parsed.len() => {
                let selects = parsed.into_iter().filter_map(|statement| match statement {
                    Statement::Select(select) => Some(select),
                    _ => None,
                });
                self.transact_selects(caller, &request, &selects.collect::<Vec<_>>()).await
            }
            _ => Err(Exception::validation(
                "Read statements and write statements cannot be mixed in an ExecuteTransaction request",
            )),
        }
    }

    async fn transact_statements(
        &self,
        caller: &Caller,
        request: ExecuteTransactionInput,
        parsed: Vec<Statement>,
    ) -> Result<ExecuteTransactionOutput, Exception> {
        if let Some(at) = parsed.iter().position(Statement::returns) {
            return Err(of_statement(at, refused(PartiqlError::ReturningInTransaction)));
        }
        let count = parsed.len();
        let mut actions = Vec::with_capacity(count);
        for (at, (asked, statement)) in request.transact_statements.iter().zip(parsed).enumerate() {
            let shown = asked.return_values_on_condition_check_failure;
            match self.statement_write(caller, statement, shown).await {
                Ok(write) => actions.push(TransactionAction {
                    table_name: write.table_name,
                    change: write.change,
                    on_failure: write.on_failure,
                }),
                Err(WriteProblem::Key(problem)) if problem.cancels() => {
                    let reason = transaction::reason("ValidationError", problem.to_string(), None);
                    return Err(transaction::canceled_by(count, at, reason));
                }
                Err(problem) => return Err(of_statement(at, problem.into())),
            }
        }
        check_distinct(&actions)?;
        let token = request.client_request_token.as_deref().map(|text| {
            let fingerprint = fingerprint::of_statements(&self.secret, &request.transact_statements);
            Token { key: rows::token(TokenKind::ExecuteTransaction, caller, text), fingerprint }
        });
        let mut consumed = self.consumed(Operation::ExecuteTransaction, request.return_consumed_capacity);
        consumed.runs(("OperationType", "Write"));
        self.transact(token.as_ref(), &actions, &mut consumed).await?;
        Ok(ExecuteTransactionOutput { responses: Some(Vec::new()), consumed_capacity: consumed.list() })
    }

    async fn transact_selects(
        &self,
        caller: &Caller,
        request: &ExecuteTransactionInput,
        selects: &[Select],
    ) -> Result<ExecuteTransactionOutput, Exception> {
        let mut named = Vec::with_capacity(selects.len());
        let mut rows = Vec::with_capacity(selects.len());
        for (at, select) in selects.iter().enumerate() {
            if select.index.is_some() {
                return Err(of_statement(at, refused(PartiqlError::IndexInTransaction)));
            }
            let table = self.catalog.table(caller, &select.table).await?;
            let key = single_key(&table, select)
                .and_then(|key| key.ok_or_else(|| refused(PartiqlError::SelectKeyRequired("ExecuteTransaction"))));
            let (key, filter) = key.map_err(|refusal| of_statement(at, refusal))?;
            let row = ItemKey::of(&self.secret, &table, key.view())?.row;
            if rows.contains(&row) {
                return Err(Exception::validation(SEVERAL_OPERATIONS));
            }
            rows.push(row);
            named.push((&select.table, table, key, filter));
        }
        let of_rows = named.iter().zip(&rows);
        let reads: Vec<ItemRead<'_>> = of_rows
            .map(|((table_name, table, key, filter), row)| ItemRead {
                table,
                table_name,
                key,
                row,
                filter: filter.as_ref(),
            })
            .collect();
        let mut consumed = self.consumed(Operation::ExecuteTransaction, request.return_consumed_capacity);
        consumed.runs(("OperationType", "Read"));
        let mut responses = Vec::with_capacity(selects.len());
        for (select, stored) in selects.iter().zip(self.read_items_together(&reads, &mut consumed).await?) {
            let selection = Selection::of_columns(select.columns.as_ref());
            responses.push(ItemResponse { item: stored.and_then(|stored| selection.of_unless_empty(&stored)) });
        }
        Ok(ExecuteTransactionOutput { responses: Some(responses), consumed_capacity: consumed.list() })
    }
}
