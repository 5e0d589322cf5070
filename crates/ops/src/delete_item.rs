//! DeleteItem: deletes one item, if it exists and the condition holds.

use api::{DeleteItemInput, DeleteItemOutput, Exception, Operation};
use auth::Caller;

use crate::change::{Action, Change};
use crate::parameters::{WriteCondition, validated};
use crate::returned::ReturnOld;
use crate::service::Service;
use crate::write::OnConditionFailure;

impl Service {
    pub(crate) async fn delete_item(
        &self,
        caller: &Caller,
        request: DeleteItemInput,
    ) -> Result<DeleteItemOutput, Exception> {
        let returned = validated(Operation::DeleteItem, || ReturnOld::of(request.return_values))?;
        let condition = WriteCondition {
            condition_expression: request.condition_expression,
            expected: request.expected,
            conditional_operator: request.conditional_operator,
            names: request.expression_attribute_names,
            values: request.expression_attribute_values,
        };
        let condition = validated(Operation::DeleteItem, || condition.parse(Operation::DeleteItem))?;
        let table = self.catalog.table(caller, &request.table_name).await?;
        let change = Change::of_key(&self.secret, table, request.key, condition, Action::Delete)?;
        let on_failure = OnConditionFailure::of(request.return_values_on_condition_check_failure);
        let mut consumed = self.consumed(Operation::DeleteItem, request.return_consumed_capacity);
        let done = self.write(&change, on_failure, &request.table_name, &mut consumed).await?;
        Ok(DeleteItemOutput {
            attributes: returned.of_done(&done),
            consumed_capacity: consumed.single(),
            item_collection_metrics: self.collection_metrics(request.return_item_collection_metrics, &change).await?,
        })
    }
}
