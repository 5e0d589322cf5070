//! Validation of key schemas and indexes in requests of CreateTable and UpdateTable.
//!
//! The messages are DynamoDB's where they are known from observation. Where an attribute or a limit is new enough that no
//! capture exists (several attributes of one key), they have the form of similar ones.

use std::collections::BTreeSet;

use api::{Exception, KeySchemaElement, ProjectionType};
use model::limits::{GLOBAL_INDEXES_MAX, INDEX_KEY_ATTRIBUTES_MAX, LOCAL_INDEXES_MAX, PROJECTED_ATTRIBUTES_MAX};

use super::definition::{
    AttributeDefinition, IndexDefinition, IndexStatus, KeyNames, KeyType, Projection, ThroughputChanges,
};
use super::hash_order;
use super::name::constraints_broken;
use super::throughput::IndexThroughput;

/// Attributes of a table's or a local index's key.
const KEY_ATTRIBUTES_MAX: usize = 2;

/// DynamoDB's usual beginning of a refusal.
pub fn invalid(text: impl AsRef<str>) -> Exception {
    Exception::validation(format!("One or more parameter values were invalid: {}", text.as_ref()))
}

/// The keys of a new table, with its indexes.
#[derive(Debug)]
pub struct NewSchema {
    pub attributes: Vec<AttributeDefinition>,
    pub key: KeyNames,
    pub local: Vec<NewIndex>,
    pub global: Vec<NewIndex>,
}

/// A new index.
#[derive(Debug)]
pub struct NewIndex {
    pub name: String,
    pub key: KeyNames,
    pub projection: Projection,
    pub throughput: IndexThroughput,
}

impl NewSchema {
    /// Validates the table's own key; the indexes follow.
    pub fn of_table(
        definitions: Option<Vec<api::AttributeDefinition>>,
        key_schema: Option<Vec<KeySchemaElement>>,
    ) -> Result<NewSchema, Exception> {
        let null =
            |member: &str| format!("Value null at '{member}' failed to satisfy constraint: Member must not be null");
        let (definitions, key_schema) = match (definitions, key_schema) {
            (Some(definitions), Some(key_schema)) => (definitions, key_schema),
            (Some(_), None) => return Err(detected(&[null("keySchema")])),
            (None, Some(_)) => return Err(detected(&[null("attributeDefinitions")])),
            (None, None) => return Err(detected(&[null("attributeDefinitions"), null("keySchema")])),
        };
        check_key_length(&key_schema, "keySchema")?;
        let attributes = attribute_definitions(definitions)?;
        if attributes.len() < key_schema.len() {
            return Err(Exception::validation("Invalid KeySchema: Some index key attribute have no definition"));
        }
        check_defined(&key_schema, &attributes)?;
        let key = two_part_key(&key_schema)?;
        Ok(NewSchema { attributes, key, local: Vec::new(), global: Vec::new() })
    }

    pub fn add_local(&mut self, indexes: Option<Vec<api::LocalSecondaryIndex>>) -> Result<(), Exception> {
        let Some(indexes) = indexes else { return Ok(()) };
        if indexes.is_empty() {
            return Err(invalid("List of LocalSecondaryIndexes is empty"));
        }
        if self.key.range.is_empty() {
            return Err(invalid(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
            ));
        }
        if indexes.len() > LOCAL_INDEXES_MAX {
            return Err(invalid(format!(
                "Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_INDEXES_MAX}"
            )));
        }
        for (at, index) in indexes.into_iter().enumerate() {
            let member = format!("localSecondaryIndexes.{}.member.keySchema", at + 1);
            check_key_length(&index.key_schema, &member)?;
            check_defined(&index.key_schema, &self.attributes)?;
            let key = two_part_key(&index.key_schema)?;
            self.check_local_key(&index.index_name, &key)?;
            let projection = parse_projection(index.projection)?;
            let throughput = IndexThroughput::default();
            self.local.push(NewIndex { name: index.index_name, key, projection, throughput });
        }
        Ok(())
    }

    fn check_local_key(&self, index_name: &str, key: &KeyNames) -> Result<(), Exception> {
        if key.range.is_empty() {
            return Err(invalid(format!("Index KeySchema does not have a range key for index: {index_name}")));
        }
        if key.hash == self.key.hash {
            return Ok(());
        }
        Err(invalid(format!(
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: {index_name}. \
             index hash key: {}, table hash key: {}",
            key.hash[0], self.key.hash[0]
        )))
    }

