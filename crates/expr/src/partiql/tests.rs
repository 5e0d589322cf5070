//! What statements mean, by what they do to items.

mod hostile;
mod refusals;

use model::AttributeValue;

use super::*;
use crate::testing::{item, value};

#[track_caller]
fn parsed(text: &str, parameters: &str) -> Statement {
    match parse(text, &list(parameters)) {
        Ok(statement) => statement,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn list(parameters: &str) -> Vec<AttributeValue> {
    match value(parameters) {
        AttributeValue::L(list) => list,
        other => panic!("not a list: {other:?}"),
    }
}

#[track_caller]
fn refused_with(text: &str, parameters: &str, expected: &str) {
    match parse(text, &list(parameters)) {
        Ok(statement) => panic!("{text}: {statement:?}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
    }
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    refused_with(text, "[]", expected);
}

#[track_caller]
fn malformed(text: &str, detail: &str) {
    refused(text, &format!("Statement wasn't well formed, can't be processed: {detail}"));
}

#[track_caller]
fn select(text: &str) -> Select {
    match parsed(text, "[]") {
        Statement::Select(select) => select,
        other => panic!("not a SELECT: {other:?}"),
    }
}

#[test]
fn select_names_its_table_index_and_order() {
    let check = |text: &str, table: &str, index: Option<&str>, order: &[(&str, bool)]| {
        let select = select(text);
        assert_eq!((select.table.as_str(), select.index.as_deref()), (table, index), "{text}");
        let keys: Vec<(&str, bool)> = select.order.iter().map(|key| (key.name.as_str(), key.descending)).collect();
        assert_eq!(keys, order, "{text}");
    };
    check("SELECT * FROM Music", "Music", None, &[]);
    check("select * from \"Music\";", "Music", None, &[]);
    check("SELECT * FROM \"a-b.c\".\"i-x\" WHERE a = 1", "a-b.c", Some("i-x"), &[]);
    check("SELECT * FROM T.I", "T", Some("I"), &[]);
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/T";
    check(&format!("SELECT a FROM \"{arn}\""), arn, None, &[]);
    check("SELECT * FROM T WHERE a = 1 ORDER BY b", "T", None, &[("b", false)]);
    check("SELECT * FROM T ORDER BY a ASC, \"b c\" DESC", "T", None, &[("a", false), ("b c", true)]);
    check("-- all\nSELECT /* of */ * FROM T", "T", None, &[]);
}

#[test]
fn an_update_may_begin_with_from() {
    for (from_first, expected) in [
        ("FROM T WHERE a = 1 SET b = 2", "UPDATE T SET b = 2 WHERE a = 1"),
        ("from T where a = 1 and c = 3 remove b set d = 2;", "UPDATE T REMOVE b SET d = 2 WHERE a = 1 AND c = 3"),
        ("FROM \"T\" WHERE a = 1 SET b = 2 RETURNING ALL NEW *", "UPDATE T SET b = 2 WHERE a = 1 RETURNING ALL NEW *"),
    ] {
        assert_eq!(parsed(from_first, "[]"), parsed(expected, "[]"), "{from_first}");
    }
    // The condition comes first, and so do its parameters.
    let with = |text: &str, parameters: &str| parsed(text, parameters);
    let expected = with("UPDATE T SET b = ? WHERE a = ?", "[2, 1]");
    assert_eq!(with("FROM T WHERE a = ? SET b = ?", "[1, 2]"), expected);
}

#[test]
fn functions_among_columns_are_refused_once_the_table_is_known() {
    for (text, expected) in [
        ("SELECT COUNT(*) FROM T", "Unexpected path component at 1:8:5"),
        ("SELECT a, size(b) FROM T WHERE c = 1", "Unexpected path component at 1:11:4"),
        ("SELECT f(g(1), (2)), h(1) FROM T", "Unexpected path component at 1:8:1"),
    ] {
        assert_eq!(select(text).refused.map(|refusal| refusal.to_string()).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(select("SELECT a FROM T").refused, None);
}

#[test]
fn columns_are_flat() {
    let check = |list: &str, from: &str, expected: &str| {
        let columns = select(&format!("SELECT {list} FROM T")).columns.expect("columns");
        assert_eq!(columns.apply(item(from).view()), item(expected), "{list}");
    };
    let from = "{a: 1, m: {n: \"x\", l: [1, {k: 2}]}, data: true}";
    assert_eq!(select("SELECT * FROM T").columns, None);
    check("a", from, "{a: 1}");
    check("a, \"data\"", from, "{a: 1, data: true}");
    check("m.n", from, "{n: \"x\"}");
    check("m['n'], m", from, "{n: \"x\", m: {n: \"x\", l: [1, {k: 2}]}}");
    check("m.l[0]", from, "{l[0]: 1}");
    check("m.l[1].k", from, "{k: 2}");
    check("z, m.z, m.l[7], a.b", from, "{}");
    let columns = select("SELECT m.n, a, m.l FROM T").columns.expect("columns");
    assert_eq!(columns.attribute_names(), ["m", "a"]);
}

#[test]
fn conditions_select_items() {
    let from = "{a: 1, s: \"abc\", n: null, t: true, l: [1, 2], m: {x: {y: 5}}, b: 0x0102, set: <\"p\", \"q\">, \
                other: 1}";
    let check = |condition: &str, expected: bool| {
        let condition = select(&format!("SELECT * FROM T WHERE {condition}")).condition.expect("a condition");
        assert_eq!(condition.matches(item(from).view()), expected, "{condition:?}");
    };
    for condition in [
        "attribute_exists(a)",
        "ATTRIBUTE_EXISTS(m.x)",
        "attribute_not_exists(z)",
        "NOT attribute_exists(m.z)",
        "attribute_exists(a) = true",
        "attribute_exists(z) = FALSE",
        "attribute_exists(z) <> TRUE",
        "(attribute_exists(z) OR attribute_exists(a))",
        "begins_with(s, 'a') = TRUE",
        "a = 1",
        "1 = a",
        "a = 1.0",
        "a = +1",
        "a > -1",
        "a = other",
        "a <> 2",
        "a != 2",
        "a < 2 AND a <= 1 and a > 0 AND a >= 1",
        "missing_one <> 1",
        "s = 'abc'",
        "s >= 'abb'",
        "t = TRUE",
        "t <> false",
        "n = NULL",
        "l = [1, 2]",
        "m.x = {'y': 5}",
        "m.x.y = 5",
        "m['x']['y'] = 5",
        "l[1] = 2",
        "\"set\" = <<'q', 'p'>>",
        "a BETWEEN 1 AND 2",
        "a NOT BETWEEN 2 AND 3",
        "1 BETWEEN a AND other",
        "a IN (3, 2, 1)",
        "a IN [3, other]",
        "a IN <<1>>",
        "a NOT IN [2]",
        "NOT a IN []",
        "n IS NULL",
        "a IS NOT NULL",
        "z IS NOT NULL",
        "z IS MISSING",
        "a IS NOT MISSING",
        "z = MISSING",
        "a <> MISSING",
        "s IS STRING AND t IS BOOLEAN AND \"set\" IS BAG AND a IS NOT STRING",
        "begins_with(s, 'ab')",
        "BEGINS_WITH(\"s\", 'ab')",
        "contains(s, 'bc') AND contains(\"set\", 'p') AND contains(l, 2)",
        "attribute_type(s, 'S')",
        "size(s) = 3",
        "size('abc') = 3",
        "(size(l)) < 3",
        "SIZE(m.x) = 1",
        "a = 2 OR a = 1",
        "a = 1 OR a = 2 AND a = 3",
        "NOT a = 2",
        "NOT (a = 1 AND a = 2)",
        "NOT NOT a = 1",
        "(a) = (1)",
        "((a = 1))",
        "((((a = 2) OR a = 3) OR a = 4) OR a = 1)",
    ] {
        check(condition, true);
    }
    for condition in [
        "a = 2",
        "a = '1'",
        "z = 1",
        "z IS NULL",
        "n IS MISSING",
        "n IS NOT NULL",
        "(a = 1 OR a = 2) AND a = 3",
        "NOT a = 1",
        "NOT (a = 1 OR a = 2)",
        "a IN []",
        "a IN (2, 3)",
        "begins_with(z, 'a')",
        "s IS BOOL",
    ] {
        check(condition, false);
    }
}

#[test]
fn inserts_hold_any_value() {
    let check = |text: &str, parameters: &str, expected: &str| match parsed(text, parameters) {
        Statement::Insert(insert) => {
            assert_eq!((insert.table.as_str(), insert.item), ("T", item(expected)), "{text}");
        }
        other => panic!("{other:?}"),
    };
    check("INSERT INTO T VALUE {}", "[]", "{}");
    check("insert into \"T\" value {'a': 'it''s', 'b': -1.50}", "[]", "{a: \"it's\", b: -1.5}");
    check(
        "INSERT INTO T VALUE {'a': ?, 'l': [1, ?, {'x': ?}]}",
        "[\"k\", 0x01, <1>]",
        "{a: \"k\", l: [1, 0x01, {x: <1>}]}",
    );
    check("INSERT INTO T VALUE ?", "[{a: 1}]", "{a: 1}");
    check("INSERT INTO T VALUE {'s': <<'b', 'a'>>, 'n': <<2, 1, 4.5>>}", "[]", "{s: <\"a\", \"b\">, n: <1, 2, 4.5>}");
    check("INSERT INTO T VALUE {'b': <<?, ?>>}", "[0x02, 0x01]", "{b: <0x01, 0x02>}");
    check(
        "INSERT INTO T VALUE {'t': TRUE, 'f': false, 'n': Null, 'e': '', 'l': []}",
        "[]",
        "{t: true, f: false, n: null, e: \"\", l: []}",
    );
    check("INSERT INTO T VALUE {'n': 1e3, 'x': +0.10, 'dotted.name': 1}", "[]", "{n: 1000, x: 0.1, dotted.name: 1}");
}

#[test]
fn updates_change_items() {
    let check = |clauses: &str, expected: &str| {
        let from = item("{a: 1, l: [1, 2], m: {x: 1}, s: <\"p\", \"q\">, n: <1>}");
        match parsed(&format!("UPDATE T {clauses} WHERE pk = 'k'"), "[]") {
            Statement::Update(statement) => {
                let updated = statement.update.apply(from).expect("applies");
                assert_eq!(updated, item(expected), "{clauses}");
            }
            other => panic!("{other:?}"),
        }
    };
    let rest = "l: [1, 2], m: {x: 1}, s: <\"p\", \"q\">, n: <1>";
    check("SET a = 2", &format!("{{a: 2, {rest}}}"));
    check("SET data = 'x', a = a + 100", &format!("{{a: 101, data: \"x\", {rest}}}"));
    check("SET a = 5 - a SET b = a", &format!("{{a: 4, b: 1, {rest}}}"));
    check("SET a = a + 1 - 5 + (2 - 1)", &format!("{{a: -2, {rest}}}"));
    check("SET a = a -1", &format!("{{a: 0, {rest}}}"));
    check("REMOVE l REMOVE m.x REMOVE s SET n = 1", "{a: 1, m: {}, n: 1}");
    check(
        "SET l[0] = 9 REMOVE l[1] SET m.y = {'z': [1]}",
        "{a: 1, l: [9], m: {x: 1, y: {z: [1]}}, s: <\"p\", \"q\">, n: <1>}",
    );
    check("SET l = list_append(l, [3])", "{a: 1, l: [1, 2, 3], m: {x: 1}, s: <\"p\", \"q\">, n: <1>}");
    check(
        "SET l = LIST_APPEND([0], list_append(l, l))",
        "{a: 1, l: [0, 1, 2, 1, 2], m: {x: 1}, s: <\"p\", \"q\">, n: <1>}",
    );
    check(
        "SET s = set_add(s, <<'r'>>) SET n = SET_DELETE(n, <<1>>)",
        "{a: 1, l: [1, 2], m: {x: 1}, s: <\"p\", \"q\", \"r\">}",
    );
    check("SET new = set_add(new, <<7>>)", &format!("{{a: 1, new: <7>, {rest}}}"));
}

#[test]
fn writes_say_what_they_return() {
    let check = |text: &str, expected: Option<Returning>| {
        let returning = match parsed(text, "[]") {
            Statement::Update(statement) => statement.returning,
            Statement::Delete(statement) => statement.returning,
            other => panic!("{other:?}"),
        };
        assert_eq!(returning, expected, "{text}");
    };
    let update = "UPDATE T SET a = 1 WHERE pk = 'k'";
    check(update, None);
    check(&format!("{update} RETURNING ALL OLD *"), Some(Returning::AllOld));
    check(&format!("{update} returning modified old *"), Some(Returning::ModifiedOld));
    check(&format!("{update} RETURNING ALL NEW *"), Some(Returning::AllNew));
    check(&format!("{update} RETURNING MODIFIED NEW *"), Some(Returning::ModifiedNew));
    check("DELETE FROM \"T\" WHERE pk = 'k'", None);
    check("DELETE FROM T WHERE pk = 'k' RETURNING ALL OLD *;", Some(Returning::AllOld));
    for clause in ["ALL NEW *", "MODIFIED OLD *", "modified new *"] {
        let text = format!("DELETE FROM T WHERE pk = 'k' RETURNING {clause}");
        let clause = clause.to_uppercase();
        refused(
            &text,
            &format!(
                "Invalid returning clause: RETURNING {clause}. Only RETURNING ALL OLD * is allowed in DELETE statements."
            ),
        );
    }
    let mapping = "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.";
    malformed(&format!("{update} RETURNING OLD *"), mapping);
    malformed(&format!("{update} RETURNING"), mapping);
    malformed(&format!("{update} RETURNING ALL OLD"), "Unexpected term");
    malformed(&format!("{update} RETURNING ALL OLD (a)"), "Unsupported syntax in RETURNING columns.");
}

#[test]
fn exists_is_a_condition() {
    match parsed("EXISTS(SELECT * FROM \"T\" WHERE pk = 'k' AND Awards IS MISSING)", "[]") {
        Statement::Exists(exists) => {
            assert_eq!(exists.table, "T");
            assert!(exists.condition.matches(item("{pk: \"k\"}").view()));
            assert!(!exists.condition.matches(item("{pk: \"k\", Awards: 1}").view()));
        }
        other => panic!("{other:?}"),
    }
    refused("EXISTS(SELECT * FROM T)", "EXISTS() must contain a single item read with additional condition");
    refused("EXISTS(SELECT * FROM T.I WHERE a = 1)", "Reads on indices are not supported within transactions.");
    malformed("EXISTS(SELECT * FROM T WHERE a = 1", "Expected RIGHT_PAREN");
    malformed("EXISTS(DELETE FROM T WHERE a = 1)", "Unexpected term");
}

#[test]
fn parameters_stand_in_their_places_and_are_counted() {
    let text = "UPDATE T SET a = ?, l = list_append(l, ?), s = set_add(s, ?) WHERE pk = ? AND x IN ?";
    match parsed(text, "[1, [2], <3>, \"k\", [4, 5]]") {
        Statement::Update(statement) => {
            let updated = statement.update.apply(item("{l: []}")).expect("applies");
            assert_eq!(updated, item("{a: 1, l: [2], s: <3>}"));
            assert!(statement.condition.matches(item("{pk: \"k\", x: 5}").view()));
        }
        other => panic!("{other:?}"),
    }
    let select = |text: &str, parameters: &str| parsed(&format!("SELECT * FROM T WHERE {text}"), parameters);
    let exists = select("attribute_exists(a)", "[]");
    assert_eq!(select("attribute_exists(a) = ?", "[true]"), exists);
    assert_eq!(select("attribute_exists(a) <> ?", "[false]"), exists);
    let expected = "Number of parameters in request and statement don't match.";
    refused_with("SELECT * FROM T WHERE a = ?", "[]", expected);
    refused_with("SELECT * FROM T WHERE a = ?", "[1, 2]", expected);
    refused_with("SELECT * FROM T WHERE a = 1", "[1]", expected);
    refused_with("INSERT INTO T VALUE ?", "[]", expected);
    refused_with("SELECT * FROM T WHERE a < ?", "[]", expected);
    refused_with("SELECT * FROM T WHERE a = '?'", "[1]", expected);
    malformed("SELECT * FRM T WHERE a = ?", "Expected FROM after SELECT list");
}
