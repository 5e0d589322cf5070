//! What a request asks for, decided once and from its head alone. Permission, execution and the audit log all follow
//! from it, so that a request cannot be one thing to one of them and another thing to another.
//!
//! `X-Amz-Target` decides before the path and the content type do.

use ::aws::{BODY_SIZE_BYTES_MAX, Fault, OperationId, PathMatch, Protocol, ServiceName};
use hyper::Method;
use hyper::http::request::Parts;

use crate::admin;
use crate::answer::{Answer, ContentType, RPC_V2_CBOR, SMITHY_PROTOCOL};
use crate::console::Console;
use crate::form::Form;
use crate::preflight;
use crate::services::{ServiceId, Services};

/// What an address answers beside the services.
pub(crate) struct Pages {
    /// Whether the operator's questions are answered here; else they have an address of their own.
    pub(crate) operator: bool,
    pub(crate) console: Option<Console>,
}

pub(crate) enum Route {
    /// The operator's.
    Page(Page),
    /// What a test changes.
    Admin,
    /// A file of the console.
    Console(Answer),
    /// An operation of a service, named in the head.
    Operation(Asked),
    /// A request of the Query protocol: which operation it is follows from the form.
    Form(Form),
    /// Health, preflight, and what is no request of any service here.
    Answered(Answer),
}

/// The operation that a head asks for.
pub(crate) struct Asked {
    pub(crate) service: ServiceId,
    pub(crate) operation: Result<OperationId, Fault>,
    pub(crate) protocol: Protocol,
    /// Of the answer.
    pub(crate) content_type: ContentType,
    /// Of the path, by name.
    pub(crate) labels: Vec<(&'static str, String)>,
}

/// One of the operator's pages, which `operator` answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Page {
    Health,
    Ready,
    Metrics,
}

impl Route {
    pub(crate) fn of(head: &Parts, services: &Services, pages: &Pages, region: &str) -> Route {
        if pages.operator
            && let Some(page) = Page::of(head)
        {
            return Route::Page(page);
        }
        if let Some(answer) = pages.console.as_ref().and_then(|console| console.answer(head)) {
            return Route::Console(answer);
        }
        if let Some(target) = head.headers.get("x-amz-target") {
            let target = target.to_str().unwrap_or_default();
            return preflight::answer(head, region).map_or_else(|| by_target(head, services, target), Route::Answered);
        }
        let elsewhere = by_rpc_path(head, services).or_else(|| by_path(head, services));
        let elsewhere = elsewhere.or_else(|| Form::of(head).map(Route::Form));
        let answered = || preflight::answer(head, region).map(Route::Answered);
        elsewhere.or_else(answered).unwrap_or_else(|| by_target(head, services, ""))
    }

    /// The largest body that is read. Unit: bytes.
    pub(crate) fn body_bytes_max(&self, services: &Services) -> usize {
        match self {
            Route::Operation(asked) => services[asked.service].body_bytes_max(),
            Route::Admin => admin::BODY_BYTES_MAX,
            Route::Page(_) | Route::Console(_) | Route::Form(_) | Route::Answered(_) => BODY_SIZE_BYTES_MAX,
        }
    }
}

/// A target that names no service here is DynamoDB's to refuse, if it is not known to be another's.
fn by_target(head: &Parts, services: &Services, target: &str) -> Route {
    let named = ::aws::target_names(target);
    let found = named.and_then(|(prefix, name)| Some((services.find(ServiceName::Target(prefix))?, name)));
    let operation = found.and_then(|(service, name)| services[service].model().operation(name));
    Route::Operation(Asked {
        service: found.map_or(ServiceId::FIRST, |(service, _)| service),
        operation: operation.ok_or_else(unknown),
        protocol: Protocol::AwsJson,
        content_type: preflight::content_type(head).unwrap_or(ContentType::AmzJson10),
        labels: Vec::new(),
    })
}

fn by_rpc_path(head: &Parts, services: &Services) -> Option<Route> {
    let (name, operation) = ::aws::rpc_names(head.uri.path())?;
    let service = services.find(ServiceName::RpcPath(name))?;
    let operation = services[service].model().operation(operation);
    (head.method == Method::POST).then_some(())?;
    // Without its header it is no request of the protocol, and one that a web page may send without a preflight.
    let is_cbor = head.headers.get(SMITHY_PROTOCOL).is_some_and(|value| value == RPC_V2_CBOR);
    Some(Route::Operation(Asked {
        service,
        operation: operation.filter(|_| is_cbor).ok_or_else(unknown),
        protocol: Protocol::RpcV2Cbor,
        content_type: ContentType::Cbor,
        labels: Vec::new(),
    }))
}

/// Browsers' preflights are answered in `preflight`.
fn by_path(head: &Parts, services: &Services) -> Option<Route> {
    (head.method != Method::OPTIONS).then_some(())?;
    let (model, operation, labels) = match ::aws::by_path(services.models(), head.method.as_str(), head.uri.path())? {
        PathMatch::Operation { operation, labels } => (operation.service(), Ok(operation), labels),
        PathMatch::NoOperation(model) => (model, Err(unknown()), Vec::new()),
    };
    Some(Route::Operation(Asked {
        service: services.of_model(model)?,
        operation,
        protocol: Protocol::RestJson,
        content_type: ContentType::Json,
        labels,
    }))
}

fn unknown() -> Fault {
    Fault::UnknownOperation { name: String::new(), version: String::new() }
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
