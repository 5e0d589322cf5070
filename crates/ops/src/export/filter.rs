//! The filter of an export: a key condition, a filter and a projection, in Query's syntax, evaluated on each item that is exported.
//!
//! Of a change, the new image decides, of a deleted item the old one. DynamoDB's documentation does not say it.

use api::{Exception, FilterSpecification, Operation};
use expr::{Condition, ExpressionKind, KeyParts, Projection};
use model::MapRef;
use tables::{Table, item_key};

use crate::parameters::{invalid, parse_condition, parse_projection, placeholders};

const OPERATION: Operation = Operation::ExportTableToPointInTime;

#[derive(Default)]
pub(super) struct Filter {
    keys: Option<Condition>,
    filter: Option<Condition>,
    pub projection: Option<Projection>,
}

impl Filter {
    /// # Errors
    /// The refusal of the specification, or of its expressions for this table.
    pub(super) fn of(asked: Option<&FilterSpecification>, table: &Table) -> Result<Filter, Exception> {
        let Some(asked) = asked else { return Ok(Filter::default()) };
        if *asked == FilterSpecification::default() {
            return Err(refusal("The specification can not be empty"));
        }
        Filter::parse(asked, table).map_err(|error| match error {
            Exception::Validation(text) => refusal(&text.to_string()),
            other => other,
        })
    }

    fn parse(asked: &FilterSpecification, table: &Table) -> Result<Filter, Exception> {
        let expressions = [
            ("ProjectionExpression", asked.projection_expression.is_some()),
            ("FilterExpression", asked.filter_expression.is_some()),
            ("KeyConditionExpression", asked.key_condition_expression.is_some()),
        ];
        let (names, values) = (asked.expression_attribute_names.clone(), asked.expression_attribute_values.clone());
        let mut used = placeholders(OPERATION, &expressions, names, values)?;
        let text = asked.key_condition_expression.as_deref();
        let keys = parse_condition(OPERATION, ExpressionKind::KeyCondition, text, &mut used)?;
        let text = asked.filter_expression.as_deref();
        let filter = parse_condition(OPERATION, ExpressionKind::Filter, text, &mut used)?;
        let projection = parse_projection(OPERATION, asked.projection_expression.as_deref(), &mut used)?;
        used.finish().map_err(invalid)?;
        if let Some(keys) = &keys {
            KeyParts::of(keys).and_then(|parts| parts.analyse(&table.key)).map_err(invalid)?;
            // As in Query: with a key condition the filter names no key.
            if let Some(filter) = &filter {
                filter.check_non_key(&table.key).map_err(invalid)?;
            }
        }
        item_key::check_condition(table, filter.as_ref())?;
        item_key::check_projection(table, projection.as_ref())?;
        Ok(Filter { keys, filter, projection })
    }

    pub(super) fn matches(&self, item: MapRef<'_>) -> bool {
        [&self.keys, &self.filter].into_iter().flatten().all(|condition| condition.matches(item))
    }
}

fn refusal(text: &str) -> Exception {
    Exception::validation(format!("Invalid Request: Invalid FilterSpecification: {text}"))
}
