//! Primary keys as bytes, and back.
//!
//! | table | key |
//! |---|---|
//! | partition key alone | S: its UTF-8; B: its bytes; N: a number in CBOR |
//! | partition and sort key | the partition key as a value in CBOR, then, to the end, the sort key: S: its UTF-8; B: its bytes; N: LexDecimal |
//!
//! One key has several spellings (`12.5` as a float and as a decimal), so a key is decoded, and written anew where it is compared.
//!
//! The key of a page of an index has the attributes of both key schemas with their names ([`read_named`]).

use api::Exception;
use model::{AttributeValue, Attributes, KeyAttribute, KeySchema, KeyType, MapRef, ValueRef};

use crate::cbor::{Malformed, Reader, Writer};
use crate::number;
use crate::value::{self, ValueProblem};

/// The attributes of a key.
///
/// # Errors
/// Bytes that are no key of the schema.
pub(crate) fn read(schema: &KeySchema, bytes: &[u8]) -> Result<Attributes, ValueProblem> {
    let (hash, range) = parts(schema)?;
    let mut reader = Reader::new(bytes);
    let Some(range) = range else {
        let value = match hash.key_type {
            KeyType::S => AttributeValue::S(utf8(bytes)?),
            KeyType::B => AttributeValue::B(bytes.to_vec()),
            KeyType::N => {
                let number = value::read_number(&mut reader)?;
                if !reader.is_at_end() {
                    return Err(Malformed("there are bytes behind a key").into());
                }
                AttributeValue::N(number)
            }
        };
        return Ok(Attributes::from_unsorted(vec![(hash.name.clone(), value)]));
    };
    let first = match hash.key_type {
        KeyType::S => AttributeValue::S(reader.text()?.into_owned()),
        KeyType::B => AttributeValue::B(reader.bytes()?.into_owned()),
        KeyType::N => AttributeValue::N(value::read_number(&mut reader)?),
    };
    let rest = reader.rest();
    let second = match range.key_type {
        KeyType::S => AttributeValue::S(utf8(rest)?),
        KeyType::B => AttributeValue::B(rest.to_vec()),
        KeyType::N => AttributeValue::N(number::read_lex(rest)?),
    };
    Ok(Attributes::from_unsorted(vec![(hash.name.clone(), first), (range.name.clone(), second)]))
}

/// The bytes of an item's key, in the one spelling that the server uses.
///
/// # Errors
/// A key attribute is missing or of another type than the schema's.
pub(crate) fn write(schema: &KeySchema, item: MapRef<'_>) -> Result<Vec<u8>, ValueProblem> {
    let (hash, range) = parts(schema)?;
    let first = attribute(hash, item)?;
    let mut out = Writer::new();
    let Some(range) = range else {
        match first {
            ValueRef::S(text) => out.raw(text.as_bytes()),
            ValueRef::B(bytes) => out.raw(bytes),
            number => value::write(&mut out, number),
        }
        return Ok(out.into_bytes());
    };
    value::write(&mut out, first);
    let mut bytes = out.into_bytes();
    match attribute(range, item)? {
        ValueRef::S(text) => bytes.extend_from_slice(text.as_bytes()),
        ValueRef::B(part) => bytes.extend_from_slice(part),
        ValueRef::N(value) => number::write_lex(&mut bytes, value),
        _ => return Err(MISSING.into()),
    }
    Ok(bytes)
}

const MISSING: Malformed = Malformed("an item has no key of its table");

fn attribute<'a>(key: &KeyAttribute, item: MapRef<'a>) -> Result<ValueRef<'a>, ValueProblem> {
    let value = item.get(&key.name).filter(|value| value.kind() == key.key_type.kind());
    value.ok_or_else(|| MISSING.into())
}

/// A table has one partition key, and one sort key at most.
fn parts(schema: &KeySchema) -> Result<(&KeyAttribute, Option<&KeyAttribute>), ValueProblem> {
    let hash = schema.hash.first().ok_or(Malformed("the table has no partition key"))?;
    Ok((hash, schema.range.first()))
}

fn utf8(bytes: &[u8]) -> Result<String, ValueProblem> {
    Ok(String::from_utf8(bytes.to_vec()).map_err(|_| Malformed("a key is no UTF-8"))?)
}

/// The key of a page of an index.
///
/// # Errors
/// Bytes that are no map of attributes.
pub(crate) fn read_named(bytes: &[u8]) -> Result<Attributes, ValueProblem> {
    value::read_map(&mut Reader::new(bytes))
}

