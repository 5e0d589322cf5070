//! The tables of `wire`: what each shape of a request must satisfy, and the members of every structure.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::model::{Model, part};
use crate::names;
use crate::service_model::{Kind, Shape};

use super::{Output, header, quirks};

pub(super) fn outputs(model: &Model) -> Vec<Output> {
    vec![
        Output { path: "crates/wire/src/generated/shapes.rs", text: shapes(model) },
        Output { path: "crates/wire/src/generated/decode.rs", text: decode(model) },
        Output { path: "crates/wire/src/generated/encode.rs", text: encode(model) },
        Output { path: "crates/wire/src/generated/requests.rs", text: requests(model) },
    ]
}

/// Shapes of requests that bound something, by themselves or by their parts; structures bound their members where
/// they are read.
fn shapes(model: &Model) -> String {
    let mut out = header("What the shapes of requests must satisfy.");
    out.push_str("use crate::constraint::{Shape, pattern, shapes};\n\nshapes! {\n");
    for name in &model.of_input {
        if bounds(model, name) {
            write_shape(&mut out, &names::constant(name), &definition(model, name, &model.shapes[name]));
        }
    }
    for variant in &quirks::VARIANTS {
        let definition = definition(model, variant.shape, &model.shapes[variant.shape]);
        write_shape(&mut out, variant.name, &format!("{definition}{}", variant.differs));
    }
    out.push_str("}\n");
    out
}

fn write_shape(out: &mut String, name: &str, definition: &str) {
    writeln!(out, "    {name} = {definition};").expect("a string takes all");
}

fn bounds(model: &Model, name: &str) -> bool {
    let shape = &model.shapes[name];
    let own = shape.min.is_some() || shape.max.is_some() || !shape.pattern.is_empty() || !shape.values.is_empty();
    let parts = [&shape.member, &shape.key, &shape.value];
    shape.kind != Kind::Structure && (own || parts.iter().any(|part| part.is_some() && bounds(model, self::part(part))))
}

fn reference(model: &Model, name: &str) -> String {
    if bounds(model, name) { format!("&{}", names::constant(name)) } else { "&Shape::FREE".to_owned() }
}

fn definition(model: &Model, name: &str, shape: &Shape) -> String {
    let mut text = match shape.kind {
        Kind::String if !shape.values.is_empty() => {
            let order: Vec<&str> = match quirks::enum_order(name) {
                Some(order) => order.to_vec(),
                None => shape.values.iter().map(String::as_str).collect(),
            };
            format!("Shape::words({:?})", format!("[{}]", order.join(", ")))
        }
        Kind::String if name == quirks::NAME_OR_ARN => "Shape::NAME_OR_ARN".to_owned(),
        Kind::String => "Shape::TEXT".to_owned(),
        Kind::List => format!("Shape::list({})", reference(model, part(&shape.member))),
        Kind::Map => {
            format!("Shape::map({}, {})", reference(model, part(&shape.key)), reference(model, part(&shape.value)))
        }
        _ => "Shape::NUMBER".to_owned(),
    };
    if let Some(min) = shape.min {
        write!(text, ".at_least({min})").expect("a string takes all");
    }
    if let Some(max) = shape.max {
        write!(text, ".at_most({max})").expect("a string takes all");
    }
    if !shape.pattern.is_empty() {
        write!(text, ".matching({:?}, pattern::{})", shape.pattern, names::snake(name)).expect("a string takes all");
    }
    if quirks::LENGTH_FIRST.contains(&name) {
        text.push_str(".length_first()");
    }
    text
}

/// The enumerations among the shapes.
fn words(model: &Model, among: &BTreeSet<String>) -> String {
    let names = model.enums().map(|(name, _)| name).filter(|name| among.contains(*name));
    let rows: String = names.map(|name| format!("    {name}\n")).collect();
    format!("words! {{\n{rows}}}\n\n")
}

/// Structures that are read: those of requests, and of responses of other servers.
fn decode(model: &Model) -> String {
    let mut out = header("Members of the structures of requests, and of responses of other servers.");
    out.push_str("use super::shapes::*;\nuse crate::constraint::Shape;\nuse crate::decode::{structures, words};\n\n");
    let read = &model.of_input | &model.received;
    out.push_str(&words(model, &read));
    out.push_str("structures! {\n");
    for (name, shape) in model.structures().filter(|(name, _)| read.contains(*name)) {
        writeln!(out, "    {name} {{").expect("a string takes all");
        let mut members: Vec<_> = shape.members.iter().collect();
        members.sort_by_key(|(member, _)| quirks::member_order(name, member));
        for (at, (member, reference)) in members.into_iter().enumerate() {
            let need = if shape.requires(member) { "required" } else { "optional" };
            let variant = quirks::VARIANTS.iter().find(|variant| variant.is_of(name, member, &reference.shape));
            let bound = match variant {
                Some(variant) => format!("&{}", variant.name),
                // What another server answers is not refused for its size.
                None if !model.of_input.contains(name) => "&Shape::FREE".to_owned(),
                None => self::reference(model, &reference.shape),
            };
            let field = names::field(member);
            writeln!(out, "        {at} {field} {need} {member:?} {bound};").expect("a string takes all");
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n");
    out
}

/// Structures that are written: those of responses, and of requests to other servers.
fn encode(model: &Model) -> String {
    let mut out = header("Members of the structures of responses, and of requests to other servers.");
    out.push_str("use crate::encode::{structures, words};\n\n");
    let written = &model.of_output | &model.sent;
    out.push_str(&words(model, &written));
    out.push_str("structures! {\n");
    for (name, shape) in model.structures().filter(|(name, _)| written.contains(*name)) {
        writeln!(out, "    {name} {{").expect("a string takes all");
        for member in shape.members.keys() {
            writeln!(out, "        {} {member:?};", names::field(member)).expect("a string takes all");
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n");
    out
}

fn requests(model: &Model) -> String {
    let mut out = header("The request of every operation, built or not, for tests.");
    out.push_str("use crate::decode::tests::requests;\n\nrequests! {\n");
    for operation in &model.operations {
        writeln!(out, "    {} {};", operation.name, operation.input).expect("a string takes all");
    }
    out.push_str("}\n");
    out
}
