//! A request without what HTTP has around it, and the answer before it becomes HTTP.

use aws::{IAM, OperationId, Parameters, Protocol, STS, ServiceModel, Structure, codec};

use super::refusal::Refusal;

/// The API that an answer is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Api {
    Iam,
    Sts,
}

impl Api {
    /// Which one a request asks, by its `Version`; IAM unless it says otherwise.
    pub fn of(parameters: &Parameters) -> Api {
        match parameters.get("Version") {
            Some(version) if version == Api::Sts.version() => Api::Sts,
            _ => Api::Iam,
        }
    }

    pub fn model(self) -> &'static ServiceModel {
        match self {
            Api::Iam => &IAM,
            Api::Sts => &STS,
        }
    }

    /// As requests name it.
    pub fn version(self) -> &'static str {
        self.model().api_version
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub parameters: &'a Parameters,
    /// Part of the answer.
    pub request_id: &'a str,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    pub status: u16,
    /// XML.
    pub body: String,
    /// Set if the body is one.
    pub refusal: Option<Refusal>,
}

impl Reply {
    /// A typed answer.
    pub(crate) fn encoded(operation: OperationId, output: &Structure, request_id: &str) -> Reply {
        let reply = codec::answer(operation, Protocol::Query, output, request_id);
        Reply { status: reply.status, body: text(reply.body), refusal: None }
    }
}

/// XML is UTF-8 as it is written.
pub(super) fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap_or_default()
}
