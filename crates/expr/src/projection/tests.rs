//! Tables of projections.

use model::DocumentPath;

use crate::Projection;
use crate::testing::{item, placeholders};

const GIVEN: &str = r##"{#a: "a", #dot: "a.b"}"##;

#[track_caller]
fn check(text: &str, of: &str, expected: &str) {
    let projection =
        Projection::parse(text, &mut placeholders(GIVEN)).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(projection.apply(item(of).view()), item(expected), "{text} of {of}");
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = Projection::parse(text, &mut placeholders(GIVEN)).expect_err(text);
    assert_eq!(error.to_string(), format!("Invalid ProjectionExpression: {expected}"), "{text}");
}

#[test]
fn parts_of_items() {
    check("a", "{a: 1, b: 2}", "{a: 1}");
    check("b, a", "{a: 1, b: 2, c: 3}", "{a: 1, b: 2}");
    check("c", "{a: 1}", "{}");
    check("#dot", "{a: {b: 1}, a.b: 2}", "{a.b: 2}");
    check("a.b", "{a: {b: 1, c: 2}}", "{a: {b: 1}}");
    check("a.b, #a.c", "{a: {b: 1, c: 2, d: 3}}", "{a: {b: 1, c: 2}}");
    check("a.x", "{a: {b: 1}}", "{}");
    check("a.b", "{a: [1]}", "{}");
    check("a[0]", "{a: {b: 1}}", "{}");
    check("a[2], a[0]", "{a: [1, 2, 3]}", "{a: [1, 3]}");
    check("a[7]", "{a: [1, 2, 3]}", "{}");
    check("a[1].b, a[0]", "{a: [1, {b: 2, c: 3}]}", "{a: [1, {b: 2}]}");
    check("a[1][0]", "{a: [1, [2, 3]]}", "{a: [[2]]}");
    check("a[4294967294]", "{a: [1]}", "{}");
}

#[test]
fn refused_texts() {
    refused("", "The expression can not be empty;");
    refused("!!! INVALID !!!", r#"Syntax error; token: "!", near: "!!""#);
    refused("a,", r#"Syntax error; token: "<EOF>", near: ",""#);
    for index in ["4294967295", "99999999999999999999999"] {
        let text = format!("List index is not within the allowable range; index: [{index}]");
        refused(&format!("a[{index}]"), &text);
    }
    refused("a b", r#"Syntax error; token: "b", near: "a b""#);
    refused("a, :v", r#"Syntax error; token: ":v", near: ", :v""#);
    refused("a, name", "Attribute name is a reserved keyword; reserved keyword: name");
    refused("#x", "An expression attribute name used in the document path is not defined; attribute name: #x");
    refused(
        "a, b, #a",
        "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path \
         two: [a]",
    );
    refused(
        "a.b, a[0]",
        "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], \
         path two: [a, [0]]",
    );
}

#[test]
fn names_are_the_top_level_ones() {
    let projection = Projection::parse("c[1], b.x, b.y, #dot", &mut placeholders(GIVEN)).expect("well formed");
    assert_eq!(projection.attribute_names().collect::<Vec<_>>(), ["a.b", "b", "c"]);
}

#[test]
fn paths_that_meet_take_the_whole() {
    let deep = DocumentPath { name: "a".into(), steps: vec![model::PathElement::Name("b".into())] };
    let top = DocumentPath::top("a");
    for paths in [[&deep, &top], [&top, &deep]] {
        let projected = Projection::of(paths).apply(item("{a: {b: 1, c: 2}}").view());
        assert_eq!(projected, item("{a: {b: 1, c: 2}}"));
    }
}

/// As many names as only legacy parameters have, in any order, those of no attribute among them.
#[test]
fn many_names() {
    let names: Vec<String> = (0..100).rev().map(|at| format!("n{at:02}")).collect();
    let projection = crate::legacy::attributes_to_get(&names).unwrap();
    let given = item("{n00: 1, n07: {n08: 2}, n99: [3], n1: 4, x: 5}");
    let expected = item("{n00: 1, n07: {n08: 2}, n99: [3]}");
    assert_eq!(projection.apply(given.view()), expected);
    let stored = model::codec::compact::OwnedMap::from(given.view());
    let stored = model::MapRef::Compact(stored.view());
    assert_eq!(projection.apply(stored), expected);
}
