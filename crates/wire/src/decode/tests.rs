//! Bodies and what becomes of them: one row a case.

mod every_operation;
mod layers;
mod property;

use super::*;
use crate::generated::requests::verdict;

/// Defines `verdict`: reads a body as some operation's request, only to see what is said about it.
macro_rules! requests {
    ($($operation:ident $input:ident;)+) => {
        pub(crate) fn verdict(operation: api::Operation, body: &[u8]) -> Result<(), api::Exception> {
            match operation {
                $(api::Operation::$operation => {
                    crate::decode::request::<api::$input>(operation, body, crate::decode::nothing).map(drop)
                })+
            }
        }
    };
}
pub(crate) use requests;

#[track_caller]
fn check(operation: Operation, body: &str, expected: &str) {
    let said = match verdict(operation, body.as_bytes()) {
        Ok(()) => "ok".to_owned(),
        Err(Exception::Serialization(text)) => format!("Serialization: {text}"),
        Err(Exception::Validation(text)) => text,
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(said, expected, "{operation} {}", &body[..body.len().min(200)]);
}

/// Checks what is said about one attribute of an item, in the envelope of a put.
#[track_caller]
fn check_value(value: &str, expected: &str) {
    let is_of_values = expected != "ok" && !expected.starts_with("Serialization: ");
    let expected = if is_of_values { format!("1 validation error detected: {expected}") } else { expected.to_owned() };
    let expected = expected.as_str();
    check(Operation::PutItem, &format!(r#"{{"TableName":"abc","Item":{{"pk":{{"S":"a"}},"x":{value}}}}}"#), expected);
}

#[test]
fn bodies_that_are_not_json_have_no_words() {
    let bodies =
        ["", " ", "{", "}", "{]", "nul", "null", "{}x", r#"{"a"}"#, r#"{"a":1,}"#, "\u{feff}{}", r#"{"a":"\x"}"#];
    for body in bodies {
        check(Operation::ListTables, body, "Serialization: ");
    }
    for member in ["ExclusiveStartTableName", "Unknown"] {
        let body = [format!("{{\"{member}\":\"").as_bytes(), b"\xff\"}"].concat();
        assert_eq!(verdict(Operation::ListTables, &body), Err(Exception::Serialization(String::new())));
    }
    check(Operation::ListTables, "[", "Serialization: Start of list found where not expected");
    check(Operation::ListTables, "1", "Serialization: Unexpected value type in payload");
}

#[test]
fn tokens_of_the_wrong_kind_end_the_reading() {
    let check = |member: &str, expected: &str| {
        check(Operation::Query, &format!("{{{member}}}"), &format!("Serialization: {expected}"));
    };
    check(r#""TableName":1"#, "NUMBER_VALUE cannot be converted to String");
    check(r#""TableName":true"#, "TRUE_VALUE cannot be converted to String");
    check(r#""TableName":false"#, "FALSE_VALUE cannot be converted to String");
    check(r#""TableName":[]"#, "Unrecognized collection type class java.lang.String");
    check(r#""TableName":{}"#, "Start of structure or map found where not expected.");
    check(r#""Select":1"#, "NUMBER_VALUE cannot be converted to String");
    check(r#""Limit":"1""#, "STRING_VALUE cannot be converted to Integer");
    check(r#""ConsistentRead":"true""#, "STRING_VALUE cannot be converted to Boolean");
    check(r#""AttributesToGet":"a""#, "Unexpected field type");
    check(r#""AttributesToGet":{}"#, "Start of structure or map found where not expected.");
    check(r#""KeyConditions":"a""#, "Unexpected field type");
    check(r#""KeyConditions":[]"#, "Start of list found where not expected");
    check(r#""KeyConditions":{"a":"b"}"#, "Unexpected value type in payload");
    check(r#""ExclusiveStartKey":{"a":"b"}"#, "Unexpected value type in payload");
    check(r#""ExclusiveStartKey":{"a":{"N":1}}"#, "NUMBER_VALUE cannot be converted to String");
    check(r#""ExclusiveStartKey":{"a":{"B":1}}"#, "NUMBER_VALUE cannot be converted to ByteBuffer");
    check(r#""ExclusiveStartKey":{"a":{"BOOL":"true"}}"#, "STRING_VALUE cannot be converted to Boolean");
    check(r#""ExclusiveStartKey":{"a":{"SS":[1]}}"#, "NUMBER_VALUE cannot be converted to String");
    check(r#""ExclusiveStartKey":{"a":{"SS":"a"}}"#, "Unexpected field type");
    check(r#""ExclusiveStartKey":{"a":{"L":{}}}"#, "Start of structure or map found where not expected.");
    check(r#""ExclusiveStartKey":{"a":{"M":[]}}"#, "Start of list found where not expected");
    // Even before broken constraints.
    check(r#""Select":"x","Limit":"1""#, "STRING_VALUE cannot be converted to Integer");
}

#[test]
fn binary_is_base64() {
    check_value(r#"{"B":"AQI="}"#, "ok");
    check_value(r#"{"B":""}"#, "ok");
    let check = |text: &str, expected: &str| {
        check_value(&format!(r#"{{"B":"{text}"}}"#), &format!("Serialization: Invalid Base64: {expected}"));
    };
    check("AQI", "Base64 encoded length is expected a multiple of 4 bytes but found: 3");
    check("A*==", "Invalid base 64 character: '*'");
    check("AQJ=", "Invalid last non-pad Base64 character");
}

#[test]
fn broken_constraints_are_reported_together() {
    let put = |members: &str, expected: &str| {
        check(Operation::PutItem, &format!(r#"{{"Item":{{"pk":{{"S":"a"}}}}{members}}}"#), expected);
    };
    let null =
        "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null";
    put("", null);
    put(r#","TableName":null"#, null);
    put(
        r#","ReturnValues":"x","ReturnItemCollectionMetrics":"y""#,
        "3 validation errors detected: Value 'x' at 'returnValues' failed to satisfy constraint: Member must satisfy \
         enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]; Value 'y' at 'returnItemCollectionMetrics' \
         failed to satisfy constraint: Member must satisfy enum value set: [SIZE, NONE]; Value null at 'tableName' \
         failed to satisfy constraint: Member must not be null",
    );
    put(
        r#","TableName":"","ReturnValues":"x""#,
        "1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must have length \
         greater than or equal to 1",
    );
    put(
        r#","TableName":"a b","ReturnValues":"x""#,
        "1 validation error detected: Value 'a b' at 'tableName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-zA-Z0-9_.-]+",
    );
    // The last of two members of one name counts, for what is wrong as well.
    put(r#","TableName":"a b","TableName":"abc""#, "ok");
    put(r#","TableName":"abc","TableName":null"#, null);
    check(
        Operation::Scan,
        r#"{"TableName":"abc","Limit":0,"TotalSegments":1000001}"#,
        "2 validation errors detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater \
         than or equal to 1; Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value \
         less than or equal to 1000000",
    );
}

#[test]
fn paths_lead_through_lists_and_maps() {
    let create = |members: &str, expected: &str| {
        let body = format!(
            r#"{{"TableName":"abc","AttributeDefinitions":[{{"AttributeName":"a","AttributeType":"S"}}],{members}}}"#
        );
        check(Operation::CreateTable, &body, &format!("1 validation error detected: {expected}"));
    };
    create(
        r#""KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"a","KeyType":"x"}]"#,
        "Value 'x' at 'keySchema.2.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: \
         [HASH, RANGE]",
    );
    create(
        r#""KeySchema":[{"KeyType":"HASH"}]"#,
        "Value null at 'keySchema.1.member.attributeName' failed to satisfy constraint: Member must not be null",
    );
    create(
        r#""KeySchema":[null]"#,
        "Value null at 'keySchema.1.member' failed to satisfy constraint: Member must not be null",
    );
    create(
        r#""KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"},
           {"AttributeName":"c","KeyType":"RANGE"}]"#,
        "Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, keyType=RANGE), \
         KeySchemaElement(attributeName=c, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must \
         have length less than or equal to 2",
    );
    let expected = |members: &str, expected: &str| {
        let body = format!(r#"{{"TableName":"abc","Key":{{}},"Expected":{{"x":{{{members}}}}}}}"#);
        check(Operation::DeleteItem, &body, expected);
    };
    expected(
        r#""ComparisonOperator":"x""#,
        "1 validation error detected: Value 'x' at 'expected.x.member.comparisonOperator' failed to satisfy constraint: \
         Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, \
         BEGINS_WITH, GE, CONTAINS]",
    );
}

#[test]
fn elements_own_constraints_are_listed_by_their_container() {
    let index = |names: &str| {
        format!(
            r#"{{"TableName":"abc","AttributeDefinitions":[],"KeySchema":[{{"AttributeName":"a","KeyType":"HASH"}}],
            "LocalSecondaryIndexes":[{{"IndexName":"abc","KeySchema":[{{"AttributeName":"a","KeyType":"HASH"}}],
            "Projection":{{"NonKeyAttributes":{names}}}}}]}}"#
        )
    };
    check(
        Operation::CreateTable,
        &index(r#"["a",""]"#),
        "1 validation error detected: Value '[a, ]' at 'localSecondaryIndexes.1.member.projection.nonKeyAttributes' \
         failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to \
         255, Member must have length greater than or equal to 1]",
    );
    check(
        Operation::CreateTable,
        &index("[]"),
        "1 validation error detected: Value '[]' at 'localSecondaryIndexes.1.member.projection.nonKeyAttributes' failed \
         to satisfy constraint: Member must have length greater than or equal to 1",
    );
    let write = r#"{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}"#;
    let shown = "WriteRequest(putRequest=null, deleteRequest=DeleteRequest(key={pk=AttributeValue(s=a, n=null, b=null, \
                 iNT=null, dECIMAL=null, dOUBLE=null, sS=null, nS=null, bS=null, iNTSET=null, dECIMALSET=null, \
                 dOUBLESET=null, m=null, l=null, nULL=null, bOOL=null)}))";
    check(
        Operation::BatchWriteItem,
        &format!(r#"{{"RequestItems":{{"abc":[{}]}}}}"#, [write; 26].join(",")),
        &format!(
            "1 validation error detected: Value '{{abc=[{}]}}' at 'requestItems' failed to satisfy constraint: Map value \
             must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater \
             than or equal to 1]",
            [shown; 26].join(", ")
        ),
    );
    check(
        Operation::BatchWriteItem,
        &format!(r#"{{"RequestItems":{{"a b":[{write}]}}}}"#),
        &format!(
            "1 validation error detected: Value '{{a b=[{shown}]}}' at 'requestItems' failed to satisfy constraint: Map \
             keys must satisfy constraint: [Member must have length less than or equal to 255, Member must have length \
             greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"
        ),
    );
}

#[test]
fn long_attribute_names_are_refused_at_every_level() {
    let long = "n".repeat(65_536);
    let refused = |path: &str, values: String| {
        let Err(Exception::Validation(text)) = verdict(Operation::BatchGetItem, values.as_bytes()) else {
            panic!("not refused");
        };
        let end = format!(
            "at '{path}' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less \
             than or equal to 65535]"
        );
        assert!(text.ends_with(&end), "{}", &text[text.len() - end.len()..]);
    };
    let body = |key: &str| format!(r#"{{"RequestItems":{{"abc":{{"Keys":[{{"a":{{"S":"a"}}}},{key}]}}}}}}"#);
    refused("requestItems.abc.member.keys.2.member", body(&format!(r#"{{"{long}":{{"S":"a"}}}}"#)));
    refused("requestItems.abc.member.keys.2.member", body(&format!(r#"{{"a":{{"M":{{"{long}":{{"S":"a"}}}}}}}}"#)));
}

#[test]
fn some_members_are_refused_in_their_own_words() {
    let zero = r#"{"TableName":"abc","Limit":0}"#;
    check(
        Operation::Query,
        zero,
        "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than \
         or equal to 1",
    );
    let keys = [r#"{"pk":{"S":"a"}}"#; 101].join(",");
    check(
        Operation::BatchGetItem,
        &format!(r#"{{"RequestItems":{{"abc":{{"Keys":[{keys}]}}}}}}"#),
        "1 validation error detected: Value at 'RequestItems.abc.member.Keys' failed to satisfy constraint: Member must \
         have length less than or equal to 100",
    );
    for body in ["{}", r#"{"RequestItems":null}"#] {
        check(Operation::BatchGetItem, body, "The requestItems parameter is required for BatchGetItem");
        check(Operation::BatchWriteItem, body, "The requestItems parameter is required for BatchWriteItem");
    }
    let empty = r#"{"RequestItems":{}}"#;
    check(Operation::BatchWriteItem, empty, "The requestItems parameter is required for BatchWriteItem");
    check(
        Operation::BatchGetItem,
        empty,
        "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must have length \
         greater than or equal to 1",
    );
    check(
        Operation::TransactWriteItems,
        r#"{"TransactItems":[]}"#,
        "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length \
         greater than or equal to 1",
    );
}

#[test]
fn numbers_are_truncated_and_saturate() {
    let scan = |limit: &str, expected: &str| {
        check(Operation::Scan, &format!(r#"{{"TableName":"abc","Limit":{limit}}}"#), expected);
    };
    scan("1.9", "ok");
    scan("2147483648", "ok");
    scan("99999999999999999999999", "ok");
    let refused = |shown: &str| {
        format!(
            "1 validation error detected: Value '{shown}' at 'limit' failed to satisfy constraint: Member must have value \
             greater than or equal to 1"
        )
    };
    scan("0.5", &refused("0"));
    scan("-1e30", &refused("-2147483648"));
}

#[test]
fn values_that_are_none_are_refused() {
    let invalid = |value: &str, expected: &str| {
        check_value(value, &format!("One or more parameter values were invalid: {expected}"));
    };
    let empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
    check_value("{}", empty);
    check_value("null", empty);
    check_value(r#"{"S":null}"#, empty);
    check_value(r#"{"X":"a"}"#, empty);
    check_value(r#"{"L":[{}]}"#, empty);
    let several = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported \
                   datatypes";
    check_value(r#"{"S":"a","N":"1"}"#, several);
    check_value(r#"{"M":{"b":{"BOOL":true,"NULL":true}}}"#, several);
    check_value(r#"{"S":"a","S":"b"}"#, "ok");
    check_value(r#"{"S":"a","N":null,"Z":[{}]}"#, "ok");
    invalid(r#"{"NULL":false}"#, "Null attribute value types must have the value of true");
    check_value(r#"{"BOOL":false}"#, "ok");
    invalid(r#"{"SS":[]}"#, "An string set  may not be empty");
    invalid(r#"{"NS":[]}"#, "An number set  may not be empty");
    invalid(r#"{"BS":[]}"#, "Binary sets should not be empty");
    invalid(r#"{"M":{"a":{"SS":[]}}}"#, "An string set  may not be empty");
    invalid(r#"{"SS":["b","a","a"]}"#, r#"Input collection ["a", "b", "a"] contains duplicates."#);
    invalid(r#"{"NS":["1","1.0"]}"#, "Input collection contains duplicates.");
    invalid(r#"{"BS":["AQ==","AQ=="]}"#, r#"Input collection ["AQ==","AQ=="]of type BS contains duplicates."#);
    invalid(r#"{"SS":[null]}"#, "An string set  may not have a null string as a member");
    invalid(r#"{"NS":["1",null]}"#, "An number set  may not have a null number as a member");
    check_value(r#"{"SS":["b","a",""]}"#, "ok");
    check_value(r#"{"N":"a"}"#, "The parameter cannot be converted to a numeric value: a");
    check_value(r#"{"NS":["a"]}"#, "The parameter cannot be converted to a numeric value: a");
    // A broken constraint comes first.
    check(
        Operation::PutItem,
        r#"{"Item":{"a":{}}}"#,
        "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null",
    );
}

#[test]
fn sets_and_maps_are_stored_sorted() {
    let body = br#"{"TableName":"abc","Item":{"b":{"SS":["b","a"]},"a":{"NS":["10","9"]}}}"#;
    let request: api::PutItemInput = request(Operation::PutItem, body, nothing).expect("a request");
    let mut out = Vec::new();
    model::codec::json::write_map(&mut out, request.item.view());
    assert_eq!(String::from_utf8(out).as_deref(), Ok(r#"{"a":{"NS":["9","10"]},"b":{"SS":["a","b"]}}"#));
}

#[test]
fn depth_is_bounded() {
    let lists = |depth: usize| format!("{}{}{}", r#"{"L":["#.repeat(depth), r#"{"S":"a"}"#, "]}".repeat(depth));
    let maps = |depth: usize| format!("{}{}{}", r#"{"M":{"a":"#.repeat(depth), r#"{"S":"a"}"#, "}}".repeat(depth));
    let refusal = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                   supported limit";
    for value in [lists(31), maps(31), maps(0)] {
        check_value(&value, "ok");
    }
    for value in [lists(32), maps(32)] {
        check_value(&value, refusal);
    }
    // Too deep for the current layer, too.
    for value in [lists(100_000), maps(100_000)] {
        let body = format!(r#"{{"TableName":"abc","Item":{{"x":{value}}}}}"#);
        check(Operation::PutItem, &body, refusal);
    }
    let deep = |open: &str| open.repeat((16 << 20) / open.len());
    check(Operation::PutItem, &deep("["), "Serialization: Start of list found where not expected");
    check(Operation::PutItem, &format!(r#"{{"Unknown":{}"#, deep("[")), "Serialization: ");
    check(Operation::PutItem, &format!(r#"{{"Unknown":{}"#, deep(r#"{"a":"#)), "Serialization: ");
    check(Operation::PutItem, &format!(r#"{{"Item":{}"#, deep(r#"{"M":{"M":"#)), "Serialization: ");
}

#[test]
fn a_refusal_is_of_bounded_size() {
    let long = "x".repeat(1 << 20);
    let many = vec![r#"{"AttributeName":"","KeyType":"x"}"#; 10_000].join(",");
    for body in [
        format!(r#"{{"TableName":"{long}","AttributeDefinitions":[],"KeySchema":[]}}"#),
        format!(r#"{{"TableName":"abc","AttributeDefinitions":[],"KeySchema":[{many}]}}"#),
    ] {
        let Err(Exception::Validation(text)) = verdict(Operation::CreateTable, body.as_bytes()) else {
            panic!("not refused");
        };
        assert!(text.len() < 100_000, "{}", text.len());
    }
}

/// An empty structure is three bytes in a body and may be a hundred times as much in memory.
#[test]
fn a_request_has_no_more_elements_than_mean_something() {
    let updates = |count: usize| {
        format!(r#"{{"TableName":"abc","GlobalSecondaryIndexUpdates":[{}]}}"#, vec!["{}"; count].join(","))
    };
    check(Operation::UpdateTableReplicaAutoScaling, &updates(100), "ok");
    let refusal = "The request has too many elements for its size";
    check(Operation::UpdateTableReplicaAutoScaling, &updates(50_000), refusal);
    // A choice is small while nothing is chosen.
    check(Operation::UpdateTable, &updates(50_000), "ok");
    // The shortest elements that a list of attribute values, a set and an item can have.
    let values: Vec<String> = (0..100_000).map(|at| format!("\"{at}\"")).collect();
    check_value(&format!(r#"{{"NS":[{}]}}"#, values.join(",")), "ok");
    check_value(&format!(r#"{{"L":[{}]}}"#, vec![r#"{"S":""}"#; 400_000].join(",")), "ok");
    let attributes: Vec<String> = (0..100_000).map(|at| format!(r#""{at:x}":{{"S":""}}"#)).collect();
    check_value(&format!(r#"{{"M":{{{}}}}}"#, attributes.join(",")), "ok");
}

/// What a large request breaks first may be in a member that it has once more, where the last one counts.
#[test]
fn what_is_wrong_is_refused_however_much_else_is() {
    let many = (0..300).map(|at| format!(r#"":v{at}":{{}}"#)).collect::<Vec<_>>().join(",");
    let body = |bad: &str| {
        format!(
            r#"{{"TableName":"abc","ExpressionAttributeValues":{{{many}}},"Item":{{"pk":{{"S":"a"}},"n":{bad}}},
            "ConditionExpression":"pk=:v","ExpressionAttributeValues":{{":v":{{"S":"a"}}}}}}"#
        )
    };
    assert!(verdict(Operation::PutItem, body(r#"{"N":"abc"}"#).as_bytes()).is_err());
    assert!(verdict(Operation::PutItem, body(r#"{"N":"1"}"#).as_bytes()).is_err(), "nor is it known that all is right");
    let many = vec![r#"{"Key":"","Value":""}"#; 100].join(",");
    let good = r#"{"Key":"a","Value":"b"}"#;
    let twice = format!(r#"{{"ResourceArn":"arn","Tags":[{many}],"ResourceArn":"","Tags":[{good}]}}"#);
    assert!(verdict(Operation::TagResource, twice.as_bytes()).is_err());
}

/// A key of megabytes is in refusals only as far as values are.
#[test]
fn long_keys_of_refused_values_are_cut() {
    let many = vec![r#"{"N":"abc"}"#; 300].join(",");
    let body = format!(r#"{{"TableName":"abc","Item":{{"{}":{{"L":[{many}]}}}}}}"#, "k".repeat(1 << 20));
    let Err(Exception::Validation(text)) = verdict(Operation::PutItem, body.as_bytes()) else { panic!("accepted") };
    assert!(text.len() < 17 << 10, "{}", text.len());
}
