//! Tables as requests to CreateTable, each with its items: `Items` in DynamoDB JSON, as `get-item` and exports have them, or `Data` in plain
//! JSON. Tables of `jest-dynamodb`'s configuration are of this form.

use serde_json::{Map, Value, json};

use super::{SeedTable, list, object, seed_table, ttl};

pub(super) fn tables(document: &Value) -> Result<Vec<SeedTable>, String> {
    let listed = document.get("Tables").or_else(|| document.get("tables"));
    match (listed, document) {
        (Some(tables), _) => list(tables, "Tables")?.iter().map(table).collect(),
        (None, Value::Array(tables)) => tables.iter().map(table).collect(),
        (None, Value::Object(members)) if members.contains_key("TableName") => Ok(vec![table(document)?]),
        _ => Err("it has no Resources (CloudFormation), no DataModel (NoSQL Workbench), and no Tables".to_owned()),
    }
}

fn table(value: &Value) -> Result<SeedTable, String> {
    let mut create = object(value, "a table")?.clone();
    let mut take = |names: [&str; 2]| names.into_iter().find_map(|name| create.remove(name));
    let (items, data, lives) =
        (take(["Items", "items"]), take(["Data", "data"]), take(["TimeToLiveSpecification", ""]));
    let mut all = Vec::new();
    for item in items.iter().map(|items| list(items, "Items")).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        // Exports and `get-item` have it in a member.
        let inner = item.get("Item").filter(|_| item.as_object().is_some_and(|members| members.len() == 1));
        all.push(inner.filter(|inner| inner.get("S").is_none()).unwrap_or(item).clone());
    }
    for item in data.iter().map(|data| list(data, "Data")).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let members = object(item, "an item of Data")?;
        let typed: Map<String, Value> = members.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
        all.push(Value::Object(typed));
    }
    let mut table = seed_table(create, Vec::new(), all)?;
    table.settings.extend(lives.map(|lives| ttl(&table.name, &lives)));
    Ok(table)
}

/// A plain value with its type.
fn typed(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(is_true) => json!({"BOOL": is_true}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(values) => json!({"L": values.iter().map(typed).collect::<Vec<_>>()}),
        Value::Object(members) => {
            let members: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
            json!({"M": members})
        }
    }
}
