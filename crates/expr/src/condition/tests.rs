//! Tables of conditions: which texts are refused and how, and which conditions hold for which items.

use model::limits::EXPRESSION_SIZE_MAX;

use crate::error::ExpressionKind;
use crate::testing::{item, placeholders};
use crate::{Condition, ExpressionError, Update};

const GIVEN: &str = r##"{#a: "a", #b: "b.c", #st: "status", :s: "x", :t: "y", :n: 1, :two: 2, :b: 0x01, :bool: true,
    :null: null, :l: [1], :m: {x: 1}, :ss: <"x">, :ns: <1>, :empty: "", :type: "S", :typo: "str"}"##;

fn parse(kind: ExpressionKind, text: &str) -> Result<Condition, ExpressionError> {
    Condition::parse(kind, text, &mut placeholders(GIVEN))
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    for kind in [ExpressionKind::Condition, ExpressionKind::Filter] {
        let error = parse(kind, text).expect_err(text);
        assert_eq!(error.to_string(), format!("Invalid {}: {expected}", kind.parameter()), "{text}");
    }
}

#[test]
fn syntax_errors_name_the_token_and_its_neighbours() {
    let table = [
        ("a-b", "-", "a-b"),
        ("a = :s b", "b", ":s b"),
        ("a", "<EOF>", "a"),
        ("a = ", "<EOF>", "="),
        ("a =  = b", "=", "=  = b"),
        ("a = )", ")", "= )"),
        ("()", ")", "()"),
        ("(a = :s", "<EOF>", ":s"),
        ("a = :s)", ")", ":s)"),
        ("a AND b = :s", "AND", "a AND b"),
        ("(a = :s AND b)", ")", "b)"),
        ("a = :s AND", "<EOF>", "AND"),
        ("a = :s AND OR b = :s", "OR", "AND OR b"),
        ("AND a = :s", "AND", "AND a"),
        ("a = :s OR AND", "AND", "OR AND"),
        ("_type = :s", "_", "_type"),
        ("__typename <> :s", "_", "__"),
        ("tenantAgent:abc123-xyz = :s", ":abc123", "tenantAgent:abc123-"),
        ("#a attribute_not_exists :s", "attribute_not_exists", "#a attribute_not_exists :s"),
        ("!!! INVALID !!!", "!", "!!"),
        ("a BETWEEN :n OR :n", "OR", ":n OR :n"),
        ("a IN :n", ":n", "IN :n"),
        ("a IN ()", ")", "()"),
        ("a IN (:n", "<EOF>", ":n"),
        ("a[b] = :n", "b", "[b]"),
        ("a[:n] = :n", ":n", "[:n]"),
        ("a. = :n", "=", ". = :n"),
        ("size(a", "<EOF>", "a"),
        ("size() = :n", ")", "() ="),
        ("a = :n = :n", "=", ":n = :n"),
        ("(a = :n) = :n", "=", ") = :n"),
        ("a < > :n", ">", "< > :n"),
        ("a == :n", "=", "== :n"),
        ("'a' = :n", "'", "'a"),
    ];
    for (text, token, near) in table {
        refused(text, &format!("Syntax error; token: \"{token}\", near: \"{near}\""));
    }
}

