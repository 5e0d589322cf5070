//! The formats of items in files, as flags name them.

use clap::ValueEnum;

/// The part of the commands' help that says what a format loses.
pub(crate) const FORMATS: &str = "\
Formats:
  dynamodb-json   {\"Item\":{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}} on each line: all types come back
  json            {\"id\":\"a\",\"n\":1} on each line: numbers keep all digits. Lossy: sets come back
                  as lists, binary values as strings of base64, except binary keys
  ion             $ion_1_0 {Item:{id:\"a\",n:1.}} on each line, as DynamoDB's exports have it: all types come back
  csv             a header, and a line for each item. Lossy: all but keys comes back as strings;
                  sets, lists and maps are JSON; NULL and empty strings come back as nothing
";

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ItemFormat {
    /// One item a line, as plain JSON
    Json,
    /// One item a line, as DynamoDB's exports have it; loses nothing
    DynamodbJson,
    /// One item a line, as Amazon Ion; loses nothing
    Ion,
    /// Comma-separated values
    Csv,
}
