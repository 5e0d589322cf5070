//! A request on the connection: `1 · method · arguments`, with a map of parameters as the last argument of most methods.

use std::borrow::Cow;

use api::{Operation, ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValue, Select};

use crate::cbor::{Head, Malformed, Reader};

/// The one service of DAX.
pub(crate) const SERVICE: i64 = 1;
/// Values in front of the arguments.
pub(crate) const PREFIX_VALUES: usize = 2;

macro_rules! methods {
    ($($method:ident = $id:literal, $arguments:literal;)+) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Method {
            $($method,)+
        }

        impl Method {
            pub const ALL: &[Method] = &[$(Method::$method,)+];

            /// The method of this number. The length of another one's request is not known.
            pub fn of_id(id: i64) -> Option<Method> {
                match id {
                    $($id => Some(Method::$method),)+
                    _ => None,
                }
            }

            pub fn id(self) -> i64 {
                match self {
                    $(Method::$method => $id,)+
                }
            }

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Method::$method => stringify!($method),)+
                }
            }

            /// How many values its arguments are.
            pub fn arguments(self) -> usize {
                match self {
                    $(Method::$method => $arguments,)+
                }
            }
        }
    };
}

methods! {
    AuthorizeConnection = 1_489_122_155, 5;
    Endpoints = 455_855_874, 0;
    DefineKeySchema = -742_646_399, 1;
    DefineAttributeListId = -1_230_579_644, 1;
    DefineAttributeList = 670_678_385, 1;
    GetItem = 263_244_906, 3;
    PutItem = -2_106_490_455, 4;
    UpdateItem = 1_425_579_023, 3;
    DeleteItem = 1_013_539_361, 3;
    Query = -931_250_863, 3;
    Scan = -1_875_390_620, 2;
    BatchGetItem = -697_851_100, 2;
    BatchWriteItem = 116_217_951, 2;
    TransactGetItems = 1_866_287_579, 4;
    TransactWriteItems = -1_160_037_738, 9;
}

impl Method {
    /// The operation on items; none of what clients ask about the cluster and for themselves.
    pub(crate) fn operation(self) -> Option<Operation> {
        Operation::from_name(self.name())
    }
}

/// The parameters of a request that are not among its arguments.
#[derive(Clone, Default, Debug)]
pub(crate) struct Options<'a> {
    pub projection: Option<Cow<'a, [u8]>>,
    pub is_consistent: bool,
    pub capacity: Option<ReturnConsumedCapacity>,
    pub condition: Option<Cow<'a, [u8]>>,
    pub metrics: Option<ReturnItemCollectionMetrics>,
    pub return_values: Option<ReturnValue>,
    pub update: Option<Cow<'a, [u8]>>,
    pub start_key: Option<Cow<'a, [u8]>>,
    pub filter: Option<Cow<'a, [u8]>>,
    pub index_name: Option<String>,
    pub limit: Option<i32>,
    pub is_forward: Option<bool>,
    pub select: Option<Select>,
    pub segment: Option<i32>,
    pub total_segments: Option<i32>,
    pub token: Option<String>,
}

impl<'a> Options<'a> {
    /// # Errors
    /// A parameter that no client sends, or one of another type.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Options<'a>, Malformed> {
        let mut options = Options::default();
        if reader.null()? {
            return Ok(options);
        }
        let mut pairs = reader.map()?;
        while pairs.next(reader)? {
            let key = reader.int()?;
            options.read_one(key, reader)?;
        }
        Ok(options)
    }

    fn read_one(&mut self, key: i64, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        match key {
            0 => self.projection = expression(reader)?,
            // The Python client sends the placeholders beside the compiled expressions, which have all of them.
            1 | 5 => reader.skip()?,
            2 => self.is_consistent = flag(reader)?,
            3 => self.capacity = capacity(reader.int()?)?,
            // The Python client sends a condition twice, first as its text: the last one counts.
            4 => self.condition = expression(reader)?,
            6 => self.metrics = (reader.int()? == 1).then_some(ReturnItemCollectionMetrics::Size),
            7 => self.return_values = return_values(reader.int()?)?,
            8 => self.update = expression(reader)?,
            9 => self.start_key = expression(reader)?,
            10 => self.filter = expression(reader)?,
            11 => self.index_name = Some(name(reader)?),
            13 => self.limit = Some(small(reader)?),
            14 => self.is_forward = Some(flag(reader)?),
            15 => self.select = select(reader.int()?)?,
            16 => self.segment = Some(small(reader)?),
            17 => self.total_segments = Some(small(reader)?),
            19 => self.token = Some(reader.text()?.into_owned()),
            _ => return Err(Malformed("a request has a parameter that DAX does not have")),
        }
        Ok(())
    }

    /// The Go client sends a Select that its caller has not asked for, and that DynamoDB refuses beside a projection.
    pub(crate) fn without_added_select(mut self) -> Options<'a> {
        if self.select == Some(Select::AllAttributes) && (self.projection.is_some() || self.index_name.is_some()) {
            self.select = None;
        }
        self
    }
}

