//! A service as its model describes it: statics, made from `models/*.json`.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::shape::{ErrorModel, HttpBindings, Shape, ShapeIndex};

/// How requests and answers are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// `X-Amz-Target` names the operation; bodies are JSON.
    AwsJson,
    /// A form with `Action` and `Version`; answers are XML.
    Query,
    /// Method and path name the operation; bodies are JSON.
    RestJson,
    /// `/service/SERVICE/operation/OPERATION`; bodies are CBOR.
    RpcV2Cbor,
}

impl Protocol {
    pub(crate) fn http_bindings(self) -> HttpBindings {
        match self {
            Protocol::RestJson => HttpBindings::Used,
            Protocol::AwsJson | Protocol::Query | Protocol::RpcV2Cbor => HttpBindings::Ignored,
        }
    }

    /// Of requests.
    pub const fn content_types(self) -> &'static [&'static str] {
        match self {
            Protocol::AwsJson | Protocol::RestJson => {
                &["application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json"]
            }
            Protocol::Query => &["application/x-www-form-urlencoded"],
            Protocol::RpcV2Cbor => &["application/cbor"],
        }
    }
}

/// One AWS API.
#[derive(Debug)]
pub struct ServiceModel {
    /// The name that AWS's own models have, without blanks: `DynamoDBStreams`.
    pub name: &'static str,
    /// Of requests' signatures.
    pub signing_name: &'static str,
    pub api_version: &'static str,
    /// CloudTrail's name of the service: `dynamodb.amazonaws.com`.
    pub event_source: &'static str,
    pub protocols: &'static [Protocol],
    /// Of `X-Amz-Target`, and the service's name in paths of RPC v2; empty where a service has none.
    pub target_prefix: &'static str,
    /// Of answers in XML.
    pub namespace: &'static str,
    /// Whether errors in JSON and CBOR have their name of the Query protocol beside them.
    pub is_query_compatible: bool,
    /// Whether a refusal is about the single item of a list of scalars that is broken; else the whole list is repeated, with all that is
    /// asked of its items.
    pub refuses_items: bool,
    /// Exceptions that operators wait for: a failure of this server, and more requests than it takes.
    pub watched: &'static [&'static str],
    /// Empty for a service with codecs of its own, as DynamoDB's.
    pub shapes: &'static [Shape],
    /// In the order of their names.
    pub errors: &'static [ErrorModel],
    /// In the order of their names.
    pub operations: &'static [OperationModel],
}

/// One operation of an API.
#[derive(Debug)]
pub struct OperationModel {
    pub name: &'static str,
    /// CloudTrail's name: Lambda's has the version of the path behind it.
    pub event_name: &'static str,
    pub method: &'static str,
    /// With labels: `/2015-03-31/event-source-mappings/{UUID}`.
    pub path: &'static str,
    /// Whether its requests are signed.
    pub is_signed: bool,
    /// The members of its input, in the order of their names.
    pub members: &'static [&'static str],
    /// In the table of the service. `None` if the operation has no parameters.
    pub input: Option<ShapeIndex>,
    /// `None` if the operation has no result.
    pub output: Option<ShapeIndex>,
    /// Of a success.
    pub status: u16,
}

/// An operation whose requests are signed, and whose shapes are not in a table.
pub(crate) const fn operation(
    name: &'static str,
    event_name: &'static str,
    method: &'static str,
    path: &'static str,
    members: &'static [&'static str],
) -> OperationModel {
    OperationModel { name, event_name, method, path, is_signed: true, members, input: None, output: None, status: 200 }
}

impl OperationModel {
    pub(crate) const fn unsigned(self) -> OperationModel {
        OperationModel { is_signed: false, ..self }
    }

    pub(crate) const fn shaped(
        self,
        input: Option<ShapeIndex>,
        output: Option<ShapeIndex>,
        status: u16,
    ) -> OperationModel {
        OperationModel { input, output, status, ..self }
    }

    /// Whether the input has a member of this name.
    pub fn has_member(&self, name: &str) -> bool {
        self.members.binary_search(&name).is_ok()
    }
}

impl ServiceModel {
    pub fn operation(&'static self, name: &str) -> Option<OperationId> {
        let at = self.operations.binary_search_by(|operation| operation.name.cmp(name)).ok()?;
        Some(OperationId { service: self, at })
    }

    pub fn operations(&'static self) -> impl Iterator<Item = OperationId> {
        (0..self.operations.len()).map(move |at| OperationId { service: self, at })
    }

    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols.contains(&protocol)
    }
}

/// An operation of a service: the place in its list.
#[derive(Clone, Copy)]
pub struct OperationId {
    service: &'static ServiceModel,
    at: usize,
}

impl OperationId {
    pub fn service(self) -> &'static ServiceModel {
        self.service
    }

    pub fn model(self) -> &'static OperationModel {
        &self.service.operations[self.at]
    }

    /// The place in the service's list.
    pub fn place(self) -> usize {
        self.at
    }

    pub fn name(self) -> &'static str {
        self.model().name
    }

    /// Whether the operation changes nothing, by its name. PartiQL's may.
    pub fn is_read(self) -> bool {
        const READS: [&str; 9] =
            ["BatchGet", "Describe", "Get", "List", "Query", "Scan", "Search", "Simulate", "TransactGet"];
        READS.iter().any(|read| self.name().starts_with(read))
    }
}

impl PartialEq for OperationId {
    fn eq(&self, other: &OperationId) -> bool {
        std::ptr::eq(self.service, other.service) && self.at == other.at
    }
}

impl Eq for OperationId {}

impl Hash for OperationId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (std::ptr::from_ref(self.service), self.at).hash(state);
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service.name, self.name())
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DYNAMODB, DYNAMODB_STREAMS, IAM, LAMBDA, STS};

    #[test]
    fn operations_are_found_by_name() {
        for service in [&DYNAMODB, &DYNAMODB_STREAMS, &IAM, &LAMBDA, &STS] {
            assert!(service.operations.is_sorted_by(|a, b| a.name < b.name), "{}", service.name);
            for operation in service.operations() {
                assert_eq!(service.operation(operation.name()), Some(operation));
            }
            assert_eq!(service.operation("Nope"), None);
        }
    }

    #[test]
    fn what_models_say() {
        let operation = |service: &'static ServiceModel, name: &str| service.operation(name).expect(name).model();
        assert_eq!(operation(&LAMBDA, "GetEventSourceMapping").event_name, "GetEventSourceMapping20150331");
        assert_eq!(operation(&LAMBDA, "UntagResource").event_name, "UntagResource20170331");
        assert_eq!(operation(&DYNAMODB, "PutItem").event_name, "PutItem");
        assert!(!operation(&STS, "AssumeRoleWithWebIdentity").is_signed && operation(&STS, "AssumeRole").is_signed);
        assert_eq!(operation(&IAM, "TagUser").members, ["Tags", "UserName"]);
        assert_eq!(
            (LAMBDA.signing_name, DYNAMODB_STREAMS.signing_name, IAM.signing_name),
            ("lambda", "dynamodb", "iam")
        );
    }
}
