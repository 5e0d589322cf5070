//! Tables of legacy parameters.

use api::ComparisonOperator::{self, *};
use api::{AttributeAction, AttributeValueUpdate};
use model::{AttributeValue, KeyAttribute, KeySchema, KeyType};

use super::*;
use crate::testing::{item, value};
use crate::{KeyCondition, RangeCondition};

fn values(texts: &[&str]) -> Vec<AttributeValue> {
    texts.iter().map(|text| value(text)).collect()
}

fn one(operator: ComparisonOperator, texts: &[&str]) -> api::Condition {
    api::Condition { comparison_operator: operator, attribute_value_list: Some(values(texts)) }
}

fn conditions(entries: &[(&str, ComparisonOperator, &[&str])]) -> Conditions {
    entries.iter().map(|(name, operator, texts)| ((*name).to_owned(), one(*operator, texts))).collect()
}

#[track_caller]
fn check(operator: ComparisonOperator, texts: &[&str], of: &str, holds: bool) {
    let condition = filter(Some(conditions(&[("a", operator, texts)])), None)
        .unwrap_or_else(|error| panic!("{operator:?} {texts:?}: {error}"))
        .expect("a condition");
    assert_eq!(condition.matches(item(of).view()), holds, "{operator:?} {texts:?} of {of}");
}

