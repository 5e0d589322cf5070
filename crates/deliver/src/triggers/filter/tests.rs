//! Patterns and what fits them. The cases follow the guides' tables of operators.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A record of an item with attributes of all kinds.
fn record() -> Value {
    json!({
        "eventID": "1",
        "eventName": "MODIFY",
        "dynamodb": {
            "Keys": {"Id": {"N": "101"}},
            "NewImage": {
                "Id": {"N": "101"},
                "City": {"S": "Los Angeles"},
                "Empty": {"S": ""},
                "Price": {"N": "12.50"},
                "Huge": {"N": "99999999999999999999999999999999999999"},
                "Code": {"S": "12.50"},
                "Address": {"S": "10.0.0.17"},
                "Gone": {"NULL": true},
                "On": {"BOOL": false},
                "Tags": {"SS": ["red", "green"]},
                "Sizes": {"NS": ["1", "20"]},
                "Lines": {"L": [{"M": {"sku": {"S": "a"}, "n": {"N": "1"}}}, {"M": {"sku": {"S": "b"}, "n": {"N": "2"}}}]},
            },
            "SizeBytes": 26,
        },
        "nothing": null,
        "list": [1, "two", []],
        "none": [],
    })
}

fn fits(filters: &Filters, event: &Value) -> bool {
    filters.fit(event.to_string().as_bytes()) == Fit::Yes
}

fn check(pattern: Value, expected: bool) {
    let filters = Filters::parse([pattern.to_string().as_str()]).unwrap_or_else(|_| panic!("{pattern}"));
    assert_eq!(fits(&filters, &record()), expected, "{pattern}");
}

/// Rules times values are bounded, whichever of them are many or long.
#[test]
fn costly_patterns_are_given_up() {
    let costly = |pattern: Value, image: Value| {
        let pattern = pattern.to_string();
        assert!(pattern.len() <= PATTERN_LENGTH_MAX, "{}", pattern.len());
        let filters = Filters::parse(vec![pattern.as_str(); FILTERS_MAX]).expect("patterns");
        filters.fit(json!({"dynamodb": {"NewImage": image}}).to_string().as_bytes())
    };
    let long = json!({"v": {"S": "É".repeat(100_000)}, "NS": []});
    let never = |rule: Value| json!({"dynamodb": {"NewImage": {"v": {"S": rule}, "zz": {"S": ["never"]}}}});
    let letters = vec!["a"; 990];
    let folded = never(json!([{"anything-but": {"equals-ignore-case": letters}}]));
    // The text is folded once for all of them.
    assert_eq!(costly(folded, long.clone()), Fit::No);
    let wildcards = vec![json!({"wildcard": "*ab*"}); 190];
    assert_eq!(costly(never(json!(wildcards)), long.clone()), Fit::TooCostly);
    let numbers: Vec<String> = (0..40_000).map(|at| at.to_string()).collect();
    let ranges = vec![json!({"numeric": ["=", -1]}); 190];
    let pattern = json!({"dynamodb": {"NewImage": {"n": {"NS": ranges}}}});
    assert_eq!(costly(pattern, json!({"n": {"NS": numbers}})), Fit::TooCostly);
    let objects = vec![json!({"NULL": true}); 60_000];
    let ors: Vec<Value> = (0..150).map(|_| json!({"N": ["1"]})).collect();
    let pattern = json!({"dynamodb": {"NewImage": {"l": {"L": {"$or": ors}}}}});
    assert_eq!(costly(pattern, json!({"l": {"L": objects}})), Fit::TooCostly);
    // Names are looked up, not searched, in objects with many members: searching would take billions of comparisons.
    let names: Vec<String> = (0x100..0x100 + 3_950).filter_map(char::from_u32).map(String::from).collect();
    let map: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), json!({"NULL": true}))).collect();
    let patterns: Vec<String> = names
        .chunks(395)
        .map(|names| names.iter().map(|name| json!({name: [1]})).collect::<Vec<_>>())
        .map(|ors| json!({"dynamodb": {"NewImage": {"l": {"L": {"M": {"$or": ors}}}}}}).to_string())
        .collect();
    let filters = Filters::parse(patterns.iter().map(String::as_str)).expect("patterns");
    let image = json!({"dynamodb": {"NewImage": {"l": {"L": vec![json!({"M": map}); 21]}}}});
    assert_eq!(filters.fit(image.to_string().as_bytes()), Fit::No);
    // What people write is far from it.
    let one = json!({"dynamodb": {"NewImage": {"v": {"S": [{"wildcard": "*x*y*"}]}}}});
    assert_eq!(costly(one, long), Fit::No);
    let ids: Vec<String> = (0..450).map(|at| format!("id{at}")).collect();
    let one = json!({"dynamodb": {"NewImage": {"id": {"S": ids}}}});
    assert_eq!(costly(one.clone(), json!({"id": {"S": "other"}})), Fit::No);
    assert_eq!(costly(one, json!({"id": {"S": "id449"}})), Fit::Yes);
}

