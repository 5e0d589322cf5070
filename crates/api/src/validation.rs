//! Validation as data: how each operation words, groups and orders what it refuses before it looks for its table.
//!
//! DynamoDB validates requests in two layers. The *older* one is common to all operations. The *current* one replaced
//! it in 2026, operation by operation, with texts, groupings and an order of its own. An operation's row says which
//! layer it has and where its answers differ from the layer's. `wire` reads the row for members and attribute values,
//! `ops` for parameters and expressions; neither has a branch for an operation. What is checked once the table is known
//! (keys, item sizes, conditions) is no matter of layers.
//!
//! Source of every row: captures in us-east-1, 2026, as the public conformance suite (paritysuite/dynamodb-conformance)
//! records them. Regions differ while DynamoDB rolls a layer out; us-east-1 decides.

use model::NumberReading;

use crate::{Exception, Operation};

/// The row of one operation.
#[derive(Debug)]
pub struct Validation {
    pub layer: &'static Layer,
    /// Around refusals of attribute values, parameters and expressions.
    pub request: Envelope,
    /// Around refusals of Select and of its related parameters.
    pub selection: Envelope,
    /// How a put item that does not have the table's key is refused.
    pub put_key: PutKey,
    pub values: ValuePhase,
    /// Members with constraints that are not simply reported beside the others when they are broken. The first rule
    /// that fits counts.
    pub members: &'static [MemberRule],
    /// The order in which broken members are listed. Members that are not named follow in the order of the model.
    pub order: &'static [&'static str],
    /// The row for requests that the current layer cannot read: those without a required member, and those with JSON
    /// deeper than [`JSON_DEPTH_MAX`].
    pub older: Option<&'static Validation>,
}

/// How attribute values are read, and the texts for those that are none.
#[derive(PartialEq, Eq, Debug)]
pub struct Layer {
    pub numbers: NumberReading,
    pub duplicates: Duplicates,
    /// Whether a refused expression value is reported with its parameter and placeholder.
    pub names_placeholder: bool,
    /// Whether a refused value of ExclusiveStartKey is reported as a bad starting key.
    pub names_start_key: bool,
    /// Whether the refusal of values without an expression lists the expressions that are missing.
    pub lists_missing_expressions: bool,
    /// Whether the refusal of an expression that is too long gives its size. That of an update never does.
    pub gives_expression_size: bool,
    /// Levels that an expression value may have, which is not stored as it is.
    pub expression_levels_max: usize,
}

/// How a set shows a member that it has twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duplicates {
    /// Members quoted and in byte order up to the first repeated one, then that one, then the rest as sent; none of a
    /// number set.
    Quoted,
    /// Members as sent; none of a number set, and then the text has no prefix either.
    Plain,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Envelope {
    /// The text alone.
    #[default]
    Bare,
    /// After `1 validation error detected: `, as broken constraints of members are.
    Enveloped,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PutKey {
    /// By name: missing in the item, or of the wrong type.
    Named,
    /// As a key that does not match the schema.
    SchemaMismatch,
}

/// When refused attribute values are reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValuePhase {
    /// Before parameters and expressions.
    First,
    /// Action by action, and within an action by [`Stage`]; an operation without a list of actions has one.
    ByAction,
}

/// The stages in which an action is validated; between them its attribute values are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Before the values of its expressions.
    Parameters,
    /// After those, before its key or its item.
    Expressions,
}

/// How one member's broken constraint is reported.
#[derive(Debug)]
pub struct MemberRule {
    /// The member's name, wherever in the request it is.
    pub member: &'static str,
    pub broken: Broken,
    pub words: MemberWords,
    pub standing: Standing,
}