#[test]
fn other_refusals() {
    let table = [
        ("", "The expression can not be empty;"),
        (" \t\n", "The expression can not be empty;"),
        ("status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("a.Name = :s", "Attribute name is a reserved keyword; reserved keyword: Name"),
        ("size = :s", "Attribute name is a reserved keyword; reserved keyword: size"),
        ("((a = :s))", "The expression has redundant parentheses;"),
        ("((a = :s)) AND ((b = :s))", "The expression has redundant parentheses;"),
        ("((a)) = :s", "The expression has redundant parentheses;"),
        ("a = ((:s))", "The expression has redundant parentheses;"),
        ("((a = :s AND b = :s))", "The expression has redundant parentheses;"),
        ("nope(a)", "Invalid function name; function: nope"),
        ("SIZE(a) > :n", "Invalid function name; function: SIZE"),
        ("a = nope(b)", "Invalid function name; function: nope"),
        (
            "attribute_exists(a) = :bool",
            "The function is not allowed to be used this way in an expression; function: attribute_exists",
        ),
        ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        ("NOT (size(a))", "The function is not allowed to be used this way in an expression; function: size"),
        (
            "#missing = :s",
            "An expression attribute name used in the document path is not defined; attribute name: #missing",
        ),
        ("a = :missing", "An expression attribute value used in expression is not defined; attribute value: :missing"),
        (
            "a = :missing AND #missing = :s",
            "An expression attribute name used in the document path is not defined; attribute name: #missing",
        ),
        (
            "attribute_exists(a, b)",
            "Incorrect number of operands for operator or function; operator or function: attribute_exists, number \
             of operands: 2",
        ),
        (
            "begins_with(a)",
            "Incorrect number of operands for operator or function; operator or function: begins_with, number of \
             operands: 1",
        ),
        (
            "size(a, b) > :n",
            "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2",
        ),
        (
            "attribute_exists(:s)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "attribute_not_exists((:s))",
            "Operator or function requires a document path; operator or function: attribute_not_exists",
        ),
        ("begins_with(((a)), :s)", "The expression has redundant parentheses;"),
        (
            "a = a",
            "The first operand must be distinct from the remaining operands for this operator or function; operator: \
             =, first operand: [a]",
        ),
        (
            "contains(#a.x[2], a.x[2])",
            "The first operand must be distinct from the remaining operands for this operator or function; operator: \
             contains, first operand: [a, x, [2]]",
        ),
        (
            "a IN (:s, a)",
            "The first operand must be distinct from the remaining operands for this operator or function; operator: \
             IN, first operand: [a]",
        ),
        ("a < :bool", "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"),
        ("a >= :m", "Incorrect operand type for operator or function; operator or function: >=, operand type: M"),
        (
            "a BETWEEN :l AND :l",
            "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: L",
        ),
        (
            "begins_with(a, :n)",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        (
            "begins_with(a, size(b))",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        (
            "contains(:n, a)",
            "Incorrect operand type for operator or function; operator or function: contains, operand type: N",
        ),
        (
            "size(:n) = :n",
            "Incorrect operand type for operator or function; operator or function: size, operand type: N",
        ),
        (
            "size(size(a)) = :n",
            "Incorrect operand type for operator or function; operator or function: size, operand type: N",
        ),
        (
            "attribute_type(a, :n)",
            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
        ),
        (
            "attribute_type(a, :typo)",
            "Invalid attribute type name found; type: str, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        ),
        (
            "a BETWEEN :two AND :n",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound \
             operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
        ),
        (
            "a BETWEEN :s AND :n",
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: \
             AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:1}",
        ),
    ];
    for (text, expected) in table {
        refused(text, expected);
    }
}

#[test]
fn functions_of_updates_are_named_with_the_kind_of_expression() {
    let check = |kind, phrase: &str| {
        let error = parse(kind, "a = if_not_exists(a, :s)").expect_err("not a condition's function");
        let expected = format!("The function is not allowed in {phrase}; function: if_not_exists");
        assert_eq!(error.to_string(), format!("Invalid {}: {expected}", kind.parameter()));
    };
    check(ExpressionKind::Condition, "a condition expression");
    check(ExpressionKind::Filter, "a filter expression");
}

#[test]
fn limits() {
    let text = "a".repeat(EXPRESSION_SIZE_MAX + 1);
    refused(&text, "Expression size has exceeded the maximum allowed size; expression size: 4097");

    let list = |count| format!("a IN ({})", vec![":n"; count].join(","));
    assert!(parse(ExpressionKind::Condition, &list(100)).is_ok());
    refused(&list(101), "The IN operator is provided with too many operands; number of operands: 101");

    let chain = |count| vec!["a=:s"; count].join(" OR ");
    assert!(parse(ExpressionKind::Condition, &chain(150)).is_ok(), "299 operators");
    refused(&chain(151), "The expression contains too many operators; operator count: 301");
}

/// Every text of the greatest size ends in an answer, whatever it nests.
#[test]
fn deep_nesting_is_survived() {
    let fill = |open: &str, middle: &str, close: &str| {
        let times = (EXPRESSION_SIZE_MAX - middle.len()) / (open.len() + close.len());
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    for text in [
        fill("(", "", ""),
        fill("(", "a=:s", ")"),
        fill("NOT ", "a=:s", ""),
        fill("NOT(", "a=:s", ")"),
        fill("(a=:s OR", "(a=:s)", ")"),
        fill("size(", "a", ")"),
        fill("a=(", ":s", ")"),
        fill("a[0].", "a=:s", ""),
    ] {
        let _ = parse(ExpressionKind::Condition, &text);
        let _ = Update::parse(&format!("SET a={}", &text[..text.len() - 6]), &mut placeholders(GIVEN));
    }
    let nots = "NOT ".repeat(300) + "a = :s";
    assert!(parse(ExpressionKind::Condition, &nots).is_err(), "301 operators");
}

#[track_caller]
fn check(text: &str, of: &str, expected: bool) {
    let condition = parse(ExpressionKind::Condition, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(condition.matches(item(of).view()), expected, "{text} of {of}");
}

#[test]
fn comparisons() {
    let table = [
        ("a = :s", r#"{a: "x"}"#, true),
        (":s = a", r#"{a: "x"}"#, true),
        ("a = :n", "{a: 1.0}", true),
        ("a = :n", r#"{a: "1"}"#, false),
        ("a = :l", "{a: [1]}", true),
        ("a = :m", "{a: {x: 1}}", true),
        ("a = :m", "{a: {x: 1, y: 1}}", false),
        ("a = :ss", r#"{a: <"x">}"#, true),
        ("a = :null", "{a: null}", true),
        ("a = :bool", "{a: true}", true),
        ("a = :bool", "{a: false}", false),
        ("a = :s", "{}", false),
        ("a <> :s", "{}", true),
        ("a <> :s", "{a: 1}", true),
        ("a <> :s", r#"{a: "x"}"#, false),
        ("a < :two", "{a: 1}", true),
        ("a < :two", "{a: 2}", false),
        ("a <= :two", "{a: 2}", true),
        ("a > :n", "{a: 1.5}", true),
        ("a >= :n", "{a: 1}", true),
        ("a > :n", r#"{a: "x"}"#, false),
        ("a > :n", "{}", false),
        ("a < :n", "{}", false),
        ("a < b", "{a: 0x00, b: 0x01}", true),
        ("a < b", r#"{a: 1, b: "2"}"#, false),
        ("a BETWEEN :n AND :two", "{a: 1}", true),
        ("a BETWEEN :n AND :two", "{a: 2}", true),
        ("a BETWEEN :n AND :two", "{a: 2.1}", false),
        ("a BETWEEN :n AND :two", r#"{a: "1"}"#, false),
        ("a BETWEEN b AND c", "{a: 2, b: 1, c: 3}", true),
        (":n BETWEEN a AND b", "{a: 0, b: 1}", true),
        ("a IN (:s, :n)", "{a: 1}", true),
        ("a IN (:s, :n)", "{a: 2}", false),
        ("a IN (:s, b)", "{a: 2, b: 2}", true),
        ("a IN (b)", "{}", false),
        ("(a) = (:s)", r#"{a: "x"}"#, true),
        ("((size(a)) > :n) AND (b = :n)", r#"{a: "xx", b: 1}"#, true),
    ];
    for (text, of, expected) in table {
        check(text, of, expected);
    }
}

#[test]
fn functions() {
    let table = [
        ("attribute_exists(a)", "{a: null}", true),
        ("attribute_exists(a.x[1])", "{a: {x: [1, 2]}}", true),
        ("attribute_exists(a.x[2])", "{a: {x: [1, 2]}}", false),
        ("attribute_not_exists(a.x)", "{a: [1]}", true),
        ("attribute_not_exists(#b)", "{b: {c: 1}}", true),
        ("attribute_exists(#b)", "{b.c: 1}", true),
        ("attribute_type(a, :type)", r#"{a: ""}"#, true),
        ("attribute_type(a, :type)", "{a: 1}", false),
        ("attribute_type(a, :type)", "{}", false),
        ("attribute_type(:s, :type)", "{}", true),
        ("attribute_type(:n, :type)", "{}", false),
        ("attribute_type((a), (:type))", r#"{a: ""}"#, true),
        ("size((a)) = (:n)", r#"{a: "x"}"#, true),
        ("begins_with(a, :s)", r#"{a: "xyz"}"#, true),
        ("begins_with(a, :s)", r#"{a: "yx"}"#, false),
        ("begins_with(a, :empty)", r#"{a: "yx"}"#, true),
        ("begins_with(a, :b)", "{a: 0x0102}", true),
        ("begins_with(a, :b)", r#"{a: "x"}"#, false),
        ("begins_with(a, b)", r#"{a: "xy", b: "x"}"#, true),
        ("contains(a, :s)", r#"{a: "axb"}"#, true),
        ("contains(a, :s)", r#"{a: <"x", "y">}"#, true),
        ("contains(a, :n)", "{a: <1, 2>}", true),
        ("contains(a, :n)", r#"{a: <"1">}"#, false),
        ("contains(a, :n)", r#"{a: ["x", 1]}"#, true),
        ("contains(a, :m)", "{a: [{x: 1}]}", true),
        ("contains(a, :b)", "{a: 0x0301}", true),
        ("contains(a, :b)", "{a: <0x01, 0x02>}", true),
        ("contains(a, :n)", "{a: 11}", false),
        ("contains(:s, a)", r#"{a: "x"}"#, true),
        ("size(a) = :two", r#"{a: "ab"}"#, true),
        ("size(a) = :two", r#"{a: "😀"}"#, true),
        ("size(a) = :two", "{a: 0x0001}", true),
        ("size(a) = :two", "{a: [1, 2]}", true),
        ("size(a) = :two", "{a: {x: 1, y: 2}}", true),
        ("size(a) = :two", "{a: <1, 2>}", true),
        ("size(a) = :two", "{a: 2}", false),
        ("size(a) <> :two", "{a: 2}", false),
        ("size(a) <> :two", "{}", false),
        ("NOT size(a) = :two", "{}", true),
        ("size(a) < size(b)", r#"{a: "", b: "x"}"#, true),
        ("size(:s) = :n", "{}", true),
    ];
    for (text, of, expected) in table {
        check(text, of, expected);
    }
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    let table = [
        ("a = :n OR b = :n AND c = :n", "{a: 1}", true),
        ("(a = :n OR b = :n) AND c = :n", "{a: 1}", false),
        ("b = :n AND c = :n OR a = :n", "{a: 1}", true),
        ("NOT a = :n AND b = :n", "{a: 2, b: 1}", true),
        ("NOT (a = :n AND b = :n)", "{a: 1, b: 2}", true),
        ("NOT (a = :n OR b = :n)", "{a: 1}", false),
        ("NOT NOT a = :n", "{a: 1}", true),
        ("not a = :n or b = :n", "{a: 1, b: 1}", true),
        ("NOT (a) = :n", "{a: 2}", true),
        ("a BETWEEN :n AND :two AND b = :n", "{a: 1, b: 1}", true),
        ("(a = :n) AND (b = :n) OR (NOT (c = :n))", "{c: 1}", false),
        ("(a = :n AND (b = :n))", "{a: 1, b: 1}", true),
        ("NOT (NOT (a = :n))", "{a: 1}", true),
    ];
    for (text, of, expected) in table {
        check(text, of, expected);
    }
}

#[test]
fn attribute_names_are_the_top_level_ones() {
    let text = "a.b[0] = :n AND size(c) > #b OR contains(a, x) AND attribute_type(d, :type)";
    let condition = parse(ExpressionKind::Filter, text).expect("well formed");
    assert_eq!(condition.attribute_names(), ["a", "c", "b.c", "x", "d"]);
}