/// A pattern for one attribute of the new image.
fn image(pattern: Value) -> Value {
    json!({"dynamodb": {"NewImage": pattern}})
}

#[test]
fn equality() {
    check(json!({"eventName": ["MODIFY"]}), true);
    check(json!({"eventName": ["INSERT", "MODIFY"]}), true);
    check(json!({"eventName": ["modify"]}), false);
    check(json!({"eventName": ["INSERT"]}), false);
    check(json!({"eventName": ["MODIFY"], "eventID": ["2"]}), false);
    check(json!({"dynamodb": {"Keys": {"Id": {"N": ["101"]}}}}), true);
    // As they are written: a text is no number.
    check(json!({"dynamodb": {"Keys": {"Id": {"N": [101]}}}}), false);
    check(json!({"dynamodb": {"SizeBytes": [26]}}), true);
    check(json!({"dynamodb": {"SizeBytes": [26.0]}}), false);
    check(image(json!({"Empty": {"S": [""]}})), true);
    check(image(json!({"City": {"S": [""]}})), false);
    check(json!({"nothing": [null]}), true);
    check(json!({"eventName": [null]}), false);
    check(image(json!({"Gone": {"NULL": [true]}})), true);
    check(image(json!({"On": {"BOOL": [true]}})), false);
    check(image(json!({"On": {"BOOL": [false]}})), true);
}

#[test]
fn operators_on_text() {
    for (rule, expected) in [
        (json!({"prefix": "Los"}), true),
        (json!({"prefix": "los"}), false),
        (json!({"prefix": {"equals-ignore-case": "lOS"}}), true),
        (json!({"suffix": "les"}), true),
        (json!({"suffix": "LES"}), false),
        (json!({"suffix": {"equals-ignore-case": "LES"}}), true),
        (json!({"equals-ignore-case": "los angeles"}), true),
        (json!({"equals-ignore-case": "los angele"}), false),
        (json!({"wildcard": "L*A*s"}), true),
        (json!({"wildcard": "*"}), true),
        (json!({"wildcard": "Los Angeles"}), true),
        (json!({"wildcard": "L*x*s"}), false),
        (json!({"wildcard": "Los*Los Angeles"}), false),
        (json!({"wildcard": "L\\*"}), false),
        (json!({"anything-but": "Rome"}), true),
        (json!({"anything-but": "Los Angeles"}), false),
        (json!({"anything-but": ["Rome", "Los Angeles"]}), false),
        (json!({"anything-but": ["Rome", 7]}), true),
        (json!({"anything-but": {"prefix": "Los"}}), false),
        (json!({"anything-but": {"prefix": ["a", "b"]}}), true),
        (json!({"anything-but": {"suffix": ["x", "les"]}}), false),
        (json!({"anything-but": {"equals-ignore-case": ["LOS ANGELES"]}}), false),
        (json!({"anything-but": {"wildcard": "*Ang*"}}), false),
    ] {
        check(image(json!({"City": {"S": [rule]}})), expected);
    }
    check(image(json!({"Absent": {"S": [{"anything-but": "x"}]}})), false);
}

