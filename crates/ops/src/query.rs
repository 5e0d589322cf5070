//! Query: reads the items of one partition, of a table or of an index, in the order of their sort keys.

use api::{Exception, Operation, QueryInput, QueryOutput};
use auth::Caller;
use expr::{Condition, ExpressionKind, KeyCondition, KeyParts, Problem, Projection, legacy};
use model::{AttributeValue, Attributes};
use storage::ScanDirection;
use tables::item_key::{self, KeyProblem};
use tables::key_range;
use tables::{Index, Table};

use crate::capacity::ReadKind;
use crate::coverage::{IndexRead, coverage};
use crate::index_choice::{check_consistency, find_index};
use crate::parameters::{self, check_not_mixed, invalid, validated};
use crate::read::PageRequest;
use crate::select::{Selection, check_select};
use crate::service::Service;
use crate::start_key::{self, Walker};

/// A query's expressions, before its table is known.
struct Parsed {
    keys: KeyParts,
    filter: Option<Condition>,
    legacy_filter: bool,
    projection: Option<Projection>,
}

const OPERATION: Operation = Operation::Query;

/// The key condition for the schema of the table or the index.
fn key_condition(keys: KeyParts, table: &Table, index: Option<&Index>) -> Result<KeyCondition, Exception> {
    let schema = index.map_or(&table.key, |index| &index.key);
    keys.analyse(schema).map_err(|error| match (error.problem(), index) {
        (Problem::KeyEmpty { name, kind }, Some(index)) if !table.key.contains(name) => {
            let (name, index) = (name.clone(), index.name.clone());
            KeyProblem::IndexEmpty { name, index, kind: *kind }.into()
        }
        _ => invalid(error),
    })
}

impl Service {
    pub(crate) async fn query(&self, caller: &Caller, mut request: QueryInput) -> Result<QueryOutput, Exception> {
        let parsed = validated(OPERATION, || parse(&mut request))?;
        let table = self.catalog.table(caller, &request.table_name).await?;
        let index = find_index(&table, request.index_name.as_deref())?;
        check_consistency(index, request.consistent_read)?;
        let schema = index.map_or(&table.key, |index| &index.key);
        let key_condition = key_condition(parsed.keys, &table, index)?;
        item_key::check_condition(&table, parsed.filter.as_ref())?;
        item_key::check_projection(&table, parsed.projection.as_ref())?;
        if let Some(filter) = &parsed.filter {
            let checked = match parsed.legacy_filter {
                false => filter.check_non_key(schema),
                true => filter.check_non_key_legacy(schema),
            };
            checked.map_err(invalid)?;
        }
        let selection = Selection::of_select(request.select, parsed.projection.as_ref());
        let read = IndexRead { selection, filter: parsed.filter.as_ref(), is_keyed: true };
        let source = coverage(&table, index, read)?;
        let (lower, upper) = key_range::of_condition(&self.secret, &table, index, &key_condition)?;
        let partition = table.has_insights.then(|| partition_key(&table, index, &key_condition.hash));
        let forward = request.scan_index_forward.unwrap_or(true);
        let mut page = PageRequest {
            table: &table,
            table_name: &request.table_name,
            index,
            lower,
            upper,
            partition: partition.as_ref(),
            direction: if forward { ScanDirection::Forward } else { ScanDirection::Backward },
            filter: parsed.filter.as_ref(),
            limit: request.limit.map(|limit| limit as usize),
            source,
            kind: ReadKind::of(request.consistent_read),
        };
        if let Some(start) = &request.exclusive_start_key {
            let partition = key_range::of_partition(&self.secret, &table, index, &key_condition.hash)?;
            start_key::begin_after(&self.secret, &mut page, start, Walker::Query { partition: &partition })?;
        }
        let mut consumed = self.consumed(Operation::Query, request.return_consumed_capacity);
        let found = self.page(&page, &mut consumed).await?;
        consumed.returns(found.items.len());
        Ok(QueryOutput {
            count: Some(found.items.len() as i32),
            items: selection.items(&found.items),
            scanned_count: Some(found.scanned as i32),
            consumed_capacity: consumed.single(),
            last_evaluated_key: found.last,
        })
    }
}

/// The values that a Query names of the partition's key.
fn partition_key(table: &Table, index: Option<&Index>, hash: &[AttributeValue]) -> Attributes {
    let schema = index.map_or(&table.key, |index| &index.key);
    schema.hash.iter().zip(hash).map(|(part, value)| (part.name.clone(), value.clone())).collect()
}

fn parse(request: &mut QueryInput) -> Result<Parsed, Exception> {
    let expressions = [
        ("ProjectionExpression", request.projection_expression.is_some()),
        ("FilterExpression", request.filter_expression.is_some()),
        ("KeyConditionExpression", request.key_condition_expression.is_some()),
    ];
    let legacy_parameters = [
        ("AttributesToGet", request.attributes_to_get.is_some()),
        ("QueryFilter", request.query_filter.is_some()),
        ("ConditionalOperator", request.conditional_operator.is_some()),
        // On its own it may accompany any expression except KeyConditionExpression.
        ("KeyConditions", request.key_conditions.is_some() && request.key_condition_expression.is_some()),
    ];
    check_not_mixed(&legacy_parameters, &expressions)?;
    let (names, values) = (request.expression_attribute_names.take(), request.expression_attribute_values.take());
    // A projection takes names and no values.
    let takes_names = request.projection_expression.is_some();
    let users = if takes_names { &expressions[..] } else { &expressions[1..] };
    let mut placeholders = parameters::placeholders(OPERATION, users, names, values)?;
    let text = request.key_condition_expression.as_deref();
    let key_condition = parameters::parse_condition(OPERATION, ExpressionKind::KeyCondition, text, &mut placeholders)?;
    let text = request.filter_expression.as_deref();
    let filter = parameters::parse_condition(OPERATION, ExpressionKind::Filter, text, &mut placeholders)?;
    let projection =
        parameters::parse_projection(OPERATION, request.projection_expression.as_deref(), &mut placeholders)?;
    placeholders.finish().map_err(invalid)?;
    let keys = match (key_condition, request.key_conditions.take()) {
        (Some(condition), _) => KeyParts::of(&condition),
        (None, Some(conditions)) => legacy::key_conditions(conditions),
        (None, None) => {
            return Err(Exception::validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
            ));
        }
    }
    .map_err(invalid)?;
    let legacy_filter = request.query_filter.is_some();
    let filter = match filter {
        Some(filter) => Some(filter),
        None => legacy::filter(request.query_filter.take(), request.conditional_operator).map_err(invalid)?,
    };
    let legacy_projection = request.attributes_to_get.is_some();
    let projection = match (projection, request.attributes_to_get.take()) {
        (None, Some(names)) => Some(legacy::attributes_to_get(&names).map_err(invalid)?),
        (projection, _) => projection,
    };
    let (select, index_name) = (request.select, request.index_name.as_deref());
    check_select(OPERATION, select, projection.as_ref(), legacy_projection, index_name)?;
    Ok(Parsed { keys, filter, legacy_filter, projection })
}
