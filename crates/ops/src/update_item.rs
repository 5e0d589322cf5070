//! UpdateItem: changes attributes of one item, and creates the item if it does not exist.

use api::{Exception, Operation, UpdateItemInput, UpdateItemOutput};
use auth::Caller;
use tables::item_key;

use crate::change::{Action, Change};
use crate::parameters::{UpdateParameters, WriteCondition, validated};
use crate::returned;
use crate::service::Service;
use crate::write::OnConditionFailure;

impl Service {
    pub(crate) async fn update_item(
        &self,
        caller: &Caller,
        request: UpdateItemInput,
    ) -> Result<UpdateItemOutput, Exception> {
        let parameters = UpdateParameters {
            update_expression: request.update_expression,
            attribute_updates: request.attribute_updates,
            condition: WriteCondition {
                condition_expression: request.condition_expression,
                expected: request.expected,
                conditional_operator: request.conditional_operator,
                names: request.expression_attribute_names,
                values: request.expression_attribute_values,
            },
        };
        let (update, condition) = validated(Operation::UpdateItem, || parameters.parse(Operation::UpdateItem))?;
        item_key::check_statement_size(&update)?;
        let table = self.catalog.table(caller, &request.table_name).await?;
        let change = Change::of_key(&self.secret, table, request.key, condition, Action::Update(update))?;
        let on_failure = OnConditionFailure::of(request.return_values_on_condition_check_failure);
        let mut consumed = self.consumed(Operation::UpdateItem, request.return_consumed_capacity);
        let done = self.write(&change, on_failure, &request.table_name, &mut consumed).await?;
        Ok(UpdateItemOutput {
            attributes: returned::of_update(request.return_values, &change, &done),
            consumed_capacity: consumed.single(),
            item_collection_metrics: self.collection_metrics(request.return_item_collection_metrics, &change).await?,
        })
    }
}
