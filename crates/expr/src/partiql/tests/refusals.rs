//! What is refused, and in which words.

use super::*;

#[test]
fn texts_that_are_not_partiql_are_refused() {
    malformed("", "Unexpected term");
    malformed("SLECT * FROM \"T\" WHERE a = 1", "Expected data manipulation");
    malformed("UPSERT INTO T VALUE {}", "Unexpected token after expression");
    malformed("AND a = 1", "Unexpected operator");
    malformed("INSERT", "Unexpected keyword");
    malformed("EXISTS", "Expected data manipulation");
    malformed("SELECT", "Unexpected term");
    for (text, word) in [("SELECT FROM T", "from"), ("select a, From T", "from"), ("SELECT WHERE a = 1", "where")] {
        let detail =
            format!("Expected identifier or an expression but found unexpected keyword '{word}' in a select list.");
        malformed(text, &detail);
    }
    for columns in ["*, a", "a, *"] {
        malformed(
            &format!("SELECT {columns} FROM T"),
            "Other expressions may not be present in the select list when '*' is used without dot notation.",
        );
    }
    malformed("SELECT * T", "Expected FROM after SELECT list");
    malformed("SELECT a AS 'b' FROM T", "Expected identifier for AS-alias");
    malformed("SELECT * b FROM T", "Expected FROM after SELECT list");
    malformed("SELECT date FROM T", "Unexpected keyword");
    malformed("SELECT 'a' FROM T", "Unexpected term");
    malformed("SELECT a, , b FROM T", "Unexpected term");
    malformed("SELECT a.select FROM T", "Invalid path dot component");
    malformed("SELECT a.5 FROM T", "Expected FROM after SELECT list");
    malformed("SELECT a[-1] FROM T", "Invalid path component for simple path");
    malformed("SELECT a[1 FROM T", "Expected RIGHT_BRACKET");
    malformed("SELECT * FROM", "Unexpected term");
    malformed("SELECT * FROM 'T'", "Unexpected term");
    malformed("SELECT * FROM a-b", "Unexpected token after expression");

    for text in ["SELECT * FROM T; SELECT * FROM T", "DELETE FROM T WHERE a = 1;;"] {
        malformed(text, "Unexpected token after semicolon. (Only one query is allowed.)");
    }
    malformed("SELECT * FROM T WHERE", "Unexpected term");
    malformed("SELECT * FROM T WHERE a", "Unexpected term");
    malformed("SELECT * FROM T WHERE a =", "Missing right-hand side expression of infix operator");
    malformed("SELECT * FROM T WHERE a = = 1", "Unexpected operator");
    malformed("SELECT * FROM T WHERE a = 1 AND", "Missing right-hand side expression of infix operator");
    malformed("SELECT * FROM T WHERE a = 1 OR;", "Unexpected term");
    for text in ["(a = 1 AND", "a IN", "a NOT IN", "a BETWEEN", "a NOT BETWEEN", "a LIKE", "a +", "a IS NULL AND"] {
        malformed(&format!("SELECT * FROM T WHERE {text}"), "Missing right-hand side expression of infix operator");
    }
    malformed("UPDATE T SET a = a -", "Missing right-hand side expression of infix operator");
    malformed("SELECT * FROM T WHERE IS NULL", "Unexpected operator");
    malformed("SELECT * FROM T WHERE a = LIKE", "Unexpected operator");
    malformed("SELECT * FROM T WHERE a = 1 AND AND b = 2", "Unexpected operator");
    malformed("SELECT * FROM T WHERE (a = 1", "Expected RIGHT_PAREN");
    malformed("SELECT * FROM T WHERE a = 1)", "Unexpected token after expression");
    malformed("SELECT * FROM T WHERE (a AND b = 1)", "Unexpected term");
    malformed("SELECT * FROM T WHERE a IN ()", "Unexpected term");
    malformed("SELECT * FROM T WHERE a IN b", "Unexpected term");
    malformed("SELECT * FROM T WHERE a BETWEEN 1 OR 2", "Expected AND keyword");
    malformed("SELECT * FROM T WHERE a BETWEEN 1", "Expected AND keyword");
    for text in ["a BETWEEN 1 AND", "a BETWEEN 1 AND;"] {
        malformed(&format!("SELECT * FROM T WHERE {text}"), "Expected expression after AND");
    }
    for (text, end) in [
        ("a IN (1", "RIGHT_PAREN"),
        ("a IN [1", "RIGHT_BRACKET"),
        ("a = [1", "RIGHT_BRACKET"),
        ("a = <<1", "RIGHT_DOUBLE_ANGLE_BRACKET"),
        ("a = {'b': 1", "RIGHT_CURLY"),
        ("contains(a, 1", "RIGHT_PAREN"),
    ] {
        malformed(&format!("SELECT * FROM T WHERE {text}"), &format!("Expected {end}"));
    }
    malformed("SELECT * FROM T WHERE a IS ?", "Expected type name");
    malformed("SELECT * FROM T WHERE a IS NOT FOO", "Expected type name");
    malformed("SELECT * FROM T WHERE a IS", "Expected type name");
    malformed("SELECT * FROM T WHERE user = 1", "Unexpected keyword");
    malformed("SELECT * FROM T ORDER a", "Expected BY");
    malformed("INSERT T VALUE {}", "Unexpected keyword");
    malformed("INSERT INTO T (key, a) VALUES (1, 2)", "Unexpected keyword");
    malformed("INSERT INTO T VALUE {'a' 1}", "Expected COLON");
    malformed("INSERT INTO T VALUE {\"a\": 1}", "Unexpected term");
    malformed("INSERT INTO T VALUE {'a': b}", "Unexpected term");
    malformed("INSERT INTO T VALUE {'a': MISSING}", "Unexpected keyword");
    malformed("INSERT INTO T", "Unexpected term");
    malformed("INSERT INTO T VALUE", "Unexpected term");
    malformed("INSERT INTO T VALUES {'a': 1}", "Expected LEFT_PAREN for row value constructor");
    malformed("UPDATE T WHERE a = 1", "Expected data manipulation");
    malformed("UPDATE Payment-x SET a = 1 WHERE a = 1", "Expected data manipulation");
    malformed("UPDATE T SET a WHERE a = 1", "Expected '='");
    malformed("UPDATE T REMOVE a, b WHERE a = 1", "Unexpected token after expression");
    malformed("UPDATE T REMOVE a.* WHERE a = 1", "Invalid path dot component for simple path");
    malformed("DELETE T WHERE a = 1", "Expected FROM after DELETE");
    for text in [
        "DELETE FROM",
        "DELETE FROM;",
        "DELETE FROM WHERE a = 1",
        "DELETE FROM 'T' WHERE a = 1",
        "INSERT INTO",
        "INSERT INTO VALUE {}",
        "UPDATE",
        "UPDATE SET a = 1",
        "UPDATE T SET",
        "UPDATE T SET 1 = a",
        "UPDATE T SET a = 1, WHERE a = 1",
        "UPDATE T REMOVE WHERE a = 1",
        "FROM T WHERE a = 1 SET",
    ] {
        malformed(text, "Expected identifier for simple path");
    }
    malformed("INSERT INTO T t VALUE {'a': 1}", "Unexpected token after expression");
    malformed("FROM T WHERE a = 1", "Expected data manipulation");
    malformed("FROM", "Unexpected term");
    malformed("FROM WHERE a = 1 SET b = 1", "Unexpected keyword");
    // What DynamoDB leaves out of the language is refused once all of the text is PartiQL.
    for text in [
        "SELECT * FROM T t WHERE a = 1 b",
        "SELECT * FROM T WHERE a = 1e126 b",
        "SELECT * FROM T WHERE f(a) = 1 b",
        "SELECT * FROM T WHERE a < TRUE b",
        "INSERT INTO T.I VALUE {'a': <<>>} b",
        "UPDATE T SET a = set_add(b, 1) b",
        "DELETE FROM T ORDER BY a",
        "DELETE FROM T WHERE a = 1 RETURNING ALL NEW * b",
    ] {
        malformed(text, "Unexpected token after expression");
    }
    malformed("FROM T SET b = 1 WHERE a = 1", "Unexpected token after expression");
    malformed("FROM T WHERE a = 1 SET b = 1 WHERE c = 1", "Unexpected token after expression");
    malformed("x", "Expected data manipulation");
    malformed("x IS FOO", "Expected type name");
    malformed("x IS INT4 y", "Unexpected token after expression");
    for text in ["a = 'x", "a # 1", "a = 1 /* b", "a = 1e2147483648", "a = 1.5e-2147483647"] {
        malformed(&format!("SELECT * FROM T WHERE {text}"), "");
    }
}

