//! Files of an export: lines of items, and the compressed file around them.
//!
//! | part | module |
//! |---|---|
//! | a line of DynamoDB JSON: `{"Item":{…}}` | `json` |
//! | a line of Ion text: `$ion_1_0 {Item:{…}}` | `ion` |
//! | a line of plain JSON | [`push_plain_item`] |
//! | a line of CSV | [`push_csv_header`], [`push_csv_item`] |
//! | gzip, with the checksum of the compressed bytes and counts | [`DataFile`] |

mod csv;
mod data_file;
mod ion;
mod json;
mod plain;

use model::MapRef;

pub use csv::{push_csv_header, push_csv_item};
pub use data_file::{DataFile, Finished, md5_base64};
pub use plain::push_plain_item;

/// The format of an export's lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineFormat {
    DynamoDbJson,
    Ion,
}

/// What an incremental export says of one item.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// When the item was last written.
    pub write_timestamp_micros: u64,
    pub keys: MapRef<'a>,
    /// Absent of a deleted item.
    pub new_image: Option<MapRef<'a>>,
    /// Absent of an inserted item, and where only new images are exported.
    pub old_image: Option<MapRef<'a>>,
}

impl LineFormat {
    /// How the name of a file of such lines ends, before `.gz`.
    pub const fn extension(self) -> &'static str {
        match self {
            LineFormat::DynamoDbJson => "json",
            LineFormat::Ion => "ion",
        }
    }

    /// Appends the line of an item, with its line feed. Names are in ascending order of their bytes.
    pub fn push_item(self, out: &mut Vec<u8>, item: MapRef<'_>) {
        match self {
            LineFormat::DynamoDbJson => json::push_item(out, item),
            LineFormat::Ion => ion::push_item(out, item),
        }
        out.push(b'\n');
    }

    /// Appends the line of a change, with its line feed.
    pub fn push_change(self, out: &mut Vec<u8>, change: &Change<'_>) {
        match self {
            LineFormat::DynamoDbJson => json::push_change(out, change),
            LineFormat::Ion => ion::push_change(out, change),
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
