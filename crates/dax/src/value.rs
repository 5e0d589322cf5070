//! Attribute values in CBOR: without DynamoDB's descriptors, for the type of the CBOR is that of the value.
//!
//! | DynamoDB | CBOR |
//! |---|---|
//! | S, B | text, bytes |
//! | N | an integer, a big integer, a decimal, or a float ([`number`]) |
//! | BOOL, NULL | true and false, null |
//! | SS, NS, BS | a tag of DAX and an array |
//! | L, M | array, map |
//!
//! An element of one byte becomes a value of many. What is read has [`Room`], in the bytes that DynamoDB counts, and reading ends where that ends.

use std::fmt;

use api::Exception;
use model::limits::{ITEM_SIZE_MAX, MIB, NESTING_MAX};
use model::{AttributeValue, Attributes, MapRef, Number, NumberError, SetRef, ValueRef, value_size};
use ops::allowance::{self, SMALL_BYTES};

use crate::cbor::{Head, Malformed, Reader, TAG_BINARY_SET, TAG_NUMBER_SET, TAG_STRING_SET, Writer};
use crate::number::{self, NumberProblem};

/// The values of the expressions of one request. Unit: bytes. Source: Quotas, "Expression parameters: Lengths" (2 MB).
const EXPRESSION_VALUES_SIZE_MAX: usize = 2 * MIB;
/// What a list or a map takes beside its elements, and each of those beside itself, as `model::item_size` counts: the property test
/// compares. Unit: bytes.
const CONTAINER_OVERHEAD: usize = 3;
const ELEMENT_OVERHEAD: usize = 1;
/// Memory of a value beside its bytes, and of its copy in the request that is executed. Measured: 95 bytes each. Unit: bytes.
pub(crate) const VALUE_MEMORY: usize = 200;

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
    /// What is too large, as its refusal names it.
    TooLarge(&'static str),
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
            ValueProblem::TooLarge(what) => write!(f, "{what} has exceeded the maximum allowed size"),
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

/// How large values may yet be, and how many there are.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    what: &'static str,
    /// Unit: bytes, as DynamoDB counts them.
    left: usize,
    count: usize,
}

impl Room {
    /// For the attributes of one item.
    pub(crate) fn of_item() -> Room {
        Room { what: "Item size", left: ITEM_SIZE_MAX, count: 0 }
    }

    /// For the values of the expressions of one request.
    pub(crate) fn of_expressions() -> Room {
        Room { what: "The size of the expressions' values", left: EXPRESSION_VALUES_SIZE_MAX, count: 0 }
    }

    /// # Errors
    /// There is no room for so many bytes.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), ValueProblem> {
        self.left = self.left.checked_sub(bytes).ok_or(ValueProblem::TooLarge(self.what))?;
        Ok(())
    }

    fn scalar(&mut self, value: AttributeValue) -> Result<AttributeValue, ValueProblem> {
        self.take(value_size(value.view()))?;
        Ok(value)
    }

    /// Reserves the memory of what was read, which is many times its bytes if the values are short.
    ///
    /// # Errors
    /// There was none until the timeout.
    pub(crate) async fn reserve(&self) -> Result<(), Exception> {
        let bytes = self.count * VALUE_MEMORY;
        if bytes > SMALL_BYTES { allowance::reserve(bytes).await } else { Ok(()) }
    }
}

/// Reads one value.
///
/// # Errors
/// Bytes that are no value, a value that DynamoDB does not store, or one that there is no room for.
pub(crate) fn read(reader: &mut Reader<'_>, room: &mut Room) -> Result<AttributeValue, ValueProblem> {
    read_nested(reader, room, NESTING_MAX)
}

/// `levels` is how many levels the value may have; the stack has so many frames at most.
fn read_nested(reader: &mut Reader<'_>, room: &mut Room, levels: usize) -> Result<AttributeValue, ValueProblem> {
    let inner = levels.checked_sub(1).ok_or(ValueProblem::TooDeep)?;
    room.count += 1;
    let head = reader.head()?;
    Ok(match head {
        Head::Text(length) => room.scalar(AttributeValue::S(reader.payload_of_text(length)?.into_owned()))?,
        Head::Bytes(length) => room.scalar(AttributeValue::B(reader.payload_of_bytes(length)?.into_owned()))?,
        Head::Bool(value) => room.scalar(AttributeValue::Bool(value))?,
        Head::Null => room.scalar(AttributeValue::Null)?,
        Head::Tag(TAG_STRING_SET) => AttributeValue::SS(set(reader, room, "string", |reader| {
            let text = reader.text()?.into_owned();
            Ok((text.len(), text))
        })?),
        Head::Tag(TAG_BINARY_SET) => AttributeValue::BS(set(reader, room, "binary", |reader| {
            let bytes = reader.bytes()?.into_owned();
            Ok((bytes.len(), bytes))
        })?),
        Head::Tag(TAG_NUMBER_SET) => AttributeValue::NS(set(reader, room, "number", |reader| {
            let head = reader.head()?;
            let number = number::read(head, reader)?;
            Ok((number.size(), number))
        })?),
        Head::Array(left) => {
            room.take(CONTAINER_OVERHEAD)?;
            let (mut elements, mut list) = (Reader::sequence(left), Vec::new());
            while elements.next(reader)? {
                room.take(ELEMENT_OVERHEAD)?;
                list.push(read_nested(reader, room, inner)?);
            }
            AttributeValue::L(list)
        }
        Head::Map(left) => AttributeValue::M(members(reader, room, left, inner)?),
        Head::Unsigned(_) | Head::Negative(_) | Head::Float(_) | Head::Tag(_) => {
            room.scalar(AttributeValue::N(number::read(head, reader)?))?
        }
        Head::Break => return Err(Malformed("a break where a value is expected").into()),
    })
}

