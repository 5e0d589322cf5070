//! BatchGetItem: reads up to 100 items by their keys, of one or several tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{BatchGetItemInput, BatchGetItemOutput, Exception, KeysAndAttributes, Operation};
use auth::Caller;
use expr::Projection;
use model::codec::row::StoredItem;
use model::limits::{BATCH_GET_KEYS_MAX, BATCH_SIZE_MAX};
use model::{Attributes, Item};
use storage::Key;
use tables::Table;
use tables::item_key;
use tables::rows::ItemKey;

use crate::allowance::Effort;
use crate::capacity::ReadKind;
use crate::consumed::Consumed;
use crate::parameters::{self, validated};
use crate::read::ItemRead;
use crate::select::Selection;
use crate::service::Service;

/// The memory of a large batch: its items, and those again as JSON. Unit: bytes.
const BATCH_MEMORY: usize = 3 * BATCH_SIZE_MAX;

/// The reads of one table.
struct TableRead {
    /// The table as the request names it.
    name: String,
    table: Arc<Table>,
    rows: Vec<Key>,
    projection: Option<Projection>,
    asked: KeysAndAttributes,
}

impl Service {
    pub(crate) async fn batch_get_item(
        &self,
        caller: &Caller,
        request: BatchGetItemInput,
    ) -> Result<BatchGetItemOutput, Exception> {
        let keys: usize = request.request_items.values().map(|asked| asked.keys.len()).sum();
        if keys > BATCH_GET_KEYS_MAX {
            return Err(Exception::validation("Too many items requested for the BatchGetItem call"));
        }
        let operation = Operation::BatchGetItem;
        validated(operation, || check_tables_not_mixed(&request.request_items))?;
        let mut parsed = Vec::with_capacity(request.request_items.len());
        for (name, asked) in request.request_items {
            let projection = validated(operation, || {
                parameters::projection(
                    operation,
                    asked.projection_expression.clone(),
                    asked.attributes_to_get.clone(),
                    asked.expression_attribute_names.clone(),
                )
            })?;
            parsed.push((name, asked, projection));
        }
        let mut reads = Vec::with_capacity(parsed.len());
        for (name, asked, projection) in parsed {
            reads.push(self.table_read(caller, name, asked, projection).await?);
        }
        let mut answer = Answer::default();
        let mut consumed = self.consumed(Operation::BatchGetItem, request.return_consumed_capacity);
        for read in reads {
            answer.take(read, self, &mut consumed).await?;
        }
        if let Some(throttled) = answer.throttled.filter(|_| !answer.has_read) {
            return Err(throttled);
        }
        Ok(BatchGetItemOutput {
            responses: Some(answer.responses),
            unprocessed_keys: Some(answer.unprocessed),
            consumed_capacity: consumed.list(),
        })
    }

    async fn table_read(
        &self,
        caller: &Caller,
        name: String,
        asked: KeysAndAttributes,
        projection: Option<Projection>,
    ) -> Result<TableRead, Exception> {
        let table = self.catalog.table(caller, &name).await?;
        item_key::check_projection(&table, projection.as_ref())?;
        let mut rows = Vec::with_capacity(asked.keys.len());
        for key in &asked.keys {
            item_key::check_key(&table, key)?;
            let row = ItemKey::of(&self.secret, &table, key.view())?.row;
            if rows.contains(&row) {
                return Err(Exception::validation("Provided list of item keys contains duplicates"));
            }
            rows.push(row);
        }
        Ok(TableRead { name, table, rows, projection, asked })
    }
}

/// Expressions and the parameters before them do not mix, not even for different tables. Captured in eu-west-2.
fn check_tables_not_mixed(asked: &BTreeMap<String, KeysAndAttributes>) -> Result<(), Exception> {
    let legacy = asked.values().any(|asked| asked.attributes_to_get.is_some());
    let expression = asked.values().any(|asked| asked.projection_expression.is_some());
    parameters::check_not_mixed(&[("AttributesToGet", legacy)], &[("ProjectionExpression", expression)])
}

#[derive(Default)]
struct Answer {
    responses: BTreeMap<String, Vec<Item>>,
    unprocessed: BTreeMap<String, KeysAndAttributes>,
    size: usize,
    /// Whether a key was processed.
    has_read: bool,
    /// The first refusal for want of throughput, which the batch fails with if no key is processed.
    throttled: Option<Exception>,
}

impl Answer {
    /// Reads one table's items, each on its own as GetItem does. Once the answer is full, the remaining keys are returned as
    /// unprocessed, and so are those that throughput does not suffice for.
    async fn take(&mut self, read: TableRead, service: &Service, consumed: &mut Consumed) -> Result<(), Exception> {
        // A table is reported also if all of its keys are unprocessed.
        consumed.name(&read.name);
        let mut effort = Effort::default();
        let kind = ReadKind::of(read.asked.consistent_read);
        let selection = Selection::from(read.projection.as_ref());
        let mut found = Vec::new();
        let mut left: Vec<Attributes> = Vec::new();
        for (key, row) in read.asked.keys.iter().zip(&read.rows) {
            if self.size > BATCH_SIZE_MAX {
                left.push(key.clone());
                continue;
            }
            let item = ItemRead { table: &read.table, table_name: &read.name, key, row, filter: None };
            let stored = match service.find_item(&item, kind, BATCH_MEMORY).await {
                Err(throttled) if !throttled.throttling_reasons().is_empty() => {
                    left.push(key.clone());
                    self.throttled.get_or_insert(throttled);
                    continue;
                }
                stored => stored?,
            };
            self.size += stored.as_ref().map_or(0, StoredItem::size);
            if self.size > BATCH_SIZE_MAX {
                left.push(key.clone());
                continue;
            }
            self.has_read = true;
            let stored = service.take_item(&item, stored, kind, &mut effort, consumed).await;
            found.extend(stored.map(|stored| selection.of(&stored)));
        }
        if !left.is_empty() {
            self.unprocessed.insert(read.name.clone(), KeysAndAttributes { keys: left, ..read.asked });
        }
        self.responses.insert(read.name, found);
        Ok(())
    }
}
