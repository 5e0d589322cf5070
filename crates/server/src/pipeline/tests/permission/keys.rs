//! Condition keys: each decides, for requests that have it one way and the other.

use serde_json::{Value, json};

use super::test_pipeline::{ACCOUNT, T, TestPipeline, allow, by};

fn key(pk: &str) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": "1"}})
}

fn on_t(members: Value) -> Value {
    let mut body = members;
    body["TableName"] = "TTT".into();
    body
}

/// Holds the requests against a policy that allows everything under the condition.
fn check(condition: &Value, cases: &[(&str, Value, bool)]) {
    let pipeline = TestPipeline::new();
    let mut statement = allow("*", "*");
    statement["Condition"] = condition.clone();
    pipeline.user(ACCOUNT, "user", &[statement]);
    for (operation, body, allowed) in cases {
        let before = pipeline.rows();
        let answer = pipeline.call(by("user"), operation, &body.to_string());
        let is_denied = answer.kind == "AccessDeniedException";
        assert_eq!(answer.status == 200, *allowed, "{condition} {operation} {body}: {}", answer.body);
        assert_eq!(is_denied, !*allowed, "{condition} {operation} {body}: {}", answer.body);
        if is_denied {
            assert_eq!(pipeline.rows(), before, "{operation} {body}");
        }
    }
}

fn statement(text: &str) -> Value {
    json!({"Statement": text})
}

fn query(pk: &str) -> Value {
    on_t(json!({"KeyConditionExpression": "#p = :v", "ExpressionAttributeNames": {"#p": "pk"},
        "ExpressionAttributeValues": {":v": {"S": pk}}}))
}

#[test]
fn leading_keys() {
    let legacy = |pk: &str| {
        on_t(json!({"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": pk}]}}}))
    };
    let update = |pk: &str| on_t(json!({"Key": key(pk), "UpdateExpression": "REMOVE x"}));
    let get = |pk: &str| json!({"Get": {"TableName": "TTT", "Key": key(pk)}});
    let delete = |pk: &str| json!({"Delete": {"TableName": "TTT", "Key": key(pk)}});
    let condition = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}});
    check(
        &condition,
        &[
            ("GetItem", on_t(json!({"Key": key("a")})), true),
            ("GetItem", on_t(json!({"Key": key("b")})), false),
            ("PutItem", on_t(json!({"Item": key("a")})), true),
            ("PutItem", on_t(json!({"Item": key("b")})), false),
            ("UpdateItem", update("a"), true),
            ("UpdateItem", update("b"), false),
            ("Query", query("a"), true),
            ("Query", query("b"), false),
            ("Query", legacy("a"), true),
            ("Query", legacy("b"), false),
            ("BatchGetItem", json!({"RequestItems": {"TTT": {"Keys": [key("a")]}}}), true),
            ("BatchGetItem", json!({"RequestItems": {"TTT": {"Keys": [key("a"), key("b")]}}}), false),
            ("BatchWriteItem", json!({"RequestItems": {"TTT": [{"PutRequest": {"Item": key("a")}}]}}), true),
            ("BatchWriteItem", json!({"RequestItems": {"TTT": [{"PutRequest": {"Item": key("b")}}]}}), false),
            ("BatchWriteItem", json!({"RequestItems": {"TTT": [{"DeleteRequest": {"Key": key("b")}}]}}), false),
            ("TransactGetItems", json!({"TransactItems": [get("a")]}), true),
            ("TransactGetItems", json!({"TransactItems": [get("a"), get("b")]}), false),
            ("TransactWriteItems", json!({"TransactItems": [delete("b")]}), false),
            ("ExecuteStatement", statement("SELECT * FROM TTT WHERE pk='a'"), true),
            ("ExecuteStatement", statement("SELECT * FROM TTT WHERE pk='b'"), false),
            ("ExecuteStatement", statement("SELECT * FROM TTT WHERE pk IN ['a','b']"), false),
            ("ExecuteStatement", statement("INSERT INTO TTT VALUE {'pk':'b','sk':'2'}"), false),
            ("ExecuteStatement", statement("UPDATE TTT SET x='z' WHERE pk='b' AND sk='1'"), false),
            ("ExecuteStatement", statement("DELETE FROM TTT WHERE pk='b' AND sk='1'"), false),
            ("ExecuteStatement", statement("DELETE FROM TTT WHERE pk='a' AND sk='1'"), true),
            ("DeleteItem", on_t(json!({"Key": key("b")})), false),
            ("DeleteItem", on_t(json!({"Key": key("a")})), true),
        ],
    );
}

