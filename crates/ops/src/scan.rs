//! Scan: reads every item of a table or an index, or of one of its segments.

use api::{Exception, Operation, ScanInput, ScanOutput};
use auth::Caller;
use expr::{Condition, ExpressionKind, Projection, legacy};
use storage::ScanDirection;
use tables::item_key;
use tables::key_range::{self, Range};
use tables::rows;
use tables::{Index, Table};

use crate::capacity::ReadKind;
use crate::coverage::{IndexRead, coverage};
use crate::index_choice::{check_consistency, find_index};
use crate::parameters::{self, check_not_mixed, invalid, validated};
use crate::read::PageRequest;
use crate::segment::Segment;
use crate::select::{Selection, check_select};
use crate::service::Service;
use crate::start_key::{self, Walker};

const OPERATION: Operation = Operation::Scan;

impl Service {
    pub(crate) async fn scan(&self, caller: &Caller, mut request: ScanInput) -> Result<ScanOutput, Exception> {
        let segment = Segment::of(request.segment, request.total_segments)?;
        let (filter, projection) = validated(OPERATION, || parse(&mut request))?;
        let table = self.catalog.table(caller, &request.table_name).await?;
        let index = find_index(&table, request.index_name.as_deref())?;
        check_consistency(index, request.consistent_read)?;
        item_key::check_condition(&table, filter.as_ref())?;
        item_key::check_projection(&table, projection.as_ref())?;
        let selection = Selection::of_select(request.select, projection.as_ref());
        let source = coverage(&table, index, IndexRead { selection, filter: filter.as_ref(), is_keyed: false })?;
        let (lower, upper) = range(&table, index, segment);
        let mut page = PageRequest {
            table: &table,
            table_name: &request.table_name,
            index,
            lower,
            upper,
            partition: None,
            direction: ScanDirection::Forward,
            filter: filter.as_ref(),
            limit: request.limit.map(|limit| limit as usize),
            source,
            kind: ReadKind::of(request.consistent_read),
        };
        if let Some(start) = &request.exclusive_start_key {
            start_key::begin_after(&self.secret, &mut page, start, Walker::Scan { segment })?;
        }
        let mut consumed = self.consumed(Operation::Scan, request.return_consumed_capacity);
        let found = self.page(&page, &mut consumed).await?;
        consumed.returns(found.items.len());
        Ok(ScanOutput {
            count: Some(found.items.len() as i32),
            items: selection.items(&found.items),
            scanned_count: Some(found.scanned as i32),
            consumed_capacity: consumed.single(),
            last_evaluated_key: found.last,
        })
    }
}

fn range(table: &Table, index: Option<&Index>, segment: Option<Segment>) -> Range {
    match segment {
        None => key_range::of_all(table, index),
        Some(segment) => rows::segment(&rows::prefix(table, index), segment.number, segment.total),
    }
}

fn parse(request: &mut ScanInput) -> Result<(Option<Condition>, Option<Projection>), Exception> {
    let expressions = [
        ("ProjectionExpression", request.projection_expression.is_some()),
        ("FilterExpression", request.filter_expression.is_some()),
    ];
    let legacy_parameters = [
        ("AttributesToGet", request.attributes_to_get.is_some()),
        ("ScanFilter", request.scan_filter.is_some()),
        ("ConditionalOperator", request.conditional_operator.is_some()),
    ];
    check_not_mixed(&legacy_parameters, &expressions)?;
    let (names, values) = (request.expression_attribute_names.take(), request.expression_attribute_values.take());
    let mut placeholders = match request.projection_expression {
        // A projection takes names and no values.
        Some(_) => parameters::placeholders(OPERATION, &expressions, names, values)?,
        None => parameters::placeholders(OPERATION, &expressions[1..], names, values)?,
    };
    let text = request.filter_expression.as_deref();
    let filter = parameters::parse_condition(OPERATION, ExpressionKind::Filter, text, &mut placeholders)?;
    let projection =
        parameters::parse_projection(OPERATION, request.projection_expression.as_deref(), &mut placeholders)?;
    placeholders.finish().map_err(invalid)?;
    let filter = match filter {
        Some(filter) => Some(filter),
        None => legacy::filter(request.scan_filter.take(), request.conditional_operator).map_err(invalid)?,
    };
    let legacy_projection = request.attributes_to_get.is_some();
    let projection = match (projection, request.attributes_to_get.take()) {
        (None, Some(names)) => Some(legacy::attributes_to_get(&names).map_err(invalid)?),
        (projection, _) => projection,
    };
    let (select, index_name) = (request.select, request.index_name.as_deref());
    check_select(OPERATION, select, projection.as_ref(), legacy_projection, index_name)?;
    Ok((filter, projection))
}
