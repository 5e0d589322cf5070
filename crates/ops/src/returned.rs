//! What a write returns beside its success: attributes and item collection metrics.

use api::{Exception, ItemCollectionMetrics, ReturnItemCollectionMetrics, ReturnValue};
use model::{Attributes, Item};
use storage::Consistency;
use tables::failure::storage_failure;
use tables::rows;

use crate::change::{Action, Applied, Change};
use crate::service::Service;

/// ReturnValues of PutItem and DeleteItem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReturnOld {
    None,
    All,
}

impl ReturnOld {
    pub(crate) fn of(asked: Option<ReturnValue>) -> Result<ReturnOld, Exception> {
        match asked {
            None | Some(ReturnValue::None) => Ok(ReturnOld::None),
            Some(ReturnValue::AllOld) => Ok(ReturnOld::All),
            Some(_) => Err(Exception::validation("ReturnValues can only be ALL_OLD or NONE")),
        }
    }

    pub(crate) fn of_done(self, done: &Applied) -> Option<Item> {
        match self {
            ReturnOld::None => None,
            ReturnOld::All => done.old.as_ref().map(|old| old.item()),
        }
    }
}

/// The attributes that UpdateItem returns.
pub(crate) fn of_update(asked: Option<ReturnValue>, change: &Change, done: &Applied) -> Option<Item> {
    match asked.unwrap_or(ReturnValue::None) {
        ReturnValue::None => None,
        ReturnValue::AllOld => done.old.as_ref().map(|old| old.item()),
        ReturnValue::AllNew => done.new.as_ref().map(|new| new.item()),
        ReturnValue::UpdatedOld => done.old.as_ref().and_then(|old| match &change.action {
            Action::Update(update) => part(update.image(old.attributes())),
            _ => None,
        }),
        ReturnValue::UpdatedNew => done.new.as_ref().and_then(|new| match &change.action {
            Action::Update(update) => part(update.image(new.attributes())),
            _ => None,
        }),
    }
}

/// A part of an image; absent if nothing is in it.
fn part(attributes: Attributes) -> Option<Item> {
    (!attributes.is_empty()).then_some(Item::Tree(attributes))
}

/// Unit of SizeEstimateRangeGB. Unit: bytes.
const GIB: f64 = (1_u64 << 30) as f64;

impl Service {
    /// The size of the changed item's collection, for tables that have local indexes.
    pub(crate) async fn collection_metrics(
        &self,
        asked: Option<ReturnItemCollectionMetrics>,
        change: &Change,
    ) -> Result<Option<ItemCollectionMetrics>, Exception> {
        if asked != Some(ReturnItemCollectionMetrics::Size) || !change.table.has_local_indexes() {
            return Ok(None);
        }
        let key = rows::collection_tally(change.table.id(), &change.key.partition);
        let row = self.engine.get(&key, Consistency::Strong).await.map_err(storage_failure)?;
        let [_, bytes] = rows::read_tally(&key, row.as_ref()).map_err(storage_failure)?;
        let estimate = (bytes as f64 / GIB).floor();
        let hash = change.table.key.hash.iter();
        let collection =
            hash.filter_map(|part| Some((part.name.clone(), change.key_attributes.get(&part.name)?.clone())));
        Ok(Some(ItemCollectionMetrics {
            item_collection_key: Some(Attributes::from_unsorted(collection.collect()).into()),
            size_estimate_range_gb: Some(vec![estimate, estimate + 1.0]),
        }))
    }
}