#[test]
fn numbers_binary_and_several_attributes() {
    let number = |text: &str| json!({"TableName": "NNN", "Key": {"n": {"N": text}}});
    let condition = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["1.5"]}});
    check(
        &condition,
        &[("GetItem", number("1.5"), true), ("GetItem", number("1.50"), true), ("GetItem", number("15"), false)],
    );
    let of_index = |g: &str, h: &str| {
        on_t(json!({"IndexName": "GGG", "KeyConditionExpression": "g = :g AND h = :h",
            "ExpressionAttributeValues": {":g": {"S": g}, ":h": {"B": h}}}))
    };
    for (name, value, other) in [
        ("LeadingKeys", of_index("a", "AQI="), of_index("b", "AQI=")),
        ("FirstPartitionKeyValues", of_index("a", "AQI="), of_index("b", "AQI=")),
        ("SecondPartitionKeyValues", of_index("b", "AQI="), of_index("b", "AQM=")),
    ] {
        let values = json!(["a", "AQI="]);
        let condition = json!({"ForAnyValue:StringEquals": {format!("dynamodb:{name}"): values}});
        check(&condition, &[("Query", value, true), ("Query", other, false)]);
    }
}

#[test]
fn attributes() {
    let condition = json!({"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "x"]}});
    let get = |projection: &str| on_t(json!({"Key": key("a"), "ProjectionExpression": projection}));
    let with = |members: Value, condition: &str| {
        let mut body = on_t(members);
        body["ConditionExpression"] = condition.into();
        body
    };
    let update = |text: &str| on_t(json!({"Key": key("a"), "UpdateExpression": text}));
    let expected = json!({"Item": key("a"), "Expected": {"g": {"Exists": false}}});
    check(
        &condition,
        &[
            ("GetItem", get("x"), true),
            ("GetItem", get("x.g[1], sk"), true),
            ("GetItem", get("x, g.x"), false),
            ("GetItem", on_t(json!({"Key": key("a"), "AttributesToGet": ["g"]})), false),
            ("PutItem", on_t(json!({"Item": {"pk": {"S": "a"}, "sk": {"S": "1"}, "z": {"S": "b"}}})), false),
            ("PutItem", with(json!({"Item": key("a")}), "attribute_exists(pk)"), true),
            ("PutItem", with(json!({"Item": key("a")}), "attribute_not_exists(z)"), false),
            ("PutItem", on_t(expected), false),
            ("UpdateItem", update("SET x = sk"), true),
            ("UpdateItem", update("SET x = if_not_exists(g, sk)"), false),
            ("UpdateItem", update("REMOVE g"), false),
            ("UpdateItem", on_t(json!({"Key": key("a"), "AttributeUpdates": {"g": {"Action": "DELETE"}}})), false),
            ("DeleteItem", with(json!({"Key": key("c")}), "attribute_not_exists(g)"), false),
            ("Query", query("a"), true),
            ("Scan", on_t(json!({"FilterExpression": "attribute_exists(g)"})), false),
            ("Scan", on_t(json!({"ScanFilter": {"g": {"ComparisonOperator": "NOT_NULL"}}})), false),
            ("Scan", on_t(json!({"FilterExpression": "attribute_exists(x)"})), true),
            ("ExecuteStatement", statement("SELECT g FROM TTT WHERE pk='a'"), false),
            ("ExecuteStatement", statement("SELECT x FROM TTT WHERE pk='a' AND g='a'"), false),
            ("ExecuteStatement", statement("SELECT x FROM TTT WHERE pk='a'"), true),
            ("ExecuteStatement", statement("UPDATE TTT SET g='z' WHERE pk='a' AND sk='1'"), false),
            (
                "BatchGetItem",
                json!({"RequestItems": {"TTT": {"Keys": [key("a")], "ProjectionExpression": "g"}}}),
                false,
            ),
        ],
    );
}

#[test]
fn members_that_select_the_answer_are_condition_keys() {
    let select = |value: &str| json!({"StringEquals": {"dynamodb:Select": value}});
    let get = || json!({"Key": key("a")});
    let projected = || json!({"Key": key("a"), "ProjectionExpression": "x"});
    check(
        &select("SPECIFIC_ATTRIBUTES"),
        &[
            ("GetItem", on_t(get()), false),
            ("GetItem", on_t(projected()), true),
            ("Scan", on_t(json!({})), false),
            ("Scan", on_t(json!({"ProjectionExpression": "x"})), true),
            ("BatchGetItem", json!({"RequestItems": {"TTT": {"Keys": [key("a")]}}}), false),
            ("ExecuteStatement", statement("SELECT * FROM TTT WHERE pk='a'"), false),
            ("ExecuteStatement", statement("SELECT x FROM TTT WHERE pk='a'"), true),
        ],
    );
    check(&select("COUNT"), &[("Scan", on_t(json!({"Select": "COUNT"})), true), ("Scan", on_t(json!({})), false)]);
    let of_index = on_t(json!({"IndexName": "GGG"}));
    check(&select("ALL_PROJECTED_ATTRIBUTES"), &[("Scan", of_index, true), ("Scan", on_t(json!({})), false)]);

    let put = |more: Value| {
        let mut body = on_t(json!({"Item": key("a")}));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let shown = json!({"ReturnValuesOnConditionCheckFailure": "ALL_OLD"});
    check(
        &json!({"StringEquals": {"dynamodb:ReturnValues": "NONE"}}),
        &[
            ("PutItem", put(json!({})), true),
            ("PutItem", put(json!({"ReturnValues": "NONE"})), true),
            ("PutItem", put(json!({"ReturnValues": "ALL_OLD"})), false),
            ("PutItem", put(shown), false),
            ("ExecuteStatement", statement("DELETE FROM TTT WHERE pk='b' AND sk='1' RETURNING ALL OLD *"), false),
            ("ExecuteStatement", statement("DELETE FROM TTT WHERE pk='b' AND sk='1'"), true),
        ],
    );
    check(
        &json!({"StringEquals": {"dynamodb:ReturnConsumedCapacity": "NONE"}}),
        &[("PutItem", put(json!({})), true), ("PutItem", put(json!({"ReturnConsumedCapacity": "TOTAL"})), false)],
    );
}

/// A write may show one thing when it succeeds and the whole item when its condition fails: neither hides the other.
#[test]
fn both_of_what_a_write_may_show_are_asked() {
    let update = |more: Value| {
        let mut body = on_t(json!({"Key": key("a"), "UpdateExpression": "SET n = :n",
            "ExpressionAttributeValues": {":n": {"N": "1"}}}));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let with = |shown: &str| json!({"ReturnValues": shown, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"});
    let returning = |more: &str| {
        json!({"Statement": format!("UPDATE TTT SET n=1 WHERE pk='a' AND sk='1' RETURNING {more}"),
               "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    };
    for (denied, cases) in [
        ("UPDATED_NEW", [("UPDATED_NEW", "MODIFIED NEW *", 400), ("ALL_NEW", "ALL NEW *", 200)]),
        ("ALL_OLD", [("ALL_NEW", "ALL NEW *", 400), ("UPDATED_OLD", "MODIFIED OLD *", 400)]),
    ] {
        let pipeline = TestPipeline::new();
        let mut deny = super::test_pipeline::deny("*", "*");
        deny["Condition"] = json!({"StringEquals": {"dynamodb:ReturnValues": denied}});
        pipeline.user(ACCOUNT, "user", &[allow("*", "*"), deny]);
        for (shown, clause, status) in cases {
            let answer = pipeline.call(by("user"), "UpdateItem", &update(with(shown)).to_string());
            assert_eq!(answer.status, status, "{denied} {shown}: {}", answer.body);
            let answer = pipeline.call(by("user"), "ExecuteStatement", &returning(clause).to_string());
            assert_eq!(answer.status, status, "{denied} {clause}: {}", answer.body);
        }
    }
    check(
        &json!({"StringEquals": {"dynamodb:ReturnValues": ["UPDATED_NEW", "ALL_OLD"]}}),
        &[("UpdateItem", update(with("UPDATED_NEW")), true), ("UpdateItem", update(with("ALL_NEW")), false)],
    );
}

#[test]
fn transactions_and_full_scans() {
    let get = json!({"TransactItems": [{"Get": {"TableName": "TTT", "Key": key("a")}}]});
    check(
        &json!({"StringEquals": {"dynamodb:EnclosingOperation": "TransactGetItems"}}),
        &[("TransactGetItems", get, true), ("GetItem", on_t(json!({"Key": key("a")})), false)],
    );
    let select = "SELECT * FROM TTT WHERE pk='a' AND sk='1'";
    check(
        &json!({"StringEquals": {"dynamodb:EnclosingOperation": "ExecuteTransaction"}}),
        &[
            ("ExecuteTransaction", json!({"TransactStatements": [statement(select)]}), true),
            ("ExecuteStatement", statement(select), false),
        ],
    );
    check(
        &json!({"Bool": {"dynamodb:FullTableScan": "false"}}),
        &[
            ("ExecuteStatement", statement("SELECT * FROM TTT WHERE pk='a'"), true),
            ("ExecuteStatement", statement("SELECT * FROM TTT"), false),
            ("ExecuteStatement", statement("SELECT * FROM TTT WHERE x='a'"), false),
            ("ExecuteStatement", statement("SELECT * FROM TTT.GGG WHERE g='a'"), false),
        ],
    );
}

#[test]
fn tags() {
    let get = |table: &str, key: Value| json!({"TableName": table, "Key": key});
    check(
        &json!({"StringEquals": {"aws:ResourceTag/Team": "blue"}}),
        &[
            ("GetItem", get("TTT", key("a")), true),
            ("GetItem", get("NNN", json!({"n": {"N": "1"}})), false),
            ("Scan", on_t(json!({"IndexName": "GGG"})), true),
        ],
    );
    let tag = |key: &str, value: &str| json!({"ResourceArn": T, "Tags": [{"Key": key, "Value": value}]});
    check(
        &json!({"StringEquals": {"aws:RequestTag/env": "test"}}),
        &[
            ("TagResource", tag("env", "test"), true),
            ("TagResource", tag("env", "live"), false),
            ("TagResource", tag("other", "test"), false),
            // Both are the key of the condition.
            (
                "TagResource",
                json!({"ResourceArn": T, "Tags": [{"Key": "env", "Value": "test"}, {"Key": "ENV", "Value": "live"}]}),
                false,
            ),
        ],
    );
    check(
        &json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "env"}}),
        &[
            ("TagResource", tag("env", "test"), true),
            ("TagResource", tag("other", "test"), false),
            ("UntagResource", json!({"ResourceArn": T, "TagKeys": ["env"]}), true),
            ("UntagResource", json!({"ResourceArn": T, "TagKeys": ["Team"]}), false),
        ],
    );
}

/// A condition on a value that the request does not have never allows it.
#[test]
fn what_cannot_be_read_is_refused() {
    let pipeline = TestPipeline::new();
    let mut own = allow("*", "*");
    own["Condition"] =
        json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"], "dynamodb:Attributes": ["pk", "sk"]}});
    pipeline.user(ACCOUNT, "user", &[own]);
    for (operation, body) in [
        ("Query", on_t(json!({"KeyConditionExpression": "pk = "}))),
        ("Query", on_t(json!({"KeyConditionExpression": "sk = :v", "ExpressionAttributeValues": {":v": {"S": "1"}}}))),
        ("GetItem", on_t(json!({"Key": {"sk": {"S": "1"}}}))),
        ("GetItem", on_t(json!({"Key": {"pk": {"N": "1"}, "sk": {"S": "1"}}}))),
        ("GetItem", on_t(json!({"Key": key("a"), "ProjectionExpression": "#x"}))),
        ("PutItem", on_t(json!({"Item": {"sk": {"S": "1"}}}))),
        ("ExecuteStatement", statement("SELECT * FROM TTT WHERE pk=1")),
        ("ExecuteStatement", statement("DELETE FROM TTT WHERE sk='a'")),
        ("ExecuteStatement", statement("DELETE TTT")),
    ] {
        let before = pipeline.rows();
        let answer = pipeline.call(by("user"), operation, &body.to_string());
        assert_eq!(answer.kind, "ValidationException", "{operation} {body}: {}", answer.body);
        assert_eq!(pipeline.rows(), before);
    }
}
