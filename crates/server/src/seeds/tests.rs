//! Files of each kind, as the tables that they are.

use super::*;

fn parsed(text: &str) -> Result<Vec<SeedTable>, String> {
    parse(text, &Names { region: "eu-west-3", account: "000000000000" })
}

fn one(text: &str) -> SeedTable {
    let mut tables = parsed(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(tables.len(), 1);
    tables.remove(0)
}

const KEYS: &str = r#""KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}]"#;

fn created(more: Value) -> Value {
    let mut request: Value = serde_json::from_str(&format!("{{{KEYS}}}")).expect("JSON");
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[test]
fn tables_with_items() {
    let item = json!({"pk": {"S": "a"}, "n": {"N": "1"}});
    let text = format!(r#"{{"Tables":[{{"TableName":"t",{KEYS},"Items":[{item},{{"Item":{item}}}]}}]}}"#);
    let table = one(&text);
    assert_eq!(table.create, created(json!({"TableName": "t", "BillingMode": "PAY_PER_REQUEST"})));
    assert_eq!(table.items, [item.clone(), item]);
    // Of jest-dynamodb's configuration, and one table alone.
    let data = r#""data":[{"pk":"a","n":1.50,"l":[true,null,{"x":"y"}]}]"#;
    let typed = json!({"pk": {"S": "a"}, "n": {"N": "1.5"},
        "l": {"L": [{"BOOL": true}, {"NULL": true}, {"M": {"x": {"S": "y"}}}]}});
    for text in [
        format!(r#"{{"tables":[{{"TableName":"t",{KEYS},{data}}}]}}"#),
        format!(r#"{{"TableName":"t",{KEYS},{data}}}"#),
        format!(r#"[{{"TableName":"t",{KEYS},{data}}}]"#),
    ] {
        assert_eq!(one(&text).items, std::slice::from_ref(&typed), "{text}");
    }
    let lives = json!({"AttributeName": "ttl", "Enabled": true});
    let text = format!(r#"{{"TableName":"t",{KEYS},"TimeToLiveSpecification":{lives}}}"#);
    let request = json!({"TableName": "t", "TimeToLiveSpecification": lives});
    assert_eq!(one(&text).settings, [("UpdateTimeToLive", request)]);
}

#[test]
fn models_of_workbench() {
    let text = r#"{"ModelName":"m","ModelMetadata":{"Version":"3.0"},"DataModel":[{"TableName":"t",
        "KeyAttributes":{"PartitionKey":{"AttributeName":"pk","AttributeType":"S"},"SortKey":{"AttributeName":"sk","AttributeType":"N"}},
        "NonKeyAttributes":[{"AttributeName":"other","AttributeType":"S"}],
        "TableData":[{"pk":{"S":"a"},"sk":{"N":"1"}}],"DataAccess":{"MySql":{}},"BillingMode":"PROVISIONED",
        "ProvisionedCapacitySettings":{"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}},
        "GlobalSecondaryIndexes":[{"IndexName":"g","KeyAttributes":{"PartitionKey":{"AttributeName":"other","AttributeType":"S"}},
        "Projection":{"ProjectionType":"KEYS_ONLY"}}]}]}"#;
    let table = one(text);
    let definition = |name: &str, kind: &str| json!({"AttributeName": name, "AttributeType": kind});
    assert_eq!(
        table.create,
        json!({"TableName": "t",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [definition("other", "S"), definition("pk", "S"), definition("sk", "N")],
            "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
            "GlobalSecondaryIndexes": [{"IndexName": "g", "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}]})
    );
    assert_eq!(table.items, [json!({"pk": {"S": "a"}, "sk": {"N": "1"}})]);
}

const TEMPLATE: &str = r#"
# A comment.
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Stage: {Type: String, Default: dev}
  Units: {Type: Number, Default: "7"}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: !Sub "orders-${Stage}-${AWS::Region}"
      KeySchema:
        - AttributeName: pk
          KeyType: HASH
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
      ProvisionedThroughput:
        ReadCapacityUnits: !Ref Units
        WriteCapacityUnits: "2"
      StreamSpecification:
        StreamViewType: NEW_IMAGE
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      Tags: [{Key: a, Value: !Join ['-', [x, !Ref Stage]]}]
  Function:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn}
"#;

#[test]
fn templates_in_yaml() {
    let table = one(TEMPLATE);
    let expected = created(json!({"TableName": "orders-dev-eu-west-3",
        "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 2},
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE", "StreamEnabled": true},
        "Tags": [{"Key": "a", "Value": "x-dev"}]}));
    assert_eq!(table.create, expected);
    let lives = json!({"TableName": "orders-dev-eu-west-3", "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}});
    assert_eq!(table.settings, [("UpdateTimeToLive", lives)]);
    let serverless = format!("service: x\nresources:\n{}", TEMPLATE.replace('\n', "\n  "));
    assert_eq!(one(&serverless).create, expected);
}

#[test]
fn templates_in_json() {
    let resource = |properties: &str| {
        format!(r#"{{"Resources":{{"T":{{"Type":"AWS::DynamoDB::Table","Properties":{{{KEYS}{properties}}}}}}}}}"#)
    };
    let on_demand = |name: &str| created(json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST"}));
    assert_eq!(one(&resource("")).create, on_demand("T"), "the resource's name");
    let sub = r#","TableName":{"Fn::Sub":["${a}-${!b}-${AWS::AccountId}",{"a":"x"}]}"#;
    assert_eq!(one(&resource(sub)).create, on_demand("x-${b}-000000000000"));
    let none = r#","TableName":{"Ref":"AWS::NoValue"},"BillingMode":"PAY_PER_REQUEST""#;
    assert!(parsed(&resource(none)).is_err(), "its name would be AWS's");
    let simple = r#"{"Resources":{"S":{"Type":"AWS::Serverless::SimpleTable"}}}"#;
    assert_eq!(one(simple).create["KeySchema"], json!([{"AttributeName": "id", "KeyType": "HASH"}]));
}

#[test]
fn what_cannot_be_read_is_named() {
    let table = |name: &str| {
        format!(
            r#"{{"Resources":{{"T":{{"Type":"AWS::DynamoDB::Table","Properties":{{{KEYS},"TableName":{name}}}}}}}}}"#
        )
    };
    for (text, expected) in [
        ("{".to_owned(), "it is no JSON"),
        ("a: [".to_owned(), "it is no YAML"),
        ("a: &x 1\nb: *x".to_owned(), "an alias"),
        ("a: 1\na: 2".to_owned(), "twice"),
        ("a: 1\n---\nb: 2".to_owned(), "more than one document"),
        (String::new(), "it is empty"),
        ("{}".to_owned(), "no Tables"),
        (r#"{"Tables":[{}]}"#.to_owned(), "no TableName"),
        (r#"{"Resources":{}}"#.to_owned(), "no table"),
        (table(r#"{"Ref":"X"}"#), "resource T: X is no parameter"),
        (table(r#"{"Fn::ImportValue":"X"}"#), "Fn::ImportValue is not supported"),
        (table(r#"{"Fn::Sub":"${"}"#), "has no }"),
        (r#"{"DataModel":[{"TableName":"t"}]}"#.to_owned(), "table t: KeyAttributes has no PartitionKey"),
        ("[".repeat(200), "JSON"),
        (format!("a: {}", "[".repeat(200)), "deep"),
    ] {
        let error = parsed(&text).expect_err(&text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}
