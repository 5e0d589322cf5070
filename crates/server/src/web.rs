//! Guards against web pages: a browser sends requests on behalf of any page that its user visits, and a page whose DNS name
//! is bound to this server's address afterwards (DNS rebinding) is of the same origin as the server.
//!
//! | | without authentication | where signatures are checked |
//! |---|---|---|
//! | `Origin` | loopback, or in `--cors` | any, or loopback and those of `--cors` if it is given |
//! | `Host` | a name that public DNS cannot bind ([`host`]), or in `--host` | any |
//! | body of a request to an operation's path (Lambda's, RPC v2's) | not of a content type that needs no preflight | any |
//!
//! A page cannot sign, so signatures are guard enough. Everything else is refused before anything is read or done. DynamoDB's
//! operations need a JSON content type in any case (`preflight`), which no page may send to a foreign origin without a preflight.

mod arguments;
mod host;
mod origin;

pub(crate) use arguments::WebArguments;
pub(crate) use host::own_names;

use ::aws::rpc_names;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

use crate::answer::Answer;
use crate::dialect::Dialect;
use crate::form::Form;
use crate::route::Page;
use crate::services::has_rest_path;
use host::Hosts;
use origin::Origins;

const SEC_FETCH_SITE: &str = "sec-fetch-site";
const CROSS_SITE: &[u8] = b"cross-site";
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,x-amzn-query-error,x-amz-crc32,x-amz-request-id,x-amz-id-2,Date",
);
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("172800");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Content types that a page may send to any origin without a preflight.
const SIMPLE_TYPES: [&str; 3] = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];

/// The service of AWS that is asked for by the name of its endpoint, if it is not here.
pub(crate) fn foreign_service(head: &Parts) -> Option<String> {
    let header = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = header.or_else(|| head.uri.authority().map(|authority| authority.as_str()))?;
    host::foreign_service(authority)
}

#[derive(Debug)]
pub(crate) struct Web {
    origins: Origins,
    hosts: Hosts,
    /// Whether requests may come unsigned.
    open: bool,
}

impl Web {
    /// `own` are the names of this machine and of `--listen`.
    pub(crate) fn new(arguments: &WebArguments, open: bool, own: impl IntoIterator<Item = String>) -> Web {
        Web { origins: Origins::new(&arguments.cors, open), hosts: Hosts::new(&arguments.host, open, own), open }
    }

    /// The refusal of a request that a foreign page may have caused.
    pub(crate) fn refuse(&self, head: &Parts) -> Option<Answer> {
        let dialect = || Dialect::of(head);
        if head.headers.get_all(header::HOST).iter().count() > 1 {
            // RFC 9112, section 3.2.
            return Some(dialect().fault(
                StatusCode::BAD_REQUEST,
                "BadRequestException",
                "The header Host is there twice.",
            ));
        }
        let message = self.refuse_host(head).or_else(|| self.refuse_origin(head)).or_else(|| self.refuse_type(head))?;
        Some(dialect().fault(StatusCode::FORBIDDEN, "AccessDeniedException", &message))
    }

    /// Both the name in the request's target and the one in the header count: HTTP/2 and proxies' requests have the first.
    fn refuse_host(&self, head: &Parts) -> Option<String> {
        let target = head.uri.authority().map(|authority| authority.as_str().as_bytes());
        let header = head.headers.get(header::HOST).map(HeaderValue::as_bytes);
        let refused = target.into_iter().chain(header).find(|name| !self.hosts.allows(name))?;
        Some(format!(
            "The host name '{}' is not one of this server's, and signatures are not checked here: a web page could have \
             bound it to this address (DNS rebinding). Start the server with --host NAME to serve it under that name, or \
             use an IP address, localhost or a name without a dot.",
            shown(refused)
        ))
    }

    fn refuse_origin(&self, head: &Parts) -> Option<String> {
        let mut origins = head.headers.get_all(header::ORIGIN).iter().peekable();
        if origins.peek().is_none() {
            return self.refuse_cross_site(head);
        }
        let refused = origins.find(|origin| !self.origins.allow(origin))?;
        Some(format!(
            "Web pages of the origin '{}' may not call this server. Start it with --cors ORIGIN to let them.",
            shown(refused.as_bytes())
        ))
    }

    /// Browsers name the origin of a request that can change something; this is for one that does not. A GET whose query is a form is
    /// an operation, which an image of any page can ask for.
    fn refuse_cross_site(&self, head: &Parts) -> Option<String> {
        let asks = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) && Form::of(head).is_none();
        let cross = || head.headers.get(SEC_FETCH_SITE).is_some_and(|site| site.as_bytes() == CROSS_SITE);
        let refused = !asks && !self.origins.are_any() && cross();
        refused.then(|| "Web pages of other sites may not call this server without naming their origin.".to_owned())
    }

    /// Operations that a path names take any content type, those included that need no preflight.
    fn refuse_type(&self, head: &Parts) -> Option<String> {
        let (name, content_type) = match rpc_names(head.uri.path()) {
            Some(_) => ("CBOR", "application/cbor"),
            None => ("JSON", "application/json"),
        };
        if !self.open || head.method != Method::POST || !(name == "CBOR" || has_rest_path(head)) {
            return None;
        }
        let refused = match head.headers.get(header::CONTENT_TYPE) {
            Some(value) => is_simple(value),
            None => head.headers.contains_key(header::ORIGIN) || head.headers.contains_key(SEC_FETCH_SITE),
        };
        refused.then(|| format!("Send the body as {name}, with the header Content-Type: {content_type}."))
    }

    /// Adds what lets the page that asks read the answer. A preflight is granted what it asks for, as on DynamoDB.
    pub(crate) fn allow(&self, head: &Parts, headers: &mut HeaderMap) {
        let Some(origin) = head.headers.get(header::ORIGIN) else { return };
        // Not of pages that need no signature where others do.
        if !self.origins.allow(origin) || !self.open && Page::at(head.uri.path()).is_some() {
            return;
        }
        match self.origins.are_any() {
            true => drop(headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY)),
            false => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(header::VARY, HeaderValue::from_static("Origin"));
            }
        }
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if head.method == Method::OPTIONS {
            grant(head, headers);
        }
    }
}

fn grant(head: &Parts, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    let granted = [
        (header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_ALLOW_METHODS),
        (header::ACCESS_CONTROL_REQUEST_HEADERS, header::ACCESS_CONTROL_ALLOW_HEADERS),
    ];
    for (asked, allowed) in granted {
        if let Some(value) = head.headers.get(asked) {
            headers.insert(allowed, value.clone());
        }
    }
}

fn is_simple(content_type: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(content_type.as_bytes());
    let essence = text.split([';', ',']).next().unwrap_or_default().trim();
    SIMPLE_TYPES.iter().any(|simple| essence.eq_ignore_ascii_case(simple))
}

/// A client's text in a message: short, and of visible characters.
fn shown(text: &[u8]) -> String {
    const SHOWN_MAX: usize = 100;
    let visible =
        |byte: &u8| if byte.is_ascii_graphic() && !b"'\"<>&\\".contains(byte) { char::from(*byte) } else { '?' };
    text.iter().take(SHOWN_MAX).map(visible).collect()
}

#[cfg(test)]
mod tests;
