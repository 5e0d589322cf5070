//! A table for tests that need no engine: hash key `pk` (S), range key `sk` (N), one local and two global indexes.

use std::sync::Arc;

use model::{AttributeValue, Attributes, Number};

use crate::catalog::{
    AttributeDefinition, Definition, IndexDefinition, KeyNames, KeyType, Projection, Table, TableStatus,
};

pub(crate) const SECRET: [u8; 16] = *b"0123456789abcdef";

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn n(text: &str) -> AttributeValue {
    AttributeValue::N(Number::parse(text).unwrap())
}

pub(crate) fn item(entries: &[(&str, AttributeValue)]) -> Attributes {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn names(hash: &[&str], range: &[&str]) -> KeyNames {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    KeyNames { hash: owned(hash), range: owned(range) }
}

fn index(id: u32, name: &str, key: KeyNames, projection: Projection) -> IndexDefinition {
    IndexDefinition { id, name: name.to_owned(), key, projection, ..IndexDefinition::default() }
}

pub(crate) fn definition() -> Definition {
    let attribute = |name: &str, key_type| AttributeDefinition { name: name.to_owned(), key_type };
    Definition {
        table_id: 7,
        account: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
        name: "t".to_owned(),
        uuid: String::new(),
        created_ms: 0,
        status: TableStatus::Active,
        attributes: vec![
            attribute("pk", KeyType::S),
            attribute("sk", KeyType::N),
            attribute("l", KeyType::S),
            attribute("g", KeyType::S),
            attribute("h", KeyType::N),
        ],
        key: names(&["pk"], &["sk"]),
        local_indexes: vec![index(1, "local", names(&["pk"], &["l"]), Projection::KeysOnly)],
        global_indexes: vec![
            index(2, "global", names(&["g"], &["sk"]), Projection::Include(vec!["x".to_owned()])),
            index(3, "many", names(&["g", "h"], &["l", "sk"]), Projection::All),
        ],
        next_index_id: 4,
        ..Definition::default()
    }
}

pub(crate) fn table() -> Arc<Table> {
    Arc::new(Table::new(definition()))
}