/// The name of a table or an index: bytes, and of some clients a text.
///
/// # Errors
/// Another type, or no UTF-8.
pub(crate) fn name(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    match reader.head()? {
        Head::Text(length) => Ok(reader.payload_of_text(length)?.into_owned()),
        Head::Bytes(length) => {
            let bytes = reader.payload_of_bytes(length)?.into_owned();
            String::from_utf8(bytes).map_err(|_| Malformed("a name is no UTF-8"))
        }
        _ => Err(Malformed("a name is expected")),
    }
}

/// Bytes, or null. A text is what the Python client sends before the bytes of the same expression.
fn expression<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, [u8]>>, Malformed> {
    match reader.head()? {
        Head::Null => Ok(None),
        Head::Bytes(length) => reader.payload_of_bytes(length).map(Some),
        Head::Text(length) => reader.payload_of_text(length).map(|_| None),
        _ => Err(Malformed("an expression is expected")),
    }
}

/// Bytes, or null.
///
/// # Errors
/// Another type.
pub(crate) fn optional_bytes<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, [u8]>>, Malformed> {
    if reader.null()? { Ok(None) } else { reader.bytes().map(Some) }
}

/// A boolean, or 0 and 1.
///
/// # Errors
/// Another type.
pub(crate) fn flag(reader: &mut Reader<'_>) -> Result<bool, Malformed> {
    match reader.head()? {
        Head::Bool(value) => Ok(value),
        Head::Unsigned(value) => Ok(value != 0),
        _ => Err(Malformed("a flag is expected")),
    }
}

fn small(reader: &mut Reader<'_>) -> Result<i32, Malformed> {
    i32::try_from(reader.int()?).map_err(|_| Malformed("an integer is too large"))
}

fn capacity(value: i64) -> Result<Option<ReturnConsumedCapacity>, Malformed> {
    Ok(match value {
        0 => None,
        1 => Some(ReturnConsumedCapacity::Total),
        2 => Some(ReturnConsumedCapacity::Indexes),
        _ => return Err(Malformed("ReturnConsumedCapacity has a value that DAX does not have")),
    })
}

fn return_values(value: i64) -> Result<Option<ReturnValue>, Malformed> {
    Ok(Some(match value {
        1 => ReturnValue::None,
        2 => ReturnValue::AllOld,
        3 => ReturnValue::UpdatedOld,
        4 => ReturnValue::AllNew,
        5 => ReturnValue::UpdatedNew,
        _ => return Err(Malformed("ReturnValues has a value that DAX does not have")),
    }))
}

fn select(value: i64) -> Result<Option<Select>, Malformed> {
    Ok(Some(match value {
        1 => Select::AllAttributes,
        2 => Select::AllProjectedAttributes,
        3 => Select::Count,
        4 => Select::SpecificAttributes,
        _ => return Err(Malformed("Select has a value that DAX does not have")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::Writer;

    #[test]
    fn methods_have_the_numbers_of_the_clients() {
        for method in Method::ALL {
            assert_eq!(Method::of_id(method.id()), Some(*method));
        }
        assert_eq!(Method::of_id(785_068_263), None);
        let mut out = Writer::new();
        out.int(Method::PutItem.id());
        assert_eq!(out.as_bytes(), [0x3a, 0x7d, 0x8e, 0x7e, 0x56]);
    }

    fn read(write: impl FnOnce(&mut Writer)) -> Options<'static> {
        let mut out = Writer::new();
        out.open_map();
        write(&mut out);
        out.end();
        let bytes: &'static [u8] = Box::leak(out.into_bytes().into_boxed_slice());
        Options::read(&mut Reader::new(bytes)).unwrap()
    }

    #[test]
    fn of_a_parameter_that_comes_twice_the_last_counts() {
        let options = read(|out| {
            out.int(4);
            out.bytes(b"a = :a");
            out.int(4);
            out.bytes(&[0x83, 1]);
        });
        assert_eq!(options.condition.as_deref(), Some(&[0x83, 1][..]));
    }

    #[test]
    fn go_asks_for_all_attributes_only_where_its_caller_may() {
        let with = |index: bool| {
            read(|out| {
                out.int(15);
                out.int(1);
                if index {
                    out.int(11);
                    out.bytes(b"index");
                }
            })
            .without_added_select()
            .select
        };
        assert_eq!((with(false), with(true)), (Some(Select::AllAttributes), None));
    }

    #[test]
    fn unknown_parameters_are_refused() {
        assert!(Options::read(&mut Reader::new(&[0xa1, 0x18, 99, 1])).is_err());
        assert!(Options::read(&mut Reader::new(&[0xf6])).is_ok());
    }
}
