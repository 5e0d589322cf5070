//! Attribute values in CBOR: without DynamoDB's descriptors, for the type of the CBOR is that of the value.
//!
//! | DynamoDB | CBOR |
//! |---|---|
//! | S, B | text, bytes |
//! | N | an integer, a big integer, a decimal, or a float ([`number`]) |
//! | BOOL, NULL | true and false, null |
//! | SS, NS, BS | a tag of DAX and an array |
//! | L, M | array, map |

use std::fmt;

use api::Exception;
use model::limits::NESTING_MAX;
use model::{AttributeValue, Attributes, MapRef, Number, NumberError, SetRef, ValueRef};

use crate::cbor::{Head, Malformed, Reader, TAG_BINARY_SET, TAG_NUMBER_SET, TAG_STRING_SET, Writer};
use crate::number::{self, NumberProblem};

/// Why a value is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ValueProblem {
    /// The client does not speak the protocol.
    Malformed(Malformed),
    Number(NumberError),
    /// Kind as messages name it: string, number, binary.
    EmptySet(&'static str),
    Duplicates,
    TooDeep,
    EmptyName,
    LongName,
}

impl fmt::Display for ValueProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueProblem::Malformed(malformed) => malformed.fmt(f),
            ValueProblem::Number(error) => error.fmt(f),
            ValueProblem::EmptySet(kind) => {
                write!(f, "One or more parameter values were invalid: An {kind} set  may not be empty")
            }
            ValueProblem::Duplicates => {
                f.write_str("One or more parameter values were invalid: Input collection contains duplicates.")
            }
            ValueProblem::EmptyName => f.write_str("Empty attribute name"),
            ValueProblem::LongName => f.write_str("Attribute name is too large, must be less than 65536 bytes"),
            ValueProblem::TooDeep => f.write_str("Nesting Levels have exceeded supported limits"),
        }
    }
}

impl From<Malformed> for ValueProblem {
    fn from(malformed: Malformed) -> ValueProblem {
        ValueProblem::Malformed(malformed)
    }
}

impl From<NumberProblem> for ValueProblem {
    fn from(problem: NumberProblem) -> ValueProblem {
        match problem {
            NumberProblem::Malformed(malformed) => ValueProblem::Malformed(malformed),
            NumberProblem::Refused(error) => ValueProblem::Number(error),
        }
    }
}

impl From<ValueProblem> for Exception {
    fn from(problem: ValueProblem) -> Exception {
        match problem {
            ValueProblem::Malformed(malformed) => Exception::Serialization(malformed.to_string()),
            problem => Exception::validation(problem.to_string()),
        }
    }
}

/// Reads one value.
///
/// # Errors
/// Bytes that are no value, or a value that DynamoDB does not store.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<AttributeValue, ValueProblem> {
    read_nested(reader, NESTING_MAX)
}

/// `levels` is how many levels the value may have; the stack has so many frames at most.
fn read_nested(reader: &mut Reader<'_>, levels: usize) -> Result<AttributeValue, ValueProblem> {
    let inner = levels.checked_sub(1).ok_or(ValueProblem::TooDeep)?;
    let head = reader.head()?;
    Ok(match head {
        Head::Text(length) => AttributeValue::S(reader.payload_of_text(length)?.into_owned()),
        Head::Bytes(length) => AttributeValue::B(reader.payload_of_bytes(length)?.into_owned()),
        Head::Bool(value) => AttributeValue::Bool(value),
        Head::Null => AttributeValue::Null,
        Head::Tag(TAG_STRING_SET) => {
            AttributeValue::SS(set(reader, "string", |reader| Ok(reader.text()?.into_owned()))?)
        }
        Head::Tag(TAG_BINARY_SET) => {
            AttributeValue::BS(set(reader, "binary", |reader| Ok(reader.bytes()?.into_owned()))?)
        }
        Head::Tag(TAG_NUMBER_SET) => AttributeValue::NS(set(reader, "number", |reader| {
            let head = reader.head()?;
            Ok(number::read(head, reader)?)
        })?),
        Head::Array(left) => {
            let (mut elements, mut list) = (Reader::sequence(left), Vec::new());
            while elements.next(reader)? {
                list.push(read_nested(reader, inner)?);
            }
            AttributeValue::L(list)
        }
        Head::Map(left) => AttributeValue::M(members(reader, left, inner)?),
        Head::Unsigned(_) | Head::Negative(_) | Head::Float(_) | Head::Tag(_) => {
            AttributeValue::N(number::read(head, reader)?)
        }
        Head::Break => return Err(Malformed("a break where a value is expected").into()),
    })
}

fn members(reader: &mut Reader<'_>, left: Option<u64>, levels: usize) -> Result<Attributes, ValueProblem> {
    let (mut pairs, mut entries) = (Reader::sequence(left), Vec::new());
    while pairs.next(reader)? {
        let name = reader.text()?.into_owned();
        if name.is_empty() {
            return Err(ValueProblem::EmptyName);
        }
        entries.push((name, read_nested(reader, levels)?));
    }
    Ok(Attributes::from_unsorted(entries))
}