#[test]
fn what_dynamodb_leaves_out_is_refused() {
    refused("SELECT DISTINCT a FROM T", "Unsupported clause: DISTINCT at 1:8:8");
    refused("SELECT * FROM T LIMIT 5", "Unsupported clause: LIMIT at 1:17:5");
    refused("SELECT *\nFROM T WHERE \"é\" = 1 GROUP BY a", "Unsupported clause: GROUP at 2:22:5");
    for text in [
        "SELECT * FROM T AS t",
        "SELECT * FROM T x WHERE a = 1",
        "SELECT * FROM T.I x",
        "SELECT a AS b FROM T",
        "SELECT a b, c FROM T",
        "UPDATE T t SET a = 1 WHERE a = 1",
        "DELETE FROM T t WHERE a = 1",
        "FROM T t WHERE a = 1 SET b = 1",
    ] {
        refused(text, "Aliasing is not supported");
    }
    for text in ["x IS INT4", "x IS NOT DOUBLE PRECISION", "x.y IS CHARACTER VARYING", "x is int8;"] {
        refused(text, "Unsupported operation: IsType");
    }
    refused("SELECT * FROM T WHERE a IS TIMESTAMP", "Unsupported operation: IsType");
    refused("SELECT * FROM T JOIN U ON a = b", "Unsupported clause: JOIN at 1:17:4");
    refused("SELECT * FROM T WHERE a LIKE 'x%'", "Unsupported operator: LIKE at 1:25:4");
    refused("SELECT * FROM T WHERE a NOT LIKE 'x%'", "Unsupported operator: LIKE at 1:29:4");
    refused("SELECT * FROM T WHERE a + 1 = 2", "Unsupported operator: + at 1:25:1");
    refused("SELECT * FROM T WHERE EXISTS(a)", "Unrecognized function: exists at 1:23:6");
    refused("SELECT * FROM T WHERE a = 1 AND set_add(a, <<1>>) = a", "Unrecognized function: set_add at 1:33:7");
    refused("INSERT INTO T VALUE {'a': f(1)}", "Unsupported data type: f under key root at 1:27:1");
    refused("INSERT INTO T VALUE {'a': {'b': [1, f(1)]}}", "Unsupported data type: f under key root.b[1] at 1:37:1");
    refused("UPDATE T SET a = if_not_exists(a, 1) WHERE a = 1", "Unrecognized function: if_not_exists at 1:18:13");
    refused("UPDATE T SET a = 1 + SIZE(b) WHERE a = 1", "Unrecognized function: size at 1:22:4");
    for text in [
        "UPDATE T.I SET a = 1 WHERE a = 1",
        "DELETE FROM \"T\".\"I\" WHERE a = 1 RETURNING ALL OLD *",
        "FROM T.I WHERE a = 1 REMOVE b",
    ] {
        refused(text, "This operation is not supported on an index");
    }
    refused("INSERT INTO T.I VALUE {'a': 1}", "FROM clause may only contain a single table name");
    for text in
        ["SELECT * FROM T.I.x", "UPDATE T.I.x SET a = 1 WHERE a = 1", "EXISTS(SELECT * FROM T.I.x.y WHERE a = 1)"]
    {
        refused(text, "A path may contain at most 2 components in the FROM clause");
    }
    for text in [
        "SELECT * FROM \"\"",
        "SELECT * FROM T.\"\" WHERE a = 1",
        "INSERT INTO \"\" VALUE {'a': 1}",
        "UPDATE \"\" SET a = 1 WHERE a = 1",
        "DELETE FROM \"\".\"\" WHERE a = 1",
        "SELECT \"\" FROM T",
        "SELECT * FROM T WHERE a.\"\" = 1",
        "UPDATE T SET a[''] = 1 WHERE a = 1",
        "UPDATE T REMOVE \"\" WHERE a = 1",
    ] {
        refused(text, "Path component cannot be an empty string");
    }
    refused("INSERT INTO T VALUE {'': 1}", "Empty attribute name");
    for text in ["INSERT INTO T VALUE {'a': {'': 1}}", "UPDATE T SET a = [{'': 1}] WHERE a = 1"] {
        refused(text, "One or more parameter values were invalid: An attribute name may not be empty");
    }
    refused("INSERT INTO T VALUE [1]", "INSERT statements take one item: VALUE {'name': value, ...}");
    for (call, expected) in [
        ("set_add(b, <<1>>)", "The first argument to SET_ADD must equal the assignment value at 1:18:7"),
        ("set_add(<<1>>, <<1>>)", "The first argument to SET_ADD must equal the assignment value at 1:18:7"),
        ("set_add(a, [1])", "The second argument to SET_ADD must be a value with type SET at 1:26:1"),
        ("set_add(a, a)", "The second argument to SET_ADD must be a value with type SET at 1:26:1"),
        ("set_delete(a, 'x')", "The second argument to SET_DELETE must be a value with type SET at 1:29:1"),
        ("set_delete(a)", "SET_DELETE must have exactly two arguments at 1:18:10"),
        ("set_add()", "SET_ADD must have exactly two arguments at 1:18:7"),
        ("set_add(size(a), <<1>>)", "The first argument to SET_ADD must equal the assignment value at 1:18:7"),
        ("set_add(a, f(1, (2)))", "The second argument to SET_ADD must be a value with type SET at 1:26:1"),
        ("set_add(a, <<1>>, <<2>>)", "SET_ADD must have exactly two arguments at 1:18:7"),
        ("set_add(a, <<>>)", "Empty bags are not supported"),
    ] {
        refused(&format!("UPDATE T SET a = {call} WHERE a = 1"), expected);
    }
    refused(
        "SELECT * FROM T ORDER BY a.b",
        "Variable reference a.b in ORDER BY clause must be part of the primary key",
    );
    let no_key = "Where clause does not contain a mandatory equality on all key attributes";
    refused("UPDATE T SET a = 1", no_key);
    refused("DELETE FROM T", no_key);
}

