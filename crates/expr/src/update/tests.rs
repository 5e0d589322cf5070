//! Tables of updates: which texts are refused and how, and what becomes of which items.

use crate::Update;
use crate::testing::{item, placeholders};

const GIVEN: &str = r##"{#a: "a", #b: "b", #pk: "pk", :s: "x", :n: 1, :two: 2, :max: 1e125, :bool: true, :l: [1], :none: [],
    :m: {x: 1}, :ss: <"x", "z">, :ns: <1, 3>, :bs: <0x01>}"##;

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = Update::parse(text, &mut placeholders(GIVEN)).expect_err(text);
    assert_eq!(error.to_string(), format!("Invalid UpdateExpression: {expected}"), "{text}");
}

#[test]
fn refused_texts() {
    let table = [
        ("", "The expression can not be empty;"),
        ("INVALID SYNTAX HERE", r#"Syntax error; token: "INVALID", near: "INVALID SYNTAX""#),
        ("set _something = :s", r#"Syntax error; token: "_", near: "set _something""#),
        ("ADD hits : incr", r#"Syntax error; token: ":", near: "hits : incr""#),
        ("SET", r#"Syntax error; token: "<EOF>", near: "SET""#),
        ("SET a = :s,", r#"Syntax error; token: "<EOF>", near: ",""#),
        ("SET a = :s b = :s", r#"Syntax error; token: "b", near: ":s b =""#),
        ("SET a = :n + :n + :n", r#"Syntax error; token: "+", near: ":n + :n""#),
        ("SET a + :n", r#"Syntax error; token: "+", near: "a + :n""#),
        ("SET :s = a", r#"Syntax error; token: ":s", near: "SET :s =""#),
        ("REMOVE a = :s", r#"Syntax error; token: "=", near: "a = :s""#),
        ("ADD a b", r#"Syntax error; token: "b", near: "a b""#),
        ("DELETE a", r#"Syntax error; token: "<EOF>", near: "a""#),
        ("SET add = :s", r#"Syntax error; token: "add", near: "SET add =""#),
        ("SET a = :s SET b = :s", r#"The "SET" section can only be used once in an update expression;"#),
        ("ADD a :n REMOVE b add c :n", r#"The "ADD" section can only be used once in an update expression;"#),
        ("SET status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("SET a = nope(b)", "Invalid function name; function: nope"),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        (
            "SET #missing = :s",
            "An expression attribute name used in the document path is not defined; attribute name: #missing",
        ),
        ("SET a = :v", "An expression attribute value used in expression is not defined; attribute value: :v"),
        (
            "SET a = if_not_exists(a)",
            "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of \
             operands: 1",
        ),
        (
            "SET a = list_append(a, b, c)",
            "Incorrect number of operands for operator or function; operator or function: list_append, number of \
             operands: 3",
        ),
        (
            "SET a = if_not_exists(:s, :s)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "SET a = list_append(a, :m)",
            "Incorrect operand type for operator or function; operator or function: list_append, operand type: M",
        ),
        ("SET a = a + :s", "Incorrect operand type for operator or function; operator or function: +, operand type: S"),
        (
            "SET a = if_not_exists(a, :l) - :n",
            "Incorrect operand type for operator or function; operator or function: -, operand type: L",
        ),
        (
            "ADD a :l",
            "Incorrect operand type for operator or function; operator: ADD, operand type: LIST, typeSet: \
             ALLOWED_FOR_ADD_OPERAND",
        ),
        (
            "DELETE a :n",
            "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: \
             ALLOWED_FOR_DELETE_OPERAND",
        ),
        ("SET a = ((:s))", "The expression has redundant parentheses;"),
        ("SET a = ((a)) + :n", "The expression has redundant parentheses;"),
        ("SET a = a + ((:n))", "The expression has redundant parentheses;"),
        ("SET a = ((a + :n))", "The expression has redundant parentheses;"),
        ("SET a = if_not_exists(((a)), :n)", "The expression has redundant parentheses;"),
        ("SET a = (a", r#"Syntax error; token: "<EOF>", near: "a""#),
        ("SET a = (a) + :n)", r#"Syntax error; token: ")", near: ":n)""#),
        ("SET a = (a + :n) + :n", r#"Syntax error; token: "+", near: ") + :n""#),
        (
            "SET a = list_append(list_append(a, :l), :l)",
            "The function is not allowed to be used this way in an expression; function: list_append",
        ),
        (
            "SET a = list_append(:l, list_append(a, :l))",
            "The function is not allowed to be used this way in an expression; function: list_append",
        ),
        (
            "SET a = if_not_exists(a, list_append(b, :l))",
            "The function is not allowed to be used this way in an expression; function: list_append",
        ),
        (
            "SET a = list_append(a, :l) + :n",
            "The function is not allowed to be used this way in an expression; function: list_append",
        ),
        (
            "SET a = :s, #a = :s",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], \
             path two: [a]",
        ),
        (
            "SET a = :s REMOVE a.b[1]",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], \
             path two: [a, b, [1]]",
        ),
        (
            "SET a.b = :s ADD a[1] :n",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, \
             b], path two: [a, [1]]",
        ),
    ];
    for (text, expected) in table {
        refused(text, expected);
    }
}

fn apply(text: &str, old: &str) -> Result<model::Attributes, String> {
    let update = Update::parse(text, &mut placeholders(GIVEN)).unwrap_or_else(|error| panic!("{text}: {error}"));
    update.apply(item(old)).map_err(|error| error.to_string())
}

#[track_caller]
fn check(text: &str, old: &str, new: &str) {
    let updated = apply(text, old).unwrap_or_else(|error| panic!("{text} of {old}: {error}"));
    assert_eq!(updated, item(new), "{text} of {old}");
}

#[test]
fn set() {
    check("SET a = :s", "{}", r#"{a: "x"}"#);
    check("SET a = :s", "{a: 1}", r#"{a: "x"}"#);
    check("SET a = b, b = a", "{a: 1, b: 2}", "{a: 2, b: 1}");
    check("SET a = a + :n, b = a", "{a: 1}", "{a: 2, b: 1}");
    check("SET a = :n - a", "{a: 3}", "{a: -2}");
    check("SET a = (a - :n)", "{a: 1}", "{a: 0}");
    check("SET a = (a) + (:n)", "{a: 1}", "{a: 2}");
    check("SET a = ((a) + :n)", "{a: 1}", "{a: 2}");
    check("SET a = (a + (:n))", "{a: 1}", "{a: 2}");
    check("SET a = (if_not_exists((b), (:n))) - a", "{a: 1}", "{a: 0}");
    check("SET a = (b), b = (a)", "{a: 1, b: 2}", "{a: 2, b: 1}");
    check("SET a = list_append((a), (:l))", "{a: [0]}", "{a: [0, 1]}");
    check("SET a = if_not_exists(a, :n) + :two", "{}", "{a: 3}");
    check("SET a = if_not_exists(b.c, b)", "{b: 1}", "{a: 1, b: 1}");
    check("SET a = if_not_exists(b.c, b)", "{b: {c: 2}}", "{a: 2, b: {c: 2}}");
    check("SET a = list_append(a, :l)", "{a: [0]}", "{a: [0, 1]}");
    check("SET a = list_append(:l, a)", "{a: [0]}", "{a: [1, 0]}");
    check("SET a = list_append(if_not_exists(a, :none), :l)", "{}", "{a: [1]}");
    check("SET a.b.c = :n", "{a: {b: {}}}", "{a: {b: {c: 1}}}");
    check("SET a[1] = :s", "{a: [1, 2, 3]}", r#"{a: [1, "x", 3]}"#);
    check("SET a[5] = :s", "{a: [1]}", r#"{a: [1, "x"]}"#);
    check("SET a[9] = :s, a[7] = :n, a[0] = :two", "{a: [1]}", r#"{a: [2, 1, "x"]}"#);
    check("SET a[0].b[0] = :n", "{a: [{b: []}]}", "{a: [{b: [1]}]}");
    check("SET #a.#pk = :n", "{a: {}}", "{a: {pk: 1}}");
}

#[test]
fn remove() {
    check("REMOVE a", "{a: 1, b: 2}", "{b: 2}");
    check("REMOVE a, c", "{b: 2}", "{b: 2}");
    check("REMOVE a.b", "{a: {b: 1, c: 2}}", "{a: {c: 2}}");
    check("REMOVE a.b", "{a: {c: 2}}", "{a: {c: 2}}");
    check("REMOVE a[0], a[2]", "{a: [1, 2, 3, 4]}", "{a: [2, 4]}");
    check("REMOVE a[2], a[0], a[1]", "{a: [1, 2, 3]}", "{a: []}");
    check("REMOVE a[7]", "{a: [1]}", "{a: [1]}");
    check("REMOVE a[0], a[1].b, a[2][0]", "{a: [1, {b: 1}, [2, 3]]}", "{a: [{}, [3]]}");
    check("SET a[9] = :s, a[1] = :two REMOVE a[0], a[3]", "{a: [1, 1, 1]}", r#"{a: [2, 1, "x"]}"#);
}

#[test]
fn add_and_delete() {
    check("ADD a :n", "{}", "{a: 1}");
    check("ADD a :n", "{a: 1.5}", "{a: 2.5}");
    check("ADD a :ss", "{}", r#"{a: <"x", "z">}"#);
    check("ADD a :ss", r#"{a: <"y", "x">}"#, r#"{a: <"x", "y", "z">}"#);
    check("ADD a :ns, b :bs", "{a: <2>, b: <0x02>}", "{a: <1, 2, 3>, b: <0x01, 0x02>}");
    check("ADD a.b :n", "{a: {}}", "{a: {b: 1}}");
    check("ADD a[0] :n", "{a: [1]}", "{a: [2]}");
    check("ADD a[3] :n", "{a: [1]}", "{a: [1, 1]}");
    check("DELETE a :ss", r#"{a: <"x", "y">}"#, r#"{a: <"y">}"#);
    check("DELETE a :ss", r#"{a: <"x">, b: 1}"#, "{b: 1}");
    check("DELETE a :ss", "{b: 1}", "{b: 1}");
    check("DELETE a.b :ns", "{a: {b: <1, 3, 5>}}", "{a: {b: <5>}}");
    check("DELETE a[0] :ns", "{a: [<1>, 2]}", "{a: [2]}");
    check("SET a = :s REMOVE b ADD c :n DELETE d :bs", "{b: 1, d: <0x01, 0x02>}", r#"{a: "x", c: 1, d: <0x02>}"#);
}

#[test]
fn items_that_cannot_take_the_update() {
    const MISSING: &str = "The provided expression refers to an attribute that does not exist in the item";
    const PATH: &str = "The document path provided in the update expression is invalid for update";
    const TYPE: &str = "An operand in the update expression has an incorrect data type";
    let table = [
        ("SET a = b", "{}", MISSING),
        ("SET a = a + :n", "{}", MISSING),
        ("SET a = list_append(b, :l)", "{}", MISSING),
        ("SET a = a + :n", r#"{a: "1"}"#, TYPE),
        ("SET a = list_append(a, :l)", "{a: <1>}", TYPE),
        ("SET a.b = :n", "{}", PATH),
        ("SET a.b = :n", "{a: 1}", PATH),
        ("SET a.b = :n", "{a: [1]}", PATH),
        ("SET a[0] = :n", "{a: {b: 1}}", PATH),
        ("SET a.b.c = :n", "{a: {}}", PATH),
        ("SET a[2].c = :n", "{a: []}", PATH),
        ("REMOVE a.b", "{}", PATH),
        ("REMOVE a[0]", "{a: {b: 1}}", PATH),
        ("ADD a.b :n", "{}", PATH),
        ("DELETE a.b :ss", "{}", PATH),
        ("ADD a :n", r#"{a: "x"}"#, TYPE),
        ("ADD a :n", "{a: [1]}", TYPE),
        ("ADD a :ss", "{a: <1>}", TYPE),
        ("ADD a :ss", "{a: 1}", TYPE),
        ("DELETE a :ss", "{a: <1>}", TYPE),
        (
            "SET a = :max + a",
            "{a: 9e125}",
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
        (
            "ADD a :n",
            "{a: 1e50}",
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
    ];
    for (text, old, expected) in table {
        assert_eq!(apply(text, old).expect_err(text), expected, "{text} of {old}");
    }
}

#[test]
fn nesting_is_limited_by_place_and_value_together() {
    let nested = |levels: usize| format!("{}1{}", "{x: ".repeat(levels), "}".repeat(levels));
    let set = |text: &str, value: usize, item_levels: usize| {
        let given = format!("{{:v: {}}}", nested(value));
        let update = Update::parse(text, &mut placeholders(&given)).expect("well formed");
        update.apply(item(&format!("{{a: {}}}", nested(item_levels)))).map(drop).map_err(|error| error.to_string())
    };
    let refusal = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                   supported limit";
    assert_eq!(set("SET a = :v", 31, 0), Ok(()));
    assert_eq!(set("SET a = :v", 32, 0), Err(refusal.to_owned()));
    assert_eq!(set("SET a.x.x = :v", 29, 3), Ok(()));
    assert_eq!(set("SET a.x.x = :v", 30, 3), Err(refusal.to_owned()));
}

#[track_caller]
fn images(text: &str, old: &str, updated_old: &str, updated_new: &str) {
    let update = Update::parse(text, &mut placeholders(GIVEN)).expect("well formed");
    let old = item(old);
    assert_eq!(update.image(old.view()), item(updated_old), "old of {text}");
    let new = update.apply(old).expect("applicable");
    assert_eq!(update.image(new.view()), item(updated_new), "new of {text}");
}

#[test]
fn images_of_what_was_updated() {
    images("SET a = :n", "{a: 0, b: 0}", "{a: 0}", "{a: 1}");
    images("SET a = :n REMOVE b", "{b: 0}", "{b: 0}", "{a: 1}");
    images("SET a.b = :n", "{a: {b: 0, c: 0}}", "{a: {b: 0}}", "{a: {b: 1}}");
    images("ADD a :n DELETE b :ss", r#"{b: <"x", "y">}"#, r#"{b: <"x", "y">}"#, r#"{a: 1, b: <"y">}"#);
    images("SET a[7] = :s, a[2] = :n REMOVE a[0]", "{a: [5, 6, 7]}", "{a: [5, 7]}", r#"{a: [6, "x"]}"#);
    images("SET a[3] = :s", "{a: [5, 6, 7]}", "{}", r#"{a: ["x"]}"#);
    images("SET a[4] = :s", "{a: [5, 6, 7]}", "{}", "{}");
    images("REMOVE a[1]", "{a: [5, 6, 7]}", "{a: [6]}", "{a: [7]}");
    images("REMOVE a[2]", "{a: [5, 6, 7]}", "{a: [7]}", "{}");
    images("REMOVE a", "{a: 1, b: 1}", "{a: 1}", "{}");
}

#[test]
fn updates_that_only_take_away() {
    let table = [("REMOVE a", true), ("DELETE a :ss", true), ("REMOVE a SET b = :n", false), ("ADD a :n", false)];
    for (text, only_clears) in table {
        let update = Update::parse(text, &mut placeholders(GIVEN)).expect("well formed");
        assert_eq!(update.only_clears(), only_clears, "{text}");
    }
    assert!(!Update::default().only_clears());
}

#[test]
fn names_of_what_is_read_and_written() {
    let text = "SET a = if_not_exists(b.x, c) + d REMOVE e.f ADD g :n DELETE h :ss";
    let update = Update::parse(text, &mut placeholders(GIVEN)).expect("well formed");
    assert_eq!(update.attribute_names(), ["a", "b", "c", "d", "e", "g", "h"]);
    let paths: Vec<String> = update.paths().map(ToString::to_string).collect();
    assert_eq!(paths, ["a", "e.f", "g", "h"]);
}

#[test]
fn a_statement_is_charged_as_it_is_written() {
    let table = [
        ("SET a = :s", 3 + 19 + 1 + 1),
        ("SET #a = :s", 3 + 19 + 1 + 1),
        ("SET a = :s, b = :ss", 3 + (19 + 1 + 1) + (19 + 1 + 2)),
        ("SET a = :l", 3 + 19 + 1 + (3 + 1 + 2)),
        ("SET a = :m", 3 + 19 + 1 + (3 + 1 + 1 + 2)),
        ("SET a.leaf[10] = :s", 3 + 19 + 1 + (4 + 4) + (4 + 2) + 1),
        ("SET a[0] = :s", 3 + 19 + 1 + (4 + 1) + 1),
        ("SET a = abcdefghij", 3 + 19 + 1 + (1 + 14 + 10)),
        ("SET a = b.c[7]", 3 + 19 + 1 + (1 + 15 + 15 + 15)),
        ("SET a = a + :n", 3 + 19 + 1 + 34 + 16 + 2),
        ("SET a = a - :n", 3 + 19 + 1 + 37 + 16 + 2),
        ("SET a = if_not_exists(a, :s)", 3 + 19 + 1 + 39 + 16 + 1),
        ("SET a = list_append(if_not_exists(a, :none), :l)", 3 + 19 + 1 + 37 + (39 + 16 + 3) + 6),
        ("ADD a :n", 3 + 19 + 1 + 2),
        ("ADD a :ss", 3 + 19 + 1 + 2),
        ("REMOVE a, b.c", 3 + (1 + 1) + (1 + 1 + 4 + 1)),
        ("DELETE a :ss", 3 + 1 + 1),
        ("SET a = :s REMOVE b DELETE c :ss ADD d :n", 3 + 21 + 2 + 2 + 22),
    ];
    for (text, size) in table {
        let update = Update::parse(text, &mut placeholders(GIVEN)).expect("well formed");
        assert_eq!(update.statement_size(), size, "{text}");
    }
    assert_eq!(Update::default().statement_size(), 3);
}

/// An update ends as soon as what it writes cannot be an item any more: copies of a large value do not add up.
#[test]
fn updates_that_write_too_much() {
    let large = "x".repeat(150 * 1024);
    let old = item(&format!("{{b: \"{large}\", l: [\"{large}\"]}}"));
    let apply = |text: &str| {
        let update = Update::parse(text, &mut placeholders(GIVEN)).expect("well formed");
        update.apply(old.clone()).map(|_| ()).map_err(|error| error.to_string())
    };
    let too_large = Err("Item size to update has exceeded the maximum allowed size".to_owned());
    assert_eq!(apply("SET x = b, y = b"), Ok(()));
    let sets: Vec<String> = (0..300).map(|at| format!("x{at} = b")).collect();
    assert_eq!(apply(&format!("SET {}", sets.join(", "))), too_large);
    assert_eq!(apply("SET x = list_append(l, l), y = if_not_exists(zz, b)"), too_large);
    // What comes behind is not looked at any more.
    assert_eq!(apply("SET x = b, y = b, z = b, a = nothing"), too_large);
    assert_eq!(
        apply("SET x = b, a = nothing"),
        Err("The provided expression refers to an attribute that does not exist in the item".to_owned())
    );
}