/// The key of a page of an index, as a map of unknown size: one client reads no other.
pub(crate) fn write_named(key: &Attributes) -> Vec<u8> {
    let mut out = Writer::new();
    out.open_map();
    for (name, value) in key.iter() {
        out.text(name);
        value::write(&mut out, value.view());
    }
    out.end();
    out.into_bytes()
}

/// The key with which a page continues.
///
/// # Errors
/// Bytes that are no key, or the exception for them.
pub(crate) fn read_start(schema: &KeySchema, is_of_index: bool, bytes: &[u8]) -> Result<Attributes, Exception> {
    Ok(if is_of_index { read_named(bytes)? } else { read(schema, bytes)? })
}

/// Whether the bytes are a map, as the key of an index's page is.
#[cfg(test)]
fn is_named(bytes: &[u8]) -> bool {
    matches!(Reader::new(bytes).peek(), Ok(crate::cbor::Head::Map(None)))
}

#[cfg(test)]
mod tests {
    use model::Number;

    use super::*;

    fn schema(hash: KeyType, range: Option<KeyType>) -> KeySchema {
        let attribute = |name: &str, key_type| KeyAttribute { name: name.to_owned(), key_type };
        KeySchema {
            hash: vec![attribute("pk", hash)],
            range: range.into_iter().map(|key_type| attribute("sk", key_type)).collect(),
        }
    }

    fn values(key_type: KeyType) -> Vec<AttributeValue> {
        match key_type {
            KeyType::S => ["p", "", "é\u{10ffff}"].map(|text| AttributeValue::S(text.to_owned())).to_vec(),
            KeyType::B => vec![AttributeValue::B(vec![0, 255, 0xbf]), AttributeValue::B(vec![])],
            KeyType::N => ["0", "-1.5", "3", "1e100", "12345678901234567890123456789012345678"]
                .map(|text| AttributeValue::N(Number::parse(text).unwrap()))
                .to_vec(),
        }
    }

    #[test]
    fn keys_of_all_types_come_back() {
        let types = [KeyType::S, KeyType::N, KeyType::B];
        for hash in types {
            for range in [None, Some(KeyType::S), Some(KeyType::N), Some(KeyType::B)] {
                let schema = schema(hash, range);
                for first in values(hash) {
                    for second in range.map_or(vec![None], |it| values(it).into_iter().map(Some).collect()) {
                        let mut key = vec![("pk".to_owned(), first.clone())];
                        key.extend(second.map(|second| ("sk".to_owned(), second)));
                        let key = Attributes::from_unsorted(key);
                        let bytes = write(&schema, key.view()).unwrap();
                        assert_eq!(read(&schema, &bytes), Ok(key));
                    }
                }
            }
        }
    }

    #[test]
    fn spellings_of_a_key_are_one() {
        let schema = schema(KeyType::N, Some(KeyType::S));
        let spelled = [&[0xfb, 0x40, 0x29, 0, 0, 0, 0, 0, 0, b'x'][..], &[0xc4, 0x82, 0x20, 0x18, 125, b'x']];
        let keys: Vec<_> = spelled.iter().map(|bytes| read(&schema, bytes).unwrap()).collect();
        assert_eq!(keys[0], keys[1]);
        assert_eq!(write(&schema, keys[0].view()).unwrap(), spelled[1]);
    }

    /// `{pk: "p", sk: 3}` as clients write it.
    #[test]
    fn a_partition_key_is_delimited_and_a_sort_key_is_not() {
        let schema = schema(KeyType::S, Some(KeyType::N));
        let key = read(&schema, &[0x61, b'p', 0xc1, 0x4e, 0, 0]).unwrap();
        assert_eq!(key.get("sk"), Some(&AttributeValue::N(Number::from_u64(3))));
        assert_eq!(write(&schema, key.view()).unwrap(), [0x61, b'p', 0xc1, 0x4e, 0, 0]);
        let named = write_named(&key);
        assert!(is_named(&named));
        assert_eq!(read_named(&named), Ok(key));
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        let hash = schema(KeyType::N, None);
        for bytes in [&[][..], &[0x61, b'a'], &[1, 2], &[0xff]] {
            assert!(read(&hash, bytes).is_err(), "{bytes:?}");
        }
        let both = schema(KeyType::S, Some(KeyType::N));
        for bytes in [&[][..], &[0x61], &[0x61, b'a'], &[0x61, b'a', 0xc1], &[1, 0x80], &[0x61, 0xff, 0x80]] {
            assert!(read(&both, bytes).is_err(), "{bytes:?}");
        }
        assert!(read(&schema(KeyType::S, None), &[0xff]).is_err());
    }
}
