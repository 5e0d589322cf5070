//! The AWS service model, as its files have it, and what is asked of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

/// Both services. Shapes that they share are the same in both files, and are here once.
pub(crate) struct Model {
    pub(crate) operations: Vec<Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
    /// Shapes that a request can hold.
    pub(crate) of_input: BTreeSet<String>,
    /// Shapes that a response or an exception can hold.
    pub(crate) of_output: BTreeSet<String>,
}

pub(crate) struct Operation {
    pub(crate) name: String,
    /// The variant of `api::Service`.
    pub(crate) service: &'static str,
    pub(crate) input: String,
    /// Absent for operations that answer with an empty body.
    pub(crate) output: Option<String>,
}

#[derive(Deserialize)]
struct File {
    operations: BTreeMap<String, FileOperation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
struct FileOperation {
    input: Reference,
    output: Option<Reference>,
    #[serde(default)]
    errors: Vec<Reference>,
}

#[derive(Deserialize, PartialEq)]
pub(crate) struct Reference {
    pub(crate) shape: String,
}

/// One named type of the model.
#[derive(Deserialize, PartialEq)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) members: BTreeMap<String, Reference>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    #[serde(default, rename = "enum")]
    pub(crate) values: Vec<String>,
    pub(crate) member: Option<Reference>,
    pub(crate) key: Option<Reference>,
    pub(crate) value: Option<Reference>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) pattern: Option<String>,
    #[serde(default)]
    pub(crate) exception: bool,
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

const FILES: [(&str, &str); 2] = [("dynamodb.json", "DynamoDb"), ("dynamodbstreams.json", "Streams")];

impl Model {
    pub(crate) fn load(folder: &Path) -> Result<Model, String> {
        let mut model = Model {
            operations: Vec::new(),
            shapes: BTreeMap::new(),
            of_input: BTreeSet::new(),
            of_output: BTreeSet::new(),
        };
        let mut errors = Vec::new();
        for (name, service) in FILES {
            let file = read(&folder.join(name))?;
            model.add_shapes(file.shapes)?;
            for (name, operation) in file.operations {
                model.operations.push(Operation {
                    name,
                    service,
                    input: operation.input.shape,
                    output: operation.output.map(|output| output.shape),
                });
                errors.extend(operation.errors.into_iter().map(|error| error.shape));
            }
        }
        let inputs: Vec<String> = model.operations.iter().map(|operation| operation.input.clone()).collect();
        let outputs = model.operations.iter().filter_map(|operation| operation.output.clone()).chain(errors).collect();
        model.of_input = model.reached_from(inputs);
        model.of_output = model.reached_from(outputs);
        Ok(model)
    }

    fn add_shapes(&mut self, shapes: BTreeMap<String, Shape>) -> Result<(), String> {
        for (name, shape) in shapes {
            if self.shapes.get(&name).is_some_and(|known| *known != shape) {
                return Err(format!("the services disagree about the shape {name}"));
            }
            self.shapes.insert(name, shape);
        }
        Ok(())
    }

    fn reached_from(&self, mut names: Vec<String>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        while let Some(name) = names.pop() {
            let shape = &self.shapes[&name];
            if reached.insert(name) {
                let parts = [&shape.member, &shape.key, &shape.value].into_iter().flatten();
                names.extend(parts.chain(shape.members.values()).map(|reference| reference.shape.clone()));
            }
        }
        reached
    }

    /// Structures that become Rust structs: not the exceptions, and not the value that `model` knows.
    pub(crate) fn structures(&self) -> impl Iterator<Item = (&String, &Shape)> {
        self.shapes
            .iter()
            .filter(|(name, shape)| shape.kind == Kind::Structure && !shape.exception && *name != ATTRIBUTE_VALUE)
    }

    pub(crate) fn enums(&self) -> impl Iterator<Item = (&String, &Shape)> {
        self.shapes.iter().filter(|(_, shape)| !shape.values.is_empty())
    }

    /// The Rust type of a shape.
    pub(crate) fn rust_type(&self, name: &str) -> String {
        let shape = &self.shapes[name];
        match shape.kind {
            Kind::Structure if name == ATTRIBUTE_VALUE => "AttributeValue".to_owned(),
            Kind::Structure => name.to_owned(),
            Kind::String if !shape.values.is_empty() => name.to_owned(),
            Kind::String => "String".to_owned(),
            Kind::Integer => "i32".to_owned(),
            Kind::Long => "i64".to_owned(),
            Kind::Double => "f64".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Blob => "Vec<u8>".to_owned(),
            Kind::Timestamp => "Timestamp".to_owned(),
            Kind::List if name == STATEMENT_PARAMETERS => "StatementParameters".to_owned(),
            Kind::List => format!("Vec<{}>", self.rust_type(part(&shape.member))),
            // A shape that only answers contain may still be the stored bytes.
            Kind::Map if part(&shape.value) == ATTRIBUTE_VALUE => {
                if self.of_input.contains(name) { "Attributes" } else { "Item" }.to_owned()
            }
            Kind::Map => format!("BTreeMap<String, {}>", self.rust_type(part(&shape.value))),
        }
    }

    /// Whether a structure is there to hold one of several others: each of its members is a structure, and none must be
    /// there.
    pub(crate) fn is_choice(&self, shape: &Shape) -> bool {
        let optional = |(member, of): (&String, &Reference)| {
            self.shapes[&of.shape].kind == Kind::Structure && !shape.requires(member)
        };
        shape.members.len() > 1 && shape.members.iter().all(optional)
    }
}

impl Shape {
    pub(crate) fn requires(&self, member: &str) -> bool {
        self.required.iter().any(|required| required == member)
    }
}

pub(crate) const ATTRIBUTE_VALUE: &str = "AttributeValue";
/// Values that are refused as a part of their statement.
const STATEMENT_PARAMETERS: &str = "PreparedStatementParameters";

/// The shape that a list or a map is made of; the model's loader has proven that it is there.
pub(crate) fn part(reference: &Option<Reference>) -> &str {
    reference.as_ref().map_or("", |reference| &reference.shape)
}

fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}
