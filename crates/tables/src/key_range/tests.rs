//! Ranges of rows against the conditions they stand for.

use std::ops::RangeBounds;

use expr::{Condition, ExpressionKind, KeyCondition, Placeholders};
use model::{AttributeValue, Attributes};
use proptest::prelude::*;

use super::*;
use crate::Table;
use crate::fixture::{SECRET, item, n, s, table};
use crate::rows::ItemKey;

/// Whether the range of a key condition holds the row of an item, and whether the condition itself does.
fn both(table: &Table, index: Option<&str>, text: &str, values: &Attributes, stored: &Attributes) -> (bool, bool) {
    let mut placeholders = Placeholders::new(None, Some(values.clone())).unwrap();
    let condition = Condition::parse(ExpressionKind::KeyCondition, text, &mut placeholders).unwrap();
    let index = index.map(|name| table.index(name).unwrap());
    let schema = index.map_or(&table.key, |index| &index.key);
    let keys = KeyCondition::from_condition(&condition, schema).unwrap();
    let (lower, upper) = of_condition(&SECRET, table, index, &keys).unwrap();
    let item_key = ItemKey::of(&SECRET, table, stored.view()).unwrap();
    let row = match index {
        None => item_key.row,
        Some(index) => rows::index_row(&SECRET, table, index, stored.view(), &item_key).unwrap(),
    };
    ((lower, upper).contains(&row.bytes), condition.matches(stored.view()))
}

fn any_number() -> impl Strategy<Value = AttributeValue> {
    (-30_i32..30, 0_u32..3).prop_map(|(digits, scale)| n(&format!("{digits}e-{scale}")))
}

fn any_text() -> impl Strategy<Value = AttributeValue> {
    "[a\\x00\u{ff}]{1,3}".prop_map(|text| s(&text))
}

proptest! {
    #[test]
    fn a_range_holds_what_its_condition_does(
        operator in 0_usize..7, low in any_number(), high in any_number(), sk in any_number(), pk in "[ab]",
    ) {
        let text = ["pk = :p", "pk = :p AND sk = :l", "pk = :p AND sk < :l", "pk = :p AND sk <= :l",
            "pk = :p AND sk > :l", "pk = :p AND sk >= :l", "pk = :p AND sk BETWEEN :l AND :h"][operator];
        prop_assume!(operator < 6 || low.view().compare(&high.view()).is_some_and(std::cmp::Ordering::is_le));
        let values = item(&[(":p", s("a")), (":l", low), (":h", high)]);
        let (ranged, matched) = both(&table(), None, text, &values, &item(&[("pk", s(&pk)), ("sk", sk)]));
        prop_assert_eq!(ranged, matched);
    }

    #[test]
    fn strings_and_their_beginnings(operator in 0_usize..4, value in any_text(), l in any_text()) {
        let text = ["pk = :p AND begins_with(l, :v)", "pk = :p AND l < :v", "pk = :p AND l > :v",
            "pk = :p AND l = :v"][operator];
        let values = item(&[(":p", s("a")), (":v", value)]);
        let stored = item(&[("pk", s("a")), ("sk", n("1")), ("l", l)]);
        let (ranged, matched) = both(&table(), Some("local"), text, &values, &stored);
        prop_assert_eq!(ranged, matched);
    }

    #[test]
    fn keys_of_several_attributes(
        operator in 0_usize..4, l in any_text(), sk in any_number(), at_l in any_text(), at_sk in any_number(),
    ) {
        let text = ["g = :g AND h = :h", "g = :g AND h = :h AND l = :l", "g = :g AND h = :h AND l = :l AND sk > :s",
            "g = :g AND h = :h AND l <= :l"][operator];
        let values = item(&[(":g", s("red")), (":h", n("1")), (":l", at_l), (":s", at_sk)]);
        let stored = item(&[("pk", s("a")), ("sk", sk), ("g", s("red")), ("h", n("1.0")), ("l", l)]);
        let (ranged, matched) = both(&table(), Some("many"), text, &values, &stored);
        prop_assert_eq!(ranged, matched);
    }

    #[test]
    fn every_row_is_in_exactly_one_segment(pk in ".{1,8}", total in prop_oneof![1_u32..9, Just(1_000_000)]) {
        let table = table();
        let key = ItemKey::of(&SECRET, &table, item(&[("pk", s(&pk)), ("sk", n("1"))]).view()).unwrap();
        let prefix = rows::table_prefix(table.id());
        let hash = u64::from_be_bytes(key.partition[..8].try_into().unwrap());
        let expected = (u128::from(hash) * u128::from(total)) >> 64;
        let near = (expected as u32).saturating_sub(1)..=(expected as u32 + 1).min(total - 1);
        let holders = near.filter(|at| rows::segment(&prefix, *at, total).contains(&key.row.bytes)).count();
        prop_assert_eq!(holders, 1);
        prop_assert_eq!(rows::segment(&prefix, total - 1, total).1, of_prefix(&prefix).1);
    }
}