#[test]
fn operators() {
    check(Eq, &["1"], "{a: 1}", true);
    check(Eq, &["1"], r#"{a: "1"}"#, false);
    check(Eq, &["[1]"], "{a: [1]}", true);
    check(Eq, &["true"], "{a: true}", true);
    check(Ne, &["1"], "{a: 2}", true);
    check(Ne, &["1"], "{}", true);
    check(Lt, &["1"], "{a: 0}", true);
    check(Le, &["1"], "{a: 1}", true);
    check(Gt, &["1"], "{a: 1}", false);
    check(Ge, &["1"], "{a: 1}", true);
    check(Ge, &["1"], r#"{a: "2"}"#, false);
    check(Between, &["1", "2"], "{a: 2}", true);
    check(Between, &["1", "2"], "{a: 3}", false);
    check(In, &["1", "3"], "{a: 3}", true);
    check(In, &["1", "3"], "{a: 2}", false);
    check(Null, &[], "{}", true);
    check(Null, &[], "{a: null}", false);
    check(NotNull, &[], "{a: null}", true);
    check(Contains, &["\"x\""], r#"{a: "axb"}"#, true);
    check(Contains, &["\"x\""], r#"{a: <"x">}"#, true);
    check(Contains, &["1"], "{a: [1]}", true);
    check(NotContains, &["1"], "{a: <2>}", true);
    check(NotContains, &["2"], "{a: <2>}", false);
    check(NotContains, &["2"], "{}", false);
    check(BeginsWith, &["\"x\""], r#"{a: "xy"}"#, true);
}

#[test]
fn names_are_not_paths() {
    let condition = filter(Some(conditions(&[("a.b", Eq, &["1"])])), None).expect("valid").expect("a condition");
    assert!(condition.matches(item("{a.b: 1}").view()));
    assert!(!condition.matches(item("{a: {b: 1}}").view()));
}

#[test]
fn conditions_are_joined() {
    let both = || Some(conditions(&[("a", Eq, &["1"]), ("b", Eq, &["1"])]));
    let holds =
        |operator, of: &str| filter(both(), operator).expect("valid").expect("a condition").matches(item(of).view());
    assert!(!holds(None, "{a: 1}"));
    assert!(!holds(Some(ConditionalOperator::And), "{a: 1}"));
    assert!(holds(Some(ConditionalOperator::Or), "{a: 1}"));
    assert!(holds(None, "{a: 1, b: 1}"));
    assert_eq!(filter(None, None), Ok(None));
    let refusal = |given, operator| filter(given, operator).expect_err("refused").to_string();
    assert_eq!(
        refusal(None, Some(ConditionalOperator::Or)),
        "ConditionalOperator cannot be used without Filter or Expected"
    );
    assert_eq!(
        refusal(Some(conditions(&[("a", Null, &[])])), Some(ConditionalOperator::Or)),
        "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    );
}

#[test]
fn refused_values() {
    let invalid = |rest: &str| format!("One or more parameter values were invalid: {rest}");
    let count = |name: &str| invalid(&format!("Invalid number of argument(s) for the {name} ComparisonOperator"));
    let kind = |name: &str, kind: &str| {
        invalid(&format!("ComparisonOperator {name} is not valid for {kind} AttributeValue type"))
    };
    let table: Vec<(ComparisonOperator, &[&str], String)> = vec![
        (Eq, &[], count("EQ")),
        (Eq, &["1", "2"], count("EQ")),
        (Between, &["1"], count("BETWEEN")),
        (In, &[], count("IN")),
        (Null, &["1"], count("NULL")),
        (NotNull, &["1"], count("NOT_NULL")),
        (Contains, &["\"a\"", "\"b\""], count("CONTAINS")),
        (Contains, &["<\"a\">"], kind("CONTAINS", "SS")),
        (Gt, &["[1]"], kind("GT", "L")),
        (Le, &["true"], kind("LE", "BOOL")),
        (BeginsWith, &["1"], kind("BEGINS_WITH", "N")),
        (In, &["<1>"], kind("IN", "NS")),
        (In, &["1", "\"x\""], invalid("AttributeValues inside AttributeValueList must all be of the same type")),
        (
            Between,
            &["2", "1"],
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound".into(),
        ),
    ];
    for (operator, texts, expected) in table {
        let error = filter(Some(conditions(&[("a", operator, texts)])), None).expect_err("refused");
        assert_eq!(error.to_string(), expected, "{operator:?} {texts:?}");
    }
}

fn expect(entry: ExpectedAttributeValue) -> Result<Condition, String> {
    let entries = [("a".to_owned(), entry)].into_iter().collect();
    expected(Some(entries), None).map(|condition| condition.expect("a condition")).map_err(|error| error.to_string())
}

#[test]
fn expectations() {
    let none = ExpectedAttributeValue::default;
    let given = || Some(value("1"));
    let table = [
        (ExpectedAttributeValue { exists: Some(false), ..none() }, "{}", true),
        (ExpectedAttributeValue { exists: Some(false), ..none() }, "{a: 1}", false),
        (ExpectedAttributeValue { value: given(), ..none() }, "{a: 1}", true),
        (ExpectedAttributeValue { value: given(), exists: Some(true), ..none() }, "{a: 2}", false),
        (ExpectedAttributeValue { value: given(), comparison_operator: Some(Gt), ..none() }, "{a: 2}", true),
        (ExpectedAttributeValue { comparison_operator: Some(NotNull), ..none() }, "{a: 2}", true),
        (
            ExpectedAttributeValue {
                comparison_operator: Some(Between),
                attribute_value_list: Some(values(&["1", "2"])),
                ..none()
            },
            "{a: 2}",
            true,
        ),
    ];
    for (entry, of, holds) in table {
        let condition = expect(entry.clone()).unwrap_or_else(|error| panic!("{entry:?}: {error}"));
        assert_eq!(condition.matches(item(of).view()), holds, "{entry:?} of {of}");
    }
}

#[test]
fn refused_expectations() {
    let none = ExpectedAttributeValue::default;
    let given = || Some(value("1"));
    let list = || Some(values(&["1"]));
    let table = [
        (none(), "Value must be provided when Exists is null for Attribute: a"),
        (
            ExpectedAttributeValue { exists: Some(true), ..none() },
            "Value must be provided when Exists is true for Attribute: a",
        ),
        (
            ExpectedAttributeValue { exists: Some(false), value: given(), ..none() },
            "Value cannot be used when Exists is false for Attribute: a",
        ),
        (
            ExpectedAttributeValue { exists: Some(true), attribute_value_list: list(), ..none() },
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        (
            ExpectedAttributeValue { exists: Some(true), comparison_operator: Some(Eq), ..none() },
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            ExpectedAttributeValue {
                value: given(),
                attribute_value_list: list(),
                comparison_operator: Some(Eq),
                ..none()
            },
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
        (
            ExpectedAttributeValue { comparison_operator: Some(Eq), ..none() },
            "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a",
        ),
    ];
    for (entry, expected) in table {
        let error = expect(entry).expect_err(expected);
        assert_eq!(error, format!("One or more parameter values were invalid: {expected}"));
    }
}

fn schema() -> KeySchema {
    let attribute = |name: &str, key_type| KeyAttribute { name: name.to_owned(), key_type };
    KeySchema { hash: vec![attribute("pk", KeyType::S)], range: vec![attribute("sk", KeyType::N)] }
}

#[test]
fn key_conditions_become_ranges() {
    let table: Vec<(ComparisonOperator, &[&str], RangeCondition)> = vec![
        (Eq, &["1"], RangeCondition::Equal(value("1"))),
        (Lt, &["1"], RangeCondition::Less(value("1"))),
        (Le, &["1"], RangeCondition::LessOrEqual(value("1"))),
        (Gt, &["1"], RangeCondition::Greater(value("1"))),
        (Ge, &["1"], RangeCondition::GreaterOrEqual(value("1"))),
        (Between, &["1", "2"], RangeCondition::Between(value("1"), value("2"))),
    ];
    for (operator, texts, range) in table {
        let given = conditions(&[("pk", Eq, &["\"x\""]), ("sk", operator, texts)]);
        let expected = KeyCondition { hash: values(&["\"x\""]), range: vec![range] };
        assert_eq!(key_conditions(given).and_then(|parts| parts.analyse(&schema())), Ok(expected), "{operator:?}");
    }
    let given = conditions(&[("pk", Eq, &["\"x\""])]);
    assert_eq!(
        key_conditions(given).and_then(|parts| parts.analyse(&schema())),
        Ok(KeyCondition { hash: values(&["\"x\""]), range: vec![] })
    );
}

/// An index has up to four attributes of each kind, and a condition for each of them.
#[test]
fn key_conditions_of_an_index_with_several_attributes() {
    let attribute = |name: &str| KeyAttribute { name: name.to_owned(), key_type: KeyType::N };
    let schema = KeySchema {
        hash: vec![attribute("h1"), attribute("h2")],
        range: vec![attribute("r1"), attribute("r2"), attribute("r3")],
    };
    let given = conditions(&[("r1", Eq, &["3"]), ("h2", Eq, &["2"]), ("r2", Gt, &["4"]), ("h1", Eq, &["1"])]);
    let expected = KeyCondition {
        hash: values(&["1", "2"]),
        range: vec![RangeCondition::Equal(value("3")), RangeCondition::Greater(value("4"))],
    };
    assert_eq!(key_conditions(given).and_then(|parts| parts.analyse(&schema)), Ok(expected));
}

#[test]
fn refused_key_conditions() {
    const UNINDEXABLE: &str = "Attempted conditional constraint is not an indexable operation";
    let hash: (&str, ComparisonOperator, &[&str]) = ("pk", Eq, &["\"x\""]);
    type Entry<'a> = (&'a str, ComparisonOperator, &'a [&'a str]);
    let table: Vec<(Vec<Entry<'_>>, &str)> = vec![
        (vec![], "Conditions can be of length 1 or 2 only"),
        (vec![hash, ("sk", Eq, &["1"]), ("x", Eq, &["1"])], "Conditions can be of length 1 or 2 only"),
        (vec![("sk", Eq, &["1"])], "Query condition missed key schema element: pk"),
        (vec![hash, ("x", Eq, &["1"])], "Query condition missed key schema element: sk"),
        (vec![("pk", Gt, &["\"x\""])], "Query key condition not supported"),
        (vec![hash, ("sk", Ne, &["1"])], UNINDEXABLE),
        (vec![hash, ("sk", In, &["1"])], UNINDEXABLE),
        (vec![hash, ("sk", NotNull, &[])], UNINDEXABLE),
        (vec![hash, ("sk", Contains, &["1"])], UNINDEXABLE),
        (
            vec![hash, ("sk", Eq, &["\"1\""])],
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            vec![hash, ("sk", Between, &["2", "1"])],
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
        ),
    ];
    for (given, expected) in table {
        let error = key_conditions(conditions(&given)).and_then(|parts| parts.analyse(&schema())).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn query_filters_may_not_name_the_key() {
    let condition = filter(Some(conditions(&[("sk", Eq, &["1"])])), None).expect("valid").expect("a condition");
    assert_eq!(
        condition.check_non_key_legacy(&schema()).expect_err("names the key").to_string(),
        "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"
    );
}

fn update(action: Option<AttributeAction>, given: Option<&str>, old: &str) -> Result<model::Attributes, String> {
    let entry = AttributeValueUpdate { value: given.map(value), action };
    let updates = [("a".to_owned(), entry)].into_iter().collect();
    let updated = attribute_updates(updates).and_then(|update| update.apply(item(old)));
    updated.map_err(|error| error.to_string())
}

#[test]
fn updates() {
    use AttributeAction::{Add, Delete, Put};
    let table = [
        (None, Some("1"), "{}", "{a: 1}"),
        (Some(Put), Some("\"x\""), "{a: 1}", r#"{a: "x"}"#),
        (Some(Add), Some("2"), "{}", "{a: 2}"),
        (Some(Add), Some("2"), "{a: 1}", "{a: 3}"),
        (Some(Add), Some("<2>"), "{a: <1>}", "{a: <1, 2>}"),
        (Some(Add), Some("[2]"), "{}", "{a: [2]}"),
        (Some(Add), Some("[2]"), "{a: [1]}", "{a: [1, 2]}"),
        (Some(Delete), None, "{a: 1, b: 2}", "{b: 2}"),
        (Some(Delete), None, "{}", "{}"),
        (Some(Delete), Some("<1>"), "{a: <1, 2>}", "{a: <2>}"),
        (Some(Delete), Some("<1>"), "{a: <1>}", "{}"),
        (Some(Delete), Some("<1>"), "{}", "{}"),
    ];
    for (action, given, old, new) in table {
        assert_eq!(update(action, given, old), Ok(item(new)), "{action:?} {given:?} of {old}");
    }
    let invalid = |rest: &str| format!("One or more parameter values were invalid: {rest}");
    let mismatch = || "Type mismatch for attribute to update".to_owned();
    let without = || invalid("Only DELETE action is allowed when no attribute value is specified");
    let refused = [
        (None, None, "{}", without()),
        (Some(Add), None, "{}", without()),
        (Some(Add), Some("\"x\""), "{}", invalid("ADD action is not supported for the type STRING")),
        (Some(Add), Some("{}"), "{}", invalid("ADD action is not supported for the type MAP")),
        (Some(Delete), Some("1"), "{}", invalid("DELETE action with value is not supported for the type NUMBER")),
        (Some(Add), Some("1"), r#"{a: "x"}"#, mismatch()),
        (Some(Add), Some("[1]"), "{a: 1}", mismatch()),
        (Some(Delete), Some("<1>"), r#"{a: <"x">}"#, mismatch()),
    ];
    for (action, given, old, expected) in refused {
        assert_eq!(update(action, given, old), Err(expected), "{action:?} {given:?} of {old}");
    }
}

#[test]
fn attributes_to_get_are_top_level() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let projection = attributes_to_get(&names(&["a.b", "c"])).expect("valid");
    assert_eq!(projection.apply(item("{a: {b: 1}, a.b: 2, c: 3, d: 4}").view()), item("{a.b: 2, c: 3}"));
    assert_eq!(
        attributes_to_get(&names(&["a", "b", "a"])).expect_err("repeated").to_string(),
        "One or more parameter values were invalid: Duplicate value in attribute name: a"
    );
}

/// As many names as no expression has.
#[test]
fn very_many_names() {
    let names = || (0..2000).map(|at| format!("n{at:04}"));
    let put = |name: String| (name, AttributeValueUpdate { action: None, value: Some(value("1")) });
    let delete = |name: String| (name, AttributeValueUpdate { action: Some(AttributeAction::Delete), value: None });
    let old = item("{a: 0, n0007: 0, z: 0}");
    let new = attribute_updates(names().map(put).collect()).expect("valid").apply(old.clone()).expect("valid");
    assert_eq!(new.len(), 2002);
    assert_eq!(new.get("n0007"), Some(&value("1")));
    let absent = |name| (name, api::Condition { comparison_operator: Null, attribute_value_list: None });
    let condition = filter(Some(names().map(absent).collect()), None).expect("valid").expect("a condition");
    for (of, holds) in [(&new, false), (&old, false), (&item("{a: 0, z: 0}"), true)] {
        let stored = model::codec::compact::OwnedMap::from(of.view());
        assert_eq!(condition.matches(model::MapRef::Compact(stored.view())), holds);
        assert_eq!(condition.matches(of.view()), holds);
    }
    let left = attribute_updates(names().map(delete).collect()).expect("valid").apply(new).expect("valid");
    assert_eq!(left, item("{a: 0, z: 0}"));
}