#[test]
fn numbers_and_ranges() {
    for (operand, expected) in [
        (json!(["=", 12.5]), true),
        (json!(["=", 12]), false),
        (json!([">", 12]), true),
        (json!([">", 12.5]), false),
        (json!([">=", 12.5]), true),
        (json!(["<", 12.5]), false),
        (json!(["<=", 12.5]), true),
        (json!([">", 10, "<=", 12.5]), true),
        (json!([">", 10, "<", 12.5]), false),
        (json!([">=", -5e9, "<", 5.0e9]), true),
    ] {
        check(image(json!({"Price": {"N": [{"numeric": operand}]}})), expected);
        // A text that looks like a number is none.
        check(image(json!({"Code": {"S": [{"numeric": operand}]}})), false);
    }
    check(image(json!({"Huge": {"N": [{"numeric": [">", 1e37]}]}})), true);
    check(image(json!({"Sizes": {"NS": [{"numeric": [">", 15]}]}})), true);
    check(image(json!({"Sizes": {"NS": [{"numeric": [">", 20]}]}})), false);
    check(json!({"dynamodb": {"SizeBytes": [{"numeric": ["<", 27]}]}}), true);
}

#[test]
fn presence() {
    check(image(json!({"City": {"S": [{"exists": true}]}})), true);
    check(image(json!({"City": {"S": [{"exists": false}]}})), false);
    check(image(json!({"Absent": {"S": [{"exists": false}]}})), true);
    check(image(json!({"Absent": {"S": [{"exists": true}]}})), false);
    check(json!({"dynamodb": {"OldImage": {"City": {"S": [{"exists": false}]}}}}), true);
    // Only leaves exist.
    check(image(json!({"City": [{"exists": true}]})), false);
    check(image(json!({"City": [{"exists": false}]})), true);
    check(json!({"none": [{"exists": true}]}), false);
    check(json!({"nothing": [{"exists": true}]}), true);
}

#[test]
fn lists_and_what_is_in_them() {
    check(image(json!({"Tags": {"SS": ["green"]}})), true);
    check(image(json!({"Tags": {"SS": ["blue"]}})), false);
    check(json!({"list": ["two"]}), true);
    check(json!({"list": [3]}), false);
    check(image(json!({"Lines": {"L": {"M": {"sku": {"S": ["b"]}}}}})), true);
    check(image(json!({"Lines": {"L": {"M": {"sku": {"S": ["b"]}, "n": {"N": ["2"]}}}}})), true);
    // Both must fit the same element.
    check(image(json!({"Lines": {"L": {"M": {"sku": {"S": ["b"]}, "n": {"N": ["1"]}}}}})), false);
}

