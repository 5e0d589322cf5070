//! Keys of items: whether a request's key or item fits its table, with DynamoDB's messages.

use std::fmt;

use api::validation::PutKey;
use expr::{Condition, Projection, Update};
use model::limits::{HASH_KEY_SIZE_MAX, ITEM_SIZE_MAX, RANGE_KEY_SIZE_MAX};
use model::{Attributes, KeyAttribute, KeySchema, MapRef, ValueKind, ValueRef, item_size, value_size};

use crate::{Index, Table};

/// Why a key, or an item because of its keys, is refused. `Display` is DynamoDB's sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyProblem {
    /// Not the attributes, or not the types, of the key schema.
    SchemaMismatch,
    MissingInItem {
        name: String,
    },
    TypeInItem {
        name: String,
        expected: ValueKind,
        actual: ValueKind,
    },
    Empty {
        name: String,
        kind: ValueKind,
    },
    HashTooLong,
    RangeTooLong,
    IndexType {
        name: String,
        index: String,
        expected: ValueKind,
        actual: ValueKind,
    },
    IndexEmpty {
        name: String,
        index: String,
        kind: ValueKind,
    },
    /// An update has made an index key empty.
    IndexEmptied {
        kind: ValueKind,
    },
    IndexTooLong {
        name: String,
        index: String,
        size_max: usize,
    },
    ItemTooLarge,
    /// The item that an update would result in, or the update's own statement.
    UpdatedItemTooLarge,
    UpdatesKey {
        name: String,
    },
    /// A nested path in a key attribute of the table or of an index.
    NotScalar {
        name: String,
        of_index: bool,
    },
}

impl KeyProblem {
    /// The same problem with an operation's own message for the item of a put.
    pub fn of_put(self, words: PutKey) -> KeyProblem {
        match (self, words) {
            (KeyProblem::MissingInItem { .. } | KeyProblem::TypeInItem { .. }, PutKey::SchemaMismatch) => {
                KeyProblem::SchemaMismatch
            }
            (problem, _) => problem,
        }
    }

    /// In a transaction, whether the problem cancels it with a reason, or refuses the request as a whole.
    pub fn cancels(&self) -> bool {
        !matches!(
            self,
            KeyProblem::Empty { .. }
                | KeyProblem::IndexEmpty { .. }
                | KeyProblem::IndexEmptied { .. }
                | KeyProblem::ItemTooLarge
        )
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyProblem::SchemaMismatch => f.write_str("The provided key element does not match the schema"),
            KeyProblem::MissingInItem { name } => {
                write!(f, "One or more parameter values were invalid: Missing the key {name} in the item")
            }
            KeyProblem::TypeInItem { name, expected, actual } => write!(
                f,
                "One or more parameter values were invalid: Type mismatch for key {name} expected: {} actual: {}",
                expected.descriptor(),
                actual.descriptor()
            ),
            KeyProblem::Empty { name, kind } => write!(
                f,
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
                 empty {} value. Key: {name}",
                kind_word(*kind)
            ),
            KeyProblem::HashTooLong => write!(
                f,
                "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit \
                 of{HASH_KEY_SIZE_MAX} bytes"
            ),
            KeyProblem::RangeTooLong => write!(
                f,
                "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size \
                 limit of {RANGE_KEY_SIZE_MAX} bytes"
            ),
            KeyProblem::IndexType { name, index, expected, actual } => write!(
                f,
                "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {} Actual: \
                 {} IndexName: {index}",
                expected.descriptor(),
                actual.descriptor()
            ),
            KeyProblem::IndexEmpty { name, index, kind } => write!(
                f,
                "One or more parameter values are not valid. A value specified for a secondary index key is not \
                 supported. The AttributeValue for a key attribute cannot contain an empty {} value. IndexName: \
                 {index}, IndexKey: {name}",
                kind_word(*kind)
            ),
            KeyProblem::IndexEmptied { kind } => write!(
                f,
                "One or more parameter values are not valid. The update expression attempted to update a secondary \
                 index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an \
                 empty {} value.",
                kind_word(*kind)
            ),
            KeyProblem::IndexTooLong { name, index, size_max } => write!(
                f,
                "One or more parameter values were invalid: Size of the index key {name} has exceeded the maximum \
                 size limit of {size_max} bytes. IndexName: {index}"
            ),
            KeyProblem::ItemTooLarge => f.write_str("Item size has exceeded the maximum allowed size"),
            KeyProblem::UpdatedItemTooLarge => f.write_str("Item size to update has exceeded the maximum allowed size"),
            KeyProblem::UpdatesKey { name } => write!(
                f,
                "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of \
                 the key"
            ),
            KeyProblem::NotScalar { name, of_index } => write!(
                f,
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: {}: {name}",
                if *of_index { "IndexKey" } else { "Key" }
            ),
        }
    }
}

fn kind_word(kind: ValueKind) -> &'static str {
    if kind == ValueKind::B { "binary" } else { "string" }
}

/// Whether `key` is exactly the table's key.
pub fn check_key(table: &Table, key: &Attributes) -> Result<(), KeyProblem> {
    check_schema(&table.key, key)?;
    check_key_values(&table.key, key.view())
}

/// Whether `key` holds exactly the attributes of a schema, each of its type.
pub fn check_schema(schema: &KeySchema, key: &Attributes) -> Result<(), KeyProblem> {
    let fits = |part: &KeyAttribute| key.get(&part.name).is_some_and(|v| v.view().kind() == part.key_type.kind());
    if key.len() == schema.len() && schema.attributes().all(fits) { Ok(()) } else { Err(KeyProblem::SchemaMismatch) }
}

