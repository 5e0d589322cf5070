//! The Service Authorization Reference, as its file has it: of each action its resource types and condition keys.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Authorization {
    /// By prefix, as `dynamodb`.
    pub(crate) services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    pub(crate) actions: BTreeMap<String, Action>,
    /// With their types, as `String` or `ArrayOfARN`.
    pub(crate) condition_keys: BTreeMap<String, String>,
    pub(crate) resource_types: BTreeMap<String, ResourceType>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Action {
    pub(crate) access_level: String,
    pub(crate) condition_keys: Vec<String>,
    pub(crate) resource_types: Vec<ActionResource>,
}

/// A resource type of an action.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionResource {
    pub(crate) name: String,
    pub(crate) required: bool,
    /// Those of this action on this type, beside the type's own.
    pub(crate) condition_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceType {
    pub(crate) arn: String,
    pub(crate) condition_keys: Vec<String>,
}

impl Authorization {
    pub(crate) fn load(folder: &Path) -> Result<Authorization, String> {
        let path = folder.join("authorization.json");
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
    }
}
