//! Tables of key conditions against key schemas.

use model::{KeyAttribute, KeySchema, KeyType};

use super::RangeCondition::*;
use super::*;
use crate::ExpressionKind;
use crate::placeholders::Placeholders;
use crate::testing::{placeholders, value};

const GIVEN: &str = r##"{#pk: "pk", #sk: "sk", :s: "x", :t: "y", :n: 1, :two: 2, :b: 0x01, :empty: "", :none: 0x}"##;

/// A schema from `pk:S sk:N` with `|` between HASH and RANGE.
fn schema(text: &str) -> KeySchema {
    let attributes = |part: &str| {
        let attribute = |spelled: &str| {
            let (name, kind) = spelled.split_once(':').expect("name:type");
            let key_type = match kind {
                "S" => KeyType::S,
                "N" => KeyType::N,
                _ => KeyType::B,
            };
            KeyAttribute { name: name.to_owned(), key_type }
        };
        part.split_whitespace().map(attribute).collect()
    };
    let (hash, range) = text.split_once('|').unwrap_or((text, ""));
    KeySchema { hash: attributes(hash), range: attributes(range) }
}

fn analyse(text: &str, of: &str) -> Result<KeyCondition, String> {
    let condition = Condition::parse(ExpressionKind::KeyCondition, text, &mut placeholders(GIVEN));
    condition.and_then(|condition| KeyCondition::from_condition(&condition, &schema(of))).map_err(|e| e.to_string())
}

const TABLE: &str = "pk:S | sk:S";
const INDEX: &str = "h1:S h2:N | r1:S r2:N r3:B";

#[test]
fn ranges() {
    let (x, y) = (|| value("\"x\""), || value("\"y\""));
    let table = [
        ("pk = :s", vec![]),
        ("pk = :s AND sk = :t", vec![Equal(y())]),
        ("sk = :t AND pk = :s", vec![Equal(y())]),
        ("pk = :s AND sk < :t", vec![Less(y())]),
        ("pk = :s AND sk <= :t", vec![LessOrEqual(y())]),
        ("pk = :s AND sk > :t", vec![Greater(y())]),
        ("pk = :s AND sk >= :t", vec![GreaterOrEqual(y())]),
        (":s = pk AND :t > sk", vec![Less(y())]),
        ("pk = :s AND sk BETWEEN :s AND :t", vec![Between(x(), y())]),
        ("pk = :s AND begins_with(sk, :t)", vec![BeginsWith(y())]),
        ("(#pk = :s) AND (#sk = :t)", vec![Equal(y())]),
        ("(#pk = :s AND (#sk = :t))", vec![Equal(y())]),
        ("(#pk = :s AND #sk = :t)", vec![Equal(y())]),
    ];
    for (text, range) in table {
        assert_eq!(analyse(text, TABLE), Ok(KeyCondition { hash: vec![x()], range }), "{text}");
    }
}

#[test]
fn several_attributes() {
    let hash = || vec![value("\"x\""), value("1")];
    let table = [
        ("h2 = :n AND h1 = :s", vec![]),
        ("h1 = :s AND h2 = :n AND r1 > :t", vec![Greater(value("\"y\""))]),
        ("h1 = :s AND h2 = :n AND r1 = :t AND r2 < :two", vec![Equal(value("\"y\"")), Less(value("2"))]),
        (
            "r3 = :b AND r2 = :two AND r1 = :t AND h2 = :n AND h1 = :s",
            vec![Equal(value("\"y\"")), Equal(value("2")), Equal(value("0x01"))],
        ),
    ];
    for (text, range) in table {
        assert_eq!(analyse(text, INDEX), Ok(KeyCondition { hash: hash(), range }), "{text}");
    }
    let refused = [
        ("h1 = :s", "Query condition missed key schema element: h2"),
        ("h1 = :s AND h2 > :n", "Query key condition not supported"),
        (
            "h1 = :s AND h2 = :n AND r2 = :n",
            "RANGE key attributes r1 must have equality conditions specified in the query because a condition is present on \
             key attribute r2",
        ),
        (
            "h1 = :s AND h2 = :n AND r1 > :s AND r2 = :n",
            "RANGE key attributes r1 must have equality conditions specified in the query because a condition is present on \
             key attribute r2",
        ),
    ];
    for (text, expected) in refused {
        assert_eq!(analyse(text, INDEX).expect_err(text), expected, "{text}");
    }
}