fn check_key_values(schema: &KeySchema, item: MapRef<'_>) -> Result<(), KeyProblem> {
    for part in schema.attributes() {
        if let Some(value) = item.get(&part.name)
            && is_empty(value)
        {
            return Err(KeyProblem::Empty { name: part.name.clone(), kind: value.kind() });
        }
    }
    if aggregated_size(&schema.hash, item) > HASH_KEY_SIZE_MAX {
        return Err(KeyProblem::HashTooLong);
    }
    if aggregated_size(&schema.range, item) > RANGE_KEY_SIZE_MAX {
        return Err(KeyProblem::RangeTooLong);
    }
    Ok(())
}

/// Whether a whole item may be put into the table.
pub fn check_item(table: &Table, item: &Attributes) -> Result<(), KeyProblem> {
    for part in table.key.attributes() {
        let value = item.get(&part.name).ok_or_else(|| KeyProblem::MissingInItem { name: part.name.clone() })?;
        let (expected, actual) = (part.key_type.kind(), value.view().kind());
        if actual != expected {
            return Err(KeyProblem::TypeInItem { name: part.name.clone(), expected, actual });
        }
    }
    check_key_values(&table.key, item.view())?;
    check_index_keys(table, item.view())
}

/// Whether an item is small enough for any table. DynamoDB checks that before it looks up the table.
pub fn check_item_size(item: &Attributes) -> Result<(), KeyProblem> {
    if item_size(item.view()) > ITEM_SIZE_MAX { Err(KeyProblem::ItemTooLarge) } else { Ok(()) }
}

/// Whether an update's statement is small enough for any item. `AttributeUpdates` has no statement. DynamoDB checks that
/// before the condition, and for UpdateItem alone: PartiQL and transactions are bound by the resulting item.
pub fn check_statement_size(update: &Update) -> Result<(), KeyProblem> {
    let too_large = !update.legacy && update.statement_size() > ITEM_SIZE_MAX;
    if too_large { Err(KeyProblem::UpdatedItemTooLarge) } else { Ok(()) }
}

/// Whether the attributes that are keys of indexes have their types and valid key values. If several indexes refuse the item,
/// the first by name is reported.
pub fn check_index_keys(table: &Table, item: MapRef<'_>) -> Result<(), KeyProblem> {
    let refusing = table.indexes.iter().filter_map(|index| Some((&index.name, check_index(index, item).err()?)));
    refusing.min_by_key(|(name, _)| *name).map_or(Ok(()), |(_, problem)| Err(problem))
}

/// The same for the result of an update, which has its own message for an empty key.
pub fn check_updated_index_keys(table: &Table, item: MapRef<'_>) -> Result<(), KeyProblem> {
    check_index_keys(table, item).map_err(|problem| match problem {
        KeyProblem::IndexEmpty { kind, .. } => KeyProblem::IndexEmptied { kind },
        other => other,
    })
}

fn check_index(index: &Index, item: MapRef<'_>) -> Result<(), KeyProblem> {
    for (parts, size_max) in [(&index.key.hash, HASH_KEY_SIZE_MAX), (&index.key.range, RANGE_KEY_SIZE_MAX)] {
        for part in parts {
            let Some(value) = item.get(&part.name) else { continue };
            let (name, index) = (part.name.clone(), index.name.clone());
            let (expected, actual) = (part.key_type.kind(), value.kind());
            if actual != expected {
                return Err(KeyProblem::IndexType { name, index, expected, actual });
            }
            if is_empty(value) {
                return Err(KeyProblem::IndexEmpty { name, index, kind: actual });
            }
            if value_size(value) > size_max {
                return Err(KeyProblem::IndexTooLong { name, index, size_max });
            }
        }
    }
    Ok(())
}

/// Whether a projection has no nested path in a key attribute.
pub fn check_projection(table: &Table, projection: Option<&Projection>) -> Result<(), KeyProblem> {
    projection.map_or(Ok(()), |projection| check_scalars(table, projection.nested_names()))
}

/// Whether a condition or a filter has no nested path in a key attribute.
pub fn check_condition(table: &Table, condition: Option<&Condition>) -> Result<(), KeyProblem> {
    condition.map_or(Ok(()), |condition| check_scalars(table, condition.nested_names()))
}

/// `names`: the attributes of nested paths.
fn check_scalars<'a>(table: &Table, names: impl IntoIterator<Item = &'a str>) -> Result<(), KeyProblem> {
    for name in names {
        let of_table = table.key.contains(name);
        if of_table || table.indexes.iter().any(|index| index.key.contains(name)) {
            return Err(KeyProblem::NotScalar { name: name.to_owned(), of_index: !of_table });
        }
    }
    Ok(())
}

/// Whether an update does not change the key.
pub fn check_update(table: &Table, update: &Update) -> Result<(), KeyProblem> {
    check_scalars(table, update.nested_names())?;
    let written = update.paths().find(|path| table.key.contains(&path.name));
    written.map_or(Ok(()), |path| Err(KeyProblem::UpdatesKey { name: path.name.clone() }))
}

fn is_empty(value: ValueRef<'_>) -> bool {
    matches!(value, ValueRef::S("")) || matches!(value, ValueRef::B([]))
}

fn aggregated_size(parts: &[KeyAttribute], item: MapRef<'_>) -> usize {
    parts.iter().filter_map(|part| item.get(&part.name)).map(value_size).sum()
}

impl From<KeyProblem> for api::Exception {
    fn from(problem: KeyProblem) -> api::Exception {
        api::Exception::validation(problem.to_string())
    }
}
