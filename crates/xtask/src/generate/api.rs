//! The types of `api`: operations, enums and structures.

use std::fmt::Write;

use crate::model::Model;
use crate::names;
use crate::service_model::Shape;

use super::{LINE_WIDTH_MAX, Output, header};

pub(super) fn outputs(model: &Model) -> Vec<Output> {
    let of_operations = |name: &str| {
        model.operations.iter().any(|operation| operation.input == name || operation.output.as_deref() == Some(name))
    };
    vec![
        Output { path: "crates/api/src/generated/operations.rs", text: operations(model) },
        Output { path: "crates/api/src/generated/enums.rs", text: enums(model) },
        Output {
            path: "crates/api/src/generated/requests.rs",
            text: structures(model, "Requests and responses of the operations.", of_operations),
        },
        Output {
            path: "crates/api/src/generated/structures.rs",
            text: structures(model, "Structures within requests and responses.", |name| !of_operations(name)),
        },
    ]
}

fn operations(model: &Model) -> String {
    let mut out = header("Every operation of DynamoDB and of DynamoDB Streams.");
    out.push_str("crate::operation::operations! {\n");
    for operation in &model.operations {
        writeln!(out, "    {} {};", operation.name, operation.service).expect("a string takes all");
    }
    out.push_str("}\n");
    out
}

fn enums(model: &Model) -> String {
    let mut out = header("Enumerations of the API.");
    out.push_str("crate::enumeration::enumerations! {\n");
    for (name, shape) in model.enums() {
        writeln!(out, "    {name} {{").expect("a string takes all");
        for value in &shape.values {
            writeln!(out, "        {} = {value:?};", names::variant(value)).expect("a string takes all");
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n");
    out
}

fn structures(model: &Model, about: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut body = String::new();
    for (name, shape) in model.structures().filter(|(name, _)| wanted(name)) {
        body.push('\n');
        structure(&mut body, model, name, shape);
    }
    let mut out = header(about);
    if body.contains("BTreeMap<") {
        out.push_str("use std::collections::BTreeMap;\n\n");
    }
    out.push_str("use model::{AttributeValue, Attributes, Item};\n\nuse crate::*;\n");
    out + &body
}

fn structure(out: &mut String, model: &Model, name: &str, shape: &Shape) {
    out.push_str("#[derive(Clone, Debug, PartialEq, Default)]\n");
    if shape.members.is_empty() {
        writeln!(out, "pub struct {name} {{}}").expect("a string takes all");
        return;
    }
    writeln!(out, "pub struct {name} {{").expect("a string takes all");
    // Lists hold choices, and most of a choice is not there: boxes keep it small.
    let boxed = model.is_choice(shape);
    for (member, reference) in &shape.members {
        let kind = model.rust_type(&reference.shape);
        let kind = if boxed { format!("Box<{kind}>") } else { kind };
        let kind = if shape.requires(member) { kind } else { format!("Option<{kind}>") };
        out.push_str(&field(&names::field(member), &kind));
    }
    out.push_str("}\n");
}

/// One field, broken over two lines where rustfmt would break it.
fn field(name: &str, kind: &str) -> String {
    let line = format!("    pub {name}: {kind},\n");
    if line.len() <= LINE_WIDTH_MAX + 1 { line } else { format!("    pub {name}:\n        {kind},\n") }
}