#[test]
fn values_longer_than_any_key_are_refused() {
    let check = |size: (usize, usize)| {
        let text = |size| AttributeValue::S("x".repeat(size));
        let given = [(":h", text(size.0)), (":r", text(size.1))].map(|(name, value)| (name.to_owned(), value));
        let mut placeholders = Placeholders::new(None, Some(given.into_iter().collect())).expect("well formed");
        let text = "pk = :h AND sk = :r";
        let condition = Condition::parse(ExpressionKind::KeyCondition, text, &mut placeholders).expect("well formed");
        let part = |name: &str| vec![KeyAttribute { name: name.to_owned(), key_type: model::KeyType::S }];
        let (hash, range) = (part("pk"), part("sk"));
        let found = KeyCondition::from_condition(&condition, &KeySchema { hash, range });
        found.map(drop).map_err(|error| error.to_string())
    };
    let invalid = |text: &str| Err(format!("One or more parameter values were invalid: {text}"));
    assert_eq!(check((2048, 1024)), Ok(()));
    assert_eq!(check((2049, 1024)), invalid("Size of hashkey has exceeded the maximum size limit of2048 bytes"));
    let range = "Aggregated size of all range keys has exceeded the size limit of 1024 bytes";
    assert_eq!(check((2048, 1025)), invalid(range));
}

#[test]
fn refusals() {
    const TYPE: &str = "One or more parameter values were invalid: Condition parameter type does not match schema type";
    let table = [
        ("", TABLE, "Invalid KeyConditionExpression: The expression can not be empty;"),
        ("sk = :s", TABLE, "Query condition missed key schema element: pk"),
        ("attr1 = :s", TABLE, "Query condition missed key schema element: pk"),
        ("pk = :s AND odd = :s", TABLE, "Query condition missed key schema element: sk"),
        ("pk = :s AND odd = :s", "pk:S", "Query key condition not supported"),
        ("pk > :s", TABLE, "Query key condition not supported"),
        ("begins_with(pk, :s)", TABLE, "Query key condition not supported"),
        (
            "pk = :s OR sk = :s",
            TABLE,
            "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: OR",
        ),
        ("NOT pk = :s", TABLE, "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: NOT"),
        ("pk <> :s", TABLE, "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: <>"),
        (
            "pk = :s AND sk IN (:s)",
            TABLE,
            "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: IN",
        ),
        (
            "pk = :s AND attribute_exists(sk)",
            TABLE,
            "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: attribute_exists",
        ),
        (
            "pk = :s AND contains(sk, :s)",
            TABLE,
            "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: contains",
        ),
        (
            "pk = :s AND size(sk) = :n",
            TABLE,
            "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: size",
        ),
        (
            "pk = :s AND pk = :t",
            TABLE,
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
        ),
        (
            "pk = :s AND sk > :s AND sk < :t",
            TABLE,
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
        ),
        (
            "pk = :s AND sk > :s AND odd = :s",
            TABLE,
            "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)",
        ),
        (
            "pk.x = :s",
            TABLE,
            "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes",
        ),
        (
            "pk = sk",
            TABLE,
            "Invalid KeyConditionExpression: Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
        ),
        (
            ":s = :t",
            TABLE,
            "Invalid KeyConditionExpression: Invalid condition in KeyConditionExpression: No key attribute specified",
        ),
        (
            "pk = :s AND begins_with(:s, sk)",
            TABLE,
            "Invalid KeyConditionExpression: Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its \
             first operand",
        ),
        (
            "pk = :s AND :s BETWEEN sk AND :s",
            TABLE,
            "Invalid KeyConditionExpression: Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first \
             operand",
        ),
        ("pk = :n", TABLE, TYPE),
        ("pk = :s AND sk > :n", TABLE, TYPE),
        ("pk = :s AND begins_with(sk, :s)", "pk:S | sk:N", TYPE),
        (
            "pk = :s AND begins_with(sk, :n)",
            "pk:S | sk:N",
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: \
             begins_with, operand type: N",
        ),
        (
            "pk = :empty",
            TABLE,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
             empty string value. Key: pk",
        ),
        (
            "pk = :s AND sk = :none",
            "pk:S | sk:B",
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
             empty binary value. Key: sk",
        ),
        (
            "pk = :s AND sk BETWEEN :t AND :s",
            TABLE,
            "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal \
             to lower bound; lower bound operand: AttributeValue: {S:y}, upper bound operand: AttributeValue: {S:x}",
        ),
        ("pk = :s AND ((sk = :s))", TABLE, "Invalid KeyConditionExpression: The expression has redundant parentheses;"),
    ];
    for (text, of, expected) in table {
        assert_eq!(analyse(text, of).expect_err(text), expected, "{text}");
    }
}

#[test]
fn filters_may_not_name_the_key() {
    let check = |text: &str| {
        let filter = Condition::parse(ExpressionKind::Filter, text, &mut placeholders(GIVEN)).expect("well formed");
        filter.check_non_key(&schema(TABLE)).map_err(|error| error.to_string())
    };
    let refusal = |name| {
        Err(format!("Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"))
    };
    assert_eq!(check("a = :s AND b = :s"), Ok(()));
    assert_eq!(check("a = :s OR attribute_exists(sk)"), refusal("sk"));
    assert_eq!(check("NOT (a < :s OR #pk = :s)"), refusal("pk"));
}
