//! TransactGetItems and TransactWriteItems. Both pass the caches by; entries of items that a transaction writes are removed.

use std::borrow::Cow;

use api::{
    CancellationReason, ConditionCheck, ConsumedCapacity, Delete, Exception, Get, Operation, Put,
    ReturnValuesOnConditionCheckFailure, TransactGetItem, TransactGetItemsInput, TransactGetItemsOutput,
    TransactWriteItem, TransactWriteItemsInput, TransactWriteItemsOutput, Update,
};
use bytes::Bytes;
use model::Attributes;

use crate::answer;
use crate::cbor::{Malformed, Reader, Writer};
use crate::expression::{Expressions, Projected};
use crate::key;
use crate::members::ClusterWrite;
use crate::request::{self, Options, optional_bytes};
use crate::upstream::TableKey;

use super::batch::write_collections;
use super::{Answer, Failure, Node, Requester, cache_key, projection, too_short};

/// Actions of one transaction.
const ACTIONS_MAX: usize = 100;

/// Source: the service model, `ClientRequestToken`. Unit: characters.
const TOKEN_LENGTH_MAX: usize = 36;
/// As much of a token as a refusal shows. Unit: bytes.
const TOKEN_SHOWN_BYTES: usize = 200;

/// The numbers of actions among DAX's operations.
const PUT: i64 = 2;
const DELETE: i64 = 7;
const UPDATE: i64 = 9;
const CONDITION_CHECK: i64 = 12;

type OptionalBytes<'a> = Vec<Option<Cow<'a, [u8]>>>;

