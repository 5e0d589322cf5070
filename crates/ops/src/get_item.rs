//! GetItem: reads one item by its key.

use api::{Exception, GetItemInput, GetItemOutput, Operation};
use auth::Caller;
use model::codec::row::StoredItem;
use model::{Attributes, Item};

use crate::allowance;
use crate::capacity::{ReadKind, Split, Units};
use crate::change::read_stored;
use crate::failure::storage_failure;
use crate::item_key;
use crate::parameters::{self, validated};
use crate::read::ITEM_MEMORY;
use crate::rows::ItemKey;
use crate::service::Service;
use crate::tables::Table;
use crate::write::{OnConditionFailure, exception};

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
        let kind = ReadKind::of(request.consistent_read);
        let stored = self.get_stored(&table, &request.key, kind).await?;
        allowance::read(stored.as_ref().map_or(0, StoredItem::size), ITEM_MEMORY).await?;
        let units = Units::of_table(kind.units(stored.as_ref().map_or(0, StoredItem::size)));
        let item = stored.map(|stored| match &projection {
            None => stored.item(),
            Some(projection) => Item::Tree(projection.apply(stored.attributes())),
        });
        Ok(GetItemOutput {
            item,
            consumed_capacity: units.report(request.return_consumed_capacity, &request.table_name, Split::None),
        })
    }

    /// The item that a checked key names.
    pub(crate) async fn get_stored(
        &self,
        table: &Table,
        key: &Attributes,
        kind: ReadKind,
    ) -> Result<Option<StoredItem>, Exception> {
        let row = ItemKey::of(&self.secret, table, key.view()).row;
        match self.engine.get(&row, kind.consistency()).await.map_err(storage_failure)? {
            None => Ok(None),
            Some(bytes) => read_stored(table, &bytes, key)
                .map(Some)
                .map_err(|refusal| exception(refusal, OnConditionFailure::Hide)),
        }
    }
}
