//! A request's bytes to a checked value, and a value or an error to the bytes of an answer, in each of AWS's protocols.
//!
//! | protocol | request | answer | decoder, encoder |
//! |---|---|---|---|
//! | AWS JSON | a JSON body | JSON; an error has `__type` | `json` |
//! | Query | a form | XML | `query`, `xml` |
//! | REST JSON | labels of the path, a query string, a JSON body | JSON; an error has its name in a header | `rest`, `json` |
//! | RPC v2 CBOR | a CBOR body | CBOR; an error has `__type` | `cbor` |
//!
//! Decoders walk the bytes and the shapes together: what no shape has is skipped, and never in memory as a value. A value takes
//! no more than about forty times the bytes that it is of, and there are at most [`VALUES_MAX`] of them.

mod cbor;
mod json;
mod query;
mod rest;
mod scalar;
mod xml;

use std::cell::Cell;
use std::collections::HashMap;

use crate::check::{self, Extent};
use crate::decode_error::{DecodeError, Expected};
use crate::members::members;
use crate::model::{OperationId, Protocol, ServiceModel};
use crate::service::{Input, Reply, ReplyError};
use crate::service_error::ServiceError;
use crate::shape::{HttpBindings, Member, Shape, ShapeIndex};
use crate::typed::Typed;
use crate::value::{Structure, Value};

/// Of values in a request. CloudWatch's largest has 1,000 data of up to 150 values and as many counts.
const VALUES_MAX: usize = 500_000;
/// Of lists, maps and structures in each other; shapes may hold themselves.
const DEPTH_MAX: usize = 64;

/// The members of a request, of the right types. Whether they satisfy their constraints is [`check()`]'s.
///
/// # Errors
/// If the bytes are no request to the operation.
pub fn decode(operation: OperationId, protocol: Protocol, input: &Input<'_>) -> Result<Structure, DecodeError> {
    let Some(shape) = operation.model().input else { return Ok(Structure::default()) };
    let reader = Reader::new(operation.service().shapes, protocol);
    let bytes: &[u8] = match input {
        Input::Body(body) | Input::Rest { body, .. } => body,
        Input::Form(_) => &[],
    };
    match (protocol, input) {
        (Protocol::Query, Input::Form(parameters)) => query::decode(&reader, shape, parameters),
        (Protocol::RestJson, Input::Rest { labels, query, body }) => rest::decode(&reader, shape, labels, query, body),
        (Protocol::RpcV2Cbor, _) => cbor::decode(&reader, shape, bytes),
        (Protocol::AwsJson | Protocol::RestJson | Protocol::Query, _) => json::decode(&reader, shape, bytes),
    }
}

