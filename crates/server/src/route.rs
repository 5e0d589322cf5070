//! What a request asks for, decided once and from its head alone. Permission, execution and the audit log all follow
//! from it, so that a request cannot be one thing to one of them and another thing to another.

use api::{Exception, Operation};
use deliver::triggers::api as lambda;
use hyper::Method;
use hyper::http::request::Parts;

use crate::answer::{Answer, ContentType};
use crate::body::REQUEST_SIZE_BYTES_MAX;
use crate::door;
use crate::form::Form;

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

/// One of the operator's pages, which `operator` answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Page {
    Health,
    Ready,
    Metrics,
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

impl Route {
    /// The largest body that is read. Unit: bytes.
    pub(crate) fn body_bytes_max(&self) -> usize {
        match self {
            Route::Lambda(_) => lambda::BODY_SIZE_BYTES_MAX,
            Route::Page(_) | Route::Form(_) | Route::DynamoDb(..) | Route::Answered(_) => REQUEST_SIZE_BYTES_MAX,
        }
    }
}

impl Page {
    /// `None` for any other request.
    pub(crate) fn of(head: &Parts) -> Option<Page> {
        matches!(head.method, Method::GET | Method::HEAD).then(|| Page::at(head.uri.path())).flatten()
    }

    /// The page that has this path.
    pub(crate) fn at(path: &str) -> Option<Page> {
        match path {
            "/healthz" => Some(Page::Health),
            "/readyz" => Some(Page::Ready),
            "/metrics" => Some(Page::Metrics),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
