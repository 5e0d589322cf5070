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
        let map = MapRef::Compact(Map::read(&bytes).unwrap());
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

/// What passes the check is the encoding of an item: all of it is read, and nothing else is found.
fn read_whole(bytes: &[u8]) -> Option<Attributes> {
    let map = MapRef::Compact(Map::read(bytes).ok()?);
    let tree = map.to_owned();
    assert_eq!(tree.len(), map.len());
    assert!(tree.iter().all(|(name, value)| map.get(name) == Some(value.view())));
    assert_eq!(Map::read(&encode(tree.view())).map(|again| MapRef::Compact(again).to_owned()).as_ref(), Ok(&tree));
    Some(tree)
}

proptest! {
    #[test]
    fn random_bytes_are_an_item_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        read_whole(&bytes);
    }

    #[test]
    fn changed_bytes_are_an_item_or_refused(
        item in any_map(any_value()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encode(item.view());
        let part = &bytes[..cut.index(bytes.len())];
        prop_assert!(Map::read(part).is_err(), "{}", part.escape_ascii());
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_whole(&bytes);
        bytes.push(0);
        prop_assert!(read_whole(&bytes[..bytes.len() - 1]).is_none() || Map::read(&bytes).is_err());
    }
}

#[test]
fn each_part_is_checked() {
    let entry = |value: &[u8]| [&[1, 1, b'a'][..], value].concat();
    for (bytes, what) in [
        (vec![], "too early"),
        (vec![1], "too early"),
        (vec![0xff; 12], "too early"),
        (vec![0, 0], "behind its end"),
        (vec![2, 1, b'b', TAG_NULL, 0, 1, b'a', TAG_NULL, 0], "order of their names"),
        (vec![2, 1, b'a', TAG_NULL, 0, 1, b'a', TAG_NULL, 0], "order of their names"),
        (vec![1, 1, 0xff, TAG_NULL, 0], "not UTF-8"),
        (entry(&[TAG_S, 1, 0xff]), "not UTF-8"),
        (entry(&[TAG_S, 2, b'a']), "too early"),
        (entry(&[TAG_TRUE, 1, 0]), "behind its end"),
        (entry(&[12, 0]), "unknown type"),
        (entry(&[0, 0]), "unknown type"),
        (entry(&[TAG_N, 1, 0x10]), "a number is none"),
        (entry(&[TAG_N, 3, 0x10, 0, 0]), "a number is none"),
        (entry(&[TAG_N, 3, 0x10, 0, 10]), "a number is none"),
        (entry(&[TAG_N, 3, 0x7f, 0xff, 1]), "a number is none"),
        (entry(&[[TAG_N, 19, 0x10, 0].as_slice(), &[1; 17]].concat()), "a number is none"),
        (entry(&[TAG_SS, 4, 1, TAG_B, 1, b'a']), "another type"),
        (entry(&[TAG_L, 2, 0, 0]), "behind its end"),
        (entry(&[TAG_L, 1, 1]), "too early"),
        (entry(&[TAG_M, 0]), "too early"),
    ] {
        let found = Map::read(&bytes).map(|map| map.len());
        assert!(found.is_err_and(|Malformed(text)| text.contains(what)), "{found:?} of {bytes:?}");
    }
}

/// Bytes that would take a stack of any size are refused, and what a request may send is not.
#[test]
fn the_depth_is_bounded() {
    let nested = |levels: usize| {
        let list = (0..levels).fold(AttributeValue::Null, |inner, _| AttributeValue::L(vec![inner]));
        encode(Attributes::from_unsorted(vec![("a".to_owned(), list)]).view())
    };
    assert!(Map::read(&nested(NESTING_MAX)).is_ok());
    assert_eq!(Map::read(&nested(DEPTH_MAX)).err(), Some(Malformed("it is nested too deeply")));
    // A list in each list, as deep as 400 KB are.
    let mut deep = vec![TAG_NULL, 0];
    for _ in 0..3_000 {
        deep = [&[1], &deep[..]].concat();
        let mut outer = Vec::new();
        push_payload(&mut outer, TAG_L, &deep);
        deep = outer;
    }
    assert!(Map::read(&[&[1, 1, b'a'], &deep[..]].concat()).is_err());
}

#[test]
fn long_payloads_take_long_lengths() {
    let long = AttributeValue::S("x".repeat(70_000));
    let item =
        Attributes::from_unsorted(vec![("m".into(), AttributeValue::L(vec![long.clone(), AttributeValue::Null]))]);
    let bytes = encode(item.view());
    let list = Map::read(&bytes).unwrap().get("m").unwrap().as_list().unwrap();
    assert!(list.get(0) == Some(long.view()) && list.get(1) == Some(ValueRef::Null) && list.get(2).is_none());
}
