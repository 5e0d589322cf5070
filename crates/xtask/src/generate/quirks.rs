//! Where DynamoDB's front end does not say what its published model says.
//!
//! Everything here is about the words of refusals, and was observed on AWS. How refusals of single members differ by
//! operation is in `api::validation`.

/// The words of an enumeration in the order in which refusals list them. Others keep the model's order.
pub(super) fn enum_order(shape: &str) -> Option<&'static [&'static str]> {
    ENUM_ORDERS.iter().find(|(name, _)| *name == shape).map(|(_, order)| *order)
}

const ENUM_ORDERS: &[(&str, &[&str])] = &[
    (
        "ComparisonOperator",
        &[
            "IN",
            "NULL",
            "BETWEEN",
            "LT",
            "NOT_CONTAINS",
            "EQ",
            "GT",
            "NOT_NULL",
            "NE",
            "LE",
            "BEGINS_WITH",
            "GE",
            "CONTAINS",
        ],
    ),
    ("ConditionalOperator", &["OR", "AND"]),
    ("ProjectionType", &["ALL", "INCLUDE", "KEYS_ONLY"]),
    ("ReturnValue", &["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"]),
    ("ScalarAttributeType", &["B", "N", "S"]),
    ("Select", &["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"]),
];

/// A member's place before others, where DynamoDB does not list the members of a structure in the model's order.
pub(super) fn member_order(structure: &str, member: &str) -> usize {
    let first: &[&str] = match structure {
        "WriteRequest" => &["PutRequest"],
        _ => &[],
    };
    first.iter().position(|name| *name == member).unwrap_or(first.len())
}

/// A member whose length is bounded more narrowly than its shape's.
pub(super) fn length_max(structure: &str, member: &str) -> Option<i64> {
    match (structure, member) {
        // A table's own key; keys of global indexes share the shape and may have more attributes.
        ("CreateTableInput", "KeySchema") => Some(2),
        _ => None,
    }
}

/// The shape of a table's name or ARN: a name is held to the rules of names.
pub(super) const NAME_OR_ARN: &str = "TableArn";
