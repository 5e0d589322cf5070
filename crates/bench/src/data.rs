//! What the tables hold and how it is written: names, keys, items. Everything is letters and digits, so that nothing
//! needs escaping, and random, so that no server can compress it away.

use crate::chance::Chance;
use crate::zipf::Zipf;

/// Rows in one partition of the table that queries read: one reply.
pub(crate) const PARTITION_ROWS: u64 = 100;
/// The first sort key of a partition: all of them have as many digits.
const SORT_KEY_MIN: u64 = 100;
/// Bytes in the value of such a row: 100 rows make a reply of about 21 KB.
const ROW_VALUE_BYTES: usize = 150;
/// Different values of an indexed attribute.
const INDEX_KEYS: u64 = 1_000;
/// Random text that values are cut from.
const TEXT_BYTES: usize = 1 << 20;

/// The kinds of table, each with its schema (`tables`) and its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Partition key only.
    Items,
    /// Partition key and sort key.
    Rows,
    /// Partition key only, with two global secondary indexes over all attributes.
    Indexed,
    /// As items, with a stream of both images.
    Streamed,
    /// As items, with time to live, which none of those has that the table is filled with.
    Expiring,
}

impl Shape {
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Shape::Items => "items",
            Shape::Rows => "rows",
            Shape::Indexed => "indexed",
            Shape::Streamed => "streamed",
            Shape::Expiring => "expiring",
        }
    }
}

/// The attribute by which items expire.
pub(crate) const EXPIRY: &str = "expires";

/// What the content depends on: runs with equal settings have equal tables.
#[derive(Debug)]
pub(crate) struct DataSettings {
    /// Start of the tables' names.
    pub(crate) prefix: String,
    pub(crate) keys: u64,
    /// Unit: bytes.
    pub(crate) value_size: usize,
    /// Whether reads ask to be strongly consistent.
    pub(crate) consistent: bool,
    pub(crate) seed: u64,
}

/// The content, shared by all connections.
#[derive(Debug)]
pub(crate) struct Data {
    prefix: String,
    pub(crate) keys: u64,
    pub(crate) value_size: usize,
    /// `,"ConsistentRead":true` if that was asked for.
    pub(crate) consistency: &'static str,
    pub(crate) zipf: Zipf,
    text: Vec<u8>,
}

impl Data {
    pub(crate) fn new(settings: DataSettings) -> Data {
        let DataSettings { prefix, keys, value_size, consistent, seed } = settings;
        Data {
            prefix,
            keys,
            value_size,
            consistency: if consistent { r#","ConsistentRead":true"# } else { "" },
            zipf: Zipf::new(keys),
            text: text(seed, TEXT_BYTES + value_size),
        }
    }

    pub(crate) fn table(&self, shape: Shape) -> String {
        format!("{}-{}", self.prefix, shape.suffix())
    }

    /// Partitions of the table of rows.
    pub(crate) fn partitions(&self) -> u64 {
        (self.keys / PARTITION_ROWS).max(1)
    }

    /// Items that the table is filled with.
    pub(crate) fn items(&self, shape: Shape) -> u64 {
        match shape {
            Shape::Items | Shape::Indexed | Shape::Streamed | Shape::Expiring => self.keys,
            Shape::Rows => self.partitions() * PARTITION_ROWS,
        }
    }

    /// Appends item number `index` as JSON.
    pub(crate) fn push_item(&self, shape: Shape, index: u64, chance: &mut Chance, out: &mut Vec<u8>) {
        let (key, value_size) = match shape {
            Shape::Items | Shape::Indexed | Shape::Streamed | Shape::Expiring => (index, self.value_size),
            Shape::Rows => (index / PARTITION_ROWS, ROW_VALUE_BYTES),
        };
        out.extend_from_slice(br#"{"pk":{"S":""#);
        push_key(key, out);
        match shape {
            Shape::Items | Shape::Streamed | Shape::Expiring => {}
            Shape::Rows => {
                out.extend_from_slice(br#""},"sk":{"N":""#);
                push_decimal(SORT_KEY_MIN + index % PARTITION_ROWS, 3, out);
            }
            Shape::Indexed => {
                for name in ["g1", "g2"] {
                    out.extend_from_slice(br#""},""#);
                    out.extend_from_slice(name.as_bytes());
                    out.extend_from_slice(br#"":{"S":""#);
                    push_key(chance.below(INDEX_KEYS), out);
                }
            }
        }
        out.extend_from_slice(br#""},"v":{"S":""#);
        let start = chance.below(TEXT_BYTES as u64) as usize;
        out.extend_from_slice(&self.text[start..start + value_size]);
        out.extend_from_slice(br#""}}"#);
    }
}

fn text(seed: u64, size: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut chance = Chance::new(seed, u64::MAX);
    (0..size.max(TEXT_BYTES + ROW_VALUE_BYTES)).map(|_| LETTERS[chance.below(64) as usize]).collect()
}

/// Appends the partition key of a number: `k0000000042`.
pub(crate) fn push_key(index: u64, out: &mut Vec<u8>) {
    out.push(b'k');
    push_decimal(index, 10, out);
}

fn push_decimal(mut number: u64, width: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(keys: u64, value_size: usize) -> Data {
        Data::new(DataSettings { prefix: "p".to_owned(), keys, value_size, consistent: false, seed: 1 })
    }

    #[test]
    fn items_are_json_of_the_size_that_was_asked_for() {
        let check = |shape: Shape, index: u64, names: &[&str], key: &str, size: usize| {
            let mut out = Vec::new();
            data(1_000, 1024).push_item(shape, index, &mut Chance::new(1, 1), &mut out);
            let item: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
            let item = item.as_object().unwrap();
            assert_eq!(item.keys().map(String::as_str).collect::<Vec<_>>(), names);
            assert_eq!(item["pk"]["S"], key);
            assert_eq!(item["v"]["S"].as_str().unwrap().len(), size);
        };
        check(Shape::Items, 7, &["pk", "v"], "k0000000007", 1024);
        check(Shape::Rows, 203, &["pk", "sk", "v"], "k0000000002", ROW_VALUE_BYTES);
        check(Shape::Indexed, 999, &["g1", "g2", "pk", "v"], "k0000000999", 1024);
    }

    #[test]
    fn a_partition_of_rows_is_whole() {
        let data = data(1_050, 10);
        assert_eq!((data.items(Shape::Items), data.partitions(), data.items(Shape::Rows)), (1_050, 10, 1_000));
    }
}