/// A map of attributes.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_map(reader: &mut Reader<'_>) -> Result<Attributes, ValueProblem> {
    match reader.head()? {
        Head::Map(left) => members(reader, left, NESTING_MAX),
        _ => Err(Malformed("a map of attributes is expected").into()),
    }
}

fn set<T: Ord>(
    reader: &mut Reader<'_>,
    kind: &'static str,
    mut element: impl FnMut(&mut Reader<'_>) -> Result<T, ValueProblem>,
) -> Result<Vec<T>, ValueProblem> {
    let (mut elements, mut set) = (reader.array()?, Vec::new());
    while elements.next(reader)? {
        set.push(element(reader)?);
    }
    if set.is_empty() {
        return Err(ValueProblem::EmptySet(kind));
    }
    set.sort_unstable();
    if set.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(ValueProblem::Duplicates);
    }
    Ok(set)
}

/// Writes one value, with definite lengths: not all clients read others within items.
pub(crate) fn write(out: &mut Writer, value: ValueRef<'_>) {
    match value {
        ValueRef::S(text) => out.text(text),
        ValueRef::N(value) => number::write(out, value),
        ValueRef::B(bytes) => out.bytes(bytes),
        ValueRef::Bool(value) => out.bool(value),
        ValueRef::Null => out.null(),
        ValueRef::SS(set) => write_set(out, TAG_STRING_SET, set),
        ValueRef::NS(set) => write_set(out, TAG_NUMBER_SET, set),
        ValueRef::BS(set) => write_set(out, TAG_BINARY_SET, set),
        ValueRef::L(list) => {
            out.array(list.len());
            list.iter().for_each(|element| write(out, element));
        }
        ValueRef::M(map) => write_map(out, map),
    }
}

fn write_set(out: &mut Writer, tag: u64, set: SetRef<'_>) {
    out.tag(tag);
    out.array(set.len());
    set.iter().for_each(|element| write(out, element));
}

fn write_map(out: &mut Writer, map: MapRef<'_>) {
    out.map(map.len());
    for (name, value) in map.iter() {
        out.text(name);
        write(out, value);
    }
}

/// A key's number, which has no type of its own before it.
///
/// # Errors
/// Another type, or a number that DynamoDB does not store.
pub(crate) fn read_number(reader: &mut Reader<'_>) -> Result<Number, ValueProblem> {
    let head = reader.head()?;
    Ok(number::read(head, reader)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf() -> impl Strategy<Value = AttributeValue> {
        let number = (any::<i64>(), -60_i32..60)
            .prop_filter_map("in range", |(digits, exponent)| Number::parse(&format!("{digits}e{exponent}")).ok());
        let numbers = number.clone();
        prop_oneof![
            ".{0,12}".prop_map(AttributeValue::S),
            number.prop_map(AttributeValue::N),
            proptest::collection::vec(any::<u8>(), 0..9).prop_map(AttributeValue::B),
            any::<bool>().prop_map(AttributeValue::Bool),
            Just(AttributeValue::Null),
            proptest::collection::btree_set(".{0,5}", 1..4)
                .prop_map(|set| AttributeValue::SS(set.into_iter().collect())),
            proptest::collection::btree_set(numbers, 1..4)
                .prop_map(|set| AttributeValue::NS(set.into_iter().collect())),
            proptest::collection::btree_set(proptest::collection::vec(any::<u8>(), 0..5), 1..4)
                .prop_map(|set| AttributeValue::BS(set.into_iter().collect())),
        ]
    }

    fn value() -> impl Strategy<Value = AttributeValue> {
        leaf().prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
                proptest::collection::vec((".{1,4}", inner), 0..4)
                    .prop_map(|entries| AttributeValue::M(Attributes::from_unsorted(entries))),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_come_back(value in value()) {
            let mut out = Writer::new();
            write(&mut out, value.view());
            let mut reader = Reader::new(out.as_bytes());
            prop_assert_eq!(read(&mut reader), Ok(value));
            prop_assert!(reader.is_at_end());
        }

        #[test]
        fn any_bytes_are_a_value_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&mut Reader::new(&bytes));
        }
    }

    fn refusal(bytes: &[u8]) -> String {
        read(&mut Reader::new(bytes)).unwrap_err().to_string()
    }

    #[test]
    fn values_that_dynamodb_does_not_store_are_refused() {
        assert_eq!(
            refusal(&[0xd9, 0x0c, 0xf9, 0x80]),
            "One or more parameter values were invalid: An string set  may not be empty"
        );
        assert_eq!(read(&mut Reader::new(&[0xd9, 0x0c, 0xfa, 0x82, 1, 1])), Err(ValueProblem::Duplicates));
        assert_eq!(refusal(&[0x81; 40]), "Nesting Levels have exceeded supported limits");
        assert_eq!(refusal(&[0xff]), "a break where a value is expected");
    }

    #[test]
    fn containers_of_unknown_length_are_read() {
        let bytes = [0xbf, 0x61, b'a', 0x9f, 0x7f, 0x61, b'x', 0x61, b'y', 0xff, 0xff, 0xff];
        let list = AttributeValue::L(vec![AttributeValue::S("xy".to_owned())]);
        let map = AttributeValue::M(Attributes::from_unsorted(vec![("a".to_owned(), list)]));
        assert_eq!(read(&mut Reader::new(&bytes)), Ok(map));
    }
}