impl Node {
    pub(super) async fn transact_get_items(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let names = names(reader)?;
        let spelled = optional_array(reader)?;
        let projections = optional_array(reader)?;
        let options = Options::read(reader)?;
        let (mut asked, mut items, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for (at, name) in names.into_iter().enumerate() {
            let table = self.table(requester, &name).await?;
            let key = key::read(&table.schema, required(&spelled, at)?)?;
            let mut expressions = Expressions::default();
            let bytes = projections.get(at).and_then(Option::as_deref);
            let projected = projection(Operation::TransactGetItems, &mut expressions, bytes)?;
            let get = |projection_expression: Option<String>| TransactGetItem {
                get: Get {
                    expression_attribute_names: expressions.names().filter(|_| projection_expression.is_some()),
                    key: key.clone(),
                    projection_expression,
                    table_name: name.clone(),
                },
            };
            asked.push(get(projected.as_ref().map(|projected| projected.text.clone())));
            items.push(get(None));
            reads.push((table, projected));
        }
        let request = TransactGetItemsInput { return_consumed_capacity: options.capacity, transact_items: asked };
        self.permit(requester, &request).await?;
        // Whole items: what a path finds in a list depends on the elements before.
        let request = TransactGetItemsInput { transact_items: items, ..request };
        let output: Result<TransactGetItemsOutput, Exception> = self.execute(requester, request).await;
        let output = match output {
            Ok(output) => output,
            Err(exception) => return Err(self.canceled(requester, exception, &[]).await),
        };
        let mut out = answer::success();
        out.array(2);
        out.array(reads.len());
        let mut responses = output.responses.unwrap_or_default().into_iter();
        for (table, projected) in &reads {
            let item = responses.next().and_then(|response| response.item);
            match (item, projected) {
                (None, _) => out.null(),
                (Some(item), Some(Projected { paths, .. })) => answer::projected(&mut out, paths, item.view()),
                (Some(item), None) => out.bytes(&self.item_bytes(requester, table, item.view()).await?),
            }
        }
        write_consumed(&mut out, output.consumed_capacity.as_deref());
        Ok(out)
    }

    pub(super) async fn transact_write_items(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let arguments = Arguments::read(reader)?;
        let options = Options::read(reader)?;
        check_token(options.token.as_deref())?;
        let (mut actions, mut tables, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, name) in arguments.tables.iter().enumerate() {
            let table = self.table(requester, name).await?;
            let key = key::read(&table.schema, required(&arguments.keys, at)?)?;
            if arguments.operations.get(at) != Some(&CONDITION_CHECK) {
                places.push(cache_key(&table, &key)?);
            }
            actions.push(self.action(requester, &arguments, at, name, key).await?);
            tables.push(table);
        }
        let request = TransactWriteItemsInput {
            client_request_token: options.token,
            return_consumed_capacity: options.capacity,
            return_item_collection_metrics: options.metrics,
            transact_items: actions,
        };
        self.permit(requester, &request).await?;
        let places: std::collections::BTreeSet<Bytes> = places.into_iter().collect();
        let writes: Vec<ClusterWrite> = places.into_iter().map(|place| self.begin_write(place)).collect();
        let output: Result<TransactWriteItemsOutput, Exception> = self.execute(requester, request).await;
        let output = match output {
            Ok(output) => output,
            Err(exception) => {
                self.end_failed(writes, &exception);
                return Err(self.canceled(requester, exception, &tables).await);
            }
        };
        // The entries are removed.
        drop(writes);
        let mut out = answer::success();
        out.array(3);
        out.array(0);
        write_consumed(&mut out, output.consumed_capacity.as_deref());
        write_collections(&mut out, output.item_collection_metrics.as_ref());
        Ok(out)
    }

    async fn action(
        &self,
        requester: Requester<'_>,
        arguments: &Arguments<'_>,
        at: usize,
        table_name: &str,
        key: Attributes,
    ) -> Result<TransactWriteItem, Failure> {
        let mut expressions = Expressions::default();
        let condition = optional(&arguments.conditions, at).map(|bytes| expressions.condition(bytes)).transpose()?;
        let update = optional(&arguments.updates, at).map(|bytes| expressions.update(bytes)).transpose()?;
        let returns_old = arguments.return_values.get(at) == Some(&2);
        let returned = returns_old.then_some(ReturnValuesOnConditionCheckFailure::AllOld);
        let (names, values) = (expressions.names(), expressions.values().await?);
        let table_name = table_name.to_owned();
        let mut item = TransactWriteItem::default();
        match arguments.operations.get(at).copied() {
            Some(PUT) => {
                let bytes = optional(&arguments.items, at).ok_or(Malformed("a put has no item"))?;
                item.put = Some(Box::new(Put {
                    condition_expression: condition,
                    expression_attribute_names: names,
                    expression_attribute_values: values,
                    item: self.read_item(requester, &key, bytes).await?,
                    return_values_on_condition_check_failure: returned,
                    table_name,
                }));
            }
            Some(DELETE) => {
                item.delete = Some(Box::new(Delete {
                    condition_expression: condition,
                    expression_attribute_names: names,
                    expression_attribute_values: values,
                    key,
                    return_values_on_condition_check_failure: returned,
                    table_name,
                }));
            }
            Some(UPDATE) => {
                item.update = Some(Box::new(Update {
                    condition_expression: condition,
                    expression_attribute_names: names,
                    expression_attribute_values: values,
                    key,
                    return_values_on_condition_check_failure: returned,
                    table_name,
                    update_expression: update.ok_or(Malformed("an update has no expression"))?,
                }));
            }
            Some(CONDITION_CHECK) => {
                item.condition_check = Some(Box::new(ConditionCheck {
                    condition_expression: condition.ok_or(Malformed("a condition check has no condition"))?,
                    expression_attribute_names: names,
                    expression_attribute_values: values,
                    key,
                    return_values_on_condition_check_failure: returned,
                    table_name,
                }));
            }
            _ => return Err(Malformed("an action of a transaction is none of DAX's").into()),
        }
        Ok(item)
    }

    /// A refusal with the old items of its reasons as the client reads them.
    async fn canceled(&self, requester: Requester<'_>, exception: Exception, tables: &[TableKey]) -> Failure {
        let Exception::TransactionCanceled { reasons } = &exception else { return exception.into() };
        let mut items = Vec::with_capacity(reasons.len());
        for (at, reason) in reasons.iter().enumerate() {
            let CancellationReason { item, .. } = reason;
            items.push(match (item, tables.get(at)) {
                (Some(item), Some(table)) => match self.item_bytes(requester, table, item.view()).await {
                    Ok(bytes) => Some(bytes),
                    Err(failure) => return failure.into(),
                },
                _ => None,
            });
        }
        Failure { exception, items }
    }
}

/// The arguments of TransactWriteItems: arrays with a part of each action.
struct Arguments<'a> {
    operations: Vec<i64>,
    tables: Vec<String>,
    keys: OptionalBytes<'a>,
    items: OptionalBytes<'a>,
    return_values: Vec<i64>,
    conditions: OptionalBytes<'a>,
    updates: OptionalBytes<'a>,
}