fn members(
    reader: &mut Reader<'_>,
    room: &mut Room,
    left: Option<u64>,
    levels: usize,
) -> Result<Attributes, ValueProblem> {
    room.take(CONTAINER_OVERHEAD)?;
    let (mut pairs, mut entries) = (Reader::sequence(left), Vec::new());
    while pairs.next(reader)? {
        let name = reader.text()?.into_owned();
        if name.is_empty() {
            return Err(ValueProblem::EmptyName);
        }
        room.take(ELEMENT_OVERHEAD + name.len())?;
        entries.push((name, read_nested(reader, room, levels)?));
    }
    Ok(Attributes::from_unsorted(entries))
}

/// A map of attributes.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_map(reader: &mut Reader<'_>) -> Result<Attributes, ValueProblem> {
    match reader.head()? {
        Head::Map(left) => members(reader, &mut Room::of_item(), left, NESTING_MAX),
        _ => Err(Malformed("a map of attributes is expected").into()),
    }
}

/// The elements of a set, each with its size.
fn set<T: Ord>(
    reader: &mut Reader<'_>,
    room: &mut Room,
    kind: &'static str,
    mut element: impl FnMut(&mut Reader<'_>) -> Result<(usize, T), ValueProblem>,
) -> Result<Vec<T>, ValueProblem> {
    let (mut elements, mut set) = (reader.array()?, Vec::new());
    while elements.next(reader)? {
        let (size, element) = element(reader)?;
        // An empty text is an element of a set that has it once, and takes a place until that is known.
        room.take(size.max(1))?;
        room.count += 1;
        set.push(element);
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
            let mut room = Room::of_item();
            prop_assert_eq!(read(&mut reader, &mut room), Ok(value.clone()));
            // What was taken is what the item's limit counts, but for empty elements of sets.
            let taken = ITEM_SIZE_MAX - room.left;
            let size = value_size(value.view());
            prop_assert!(taken >= size && taken <= size + room.count, "{} {}", taken, size);
            prop_assert!(reader.is_at_end());
        }

        #[test]
        fn any_bytes_are_a_value_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_one(&bytes);
        }
    }

    fn read_one(bytes: &[u8]) -> Result<AttributeValue, ValueProblem> {
        read(&mut Reader::new(bytes), &mut Room::of_item())
    }

    fn refusal(bytes: &[u8]) -> String {
        read_one(bytes).unwrap_err().to_string()
    }

    /// Fifteen million nulls, which are as many bytes, were 1.4 GB before they were refused.
    #[test]
    fn reading_ends_where_an_item_does() {
        let nulls = |count: u32| [&[0x9a][..], &count.to_be_bytes(), &vec![0xf6; count as usize]].concat();
        let fits = (ITEM_SIZE_MAX - CONTAINER_OVERHEAD) / (ELEMENT_OVERHEAD + 1);
        assert!(read_one(&nulls(fits as u32)).is_ok());
        let many = nulls(4_000_000);
        let read = allocation_counter::measure(|| {
            assert_eq!(refusal(&many), "Item size has exceeded the maximum allowed size");
        });
        assert!(read.bytes_max < 40 << 20, "{} bytes", read.bytes_max);
        for tag in [0xf9, 0xfb] {
            let element = if tag == 0xf9 { 0x60 } else { 0x40 };
            let set = [&[0xd9, 0x0c, tag, 0x9a][..], &4_000_000_u32.to_be_bytes(), &vec![element; 4_000_000]].concat();
            assert_eq!(refusal(&set), "Item size has exceeded the maximum allowed size");
        }
    }

    #[test]
    fn values_that_dynamodb_does_not_store_are_refused() {
        assert_eq!(
            refusal(&[0xd9, 0x0c, 0xf9, 0x80]),
            "One or more parameter values were invalid: An string set  may not be empty"
        );
        assert_eq!(read_one(&[0xd9, 0x0c, 0xfa, 0x82, 1, 1]), Err(ValueProblem::Duplicates));
        assert_eq!(refusal(&[0x81; 40]), "Nesting Levels have exceeded supported limits");
        assert_eq!(refusal(&[0xff]), "a break where a value is expected");
    }

    #[test]
    fn containers_of_unknown_length_are_read() {
        let bytes = [0xbf, 0x61, b'a', 0x9f, 0x7f, 0x61, b'x', 0x61, b'y', 0xff, 0xff, 0xff];
        let list = AttributeValue::L(vec![AttributeValue::S("xy".to_owned())]);
        let map = AttributeValue::M(Attributes::from_unsorted(vec![("a".to_owned(), list)]));
        assert_eq!(read_one(&bytes), Ok(map));
    }
}
