//! What PartiQL statements ask: each of its own table or index.

use api::{BatchStatementRequest, Exception, ExecuteStatementInput, ExecuteTransactionInput};
use api::{ReturnValuesOnConditionCheckFailure, Select};
use expr::partiql::Statement;

use super::action::Action;
use super::said::Said;
use super::{Asking, Resource};
use crate::partiql;

type Outcome = Result<(), Exception>;

pub(super) fn one<'a>(request: &'a ExecuteStatementInput, asking: &mut Asking<'a>) -> Outcome {
    let statement = partiql::parse(&request.statement, request.parameters.as_ref())?;
    statement_asks(statement, request.return_values_on_condition_check_failure, None, asking)
}

pub(super) fn transaction<'a>(request: &'a ExecuteTransactionInput, asking: &mut Asking<'a>) -> Outcome {
    let enclosing = Some(asking.operation.name());
    let parsed = partiql::parse_transaction(&request.transact_statements)?;
    for (asked, statement) in request.transact_statements.iter().zip(parsed) {
        statement_asks(statement, asked.return_values_on_condition_check_failure, enclosing, asking)?;
    }
    Ok(())
}

pub(super) fn of_batch<'a>(request: &'a BatchStatementRequest, asking: &mut Asking<'a>) -> Outcome {
    let statement = partiql::parse(&request.statement, request.parameters.as_ref())?;
    statement_asks(statement, request.return_values_on_condition_check_failure, None, asking)
}

/// The only question of a statement, of which `action`, resource and keys follow from its text.
fn statement_asks<'a>(
    statement: Statement,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
    enclosing_operation: Option<&'static str>,
    asking: &mut Asking<'a>,
) -> Outcome {
    let table = statement.table().to_owned();
    let mut said = Said { enclosing_operation, ..Said::default() };
    let mut resource = Resource::Table(table.clone().into());
    let returning = |returning| super::items::returned(partiql::return_value(returning), on_failure);
    let action = match &statement {
        Statement::Select(select) => {
            let all = match &select.index {
                None => Select::AllAttributes,
                Some(index) => {
                    resource = Resource::Index(table.into(), index.clone().into());
                    Select::AllProjectedAttributes
                }
            };
            let selected = if select.columns.is_some() { Select::SpecificAttributes } else { all };
            said.select = Some(selected.as_str());
            Action::PartiQLSelect
        }
        // It is a SELECT of all attributes, and one that fails may show them.
        Statement::Exists(_) => {
            said.select = Some(Select::AllAttributes.as_str());
            Action::PartiQLSelect
        }
        Statement::Insert(_) => Action::PartiQLInsert,
        Statement::Update(update) => {
            said.return_values = returning(update.returning);
            Action::PartiQLUpdate
        }
        Statement::Delete(delete) => {
            said.return_values = returning(delete.returning);
            Action::PartiQLDelete
        }
    };
    said.statement = Some(statement);
    asking.about(action, resource, said)
}
