//! The service model of any AWS API, as its file has it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct ServiceModel {
    pub(crate) metadata: Metadata,
    pub(crate) operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) api_version: String,
    endpoint_prefix: String,
    pub(crate) protocols: Vec<String>,
    pub(crate) service_id: String,
    signing_name: Option<String>,
    target_prefix: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Operation {
    pub(crate) http: Http,
    /// Absent for operations without parameters.
    input: Option<Reference>,
    authtype: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    pub(crate) method: String,
    pub(crate) request_uri: String,
}

#[derive(Deserialize)]
struct Reference {
    shape: String,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    members: BTreeMap<String, Reference>,
}

impl ServiceModel {
    pub(crate) fn load(path: &Path) -> Result<ServiceModel, String> {
        let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// In the order of their names.
    pub(crate) fn members(&self, operation: &Operation) -> Vec<&str> {
        let shape = operation.input.as_ref().and_then(|input| self.shapes.get(&input.shape));
        shape.map(|shape| shape.members.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

impl Metadata {
    pub(crate) fn signing_name(&self) -> &str {
        self.signing_name.as_deref().unwrap_or(&self.endpoint_prefix)
    }

    pub(crate) fn target_prefix(&self) -> &str {
        self.target_prefix.as_deref().unwrap_or_default()
    }
}

impl Operation {
    pub(crate) fn is_signed(&self) -> bool {
        self.authtype.as_deref() != Some("none")
    }
}
