//! Forms of the Query protocol, IAM's and STS's among them: which requests are one, and where its parameters are.

use ::aws::{FormError, Parameters, ServiceName};
use hyper::http::request::Parts;
use hyper::{Method, header};

use crate::body::RequestBody;
use crate::scope;
use crate::services::{ServiceId, Services};

const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// Where a form's parameters are, and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Query,
    Body,
}

impl Form {
    pub(crate) fn of(head: &Parts) -> Option<Form> {
        (head.uri.path() == "/").then(|| Form::at_any_path(head)).flatten()
    }

    /// Services that are not here have forms at paths of their own.
    pub(crate) fn at_any_path(head: &Parts) -> Option<Form> {
        let query = || head.uri.query().unwrap_or_default();
        match head.method {
            Method::POST => is_form(head).then_some(Form::Body),
            Method::GET => Parameters::has(query(), "Action").then_some(Form::Query),
            _ => None,
        }
    }

    pub(crate) fn bytes<'a>(self, head: &'a Parts, body: &'a [u8]) -> &'a [u8] {
        match self {
            Form::Query => head.uri.query().unwrap_or_default().as_bytes(),
            Form::Body => body,
        }
    }
}

fn is_form(head: &Parts) -> bool {
    let text = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(CONTENT_TYPE)
}

/// The service that a head's signature names; nothing if it has no signature.
pub(crate) fn signed_for(head: &Parts, services: &Services) -> Option<ServiceId> {
    match scope::service(head) {
        Some(scope) => Some(services.of_form(Some(ServiceName::FormScope(&scope)))),
        None => head.headers.contains_key(header::AUTHORIZATION).then(|| services.of_form(None)),
    }
}

/// Whether the beginning of a form names an operation that needs no signature; its `Version` may come behind it.
pub(crate) fn needs_no_caller(form: Form, head: &Parts, arrived: &[u8], services: &Services) -> bool {
    let parameters = Parameters::parse(form.bytes(head, whole_parameters(arrived)));
    parameters.is_ok_and(|parameters| parameters.get("Action").is_some_and(|name| services.is_unsigned(name)))
}

/// The beginning of a form without the parameter that was cut off.
fn whole_parameters(arrived: &[u8]) -> &[u8] {
    let end = arrived.iter().rposition(|byte| *byte == b'&').unwrap_or(0);
    &arrived[..end]
}

/// The parameters of a form. Of a refused caller's, the beginning may have arrived alone: its service is that of the signature.
///
/// # Errors
/// If it is no form.
pub(crate) fn parameters(
    form: Form,
    head: &Parts,
    body: &RequestBody,
    services: &Services,
) -> Result<Parameters, FormError> {
    if body.refused.is_none() {
        return Parameters::parse(form.bytes(head, &body.bytes));
    }
    let arrived = Parameters::parse(form.bytes(head, whole_parameters(&body.bytes)))?;
    Ok(match signed_for(head, services) {
        Some(service) => arrived.of_version(services[service].model().api_version),
        None => arrived,
    })
}
