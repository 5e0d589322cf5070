//! INSERT, UPDATE, DELETE and EXISTS as changes of one item.

use std::sync::Arc;

use api::{Exception, ReturnValue, ReturnValuesOnConditionCheckFailure};
use auth::Caller;
use expr::Condition;
use expr::ast::Predicate;
use expr::partiql::{PartiqlError, Statement, key_of};
use model::{Attributes, DocumentPath};
use tables::Table;
use tables::item_key::{self, KeyProblem};

use super::{refused, return_value};
use crate::change::{Action, Change};
use crate::service::Service;
use crate::write::OnConditionFailure;

/// A statement that writes one item, or checks it.
#[derive(Debug)]
pub(crate) struct StatementWrite {
    /// The table as the statement names it.
    pub table_name: String,
    pub change: Change,
    pub on_failure: OnConditionFailure,
    pub returned: Option<ReturnValue>,
}

/// Why a statement is no change: a problem of keys may cancel a transaction, anything else refuses the request.
pub(crate) enum WriteProblem {
    Key(KeyProblem),
    Refused(Exception),
}

impl From<WriteProblem> for Exception {
    fn from(problem: WriteProblem) -> Exception {
        match problem {
            WriteProblem::Key(problem) => problem.into(),
            WriteProblem::Refused(exception) => exception,
        }
    }
}

impl From<Exception> for WriteProblem {
    fn from(exception: Exception) -> WriteProblem {
        WriteProblem::Refused(exception)
    }
}

impl From<KeyProblem> for WriteProblem {
    fn from(problem: KeyProblem) -> WriteProblem {
        WriteProblem::Key(problem)
    }
}

impl Service {
    pub(crate) async fn statement_write(
        &self,
        caller: &Caller,
        statement: Statement,
        shown: Option<ReturnValuesOnConditionCheckFailure>,
    ) -> Result<StatementWrite, WriteProblem> {
        let table = self.catalog.table(caller, statement.table()).await?;
        let mut on_failure = OnConditionFailure::of(shown);
        let table_name = statement.table().to_owned();
        let (change, returned) = match statement {
            Statement::Insert(insert) => {
                on_failure = OnConditionFailure::Duplicate;
                item_key::check_item_size(&insert.item)?;
                let absent = Condition::new(Predicate::AttributeNotExists(hash_path(&table)));
                (Change::put(&self.secret, table, insert.item, Some(absent))?, None)
            }
            Statement::Update(update) => {
                let key = single_item(&table, &update.condition)?;
                let returned = return_value(update.returning);
                let action = Action::Update(update.update);
                (Change::of_key(&self.secret, table, key, Some(update.condition), action)?, returned)
            }
            Statement::Delete(delete) => {
                let key = single_item(&table, &delete.condition)?;
                let returned = return_value(delete.returning);
                // Deleting a missing item succeeds. Source: Developer Guide, "PartiQL delete statements".
                let absent = Predicate::AttributeNotExists(hash_path(&table));
                let condition = Predicate::Or(vec![absent, delete.condition.predicate().clone()]);
                let change = Change::of_key(&self.secret, table, key, Some(Condition::new(condition)), Action::Delete)?;
                (change, returned)
            }
            Statement::Exists(exists) => {
                let Some((key, Some(_))) = key_of(&exists.condition, &table.key) else {
                    return Err(refused(PartiqlError::ExistsWithoutCondition).into());
                };
                (Change::of_key(&self.secret, table, key, Some(exists.condition), Action::Check)?, None)
            }
            Statement::Select(_) => return Err(Exception::internal("a SELECT is not a write").into()),
        };
        Ok(StatementWrite { table_name, change, on_failure, returned })
    }
}

fn hash_path(table: &Arc<Table>) -> DocumentPath {
    DocumentPath::top(table.key.hash[0].name.clone())
}

fn single_item(table: &Table, condition: &Condition) -> Result<Attributes, Exception> {
    match key_of(condition, &table.key) {
        Some((key, _)) => Ok(key),
        None => Err(refused(PartiqlError::KeyRequired)),
    }
}
