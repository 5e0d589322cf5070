//! What can be wrong with a body: in its tree, in its texts, in its bytes.

use crate::chance::Chance;
use crate::json::{Json, raw, text};

/// Pieces that mean something to some parser.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    ":v0",
    "#n0",
    "#",
    "=",
    "<>",
    "<",
    "+",
    "-",
    "'",
    "\"",
    "?",
    "*",
    " ",
    "\0",
    "é",
    "\u{10FFFF}",
    " AND ",
    " OR ",
    " NOT ",
    " IN ",
    " BETWEEN ",
    "SET ",
    " WHERE ",
    "NULL",
    "size(",
    "a",
    "pk",
    "0",
    "[0]",
    "99999999999999999999",
    "<<",
    ">>",
    "--",
    "/*",
    "*/",
    ";",
    "`",
    "$",
    "@",
    "\\",
    "\n",
];
/// Values of every type, and of none.
const ODD_VALUES: &[&[u8]] = &[
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1.5",
    b"1e999",
    b"2147483647",
    b"2147483648",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"1e-400",
    b"-0",
    b"\"\"",
    b"\"x\"",
    b"\"1\"",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\"\\udc00\\ud800\"",
    b"\"\xFF\"",
    b"\"\xC3\"",
    b"\"\xED\xA0\x80\"",
    b"\"\x01\"",
    b"\"\\x\"",
    b"[]",
    b"{}",
    b"[null]",
    b"{\"\":null}",
    b"{\"S\":null}",
    b"{\"S\":\"a\",\"N\":\"1\"}",
    b"{\"N\":1}",
    b"{\"B\":\"!\"}",
    b"{\"SS\":[null]}",
    b"{\"M\":{\"\":{\"S\":\"\"}}}",
    b"nul",
    b"'x'",
    b"01",
    b"+1",
    b"NaN",
    b"",
    b",",
    b"\xEF\xBB\xBF{}",
];
/// How often a part is repeated: at and beside the limits of lists.
const COUNTS: &[usize] = &[0, 2, 20, 21, 25, 26, 50, 51, 100, 101, 500, 20_000];
/// What repeating may add to a body. Unit: bytes.
const REPEATED_SIZE_MAX: usize = 200_000;
/// How deep values are nested: at and beside the limit of 32, and far beyond.
const DEPTHS: &[usize] = &[30, 31, 32, 33, 130, 5_000];
/// Lengths of texts at and beside limits.
const LENGTHS: &[usize] = &[
    0, 1, 2, 3, 36, 37, 128, 129, 254, 255, 256, 257, 1024, 1025, 1283, 1284, 2048, 2049, 4096, 4097, 8192, 8193,
    40_000,
];

/// Breaks a tree in one place.
pub(crate) fn mutate_tree(chance: &mut Chance, tree: &mut Json) {
    let count = tree.count();
    let elsewhere = tree.nth(chance.below(count)).map(|value| value.clone());
    let Some(node) = tree.nth(chance.below(count)) else { return };
    match (chance.below(5), node) {
        (0 | 1, Json::Object(members)) if !members.is_empty() => mutate_members(chance, members),
        (0 | 1, Json::List(list)) if !list.is_empty() => mutate_list(chance, list),
        (0 | 1, Json::Text(string)) if !chance.one_in(3) => *string = mutate_text(chance, string),
        (2, node) => *node = elsewhere.unwrap_or_else(|| raw("null")),
        (3, node) if chance.one_in(4) => *node = deep(chance),
        (3, Json::Text(string)) => *string = "a".repeat(*chance.pick(LENGTHS)),
        (_, node) => *node = raw(chance.pick(ODD_VALUES)),
    }
}

fn mutate_members(chance: &mut Chance, members: &mut Vec<(String, Json)>) {
    let at = chance.below(members.len() as u64) as usize;
    match chance.below(6) {
        0 | 1 => drop(members.remove(at)),
        2 => members[at].1 = raw("null"),
        3 => {
            let twice = members[at].clone();
            members.push(twice);
        }
        4 => members[at].0 = mutate_text(chance, &members[at].0),
        _ => {
            let value = raw(chance.pick(ODD_VALUES));
            members.push(("Unknown".to_owned(), value));
        }
    }
}

