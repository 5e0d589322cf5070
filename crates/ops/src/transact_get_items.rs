//! TransactGetItems: reads up to 100 items from one consistent state.

use std::collections::BTreeMap;
use storage::Consistency;

use api::{Exception, ItemResponse, Operation, TransactGetItem, TransactGetItemsInput, TransactGetItemsOutput};
use auth::Caller;
use expr::Projection;
use model::codec::row::StoredItem;

use crate::capacity::{ReadKind, Split, Units};
use crate::change::read_stored;
use crate::failure::storage_failure;
use crate::item_key;
use crate::parameters::{self, validated};
use crate::rows::ItemKey;
use crate::select::Selection;
use crate::service::Service;
use crate::transact_write_items::SEVERAL_OPERATIONS;
use crate::transaction;
use crate::write::{OnConditionFailure, exception};

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
            let row = ItemKey::of(&self.secret, table, item.get.key.view()).row;
            if rows.contains(&row) {
                return Err(Exception::validation(SEVERAL_OPERATIONS));
            }
            rows.push(row);
        }
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let values = transaction::read_all(view.as_ref(), &rows).await?;
        let mut by_table: BTreeMap<&str, Units> = BTreeMap::new();
        let mut responses = Vec::with_capacity(count);
        for (at, value) in values.into_iter().enumerate() {
            let get = &request.transact_items[at].get;
            let stored = value.map(|bytes| read_stored(&tables[at], &bytes, &get.key)).transpose();
            let stored = stored.map_err(|refusal| exception(refusal, OnConditionFailure::Hide))?;
            let size = stored.as_ref().map_or(0, StoredItem::size);
            by_table.entry(&get.table_name).or_default().table += ReadKind::Transactional.units(size);
            let item = stored.and_then(|stored| Selection::from(projections[at].as_ref()).of_unless_empty(&stored));
            responses.push(ItemResponse { item });
        }
        let asked = request.return_consumed_capacity;
        Ok(TransactGetItemsOutput {
            responses: Some(responses),
            consumed_capacity: by_table
                .into_iter()
                .map(|(name, units)| units.report(asked, name, Split::Read))
                .collect::<Option<Vec<_>>>(),
        })
    }
}

/// What one action asks of its item; nothing for all of it.
pub(crate) fn projection(item: &TransactGetItem) -> Result<Option<Projection>, Exception> {
    let (expression, names) = (item.get.projection_expression.clone(), item.get.expression_attribute_names.clone());
    let operation = Operation::TransactGetItems;
    validated(operation, || parameters::projection(operation, expression, None, names))
}
