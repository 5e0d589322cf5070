//! The service model of any AWS API, as its file has it: the one reader of these files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct ServiceModel {
    pub(crate) metadata: Metadata,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
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
    #[serde(default)]
    pub(crate) xml_namespace: String,
    /// Set if answers in JSON and CBOR have the errors' names of the Query protocol too.
    pub(crate) aws_query_compatible: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(crate) struct Operation {
    pub(crate) http: Http,
    /// Absent for operations without parameters.
    pub(crate) input: Option<Reference>,
    /// Absent for operations without a result.
    pub(crate) output: Option<Reference>,
    #[serde(default)]
    pub(crate) errors: Vec<Reference>,
    authtype: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    pub(crate) method: String,
    pub(crate) request_uri: String,
    /// Of a success.
    #[serde(default = "ok")]
    pub(crate) response_code: u16,
}

fn ok() -> u16 {
    200
}

/// A use of a shape.
#[derive(Deserialize, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    pub(crate) shape: String,
    pub(crate) location: Option<String>,
    pub(crate) location_name: Option<String>,
}

/// One named type of a model.
#[derive(Deserialize, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) members: BTreeMap<String, Reference>,
    /// The members that come first where their order shows; the model's file has lost it.
    #[serde(skip)]
    pub(crate) order: Vec<String>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    #[serde(default, rename = "enum")]
    pub(crate) values: Vec<String>,
    pub(crate) member: Option<Reference>,
    pub(crate) key: Option<Reference>,
    pub(crate) value: Option<Reference>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    #[serde(default)]
    pub(crate) pattern: String,
    #[serde(default)]
    pub(crate) flattened: bool,
    /// Absent where its protocol's default is meant.
    pub(crate) timestamp_format: Option<String>,
    /// Absent where a member of the structure is its whole body.
    pub(crate) payload: Option<String>,
    #[serde(default)]
    pub(crate) exception: bool,
    error: Option<Error>,
    #[serde(default)]
    fault: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Double,
    Boolean,
    Blob,
    Timestamp,
}

#[derive(Deserialize, Default, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Error {
    code: Option<String>,
    http_status_code: Option<u16>,
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

    /// The shapes that requests and results have, in the order of their names.
    pub(crate) fn reached(&self) -> Vec<&str> {
        let operations = self.operations.values();
        let used = operations.flat_map(|operation| [&operation.input, &operation.output]).flatten();
        self.reached_from(used).into_iter().collect()
    }

    /// The shapes of results that no request has.
    pub(crate) fn of_answers(&self) -> BTreeSet<String> {
        let inputs = self.reached_from(self.operations.values().filter_map(|operation| operation.input.as_ref()));
        let outputs = self.reached_from(self.operations.values().filter_map(|operation| operation.output.as_ref()));
        outputs.difference(&inputs).map(|name| (*name).to_owned()).collect()
    }

    /// The shapes that values of these have in them.
    pub(crate) fn reached_from<'m>(&'m self, used: impl Iterator<Item = &'m Reference>) -> BTreeSet<&'m str> {
        let mut names: Vec<&str> = used.map(|reference| &*reference.shape).collect();
        let mut reached = BTreeSet::new();
        while let Some(name) = names.pop() {
            let Some(shape) = self.shapes.get(name) else { continue };
            if reached.insert(name) {
                names.extend(shape.parts().map(|reference| &*reference.shape));
            }
        }
        reached
    }

    /// The errors of all operations, and those that any may have, in the order of their names.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (&String, &Shape)> {
        self.shapes.iter().filter(|(_, shape)| shape.exception)
    }
}

impl Shape {
    fn parts(&self) -> impl Iterator<Item = &Reference> {
        let parts = [&self.member, &self.key, &self.value].into_iter().flatten();
        parts.chain(self.members.values())
    }

    /// The members in the order in which a table has them.
    pub(crate) fn ordered_members(&self) -> Vec<(&str, &Reference)> {
        let mut members: Vec<_> = self.members.iter().map(|(name, member)| (name.as_str(), member)).collect();
        members.sort_by_key(|(name, _)| self.order.iter().position(|first| first == name).unwrap_or(self.order.len()));
        members
    }

    pub(crate) fn requires(&self, member: &str) -> bool {
        self.required.iter().any(|required| required == member)
    }

    /// The name in XML, and the status.
    pub(crate) fn code_and_status(&self, name: &str) -> (String, u16) {
        let error = self.error.clone().unwrap_or_default();
        let status = error.http_status_code.unwrap_or(if self.fault { 500 } else { 400 });
        (error.code.unwrap_or_else(|| name.to_owned()), status)
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
