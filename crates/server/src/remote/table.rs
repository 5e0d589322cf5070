//! What a command knows of a table: its keys.

use std::collections::BTreeMap;

use api::Operation;
use client::Failure;
use model::KeyType;
use serde_json::{Value, json};

use super::ApiClient;

pub(crate) struct TableKeys {
    /// The attributes of the table's own key, the partition key first.
    pub(crate) names: Vec<String>,
    /// The types of all attributes that are keys of the table or of an index.
    pub(crate) types: BTreeMap<String, KeyType>,
    /// As the server says it, which may be hours old.
    pub(crate) item_count: u64,
}

impl TableKeys {
    pub(crate) async fn describe(client: &mut ApiClient, table: &str) -> Result<TableKeys, Failure> {
        let described = client.ask(Operation::DescribeTable, &json!({ "TableName": table })).await?;
        Ok(TableKeys::of(&described["Table"]))
    }

    fn of(table: &Value) -> TableKeys {
        let each = |list: &str| table[list].as_array().cloned().unwrap_or_default();
        let name = |entry: &Value| entry["AttributeName"].as_str().map(str::to_owned);
        let types = each("AttributeDefinitions").into_iter().filter_map(|definition| {
            let key_type = match definition["AttributeType"].as_str()? {
                "N" => KeyType::N,
                "B" => KeyType::B,
                _ => KeyType::S,
            };
            Some((name(&definition)?, key_type))
        });
        TableKeys {
            names: each("KeySchema").iter().filter_map(name).collect(),
            types: types.collect(),
            item_count: table["ItemCount"].as_u64().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let table = json!({ "ItemCount": 3, "KeySchema": [{ "AttributeName": "p", "KeyType": "HASH" },
            { "AttributeName": "a", "KeyType": "RANGE" }], "AttributeDefinitions": [
            { "AttributeName": "a", "AttributeType": "B" }, { "AttributeName": "p", "AttributeType": "N" },
            { "AttributeName": "x", "AttributeType": "S" }] });
        let keys = TableKeys::of(&table);
        assert_eq!((keys.names, keys.item_count), (vec!["p".to_owned(), "a".to_owned()], 3));
        let types = [("a", KeyType::B), ("p", KeyType::N), ("x", KeyType::S)];
        assert_eq!(keys.types, types.map(|(name, key_type)| (name.to_owned(), key_type)).into());
    }
}