/// Which of a member's constraints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
    Any,
    /// It must not be null.
    Null,
    /// Any but that.
    Present,
    /// The lower bound of a length or a number.
    Low,
    /// The words of an enumeration.
    Words,
    /// Constraints of a map's keys.
    Keys,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberWords {
    /// `Value 'x' at 'member' failed to satisfy constraint: …`, with the value as Java prints it.
    Echoed,
    /// The same with the value as JSON.
    EchoedJson,
    /// `Value at 'Member' failed to satisfy constraint: …`, with names as the request has them.
    Unechoed,
    /// `Failed to satisfy constraint: Member must satisfy enum value set: …`, with these words.
    Unnamed(&'static str),
    /// `The member parameter is required for Operation`, alone and without a count.
    Required,
    /// `The parameter 'Member' is required but was not present in the request`, alone and without a count.
    NotPresent,
    /// This text, alone and without a count.
    Text(&'static str),
}

/// How a broken constraint is reported beside others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Listed with the others.
    Joined,
    /// Alone. Of several of them, the one with the first rule.
    Alone,
    /// Alone, and in the envelope of attribute values, not of members.
    AloneAsValue,
    /// Left out beside others.
    Yields,
}

/// JSON levels, the body's own included, up to which the current layer reads a request. Observed: an item's attribute
/// may be in 62 maps.
pub const JSON_DEPTH_MAX: usize = 127;

const ENVELOPE: &str = "1 validation error detected: ";

impl MemberWords {
    /// Whether they are the whole refusal, without a count.
    pub fn are_whole(self) -> bool {
        matches!(self, MemberWords::Required | MemberWords::NotPresent | MemberWords::Text(_))
    }
}

impl Envelope {
    pub fn around(self, text: &str) -> String {
        match self {
            Envelope::Bare => text.to_owned(),
            Envelope::Enveloped => format!("{ENVELOPE}{text}"),
        }
    }

    /// The refusal of a check, with its text in the envelope.
    pub fn refuse(self, exception: Exception) -> Exception {
        match exception {
            Exception::Validation(text) => Exception::Validation(self.around(&text)),
            other => other,
        }
    }
}

const OLDER: Layer = Layer {
    numbers: NumberReading::BigDecimal,
    duplicates: Duplicates::Plain,
    names_placeholder: true,
    names_start_key: true,
    lists_missing_expressions: true,
    gives_expression_size: true,
    expression_levels_max: model::limits::NESTING_MAX + 1,
};

const CURRENT: Layer = Layer {
    numbers: NumberReading::Exact,
    duplicates: Duplicates::Quoted,
    names_placeholder: false,
    names_start_key: false,
    lists_missing_expressions: false,
    gives_expression_size: false,
    expression_levels_max: model::limits::NESTING_MAX,
};

const fn rule(member: &'static str, broken: Broken, words: MemberWords, standing: Standing) -> MemberRule {
    MemberRule { member, broken, words, standing }
}

const TABLE_NAME_ALONE: MemberRule = rule("TableName", Broken::Present, MemberWords::Echoed, Standing::Alone);
const TABLE_NAME_EMPTY: MemberRule = rule("TableName", Broken::Low, MemberWords::Unechoed, Standing::Alone);
const RETURN_VALUES: MemberWords = MemberWords::Unnamed("[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]");
const CONDITIONAL_OPERATOR: MemberWords = MemberWords::Unnamed("[ALL, OR]");

/// Of all operations that have no row of their own, and of the older layer.
const ROW: Validation = Validation {
    layer: &OLDER,
    request: Envelope::Bare,
    selection: Envelope::Bare,
    put_key: PutKey::Named,
    values: ValuePhase::First,
    members: &[TABLE_NAME_ALONE],
    order: &["TableName"],
    older: None,
};

const READ: Validation = Validation { layer: &CURRENT, ..ROW };

/// A write of one item that the current layer cannot read.
const OLDER_WRITE: Validation = Validation { values: ValuePhase::ByAction, members: &[], ..ROW };

const WRITE: Validation = Validation {
    layer: &CURRENT,
    request: Envelope::Enveloped,
    members: &[
        TABLE_NAME_EMPTY,
        TABLE_NAME_ALONE,
        rule("ReturnValues", Broken::Words, RETURN_VALUES, Standing::Joined),
        rule("ConditionalOperator", Broken::Words, CONDITIONAL_OPERATOR, Standing::Joined),
    ],
    order: &["ReturnConsumedCapacity", "ReturnValues", "ReturnItemCollectionMetrics"],
    older: Some(&OLDER_PUT),
    ..ROW
};

const OLDER_PUT: Validation = Validation {
    order: &[
        "ReturnConsumedCapacity",
        "ReturnValues",
        "ReturnItemCollectionMetrics",
        "ConditionalOperator",
        "TableName",
    ],
    ..OLDER_WRITE
};

static PUT_ITEM: Validation = WRITE;
static DELETE_ITEM: Validation = WRITE;

static UPDATE_ITEM: Validation = Validation {
    // Its enumerations end the reading.
    members: &[
        TABLE_NAME_EMPTY,
        TABLE_NAME_ALONE,
        rule("ReturnValues", Broken::Words, RETURN_VALUES, Standing::Alone),
        rule("ConditionalOperator", Broken::Words, CONDITIONAL_OPERATOR, Standing::Alone),
    ],
    older: Some(&OLDER_UPDATE),
    ..WRITE
};

const OLDER_UPDATE: Validation = Validation {
    order: &[
        "ReturnConsumedCapacity",
        "TableName",
        "ReturnValues",
        "ReturnItemCollectionMetrics",
        "ConditionalOperator",
        "Key",
    ],
    ..OLDER_WRITE
};

static GET_ITEM: Validation = READ;

static BATCH_GET_ITEM: Validation = Validation {
    members: &[
        rule("RequestItems", Broken::Null, MemberWords::Required, Standing::Alone),
        rule("RequestItems", Broken::Low, MemberWords::Unechoed, Standing::Joined),
        rule("RequestItems", Broken::Keys, MemberWords::EchoedJson, Standing::Joined),
        rule("Keys", Broken::Present, MemberWords::Unechoed, Standing::Joined),
    ],
    ..READ
};

static QUERY: Validation = Validation {
    selection: Envelope::Enveloped,
    members: &[
        TABLE_NAME_ALONE,
        rule("ConditionalOperator", Broken::Words, CONDITIONAL_OPERATOR, Standing::AloneAsValue),
        rule("Limit", Broken::Any, MemberWords::Unechoed, Standing::Joined),
    ],
    ..READ
};

static BATCH_WRITE_ITEM: Validation = Validation {
    put_key: PutKey::SchemaMismatch,
    members: &[
        rule("RequestItems", Broken::Null, MemberWords::Required, Standing::Alone),
        rule("RequestItems", Broken::Low, MemberWords::Required, Standing::Alone),
        rule("RequestItems", Broken::Keys, MemberWords::Echoed, Standing::Yields),
    ],
    ..ROW
};

static TRANSACTION: Validation = Validation { values: ValuePhase::ByAction, ..ROW };

/// Looked at behind the front end, and so only where nothing else is broken.
const TABLE_CLASS: MemberRule = rule(
    "TableClass",
    Broken::Words,
    MemberWords::Text(
        "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, \
         STANDARD_INFREQUENT_ACCESS].",
    ),
    Standing::Yields,
);

static CREATE_TABLE: Validation = Validation {
    members: &[
        rule("TableName", Broken::Null, MemberWords::NotPresent, Standing::Alone),
        TABLE_NAME_ALONE,
        TABLE_CLASS,
    ],
    ..ROW
};

static UPDATE_TABLE: Validation = Validation { members: &[TABLE_NAME_ALONE, TABLE_CLASS], ..ROW };

static OTHER: Validation = ROW;

impl Operation {
    /// How the operation validates its requests.
    pub fn validation(self) -> &'static Validation {
        match self {
            Operation::PutItem => &PUT_ITEM,
            Operation::UpdateItem => &UPDATE_ITEM,
            Operation::DeleteItem => &DELETE_ITEM,
            Operation::GetItem => &GET_ITEM,
            Operation::BatchGetItem => &BATCH_GET_ITEM,
            Operation::Query => &QUERY,
            Operation::BatchWriteItem => &BATCH_WRITE_ITEM,
            Operation::TransactGetItems | Operation::TransactWriteItems => &TRANSACTION,
            Operation::CreateTable => &CREATE_TABLE,
            Operation::UpdateTable => &UPDATE_TABLE,
            _ => &OTHER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_around_refusals_of_the_request_only() {
        let refused = Envelope::Enveloped.refuse(Exception::validation("x"));
        assert_eq!(refused, Exception::validation("1 validation error detected: x"));
        assert_eq!(Envelope::Bare.refuse(Exception::validation("x")), Exception::validation("x"));
        assert_eq!(Envelope::Enveloped.refuse(Exception::UnknownOperation), Exception::UnknownOperation);
    }

    /// Writes of one item and reads but Scan have the current layer; the row of the older one is of the older one.
    #[test]
    fn layers() {
        let current: Vec<&str> = Operation::ALL
            .iter()
            .filter(|operation| operation.validation().layer == &CURRENT)
            .map(|operation| operation.name())
            .collect();
        assert_eq!(current, ["BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"]);
        for operation in Operation::ALL {
            if let Some(older) = operation.validation().older {
                assert!(older.layer == &OLDER && older.older.is_none() && older.request == Envelope::Bare);
            }
        }
    }
}
