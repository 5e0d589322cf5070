//! Compact items against the trees they were made from.

use proptest::prelude::*;

use super::*;
use crate::value::{AttributeValue, Attributes};

/// Any value, nested a few levels deep.
pub(crate) fn any_value() -> impl Strategy<Value = AttributeValue> {
    let number = (any::<bool>(), any::<u64>(), -60_i32..60).prop_map(|(minus, digits, e)| {
        Number::parse(&format!("{}{digits}e{e}", if minus { "-" } else { "" })).unwrap()
    });
    let scalar = prop_oneof![
        ".{0,12}".prop_map(AttributeValue::S),
        number.clone().prop_map(AttributeValue::N),
        proptest::collection::vec(any::<u8>(), 0..200).prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        proptest::collection::btree_set(".{0,6}", 1..4).prop_map(|set| AttributeValue::SS(set.into_iter().collect())),
        proptest::collection::btree_set(number, 1..4).prop_map(|set| AttributeValue::NS(set.into_iter().collect())),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(AttributeValue::L),
            any_map(inner).prop_map(AttributeValue::M),
        ]
    })
}

fn any_map(value: impl Strategy<Value = AttributeValue>) -> impl Strategy<Value = Attributes> {
    proptest::collection::vec((".{1,8}", value), 0..6).prop_map(Attributes::from_unsorted)
}

proptest! {
    #[test]
    fn what_is_written_is_read(item in any_map(any_value())) {
        let bytes = encode(item.view());
        let map = MapRef::Compact(Map::new(&bytes));
        prop_assert_eq!(map.to_owned(), item.clone());
        prop_assert_eq!(map.len(), item.len());
        prop_assert_eq!(crate::item_size(map), crate::item_size(item.view()));
        for (name, value) in item.iter() {
            prop_assert!(map.get(name) == Some(value.view()));
        }
        prop_assert!(map.get("never a name that is this long").is_none());
        prop_assert_eq!(encode(map), bytes);
    }
}

#[test]
fn long_payloads_take_long_lengths() {
    let long = AttributeValue::S("x".repeat(70_000));
    let item =
        Attributes::from_unsorted(vec![("m".into(), AttributeValue::L(vec![long.clone(), AttributeValue::Null]))]);
    let bytes = encode(item.view());
    let list = Map::new(&bytes).get("m").unwrap().as_list().unwrap();
    assert!(list.get(0) == Some(long.view()) && list.get(1) == Some(ValueRef::Null) && list.get(2).is_none());
}
