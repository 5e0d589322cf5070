//! Names that are found, and everything else that is not.

use super::*;

#[test]
fn names_of_requests() {
    let check = |body: &str, parameters: &str, resources: &[&str]| {
        let names = of(body.as_bytes());
        assert_eq!(
            (Value::Object(names.parameters).to_string().as_str(), &names.resources[..]),
            (parameters, &resources.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..]),
            "{body}"
        );
    };
    check(
        r#"{"TableName":"a","IndexName":"i","Key":{"pk":{"S":"secret"}},"KeyConditionExpression":"pk = :secret"}"#,
        r#"{"indexName":"i","tableName":"a"}"#,
        &["a"],
    );
    check(
        r#"{"RequestItems":{"b":{"Keys":[{"pk":{"S":"secret"}}]},"a":[{"PutRequest":{}}]}}"#,
        r#"{"requestItems":[{"tableName":"b"},{"tableName":"a"}]}"#,
        &["b", "a"],
    );
    check(
        r#"{"TransactItems":[{"Put":{"TableName":"b","Item":{}}},{"Other":{"TableName":"a"}},{"Get":{"TableName":"b"}}]}"#,
        r#"{"requestItems":[{"operation":"Put","tableName":"b"},{"tableName":"a"},{"operation":"Get","tableName":"b"}]}"#,
        &["b", "a"],
    );
    let stream = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000";
    check(&format!(r#"{{"StreamArn":"{stream}"}}"#), &format!(r#"{{"streamArn":"{stream}"}}"#), &[stream]);
    let kinesis = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
    check(
        &format!(r#"{{"TableName":"t","StreamArn":"{kinesis}"}}"#),
        &format!(r#"{{"streamArn":"{kinesis}","tableName":"t"}}"#),
        &["t"],
    );
    // Nobody hides a table behind another one.
    check(r#"{"TableName":"a","TableName":"b"}"#, r#"{"tableName":"b"}"#, &["a", "b"]);
    check(r#"{"TableName":"a","broken"#, r#"{"tableName":"a"}"#, &["a"]);
    for nothing in [
        "",
        "{}",
        "[]",
        "{",
        "7",
        "null",
        r#"{"TableName":7}"#,
        r#"{"TableName":["a"]}"#,
        r#"{"TableName":{"TableName":"a"}}"#,
        r#"{"TableName":"two words"}"#,
        r#"{"FunctionName":"https://h/secret"}"#,
        r#"{"RequestItems":"a"}"#,
        r#"{"TransactItems":[["a"],7]}"#,
        r#"{"ShardIterator":"secret"}"#,
    ] {
        check(nothing, "{}", &[]);
    }
}

#[test]
fn names_of_statements() {
    let check = |statement: &str, table: Option<&str>, writes: bool| {
        for body in [json!({"Statement": statement}), json!({"Statements": [{"Statement": statement}]})] {
            let names = of(body.to_string().as_bytes());
            assert!(names.parameters.is_empty(), "{statement}");
            let found = names.resources.first().map(String::as_str);
            assert_eq!((found, names.writes), (table, Some(writes)), "{statement}");
        }
    };
    check(r#"SELECT * FROM "my-table"."index" WHERE pk = 'from secret'"#, Some("my-table"), false);
    check("select a from t", Some("t"), false);
    check("SELECT 'from x' FROM t", Some("t"), false);
    check("INSERT INTO t VALUE {'pk':'secret'}", Some("t"), true);
    check(r#"UPDATE "t" SET a = 'secret' WHERE pk = ?"#, Some("t"), true);
    check("DELETE FROM t WHERE pk = 'secret'", Some("t"), true);
    check("EXISTS(SELECT * FROM t WHERE pk = 1)", Some("t"), false);
    check("nonsense 'secret", None, true);
    check("\"", None, true);
    let both = r#"{"TransactStatements":[{"Statement":"SELECT * FROM a"},{"Statement":"DELETE FROM b"}]}"#;
    let names = of(both.as_bytes());
    assert_eq!((names.resources.join(" ").as_str(), names.writes), ("a b", Some(true)));
}

#[test]
fn hostile_bodies_stay_small() {
    let tables: Vec<String> = (0..1_000).map(|at| format!(r#""t{at:04}":[]"#)).collect();
    let names = of(format!(r#"{{"RequestItems":{{{}}}}}"#, tables.join(",")).as_bytes());
    assert_eq!(
        (names.resources.len(), names.parameters["requestItems"].as_array().unwrap().len()),
        (NAMES_MAX, NAMES_MAX)
    );
    for nested in ["[".repeat(1_000_000), r#"{"TransactItems":["#.repeat(100_000), r#"{"Statements":"#.repeat(100_000)]
    {
        assert!(of(nested.as_bytes()).resources.is_empty());
    }
}