/// As [`decode`], of a request of REST.
///
/// # Errors
/// If the bytes are no request to the operation.
pub fn decode_rest(
    operation: OperationId,
    labels: &[(&'static str, String)],
    query: &str,
    body: &[u8],
) -> Result<Structure, DecodeError> {
    let Some(shape) = operation.model().input else { return Ok(Structure::default()) };
    rest::decode(&Reader::new(operation.service().shapes, Protocol::RestJson), shape, labels, query, body)
}

/// # Errors
/// All constraints that the request breaks.
pub fn check(operation: OperationId, request: &Structure) -> Result<(), DecodeError> {
    check_extent(operation, request, Extent::All)
}

/// For a service that evaluates policies before it checks all: nothing that a decision is about is larger than there can be.
///
/// # Errors
/// All that is larger than its shape allows.
pub fn check_sizes(operation: OperationId, request: &Structure) -> Result<(), DecodeError> {
    check_extent(operation, request, Extent::Sizes)
}

fn check_extent(operation: OperationId, request: &Structure, extent: Extent) -> Result<(), DecodeError> {
    let service = operation.service();
    match operation.model().input {
        Some(shape) => Ok(check::check(service.shapes, service.refuses_items, shape, request, extent)?),
        None => Ok(()),
    }
}

/// A request as its function takes it.
///
/// # Errors
/// As for [`check()`].
pub fn typed<T: Typed>(operation: OperationId, request: Structure) -> Result<T, DecodeError> {
    check(operation, &request)?;
    checked(request)
}

/// As [`typed`], of a request that [`check()`] has taken.
///
/// # Errors
/// None for a checked value of the type's own shape, which has all that the type needs.
pub fn checked<T: Typed>(request: Structure) -> Result<T, DecodeError> {
    T::from_value(Value::Structure(request)).ok_or(DecodeError::Malformed)
}

/// An answer as [`answer`] takes it: every operation's output is a structure.
pub fn output(output: impl Typed) -> Structure {
    match output.into_value() {
        Value::Structure(structure) => structure,
        _ => Structure::default(),
    }
}

/// The answer of an operation that has succeeded.
pub fn answer(operation: OperationId, protocol: Protocol, output: &Structure, request_id: &str) -> Reply {
    let model = operation.model();
    let shapes = operation.service().shapes;
    let body = match (protocol, model.output) {
        (Protocol::Query, shape) => {
            let result = shape.map(|shape| xml::result(shapes, shape, output));
            xml::answer(operation, result.as_ref(), request_id)
        }
        (Protocol::AwsJson | Protocol::RestJson, Some(shape)) => {
            json::encode(&Writer { shapes, bindings: protocol.http_bindings() }, shape, output)
        }
        (Protocol::RpcV2Cbor, Some(shape)) => cbor::encode(shapes, shape, output),
        (Protocol::AwsJson | Protocol::RestJson | Protocol::RpcV2Cbor, None) => Vec::new(),
    };
    let status = if protocol == Protocol::RestJson { model.status } else { 200 };
    let headers = match (protocol.http_bindings(), model.output) {
        (HttpBindings::Used, Some(shape)) => rest::headers(shapes, shape, output),
        _ => Vec::new(),
    };
    Reply { status, body, headers, error: None }
}

/// An error in a protocol of its service.
pub fn refuse(service: &'static ServiceModel, protocol: Protocol, error: ServiceError, request_id: &str) -> Reply {
    let known = service.errors.iter().find(|known| known.name == error.name);
    let code = known.map_or(error.name, |known| known.code);
    let message_member = known.map_or("message", |known| known.message);
    let fault = if error.status >= 500 { "Receiver" } else { "Sender" };
    let members = [(message_member, &*error.message)].into_iter();
    let members: Vec<(&str, &str)> =
        members.chain(error.members.iter().map(|(name, value)| (*name, &**value))).collect();
    let body = match protocol {
        Protocol::AwsJson => json::error(Some(error.name), &members),
        Protocol::RestJson => json::error(None, &members),
        Protocol::RpcV2Cbor => cbor::error(error.name, &members),
        Protocol::Query => xml::error(service, fault, code, &error, request_id),
    };
    let mut headers = Vec::new();
    if service.is_query_compatible && matches!(protocol, Protocol::AwsJson | Protocol::RpcV2Cbor) {
        headers.push(("x-amzn-query-error", format!("{code};{fault}")));
    }
    let ServiceError { name, status, message, detail, .. } = error;
    Reply { status, body, headers, error: Some(ReplyError { name, message, detail }) }
}

/// An error in CBOR, of a protocol that has its members in CBOR.
pub fn cbor_error(name: &str, members: &[(&str, &str)]) -> Vec<u8> {
    cbor::error(name, members)
}

/// What decoders have in common: the table, and how much may still be read.
struct Reader {
    shapes: &'static [Shape],
    bindings: HttpBindings,
    values_left: Cell<usize>,
}

impl Reader {
    fn new(shapes: &'static [Shape], protocol: Protocol) -> Reader {
        Reader { shapes, bindings: protocol.http_bindings(), values_left: Cell::new(VALUES_MAX) }
    }

    fn shape(&self, index: ShapeIndex) -> &'static Shape {
        &self.shapes[usize::from(index)]
    }

    /// Counts a value before it is made.
    fn count(&self, depth: usize) -> Result<(), DecodeError> {
        let left = self.values_left.get().checked_sub(1).filter(|_| depth <= DEPTH_MAX);
        left.map(|left| self.values_left.set(left)).ok_or(DecodeError::TooLarge)
    }

    /// The members of a structure's shape. Every operation's input and output is a structure.
    fn members(&self, index: ShapeIndex) -> &'static [Member] {
        members(self.shapes, index)
    }
}

/// What writers of JSON have in common.
struct Writer {
    shapes: &'static [Shape],
    bindings: HttpBindings,
}

/// Of entries with the same key the last one is left.
fn keep_last(entries: &mut Vec<(String, Value)>) {
    let mut last = HashMap::with_capacity(entries.len());
    for (at, (key, _)) in entries.iter().enumerate() {
        last.insert(key.clone(), at);
    }
    let mut at = 0..;
    entries.retain(|(key, _)| last.get(key).copied() == at.next());
}

/// The type of a value as a refusal names it.
fn expected(shape: &Shape) -> Expected {
    match shape {
        Shape::Integer(_) | Shape::Long(_) | Shape::Double => Expected::Number,
        Shape::Boolean => Expected::Boolean,
        Shape::Timestamp => Expected::Timestamp,
        _ => Expected::Other,
    }
}

#[cfg(test)]
mod tests;
