//! What is written is read again: all types, in JSON and Ion, plain and compressed.

use model::{AttributeValue, Attributes, Number};
use proptest::prelude::*;

use super::*;
use crate::write::LineFormat;

fn number() -> impl Strategy<Value = Number> {
    let short = any::<i64>().prop_map(|value| value.to_string());
    let long = (any::<bool>(), "[1-9][0-9]{0,37}", -120_i32..80);
    let long =
        long.prop_map(|(negative, digits, exponent)| format!("{}{digits}e{exponent}", if negative { "-" } else { "" }));
    prop_oneof![short, long].prop_filter_map("in range", |text| Number::parse(&text).ok())
}

fn value() -> impl Strategy<Value = AttributeValue> {
    use AttributeValue::*;
    let set = |size| prop::collection::btree_set(any::<String>(), size);
    let leaf = prop_oneof![
        any::<String>().prop_map(S),
        number().prop_map(N),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(B),
        any::<bool>().prop_map(Bool),
        Just(Null),
        set(1..5).prop_map(|set| SS(set.into_iter().collect())),
        prop::collection::btree_set(number(), 1..5).prop_map(|set| NS(set.into_iter().collect())),
        prop::collection::btree_set(prop::collection::vec(any::<u8>(), 0..9), 1..5)
            .prop_map(|set| BS(set.into_iter().collect())),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(L),
            prop::collection::btree_map(".{1,12}", inner, 0..6).prop_map(|map| M(map.into_iter().collect())),
        ]
    })
}

fn item() -> impl Strategy<Value = Attributes> {
    let name = prop_oneof!["[a-z$_]{1,8}", ".{1,20}", Just("null".to_owned()), Just("$12".to_owned())];
    prop::collection::btree_map(name, value(), 0..6).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn items_come_back(items in prop::collection::vec(item(), 1..8), piece in 1_usize..400) {
        let expected: Vec<String> = items.iter().map(|item| {
            let mut json = Vec::new();
            write_map(&mut json, item.view());
            String::from_utf8(json).expect("UTF-8")
        }).collect();
        for (lines, format) in [(LineFormat::DynamoDbJson, InputFormat::DynamoDbJson), (LineFormat::Ion, InputFormat::Ion)] {
            let mut object = Vec::new();
            items.iter().for_each(|item| lines.push_item(&mut object, item.view()));
            prop_assert_eq!(&read_in(format.clone(), Compression::None, &object, piece), &expected);
            prop_assert_eq!(&read_in(format.clone(), Compression::Gzip, &gzip(&object), piece), &expected);
            prop_assert_eq!(&read_in(format, Compression::Zstd, &zstd(&object), piece), &expected);
        }
    }
}
