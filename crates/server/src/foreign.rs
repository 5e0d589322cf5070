//! Requests for AWS services that are not here, as they come when `AWS_ENDPOINT_URL` sends all of a program's requests to
//! this server: the answer, in the protocol of the service, says which services are here.
//!
//! DynamoDB's own operations and those of IAM and STS never come here, whether they exist or not: their APIs answer.

mod services;

use ::aws::{Parameters, ServiceName, rpc_names, target_names};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, header};

use crate::answer::Answer;
use crate::dialect::Dialect;
use crate::form::Form;
use crate::services::Services;
use crate::{scope, web};
use services::Service;

const HERE: &str = "This server is Stator. It serves DynamoDB, DynamoDB Streams, IAM, STS and Lambda's event source mappings. \
                    To send only these requests here, set AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_DYNAMODB_STREAMS \
                    instead of AWS_ENDPOINT_URL.";
/// Of a name that a client has made up. Unit: bytes.
const NAME_SIZE_MAX: usize = 64;

/// The answer to a request for a service of AWS that is not here; none to any other request.
pub(crate) fn answer(head: &Parts, body: &[u8], services: &Services) -> Option<Answer> {
    if head.method == Method::OPTIONS {
        return None;
    }
    let asked =
        by_target(head, services).or_else(|| by_rpc_path(head, services)).or_else(|| by_version(head, body, services));
    let asked = asked.or_else(|| match scope::service(head) {
        Some(service) => by_name(&service, services).or_else(|| by_path(head)),
        None => by_host(head).or_else(|| by_path(head)).or_else(|| by_agent(head, services)),
    })?;
    let dialect = match Dialect::of(head) {
        // Requests that carry a token in place of a signature are REST JSON's.
        Dialect::Text if matches!(&asked, Asked::Known(service) if service.has_paths()) => Dialect::RestJson,
        dialect => dialect,
    };
    let code = match dialect {
        Dialect::Query | Dialect::Ec2Query => "InvalidAction",
        _ => "UnknownOperationException",
    };
    // Nothing that tools take for "there is no such thing", nor try again.
    Some(dialect.fault(StatusCode::BAD_REQUEST, code, &asked.message()))
}

/// What was asked for.
#[derive(PartialEq, Eq, Debug)]
enum Asked {
    Known(&'static Service),
    /// By the name in the request.
    Named(String),
    /// More of Lambda than there is.
    Lambda,
    /// In a protocol that DynamoDB's clients do not speak.
    DynamoDbByRpc,
}

impl Asked {
    fn message(&self) -> String {
        match self {
            Asked::Known(service) => format!("{} is not served here. {HERE}", service.name),
            Asked::Named(name) => format!("The service '{name}' is not served here. {HERE}"),
            Asked::Lambda => format!("Of AWS Lambda only the API of event source mappings is served here. {HERE}"),
            Asked::DynamoDbByRpc => "DynamoDB is served here by the protocol AWS JSON 1.0 (X-Amz-Target).".to_owned(),
        }
    }

    fn named(name: &str) -> Asked {
        let is_good = |character: &char| character.is_ascii_alphanumeric() || "-_.".contains(*character);
        Asked::Named(name.chars().filter(is_good).take(NAME_SIZE_MAX).collect())
    }
}

/// `Kinesis_20131202.PutRecord`; a prefix may have dots of its own. What has none names no service.
fn by_target(head: &Parts, services: &Services) -> Option<Asked> {
    let target = head.headers.get("x-amz-target")?.to_str().ok()?;
    let (prefix, _) = target_names(target)?;
    let is_here = services.find(ServiceName::Target(prefix)).is_some();
    if prefix.is_empty() || is_here || is_dynamodb(prefix) {
        return None;
    }
    Some(Service::by_target(prefix).map_or_else(|| Asked::named(prefix), Asked::Known))
}

fn is_dynamodb(prefix: &str) -> bool {
    prefix.starts_with("DynamoDB")
}

fn by_rpc_path(head: &Parts, services: &Services) -> Option<Asked> {
    let (service, _) = rpc_names(head.uri.path())?;
    if is_dynamodb(service) {
        return Some(Asked::DynamoDbByRpc);
    }
    if services.find(ServiceName::RpcPath(service)).is_some() {
        return None;
    }
    Some(Service::by_target(service).map_or_else(|| Asked::named(service), Asked::Known))
}

/// Of the Query protocol: each service's API has one version. One that is signed in an older way has its signature in the form, which
/// no service does that is here.
fn by_version(head: &Parts, body: &[u8], services: &Services) -> Option<Asked> {
    let form = Parameters::parse(Form::at_any_path(head)?.bytes(head, body)).ok()?;
    let version = form.get("Version")?;
    if services.find(ServiceName::FormVersion(version)).is_some() {
        return None;
    }
    let known = Service::by_version(version).map(Asked::Known);
    known.or_else(|| form.get("SignatureVersion").is_some().then(|| Asked::named(version)))
}

/// Customers' machines have names in AWS's zones, too, so only services that are known count.
fn by_host(head: &Parts) -> Option<Asked> {
    Service::by_name(&web::foreign_service(head)?).map(Asked::Known)
}

/// SDKs say which of their clients sends a request: `api/sso-oidc#1.2.3` or `api/sso/1.2.3`.
fn by_agent(head: &Parts, services: &Services) -> Option<Asked> {
    let agents = [header::USER_AGENT.as_str(), "x-amz-user-agent"];
    let mut agents = agents.iter().filter_map(|name| head.headers.get(*name)?.to_str().ok());
    let named = agents.find_map(|agent| agent.split(' ').find_map(|word| word.strip_prefix("api/")))?;
    by_name(&named.split(['#', '/']).next().unwrap_or_default().replace('_', "-").to_ascii_lowercase(), services)
}

/// By a service's name in scopes, in the names of its endpoints, or in SDKs.
fn by_name(service: &str, services: &Services) -> Option<Asked> {
    match service {
        "" => None,
        own if own.starts_with("dynamodb") => None,
        "lambda" => Some(Asked::Lambda),
        own if services.find(ServiceName::Scope(own)).is_some() => None,
        other => Some(Service::by_name(other).map_or_else(|| Asked::named(other), Asked::Known)),
    }
}

/// Lambda's paths begin with the date of a version. A few services have no signature in some of their requests.
fn by_path(head: &Parts) -> Option<Asked> {
    if let Some(service) = Service::by_path(head.uri.path()) {
        return Some(Asked::Known(service));
    }
    const LAMBDA: [&str; 5] = ["functions", "layers", "layers-by-arn", "account-settings", "code-signing-configs"];
    let mut parts = head.uri.path().strip_prefix('/')?.split('/');
    let date = parts.next()?.as_bytes();
    let is_date = date.len() == 10 && date.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    let is_lambda = is_date && parts.next().is_some_and(|part| LAMBDA.contains(&part));
    is_lambda.then_some(Asked::Lambda)
}

#[cfg(test)]
mod tests;
