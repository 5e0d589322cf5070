//! What conditions say of keys. Key conditions are spelled `hash|hash: range, range`.

use std::fmt::Write;

use model::KeyType;
use proptest::prelude::*;

use super::*;
use crate::partiql::{Statement, parse};
use crate::testing::{item, value};

fn schema(hash: &[(&str, KeyType)], range: &[(&str, KeyType)]) -> KeySchema {
    let attributes = |list: &[(&str, KeyType)]| {
        list.iter().map(|(name, key_type)| KeyAttribute { name: (*name).to_owned(), key_type: *key_type }).collect()
    };
    KeySchema { hash: attributes(hash), range: attributes(range) }
}

fn composite() -> KeySchema {
    schema(&[("pk", KeyType::S)], &[("sk", KeyType::N)])
}

fn plan(clauses: &str, schema: &KeySchema) -> Result<Plan, PartiqlError> {
    match parse(&format!("SELECT * FROM T {clauses}"), &[]).expect("a statement") {
        Statement::Select(select) => access(select.condition.as_ref(), &select.order, schema),
        other => panic!("{other:?}"),
    }
}

fn spelled_value(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn spelled_range(range: &RangeCondition) -> String {
    let symbol = match range {
        RangeCondition::Equal(_) => "=",
        RangeCondition::Less(_) => "<",
        RangeCondition::LessOrEqual(_) => "<=",
        RangeCondition::Greater(_) => ">",
        RangeCondition::GreaterOrEqual(_) => ">=",
        RangeCondition::Between(..) => "in ",
        RangeCondition::BeginsWith(_) => "^",
    };
    symbol.to_owned() + &range.values().map(spelled_value).collect::<Vec<_>>().join("..")
}

fn spelled(plan: &Plan) -> String {
    let Access::Keys { conditions, descending } = &plan.access else { return "scan".to_owned() };
    let mut text = String::new();
    for condition in conditions {
        let hash: Vec<String> = condition.hash.iter().map(spelled_value).collect();
        let range: Vec<String> = condition.range.iter().map(spelled_range).collect();
        write!(text, "{}{}{}; ", hash.join("|"), if range.is_empty() { "" } else { ":" }, range.join(","))
            .expect("text");
    }
    if *descending {
        text.push_str("descending");
    }
    text.trim_end_matches([' ', ';']).to_owned()
}

/// `filter` is the clause that the leftover filter is equal to, or nothing.
#[track_caller]
fn check_on(schema: &KeySchema, clauses: &str, expected: &str, filter: &str) {
    let plan = plan(clauses, schema).unwrap_or_else(|error| panic!("{clauses}: {error}"));
    assert_eq!(spelled(&plan), expected, "{clauses}");
    let filter = match filter {
        "" => None,
        filter => match parse(&format!("SELECT * FROM T WHERE {filter}"), &[]).expect("a filter") {
            Statement::Select(select) => select.condition,
            other => panic!("{other:?}"),
        },
    };
    assert_eq!(plan.filter, filter, "{clauses}");
}

#[track_caller]
fn check(condition: &str, expected: &str, filter: &str) {
    check_on(&composite(), &format!("WHERE {condition}"), expected, filter);
}

#[test]
fn equality_on_the_hash_attribute_reads_a_partition() {
    check("pk = 'a'", "a", "");
    check("'a' = pk", "a", "");
    check("pk = 'a' AND x = 1", "a", "x = 1");
    check("x = 1 AND (pk = 'a' AND y = 2)", "a", "x = 1 AND y = 2");
    check("pk = 'a' AND pk <> 'b'", "a", "pk <> 'b'");
    check("pk = 'a' AND pk = 'b'", "", "");
    check("pk = 'a' AND (x = 1 OR y = 2)", "a", "x = 1 OR y = 2");
}

#[test]
fn anything_else_scans() {
    for condition in [
        "x = 1",
        "pk > 'a'",
        "pk <> 'a'",
        "NOT pk = 'a'",
        "pk = 'a' OR x = 1",
        "pk.x = 'a'",
        "pk = x",
        "sk = 1",
        "begins_with(pk, 'a')",
        "pk IN ['a', x]",
        "pk NOT IN ['a']",
        "size(pk) = 1",
        "pk IS MISSING",
    ] {
        check(condition, "scan", condition);
    }
    check_on(&composite(), "", "scan", "");
}

#[test]
fn range_conditions_narrow_the_partition() {
    check("pk = 'a' AND sk = 5", "a:=5", "");
    check("sk < 5 AND pk = 'a'", "a:<5", "");
    check("pk = 'a' AND 5 < sk", "a:>5", "");
    check("pk = 'a' AND sk <= 5 AND x = 1", "a:<=5", "x = 1");
    check("pk = 'a' AND sk BETWEEN 1 AND 5", "a:in 1..5", "");
    check("pk = 'a' AND sk >= 1 AND sk <= 5", "a:in 1..5", "");
    check("pk = 'a' AND sk >= 5 AND sk <= 1", "a:>=5", "sk <= 1");
    check("pk = 'a' AND sk > 1 AND sk < 5", "a:>1", "sk < 5");
    check("pk = 'a' AND sk > 1 AND sk BETWEEN 0 AND 9", "a:in 0..9", "sk > 1");
    check("pk = 'a' AND sk <> 5", "a", "sk <> 5");
    check("pk = 'a' AND sk > x", "a", "sk > x");
    check("pk = 'a' AND (sk > 5 OR x = 1)", "a", "sk > 5 OR x = 1");
    let text = schema(&[("pk", KeyType::S)], &[("sk", KeyType::S)]);
    check_on(&text, "WHERE pk = 'a' AND begins_with(sk, 'p')", "a:^p", "");
}

#[test]
fn lists_and_alternatives_read_several() {
    check("pk IN ['b', 'a', 'b']", "b; a", "");
    check("pk IN ('b', 'a') AND sk > 1", "b:>1; a:>1", "");
    check("pk IN []", "", "");
    check("pk IN ['a', 'b'] AND pk IN ['b', 'c']", "b", "");
    check("pk = 'a' AND sk IN [3, 1, 2]", "a:=1; a:=2; a:=3", "");
    check("pk IN ['b', 'a'] AND sk IN [2, 1]", "b:=1; b:=2; a:=1; a:=2", "");
    check("pk = 'a' OR pk = 'b'", "a; b", "pk = 'a' OR pk = 'b'");
    let condition = "pk = 'a' AND x = 1 OR pk = 'b' OR pk = 'a' AND y = 1";
    check(condition, "a; b", condition);
    let condition = "pk = 'a' AND sk = 1 OR pk = 'b' AND sk = 2";
    check(condition, "a:=1; a:=2; b:=1; b:=2", condition);
}

#[test]
fn indexes_of_several_attributes_are_read_from_left_to_right() {
    let index = schema(&[("a", KeyType::S), ("b", KeyType::N)], &[("c", KeyType::S), ("d", KeyType::N)]);
    let check = |condition: &str, expected: &str, filter: &str| {
        check_on(&index, &format!("WHERE {condition}"), expected, filter);
    };
    check("a = 'x' AND b = 1", "x|1", "");
    check("a = 'x'", "scan", "a = 'x'");
    check("a IN ['x', 'y'] AND b IN [1, 2]", "x|1; x|2; y|1; y|2", "");
    check("a = 'x' AND b = 1 AND c = 'p' AND d > 2", "x|1:=p,>2", "");
    check("a = 'x' AND b = 1 AND d > 2", "x|1", "d > 2");
    check("a = 'x' AND b = 1 AND c > 'p' AND d = 2", "x|1:>p", "d = 2");
}

#[test]
fn order_is_given_by_keys() {
    let check = |clauses: &str, expected: &str| {
        let plan = plan(clauses, &composite()).unwrap_or_else(|error| panic!("{clauses}: {error}"));
        assert_eq!(spelled(&plan), expected, "{clauses}");
    };
    check("WHERE pk = 'a' ORDER BY sk", "a");
    check("WHERE pk = 'a' ORDER BY sk DESC", "a; descending");
    check("WHERE pk = 'a' ORDER BY pk DESC", "a");
    check("WHERE pk = 'a' AND sk IN [1, 3, 2] ORDER BY sk DESC", "a:=3; a:=2; a:=1; descending");
    check("WHERE pk IN ['b', 'c', 'a'] ORDER BY pk", "a; b; c");
    check("WHERE pk IN ['b', 'c', 'a'] ORDER BY pk DESC, sk DESC", "c; b; a; descending");
    let refused = |clauses: &str, expected: &str| {
        let error = plan(clauses, &composite()).expect_err(clauses);
        assert_eq!(error.to_string(), expected, "{clauses}");
    };
    refused("ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause.");
    refused(
        "WHERE x = 1 ORDER BY sk",
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
    );
    refused("WHERE pk = 'a' ORDER BY x", "Variable reference x in ORDER BY clause must be part of the primary key");
    refused(
        "WHERE pk IN ['a', 'b'] ORDER BY sk",
        "Must have the hash key first in ORDER BY clause when WHERE clause has several hash key values.",
    );
}

#[test]
fn key_values_are_judged() {
    let refused = |condition: &str, expected: &str| {
        let error = plan(&format!("WHERE {condition}"), &composite()).expect_err(condition);
        assert_eq!(error.to_string(), expected, "{condition}");
    };
    let kind = "One or more parameter values were invalid: Condition parameter type does not match schema type";
    refused("pk = 1", kind);
    refused("pk IN ['a', 1]", kind);
    refused("pk = 'a' AND sk = 'x'", kind);
    refused("pk = 'a' AND sk > 'x'", kind);
    refused("pk = 'a' AND begins_with(sk, 'x')", kind);
    refused(
        "pk = ''",
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         string value. Key: pk",
    );
    let list = |count: usize| (0..count).map(|at| format!("'{at}'")).collect::<Vec<_>>().join(",");
    assert!(plan(&format!("WHERE pk IN [{}]", list(50)), &composite()).is_ok());
    refused(
        &format!("pk IN [{}]", list(51)),
        "The IN operator is provided with too many operands; number of operands: 51",
    );
}

#[test]
fn many_range_values_are_a_filter() {
    let numbers = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>().join(",");
    let condition = format!("sk IN [{}]", numbers(60));
    check(&format!("pk IN ['a', 'b'] AND {condition}"), "a; b", &condition);
}

#[test]
fn keys_of_single_items_are_found() {
    let check = |condition: &str, key: Option<&str>, rest: Option<&str>| {
        let of = |condition: &str| match parse(&format!("DELETE FROM T WHERE {condition}"), &[]).expect("a statement") {
            Statement::Delete(delete) => delete.condition,
            other => panic!("{other:?}"),
        };
        let expected = key.map(|key| (item(key), rest.map(of)));
        assert_eq!(key_of(&of(condition), &composite()), expected, "{condition}");
    };
    check("pk = 'a' AND sk = 1", Some("{pk: \"a\", sk: 1}"), None);
    check("1 = sk AND x = 2 AND pk = 'a'", Some("{pk: \"a\", sk: 1}"), Some("x = 2"));
    check(
        "pk = 'a' AND sk = 1 AND (x = 2 OR y = 3) AND z IS MISSING",
        Some("{pk: \"a\", sk: 1}"),
        Some("(x = 2 OR y = 3) AND z IS MISSING"),
    );
    check("pk = 'a' AND sk = 1 AND pk = 'b'", Some("{pk: \"a\", sk: 1}"), Some("pk = 'b'"));
    for condition in [
        "pk = 'a'",
        "sk = 1",
        "pk = 'a' AND sk > 1",
        "pk = 'a' OR sk = 1",
        "pk IN ['a'] AND sk = 1",
        "NOT (pk = 'a' AND sk = 1)",
    ] {
        check(condition, None, None);
    }
}

#[test]
fn full_keys_are_distinguished_from_ranges() {
    let check = |condition: &str, expected: Option<&str>| {
        let plan = plan(&format!("WHERE {condition}"), &composite()).expect("a plan");
        let Access::Keys { conditions, .. } = plan.access else { panic!("scans") };
        assert_eq!(full_key(&conditions[0], &composite()), expected.map(item), "{condition}");
    };
    check("pk = 'a' AND sk = 1", Some("{pk: \"a\", sk: 1}"));
    check("pk = 'a' AND sk >= 1", None);
    check("pk = 'a'", None);
}

/// Whether a row with this key lies in what a key condition reads.
fn reads(condition: &KeyCondition, schema: &KeySchema, row: &Attributes) -> bool {
    let value = |name: &str| row.get(name).expect("a key attribute");
    let in_hash = schema.hash.iter().zip(&condition.hash).all(|(own, wanted)| value(&own.name) == wanted);
    let in_range = schema.range.iter().zip(&condition.range).all(|(own, range)| {
        let compare = |bound: &AttributeValue| value(&own.name).view().compare(&bound.view()).expect("ordered");
        match range {
            RangeCondition::Equal(bound) => compare(bound).is_eq(),
            RangeCondition::Less(bound) => compare(bound).is_lt(),
            RangeCondition::LessOrEqual(bound) => compare(bound).is_le(),
            RangeCondition::Greater(bound) => compare(bound).is_gt(),
            RangeCondition::GreaterOrEqual(bound) => compare(bound).is_ge(),
            RangeCondition::Between(low, high) => compare(low).is_ge() && compare(high).is_le(),
            RangeCondition::BeginsWith(_) => unreachable!("numbers have no prefixes"),
        }
    });
    in_hash && in_range
}

fn any_condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "pk = '[abc]'",
        2 => "pk IN \\['[abc]', '[abc]'\\]",
        1 => "pk <> '[abc]'",
        2 => "sk (=|<|<=|>|>=|<>) [0-4]",
        1 => "[0-4] (<|>=) sk",
        1 => "sk IN \\([0-4], [0-4]\\)",
        1 => "sk BETWEEN [0-2] AND [2-4]",
        1 => "x = [01]",
        1 => "x = sk",
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            1 => proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            1 => inner.prop_map(|part| format!("NOT ({part})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

    /// A plan answers with the items that satisfy the condition, each once.
    #[test]
    fn plans_find_what_conditions_select(condition in any_condition()) {
        let schema = composite();
        let plan = match plan(&format!("WHERE {condition}"), &schema) {
            Ok(plan) => plan,
            Err(PartiqlError::OverlappingConditions) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        let whole = match parse(&format!("DELETE FROM T WHERE {condition}"), &[]) {
            Ok(Statement::Delete(delete)) => delete.condition,
            other => panic!("{other:?}"),
        };
        for (pk, sk, x) in (0..3 * 5 * 2).map(|at| (["a", "b", "c"][at % 3], at / 3 % 5, at / 15)) {
            let row = item(&format!("{{pk: \"{pk}\", sk: {sk}, x: {x}}}"));
            let read = match &plan.access {
                Access::Scan => 1,
                Access::Keys { conditions, .. } => conditions.iter().filter(|keys| reads(keys, &schema, &row)).count(),
            };
            prop_assert!(read <= 1, "{pk} {sk} is read {read} times");
            let passes = plan.filter.as_ref().is_none_or(|filter| filter.matches(row.view()));
            prop_assert_eq!(read == 1 && passes, whole.matches(row.view()), "{} {} {}", pk, sk, x);
        }
    }
}

/// Source: captures, eu-west-2 and us-east-1, 2026.
#[test]
fn alternatives_of_a_partition_do_not_overlap() {
    let refused = |condition: &str| plan(&format!("WHERE {condition}"), &composite()).err();
    for condition in [
        "pk = 'a' AND x = 1 OR pk = 'a' AND sk = 2",
        "pk = 'a' AND x <> 1 OR pk = 'a' AND sk = 2",
        "pk = 'a' AND sk > 2 OR pk = 'b' OR pk = 'a' AND x = 1",
    ] {
        assert_eq!(refused(condition), Some(PartiqlError::OverlappingConditions), "{condition}");
    }
    for condition in [
        "pk = 'a' AND NOT sk = 1 OR pk = 'a' AND sk = 2",
        "pk = 'a' AND sk <> 1 OR pk = 'a' AND sk = 2",
        "pk = 'a' OR pk = 'a' AND NOT sk = 1",
        "pk = 'a' AND x = 1 OR pk = 'b' AND sk = 2",
        "pk = 'a' AND x = 1 OR pk = 'a' AND y = 2",
        "x = 1 OR pk = 'a' AND sk = 2",
    ] {
        assert_eq!(refused(condition), None, "{condition}");
    }
}

/// Values are found among others by their bytes, so that many large ones are no work of the square of their number.
#[test]
fn equal_values_have_the_same_bytes() {
    let values = [
        r#""a""#,
        "0x61",
        "1.0",
        "1",
        r#"<"b", "a">"#,
        r#"<"a", "b">"#,
        "{x: 10, y: null}",
        "{y: null, x: 1e1}",
        r#"["a"]"#,
        r#"["a", "a"]"#,
        "<1, 10>",
        "<10.0, 1>",
    ];
    let values = values.map(value);
    for a in &values {
        for b in &values {
            assert_eq!(bytes_of(a) == bytes_of(b), a == b, "{a:?} {b:?}");
        }
    }
}
