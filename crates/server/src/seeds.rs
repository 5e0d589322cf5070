//! Files of tables and items to start with: what is in them, as requests of DynamoDB's API. Three kinds, which their members distinguish:
//!
//! | member | file |
//! |---|---|
//! | `Resources` | a CloudFormation template, as JSON or YAML ([`cloudformation`]) |
//! | `DataModel` | a data model of NoSQL Workbench ([`workbench`]) |
//! | `Tables`, or a list of tables, or one with a `TableName` | tables with their items ([`tables`]) |

mod cloudformation;
mod tables;
mod workbench;
mod yaml;

use std::path::Path;

use serde_json::{Map, Value, json};

/// A file is read whole. Unit: bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// A table to be made, and what is written to it.
#[derive(PartialEq, Debug)]
pub(crate) struct SeedTable {
    pub(crate) name: String,
    /// A request to CreateTable.
    pub(crate) create: Value,
    /// Requests to other operations, once the table is there.
    pub(crate) settings: Vec<(&'static str, Value)>,
    /// In DynamoDB JSON.
    pub(crate) items: Vec<Value>,
}

/// What a template can name of the server.
pub(crate) struct Names<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
}

/// # Errors
/// A sentence about what cannot be read.
pub(crate) fn read(file: &Path, names: &Names<'_>) -> Result<Vec<SeedTable>, String> {
    let size = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("the file has {size} bytes, and {FILE_BYTES_MAX} is the most"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    parse(&text, names)
}

fn parse(text: &str, names: &Names<'_>) -> Result<Vec<SeedTable>, String> {
    let document: Value = match text.trim_start().starts_with(['{', '[']) {
        true => serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?,
        false => yaml::parse(text)?,
    };
    // Serverless Framework has a template in a member.
    let document = match document.get("resources").and_then(|inner| inner.get("Resources")) {
        Some(_) => &document["resources"],
        None => &document,
    };
    if document.get("Resources").is_some() {
        cloudformation::tables(document, names)
    } else if document.get("DataModel").is_some() {
        workbench::tables(document)
    } else {
        tables::tables(document)
    }
}

/// The table of a request, with a billing mode if the request has none and no throughput.
fn seed_table(
    mut create: Map<String, Value>,
    settings: Vec<(&'static str, Value)>,
    items: Vec<Value>,
) -> Result<SeedTable, String> {
    let name = create.get("TableName").and_then(Value::as_str).ok_or("a table has no TableName")?.to_owned();
    if !create.contains_key("BillingMode") && !create.contains_key("ProvisionedThroughput") {
        create.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
    }
    Ok(SeedTable { name, create: Value::Object(create), settings, items })
}

fn object<'v>(value: &'v Value, what: &str) -> Result<&'v Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{what} is not an object"))
}

fn list<'v>(value: &'v Value, what: &str) -> Result<&'v Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("{what} is not a list"))
}

fn ttl(name: &str, specification: &Value) -> (&'static str, Value) {
    ("UpdateTimeToLive", json!({"TableName": name, "TimeToLiveSpecification": specification}))
}

#[cfg(test)]
mod tests;
