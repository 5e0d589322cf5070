//! The service models as statics of the crate `aws`.

use std::fmt::Write;
use std::path::Path;

use super::shapes::{self, Table};
use super::{Output, header, quirks};
use crate::service_model::{Operation, ServiceModel};

/// A service with its model in a static.
struct Hosted {
    /// Of its model, without the ending.
    file: &'static str,
    /// Exceptions for a failure of the server, and for more requests than it takes.
    watched: [&'static str; 2],
    /// The file of its shapes; `None` for a service with codecs of its own.
    shapes: Option<&'static str>,
    /// Whether its functions take its structures as Rust types.
    is_typed: bool,
}

/// In the order of their files' names.
const HOSTED: [Hosted; 7] = [
    Hosted {
        file: "application-autoscaling",
        watched: ["InternalServiceException", "ThrottlingException"],
        shapes: Some("crates/aws/src/generated/application_auto_scaling.rs"),
        is_typed: true,
    },
    Hosted {
        file: "cloudwatch",
        watched: ["InternalServiceFault", "ThrottlingException"],
        shapes: Some("crates/aws/src/generated/cloudwatch.rs"),
        is_typed: true,
    },
    Hosted { file: "dynamodb", watched: ["InternalServerError", "ThrottlingException"], shapes: None, is_typed: false },
    Hosted {
        file: "dynamodbstreams",
        watched: ["InternalServerError", "ThrottlingException"],
        shapes: None,
        is_typed: false,
    },
    Hosted {
        file: "iam",
        watched: ["ServiceFailure", "Throttling"],
        shapes: Some("crates/aws/src/generated/iam.rs"),
        is_typed: true,
    },
    Hosted {
        file: "lambda",
        watched: ["ServiceException", "TooManyRequestsException"],
        shapes: Some("crates/aws/src/generated/lambda.rs"),
        is_typed: true,
    },
    Hosted {
        file: "sts",
        watched: ["ServiceFailure", "Throttling"],
        shapes: Some("crates/aws/src/generated/sts.rs"),
        is_typed: true,
    },
];

/// The models of [`HOSTED`], as their files have them.
pub(super) fn load(folder: &Path) -> Result<Vec<ServiceModel>, String> {
    HOSTED.iter().map(|hosted| ServiceModel::load(&folder.join(format!("{}.json", hosted.file)))).collect()
}

pub(super) fn outputs(models: Vec<ServiceModel>) -> Result<Vec<Output>, String> {
    let mut outputs = Vec::new();
    let mut text = header("The models of the services that are here, or are to be.");
    text.push_str("use crate::model::{Protocol, ServiceModel, operation};\n\n");
    let modules = HOSTED.iter().filter_map(|hosted| Some((module(hosted.shapes?), hosted.is_typed)));
    for (module, is_typed) in modules {
        let visibility = if is_typed { "pub " } else { "" };
        writeln!(text, "{visibility}mod {module};").expect("a string takes all");
    }
    for (hosted, mut model) in HOSTED.iter().zip(models) {
        quirks::correct_service(&mut model);
        text.push_str(&service(&model, hosted)?);
        if let Some(path) = hosted.shapes {
            outputs.push(Output { path, text: shapes::file(&model, hosted.is_typed)? });
        }
    }
    outputs.push(Output { path: "crates/aws/src/generated/mod.rs", text });
    Ok(outputs)
}

/// The module of a path.
fn module(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn service(model: &ServiceModel, hosted: &Hosted) -> Result<String, String> {
    let metadata = &model.metadata;
    let name = metadata.service_id.replace(' ', "");
    let protocols = metadata.protocols.iter().map(|name| protocol(name)).collect::<Result<Vec<_>, _>>()?;
    let shapes = hosted.shapes.map(module);
    let table = |table: &str| shapes.map_or("&[]".to_owned(), |module| format!("{module}::{table}"));
    let mut out = format!(
        "\n#[rustfmt::skip]\npub static {}: ServiceModel = ServiceModel {{\n    name: {name:?},\n    signing_name: {:?},\n    \
         api_version: {:?},\n    event_source: {:?},\n    protocols: &[{}],\n    target_prefix: {:?},\n    \
         namespace: {:?},\n    is_query_compatible: {},\n    refuses_items: {},\n    watched: &{:?},\n    shapes: {},\n    errors: {},\n    operations: &[\n",
        metadata.service_id.replace(' ', "_").to_uppercase(),
        metadata.signing_name(),
        metadata.api_version,
        format!("{}.amazonaws.com", metadata.signing_name()),
        protocols.join(", "),
        metadata.target_prefix(),
        metadata.xml_namespace,
        metadata.aws_query_compatible.is_some(),
        quirks::refuses_items(&metadata.service_id),
        hosted.watched,
        table("SHAPES"),
        table("ERRORS"),
    );
    let table = hosted.shapes.map(|_| Table::of(model));
    for (name, found) in &model.operations {
        writeln!(out, "        {},", operation(model, table.as_ref(), name, found)).expect("a string takes all");
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

fn operation(model: &ServiceModel, table: Option<&Table<'_>>, name: &str, found: &Operation) -> String {
    let members: Vec<String> = model.members(found).iter().map(|member| format!("{member:?}")).collect();
    let (method, path) = (&found.http.method, &found.http.request_uri);
    let head = format!("{name:?}, {:?}, {method:?}, {path:?}", event_name(name, path));
    let mut all = format!("operation({head}, &[{}])", members.join(", "));
    if let Some(table) = table {
        let (input, output) = (table.reference(found.input.as_ref()), table.reference(found.output.as_ref()));
        write!(all, ".shaped({input}, {output}, {})", found.http.response_code).expect("a string takes all");
    }
    if found.is_signed() { all } else { format!("{all}.unsigned()") }
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
            let shapes = Some("crates/aws/src/generated/any.rs");
            let hosted = Hosted { file: "", watched: ["", ""], shapes, is_typed: true };
            let text = service(&model, &hosted).expect("a service");
            shapes::file(&model, true).expect("shapes");
            assert!(model.operations.keys().all(|name| text.contains(&format!("({name:?}, "))), "{}", path.display());
            read += 1;
        }
        assert!(read >= 8, "{read} models");
    }
}
