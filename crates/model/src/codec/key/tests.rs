//! The order of encoded keys against the order of the values themselves.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn encoded(values: &[KeyValue<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    values.iter().for_each(|value| push_sort(&mut out, *value));
    out
}

/// Numbers of up to 38 digits, near and far from each other.
fn any_number() -> impl Strategy<Value = Number> {
    (any::<bool>(), "[0-9]{1,38}", -120_i32..80)
        .prop_map(|(minus, digits, e)| Number::parse(&format!("{}{digits}e{e}", if minus { "-" } else { "" })).unwrap())
}

/// Decimal order without any of [`Number`]'s own arithmetic: texts padded to one width.
fn decimal_order(a: Number, b: Number) -> Ordering {
    let padded = |n: Number| {
        let text = n.to_string();
        let text = text.trim_start_matches('-');
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole:0>200}{fraction:0<200}")
    };
    match (a.is_negative(), b.is_negative()) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => padded(a).cmp(&padded(b)),
        (true, true) => padded(b).cmp(&padded(a)),
    }
}

proptest! {
    #[test]
    fn numbers_keep_their_order(a in any_number(), b in any_number()) {
        let order = decimal_order(a, b);
        prop_assert_eq!(a.cmp(&b), order);
        prop_assert_eq!(encoded(&[KeyValue::N(a)]).cmp(&encoded(&[KeyValue::N(b)])), order);
    }

    #[test]
    fn binaries_keep_their_order_and_their_prefixes(
        a in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255), any::<u8>()], 0..6),
        b in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255), any::<u8>()], 0..6),
    ) {
        let (ea, eb) = (encoded(&[KeyValue::B(&a)]), encoded(&[KeyValue::B(&b)]));
        prop_assert_eq!(ea.cmp(&eb), a.cmp(&b));
        let mut prefix = Vec::new();
        push_sort_prefix(&mut prefix, &a);
        // A prefix of escaped bytes may match one more: a zero byte's escape.
        prop_assert_eq!(eb.starts_with(&prefix), b.starts_with(&a));
    }

    #[test]
    fn tuples_keep_their_order(
        a in (any_number(), ".{0,3}", any_number()),
        b in (any_number(), ".{0,3}", any_number()),
    ) {
        let one = [KeyValue::N(a.0), KeyValue::S(&a.1), KeyValue::N(a.2)];
        let two = [KeyValue::N(b.0), KeyValue::S(&b.1), KeyValue::N(b.2)];
        prop_assert_eq!(encoded(&one).cmp(&encoded(&two)), a.cmp(&b));
    }
}

#[test]
fn the_encodings_on_disk_do_not_change() {
    for (value, bytes) in [
        (KeyValue::S("a\0b"), &b"a\x00\xFFb\x00\x01"[..]),
        (KeyValue::B(&[]), &[0, 1]),
        (KeyValue::N(Number::ZERO), &[2]),
        (KeyValue::N(Number::parse("123").unwrap()), &[3, 132, 13, 31, 0]),
        (KeyValue::N(Number::parse("-0.5").unwrap()), &[1, !129, !51, 255]),
    ] {
        assert_eq!(encoded(&[value]), bytes, "{value:?}");
    }
}

#[test]
fn the_hash_of_a_key_does_not_change() {
    let secret = *b"0123456789abcdef";
    let hash = h16(&secret, [KeyValue::S("a"), KeyValue::N(Number::from_u64(10))]);
    assert_eq!(hash, h16(&secret, [KeyValue::S("a"), KeyValue::N(Number::parse("1e1").unwrap())]));
    assert_ne!(hash, h16(&secret, [KeyValue::B(b"a"), KeyValue::N(Number::from_u64(10))]));
    assert_ne!(
        h16(&secret, [KeyValue::S("ab"), KeyValue::S("c")]),
        h16(&secret, [KeyValue::S("a"), KeyValue::S("bc")])
    );
}

#[test]
fn the_end_of_a_prefix_is_just_behind_it() {
    assert_eq!(prefix_end(&[1, 2]), Some(vec![1, 3]));
    assert_eq!(prefix_end(&[1, 255, 255]), Some(vec![2]));
    assert_eq!(prefix_end(&[255]), None);
}
