//! Records of bulk puts: a condition beside the item, in both formats.

use model::{AttributeValue, Number};

use super::*;

fn item(name: &str, value: AttributeValue) -> Attributes {
    Attributes::from_unsorted(vec![(name.to_owned(), value)])
}

fn only(format: InputFormat, text: &str) -> Next {
    let mut reader = ObjectReader::new(format, Compression::None).with_conditions();
    reader.push(Bytes::copy_from_slice(text.as_bytes()));
    reader.push_end();
    reader.next_record()
}

#[test]
fn a_record_has_a_condition() {
    let json = r##"{"ConditionExpression":"#v < :v","Item":{"pk":{"S":"a"}},"ExpressionAttributeNames":{"#v":"v"},
        "ExpressionAttributeValues":{":v":{"N":"7"}},"ReturnValues":[1]}"##;
    let ion = r##"{ConditionExpression:"#v < :v",Item:{pk:"a"},ExpressionAttributeNames:{'#v':"v"},ExpressionAttributeValues:{':v':7}}"##;
    let expected = RecordCondition {
        expression: Some("#v < :v".to_owned()),
        names: Some([("#v".to_owned(), "v".to_owned())].into()),
        values: Some(item(":v", AttributeValue::N(Number::from_u64(7)))),
    };
    for (format, text) in [(InputFormat::DynamoDbJson, json.replace('\n', " ")), (InputFormat::Ion, ion.to_owned())] {
        let Next::Record(record) = only(format.clone(), &text) else { panic!("{format:?}") };
        assert_eq!(record.item, Ok(item("pk", AttributeValue::S("a".to_owned()))), "{format:?}");
        assert_eq!(record.condition.as_deref(), Some(&expected), "{format:?}");
        // An import does not look at it.
        let mut reader = ObjectReader::new(format, Compression::None);
        reader.push(Bytes::from(text));
        reader.push_end();
        assert!(matches!(reader.next_record(), Next::Record(Record { item: Ok(_), condition: None, .. })));
    }
}

#[test]
fn members_that_are_null_are_absent_and_others_of_the_wrong_type_end_the_object() {
    let of = |members: &str| format!(r#"{{"Item":{{"pk":{{"S":"a"}}}},{members}}}"#);
    let nulls = r#""ConditionExpression":null,"ExpressionAttributeNames":null,"ExpressionAttributeValues":null"#;
    let record = only(InputFormat::DynamoDbJson, &of(nulls));
    assert!(matches!(record, Next::Record(Record { item: Ok(_), condition: None, .. })), "{record:?}");
    let record = only(InputFormat::Ion, "{Item:{pk:\"a\"},ConditionExpression:null,ExpressionAttributeValues:null}");
    assert!(matches!(record, Next::Record(Record { item: Ok(_), condition: None, .. })), "{record:?}");
    for members in [
        r#""ConditionExpression":1"#,
        r#""ExpressionAttributeNames":{"a":1}"#,
        r#""ExpressionAttributeNames":["a"]"#,
        r#""ExpressionAttributeValues":{":a":1}"#,
        r#""ExpressionAttributeValues":"a""#,
    ] {
        assert!(matches!(only(InputFormat::DynamoDbJson, &of(members)), Next::Failed(_)), "{members}");
    }
    for members in ["ConditionExpression:1", "ExpressionAttributeNames:{a:1}", "ExpressionAttributeValues:[1]"] {
        assert!(matches!(only(InputFormat::Ion, &format!("{{Item:{{pk:\"a\"}},{members}}}")), Next::Failed(_)));
    }
    // A value that no item may have costs its record alone.
    let deep = of(r#""ExpressionAttributeValues":{":a":{"NS":[]}}"#);
    assert!(matches!(
        only(InputFormat::DynamoDbJson, &deep),
        Next::Record(Record { item: Err(_), condition: None, .. })
    ));
}
