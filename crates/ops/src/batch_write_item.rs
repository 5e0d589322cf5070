//! BatchWriteItem: puts and deletes up to 25 items, of one or several tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{BatchWriteItemInput, BatchWriteItemOutput, Exception, ItemCollectionMetrics, Operation, WriteRequest};
use auth::Caller;
use model::limits::BATCH_WRITE_REQUESTS_MAX;
use tables::Table;
use tables::item_key;

use crate::change::{Action, Applied, Change};
use crate::service::Service;
use crate::write::LeftOut;

impl Service {
    pub(crate) async fn batch_write_item(
        &self,
        caller: &Caller,
        request: BatchWriteItemInput,
    ) -> Result<BatchWriteItemOutput, Exception> {
        let count: usize = request.request_items.values().map(Vec::len).sum();
        if count > BATCH_WRITE_REQUESTS_MAX {
            return Err(Exception::validation("Too many items requested for the BatchWriteItem call"));
        }
        let mut tables = BTreeMap::new();
        for writes in request.request_items.values() {
            if writes.is_empty() {
                return Err(Exception::validation("The batch write request list for a table cannot be null or empty"));
            }
            let puts = writes.iter().filter_map(|write| write.put_request.as_ref());
            puts.map(|put| &put.item).try_for_each(item_key::check_item_size)?;
        }
        for name in request.request_items.keys() {
            tables.insert(name.clone(), self.catalog.table(caller, name).await?);
        }
        let mut names = Vec::with_capacity(count);
        let mut changes: Vec<Change> = Vec::with_capacity(count);
        for (name, writes) in &request.request_items {
            for write in writes {
                let change = self.change_of(tables[name].clone(), write)?;
                if changes.iter().any(|other| other.key == change.key) {
                    return Err(Exception::validation("Provided list of item keys contains duplicates"));
                }
                names.push(name.as_str());
                changes.push(change);
            }
        }
        let mut consumed = self.consumed(Operation::BatchWriteItem, request.return_consumed_capacity);
        let done = self.write_each(&changes, &names, &mut consumed).await?;
        let (done, why): (Vec<Option<Applied>>, Vec<Option<LeftOut>>) = done.into_iter().map(made_or_left).unzip();
        check_some_made(&done, why)?;
        let unprocessed = unprocessed(&request.request_items, &done);
        Ok(BatchWriteItemOutput {
            item_collection_metrics: self.batch_metrics(&request, &names, &changes, &done).await?,
            consumed_capacity: consumed.list(),
            unprocessed_items: Some(unprocessed),
        })
    }

    fn change_of(&self, table: Arc<Table>, write: &WriteRequest) -> Result<Change, Exception> {
        match (&write.put_request, &write.delete_request) {
            (Some(put), None) => {
                let change = Change::put(&self.secret, table, put.item.clone(), None);
                Ok(change.map_err(|problem| problem.of_put(Operation::BatchWriteItem.validation().put_key))?)
            }
            (None, Some(delete)) => Ok(Change::of_key(&self.secret, table, delete.key.clone(), None, Action::Delete)?),
            (None, None) => Err(Exception::validation(
                "Supplied WriteRequest is empty, must contain exactly one of PutRequest or DeleteRequest",
            )),
            (Some(_), Some(_)) => Err(Exception::validation(
                "Supplied WriteRequest has more than one member set, must contain exactly one of PutRequest or \
                 DeleteRequest",
            )),
        }
    }

    async fn batch_metrics(
        &self,
        request: &BatchWriteItemInput,
        names: &[&str],
        changes: &[Change],
        done: &[Option<Applied>],
    ) -> Result<Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>, Exception> {
        let mut metrics: BTreeMap<String, Vec<ItemCollectionMetrics>> = BTreeMap::new();
        for ((name, change), _) in names.iter().zip(changes).zip(done).filter(|(_, done)| done.is_some()) {
            if let Some(one) = self.collection_metrics(request.return_item_collection_metrics, change).await? {
                let of_table = metrics.entry((*name).to_owned()).or_default();
                if !of_table.contains(&one) {
                    of_table.push(one);
                }
            }
        }
        Ok((!metrics.is_empty()).then_some(metrics))
    }
}

fn made_or_left(done: Result<Applied, LeftOut>) -> (Option<Applied>, Option<LeftOut>) {
    match done {
        Ok(applied) => (Some(applied), None),
        Err(why) => (None, Some(why)),
    }
}

/// The batch fails as a whole if none of its requests is made.
fn check_some_made(done: &[Option<Applied>], why: Vec<Option<LeftOut>>) -> Result<(), Exception> {
    if done.iter().any(Option::is_some) {
        return Ok(());
    }
    let throttled = why.into_iter().flatten().find_map(|why| match why {
        LeftOut::Throttled(throttled) => Some(Exception::from(throttled)),
        LeftOut::Conflict => None,
    });
    Err(throttled.unwrap_or(Exception::TransactionConflict))
}

/// The requests that conflicted with a transaction, or that throughput did not suffice for.
fn unprocessed(
    asked: &BTreeMap<String, Vec<WriteRequest>>,
    done: &[Option<Applied>],
) -> BTreeMap<String, Vec<WriteRequest>> {
    let mut left: BTreeMap<String, Vec<WriteRequest>> = BTreeMap::new();
    let each = asked.iter().flat_map(|(name, writes)| writes.iter().map(move |write| (name, write)));
    for ((name, write), _) in each.zip(done).filter(|(_, done)| done.is_none()) {
        left.entry(name.clone()).or_default().push(write.clone());
    }
    left
}
