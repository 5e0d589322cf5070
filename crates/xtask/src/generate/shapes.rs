//! The tables of shapes of one service, and its structures as Rust types where its functions take those.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::header;
use crate::names;
use crate::service_model::{Kind, Reference, ServiceModel, Shape};

/// The places of a service's shapes in its table.
pub(super) struct Table<'m> {
    model: &'m ServiceModel,
    places: BTreeMap<&'m str, usize>,
}

impl<'m> Table<'m> {
    pub(super) fn of(model: &'m ServiceModel) -> Table<'m> {
        Table { model, places: model.reached().into_iter().enumerate().map(|(at, name)| (name, at)).collect() }
    }

    /// As Rust has an operation's input or output.
    pub(super) fn reference(&self, reference: Option<&Reference>) -> String {
        reference.map_or("None".to_owned(), |reference| format!("Some({})", self.places[&*reference.shape]))
    }

    fn rows(&self) -> impl Iterator<Item = (&'m str, &'m Shape)> {
        self.places.keys().map(|name| (*name, &self.model.shapes[*name]))
    }

    fn place(&self, reference: &Option<Reference>) -> Result<usize, String> {
        let reference = reference.as_ref().ok_or("a list or a map without parts")?;
        self.places.get(&*reference.shape).copied().ok_or_else(|| format!("there is no shape {}", reference.shape))
    }
}

/// # Errors
/// If the model has what the tables have no words for.
pub(super) fn file(model: &ServiceModel, is_typed: bool) -> Result<String, String> {
    let table = Table::of(model);
    let types = if is_typed { types(&table) } else { String::new() };
    let mut out = header(&format!("The shapes of {}.", model.metadata.service_id));
    if types.contains("BTreeMap<") {
        out.push_str("use std::collections::BTreeMap;\n\n");
    }
    out.push_str("use crate::shape::*;\n");
    if is_typed {
        out.push_str("use crate::typed::{operations, structures};\n");
    }
    if types.contains(" Timestamp;") {
        out.push_str("use crate::value::Timestamp;\n");
    }
    out.push_str("\n#[rustfmt::skip]\npub(crate) static SHAPES: &[Shape] = &[\n");
    for (at, (name, shape)) in table.rows().enumerate() {
        let row =
            row(&table, name, shape).map_err(|error| format!("{}, {name}: {error}", model.metadata.service_id))?;
        writeln!(out, "    /* {at} {name} */ {row},").expect("a string takes all");
    }
    out.push_str("];\n\n#[rustfmt::skip]\npub(crate) static ERRORS: &[ErrorModel] = &[\n");
    for (name, shape) in model.errors() {
        let (code, status) = shape.code_and_status(name);
        let message = if shape.members.contains_key("Message") { "Message" } else { "message" };
        writeln!(out, "    error({name:?}, {code:?}, {status}, {message:?}),").expect("a string takes all");
    }
    out.push_str("];\n");
    Ok(out + &types)
}

fn row(table: &Table<'_>, name: &str, shape: &Shape) -> Result<String, String> {
    if shape.timestamp_format.is_some() || shape.payload.is_some() {
        return Err("formats of timestamps and bodies of one member are not known here".to_owned());
    }
    let bounds = bounds(shape);
    Ok(match shape.kind {
        Kind::Structure => {
            let members = shape.ordered_members().into_iter();
            let members = members.map(|(name, member)| self::member(table, shape, name, member));
            format!("structure({name:?}, &[{}])", members.collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        Kind::List => {
            let item = table.place(&shape.member)?;
            let item_name = shape.member.as_ref().and_then(|member| member.location_name.as_deref());
            match (item_name.unwrap_or("member"), shape.flattened) {
                ("member", false) => format!("list({item}, {bounds})"),
                (item_name, is_flat) => {
                    format!(
                        "Shape::List {{ item: {item}, item_name: {item_name:?}, is_flat: {is_flat}, bounds: {bounds} }}"
                    )
                }
            }
        }
        Kind::Map => {
            let (key, value) = (table.place(&shape.key)?, table.place(&shape.value)?);
            match shape.flattened {
                false => format!("map({key}, {value}, {bounds})"),
                true => format!("Shape::Map {{ key: {key}, value: {value}, is_flat: true, bounds: {bounds} }}"),
            }
        }
        Kind::String if !shape.values.is_empty() => format!("Shape::Words(&{:?})", shape.values),
        Kind::String => format!("text({bounds}, {:?})", shape.pattern),
        Kind::Integer => format!("Shape::Integer({bounds})"),
        Kind::Long => format!("Shape::Long({bounds})"),
        Kind::Double => "Shape::Double".to_owned(),
        Kind::Boolean => "Shape::Boolean".to_owned(),
        Kind::Blob => format!("Shape::Blob({bounds})"),
        Kind::Timestamp => "Shape::Timestamp".to_owned(),
    })
}

fn bounds(shape: &Shape) -> String {
    match (shape.min, shape.max) {
        (None, None) => "Bounds::NONE".to_owned(),
        (min, max) => {
            let end = |end: Option<i64>, none: &str| end.map_or(none.to_owned(), |end| end.to_string());
            format!("within({}, {})", end(min, "i64::MIN"), end(max, "i64::MAX"))
        }
    }
}

fn member(table: &Table<'_>, of: &Shape, name: &str, member: &Reference) -> Result<String, String> {
    let shape = table.places[&*member.shape];
    let is_required = of.requires(name);
    let wire_name = member.location_name.as_deref().unwrap_or(name);
    let place = match member.location.as_deref() {
        None if wire_name == name => {
            let need = if is_required { "required" } else { "optional" };
            return Ok(format!("{need}({name:?}, {shape})"));
        }
        None => format!("Place::Named({wire_name:?})"),
        Some("uri") => format!("Place::Uri({wire_name:?})"),
        Some("querystring") => format!("Place::Query({wire_name:?})"),
        Some("header") => format!("Place::Header({wire_name:?})"),
        Some(other) => return Err(format!("the place {other} is not known here")),
    };
    Ok(format!("Member {{ name: {name:?}, shape: {shape}, is_required: {is_required}, place: {place} }}"))
}

/// Structures with the members' places in the table, and the request and the answer of each operation.
fn types(table: &Table<'_>) -> String {
    let mut out = "\nstructures! {\n".to_owned();
    for (name, shape) in table.rows().filter(|(_, shape)| shape.kind == Kind::Structure) {
        writeln!(out, "    {} {{", capitalized(name)).expect("a string takes all");
        for (at, (member, reference)) in shape.ordered_members().into_iter().enumerate() {
            let need = if shape.requires(member) { "required" } else { "optional" };
            let rust_type = rust_type(table, &reference.shape);
            writeln!(out, "        {at} {} {need} {rust_type};", names::field(member)).expect("a string takes all");
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n\noperations! {\n");
    for (name, operation) in &table.model.operations {
        let rust_type = |reference: &Option<Reference>| {
            reference.as_ref().map_or("()".to_owned(), |reference| capitalized(&reference.shape))
        };
        let (request, response) = (rust_type(&operation.input), rust_type(&operation.output));
        writeln!(out, "    {name} {request} {response};").expect("a string takes all");
    }
    out.push_str("}\n");
    out
}

fn rust_type(table: &Table<'_>, name: &str) -> String {
    let shape = &table.model.shapes[name];
    let part = |part: &Option<Reference>| part.as_ref().map_or(String::new(), |part| rust_type(table, &part.shape));
    match shape.kind {
        Kind::Structure => capitalized(name),
        Kind::List => format!("Vec<{}>", part(&shape.member)),
        Kind::Map => format!("BTreeMap<String, {}>", part(&shape.value)),
        Kind::String => "String".to_owned(),
        Kind::Integer => "i32".to_owned(),
        Kind::Long => "i64".to_owned(),
        Kind::Double => "f64".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Blob => "Vec<u8>".to_owned(),
        Kind::Timestamp => "Timestamp".to_owned(),
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
