//! ExecuteStatement: one PartiQL statement.

use api::{Exception, ExecuteStatementInput, ExecuteStatementOutput, Operation};
use auth::Caller;
use expr::partiql::{Select, Statement};

use crate::partiql::{self, Position, Sealer, SelectOptions};
use crate::returned;
use crate::service::Service;

impl Service {
    pub(crate) async fn execute_statement(
        &self,
        caller: &Caller,
        request: ExecuteStatementInput,
    ) -> Result<ExecuteStatementOutput, Exception> {
        match partiql::parse(&request.statement, request.parameters.as_ref())? {
            Statement::Select(select) => self.execute_select(caller, &request, &select).await,
            Statement::Exists(_) => Err(Exception::validation("EXISTS clause is only supported in ExecuteTransaction")),
            write => self.execute_write(caller, &request, write).await,
        }
    }

    async fn execute_select(
        &self,
        caller: &Caller,
        request: &ExecuteStatementInput,
        select: &Select,
    ) -> Result<ExecuteStatementOutput, Exception> {
        let parameters = partiql::values(request.parameters.as_ref());
        let sealer = Sealer { secret: &self.secret, statement: &request.statement, parameters };
        let from = match &request.next_token {
            None => Position { part: 0, after: None },
            Some(token) => sealer.read(token).ok_or_else(|| Exception::validation("Invalid NextToken"))?,
        };
        let limit = request.limit.map(|limit| limit as usize);
        let options = SelectOptions { consistent: request.consistent_read, limit, from };
        let mut consumed = self.consumed(Operation::ExecuteStatement, request.return_consumed_capacity);
        consumed.runs(("Verb", "PartiQLSelect"));
        let selected = self.select(caller, select, options, &mut consumed).await?;
        consumed.returns(selected.items.len());
        Ok(ExecuteStatementOutput {
            items: Some(selected.items),
            next_token: selected.next.as_ref().map(|next| sealer.write(next)),
            last_evaluated_key: selected.next.and_then(|next| next.after),
            consumed_capacity: consumed.single(),
        })
    }

    async fn execute_write(
        &self,
        caller: &Caller,
        request: &ExecuteStatementInput,
        statement: Statement,
    ) -> Result<ExecuteStatementOutput, Exception> {
        let verb = match &statement {
            Statement::Insert(_) => "PartiQLInsert",
            Statement::Update(_) => "PartiQLUpdate",
            _ => "PartiQLDelete",
        };
        let write = self.statement_write(caller, statement, request.return_values_on_condition_check_failure).await?;
        let mut consumed = self.consumed(Operation::ExecuteStatement, request.return_consumed_capacity);
        consumed.runs(("Verb", verb));
        let done = self.write(&write.change, write.on_failure, &write.table_name, &mut consumed).await?;
        let item = returned::of_update(write.returned, &write.change, &done);
        Ok(ExecuteStatementOutput {
            items: Some(item.into_iter().collect()),
            next_token: None,
            last_evaluated_key: None,
            consumed_capacity: consumed.single(),
        })
    }
}