    pub fn add_global(&mut self, indexes: Vec<NewIndex>) -> Result<(), Exception> {
        check_index_count(indexes.len())?;
        self.global = indexes;
        Ok(())
    }

    /// Refuses definitions that no key uses. DynamoDB checks that before anything else of the indexes.
    pub fn check_definitions_used(
        &self,
        local: Option<&[api::LocalSecondaryIndex]>,
        global: Option<&[api::GlobalSecondaryIndex]>,
    ) -> Result<(), Exception> {
        let keys = local.iter().copied().flatten().map(|index| &index.key_schema);
        let keys = keys.chain(global.iter().copied().flatten().map(|index| &index.key_schema));
        let of_indexes = keys.flatten().map(|element| &element.attribute_name);
        let mut known = BTreeSet::new();
        let used: Vec<&String> = self.key.names().chain(of_indexes).filter(|name| known.insert(*name)).collect();
        let defined = self.attributes.iter().map(|attribute| &attribute.name);
        if defined.clone().all(|name| known.contains(name)) {
            return Ok(());
        }
        if local.is_none() && global.is_none() {
            return Err(invalid(
                "Number of attributes in KeySchema does not exactly match number of attributes defined in \
                 AttributeDefinitions",
            ));
        }
        Err(invalid(format!(
            "Some AttributeDefinitions are not used. AttributeDefinitions: {}, keys used: {}",
            listed(hash_order::of_map(defined)),
            listed(hash_order::of_set(used.into_iter()))
        )))
    }

    /// The checks across indexes: duplicate names, and how much they project.
    pub fn check_whole(&self) -> Result<(), Exception> {
        let mut names = BTreeSet::new();
        if let Some(index) = self.indexes().find(|index| !names.insert(&index.name)) {
            return Err(invalid(format!("Duplicate index name: {}", index.name)));
        }
        check_projections(self.indexes().map(|index| &index.projection))
    }

    fn indexes(&self) -> impl Iterator<Item = &NewIndex> {
        self.local.iter().chain(&self.global)
    }
}

impl NewIndex {
    /// Validates a global index; `attributes` must define its keys.
    pub fn global(
        name: String,
        key_schema: &[KeySchemaElement],
        asked: api::Projection,
        throughput: IndexThroughput,
        attributes: &[AttributeDefinition],
    ) -> Result<NewIndex, Exception> {
        check_defined(key_schema, attributes)?;
        let key = multi_part_key(key_schema)?;
        Ok(NewIndex { projection: parse_projection(asked)?, name, key, throughput })
    }

    pub fn into_definition(self, id: u32, status: IndexStatus) -> IndexDefinition {
        IndexDefinition {
            id,
            name: self.name,
            key: self.key,
            projection: self.projection,
            status,
            provisioned: self.throughput.provisioned,
            changes: ThroughputChanges::default(),
            on_demand_max: self.throughput.on_demand_max,
            warm: self.throughput.warm,
            ..IndexDefinition::default()
        }
    }
}

/// The attribute definitions of a request.
pub fn attribute_definitions(given: Vec<api::AttributeDefinition>) -> Result<Vec<AttributeDefinition>, Exception> {
    let mut attributes: Vec<AttributeDefinition> = Vec::with_capacity(given.len());
    let mut names = BTreeSet::new();
    for definition in given {
        if !names.insert(definition.attribute_name.clone()) {
            let name = definition.attribute_name;
            return Err(Exception::validation(format!("Attribute Name is duplicated: {name}")));
        }
        let key_type = match definition.attribute_type {
            api::ScalarAttributeType::S => KeyType::S,
            api::ScalarAttributeType::N => KeyType::N,
            api::ScalarAttributeType::B => KeyType::B,
        };
        attributes.push(AttributeDefinition { name: definition.attribute_name, key_type });
    }
    Ok(attributes)
}

fn check_index_count(count: usize) -> Result<(), Exception> {
    if count <= GLOBAL_INDEXES_MAX {
        return Ok(());
    }
    Err(invalid(format!("GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES_MAX}")))
}

/// Bounds the attributes that all indexes of a table project by name.
pub fn check_projections<'a>(projections: impl Iterator<Item = &'a Projection>) -> Result<(), Exception> {
    let named: usize = projections.map(|projection| projection.named().len()).sum();
    if named <= PROJECTED_ATTRIBUTES_MAX {
        return Ok(());
    }
    Err(invalid(format!(
        "Number of NonKeyAttributes over all indexes exceeds the per-table limit of {PROJECTED_ATTRIBUTES_MAX}: {named}"
    )))
}

