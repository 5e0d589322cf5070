//! The service models as statics of the crate `aws`.

use std::fmt::Write;
use std::path::Path;

use super::{Output, header};
use crate::service_model::{Operation, ServiceModel};

/// The services that are here, in the order of their files' names, with their exceptions for a failure of the server and for
/// more requests than it takes.
const HOSTED: [(&str, [&str; 2]); 5] = [
    ("dynamodb", ["InternalServerError", "ThrottlingException"]),
    ("dynamodbstreams", ["InternalServerError", "ThrottlingException"]),
    ("iam", ["ServiceFailure", "Throttling"]),
    ("lambda", ["ServiceException", "TooManyRequestsException"]),
    ("sts", ["ServiceFailure", "Throttling"]),
];

pub(super) fn outputs(models: &Path) -> Result<Vec<Output>, String> {
    let mut text = header("The models of the services that are here.");
    text.push_str("use crate::model::{OperationModel, Protocol, ServiceModel, operation};\n");
    for (file, watched) in HOSTED {
        text.push_str(&service(&ServiceModel::load(&models.join(format!("{file}.json")))?, watched)?);
    }
    Ok(vec![Output { path: "crates/aws/src/generated.rs", text }])
}

fn service(model: &ServiceModel, watched: [&str; 2]) -> Result<String, String> {
    let metadata = &model.metadata;
    let name = metadata.service_id.replace(' ', "");
    let protocols = metadata.protocols.iter().map(|name| protocol(name)).collect::<Result<Vec<_>, _>>()?;
    let mut out = format!(
        "\n#[rustfmt::skip]\npub static {}: ServiceModel = ServiceModel {{\n    name: {name:?},\n    signing_name: {:?},\n    \
         api_version: {:?},\n    event_source: {:?},\n    protocols: &[{}],\n    target_prefix: {:?},\n    watched: &{watched:?},\n    operations: &[\n",
        metadata.service_id.replace(' ', "_").to_uppercase(),
        metadata.signing_name(),
        metadata.api_version,
        format!("{}.amazonaws.com", metadata.signing_name()),
        protocols.join(", "),
        metadata.target_prefix(),
    );
    for (name, found) in &model.operations {
        writeln!(out, "        {},", operation(model, name, found)).expect("a string takes all");
    }
    out.push_str("    ],\n};\n");
    Ok(out)
}

fn protocol(name: &str) -> Result<&'static str, String> {
    match name {
        "json" => Ok("Protocol::AwsJson"),
        "query" => Ok("Protocol::Query"),
        "rest-json" => Ok("Protocol::RestJson"),
        "smithy-rpc-v2-cbor" => Ok("Protocol::RpcV2Cbor"),
        other => Err(format!("the protocol {other} is not known here")),
    }
}

fn operation(model: &ServiceModel, name: &str, found: &Operation) -> String {
    let members: Vec<String> = model.members(found).iter().map(|member| format!("{member:?}")).collect();
    let (method, path) = (&found.http.method, &found.http.request_uri);
    let head = format!("{name:?}, {:?}, {method:?}, {path:?}", event_name(name, path));
    let all = format!("operation({head}, &[{}])", members.join(", "));
    if found.is_signed() { all } else { format!("OperationModel {{ is_signed: false, ..{all} }}") }
}

/// CloudTrail's name of an operation: where a path begins with the date of its version, that is behind the name. Source:
/// Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail".
fn event_name(name: &str, path: &str) -> String {
    let first = path.split('/').nth(1).unwrap_or_default();
    let is_date = first.len() == 10 && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_date { format!("{name}{}", first.replace('-', "")) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::repository;
    use super::*;

    /// Those of services that are not here yet, too.
    #[test]
    fn every_model_can_be_read() {
        let mut read = 0;
        for file in std::fs::read_dir(repository().join("models")).expect("a folder") {
            let path = file.expect("a file").path();
            if path.file_name().is_some_and(|name| name == "authorization.json") {
                continue;
            }
            let model = ServiceModel::load(&path).expect("a model");
            let text = service(&model, ["", ""]).expect("a service");
            assert!(model.operations.keys().all(|name| text.contains(&format!("({name:?}, "))), "{}", path.display());
            read += 1;
        }
        assert!(read >= 8, "{read} models");
    }
}
