//! Ion values, `{Item:{…}}` each, in text or in binary; a list of such values counts as its elements.
//!
//! One value is read at a time, from bytes that have all of it: a value that is not complete is read again when there are more
//! bytes. `text` and `binary` make an [`IonValue`] of it, and `item` an item. What is carried from one value to the next is the
//! symbol table, which is bounded, and whether a list is open.
//!
//! Ion 1.0 only. Source: the specification of Amazon Ion; annotations and types as DynamoDB's exports have them.

mod binary;
mod item;
mod symbols;
mod text;
mod tree;

use super::memory::{Memory, TooLarge};
use super::{RECORD_SIZE_MAX, Scan};
use symbols::Symbols;
use tree::IonValue;

const SYMBOL_TABLE: &str = "$ion_symbol_table";
/// The first byte of each version marker of the binary encoding, which no text begins with.
const BINARY_FIRST: u8 = 0xE0;

#[derive(Default)]
pub(super) struct Ion {
    encoding: Option<Encoding>,
    symbols: Symbols,
}

enum Encoding {
    Text {
        in_list: bool,
    },
    /// Bytes of the open list that are left.
    Binary {
        list_left: Option<u64>,
    },
}

/// What is at the beginning of bytes.
enum Found {
    /// Space, comments, markers, delimiters.
    Nothing(usize),
    Value(usize, IonValue),
}

/// Why nothing is found.
enum Problem {
    Incomplete,
    Malformed(String),
    TooLarge(TooLarge),
}

impl From<TooLarge> for Problem {
    fn from(why: TooLarge) -> Problem {
        Problem::TooLarge(why)
    }
}

impl Ion {
    pub(super) fn scan(&mut self, bytes: &[u8], is_end: bool, has_conditions: bool, memory: &Memory) -> Scan {
        let Some(first) = bytes.first() else { return self.end_scan(is_end) };
        let encoding = self.encoding.get_or_insert(match *first {
            BINARY_FIRST => Encoding::Binary { list_left: None },
            _ => Encoding::Text { in_list: false },
        });
        let found = match encoding {
            Encoding::Text { in_list } => text::next(bytes, is_end, in_list, &mut self.symbols, memory),
            Encoding::Binary { list_left } => binary::next(bytes, list_left, &mut self.symbols, memory),
        };
        match found {
            Ok(Found::Nothing(size)) => Scan::Skip(size),
            Ok(Found::Value(size, _)) if size > RECORD_SIZE_MAX => {
                Scan::Malformed(format!("a record is larger than {RECORD_SIZE_MAX} bytes"))
            }
            Ok(Found::Value(size, value)) => self.record(size, value, has_conditions),
            Err(Problem::Incomplete) if is_end => Scan::Malformed("the object ends within an Ion value".to_owned()),
            Err(Problem::Incomplete) => Scan::Incomplete,
            Err(Problem::TooLarge(why)) => Scan::Malformed(why.to_string()),
            Err(Problem::Malformed(why)) => Scan::Malformed(format!("the object is no valid Ion: {why}")),
        }
    }

    fn end_scan(&self, is_end: bool) -> Scan {
        let is_open = match &self.encoding {
            Some(Encoding::Text { in_list }) => *in_list,
            Some(Encoding::Binary { list_left }) => list_left.is_some_and(|left| left > 0),
            None => false,
        };
        match is_end && is_open {
            true => Scan::Malformed("the object ends within an Ion list".to_owned()),
            false => Scan::Incomplete,
        }
    }

    fn record(&mut self, size: usize, value: IonValue, has_conditions: bool) -> Scan {
        if value.is_annotated_first(SYMBOL_TABLE) && value.is_struct() {
            return match self.symbols.read(&value) {
                Ok(()) => Scan::Skip(size),
                Err(why) => Scan::Malformed(format!("the object is no valid Ion: {why}")),
            };
        }
        match item::record(value, has_conditions) {
            Ok(put) => Scan::Record(size, put),
            Err(why) => Scan::Malformed(why),
        }
    }
}

fn malformed<T>(why: &str) -> Result<T, Problem> {
    Err(Problem::Malformed(why.to_owned()))
}