impl<'a> Arguments<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Arguments<'a>, Failure> {
        let operations = ints(reader)?;
        let tables = names(reader)?;
        let (keys, items) = (optional_array(reader)?, optional_array(reader)?);
        // ReturnValues, which an action of a transaction does not have.
        reader.skip()?;
        let return_values = ints(reader)?;
        let (conditions, updates) = (optional_array(reader)?, optional_array(reader)?);
        if operations.len() != tables.len() {
            return Err(Malformed("a transaction has not as many tables as actions").into());
        }
        Ok(Arguments { operations, tables, keys, items, return_values, conditions, updates })
    }
}

fn check_token(token: Option<&str>) -> Result<(), Exception> {
    let Some(token) = token else { return Ok(()) };
    let constraint = match token.chars().count() {
        0 => "greater than or equal to 1",
        1..=TOKEN_LENGTH_MAX => return Ok(()),
        _ => "less than or equal to 36",
    };
    Err(Exception::validation(format!(
        "1 validation error detected: Value '{}' at 'clientRequestToken' failed to satisfy constraint: Member must have length {constraint}",
        base::cut(token, TOKEN_SHOWN_BYTES)
    )))
}

fn names(reader: &mut Reader<'_>) -> Result<Vec<String>, Failure> {
    let (mut elements, mut names) = (reader.array()?, Vec::new());
    while elements.next(reader)? {
        if names.len() == ACTIONS_MAX {
            return Err(Exception::validation(format!(
                "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less \
                 than or equal to {ACTIONS_MAX}"
            ))
            .into());
        }
        names.push(request::name(reader)?);
    }
    if names.is_empty() {
        return Err(too_short("[]", "transactItems").into());
    }
    Ok(names)
}

/// An array of bytes and nulls, or null.
fn optional_array<'a>(reader: &mut Reader<'a>) -> Result<OptionalBytes<'a>, Failure> {
    let mut all = Vec::new();
    if reader.null()? {
        return Ok(all);
    }
    let mut elements = reader.array()?;
    while elements.next(reader)? {
        check_count(all.len())?;
        all.push(optional_bytes(reader)?);
    }
    Ok(all)
}

/// An array of integers, or null; a null among them is 0.
fn ints(reader: &mut Reader<'_>) -> Result<Vec<i64>, Failure> {
    let mut all = Vec::new();
    if reader.null()? {
        return Ok(all);
    }
    let mut elements = reader.array()?;
    while elements.next(reader)? {
        check_count(all.len())?;
        all.push(if reader.null()? { 0 } else { reader.int()? });
    }
    Ok(all)
}

fn check_count(count: usize) -> Result<(), Malformed> {
    if count < ACTIONS_MAX { Ok(()) } else { Err(Malformed("a transaction has too many actions")) }
}

fn required<'b>(all: &'b OptionalBytes<'_>, at: usize) -> Result<&'b [u8], Malformed> {
    optional(all, at).ok_or(Malformed("an action of a transaction has no key"))
}

fn optional<'b>(all: &'b OptionalBytes<'_>, at: usize) -> Option<&'b [u8]> {
    all.get(at)?.as_deref()
}

fn write_consumed(out: &mut Writer, consumed: Option<&[ConsumedCapacity]>) {
    let consumed = consumed.unwrap_or_default();
    out.array(consumed.len());
    consumed.iter().for_each(|one| answer::transaction_capacity(out, one));
}
