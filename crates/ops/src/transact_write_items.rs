//! TransactWriteItems: up to 100 puts, updates, deletions and checks, all or none.

use std::collections::BTreeMap;

use api::{
    Exception, ItemCollectionMetrics, Operation, ReturnItemCollectionMetrics, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, TransactWriteItemsInput, TransactWriteItemsOutput,
};
use auth::Caller;
use expr::{Condition, Update};
use model::limits::TRANSACTION_SIZE_MAX;
use model::{Attributes, item_size};
use tables::item_key::{self, KeyProblem};
use tables::rows::{self, TokenKind};

use crate::change::{Action, Change};
use crate::fingerprint;
use crate::parameters::{UpdateParameters, WriteCondition, validated};
use crate::service::Service;
use crate::tokens::Token;
use crate::transaction::{self, TransactionAction, TransactionDone};
use crate::write::OnConditionFailure;

impl Service {
    pub(crate) async fn transact_write_items(
        &self,
        caller: &Caller,
        request: TransactWriteItemsInput,
    ) -> Result<TransactWriteItemsOutput, Exception> {
        let token = request.client_request_token.as_deref().map(|text| {
            let fingerprint = fingerprint::of_actions(&self.secret, &request.transact_items);
            Token { key: rows::token(TokenKind::TransactWriteItems, caller, text), fingerprint }
        });
        let parsed = request.transact_items.into_iter().map(Parsed::of).collect::<Result<Vec<_>, _>>()?;
        if parsed.iter().map(Parsed::size).sum::<usize>() > TRANSACTION_SIZE_MAX {
            return Err(Exception::validation("The aggregate size of the items in the transaction cannot exceed 4 MB"));
        }
        let actions = self.transaction_actions(caller, parsed).await?;
        let mut consumed = self.consumed(Operation::TransactWriteItems, request.return_consumed_capacity);
        let done = self.transact(token.as_ref(), &actions, &mut consumed).await?;
        Ok(TransactWriteItemsOutput {
            consumed_capacity: consumed.list(),
            item_collection_metrics: self
                .transaction_metrics(request.return_item_collection_metrics, &actions, &done)
                .await?,
        })
    }

    async fn transaction_actions(
        &self,
        caller: &Caller,
        parsed: Vec<Parsed>,
    ) -> Result<Vec<TransactionAction>, Exception> {
        let count = parsed.len();
        let mut tables = Vec::with_capacity(count);
        for action in &parsed {
            tables.push(self.catalog.table(caller, &action.table_name).await?);
        }
        let mut actions: Vec<TransactionAction> = Vec::with_capacity(count);
        let mut invalid: Option<(usize, KeyProblem)> = None;
        for (at, (parsed, table)) in parsed.into_iter().zip(tables).enumerate() {
            let change = match parsed.target {
                Target::Item(item) => Change::put(&self.secret, table, item, parsed.condition),
                Target::Key(key, action) => Change::of_key(&self.secret, table, key, parsed.condition, action),
            };
            match change {
                Ok(change) => {
                    actions.push(TransactionAction {
                        table_name: parsed.table_name,
                        change,
                        on_failure: parsed.on_failure,
                    });
                }
                Err(problem) if problem.cancels() => {
                    invalid.get_or_insert((at, problem));
                }
                Err(problem) => return Err(problem.into()),
            }
        }
        check_distinct(&actions)?;
        match invalid {
            None => Ok(actions),
            Some((at, problem)) => {
                let reason = transaction::reason("ValidationError", problem.to_string(), None);
                Err(transaction::canceled_by(count, at, reason))
            }
        }
    }

    pub(crate) async fn transaction_metrics(
        &self,
        asked: Option<ReturnItemCollectionMetrics>,
        actions: &[TransactionAction],
        done: &TransactionDone,
    ) -> Result<Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>, Exception> {
        if matches!(done, TransactionDone::Replayed(_)) {
            return Ok(None);
        }
        let mut metrics: BTreeMap<String, Vec<ItemCollectionMetrics>> = BTreeMap::new();
        for action in actions.iter().filter(|action| !matches!(action.change.action, Action::Check)) {
            if let Some(one) = self.collection_metrics(asked, &action.change).await? {
                metrics.entry(action.table_name.clone()).or_default().push(one);
            }
        }
        Ok((!metrics.is_empty()).then_some(metrics))
    }
}

