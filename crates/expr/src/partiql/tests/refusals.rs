//! What is refused, and in which words.

use super::*;

#[test]
fn texts_that_are_not_partiql_are_refused() {
    malformed("", "Expected data manipulation");
    malformed("SELECTT * FROMM \"T\"", "Expected data manipulation");
    malformed("SELECT", "Unexpected term");
    malformed("SELECT FROM T", "Cannot have empty SELECT list");
    malformed("SELECT * T", "Expected FROM after SELECT list");
    malformed("SELECT a b FROM T", "Expected FROM after SELECT list");
    malformed("SELECT date FROM T", "Unexpected keyword");
    malformed("SELECT 'a' FROM T", "Unexpected term");
    malformed("SELECT a, FROM T", "Unexpected keyword");
    malformed("SELECT a.select FROM T", "Invalid path dot component");
    malformed("SELECT a[-1] FROM T", "Invalid path component for simple path");
    malformed("SELECT a[1 FROM T", "Expected RIGHT_BRACKET");
    malformed("SELECT * FROM", "Unexpected term");
    malformed("SELECT * FROM 'T'", "Unexpected term");
    malformed("SELECT * FROM a-b", "Unexpected token after expression");
    malformed("SELECT * FROM T x", "Unexpected token after expression");
    malformed("SELECT * FROM T; SELECT * FROM T", "Unexpected token after expression");
    malformed("SELECT * FROM T WHERE", "Unexpected term");
    malformed("SELECT * FROM T WHERE a", "Unexpected term");
    malformed("SELECT * FROM T WHERE a =", "Unexpected term");
    malformed("SELECT * FROM T WHERE a = = 1", "Unexpected operator");
    malformed("SELECT * FROM T WHERE a = 1 AND", "Unexpected term");
    malformed("SELECT * FROM T WHERE (a = 1", "Expected RIGHT_PAREN");
    malformed("SELECT * FROM T WHERE a = 1)", "Unexpected token after expression");
    malformed("SELECT * FROM T WHERE (a AND b = 1)", "Unexpected term");
    malformed("SELECT * FROM T WHERE a IN ()", "Expression group cannot be empty");
    malformed("SELECT * FROM T WHERE a IN b", "Unexpected term");
    malformed("SELECT * FROM T WHERE a BETWEEN 1 OR 2", "Expected expression after AND");
    malformed("SELECT * FROM T WHERE a IS ?", "Unexpected term");
    malformed("SELECT * FROM T WHERE user = 1", "Unexpected keyword");
    malformed("SELECT * FROM T ORDER a", "Expected BY");
    malformed("INSERT T VALUE {}", "Unexpected keyword");
    malformed("INSERT INTO T (key, a) VALUES (1, 2)", "Unexpected keyword");
    malformed("INSERT INTO T VALUE {'a' 1}", "Expected COLON");
    malformed("INSERT INTO T VALUE {\"a\": 1}", "Unexpected term");
    malformed("INSERT INTO T VALUE {'a': b}", "Unexpected term");
    malformed("INSERT INTO T VALUE {'a': MISSING}", "Unexpected keyword");
    malformed("INSERT INTO T VALUE {'a': 1", "Expected COMMA");
    malformed("UPDATE T WHERE a = 1", "Expected data manipulation");
    malformed("UPDATE Payment-x SET a = 1 WHERE a = 1", "Expected data manipulation");
    malformed("UPDATE T SET a WHERE a = 1", "Expected assignment for SET");
    malformed("UPDATE T SET a = 1, WHERE a = 1", "Unexpected keyword");
    malformed("DELETE T WHERE a = 1", "Expected FROM after DELETE");
    malformed("SELECT * FROM T WHERE a = 'x", "Unterminated quote");
    malformed("SELECT * FROM T WHERE a # 1", "Invalid character");
}

#[test]
fn what_dynamodb_leaves_out_is_refused() {
    refused("SELECT COUNT(*) FROM T", "Unsupported function: COUNT at 1:8:5");
    refused("SELECT size(a) FROM T", "Unsupported function: SIZE at 1:8:4");
    refused("SELECT DISTINCT a FROM T", "Unsupported clause: DISTINCT at 1:8:8");
    refused("SELECT a AS b FROM T", "Unsupported clause: AS at 1:10:2");
    refused("SELECT * FROM T LIMIT 5", "Unsupported clause: LIMIT at 1:17:5");
    refused("SELECT *\nFROM T WHERE \"é\" = 1 GROUP BY a", "Unsupported clause: GROUP at 2:22:5");
    refused("SELECT * FROM T AS t", "Unsupported clause: AS at 1:17:2");
    refused("SELECT * FROM T JOIN U ON a = b", "Unsupported clause: JOIN at 1:17:4");
    refused("SELECT * FROM T WHERE a LIKE 'x%'", "Unsupported operator: LIKE at 1:25:4");
    refused("SELECT * FROM T WHERE a NOT LIKE 'x%'", "Unsupported operator: LIKE at 1:29:4");
    refused("SELECT * FROM T WHERE a + 1 = 2", "Unsupported operator: + at 1:25:1");
    refused("SELECT * FROM T WHERE attribute_exists(a)", "Unsupported function: ATTRIBUTE_EXISTS at 1:23:16");
    refused("UPDATE T SET a = if_not_exists(a, 1) WHERE a = 1", "Unsupported function: IF_NOT_EXISTS at 1:18:13");
    refused("UPDATE T.I SET a = 1 WHERE a = 1", "Writes to an index are not supported");
    refused("INSERT INTO T VALUE [1]", "INSERT statements take one item: VALUE {'name': value, ...}");
    refused(
        "UPDATE T SET a = set_add(b, <<1>>) WHERE a = 1",
        "SET_ADD must be assigned to the attribute that it changes",
    );
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
    refused_with("SELECT * FROM T WHERE a IN ?", "[1]", &format!("{operand} IN, operand type: N"));
    refused("UPDATE T SET a = a + 'x' WHERE a = 1", &format!("{operand} +, operand type: S"));
    refused("UPDATE T SET a = list_append(a, 1) WHERE a = 1", &format!("{operand} list_append, operand type: N"));
    refused("UPDATE T SET a = set_add(a, [1]) WHERE a = 1", &format!("{operand} SET_ADD, operand type: L"));
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
    refused("INSERT INTO T VALUE {'a': <<>>}", &format!("{invalid} An string set  may not be empty"));
    refused(
        "INSERT INTO T VALUE {'a': <<1, 1.0>>}",
        &format!("{invalid} Input collection [1, 1] contains duplicates."),
    );
    let elements = "Elements of a set must be of one type: String, Number or Binary";
    refused("INSERT INTO T VALUE {'a': <<1, 'a'>>}", elements);
    refused("INSERT INTO T VALUE {'a': <<[1]>>}", elements);
    refused(
        "INSERT INTO T VALUE {'a': 1e126}",
        "Number overflow. Attempting to store a number with magnitude larger than supported range",
    );
}

#[test]
fn levels_of_documents_are_bounded() {
    let nested = |depth: usize| format!("INSERT INTO T VALUE {{'a': {}1{}}}", "[".repeat(depth), "]".repeat(depth));
    parsed(&nested(31), "[]");
    refused(
        &nested(32),
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported \
         limit",
    );
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
