//! Which service a request names, and which operation, from its head: by target, by path, or by the path of RPC v2.
//!
//! A path has one spelling. Only a label in it may be percent-encoded, as SDKs do, and is read decoded.

use crate::model::{OperationId, Protocol, ServiceModel};

/// Of a label of a path. Unit: bytes.
const LABEL_SIZE_MAX: usize = 256;

/// What names a service in a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceName<'n> {
    /// The prefix of `X-Amz-Target`.
    Target(&'n str),
    /// In a path of RPC v2.
    RpcPath(&'n str),
    /// The `Version` of a form.
    FormVersion(&'n str),
    /// The scope of a form's signature.
    FormScope(&'n str),
    /// The scope of any signature.
    Scope(&'n str),
    /// CloudTrail's name.
    EventSource(&'n str),
}

impl ServiceModel {
    /// The one condition for which service a request names; by a name of a protocol, only a service that speaks it.
    pub fn is_named(&self, name: ServiceName<'_>) -> bool {
        match name {
            ServiceName::Target(prefix) => self.speaks(Protocol::AwsJson) && self.target_prefix == prefix,
            ServiceName::RpcPath(name) => self.speaks(Protocol::RpcV2Cbor) && self.target_prefix == name,
            ServiceName::FormVersion(version) => self.speaks(Protocol::Query) && self.api_version == version,
            ServiceName::FormScope(scope) => self.speaks(Protocol::Query) && self.signing_name == scope,
            ServiceName::Scope(scope) => self.signing_name == scope,
            ServiceName::EventSource(source) => self.event_source == source,
        }
    }
}

/// The service and the operation in `X-Amz-Target`: `DynamoDB_20120810.PutItem`. A service's name may have dots.
pub fn target_names(target: &str) -> Option<(&str, &str)> {
    target.rsplit_once('.')
}

/// The service and the operation in a path of the RPC v2 protocols.
pub fn rpc_names(path: &str) -> Option<(&str, &str)> {
    let (service, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    let is_name = |text: &str| !text.is_empty() && !text.contains('/');
    (is_name(service) && is_name(operation)).then_some((service, operation))
}

/// What a method and a path are to the services of REST.
#[derive(Clone, Debug)]
pub enum PathMatch {
    Operation {
        operation: OperationId,
        /// By name, decoded.
        labels: Vec<(&'static str, String)>,
    },
    /// The path begins as a service's paths do, and is no operation's.
    NoOperation(&'static ServiceModel),
}

/// `None` for a path that is of no service.
pub fn by_path(
    services: impl IntoIterator<Item = &'static ServiceModel>,
    method: &str,
    path: &str,
) -> Option<PathMatch> {
    let mut near = None;
    for service in services.into_iter().filter(|service| service.speaks(Protocol::RestJson)) {
        for operation in service.operations() {
            let (folder, label) = parts(operation.model().path);
            let Some(rest) = below(folder, path) else { continue };
            near = Some(service);
            if operation.model().method == method
                && let Some(labels) = labels(label, rest)
            {
                return Some(PathMatch::Operation { operation, labels });
            }
        }
    }
    near.map(PathMatch::NoOperation)
}

/// What a template has before its label, and the label's name: `/tags/{Resource}` is `/tags` and `Resource`. No path of the
/// services that are here has more behind it.
fn parts(template: &'static str) -> (&'static str, Option<&'static str>) {
    match template.split_once("/{") {
        Some((folder, label)) => (folder, Some(label.trim_end_matches('}'))),
        None => (template.trim_end_matches('/'), None),
    }
}

fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(folder).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is behind a folder is the label, or nothing where there is none. Older SDKs end their paths with a slash. A second slash, a
/// dot or anything else that could be read in two ways makes it no path of an operation.
fn labels(label: Option<&'static str>, rest: &str) -> Option<Vec<(&'static str, String)>> {
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let segment = rest.strip_suffix('/').unwrap_or(rest);
    // Nothing but a slash is left of `//`.
    if segment.is_empty() {
        return (rest.is_empty() && label.is_none()).then(Vec::new);
    }
    // A plus sign is one in a path.
    let value = base::percent_decoded_strict(segment.as_bytes())?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
    let is_name = value.len() <= LABEL_SIZE_MAX && value.bytes().all(is_letter);
    let label = label.filter(|_| is_name)?;
    Some(vec![(label, value)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DYNAMODB, DYNAMODB_STREAMS, LAMBDA};

    #[test]
    fn only_full_targets_are_known() {
        let check = |text: &str, expected: Option<(&str, Option<&str>)>| {
            let found = target_names(text).and_then(|(prefix, operation)| {
                let mut services = [&DYNAMODB, &DYNAMODB_STREAMS, &LAMBDA].into_iter();
                let service = services.find(|service| service.is_named(ServiceName::Target(prefix)))?;
                Some((service.name, service.operation(operation).map(OperationId::name)))
            });
            assert_eq!(found, expected, "{text:?}");
        };
        check("DynamoDB_20120810.PutItem", Some(("DynamoDB", Some("PutItem"))));
        check("DynamoDBStreams_20120810.GetRecords", Some(("DynamoDBStreams", Some("GetRecords"))));
        check("DynamoDB_20120810.GetRecords", Some(("DynamoDB", None)));
        check("DynamoDBStreams_20120810.PutItem", Some(("DynamoDBStreams", None)));
        check("DynamoDB_20120810.putItem", Some(("DynamoDB", None)));
        check("DynamoDB_20120810.", Some(("DynamoDB", None)));
        for text in ["DynamoDB_20111205.PutItem", "PutItem", ".PutItem", ""] {
            check(text, None);
        }
    }

    #[test]
    fn services_are_named_in_protocols_that_they_speak() {
        use crate::{CLOUDWATCH, IAM};
        for (service, name, expected) in [
            (&CLOUDWATCH, ServiceName::RpcPath("GraniteServiceVersion20100801"), true),
            (&CLOUDWATCH, ServiceName::Target("GraniteServiceVersion20100801"), true),
            (&CLOUDWATCH, ServiceName::FormVersion("2010-08-01"), true),
            (&CLOUDWATCH, ServiceName::FormScope("monitoring"), true),
            (&DYNAMODB, ServiceName::RpcPath("DynamoDB_20120810"), false),
            (&DYNAMODB, ServiceName::FormVersion("2012-08-10"), false),
            (&DYNAMODB, ServiceName::FormScope("dynamodb"), false),
            (&DYNAMODB, ServiceName::Scope("dynamodb"), true),
            (&IAM, ServiceName::Target(""), false),
            (&IAM, ServiceName::EventSource("iam.amazonaws.com"), true),
            (&IAM, ServiceName::Scope("sts"), false),
        ] {
            assert_eq!(service.is_named(name), expected, "{} {name:?}", service.name);
        }
    }

    #[test]
    fn paths_of_rpc() {
        let names = rpc_names("/service/GraniteServiceVersion20100801/operation/PutMetricData");
        assert_eq!(names, Some(("GraniteServiceVersion20100801", "PutMetricData")));
        for path in ["/", "/service/x", "/service//operation/y", "/service/x/operation/", "/a/service/x/operation/y"] {
            assert_eq!(rpc_names(path), None, "{path}");
        }
    }

    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<Option<(&str, &str)>>) {
        let found = by_path([&DYNAMODB, &LAMBDA], method, path);
        let found = found.as_ref().map(|found| match found {
            PathMatch::Operation { operation, labels } => {
                Some((operation.name(), labels.first().map_or("", |(_, value)| value.as_str())))
            }
            PathMatch::NoOperation(_) => None,
        });
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn paths_of_operations() {
        let all = "/2015-03-31/event-source-mappings";
        for path in [all.to_owned(), format!("{all}/")] {
            check("POST", &path, Some(Some(("CreateEventSourceMapping", ""))));
            check("GET", &path, Some(Some(("ListEventSourceMappings", ""))));
        }
        let uuid = "91eaeb7e-c976-4939-9aa5-5ad5dd3b5e5e";
        for path in [format!("{all}/{uuid}"), format!("{all}/{uuid}/"), format!("{all}/%39{}", &uuid[1..])] {
            check("GET", &path, Some(Some(("GetEventSourceMapping", uuid))));
            check("PUT", &path, Some(Some(("UpdateEventSourceMapping", uuid))));
            check("DELETE", &path, Some(Some(("DeleteEventSourceMapping", uuid))));
            check("POST", &path, Some(None));
        }
        let arn = format!("arn:aws:lambda:us-east-1:111111111111:event-source-mapping:{uuid}");
        for path in [format!("/2017-03-31/tags/{arn}"), format!("/2017-03-31/tags/{}", arn.replace(':', "%3A"))] {
            check("GET", &path, Some(Some(("ListTags", &arn))));
            check("POST", &path, Some(Some(("TagResource", &arn))));
            check("DELETE", &path, Some(Some(("UntagResource", &arn))));
        }
    }

    #[test]
    fn other_paths_are_no_operation() {
        let all = "/2015-03-31/event-source-mappings";
        for rest in [
            "//", "///", "//u", "/u//", "/u/v", "/.", "/..", "/../", "/./u", "/%2e%2e", "/%2F", "/%2f%2f", "/%",
            "/%zz", "/u%00", "/u+v", "/u%20", "/;", "/u;x=y", "/*",
        ] {
            for method in ["GET", "PUT", "POST", "DELETE", "PATCH"] {
                check(method, &format!("{all}{rest}"), Some(None));
            }
        }
        for (method, path) in [
            ("post", all),
            ("HEAD", all),
            ("PUT", all),
            ("DELETE", all),
            ("GET", "/2017-03-31/tags"),
            ("GET", "/2017-03-31/tags/"),
            ("PUT", "/2017-03-31/tags/a"),
            ("GET", "/2017-03-31/tags/a/b"),
            ("GET", "/2017-03-31/tags//a"),
            ("GET", "/2017-03-31/tags/%2e"),
        ] {
            check(method, path, Some(None));
        }
        for path in [
            "/",
            "",
            "//2015-03-31/event-source-mappings",
            "/2015-03-31/event-source-mappingsx",
            "/2015-03-31/Event-Source-Mappings",
            "/2015-03-31/event%2Dsource-mappings",
            "/2015-03-31//event-source-mappings",
            "/./2015-03-31/event-source-mappings",
            "/2015-03-31/functions",
            "/2017-03-31/tagsx",
        ] {
            check("GET", path, None);
            check("POST", path, None);
        }
        check("GET", &format!("{all}/{}", "u".repeat(LABEL_SIZE_MAX + 1)), Some(None));
    }
}
