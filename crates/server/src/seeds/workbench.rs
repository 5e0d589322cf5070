//! Data models of NoSQL Workbench: tables with their keys, indexes and sample data.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{SeedTable, list, object, seed_table};

/// Units of a table or index that says PROVISIONED and no units; those that Workbench writes by default.
const UNITS: u64 = 5;

pub(super) fn tables(document: &Value) -> Result<Vec<SeedTable>, String> {
    list(&document["DataModel"], "DataModel")?.iter().map(table).collect()
}

fn table(model: &Value) -> Result<SeedTable, String> {
    let members = object(model, "a table of DataModel")?;
    let name = members.get("TableName").and_then(Value::as_str).ok_or("a table of DataModel has no TableName")?;
    let mut types = BTreeMap::new();
    let is_provisioned = model["BillingMode"] == "PROVISIONED";
    let mut create = Map::new();
    create.insert("TableName".to_owned(), json!(name));
    create.insert(
        "KeySchema".to_owned(),
        key_schema(model, &mut types).map_err(|error| format!("table {name}: {error}"))?,
    );
    for kind in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let Some(indexes) = members.get(kind).and_then(Value::as_array).filter(|indexes| !indexes.is_empty()) else {
            continue;
        };
        let has_units = is_provisioned && kind == "GlobalSecondaryIndexes";
        let indexes: Result<Vec<Value>, String> =
            indexes.iter().map(|index| self::index(index, has_units, &mut types)).collect();
        create.insert(kind.to_owned(), Value::Array(indexes.map_err(|error| format!("table {name}: {error}"))?));
    }
    let definitions: Vec<Value> =
        types.iter().map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind})).collect();
    create.insert("AttributeDefinitions".to_owned(), Value::Array(definitions));
    if is_provisioned {
        create.insert("ProvisionedThroughput".to_owned(), units(model));
    }
    let items = match members.get("TableData") {
        Some(items) => list(items, "TableData")?.clone(),
        None => Vec::new(),
    };
    seed_table(create, Vec::new(), items)
}

/// The keys of a table or an index; their types are added to the others.
fn key_schema(model: &Value, types: &mut BTreeMap<String, String>) -> Result<Value, String> {
    let keys = &model["KeyAttributes"];
    let mut schema = Vec::new();
    for (member, kind) in [("PartitionKey", "HASH"), ("SortKey", "RANGE")] {
        let Some(key) = keys.get(member) else { continue };
        let text = |name: &str| key[name].as_str().ok_or_else(|| format!("{member} has no {name}"));
        let (name, of_type) = (text("AttributeName")?, text("AttributeType")?);
        types.insert(name.to_owned(), of_type.to_owned());
        schema.push(json!({"AttributeName": name, "KeyType": kind}));
    }
    if schema.is_empty() { Err("KeyAttributes has no PartitionKey".to_owned()) } else { Ok(Value::Array(schema)) }
}

fn index(model: &Value, has_units: bool, types: &mut BTreeMap<String, String>) -> Result<Value, String> {
    let name = model["IndexName"].as_str().ok_or("an index has no IndexName")?;
    let schema = key_schema(model, types).map_err(|error| format!("index {name}: {error}"))?;
    let projection = model.get("Projection").cloned().unwrap_or_else(|| json!({"ProjectionType": "ALL"}));
    let mut index = json!({"IndexName": name, "KeySchema": schema, "Projection": projection});
    if has_units {
        index["ProvisionedThroughput"] = units(model);
    }
    Ok(index)
}

fn units(model: &Value) -> Value {
    let of = |name: &str| model["ProvisionedCapacitySettings"]["ProvisionedThroughput"][name].as_u64().unwrap_or(UNITS);
    json!({"ReadCapacityUnits": of("ReadCapacityUnits"), "WriteCapacityUnits": of("WriteCapacityUnits")})
}
