//! What a request asks for, decided once and from its head alone. Permission, execution and the audit log all follow
//! from it, so that a request cannot be one thing to one of them and another thing to another.

use ::identity::Parameters;
use api::{Exception, Operation};
use deliver::triggers::api as lambda;
use hyper::Method;
use hyper::http::request::Parts;

use crate::answer::{Answer, ContentType};
use crate::operator::Page;
use crate::{door, identity};

pub(crate) enum Route {
    /// The operator's.
    Page(Page),
    /// Lambda's API, or what has its path and is no operation.
    Lambda(Result<lambda::Route, lambda::Refusal>),
    /// IAM's and STS's APIs: which operation it is follows from the form.
    Form(Form),
    /// DynamoDB's API, in one of its dialects.
    DynamoDb(Result<Operation, Exception>, ContentType),
    /// Health, preflight, and what is no request of any service here.
    Answered(Answer),
}

/// Where a form's parameters are, and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Query,
    Body,
}

impl Route {
    /// `answers_operator`: whether the operator's pages are on this address.
    pub(crate) fn of(head: &Parts, answers_operator: bool, region: &str) -> Route {
        if answers_operator && let Some(page) = Page::of(head) {
            return Route::Page(page);
        }
        if let Some(route) = crate::lambda::route(head) {
            return Route::Lambda(route);
        }
        if let Some(form) = Form::of(head) {
            return Route::Form(form);
        }
        if let Some(answer) = door::answer(head, region) {
            return Route::Answered(answer);
        }
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        Route::DynamoDb(wire::target(target), door::content_type(head).unwrap_or(ContentType::AmzJson10))
    }
}

impl Form {
    fn of(head: &Parts) -> Option<Form> {
        (head.uri.path() == "/").then(|| Form::at_any_path(head)).flatten()
    }

    /// Services that are not here have forms at paths of their own.
    pub(crate) fn at_any_path(head: &Parts) -> Option<Form> {
        let query = || head.uri.query().unwrap_or_default();
        match head.method {
            Method::POST => identity::is_form(head).then_some(Form::Body),
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

#[cfg(test)]
mod tests;
