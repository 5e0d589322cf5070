//! TransactGetItems: reads up to 100 items from one consistent state.

use api::{Exception, ItemResponse, Operation, TransactGetItem, TransactGetItemsInput, TransactGetItemsOutput};
use auth::Caller;
use expr::Projection;
use model::codec::row::StoredItem;
use tables::item_key;
use tables::rows::ItemKey;

use crate::parameters::{self, validated};
use crate::read::ItemRead;
use crate::select::Selection;
use crate::service::Service;
use crate::transact_write_items::SEVERAL_OPERATIONS;
use crate::transaction;

impl Service {
    pub(crate) async fn transact_get_items(
        &self,
        caller: &Caller,
        request: TransactGetItemsInput,
    ) -> Result<TransactGetItemsOutput, Exception> {
        let count = request.transact_items.len();
        let mut projections = Vec::with_capacity(count);
        for item in &request.transact_items {
            projections.push(projection(item)?);
        }
        let mut tables = Vec::with_capacity(count);
        for item in &request.transact_items {
            tables.push(self.catalog.table(caller, &item.get.table_name).await?);
        }
        let mut rows = Vec::with_capacity(count);
        for (at, (item, table)) in request.transact_items.iter().zip(&tables).enumerate() {
            let checked = item_key::check_key(table, &item.get.key);
            match checked.and_then(|()| item_key::check_projection(table, projections[at].as_ref())) {
                Ok(()) => {}
                Err(problem) if problem.cancels() => {
                    let reason = transaction::reason("ValidationError", problem.to_string(), None);
                    return Err(transaction::canceled_by(count, at, reason));
                }
                Err(problem) => return Err(problem.into()),
            }
            let row = ItemKey::of(&self.secret, table, item.get.key.view())?.row;
            if rows.contains(&row) {
                return Err(Exception::validation(SEVERAL_OPERATIONS));
            }
            rows.push(row);
        }
        let gets = request.transact_items.iter().map(|item| &item.get);
        let reads: Vec<ItemRead<'_>> = gets
            .zip(tables.iter().zip(&rows))
            .map(|(get, (table, row))| ItemRead {
                table,
                table_name: &get.table_name,
                key: &get.key,
                row,
                filter: None,
            })
            .collect();
        let mut consumed = self.consumed(Operation::TransactGetItems, request.return_consumed_capacity);
        let found = self.read_items_together(&reads, &mut consumed).await?;
        let response = |(projection, stored): (&Option<Projection>, Option<StoredItem>)| {
            let selection = Selection::from(projection.as_ref());
            ItemResponse { item: stored.and_then(|stored| selection.of_unless_empty(&stored)) }
        };
        let responses = projections.iter().zip(found).map(response).collect();
        Ok(TransactGetItemsOutput { responses: Some(responses), consumed_capacity: consumed.list() })
    }
}

/// The projection of one action; none for the whole item.
pub(crate) fn projection(item: &TransactGetItem) -> Result<Option<Projection>, Exception> {
    let (expression, names) = (item.get.projection_expression.clone(), item.get.expression_attribute_names.clone());
    let operation = Operation::TransactGetItems;
    validated(operation, || parameters::projection(operation, expression, None, names))
}
