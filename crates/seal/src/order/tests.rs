//! The code against the plain order.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const PLAIN: usize = 4;

fn order() -> Order {
    Order::new(&[7; 32])
}

/// Bytes that meet often, and others.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0), Just(1), Just(0x7F), Just(0xFE), Just(0xFF), any::<u8>()]
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(byte(), 0..12)
}

fn seal(key: &[u8]) -> Bytes {
    order().seal(Family::Items, key, PLAIN)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn codes_are_ordered_as_keys_are(left in key(), right in key(), shared in key()) {
        for (left, right) in [(left.clone(), right.clone()), ([&shared[..], &left].concat(), [&shared[..], &right].concat())] {
            prop_assert_eq!(seal(&left).cmp(&seal(&right)), left.cmp(&right), "{:?} {:?}", left, right);
        }
    }

    #[test]
    fn codes_begin_as_keys_do(key in key(), prefix in key()) {
        let begins = |key: &[u8], prefix: &[u8]| seal(key).starts_with(&seal(prefix));
        prop_assert_eq!(begins(&key, &prefix), key.starts_with(&prefix));
        prop_assert!(begins(&[&prefix[..], &key].concat(), &prefix));
    }

    #[test]
    fn keys_come_back(keys in vec(key(), 1..20), sorted: bool) {
        let order = order();
        let mut keys = keys;
        if sorted {
            keys.sort();
        }
        let mut reader = KeyReader::new(&order, Family::Items);
        for key in keys {
            prop_assert_eq!(reader.read(&seal(&key), PLAIN), Some(Bytes::from(key)));
        }
    }

    #[test]
    fn other_bytes_are_no_key_or_one_whose_code_they_are(sealed in vec(any::<u8>(), 0..12), before in key()) {
        let order = order();
        let mut reader = KeyReader::new(&order, Family::Items);
        prop_assert!(reader.read(&seal(&before), PLAIN).is_some());
        let sealed = Bytes::from(sealed);
        if let Some(key) = reader.read(&sealed, PLAIN) {
            prop_assert_eq!(seal(&key), sealed);
        }
        prop_assert_eq!(reader.read(&seal(&before), PLAIN), Some(Bytes::from(before)));
    }
}

#[test]
fn every_byte_has_its_code_in_every_state() {
    let order = order();
    for round in 0..200_u32 {
        let mut state = order.start(Family::Index, &round.to_be_bytes());
        let codes: Vec<u16> = (0..=255).map(|byte| order.seal_byte(&mut state.clone(), byte)).collect();
        assert!(codes.is_sorted_by(|left, right| left < right), "{round}: {codes:?}");
        for (byte, code) in (0..=255).zip(codes) {
            assert_eq!(order.unseal_byte(&mut state.clone(), code), Some(byte));
        }
        order.advance(&mut state);
    }
}

/// The extremes of a block: all steps as narrow or as wide as they can be.
#[test]
fn steps_fit_into_the_codes() {
    for byte in [0x00, 0x7F, 0x80, 0xFF] {
        let steps = Steps::of(&[byte; BLOCK]);
        assert!(steps.begin(15) + u32::from(step(steps.widths[15])) <= CODES, "{byte:#x}");
        for width in steps.widths {
            assert!(16 * gap(0xFF, width) <= step(width), "{width}");
        }
    }
}

#[test]
fn top_bits_are_gathered() {
    for (set, expected) in [(0, 0), (0xFF, 0xFFFF), (0x7F, 0)] {
        assert_eq!(top_bits(&[set; BLOCK]), expected);
    }
    let all: BTreeSet<u32> = (0..BLOCK)
        .map(|at| {
            let mut block = [0x7F; BLOCK];
            block[at] = 0x80;
            top_bits(&block)
        })
        .collect();
    assert_eq!(all, (0..BLOCK).map(|at| 1 << at).collect());
}

#[test]
fn codes_differ_by_what_stands_before_them_by_family_and_by_key() {
    let code = |order: &Order, family, key: &[u8]| {
        order.seal(family, key, PLAIN)[key.len() - 1 + key.len() - 1 - PLAIN..].to_vec()
    };
    let (order, other) = (order(), Order::new(&[8; 32]));
    let mut codes = BTreeSet::new();
    for key in [&b"tab1x"[..], b"tab2x", b"tab1yx", b"tab1xx", b"tab1zzx"] {
        for (order, family) in [(&order, Family::Items), (&order, Family::Index), (&other, Family::Items)] {
            codes.insert(code(order, family, key));
        }
    }
    assert_eq!(codes.len(), 15);
    assert_eq!(code(&order, Family::Items, b"tab1x").len(), CODE_SIZE);
}