/// # Errors
/// DynamoDB's refusal of a projection that is none.
pub fn parse_projection(asked: api::Projection) -> Result<Projection, Exception> {
    let names = asked.non_key_attributes;
    match (asked.projection_type, names) {
        (None, _) => Err(invalid("Unknown ProjectionType: null")),
        (Some(ProjectionType::All), None) => Ok(Projection::All),
        (Some(ProjectionType::KeysOnly), None) => Ok(Projection::KeysOnly),
        (Some(ProjectionType::Include), Some(names)) if !names.is_empty() => {
            let mut seen = BTreeSet::new();
            match names.iter().find(|name| !seen.insert(*name)) {
                Some(twice) => Err(invalid(format!("Duplicate element in NonKeyAttributes: {twice}"))),
                None => Ok(Projection::Include(names)),
            }
        }
        (Some(ProjectionType::Include), _) => {
            Err(invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified"))
        }
        (Some(kind), Some(_)) => {
            Err(invalid(format!("ProjectionType is {}, but NonKeyAttributes is specified", kind.as_str())))
        }
    }
}

/// One HASH attribute, then at most one RANGE attribute.
fn two_part_key(elements: &[KeySchemaElement]) -> Result<KeyNames, Exception> {
    let (hash, range) =
        split(elements, "Both the Hash Key and the Range Key element in the KeySchema have the same name")?;
    if hash.len() > 1 {
        return Err(Exception::validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"));
    }
    Ok(KeyNames { hash, range })
}

/// Up to four HASH attributes, then up to four RANGE attributes.
fn multi_part_key(elements: &[KeySchemaElement]) -> Result<KeyNames, Exception> {
    let (hash, range) = split(elements, "The KeySchema contains multiple key attributes with the same name")?;
    for (kind, names) in [("HASH", &hash), ("RANGE", &range)] {
        if names.len() > INDEX_KEY_ATTRIBUTES_MAX {
            return Err(invalid(format!("The KeySchema exceeds the maximum allowed number of {kind} key attributes")));
        }
    }
    Ok(KeyNames { hash, range })
}

/// HASH attributes before RANGE attributes, none of them twice: `twice` is the message for a duplicate.
fn split(elements: &[KeySchemaElement], twice: &str) -> Result<(Vec<String>, Vec<String>), Exception> {
    let is_hash = |element: &KeySchemaElement| element.key_type == api::KeyType::Hash;
    let hashes = elements.iter().take_while(|element| is_hash(element)).count();
    if hashes == 0 {
        return Err(Exception::validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
    }
    let (hash, range) = elements.split_at(hashes);
    if range.iter().any(is_hash) {
        return Err(invalid("All HASH key attributes must precede RANGE key attributes in the KeySchema"));
    }
    let mut seen = BTreeSet::new();
    if elements.iter().any(|element| !seen.insert(&element.attribute_name)) {
        return Err(Exception::validation(twice));
    }
    let names = |part: &[KeySchemaElement]| part.iter().map(|element| element.attribute_name.clone()).collect();
    Ok((names(hash), names(range)))
}

fn check_key_length(elements: &[KeySchemaElement], member: &str) -> Result<(), Exception> {
    let broken = match elements.len() {
        0 => "Member must have length greater than or equal to 1".to_owned(),
        1..=KEY_ATTRIBUTES_MAX => return Ok(()),
        _ => format!("Member must have length less than or equal to {KEY_ATTRIBUTES_MAX}"),
    };
    let shown = elements.iter().map(|element| {
        format!("KeySchemaElement(attributeName={}, keyType={})", element.attribute_name, element.key_type.as_str())
    });
    constraints_broken(member, &format!("'[{}]'", shown.collect::<Vec<_>>().join(", ")), &[broken])
}

fn check_defined(elements: &[KeySchemaElement], attributes: &[AttributeDefinition]) -> Result<(), Exception> {
    if elements.iter().all(|element| defines(attributes, &element.attribute_name)) {
        return Ok(());
    }
    Err(invalid(format!(
        "Some index key attributes are not defined in AttributeDefinitions. Keys: {}, AttributeDefinitions: {}",
        listed(elements.iter().map(|element| &element.attribute_name)),
        listed(hash_order::of_map(attributes.iter().map(|attribute| &attribute.name)))
    )))
}

fn defines(attributes: &[AttributeDefinition], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.name == name)
}

fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    format!("[{}]", names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn detected(errors: &[String]) -> Exception {
    let word = if errors.len() == 1 { "error" } else { "errors" };
    Exception::validation(format!("{} validation {word} detected: {}", errors.len(), errors.join("; ")))
}
