//! A table for tests that need no engine: hash key `pk` (S), range key `sk` (N), one local and two global indexes. And a caller
//! with an identity.

use std::sync::Arc;

use auth::Caller;
use model::{AttributeValue, Attributes, Number};

use crate::{
    AttributeDefinition, Definition, IndexDefinition, IndexState, KeyNames, KeyType, Projection, Table, TableStatus,
};

pub const SECRET: [u8; 16] = *b"0123456789abcdef";

pub fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub fn n(text: &str) -> AttributeValue {
    AttributeValue::N(Number::parse(text).unwrap())
}

pub fn item(entries: &[(&str, AttributeValue)]) -> Attributes {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn names(hash: &[&str], range: &[&str]) -> KeyNames {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    KeyNames { hash: owned(hash), range: owned(range) }
}

fn index(id: u32, name: &str, key: KeyNames, projection: Projection) -> IndexDefinition {
    IndexDefinition { id, name: name.to_owned(), key, projection, ..IndexDefinition::default() }
}

pub fn definition() -> Definition {
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

/// Whether work on an index of the table is pending: a build, a deletion or its id.
pub fn has_index_work(definition: &Definition) -> bool {
    definition.lacks_expiry_index() || definition.index_states().iter().any(|(_, state)| *state != IndexState::Ready)
}

pub fn table() -> Arc<Table> {
    Arc::new(Table::new(definition()).unwrap())
}

/// A user of the account of tables with a policy of these statements.
pub fn user(statements: &[serde_json::Value]) -> Caller {
    auth::fixture::user("000000000000", statements)
}