/// The message for a transaction that names an item twice.
pub(crate) const SEVERAL_OPERATIONS: &str = "Transaction request cannot include multiple operations on one item";

/// Refuses a transaction that names an item twice.
pub(crate) fn check_distinct(actions: &[TransactionAction]) -> Result<(), Exception> {
    let mut rows: Vec<_> = actions.iter().map(|action| &action.change.key.row).collect();
    rows.sort_unstable();
    if rows.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Exception::validation(SEVERAL_OPERATIONS));
    }
    Ok(())
}

/// One action with its expressions parsed, before its table is known.
pub(crate) struct Parsed {
    table_name: String,
    target: Target,
    condition: Option<Condition>,
    on_failure: OnConditionFailure,
}

enum Target {
    Item(Attributes),
    Key(Attributes, Action),
}

const OPERATION: Operation = Operation::TransactWriteItems;

impl Parsed {
    /// # Errors
    /// A malformed action or expression.
    pub(crate) fn of(item: TransactWriteItem) -> Result<Parsed, Exception> {
        validated(OPERATION, || Parsed::of_action(item))
    }

    fn of_action(item: TransactWriteItem) -> Result<Parsed, Exception> {
        match (item.condition_check, item.put, item.delete, item.update) {
            (Some(check), None, None, None) => {
                let condition = WriteCondition {
                    condition_expression: Some(check.condition_expression),
                    expected: None,
                    conditional_operator: None,
                    names: check.expression_attribute_names,
                    values: check.expression_attribute_values,
                };
                let target = Target::Key(check.key, Action::Check);
                let shown = check.return_values_on_condition_check_failure;
                Ok(Parsed::new(check.table_name, target, condition.parse(OPERATION)?, shown))
            }
            (None, Some(put), None, None) => {
                let condition = condition(
                    put.condition_expression,
                    put.expression_attribute_names,
                    put.expression_attribute_values,
                );
                let shown = put.return_values_on_condition_check_failure;
                item_key::check_item_size(&put.item)?;
                Ok(Parsed::new(put.table_name, Target::Item(put.item), condition.parse(OPERATION)?, shown))
            }
            (None, None, Some(delete), None) => {
                let condition = condition(
                    delete.condition_expression,
                    delete.expression_attribute_names,
                    delete.expression_attribute_values,
                );
                let target = Target::Key(delete.key, Action::Delete);
                let shown = delete.return_values_on_condition_check_failure;
                Ok(Parsed::new(delete.table_name, target, condition.parse(OPERATION)?, shown))
            }
            (None, None, None, Some(update)) => {
                let condition = condition(
                    update.condition_expression,
                    update.expression_attribute_names,
                    update.expression_attribute_values,
                );
                let parameters = UpdateParameters {
                    update_expression: Some(update.update_expression),
                    attribute_updates: None,
                    condition,
                };
                let (parsed, condition): (Update, Option<Condition>) = parameters.parse(OPERATION)?;
                let target = Target::Key(update.key, Action::Update(parsed));
                let shown = update.return_values_on_condition_check_failure;
                Ok(Parsed::new(update.table_name, target, condition, shown))
            }
            // Captured in us-east-1.
            (None, None, None, None) => Err(Exception::validation(
                "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
            )),
            _ => Err(Exception::validation("TransactItems can only contain one of Check, Put, Update or Delete")),
        }
    }

    fn new(
        table_name: String,
        target: Target,
        condition: Option<Condition>,
        shown: Option<ReturnValuesOnConditionCheckFailure>,
    ) -> Parsed {
        Parsed { table_name, target, condition, on_failure: OnConditionFailure::of(shown) }
    }

    /// The size of the action, as the limit of a transaction counts it.
    fn size(&self) -> usize {
        match &self.target {
            Target::Item(item) => item_size(item.view()),
            Target::Key(key, _) => item_size(key.view()),
        }
    }
}

fn condition(
    condition_expression: Option<String>,
    names: crate::parameters::Names,
    values: crate::parameters::Values,
) -> WriteCondition {
    WriteCondition { condition_expression, expected: None, conditional_operator: None, names, values }
}
