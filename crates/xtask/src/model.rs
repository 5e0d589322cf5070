//! The models of DynamoDB and DynamoDB Streams as one, and what `api` and `wire` need of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::service_model::{Kind, Reference, ServiceModel, Shape};

/// Both services. Shapes that they share are the same in both files, and are here once.
pub(crate) struct Model {
    pub(crate) operations: Vec<Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
    /// Shapes that a request can hold.
    pub(crate) of_input: BTreeSet<String>,
    /// Shapes that a response or an exception can hold.
    pub(crate) of_output: BTreeSet<String>,
    /// Shapes in the requests, and in the responses, of operations that are also called at other servers.
    pub(crate) sent: BTreeSet<String>,
    pub(crate) received: BTreeSet<String>,
}

/// Operations that are called at other servers, by DAX in front of them.
const CALLED: [&str; 10] = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
];

pub(crate) struct Operation {
    pub(crate) name: String,
    /// The variant of `api::Service`.
    pub(crate) service: &'static str,
    pub(crate) input: String,
    /// Absent for operations that answer with an empty body.
    pub(crate) output: Option<String>,
}

/// By the names that the models have.
const SERVICES: [(&str, &str); 2] = [("DynamoDB", "DynamoDb"), ("DynamoDB Streams", "Streams")];

impl Model {
    /// # Errors
    /// If the two services disagree.
    pub(crate) fn of(models: &[ServiceModel]) -> Result<Model, String> {
        let mut model = Model {
            operations: Vec::new(),
            shapes: BTreeMap::new(),
            of_input: BTreeSet::new(),
            of_output: BTreeSet::new(),
            sent: BTreeSet::new(),
            received: BTreeSet::new(),
        };
        for (id, service) in SERVICES {
            let of = models.iter().find(|model| model.metadata.service_id == id);
            model.add(of.ok_or_else(|| format!("there is no model of {id}"))?, service)?;
        }
        Ok(model)
    }

    fn add(&mut self, of: &ServiceModel, service: &'static str) -> Result<(), String> {
        let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect::<Vec<String>>();
        let operations = || of.operations.values();
        self.of_input.extend(owned(of.reached_from(operations().filter_map(|operation| operation.input.as_ref()))));
        let outputs = operations().flat_map(|operation| operation.output.iter().chain(&operation.errors));
        self.of_output.extend(owned(of.reached_from(outputs)));
        let called = || of.operations.iter().filter(|(name, _)| CALLED.contains(&name.as_str()));
        self.sent.extend(owned(of.reached_from(called().filter_map(|(_, operation)| operation.input.as_ref()))));
        let received = called().flat_map(|(_, operation)| operation.output.iter().chain(&operation.errors));
        self.received.extend(owned(of.reached_from(received)));
        for (name, operation) in &of.operations {
            let shape = |reference: &Option<Reference>| reference.as_ref().map(|reference| reference.shape.clone());
            let input = shape(&operation.input).ok_or_else(|| format!("the operation {name} has no request"))?;
            self.operations.push(Operation { name: name.clone(), service, input, output: shape(&operation.output) });
        }
        for (name, shape) in &of.shapes {
            if self.shapes.get(name).is_some_and(|known| known != shape) {
                return Err(format!("the services disagree about the shape {name}"));
            }
            self.shapes.insert(name.clone(), shape.clone());
        }
        Ok(())
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

pub(crate) const ATTRIBUTE_VALUE: &str = "AttributeValue";
/// Values that are refused as a part of their statement.
const STATEMENT_PARAMETERS: &str = "PreparedStatementParameters";

/// The shape that a list or a map is made of; the model's loader has proven that it is there.
pub(crate) fn part(reference: &Option<Reference>) -> &str {
    reference.as_ref().map_or("", |reference| &reference.shape)
}
