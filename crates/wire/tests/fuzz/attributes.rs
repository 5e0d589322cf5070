//! Attribute values, keys and items: few different ones, so that requests meet each other's items, and now and then
//! one at a limit.

use crate::chance::Chance;
use crate::json::{Json, base64, object, raw, text};
use crate::tables::{ATTRIBUTES, Index, Part, Table};

const TEXTS: &[&str] = &["a", "b", "c", "ab", "", "0", "é", "\u{10FFFF}", "a\0b", "\"\\/\u{8}\n"];
const BYTES: &[&[u8]] = &[b"\0", b"\x01", b"a", b"\0\xFF", b"\xFF", b""];
const NUMBERS: &[&str] = &["0", "1", "2", "3", "-1", "-2", "0.5", "1e1", "10", "1.0", "-0", "007", "100"];
const EXTREME_NUMBERS: &[&str] = &[
    "9.9999999999999999999999999999999999999E+125",
    "-9.9999999999999999999999999999999999999E+125",
    "1E-130",
    "1E-131",
    "1E126",
    "99999999999999999999999999999999999999",
    "123456789012345678901234567890123456789",
    "1e99999999999999999999",
    "0.00000000000000000000000000000000000000000000000000000000000001",
    "",
    "-",
    "+1",
    " 1",
    "1 ",
    "NaN",
    "Infinity",
    "0x1",
    "1_000",
    "٣",
];
const KINDS: &[&str] = &["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"];
/// Lengths of texts at and beside limits. Unit: bytes.
const LENGTHS: &[usize] = &[255, 256, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 4097, 65_535, 65_536, 409_000, 409_600];

/// A value of any type.
pub(crate) fn any_value(chance: &mut Chance) -> Json {
    let kind = *chance.pick(KINDS);
    value(chance, kind, 3)
}

/// A value of one type, nested no deeper than `depth`.
pub(crate) fn value(chance: &mut Chance, kind: &str, depth: u64) -> Json {
    let payload = match kind {
        "S" => text(some_text(chance)),
        "N" => text(number(chance)),
        "B" => base64(&bytes(chance)),
        "BOOL" => raw(*chance.pick(&["true", "false"])),
        "NULL" => raw(if chance.one_in(20) { "false" } else { "true" }),
        "SS" => set(chance, |at| text(TEXTS[at])),
        "NS" => set(chance, |at| text(NUMBERS[at])),
        "BS" => set(chance, |at| base64(BYTES[at])),
        "L" => Json::List((0..chance.below(4)).map(|_| nested(chance, depth)).collect()),
        _ => Json::Object(
            (0..chance.below(4)).map(|_| (attribute(chance).0.to_owned(), nested(chance, depth))).collect(),
        ),
    };
    object(kind, payload)
}

fn nested(chance: &mut Chance, depth: u64) -> Json {
    let kind = if depth == 0 { *chance.pick(&KINDS[..5]) } else { *chance.pick(KINDS) };
    value(chance, kind, depth.saturating_sub(1))
}

fn some_text(chance: &mut Chance) -> String {
    match chance.below(400) {
        0 => "x".repeat(*chance.pick(LENGTHS)),
        1..20 => "y".repeat(chance.below(60) as usize),
        _ => (*chance.pick(TEXTS)).to_owned(),
    }
}

pub(crate) fn number(chance: &mut Chance) -> String {
    match chance.below(40) {
        0 => (*chance.pick(EXTREME_NUMBERS)).to_owned(),
        1 => (chance.next() as i64).to_string(),
        2 => format!("{}e{}", chance.next() as i64, chance.below(300) as i64 - 150),
        _ => (*chance.pick(NUMBERS)).to_owned(),
    }
}

fn bytes(chance: &mut Chance) -> Vec<u8> {
    match chance.below(200) {
        0 => vec![0; *chance.pick(LENGTHS)],
        _ => chance.pick(BYTES).to_vec(),
    }
}

/// A set of one or two elements; now and then empty, or with an element twice, which are both refused.
fn set(chance: &mut Chance, element: impl Fn(usize) -> Json) -> Json {
    let mut chosen = chance.some_below(4, 3);
    if chance.one_in(60) {
        chosen.clear();
    }
    if chance.one_in(60) {
        chosen.push(0);
        chosen.push(0);
    }
    Json::List(chosen.into_iter().map(|at| element(at as usize)).collect())
}

/// Any attribute that requests speak of, with its usual type.
pub(crate) fn attribute(chance: &mut Chance) -> Part {
    const OF_KEYS: &[Part] =
        &[("pk", "S"), ("sk", "N"), ("l", "S"), ("g", "S"), ("x", "N"), ("y", "B"), ("z", "B"), ("nope", "S")];
    if chance.one_in(3) { *chance.pick(OF_KEYS) } else { *chance.pick(ATTRIBUTES) }
}

fn usual_value(chance: &mut Chance, kind: &str) -> Json {
    if chance.one_in(30) { any_value(chance) } else { value(chance, kind, 2) }
}

/// A value for an attribute of a key: nearly always of the right type, and not empty.
pub(crate) fn key_value(chance: &mut Chance, kind: &str) -> Json {
    if chance.one_in(40) {
        return any_value(chance);
    }
    match kind {
        "S" => object("S", text(*chance.pick(&["a", "b", "c"]))),
        "N" => object("N", text(*chance.pick(&NUMBERS[..3]))),
        _ => object("B", base64(chance.pick::<&[u8]>(&[b"\0", b"\x01", b"\0\xFF"]))),
    }
}

/// A key of the table.
pub(crate) fn key(chance: &mut Chance, table: &Table) -> Json {
    Json::Object(table.key.iter().map(|(name, kind)| ((*name).to_owned(), key_value(chance, kind))).collect())
}

/// A key that a page of the table or of the index could begin behind.
pub(crate) fn start_key(chance: &mut Chance, table: &Table, index: Option<&Index>) -> Json {
    let mut parts: Vec<Part> = table.key.iter().chain(index.iter().flat_map(|index| index.key)).copied().collect();
    parts.sort_unstable();
    parts.dedup();
    Json::Object(parts.into_iter().map(|(name, kind)| (name.to_owned(), key_value(chance, kind))).collect())
}

/// An item of the table: its key, some of the attributes that indexes use, some others.
pub(crate) fn item(chance: &mut Chance, table: &Table) -> Json {
    let Json::Object(mut members) = key(chance, table) else { unreachable!("a key is an object") };
    for (name, kind) in table.key_attributes() {
        let is_key = table.key.iter().any(|(own, _)| *own == name);
        if !is_key && !chance.one_in(6) {
            members.push((name.to_owned(), key_value(chance, kind)));
        }
    }
    for (name, kind) in ATTRIBUTES {
        if chance.one_in(3) {
            members.push(((*name).to_owned(), usual_value(chance, kind)));
        }
    }
    Json::Object(members)
}
