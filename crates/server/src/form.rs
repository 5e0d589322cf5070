//! Forms of the Query protocol, IAM's and STS's among them: which requests are one, and where its parameters are.

use ::identity::Parameters;
use hyper::http::request::Parts;
use hyper::{Method, header};

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
