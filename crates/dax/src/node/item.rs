//! GetItem, PutItem, UpdateItem and DeleteItem.

use api::{
    ConsumedCapacity, DeleteItemInput, DeleteItemOutput, Exception, GetItemInput, GetItemOutput, Operation,
    PutItemInput, PutItemOutput, ReturnValue, UpdateItemInput, UpdateItemOutput,
};
use bytes::Bytes;
use model::{Attributes, Item};

use crate::answer::{self, member};
use crate::cbor::{Reader, Writer};
use crate::expression::{Expressions, Projected};
use crate::key;
use crate::members::ClusterWrite;
use crate::request::{self, Options};
use crate::upstream::TableKey;

use super::{Answer, Members, Node, Requester, cache_key, projection};

/// The table and the key that begin the arguments.
struct Addressed {
    table_name: String,
    table: TableKey,
    key: Attributes,
}

impl Node {
    async fn addressed(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Result<Addressed, super::Failure> {
        let table_name = request::name(reader)?;
        let bytes = reader.bytes()?;
        let table = self.table(requester, &table_name).await?;
        let key = key::read(&table.schema, &bytes)?;
        Ok(Addressed { table_name, table, key })
    }

    pub(super) async fn get_item(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let Addressed { table_name, table, key } = self.addressed(reader, requester).await?;
        let options = Options::read(reader)?;
        let mut expressions = Expressions::default();
        let projected = projection(Operation::GetItem, &mut expressions, options.projection.as_deref())?;
        let request = GetItemInput {
            consistent_read: options.is_consistent.then_some(true),
            expression_attribute_names: expressions.names(),
            key: key.clone(),
            projection_expression: projected.as_ref().map(|projected| projected.text.clone()),
            return_consumed_capacity: options.capacity,
            table_name,
            ..GetItemInput::default()
        };
        self.permit(requester, &request).await?;
        // The cache has whole items.
        let request = GetItemInput { expression_attribute_names: None, projection_expression: None, ..request };
        if options.is_consistent {
            let output: GetItemOutput = self.execute(requester, request).await?;
            return self.whole(requester, &table, projected.as_ref(), output).await;
        }
        let fetch = self.fetch(requester, &table, request);
        let found = self.items.get_or_fetch(cache_key(&table, &key)?, fetch).await?;
        let mut members = Members::default();
        if let Some(bytes) = found.body() {
            match &projected {
                None => members.bytes(member::ITEM, bytes),
                Some(Projected { paths, .. }) => {
                    let item = self.read_item(requester, &key, bytes).await?;
                    members.0.int(member::ITEM);
                    answer::projected(&mut members.0, paths, item.view());
                }
            }
        }
        if let crate::cache::Found::Fetched(_, consumed) = &found {
            members.consumed(consumed.as_ref());
        }
        Ok(members.finish())
    }

    /// An item as the cache has it.
    async fn fetch(
        &self,
        requester: Requester<'_>,
        table: &TableKey,
        request: GetItemInput,
    ) -> Result<(Option<Bytes>, Option<ConsumedCapacity>), Exception> {
        let output: GetItemOutput = self.execute(requester, request).await?;
        let body = match &output.item {
            Some(item) => Some(self.item_bytes(requester, table, item.view()).await?.into()),
            None => None,
        };
        Ok((body, output.consumed_capacity))
    }

    /// The answer of a read that passes the cache by.
    async fn whole(
        &self,
        requester: Requester<'_>,
        table: &TableKey,
        projected: Option<&Projected>,
        output: GetItemOutput,
    ) -> Answer {
        let mut members = Members::default();
        if let Some(item) = &output.item {
            match projected {
                None => members.bytes(member::ITEM, &self.item_bytes(requester, table, item.view()).await?),
                Some(projected) => {
                    members.0.int(member::ITEM);
                    answer::projected(&mut members.0, &projected.paths, item.view());
                }
            }
        }
        members.consumed(output.consumed_capacity.as_ref());
        Ok(members.finish())
    }

    pub(super) async fn put_item(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let Addressed { table_name, table, key } = self.addressed(reader, requester).await?;
        let bytes = reader.bytes()?;
        let options = Options::read(reader)?;
        let item = self.read_item(requester, &key, &bytes).await?;
        let mut expressions = Expressions::default();
        let condition = options.condition.as_deref().map(|bytes| expressions.condition(bytes)).transpose()?;
        let request = PutItemInput {
            condition_expression: condition,
            expression_attribute_names: expressions.names(),
            expression_attribute_values: expressions.values().await?,
            item,
            return_consumed_capacity: options.capacity,
            return_item_collection_metrics: options.metrics,
            return_values: options.return_values,
            table_name,
            ..PutItemInput::default()
        };
        self.permit(requester, &request).await?;
        self.check_room(requester, options.return_values).await?;
        let stored = self.item_bytes(requester, &table, request.item.view()).await?;
        let write = self.begin_write(cache_key(&table, &key)?);
        let (output, write): (PutItemOutput, _) = self.made(write, self.execute(requester, request).await)?;
        write.done(&Some(stored.into()));
        let old = self.old_or_new(requester, &table, output.attributes.as_ref()).await?;
        Ok(written(old, output.consumed_capacity.as_ref(), output.item_collection_metrics.as_ref()))
    }

    pub(super) async fn delete_item(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let Addressed { table_name, table, key } = self.addressed(reader, requester).await?;
        let options = Options::read(reader)?;
        let mut expressions = Expressions::default();
        let condition = options.condition.as_deref().map(|bytes| expressions.condition(bytes)).transpose()?;
        let place = cache_key(&table, &key)?;
        let request = DeleteItemInput {
            condition_expression: condition,
            expression_attribute_names: expressions.names(),
            expression_attribute_values: expressions.values().await?,
            key,
            return_consumed_capacity: options.capacity,
            return_item_collection_metrics: options.metrics,
            return_values: options.return_values,
            table_name,
            ..DeleteItemInput::default()
        };
        self.permit(requester, &request).await?;
        self.check_room(requester, options.return_values).await?;
        let write = self.begin_write(place);
        let (output, write): (DeleteItemOutput, _) = self.made(write, self.execute(requester, request).await)?;
        write.done(&None);
        let old = self.old_or_new(requester, &table, output.attributes.as_ref()).await?;
        Ok(written(old, output.consumed_capacity.as_ref(), output.item_collection_metrics.as_ref()))
    }

    pub(super) async fn update_item(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let Addressed { table_name, table, key } = self.addressed(reader, requester).await?;
        let options = Options::read(reader)?;
        let mut expressions = Expressions::default();
        let update = options.update.as_deref().map(|bytes| expressions.update(bytes)).transpose()?;
        let condition = options.condition.as_deref().map(|bytes| expressions.condition(bytes)).transpose()?;
        let place = cache_key(&table, &key)?;
        let request = UpdateItemInput {
            condition_expression: condition,
            expression_attribute_names: expressions.names(),
            expression_attribute_values: expressions.values().await?,
            key,
            return_consumed_capacity: options.capacity,
            return_item_collection_metrics: options.metrics,
            return_values: options.return_values,
            table_name,
            update_expression: update,
            ..UpdateItemInput::default()
        };
        self.permit(requester, &request).await?;
        self.check_room(requester, options.return_values).await?;
        let asked = options.return_values.unwrap_or(ReturnValue::None);
        // The cache gets the new item, which the table returns if nothing else was asked for.
        let returned = if asked == ReturnValue::None { ReturnValue::AllNew } else { asked };
        let write = self.begin_write(place);
        let request = UpdateItemInput { return_values: Some(returned), ..request };
        let (output, write): (UpdateItemOutput, _) = self.made(write, self.execute(requester, request).await)?;
        let attributes = self.updated(requester, &table, returned, output.attributes.as_ref()).await;
        if let (ReturnValue::AllNew, Ok(Some(new))) = (returned, &attributes) {
            write.done(&Some(new.clone().into()));
        }
        let attributes = if asked == ReturnValue::None { None } else { attributes? };
        Ok(written(attributes, output.consumed_capacity.as_ref(), output.item_collection_metrics.as_ref()))
    }

    /// The output of a write, if it was made.
    fn made<O>(&self, write: ClusterWrite, result: Result<O, Exception>) -> Result<(O, ClusterWrite), Exception> {
        match result {
            Ok(output) => Ok((output, write)),
            Err(exception) => {
                self.end_failed([write], &exception);
                Err(exception)
            }
        }
    }

    async fn updated(
        &self,
        requester: Requester<'_>,
        table: &TableKey,
        returned: ReturnValue,
        attributes: Option<&Item>,
    ) -> Result<Option<Vec<u8>>, Exception> {
        match (returned, attributes) {
            (ReturnValue::None, _) | (_, None) => Ok(None),
            (ReturnValue::AllOld | ReturnValue::AllNew, item) => self.old_or_new(requester, table, item).await,
            (ReturnValue::UpdatedOld | ReturnValue::UpdatedNew, Some(item)) => {
                answer::changed(&self.lists, self.space(requester), item.view()).await.map(Some)
            }
        }
    }

    async fn old_or_new(
        &self,
        requester: Requester<'_>,
        table: &TableKey,
        item: Option<&Item>,
    ) -> Result<Option<Vec<u8>>, Exception> {
        match item {
            Some(item) => self.item_bytes(requester, table, item.view()).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The answer of a write.
fn written(
    attributes: Option<Vec<u8>>,
    consumed: Option<&ConsumedCapacity>,
    metrics: Option<&api::ItemCollectionMetrics>,
) -> Writer {
    let mut members = Members::default();
    if let Some(attributes) = attributes {
        members.bytes(member::ATTRIBUTES, &attributes);
    }
    members.consumed(consumed);
    members.collection(metrics);
    members.finish()
}
