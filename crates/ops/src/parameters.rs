//! The expressions of a request: parsed once, from expressions or from the legacy parameters.

use std::collections::BTreeMap;

use api::{AttributeValueUpdate, ConditionalOperator, Exception, ExpectedAttributeValue, Operation};
use expr::{Condition, ExpressionError, ExpressionKind, Placeholders, Projection, Update, legacy};
use model::Attributes;

pub(crate) type Names = Option<BTreeMap<String, String>>;
pub(crate) type Values = Option<Attributes>;

pub(crate) fn invalid(error: ExpressionError) -> Exception {
    Exception::validation(error.to_string())
}

/// Validates parameters and expressions; refusals have the message format of the operation's row.
pub(crate) fn validated<T>(
    operation: Operation,
    validate: impl FnOnce() -> Result<T, Exception>,
) -> Result<T, Exception> {
    validate().map_err(|refusal| operation.validation().request.refuse(refusal))
}

/// The refusal of an expression with the message of the operation's layer.
fn worded(operation: Operation, error: ExpressionError) -> Exception {
    invalid(if operation.validation().layer.gives_expression_size { error } else { error.without_size() })
}

/// One parameter of a request, by name, and whether it was given.
pub(crate) type Given = (&'static str, bool);

/// Refuses a request that mixes expressions with legacy parameters.
pub(crate) fn check_not_mixed(legacy: &[Given], expressions: &[Given]) -> Result<(), Exception> {
    let is_given = |parameters: &[Given]| parameters.iter().any(|(_, given)| *given);
    if !is_given(legacy) || !is_given(expressions) {
        return Ok(());
    }
    let given = |parameters: &[Given]| {
        let names: Vec<&str> = parameters.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        names.join(", ")
    };
    let (legacy, expressions) = (given(legacy), given(expressions));
    Err(Exception::validation(format!(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: \
         {{{legacy}}} Expression parameters: {{{expressions}}}"
    )))
}

/// The placeholders of a request, which needs an expression to use them.
pub(crate) fn placeholders(
    operation: Operation,
    expressions: &[Given],
    names: Names,
    values: Values,
) -> Result<Placeholders, Exception> {
    if expressions.iter().all(|(_, given)| !given) {
        if names.is_some() {
            return Err(Exception::validation("ExpressionAttributeNames can only be specified when using expressions"));
        }
        if values.is_some() {
            let text = "ExpressionAttributeValues can only be specified when using expressions";
            if !operation.validation().layer.lists_missing_expressions {
                return Err(Exception::validation(text));
            }
            let missing: Vec<&str> = expressions.iter().map(|(name, _)| *name).collect();
            let verb = if missing.len() == 1 { "is" } else { "are" };
            return Err(Exception::validation(format!("{text}: {} {verb} null", missing.join(" and "))));
        }
    }
    Placeholders::new(names, values).map_err(invalid)
}

/// Parses a condition or a filter, if there is one.
pub(crate) fn parse_condition(
    operation: Operation,
    kind: ExpressionKind,
    text: Option<&str>,
    placeholders: &mut Placeholders,
) -> Result<Option<Condition>, Exception> {
    text.map(|text| Condition::parse(kind, text, placeholders).map_err(|error| worded(operation, error))).transpose()
}

/// Parses a projection, if there is one.
pub(crate) fn parse_projection(
    operation: Operation,
    text: Option<&str>,
    placeholders: &mut Placeholders,
) -> Result<Option<Projection>, Exception> {
    text.map(|text| Projection::parse(text, placeholders).map_err(|error| worded(operation, error))).transpose()
}

/// The parameters of PutItem's and DeleteItem's condition.
pub(crate) struct WriteCondition {
    pub condition_expression: Option<String>,
    pub expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    pub conditional_operator: Option<ConditionalOperator>,
    pub names: Names,
    pub values: Values,
}

impl WriteCondition {
    pub(crate) fn parse(self, operation: Operation) -> Result<Option<Condition>, Exception> {
        let expressions = [("ConditionExpression", self.condition_expression.is_some())];
        check_not_mixed(&legacy_condition(&self.expected, self.conditional_operator), &expressions)?;
        let mut placeholders = placeholders(operation, &expressions, self.names, self.values)?;
        let text = self.condition_expression.as_deref();
        let condition = parse_condition(operation, ExpressionKind::Condition, text, &mut placeholders)?;
        placeholders.finish().map_err(invalid)?;
        match condition {
            Some(condition) => Ok(Some(condition)),
            None => legacy::expected(self.expected, self.conditional_operator).map_err(invalid),
        }
    }
}

fn legacy_condition(
    expected: &Option<BTreeMap<String, ExpectedAttributeValue>>,
    operator: Option<ConditionalOperator>,
) -> [Given; 2] {
    [("Expected", expected.is_some()), ("ConditionalOperator", operator.is_some())]
}

/// The parameters of UpdateItem's update and condition.
pub(crate) struct UpdateParameters {
    pub update_expression: Option<String>,
    pub attribute_updates: Option<BTreeMap<String, AttributeValueUpdate>>,
    pub condition: WriteCondition,
}

impl UpdateParameters {
    pub(crate) fn parse(self, operation: Operation) -> Result<(Update, Option<Condition>), Exception> {
        let condition = self.condition;
        let expressions = [
            ("UpdateExpression", self.update_expression.is_some()),
            ("ConditionExpression", condition.condition_expression.is_some()),
        ];
        let [expected, operator] = legacy_condition(&condition.expected, condition.conditional_operator);
        let updates = ("AttributeUpdates", self.attribute_updates.is_some());
        check_not_mixed(&[updates, expected, operator], &expressions)?;
        let mut placeholders = placeholders(operation, &expressions, condition.names, condition.values)?;
        let update = self.update_expression.map(|text| Update::parse(&text, &mut placeholders).map_err(invalid));
        let update = update.transpose()?;
        let text = condition.condition_expression.as_deref();
        let parsed = parse_condition(operation, ExpressionKind::Condition, text, &mut placeholders)?;
        placeholders.finish().map_err(invalid)?;
        let parsed = match parsed {
            Some(parsed) => Some(parsed),
            None => legacy::expected(condition.expected, condition.conditional_operator).map_err(invalid)?,
        };
        let update = match update {
            Some(update) => update,
            None => legacy::attribute_updates(self.attribute_updates.unwrap_or_default()).map_err(invalid)?,
        };
        Ok((update, parsed))
    }
}

/// The projection of a read, from its parameters.
pub(crate) fn projection(
    operation: Operation,
    projection_expression: Option<String>,
    attributes_to_get: Option<Vec<String>>,
    names: Names,
) -> Result<Option<Projection>, Exception> {
    let expressions = [("ProjectionExpression", projection_expression.is_some())];
    check_not_mixed(&[("AttributesToGet", attributes_to_get.is_some())], &expressions)?;
    let mut placeholders = placeholders(operation, &expressions, names, None)?;
    let projection = parse_projection(operation, projection_expression.as_deref(), &mut placeholders)?;
    placeholders.finish().map_err(invalid)?;
    match (projection, attributes_to_get) {
        (None, Some(names)) => legacy::attributes_to_get(&names).map(Some).map_err(invalid),
        (projection, _) => Ok(projection),
    }
}