#[test]
fn alternatives() {
    let city = |name: &str| image(json!({"City": {"S": [name]}}));
    check(json!({"$or": [city("Rome"), {"eventName": ["MODIFY"]}]}), true);
    check(json!({"$or": [city("Rome"), {"eventName": ["INSERT"]}]}), false);
    check(json!({"eventID": ["2"], "$or": [city("Rome"), {"eventName": ["MODIFY"]}]}), false);
    check(image(json!({"$or": [{"City": {"S": ["Rome"]}}, {"On": {"BOOL": [false]}}]})), true);
    let either = Filters::parse([r#"{"eventName":["INSERT"]}"#, r#"{"eventName":["MODIFY"]}"#]).unwrap();
    assert!(fits(&either, &record()));
    assert!(fits(&Filters::default(), &record()));
}

#[test]
fn addresses() {
    for (block, expected) in
        [("10.0.0.0/24", true), ("10.0.1.0/24", false), ("0.0.0.0/0", true), ("10.0.0.17/32", true), ("::/0", false)]
    {
        check(image(json!({"Address": {"S": [{"cidr": block}]}})), expected);
    }
}

#[test]
fn what_is_no_pattern() {
    let long = format!(r#"{{"a":["{}"]}}"#, "x".repeat(PATTERN_LENGTH_MAX));
    for pattern in [
        "",
        "x",
        "null",
        "[]",
        r#""text""#,
        "{}",
        r#"{"a":"text"}"#,
        r#"{"a":1}"#,
        r#"{"a":null}"#,
        r#"{"a":{}}"#,
        r#"{"a":[]}"#,
        r#"{"a":[[1]]}"#,
        r#"{"a":[{}]}"#,
        r#"{"a":[{"unknown":"x"}]}"#,
        r#"{"a":[{"prefix":"x","suffix":"y"}]}"#,
        r#"{"a":[{"prefix":1}]}"#,
        r#"{"a":[{"prefix":["x"]}]}"#,
        r#"{"a":[{"prefix":{"suffix":"x"}}]}"#,
        r#"{"a":[{"equals-ignore-case":{"equals-ignore-case":"x"}}]}"#,
        r#"{"a":[{"wildcard":"x**y"}]}"#,
        r#"{"a":[{"wildcard":"x\\y"}]}"#,
        r#"{"a":[{"exists":"true"}]}"#,
        r#"{"a":[{"anything-but":[]}]}"#,
        r#"{"a":[{"anything-but":null}]}"#,
        r#"{"a":[{"anything-but":{"prefix":[]}}]}"#,
        r#"{"a":[{"anything-but":{"numeric":["=",1]}}]}"#,
        r#"{"a":[{"numeric":[]}]}"#,
        r#"{"a":[{"numeric":["="]}]}"#,
        r#"{"a":[{"numeric":["=","1"]}]}"#,
        r#"{"a":[{"numeric":["!=",1]}]}"#,
        r#"{"a":[{"numeric":["=",1,"=",2]}]}"#,
        r#"{"a":[{"numeric":["<",1,">",0]}]}"#,
        r#"{"a":[{"numeric":[">",2,"<",1]}]}"#,
        r#"{"a":[{"numeric":[">",0,"<",1,"<",2]}]}"#,
        r#"{"a":[{"cidr":"10.0.0.0"}]}"#,
        r#"{"a":[{"cidr":"10.0.0.0/33"}]}"#,
        r#"{"$or":[{"a":[1]}]}"#,
        r#"{"$or":[{"a":[1]},2]}"#,
        long.as_str(),
    ] {
        assert_eq!(Filters::parse([pattern]).err(), Some(InvalidPattern), "{pattern}");
    }
    let deep = format!("{}1{}", r#"{"a":"#.repeat(400), "}".repeat(400));
    assert_eq!(Filters::parse([deep.as_str()]).err(), Some(InvalidPattern));
}

/// The same as a wildcard's parts, a character at a time.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        (['*', rest @ ..], text) => (0..=text.len()).any(|at| naive(rest, &text[at..])),
        ([first, rest @ ..], [found, after @ ..]) => first == found && naive(rest, after),
        (_, []) => false,
    }
}

/// JSON that is like a pattern.
fn anything() -> impl Strategy<Value = Value> {
    let words = [
        "a",
        "$or",
        "exists",
        "prefix",
        "suffix",
        "numeric",
        "anything-but",
        "cidr",
        "wildcard",
        "=",
        "<",
        "10.0.0.0/8",
    ];
    let word = proptest::sample::select(words.to_vec());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(word.clone().prop_map(str::to_owned), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn wildcards_are_what_they_say(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
        let filters = Filters::parse([json!({"a": [{"wildcard": pattern}]}).to_string().as_str()]);
        prop_assert_eq!(filters.is_err(), pattern.contains("**"));
        if let Ok(filters) = filters {
            let [pattern, letters] = [&pattern, &text].map(|text| text.chars().collect::<Vec<char>>());
            prop_assert_eq!(fits(&filters, &json!({"a": text})), naive(&pattern, &letters));
        }
    }

    #[test]
    fn whatever_looks_like_a_pattern_is_one_or_is_refused(pattern in anything(), event in anything()) {
        if let Ok(filters) = Filters::parse([pattern.to_string().as_str()]) {
            fits(&filters, &event);
            fits(&filters, &pattern);
        }
    }
}