#[test]
fn values_and_operands_are_judged() {
    let operand = "Incorrect operand type for operator or function; operator or function:";
    refused("SELECT * FROM T WHERE a < TRUE", &format!("{operand} <, operand type: BOOL"));
    refused("SELECT * FROM T WHERE a BETWEEN NULL AND 1", &format!("{operand} BETWEEN, operand type: NULL"));
    refused("SELECT * FROM T WHERE begins_with(a, 1)", &format!("{operand} begins_with, operand type: N"));
    refused("SELECT * FROM T WHERE size(1) = 1", &format!("{operand} size, operand type: N"));
    refused_with("SELECT * FROM T WHERE a IN ?", "[1]", &format!("{operand} IN, operand type: N"));
    refused("UPDATE T SET a = a + 'x' WHERE a = 1", &format!("{operand} +, operand type: S"));
    refused("UPDATE T SET a = list_append(a, 1) WHERE a = 1", &format!("{operand} list_append, operand type: N"));
    let path = "Operator or function requires a document path; operator or function: attribute_";
    refused("SELECT * FROM T WHERE attribute_exists('a')", &format!("{path}exists"));
    refused_with("SELECT * FROM T WHERE attribute_not_exists(?)", "[\"a\"]", &format!("{path}not_exists"));
    let count = "Incorrect number of operands for operator or function; operator or function: attribute_exists, \
                 number of operands:";
    refused("SELECT * FROM T WHERE attribute_exists()", &format!("{count} 0"));
    refused("SELECT * FROM T WHERE attribute_exists(a, b)", &format!("{count} 2"));
    refused(
        "SELECT * FROM T WHERE a BETWEEN 2 AND 1",
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: \
         AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
    );
    refused(
        "SELECT * FROM T WHERE contains(a)",
        "Incorrect number of operands for operator or function; operator or function: contains, number of operands: 1",
    );
    refused(
        "SELECT * FROM T WHERE attribute_type(a, 'X')",
        "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    );
    refused(
        "UPDATE T SET a = 1 REMOVE a.b WHERE k = 1",
        "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path \
         two: [a, b]",
    );
    refused(
        &format!("SELECT * FROM T WHERE a IN [{}]", vec!["1"; 101].join(",")),
        "The IN operator is provided with too many operands; number of operands: 101",
    );
    let invalid = "One or more parameter values were invalid:";
    refused("INSERT INTO T VALUE {'a': <<>>}", "Empty bags are not supported");
    refused(
        "INSERT INTO T VALUE {'a': <<1, 1.0>>}",
        &format!("{invalid} Input collection [1, 1] contains duplicates."),
    );
    let elements = "Elements of a set must be of one type: String, Number or Binary";
    refused("INSERT INTO T VALUE {'a': <<1, 'a'>>}", elements);
    refused("INSERT INTO T VALUE {'a': <<[1]>>}", elements);
    let overflow =
        "Number overflow. Attempting to store a number with magnitude larger than supported range under root";
    // Literals and parameters have one reader; its range check wraps.
    let underflow =
        "Number underflow. Attempting to store a number with magnitude smaller than supported range under root";
    refused("SELECT * FROM T WHERE a = 1e2147483647", underflow);
    refused("INSERT INTO T VALUE {'a': -1e2147483647}", underflow);
    for (text, place) in [
        ("INSERT INTO T VALUE {'a': 1e126}", ""),
        ("INSERT INTO T VALUE {'a': {'x': 1e126}}", ".x"),
        ("INSERT INTO T VALUE {'a': [1, {'x': [1e126]}]}", "[1].x[0]"),
        ("INSERT INTO T VALUE {'a': [[1], {'x': 2}], 'b': <<1, 1e126>>, 'c': 1e127}", "[1]"),
        ("SELECT * FROM T WHERE a = -1e126", ""),
        ("UPDATE T SET a = [1e126] WHERE a = 1", "[0]"),
    ] {
        refused(text, &format!("{overflow}{place}"));
    }
}

#[test]
fn levels_of_documents_are_bounded() {
    let nested = |depth: usize| format!("INSERT INTO T VALUE {{'a': {}1{}}}", "[".repeat(depth), "]".repeat(depth));
    let refusal = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                   supported limit";
    parsed(&nested(31), "[]");
    refused(&nested(32), refusal);
    // Parameters count as what they bring.
    let lists = |depth: usize| format!("[{}1{}]", "[".repeat(depth), "]".repeat(depth));
    parsed("INSERT INTO T VALUE {'a': ?}", &lists(31));
    refused_with("INSERT INTO T VALUE {'a': ?}", &lists(32), refusal);
    parsed("INSERT INTO T VALUE {'a': {'b': ?}}", &lists(30));
    refused_with("INSERT INTO T VALUE {'a': {'b': ?}}", &lists(31), refusal);
}

#[test]
fn long_texts_are_refused() {
    let text = |length: usize| format!("SELECT * FROM \"{}\"", "é".repeat(length - "SELECT * FROM \"\"".len()));
    assert!(parse(&text(8192), &[]).is_ok());
    let long = text(8193);
    refused(
        &long,
        &format!(
            "1 validation error detected: Value '{long}' at 'statement' failed to satisfy constraint: Member must have \
             length less than or equal to 8192"
        ),
    );
}
