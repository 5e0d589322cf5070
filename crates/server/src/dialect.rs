//! The protocol that a request speaks, for errors that belong to no API of this server: clients show the text only of an
//! error in their own protocol.
//!
//! | protocol | known by |
//! |---|---|
//! | AWS JSON | `X-Amz-Target` |
//! | RPC v2 CBOR | a path `/service/NAME/operation/NAME` |
//! | Query, and EC2's form of it | a form, or a query string with `Action` |
//! | REST XML | the service that it is signed for: S3 and a few others |
//! | REST JSON | a path of Lambda's API, a signature for any other service, or a JSON body |
//! | none | a person, with curl or a browser |

use ::aws::{codec, rpc_names};
use hyper::http::request::Parts;
use hyper::{StatusCode, header};

use crate::answer::{Answer, ContentType};
use crate::form::Form;
use crate::services::has_rest_path;
use crate::{preflight, scope};

/// Of errors of the front end that all AWS services share.
const NAMESPACE: &str = "com.amazon.coral.service#";
const CBOR: &str = "application/x-amz-cbor-1.1";
/// Services of REST XML; S3's errors have one element less around them.
const REST_XML: [&str; 3] = ["route53", "cloudfront", "s3-control"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    Json(ContentType),
    /// AWS JSON's members in CBOR, with the content type that the client used.
    Cbor(ContentType),
    RestJson,
    Query,
    Ec2Query,
    RestXml,
    S3,
    Text,
}

impl Dialect {
    pub(crate) fn of(head: &Parts) -> Dialect {
        if head.headers.contains_key("x-amz-target") {
            return of_target(head);
        }
        if rpc_names(head.uri.path()).is_some() {
            return of_rpc(head);
        }
        if has_rest_path(head) {
            return Dialect::RestJson;
        }
        let signed_for = scope::service(head).unwrap_or_default();
        if Form::at_any_path(head).is_some() {
            return if signed_for == "ec2" { Dialect::Ec2Query } else { Dialect::Query };
        }
        match &*signed_for {
            "" => preflight::content_type(head).map_or(Dialect::Text, |_| Dialect::RestJson),
            "s3" | "s3express" | "s3-outposts" => Dialect::S3,
            service if REST_XML.contains(&service) => Dialect::RestXml,
            _ => Dialect::RestJson,
        }
    }

    /// An error with a name and a sentence.
    pub(crate) fn fault(self, status: StatusCode, code: &'static str, message: &str) -> Answer {
        let xml_code = code.strip_suffix("Exception").unwrap_or(code);
        match self {
            Dialect::Json(content_type) => Answer::text(status, content_type, json(&typed(code), message)),
            Dialect::Cbor(content_type) => {
                Answer::text(status, content_type, codec::cbor_error(&typed(code), &[("message", message)]))
            }
            Dialect::RestJson => Answer::text(status, ContentType::Json, json(code, message)).of_type(Some(code)),
            Dialect::Query | Dialect::RestXml => {
                let error = format!("<Error><Type>Sender</Type>{}</Error>", xml(xml_code, message));
                Answer::text(status, ContentType::TextXml, format!("<ErrorResponse>{error}</ErrorResponse>"))
            }
            Dialect::Ec2Query => {
                let error = format!("<Errors><Error>{}</Error></Errors>", xml(xml_code, message));
                Answer::text(status, ContentType::TextXml, format!("<Response>{error}</Response>"))
            }
            Dialect::S3 => Answer::text(status, ContentType::Xml, format!("<Error>{}</Error>", xml(xml_code, message))),
            Dialect::Text => Answer::text(status, ContentType::Text, format!("{message}\n")),
        }
    }
}

fn of_target(head: &Parts) -> Dialect {
    match head.headers.get(header::CONTENT_TYPE) {
        Some(value) if value.as_bytes().eq_ignore_ascii_case(CBOR.as_bytes()) => Dialect::Cbor(ContentType::AmzCbor11),
        _ => Dialect::Json(preflight::content_type(head).unwrap_or(ContentType::AmzJson10)),
    }
}

fn of_rpc(head: &Parts) -> Dialect {
    match preflight::content_type(head) {
        Some(content_type) => Dialect::Json(content_type),
        None => Dialect::Cbor(ContentType::Cbor),
    }
}

fn typed(code: &str) -> String {
    format!("{NAMESPACE}{code}")
}

fn json(kind: &str, message: &str) -> String {
    serde_json::json!({ "__type": kind, "message": message }).to_string()
}

fn xml(code: &str, message: &str) -> String {
    let message = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<Code>{code}</Code><Message>{message}</Message>")
}