fn mutate_list(chance: &mut Chance, list: &mut Vec<Json>) {
    let at = chance.below(list.len() as u64) as usize;
    match chance.below(5) {
        0 => drop(list.remove(at)),
        1 => list[at] = raw(chance.pick(ODD_VALUES)),
        2 => list[at] = raw(*chance.pick(&["{}", "null", "\"\""])),
        _ => {
            let one = list[at].clone();
            let fitting = REPEATED_SIZE_MAX / one.write().len().max(1);
            list.resize((*chance.pick(COUNTS)).min(fitting), one);
        }
    }
}

/// An attribute value, or no value at all, that is nested.
fn deep(chance: &mut Chance) -> Json {
    let depth = *chance.pick(DEPTHS);
    let (open, close) = *chance.pick(&[("{\"L\":[", "]}"), ("{\"M\":{\"a\":", "}}"), ("[", "]"), ("{\"a\":", "}")]);
    let end = if chance.one_in(4) { "" } else { close };
    raw(format!("{}{{\"S\":\"a\"}}{}", open.repeat(depth), end.repeat(depth)))
}

/// Breaks a text in one to three places; it stays a text.
pub(crate) fn mutate_text(chance: &mut Chance, string: &str) -> String {
    let mut characters: Vec<char> = string.chars().collect();
    for _ in 0..=chance.below(3) {
        let (from, to) = range(chance, characters.len());
        match chance.below(5) {
            0 => drop(characters.drain(from..to)),
            1 => drop(characters.splice(from..from, chance.pick(PIECES).chars())),
            2 => drop(characters.splice(from..to, chance.pick(PIECES).chars())),
            3 => {
                let part: String = characters[from..to].iter().collect();
                let times = *chance.pick(&[2, 3, 50, 400]);
                let repeated = part.repeat(times.min(10_000 / part.len().max(1)));
                drop(characters.splice(to..to, repeated.chars()));
            }
            _ if characters.len() < 2 => {}
            _ => {
                let other = chance.below(characters.len() as u64) as usize;
                let at = from.min(characters.len() - 1);
                characters.swap(at, other);
            }
        }
    }
    characters.into_iter().collect()
}

/// Breaks bytes in one to three places.
pub(crate) fn mutate_bytes(chance: &mut Chance, bytes: &mut Vec<u8>) {
    for _ in 0..=chance.below(3) {
        let (from, to) = range(chance, bytes.len());
        match chance.below(5) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 => drop(bytes.splice(from..from, chance.pick(PIECES).bytes())),
            3 => {
                let part = bytes[from..to].to_vec();
                drop(bytes.splice(to..to, part));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << chance.below(8);
                }
            }
        }
    }
}

/// A range within `length`, mostly short.
fn range(chance: &mut Chance, length: usize) -> (usize, usize) {
    let from = chance.below(length as u64 + 1) as usize;
    let longest = if chance.one_in(4) { length - from } else { (length - from).min(8) };
    (from, from + chance.below(longest as u64 + 1) as usize)
}

/// Pieces without any order.
pub(crate) fn soup(chance: &mut Chance, pieces: u64) -> String {
    (0..pieces).map(|_| *chance.pick(PIECES)).collect()
}

/// A tree as bytes, broken `times` times before or after it is written.
pub(crate) fn write_broken(chance: &mut Chance, mut tree: Json, times: u64) -> Vec<u8> {
    let bytewise = if chance.one_in(5) { times.min(1) } else { 0 };
    for _ in bytewise..times {
        mutate_tree(chance, &mut tree);
    }
    let mut bytes = tree.write();
    for _ in 0..bytewise {
        mutate_bytes(chance, &mut bytes);
    }
    bytes
}

/// Something where a text is wanted.
pub(crate) fn any_text(chance: &mut Chance) -> Json {
    if chance.one_in(2) { text("a".repeat(*chance.pick(LENGTHS))) } else { text(soup(chance, 5)) }
}
