//! PutItem: writes one whole item, and replaces the item with its key.

use api::{Exception, Operation, PutItemInput, PutItemOutput};
use auth::Caller;
use tables::item_key;

use crate::change::Change;
use crate::parameters::{WriteCondition, validated};
use crate::returned::ReturnOld;
use crate::service::Service;
use crate::write::OnConditionFailure;

impl Service {
    pub(crate) async fn put_item(&self, caller: &Caller, request: PutItemInput) -> Result<PutItemOutput, Exception> {
        let returned = validated(Operation::PutItem, || ReturnOld::of(request.return_values))?;
        let condition = WriteCondition {
            condition_expression: request.condition_expression,
            expected: request.expected,
            conditional_operator: request.conditional_operator,
            names: request.expression_attribute_names,
            values: request.expression_attribute_values,
        };
        let condition = validated(Operation::PutItem, || condition.parse(Operation::PutItem))?;
        item_key::check_item_size(&request.item)?;
        let table = self.catalog.table(caller, &request.table_name).await?;
        let change = Change::put(&self.secret, table, request.item, condition)?;
        let on_failure = OnConditionFailure::of(request.return_values_on_condition_check_failure);
        let mut consumed = self.consumed(Operation::PutItem, request.return_consumed_capacity);
        let done = self.write(&change, on_failure, &request.table_name, &mut consumed).await?;
        Ok(PutItemOutput {
            attributes: returned.of_done(&done),
            consumed_capacity: consumed.single(),
            item_collection_metrics: self.collection_metrics(request.return_item_collection_metrics, &change).await?,
        })
    }
}
