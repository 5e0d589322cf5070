//! GetItem: reads one item by its key.

use api::{Exception, GetItemInput, GetItemOutput, Operation};
use auth::Caller;
use tables::item_key;
use tables::rows::ItemKey;

use crate::allowance::Effort;
use crate::capacity::ReadKind;
use crate::parameters::{self, validated};
use crate::read::{ITEM_MEMORY, ItemRead};
use crate::select::Selection;
use crate::service::Service;

impl Service {
    pub(crate) async fn get_item(&self, caller: &Caller, request: GetItemInput) -> Result<GetItemOutput, Exception> {
        let projection = validated(Operation::GetItem, || {
            parameters::projection(
                Operation::GetItem,
                request.projection_expression,
                request.attributes_to_get,
                request.expression_attribute_names,
            )
        })?;
        let table = self.catalog.table(caller, &request.table_name).await?;
        item_key::check_key(&table, &request.key)?;
        item_key::check_projection(&table, projection.as_ref())?;
        let row = ItemKey::of(&self.secret, &table, request.key.view())?.row;
        let read =
            ItemRead { table: &table, table_name: &request.table_name, key: &request.key, row: &row, filter: None };
        let kind = ReadKind::of(request.consistent_read);
        let mut consumed = self.consumed(Operation::GetItem, request.return_consumed_capacity);
        let stored = self.read_item(&read, kind, ITEM_MEMORY, &mut Effort::default(), &mut consumed).await?;
        let selection = Selection::from(projection.as_ref());
        Ok(GetItemOutput { item: stored.map(|stored| selection.of(&stored)), consumed_capacity: consumed.single() })
    }
}
