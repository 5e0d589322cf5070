//! Proof: the forms in which items and numbers are stored. What is written is read. Other bytes are refused, or read to their end
//! without a panic and as their own encoding says, with no more memory than a multiple of their size.
//!
//! Keys are only ever written ([`model::codec::key`]): no bytes are decoded back into one.

use model::codec::compact;
use model::codec::row::{HybridTime, Stamp, Stored, StoredItem, Tombstone};
use model::{AttributeValue, Attributes, MapRef, Number, RegionName};

use crate::attributes;
use crate::chance::{Chance, seed, setting};
use crate::corpus;
use crate::mutation::{mutate_bytes, mutate_text};

const SHORT_CHAPTERS: u64 = 20;
const CASES: u64 = 100;
/// Unit: bytes, for each byte that is read; and whatever its size.
const MEMORY_FACTOR: u64 = 64;
const MEMORY_FLOOR: u64 = 4096;

#[test]
fn items_and_their_damaged_bytes() {
    let chapters = setting("STATOR_PROOF_FUZZ", SHORT_CHAPTERS);
    let mut chance = Chance::new(seed());
    for _ in 0..chapters * CASES {
        let item = any_item(&mut chance, 3);
        let mut bytes = compact::encode(item.view());
        assert_eq!(compact::Map::read(&bytes).map(|map| MapRef::Compact(map).to_owned()), Ok(item.clone()));
        for row in rows(&item) {
            let mut row = row.to_vec();
            mutate_bytes(&mut chance, &mut row);
            read_anything(&row);
        }
        mutate_bytes(&mut chance, &mut bytes);
        read_anything(&bytes);
        let noise: Vec<u8> = (0..chance.below(64)).map(|_| chance.next() as u8).collect();
        read_anything(&noise);
    }
}

/// The rows that the key of an item may have.
fn rows(item: &Attributes) -> [bytes::Bytes; 3] {
    let time = HybridTime { wall_ms: 5, counter: 1 };
    let stamp = Stamp { time, region: RegionName::parse("eu-west-3").unwrap() };
    let rows = [StoredItem::new(7, item.view()), StoredItem::stamped(7, &stamp, item.view())];
    let [plain, stamped] = rows.map(|row| {
        assert_eq!(Stored::read(row.clone().into_bytes()), Ok(Stored::Item(row.clone())));
        row.into_bytes()
    });
    [plain, stamped, Tombstone { version: 8, stamp, end_of_life_ms: 9 }.encode().into()]
}

#[test]
fn kept_bytes() {
    for line in corpus::lines("compact.txt") {
        read_anything(&corpus::unescape(&line));
    }
}

/// Reads all of it, in every way.
fn read_anything(bytes: &[u8]) {
    let counted = allocation_counter::measure(|| read(bytes));
    let memory_max = MEMORY_FLOOR + MEMORY_FACTOR * bytes.len() as u64;
    assert!(counted.bytes_max <= memory_max, "{} bytes for {}", counted.bytes_max, bytes.escape_ascii());
}

fn read(bytes: &[u8]) {
    if let Ok(stored) = Stored::read(bytes.to_vec().into()) {
        let _ = (stored.version(), stored.stamp());
        if let Some(item) = stored.into_item() {
            let _ = item.size();
            read_attributes(item.attributes());
        }
    }
    if let Ok(map) = compact::Map::read(bytes) {
        read_attributes(MapRef::Compact(map));
    }
}

fn read_attributes(map: MapRef<'_>) {
    let _ = map.get("a");
    let _ = model::item_size(map);
    let mut json = Vec::new();
    model::codec::json::write_map(&mut json, map);
    let tree = map.to_owned();
    assert_eq!(tree.len(), map.len());
    // What passes the check is what some item is stored as: nothing of it is passed over.
    assert!(tree.iter().all(|(name, value)| map.get(name) == Some(value.view())));
    assert_eq!(model::item_size(tree.view()), model::item_size(map));
}

fn any_item(chance: &mut Chance, depth: u64) -> Attributes {
    let names = ["a", "b", "é", "a much longer name than the others have", ""];
    (0..chance.below(5)).map(|_| ((*chance.pick(&names)).to_owned(), any_value(chance, depth))).collect()
}

fn any_value(chance: &mut Chance, depth: u64) -> AttributeValue {
    let long = if chance.one_in(50) { 70_000 } else { 3 };
    match chance.below(if depth == 0 { 8 } else { 10 }) {
        0 => AttributeValue::S("x".repeat(chance.below(long) as usize)),
        1 => AttributeValue::N(any_number(chance)),
        2 => AttributeValue::B(vec![7; chance.below(long) as usize]),
        3 => AttributeValue::Bool(chance.one_in(2)),
        4 => AttributeValue::Null,
        5 => AttributeValue::SS(chance.some_below(9, 4).iter().map(u64::to_string).collect()),
        6 => AttributeValue::NS(chance.some_below(9, 4).into_iter().map(Number::from_u64).collect()),
        7 => AttributeValue::BS(chance.some_below(9, 4).into_iter().map(|byte| vec![byte as u8]).collect()),
        8 => AttributeValue::L((0..chance.below(4)).map(|_| any_value(chance, depth - 1)).collect()),
        _ => AttributeValue::M(any_item(chance, depth - 1)),
    }
}

fn any_number(chance: &mut Chance) -> Number {
    Number::parse(&attributes::number(chance)).unwrap_or(Number::ZERO)
}

#[test]
fn numbers_of_any_text() {
    let chapters = setting("STATOR_PROOF_FUZZ", SHORT_CHAPTERS);
    let mut chance = Chance::new(seed());
    for _ in 0..chapters * CASES {
        let text = attributes::number(&mut chance);
        let text = if chance.one_in(2) { mutate_text(&mut chance, &text) } else { text };
        let Ok(number) = Number::parse(&text) else { continue };
        assert_eq!(Number::parse(&number.to_string()), Ok(number), "{text}");
        let other = any_number(&mut chance);
        if let (Ok(sum), true) = (number.checked_add(other), number.digits().max(other.digits()) < 10) {
            // Exact unless digits were cut off; then the difference is as well.
            assert!(sum.digits() <= 38, "{text} + {other}");
        }
        let _ = number.checked_sub(other);
        assert_eq!(number.negated().negated(), number);
    }
}
